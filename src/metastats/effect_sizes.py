"""Effect sizes with their sampling variances: all measures of metafor's escalc, under its names.

Sources. Means of two groups: Hedges (1981, SMD), Bonett (2008, 2009, SMDH, SMD1H, SMCRH), Glass (1976, SMD1),
Hedges, Gurevitch and Curtis (1999) and Lajeunesse (2011, 2015, ROM, ROMC), Tate (1954, RPB). Changes: Gibbons,
Hedeker and Davis (1993, SMCC), Becker (1988, SMCR). Spread: Nakagawa et al. (2015), Senior et al. (2020, CVR).
Counts: Cochrane Handbook 10.4, Sweeting, Sutton and Lambert (2004, zero cells), Freeman and Tukey (1950, PFT,
IRSD), Yusuf et al. (1985, PETO), Ruecker et al. (2009, AS), Rothman, Greenland and Lash (2008, rates), Pearson
(1900), Yule (1912) and Bonett (2007) (PHI, YUQ, YUY). Correlations: Fisher (1921, ZCOR). One group: Borenstein et
al. (2009).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, gammaln

from metastats.checks import (
    aligned,
    allowed_choice,
    as_floats,
    look_up,
    plain_result,
    refuse,
    refuse_impossible,
    split_groups,
)
from metastats.display import rows_html

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


def cor(ri, ni, vtype) -> Effects:
    """COR: the raw correlation."""
    refuse("ni", ni < 2, "fewer than 2 people, so that there is no correlation", "leave the row out")
    return ri, (1 - ri**2) ** 2 / (ni - 1)


def zcor(ri, ni, vtype) -> Effects:
    """ZCOR: Fisher's z of the correlation, whose variance does not depend on it."""
    refuse("ni", ni < 4, "fewer than 4 people, so that z has no variance", "leave the row out")
    refuse(
        "ri", np.abs(ri) == 1, "is 1 or -1, of which Fisher's z is infinite", "use COR or check the figure"
    )
    return np.arctanh(ri), 1 / (ni - 3)


def rpb(m1i, sd1i, n1i, m2i, sd2i, n2i, vtype) -> Effects:
    """RPB: point-biserial correlation of group and outcome, from the means of both groups."""
    df = n1i + n2i - 2
    refuse("n1i", df < 1, "fewer than 3 people in both groups", "leave the row out")
    pooled = pooled_variance(sd1i, n1i, sd2i, n2i)
    refuse("sd1i", pooled == 0, "both SDs are zero, so that r is not defined", "use MD or check the SDs")
    d = (m1i - m2i) / np.sqrt(pooled)
    h = df / n1i + df / n2i
    variance_of_d = 1 / n1i + 1 / n2i + d**2 / (2 * (n1i + n2i))
    return d / np.sqrt(d**2 + h), h**2 / (h + d**2) ** 3 * variance_of_d


def phi(ai, bi, ci, di) -> Effects:
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


def yule(ai, bi, ci, di, power: float) -> Effects:
    """Yule's coefficients from the odds ratio to a power: Q (YUQ) for 1, Y (YUY) for 1/2."""
    ratio = (ai * di / (bi * ci)) ** power
    effect = (ratio - 1) / (ratio + 1)
    return effect, (power / 2) ** 2 * (1 - effect**2) ** 2 * (1 / ai + 1 / bi + 1 / ci + 1 / di)


ZERO_RULES = ("only0", "all", "if0all", "none")


def rows_to_correct(to: str, has_zero: np.ndarray) -> np.ndarray:
    """Say which rows get the correction under the rule `to`, given which of them have a zero cell."""
    if to == "all":
        return np.ones_like(has_zero)
    if to == "if0all":
        return np.broadcast_to(has_zero.any(axis=-1, keepdims=True), has_zero.shape).copy()
    return has_zero if to == "only0" else np.zeros_like(has_zero)


def without_events(measure: str, cells: list[np.ndarray]) -> np.ndarray:
    """Say which rows have no event in either group, or (of tables) nothing but events."""
    first, second, third, fourth = cells
    nothing = (first == 0) & (third == 0)
    return nothing if measure.startswith("IR") else nothing | ((second == 0) & (fourth == 0))


