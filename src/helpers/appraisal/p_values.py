"""P values recomputed from printed means, SDs and group sizes, and p values that nobody owns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from scipy.special import fdtrc, gammaln, ndtr, stdtr

from helpers.appraisal.evidence import Group, PrintedFigure, StudyEvidence, missing
from helpers.appraisal.rules import CERTAIN, DOUBTFUL, MINOR, TESTED, Hit, needed
from helpers.tables.vocabulary import TOPICS

_STEPS = 5  # values tried between the ends of an SD's rounding interval, for the degrees of freedom of Welch
_TOLERANCE = 1e-9
_ANOTHER_VISIT = re.compile(r"\b(?:day|week|month|visit|session)s?\b")
_CUT = " of figures with digits cut off"
_LARGEST = 1000  # size up to which a group is tried of which nothing is known
# Correlations of before and after that are tried. Few people can have a negative one by chance, on which
# a test of pairs must not rest; for a test that uses the baseline of two groups, 1 is left out at both ends.
CORRELATIONS = np.linspace(-1, 1, 201)
_POSITIVE = CORRELATIONS[:-1] >= 0  # the steps between them
# Families of tests, as a source states them (topic statistical_test).
T_TEST, PAIRED, RANKS, ADJUSTED = TOPICS["statistical_test"].answers
# The family of a test by the words of its name, the first that fits; other tests are not recomputed.
_NAMES = {
    RANKS: "rank|wilcoxon|mann|whitney",
    ADJUSTED: "covarian|ancova|adjust|mixed|model|regress",
    "": "variance|anova|tukey|bonferroni|holm|dunn",
    PAIRED: r"\bpaired|\bdependent",  # unpaired and independent are the others
    T_TEST: r"\bt\b|student|welch",
}
Pair = tuple[Any, Any]
Limits = tuple[np.ndarray, np.ndarray]  # the smallest and the largest p value within rounding


def _absolute(low: Any, high: Any) -> Limits:
    """Return the smallest and largest absolute value between two limits."""
    ends = np.abs(low), np.abs(high)
    return np.where((low <= 0) & (high >= 0), 0, np.minimum(*ends)), np.maximum(*ends)


def difference(first: Group, second: Group, wide: bool = False) -> tuple[float, float]:
    """Return the smallest and largest difference of two printed means."""
    (a, b), (c, d) = first.mean.interval(wide), second.mean.interval(wide)
    return a - d, b - c


def _sd_ends(group: Group, wide: bool = False) -> tuple[float, float]:
    low, high = group.sd.interval(wide)
    return max(low, 1e-6), high


def two_sample_p(
    first: Group, second: Group, n1: np.ndarray, n2: np.ndarray, welch: bool, wide: bool = False
) -> Limits:
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
    spans = [np.linspace(*_sd_ends(group, wide), _STEPS) for group in (first, second)]
    gaps = np.array(_absolute(*difference(first, second, wide)))
    s1, s2, gap = (part.reshape(-1, 1) for part in np.meshgrid(*spans, gaps, indexing="ij"))
    v1, v2 = s1**2 / n1, s2**2 / n2
    if welch:
        square = v1 + v2
        freedom = square**2 / (v1**2 / (n1 - 1) + v2**2 / (n2 - 1))
    else:
        freedom = n1 + n2 - 2
        square = ((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / freedom * (1 / n1 + 1 / n2)
    ps = 2 * stdtr(freedom, -gap / np.sqrt(square))
    return np.min(ps, axis=0), np.max(ps, axis=0)


def paired_p(before: Group, after: Group, n: np.ndarray, wide: bool = False) -> Limits:
    """Return the smallest and largest two-sided p of a paired t test.

    Returns
    -------
    tuple of array
        A row for each number of pairs in n, a column for each of `CORRELATIONS`.
    """
    n = np.asarray(n, float)[:, None]
    (a, b), (c, d) = (_sd_ends(group, wide) for group in (before, after))
    # The SD of change is largest in a corner of the two SDs' intervals, and smallest on one of the lower
    # edges, where one SD is the other times the correlation.
    nearest = [(np.clip(CORRELATIONS * c, a, b), c), (a, np.clip(CORRELATIONS * a, c, d))]
    smallest = np.min([_sd_of_change(*sds) for sds in nearest], axis=0)
    largest = np.max([_sd_of_change(*sds) for sds in product((a, b), (c, d))], axis=0)
    near, far = _absolute(*difference(before, after, wide))
    return tuple(2 * stdtr(n - 1, -gap * np.sqrt(n) / sd) for gap, sd in ((far, smallest), (near, largest)))


def _sd_of_change(s0: Any, s1: Any, r: np.ndarray = CORRELATIONS) -> np.ndarray:
    return np.sqrt(np.maximum(s0**2 + s1**2 - 2 * r * s0 * s1, 1e-18))


def adjusted_p(after: Pair, before: Pair, n1: np.ndarray, n2: np.ndarray, covariance: bool) -> Limits:
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
        A row for each pair of sizes, a column for each of `CORRELATIONS` but the first and last.
    """
    n1, n2 = (np.asarray(n, float)[:, None] for n in (n1, n2))
    r, people, weight = CORRELATIONS[None, 1:-1], n1 + n2, 1 / n1 + 1 / n2
    late, early = (_pooled_sds(groups, n1, n2) for groups in (after, before))
    slope = r * late[1] / early[1] if covariance else np.ones_like(r * n1)
    gaps, starts = (difference(*groups) for groups in (after, before))
    corners = np.array([gap - slope * start for gap, start in product(gaps, starts)])
    least, most = _absolute(corners.min(0), corners.max(0))
    if covariance:
        freedom = np.maximum(people - 3, 1)
        weight = (weight + np.mean(starts) ** 2 / (people - 2) / early[1] ** 2) * (people - 2) / freedom
        sds = [sd * np.sqrt(1 - r**2) for sd in late]
    else:
        freedom = people - 2
        sds = [_sd_of_change(b, a, r) for b, a in zip(late, early, strict=True)]
    errors = np.array(sds) * np.sqrt(weight)
    return 2 * stdtr(freedom, -most / errors.min(0)), 2 * stdtr(freedom, -least / errors.max(0))


