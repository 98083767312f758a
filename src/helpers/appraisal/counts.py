"""Whole numbers: shares, means and SDs against n (GRIM, GRIMMER, DEBIT), people against each other."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import scipy

from helpers.appraisal.evidence import (
    TESTED,
    Hit,
    NotApplicable,
    PrintedFigure,
    StudyEvidence,
    covers,
    each_row,
    listed_ids,
    needed,
    tidy,
    tidy_week,
)
from helpers.tables.vocabulary import label
from notebookpress.tables import split_ids

# What is counted in whole numbers, once for each person or as the mean of a few photographs, readers, sites.
COUNTED = {"hair_count"}
GRADED = {"severity_stage", "investigator_global", "patient_global", "hair_density_grade"}
SCALED = GRADED | {"satisfaction", "psychological_wellbeing", "scalp_visibility"}  # rated on a scale
COUNTED_PEOPLE = {"noticed_improvement", "satisfaction"}  # yes or no for each person
_SHOWN = 12  # sizes of a group that are listed as possible
_COUNTS = 4  # counts of one person that a figure may be the mean of where the text does not say: two by two
_POINTS = re.compile(r"\b(\w+)[- ]point\b", re.IGNORECASE)
_SPAN = r"(?<![\d.])([-−]?\d+)\s*(?:to|–|-)\s*\+?(\d+)(?![\d.])"
_ENDS = re.compile(  # the ends of a scale stand beside a word for it: 4 to 24 weeks are none
    r"\b(?:scale|score|graded?|rat(?:ed|ing)|likert|vas|points?)\b[\s:,(]*"
    rf"(?:(?:from|of|rang(?:e|es|ing)|between|is|was|on|a|in|whole|steps?)\s+)*{_SPAN}"
    r"(?!\s*(?:hour|day|week|month|year|mm|cm|%))"
    rf"|{_SPAN}[- ](?:point |visual |likert )?(?:scale|score|points)",
    re.IGNORECASE,
)
_NUMBERS = {"three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "nine": 9, "ten": 10, "eleven": 11}
FITS, CUT_OFF, IMPOSSIBLE = "fits", "cut off", "impossible"
_NOT_PEOPLE = re.compile("event|episode|occurrence|session|site|area|lesion")
# What a figure's name or note says of people lost.
_LOST = re.compile(r"[._ -](?:lost|left|losses|withdr\w+|drop\w*)\b", re.IGNORECASE)
_SEX = re.compile(r"\b(?:wom[ae]n|females?|m[ae]n|males?)\b", re.IGNORECASE)
_OF_COUNTS = re.compile("fisher|chi", re.IGNORECASE)
_NONE_LOST = 50, 26  # people and weeks from which no loss at all is remarkable
# What tells one arm from another.
_DESCRIPTION = ("role", "exosome_source", "dose", "dose_unit", "route", "co_intervention", "sessions",
                "interval_weeks")  # fmt: skip


def grim(mean: PrintedFigure, n: int, wide: bool = False, counts: int = 1) -> bool:
    """Return whether n whole numbers, or means of several whole counts each, can have a printed mean.

    Notes
    -----
    Brown NJL, Heathers JAJ. Social Psychological and Personality Science 2017;8:363-369. Halves may be
    rounded either way; `wide` allows cut-off digits too.
    """
    return bool(_sums(mean, n * counts, wide))


def grimmer(
    mean: PrintedFigure, sd: PrintedFigure, n: int, wide: bool = False, counts: int = 1, binary: bool = False
) -> bool:
    """Return whether n whole numbers, or means of several counts each, can have a printed mean and SD.

    In parts of one count, means of several are whole numbers again. The sum of squares is a whole number,
    is odd when the sum is odd, and is at least that of the n whole numbers closest together. Of `binary`
    values, each 0 or 1, it is the sum itself (DEBIT).

    Notes
    -----
    Anaya J. The GRIMMER test. PeerJ Preprints 2016;4:e2400v1. Allard A. Analytic-GRIMMER, 2018.
    Heathers JAJ, Brown NJL. DEBIT: a simple consistency test for binary data. 2019.
    """
    if n < 2:
        return False
    low, high = (limit * counts for limit in sd.interval(wide))
    for total in _sums(mean, n * counts, wide):
        base, rest = divmod(total, n)
        least = (n - rest) * base**2 + rest * (base + 1) ** 2
        first = max(least, math.ceil((n - 1) * max(low, 0) ** 2 + total**2 / n - 1e-6))
        last = math.floor((n - 1) * high**2 + total**2 / n + 1e-6)
        if binary and first <= total <= min(last, n):
            return True
        if not binary and (last > first or (last == first and first % 2 == total % 2)):
            return True
    return False


def _sums(mean: PrintedFigure, n: int, wide: bool) -> range:
    """Return the whole sums that give the printed mean."""
    low, high = mean.interval(wide)
    return range(math.ceil(low * n), math.floor(high * n) + 1)


def share_fit(percent: float, decimals: int, n: int) -> str:
    """Return whether a percentage, printed with so many decimals, can be a share of n people.

    `fits` when a count gives it by rounding half up or half to even, `cut off` when one gives it only by
    cutting digits off, rounding a half down or always rounding up, `impossible` when none does.

    Notes
    -----
    Brown NJL, Heathers JAJ. The GRIM test. Social Psychological and Personality Science 2017;8:363-369.

    Examples
    --------
    >>> share_fit(80, 0, 16), share_fit(87, 0, 16), share_fit(87, 0, 15)
    ('impossible', 'cut off', 'fits')
    """
    target = round(percent * 10**decimals)
    scale = 100 * 10**decimals
    below = target * n // scale
    shares = [Fraction(scale * min(max(count, 0), n), n) for count in (below, below + 1)]
    if any(target in (round(share), int(share + Fraction(1, 2))) for share in shares):
        return FITS
    return CUT_OFF if any(abs(share - target) < 1 for share in shares) else IMPOSSIBLE


def fitting_sizes(shares: list[tuple[float, int]], largest: int) -> list[int]:
    """Return every n up to `largest` of which all printed percentages (value, decimals) can be shares."""
    sizes = range(1, largest + 1)
    return [n for n in sizes if all(share_fit(percent, places, n) == FITS for percent, places in shares)]


def granularity(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each mean, or mean with SD, that counts, grades or a stated scale cannot have."""
    # Counts of one person that the text states: of its readers, and of both of two sites.
    readers = [int(q.value) for q in evidence.quantities_of("design", "assessors") if q.value is not None]
    for row, mean in evidence.printed(evidence.results_where(kind="level"), "mean"):
        sd = evidence.figure(row, "sd")
        if scale := stated_scale(evidence, row):
            yield TESTED
            yield from _off_the_scale(row, mean, sd, *scale)
        binary = row.concept in COUNTED_PEOPLE and sd is not None and mean.value < 1
        if row.n is not None and (binary or row.concept in COUNTED | GRADED):
            yield TESTED
            stated = max(readers, default=1) * (2 if " and " in row.site else 1)
            yield from _no_whole_numbers(row, mean, sd, binary, stated)


