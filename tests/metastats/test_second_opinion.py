"""PyMARE and statsmodels as a second opinion, where they are right (they stop earlier, at about 1e-6)."""

import numpy as np
import pytest
from random_studies import made

from metastats import pool

pymare = pytest.importorskip("pymare", reason="PyMARE, a second opinion, is not installed")
estimators = pytest.importorskip("pymare.estimators")
combine_effects = pytest.importorskip("statsmodels.stats.meta_analysis").combine_effects

MAKERS = {
    "EE": lambda **how: estimators.WeightedLeastSquares(tau2=0.0, **how),
    "DL": estimators.DerSimonianLaird,
    "HE": estimators.Hedges,
    "ML": lambda **how: estimators.VarianceBasedLikelihoodEstimator(method="ML", **how),
    "REML": lambda **how: estimators.VarianceBasedLikelihoodEstimator(method="REML", **how),
}
CORRECTIONS = {"z": "wald", "knha": "knapp-hartung", "adhoc": "knapp-hartung-conservative"}
# heterogeneous sets: near tau2 = 0 PyMARE's likelihood stops short of the boundary
SETS = [(k, tau2, seed) for k in (5, 12, 60) for tau2 in (0.3, 10.0) for seed in (1, 2, 3)]
CLOSE = {"EE": 1e-10, "DL": 1e-10, "HE": 1e-10, "ML": 2e-5, "REML": 2e-5}


def second_opinion(y, v, method, test):
    estimator = MAKERS[method](small_sample_correction=CORRECTIONS[test])
    # no X is passed: with one, PyMARE 0.0.13 doubles the intercept and gives nonsense without a word
    return estimator.fit_dataset(pymare.Dataset(y, v)).summary()


@pytest.mark.parametrize(("k", "tau2", "seed"), SETS)
@pytest.mark.parametrize("method", list(MAKERS))
@pytest.mark.parametrize("test", list(CORRECTIONS))
def test_pymare(k, tau2, seed, method, test):
    y, v = made(k, "usual", tau2, seed)
    fit, summary = pool(y, v, method, test), second_opinion(y, v, method, test)
    effects = {name: float(np.ravel(value)[0]) for name, value in summary.get_fe_stats().items()}
    loose = CLOSE[method]
    assert float(np.ravel(summary.tau2)[0]) == pytest.approx(fit.tau2, rel=loose, abs=loose)
    assert effects["est"] == pytest.approx(fit.estimate, rel=loose, abs=loose)
    assert effects["se"] == pytest.approx(fit.se, rel=loose)
    assert (effects["ci_l"], effects["ci_u"]) == pytest.approx(
        (fit.ci_lower, fit.ci_upper), rel=loose, abs=loose
    )
    assert effects["p"] == pytest.approx(fit.p_value, rel=50 * loose, abs=1e-12)


@pytest.mark.parametrize(("k", "tau2", "seed"), SETS)
@pytest.mark.parametrize(("method", "theirs"), [("PM", "iterated"), ("EB", "iterated"), ("DL", "dl")])
def test_statsmodels(k, tau2, seed, method, theirs):
    y, v = made(k, "usual", tau2, seed)
    fit, found = pool(y, v, method), combine_effects(y, v, method_re=theirs, use_t=False)
    loose = 1e-10 if method == "DL" else 1e-4  # its root stops at 1e-5 of Q
    assert max(0.0, found.tau2) == pytest.approx(fit.tau2, rel=loose)
    assert found.q == pytest.approx(fit.q, rel=1e-10)
    if found.tau2 < 0:  # not cut at 0 there, and all that follows is off
        return
    assert found.mean_effect_re == pytest.approx(fit.estimate, rel=loose)
    assert found.sd_eff_w_re == pytest.approx(fit.se, rel=loose)