def proportion(measure: str, xi: np.ndarray, mi: np.ndarray) -> Effects:
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


def two_by_two(measure: str, ai: np.ndarray, bi: np.ndarray, ci: np.ndarray, di: np.ndarray) -> Effects:
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


def peto(ai, n1i, n2i, events, others) -> Effects:
    """PETO: log odds ratio from observed less expected events and their hypergeometric variance."""
    n = n1i + n2i
    variance = events * others * n1i * n2i / (n**2 * (n - 1))
    return (ai - events * n1i / n) / variance, 1 / variance


def change_variance(sd1i: np.ndarray, sd2i: np.ndarray, ri: np.ndarray) -> np.ndarray:
    """Variance of the individual changes; rounding is not allowed to take it below zero."""
    return np.maximum(sd1i**2 + sd2i**2 - 2 * ri * sd1i * sd2i, 0.0)


def mc(m1i, m2i, sd1i, sd2i, ni, ri, vtype) -> Effects:
    """MC: mean change."""
    return m1i - m2i, change_variance(sd1i, sd2i, ri) / ni


def smcc(m1i, m2i, sd1i, sd2i, ni, ri, vtype) -> Effects:
    """SMCC: change in units of the SD of the changes, bias-corrected."""
    refuse_pairs(ni)
    s2 = change_variance(sd1i, sd2i, ri)
    refuse("ri", s2 == 0, "makes the SD of the changes zero", "use a correlation below 1")
    g = small_sample_factor(ni - 1) * (m1i - m2i) / np.sqrt(s2)
    return g, standardised_variance(vtype, g, 1 / ni, ni - 1, ni)


def smcr(m1i, m2i, sd1i, ni, ri, vtype) -> Effects:
    """SMCR: change in units of the SD before (sd1i), bias-corrected."""
    refuse_pairs(ni)
    refuse("sd1i", sd1i == 0, "is zero, so that nothing can be standardised", "use MC or check the SD")
    g = small_sample_factor(ni - 1) * (m1i - m2i) / sd1i
    return g, standardised_variance(vtype, g, 2 * (1 - ri) / ni, ni - 1, ni)


def smcrh(m1i, m2i, sd1i, sd2i, ni, ri, vtype) -> Effects:
    """SMCRH: as SMCR, with SDs before and after not assumed equal (variance of metafor >= 4.6)."""
    refuse_pairs(ni)
    refuse("sd1i", sd1i == 0, "is zero, so that nothing can be standardised", "use MC or check the SD")
    g = small_sample_factor(ni - 1) * (m1i - m2i) / sd1i
    return g, change_variance(sd1i, sd2i, ri) / (sd1i**2 * (ni - 1)) + g**2 / (2 * (ni - 1))


def romc(m1i, m2i, sd1i, sd2i, ni, ri, vtype) -> Effects:
    """ROMC: log ratio of the means after and before, bias-corrected as in metafor >= 5.0."""
    refuse_opposite_signs(m1i, m2i)
    cv1, cv2 = sd1i / m1i, sd2i / m2i
    effect = np.log(m1i / m2i) + 0.5 * (cv1**2 - cv2**2) / ni
    return effect, np.maximum(cv1**2 + cv2**2 - 2 * ri * cv1 * cv2, 0.0) / ni


def refuse_pairs(ni: np.ndarray) -> None:
    """Refuse a standardised change of fewer than three people, for which g is not defined."""
    refuse(
        "ni", ni < 3, "fewer than 3 people, so that a standardised change is not defined", "use MC instead"
    )


def mn(mi, sdi, ni, vtype) -> Effects:
    """MN: the mean."""
    return mi, sdi**2 / ni


def smn(mi, sdi, ni, vtype) -> Effects:
    """SMN: the mean in units of its SD, bias-corrected."""
    refuse("ni", ni < 3, "fewer than 3 people, so that a standardised mean is not defined", "use MN instead")
    refuse("sdi", sdi == 0, "is zero, so that nothing can be standardised", "use MN or check the SD")
    g = small_sample_factor(ni - 1) * mi / sdi
    return g, 1 / ni + g**2 / (2 * ni)


