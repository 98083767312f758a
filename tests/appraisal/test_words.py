"""Rules that compare words: each fires on the contradiction, and is silent on honest words."""

from __future__ import annotations

import pytest
from frames import RULE, evidence, quantity, result, weight

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


def pair(before: str = "a", after: str = "b", week: float = 13.04, **fields) -> list[dict]:
    """Return a share of vellus hair before and after."""
    values = {"a": 0.21, "b": 0.12}
    base = {"concept": "vellus_share"}
    return [
        result(1, ids=[before], percent=values[before], **base),
        result(2, ids=[after], percent=values[after], timepoint_weeks=week, **base | fields),
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


def test_lists():
    lists = says("items", "pain, redness", "redness, itching", "redness,  pain", about="adverse_events")
    (row,) = RULE["items-differ"].run(evidence(statements=lists))
    assert row["arithmetic"] == "line 20 alone: pain; line 21 alone: itching; in both: redness"
    with pytest.raises(NotApplicable):
        RULE["items-differ"].run(evidence(statements=lists[:1]))


def test_references():
    refs = says("reference_authors", "Lee, Goh")
    (row,) = RULE["cited-not-listed"].run(evidence(statements=says("cited_author", "lee", "Hamilton") + refs))
    assert "Hamilton" in row["statement"] and "line 22" in row["locators"]
    assert RULE["listed-not-cited"].run(evidence(statements=says("reference_marks", "present") + refs)) == []
    assert RULE["listed-not-cited"].run(evidence(statements=says("reference_marks", "none") + refs))


def test_a_result_told_for_a_time_after_the_last_assessment():
    later = [
        *PAIRS[:3],
        quantity("told", "6 months", "follow_up", kind="timepoint", value=6.0, unit="months"),
    ]
    (row,) = RULE["later-than-follow-up"].run(evidence(later, pair()))
    assert "week 26.1;" in row["arithmetic"] and weight(row) == "certain"
    assert RULE["later-than-follow-up"].run(evidence(PAIRS, pair())) == []


def test_a_long_term_claim_needs_a_year():
    words = says("long_term", "yes", about="adverse_events")
    assert RULE["long-term-claim"].run(evidence(PAIRS, pair(), statements=words))
    assert RULE["long-term-claim"].run(evidence(PAIRS, pair(week=52.18), statements=words)) == []


def test_every_pair():
    still = pair("a", "a")
    words = says("every_pair", "lower", about="vellus_share")
    (row,) = RULE["every-pair"].run(evidence(PAIRS, still, statements=words))
    assert "1 of 1 pairs of values did not" in row["statement"] and "line 20" in row["locators"]
    assert RULE["every-pair"].run(evidence(PAIRS, pair(), statements=words)) == []
    assert RULE["every-pair"].run(evidence(PAIRS, pair("b", "a"), statements=words))


def test_claims_without_a_figure_or_a_test():
    claim = says("claim", "grew thicker", about="hair_thickness")
    assert RULE["claim-without-figure"].run(evidence(PAIRS, pair(), statements=claim))
    named = [{"concept": "hair_thickness", "outcome_id": "x"}]  # told by the rule on outcomes not reported
    assert RULE["claim-without-figure"].run(evidence(PAIRS, pair(), statements=claim, outcomes=named)) == []
    word = says("significance", "yes", about="vellus_share")
    assert RULE["significance-without-test"].run(evidence(PAIRS, pair(), statements=word))
    assert RULE["significance-without-test"].run(evidence(PAIRS, pair(p_value=0.01), statements=word)) == []
    prospective = {"design": "prospective study", "comparison": "single_arm"}
    assert RULE["registration-missing"].run(evidence(PAIRS, pair(), study=prospective))
    registered = prospective | {"registration": "NCT00000000"}
    with pytest.raises(NotApplicable):
        RULE["registration-missing"].run(evidence(PAIRS, pair(), study=registered))


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
    discrepancies, checks = run_checks(evidence(PAIRS, pair(), statements=words))
    assert [row for row in discrepancies if row["check"] not in ("treatment-not-described",)] == []
    assert len({row["check"] for row in checks}) == len(RULES)