def _pooled_sds(groups: Pair, n1: np.ndarray, n2: np.ndarray) -> list[np.ndarray]:
    """Return the pooled SD of two groups: smallest, as printed, and largest within rounding."""
    sds = [(_sd_ends(group)[0], group.sd.value, group.sd.high) for group in groups]
    return [
        np.sqrt(((n1 - 1) * a**2 + (n2 - 1) * b**2) / (n1 + n2 - 2)) + _TOLERANCE
        for a, b in zip(*sds, strict=True)
    ]


def rank_sum_p(first: Group, second: Group, n1: np.ndarray, n2: np.ndarray) -> Limits:
    """Return the smallest and largest p that a Mann-Whitney test can have beside two means and SDs.

    The smallest is that of groups that do not overlap, one-sided. Means that lie far apart leave few pairs
    of people in the other order (Cantelli's inequality), which bounds the largest.
    """
    n1, n2 = np.asarray(n1, float), np.asarray(n2, float)
    deviation = np.sqrt(n1 * n2 * (n1 + n2 + 1) / 12)
    exact = np.exp(gammaln(n1 + 1) + gammaln(n2 + 1) - gammaln(n1 + n2 + 1))
    smallest = np.minimum(exact, ndtr(-n1 * n2 / 2 / deviation))
    gap, _ = _absolute(*difference(first, second))
    cuts = np.linspace(0, gap, 41)
    sides = ((cuts, _sd_ends(first)[1]), (gap - cuts, _sd_ends(second)[1]))
    within = [part**2 / (part**2 + sd**2) for part, sd in sides]
    ordered = float(np.max(within[0] * within[1]))  # least share of pairs in the order of the means
    return smallest, 2 * ndtr(-max(ordered - 0.5, 0) * n1 * n2 / deviation)


