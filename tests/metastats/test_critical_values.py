"""The quick quantiles against scipy's own."""

from __future__ import annotations

import numpy as np
from scipy import stats

from metastats.heterogeneity import normal_quantile, t_quantile


def test_quantiles_are_those_of_scipy_to_the_last_bit() -> None:
    shares = np.array([1e-12, 0.005, 0.025, 0.5, 0.9, 0.975, 0.9995, 1 - 1e-12])
    assert np.array_equal(normal_quantile(shares), stats.norm.ppf(shares))
    for df in (0.5, 1, 1.7, 2, 15, 999.3):
        assert np.array_equal(t_quantile(shares, df), stats.t.ppf(shares, df)), df


def test_no_degree_of_freedom_gives_no_quantile() -> None:
    assert np.isnan(t_quantile(0.975, [0, -1, np.nan])).all()
