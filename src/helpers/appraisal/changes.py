"""Mean changes against levels, extremes and other arms; differences, intervals and statistics against p."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from typing import Any

import numpy as np
import scipy
from scipy.special import chdtrc, fdtrc, ndtr, stdtr

from helpers.appraisal.evidence import TESTED, Hit, PrintedFigure, StudyEvidence, covers, needed, tails, tidy
from helpers.appraisal.p_values import RANKS, test_family

_STATISTIC = re.compile(
    r"\b(?P<kind>t|F|z|χ2|χ²|chi2|chi-squared?)\s*(?:\((?P<free>[\d.,\s]+)\)\s*)?=\s*[-−]?(?P<x>\d+(?:\.\d+)?)",
    re.IGNORECASE,
)
_NOT_OF_MEANS = re.compile("adjust|covari|ancova|model|least|regress|mixed", re.IGNORECASE)
_PERCENT = "percent of baseline"
_RATIOS = ("RR", "OR")
CHANGE_CHANCE = 0.025  # of each side of the 95 % interval of a standardised change
_ORDER = (("minimum", "q1", "median", "q3", "maximum"), ("ci_lower", "mean", "ci_upper"))
_LIMITS = dict(q1="lower quartile", q3="upper quartile", ci_lower="lower limit", ci_upper="upper limit")
# How many degrees of freedom a statistic has, and its two-sided p; else it is one of chi squared.
_DISTRIBUTIONS: dict[str, tuple[int, Callable[..., float]]] = {
    "z": (0, lambda z: 2 * ndtr(-z)),
    "t": (1, lambda df, t: 2 * stdtr(df, -t)),
    "f": (2, fdtrc),
}
_NARROWEST, _WIDEST = 0.8, 0.999  # levels of an interval whose level is not stated
Changed = tuple[Any, PrintedFigure, PrintedFigure | None]


def mean_changes(evidence: StudyEvidence) -> list[Changed]:
    """Return the rows of mean change with their printed mean and, where stated, SD."""
    rows = evidence.printed(evidence.results_where(kind="change"), "mean")
    return [(row, mean, evidence.figure(row, "sd")) for row, mean in rows]


def _room(*figures: PrintedFigure, wide: bool = False) -> float:
    """Return by how much a sum of figures may be off by rounding."""
    return sum(figure.interval(wide)[1] - figure.value for figure in figures)


def change_of_levels(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each mean change that is not the difference of its levels, and each SD no correlation gives."""
    for row, change, sd in mean_changes(evidence):
        place = {"kind": "level", "arm_id": row.arm_id, "concept": row.concept, "site": row.site}
        times = 0.0, row.timepoint_weeks
        levels = [evidence.results_where(**place, timepoint_weeks=week) for week in times]
        if not all(levels) or _NOT_OF_MEANS.search(row.note or ""):
            continue
        before, after = (rows[0] for rows in levels)
        (m0, s0), (m1, s1) = [(evidence.figure(r, "mean"), evidence.figure(r, "sd")) for r in (before, after)]
        one_person = evidence.is_case
        if not m0 or not m1 or (row.unit == _PERCENT and not (one_person and m0.low > 0)):
            continue  # the mean of percentages is not that of the means
        yield TESTED
        sizes = {row.n, before.n, after.n}
        other_people = not one_person and len(sizes) > 1 and None not in sizes  # so that it need not be
        same_n = one_person or (len(sizes) == 1 and None not in sizes)
        weight = "certain" if same_n else "minor" if other_people else "doubtful"
        yield from _not_of_levels(row, change, m0, m1, weight)
        if sd and s0 and s1:
            yield from _no_correlation(row, sd, s0, s1, weight)


def _not_of_levels(
    row: Any, change: PrintedFigure, m0: PrintedFigure, m1: PrintedFigure, weight: str
) -> Iterator[Hit]:
    """Yield a mean change, or one of one person in percent, that the values before and after do not give."""
    if row.unit == _PERCENT:
        (a, b), (c, d), (low, high) = (figure.interval(wide=True) for figure in (m0, m1, change))
        fits = high >= 100 * (c / b - 1) and low <= 100 * (d / max(a, 1e-9) - 1)
        arithmetic = f"({m1} - {m0}) / {m0} = {tidy(100 * (m1.value / m0.value - 1))} %, printed {change} %"
    else:
        off = abs(change.value - m1.value + m0.value)
        fits = off <= _room(change, m0, m1)
        weight = "doubtful" if weight == "certain" and off <= _room(change, m0, m1, wide=True) else weight
        arithmetic = f"{m1} - {m0} = {tidy(m1.value - m0.value)}, printed {change}"
    if not fits:
        yield Hit(arithmetic, (change, m0, m1), (row.concept,), weight, "mean", {"arm": row.arm_id})