def variance_p(groups: Sequence[Group], sizes: Sequence[int]) -> Limits:
    """Return the smallest and largest p of a one-way analysis of variance of printed means and SDs."""
    n = np.array(sizes, float)
    ends = np.array([(group.mean.low, group.mean.high) for group in groups])
    # The squares between groups are largest where all means are at their limits.
    far, near = (
        np.array(list(product(*ends))),
        np.clip(np.linspace(ends.min(), ends.max(), 201)[:, None], *ends.T),
    )
    least, most = (
        extreme((means - (means @ n / n.sum())[:, None]) ** 2 @ n)
        for extreme, means in ((np.min, near), (np.max, far))
    )
    low, high = ((n - 1) @ sds**2 for sds in np.array([_sd_ends(group) for group in groups]).T)
    k, freedom = len(groups) - 1, n.sum() - len(groups)
    return fdtrc(k, freedom, most / k / low * freedom), fdtrc(k, freedom, least / k / high * freedom)


def signed_rank_p(n: np.ndarray) -> np.ndarray:
    """Return the smallest p that a Wilcoxon signed-rank test of n pairs can have, one-sided."""
    n = np.asarray(n, float)
    return np.minimum(0.5**n, ndtr(-np.sqrt(3 * n * (n + 1) / (2 * (2 * n + 1)))))


def covers(p: PrintedFigure, low: Any, high: Any, wide: bool = False) -> Any:
    """Return where a recomputed interval of p meets the printed one; `< 0.05` is all below it."""
    start, end = p.interval(wide)
    start = 0.0 if re.search("[<≤]", p.token) else start
    end = 1.0 if re.search("[>≥]", p.token) else end
    return np.logical_and(low <= end + _TOLERANCE, high >= start - _TOLERANCE)


def _one_sided(p: PrintedFigure, low: Any, high: Any) -> Any:
    return covers(p, low / 2, high / 2) | covers(p, 1 - high / 2, 1 - low / 2)


def covers_between(p: PrintedFigure, low: np.ndarray, high: np.ndarray, wide: bool = False) -> Any:
    """Return where p is met between neighbouring correlations, where it takes each value between theirs."""
    return covers(p, np.minimum(low[:, 1:], low[:, :-1]), np.maximum(high[:, 1:], high[:, :-1]), wide)


class Test(NamedTuple):
    """A test that a source may have made, and for which of the sizes tried it gives the printed p value."""

    family: str
    name: str
    fits: np.ndarray
    needs: str = ""
    odd: bool = False  # needs what hardly occurs
    ordinary: bool = False  # a two-sided t test of the groups as the text states them
    limits: Limits | None = None  # of its p value, where the discrepancy tells them
    against: str = ""


def _tried(tests: Iterable[Test], against: str, sizes: Sequence[np.ndarray], said: np.ndarray) -> list[Test]:
    """Return the tests against a group, with the sizes that each needs unless the text says one that does."""
    tried = []
    for test in tests:
        as_said = bool((test.fits & said).any())
        people = _people([n[test.fits] for n in sizes]) if test.fits.any() and not as_said else ""
        limits = (test.limits[0][said], test.limits[1][said]) if test.limits and said.any() else None
        known = test._replace(against=against, limits=limits, needs=people + test.needs)
        tried.append(known._replace(ordinary=test.ordinary and as_said))
    return tried


def _people(sizes: Sequence[np.ndarray]) -> str:
    """Return the group sizes that a test needs."""
    if any(len(set(n)) == 1 for n in sizes) or len(sizes) == 1:
        return f" with {' and '.join(_span(n) for n in sizes)} people"
    even = int(np.argmin(np.abs(sizes[0] - sizes[1])))
    return f" with such as {sizes[0][even]:.0f} and {sizes[1][even]:.0f} people"


def _span(sizes: np.ndarray) -> str:
    low, high = int(sizes.min()), int(sizes.max())
    if high >= _LARGEST:
        return f"{low} or more"
    return f"{low}" if low == high else f"{low} to {high}"


