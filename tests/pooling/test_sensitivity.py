"""The specification curve: every choice counts once, its numbers are those of plain pooling, and it turns where it should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_studies import change, reml, world
from scipy import stats

from helpers.pooling.specification_sets import Levels, Question, estimate_sets, standardised
from helpers.pooling.specifications import (
    distinct_rows,
    placebo_drifts,
    sensitivity,
    specification_rows,
    turning_point,
    turning_rows,
)
from helpers.tables import as_frame, validate

WITHIN = Question("hair_density", "uncontrolled_change")
ONE = Levels(
    tier=("core",), included="all", times=("like",), visit=("latest",), measure=("raw",), medians=("out",),
    group_share=(0.5,), sd_use=("printed",), pre_post_correlation=(0.7,),
)  # fmt: skip
MODEL = {"tau2_method": "REML", "ci_method": "adhoc"}


def level(name: str, weeks: float, mean: float, sd: float, n: int | None = 20) -> dict:
    return change(name, "t", mean, sd, n, kind="level", timepoint_weeks=weeks, number=int(weeks) + 2)


def three():
    return world(
        change("a", "t", 30, 12, 16), change("b", "t", 18, 14, 25), level("c", 0.0, 80, 15), level("c", 26.0, 92, 17),
        change("d", "t", 40, None, 12), tiers={"d": "published"}, doubtful=("a",),
    )  # fmt: skip


def test_a_specification_is_the_pool_of_its_estimates_worked_out_from_the_raw_figures():
    sets = estimate_sets(three(), WITHIN, replace(ONE, pre_post_correlation=(0.9,)))
    [one] = sets
    assert one.studies == ("c", "a", "b")
    spread = 15**2 + 17**2 - 2 * 0.9 * 15 * 17
    yi, vi = np.array([12, 30, 18.0]), np.array([spread / 20, 12**2 / 16, 14**2 / 25])
    frame = specification_rows(sets, WITHIN, estimators=["REML"], intervals=["adhoc"])
    mu, se, tau2 = reml(yi, vi)
    half = stats.t.ppf(0.975, 2) * se
    row = frame.iloc[0]
    assert (row["estimate"], row["tau2"]) == (pytest.approx(mu, rel=1e-5), pytest.approx(tau2, rel=1e-4))
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx((mu - half, mu + half), rel=1e-4)


@pytest.mark.parametrize(
    ("choice", "studies"),
    [
        ({"included": "sound"}, {"b", "c"}),
        ({"included": "without b"}, {"a", "c"}),
        ({"tier": ("published",), "sd_use": ("missing",)}, {"a", "b", "c", "d"}),
        ({"tier": ("published",)}, {"a", "b", "c"}),
    ],
)
def test_each_choice_selects_its_studies(choice, studies):
    [one] = estimate_sets(three(), WITHIN, replace(ONE, **choice))
    assert set(one.studies) == studies


def test_a_doubtful_sd_is_borrowed_and_only_that():
    [one] = estimate_sets(three(), WITHIN, replace(ONE, sd_use=("doubtful",), assumed_sd=24.0))
    variances = dict(zip(one.studies, one.vi, strict=True))
    assert variances["a"] == pytest.approx(24**2 / 16)
    assert variances["b"] == pytest.approx(14**2 / 25)


def test_hundreds_of_specifications_each_choice_among_them():
    found = sensitivity(three(), replace(ONE, tier=("core", "published")), MODEL, questions=(WITHIN,))
    frame = validate("specifications", found.specifications)
    assert len(frame) > 300
    for name in ("tier", "included", "sd_use", "measure", "pre_post_correlation", "tau2_method", "ci_method"):
        assert frame[name].nunique() > 1, name
    validate("choice_effects", found.choice_effects)
    validate("turning_points", found.turning_points)
    core, published = found.chosen
    yi = estimate_sets(three(), WITHIN, ONE)[0]
    assert core["estimate"] == pytest.approx(reml(np.array(yi.yi), np.array(yi.vi))[0], rel=1e-5)
    assert published["k"] == 3


def test_the_choice_that_moves_most_is_found():
    """Two studies far apart: leaving one out moves more than any estimator can."""
    tables = world(change("a", "t", 60, 10, 30), change("b", "t", 5, 10, 30))
    found = sensitivity(tables, replace(ONE, tier=("core",)), MODEL, questions=(WITHIN,))
    first = found.choice_effects[0]
    assert first["choice"] == "included"
    # standardised and told in hairs/cm² by an SD of 20: twice the 55 of the raw figures, less the small-sample factor
    assert first["largest_move"] == pytest.approx(20 * (60 - 5) / 10 * (1 - 3 / (4 * 29 - 1)), rel=1e-3)
    still = {row["choice"] for row in found.choice_effects if not row.get("mean_move")}
    assert {"medians", "pre_post_correlation", "group_share"} <= still


def test_placebo_changes_of_other_trials_are_set_against_a_change_within_an_arm():
    tables = world(change("a", "t", 30, 12, 16))
    arm = {"concept": "hair_density", "unit": "hairs/cm2", "statistic": "change", "treatment": "placebo"}
    others = [
        arm | {"change_mean": 4.0},
        arm | {"change_mean": 9.0, "treatment": "minoxidil"},
        arm | {"change_mean": 5.0, "unit": "hairs"},
    ]
    tables["comparators"] = pd.DataFrame(others)
    assert placebo_drifts(tables) == {
        "its own baseline": 0.0,
        "lowest placebo change": 4.0,
        "highest placebo change": 4.0,
    }
    assert placebo_drifts(world(change("a", "t", 30, 12, 16))) == {"its own baseline": 0.0}
    sets = estimate_sets(tables, WITHIN, ONE)
    frame = specification_rows(sets, WITHIN, drifts=placebo_drifts(tables))
    assert sorted(frame["estimate"]) == [26, 26, 30]
    assert len(distinct_rows(frame)) == 2


def test_the_conclusion_turns_where_arithmetic_says():
    tables = world(change("a", "t", 30, 12, 16), doubtful=("a",))
    rows = {row["assumption"]: row for row in turning_rows(tables, WITHIN, ONE, MODEL)}
    half = stats.t.ppf(0.975, 15)
    assert rows["drift"]["turns_at"] == pytest.approx(30 - half * 12 / 4, abs=1e-4)
    assert rows["assumed_sd"]["turns_at"] == pytest.approx(30 * 4 / half, abs=1e-3)
    assert (rows["assumed_sd"]["at_low"], rows["assumed_sd"]["at_high"]) == ("gain", "not shown")
    assert rows["pre_post_correlation"]["turns_at"] is None


def test_a_range_without_a_turn_and_a_range_without_an_estimate():
    assert turning_point(lambda x: (1.0, 2.0), 0, 1) == (None, "gain", "gain")
    assert turning_point(lambda x: None, 0, 1) == (None, "no estimate", "no estimate")
    at, first, last = turning_point(lambda x: (x - 3, x - 2), 0, 10)
    assert (first, last) == ("loss", "gain")
    assert at == pytest.approx(2)


def test_standardised_effects_are_hedges_g():
    """Ten people, mean change 5, SD 10: d = 0.5, J(9) = 0.9143 (exact, by the gamma function)."""
    g, variance = standardised(5.0, 10 / np.sqrt(10), 10, "uncontrolled_change")
    assert g == pytest.approx(0.9139 * 0.5, rel=2e-3)
    assert variance == pytest.approx((g / 0.5) ** 2 * (0.1 + 0.25 / 20), rel=1e-6)


def test_no_estimate_no_specification():
    tables = world(change("a", "t", 30, None, 16))
    found = sensitivity(tables, ONE, MODEL, questions=(Question("hair_density", "between_group"),))
    assert (found.specifications, found.chosen) == ([], [])
    assert as_frame("specifications", []).empty
