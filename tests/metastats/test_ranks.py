"""Rank effects and proportional odds against R (make_references.R), and by hand."""

import numpy as np
import pytest
from reference_values import FROM_R
from scipy import stats

from metastats import proportional_odds, rank_effect, rank_effect_from_p
from metastats.ranks import rank_effect_from_u

SCALES = FROM_R["ranks"]


@pytest.mark.parametrize("name", list(SCALES))
def test_counts_on_an_ordered_scale(name):
    case = SCALES[name]
    effect = rank_effect(case["counts1"], case["counts2"])
    assert effect.auc == pytest.approx(case["area"], rel=1e-12)
    assert (effect.delta, effect.se) == pytest.approx((case["delta"], case["se"]), rel=1e-12)
    assert (effect.ci_lower, effect.ci_upper) == pytest.approx(tuple(case["limits"]), rel=1e-12)
    assert effect.auc_limits == pytest.approx(tuple((1 + limit) / 2 for limit in case["limits"]), rel=1e-12)
    assert effect.p_value == pytest.approx(case["p_value"], rel=1e-12)


@pytest.mark.parametrize("name", list(SCALES))
def test_proportional_odds_is_that_of_polr(name):
    case, fit = SCALES[name], proportional_odds(SCALES[name]["counts1"], SCALES[name]["counts2"])
    assert fit.estimate == pytest.approx(case["odds"]["estimate"], rel=1e-6)
    assert fit.se == pytest.approx(case["odds"]["se"], rel=1e-6)
    assert fit.log_likelihood == pytest.approx(case["odds"]["log_likelihood"], rel=1e-10)
    mirrored = proportional_odds(case["counts2"], case["counts1"])
    assert (mirrored.estimate, mirrored.se) == pytest.approx((-fit.estimate, fit.se), rel=1e-8)


@pytest.mark.parametrize("case", FROM_R["areas"], ids=lambda case: f"U {case['u']}")
def test_limits_from_u_are_those_of_newcombe(case):
    effect = rank_effect_from_u(case["u"], case["n1"], case["n2"])
    assert effect.auc_limits == pytest.approx(tuple(case["limits"]), rel=1e-8)
    if effect.auc < 1:
        assert effect.se == pytest.approx(2 * case["se"], rel=1e-12)
    assert effect.se > 0


def test_u_of_a_printed_p_value_is_the_one_that_was_tested():
    x, y = np.random.default_rng(4).normal([[1.0], [0.0]], 1, (2, 12))
    test = stats.mannwhitneyu(x, y, method="asymptotic")
    effect = rank_effect_from_p(test.pvalue, 12, 12, higher=1)
    assert effect.u == pytest.approx(test.statistic)
    assert rank_effect_from_u(effect.u, 12, 12).p_value == pytest.approx(test.pvalue)
    assert rank_effect_from_p(test.pvalue, 12, 12, higher=2).delta == pytest.approx(-effect.delta)
    assert rank_effect_from_p(1, 12, 12, higher=2).delta == 0
    # W = 86.5 of ten and ten people is printed with p 0.006 and a delta of 0.73
    assert rank_effect_from_u(86.5, 10, 10).delta == pytest.approx(0.73)
    assert rank_effect_from_u(50, 10, 10).p_value == 1  # no difference at all
    assert rank_effect_from_p(0.006, 10, 10, higher=1).delta == pytest.approx(0.73, abs=0.01)


def test_groups_that_do_not_overlap_have_limits_all_the_same():
    effect = rank_effect([0, 0, 5], [3, 5, 0])
    assert (effect.delta, effect.ci_upper) == (1, 1)
    assert 0 < effect.ci_lower < 1 and effect.se > 0
    assert rank_effect([3, 5, 0], [0, 0, 5]).ci_upper == pytest.approx(-effect.ci_lower)
    same = rank_effect([0, 4], [0, 6])  # one category: no one is above another
    assert (same.delta, same.p_value) == (0, 1)