def p_value(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each p value that no ordinary test of the printed means and SDs gives, with the tests that do.

    Where a source does not state its test, every honest one is tried: Welch's, Student's, one-sided,
    paired, of changes, adjusted for baseline, by ranks; against baseline and against the other groups; with
    every size of a group that the text leaves open. Certain is only what none of them gives.
    """
    for row, p, groups, tests, complete in _compared(evidence):
        stated = {said.says for said in evidence.statements_on("statistical_test", row.concept)}
        stated |= set() if missing(row.p_value_test) else {test_family(row.p_value_test)}
        stated |= {PAIRED} if T_TEST in stated else set()  # a paired t test is called a t test, too
        # Of a test that was not tried, as a mixed model against baseline, nothing can be said.
        if "" in stated or (stated and not any(test.family in stated for test in tests)):
            continue
        giving = [test for test in tests if test.fits.any() and (not stated or test.family in stated)]
        yield TESTED
        if not any(test.ordinary for test in giving):
            limits = [(test.name, *test.limits) for test in tests if test.limits]
            recomputed = [f"{name} {low.min():.3g} to {high.max():.3g}" for name, low, high in limits]
            said = [*recomputed, f"test {' and '.join(sorted(stated)) or 'not stated'}"]
            hit = _not_ordinary(row, p, groups, giving, said)
            # Of arms compared by what is only partly printed, another comparison may have been made.
            yield hit if complete or giving else replace(hit, weight=DOUBTFUL, case="unlikely")


def test_family(name: str) -> str:
    """Return the family of a named test; nothing for one that means and SDs do not give."""
    found = (family for family, words in _NAMES.items() if re.search(words, name, re.IGNORECASE))
    return next(found, "")


def _compared(evidence: StudyEvidence) -> Iterator[tuple[Any, PrintedFigure, list[Group], list[Test], bool]]:
    """Yield each p value with its row, the groups that it may compare, the tests, and whether all are."""
    for row in evidence.results_where():
        p, own = evidence.figure(row, "p_value"), evidence.group(row)
        if p is None or own is None:
            continue
        if row.kind == "level":
            groups, tests = _readings(evidence, row, own, p)
            if groups:
                yield row, p, [own, *groups], tests, True
        elif row.kind == "change" and (evidence.size(row) or 0) > 1 and _against_baseline(evidence, row, p):
            yield row, p, [own], _of_changes(own, p, np.array([evidence.size(row)])), True
        elif row.kind == "change" and len(evidence.arms) == 2 and not missing(row.p_value_against):
            pair = evidence.compared(row, "change", row.p_value_against)
            group = evidence.group(pair[1]) if pair else None
            if group and pair and (tests := _between(evidence, pair, (own, group), p, [], 2)):
                yield row, p, [own, group], tests, True
    for row in evidence.contrast_rows:
        p, tests, groups = evidence.figure(row, "p_value"), [], []
        pairs = {kind: evidence.compared(row, kind) for kind in ("change", "level")} if p else {}
        for rows in filter(None, pairs.values()):
            own, other = (evidence.group(result) for result in rows)
            if own and other and p:
                tests += _between(evidence, rows, (own, other), p, list(rows), len(evidence.arms))
                groups += [own, other]
        if p and tests:
            yield row, p, groups, tests, all(pairs.values())


def _against_baseline(evidence: StudyEvidence, row: Any, p: PrintedFigure) -> bool:
    """Return whether a p value beside a change is that of the change: said so, or of one arm alone."""
    if not missing(row.p_value_against):
        return "baseline" in str(row.p_value_against).lower()
    return evidence.arms["arm_id"].nunique() == 1


def _of_changes(change: Group, p: PrintedFigure, n: np.ndarray) -> list[Test]:
    """Return the tests of a mean change against none."""

    def limits(wide: bool) -> Limits:
        (near, far), (least, most) = _absolute(*change.mean.interval(wide)), _sd_ends(change, wide)
        return tuple(2 * stdtr(n - 1, -gap * np.sqrt(n) / sd) for gap, sd in ((far, least), (near, most)))

    exact, cut = limits(wide=False), limits(wide=True)
    tests = [
        Test(PAIRED, "paired t test", covers(p, *exact), ordinary=True, limits=exact),
        Test(PAIRED, "one-sided paired t test", _one_sided(p, *exact)),
        Test(RANKS, "Wilcoxon signed-rank test", covers(p, signed_rank_p(n), 1.0)),
        Test(PAIRED, "paired t test", covers(p, *cut, wide=True) | _one_sided(p, *cut), _CUT, odd=True),
    ]
    return _tried(tests, "baseline", [n], np.ones(1, bool))


def _not_ordinary(
    row: Any, p: PrintedFigure, groups: list[Group], giving: list[Test], said: list[str]
) -> Hit:
    """Return what is to be said of a p value that no ordinary test gives."""
    token = p.token if p.token.lower().startswith("p") else f"p = {p.token}".replace("= <", "<")
    honest = [test for test in giving if not test.odd]
    tests = honest or giving
    by_reading: dict[str, list[str]] = {}
    for test in tests:
        by_reading.setdefault(test.against, []).append(test.name)
    arithmetic = [
        f"{groups[0]} against {' and against '.join(map(str, groups[1:]))}",
        *said,
        *(f"{test.name} against {test.against}{test.needs}" for test in tests if test.needs),
    ]
    told = "; ".join(f"against {other}: {', '.join(names)}" for other, names in by_reading.items())
    words = {"p": token, "arm": row.arm_id, "tests": told or "none that was tried"}
    case, weight = ("honest", MINOR) if honest else ("odd", DOUBTFUL) if tests else ("impossible", CERTAIN)
    figures = [figure for group in groups for figure in (group.mean, group.sd)]
    return Hit("; ".join(arithmetic), (p, *figures), (row.concept,), weight, case, words)


def _readings(
    evidence: StudyEvidence, row: Any, own: Group, p: PrintedFigure
) -> tuple[list[Group], list[Test]]:
    """Return the groups that a p value may compare its own with, and the tests of them that were tried."""
    said = "" if missing(row.p_value_against) else str(row.p_value_against).lower()
    baseline = "baseline" in said
    compared: list[Group] = []
    tests: list[Test] = []
    if _ANOTHER_VISIT.search(said) and not baseline:
        return compared, tests
    before = _at_baseline(evidence, row)
    most = evidence.size(row) or evidence.people() or 0
    if before and (baseline or not said) and most > 1:
        sizes = np.array([most]) if not missing(row.n) else np.arange(2, most + 1)
        tests += _pairs(before, own, p, sizes, "baseline")
        compared.append(before)
    # A p value of one arm against baseline is none between arms; one that stands for a whole line may be.
    if baseline and _of_one_arm(evidence, p):
        return compared, tests
    place = {"kind": "level", "concept": row.concept, "site": row.site}
    at_once = evidence.results_where(**place, timepoint_weeks=row.timepoint_weeks)
    between: list[Test] = []
    for other_row in at_once:
        other = evidence.group(other_row) if other_row.arm_id != row.arm_id else None
        tried = _between(evidence, (row, other_row), (own, other), p, at_once) if other else []
        between += tried
        if tried and (changes := _printed_changes(evidence, (row, other_row))):
            between += _between(evidence, *changes, p, [*changes[0]], len(evidence.arms))
        compared += [other] if other and tried else []
    between += _all_groups(evidence, at_once, p)
    # Between arms nothing is ordinary where the source says that it compares with baseline.
    return compared, tests + [test._replace(ordinary=test.ordinary and not baseline) for test in between]


def _printed_changes(evidence: StudyEvidence, rows: Pair) -> tuple[Pair, Pair] | None:
    """Return the printed changes of two arms, rows and groups, that belong to their levels."""
    pair = evidence.compared(rows[0], "change", rows[1].arm_id)
    first, second = (evidence.group(row) for row in pair) if pair else (None, None)
    return (pair, (first, second)) if pair and first and second else None


def _of_one_arm(evidence: StudyEvidence, p: PrintedFigure) -> bool:
    quantity = evidence.quantity.get(p.quantity_id)
    return quantity is not None and not missing(quantity.arm_id)


def _all_groups(evidence: StudyEvidence, rows: list, p: PrintedFigure) -> list[Test]:
    """Return the analysis of variance of more than two groups whose figures and sizes are all printed."""
    sizes = [size for row in rows if (size := evidence.size(row))]
    groups = [group for row in rows if (group := evidence.group(row))]
    arms = len({row.arm_id for row in rows})
    if arms <= 2 or not arms == len(sizes) == len(groups) == len(rows):
        return []
    fits = covers(p, *variance_p(groups, sizes))
    return [Test(T_TEST, "analysis of variance", fits, ordinary=True, against="all groups")]


def _at_baseline(evidence: StudyEvidence, row: Any) -> Group | None:
    """Return the group of a later result before treatment, where its mean and SD are printed."""
    place = {"kind": "level", "concept": row.concept, "site": row.site, "arm_id": row.arm_id}
    rows = evidence.results_where(**place, timepoint_weeks=0.0)
    # Of those who stayed to the end, the values at the start are not those of all who began.
    same = [other for other in rows if missing(row.n) or missing(other.n) or int(other.n) == int(row.n)]
    groups = (evidence.group(other) for other in same if other.result_id != row.result_id)
    return next((group for group in groups if group), None)


def _pairs_of_sizes(evidence: StudyEvidence, rows: Pair) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return the sizes that two groups can have, in pairs, and which of these the text says.

    Two groups share the people of their study, of whom some may be lost. A study of one group by its own
    account treated all its people: the other group, of which it says nothing, may have any size.
    """
    total, sizes = evidence.people(), [evidence.size(row) for row in rows]
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
    evidence: StudyEvidence, rows: Pair, groups: Pair, p: PrintedFigure, at_once: list, arms: int = 0
) -> list[Test]:
    """Return the tests of two of the arms that were tried; none where nothing is known of sizes."""
    against = str(rows[1].arm_id)
    later = rows[0].timepoint_weeks != 0
    # Changes have their baseline in them; covariance may use it once more.
    before = [None if row.kind == "change" else _at_baseline(evidence, row) for row in rows]
    if evidence.study.get("comparison") in ("within_person", "crossover"):
        most = evidence.size(rows[0]) or evidence.people() or 0
        if most < 2:
            return []
        fits = covers(p, 0.0, _paired_changes_p(groups, before, most)) & (later and rows[0].kind != "change")
        changes = Test(PAIRED, "paired t test of the changes", fits, against=against)
        model = changes._replace(family=ADJUSTED, name="mixed model")
        return [*_pairs(groups[1], groups[0], p, np.array([most]), against), changes, model]
    sizes = _pairs_of_sizes(evidence, rows)
    if sizes is None:
        return []
    n1, n2, as_said = sizes
    tests = [*_tests_of_two(groups, p, (n1, n2), arms=arms or len({row.arm_id for row in at_once}))]
    if later:
        start = evidence.results_where(kind="level", concept=rows[0].concept, timepoint_weeks=0.0)
        with_baseline = _tests_with_baseline(groups, before, p, (n1, n2), bool(arms or start))
        # What is printed is tested itself; changes have been tested already.
        changed = rows[0].kind == "change" or (
            not all(before) and _printed_changes(evidence, rows) is not None
        )
        tests += [test for test in with_baseline if not changed or test.family == ADJUSTED]
    return _tried(tests, against, (n1, n2), as_said)


