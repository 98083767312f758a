"""Standard deviations that cannot be so: too large for the range, too small, or standard errors."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import scipy

from helpers.appraisal.evidence import TESTED, Group, Hit, PrintedFigure, StudyEvidence, needed, tidy
from helpers.tables.vocabulary import label

RATIO = 3.0  # how many times smaller than its neighbour an SD must be to be looked at
ERROR_CHANCE = 1e-5  # two-sided F test of equal variances
_ALIKE = 1.6  # SE x sqrt(n) within this factor of the neighbour counts as an SE
_GRID = 81  # means tried between the ends of a rounding interval; the exact corners are added
# Between what no scalp exceeds: newborns have a thousand hairs/cm2, the thickest hair has 200 micrometres.
_NATURE = {
    "hair_density": (0, 1200, ("hairs/cm2", "hairs/cm²")),
    "hair_count": (0, 1e6, ("hairs",)),
    "hair_thickness": (5, 250, ("um", "µm", "μm")),
}
_SCALP = re.compile(r"front|vertex|parie|occip|tempo|temple|crown|hairline|mid", re.IGNORECASE)


def largest_sd(low: float, high: float, mean: float | np.ndarray, n: int) -> float | np.ndarray:
    """Return the largest sample SD of n values, at least 2, between two bounds with a given mean, or means.

    All values but one lie on a bound, and the last where the mean puts it; NaN where the mean lies outside.
    With n towards infinity this is the bound of Bhatia and Davis (American Mathematical Monthly
    2000;107:353-357), which for small n is not reached.

    Examples
    --------
    >>> [round(float(largest_sd(75, 95, 80, n)), 3) for n in (4, 16)]
    [10.0, 8.944]
    """
    mean = np.asarray(mean, float)
    if high <= low:
        return np.where(np.isclose(mean, low), 0.0, np.nan)[()]
    upper = np.clip(np.floor(n * (mean - low) / (high - low) + 1e-12), 0, n)
    lower = np.maximum(n - 1 - upper, 0)
    last = n * mean - upper * high - lower * low
    squares = upper * (high - mean) ** 2 + lower * (mean - low) ** 2
    squares = squares + np.where(upper < n, (last - mean) ** 2, 0)
    inside = (mean >= low - 1e-9) & (mean <= high + 1e-9)
    return np.where(inside, np.sqrt(squares / (n - 1)), np.nan)[()]


def sd_fits(group: Group, low: PrintedFigure, high: PrintedFigure, n: int, wide: bool = False) -> bool:
    """Return whether n values within a printed range can have a printed mean and SD, rounding allowed."""
    start, end = low.interval(wide)[0], high.interval(wide)[1]
    first, last = group.mean.interval(wide)
    # The largest SD rises and falls between the means at which every value lies on a bound.
    corners = start + (end - start) * np.arange(n + 1) / n
    means = np.concatenate([np.linspace(first, last, _GRID), corners[(corners >= first) & (corners <= last)]])
    largest = np.nanmax(np.append(largest_sd(start, end, means, n), -math.inf))
    return bool(largest >= group.sd.interval(wide)[0])


@dataclass(frozen=True)
class _InRange:
    """A mean and SD with the smallest and largest value stated for the same outcome and time."""

    row: Any
    same_group: bool  # whether the range is that of the same arm and site
    group: Group
    low: PrintedFigure
    high: PrintedFigure

    @property
    def figures(self) -> tuple[PrintedFigure, ...]:
        return *self.group, self.low, self.high

    @property
    def words(self) -> dict[str, Any]:
        """What the sentences tell of it."""
        return self.group._asdict() | {"range": f"{self.low} to {self.high}", "arm": self.row.arm_id}

    def sizes(self, sizes: Iterable[int], wide: bool = False) -> list[int]:
        """Return the sizes of a group within the range that can have the mean and SD."""
        return [n for n in sizes if sd_fits(self.group, self.low, self.high, n, wide)]


def sd_in_range(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each mean outside its range, each SD larger than the range allows, and groups no split allows."""
    results = evidence.results_where()
    ranges = list(evidence.printed(results, "minimum", "maximum"))
    by_range: dict[str, list[_InRange]] = {}
    for row in results:
        group = evidence.group(row)
        for limits, low, high in ranges:
            if group and _comparable(evidence, row, limits):
                same_group = (row.arm_id, row.site) == (limits.arm_id, limits.site)
                within = _InRange(row, same_group, group, low, high)
                by_range.setdefault(limits.result_id, []).append(within)
                yield from _mean_outside(within)
                yield from _sd_too_large(evidence, within)
    needed(by_range, "no mean with SD beside a range of the same outcome and time")
    for groups in by_range.values():
        yield from _no_split(evidence, groups)


