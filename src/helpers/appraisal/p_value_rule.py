"""A printed p value against the means and SDs that stand beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.p_values import Group, correlation_needed, covers, two_sample_p
from helpers.appraisal.printed_figure import PrintedFigure, missing, tidy
from helpers.appraisal.rule import CERTAIN, LIKELY, Hit, NotApplicable, Rule
from helpers.tables.vocabulary import label


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
