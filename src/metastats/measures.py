"""The formula of each effect measure, under metafor's codes: effects and their sampling variances.

Group 1 less group 2. In MC, SMCC and ROMC `sd1i` belongs to `m1i` (after) and `sd2i` to `m2i` (before); in
SMCR and SMCRH `sd1i` is, as in metafor, the SD before, by which the change is divided.

Sources. Two means: Hedges (1981, SMD), Bonett (2008, 2009, SMDH, SMD1H), Glass (1976, SMD1), Hedges,
Gurevitch and Curtis (1999) and Lajeunesse (2015, ROM), Tate (1954, RPB). Spread: Nakagawa et al. (2015) and
Senior et al. (2020, VR, CVR). Changes: Gibbons, Hedeker and Davis (1993, SMCC), Becker (1988, SMCR), Bonett
(2008, SMCRH), Lajeunesse (2011, ROMC). One mean: Borenstein et al. (2009). Correlations: Fisher (1921, ZCOR).
Counts: Cochrane Handbook 10.4, Freeman and Tukey (1950, PFT, IRSD), Yusuf et al. (1985, PETO), Ruecker et al.
(2009, AS), Pearson (1900), Yule (1912) and Bonett (2007, PHI, YUQ, YUY), Rothman, Greenland and Lash (2008,
IRR, IRD).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from metastats.checks import Array, refuse

Effects = tuple[Array, Array]
USE_RAW = "use the measure in raw units (MD, MC, MN), or check the SD"
NO_SD = "there is no SD"


def small_sample_factor(df: Array) -> Array:
    """Give Hedges' exact correction c(df), which takes the upward bias out of a standardised difference."""
    return np.exp(gammaln(df / 2) - 0.5 * np.log(df / 2) - gammaln((df - 1) / 2))


def standardised_variance(vtype: str, g: Array, fixed: Array, df: Array, size: Array) -> Array:
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
        g = weighted_by_size(g, size)
    return fixed + g**2 / (2 * size)


def weighted_by_size(values: Array, size: Array) -> Array:
    """Average over the studies (last axis), weighted by the number of people; missing ones left out."""
    present = ~np.isnan(values * size)
    top = np.sum(np.where(present, values * size, 0), axis=-1, keepdims=True)
    return top / np.sum(np.where(present, size, 0), axis=-1, keepdims=True)


def pooled_variance(sd1i: Array, n1i: Array, sd2i: Array, n2i: Array) -> Array:
    """Variance within the groups, pooled over both."""
    return ((n1i - 1) * sd1i**2 + (n2i - 1) * sd2i**2) / (n1i + n2i - 2)


def change_variance(sd1i: Array, sd2i: Array, ri: Array) -> Array:
    """Variance of the individual changes; rounding is not allowed to take it below zero."""
    return np.maximum(sd1i**2 + sd2i**2 - 2 * ri * sd1i * sd2i, 0.0)


# Two groups compared by their means.


def md(m1i: Array, sd1i: Array, n1i: Array, m2i: Array, sd2i: Array, n2i: Array, vtype: str) -> Effects:
    """MD: raw difference of means; vtype LS keeps the two variances apart, HO pools them."""
    if vtype == "HO":
        pooled = pooled_variance(sd1i, n1i, sd2i, n2i)
        return m1i - m2i, pooled * (1 / n1i + 1 / n2i)
    return m1i - m2i, sd1i**2 / n1i + sd2i**2 / n2i


def smd(m1i: Array, sd1i: Array, n1i: Array, m2i: Array, sd2i: Array, n2i: Array, vtype: str) -> Effects:
    """SMD: difference in units of the pooled SD, bias-corrected (Hedges' g)."""
    df = n1i + n2i - 2
    refuse_fewer("n1i", n1i + n2i, 4)
    g = standardised(m1i - m2i, pooled_variance(sd1i, n1i, sd2i, n2i), df, "sd1i", "both SDs are")
    return g, standardised_variance(vtype, g, 1 / n1i + 1 / n2i, df, n1i + n2i)


