"""The quick quantiles against scipy's own."""

from __future__ import annotations

import numpy as np
from scipy import stats

from metastats.heterogeneity import critical_value


def test_critical_values_are_those_of_scipy_to_the_last_bit() -> None:
    for level in (1e-12, 0.005, 0.5, 0.9, 0.95, 0.999, 1 - 1e-12):
        assert critical_value(level, None) == stats.norm.ppf(0.5 + level / 2)
        for df in (0.5, 1, 1.7, 2, 15, 999.3):
            assert critical_value(level, df) == stats.t.ppf(0.5 + level / 2, df), df
    assert isinstance(critical_value(0.95, 3), float)


def test_no_degree_of_freedom_gives_no_critical_value() -> None:
    assert np.isnan(critical_value(0.95, np.array([0, -1, np.nan]))).all()
