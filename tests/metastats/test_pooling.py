"""pool against dense matrices and theory (metafor's values: test_reference.py)."""

import numpy as np
import pytest
from dense_matrices import SETS, fit_of, tau2_of
from ledger import Ledger
from metafor_comparison import compare_fit

from metastats import pool

Y, V = [0.1, 0.9, 0.4, -0.2], [0.02, 0.05, 0.01, 0.08]


@pytest.mark.parametrize("method", ["EE", "DL", "HE", "HS", "SJ", "ML", "REML", "PM"])
@pytest.mark.parametrize("name", list(SETS))
def test_agrees_with_dense_matrices(name, method):
    y, v = map(np.array, SETS[name])
    tau2 = tau2_of(y, v, method)
    for test in ("z", "knha", "adhoc") if method != "EE" else ("z",):
        ledger = Ledger({"fit": fit_of(y, v, method, test, tau2)})
        compare_fit(ledger, ("fit",), y, v)
        ledger.assert_empty()


@pytest.mark.parametrize("method", ("HE", "ML", "REML", "PM"))
def test_extreme_heterogeneity_and_precision(method):
    fit = pool([0, 1e4, -1e4], [1e-8, 1e-8, 1e-6], method=method)
    assert fit.tau2 == pytest.approx(1e8 * (2 / 3 if method == "ML" else 1), rel=1e-6)


def test_one_study_is_that_study_and_says_so():
    for test in ("z", "knha", "adhoc"):
        fit = pool([0.5], [0.04], test=test)
        assert (fit.estimate, fit.tau2, fit.i2, fit.h2, fit.q, fit.q_p_value) == (0.5, 0, 0, 1, 0, 1)
        assert fit.se == pytest.approx(0.2)
        assert fit.ci_upper == pytest.approx(0.5 + 1.959963984540054 * 0.2)
        assert "one study" in fit.notes[0]
        assert np.isnan(fit.se_tau2)
    with pytest.warns(UserWarning, match="no degree of freedom"):
        assert np.isnan(fit.prediction_interval("t")[0])


def test_a_knapp_hartung_interval_narrower_than_equal_effects_is_noted():
    y, v = [0.3, 0.31, 0.3], [0.1, 0.2, 0.3]
    fit, plain = pool(y, v, test="knha"), pool(y, v, "EE")
    assert fit.ci_upper - fit.ci_lower < plain.ci_upper - plain.ci_lower
    assert "narrower than that of equal effects" in fit.notes[0]
    assert "has no width" in pool([0.3] * 3, v, test="knha").notes[0]
    # a small variance factor is not enough: with two studies t makes up for it
    assert pool([0.1, 0.4], [0.1, 0.1], test="knha").notes == ()
    assert pool(y, v, test="adhoc").notes == pool(Y, V, test="knha").notes == ()
    y, v = np.array([-0.05, 0.0, 0.05]), [0.1, 0.2, 0.1]  # with tau2 = 0 the interval widens as y does
    y *= pool(y, v, "EE").ci_upper / pool(y, v, test="knha").ci_upper
    assert pool(0.99 * y, v, test="knha").notes and not pool(1.01 * y, v, test="knha").notes


def test_riley_interval_of_two_studies_takes_one_degree_of_freedom_and_says_so():
    fit = pool([0.1, 0.5], [0.1, 0.1])
    with pytest.warns(UserWarning, match="riley"):
        assert fit.prediction_interval("riley") == fit.prediction_interval("t")
