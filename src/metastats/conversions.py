"""Standard deviations from what a paper prints instead: a standard error, an interval, a t, a p, a range.

Every result says what had to be assumed. Source: Cochrane Handbook 6.5.2; Wan et al. (2014) for the range.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri, stdtrit

from helpers.synthesis.converted import Converted, group_size, plain
from helpers.synthesis.inputs import as_floats, level_between, one_of, refuse


def sd_from_se(se: Any, n: Any) -> Converted:
    """Convert the standard error of a mean to a standard deviation: SD = SE sqrt(n).

    Parameters
    ----------
    se : float or array_like
        Standard error of one group's mean.
    n : float or array_like
        People in the group.

    Returns
    -------
    Converted
        Standard deviation, in the units of the mean.

    Raises
    ------
    ValueError
        A negative standard error or fewer than 2 people.

    Notes
    -----
    Cochrane Handbook 6.5.2.2.

    """
    se, n = as_floats("se", se), group_size("n", n)
    refuse("se", se < 0, "is negative", "give the standard error as printed")
    return Converted(plain(se * np.sqrt(n)), "the printed figure is the standard error of one group's mean")


def sd_from_ci(lower: Any, upper: Any, n: Any, level: float = 0.95, distribution: str = "t") -> Converted:
    """Convert the confidence interval of one group's mean to a standard deviation.

    Parameters
    ----------
    lower, upper : float or array_like
        Limits of the interval, in the units of the mean.
    n : float or array_like
        People in the group.
    level : float
        Confidence level.
    distribution : {"t", "z"}
        What the interval was made with: t with n - 1 degrees of freedom, or the normal distribution.

    Returns
    -------
    Converted
        Standard deviation, in the units of the mean.

    Raises
    ------
    ValueError
        Limits in the wrong order, or fewer than 2 people.

    Notes
    -----
    Cochrane Handbook 6.5.2.2.

    """
    one_of("distribution", distribution, ("t", "z"))
    lower, upper, n = as_floats("lower", lower), as_floats("upper", upper), group_size("n", n)
    refuse("upper", upper < lower, "is below the lower limit", "check the order of the limits")
    tail = 0.5 + level_between(level) / 2
    critical = stdtrit(n - 1, tail) if distribution == "t" else ndtri(tail)
    law = "t with n - 1 degrees of freedom" if distribution == "t" else "normal"
    sd = (upper - lower) * np.sqrt(n) / (2 * critical)
    return Converted(plain(sd), f"{100 * level:g} percent interval of a mean, symmetric, {law}")


def sd_from_t(difference: Any, t: Any, n1: Any, n2: Any = None) -> Converted:
    """Convert a t statistic to a standard deviation.

    Parameters
    ----------
    difference : float or array_like
        Difference of the two means; or, without `n2`, the mean change of one group.
    t : float or array_like
        Its t statistic; the sign does not matter.
    n1, n2 : float or array_like
        People in the groups; with `n2` the SD within the groups results, without it that of the changes.

    Returns
    -------
    Converted
        Standard deviation, in the units of the difference.

    Raises
    ------
    ValueError
        A t of 0, or fewer than 2 people.

    Notes
    -----
    Cochrane Handbook 6.5.2.3.

    """
    difference, t, n1 = as_floats("difference", difference), as_floats("t", t), group_size("n1", n1)
    refuse("t", t == 0, "is zero, so that no SD follows from it", "look for another figure")
    se = np.abs(difference / t)
    if n2 is None:
        return Converted(plain(se * np.sqrt(n1)), "paired or one-sample t test: SD of the changes")
    sd = se / np.sqrt(1 / n1 + 1 / group_size("n2", n2))
    return Converted(plain(sd), "two-sample t test with equal variances: one SD for both groups")


def sd_from_p(difference: Any, p: Any, n1: Any, n2: Any = None) -> Converted:
    """Convert the exact two-sided p-value of a t test to a standard deviation.

    Parameters
    ----------
    difference, n1, n2
        As for `sd_from_t`.
    p : float or array_like
        Exact two-sided p-value.

    Returns
    -------
    Converted
        Standard deviation, in the units of the difference.

    Raises
    ------
    ValueError
        A p-value not between 0 and 1. One printed as "< 0.05" gives an upper bound of the SD, not the SD.

    Notes
    -----
    Cochrane Handbook 6.5.2.3.

    """
    p, n1 = as_floats("p", p), group_size("n1", n1)
    refuse("p", (p <= 0) | (p >= 1), "is not between 0 and 1", "give the exact p-value")
    df = n1 - 1 if n2 is None else n1 + group_size("n2", n2) - 2
    converted = sd_from_t(difference, stdtrit(df, 1 - p / 2), n1, n2)
    return Converted(converted.value, f"exact two-sided p-value; {converted.assumption}")


def sd_from_range(minimum: Any, maximum: Any, n: Any) -> Converted:
    """Convert the range of a normal sample to a standard deviation (Wan et al. 2014, equation 9).

    Parameters
    ----------
    minimum, maximum : float or array_like
        Ends of the range, in the units of the outcome.
    n : float or array_like
        People in the group.

    Returns
    -------
    Converted
        Standard deviation, in the units of the outcome.

    Raises
    ------
    ValueError
        A maximum below the minimum, or fewer than 2 people.

    """
    minimum, maximum, n = as_floats("minimum", minimum), as_floats("maximum", maximum), group_size("n", n)
    refuse("maximum", maximum < minimum, "is below the minimum", "check the order")
    sd = (maximum - minimum) / (2 * ndtri((n - 0.375) / (n + 0.25)))
    return Converted(plain(sd), "normally distributed values; the range alone is a weak basis")
