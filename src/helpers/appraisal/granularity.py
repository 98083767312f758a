"""Means, SDs and percentages against n: GRIM, GRIMMER, DEBIT."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from helpers.appraisal.evidence import PrintedFigure, StudyEvidence, missing, tidy
from helpers.appraisal.rules import CERTAIN, DOUBTFUL, MINOR, TESTED, Hit, needed

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
        if not binary and (last > first or (last == first and (first - total) % 2 == 0)):
            return True
    return False


def _sums(mean: PrintedFigure, n: int, wide: bool) -> range:
    """Return the whole sums that give the printed mean."""
    low, high = mean.interval(wide)
    return range(math.ceil(low * n - 1e-6), math.floor(high * n + 1e-6) + 1)


def share_fit(percent: float, decimals: int, n: int) -> str:
    """Return whether a printed percentage can be a share of n people.

    Parameters
    ----------
    percent : float
        Percentage as printed, 0 to 100.
    decimals : int
        Places printed after its point.
    n : int
        Number of people.

    Returns
    -------
    str
        `fits` when a count gives it by rounding half up or half to even, `cut off` when one gives it only
        by cutting digits off, rounding a half down or always rounding up, `impossible` when none does.

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
    around = range(max(0, (target - 1) * n // scale), min(n, -(-(target + 1) * n // scale)) + 1)
    shares = [Fraction(scale * count, n) for count in around]
    if any(target in (round(share), int(share + Fraction(1, 2))) for share in shares):
        return FITS
    return CUT_OFF if any(abs(share - target) < 1 for share in shares) else IMPOSSIBLE


def fitting_sizes(shares: list[tuple[float, int]], largest: int) -> list[int]:
    """Return every n up to `largest` of which all printed percentages (value, decimals) can be shares."""
    sizes = range(1, largest + 1)
    return [n for n in sizes if all(share_fit(percent, places, n) == FITS for percent, places in shares)]


def granularity(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each mean, or mean with SD, that counts, grades or a stated scale cannot have."""
    for row in evidence.results_where(kind="level"):
        mean, sd = evidence.figure(row, "mean"), evidence.figure(row, "sd")
        if mean is None:
            continue
        scale = stated_scale(evidence, row)
        if scale:
            yield TESTED
            yield from _off_the_scale(row, mean, sd, *scale)
        binary = row.concept in COUNTED_PEOPLE and sd is not None and mean.value < 1
        if not missing(row.n) and (binary or row.concept in COUNTED | GRADED):
            yield TESTED
            # Counts of one person that the text states: of its readers, and of both of two sites.
            readers = evidence.quantities_of("design", "assessors")
            stated = max((int(q.value) for q in readers if not missing(q.value)), default=1)
            stated *= 2 if " and " in row.site else 1
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
    weight = MINOR if several else DOUBTFUL if cut or row.concept in GRADED else CERTAIN
    yield Hit(arithmetic, filter(None, (mean, sd)), (row.concept,), weight, "whole numbers", words)


def stated_scale(evidence: StudyEvidence, row: Any) -> tuple[float, float, bool] | None:
    """Return the ends of the scale of a result, and whether both are printed; None where none is told.

    Of a scale of five points only the width is known: from 0 or 1 upwards, or to both sides of 0; and the
    points of several questions may have been added up.
    """
    planned = evidence.outcomes[evidence.outcomes["concept"] == row.concept]
    told = " ".join(str(words) for words in (*planned["measure"], row.measure) if not missing(words))
    if row.concept not in SCALED:
        return None
    levels = evidence.quantities_of("design", "scale_levels")
    rated = {name for name in evidence.results["concept"] if name in SCALED}
    if (
        len(levels) == len(rated) == 1
        and not missing(levels[0].value_low)
        and not missing(levels[0].value_high)
    ):
        return levels[0].value_low, levels[0].value_high, True
    ends = _ENDS.search(told)
    if ends:
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
    n = 2 if missing(row.n) else max(int(row.n), 2)
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
    weight = CERTAIN if printed else MINOR
    yield Hit(arithmetic, filter(None, (mean, sd)), (row.concept,), weight, case, words)


def percent_of_n(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each share of people that no whole number of the people stated gives."""
    shares = needed(_shares(evidence), "no percentage of a stated number of participants")
    for concept, figure, n, source in shares:
        fit = share_fit(figure.value, figure.decimals, n)
        if fit == FITS:
            continue
        counts = () if concept in COUNTED_PEOPLE else range(2, _COUNTS + 1)  # sites or readings of each
        several = [k for k in counts if share_fit(figure.value, figure.decimals, k * n) == FITS]
        case = "several" if several else fit
        weight = {"several": MINOR, CUT_OFF: DOUBTFUL, IMPOSSIBLE: CERTAIN}[case]
        repeats = [f for c, f, _, _ in shares if c == concept and f.value == figure.value]
        # Other places print the same share, such as the abstract.
        rows = evidence.quantities_of(("result", "safety"), concept, "percent")
        elsewhere = [row for row in rows if row.value == figure.value]
        others = sorted({(other.value, other.decimals) for _, other, size, _ in shares if size == n})
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


def _shares(evidence: StudyEvidence) -> list[tuple[str, PrintedFigure, int, tuple[str, ...]]]:
    """Return concept, printed share, number of people and its quantities, one for each distinct share."""
    stated = evidence.people()
    rows = evidence.quantities_of("design", "sample_size")
    names = tuple(row.quantity_id for row in rows if stated and row.value == stated)
    alone = evidence.study.get("comparison") == "single_arm"
    found: dict[tuple, tuple[str, PrintedFigure, int, tuple[str, ...]]] = {}
    for row in evidence.results_where(kind="count"):
        figure, own, n = evidence.figure(row, "percent"), evidence.figure(row, "n"), evidence.people(row.n)
        if missing(row.n) and len(evidence.arms) > 1 and not alone:
            continue  # of whom it is a share is not told
        if figure is not None and n:
            source = (own.quantity_id,) if own else names
            found.setdefault((row.concept, row.arm_id, figure.value, n), (row.concept, figure, n, source))
    return list(found.values())
