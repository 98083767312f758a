"""A standard deviation and a mean against the range in which all values are said to lie."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.printed_figure import PrintedFigure, missing, tidy
from helpers.appraisal.rule import CERTAIN, LIKELY, Hit, NotApplicable, Rule
from helpers.tables.vocabulary import label

_SCALP = re.compile(r"front|vertex|parie|occip|tempo|temple|crown|hairline|mid", re.IGNORECASE)
_GRID = 81  # means tried between the ends of a rounding interval; the exact corners are added


def largest_sd(low: float, high: float, mean: float | np.ndarray, n: int) -> float | np.ndarray:
    """Return the largest sample SD of n values between two bounds with a given mean.

    All values but one lie on a bound, and the last where the mean puts it. With n towards infinity this
    is the bound of Bhatia and Davis (American Mathematical Monthly 2000;107:353-357), which for small n
    is not reached.

    Parameters
    ----------
    low, high : float
        Bounds.
    mean : float or array
        Mean; NaN is returned where it lies outside the bounds.
    n : int
        Number of values, at least 2.

    Examples
    --------
    >>> round(largest_sd(75, 95, 80, 4), 3), round(largest_sd(75, 95, 80, 16), 3)
    (10.0, 8.944)

    """
    mean = np.asarray(mean, float)
    if high <= low:
        return np.where(np.isclose(mean, low), 0.0, np.nan)[()]
    upper = np.clip(np.floor(n * (mean - low) / (high - low) + 1e-12), 0, n)
    lower = np.maximum(n - 1 - upper, 0)
    last = n * mean - upper * high - lower * low
    squares = (
        upper * (high - mean) ** 2 + lower * (mean - low) ** 2 + np.where(upper < n, (last - mean) ** 2, 0)
    )
    inside = (mean >= low - 1e-9) & (mean <= high + 1e-9)
    return np.where(inside, np.sqrt(squares / (n - 1)), np.nan)[()]


def sd_fits(
    mean: PrintedFigure,
    sd: PrintedFigure,
    low: PrintedFigure,
    high: PrintedFigure,
    n: int,
    wide: bool = False,
) -> bool:
    """Return whether n values within a printed range can have a printed mean and SD, rounding allowed."""
    start, end = low.interval(wide)[0], high.interval(wide)[1]
    first, last = mean.interval(wide)
    # The largest SD rises and falls between the means at which every value lies on a bound.
    corners = start + (end - start) * np.arange(n + 1) / n
    means = np.concatenate([np.linspace(first, last, _GRID), corners[(corners >= first) & (corners <= last)]])
    largest = np.nanmax(np.append(largest_sd(start, end, means, n), -math.inf))
    return bool(largest >= sd.interval(wide)[0])


@dataclass(frozen=True)
class SdInRange(Rule):
    """SDs larger than the stated range allows, and means outside of it."""

    name: str = "sd-in-range"
    source: str = "Bhatia R, Davis C. Am Math Mon 2000;107:353-357; exact for finite n, as in Heathers 2018"
    severity: str = CERTAIN
    inputs: str = "means and SDs with the smallest and largest value stated for the same outcome and time"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each mean or SD that the range does not allow."""
        ranges = [(row, *self._ends(evidence, row)) for row in evidence.observed()]
        ranges = [item for item in ranges if item[1] and item[2]]
        tested: dict[str, list[tuple]] = {}
        for row in evidence.observed():
            mean, sd = evidence.figure(row, "mean"), evidence.figure(row, "sd")
            for limits, low, high in ranges if mean and sd else []:
                if self._comparable(evidence, row, limits):
                    tested.setdefault(limits.result_id, []).append((row, mean, sd, low, high))
                    yield from self._outside(row, limits, mean, low, high)
                    yield from self._too_wide(evidence, row, limits, mean, sd, low, high)
        if not tested:
            raise NotApplicable("no mean with SD beside a range of the same outcome and time")
        for groups in tested.values():
            yield from self._no_split(evidence, groups)

    @staticmethod
    def _ends(evidence: StudyEvidence, row) -> tuple[PrintedFigure | None, PrintedFigure | None]:
        return evidence.figure(row, "minimum"), evidence.figure(row, "maximum")

    @staticmethod
    def _comparable(evidence: StudyEvidence, row, limits) -> bool:
        """Return whether a range is about the same outcome, time and part of the scalp."""
        same = row.concept == limits.concept and row.kind == limits.kind
        # A range is one arm's own, unless all participants are one group by the study's account.
        same = same and (row.arm_id == limits.arm_id or evidence.study.get("comparison") == "single_arm")
        times = (row.timepoint_weeks, limits.timepoint_weeks)
        same = same and not any(missing(time) for time in times) and math.isclose(*times, abs_tol=1e-6)
        sites = {row.site, limits.site}
        scalp = all(_SCALP.search(site) for site in sites)
        return same and (len(sites) == 1 or not scalp)

    @staticmethod
    def _same_group(row, limits) -> bool:
        return row.arm_id == limits.arm_id and row.site == limits.site

    def _outside(self, row, limits, mean, low, high) -> Iterator[Hit]:
        start, end = low.widest[0], high.widest[1]
        if mean.widest[1] < start or mean.widest[0] > end:
            yield Hit(
                statement=f"The mean {label(row.concept)} of {tidy(mean.value)} lies outside the range "
                "stated, "
                f"{tidy(low.value)} to {tidy(high.value)}.",
                arithmetic=f"{tidy(mean.value)} is not between {tidy(low.value)} and {tidy(high.value)}",
                quantity_ids=(mean.quantity_id, low.quantity_id, high.quantity_id),
                concepts=(row.concept,),
                severity=CERTAIN if self._same_group(row, limits) else LIKELY,
            )

    def _too_wide(self, evidence, row, limits, mean, sd, low, high) -> Iterator[Hit]:
        total = evidence.count("n_analysed", "n_enrolled")
        sizes = [int(row.n)] if not missing(row.n) else list(range(2, (total or 0) + 1))
        possible = [n for n in sizes if sd_fits(mean, sd, low, high, n)]
        if not sizes or len(possible) == len(sizes) or (missing(row.n) and total in possible):
            return
        wide = [n for n in sizes if sd_fits(mean, sd, low, high, n, wide=True)]
        certain = not wide and self._same_group(row, limits)
        bound = largest_sd(
            low.value, high.value, float(np.clip(mean.value, low.value, high.value)), max(sizes)
        )
        which = f"only {', '.join(map(str, possible))}" if possible else "none"
        yield Hit(
            statement=f"{label(row.concept).capitalize()} of {tidy(mean.value)} with SD {tidy(sd.value)} "
            f"({row.arm_id}) is too scattered for values that all lie from {tidy(low.value)} to "
            f"{tidy(high.value)}, "
            + (
                f"unless the group had {' or '.join(map(str, possible))} people."
                if possible
                else "whatever n is."
            ),
            arithmetic=f"largest SD between {tidy(low.value)} and {tidy(high.value)} with mean "
            f"{tidy(mean.value)} "
            f"and n = {max(sizes)}: {bound:.2f}, printed {tidy(sd.value)}; with rounding allowed, of n = "
            f"{min(sizes)} to {max(sizes)} possible: {which}",
            quantity_ids=(mean.quantity_id, sd.quantity_id, low.quantity_id, high.quantity_id),
            concepts=(row.concept,),
            severity=CERTAIN if certain else LIKELY,
        )

    @staticmethod
    def _no_split(evidence: StudyEvidence, groups: list[tuple]) -> Iterator[Hit]:
        """Yield two groups of unstated size that no division of all participants allows at once."""
        total = evidence.count("n_analysed", "n_enrolled") or 0
        arms = {row.arm_id for row, *_ in groups}
        if len(groups) != 2 or len(arms) != 2 or total < 4 or any(not missing(row.n) for row, *_ in groups):
            return
        fits = [[n for n in range(2, total - 1) if sd_fits(*figures, n)] for _, *figures in groups]
        if any(total - n in fits[1] for n in fits[0]):
            return
        (first, *figures), (second, *others) = groups
        told = "; ".join(
            f"{row.arm_id} {tidy(mean.value)} ± {tidy(sd.value)}: {', '.join(map(str, sizes)) or 'none'}"
            for (row, mean, sd, *_), sizes in zip(groups, fits, strict=True)
        )
        yield Hit(
            statement=f"No division of the {total} people between {first.arm_id} and {second.arm_id} lets "
            "both SDs of "
            f"{label(first.concept)} lie within the range stated.",
            arithmetic=f"sizes possible within {tidy(figures[2].value)} to {tidy(figures[3].value)}, "
            "rounding allowed: "
            f"{told}; no pair adds up to {total}",
            quantity_ids=tuple(figure.quantity_id for figure in (*figures, *others)),
            concepts=(first.concept,),
            severity=LIKELY,  # the table may show some of the people only
        )
