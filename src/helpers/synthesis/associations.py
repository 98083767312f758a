"""Association of two characteristics: correlations, and the coefficients of a two by two table.

Sources: Pearson (1900) and Yule (1900, 1912) for the coefficients of tables; Bonett (2007) for their
variances; Fisher (1921, ZCOR); Tate (1954) for the point-biserial correlation (RPB).
"""

from __future__ import annotations

import numpy as np

from helpers.synthesis.inputs import refuse
from helpers.synthesis.mean_differences import Effects, pooled_variance


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
