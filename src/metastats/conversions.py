"""Standard errors and deviations, correlations and means from what a paper prints instead of them.

Every result says what had to be assumed. Sources: Cochrane Handbook 6.3 and 6.5.2 for what follows from a
standard error, an interval, a t or a p, and for changes; Luo et al. (2018), Wan et al. (2014) and Shi et al.
(2020, 2023) for medians with quartiles or extremes, as the default of metafor's ``conv.fivenum``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri, stdtrit

from metastats.checks import (
    Array,
    as_finite,
    check_choice,
    check_level,
    plain_result,
    refuse,
    refuse_negative,
)
from metastats.results import Printed


@dataclass(frozen=True, repr=False)
class Converted(Printed):
    """A converted number (or an array of them) and the assumption on which it rests."""

    value: Array | float
    assumption: str

    def __float__(self) -> float:
        """Return the value as a plain number, where it is one."""
        return float(self.value)


@dataclass(frozen=True, repr=False)
class MeanAndSd(Printed):
    """Converted mean and SD, what was assumed, and the test of skewness that was passed (or ignored)."""

    mean: Array | float
    sd: Array | float
    skewness: Array | float
    critical: Array | float
    assumption: str


def deviations(**given: Any) -> list[Array]:
    """Check standard deviations or errors: floats, not negative."""
    arrays = {name: as_finite(name, value) for name, value in given.items()}
    for name, values in arrays.items():
        refuse_negative(name, values)
    return list(arrays.values())


def group_size(name: str, n: Any, least: int = 2) -> Array:
    """Check a number of people or of degrees of freedom; NaN stays NaN."""
    n = as_finite(name, n)
    refuse(name, n < least, f"is below {least}", "a standard deviation needs more people")
    return n


def change_correlation(sd_baseline: Any, sd_followup: Any, sd_change: Any) -> Converted:
    """Compute the correlation of before and after from all three SDs (Cochrane Handbook 6.5.2.8).

    Parameters
    ----------
    sd_baseline, sd_followup, sd_change : float or array_like
        SDs before, after and of the individual changes, in the units of the outcome.

    Returns
    -------
    Converted
        Correlation, and that all three SDs are taken to be of the same people.

    Raises
    ------
    ValueError
        A negative SD, an SD of zero before or after, or three SDs that no correlation can join (position
        named): the printed figures then contradict each other.
    """
    before, after, change = deviations(sd_baseline=sd_baseline, sd_followup=sd_followup, sd_change=sd_change)
    refuse("sd_baseline", before * after == 0, "or sd_followup is zero", "no correlation is defined")
    r = (before**2 + after**2 - change**2) / (2 * before * after)
    low, high = plain_result(np.abs(before - after)), plain_result(before + after)
    bounds = f": it must lie between {low:g} and {high:g}" if isinstance(low, float) else ""
    problem = f"is impossible beside the other two SDs{bounds}"
    refuse("sd_change", np.abs(r) > 1 + 1e-12, problem, "check which figures are standard errors")
    return Converted(plain_result(np.clip(r, -1, 1)), "all three SDs are of the same people")


def se_from_ci(
    lower: Any, upper: Any, level: float = 0.95, df: Any = None, ratio: bool = False, estimate: Any = None
) -> Converted:
    """Convert an effect's interval to its standard error (Handbook 6.3.1, 6.3.2; metafor's ``conv.wald``).

    Parameters
    ----------
    lower, upper : float or array_like
        Limits of the interval.
    level : float
        Its confidence level.
    df : float or array_like, optional
        Degrees of freedom of the t distribution it was made with; normal without them.
    ratio : bool
        The limits are those of a ratio (RR, OR, ROM): the standard error is that of its logarithm.
    estimate : float or array_like, optional
        The effect printed with the interval, to see that it lies in the middle.

    Returns
    -------
    Converted
        Standard error, and how far the estimate is off the middle: more than rounding explains says that the
        interval was made on another scale.

    Raises
    ------
    ValueError
        Limits in the wrong order, an estimate outside them, a ratio not above zero, degrees of freedom below
        1, a level not between 0 and 1.
    """
    lower, upper = as_finite("lower", lower), as_finite("upper", upper)
    middle = (lower + upper) / 2 if estimate is None else as_finite("estimate", estimate)
    refuse("upper", upper < lower, "is below the lower limit", "check the order of the limits")
    refuse("estimate", (middle < lower) | (middle > upper), "is outside the interval", "check the figures")
    if ratio:
        refuse("lower", lower <= 0, "is not above zero, as a ratio must be", "use ratio=False")
        lower, upper, middle = np.log(lower), np.log(upper), np.log(middle)
    half = (upper - lower) / 2
    se = -half / tail_quantile((1 - check_level(level)) / 2, df)
    law = "normal" if df is None else "t with the given degrees of freedom"
    assumption = f"{100 * level:g} percent interval, symmetric{' on the log scale' if ratio else ''}, {law}"
    if np.any(half == 0):
        assumption += "; an interval without width: rounded, or wrong"
    elif estimate is not None:
        off = np.nan_to_num(np.abs(2 * middle - lower - upper) / (2 * half)).max()
        assumption += f"; the estimate is off the middle by {100 * off:.0f} percent of the half-width"
    return Converted(plain_result(se), assumption)


def se_from_p(estimate: Any, p: Any, df: Any = None, sides: int = 2) -> Converted:
    """Convert an effect and its exact p-value to its standard error (Handbook 6.3.2, 6.5.2.3).

    Parameters
    ----------
    estimate : float or array_like
        Effect that was tested against 0 (of a ratio its logarithm).
    p : float or array_like
        Exact p-value. One printed as "< 0.05" gives an upper bound of the standard error only.
    df : float or array_like, optional
        Degrees of freedom of a t test; a z test without them. Not for the p of a rank test.
    sides : {2, 1}
        A two-sided test, or one in the direction of the effect.

    Returns
    -------
    Converted
        Standard error, in the units of the estimate.

    Raises
    ------
    ValueError
        A p-value not between 0 and 1 (one-sided 0.5), an effect of zero, degrees of freedom below 1.
    """
    estimate = as_finite("estimate", estimate)
    refuse("estimate", estimate == 0, "is zero, so that no standard error follows", "look for another figure")
    se = np.abs(estimate) / statistic_from_p(p, df, sides)
    sided = "two-sided" if sides == 2 else "one-sided"
    return Converted(plain_result(se), f"exact {sided} p-value of a {'z' if df is None else 't'} test")


def statistic_from_p(p: Any, df: Any, sides: int = 2) -> Array:
    """Give the z or t statistic, above zero, that has the p-value; exact for the smallest p too."""
    p = as_finite("p", p)
    if sides not in (1, 2):
        raise ValueError(f"sides: {sides!r} is unknown; use 2 or 1")
    highest = sides / 2
    refuse("p", (p <= 0) | (p >= highest), f"is not between 0 and {highest:g}", "give the exact p-value")
    # the lower tail, for 1 - p is 1 when p is small
    return -tail_quantile(p / sides, df)


def tail_quantile(tail: Any, df: Any) -> Array:
    """Quantile of the normal (df None) or t distribution."""
    return ndtri(tail) if df is None else stdtrit(group_size("df", df, least=1), tail)


def sd_from_se(se: Any, n: Any) -> Converted:
    """Convert the standard error of one group's mean to its SD, SE sqrt(n) (Handbook 6.5.2.2).

    Parameters
    ----------
    se, n : float or array_like
        Standard error (of an interval that of `se_from_ci` with n - 1 degrees of freedom), and people.

    Returns
    -------
    Converted
        Standard deviation, in the units of the mean; so for `sd_from_p`.

    Raises
    ------
    ValueError
        A negative standard error or fewer than 2 people.
    """
    (se,), n = deviations(se=se), group_size("n", n)
    return Converted(plain_result(se * np.sqrt(n)), "the figure is the standard error of one group's mean")


def sd_from_t(difference: Any, t: Any, n1: Any, n2: Any = None) -> Converted:
    """Convert a t statistic, whose sign does not matter, as `sd_from_p` does its p-value."""
    difference, t, n1 = as_finite("difference", difference), as_finite("t", t), group_size("n1", n1)
    for name, values in (("t", t), ("difference", difference)):
        refuse(name, values == 0, "is zero, so that no SD follows from it", "look for another figure")
    se = np.abs(difference / t)
    if n2 is None:
        return Converted(plain_result(se * np.sqrt(n1)), "paired or one-sample t test: SD of the changes")
    sd = se / np.sqrt(1 / n1 + 1 / group_size("n2", n2))
    return Converted(plain_result(sd), "two-sample t test with equal variances: one SD for both groups")


def sd_from_p(difference: Any, p: Any, n1: Any, n2: Any = None) -> Converted:
    """Convert the exact two-sided p-value of a t test to a standard deviation (Cochrane Handbook 6.5.2.3).

    Parameters
    ----------
    difference : float or array_like
        Difference of the two means; without `n2` the mean change of one group.
    p : float or array_like
        Exact two-sided p-value. One printed as "< 0.05" gives an upper bound of the SD, not the SD.
    n1, n2 : float or array_like
        People in the groups; with `n2` the SD within the groups results, without it that of the changes.

    Returns
    -------
    Converted
        Standard deviation, in the units of the difference. `metastats.conversions.sd_from_t` takes t.

    Raises
    ------
    ValueError
        A p-value not between 0 and 1, a difference of 0, or fewer than 2 people.
    """
    n1 = group_size("n1", n1)
    df = n1 - 1 if n2 is None else n1 + group_size("n2", n2) - 2
    converted = sd_from_t(difference, statistic_from_p(p, df), n1, n2)
    return Converted(converted.value, f"exact two-sided p-value; {converted.assumption}")


def mean_sd_from_quantiles(
    median: Any,
    n: Any,
    q1: Any = None,
    q3: Any = None,
    minimum: Any = None,
    maximum: Any = None,
    skewed: str = "refuse",
) -> MeanAndSd:
    """Estimate mean and SD from a median and quartiles (IQR), extremes, or both.

    Parameters
    ----------
    median, q1, q3, minimum, maximum : float or array_like
        The printed summaries, in the units of the outcome; quartiles and extremes come in pairs.
    n : float or array_like
        People in the group, at least 5.
    skewed : {"refuse", "ignore"}
        What to do when the test says at the 5 percent level that the data are skewed.

    Returns
    -------
    MeanAndSd
        `.mean`, `.sd` and the assumption.

    Raises
    ------
    ValueError
        Skewed data (position named), values out of order, no pair of quartiles or extremes, fewer than 5
        people.

    Notes
    -----
    Luo et al. (2018), Wan et al. (2014), Shi et al. (2020, 2023), as metafor's ``conv.fivenum``.
    """
    check_choice("skewed", skewed, ("refuse", "ignore"))
    m, n = as_finite("median", median), group_size("n", n, least=5)
    quartiles = check_pair("q1", q1, "q3", q3, m)
    extremes = check_pair("minimum", minimum, "maximum", maximum, m)
    if quartiles is not None and extremes is not None:
        refuse("q1", quartiles[0] < extremes[0], "is below the minimum", "check the order of the figures")
        refuse("q3", quartiles[1] > extremes[1], "is above the maximum", "check the order of the figures")
    if quartiles is None and extremes is None:
        raise ValueError("q1, q3: missing; a median alone gives no SD, give quartiles or extremes")
    statistic, critical = skewness_test(m, n, quartiles, extremes)
    if skewed == "refuse":
        far = "is too far from the middle: skewed data"
        refuse("median", statistic > critical, far, "do not use a mean here")
    mean, sd = mean_and_sd(m, n, quartiles, extremes)
    used = [name for name, pair in (("quartiles", quartiles), ("extremes", extremes)) if pair is not None]
    state = "not found skewed" if skewed == "refuse" else "skewness ignored"
    assumption = f"normally distributed values ({state}); from the median and the {' and '.join(used)}"
    tested = plain_result(statistic), plain_result(critical)
    return MeanAndSd(plain_result(mean), plain_result(sd), *tested, assumption)


def check_pair(low_name: str, low: Any, high_name: str, high: Any, m: Array) -> tuple[Array, Array] | None:
    """Check two summaries that belong together, on either side of the median."""
    if (low is None) != (high is None):
        raise ValueError(f"{low_name}, {high_name}: one is missing; give both")
    if low is None:
        return None
    low, high = as_finite(low_name, low), as_finite(high_name, high)
    refuse(low_name, low > m, "is above the median", "check the order of the figures")
    refuse(high_name, high < m, "is below the median", "check the order of the figures")
    refuse(high_name, high == low, f"equals {low_name}", "a spread of zero cannot be judged")
    return low, high


def asymmetry(m: Array, low: Array, high: Array) -> Array:
    """Distance of the median from the middle, as a share of the spread."""
    return np.abs(low + high - 2 * m) / (high - low)


def skewness_test(m: Array, n: Array, quartiles: Any, extremes: Any) -> tuple[Array, Array]:
    """Statistic and 5 percent critical value of Shi et al. (2023); either pair, but not both, may be None."""
    if quartiles is None:
        return asymmetry(m, *extremes), 1.01 / np.log(n + 9) + 2.43 / (n + 1)
    if extremes is None:
        return asymmetry(m, *quartiles), 2.66 / np.sqrt(n) - 5.92 / n**2
    outer = 2.65 * np.log(0.6 * n) / np.sqrt(n) * asymmetry(m, *extremes)
    return np.maximum(outer, asymmetry(m, *quartiles)), 2.97 / np.sqrt(n) - 39.1 / n**3


def mean_and_sd(m: Array, n: Array, quartiles: Any, extremes: Any) -> tuple[Array, Array]:
    """Mean (Luo et al. 2018) and SD (Wan et al. 2014; Shi et al. 2020 when both pairs are there)."""
    if quartiles is not None:
        mid_quartile = sum(quartiles) / 2
        sd_quartile = (quartiles[1] - quartiles[0]) / (2 * ndtri((0.75 * n - 0.125) / (n + 0.25)))
    if extremes is not None:
        mid_range = sum(extremes) / 2
        sd_range = (extremes[1] - extremes[0]) / (2 * ndtri((n - 0.375) / (n + 0.25)))
    if extremes is None:
        w = 0.7 + 0.39 / n
        return w * mid_quartile + (1 - w) * m, sd_quartile
    if quartiles is None:
        w = 4 / (4 + n**0.75)
        return w * mid_range + (1 - w) * m, sd_range
    w1, w2 = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
    share = 1 / (1 + 0.07 * n**0.6)
    mean = w1 * mid_range + w2 * mid_quartile + (1 - w1 - w2) * m
    return mean, share * sd_range + (1 - share) * sd_quartile
