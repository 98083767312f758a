"""P values recomputed from printed means, SDs and group sizes, and p values that nobody owns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from scipy import stats
from scipy.special import fdtrc, gammaln, ndtr, stdtr

from helpers.appraisal.evidence import PrintedFigure, StudyEvidence, each_row, missing
from helpers.appraisal.rules import CERTAIN, LIKELY, MINOR, Hit, NotApplicable
from helpers.tables.vocabulary import TOPICS, label

_STEPS = 5  # values tried between the ends of an SD's rounding interval, for the degrees of freedom of Welch
_TOLERANCE = 1e-9
_ANOTHER_VISIT = re.compile(r"\b(?:day|week|month|visit|session)s?\b")
_LARGEST = 1000  # size up to which a group is tried of which nothing is known
# Correlations of before and after that are tried; the largest printed for hair counts is 0.99, and few people
# can have a negative one by chance.
CORRELATIONS = np.linspace(-0.99, 0.99, 199)
# Families of tests, as a source states them (topic statistical_test).
T_TEST, PAIRED, RANKS, ADJUSTED = TOPICS["statistical_test"].answers
Pair = tuple[Any, Any]


@dataclass(frozen=True)
class Group:
    """A printed mean and SD."""

    mean: PrintedFigure
    sd: PrintedFigure

    def __str__(self) -> str:
        return f"{self.mean} ± {self.sd}"


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
    before: Group, after: Group, p: PrintedFigure, n: np.ndarray, wide: bool = False, sides: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest pre-post correlation that gives p in a paired t test of n people.

    The SD of change follows from t, and the correlation from the three SDs. An interval outside -1 to 1
    means that no correlation gives it.
    """
    n = np.asarray(n, float)
    p_low, p_high = printed_interval(p, wide)
    small, large = difference(before, after, wide)
    change_low = _sd_of_change(small, p_low / sides, n)
    change_high = _sd_of_change(large, p_high / sides, n)
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
    """Return the SD of change of a mean change and its one-sided p; a p of 0 has no smallest SD above 0."""
    t = stats.t.isf(chance, n - 1) if chance > 0 else np.full(n.shape, np.inf)
    return gap * np.sqrt(n) / np.maximum(t, 1e-9)


def _correlation(s0: float | np.ndarray, s1: float | np.ndarray, change: np.ndarray) -> np.ndarray:
    return (s0**2 + s1**2 - change**2) / (2 * s0 * s1)


def _leg(hypotenuse: float, other: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(hypotenuse**2 - other**2, 0))


def _sd_ends(group: Group, wide: bool) -> tuple[float, float]:
    low, high = group.sd.interval(wide)
    return max(low, 1e-6), high