def mnln(mi, sdi, ni, vtype) -> Effects:
    """MNLN: logarithm of the mean."""
    refuse("mi", mi <= 0, "is not above zero, so that it has no logarithm", "use MN instead")
    return np.log(mi), sdi**2 / (ni * mi**2)


def vr(m1i, sd1i, n1i, m2i, sd2i, n2i, vtype) -> Effects:
    """VR: log ratio of the standard deviations, bias-corrected; the means are not needed."""
    refuse_without_spread(sd1i, n1i, sd2i, n2i)
    half1, half2 = 1 / (2 * (n1i - 1)), 1 / (2 * (n2i - 1))
    return np.log(sd1i / sd2i) + half1 - half2, half1 + half2


def cvr(m1i, sd1i, n1i, m2i, sd2i, n2i, vtype) -> Effects:
    """CVR: log ratio of the coefficients of variation, bias-corrected."""
    refuse_without_spread(sd1i, n1i, sd2i, n2i)
    refuse("m1i", (m1i <= 0) | (m2i <= 0), "or m2i is not above zero", "use VR: a CV needs a ratio scale")
    half1, half2 = 1 / (2 * (n1i - 1)), 1 / (2 * (n2i - 1))
    cv1, cv2 = sd1i**2 / (n1i * m1i**2), sd2i**2 / (n2i * m2i**2)
    effect = np.log((sd1i / m1i) / (sd2i / m2i)) + half1 - half2 - 0.5 * (cv1 - cv2)
    return effect, half1 + cv1 + half2 + cv2


def refuse_without_spread(sd1i, n1i, sd2i, n2i) -> None:
    """Refuse groups whose SD is zero or not defined."""
    refuse("n1i", (n1i < 2) | (n2i < 2), "a group of fewer than 2 has no SD", "leave the row out")
    refuse("sd1i", sd1i * sd2i == 0, "or sd2i is zero, of which there is no logarithm", "check the SDs")


TWO_GROUPS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
PAIRS = ("m1i", "m2i", "sd1i", "sd2i", "ni", "ri")
ONE_GROUP = ("mi", "sdi", "ni")
CORRELATION = ("ri", "ni")
FORMULAS = {
    "MD": (md, TWO_GROUPS, ("LS", "HO")),
    "SMD": (smd, TWO_GROUPS, ("LS", "LS2", "UB", "AV")),
    "SMDH": (smdh, TWO_GROUPS, ("LS",)),
    "SMD1": (smd1, TWO_GROUPS, ("LS",)),
    "SMD1H": (smd1h, TWO_GROUPS, ("LS",)),
    "ROM": (rom, TWO_GROUPS, ("LS", "HO", "AV", "AVHO")),
    "RPB": (rpb, TWO_GROUPS, ("LS",)),
    "CVR": (cvr, TWO_GROUPS, ("LS",)),
    "VR": (vr, TWO_GROUPS, ("LS",)),
    "MC": (mc, PAIRS, ("LS",)),
    "SMCC": (smcc, PAIRS, ("LS", "LS2", "UB", "AV")),
    "SMCR": (smcr, ("m1i", "m2i", "sd1i", "ni", "ri"), ("LS", "LS2")),
    "SMCRH": (smcrh, PAIRS, ("LS",)),
    "ROMC": (romc, PAIRS, ("LS",)),
    "MN": (mn, ONE_GROUP, ("LS",)),
    "SMN": (smn, ONE_GROUP, ("LS",)),
    "MNLN": (mnln, ONE_GROUP, ("LS",)),
    "COR": (cor, CORRELATION, ("LS",)),
    "ZCOR": (zcor, CORRELATION, ("LS",)),
}
PROPORTIONS = ("PR", "PLN", "PLO", "PAS", "PFT")
TWO_BY_TWO = ("RR", "OR", "RD", "AS", "PETO", "PHI", "YUQ", "YUY")
RATES = ("IRR", "IRD", "IRSD")
MEASURES = (*FORMULAS, *PROPORTIONS, *TWO_BY_TWO, *RATES)
STANDARDISED = ("SMD", "SMDH", "SMD1", "SMD1H", "SMCC", "SMCR", "SMCRH")
UNCORRECTED = ("PAS", "PFT", "AS", "PHI", "IRSD")  # defined with a zero cell: corrected only on request
NEWER = dict.fromkeys(("SMDH", "SMD1H", "SMCRH"), "4.6") | dict.fromkeys(("ROM", "ROMC", "CVR"), "5.0")