def _comparable(evidence: StudyEvidence, row: Any, limits: Any) -> bool:
    """Return whether a range is about the same outcome, unit, time and part of the scalp."""
    times = row.timepoint_weeks, limits.timepoint_weeks
    if None in times or not math.isclose(*times, abs_tol=1e-6):
        return False
    # A range is one arm's own, unless all participants are one group by the study's account.
    same_people = row.arm_id == limits.arm_id or evidence.comparison == "single_arm"
    same = (row.concept, row.kind, row.unit) == (limits.concept, limits.kind, limits.unit)
    two_areas = row.site != limits.site and _SCALP.search(row.site) and _SCALP.search(limits.site)
    return same and same_people and not two_areas


def _mean_outside(within: _InRange) -> Iterator[Hit]:
    mean, low, high = within.group.mean, within.low, within.high
    first, last = mean.interval(wide=True)
    if last < low.interval(wide=True)[0] or first > high.interval(wide=True)[1]:
        arithmetic = f"{mean} is not between {low} and {high}"
        weight = "certain" if within.same_group else "doubtful"
        yield Hit(arithmetic, (mean, low, high), (within.row.concept,), weight, "mean outside", within.words)


def _sd_too_large(evidence: StudyEvidence, within: _InRange) -> Iterator[Hit]:
    row, (mean, sd, low, high) = within.row, within.figures
    total = evidence.people()
    everybody = range(2, total + 1) if total else ()
    sizes = list(everybody) if row.n is None else [int(row.n)]
    possible = within.sizes(sizes)
    if not sizes or len(possible) == len(sizes) or (row.n is None and total in possible):
        return
    certain = within.same_group and not within.sizes(sizes, wide=True)
    nearest = float(np.clip(mean.value, low.value, high.value))
    bound = largest_sd(low.value, high.value, nearest, max(sizes))
    arithmetic = (
        f"largest SD between {low} and {high} with mean {mean} and n = {max(sizes)}: {bound:.2f}, printed "
        f"{sd}; with rounding allowed, of n = {min(sizes)} to {max(sizes)} possible: "
        + (f"only {', '.join(map(str, possible))}" if possible else "none")
    )
    unless = f"unless the group had {' or '.join(map(str, possible))} people"
    words = within.words | {"unless": unless if possible else "whatever n is"}
    weight = "certain" if certain else "doubtful"
    yield Hit(arithmetic, within.figures, (row.concept,), weight, "too scattered", words)


def _no_split(evidence: StudyEvidence, groups: list[_InRange]) -> Iterator[Hit]:
    """Yield two groups of unstated size that no division of all participants allows at once."""
    total = evidence.people()
    if len(groups) != 2 or total is None or total < 4 or any(within.row.n is not None for within in groups):
        return
    first, second = (within.row for within in groups)
    fits = [within.sizes(range(2, total - 1)) for within in groups]
    if first.arm_id == second.arm_id or any(total - n in fits[1] for n in fits[0]):
        return
    said = [", ".join(map(str, sizes)) or "none" for sizes in fits]
    both = zip(groups, said, strict=True)
    possible = "; ".join(f"{within.row.arm_id} {within.group}: {sizes}" for within, sizes in both)
    range_ = groups[0].words["range"]
    arithmetic = f"sizes possible within {range_}, rounding allowed: {possible}; no pair adds up to {total}"
    words = {"total": total, "first": first.arm_id, "second": second.arm_id}
    figures = [figure for within in groups for figure in within.figures]
    # likely only, since the table may show some of the people
    yield Hit(arithmetic, figures, (first.concept,), "doubtful", "no division", words)


