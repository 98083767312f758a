"""P values recomputed from printed means, SDs and group sizes, and p values that nobody owns."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import stdtr

from helpers.appraisal.evidence import PrintedFigure, StudyEvidence, each_row, missing, tidy
from helpers.appraisal.rules import CERTAIN, LIKELY, Hit, NotApplicable
from helpers.tables.vocabulary import label

_STEPS = 5  # values tried between the ends of an SD's rounding interval, for the degrees of freedom of Welch
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Group:
    """A printed mean and SD."""

    mean: PrintedFigure
    sd: PrintedFigure

    def __str__(self) -> str:
        return f"{tidy(self.mean.value)} ± {tidy(self.sd.value)}"


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


def p_value(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each p value that no test of the printed means and SDs gives, or only under named assumptions."""
    tested = 0
    total = evidence.people()
    for row in evidence.results_where(kind="level"):
        p, own = evidence.figure(row, "p_value"), _group(evidence, row)
        if p is None or own is None or (missing(row.n) and not total):
            continue
        place = {"kind": "level", "concept": row.concept, "site": row.site}
        arms = evidence.results_where(**place, timepoint_weeks=row.timepoint_weeks)
        visits = evidence.results_where(**place, arm_id=row.arm_id, timepoint_weeks=0.0)
        other = _first_group(evidence, [r for r in arms if r.arm_id != row.arm_id])
        before = _first_group(evidence, [r for r in visits if r.result_id != row.result_id])
        tested += bool(before or other)
        readings = [_between_arms(row, own, *other, p, total)] if other else []
        readings += [_from_baseline(row, own, before[1], p, total)] if before else []
        hits = [hit for hit in readings if hit]
        # Certain only when every reading of the p value fails under any rounding.
        hopeless = len(hits) == len(readings) and all(hit.severity == CERTAIN for hit in hits)
        if missing(row.p_value_against) and len(hits) < len(readings):
            hits = hits[:1]
        yield from (replace(hit, severity=CERTAIN if hopeless else LIKELY) for hit in hits)
    if not tested:
        raise NotApplicable("no p value beside means and SDs that it could compare")


def _group(evidence: StudyEvidence, row: Any) -> Group | None:
    mean, sd = evidence.figure(row, "mean"), evidence.figure(row, "sd")
    return Group(mean, sd) if mean and sd else None


def _first_group(evidence: StudyEvidence, rows: list) -> tuple[Any, Group] | None:
    """Return the first result that has a printed mean and SD, with these."""
    return next(((row, group) for row in rows if (group := _group(evidence, row))), None)


def _between_arms(
    row: Any, own: Group, other_row: Any, other: Group, p: PrintedFigure, total: int | None
) -> Hit | None:
    """Return what is wrong with a p value read as a comparison of two arms."""
    n1, n2 = _sizes(row.n, other_row.n, total or 0)

    def possible(wide: bool) -> bool:
        tests = [two_sample_p(own, other, n1, n2, welch, wide) for welch in (True, False)]
        return any(bool(covers(p, low, high, wide).any()) for low, high in tests)

    if not len(n1) or possible(wide=False):
        return None
    low, high = zip(*(two_sample_p(own, other, n1, n2, welch) for welch in (True, False)), strict=True)
    sizes = f"{n1[0]} and {n2[0]}" if len(n1) == 1 else f"every split of {n1[0] + n2[0]}"
    return Hit(
        statement=f"p = {p.token} cannot be the difference in {label(row.concept)} between {row.arm_id} and "
        f"{other_row.arm_id} at this time, whatever the sizes of the groups.",
        arithmetic=f"{own} against {other}, {sizes}: p from {np.min(low):.3f} to {np.max(high):.3f} by Welch "
        f"or Student, rounding allowed; printed {p.token}",
        quantity_ids=_names(p, own, other),
        concepts=(row.concept,),
        severity=LIKELY if possible(wide=True) else CERTAIN,
    )


