"""Standard deviations that cannot be so: too large for the range, too small, SE for SD, of changes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats

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


RATIO = 3.0  # how many times smaller than its neighbour an SD must be to be looked at
ERROR_CHANCE = 1e-5  # two-sided F test of equal variances
_ALIKE = 1.6  # SE x sqrt(n) within this factor of the neighbour counts as an SE


@dataclass(frozen=True)
class _Spread:
    row: Any
    mean: PrintedFigure
    sd: PrintedFigure
    n: int

    @property
    def who(self) -> str:
        """Group and time in words."""
        time = "" if missing(self.row.timepoint_printed) else f", {self.row.timepoint_printed}"
        return f"{self.row.arm_id}{time}"


@dataclass(frozen=True)
class SdOrSe(Rule):
    """SDs that are improbably small beside the other groups, the range or the posted p value."""

    name: str = "sd-or-se"
    source: str = (
        "Higgins JPT et al. Cochrane Handbook 6.5.2.3 (standard errors given as SDs); F test of variances; "
        "smallest SD of n values with a given range, R / sqrt(2 (n - 1))"
    )
    severity: str = LIKELY
    inputs: str = "means and SDs with the number of participants, beside another group, a range or a p value"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each SD that is too small to be one."""
        groups: dict[tuple, list[_Spread]] = {}
        tested = False
        for row in evidence.observed():
            mean, sd = evidence.figure(row, "mean"), evidence.figure(row, "sd")
            if mean is None or sd is None or missing(row.n) or int(row.n) < 3 or not missing(row.se):
                continue
            spread = _Spread(row, mean, sd, int(row.n))
            key = (row.concept, row.site, row.kind, _word(row.measure), _word(row.category))
            groups.setdefault(key, []).append(spread)
            if not missing(row.minimum) and not missing(row.maximum):
                tested = True
                yield from _below_range(spread)
        for spreads in groups.values():
            tested = tested or len(spreads) > 1
            yield from _beside_others(spreads)
            yield from _against_p(evidence, spreads)
        if not tested:
            raise NotApplicable("no two SDs of one outcome, and no SD beside a range")


def _word(cell: Any) -> str:
    return "" if missing(cell) else str(cell)


def _named(row: Any) -> str:
    """Return what was measured, in the source's words where the vocabulary has none."""
    if row.concept != "other_outcome":
        return label(row.concept)
    return _word(row.measure) or (row.site if row.site != "all" else label(row.concept))


def _beside_others(spreads: list[_Spread]) -> Iterator[Hit]:
    """Compare each SD with the others of the outcome; the one that most others disown is named once."""
    found: dict[str, tuple[_Spread, _Spread, float]] = {}
    for one, other in combinations(spreads, 2):
        small, large = sorted((one, other), key=lambda item: item.sd.value)
        if small.sd.value <= 0 or large.sd.value < RATIO * small.sd.value:
            continue
        ratio = (large.sd.low / small.sd.high) ** 2
        chance = 2 * float(stats.f.sf(ratio, large.n - 1, small.n - 1))
        same_time = small.row.timepoint_weeks == large.row.timepoint_weeks
        if chance < ERROR_CHANCE and (small.row.result_id not in found or same_time):
            found[small.row.result_id] = (small, large, chance)
    for small, large, chance in found.values():
        scaled = small.sd.value * math.sqrt(small.n)
        alike = large.sd.value / _ALIKE <= scaled <= large.sd.value * _ALIKE
        guess = "which is what a standard error would be" if alike else "a misprint, or another quantity"
        times = large.sd.value / small.sd.value
        yield Hit(
            statement=f"{_named(small.row)}: the SD of {tidy(small.sd.value)} ({small.who}) is improbable "
            f"beside {tidy(large.sd.value)} ({large.who}): {times:.1f} times smaller, {guess}.",
            arithmetic=f"{tidy(small.sd.value)} x sqrt({small.n}) = {scaled:.3g}, beside "
            f"{tidy(large.sd.value)}; F test of equal variances, n = {small.n} and {large.n}: "
            f"p = {chance:.1g}",
            quantity_ids=(small.sd.quantity_id, large.sd.quantity_id),
            concepts=(small.row.concept,),
        )


