"""Two groups compared by how much their members differ, not by their means: log ratios of SD and of CV.

Source: Nakagawa et al. (2015); the bias correction of CVR as in metafor since 5.0 (Senior et al. 2020).
"""

from __future__ import annotations

import numpy as np

from helpers.synthesis.inputs import refuse
from helpers.synthesis.mean_differences import Effects


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