def person_times(measure: str, x1i, t1i, x2i, t2i) -> Effects:
    """Effect of `x1i` events in time `t1i` against `x2i` in `t2i`: IRR, IRD or IRSD."""
    refuse("t1i", (t1i <= 0) | (t2i <= 0), "or t2i is not above zero", "give the time under observation")
    if measure == "IRR":
        return np.log((x1i / t1i) / (x2i / t2i)), 1 / x1i + 1 / x2i
    if measure == "IRD":
        return x1i / t1i - x2i / t2i, x1i / t1i**2 + x2i / t2i**2
    return np.sqrt(x1i / t1i) - np.sqrt(x2i / t2i), 1 / (4 * t1i) + 1 / (4 * t2i)


HUGE_SMD = 5.0


@dataclass(frozen=True)
class EffectSizes:
    """Effects of a set of studies.

    Attributes
    ----------
    measure : str
        metafor's code.
    yi, vi : ndarray of float
        Effects and sampling variances; NaN where an input is missing.
    corrected : ndarray of bool
        Rows whose counts got the zero-cell correction.
    note : str
        Version of the formula and corrections made, in one sentence.

    """

    measure: str
    yi: np.ndarray
    vi: np.ndarray
    corrected: np.ndarray
    note: str

    def _repr_html_(self) -> str:
        rows = self.to_frame().to_dict("records")
        return rows_html(f"{self.measure}: {self.note}".rstrip(": "), rows, ("yi", "vi", "sei"))

    @property
    def sei(self) -> np.ndarray:
        """Standard errors, the roots of `vi`."""
        return np.sqrt(self.vi)

    def to_frame(self) -> pd.DataFrame:
        """Table with one row an effect: yi, vi, sei, corrected."""
        columns = {"yi": self.yi, "vi": self.vi, "sei": self.sei, "corrected": self.corrected}
        return pd.DataFrame({name: np.ravel(values) for name, values in columns.items()})