def _below_range(spread: _Spread) -> Iterator[Hit]:
    """Compare an SD with the smallest that n values with a given range can have."""
    width = float(spread.row.maximum) - float(spread.row.minimum)
    least = width / math.sqrt(2 * (spread.n - 1)) if width > 0 else 0.0
    if spread.sd.widest[1] < least:
        yield Hit(
            statement=f"{_named(spread.row)}: an SD of {tidy(spread.sd.value)} ({spread.who}) is smaller "
            f"than any {spread.n} values that range over {tidy(width)} can have.",
            arithmetic=f"smallest SD: {tidy(width)} / sqrt(2 x {spread.n - 1}) = {least:.3g}; "
            f"{tidy(spread.sd.value)} x sqrt({spread.n}) = {spread.sd.value * math.sqrt(spread.n):.3g}",
            quantity_ids=(spread.mean.quantity_id, spread.sd.quantity_id),
            concepts=(spread.row.concept,),
            severity=CERTAIN,
        )


def _against_p(evidence: StudyEvidence, spreads: list[_Spread]) -> Iterator[Hit]:
    """Compare a posted p of two groups with the p that their SDs give, read as SDs and as SEs."""
    if len(spreads) != 2 or spreads[0].row.arm_id == spreads[1].row.arm_id:
        return
    one, other = spreads
    outcome = str(one.row.result_id).rpartition(".c")[0]
    posted = [
        row
        for row in evidence.quantities.itertuples()
        if outcome and row.kind == "p_value" and str(row.quantity_id).startswith(f"{outcome}.a")
    ]
    if len(posted) != 1 or missing(posted[0].value) or not 0 < posted[0].value < 1:
        return
    if "<" in posted[0].printed or ">" in posted[0].printed:
        return
    as_sd = _welch(one, other, 1.0)
    as_se = _welch(one, other, None)
    p = float(posted[0].value)
    if as_sd < p / 100 and p / 5 <= as_se <= min(1.0, p * 5):
        yield Hit(
            statement=f"{_named(one.row)}: the SDs of {tidy(one.sd.value)} and {tidy(other.sd.value)} "
            f"give p = {as_sd:.1g}, far below the posted {tidy(p)}; read as standard errors they give "
            f"{as_se:.2g}.",
            arithmetic=f"Welch t test of {tidy(one.mean.value)} and {tidy(other.mean.value)}, "
            f"n = {one.n} and {other.n}",
            quantity_ids=(one.sd.quantity_id, other.sd.quantity_id, posted[0].quantity_id),
            concepts=(one.row.concept,),
        )


def _welch(one: _Spread, other: _Spread, scale: float | None) -> float:
    """Return the p of two groups; `scale` None multiplies each spread by the root of its n."""
    sds = [item.sd.value * (math.sqrt(item.n) if scale is None else scale) for item in (one, other)]
    result = stats.ttest_ind_from_stats(
        one.mean.value, sds[0], one.n, other.mean.value, sds[1], other.n, equal_var=False
    )
    return float(result.pvalue) if result.pvalue == result.pvalue else 1.0


def mean_changes(evidence: StudyEvidence) -> list[tuple]:
    """Return the rows of mean change with their printed mean and, where stated, SD."""
    rows = [
        (row, evidence.figure(row, "mean"), evidence.figure(row, "sd"))
        for row in result_rows(evidence, "change")
    ]
    return [item for item in rows if item[1]]


def result_rows(evidence: StudyEvidence, kind: str, **wanted):
    """Return an iterator over the result rows of a kind whose columns equal the given values."""
    return iter(evidence.observed(kind=kind, **wanted))