def smdh(m1i: Array, sd1i: Array, n1i: Array, m2i: Array, sd2i: Array, n2i: Array, vtype: str) -> Effects:
    """SMDH: difference in units of the mean of both variances, not assumed equal (as metafor >= 4.6)."""
    refuse_fewer("n1i", np.minimum(n1i, n2i), 2, NO_SD)
    s2 = (sd1i**2 + sd2i**2) / 2
    g = standardised(m1i - m2i, s2, n1i + n2i - 2, "sd1i", "both SDs are")
    spread = (sd1i**4 / (n1i - 1) + sd2i**4 / (n2i - 1)) / (8 * s2**2)
    return g, g**2 * spread + (sd1i**2 / (n1i - 1) + sd2i**2 / (n2i - 1)) / s2


def standardised(difference: Array, variance: Array, df: Array, name: str, problem: str) -> Array:
    """Difference in units of an SD, bias-corrected; an SD of zero is refused."""
    refuse(name, variance == 0, f"{problem} zero, so that nothing can be standardised", USE_RAW)
    return small_sample_factor(df) * difference / np.sqrt(variance)


def refuse_fewer(name: str, n: Array, least: int, what: str = "g is not defined") -> None:
    """Refuse groups too small for the measure."""
    refuse(name, n < least, f"fewer than {least} people, so that {what}", "leave the row out")


def smd1(m1i: Array, sd1i: Array, n1i: Array, m2i: Array, sd2i: Array, n2i: Array, vtype: str) -> Effects:
    """SMD1: difference in units of the SD of group 2 alone (Glass's delta), bias-corrected."""
    refuse_fewer("n2i", n2i, 3)
    g = standardised(m1i - m2i, sd2i**2, n2i - 1, "sd2i", "is")
    return g, 1 / n1i + 1 / n2i + g**2 / (2 * n2i)


def smd1h(m1i: Array, sd1i: Array, n1i: Array, m2i: Array, sd2i: Array, n2i: Array, vtype: str) -> Effects:
    """SMD1H: as SMD1, with SDs not assumed equal (variance of metafor >= 4.6)."""
    g, _ = smd1(m1i, sd1i, n1i, m2i, sd2i, n2i, vtype)
    refuse_fewer("n1i", n1i, 2, NO_SD)
    return g, sd1i**2 / (sd2i**2 * (n1i - 1)) + 1 / (n2i - 1) + g**2 / (2 * (n2i - 1))


def rom(m1i: Array, sd1i: Array, n1i: Array, m2i: Array, sd2i: Array, n2i: Array, vtype: str) -> Effects:
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


def refuse_opposite_signs(m1i: Array, m2i: Array) -> None:
    """Refuse a log ratio of means that are not on the same side of zero."""
    ratio_scale = "a log ratio needs both means on the same side of zero: use MD, or a scale with a true zero"
    refuse("m2i", m2i == 0, "is zero", ratio_scale)
    refuse("m1i", m1i * m2i <= 0, "is zero or of the other sign than m2i", ratio_scale)


def rpb(m1i: Array, sd1i: Array, n1i: Array, m2i: Array, sd2i: Array, n2i: Array, vtype: str) -> Effects:
    """RPB: point-biserial correlation of group and outcome, from the means of both groups."""
    df = n1i + n2i - 2
    refuse_fewer("n1i", n1i + n2i, 3, "r is not defined")
    pooled = pooled_variance(sd1i, n1i, sd2i, n2i)
    refuse("sd1i", pooled == 0, "both SDs are zero, so that r is not defined", USE_RAW)
    d = (m1i - m2i) / np.sqrt(pooled)
    h = df / n1i + df / n2i
    variance_of_d = 1 / n1i + 1 / n2i + d**2 / (2 * (n1i + n2i))
    return d / np.sqrt(d**2 + h), h**2 / (h + d**2) ** 3 * variance_of_d


# Two groups compared by how much their members differ.


