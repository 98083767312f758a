"""P values of t tests recomputed from printed means and SDs, over what the print leaves open.

Every figure is an interval by its rounding; group sizes and pre-post correlations that are not stated
are tried one after the other. Follows the idea of statcheck (Nuijten et al., Behavior Research Methods
2016;48:1205-1226) for studies that print means instead of t values.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import stats
from scipy.special import stdtr

from helpers.appraisal.printed_figure import PrintedFigure

_STEPS = 5  # values tried between the ends of an SD's rounding interval, for the degrees of freedom of Welch
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Group:
    """A printed mean and SD."""

    mean: PrintedFigure
    sd: PrintedFigure


def difference(first: Group, second: Group, wide: bool = False) -> tuple[float, float]:
    """Return the smallest and largest absolute difference of two printed means."""
    (a, b), (c, d) = first.mean.interval(wide), second.mean.interval(wide)
    low, high = a - d, b - c
    return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))


def two_sample_p(
    first: Group, second: Group, n1: np.ndarray, n2: np.ndarray, welch: bool, wide: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest two-sided p of a t test for each pair of group sizes.

    Parameters
    ----------
    first, second : Group
        Printed means and SDs.
    n1, n2 : array of int
        Group sizes, at least 2 each.
    welch : bool
        Welch's test (Biometrika 1947;34:28-35), or Student's with a pooled SD.
    wide : bool
        Whether digits may have been cut off.

    """
    n1, n2 = np.asarray(n1, float), np.asarray(n2, float)
    spans = [
        np.linspace(max(low, 0), high, _STEPS) for low, high in (g.sd.interval(wide) for g in (first, second))
    ]
    gaps = np.array(difference(first, second, wide))
    s1, s2, gap = (part.reshape(-1, 1) for part in np.meshgrid(*spans, gaps, indexing="ij"))
    v1, v2 = s1**2 / n1, s2**2 / n2
    if welch:
        square = v1 + v2
        freedom = square**2 / np.maximum(v1**2 / (n1 - 1) + v2**2 / (n2 - 1), 1e-300)
    else:
        freedom = n1 + n2 - 2
        square = ((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / freedom * (1 / n1 + 1 / n2)
    ps = 2 * stdtr(freedom, -gap / np.sqrt(np.maximum(square, 1e-300)))
    return np.min(ps, axis=0), np.max(ps, axis=0)


def correlation_needed(
    before: Group, after: Group, p: PrintedFigure, n: np.ndarray, wide: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest pre-post correlation that gives p in a paired t test of n people.

    The SD of change follows from t, and the correlation from the three SDs. An interval outside -1 to 1
    means that no correlation gives it.
    """
    n = np.asarray(n, float)
    p_low, p_high = p.interval(wide)
    small, large = difference(before, after, wide)
    change_low = _sd_of_change(small, p_low, n)
    change_high = _sd_of_change(large, min(p_high, 1.0), n)
    (a, b), (c, d) = (_sd_ends(group, wide) for group in (before, after))
    corners = list(product((a, b), (c, d)))
    # At a fixed SD of change the correlation is largest in a corner of the two SDs' intervals, and smallest
    # there or on an edge, where one SD is the leg of a right triangle with the other and that of change.
    edges = [(np.clip(_leg(s1, change_high), a, b), s1) for s1 in (c, d)]
    edges += [(s0, np.clip(_leg(s0, change_high), c, d)) for s0 in (a, b)]
    lowest = [_correlation(s0, s1, change_high) for s0, s1 in corners + edges]
    highest = [_correlation(s0, s1, change_low) for s0, s1 in corners]
    return np.min(lowest, axis=0), np.max(highest, axis=0)


def _sd_of_change(gap: float, chance: float, n: np.ndarray) -> np.ndarray:
    """Return the SD of change of a mean change and its two-sided p; a p of 0 has no smallest SD above 0."""
    t = stats.t.isf(chance / 2, n - 1) if chance > 0 else np.full(n.shape, np.inf)
    return gap * np.sqrt(n) / np.maximum(t, 1e-9)


def _correlation(s0: float | np.ndarray, s1: float | np.ndarray, change: np.ndarray) -> np.ndarray:
    return (s0**2 + s1**2 - change**2) / (2 * s0 * s1)


def _leg(hypotenuse: float, other: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(hypotenuse**2 - other**2, 0))


def _sd_ends(group: Group, wide: bool) -> tuple[float, float]:
    low, high = group.sd.interval(wide)
    return max(low, 1e-6), high


def covers(p: PrintedFigure, low: np.ndarray, high: np.ndarray, wide: bool = False) -> np.ndarray:
    """Return where a recomputed interval of p meets the printed one."""
    start, end = p.interval(wide)
    return (low <= end + _TOLERANCE) & (high >= start - _TOLERANCE)
