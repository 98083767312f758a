"""Trials to come: the difference that each can detect has the power that it is said to have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.power import TTestIndPower, TTestPower

from helpers.pooling.ongoing import ongoing_outcome_rows
from helpers.sheets.raw import read_raw
from helpers.tables import as_frame, validate

RAW = Path(__file__).parents[2] / "data" / "raw"


def horizon(
    study: dict | None = None,
    outcome: dict | None = None,
    arms: int = 2,
    results: bool | None = False,
    **options: Any,
):
    """Return the horizon of one made-up registered trial."""
    base = {"study_id": "t", "comparison": "parallel", "n_planned": 60, "ends_on": "2027-01"}
    planned = {
        "study_id": "t",
        "outcome_id": "o1",
        "concept": "hair_density",
        "priority": "primary",
        "measure": "hairs",
    }
    tables = {
        "sources": [
            {"source_id": "t", "study_id": "t", "tier": "core", "format": "f", "has_results": results}
        ],
        "studies": [base | (study or {})],
        "arms": [{"study_id": "t", "arm_id": f"a{index}", "role": "exosome"} for index in range(arms)],
        "outcomes": [planned | (outcome or {})],
    }
    rows = ongoing_outcome_rows({name: as_frame(name, part) for name, part in tables.items()}, **options)
    validate("ongoing_outcomes", rows)
    return rows


@pytest.mark.parametrize(("n", "arms"), [(60, 3), (60, 2), (18, 2), (4, 2)])
def test_a_parallel_trial_detects_what_gives_it_that_power(n, arms):
    for row in horizon({"n_planned": n}, arms=arms, powers=(0.8, 0.9)):
        size = row["detectable_difference"] / 20
        assert TTestIndPower().power(size, n / arms, 0.05) == pytest.approx(row["power"], abs=1e-5)
        assert (row["estimand"], row["unit"]) == ("between_group", "hairs/cm2")


@pytest.mark.parametrize("correlation", [0.0, 0.7, 0.9])
def test_a_trial_on_one_scalp_detects_what_gives_it_that_power(correlation):
    (row,) = horizon(
        {"comparison": "within_person", "n_planned": 18}, powers=(0.8,), site_correlation=correlation
    )
    size = row["detectable_difference"] / (20 * np.sqrt(2 * (1 - correlation)))
    assert TTestPower().power(size, 18, 0.05) == pytest.approx(0.8, abs=1e-5)
    assert row["estimand"] == "within_participant"
    assert f"correlation {correlation:g}" in row["assumption"]


def test_a_change_from_baseline_is_tested_against_nothing():
    (row,) = horizon(outcome={"measure": "change from Baseline"}, powers=(0.8,))
    assert TTestPower().power(row["detectable_difference"] / 20, 60, 0.05) == pytest.approx(0.8, abs=1e-5)
    assert row["estimand"] == "uncontrolled_change"
    assert "without a control" in row["assumption"]


def test_the_assumed_spread_and_level_are_used_and_said():
    (small,) = horizon(powers=(0.8,), assumed_sd=10)
    (plain,) = horizon(powers=(0.8,))
    (strict,) = horizon(powers=(0.8,), alpha=0.01)
    assert plain["detectable_difference"] == pytest.approx(2 * small["detectable_difference"])
    assert TTestIndPower().power(strict["detectable_difference"] / 20, 30, 0.01) == pytest.approx(
        0.8, abs=1e-5
    )
    assert "SD 10 hairs/cm2" in small["assumption"]
    assert "two-sided 0.01" in strict["assumption"]


def test_an_outcome_without_a_known_spread_is_in_standard_deviations():
    (row,) = horizon(outcome={"concept": "satisfaction"}, powers=(0.8,))
    assert row["unit"] == "standard deviations"
    assert TTestIndPower().power(row["detectable_difference"], 30, 0.05) == pytest.approx(0.8, abs=1e-5)


@pytest.mark.parametrize(
    ("study", "outcome", "words"),
    [
        ({}, {"concept": "adverse_events"}, "not tested as a mean"),
        ({"n_planned": None}, {}, "no planned size"),
        ({"n_planned": 0}, {}, "no planned size"),
        ({"n_planned": 1}, {}, "too few"),
        ({"n_planned": 3}, {}, "too few"),
        ({"n_planned": 1, "comparison": "within_person"}, {}, "too few"),
    ],
)
def test_where_no_test_fits_the_difference_is_missing_and_the_row_says_why(study, outcome, words):
    for row in horizon(study, outcome):
        assert row["detectable_difference"] is None
        assert words in row["assumption"]


@pytest.mark.parametrize("n", range(2, 12))
def test_more_people_detect_less(n):
    (few,) = horizon({"n_planned": 2 * n}, powers=(0.8,))
    (more,) = horizon({"n_planned": 2 * n + 2}, powers=(0.8,))
    assert more["detectable_difference"] < few["detectable_difference"]


@pytest.mark.parametrize("results", [True, None])
def test_a_trial_with_results_or_not_known_to_have_none_is_not_waited_for(results):
    assert horizon(results=results) == []


def test_when_to_expect_it_is_told_as_far_as_registered():
    assert "2027-01" in horizon()[0]["expected"]
    assert horizon({"ends_on": None})[0]["expected"] == "no date registered"


def test_the_two_registrations_and_no_article_are_on_the_horizon():
    record = read_raw(RAW).record
    tables = {
        name: validate(name, getattr(record, name)) for name in ("sources", "studies", "arms", "outcomes")
    }
    rows = ongoing_outcome_rows(tables)
    validate("ongoing_outcomes", rows)
    assert {row["study_id"] for row in rows} == {"NCT06932393", "IRCT20160427027636N8"}
    sizes = {(row["study_id"], row["n_planned"]) for row in rows}
    assert sizes == {("NCT06932393", 18), ("IRCT20160427027636N8", 60)}
    row = next(row for row in rows if row["ongoing_id"] == "NCT06932393.primary-1.0.8")
    assert TTestPower().power(row["detectable_difference"] / (20 * np.sqrt(0.6)), 18, 0.05) == pytest.approx(
        0.8, abs=1e-5
    )