@dataclass(frozen=True)
class ChangeOfLevels(Rule):
    """A mean change that is not the difference of the printed means, or an SD that no correlation gives."""

    name: str = "change-of-levels"
    source: str = (
        "Cochrane Handbook for Systematic Reviews of Interventions 6.5.2.8 (SD of change and correlation)"
    )
    severity: str = CERTAIN
    inputs: str = "mean change with the means, and SDs, before and after in the same group"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each change that contradicts its levels."""
        tested = 0
        for row, change, sd in mean_changes(evidence):
            place = {"arm_id": row.arm_id, "concept": row.concept, "site": row.site}
            before = next(result_rows(evidence, "level", **place, timepoint_weeks=0.0), None)
            after = next(result_rows(evidence, "level", **place, timepoint_weeks=row.timepoint_weeks), None)
            if before is None or after is None or missing(row.timepoint_weeks):
                continue
            pairs = [(evidence.figure(r, "mean"), evidence.figure(r, "sd")) for r in (before, after)]
            (m0, s0), (m1, s1) = pairs
            if m0 and m1:
                tested += 1
                same_n = len({int(r.n) for r in (row, before, after) if not missing(r.n)}) == 1
                same_n = same_n and not any(missing(r.n) for r in (row, before, after))
                yield from self._mean(row, change, m0, m1, same_n)
                if sd and s0 and s1:
                    yield from self._sd(row, sd, s0, s1, same_n)
        if not tested:
            raise NotApplicable("no mean change beside the means before and after")

    def _mean(self, row, change, m0, m1, same_n: bool) -> Iterator[Hit]:
        expected = m1.value - m0.value
        room = [(f.interval(wide)[1] - f.value) for wide in (False, True) for f in (change, m0, m1)]
        if abs(change.value - expected) > sum(room[:3]):
            certain = same_n and abs(change.value - expected) > sum(room[3:])
            yield Hit(
                statement=f"The mean change in {label(row.concept)} is not the difference of the means "
                "before and "
                f"after ({row.arm_id}).",
                arithmetic=f"{tidy(m1.value)} - {tidy(m0.value)} = {tidy(expected)}, printed "
                f"{tidy(change.value)}",
                quantity_ids=(change.quantity_id, m0.quantity_id, m1.quantity_id),
                concepts=(row.concept,),
                severity=CERTAIN if certain else LIKELY,
            )

    def _sd(self, row, sd, s0, s1, same_n: bool) -> Iterator[Hit]:
        def fits(wide: bool) -> bool:
            (a, b), (c, d), (low, high) = (figure.interval(wide) for figure in (s0, s1, sd))
            return high >= max(a - d, c - b, 0) and low <= b + d

        if not fits(False):
            r = (s0.value**2 + s1.value**2 - sd.value**2) / max(2 * s0.value * s1.value, 1e-12)
            yield Hit(
                statement="No correlation between before and after gives the SD of change in "
                f"{label(row.concept)}.",
                arithmetic=f"({tidy(s0.value)}² + {tidy(s1.value)}² - {tidy(sd.value)}²) / (2 x "
                f"{tidy(s0.value)} x "
                f"{tidy(s1.value)}) = {r:.2f}, outside -1 to 1",
                quantity_ids=(sd.quantity_id, s0.quantity_id, s1.quantity_id),
                concepts=(row.concept,),
                severity=CERTAIN if same_n and not fits(True) else LIKELY,
            )


CHANGE_CHANCE = 0.025  # of each side of the 95 % interval of a standardised change


@dataclass(frozen=True)
class ImplausibleChange(Rule):
    """A standardised mean change beyond what the arms of comparators show.

    The limit is the largest change, in SDs of change, of any comparator arm that states both, of the same
    outcome where there is one. A study is named when the whole 95 % interval of its own standardised
    change, rounding included, lies above that limit.
    """

    name: str = "implausible-change"
    source: str = (
        "Morris SB, DeShon RP. Psychol Methods 2002;7:105-125 (standardised mean change); Steiger JH. "
        "Psychol Methods 2004;9:164-182 (its exact interval, by the noncentral t); limit from the table "
        "comparators"
    )
    severity: str = LIKELY
    inputs: str = "mean change with its SD, beside comparator arms with theirs"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each mean change that lies beyond all comparators."""
        changes = [item for item in mean_changes(evidence) if item[2] is not None and item[2].value > 0]
        if not changes:
            raise NotApplicable("no mean change with its SD")
        arms = standardised_comparators(evidence.comparators)
        if arms.empty:
            raise NotApplicable("no comparator arm with a mean change and its SD")
        for row, change, sd in changes:
            alike = arms[arms["concept"] == row.concept]
            beside = arms if alike.empty else alike
            n = int(row.n) if not missing(row.n) else evidence.count("n_analysed", "n_enrolled")
            least = smallest_change(change, sd, n)
            if least > beside["standardised"].max():
                yield _hit(row, change, sd, n, least, beside)