def _no_whole_numbers(
    row: Any, mean: PrintedFigure, sd: PrintedFigure | None, binary: bool, stated: int
) -> Iterator[Hit]:
    n = int(row.n)

    def passes(size: int, counts: int, wide: bool = False) -> bool:
        whole = grim(mean, size, wide, counts)
        return whole if sd is None else grimmer(mean, sd, size, wide, counts, binary)

    if passes(n, 1) or passes(n, stated):
        return
    near = sorted({math.floor(mean.value * n) / n, math.ceil(mean.value * n) / n})
    sizes = [size for size in range(2, 2 * n + 1) if passes(size, 1)]
    fitting = ", ".join(map(str, sizes[:_SHOWN])) + (" ..." if len(sizes) > _SHOWN else "")
    once = binary or row.concept == "patient_global"  # nobody rates herself twice at one visit
    counts = range(1, 2 if once else max(_COUNTS, stated) + 1)
    several = [k for k in counts if passes(n, k)]
    # Digits cut off, also of the means of two counts, or of as many as the text states.
    cut = next((k for k in counts if k <= max(2, stated) and passes(n, k, wide=True)), None)
    arithmetic = (
        f"{mean} x {n} = {mean.value * n:.10g}; nearest means "
        + " and ".join(f"{value:.{mean.decimals + 2}f}" for value in near)
        + f"; of n = 2 to {2 * n} possible: {fitting or 'none'}"
        + (f"; counts of each person that fit: {', '.join(map(str, several))}" if several else "")
    )
    doubt = f" unless each is the mean of {several[0]} counts or readings" if several else ""
    of_counts = f" of means of {cut} counts or readings" if cut and cut > 1 else ""
    doubt = doubt or (f" unless digits{of_counts} were cut off" if cut else "")
    words = {"mean": mean if sd is None else f"{mean} with SD {sd}", "n": n, "doubt": doubt}
    # a scale may be a line on which a mark is measured
    weight = "minor" if several else "doubtful" if cut or row.concept in GRADED else "certain"
    yield Hit(arithmetic, filter(None, (mean, sd)), (row.concept,), weight, "whole numbers", words)


