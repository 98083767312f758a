"""P values recomputed from printed means, SDs and group sizes, by every test that may have been made."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, product
from typing import Any, NamedTuple

import numpy as np
import scipy
from scipy.special import fdtrc, gammaln, ndtr, stdtr

from helpers.appraisal.evidence import TESTED, Group, Hit, PrintedFigure, StudyEvidence, covers, tails
from helpers.tables.vocabulary import TOPICS

_STEPS = 5  # values tried between the ends of an SD's rounding interval, for the degrees of freedom of Welch
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
_TREATED = ("exosome", "exosome_combination", "active")
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


def _t_limits(gaps: Limits, errors: Pair, freedom: Any) -> Limits:
    """Return the limits of a two-sided p by those of a difference and of its standard error."""
    (near, far), (least, most) = gaps, errors
    return 2 * stdtr(freedom, -far / least), 2 * stdtr(freedom, -near / most)


def two_sample_p(
    first: Group, second: Group, n1: np.ndarray, n2: np.ndarray, welch: bool, wide: bool = False
) -> Limits:
    """Return the smallest and largest two-sided p of Welch's or Student's test for each pair of sizes."""
    spans = [np.linspace(*group.sd_ends(wide), _STEPS) for group in (first, second)]
    gaps = _absolute(*difference(first, second, wide))
    s1, s2, gap = (part.reshape(-1, 1) for part in np.meshgrid(*spans, np.array(gaps), indexing="ij"))
    n1, n2 = np.asarray(n1, float), np.asarray(n2, float)
    ps = scipy.stats.ttest_ind_from_stats(gap, s1, n1, 0, s2, n2, equal_var=not welch).pvalue
    return np.min(ps, axis=0), np.max(ps, axis=0)


def paired_p(before: Group, after: Group, n: np.ndarray, wide: bool = False) -> Limits:
    """Return the smallest and largest two-sided p of a paired t test.

    Each has a row for each number of pairs in n, a column for each of `CORRELATIONS`.
    """
    n = np.asarray(n, float)[:, None]
    (a, b), (c, d) = (group.sd_ends(wide) for group in (before, after))
    # The SD of change is largest in a corner of the two SDs' intervals, and smallest on one of the lower
    # edges, where one SD is the other times the correlation.
    nearest = [(np.clip(CORRELATIONS * c, a, b), c), (a, np.clip(CORRELATIONS * a, c, d))]
    smallest = np.min([_sd_of_change(*sds) for sds in nearest], axis=0)
    largest = np.max([_sd_of_change(*sds) for sds in product((a, b), (c, d))], axis=0)
    gaps = _absolute(*difference(before, after, wide))
    return _t_limits(gaps, (smallest / np.sqrt(n), largest / np.sqrt(n)), n - 1)


def _sd_of_change(s0: Any, s1: Any, r: np.ndarray = CORRELATIONS) -> np.ndarray:
    return np.sqrt(np.maximum(s0**2 + s1**2 - 2 * r * s0 * s1, 1e-18))


def adjusted_p(after: Pair, before: Pair, n1: np.ndarray, n2: np.ndarray, covariance: bool) -> Limits:
    """Return the smallest and largest two-sided p of a comparison of two groups that uses their baseline.

    That is an analysis of covariance, whose slope follows from the correlation, or a t test of the changes.
    Each has a row for each pair of sizes, a column for each of `CORRELATIONS` but the first and last.
    """
    n1, n2 = (np.asarray(n, float)[:, None] for n in (n1, n2))
    r, people, weight = CORRELATIONS[None, 1:-1], n1 + n2, 1 / n1 + 1 / n2
    late, early = (_pooled_sds(groups, n1, n2) for groups in (after, before))
    slope = r * late[1] / early[1] if covariance else 1.0
    gaps, starts = (difference(*groups) for groups in (after, before))
    corners = np.array([gap - slope * start for gap, start in product(gaps, starts)])
    if covariance:
        freedom = np.maximum(people - 3, 1)
        weight = (weight + np.mean(starts) ** 2 / (people - 2) / early[1] ** 2) * (people - 2) / freedom
        sds = [sd * np.sqrt(1 - r**2) for sd in late]
    else:
        freedom = people - 2
        sds = [_sd_of_change(b, a, r) for b, a in zip(late, early, strict=True)]
    errors = np.array(sds) * np.sqrt(weight)
    return _t_limits(_absolute(corners.min(0), corners.max(0)), (errors.min(0), errors.max(0)), freedom)


def _pooled_sds(groups: Pair, n1: np.ndarray, n2: np.ndarray) -> list[np.ndarray]:
    """Return the pooled SD of two groups: smallest, as printed, and largest within rounding."""
    sds = [(group.sd_ends()[0], group.sd.value, group.sd.high) for group in groups]
    squares = [(n1 - 1) * a**2 + (n2 - 1) * b**2 for a, b in zip(*sds, strict=True)]
    return [np.sqrt(square / (n1 + n2 - 2)) + 1e-9 for square in squares]


def rank_sum_p(first: Group, second: Group, n1: np.ndarray, n2: np.ndarray) -> Limits:
    """Return the smallest and largest p that a Mann-Whitney test can have beside two means and SDs.

    The smallest is that of groups that do not overlap, one-sided; Cantelli's inequality bounds the largest.
    """
    n1, n2 = np.asarray(n1, float), np.asarray(n2, float)
    deviation = np.sqrt(n1 * n2 * (n1 + n2 + 1) / 12)
    exact = np.exp(gammaln(n1 + 1) + gammaln(n2 + 1) - gammaln(n1 + n2 + 1))
    smallest = np.minimum(exact, ndtr(-n1 * n2 / 2 / deviation))
    gap, _ = _absolute(*difference(first, second))
    cuts = np.linspace(0, gap, 41)
    parts = ((cuts, first.sd_ends()[1]), (gap - cuts, second.sd_ends()[1]))
    within = [part**2 / (part**2 + sd**2) for part, sd in parts]
    ordered = float(np.max(within[0] * within[1]))  # least share of pairs in the order of the means
    return smallest, 2 * ndtr(-max(ordered - 0.5, 0) * n1 * n2 / deviation)


def variance_p(groups: Sequence[Group], sizes: Sequence[int]) -> Limits:
    """Return the smallest and largest p of a one-way analysis of variance of printed means and SDs."""
    n = np.array(sizes, float)
    ends = np.array([group.mean.interval() for group in groups])
    # The squares between groups are largest where all means are at their limits.
    far = np.array(list(product(*ends)))
    near = np.clip(np.linspace(ends.min(), ends.max(), 201)[:, None], *ends.T)
    squares = [(means - (means @ n / n.sum())[:, None]) ** 2 @ n for means in (near, far)]
    low, high = ((n - 1) @ sds**2 for sds in np.array([group.sd_ends() for group in groups]).T)
    k, freedom = len(groups) - 1, n.sum() - len(groups)
    least, most = squares[0].min() / high, squares[1].max() / low
    return fdtrc(k, freedom, most / k * freedom), fdtrc(k, freedom, least / k * freedom)


def signed_rank_p(n: np.ndarray) -> np.ndarray:
    """Return the smallest p that a Wilcoxon signed-rank test of n pairs can have, one-sided."""
    n = np.asarray(n, float)
    return np.minimum(0.5**n, ndtr(-np.sqrt(3 * n * (n + 1) / (2 * (2 * n + 1)))))


def _one_sided(p: PrintedFigure, low: Any, high: Any) -> Any:
    _, first, second = tails(low, high)
    return covers(p, *first) | covers(p, *second)


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
    if len(sizes) > 1 and all(len(set(n)) > 1 for n in sizes):
        even = int(np.argmin(np.abs(sizes[0] - sizes[1])))
        return f" with such as {sizes[0][even]:.0f} and {sizes[1][even]:.0f} people"
    spans = []
    for low, high in ((int(n.min()), int(n.max())) for n in sizes):
        known = str(low) if low == high else f"{low} to {high}"
        spans.append(f"{low} or more" if high >= _LARGEST else known)
    return f" with {' and '.join(spans)} people"


def p_value(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each p value that no ordinary test of the printed means and SDs gives, with the tests that do.

    Where a source does not state its test, every honest one is tried, against baseline and against the other
    groups, with every size of a group that the text leaves open. Certain is only what none of them gives.
    """
    for row, p, groups, tests, complete in _compared(evidence):
        stated = {said.says for said in evidence.statements_on("statistical_test", row.concept)}
        stated |= set() if row.p_value_test is None else {test_family(row.p_value_test)}
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
            yield hit if complete or giving else replace(hit, weight="doubtful", case="unlikely")


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
    case = "honest" if honest else "odd" if tests else "impossible"
    weight = {"honest": "minor", "odd": "doubtful", "impossible": "certain"}[case]
    return Hit("; ".join(arithmetic), (p, *chain(*groups)), (row.concept,), weight, case, words)