def effect_size(
    measure: str,
    *,
    data: pd.DataFrame | None = None,
    vtype: str | None = None,
    add: float | None = None,
    to: str = "only0",
    drop00: bool = False,
    **inputs: Any,
) -> EffectSizes:
    """Compute effect sizes and their sampling variances as metafor's ``escalc`` does.

    Parameters
    ----------
    measure : str
        Two groups (``m1i, sd1i, n1i, m2i, sd2i, n2i``): MD, SMD, SMDH, SMD1, SMD1H, ROM, RPB, and of the
        spread CVR, VR. Paired (``m1i, m2i, sd1i, sd2i, ni, ri``): MC, SMCC, SMCR (without sd2i), SMCRH, ROMC;
        for SMCR and SMCRH sd1i is the SD *before*. One group (``mi, sdi, ni``): MN, SMN, MNLN. Proportions
        (``xi, ni`` or ``xi, mi``): PR, PLO, PFT, PLN, PAS. Two by two tables (``ai, bi, ci, di`` or ``ai,
        n1i, ci, n2i``): RR, OR, PETO (all as logs), RD, AS, PHI, YUQ, YUY. Events over person-time (``x1i,
        t1i, x2i, t2i``): IRR (as a log), IRD, IRSD. Correlations (``ri, ni``): COR, ZCOR.
    data : DataFrame, optional
        Table in which an input given as text is looked up as a column.
    vtype : str, optional
        Variance type: LS (the default everywhere); also LS2, UB, AV for SMD and SMCC, LS2 for SMCR, HO for
        MD, HO, AV, AVHO for ROM. AV and AVHO average over the studies, the last axis.
    add, to, drop00 : float, str, bool
        Zero cells: `add` (1/2; 0 for PFT, PAS, AS, PHI and IRSD) is added to the cells of the rows that `to`
        names (only0, all, if0all, none); with `drop00`, tables without any event or any non-event become NaN.
    **inputs : float or array_like
        The numbers, by metafor's names. A plain number serves every row (``ri=0.5``). Arrays of more than
        one dimension are broadcast, so that a grid of ``ri`` of shape (g, 1) gives effects (g, k) at once.

    Returns
    -------
    EffectSizes
        `.yi` and `.vi` in the units of the measure; NaN in a row with a missing input.

    Raises
    ------
    ValueError
        Unknown measure or argument, unequal lengths, a negative SD or count, a group of nobody, a correlation
        outside -1 to 1, or a number from which the measure cannot be computed; position named.

    Warns
    -----
    UserWarning
        A standardised difference beyond 5: a standard error was probably given as a standard deviation.

    Notes
    -----
    Where versions of metafor differ the newer is followed: the variances of SMDH, SMD1H and SMCRH are those
    since 4.6; ROM, ROMC and CVR carry the bias correction that is the default since 5.0. Formulas: Borenstein
    et al. (2009) and the papers named in the modules `mean_differences`, `paired_changes`, `single_groups`,
    `spreads`, `associations`, `counts` and `rates`.

    Examples
    --------
    >>> effect_size("MD", m1i=10, sd1i=2, n1i=20, m2i=8, sd2i=2, n2i=20).yi
    array([2.])

    """
    allowed_choice("measure", measure, MEASURES)
    allowed_choice("to", to, ZERO_RULES)
    columns = {name: look_up(name, value, data) for name, value in inputs.items() if value is not None}
    if measure in FORMULAS:
        return continuous(measure, columns, vtype or "LS")
    if vtype not in (None, "LS"):
        raise ValueError(f"vtype: {vtype!r} is not defined for {measure}; leave it out")
    return counted(measure, columns, add, to, drop00)


def continuous(measure: str, columns: dict[str, np.ndarray], vtype: str) -> EffectSizes:
    """Effect sizes from means and standard deviations."""
    formula, names, vtypes = FORMULAS[measure]
    allowed_choice("vtype", vtype, vtypes)
    if measure == "SMCR":
        columns.pop("sd2i", None)  # metafor takes it and has no use for it
    given = dict(zip(names, aligned(measure, columns, names), strict=True))
    refuse_impossible(given)
    with np.errstate(divide="ignore", invalid="ignore"):
        yi, vi = formula(**given, vtype=vtype)
    missing = np.any([np.isnan(values) for values in given.values()], axis=0)
    yi, vi = np.where(missing, np.nan, yi), np.where(missing, np.nan, vi)
    if measure in STANDARDISED and (huge := np.abs(yi) > HUGE_SMD).any():
        where = ", ".join(
            str(tuple(map(int, i)) if yi.ndim > 1 else int(i[0])) for i in np.argwhere(huge)[:5]
        )
        warnings.warn(
            f"{measure} beyond {HUGE_SMD:g} in row {where}: was a standard error given as an SD?",
            stacklevel=3,
        )
    newer = NEWER.get(measure)
    note = f"{measure}, variance type {vtype}" + (f", as in metafor since {newer}" if newer else "")
    return EffectSizes(measure, yi, vi, np.zeros(yi.shape, bool), note)


def counted(
    measure: str, columns: dict[str, np.ndarray], add: float | None, to: str, drop00: bool
) -> EffectSizes:
    """Effect sizes from counts, with the zero-cell correction."""
    cells = cells_of(measure, columns)
    add = (0.0 if measure in UNCORRECTED else 0.5) if add is None else add
    if drop00 and measure in (*TWO_BY_TWO, *RATES):
        nothing = without_events(measure, cells)
        cells = [np.where(nothing, np.nan, cell) for cell in cells]
    counted_cells = (0, 2) if measure in RATES else range(len(cells))  # the other two are person-times
    has_zero = np.any([cells[i] == 0 for i in counted_cells], axis=0)
    corrected = rows_to_correct(to, has_zero) & (add > 0)
    cells = [cell + add * corrected if i in counted_cells else cell for i, cell in enumerate(cells)]
    with np.errstate(divide="ignore", invalid="ignore"):
        yi, vi = COUNT_FORMULAS[measure](measure, *cells)
    undefined = ~(np.isfinite(yi) & np.isfinite(vi))
    yi, vi = np.where(undefined, np.nan, yi), np.where(undefined, np.nan, vi)
    note = f"{measure}; {int(corrected.sum())} of {yi.size} rows with {add:g} added to each cell (rule {to})"
    return EffectSizes(measure, yi, vi, corrected, note)


