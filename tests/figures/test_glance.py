"""The head of a study's page follows from the study's rows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.narrative.study import at_a_glance
from helpers.tables import as_frame

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
