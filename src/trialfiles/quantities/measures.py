"""Figures with a unit: areas, ranges, pairs, enumerations, single values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.documents import context
from helpers.documents.numerals import LEFT, PLAIN, POWER, RIGHT, SIGNED, WORD, is_year, number
from helpers.documents.quantity import Quantity, quantity
from helpers.documents.rules import FIGURE, Rule
from helpers.documents.units import ANY, TIME, Unit, unit_of

_TO = r"(?: ?[–−~] ?~?| (?:to|through|and|or|vs?\.?|versus|compared (?:with|to)) )"
# "50% at 50 and 80% at 70": the number after "at" is no percentage.
_AT_AGE = re.compile(r"% at $")
_AT_LEAST = re.compile(r"[≥>=] ?$")
_LASTING = re.compile(r"(?i:duration|history|since|for|over|last|follow|survival|experience|disease)")
_FROM = re.compile(r"(?<!\w)(?i:from) $")
_SPAN_WORD = re.compile(
    r"(?<!\w)(?i:rang(?:e|es|ed|ing)(?: (?:was|of))?(?: from)?|between|var(?:y|ied|ying) (?:from|between)|"
    r"spanning|age range)[:,=]? ?(?:from |between )?$"
)
_AGED = re.compile(
    r"(?<!\w)(?i:aged?s?|ages)(?: eligible(?: for (?:the )?study)?)?(?: (?:between|from|of|was|ranged?))?"
    r"[:,]? ?(?:from |between )?$"
)
_OLD = re.compile(r"(?:[ –](?:old|of age|(?:and|or) (?:older|over|above)))(?!\w)")


def _area(match: re.Match, text: str) -> Iterator[Quantity]:
    unit = unit_of(match["u2"] or match["u1"])
    if unit.kind == "length":
        yield quantity(
            "area", match.span(), low=number(match["a"]), high=number(match["b"]), unit=unit.spelling
        )


def _pair(match: re.Match, text: str) -> Iterator[Quantity]:
    first, second = number(match["a"]), number(match["b"])
    unit = unit_of(match["u"])
    if unit.kind in ("percent", "density", "length"):
        yield quantity("pair", match.span(), first, low=first, high=second, unit=unit.spelling)


def _range(match: re.Match, text: str) -> Iterator[Quantity]:
    """Read two numbers joined by a dash or a word: a range, or the two ends of a change."""
    before = text[max(0, match.start() - 40) : match.start()]
    joint, unit = match["to"].strip(), unit_of(match["u2"])
    if match["u1"] and unit_of(match["u1"]).spelling != unit.spelling:
        return
    if joint == "and" and _AT_AGE.search(before) and not match["u1"] and unit.kind == "percent":
        return
    low, high = number(match["a"]), number(match["b"])
    age = unit.spelling == "years" and (_AGED.search(before) or _OLD.match(text, match.end()))
    named = bool(_SPAN_WORD.search(before) or age)
    compared = joint[0] in "vc"
    enumerated = (
        compared or joint in ("and", "or") and not (named and joint == "and" and "between" in before.lower())
    )
    if enumerated or (joint == "to" and _FROM.search(before) and not named):
        yield from _two(match, unit, text)
    elif low <= high:
        kind = "age" if age else unit.kind if unit.kind in ("dose", "area") else "range"
        yield quantity(kind, match.span(), low=low, high=high, unit=unit.spelling)


def _two(match: re.Match, unit: Unit, text: str) -> Iterator[Quantity]:
    """Read two figures that share the unit of the second."""
    first = (match.start("a"), match.end("u1") if match["u1"] else match.end("a"))
    yield quantity(_kind(unit, text, *first), first, number(match["a"]), unit=unit.spelling)
    second = (match.start("b"), match.end())
    yield quantity(_kind(unit, text, *second), second, number(match["b"]), unit=unit.spelling)


def _bare_range(match: re.Match, text: str) -> Iterator[Quantity]:
    if is_year(match["a"]) or is_year(match["b"]) or number(match["a"]) > number(match["b"]):
        return
    aged = _AGED.search(text[max(0, match.start("a") - 30) : match.start("a")])
    span = match.start("a"), match.end("b")
    yield quantity("age" if aged else "range", span, low=number(match["a"]), high=number(match["b"]))


def _enumeration(match: re.Match, text: str) -> Iterator[Quantity]:
    """Read `1, 3, 6, and 12 months`: each number with the unit of the last."""
    unit = unit_of(match["u"])
    before = text[max(0, match.start() - 40) : match.start()]
    if _SPAN_WORD.search(before) or (unit.kind == "percent" and _AT_AGE.search(before)):
        return
    kind = _kind(unit, text, *match.span())
    for item in _ITEM.finditer(text, match.start(), match.start("last")):
        yield quantity(kind, item.span(), number(item[0]), unit=unit.spelling)
    yield quantity(kind, (match.start("last"), match.end()), number(match["last"]), unit=unit.spelling)


def _single(match: re.Match, text: str) -> Iterator[Quantity]:
    unit = unit_of(match["u"])
    if is_year(match["v"]) and unit.kind == "duration":
        return
    start, end = match.span()
    if unit.spelling == "years" and text.startswith("–old", end):
        end += len("–old")
        yield quantity("age", (start, end), number(match["v"]), unit="years")
        return
    kind = _kind(unit, text, start, end)
    # Who must be "≥18 years" is asked of an age; how long something lasted is said so.
    grown = kind == "duration" and unit.spelling == "years" and number(match["v"]) >= 16
    if (
        grown
        and _AT_LEAST.search(text[max(0, start - 4) : start])
        and not _LASTING.search(text[max(0, start - 60) : start])
    ):
        kind = "age"
    yield quantity(kind, (start, end), number(match["v"]), unit=unit.spelling)


def _kind(unit: Unit, text: str, start: int, end: int) -> str:
    """Return what a figure with this unit is, from the words around it."""
    if unit.kind == "duration":
        return time_kind(unit, text, start, end)
    if unit.kind in ("density", "length", "count", "measure") and context.says_mean(text, start):
        return "mean"
    if unit.kind != "percent" and context.says_median(text, start):
        return "median"
    return unit.kind


_AGE_BEFORE = re.compile(
    r"(?<!\w)(?i:aged|ages?)(?: (?:of|at|was|is|under|over|below|above|at least|up to|limit))?"
    r"(?: ?[:\f]{1,2} ?)? ?(?:[≥≤<>] ?)?$"
)
# "Average itch during a 24-hour period": a mean of times is stated right before the number.
_STATED = re.compile(
    r"(?:(?<!\w)(?:was|were|is|of|age|time|duration|follow–up|lasted)|[=:,(])(?: about| approximately)? ?$"
)
_POINT_BEFORE = re.compile(
    r"(?<!\w)(?i:at|after|(?<!ed )(?<!ing )by|from baseline to|until|at the end of|post|at baseline,?|"
    r"visit|baseline and)"
    r"(?: the| a| (?:approximately|about))? ?$"
)
_POINT_AFTER = re.compile(
    r"[ –]?(?:(?i:follow–? ?up|visit|visits|time ?points?|post–?(?:treatment|procedure|injection|baseline)?|"
    r"evaluations?|assessments?|results?|"
    r"after|later|of (?:treatment|therapy|follow–?up)|from baseline|mark))(?!\w)"
)
_INTERVAL_AFTER = re.compile(r"[ –](?:intervals?|apart|period|course)(?!\w)")


def time_kind(unit: Unit, text: str, start: int, end: int) -> str:
    """Tell an age, a point in time and a stretch of time apart; a stretch when nothing says otherwise."""
    before = text[max(0, start - 40) : start]
    if unit.spelling == "years" and (_OLD.match(text, end) or _AGE_BEFORE.search(before)):
        return "mean" if context.says_mean(text, start) else "age"
    if context.says_mean(text, start) and _STATED.search(before):
        return "mean"
    if context.says_median(text, start):
        return "median"
    if context.says_stretch(text, start) or _INTERVAL_AFTER.match(text, end):
        return "duration"
    row = text[end : end + 1] == "\t" and (not before or before[-1] == "\f")
    point = _POINT_BEFORE.search(before) or _POINT_AFTER.match(text, end) or row
    return "timepoint" if point else "duration"


_ITEM = re.compile(rf"(?<![\w.]){PLAIN}(?!\w)")
_GAP = r"[ –]?"

AREA_AND_PAIR = (
    Rule(
        re.compile(
            rf"{LEFT}(?P<a>{PLAIN})(?: ?(?P<u1>cm|mm))? ?[×xX*] ?(?P<b>{PLAIN}) ?"
            rf"(?P<u2>cm|mm)(?:\^?2|²)?(?!\w)"
        ),
        _area,
    ),
    Rule(re.compile(rf"{LEFT}(?P<a>{PLAIN}) ?%? ?/ ?(?P<b>{PLAIN}){_GAP}(?P<u>{ANY})"), _pair),
)
RANGES = (
    Rule(
        re.compile(
            rf"{LEFT}{PLAIN}(?:(?:, ?){PLAIN}){{0,8}},? (?:and|or) (?P<last>{PLAIN}){_GAP}(?P<u>{ANY})(?! ?±)"
        ),
        _enumeration,
    ),
    Rule(
        re.compile(
            rf"{LEFT}(?P<a>{SIGNED})(?:{_GAP}(?P<u1>{ANY})(?: old)?)?(?P<to>{_TO})"
            rf"(?P<b>{SIGNED})(?![\w^]|[.,][0-9]| ?[±])?{_GAP}(?P<u2>{ANY})(?! ?±)"
        ),
        _range,
    ),
    Rule(
        re.compile(
            rf"(?<!\w)(?i:rang(?:e|es|ed|ing)|var(?:y|ies|ied|ying)|between|aged|ages)"
            rf"(?: (?:was|of|from|between)){{0,2}}[:,=]? ?"
            rf"{LEFT}(?P<a>{SIGNED})(?: ?[–−~] ?| (?:to|and) )(?P<b>{SIGNED}){RIGHT}"
        ),
        _bare_range,
        re.compile(r"[Rr]ang|[Vv]ar[yi]|[Bb]etween|[Aa]ge"),
    ),
)


def _power(match: re.Match, text: str) -> Iterator[Quantity]:
    """Read `1 × 10^9` without a unit: nothing but particles and cells is counted so."""
    if number(match["v"]) >= SMALLEST_POWER:
        yield quantity("dose", match.span(), number(match["v"]))


SMALLEST_POWER = 1e5
WHOLE_TEXT = (
    # A text that is nothing but a span, such as the content of one cell.
    Rule(re.compile(rf"\A ?(?P<a>{SIGNED})(?: ?[–−~] ?| to )(?P<b>{SIGNED}) ?\Z"), _bare_range),
)
POWERS = (Rule(re.compile(rf"{LEFT}(?P<v>{POWER}){RIGHT}"), _power),)
SINGLES = (
    Rule(re.compile(rf"{LEFT}(?P<v>{SIGNED}){_GAP}(?P<u>{ANY})(?! ?±)"), _single),
    Rule(re.compile(rf"(?<![\w–])(?P<v>{WORD})[ –](?P<u>{TIME}|per ?cent(?!\w))"), _single, FIGURE),
)
