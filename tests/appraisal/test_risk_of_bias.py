"""Tools of risk of bias: domains, words, and the overall judgement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import pandas as pd
import pytest
from case_files import cases_of

from helpers.appraisal.risk_of_bias import (
    NOT_ASSESSABLE,
    TOOLS,
    agreement,
    by_algorithm,
    check_judgements,
    judge,
    overall,
    tool_for,
)

CASES = cases_of(__file__)


def appraisal(tool: str, *words: str) -> list[dict]:
    """Return a full appraisal with the given judgements; the last one is repeated."""
    domains = TOOLS[tool].judged
    words = [*words, *([words[-1]] * (len(domains) - len(words)))]
    row = {"study_id": "s", "tool": tool, "reason": "because"}
    return [row | {"domain": d, "judgement": w} for d, w in zip(domains, words, strict=True)]


@pytest.mark.parametrize(("tool", "domains"), CASES["domains"])
def test_every_tool_has_its_domains(tool, domains):
    assert len(TOOLS[tool].judged) == domains
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
    assert overall([]) == "not appraised"


@pytest.mark.parametrize(("study", "cases", "tool"), CASES["tools"])
def test_the_design_asks_for_its_tool(study, cases, tool):
    assert tool_for(study, cases) == tool


# The flow charts of the tools, walked as a person walks them; each domain is compared on every combination of answers.
Y, N, N_NI, Y_NI = {"Y", "PY"}, {"N", "PN"}, {"N", "PN", "NI"}, {"Y", "PY", "NI"}
LOW, SOME, HIGH = "low", "some concerns", "high"
FIVE = ("Y", "PY", "PN", "N", "NI")


def randomisation(a, b, c):
    if b in N:
        return HIGH
    if b == "NI":
        return HIGH if c in Y else SOME
    return LOW if a in Y_NI and c in N_NI else SOME


def deviations(a, b, c, d, e, f, g):
    first = LOW
    if a in Y_NI or b in Y_NI:
        first = LOW if c in N else SOME
        if c in Y and d in Y_NI:
            first = SOME if e in Y else HIGH
    second = LOW if f in Y else SOME if g in N else HIGH
    return max(first, second, key=(LOW, SOME, HIGH).index)


def missing_outcomes(a, b, c, d):
    if a in Y or b in Y or c in N:
        return LOW
    return SOME if d in N else HIGH


def measurement(a, b, c, d, e):
    if a in Y or b in Y:
        return HIGH
    least = SOME if b == "NI" else LOW
    if c in N or d in N:
        return least
    return SOME if e in N else HIGH


def selection(a, b, c):
    if b in Y or c in Y:
        return HIGH
    return LOW if a in Y and "NI" not in (b, c) else SOME


def confounding(a, b, c, d):
    if a in {"SN", "NI"} or c in Y:
        return "critical" if d in Y else "serious"
    if b in {"SN", "NI"}:
        return "serious"
    return "moderate" if d in Y else "low"


def classification(a, b, c, d, e):
    errors = (("low", "moderate"), ("moderate", "serious"), ("serious", "critical"))
    if a in Y or b in Y:
        row = 0 if d in N else 2 if d == "SY" else 1
    elif c in N:
        if d not in N:
            return "critical"
        row = 2
    else:
        row = 1 if d in N else 2
    return errors[row][e not in N]


def selected_people(a, b, c, d, e, f, g, h):
    first = {"SN": "serious", "WN": "moderate", "NI": "moderate"}.get(a, "moderate" if b in Y else "low")
    second = "low" if c in N else "moderate"
    if c in Y:
        second = "low" if d in N else "moderate"
        if d in Y and e in Y:
            second = "serious"
    if "serious" not in (first, second):
        return "moderate" if "moderate" in (first, second) else "low"
    if f in Y or g in Y:
        return "moderate"
    return "critical" if h in Y else "serious"


def measured(a, b, c):
    if a in Y:
        return "serious"
    if b not in N and c == "SY":
        return "serious"
    return "moderate" if a == "NI" or (b not in N and c in {"WY", "NI"}) else "low"


def reported(a, *chosen):
    if a in Y:
        return "low"
    yes = sum(one in Y for one in chosen)
    if yes:
        return "critical" if yes > 1 else "serious"
    return "serious" if set(chosen) == {"NI"} else "moderate" if "NI" in chosen else "low"


STRONG_NO, STRONG_YES, SHORT = ("Y", "WN", "SN", "NI"), ("SY", "WY", "N", "NI"), ("Y", "N", "NI")
CHARTS: list[tuple[str, str, Callable, list[tuple[str, ...]]]] = [
    ("RoB 2", "randomisation process", randomisation, [FIVE] * 3),
    ("RoB 2", "deviations from intended interventions", deviations, [SHORT] * 7),
    ("RoB 2", "missing outcome data", missing_outcomes, [FIVE] * 4),
    ("RoB 2", "measurement of the outcome", measurement, [FIVE] * 5),
    ("RoB 2", "selection of the reported result", selection, [FIVE] * 3),
    ("ROBINS-I", "confounding", confounding, [STRONG_NO, STRONG_NO, FIVE, ("Y", "PY", "PN", "N")]),
    ("ROBINS-I", "classification of interventions", classification, [SHORT] * 2 + [STRONG_YES] * 2 + [FIVE]),
    ("ROBINS-I", "selection of participants", selected_people, [STRONG_NO] + [SHORT] * 7),
    ("ROBINS-I", "measurement of outcomes", measured, [FIVE, FIVE, STRONG_YES]),
    ("ROBINS-I", "selection of the reported result", reported, [SHORT] * 4),
]


@pytest.mark.parametrize(("tool", "domain", "chart", "answers"), CHARTS)
def test_every_combination_of_answers_leads_where_the_flow_chart_does(tool, domain, chart, answers):
    numbers, algorithm = list(TOOLS[tool].questions[domain]), TOOLS[tool].algorithms[domain]
    assert len(numbers) == len(answers)
    for given in product(*answers):
        assert by_algorithm(algorithm, dict(zip(numbers, given, strict=True))) == chart(*given), given


def given(*pairs: str, tool: str = "RoB 2", who: str = "first") -> Iterator[dict]:
    """Yield answers such as `1.1 Y`."""
    base = {"study_id": "s", "tool": tool, "appraiser": who, "reason": "because"}
    for pair in pairs:
        yield base | dict(zip(("question", "answer"), pair.split(), strict=True))


TRIAL = CASES["trial"]


def test_the_first_appraisers_answers_decide_and_a_person_may_judge_otherwise_with_a_reason():
    answers = [*given("1.1 Y", "1.2 N"), *given("1.2 Y", who="second")]
    rows, stored = judge(TRIAL, 2, answers)
    assert [(row["domain"], row["judgement"]) for row in rows] == [("randomisation process", "high")]
    assert len(stored) == 3 and {row["domain"] for row in stored} == {"randomisation process"}
    [row], _ = judge(TRIAL, 2, answers, [CASES["otherwise"]])
    assert row["judgement"] == "some concerns" and "The answers give high" in row["reason"]


def test_one_group_and_an_abstract_are_said_once_and_a_registration_is_not_judged():
    [row], answers = judge(TRIAL | {"comparison": "single_arm", "allocation": None}, 1)
    assert (row["tool"], row["domain"], row["judgement"]) == ("ROBINS-I", "triage", "critical") and len(
        answers
    ) == 2
    [row], answers = judge(TRIAL | {"access": "abstract"}, 2)
    assert row["judgement"] == NOT_ASSESSABLE and not answers and not check_judgements([row])
    assert judge(TRIAL | {"has_results": False}, 2) == ([], [])


def test_agreement_is_weighted():
    order = ["Y", "PY", "NI", "PN", "N"]
    pairs = ["1.1 Y", "1.2 PY", "1.3 N"], ["1.1 Y", "1.2 Y", "1.3 N"]
    rows = pd.DataFrame([*given(*pairs[0]), *given(*pairs[1], who="second")])
    found = agreement(rows, order, ["tool", "question"])
    # by hand: mean distance seen 1/3, expected by the margins (Y PY N against Y Y N) 17/9
    assert (found["questions"], found["same"]) == (3, 2) and found["kappa"] == pytest.approx(
        1 - (1 / 3) / (17 / 9)
    )
    assert agreement(rows[:3], order, ["tool", "question"]) is None
