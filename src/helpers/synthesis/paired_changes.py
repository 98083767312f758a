"""One group before and after (or two sites of one person): changes, raw, standardised or as a log ratio.

`ri` is the correlation of the two measurements. In MC, SMCC and ROMC sd1i belongs to m1i (after) and sd2i to
m2i (before); in SMCR and SMCRH sd1i is, as in metafor, the SD before, by which the change is divided.
Sources: Gibbons, Hedeker and Davis (1993, SMCC),
Becker (1988, SMCR), Bonett (2008, SMCRH), Lajeunesse (2011, ROMC).
"""

from __future__ import annotations

import numpy as np

from helpers.synthesis.inputs import refuse
from helpers.synthesis.mean_differences import (
    Effects,
    refuse_opposite_signs,
    small_sample_factor,
    standardised_variance,
)


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
