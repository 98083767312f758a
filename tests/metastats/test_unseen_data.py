"""Whatever the data, k = 1 to 200: units, order, sign, shift and copies do to the fit what theory says."""

import numpy as np
import pytest
from dense_matrices import tau2_of
from hypothesis import example, given, settings
from hypothesis import strategies as st
from random_studies import METHODS, RANDOM, close, made, meta_analyses

from metastats import bayes_pool, pool

READ = ("estimate", "se", "ci_lower", "ci_upper", "tau2", "se_tau2", "i2", "h2", "q", "q_p_value", "p_value")
POWER_OF_UNIT = dict.fromkeys(("estimate", "se", "ci_lower", "ci_upper"), 1) | {"tau2": 2, "se_tau2": 2}
methods = st.sampled_from(METHODS)
tests = st.sampled_from(("z", "knha", "adhoc"))


@settings(max_examples=150, deadline=None)
@given(meta_analyses(), methods, tests, st.sampled_from([2.0**-100, 2.0**-20, 2.0**20, 2.0**100]))
@example(made(145, "chi-squared", 10.0, 346265985), "SJ", "z", 2.0**100)  # pow() once rounded its square
def test_a_unit_that_doubles_hold_exactly_changes_no_digit(studies, method, test, unit):
    y, v = studies
    fit, scaled = pool(y, v, method, test), pool(y * unit, v * unit**2, method, test)
    for name in READ:
        np.testing.assert_equal(
            getattr(scaled, name), getattr(fit, name) * unit ** POWER_OF_UNIT.get(name, 0)
        )
    if y.size > 1:
        limits, scaled_limits = fit.heterogeneity_interval(), scaled.heterogeneity_interval()
        assert scaled_limits.tau2 == (limits.tau2[0] * unit**2, limits.tau2[1] * unit**2)


@settings(max_examples=100, deadline=None)
@given(meta_analyses(), methods, tests, st.randoms())
def test_order_sign_and_shift(studies, method, test, random):
    y, v = studies
    order = random.sample(range(y.size), y.size)
    fit, scale = pool(y, v, method, test), float(np.var(y) + v.min())
    shuffled, mirrored = pool(y[order], v[order], method, test), pool(-y, v, method, test)
    shifted = pool(y + 64.0, v, method, test)
    for other in (shuffled, mirrored, shifted):
        assert close(other.tau2, fit.tau2, scale)
        assert close(other.se, fit.se, fit.se + 1e-9)
        assert close((other.q, other.i2), (fit.q, fit.i2), 1.0, 1e-8)
    assert close(shuffled.weights, fit.weights[order], 1.0)
    assert close((-mirrored.ci_upper, -mirrored.ci_lower), (fit.ci_lower, fit.ci_upper), scale**0.5)
    assert close(shifted.estimate - 64.0, fit.estimate, scale**0.5)


@settings(max_examples=60, deadline=None)
@given(meta_analyses(fewest=2, most=60), st.sampled_from(("DL", "HE", "HS", "SJ", "ML", "REML", "PM", "EB")))
def test_tau2_is_that_of_dense_matrices(studies, method):
    y, v = studies
    assert close(pool(y, v, method).tau2, tau2_of(y, v, method), float(np.var(y, ddof=1)))


@settings(max_examples=100, deadline=None)
@given(meta_analyses(fewest=2), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_q_profile_limits_are_where_q_meets_its_quantiles(studies, level):
    from scipy.stats import chi2

    y, v = studies
    fit = pool(y, v)
    limits = fit.heterogeneity_interval(level)
    for limit, p in zip(limits.tau2, (0.5 + level / 2, 0.5 - level / 2), strict=True):
        w = 1 / (v + limit)
        q = float(np.sum(w * (y - np.sum(w * y) / np.sum(w)) ** 2))
        target = chi2.ppf(p, y.size - 1)
        assert q == pytest.approx(target, rel=1e-9) if limit > 0 else q <= target * (1 + 1e-9)
    # Paule and Mandel's root lies between them, unless all is below the quantiles
    assert limits.empty or limits.tau2[0] <= pool(y, v, "PM").tau2 <= limits.tau2[1]


@pytest.mark.parametrize("method", RANDOM)
@pytest.mark.parametrize("k", [2, 3, 200])
def test_equal_effects(method, k):
    fit = pool(np.full(k, 0.3), np.linspace(0.1, 0.4, k), method, "knha")
    assert (fit.tau2, fit.i2, fit.h2) == (0, 0, 1)
    assert fit.heterogeneity_interval().tau2 == (0, 0)
    assert fit.estimate == pytest.approx(0.3)
    assert fit.q == pytest.approx(0, abs=1e-20)


@settings(max_examples=25, deadline=None)
@given(meta_analyses(most=30), st.sampled_from([2.0**-20, 2.0**20]))
def test_the_posterior_knows_no_unit_and_no_order(studies, unit):
    y, v = studies
    post = bayes_pool(y, v, ("half-normal", 0.5))
    other = bayes_pool(-y[::-1] * unit, v[::-1] * unit**2, ("half-normal", 0.5 * unit))
    width = post.mu.upper - post.mu.lower
    assert close(
        (-other.mu.upper / unit, -other.mu.lower / unit), (post.mu.lower, post.mu.upper), width, 1e-7
    )
    assert close(other.tau.upper / unit, post.tau.upper, post.tau.upper, 1e-7)
    assert close(-other.predictive.lower / unit, post.predictive.upper, width, 1e-7)
