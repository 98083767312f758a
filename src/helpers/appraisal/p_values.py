"""P values recomputed from printed means, SDs and group sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import stats
from scipy.special import stdtr

from helpers.appraisal.evidence import (
    CERTAIN,
    LIKELY,
    Hit,
    NotApplicable,
    PrintedFigure,
    Rule,
    StudyEvidence,
    missing,
    tidy,
)
from helpers.tables.vocabulary import label

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


@dataclass(frozen=True)
class PValue(Rule):
    """P values that no test of the printed means and SDs gives, or only under assumptions that are named."""

    name: str = "p-value"
    source: str = (
        "Nuijten MB et al. Behav Res Methods 2016;48:1205-1226 (recomputation); Student and Welch t tests"
    )
    severity: str = LIKELY
    inputs: str = "a p value beside means and SDs, with the number of participants"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each p value that the stated comparison does not give."""
        tested = 0
        for row in evidence.observed(kind="level"):
            p, own = evidence.figure(row, "p_value"), _group(evidence, row)
            total = evidence.count("n_analysed", "n_enrolled")
            if p is None or own is None or (missing(row.n) and not total):
                continue
            before, other = self._baseline(evidence, row), self._comparator(evidence, row)
            tested += bool(before or other)
            hits = []
            if other:
                hits.append(_Between(row, own, other, p, total).hit())
            if before:
                hits.append(_Paired(row, own, before, p, total).hit())
            yield from self._stated(row, [hit for hit in hits if hit], len(hits))
        if not tested:
            raise NotApplicable("no p value beside means and SDs that it could compare")

    @staticmethod
    def _stated(row, hits: list[Hit], readings: int) -> Iterator[Hit]:
        """Yield what fails; certain only when every reading of the p value fails under any rounding."""
        against = "" if missing(row.p_value_against) else str(row.p_value_against).lower()
        hopeless = len(hits) == readings and all(hit.severity == CERTAIN for hit in hits)
        for hit in hits:
            yield Hit(
                hit.statement, hit.arithmetic, hit.quantity_ids, hit.concepts, CERTAIN if hopeless else LIKELY
            )
            if not against and len(hits) < readings:
                return

    @staticmethod
    def _baseline(evidence: StudyEvidence, row) -> tuple | None:
        rows = evidence.observed(
            kind="level", arm_id=row.arm_id, concept=row.concept, site=row.site, timepoint_weeks=0.0
        )
        found = [(other, _group(evidence, other)) for other in rows if other.result_id != row.result_id]
        return next(((other, group) for other, group in found if group), None)

    @staticmethod
    def _comparator(evidence: StudyEvidence, row) -> tuple | None:
        rows = evidence.observed(
            kind="level", concept=row.concept, site=row.site, timepoint_weeks=row.timepoint_weeks
        )
        found = [(other, _group(evidence, other)) for other in rows if other.arm_id != row.arm_id]
        return next(((other, group) for other, group in found if group), None)


def _group(evidence: StudyEvidence, row) -> Group | None:
    mean, sd = evidence.figure(row, "mean"), evidence.figure(row, "sd")
    return Group(mean, sd) if mean and sd else None


