"""Three-level model against dense matrices and a general minimiser; cluster-robust errors by hand."""

import numpy as np
import pytest
from scipy import optimize, stats

from metastats import cluster_robust, pool, three_level

STUDY = ["a", "a", "b", "c", "c", "c", "d", "e", "e"]
Y = np.array([0.3, 0.5, 0.1, 0.9, 1.1, 0.7, 0.2, 0.45, -0.1])
V = np.array([0.02, 0.03, 0.01, 0.05, 0.02, 0.04, 0.03, 0.02, 0.06])


def dense_log_likelihood(between, within, restricted):
    """Likelihood from the whole covariance matrix."""
    same = np.array(STUDY)[:, None] == np.array(STUDY)
    s = np.diag(V + within) + between * same
    inverse, one = np.linalg.inv(s), np.ones(9)
    mu = one @ inverse @ Y / (one @ inverse @ one)
    value = stats.multivariate_normal(np.full(9, mu), s).logpdf(Y)
    if restricted:
        value += 0.5 * (np.log(2 * np.pi) + np.log(9) - np.log(one @ inverse @ one))
    return value


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_likelihood_and_its_maximum(method):
    fit = three_level(Y, V, STUDY, method=method)
    restricted = method == "REML"
    assert fit.log_likelihood == pytest.approx(
        dense_log_likelihood(fit.tau2_between, fit.tau2_within, restricted)
    )
    found = optimize.minimize(
        lambda x: -dense_log_likelihood(*np.exp(x), restricted),
        [-2, -4],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000},
    )
    assert fit.log_likelihood >= -found.fun - 1e-10
    assert fit.tau2_between == pytest.approx(np.exp(found.x[0]), rel=1e-4)
    assert fit.tau2_within == pytest.approx(np.exp(found.x[1]), rel=1e-3, abs=1e-8)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_units_do_not_matter(unit):
    one, other = three_level(Y, V, STUDY), three_level(Y * unit, V * unit**2, STUDY)
    assert other.tau2_between / unit**2 == pytest.approx(one.tau2_between, rel=1e-7)
    assert other.se / unit == pytest.approx(one.se, rel=1e-8)


def test_copies_of_one_effect_within_studies_carry_no_weight_of_their_own():
    y, v = np.repeat([0.0, 1.0, 3.0], [1, 1, 6]), np.full(8, 1e-8)
    fit = three_level(y + 1e-9 * np.arange(8), v, np.repeat(list("abc"), [1, 1, 6]))
    assert fit.estimate == pytest.approx(4 / 3, rel=1e-4)
    assert fit.icc == pytest.approx(1, abs=1e-4)


def test_cluster_robust_by_hand():
    fit = pool(Y, V, method="DL")
    result = cluster_robust(fit, STUDY)
    w = 1 / (V + fit.tau2)
    score = [sum((w * (Y - fit.estimate))[np.array(STUDY) == s]) for s in "abcde"]
    assert result.se == pytest.approx(np.sqrt(5 / 4 * sum(s * s for s in score)) / w.sum())
    assert result.df == 4
    assert result.ci_upper == pytest.approx(fit.estimate + stats.t(4).ppf(0.975) * result.se)


def test_refusals():
    with pytest.raises(ValueError, match="no study has two effects"):
        three_level(Y, V, range(9))
    with pytest.raises(ValueError, match="all effects are of one study"):
        three_level(Y, V, ["a"] * 9)
    with pytest.raises(ValueError, match=r"study\[1\]: is missing"):
        three_level(Y, V, ["a", None, *STUDY[2:]])
    with pytest.raises(ValueError, match="cluster: 2 labels but 9"):
        cluster_robust(pool(Y, V), ["a", "b"])
    with pytest.raises(ValueError, match="cluster: only one"):
        cluster_robust(pool(Y, V), ["a"] * 9)
