"""bayes_pool against brute-force integration in R, against theory, and its refusals."""

import numpy as np
import pytest
from case_files import cases_of
from ledger import Ledger
from reference_values import BAYES
from scipy import integrate, stats

from metastats import bayes_pool, pool

Y, V = [0.2, 0.7, -0.1], [0.05, 0.02, 0.08]


NAMES = {"mean": "mean", "sd": "sd", "median": "median", "lo": "lower", "hi": "upper"}


def first(value):
    """Numbers of this reference file may stand in lists of one; NA is missing."""
    value = value[0] if isinstance(value, list) else value
    return np.nan if value in (None, "NA") else value


def fitted(ledger):
    """Posterior under the priors of a reference case."""
    prior, mu = ledger.take("tau_prior"), ledger.take("mu_prior")
    flat = first(mu["kind"]) == "flat"
    mu_prior = None if flat else (first(mu["kind"]), first(mu["mean"]), first(mu["sd"]))
    yi, vi = ledger.take("yi"), ledger.take("vi")
    return bayes_pool(yi, vi, (first(prior["kind"]), first(prior["scale"])), mu_prior)


def compare(ledger, path, got):
    """Compare one number where there is one, to 1e-6 of itself."""
    if not np.isnan(first(ledger.at(*path))):
        ledger.agree(path, np.reshape(got, np.shape(ledger.at(*path))), rtol=1e-6)


@pytest.mark.parametrize("case", BAYES["cases"], ids=lambda case: f"{case['id']}-{case['tau_prior']}")
def test_every_number_agrees_with_brute_force_integration(case):
    ledger = Ledger(case)
    post = fitted(ledger)
    compare(ledger, ("k",), post.k)
    compare(ledger, ("log_marginal_likelihood",), post.log_marginal_likelihood)
    for name in ("mu", "tau", "predictive"):
        marginal = getattr(post, name)
        for theirs, ours in NAMES.items():
            compare(ledger, (name, theirs), getattr(marginal, ours))
        if "p_gt_0" in case[name]:
            compare(ledger, (name, "p_gt_0"), marginal.probability_above(0))
        for limit, theirs in zip(marginal.shortest, ("lo", "hi"), strict=True):
            compare(ledger, ("shortest95", name, theirs), limit)
    ledger.excuse("max_rel_diff_600_vs_1200_panels")  # the reference's own error
    ledger.assert_empty()


@pytest.mark.parametrize("prior", [("half-normal", 0.5), ("half-cauchy", 0.3)])
def test_agrees_with_two_dimensional_integration(prior):
    prior_of = {
        "half-normal": lambda t: np.exp(-0.5 * (t / prior[1]) ** 2) * np.sqrt(2 / np.pi) / prior[1],
        "half-cauchy": lambda t: 2 / (np.pi * prior[1] * (1 + (t / prior[1]) ** 2)),
    }[prior[0]]
    y, sd2 = np.array(Y), np.array(V)
    # a plain product rule on a fine grid, with tau = u / (1 - u) to reach the tail
    u, weight = np.polynomial.legendre.leggauss(300)
    tau, jacobian = (1 + u) / (1 - u), 2 / (1 - u) ** 2
    mu = np.linspace(-7, 7, 1001)
    z2 = (y - mu[:, None, None]) ** 2 / (sd2 + tau[:, None] ** 2)
    joint = np.exp(-0.5 * z2.sum(axis=-1) - 0.5 * np.log(2 * np.pi * (sd2 + tau[:, None] ** 2)).sum(axis=-1))
    joint = (
        joint * (weight * jacobian * prior_of(tau)) * stats.norm.pdf(mu, 0.1, 1.0)[:, None] * (mu[1] - mu[0])
    )
    post = bayes_pool(Y, V, prior, ("normal", 0.1, 1.0))
    assert post.log_marginal_likelihood == pytest.approx(np.log(joint.sum()), abs=1e-8)
    assert post.mu.mean == pytest.approx((joint * mu[:, None]).sum() / joint.sum(), abs=1e-8)


def test_one_study_leaves_the_prior_of_tau():
    post = bayes_pool([0.3], [0.1], ("half-normal", 0.5))
    assert post.tau.mean == pytest.approx(0.5 * np.sqrt(2 / np.pi))
    assert post.tau.median == pytest.approx(stats.halfnorm(scale=0.5).median())
    assert post.mu.mean == pytest.approx(0.3)
    heavy = bayes_pool([0.3], [0.1], ("half-cauchy", 0.5))
    assert heavy.tau.mean == np.inf
    assert np.isnan(heavy.mu.mean)
    assert heavy.mu.median == pytest.approx(0.3)


def test_a_tight_prior_gives_the_equal_effects_result():
    post, fixed = bayes_pool(Y, V, ("half-normal", 1e-7)), pool(Y, V, method="EE")
    assert post.mu.mean == pytest.approx(fixed.estimate, rel=1e-6)
    assert (post.mu.lower, post.mu.upper) == pytest.approx((fixed.ci_lower, fixed.ci_upper), rel=1e-6)


def test_quantiles_densities_and_probabilities_belong_together():
    post = bayes_pool(Y, V, ("half-cauchy", 0.5))
    for marginal in (post.mu, post.tau, post.predictive):
        for q in (1e-6, 0.2, 0.5, 0.99):
            assert marginal.cdf(marginal.quantile(q)) == pytest.approx(q, rel=1e-8)
        area = integrate.quad(marginal.density, marginal.lower, marginal.upper, epsabs=1e-10)[0]
        assert area == pytest.approx(0.95, abs=1e-7)
        low, high = marginal.shortest
        assert high - low <= marginal.upper - marginal.lower + 1e-12
        assert marginal.cdf(high) - marginal.cdf(low) == pytest.approx(0.95, abs=1e-8)


def test_blocks_do_not_show(monkeypatch):
    whole = bayes_pool(Y, V).mu.upper
    monkeypatch.setattr("metastats.bayes.CELLS", 2)
    assert bayes_pool(Y, V).mu.upper == pytest.approx(whole, rel=1e-12)


def test_many_studies():
    rng = np.random.default_rng(1)
    post = bayes_pool(rng.normal(0, 1, 2000), np.full(2000, 0.5), ("half-normal", 1.0))
    fit = pool(post.yi, post.vi, method="REML")
    assert post.tau.median == pytest.approx(fit.tau, rel=0.01)
    assert post.mu.mean == pytest.approx(fit.estimate, abs=1e-4)


@pytest.mark.parametrize(("options", "message"), cases_of(__file__)["refusals"])
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        bayes_pool(Y, V, **options)
    with pytest.raises(ValueError, match=r"vi\[1\]: is zero"):
        bayes_pool([1, 2], [1, 0])