def ages_in_range(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each mean age outside the ages of the youngest and oldest, and each SD too large for them."""
    rows = evidence.quantities_of("result", "age")
    ranges = {row.arm_id: row for row in rows if None not in (row.value_low, row.value_high)}
    means = [row for row in rows if None not in (row.value, row.sd) and row.arm_id in ranges]
    for row in needed(means, "no mean age with its SD beside the youngest and the oldest"):
        # Ages in completed years are up to a year below the ages that were averaged.
        ends, people = ranges[row.arm_id], evidence.people()
        n = people or 1000
        low, high = ends.value_low - 0.5, ends.value_high + 1
        mean, sd = (PrintedFigure.of(row, part) for part in ("value", "sd"))
        if mean.high < low or mean.low > high:
            yield Hit(f"{mean} is not between {ends.printed}", (row, ends), case="mean")
        elif n > 1 and sd.low > np.nanmax(
            largest_sd(low, high, np.clip(np.linspace(mean.low, mean.high, _GRID), low, high), n)
        ):
            yield Hit(
                f"{row.printed} within {ends.printed}, n = {people or 'not stated'}", (row, ends), case="SD"
            )


def outside_nature(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each value of a measured outcome that no scalp has."""
    for row in evidence.results_where(kind="level"):
        if row.concept not in _NATURE:
            continue
        least, most, units = _NATURE[row.concept]
        for name in ("mean", "median", "minimum", "maximum"):
            value, figure = getattr(row, name), evidence.figure(row, name)
            if figure:
                yield TESTED
            if figure and not least <= value <= most and row.unit in units:
                arithmetic = f"{figure} is not between {least} and {most} {row.unit}"
                yield Hit(arithmetic, (figure,), (row.concept,), "certain" if value < 0 else "")


@dataclass(frozen=True)
class _Spread:
    """A mean and SD of n people."""

    row: Any
    mean: PrintedFigure
    sd: PrintedFigure
    n: int

    @property
    def group(self) -> str:
        """Group and time in words."""
        return ", ".join(filter(None, (self.row.arm_id, self.row.timepoint_printed)))

    @property
    def words(self) -> dict[str, Any]:
        """What the sentences tell of it; what was measured perhaps in the source's own words."""
        row, measured = self.row, label(self.row.concept)
        if row.concept == "other_outcome":
            measured = row.measure or (row.site if row.site != "all" else measured)
        return {"measured": measured, "sd": self.sd, "group": self.group, "n": self.n}

    @property
    def as_error(self) -> float:
        """The SD, if what is printed is a standard error."""
        return self.sd.value * math.sqrt(self.n)


def sd_or_se(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each SD that is too small to be one beside the other groups, the range or the posted p value."""
    groups: dict[tuple, list[_Spread]] = {}
    for row in evidence.results_where():
        group = evidence.group(row)
        if group is None or row.se is not None or row.n is None or row.n < 3:
            continue
        spread = _Spread(row, *group, int(row.n))
        groups.setdefault((row.concept, row.site, row.kind, row.measure, row.category), []).append(spread)
        if None not in (row.minimum, row.maximum) and row.sd:
            yield TESTED
            printed = group.sd.value / row.sd  # its unit may be another than that of the clean range
            yield from _below_range(spread, (row.maximum - row.minimum) * printed)
    for spreads in groups.values():
        if len(spreads) > 1:
            yield TESTED
        yield from _below_others(spreads)
        yield from _against_p(evidence, spreads)


def _below_range(spread: _Spread, width: float) -> Iterator[Hit]:
    """Compare an SD with the smallest that n values with a given range can have."""
    least = width / math.sqrt(2 * (spread.n - 1)) if width > 0 else 0.0
    if spread.sd.interval(wide=True)[1] < least:
        arithmetic = (
            f"smallest SD: {tidy(width)} / sqrt(2 x {spread.n - 1}) = {least:.3g}; "
            f"{spread.sd} x sqrt({spread.n}) = {spread.as_error:.3g}"
        )
        words = spread.words | {"width": tidy(width)}
        figures = (spread.mean, spread.sd)
        yield Hit(arithmetic, figures, (spread.row.concept,), "certain", "below range", words)


def _below_others(spreads: list[_Spread]) -> Iterator[Hit]:
    """Compare each SD with the others of the outcome; one that is improbably small is named once."""
    found: dict[str, tuple[_Spread, _Spread, float]] = {}
    for pair in combinations(spreads, 2):
        small, large = sorted(pair, key=lambda spread: spread.sd.value)
        if small.sd.value <= 0 or large.sd.value < RATIO * small.sd.value:
            continue
        ratio = (large.sd.low / small.sd.high) ** 2
        chance = 2 * float(scipy.stats.f.sf(ratio, large.n - 1, small.n - 1))
        name, week = small.row.result_id, small.row.timepoint_weeks
        same_time = week is not None and week == large.row.timepoint_weeks
        if chance < ERROR_CHANCE and (name not in found or same_time):
            found[name] = (small, large, chance)
    for small, large, chance in found.values():
        alike = large.sd.value / _ALIKE <= small.as_error <= large.sd.value * _ALIKE
        guess = "which is what a standard error would be" if alike else "a misprint, or another quantity"
        arithmetic = (
            f"{small.sd} x sqrt({small.n}) = {small.as_error:.3g}, beside {large.sd}; "
            f"F test of equal variances, n = {small.n} and {large.n}: p = {chance:.1g}"
        )
        words = small.words | {"other": large.sd, "others": large.group, "guess": guess}
        words["times"] = f"{large.sd.value / small.sd.value:.1f}"
        yield Hit(arithmetic, (small.sd, large.sd), (small.row.concept,), case="below others", words=words)


def _against_p(evidence: StudyEvidence, spreads: list[_Spread]) -> Iterator[Hit]:
    """Compare a p posted with two groups with the p that their SDs give, read as SDs and as SEs."""
    if len(spreads) != 2 or spreads[0].row.arm_id == spreads[1].row.arm_id:
        return
    one, other = spreads
    outcome = one.row.result_id.rpartition(".c")[0]
    ps = [row for row in evidence.quantity.values() if row.kind == "p_value"]
    posted = [row for row in ps if outcome and row.quantity_id.startswith(f"{outcome}.a")]
    p = posted[0].value if len(posted) == 1 else None
    if p is None or not 0 < p < 1 or re.search("[<>]", posted[0].printed):
        return

    def p_of(first_sd: float, second_sd: float) -> float:
        groups = (one.mean.value, first_sd, one.n, other.mean.value, second_sd, other.n)
        p = float(scipy.stats.ttest_ind_from_stats(*groups, equal_var=False).pvalue)
        return 1.0 if math.isnan(p) else p

    as_sd, as_se = p_of(one.sd.value, other.sd.value), p_of(one.as_error, other.as_error)
    if as_sd < p / 100 and p / 5 <= as_se <= min(1.0, p * 5):
        arithmetic = f"Welch t test of {one.mean} and {other.mean}, n = {one.n} and {other.n}"
        words = one.words | {"other": other.sd, "posted": tidy(p)}
        words |= {"as_sd": f"{as_sd:.1g}", "as_se": f"{as_se:.2g}"}
        yield Hit(arithmetic, (one.sd, other.sd, *posted), (one.row.concept,), case="against p", words=words)
