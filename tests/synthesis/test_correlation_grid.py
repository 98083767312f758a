"""The grid of correlations is effect_size and pool at each of them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.synthesis import effect_size, pool
from helpers.synthesis.correlation_grid import (
    GRID,
    SHOWN,
    clear_words,
    correlation_grid,
    correlation_rows,
    least_correlation,
)

THREE = dict(m1i=[95.0, 60.0, 71.0], m2i=[80.0, 50.0, 66.0], sd1i=[12.0, 9.0, 7.0], sd2i=[10.0, 8.0, 8.0])
NI = [8, 15, 30]


@pytest.mark.parametrize("r", [0.0, 0.5, 0.95])
def test_a_row_is_the_pool_at_that_correlation(r):
    row = correlation_grid(**THREE, ni=NI).set_index("ri").loc[r]
    es = effect_size("MC", **THREE, ni=NI, ri=r)
    fit = pool(es.yi, es.vi, test="adhoc")
    found = (row.estimate, row.se, row.ci_lower, row.ci_upper, row.tau2)
    assert found == pytest.approx((fit.estimate, fit.se, fit.ci_lower, fit.ci_upper, fit.tau2), abs=1e-9)


def test_one_study_has_students_t():
    grid = correlation_grid(95, 80, 12, 10, 8, ri=[0.7])
    se = np.sqrt((144 + 100 - 2 * 0.7 * 120) / 8)
    assert grid.ci_lower[0] == pytest.approx(15 - stats.t(7).ppf(0.975) * se)


def test_the_higher_the_correlation_the_surer_the_change():
    grid = correlation_grid(**THREE, ni=NI, method="EE", test="z")
    assert grid.ri.tolist() == GRID.tolist()
    assert (np.diff(grid.se) < 0).all()


@pytest.mark.parametrize(
    ("lower", "expected"), [([-1, -1, 1], 0.9), ([1, 1, 1], 0.0), ([-1, -1, -1], None), ([1, -1, 1], 0.9)]
)
def test_where_zero_is_left_for_good(lower, expected):
    grid = pd.DataFrame({"ri": [0.0, 0.5, 0.9], "ci_lower": lower, "ci_upper": [9, 9, 9]})
    assert least_correlation(grid) == expected


def test_effects_that_assumed_a_correlation_are_tried():
    place = {"study_id": "s", "concept": "hair_density", "arm_id": "x", "site": "vertex", "unit": "hairs/cm2"}
    result = place | {"kind": "level"}
    results = pd.DataFrame(
        [
            result | {"timepoint_weeks": 0.0, "mean": 80.0, "sd": 10.0, "quantity_ids": "a"},
            result | {"timepoint_weeks": 4.0, "mean": 95.0, "sd": 12.0, "quantity_ids": "b;c"},
            result | {"timepoint_weeks": 4.0, "mean": 70.0, "sd": 9.0, "quantity_ids": "d"},
            result | {"timepoint_weeks": 4.0, "mean": 1.0, "sd": 1.0, "quantity_ids": "b", "arm_id": "other"},
        ]
    )
    effect = place | {
        "effect_id": "s.e1", "contrast": "within_arm", "effect": 15.0, "timepoint_weeks": 4.0, "n": None, "n_assumed": "8",
        "assumption": "pre-post correlation 0.7; 8 of the 16", "headline": "yes", "quantity_ids": "b;c;a",
    }  # fmt: skip
    others = [effect | {"headline": "no"}, effect | {"assumption": None}]
    (row,) = correlation_rows(pd.DataFrame([effect, *others]), results).to_dict("records")
    assert correlation_rows(pd.DataFrame(others), results).empty
    grid = correlation_grid(95, 80, 12, 10, 8).set_index("ri")
    assert row["r 0.7"] == (grid.ci_lower[0.7], grid.ci_upper[0.7])
    assert [name for name in row if name.startswith("r ")] == [f"r {r:g}" for r in SHOWN]
    assert row["clear_from"] == least_correlation(grid.reset_index())
    assert row["clear"] == "at all"
    assert (clear_words(None), clear_words(0.6)) == ("at none", "from r = 0.6 on")