def test_family(name: str) -> str:
    """Return the family of a named test; nothing for one that means and SDs do not give."""
    found = (family for family, words in _NAMES.items() if re.search(words, name, re.IGNORECASE))
    return next(found, "")


def _compared(evidence: StudyEvidence) -> Iterator[tuple[Any, PrintedFigure, list[Group], list[Test], bool]]:
    """Yield each p value with its row, the groups that it may compare, the tests, and whether all are."""
    for row in evidence.results_where():
        p, own, against = evidence.figure(row, "p_value"), evidence.group(row), row.p_value_against
        if p is None or own is None:
            continue
        groups: list[Group] = []
        n = evidence.size(row)
        of_itself = names_baseline(row) if against else evidence.arms["arm_id"].nunique() == 1
        if row.kind == "level":
            groups, tests = _readings(evidence, row, own, p)
        elif row.kind == "change" and n and n > 1 and of_itself:
            yield row, p, [own], _of_changes(own, p, np.array([n])), True
        elif row.kind == "change" and len(evidence.arms) == 2 and against:
            pair = evidence.compared(row, "change", against)
            other = evidence.group(pair[1]) if pair else None
            if pair and other and (tests := _between(evidence, pair, (own, other), p, 2)):
                groups = [other]
        if groups:
            yield row, p, [own, *groups], tests, True
    for row in evidence.contrasts:
        p, tests, groups = evidence.figure(row, "p_value"), [], []
        pairs = {kind: evidence.compared(row, kind) for kind in ("change", "level")} if p else {}
        for rows in filter(None, pairs.values()):
            own, other = (evidence.group(result) for result in rows)
            if own and other and p:
                tests += _between(evidence, rows, (own, other), p, len(evidence.arms))
                groups += [own, other]
        if p and tests:
            yield row, p, groups, tests, all(pairs.values())