def stated_scale(evidence: StudyEvidence, row: Any) -> tuple[float, float, bool] | None:
    """Return the ends of the scale of a result, and whether both are printed; None where none is told.

    Of a scale of five points only the width is known: from 0 or 1 upwards, or to both sides of 0; and the
    points of several questions may have been added up.
    """
    if row.concept not in SCALED:
        return None
    levels = evidence.quantities_of("design", "scale_levels")
    rated = SCALED.intersection(evidence.results["concept"])
    if len(levels) == len(rated) == 1:
        (level,) = levels
        if None not in (level.value_low, level.value_high):
            return level.value_low, level.value_high, True
    planned = evidence.outcomes[evidence.outcomes["concept"] == row.concept]["measure"].dropna()
    told = " ".join([*planned, row.measure or ""])
    if ends := _ENDS.search(told):
        low, high = (float(end.replace("−", "-")) for end in ends.groups() if end)
        return (low, high, True) if low < high else None
    points = _POINTS.search(told)
    count = points and (_NUMBERS.get(points[1].lower()) or (int(points[1]) if points[1].isdigit() else None))
    return (-(count - 1) / 2, float(count), False) if count else None


def _off_the_scale(
    row: Any, mean: PrintedFigure, sd: PrintedFigure | None, lowest: float, highest: float, printed: bool
) -> Iterator[Hit]:
    """Yield a mean outside its scale, or an SD larger than a mean between its ends allows."""
    low, high = mean.interval(wide=True)
    scale = f"a scale of {lowest:g} to {highest:g}" if printed else f"a scale of {highest:g} points"
    n = 2 if row.n is None else max(int(row.n), 2)
    middle = min(max((lowest + highest) / 2, low), high)  # mean within rounding that allows the largest SD
    largest = math.sqrt(max((middle - lowest) * (highest - middle), 0) * n / (n - 1))
    if high < lowest or low > highest:
        case = "outside the scale"
    elif printed and sd is not None and sd.interval(wide=True)[0] > largest:
        case = "SD of the scale"
    else:
        return
    doubt = "" if printed else ", unless the points of several questions were added up"
    words = {"mean": mean, "sd": sd, "scale": scale, "doubt": doubt}
    arithmetic = f"{scale}; mean {mean}"
    arithmetic += "" if sd is None else f"; largest SD of {n} values {largest:.3g}, printed {sd}"
    weight = "certain" if printed else "minor"
    yield Hit(arithmetic, filter(None, (mean, sd)), (row.concept,), weight, case, words)