@dataclass(frozen=True)
class _Between:
    """The reading of a p value as a comparison of two groups."""

    row: object
    own: Group
    other: tuple
    p: PrintedFigure
    total: int | None

    def hit(self) -> Hit | None:
        row, (other_row, other) = self.row, self.other
        n1 = np.array([int(row.n)]) if not missing(row.n) else np.arange(2, (self.total or 0) - 1)
        n2 = np.array([int(other_row.n)]) if not missing(other_row.n) else (self.total or 0) - n1
        if len(n1) != len(n2):  # one size stated: the other group varies or is repeated
            n1, n2 = np.broadcast_arrays(n1, n2) if 1 in (len(n1), len(n2)) else (n1[:0], n2[:0])
        keep = (n1 >= 2) & (n2 >= 2)
        n1, n2 = n1[keep], n2[keep]
        if not len(n1) or any(self._covered(n1, n2, wide=False)):
            return None
        low, high = zip(
            *(two_sample_p(self.own, other, n1, n2, welch) for welch in (True, False)), strict=True
        )
        sizes = f"{n1[0]} and {n2[0]}" if len(n1) == 1 else f"every split of {n1[0] + n2[0]}"
        return Hit(
            statement=f"p = {self.p.token} cannot be the difference in {label(row.concept)} between "
            f"{row.arm_id} and "
            f"{other_row.arm_id} at this time, whatever the sizes of the groups.",
            arithmetic=f"{_words(self.own)} against {_words(other)}, {sizes}: p from {np.min(low):.3f} to "
            f"{np.max(high):.3f} by Welch or Student, rounding allowed; printed {self.p.token}",
            quantity_ids=_names(self.p, self.own, other),
            concepts=(row.concept,),
            severity=LIKELY if any(self._covered(n1, n2, wide=True)) else CERTAIN,
        )

    def _covered(self, n1, n2, wide: bool) -> list[bool]:
        tests = [two_sample_p(self.own, self.other[1], n1, n2, welch, wide) for welch in (True, False)]
        return [bool(covers(self.p, low, high, wide).any()) for low, high in tests]


@dataclass(frozen=True)
class _Paired:
    """The reading of a p value as a change from baseline in one group."""

    row: object
    own: Group
    before: tuple
    p: PrintedFigure
    total: int | None

    def hit(self) -> Hit | None:
        row, (_, before) = self.row, self.before
        sizes = np.array([int(row.n)]) if not missing(row.n) else np.arange(2, (self.total or 0) + 1)
        low, high = correlation_needed(before, self.own, self.p, sizes)
        usual = (high >= 0) & (low < 1)
        if not len(sizes) or usual[-1]:
            return None
        unpaired = [two_sample_p(before, self.own, sizes, sizes, welch) for welch in (True, False)]
        wrong = sizes[np.any([covers(self.p, *interval) for interval in unpaired], axis=0)]
        return Hit(
            statement=f"p = {self.p.token} as a change in {label(row.concept)} from baseline ({row.arm_id}) "
            + self._needs(sizes, usual, low, high),
            arithmetic=f"{_words(before)} to {_words(self.own)}; correlation needed with n = {sizes[-1]}: "
            f"{low[-1]:.2f} to {high[-1]:.2f}; sizes with a correlation from 0 to 1: "
            f"{', '.join(map(str, sizes[usual])) or 'none'}; sizes that give it by an unpaired test, which "
            "does not "
            f"suit repeated measures: {', '.join(map(str, wrong)) or 'none'}",
            quantity_ids=_names(self.p, before, self.own),
            concepts=(row.concept,),
            severity=LIKELY if self._conceivable(sizes) or len(wrong) else CERTAIN,
        )

    @staticmethod
    def _needs(sizes, usual, low, high) -> str:
        if usual.any():
            few = sizes[usual]
            span = f"{few[0]} to {few[-1]}" if len(few) > 1 else f"{few[0]}"
            last = "negative" if high[-1] < 0 else "above 1"
            return (
                f"needs a group of {span} people; with {sizes[-1]}, before and after would have to have a "
                f"correlation that is {last}."
            )
        return "needs a correlation between before and after that is negative or above 1, at any size of "
        "the group."

    def _conceivable(self, sizes) -> bool:
        low, high = correlation_needed(self.before[1], self.own, self.p, sizes, wide=True)
        return bool(((high >= -1) & (low <= 1)).any())


def _words(group: Group) -> str:
    return f"{tidy(group.mean.value)} ± {tidy(group.sd.value)}"


def _names(p: PrintedFigure, *groups: Group) -> tuple[str, ...]:
    figures = [p, *(figure for group in groups for figure in (group.mean, group.sd))]
    return tuple(figure.quantity_id for figure in figures if not math.isnan(figure.value))