def names_baseline(row: Any) -> bool:
    """Return whether the text says of a p value that it compares with baseline."""
    return "baseline" in (row.p_value_against or "").lower()


def _t_tests(
    family: str, name: str, p: PrintedFigure, limits: Callable[[bool], Limits], pairs: float = 1
) -> Iterator[Test]:
    """Yield a t test: two-sided, one-sided, adjusted for so many pairs of groups, of figures cut off."""
    (low, high), cut = limits(False), limits(True)
    yield Test(family, name, covers(p, low, high), ordinary=True, limits=(low, high))
    yield Test(family, f"one-sided {name}", _one_sided(p, low, high))
    if pairs > 1:  # from unadjusted to Bonferroni's; an analysis of variance of all is another honest one
        fits = covers(p, low, np.minimum(high * pairs, 1))
        yield Test(family, f"{name} adjusted for several comparisons", fits)
    yield Test(family, name, covers(p, *cut, wide=True) | _one_sided(p, *cut), _CUT, odd=True)


def _of_changes(change: Group, p: PrintedFigure, n: np.ndarray) -> list[Test]:
    """Return the tests of a mean change against none."""

    def limits(wide: bool) -> Limits:
        least, most = (sd / np.sqrt(n) for sd in change.sd_ends(wide))
        return _t_limits(_absolute(*change.mean.interval(wide)), (least, most), n - 1)

    ranks = Test(RANKS, "Wilcoxon signed-rank test", covers(p, signed_rank_p(n), 1.0))
    tests = [*_t_tests(PAIRED, "paired t test", p, limits), ranks]
    return _tried(tests, "baseline", [n], np.ones(1, bool))


