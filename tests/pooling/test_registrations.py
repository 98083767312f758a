"""What a registered trial compares, when its results are due, and whether its design can answer."""

from __future__ import annotations

from itertools import permutations
from operator import attrgetter
from pathlib import Path

import pytest
from case_files import cases_of

from helpers.pooling.registrations import (
    RegisteredComparison,
    answerable,
    has_dose_escalation,
    registered_comparisons,
    results_due,
    seen_comparison,
    sites_by_chance,
)
from helpers.sheets.raw import read_raw
from helpers.tables import as_frame
from trialfiles import read_source

EXOSOME = {"arm_id": "x", "role": "exosome", "label": "exosomes"}
COMBINED = {"arm_id": "y", "role": "exosome_combination", "label": "both", "co_intervention": "minoxidil 5 %"}
PLACEBO = {"arm_id": "p", "role": "placebo", "label": "saline"}
DRUG = {"arm_id": "d", "role": "active", "label": "B: minoxidil alone"}
NEEDLED = {"co_intervention": "microneedling"}
CASES = cases_of(__file__)


def compared(*arms: dict, comparison: str | None = "parallel") -> list[tuple]:
    study = {"study_id": "t", "comparison": comparison, "allocation": None, "allocation_ratio": None}
    frame = as_frame("arms", [arm | {"study_id": "t"} for arm in arms])
    asked = attrgetter("estimand", "comparator", "comparator_name", "background")
    return list(map(asked, registered_comparisons(study, frame)))


@pytest.mark.parametrize(
    ("arms", "expected"),
    [
        ((EXOSOME, PLACEBO), ("placebo", "saline", "none")),
        ((EXOSOME, DRUG), ("active", "minoxidil", "none")),
        ((COMBINED, DRUG), ("untreated", "B: minoxidil alone", "minoxidil in both arms")),
        ((COMBINED, PLACEBO), ("placebo", "saline", "minoxidil in the exosome arm only")),
        ((EXOSOME | NEEDLED, PLACEBO | NEEDLED), ("placebo", "saline", "microneedling in both arms")),
    ],
)
def test_comparator_and_background_are_those_of_the_effects(arms, expected):
    assert compared(*arms) == [("between_group", *expected)]
    for design in ("within_person", "crossover"):
        assert compared(*arms, comparison=design) == [("within_participant", *expected)]


def test_every_pair_is_compared_the_most_direct_first_whatever_the_order():
    for arms in permutations((EXOSOME, COMBINED, DRUG, PLACEBO)):
        assert [found[1:] for found in compared(*arms)] == [
            ("placebo", "saline", "none"),
            ("untreated", "B: minoxidil alone", "minoxidil in both arms"),
            ("active", "minoxidil", "none"),
            ("placebo", "saline", "minoxidil in the exosome arm only"),
        ]


def test_without_another_arm_nothing_is_compared():
    assert compared(EXOSOME) == [("uncontrolled_change", "none", None, "none")]
    assert compared(EXOSOME, PLACEBO, comparison="single_arm")[0][0] == "uncontrolled_change"
    assert compared(EXOSOME, PLACEBO, comparison=None)[0][0] is None
    assert compared(EXOSOME, comparison=None)[0][:2] == ("uncontrolled_change", "none")


def test_two_schedules_of_exosomes_are_compared_and_tell_nothing_of_exosomes():
    twice = EXOSOME | {"arm_id": "z", "label": "twice a month"}
    assert compared(EXOSOME, twice) == [("between_group", "active", "twice a month", "none")]
    row = {"comparator": "active", "comparator_name": "exosomes twice a month", "background": "none"}
    row |= {"comparison": "parallel", "arms": 2, "allocation_ratio": None, "what": "randomised"}
    found = seen_comparison(row)
    assert (found.estimand, found.sides(45)) == ("between_group", (22, 23))
    trial = {"comparison": "parallel", "status": None, "randomised": True, "dose_escalation": False}
    answer = answerable(trial, found, ("hair_density",))
    assert answer["can_answer"] == "no" and "every group gets exosomes" in answer["can_answer_reason"]


@pytest.mark.parametrize("arms", [(), (PLACEBO, DRUG)])
def test_without_an_exosome_arm_the_comparator_is_not_known(arms):
    assert compared(*arms) == [("between_group", None, None, None)]


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (("between_group", None), "exosomes against what was not seen"),
        (("uncontrolled_change", "none"), "exosomes, without a comparison"),
        (("between_group", "untreated", "nobody"), "exosomes against nothing"),
        (
            ("between_group", "placebo", "saline", "needling on both sides"),
            "exosomes against saline, needling on both sides",
        ),
    ],
)
def test_a_comparison_in_words(comparison, words):
    assert RegisteredComparison(*comparison).words() == words


@pytest.mark.parametrize("comparison", [(None, "placebo", "saline"), ("between_group", None)])
def test_half_a_comparison_is_not_known(comparison):
    trial = {"comparison": "parallel", "status": None, "randomised": True, "dose_escalation": False}
    row = answerable(trial, RegisteredComparison(*comparison), ["hair_density"])
    assert "what exosomes are compared with was not seen" in row["can_answer_reason"]


@pytest.mark.parametrize(("primary", "end", "end_of", "due", "words"), CASES["due"])
def test_results_are_due_a_year_after_primary_completion(primary, end, end_of, due, words):
    day, basis = results_due(primary, end, end_of)
    assert day == due and words in basis


@pytest.mark.parametrize(("words", "rising"), CASES["escalation"])
def test_dose_escalation_is_told_by_its_words(words, rising):
    assert has_dose_escalation({"what": words}) is rising


@pytest.mark.parametrize(("comparison", "more", "answer", "words"), CASES["answers"])
def test_whether_a_design_can_answer_and_why(comparison, more, answer, words):
    trial = {"comparison": "parallel", "status": None, "randomised": True, "dose_escalation": False} | more
    row = answerable(trial, RegisteredComparison(**comparison), more.get("outcomes", ["hair_density"]))
    assert row["can_answer"] == answer and words in row["can_answer_reason"]


@pytest.mark.parametrize(("words", "by_chance"), CASES["sites"])
def test_sites_are_allocated_by_chance_only_where_words_say_so(words, by_chance):
    assert sites_by_chance(words) is by_chance


def test_registers_tell_which_date_is_which(shared):
    record = read_source(shared / "samples" / "ctgov" / "NCT04207047.json")
    (study,) = record.studies
    assert study["primary_completion_on"] and study["end_of"] == "study"


def test_the_sheet_of_a_register_page_says_that_recruitment_ends():
    studies = read_raw(Path(__file__).parents[2] / "data" / "raw").record.studies
    study = next(row for row in studies if row["study_id"] == "IRCT20160427027636N8")
    told = tuple(study[name] for name in ("ends_on", "end_of", "allocation_ratio"))
    assert told == ("2026-08-23", "recruitment", "1:1:1")
