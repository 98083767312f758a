"""Tools of risk of bias: domains, words, and the overall judgement."""

from __future__ import annotations

import pytest
from case_files import cases_of

from helpers.appraisal.risk_of_bias import TOOLS, check_judgements, overall, tool_for

CASES = cases_of(__file__)


def appraisal(tool: str, *words: str) -> list[dict]:
    """Return a full appraisal with the given judgements; the last one is repeated."""
    domains = TOOLS[tool].domains
    words = [*words, *([words[-1]] * (len(domains) - len(words)))]
    row = {"study_id": "s", "tool": tool, "reason": "because"}
    return [row | {"domain": d, "judgement": w} for d, w in zip(domains, words, strict=True)]


@pytest.mark.parametrize(
    ("tool", "domains"),
    [
        ("RoB 2", 5),
        ("ROBINS-I", 7),
        ("JBI case series", 10),
        ("JBI case report", 8),
        ("Registration appraisal", 7),
    ],
)
def test_every_tool_has_its_domains(tool, domains):
    assert len(TOOLS[tool].domains) == domains
    assert check_judgements(appraisal(tool, TOOLS[tool].judgements[0])) == []


def test_what_is_wrong_is_named():
    rows = appraisal("RoB 2", "low")
    assert "no tool is called" in check_judgements([rows[0] | {"tool": "GradeX"}])[0]
    assert "is missing" in check_judgements(rows[1:])[0]
    assert "judged 2 times" in check_judgements([*rows, rows[0]])[0]
    assert "is no domain" in check_judgements([*rows, rows[0] | {"domain": "mood"}])[0]
    assert "'serious' is none" in check_judgements([rows[0] | {"judgement": "serious"}, *rows[1:]])[0]
    assert "has no reason" in check_judgements([rows[0] | {"reason": " "}, *rows[1:]])[0]


@pytest.mark.parametrize(("tool", "words", "verdict"), CASES["overall"])
def test_overall(tool, words, verdict):
    assert overall(appraisal(tool, *words)) == verdict


def test_nothing_judged():
    assert overall([]) == "not appraised"


@pytest.mark.parametrize(("study", "cases", "tool"), CASES["tools"])
def test_the_design_asks_for_its_tool(study, cases, tool):
    assert tool_for(study, cases) == tool