def adjusted_p(
    after: Pair, before: Pair, n1: np.ndarray, n2: np.ndarray, covariance: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest two-sided p of a comparison of two groups that uses their baseline.

    Parameters
    ----------
    after, before : pair of Group
        Printed means and SDs of both groups.
    n1, n2 : array of int
        Group sizes.
    covariance : bool
        Analysis of covariance, whose slope follows from the correlation, or a t test of the changes.

    Returns
    -------
    tuple of array
        A row for each pair of sizes, a column for each of `CORRELATIONS`.

    """
    n1, n2 = (np.asarray(n, float)[:, None] for n in (n1, n2))
    r, people, weight = CORRELATIONS[None, :], n1 + n2, 1 / n1 + 1 / n2
    late, early = (_pooled_sds(groups, n1, n2) for groups in (after, before))
    slope = r * late[1] / early[1] if covariance else np.ones_like(r * n1)
    gaps, starts = (_signed_difference(*groups) for groups in (after, before))
    corners = np.array([gap - slope * start for gap in gaps for start in starts])
    least = np.where((corners.min(0) <= 0) & (corners.max(0) >= 0), 0, np.abs(corners).min(0))
    if covariance:
        freedom = np.maximum(people - 3, 1)
        weight = (weight + np.mean(starts) ** 2 / (people - 2) / early[1] ** 2) * (people - 2) / freedom
        squares = [sd**2 * (1 - r**2) for sd in late]
    else:
        freedom = people - 2
        squares = [b**2 + a**2 - 2 * r * a * b for b, a in zip(late, early, strict=True)]
    errors = np.sqrt(np.maximum(squares, 1e-300) * weight)
    return (
        2 * stdtr(freedom, -np.abs(corners).max(0) / errors.min(0)),
        2 * stdtr(freedom, -least / errors.max(0)),
    )


def _pooled_sds(groups: Pair, n1: np.ndarray, n2: np.ndarray) -> list[np.ndarray]:
    """Return the pooled SD of two groups: smallest, as printed, and largest within rounding."""
    limits = [_sd_ends(group, False) for group in groups]
    sds = [(low, group.sd.value, high) for (low, high), group in zip(limits, groups, strict=True)]
    return [
        np.sqrt(((n1 - 1) * a**2 + (n2 - 1) * b**2) / (n1 + n2 - 2)) + _TOLERANCE
        for a, b in zip(*sds, strict=True)
    ]


def _signed_difference(first: Group, second: Group) -> tuple[float, float]:
    return first.mean.low - second.mean.high, first.mean.high - second.mean.low


def rank_sum_p(first: Group, second: Group, n1: np.ndarray, n2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest p that a Mann-Whitney test can have beside two means and SDs.

    The smallest is that of groups that do not overlap, one-sided. Means that lie far apart leave few pairs
    of people in the other order (Cantelli's inequality), which bounds the largest.
    """
    n1, n2 = np.asarray(n1, float), np.asarray(n2, float)
    deviation = np.sqrt(n1 * n2 * (n1 + n2 + 1) / 12)
    exact = np.exp(gammaln(n1 + 1) + gammaln(n2 + 1) - gammaln(n1 + n2 + 1))
    smallest = np.minimum(exact, ndtr(-n1 * n2 / 2 / deviation))
    gap, _ = difference(first, second)
    cuts = np.linspace(0, gap, 41)
    sides = ((cuts, _sd_ends(first, False)[1]), (gap - cuts, _sd_ends(second, False)[1]))
    within = [part**2 / (part**2 + sd**2) for part, sd in sides]
    ordered = float(np.max(within[0] * within[1]))  # least share of pairs in the order of the means
    return smallest, 2 * ndtr(-max(ordered - 0.5, 0) * n1 * n2 / deviation)


def variance_p(groups: Sequence[Group], sizes: Sequence[int]) -> tuple[float, float]:
    """Return the smallest and largest p of a one-way analysis of variance of printed means and SDs."""
    n = np.array(sizes, float)
    ends = np.array([(group.mean.low, group.mean.high) for group in groups])
    far = np.array(
        list(product(*ends))
    )  # the squares between groups are largest where means are at their limits
    near = np.clip(np.linspace(ends.min(), ends.max(), 201)[:, None], *ends.T)
    least, most = (
        float(extreme((means - (means @ n / n.sum())[:, None]) ** 2 @ n))
        for extreme, means in ((np.min, near), (np.max, far))
    )
    low, high = (float((n - 1) @ sds**2) for sds in np.array([_sd_ends(group, False) for group in groups]).T)
    k, freedom = len(groups) - 1, n.sum() - len(groups)
    return fdtrc(k, freedom, most / k / low * freedom), fdtrc(k, freedom, least / k / high * freedom)


def signed_rank_p(n: np.ndarray) -> np.ndarray:
    """Return the smallest p that a Wilcoxon signed-rank test of n pairs can have, one-sided."""
    n = np.asarray(n, float)
    return np.minimum(0.5**n, ndtr(-np.sqrt(3 * n * (n + 1) / (2 * (2 * n + 1)))))


def printed_interval(p: PrintedFigure, wide: bool = False) -> tuple[float, float]:
    """Return the limits of a printed p value; `< 0.05` is all below it, `> 0.05` all above."""
    low, high = p.interval(wide)
    low = 0.0 if re.search("[<≤]", p.token) else max(low, 0.0)
    return low, 1.0 if re.search("[>≥]", p.token) else min(high, 1.0)


def covers(p: PrintedFigure, low: np.ndarray, high: np.ndarray, wide: bool = False) -> np.ndarray:
    """Return where a recomputed interval of p meets the printed one."""
    start, end = printed_interval(p, wide)
    return (low <= end + _TOLERANCE) & (high >= start - _TOLERANCE)


class Way(NamedTuple):
    """A test that gives a printed p value: its family, what it compares, its name, what it needs."""

    family: str
    against: str
    test: str
    needs: str = ""


@dataclass
class Explanations:
    """The tests that give a printed p value.

    `ordinary` are two-sided t tests of the groups as the text states them; `honest` need what is not
    stated; `odd` need what hardly occurs.
    """

    ordinary: set[str] = field(default_factory=set)
    honest: list[Way] = field(default_factory=list)
    odd: list[Way] = field(default_factory=list)
    recomputed: list[str] = field(default_factory=list)

    def add(self, other: Explanations, as_said: bool) -> None:
        """Take over another reading; what it calls ordinary stays so only if the source says that reading."""
        self.honest += other.honest
        self.odd += other.odd
        self.recomputed += other.recomputed
        if as_said:
            self.ordinary |= other.ordinary

    def only(self, families: set[str]) -> Explanations:
        """Return the explanations by the tests that a source states; all where it states none."""
        if not families:
            return self
        honest, odd = ([way for way in ways if way.family in families] for ways in (self.honest, self.odd))
        return Explanations(self.ordinary & families, honest, odd, self.recomputed)


def p_value(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each p value that no ordinary test of the printed means and SDs gives, with the tests that do.

    Where a source does not state its test, every honest one is tried: Welch's, Student's, one-sided,
    paired, of changes, adjusted for baseline, by ranks; against baseline and against the other groups; with
    every size of a group that the text leaves open. Certain is only what none of them gives.
    """
    tested = 0
    for row in evidence.results_where(kind="level"):
        p, own = evidence.figure(row, "p_value"), _group(evidence, row)
        if p is None or own is None:
            continue
        compared, found = _readings(evidence, row, own, p)
        stated = {said.says for said in evidence.statements_on("statistical_test", row.concept)}
        found = found.only(stated)
        tested += bool(compared)
        if compared and not found.ordinary:
            yield _not_ordinary(row, p, [own, *compared], found, stated)
    if not tested:
        raise NotApplicable("no p value beside means and SDs that it could compare")


def _not_ordinary(
    row: Any, p: PrintedFigure, groups: list[Group], found: Explanations, stated: set[str]
) -> Hit:
    """Return what is to be said of a p value that no ordinary test gives."""
    token = p.token if p.token.lower().startswith("p") else f"p = {p.token}".replace("= <", "<")
    name = f"{token} beside the {label(row.concept)} of {row.arm_id}"
    ways = found.honest or found.odd
    by_reading: dict[str, list[Way]] = {}
    for way in ways:
        by_reading.setdefault(way.against, []).append(way)
    tests = [f"against {other}: {', '.join(way.test for way in part)}" for other, part in by_reading.items()]
    rests = "rests on what is not stated" if found.honest else "rests on what hardly occurs"
    arithmetic = [
        f"{groups[0]} against {' and against '.join(map(str, groups[1:]))}",
        *found.recomputed,
        f"test {' and '.join(sorted(stated)) or 'not stated'}",
        *(f"{way.test} against {way.against}{way.needs}" for way in ways if way.needs),
    ]
    return Hit(
        statement=f"{name} {rests}; these tests would give it: {'; '.join(tests)}."
        if ways
        else f"{name} cannot be: no test of the printed means and SDs gives it.",
        arithmetic="; ".join(arithmetic),
        quantity_ids=_names(p, *groups),
        concepts=(row.concept,),
        severity=MINOR if found.honest else LIKELY if ways else CERTAIN,
    )


def _readings(
    evidence: StudyEvidence, row: Any, own: Group, p: PrintedFigure
) -> tuple[list[Group], Explanations]:
    """Return the groups that a p value may compare its own with, and the tests of them that give it."""
    place = {"kind": "level", "concept": row.concept, "site": row.site}
    at_once = evidence.results_where(**place, timepoint_weeks=row.timepoint_weeks)
    said = "" if missing(row.p_value_against) else str(row.p_value_against).lower()
    baseline = "baseline" in said
    if _ANOTHER_VISIT.search(said) and not baseline:
        return [], Explanations()
    # A p value of one arm against baseline is none between arms; one that stands for a whole line may be.
    arms = evidence.quantities.set_index("quantity_id")["arm_id"]
    owned = baseline and not missing(arms.get(p.quantity_id))
    found, compared = Explanations(), []
    before = _at_baseline(evidence, row)
    if before and (baseline or not said):
        most = _stated_size(evidence, row) or evidence.people()
        if most and most > 1:
            sizes = np.array([most]) if not missing(row.n) else np.arange(2, most + 1)
            found.add(_paired(before, own, p, sizes, "baseline"), as_said=True)
            compared.append(before)
    groups = len({other.arm_id for other in at_once})
    for other_row in at_once:
        other = None if other_row.arm_id == row.arm_id or owned else _group(evidence, other_row)
        reading = _between(evidence, (row, other_row), (own, other), p, groups) if other else None
        if other and reading:
            found.add(reading, as_said=not baseline)
            compared.append(other)
    each = [_stated_size(evidence, other) for other in at_once]
    printed = [group for other in at_once if (group := _group(evidence, other))]
    if groups > 2 and not owned and all(each) and len(printed) == len(each) == groups:
        low, high = variance_p(printed, [size or 0 for size in each])
        if covers(p, np.array(low), np.array(high)):
            whole = Explanations({T_TEST}, [Way(T_TEST, "all groups", "analysis of variance")])
            found.add(whole, as_said=not baseline)
    return compared, found


def _group(evidence: StudyEvidence, row: Any) -> Group | None:
    mean, sd = evidence.figure(row, "mean"), evidence.figure(row, "sd")
    return Group(mean, sd) if mean and sd else None


def _at_baseline(evidence: StudyEvidence, row: Any) -> Group | None:
    """Return the group of a later result before treatment, where its mean and SD are printed."""
    place = {"kind": "level", "concept": row.concept, "site": row.site, "arm_id": row.arm_id}
    rows = evidence.results_where(**place, timepoint_weeks=0.0)
    groups = (_group(evidence, other) for other in rows if other.result_id != row.result_id)
    return next((group for group in groups if group), None)


def _stated_size(evidence: StudyEvidence, row: Any) -> int | None:
    """Return the size of a result's group: its own, or that of its arm."""
    arms = evidence.arms.loc[evidence.arms["arm_id"] == row.arm_id, "n"].dropna()
    return int(row.n) if not missing(row.n) else int(arms.iloc[0]) if len(arms) else None


def _pairs_of_sizes(evidence: StudyEvidence, rows: Pair) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return the sizes that two groups can have, in pairs, and which of these the text says.

    Two groups share the people of their study, of whom some may be lost. A study of one group by its own
    account treated all its people: the other group, of which it says nothing, may have any size.
    """
    total, sizes = evidence.people(), [_stated_size(evidence, row) for row in rows]
    alone = evidence.study.get("comparison") == "single_arm"
    if alone and total:
        treated = evidence.arms.set_index("arm_id")["role"].isin(("exosome", "exosome_combination", "active"))
        whole = [total if treated.get(row.arm_id) else None for row in rows]
        sizes = [size or all_people for size, all_people in zip(sizes, whole, strict=True)]
    if not any((*sizes, total)):
        return None
    most = _LARGEST if alone or not total else total - 2
    span = np.unique(np.geomspace(2, max(most, 2), 400).round())
    n1, n2 = (grid.ravel() for grid in np.meshgrid(*(np.array([size]) if size else span for size in sizes)))
    if min(n1.max(), n2.max()) < 2:
        return None  # one person has no SD
    if alone or not total or all(sizes):
        return n1, n2, np.full(n1.shape, all(sizes) and not alone)
    kept = n1 + n2 <= total
    return n1[kept], n2[kept], (n1 + n2 == total)[kept]


def _between(
    evidence: StudyEvidence, rows: Pair, groups: Pair, p: PrintedFigure, arms: int
) -> Explanations | None:
    """Return the tests of two of the arms that give a p value; None where nothing is known of sizes."""
    against = str(rows[1].arm_id)
    if evidence.study.get("comparison") == "within_person":
        most = _stated_size(evidence, rows[0]) or evidence.people()
        if not most or most < 2:
            return None
        found = _paired(groups[1], groups[0], p, np.array([most]), against)
        before = [_at_baseline(evidence, row) for row in rows]
        if rows[0].timepoint_weeks != 0 and covers(p, np.array(0), _paired_changes_p(groups, before, most)):
            found.honest.append(Way(PAIRED, against, "paired t test of the changes"))
        return found
    sizes = _pairs_of_sizes(evidence, rows)
    if sizes is None:
        return None
    n1, n2, as_said = sizes
    found = Explanations()

    def note(ways: list[Way], family: str, test: str, fits: np.ndarray, needs: str = "") -> None:
        if fits.any():
            people = "" if as_said[fits].any() else _people(n1[fits], n2[fits])
            ways.append(Way(family, against, test, people + needs))

    for name, welch in (("Welch's t test", True), ("Student's t test", False)):
        low, high = two_sample_p(*groups, n1, n2, welch)
        fits = covers(p, low, high)
        if as_said.any():
            found.ordinary |= {T_TEST} if (fits & as_said).any() else set()
            found.recomputed.append(f"{name} {low[as_said].min():.3g} to {high[as_said].max():.3g}")
        note(found.honest, T_TEST, name, fits)
        one_sided = covers(p, low / 2, high / 2) | covers(p, 1 - high / 2, 1 - low / 2)
        note(found.honest, T_TEST, f"one-sided {name}", one_sided)
        if arms > 2:  # from unadjusted to Bonferroni's; an analysis of variance of all is another honest one
            several = covers(p, low, np.minimum(high * arms * (arms - 1) / 2, 1))
            note(found.honest, T_TEST, f"{name} adjusted for several comparisons", several)
        cut = covers(p, *two_sample_p(*groups, n1, n2, welch, wide=True), wide=True)
        note(found.odd, T_TEST, name, cut, " of figures with digits cut off")
    note(found.honest, RANKS, "Mann-Whitney test", covers(p, *rank_sum_p(*groups, n1, n2)))
    if rows[0].timepoint_weeks != 0:
        before = [_at_baseline(evidence, row) for row in rows]
        for family, name, fits, needs in _with_baseline(p, groups, before, (n1, n2)):
            note(found.honest, family, name, fits, needs)
    return found


def _paired_changes_p(after: Pair, before: list, n: int) -> np.ndarray:
    """Return the largest p of a paired test of changes: that of the largest SD that four SDs allow."""
    if not all(before):
        return np.array(1.0)
    (low, high), (start, end) = _signed_difference(*after), _signed_difference(*before)
    least = 0.0 if low - end <= 0 <= high - start else min(abs(low - end), abs(high - start))
    spread = sum(_sd_ends(group, False)[1] for group in (*after, *before))
    return np.array(2 * stdtr(n - 1, -least * math.sqrt(n) / spread))


def _with_baseline(p: PrintedFigure, after: Pair, before: list, sizes: Pair) -> Iterator[tuple]:
    """Yield the tests that use values at baseline, with the sizes that give p and what they need besides."""
    if not all(before):  # what is not printed can be any
        yield ADJUSTED, "analysis of covariance", sizes[0] > 1, " and a baseline that is not printed"
        return
    for family, name in ((ADJUSTED, "analysis of covariance"), (T_TEST, "t test of the changes")):
        low, high = adjusted_p(after, (before[0], before[1]), *sizes, covariance=family == ADJUSTED)
        # p moves evenly with the correlation: between two neighbours it takes every value between theirs
        fits = covers(p, np.minimum(low[:, 1:], low[:, :-1]), np.maximum(high[:, 1:], high[:, :-1]))
        reached = np.flatnonzero(fits.any(0))
        if len(reached):
            span = f"{CORRELATIONS[reached[0]]:.2f} to {CORRELATIONS[reached[-1] + 1]:.2f}"
            yield family, name, fits.any(1), f" and a correlation of {span} with baseline"


def _people(n1: np.ndarray, n2: np.ndarray) -> str:
    """Return the group sizes that a test needs."""
    if len(set(n1)) == 1 or len(set(n2)) == 1:
        return f" with {' and '.join(_span(n) for n in (n1, n2))} people"
    even = int(np.argmin(np.abs(n1 - n2)))
    return f" with such as {n1[even]:.0f} and {n2[even]:.0f} people"


def _span(sizes: np.ndarray) -> str:
    low, high = int(sizes.min()), int(sizes.max())
    if high >= _LARGEST:
        return f"{low} or more"
    return f"{low}" if low == high else f"{low} to {high}"


def _paired(before: Group, after: Group, p: PrintedFigure, sizes: np.ndarray, against: str) -> Explanations:
    """Return the tests of pairs that give a p value; the last of the group's sizes is the stated one."""
    found = Explanations()

    def note(ways: list[Way], family: str, test: str, fits: np.ndarray, needs: str = "") -> None:
        if fits.any():
            people = "" if fits[-1] else f" with {_span(sizes[fits])} people"
            ways.append(Way(family, against, test, people + needs))

    for sides, name in ((2, "paired t test"), (1, "one-sided paired t test")):
        low, high = correlation_needed(before, after, p, sizes, sides=sides)
        usual = (high >= 0) & (low < 1)
        if sides == 2 and usual[-1]:
            found.ordinary.add(PAIRED)
        note(found.honest, PAIRED, name, usual)
    low, high = correlation_needed(before, after, p, sizes, wide=True)
    unusual = " and a negative correlation, or digits cut off"
    note(found.odd, PAIRED, "paired t test", (high >= -1) & (low <= 1), unusual)
    ranks = covers(p, signed_rank_p(sizes), np.ones(sizes.shape))
    note(found.honest, RANKS, "Wilcoxon signed-rank test", ranks)
    unpaired = [covers(p, *two_sample_p(before, after, sizes, sizes, welch)) for welch in (True, False)]
    note(found.odd, T_TEST, "unpaired t test", np.any(unpaired, axis=0), ", which does not suit pairs")
    return found


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
