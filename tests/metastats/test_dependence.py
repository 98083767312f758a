"""Three-level model against dense matrices, a general minimiser and metafor; robust errors; shared arms."""

import numpy as np
import pytest
from reference_values import FROM_R
from scipy import stats

from metastats import cluster_robust, combine_groups, pool, sampling_covariance, split_group, three_level

STUDY = ["a", "a", "b", "c", "c", "c", "d", "e", "e"]
Y = np.array([0.3, 0.5, 0.1, 0.9, 1.1, 0.7, 0.2, 0.45, -0.1])
V = np.array([0.02, 0.03, 0.01, 0.05, 0.02, 0.04, 0.03, 0.02, 0.06])


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


def test_refusals():
    with pytest.raises(ValueError, match="no study has two effects"):
        three_level(Y, V, range(9))
    with pytest.raises(ValueError, match="all effects are of one study"):
        three_level(Y, V, ["a"] * 9)
    with pytest.raises(ValueError, match=r"study\[1\]: is missing"):
        three_level(Y, V, ["a", None, *STUDY[2:]])
    with pytest.raises(ValueError, match="cluster: 2 values but 9"):
        cluster_robust(pool(Y, V), ["a", "b"])
    with pytest.raises(ValueError, match="cluster: only one"):
        cluster_robust(pool(Y, V), ["a"] * 9)


DEPENDENT = FROM_R["dependent"]
INPUTS = DEPENDENT["inputs"]
COVARIANCES = {
    "independent": np.array(INPUTS["v"]),
    "by_time": sampling_covariance(
        INPUTS["v"], INPUTS["study"], 0.6, INPUTS["outcome"], INPUTS["time"], 0.97
    ),
    "constant": sampling_covariance(INPUTS["v"], INPUTS["study"], 0.4),
}


@pytest.mark.parametrize("name", ["by_time", "constant"])
def test_sampling_covariance_is_that_of_vcalc(name):
    assert COVARIANCES[name] == pytest.approx(np.array(DEPENDENT[name]), rel=1e-12)


@pytest.mark.parametrize("name", list(COVARIANCES))
def test_three_levels_with_a_sampling_covariance_are_those_of_metafor(name):
    method = "ML" if name == "constant" else "REML"
    reference = DEPENDENT["three"][name]
    fit = three_level(INPUTS["y"], COVARIANCES[name], INPUTS["study"], method)
    assert (fit.estimate, fit.se) == pytest.approx((reference["estimate"], reference["se"]), rel=1e-7)
    assert fit.tau2_between == pytest.approx(reference["between"], rel=1e-5)  # metafor's search ends earlier
    assert fit.tau2_within == pytest.approx(reference["within"], rel=1e-5)
    assert fit.log_likelihood == pytest.approx(reference["log_likelihood"], rel=1e-10)


@pytest.mark.parametrize("correction", ["CR1", "CR2"])
@pytest.mark.parametrize("name", [*COVARIANCES, "DL", "EE"])
def test_robust_errors_are_those_of_metafor_and_clubsandwich(name, correction):
    y, study = INPUTS["y"], INPUTS["study"]
    if name in COVARIANCES:
        fit = three_level(y, COVARIANCES[name], study, "ML" if name == "constant" else "REML")
        reference = DEPENDENT["three"][name][correction]
    else:
        fit, reference = pool(y, INPUTS["v"], name), DEPENDENT[name][correction]
    robust = cluster_robust(fit, study, correction)
    for number in ("se", "df", "p_value"):
        assert getattr(robust, number) == pytest.approx(reference[number], rel=1e-6), number
    half = stats.t(robust.df).ppf(0.975) * robust.se
    assert (robust.ci_lower, robust.ci_upper) == pytest.approx((fit.estimate - half, fit.estimate + half))


def test_clusters_may_hold_several_studies_but_not_part_one():
    fit = three_level(Y, V, STUDY)
    pairs = ["ab" if study in "ab" else study for study in STUDY]
    assert cluster_robust(fit, pairs, "CR2").n_clusters == 4
    with pytest.raises(ValueError, match="cluster.*: parts a study"):
        cluster_robust(fit, [*"aabccdeee"], "CR2")


def test_arms_that_share_a_control_are_correlated_by_its_part():
    # two arms against one control: var(a - c) + var(b - c) - 2 cov = var(a - b)
    variances, control = np.array([4 / 10 + 9 / 12, 6 / 8 + 9 / 12, 0.5]), 9 / 12
    covariance = sampling_covariance(variances, ["s", "s", "t"], shared=[control, control, 0.2])
    assert covariance[0, 1] == pytest.approx(control)
    assert covariance[0, 2] == covariance[1, 2] == 0
    assert np.diag(covariance) == pytest.approx(variances)
    assert variances[:2].sum() - 2 * covariance[0, 1] == pytest.approx(4 / 10 + 6 / 8)


def test_arms_made_one_are_as_analysed_together():
    a, b, c = (np.random.default_rng(seed).normal(seed, 2, n) for seed, n in ((1, 9), (2, 14), (3, 5)))
    n, mean, sd = combine_groups(
        [9, 14, 5], [x.mean() for x in (a, b, c)], [x.std(ddof=1) for x in (a, b, c)]
    )
    together = np.concatenate([a, b, c])
    assert (n, mean, sd) == pytest.approx((28, together.mean(), together.std(ddof=1)))
    assert split_group(21, 2, 7) == (10.5, 3.5)
    assert split_group(20, 2) == (10, None)
