"""The head of a study's page follows from the study's rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from review_readers import read_source

from helpers.narrative.study import at_a_glance, people_posted
from helpers.tables import as_frame, validate
from trialfiles.ctgov_results import posted_figures

STUDY = {
    "study_id": "made", "comparison": "parallel", "n_planned": None, "n_enrolled": 40.0, "n_analysed": 38.0, "sex": "all",
    "age_min": 18.0, "age_max": 55.0, "population": None, "country": "Norway", "quantity_ids": "made.n;made.age",
}  # fmt: skip
ARM = {"study_id": "made", "arm_id": "exo", "role": "exosome", "label": "exosomes", "sessions": 3.0, "n": 20.0,
       "route": "injected", "quantity_ids": "made.sessions"}  # fmt: skip
EFFECT = {"effect_id": "made.e1", "estimand": "between_group", "concept": "hair_density", "arm_id": "exo", "effect": 12.0,
          "ci_lower": 3.0, "ci_upper": 21.0, "unit": "hairs/cm2", "headline": "yes", "timepoint_weeks": 24.0}  # fmt: skip
FINDINGS = (
    {"finding_id": "made.f1", "severity": "certain", "detected_by": "rule", "statement": "A date is wrong.", "concepts": ""},
    {"finding_id": "made.f2", "severity": "certain", "detected_by": "rule", "statement": "A mean is wrong.",
     "concepts": "hair_density"},
)  # fmt: skip


ROWS = {"arms": [ARM], "effects": [EFFECT], "findings": list(FINDINGS)}


def glance(study: dict[str, Any] | None = None, **tables: list[dict]) -> dict[str, str]:
    """Return the answers by question; tables that are not given have one row each."""
    frames = [as_frame(name, given) for name, given in (ROWS | tables).items()]
    return at_a_glance(STUDY | (study or {}), *frames, "high").set_index("what")["said"].to_dict()


def test_every_question_is_answered_from_the_rows():
    assert glance() == {
        "Who": "40 enrolled, 38 analysed; women and men, 18 to 55 years; Norway",
        "Given (exosome)": "exosomes; injected; 3 sessions; n = 20",
        "Compared": "groups side by side",
        "Hair density, exo": "12 hairs/cm² (3 to 21), difference between groups, week 24",
        "What cannot be so": "2, 2 of them certain; one of the weightiest: A mean is wrong.",
        "Risk of bias": "high",
    }


def test_a_change_of_a_row_changes_its_answer():
    assert glance({"n_analysed": 12.0})["Who"].startswith("40 enrolled, 12 analysed")
    assert "14 hairs" in glance(effects=[EFFECT | {"effect": 14.0}])["Hair density, exo"]
    assert "A date" in glance(findings=[FINDINGS[0]])["What cannot be so"]


def test_what_is_not_stated_is_said_to_be_so():
    bare = dict.fromkeys(STUDY, None) | {"study_id": "made"}
    said = glance(bare, arms=[], effects=[], findings=[])
    assert said == {
        "Who": "not stated",
        "Compared": "not stated",
        "What cannot be so": "nothing was found",
        "Risk of bias": "high",
    }


def test_numbers_are_accounted_for():
    frame = at_a_glance(STUDY, *(as_frame(name, rows) for name, rows in ROWS.items()), None)
    known = frame.set_index("what")
    assert known.loc["Who", "quantity_ids"] == "made.n;made.age"
    assert known.loc["Hair density, exo", "effect_id"] == "made.e1"
    assert known.loc["What cannot be so", "origins"] == "finding-made.f2"
    assert pd.isna(known.loc["Risk of bias", "quantity_ids"])


def posted(shared, number: str, part: str) -> dict[tuple[str, str], str]:
    """Return what is shown of a sample: printed values by stage or measure and group."""
    record = read_source(shared / "samples" / "ctgov" / f"{number}.json")
    quantities = validate("quantities", posted_figures(record))
    shown = people_posted(quantities, part)
    assert set(shown["quantity_id"]) <= set(quantities["quantity_id"])
    return {(row.what, row.group): row.printed for row in shown.itertuples()}


def test_who_came_and_who_left(shared):
    """Read by hand in the record of the sample."""
    flow = posted(shared, "NCT00716976", "participant flow")
    treated, watched = "STS Arm (Sodium Thiosulfate Treatment)", "Observation Arm"
    assert len(flow) == 20
    for stage, numbers in (("STARTED", ("65", "66")), ("COMPLETED", ("45", "57"))):
        assert (flow[f"Overall Study, {stage}", treated], flow[f"Overall Study, {stage}", watched]) == numbers
    assert flow["Overall Study, Adverse Event", treated] == "2"


def test_what_they_were_like(shared):
    baseline = posted(shared, "NCT02210780", "baseline")
    assert baseline["Age, Continuous", "Placebo qw"] == "39.9 (14.04)"
    assert baseline["Age, Continuous", "Total"] == "39.6 (13.77)"
    assert baseline["Sex: Female, Male, Female", "Dupilumab 300 mg qw"] == "48"
    assert list(baseline)[0] == ("Age, Continuous", "Placebo qw")  # the register's order


def test_without_posted_results_nothing_is_shown(shared):
    assert posted(shared, "NCT04207047", "baseline") == {}


def test_another_part_is_refused():
    with pytest.raises(ValueError, match="no part 'flow'"):
        people_posted(validate("quantities", []), "flow")