def _tests_of_two(groups: Pair, p: PrintedFigure, n: Pair, arms: int) -> Iterator[Test]:
    """Yield the tests of two groups' values alone."""
    for name, welch in (("Welch's t test", True), ("Student's t test", False)):
        low, high = two_sample_p(*groups, *n, welch=welch)
        yield Test(T_TEST, name, covers(p, low, high), ordinary=True, limits=(low, high))
        yield Test(T_TEST, f"one-sided {name}", _one_sided(p, low, high))
        if arms > 2:  # from unadjusted to Bonferroni's; an analysis of variance of all is another honest one
            several = covers(p, low, np.minimum(high * arms * (arms - 1) / 2, 1))
            yield Test(T_TEST, f"{name} adjusted for several comparisons", several)
        cut = two_sample_p(*groups, *n, welch=welch, wide=True)
        yield Test(T_TEST, name, covers(p, *cut, wide=True) | _one_sided(p, *cut), _CUT, odd=True)
    yield Test(RANKS, "Mann-Whitney test", covers(p, *rank_sum_p(*groups, *n)))


def _tests_with_baseline(after: Pair, before: list, p: PrintedFigure, n: Pair, told: bool) -> Iterator[Test]:
    """Yield the tests of two groups that use their values at baseline; `told`: a baseline is spoken of."""
    if not all(before):  # what is not printed, as that of those who stayed to the end, can be any
        needs = " and a baseline that is not printed"
        yield Test(ADJUSTED, "analysis of covariance", n[0] > 1, needs)
        yield Test(T_TEST, "t test of the changes", n[0] > 1, needs, odd=not told)
        return
    for family, name in ((ADJUSTED, "analysis of covariance"), (T_TEST, "t test of the changes")):
        limits = adjusted_p(after, (before[0], before[1]), *n, covariance=family == ADJUSTED)
        fits = covers_between(p, *limits)
        reached = np.flatnonzero(fits.any(0))
        if len(reached):
            span = f"{CORRELATIONS[reached[0] + 1]:.2f} to {CORRELATIONS[reached[-1] + 2]:.2f}"
            yield Test(family, name, fits.any(1), f" and a correlation of {span} with baseline")