def vr(m1i: Array, sd1i: Array, n1i: Array, m2i: Array, sd2i: Array, n2i: Array, vtype: str) -> Effects:
    """VR: log ratio of the standard deviations, bias-corrected; the means are not needed."""
    refuse_fewer("n1i", np.minimum(n1i, n2i), 2, NO_SD)
    refuse("sd1i", sd1i * sd2i == 0, "or sd2i is zero, of which there is no logarithm", "check the SDs")
    half1, half2 = 1 / (2 * (n1i - 1)), 1 / (2 * (n2i - 1))
    return np.log(sd1i / sd2i) + half1 - half2, half1 + half2


def cvr(m1i: Array, sd1i: Array, n1i: Array, m2i: Array, sd2i: Array, n2i: Array, vtype: str) -> Effects:
    """CVR: log ratio of the coefficients of variation, bias-corrected."""
    refuse("m1i", (m1i <= 0) | (m2i <= 0), "or m2i is not above zero", "use VR: a CV needs a ratio scale")
    spread, variance = vr(m1i, sd1i, n1i, m2i, sd2i, n2i, vtype)
    cv1, cv2 = sd1i**2 / (n1i * m1i**2), sd2i**2 / (n2i * m2i**2)
    return spread - np.log(m1i / m2i) - 0.5 * (cv1 - cv2), variance + cv1 + cv2


# One group before and after, or two sites of one person; `ri` is the correlation of the two measurements.


def mc(m1i: Array, m2i: Array, sd1i: Array, sd2i: Array, ni: Array, ri: Array, vtype: str) -> Effects:
    """MC: mean change."""
    return m1i - m2i, change_variance(sd1i, sd2i, ri) / ni


def smcc(m1i: Array, m2i: Array, sd1i: Array, sd2i: Array, ni: Array, ri: Array, vtype: str) -> Effects:
    """SMCC: change in units of the SD of the changes, bias-corrected."""
    refuse_fewer("ni", ni, 3)
    g = standardised(m1i - m2i, change_variance(sd1i, sd2i, ri), ni - 1, "ri", "makes the SD of the changes")
    return g, standardised_variance(vtype, g, 1 / ni, ni - 1, ni)


def smcr(m1i: Array, m2i: Array, sd1i: Array, ni: Array, ri: Array, vtype: str) -> Effects:
    """SMCR: change in units of the SD before (sd1i), bias-corrected."""
    refuse_fewer("ni", ni, 3)
    g = standardised(m1i - m2i, sd1i**2, ni - 1, "sd1i", "is")
    return g, standardised_variance(vtype, g, 2 * (1 - ri) / ni, ni - 1, ni)


def smcrh(m1i: Array, m2i: Array, sd1i: Array, sd2i: Array, ni: Array, ri: Array, vtype: str) -> Effects:
    """SMCRH: as SMCR, with SDs before and after not assumed equal (variance of metafor >= 4.6)."""
    g, _ = smcr(m1i, m2i, sd1i, ni, ri, vtype)
    return g, change_variance(sd1i, sd2i, ri) / (sd1i**2 * (ni - 1)) + g**2 / (2 * (ni - 1))


def romc(m1i: Array, m2i: Array, sd1i: Array, sd2i: Array, ni: Array, ri: Array, vtype: str) -> Effects:
    """ROMC: log ratio of the means after and before, bias-corrected as in metafor >= 5.0."""
    refuse_opposite_signs(m1i, m2i)
    cv1, cv2 = sd1i / m1i, sd2i / m2i
    effect = np.log(m1i / m2i) + 0.5 * (cv1**2 - cv2**2) / ni
    return effect, np.maximum(cv1**2 + cv2**2 - 2 * ri * cv1 * cv2, 0.0) / ni


# The mean of one group, and correlations.


def mn(mi: Array, sdi: Array, ni: Array, vtype: str) -> Effects:
    """MN: the mean."""
    return mi, sdi**2 / ni


def smn(mi: Array, sdi: Array, ni: Array, vtype: str) -> Effects:
    """SMN: the mean in units of its SD, bias-corrected."""
    refuse_fewer("ni", ni, 3)
    g = standardised(mi, sdi**2, ni - 1, "sdi", "is")
    return g, 1 / ni + g**2 / (2 * ni)


