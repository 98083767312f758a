"""Counts: proportions of one group, and two groups compared by risk ratio, odds ratio or risk difference.

Cells of zero get metafor's usual correction: `add` (1/2) to the cells of the rows that have one (`to` says
which rows). PFT, PAS, AS and PHI take zeros as they are unless `add` is given. Sources: Freeman and Tukey
(1950, PFT); Yusuf et al. (1985, PETO); Ruecker et al. (2009, AS); Cochrane Handbook 10.4 and Sweeting, Sutton
and Lambert (2004) for the correction.
"""

from __future__ import annotations

import numpy as np

from helpers.synthesis.associations import phi, yule
from helpers.synthesis.mean_differences import Effects

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
