"""The head of a study's page follows from the study's rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from case_files import cases_of
from review_readers import read_source

from helpers.narrative.study import at_a_glance, people_posted
from helpers.tables import as_frame, validate
from trialfiles.ctgov_results import posted_figures

CASES = cases_of(__file__)
STUDY = CASES["study"]
ROWS = {name: CASES[name] for name in ("effects", "discrepancies")}


def glance(study: dict[str, Any] | None = None, **tables: list[dict]) -> dict[str, str]:
    """Return the answers by question; tables that are not given have one row each."""
    frames = [as_frame(name, given) for name, given in (ROWS | tables).items()]
    return at_a_glance(STUDY | (study or {}), *frames, "high").set_index("what")["said"].to_dict()


def test_every_question_is_answered_from_the_rows():
    assert glance() == CASES["answers"]


def test_a_change_of_a_row_changes_its_answer():
    assert glance({"n_analysed": 12.0})["Who"].startswith("40 enrolled, 12 analysed")
    assert "14 hairs" in glance(effects=[ROWS["effects"][0] | {"effect": 14.0}])["Hair density, exo"]
    assert "A date" in glance(discrepancies=ROWS["discrepancies"][:1])["Discrepancies"]


def test_what_is_not_stated_is_said_to_be_so():
    bare = dict.fromkeys(STUDY, None) | {"study_id": "made"}
    said = glance(bare, effects=[], discrepancies=[])
    assert said == CASES["nothing"]


def test_numbers_are_accounted_for():
    frame = at_a_glance(STUDY, *(as_frame(name, rows) for name, rows in ROWS.items()), None)
    known = frame.set_index("what")
    assert known.loc["Who", "quantity_ids"] == "made.n;made.age"
    assert known.loc["Hair density, exo", "effect_id"] == "made.e1"
    assert known.loc["Discrepancies", "origins"] == "discrepancy-made.f2"
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