def mnln(mi: Array, sdi: Array, ni: Array, vtype: str) -> Effects:
    """MNLN: logarithm of the mean."""
    refuse("mi", mi <= 0, "is not above zero, so that it has no logarithm", "use MN instead")
    return np.log(mi), sdi**2 / (ni * mi**2)


def cor(ri: Array, ni: Array, vtype: str) -> Effects:
    """COR: the raw correlation."""
    refuse_fewer("ni", ni, 2, "there is no correlation")
    return ri, (1 - ri**2) ** 2 / (ni - 1)


def zcor(ri: Array, ni: Array, vtype: str) -> Effects:
    """ZCOR: Fisher's z of the correlation, whose variance does not depend on it."""
    refuse_fewer("ni", ni, 4, "z has no variance")
    infinite = "is 1 or -1, of which Fisher's z is infinite"
    refuse("ri", np.abs(ri) == 1, infinite, "use COR or check the figure")
    return np.arctanh(ri), 1 / (ni - 3)


# Counts; a measure of one of these three kinds is named by its code.


def proportion(measure: str, xi: Array, mi: Array) -> Effects:
    """Effect of `xi` events and `mi` non-events: PR, PLO (logit), PLN (log), PAS (arcsine), PFT."""
    ni = xi + mi
    p = xi / ni
    if measure == "PR":
        return p, p * (1 - p) / ni
    if measure == "PLO":
        return np.log(xi / mi), 1 / xi + 1 / mi
    if measure == "PLN":
        return np.log(p), 1 / xi - 1 / ni
    if measure == "PAS":
        return np.arcsin(np.sqrt(p)), 1 / (4 * ni)
    double_arcsine = np.arcsin(np.sqrt(xi / (ni + 1))) + np.arcsin(np.sqrt((xi + 1) / (ni + 1)))
    return 0.5 * double_arcsine, 1 / (4 * ni + 2)


def two_by_two(measure: str, ai: Array, bi: Array, ci: Array, di: Array) -> Effects:
    """Effect of a two by two table (events and non-events of group 1: ai, bi; of group 2: ci, di)."""
    n1i, n2i = ai + bi, ci + di
    if measure == "OR":
        return np.log(ai * di / (bi * ci)), 1 / ai + 1 / bi + 1 / ci + 1 / di
    if measure == "RR":
        return np.log((ai / n1i) / (ci / n2i)), 1 / ai - 1 / n1i + 1 / ci - 1 / n2i
    if measure == "PETO":
        return peto(ai, n1i, n2i, events=ai + ci, others=bi + di)
    if measure == "PHI":
        return phi(ai, bi, ci, di)
    if measure in ("YUQ", "YUY"):
        return yule(ai, bi, ci, di, power=1.0 if measure == "YUQ" else 0.5)
    p1, p2 = ai / n1i, ci / n2i
    if measure == "AS":
        return np.arcsin(np.sqrt(p1)) - np.arcsin(np.sqrt(p2)), 1 / (4 * n1i) + 1 / (4 * n2i)
    return p1 - p2, p1 * (1 - p1) / n1i + p2 * (1 - p2) / n2i


def peto(ai: Array, n1i: Array, n2i: Array, events: Array, others: Array) -> Effects:
    """PETO: log odds ratio from observed less expected events and their hypergeometric variance."""
    n = n1i + n2i
    variance = events * others * n1i * n2i / (n**2 * (n - 1))
    return (ai - events * n1i / n) / variance, 1 / variance


def phi(ai: Array, bi: Array, ci: Array, di: Array) -> Effects:
    """PHI: correlation of two dichotomies."""
    n1, n2, events, others = ai + bi, ci + di, ai + ci, bi + di
    n = n1 + n2
    effect = (ai * di - bi * ci) / np.sqrt(n1 * n2 * events * others)
    rows, columns = n1 * n2 / n**2, events * others / n**2
    uneven = (n1 - n2) * (events - others) / n**2
    variance = (
        1
        - effect**2
        + effect * (1 + effect**2 / 2) * uneven / np.sqrt(rows * columns)
        - 0.75 * effect**2 * (((n1 - n2) / n) ** 2 / rows + ((events - others) / n) ** 2 / columns)
    )
    return effect, variance / n


