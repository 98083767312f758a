"""Mean and standard deviation from a median with quartiles, extremes or both, unless the data look skewed.

Sources: Luo et al. (2018) for the mean, Wan et al. (2014) and Shi et al. (2020) for the SD, Shi et al. (2023)
for the tests of skewness; the same choice as the default of metafor's ``conv.fivenum``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from helpers.synthesis.converted import group_size, plain
from helpers.synthesis.inputs import as_floats, one_of, refuse


@dataclass(frozen=True)
class MeanAndSd:
    """Converted mean and SD, what was assumed, and the test of skewness that was passed (or ignored)."""

    mean: np.ndarray | float
    sd: np.ndarray | float
    assumption: str
    skewness: np.ndarray | float
    critical: np.ndarray | float


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
    one_of("skewed", skewed, ("refuse", "ignore"))
    m, n = as_floats("median", median), group_size("n", n, least=5)
    quartiles, extremes = pair("q1", q1, "q3", q3, m), pair("minimum", minimum, "maximum", maximum, m)
    if quartiles is None and extremes is None:
        raise ValueError("q1, q3: missing; a median alone gives no SD, give quartiles or extremes")
    statistic, critical = skewness_test(m, n, quartiles, extremes)
    if skewed == "refuse":
        refuse(
            "median",
            statistic > critical,
            "is too far from the middle: skewed data",
            "do not use a mean here",
        )
    mean, sd = estimates(m, n, quartiles, extremes)
    used = [name for name, given in (("quartiles", quartiles), ("extremes", extremes)) if given is not None]
    state = "not found skewed" if skewed == "refuse" else "skewness ignored"
    assumption = f"normally distributed values ({state}); from the median and the {' and '.join(used)}"
    return MeanAndSd(plain(mean), plain(sd), assumption, plain(statistic), plain(critical))


def pair(low_name: str, low: Any, high_name: str, high: Any, m: np.ndarray) -> tuple | None:
    """Check two summaries that belong together, on either side of the median."""
    if (low is None) != (high is None):
        raise ValueError(f"{low_name}, {high_name}: one is missing; give both")
    if low is None:
        return None
    low, high = as_floats(low_name, low), as_floats(high_name, high)
    refuse(low_name, low > m, "is above the median", "check the order of the figures")
    refuse(high_name, high < m, "is below the median", "check the order of the figures")
    refuse(high_name, high == low, f"equals {low_name}", "a spread of zero cannot be judged")
    return low, high


def asymmetry(low: np.ndarray, m: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Distance of the median from the middle, as a share of the spread."""
    return np.abs(low + high - 2 * m) / (high - low)


def skewness_test(m: np.ndarray, n: np.ndarray, quartiles: tuple | None, extremes: tuple | None) -> tuple:
    """Statistic and 5 percent critical value of Shi et al. (2023); the tests simulate it."""
    if quartiles is None:
        return asymmetry(extremes[0], m, extremes[1]), 1.01 / np.log(n + 9) + 2.43 / (n + 1)
    if extremes is None:
        return asymmetry(quartiles[0], m, quartiles[1]), 2.66 / np.sqrt(n) - 5.92 / n**2
    outer = 2.65 * np.log(0.6 * n) / np.sqrt(n) * asymmetry(extremes[0], m, extremes[1])
    return np.maximum(outer, asymmetry(quartiles[0], m, quartiles[1])), 2.97 / np.sqrt(n) - 39.1 / n**3


def estimates(m: np.ndarray, n: np.ndarray, quartiles: tuple | None, extremes: tuple | None) -> tuple:
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
    return w1 * mid_range + w2 * mid_quartile + (1 - w1 - w2) * m, share * sd_range + (
        1 - share
    ) * sd_quartile
