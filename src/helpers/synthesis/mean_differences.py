"""Two independent groups: differences of means, raw, standardised or as a log ratio.

Each function returns effects and sampling variances in metafor's conventions; group 1 less group 2. Sources:
Hedges (1981, SMD), Bonett (2008, 2009, SMDH and SMD1H), Glass (1976, SMD1), Hedges, Gurevitch and Curtis
(1999) and Lajeunesse (2015, ROM).
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from helpers.synthesis.inputs import refuse

Effects = tuple[np.ndarray, np.ndarray]


def small_sample_factor(df: np.ndarray) -> np.ndarray:
    """Give Hedges' exact correction c(df), which takes the upward bias out of a standardised difference."""
    return np.exp(gammaln(df / 2) - 0.5 * np.log(df / 2) - gammaln((df - 1) / 2))


def standardised_variance(
    vtype: str, g: np.ndarray, fixed: np.ndarray, df: np.ndarray, size: np.ndarray
) -> np.ndarray:
    """Compute the sampling variance of a bias-corrected standardised difference `g`.

    `fixed` is the part that does not depend on the effect (1/n1 + 1/n2, or 1/n for a paired change), `size`
    the total number of people. LS and LS2 are the large-sample forms of Hedges (1982) and Borenstein (2009),
    UB the unbiased one of Hedges (1983).
    """
    c = small_sample_factor(df)
    if vtype == "LS2":
        return c**2 * (fixed + (g / c) ** 2 / (2 * size))
    if vtype == "UB":
        return fixed + (1 - (df - 2) / (df * c**2)) * g**2
    if vtype == "AV":
        mean_g = weighted_by_size(g, size)
        return fixed + mean_g**2 / (2 * size)
    return fixed + g**2 / (2 * size)


def pooled_variance(sd1i: np.ndarray, n1i: np.ndarray, sd2i: np.ndarray, n2i: np.ndarray) -> np.ndarray:
    """Variance within the groups, pooled over both."""
    return ((n1i - 1) * sd1i**2 + (n2i - 1) * sd2i**2) / (n1i + n2i - 2)


def md(m1i, sd1i, n1i, m2i, sd2i, n2i, vtype) -> Effects:
    """MD: raw difference of means; vtype LS keeps the two variances apart, HO pools them."""
    if vtype == "HO":
        pooled = pooled_variance(sd1i, n1i, sd2i, n2i)
        return m1i - m2i, pooled * (1 / n1i + 1 / n2i)
    return m1i - m2i, sd1i**2 / n1i + sd2i**2 / n2i


def smd(m1i, sd1i, n1i, m2i, sd2i, n2i, vtype) -> Effects:
    """SMD: difference in units of the pooled SD, bias-corrected (Hedges' g)."""
    df = n1i + n2i - 2
    refuse("n1i", df < 2, "fewer than 4 people in both groups, so that g is not defined", "leave the row out")
    pooled = pooled_variance(sd1i, n1i, sd2i, n2i)
    refuse(
        "sd1i",
        pooled == 0,
        "both SDs are zero, so that nothing can be standardised",
        "use MD or check the SDs",
    )
    g = small_sample_factor(df) * (m1i - m2i) / np.sqrt(pooled)
    return g, standardised_variance(vtype, g, 1 / n1i + 1 / n2i, df, n1i + n2i)


def smdh(m1i, sd1i, n1i, m2i, sd2i, n2i, vtype) -> Effects:
    """SMDH: difference in units of the mean of both variances, not assumed equal (as metafor >= 4.6)."""
    df = n1i + n2i - 2
    refuse("n1i", (n1i < 2) | (n2i < 2), "a group of fewer than 2 has no SD", "leave the row out")
    refuse("n1i", df < 2, "fewer than 4 people in both groups, so that g is not defined", "leave the row out")
    s2 = (sd1i**2 + sd2i**2) / 2
    refuse(
        "sd1i", s2 == 0, "both SDs are zero, so that nothing can be standardised", "use MD or check the SDs"
    )
    g = small_sample_factor(df) * (m1i - m2i) / np.sqrt(s2)
    spread = (sd1i**4 / (n1i - 1) + sd2i**4 / (n2i - 1)) / (8 * s2**2)
    return g, g**2 * spread + (sd1i**2 / (n1i - 1) + sd2i**2 / (n2i - 1)) / s2


def smd1(m1i, sd1i, n1i, m2i, sd2i, n2i, vtype) -> Effects:
    """SMD1: difference in units of the SD of group 2 alone (Glass's delta), bias-corrected."""
    g = by_second_sd(m1i, m2i, sd2i, n2i)
    return g, 1 / n1i + 1 / n2i + g**2 / (2 * n2i)


def smd1h(m1i, sd1i, n1i, m2i, sd2i, n2i, vtype) -> Effects:
    """SMD1H: as SMD1, with SDs not assumed equal (variance of metafor >= 4.6)."""
    g = by_second_sd(m1i, m2i, sd2i, n2i)
    refuse("n1i", n1i < 2, "a group of fewer than 2 has no SD", "leave the row out")
    return g, sd1i**2 / (sd2i**2 * (n1i - 1)) + 1 / (n2i - 1) + g**2 / (2 * (n2i - 1))


def by_second_sd(m1i, m2i, sd2i, n2i) -> np.ndarray:
    """Difference in units of the SD of group 2, bias-corrected."""
    refuse("n2i", n2i < 3, "fewer than 3 people, so that g is not defined", "leave the row out")
    refuse("sd2i", sd2i == 0, "is zero, so that nothing can be standardised", "use MD or check the SD")
    return small_sample_factor(n2i - 1) * (m1i - m2i) / sd2i


def rom(m1i, sd1i, n1i, m2i, sd2i, n2i, vtype) -> Effects:
    """ROM: log ratio of means, bias-corrected as in metafor >= 5.0; vtype LS, HO, AV or AVHO."""
    refuse_opposite_signs(m1i, m2i)
    term1, term2 = sd1i**2 / (n1i * m1i**2), sd2i**2 / (n2i * m2i**2)
    effect = np.log(m1i / m2i) + 0.5 * (term1 - term2)
    if vtype == "LS":
        return effect, term1 + term2
    if vtype == "HO":
        pooled = pooled_variance(sd1i, n1i, sd2i, n2i)
        return effect, pooled / (n1i * m1i**2) + pooled / (n2i * m2i**2)
    cv1, cv2 = sd1i / m1i, sd2i / m2i
    if vtype == "AV":
        return effect, weighted_by_size(cv1, n1i) ** 2 / n1i + weighted_by_size(cv2, n2i) ** 2 / n2i
    both = (n1i * cv1 + n2i * cv2) / (n1i + n2i)
    return effect, weighted_by_size(both, n1i + n2i) ** 2 * (1 / n1i + 1 / n2i)


def weighted_by_size(values: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Average over the studies (last axis), weighted by the number of people; missing ones left out."""
    present = ~np.isnan(values * size)
    top = np.sum(np.where(present, values * size, 0), axis=-1, keepdims=True)
    return top / np.sum(np.where(present, size, 0), axis=-1, keepdims=True)


def refuse_opposite_signs(m1i: np.ndarray, m2i: np.ndarray) -> None:
    """Refuse a log ratio of means that are not on the same side of zero."""
    ratio_scale = "a log ratio needs both means on the same side of zero: use MD, or a scale with a true zero"
    refuse("m2i", m2i == 0, "is zero", ratio_scale)
    refuse("m1i", m1i * m2i <= 0, "is zero or of the other sign than m2i", ratio_scale)
