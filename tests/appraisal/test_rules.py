"""The file of rules and the file of tools: what an entry is enough for, and how a mistake in one is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from case_files import cases_of
from frames import evidence

from helpers.appraisal.discrepancies import CHECKS, RULES, RULES_FILE, read_rules
from helpers.appraisal.risk_of_bias import TOOLS_FILE, read_tools
from notebookpress.yaml_files import YamlError

CASES = cases_of(__file__)


def changed(tmp_path: Path, file: Path, old: str, new: str) -> Path:
    """Return a copy of a file in which some words stand once as others."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    copy = tmp_path / file.name
    copy.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


def test_every_rule_has_a_sentence():  # `read_rules` asks for the rest
    assert all(rule.statements for rule in RULES)


def test_an_entry_is_enough_to_ask_a_further_question(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(RULES_FILE.read_text(encoding="utf-8") + CASES["question"], encoding="utf-8")
    rule = read_rules(CHECKS, path)[-1]
    said = [{"topic": "reference_marks", "says": answer} for answer in ("none", "present")]
    (row,) = rule.run(evidence(statements=said))
    assert (row["check"], row["concern"]) == ("reference-marks", "minor")
    assert row["statement"] == "Of : none and present."
    assert row["arithmetic"] == "line 20: none; line 21: present"


@pytest.mark.parametrize(("old", "new", "message"), CASES["rules"])
def test_a_mistake_in_a_rule_is_named_with_its_line_and_remedy(tmp_path, old, new, message):
    path = changed(tmp_path, RULES_FILE, old, new)
    with pytest.raises(YamlError, match=re.escape(message)) as error:
        read_rules(CHECKS, path)
    assert re.match(rf"{re.escape(str(path))}, line \d+: ", str(error.value))


def test_a_function_without_an_entry_is_named():
    with pytest.raises(YamlError, match="the check colour has no entry; add one, or remove its function"):
        read_rules(CHECKS | {"colour": lambda evidence: iter(())})


@pytest.mark.parametrize(("old", "new", "message"), CASES["tools"])
def test_a_mistake_in_a_tool_is_named_with_its_line_and_remedy(tmp_path, old, new, message):
    path = changed(tmp_path, TOOLS_FILE, old, new)
    with pytest.raises(YamlError, match=re.escape(message)) as error:
        read_tools(path)
    assert re.match(rf"{re.escape(str(path))}, line \d+: ", str(error.value))
