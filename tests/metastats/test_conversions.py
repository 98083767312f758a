"""Conversions: round trips, worked examples, simulation, refusals."""

import numpy as np
import pytest
from scipy import stats

from metastats import change_correlation, mean_sd_from_quantiles, sd_from_p, sd_from_se, se_from_ci, se_from_p
from metastats.conversions import sd_from_t
from metastats.measures import change_variance


def test_sd_from_what_a_sample_prints():
    x = np.random.default_rng(2).normal(10, 3, 23)
    sd, se = x.std(ddof=1), stats.sem(x)
    assert float(sd_from_se(se, 23)) == pytest.approx(sd)
    low, high = stats.t.interval(0.9, 22, x.mean(), se)
    assert float(sd_from_se(se_from_ci(low, high, 0.9, df=22).value, 23)) == pytest.approx(sd)
    test = stats.ttest_1samp(x, 8)
    assert float(sd_from_t(x.mean() - 8, test.statistic, 23)) == pytest.approx(sd)
    assert float(sd_from_p(x.mean() - 8, test.pvalue, 23)) == pytest.approx(sd)


def test_sd_from_a_comparison_of_two_groups():
    a, b = np.random.default_rng(3).normal(0, 2, (2, 15))
    test, pooled = stats.ttest_ind(a, b), np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    assert float(sd_from_t(a.mean() - b.mean(), test.statistic, 15, 15)) == pytest.approx(pooled)
    converted = sd_from_p(a.mean() - b.mean(), test.pvalue, 15, 15)
    assert float(converted) == pytest.approx(pooled)
    assert "two-sample" in converted.assumption


def test_a_printed_difference_with_its_interval():
    assert se_from_ci(5, 19).value == pytest.approx(3.571, abs=5e-4)
    low, high = stats.t.interval(0.9, 38, 12, 3)
    assert se_from_ci(low, high, 0.9, df=38).value == pytest.approx(3)
    assert "off the middle by 0 percent" in se_from_ci(5, 19, estimate=12).assumption
    assert "off the middle by 43 percent" in se_from_ci(5, 19, estimate=9).assumption
    ratio = se_from_ci(np.exp(0.2), np.exp(1.0), ratio=True, estimate=np.exp(0.6))
    assert ratio.value == pytest.approx(0.4 / 1.959964)
    assert "log scale" in ratio.assumption and "middle by 0 percent" in ratio.assumption
    assert "without width" in se_from_ci(3, 3).assumption


def test_an_exact_p_value_with_its_test():
    a, b = np.random.default_rng(3).normal(0, 2, (2, 15))
    test, difference = stats.ttest_ind(a, b, equal_var=False), a.mean() - b.mean()
    assert se_from_p(difference, test.pvalue, test.df).value == pytest.approx(difference / test.statistic)
    assert se_from_p(-0.5, 2 * stats.norm.sf(2)).value == pytest.approx(0.25)
    assert se_from_p(0.5, stats.norm.sf(2), sides=1).value == pytest.approx(0.25)
    assert "two-sided p-value of a z test" in se_from_p(1, 0.1).assumption


@pytest.mark.parametrize(
    ("p", "t"), [(1e-20, 49.7278637025), (1e-15, 25.9953022397), (1e-300, 1.79329415e17)]
)
def test_the_smallest_p_values_keep_their_digits(p, t):
    # R: qt(p / 2, 18)
    assert sd_from_p(5, p, 10, 10).value == pytest.approx(5 / t / np.sqrt(0.2), rel=1e-6)


@pytest.mark.parametrize("known", ["quartiles", "extremes", "both"])
def test_quantiles_of_normal_samples(known):
    n = 41
    x = np.sort(np.random.default_rng(5).normal(100, 10, (20000, n)), axis=1)
    given = {}
    if known != "extremes":
        given |= {"q1": x[:, 10], "q3": x[:, 30]}
    if known != "quartiles":
        given |= {"minimum": x[:, 0], "maximum": x[:, -1]}
    result = mean_sd_from_quantiles(x[:, 20], n, **given, skewed="ignore")
    assert result.mean.mean() == pytest.approx(100, abs=0.1)
    assert result.sd.mean() == pytest.approx(10, rel=0.03)
    # the test of skewness rejects 5 percent of symmetric samples
    assert (result.skewness > result.critical).mean() == pytest.approx(0.05, abs=0.006)


def test_quantiles_by_hand():
    result = mean_sd_from_quantiles(50, 30, q1=42, q3=57)
    weight = 0.7 + 0.39 / 30
    assert result.mean == pytest.approx(weight * 49.5 + (1 - weight) * 50)
    assert result.sd == pytest.approx(15 / (2 * stats.norm.ppf((0.75 * 30 - 0.125) / 30.25)))
    assert "not found skewed" in result.assumption
    extremes = {"minimum": 30, "maximum": 74}  # w = 4 / (4 + 30**0.75) = 0.237832 of the middle, 52
    assert mean_sd_from_quantiles(50, 30, **extremes).mean == pytest.approx(50.4756636)
    # w1 = 0.146485 of 52, w2 = 0.589117 of 49
    both = mean_sd_from_quantiles(50, 30, q1=42, q3=56, **extremes)
    assert both.mean == pytest.approx(49.7038658)
    share = 1 / (1 + 0.07 * 30**0.6)  # of the range, in 2 x 2.0406 SDs; of the quartiles, in 2 x 0.6423
    ranges = 22 / stats.norm.ppf(29.625 / 30.25), 7 / stats.norm.ppf(22.375 / 30.25)
    assert both.sd == pytest.approx(share * ranges[0] + (1 - share) * ranges[1])


def test_skewed_quantiles_are_refused():
    with pytest.raises(ValueError, match="median: is too far from the middle: skewed"):
        mean_sd_from_quantiles(10, 100, q1=9, q3=30)
    assert "skewness ignored" in mean_sd_from_quantiles(10, 100, q1=9, q3=30, skewed="ignore").assumption


def test_the_correlation_of_before_and_after():
    change = np.sqrt(change_variance(8.0, 9.0, 0.6))
    assert change == pytest.approx(np.sqrt(64 + 81 - 2 * 0.6 * 72))
    assert change_correlation(8.0, 9.0, change).value == pytest.approx(0.6)


def test_impossible_change_sd_is_refused():
    with pytest.raises(ValueError, match="sd_change: is impossible.*between 1 and 17"):
        change_correlation(8.0, 9.0, 20.0)
    with pytest.raises(ValueError, match=r"sd_change\[1\]: is impossible"):
        change_correlation([8.0, 8.0], [9.0, 9.0], [5.0, 0.5])