def _no_correlation(
    row: Any, sd: PrintedFigure, s0: PrintedFigure, s1: PrintedFigure, weight: str
) -> Iterator[Hit]:
    def fits(wide: bool) -> bool:
        (a, b), (c, d), (low, high) = (figure.interval(wide) for figure in (s0, s1, sd))
        return high >= max(a - d, c - b) and low <= b + d

    if not fits(wide=False):
        r = (s0.value**2 + s1.value**2 - sd.value**2) / max(2 * s0.value * s1.value, 1e-12)
        arithmetic = f"({s0}² + {s1}² - {sd}²) / (2 x {s0} x {s1}) = {r:.2f}, outside -1 to 1"
        weight = "doubtful" if weight == "certain" and fits(wide=True) else weight
        yield Hit(arithmetic, (sd, s0, s1), (row.concept,), weight, "SD")


def change_of_extremes(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield a mean change outside the changes of the extremes at baseline, and an SD too large for them."""
    for row, change, sd in mean_changes(evidence):
        pairs = _extremes(evidence, row)
        if len(pairs) < 2:
            continue
        yield TESTED
        gaps = [after.value - before.value for before, after in pairs]
        low, high = min(gaps), max(gaps)
        told = zip(pairs, gaps, strict=True)
        changes = "; ".join(f"{before} to {after} is {tidy(gap)}" for (before, after), gap in told)
        figures = [figure for pair in pairs for figure in pair]
        if not low < change.value < high and not (low == change.value == high):
            outside = change.low > high or change.high < low
            case, weight = ("outside", "doubtful") if outside else ("at an end", "minor")
            yield Hit(f"mean change {change}; {changes}", (change, *figures), (row.concept,), weight, case)
        n = evidence.people(row.n) or 2
        largest = (high - low) / 2 * math.sqrt(n / (n - 1)) if n > 1 else 0.0
        if sd is not None and sd.low > largest:
            low_, high_ = tidy(low), tidy(high)
            arithmetic = (
                f"{changes}; largest SD between {low_} and {high_} with n = {n}: "
                f"({high_} - {low_}) / 2 x sqrt({n}/{n - 1}) = {largest:.2f}, printed {sd}"
            )
            yield Hit(arithmetic, (sd, *figures), (row.concept,), case="SD")


def _extremes(evidence: StudyEvidence, row: Any) -> list[tuple[PrintedFigure, PrintedFigure]]:
    """Return before and after of each subgroup that starts at an end of the baseline range."""
    place = {"kind": "level", "arm_id": row.arm_id, "concept": row.concept}
    base = evidence.results_where(**place, timepoint_weeks=0.0)
    figures = [evidence.figure(r, end) for r in base for end in ("minimum", "maximum")]
    ends = {figure.value for figure in figures if figure}
    pairs = []
    for start in base:
        first = evidence.figure(start, "mean")
        later = evidence.results_where(**place, site=start.site, timepoint_weeks=row.timepoint_weeks)
        last = next((figure for r in later if (figure := evidence.figure(r, "mean"))), None)
        if first and last and first.value in ends and start.sd is None:
            pairs.append((first, last))
    return pairs


def implausible_change(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each standardised mean change beyond what the arms of comparators show.

    The limit is the largest change, in SDs of change, of any comparator arm that states both, of the same
    outcome where there is one. A study is named when the whole 95 % interval of its own standardised
    change, rounding included, lies above that limit.
    """
    changes = [(row, mean, sd) for row, mean, sd in mean_changes(evidence) if sd is not None and sd.value > 0]
    needed(changes, "no mean change with its SD")
    arms = evidence.comparators.query("statistic == 'change' and change_sd > 0")
    needed(arms, "no comparator arm with a mean change and its SD")
    arms = arms.assign(standardised=(arms["change_mean"] / arms["change_sd"]).abs())
    arms = arms.sort_values(["standardised", "row_id"])
    for row, change, sd in changes:
        alike = arms[arms["concept"] == row.concept]
        others = arms if alike.empty else alike
        n, top, ratio = evidence.people(row.n), others.iloc[-1], change.value / sd.value
        least = smallest_change(change, sd, n)
        if least <= others["standardised"].max():
            continue
        size = "the number of participants is not stated" if n is None else f"n = {n}"
        arithmetic = (
            f"{change} / {sd} = {ratio:.2f}; at least {least:.2f} ({size}, 95 % limit, rounding included); "
            f"comparators {others['standardised'].iloc[0]:.2f} to {top['standardised']:.2f}, the largest "
            f"{top['study_id']} ({top['treatment']}, {tidy(top['change_mean'])} / {tidy(top['change_sd'])})"
        )
        if n:
            spread = tidy(sd.value * math.sqrt(n))
            arithmetic += f"; were it an SE of {n} people, the SD would be {spread} and the ratio "
            arithmetic += f"{ratio / math.sqrt(n):.2f}"
        words = {"arm": row.arm_id, "arms": len(others)}
        yield Hit(arithmetic, (change, sd), (row.concept,), words=words)


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
        return float(scipy.stats.nct.sf(t, n - 1, shift)) - CHANGE_CHANCE

    return 0.0 if beyond(0.0) > 0 else scipy.optimize.brentq(beyond, 0.0, t) / math.sqrt(n)


def value_pairs(
    evidence: StudyEvidence, concept: str | None = None
) -> list[tuple[Any, PrintedFigure, PrintedFigure]]:
    """Return the row, the figure before and the figure after of each arm, outcome and site."""
    rows = [row for row in evidence.results_where(kind="level") if concept in (None, row.concept)]
    valued = [(row, evidence.figure(row, "mean") or evidence.figure(row, "percent")) for row in rows]
    return [
        (row, before, after)
        for (row, before), (later, after) in product(valued, valued)
        if before and after and row.timepoint_weeks == 0
        and (later.timepoint_weeks is None or later.timepoint_weeks > 0)
        and (later.arm_id, later.concept, later.site) == (row.arm_id, row.concept, row.site)
    ]  # fmt: skip


def no_change(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each pair of values that does not move although another pair of the outcome does."""
    pairs = value_pairs(evidence)
    needed(len(pairs) > 1, "fewer than two pairs of the same outcome before and after")
    for row, before, after in pairs:
        moved = [r for r, b, a in pairs if r.concept == row.concept and a.value != b.value]
        claimed = evidence.statements_on("every_pair", row.concept)  # every_pair speaks of these
        if before.value == after.value and moved and not claimed:
            pairs_moved = f"{len(moved)} other {'pairs' if len(moved) > 1 else 'pair'}"
            words = {"arm": row.arm_id, "site": row.site, "others": pairs_moved}
            yield Hit(f"{after} - {before} = 0", (before, after), (row.concept,), words=words)


def every_pair(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each movement claimed for all pairs of values of which one did not move that way."""
    claims = [(row, value_pairs(evidence, row.about)) for row in evidence.statements_on("every_pair")]
    needed(any(pairs for _, pairs in claims), "no direction is claimed for every pair of values")
    for row, pairs in claims:
        sign = -1 if row.says == "lower" else 1
        against = [pair for pair in pairs if (pair[2].value - pair[1].value) * sign <= 0]
        if against:
            told = (f"{row.arm_id}, {row.site}: {before} to {after}" for row, before, after in against)
            arithmetic = "; ".join(told)
            figures = [figure for _, *pair in against for figure in pair]
            words = {"says": row.says, "against": len(against), "pairs": len(pairs)}
            yield Hit(arithmetic, (*figures, row), (row.about,), words=words)


def order_of_values(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each median outside its quartiles, and each estimate outside its own interval."""
    rows = [(row, names) for row in evidence.results_where() for names in _ORDER]
    rows += [(row, ("ci_lower", "effect", "ci_upper")) for row in evidence.contrasts]
    found = [(row, [(n, f) for n in names if (f := evidence.figure(row, n))]) for row, names in rows]
    for row, named in needed([pair for pair in found if len(pair[1]) > 1], "no value beside its limits"):
        for (low, first), (high, second) in pairwise(named):
            if first.interval(True)[0] > second.interval(True)[1]:
                told = {"low": _LIMITS.get(low, low), "high": _LIMITS.get(high, high)}
                yield Hit(f"{first} > {second}", [f for _, f in named], (row.concept,), words=told)
                break


def interval_and_error(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each interval that no level of confidence gives with its standard error, or its SD and n."""
    rows = (*evidence.results_where(), *evidence.contrasts)
    for row, low, high, error in evidence.printed(rows, "ci_lower", "ci_upper", "se"):
        people = evidence.people(row.n)
        if people is None or people <= 2:
            continue
        yield TESTED
        ratio = row.measure in _RATIOS and min(low.low, high.low) > 0
        of = math.log if ratio else float
        ends = [of(end) for end in (low.low, low.high, high.low, high.high)]
        least, most = (ends[2] - ends[1]) / 2 / error.high, (ends[3] - ends[0]) / 2 / max(error.low, 1e-9)
        level = row.ci_level and row.ci_level / 100
        narrow = scipy.stats.norm.ppf((1 + (level or _NARROWEST)) / 2)
        wide = scipy.stats.t.ppf((1 + (level or _WIDEST)) / 2, 2)
        if most < narrow * 0.99 or least > wide:
            half, ln = (of(high.value) - of(low.value)) / 2, "ln " if ratio else ""
            arithmetic = f"({ln}{high} - {ln}{low}) / 2 = {tidy(half)}"
            arithmetic += f", {tidy(half / error.value)} standard errors" if error.value else ", no multiple"
            yield Hit(f"{arithmetic} of {error}", (error, low, high), (row.concept,))


def interval_and_p(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each p value that the interval printed beside it does not give, one-sided tests included."""
    for row, low, high, p in evidence.printed(evidence.contrasts, "ci_lower", "ci_upper", "p_value"):
        named = row.p_value_test or ""
        if test_family(named or "t") in ("", RANKS) or low.value >= high.value:
            continue
        yield TESTED
        ratio = row.measure in _RATIOS
        if row.measure not in ("MD", "SMD", "RD", *_RATIOS) or (ratio and low.low <= 0):
            continue
        level = 0.95 if row.ci_level is None else row.ci_level / 100
        # Some were lost: degrees of freedom are those of half of the people, or without end.
        people = evidence.people(row.n)
        free = np.array([max(people / 2 - 2, 2) if people else 2, np.inf])
        ps = [_p_of_interval(a, b, level, free, ratio) for a, b in product(low.interval(), high.interval())]
        least, most = np.min(ps), np.max(ps)
        if not any(covers(p, start * 0.9, end * 1.1, wide=True) for start, end in tails(least, most)):
            arithmetic = f"{tidy(100 * level)} % interval {low} to {high}: p = {least:.2g} to {most:.2g}; "
            arithmetic += f"printed {p.token}"
            # Unnamed, the p value may be that of ranks, or of all groups.
            certain = named and evidence.arms["arm_id"].nunique() == 2
            words = {"doubt": "" if certain else ", unless the p value is that of another test"}
            weight = "certain" if certain else "doubtful"
            yield Hit(arithmetic, (p, low, high), (row.concept,), weight, words=words)


def _p_of_interval(low: float, high: float, level: float, free: np.ndarray, ratio: bool) -> np.ndarray:
    """Return the two-sided p of no effect by an interval, for some degrees of freedom."""
    low, high = (math.log(low), math.log(high)) if ratio else (low, high)
    error = (high - low) / 2 / scipy.stats.t.ppf((1 + level) / 2, free)
    return 2 * scipy.stats.t.sf(abs(high + low) / 2 / error, free)


def difference_of_means(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each difference of means that is not that of the means printed, unless it was adjusted."""
    rows = [row for row in evidence.contrasts if row.measure == "MD"]
    for row, effect in evidence.printed(rows, "effect"):
        told = " ".join(filter(None, (row.p_value_test, row.note)))
        pairs = [evidence.compared(row, kind) or () for kind in ("change", "level")]
        same_unit = row.unit is None or all(r.unit == row.unit for pair in pairs for r in pair)
        means = [[f for r in pair if (f := evidence.figure(r, "mean"))] for pair in pairs]
        both = [pair for pair in means if len(pair) == 2]
        if _NOT_OF_MEANS.search(told) or not same_unit or not both:
            continue
        yield TESTED
        gaps = [(one.value - other.value, _room(effect, one, other, wide=True)) for one, other in both]
        fits = any(min(abs(effect.value - gap), abs(effect.value + gap)) <= room for gap, room in gaps)
        # Levels alone leave open a difference of changes; nothing said leaves an adjustment open.
        if len(means[0]) == 2 and not fits:
            first, second = means[0]
            arithmetic = f"{first} - {second} = {tidy(gaps[0][0])}, printed {effect}"
            yield Hit(arithmetic, (effect, first, second), (row.concept,), "certain" if told else "doubtful")


def statistic_and_p(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each p value that the statistic printed with it does not give, one-sided tests included."""
    rows = [row for row in evidence.quantities_of(kind="p_value") if row.value is not None]
    found = [(row, said) for row in rows if (said := _STATISTIC.search(row.printed))]
    for row, said in needed(found, "no test statistic beside its p value"):
        p, value = PrintedFigure.of(row), float(said["x"])
        unit = 10.0 ** -len(said["x"].partition(".")[2])
        kind, free = said["kind"].lower(), [float(part) for part in re.findall(r"[\d.]+", said["free"] or "")]
        parameters, p_of = _DISTRIBUTIONS.get(kind, (1, chdtrc))
        if len(free) != parameters:
            continue
        low, high = sorted(p_of(*free, end) for end in (max(value - unit, 0.0), value + unit))
        tried = tails(low, high)[: 3 if kind in "tz" else 1]
        if not any(covers(p, *side, wide=True) for side in tried):
            yield Hit(f"{said[0].strip()}: p = {low:.2g} to {high:.2g}, printed {p}", (row,), (row.concept,))