def _pairs(before: Group, after: Group, p: PrintedFigure, n: np.ndarray, against: str) -> list[Test]:
    """Return the tests of pairs that were tried; the last of the numbers of pairs is the stated one."""
    low, high = paired_p(before, after, n)
    both, one = (covers_between(p, low / sides, high / sides)[:, _POSITIVE].any(1) for sides in (1, 2))
    unusual = covers_between(p, *paired_p(before, after, n, wide=True), wide=True).any(1)
    ranks = covers(p, signed_rank_p(n), 1.0)
    unpaired = [covers(p, *two_sample_p(before, after, n, n, welch)) for welch in (True, False)]
    bound = " and a correlation of 0 to 1 between before and after"  # as people who are ahead stay ahead
    tests = [
        Test(PAIRED, "paired t test", both, bound, ordinary=True),
        Test(PAIRED, "one-sided paired t test", one, bound),
        Test(PAIRED, "paired t test", unusual, " and a negative correlation, or digits cut off", odd=True),
        Test(RANKS, "Wilcoxon signed-rank test", ranks),
        Test(T_TEST, "unpaired t test", np.any(unpaired, axis=0), ", which does not suit pairs", odd=True),
    ]
    return _tried(tests, against, [n], np.arange(len(n)) == len(n) - 1)