def _readings(
    evidence: StudyEvidence, row: Any, own: Group, p: PrintedFigure
) -> tuple[list[Group], list[Test]]:
    """Return the groups that a p value may compare its own with, and the tests of them that were tried."""
    baseline, compared, tests = names_baseline(row), [], []
    if not baseline and _ANOTHER_VISIT.search((row.p_value_against or "").lower()):
        return [], []
    before = _at_baseline(evidence, row)
    most = evidence.size(row) or evidence.people()
    if before and (baseline or row.p_value_against is None) and most and most > 1:
        tests += _pairs(before, own, p, np.arange(2 if row.n is None else most, most + 1), "baseline")
        compared.append(before)
    # A p value of one arm against baseline is none between arms; one that stands for a whole line may be.
    if baseline and of_one_arm(evidence, p):
        return compared, tests
    place = {"kind": "level", "concept": row.concept, "site": row.site}
    at_once = evidence.results_where(**place, timepoint_weeks=row.timepoint_weeks)
    arms = len({other.arm_id for other in at_once})
    told = bool(evidence.results_where(kind="level", concept=row.concept, timepoint_weeks=0.0))
    between: list[Test] = []
    for other_row in at_once:
        other = evidence.group(other_row) if other_row.arm_id != row.arm_id else None
        tried = _between(evidence, (row, other_row), (own, other), p, arms, told) if other else []
        between += tried
        if tried and (changes := _printed_changes(evidence, (row, other_row))):
            between += _between(evidence, *changes, p, len(evidence.arms))
        compared += [other] if other and tried else []
    between += _all_groups(evidence, at_once, p)
    # Between arms nothing is ordinary where the source says that it compares with baseline.
    return compared, tests + [test._replace(ordinary=test.ordinary and not baseline) for test in between]


def _printed_changes(evidence: StudyEvidence, rows: Pair) -> tuple[Pair, Pair] | None:
    """Return the printed changes of two arms, rows and groups, that belong to their levels."""
    pair = evidence.compared(rows[0], "change", rows[1].arm_id)
    first, second = (evidence.group(row) for row in pair) if pair else (None, None)
    return (pair, (first, second)) if pair and first and second else None


def of_one_arm(evidence: StudyEvidence, p: PrintedFigure) -> bool:
    """Return whether a p value is printed for one arm."""
    return evidence.quantity[p.quantity_id].arm_id is not None


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
    same = [other for other in rows if None in (row.n, other.n) or other.n == row.n]
    groups = (evidence.group(other) for other in same if other.result_id != row.result_id)
    return next(filter(None, groups), None)


def _pairs_of_sizes(evidence: StudyEvidence, rows: Pair) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return the sizes that two groups can have, in pairs, and which of these the text says.

    A study of one group by its own account treated all its people: the other group may have any size.
    """
    total, sizes = evidence.people(), [evidence.size(row) for row in rows]
    alone = evidence.comparison == "single_arm"
    if alone and total:
        treated = set(evidence.arms.loc[evidence.arms["role"].isin(_TREATED), "arm_id"])
        given = [row.arm_id in treated for row in rows]
        sizes = [size or (total if whole else None) for size, whole in zip(sizes, given, strict=True)]
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
    evidence: StudyEvidence, rows: Pair, groups: Pair, p: PrintedFigure, arms: int, told: bool = True
) -> list[Test]:
    """Return the tests of two of the arms that were tried; `told`: whether a baseline is spoken of."""
    against, later = rows[1].arm_id, rows[0].timepoint_weeks != 0
    of_changes = rows[0].kind == "change"
    # Changes have their baseline in them; covariance may use it once more.
    before = [None if row.kind == "change" else _at_baseline(evidence, row) for row in rows]
    if evidence.comparison in ("within_person", "crossover"):
        most = evidence.size(rows[0]) or evidence.people()
        if most is None or most < 2:
            return []
        fits = covers(p, 0.0, _paired_changes_p(groups, before, most)) & (later and not of_changes)
        changes = Test(PAIRED, "paired t test of the changes", fits, against=against)
        model = changes._replace(family=ADJUSTED, name="mixed model")
        return [*_pairs(groups[1], groups[0], p, np.array([most]), against), changes, model]
    sizes = _pairs_of_sizes(evidence, rows)
    if sizes is None:
        return []
    n1, n2, as_said = sizes
    tests = [*_tests_of_two(groups, p, (n1, n2), arms)]
    if later:
        # What is printed is tested itself; changes have been tested already.
        changed = of_changes or (not all(before) and _printed_changes(evidence, rows) is not None)
        with_baseline = _tests_with_baseline(groups, before, p, (n1, n2), told)
        tests += [test for test in with_baseline if not changed or test.family == ADJUSTED]
    return _tried(tests, against, (n1, n2), as_said)


def _tests_of_two(groups: Pair, p: PrintedFigure, n: Pair, arms: int) -> Iterator[Test]:
    """Yield the tests of two groups' values alone."""
    for name, welch in (("Welch's t test", True), ("Student's t test", False)):
        limits = partial(two_sample_p, *groups, *n, welch)
        yield from _t_tests(T_TEST, name, p, limits, arms * (arms - 1) / 2)
    yield Test(RANKS, "Mann-Whitney test", covers(p, *rank_sum_p(*groups, *n)))