def _sizes(first: Any, second: Any, total: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the sizes that two groups can have, in pairs: as stated, or every split of the total."""
    n1 = np.arange(2, total - 1) if missing(first) else np.array([int(first)])
    n2 = total - n1 if missing(second) else np.array([int(second)])
    if len(n1) != len(n2):  # one size is stated: the other group varies or is repeated
        n1, n2 = np.broadcast_arrays(n1, n2) if 1 in (len(n1), len(n2)) else (n1[:0], n2[:0])
    keep = (n1 >= 2) & (n2 >= 2)
    return n1[keep], n2[keep]


def _from_baseline(row: Any, own: Group, before: Group, p: PrintedFigure, total: int | None) -> Hit | None:
    """Return what is wrong with a p value read as a change from baseline in one group."""
    sizes = np.arange(2, (total or 0) + 1) if missing(row.n) else np.array([int(row.n)])
    low, high = correlation_needed(before, own, p, sizes)
    usual = (high >= 0) & (low < 1)
    if not len(sizes) or usual[-1]:
        return None
    unpaired = [two_sample_p(before, own, sizes, sizes, welch) for welch in (True, False)]
    wrong = sizes[np.any([covers(p, *interval) for interval in unpaired], axis=0)]
    widest = correlation_needed(before, own, p, sizes, wide=True)
    conceivable = bool(((widest[1] >= -1) & (widest[0] <= 1)).any())
    return Hit(
        statement=f"p = {p.token} as a change in {label(row.concept)} from baseline ({row.arm_id}) needs "
        + _needed(sizes, usual, high),
        arithmetic=f"{before} to {own}; correlation needed with n = {sizes[-1]}: {low[-1]:.2f} to "
        f"{high[-1]:.2f}; sizes with a correlation from 0 to 1: "
        f"{', '.join(map(str, sizes[usual])) or 'none'}; sizes that give it by an unpaired test, which does "
        f"not suit repeated measures: {', '.join(map(str, wrong)) or 'none'}",
        quantity_ids=_names(p, before, own),
        concepts=(row.concept,),
        severity=LIKELY if conceivable or len(wrong) else CERTAIN,
    )


def _needed(sizes: np.ndarray, usual: np.ndarray, high: np.ndarray) -> str:
    if not usual.any():
        return "a correlation between before and after that is negative or above 1, at any size of the group."
    few = sizes[usual]
    span = f"{few[0]} to {few[-1]}" if len(few) > 1 else f"{few[0]}"
    return (
        f"a group of {span} people; with {sizes[-1]}, before and after would have to have a correlation that "
        f"is {'negative' if high[-1] < 0 else 'above 1'}."
    )


def _names(p: PrintedFigure, *groups: Group) -> tuple[str, ...]:
    figures = [p, *(figure for group in groups for figure in (group.mean, group.sd))]
    return tuple(figure.quantity_id for figure in figures if not math.isnan(figure.value))


def p_value_owner(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each p value against baseline that stands beside several groups and would need one for each."""
    rows = evidence.results[evidence.results["p_value"].notna()].sort_values("result_id")
    if rows.empty:
        raise NotApplicable("no p value")
    arm_of = evidence.quantities.set_index("quantity_id")["arm_id"]
    for row in each_row(rows):
        p = evidence.figure(row, "p_value")
        baseline = not missing(row.p_value_against) and "baseline" in str(row.p_value_against).lower()
        if p is None or not baseline or arm_of[arm_of.index == p.quantity_id].notna().any():
            continue
        place = {"concept": row.concept, "site": row.site, "timepoint_weeks": row.timepoint_weeks}
        same_time = evidence.results_where(**place, kind=row.kind)
        arms = {other.arm_id for other in same_time}
        if len(arms) > 1 and len({other.arm_id for other in same_time if not missing(other.p_value)}) == 1:
            yield Hit(
                statement=f"One p value of {label(row.concept)} stands beside several groups as a comparison "
                "with baseline, which would need one for each; whose it is cannot be told.",
                arithmetic=f"groups with figures at this time: {len(arms)}; p values: 1",
                quantity_ids=(p.quantity_id,),
                concepts=(row.concept,),
            )