def _paired_changes_p(after: Pair, before: list, n: int) -> float:
    """Return the largest p of a paired test of changes: that of the largest SD that four SDs allow."""
    if not all(before):
        return 1.0
    (low, high), (start, end) = difference(*after, True), difference(before[0], before[1], True)
    least, _ = _absolute(low - end, high - start)
    spread = sum(_sd_ends(group, wide=True)[1] for group in (*after, *before))
    return 2 * stdtr(n - 1, -least * math.sqrt(n) / spread)


def p_value_owner(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each p value against baseline that stands beside several groups and would need one for each."""
    rows = [row for row in evidence.results_where() if not missing(row.p_value)]
    for row in needed(rows, "no p value"):
        p = evidence.figure(row, "p_value")
        baseline = not missing(row.p_value_against) and "baseline" in str(row.p_value_against).lower()
        if p is None or not baseline or _of_one_arm(evidence, p):
            continue
        place = {"concept": row.concept, "site": row.site, "timepoint_weeks": row.timepoint_weeks}
        same_time = evidence.results_where(**place, kind=row.kind)
        arms = {other.arm_id for other in same_time}
        if len(arms) > 1 and len({other.arm_id for other in same_time if not missing(other.p_value)}) == 1:
            arithmetic = f"groups with figures at this time: {len(arms)}; p values: 1"
            yield Hit(arithmetic, (p,), (row.concept,))