def yule(ai: Array, bi: Array, ci: Array, di: Array, power: float) -> Effects:
    """Yule's coefficients from the odds ratio to a power: Q (YUQ) for 1, Y (YUY) for 1/2."""
    ratio = (ai * di / (bi * ci)) ** power
    effect = (ratio - 1) / (ratio + 1)
    return effect, (power / 2) ** 2 * (1 - effect**2) ** 2 * (1 / ai + 1 / bi + 1 / ci + 1 / di)


def person_times(measure: str, x1i: Array, t1i: Array, x2i: Array, t2i: Array) -> Effects:
    """Effect of `x1i` events in time `t1i` against `x2i` in `t2i`: IRR, IRD or IRSD."""
    refuse("t1i", (t1i <= 0) | (t2i <= 0), "or t2i is not above zero", "give the time under observation")
    if measure == "IRR":
        return np.log((x1i / t1i) / (x2i / t2i)), 1 / x1i + 1 / x2i
    if measure == "IRD":
        return x1i / t1i - x2i / t2i, x1i / t1i**2 + x2i / t2i**2
    return np.sqrt(x1i / t1i) - np.sqrt(x2i / t2i), 1 / (4 * t1i) + 1 / (4 * t2i)


class Formula(NamedTuple):
    """How a measure of means or correlations is computed: function, inputs, variance types."""

    function: Callable[..., Effects]
    inputs: tuple[str, ...]
    vtypes: tuple[str, ...] = ("LS",)


TWO_GROUPS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
PAIRS = ("m1i", "m2i", "sd1i", "sd2i", "ni", "ri")
ONE_GROUP = ("mi", "sdi", "ni")
FORMULAS = {
    "MD": Formula(md, TWO_GROUPS, ("LS", "HO")),
    "SMD": Formula(smd, TWO_GROUPS, ("LS", "LS2", "UB", "AV")),
    "SMDH": Formula(smdh, TWO_GROUPS),
    "SMD1": Formula(smd1, TWO_GROUPS),
    "SMD1H": Formula(smd1h, TWO_GROUPS),
    "ROM": Formula(rom, TWO_GROUPS, ("LS", "HO", "AV", "AVHO")),
    "RPB": Formula(rpb, TWO_GROUPS),
    "CVR": Formula(cvr, TWO_GROUPS),
    "VR": Formula(vr, TWO_GROUPS),
    "MC": Formula(mc, PAIRS),
    "SMCC": Formula(smcc, PAIRS, ("LS", "LS2", "UB", "AV")),
    "SMCR": Formula(smcr, ("m1i", "m2i", "sd1i", "ni", "ri"), ("LS", "LS2")),
    "SMCRH": Formula(smcrh, PAIRS),
    "ROMC": Formula(romc, PAIRS),
    "MN": Formula(mn, ONE_GROUP),
    "SMN": Formula(smn, ONE_GROUP),
    "MNLN": Formula(mnln, ONE_GROUP),
    "COR": Formula(cor, ("ri", "ni")),
    "ZCOR": Formula(zcor, ("ri", "ni")),
}
PROPORTIONS = ("PR", "PLN", "PLO", "PAS", "PFT")
TWO_BY_TWO = ("RR", "OR", "RD", "AS", "PETO", "PHI", "YUQ", "YUY")
RATES = ("IRR", "IRD", "IRSD")
COUNT_FORMULAS: dict[str, Callable[..., Effects]] = (
    dict.fromkeys(PROPORTIONS, proportion)
    | dict.fromkeys(TWO_BY_TWO, two_by_two)
    | dict.fromkeys(RATES, person_times)
)
MEASURES = (*FORMULAS, *COUNT_FORMULAS)
STANDARDISED = ("SMD", "SMDH", "SMD1", "SMD1H", "SMCC", "SMCR", "SMCRH")
# version of metafor in which the variance (SMDH, SMD1H, SMCRH) or the bias correction came
CHANGED_IN = dict.fromkeys(("SMDH", "SMD1H", "SMCRH"), "4.6") | dict.fromkeys(("ROM", "ROMC", "CVR"), "5.0")