def cells_of(measure: str, columns: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Check the counts of a measure: events and non-events of each group, or events and person-times."""
    if measure in RATES:
        names = ("x1i", "t1i", "x2i", "t2i")
        cells = aligned(measure, columns, names)
        for name, values in zip(names, cells, strict=True):
            refuse(name, values < 0, "is negative", "a count or a time is zero or more")
            refuse(name, np.isinf(values), "is infinite", "give a number")
        return cells
    one, two = ("xi", "mi", "ni"), (("ai", "bi", "n1i"), ("ci", "di", "n2i"))
    return list(split_groups(measure, columns, (one,) if measure in PROPORTIONS else two))


COUNT_FORMULAS = (
    dict.fromkeys(PROPORTIONS, proportion)
    | dict.fromkeys(TWO_BY_TWO, two_by_two)
    | dict.fromkeys(RATES, person_times)
)


RATIOS = ("RR", "OR", "ROM", "ROMC", "PLN")
READ_AS = (*RATIOS, "PLO", "PAS", "PFT")


def back_transformed(measure: str, values: Any, ni: Any = None) -> np.ndarray | float:
    """Turn pooled effects, or their limits, into ratios or proportions.

    Parameters
    ----------
    measure : {"RR", "OR", "ROM", "ROMC", "PLN", "PLO", "PAS", "PFT"}
        What was pooled: a log ratio or log proportion, a logit, an arcsine or a double arcsine.
    values : float or array_like
        Estimates or limits on that scale.
    ni : array_like, optional
        Group sizes of the pooled studies; PFT alone needs them and takes their harmonic mean.

    Returns
    -------
    float or ndarray
        Ratios, or proportions from 0 to 1.

    Raises
    ------
    ValueError
        A measure that is read as it is; PFT without group sizes, or with one below 1.

    Notes
    -----
    The double arcsine by the inversion of Miller (1978), values beyond the range of a proportion taken to its
    end, as metafor's ``transf.ipft.hm``. Schwarzer et al. (2019) show how the harmonic mean can mislead when
    group sizes differ much.

    """
    allowed_choice("measure", measure, READ_AS)
    x = as_floats("values", values)
    if measure in RATIOS:
        return plain_result(np.exp(x))
    if measure == "PLO":
        return plain_result(expit(x))
    if measure == "PAS":
        return plain_result(np.sin(np.clip(x, 0, np.pi / 2)) ** 2)
    if ni is None:
        raise ValueError("ni: missing; the double arcsine is undone at the mean of the group sizes")
    sizes = np.atleast_1d(as_floats("ni", ni))
    refuse("ni", ~(sizes >= 1), "is not 1 or more", "give the group sizes of the pooled studies")
    return plain_result(double_arcsine_inverse(x, sizes.size / np.sum(1 / sizes)))


def double_arcsine_inverse(x: np.ndarray, n: float) -> np.ndarray:
    """Proportion whose double arcsine (half the sum of both arcsines) is `x` in a group of `n`."""
    ends = [0.5 * np.arcsin(np.sqrt(1 / (n + 1))), 0.5 * (np.arcsin(np.sqrt(n / (n + 1))) + np.pi / 2)]
    t = 2 * np.clip(x, *ends)
    inner = np.sin(t) + (np.sin(t) - 1 / np.sin(t)) / n
    p = 0.5 * (1 - np.sign(np.cos(t)) * np.sqrt(np.maximum(0.0, 1 - inner**2)))
    return np.where(x <= ends[0], 0.0, np.where(x >= ends[1], 1.0, p))
