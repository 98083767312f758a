"""Participant flow and baseline of a register's record, on a study's page."""

from __future__ import annotations

import pytest
from review_readers import read_source

from helpers.narrative.study import people_posted
from helpers.tables import validate
from trialfiles.ctgov_results import posted_figures


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
