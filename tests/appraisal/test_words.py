"""Rules that compare words: each fires on the contradiction, and is silent on honest words."""

from __future__ import annotations

import pytest
from frames import RULE, evidence, quantity, result

from helpers.appraisal.contradictions import _short
from helpers.appraisal.discrepancies import RULES, merge_discrepancies, run_checks
from helpers.appraisal.evidence import NotApplicable
from helpers.tables.vocabulary import TOPICS

QUESTIONS = [rule for rule in RULES if rule.topic]

PAIRS = [
    quantity("a", "21", "vellus_share", kind="percent", value=21.0, line=3),
    quantity("b", "12", "vellus_share", kind="percent", value=12.0, line=4),
    quantity("visit", "3 months", "follow_up", kind="timepoint", role="design", value=3.0, unit="months"),
    quantity("told", "3 months", "follow_up", kind="timepoint", value=3.0, unit="months", line=8),
]

SHARES = [
    result(1, ids=["a"], percent=0.21, concept="vellus_share"),
    result(2, ids=["b"], percent=0.12, concept="vellus_share", timepoint_weeks=13.04),
]


def says(topic: str, *answers: str, about: str | None = None) -> list[dict]:
    return [{"topic": topic, "says": answer, "about": about, "printed": "words"} for answer in answers]


@pytest.mark.parametrize("rule", QUESTIONS, ids=lambda rule: rule.name)
def test_two_answers_to_one_question_are_found_and_one_answer_given_twice_is_not(rule):
    answers = (TOPICS[rule.topic].answers or ("hair_density", "satisfaction"))[:2]
    about = {"outcome": "hair_density", "matter": "protocol", "": None}[TOPICS[rule.topic].about]
    (row,) = rule.run(evidence(statements=says(rule.topic, *answers, about=about)))
    assert (row["certain"], row["concern"]) == (rule.certain, rule.concern)
    assert "line 20" in row["locators"] and "line 21" in row["locators"]
    assert "{" not in row["statement"]
    assert rule.run(evidence(statements=says(rule.topic, answers[0], answers[0], about=about))) == []
    with pytest.raises(NotApplicable):
        rule.run(evidence())


def test_answers_about_different_matters_are_no_contradiction():
    rule = RULE["data-sharing"]
    mixed = says("data_sharing", "no", about="protocol") + says("data_sharing", "yes", about="data")
    assert rule.run(evidence(statements=mixed)) == []


def test_a_rule_on_words_and_a_reader_meet_on_the_same_line_only():
    rule = RULE["consent"]
    (row,) = rule.run(evidence(statements=says("consent", "required", "not required")))
    reader = row | {"discrepancy_id": "made2026.x", "detected_by": "reviewer", "statement": "Reader's words."}
    (one,) = merge_discrepancies([row], [reader | {"locators": "made.txt, line 21 (Declarations)"}])
    assert one["detected_by"] == "automated" and one["statement"] == "Reader's words."
    assert len(merge_discrepancies([row], [reader | {"locators": "made.txt, line 99"}])) == 2


def test_honest_words_give_no_discrepancy():
    words = [
        *says("control_group", "present", "present"),
        *says("consent", "required"),
        *says("randomisation", "block", "block"),
        *says("primary_outcome", "hair_density", "hair_density"),
        *says("items", "growth, density", "density, growth", about="satisfaction"),
        *says("cited_author", "Lee"),
        *says("reference_authors", "Lee, Goh"),
        *says("every_pair", "lower", about="vellus_share"),
    ]
    discrepancies, checks = run_checks(evidence(PAIRS, SHARES, statements=words))
    assert [row for row in discrepancies if row["check"] not in ("treatment-not-described",)] == []
    assert len({row["check"] for row in checks}) == len(RULES)


def test_long_texts_are_shown_from_a_little_before_they_differ():
    assert _short(["x" * 160, "y" * 161]) == ["x" * 160, f"{'y' * 160} …"]
    assert _short(["a" * 100 + "x", "a" * 100 + "y"]) == ["a" * 100 + "x", "a" * 100 + "y"]
    assert _short(["a" * 101 + "x", "a" * 101 + "y"]) == [f"… {'a' * 20}{end}" for end in "xy"]
    assert _short(["a" * 101]) == ["a" * 101]
