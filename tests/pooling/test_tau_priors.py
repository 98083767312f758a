"""The prior of tau: stated for hair density, by share of the SD between people elsewhere; doubtful SDs have no say."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.pooling.tiers import prior_scale


def estimate(sd: float, n: int = 16, **more) -> dict:
    row = {"estimand": "uncontrolled_change", "unit": "um", "se": sd / np.sqrt(n), "n": n}
    return row | {"certain_discrepancies": 0} | more


def test_the_scale_of_hair_density_does_not_depend_on_the_estimates():
    for sd in (6.5, 20, 60):
        assert prior_scale([estimate(sd, unit="hairs/cm2"), estimate(20, unit="hairs/cm2")], 10, 20) == 10


def test_in_another_unit_it_is_the_same_share_of_the_sd_between_people():
    assert prior_scale([estimate(8), estimate(12, n=40)], 10, 20) == pytest.approx(5)
    between = estimate(0, n=40, estimand="between_group", se=8 * np.sqrt(1 / 20 + 1 / 20))
    assert prior_scale([between, between], 10, 20) == pytest.approx(4)


def test_proportions_take_the_share_of_the_logistic_sd():
    shares = [estimate(1, estimand="proportion", unit="proportion")] * 2
    assert prior_scale(shares, 10, 20) == pytest.approx(0.5 * np.pi / np.sqrt(3))


def test_an_estimate_that_a_certain_discrepancy_touches_has_no_say():
    group = [estimate(1, certain_discrepancies=2), estimate(12, n=40)]
    assert prior_scale(group, 10, 20) == pytest.approx(6)
    assert prior_scale(group[:1], 10, 20) == pytest.approx(0.5)  # unless there is no other