def percent_of_n(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each share of people that no whole number of the people stated gives."""
    shares = needed(_shares(evidence), "no percentage of a stated number of participants")
    for concept, figure, n, source, of_it in shares:
        fit = share_fit(figure.value, figure.decimals, n)
        if fit == FITS:
            continue
        counts = () if concept in COUNTED_PEOPLE else range(2, _COUNTS + 1)  # sites or readings of each
        several = [k for k in counts if share_fit(figure.value, figure.decimals, k * n) == FITS]
        others = sorted({(other.value, other.decimals) for _, other, size, *_ in shares if size == n})
        smaller = fitting_sizes(others, n) if not of_it and fit == IMPOSSIBLE else []
        fewer = any(size * 2 > n for size in smaller)
        case = "several" if several else "fewer" if fewer else fit
        weight = {"several": "minor", CUT_OFF: "doubtful", "fewer": "doubtful", IMPOSSIBLE: "certain"}[case]
        repeats = [f for c, f, *_ in shares if c == concept and f.value == figure.value]
        # Other places print the same share, such as the abstract.
        rows = evidence.quantities_of(("result", "safety"), concept, "percent")
        elsewhere = [row for row in rows if row.value == figure.value]
        words = {"percent": figure, "n": n, "counts": next(iter(several), None)}
        rests_on = (*repeats, *elsewhere, *source)
        yield Hit(_share_in_words(figure, n, others), rests_on, (concept,), weight, case, words)


def _share_in_words(figure: PrintedFigure, n: int, others: list[tuple[float, int]]) -> str:
    """Return the counts nearest to a share of n, and the sizes of which all shares of n can be shares."""
    sizes = ", ".join(map(str, fitting_sizes(others, max(n, 30)))) or f"no number up to {max(n, 30)}"
    exact = figure.value / 100 * n
    near = sorted({int(exact), int(exact) + 1} & set(range(n + 1)))
    options = " or ".join(f"{count}/{n} = {tidy(100 * count / n)} %" for count in near)
    printed = " and ".join(f"{value:.{places}f} %" for value, places in others)
    fit = "fit" if len(others) == 1 else "fit together"
    return f"{figure} % of {n} is {tidy(exact)} people; {options}; {printed} {fit}: n = {sizes}"


def _shares(evidence: StudyEvidence) -> list[tuple[str, PrintedFigure, int, list[str], bool]]:
    """Return each distinct share: concept, figure, people, their quantities, whether they stand with it."""
    stated = evidence.people()
    rows = evidence.quantities_of("design", "sample_size")
    names = [row.quantity_id for row in rows if stated and row.value == stated]
    known = len(evidence.arms) < 2 or evidence.comparison == "single_arm"  # of whom it is a share
    found: dict[tuple, tuple[str, PrintedFigure, int, list[str], bool]] = {}
    for row in evidence.results_where(kind="count"):
        figure, own, n = evidence.figure(row, "percent"), evidence.figure(row, "n"), evidence.people(row.n)
        if figure is not None and n and (known or row.n is not None):
            source = [own.quantity_id] if own else names
            share = row.concept, figure, n, source, row.n is not None
            found.setdefault((row.concept, row.arm_id, figure.value, n), share)
    return list(found.values())


def count_and_percent(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each percentage that its count and n do not give."""
    for row, percent, count in evidence.printed(evidence.results_where(kind="count"), "percent", "count"):
        n = evidence.people(row.n)
        if not n:
            continue
        yield TESTED
        share = 100 * count.value / n
        low, high = percent.interval(wide=True)
        if not percent.low <= share <= percent.high:
            arithmetic = f"{count} / {n} = {share:.2f} %, printed {percent} %"
            weight = "certain" if row.n is not None and not low < share < high else "doubtful"
            yield Hit(arithmetic, (count, percent), (row.concept,), weight)


def totals(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each number of people that its parts contradict."""
    enrolled, analysed = evidence.count("n_enrolled"), evidence.count("n_analysed")
    results = [row for row in evidence.results_where() if (row.n, row.count) != (None, None)]
    events = [row for row in each_row(evidence.adverse_events) if row.count is not None]
    counted = evidence.quantities_of("design", "group_count")
    groups = [row for row in counted if row.value is not None and row.unit in ("groups", "arms")]
    comparable = (enrolled or analysed) and (evidence.arm_sizes or analysed)
    needed(comparable or results or events or groups, "no numbers of people that could be compared")
    if enrolled and analysed and analysed > enrolled:
        ids = split_ids(evidence.study["quantity_ids"])
        yield Hit(f"{analysed} > {enrolled}", ids, case="analysed")
    sizes, total = evidence.arm_sizes.values(), enrolled or analysed
    if total and sizes and len(sizes) >= len(evidence.arms):
        whole = max(sizes) if evidence.comparison in ("within_person", "crossover") else sum(sizes)
        weight = "certain" if whole > total else "doubtful"  # fewer may have left before treatment
        arithmetic = f"arms {', '.join(map(str, sizes))}: {whole}; study {total}"
        if whole != total:
            yield Hit(arithmetic, listed_ids(evidence.arms), weight=weight, case="arms")
    for row in groups:
        if len(evidence.arms) and row.value != len(evidence.arms):
            arithmetic = f"stated {tidy(row.value)}, described {len(evidence.arms)}"
            yield Hit(arithmetic, (row,), weight="doubtful", case="groups")
    for what, rows in (("result", results), ("event", events)):
        yield from _more_than_all(evidence, rows, enrolled, what)


def _more_than_all(
    evidence: StudyEvidence, rows: list[Any], enrolled: int | None, what: str
) -> Iterator[Hit]:
    """Yield numbers of people larger than those of their arm, or of the study; episodes are no people."""
    began = evidence.arm_sizes if evidence.comparison == "parallel" else {}
    for row in rows:
        concepts = (getattr(row, "concept", "adverse_events"),)
        ids, words = split_ids(row.quantity_ids), {"what": what}
        whole = began.get(row.arm_id, enrolled)
        if row.n is not None and whole and row.n > whole:
            yield Hit(f"{tidy(row.n)} > {tidy(whole)}", ids, concepts, case="enrolled", words=words)
        limit = whole if row.n is None else row.n
        units = (str(quantity.unit).lower() for name in ids if (quantity := evidence.quantity.get(name)))
        episodes = any(map(_NOT_PEOPLE.search, units))
        if row.count is not None and limit and row.count > limit and not episodes:
            yield Hit(f"{tidy(row.count)} > {tidy(limit)}", ids, concepts, case="count", words=words)


def losses(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield numbers of people lost that do not go with those who began and were analysed, or are none."""
    rows = evidence.quantities_of(concept="participant_flow")
    lost = [row for row in rows if row.value is not None and _LOST.search(f"{row.quantity_id} {row.note}")]
    enrolled, analysed = evidence.count("n_enrolled"), evidence.count("n_analysed")
    if not enrolled or not (lost or analysed):
        raise NotApplicable("no number of people lost, or analysed, beside that of those who began")
    for row in (row for row in lost if row.value > enrolled):
        yield Hit(f"{tidy(row.value)} lost > {enrolled}", (row,), weight="certain", case="more")
    total = sum(row.value for row in lost)
    if analysed and analysed < enrolled < analysed + total and all(row.value <= enrolled for row in lost):
        arithmetic = f"{tidy(total)} + {analysed} = {tidy(total + analysed)}, enrolled {enrolled}"
        yield Hit(arithmetic, lost, case="sum")
    people, long = _NONE_LOST
    weeks = evidence.results["timepoint_weeks"].max()
    if analysed == enrolled >= people and weeks >= long and not total:
        arithmetic = f"{enrolled} enrolled, {analysed} analysed; results to week {tidy_week(weeks)}"
        yield Hit(arithmetic, split_ids(evidence.study["quantity_ids"]), case="none")


def counts_and_p(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each p value of two counts that neither Fisher's exact nor a chi-squared test gives."""
    for row, p in evidence.printed(evidence.contrasts, "p_value"):
        pair = evidence.compared(row, "count")
        if pair is None or evidence.comparison != "parallel":
            continue
        counts, sizes = [evidence.figure(r, "count") for r in pair], [evidence.size(r) for r in pair]
        named = row.p_value_test or ""
        if not all(counts) or not all(sizes) or (named and not _OF_COUNTS.search(named)):
            continue
        table = np.array([[c.value, n - c.value] for c, n in zip(counts, sizes, strict=True) if c and n])
        if (table < 0).any() or (table.sum(axis=0) == 0).any():
            continue
        yield TESTED
        exact = scipy.stats.fisher_exact(table)[1]
        chi2 = [scipy.stats.chi2_contingency(table, correction=c)[1] for c in (False, True)]
        if "fisher" in named.lower():
            chi2 = []
        elif named:
            exact = chi2[1]
        found = [one * side for one in (exact, *chi2) for side in (1, 0.5)]
        if not any(covers(p, one, one, wide=True) for one in found):
            arithmetic = "; ".join(f"{int(a)} of {int(a + b)}" for a, b in table)
            arithmetic += f": p = {min(found):.2g} to {max(found):.2g}, printed {p.token}"
            weight = "certain" if named else "doubtful"
            yield Hit(arithmetic, (p, *filter(None, counts)), (row.concept,), weight)


def age_limits(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each patient older or younger than the study admits, or of the other sex."""
    low, high, sex = (evidence.study[name] for name in ("age_min", "age_max", "sex"))
    rows = evidence.quantities_of("result", "age")
    ages = [(row, age) for row in rows for age in (row.value, row.value_low, row.value_high)]
    ages = [(row, age) for row, age in ages if age is not None]
    counted = evidence.quantities_of(("result", "design"), kind=("count", "n"))
    people = [row for row in counted if _SEX.search(row.printed)] if sex in ("male", "female") else []
    needed(people or (ages and (low, high) != (None, None)), "no age or sex of a patient, or no limits")
    for row in people:
        own = "female" if re.search("wom|fem", row.printed, re.IGNORECASE) else "male"
        if row.value != 0 and own != sex:
            yield Hit(f"{row.printed}; admitted: {sex}", (row,), case="sex")
    for row, age in ages:
        if (low is not None and age < low) or (high is not None and age >= high + 1):
            yield Hit(f"{tidy(age)} years, limits {low} to {high}", (row,), case="age")


def duplicate_arms(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield arms that are described alike, and means with SDs that arms share digit by digit."""
    several = len(evidence.arms) > 1 and evidence.comparison not in ("case", "within_person")
    needed(several, "fewer than two arms of different people")
    descriptions = set()
    for arm in each_row(evidence.arms):
        told = tuple((name, str(value)) for name in _DESCRIPTION if (value := getattr(arm, name)) is not None)
        if told in descriptions and len(told) >= 3:
            arithmetic = "; ".join(value for _, value in told)
            yield Hit(arithmetic, split_ids(arm.quantity_ids), case="described", words={"arm": arm.arm_id})
        descriptions.add(told)
    rows = evidence.results.dropna(subset=["mean", "sd"])
    rows = rows[rows.duplicated(["timepoint_weeks", "kind", "mean", "sd"], keep=False)]
    if rows.empty:
        return
    alike = rows.groupby(["concept", "timepoint_weeks", "kind", "mean", "sd"])
    repeated = [group for _, group in alike if group["arm_id"].nunique() > 1]
    weight = "doubtful" if len(repeated) > 1 else "minor"  # chance gives one pair, hardly several
    for group in repeated:
        names, row = group["arm_id"].unique(), group.iloc[0]
        if row["sd"] > 0:
            arithmetic = f"{tidy(row['mean'])} ± {tidy(row['sd'])} in {', '.join(names)}"
            words = {"arms": len(names)}
            yield Hit(arithmetic, listed_ids(group), (row["concept"],), weight, "results", words)
    # A row of one outcome that is a copy of another's, in more than one arm.
    pairs = rows.merge(rows, on=["arm_id", "kind", "timepoint_weeks", "mean", "sd"])
    pairs = pairs[pairs["concept_x"] < pairs["concept_y"]]
    for both, group in pairs.groupby(["concept_x", "concept_y"]):
        if group["arm_id"].nunique() > 1:
            one, other = map(str, both)
            words_ = {"one": label(one), "other": label(other)}
            arithmetic = "; ".join(f"{tidy(r.mean)} ± {tidy(r.sd)} in {r.arm_id}" for r in each_row(group))
            ids = [name for side in "xy" for ids in group[f"quantity_ids_{side}"] for name in split_ids(ids)]
            yield Hit(arithmetic, ids, (one, other), "doubtful", "rows", words_)
