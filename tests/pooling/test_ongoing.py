"""Registered outcomes: the difference that each can detect has the power that it is said to have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from case_files import cases_of
from scipy import stats

from helpers.pooling.ongoing import Spread, ongoing_outcome_rows
from helpers.tables import as_frame, validate

NO_LOSSES = Spread(losses=0.0)
CASES = cases_of(__file__)


def power_of(d: float, n1: float, n2: float | None = None, alpha: float = 0.05) -> float:
    """Return the power of a two-sided t test for a difference of `d` SDs, by the noncentral t."""
    df = n1 - 1 if n2 is None else n1 + n2 - 2
    shift = d * np.sqrt(n1 if n2 is None else n1 * n2 / (n1 + n2))
    limit = stats.t.ppf(1 - alpha / 2, df)
    return stats.nct.sf(limit, df, shift) + stats.nct.cdf(-limit, df, shift)


def horizon(
    study=None, outcome=None, roles=("exosome", "placebo"), results=False, spread=NO_LOSSES, **options
):
    """Return the rows of one made-up registered trial."""
    base, named = {"study_id": "t", "comparison": "parallel", "n_planned": 60}, {"study_id": "t"}
    planned = named | {"outcome_id": "o1", "concept": "hair_density", "priority": "primary"}
    planned |= {"measure": "hairs"}
    source = named | {"source_id": "t", "tier": "core", "format": "f", "has_results": results}
    arms = [named | {"arm_id": f"a{at}", "role": role} for at, role in enumerate(roles)]
    tables = {"sources": [source], "studies": [base | (study or {})], "arms": arms}
    tables |= {"outcomes": [planned | (outcome or {})]}
    frames = {name: as_frame(name, part) for name, part in tables.items()}
    rows = ongoing_outcome_rows(frames, spread, **options)
    validate("ongoing_outcomes", rows)
    return rows


def one(*args: Any, **options: Any) -> dict:
    (row,) = horizon(*args, powers=(0.8,), **options)
    return row


@pytest.mark.parametrize(("roles", "ratio", "sides"), CASES["groups"])
def test_arms_and_allocation_make_the_groups(roles, ratio, sides):
    for row in horizon({"allocation_ratio": ratio}, roles=roles, powers=(0.8, 0.9)):
        if row["comparator"] == "untreated":
            continue
        assert power_of(row["detectable_difference"] / 20, *sides) == pytest.approx(row["power"], abs=1e-5)
        assert (row["estimand"], row["unit"], row["comparator"]) == ("between_group", "hairs/cm2", "placebo")
        assert ("taken as equal" in row["assumption"]) is (ratio in (None, "2:1:1"))


@pytest.mark.parametrize("correlation", [0.0, 0.7, 0.9])
def test_a_trial_on_one_scalp_detects_what_gives_it_that_power(correlation):
    spread = Spread(losses=0.0, site_correlation=correlation)
    row = one({"comparison": "within_person", "n_planned": 18}, spread=spread)
    size = row["detectable_difference"] / (20 * np.sqrt(2 * (1 - correlation)))
    assert power_of(size, 18) == pytest.approx(0.8, abs=1e-5)
    assert row["estimand"] == "within_participant"
    assert f"correlation {correlation:g}" in row["assumption"]


@pytest.mark.parametrize(("losses", "left"), [(0.0, 60), (0.1, 54), (0.25, 45), (0.11, 53)])
def test_those_lost_detect_nothing(losses, left):
    row = one(spread=Spread(losses=losses))
    first, second = left // 2, left - left // 2  # whole people
    assert power_of(row["detectable_difference"] / 20, first, second) == pytest.approx(0.8, abs=1e-5)
    assert f"{left} of 60 people analysed" in row["assumption"]


@pytest.mark.parametrize(("study", "measure", "estimand", "words"), [
    ({"n_enrolled": 40}, "hairs", "between_group", "40 of 40 people"),
    ({"n_planned": None, "n_enrolled": 40}, "hairs", "between_group", "40 of 40 people"),
    ({}, "change from Baseline", "between_group", "30 against 30"),
    ({"comparison": "within_person"}, "change from baseline, both areas", "within_participant", "two sites each"),
    ({"comparison": "crossover"}, "hairs", "within_participant", "two periods each"),
    ({"comparison": "within_person", "design": "dose-escalation"}, "hairs", "within_participant", "all doses together"),
])  # fmt: skip
def test_design_and_outcome_tell_what_is_compared_in_whom(study, measure, estimand, words):
    row = one(study, {"measure": measure})
    assert row["estimand"] == estimand and words in row["assumption"]
    assert row["comparator"] == "placebo" and row["detectable_difference"] is not None


def test_a_change_of_the_treated_site_or_of_the_only_group_is_tested_against_nothing():
    site = one({"comparison": "within_person"}, {"measure": "change from baseline in the study area"})
    group = one({"comparison": "single_arm"}, roles=("exosome",))
    for row in (site, group):
        assert power_of(row["detectable_difference"] / 20, 60) == pytest.approx(0.8, abs=1e-5)
        assert (row["estimand"], row["comparator"]) == ("uncontrolled_change", "none")
        assert "without a control" in row["assumption"]


def test_the_assumed_spread_and_level_are_used_and_said():
    small, plain = one(spread=Spread(sd=10, losses=0.0)), one()
    strict = one(alpha=0.01)
    assert plain["detectable_difference"] == pytest.approx(2 * small["detectable_difference"])
    assert power_of(strict["detectable_difference"] / 20, 30, 30, 0.01) == pytest.approx(0.8, abs=1e-5)
    assert "SD 10 hairs/cm2" in small["assumption"]
    assert "two-sided 0.01" in strict["assumption"]


@pytest.mark.parametrize("concept", ["investigator_global", "hair_count", "hair_thickness"])
def test_an_outcome_without_a_known_spread_is_in_standard_deviations(concept):
    row = one(outcome={"concept": concept})
    assert row["unit"] == "standard deviations"
    assert power_of(row["detectable_difference"], 30, 30) == pytest.approx(0.8, abs=1e-5)


@pytest.mark.parametrize(("study", "outcome", "words"), CASES["no_test"])
def test_where_no_test_fits_the_difference_is_missing_and_the_row_says_why(study, outcome, words):
    for row in horizon(study, outcome):
        assert row["detectable_difference"] is None
        assert words in row["assumption"]


@pytest.mark.parametrize("results", [True, None])
def test_a_trial_with_results_or_not_known_to_have_none_is_not_waited_for(results):
    assert horizon(results=results) == []