def _tests_with_baseline(after: Pair, before: list, p: PrintedFigure, n: Pair, told: bool) -> Iterator[Test]:
    """Yield the tests of two groups that use their values at baseline."""
    for family, name in ((ADJUSTED, "analysis of covariance"), (T_TEST, "t test of the changes")):
        if not all(before):  # what is not printed, as that of those who stayed to the end, can be any
            odd = family == T_TEST and not told
            yield Test(family, name, np.ones_like(n[0], bool), " and a baseline that is not printed", odd=odd)
            continue
        limits = adjusted_p(after, (before[0], before[1]), *n, covariance=family == ADJUSTED)
        fits = covers_between(p, *limits)
        reached = np.flatnonzero(fits.any(0))
        if len(reached):
            span = f"{CORRELATIONS[reached[0] + 1]:.2f} to {CORRELATIONS[reached[-1] + 2]:.2f}"
            yield Test(family, name, fits.any(1), f" and a correlation of {span} with baseline")


def _pairs(before: Group, after: Group, p: PrintedFigure, n: np.ndarray, against: str) -> list[Test]:
    """Return the tests of pairs that were tried; the last of the numbers of pairs is the stated one."""
    low, high = paired_p(before, after, n)
    both, one = (covers_between(p, low / parts, high / parts)[:, _POSITIVE].any(1) for parts in (1, 2))
    unusual = covers_between(p, *paired_p(before, after, n, wide=True), wide=True).any(1)
    unpaired = [covers(p, *two_sample_p(before, after, n, n, welch)) for welch in (True, False)]
    bound = " and a correlation of 0 to 1 between before and after"  # as people who are ahead stay ahead
    tests = [
        Test(PAIRED, "paired t test", both, bound, ordinary=True),
        Test(PAIRED, "one-sided paired t test", one, bound),
        Test(PAIRED, "paired t test", unusual, " and a negative correlation, or digits cut off", odd=True),
        Test(RANKS, "Wilcoxon signed-rank test", covers(p, signed_rank_p(n), 1.0)),
        Test(T_TEST, "unpaired t test", np.any(unpaired, axis=0), ", which does not suit pairs", odd=True),
    ]
    return _tried(tests, against, [n], np.arange(len(n)) == len(n) - 1)


def _paired_changes_p(after: Pair, before: list, n: int) -> float:
    """Return the largest p of a paired test of changes: that of the largest SD that four SDs allow."""
    if not all(before):
        return 1.0
    (low, high), (start, end) = difference(*after, True), difference(before[0], before[1], True)
    gaps = _absolute(low - end, high - start)
    spread = sum(group.sd_ends(wide=True)[1] for group in (*after, *before)) / math.sqrt(n)
    return float(_t_limits(gaps, (spread, spread), n - 1)[1])
