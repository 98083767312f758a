"""The models side by side agree with pool and bayes_pool, and stand to each other as theory says."""

import numpy as np
import pytest

from helpers.pooling.tiers import models_compared
from metastats import bayes_pool, pool

Y, V = [12.0, 30.0, 19.0], [9.0, 25.0, 16.0]


def test_each_row_is_that_models_fit():
    table = models_compared(Y, V, tau_scale=10).set_index("model")
    for name, method, test in (
        ("equal effects", "EE", "z"),
        ("random effects, normal", "REML", "z"),
        ("random effects, truncated", "REML", "adhoc"),
    ):
        fit, row = pool(Y, V, method, test), table.loc[name]
        told = row.estimate, row.ci_lower, row.ci_upper, row.tau
        assert told == (fit.estimate, fit.ci_lower, fit.ci_upper, fit.tau)
    post, row = bayes_pool(Y, V, ("half-normal", 10)), table.loc["Bayesian, half-normal prior"]
    assert (row.estimate, row.pi_lower) == (post.mu.median, post.predictive.lower)


def test_what_the_page_says_of_the_models_holds():
    table = models_compared(Y, V, tau_scale=10).set_index("model")
    width = table.ci_upper - table.ci_lower
    assert width["equal effects"] < width["random effects, normal"] < width["random effects, truncated"]
    assert width["Bayesian, half-normal prior"] < width["random effects, truncated"]
    assert np.isnan(table.loc["equal effects", "pi_lower"])
    ahead = (table.pi_upper - table.pi_lower).dropna()
    assert (ahead > width[ahead.index]).all()
    # effects that agree by chance make Knapp-Hartung narrower than the normal interval, truncated it is not
    alike = models_compared([10.0, 10.1, 9.9], V, tau_scale=10).set_index("model")
    width = alike.ci_upper - alike.ci_lower
    assert width["random effects, Knapp-Hartung"] < width["random effects, normal"]
    assert width["random effects, truncated"] > width["random effects, normal"]


def test_a_wider_prior_gives_a_wider_interval_and_a_larger_spread():
    table = models_compared(Y, V, tau_scale=10).set_index("model")
    order = ["Bayesian, prior half as wide", "Bayesian, half-normal prior", "Bayesian, prior twice as wide"]
    width = (table.ci_upper - table.ci_lower)[order]
    assert width.is_monotonic_increasing and table.loc[order, "tau"].is_monotonic_increasing
    wide = bayes_pool(Y, V, ("half-normal", 20))
    assert table.loc[order[2], "ci_lower"] == wide.mu.lower and "twice 20" in table.loc[order[2], "takes"]


def test_one_study_is_refused():
    with pytest.raises(ValueError, match="one study"):
        models_compared([1.0], [1.0], 1.0)