def standardised_comparators(comparators: pd.DataFrame) -> pd.DataFrame:
    """Return the comparator arms that state a mean change and its SD, with the ratio as `standardised`.

    Parameters
    ----------
    comparators : pandas.DataFrame
        Rows of the table `comparators`.

    Returns
    -------
    pandas.DataFrame
        Those rows, the largest ratio last, equal ones by their name.

    """
    changes = comparators[(comparators["statistic"] == "change") & (comparators["change_sd"] > 0)]
    sizes = (changes["change_mean"] / changes["change_sd"]).abs()
    return changes.assign(standardised=sizes).sort_values(["standardised", "row_id"])


def smallest_change(change: PrintedFigure, sd: PrintedFigure, n: int | None) -> float:
    """Return the lower limit of a standardised mean change, in SDs of change.

    Parameters
    ----------
    change, sd : PrintedFigure
        The mean change and its SD; the rounding that gives the smallest ratio is taken.
    n : int or None
        Participants; with fewer than two, or None, the ratio itself is returned, without an interval.

    Returns
    -------
    float
        Lower 95 % limit by the noncentral t distribution, never below 0.

    """
    ratio = max(abs(change.value) - change.unit / 2, 0) / sd.high
    if n is None or n < 2 or ratio == 0:
        return ratio
    t = ratio * math.sqrt(n)

    def beyond(shift: float) -> float:
        return float(stats.nct.sf(t, n - 1, shift)) - CHANGE_CHANCE

    return 0.0 if beyond(0.0) > 0 else optimize.brentq(beyond, 0.0, t) / math.sqrt(n)


def _hit(row, change, sd, n: int | None, least: float, beside: pd.DataFrame) -> Hit:
    top, low = beside.iloc[-1], beside["standardised"].iloc[0]
    counted = "the number of participants is not stated" if n is None else f"n = {n}"
    as_se = ""
    if n:
        spread, rest = tidy(sd.value * math.sqrt(n)), change.value / sd.value / math.sqrt(n)
        as_se = f"; were it an SE of {n} people, the SD would be {spread} and the ratio {rest:.2f}"
    return Hit(
        statement=f"The change in {label(row.concept)} ({row.arm_id}) is so even over patients that, in its "
        f"standard deviations, it exceeds that of each of {len(beside)} arms of other treatments and "
        "placebo; an SE printed as SD would look like this.",
        arithmetic=f"{tidy(change.value)} / {tidy(sd.value)} = {change.value / sd.value:.2f}; at least "
        f"{least:.2f} ({counted}, 95 % limit, rounding included); comparators {low:.2f} to "
        f"{top['standardised']:.2f}, the largest {top['study_id']} ({top['treatment']}, "
        f"{tidy(top['change_mean'])} / {tidy(top['change_sd'])}){as_se}",
        quantity_ids=(change.quantity_id, sd.quantity_id),
        concepts=(row.concept,),
    )
