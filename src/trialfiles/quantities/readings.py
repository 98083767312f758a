"""What the matches of the grammar's rules mean; a rule of `grammar.yaml` names its reading and the arguments.

Each reading gets a match and the text as it was before anything was read, and yields the quantities in the
match, none when it is no quantity after all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from trialfiles.quantities.numerals import ROMAN, is_year, numeral
from trialfiles.quantities.terms import Context, Unit


@dataclass(frozen=True)
class Quantity:
    """A figure as it stands in a text, with its meaning as far as the text itself gives it.

    Parameters
    ----------
    printed : str
        The characters from `char_start` to `char_end`, exactly.
    value : float or None
        The number; None where two numbers stand for one thing (a range, an interval).
    value_low, value_high : float or None
        Ends of a range or of an interval; the quartiles of a median. In a `pair` and in the sides of an
        `area`: the first and the second number as printed. In a `ratio` (12 of 16): part and whole.
    sd : float or None
        Standard deviation, in kinds `mean_sd` and `sd`.
    unit : str
        Unit in one spelling, such as `kg/m²`, `%`, `weeks`; the scale of a `grade`; '' if
        none stands there.
    char_start, char_end : int
        0-based offsets into the text that was searched.
    kind : str
        `mean_sd mean_se mean sd median median_iqr ci p_value range percent pair n ratio count dose
        density length area duration timepoint age grade phase coefficient statistic effect
        estimate score measure magnification`.
    relation : str
        `= < > ≤ ≥ ≈` for a p value, a threshold or an approximate figure; '' otherwise.
    """

    printed: str
    value: float | None
    value_low: float | None
    value_high: float | None
    sd: float | None
    unit: str
    char_start: int
    char_end: int
    kind: str
    relation: str = ""

    @property
    def values(self) -> tuple[float, ...]:
        """All numbers printed in it: value, low, high, SD, without those that are missing."""
        numbers = (self.value, self.value_low, self.value_high, self.sd)
        return tuple(dict.fromkeys(number for number in numbers if number is not None))


def quantity(
    kind: str,
    span: tuple[int, int],
    value: float | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    sd: float | None = None,
    unit: str = "",
    relation: str = "",
) -> Quantity:
    """Return a quantity whose printed characters are filled in later, from the text itself."""
    return Quantity("", value, low, high, sd, unit, span[0], span[1], kind, relation)


def _unit_of(match: re.Match, context: Context) -> Unit:
    """Return the unit of a figure, wherever in the expression it stands."""
    groups = match.groupdict()
    return context.terms.unit(next(filter(None, map(groups.get, ("u", "u1", "u2", "u3"))), None))


def _figure(
    match: re.Match,
    context: Context,
    kind: str,
    span: Any = 0,
    value: str = "",
    low: str = "",
    high: str = "",
    unit: str = "",
    relation: str = "",
    ordered: bool = False,
    not_year: bool = False,
) -> Iterator[Quantity]:
    """Read the groups of a pattern as what the rule says they are; `span` names one group or two."""
    groups = {"value": value, "low": low, "high": high}
    numbers: dict[str, Any] = {name: numeral(match[group]) for name, group in groups.items() if group}
    if (ordered and numbers["low"] > numbers["high"]) or (not_year and is_year(match[value])):
        return
    first, last = span if isinstance(span, list) else (span, span)
    unit = unit or _unit_of(match, context).spelling
    yield quantity(kind, (match.start(first), match.end(last)), **numbers, unit=unit, relation=relation)


def _one_or_two(kind: str, span: tuple[int, int], low: float, high: str | None, unit: str = "") -> Quantity:
    """Return a step or a time, or a span of them where a second one is printed."""
    if high:
        return quantity(kind, span, low=low, high=numeral(high), unit=unit)
    return quantity(kind, span, low, unit=unit)


# How many: people, parts of a whole, groups, sessions, lesions


def _counted(match: re.Match, context: Context, kind: str) -> Iterator[Quantity]:
    # three digits may be the tail of a number that is written with spaces, such as `4 612`
    cut = len(match["v"]) == 3 and context.before(match.start(), 2)[:1].isdigit()
    if not is_year(match["v"]) and not cut:
        yield quantity(kind, match.span(), numeral(match["v"]), unit=match["noun"].lower())


def _part(match: re.Match, context: Context) -> Iterator[Quantity]:
    part, whole = numeral(match["part"]), numeral(match["whole"])
    if part <= whole and whole > 0:
        yield quantity("ratio", match.span("figure"), part, low=part, high=whole)


def _with_percent(match: re.Match, context: Context) -> Iterator[Quantity]:
    yield quantity("count", match.span("v"), numeral(match["v"]))
    yield quantity("percent", match.span("percent"), numeral(match["p"]), unit="%")


def _allocation(match: re.Match, context: Context) -> Iterator[Quantity]:
    numbers = [numeral(part) for part in match[0].replace(" ", "").split(":")]
    yield quantity("ratio", match.span(), numbers[0], low=numbers[0], high=numbers[-1])


def _spaced(match: re.Match, context: Context) -> Iterator[Quantity]:
    if context.follows("BEFORE_SPACED", match.start(), 20):
        yield quantity("n", match.span(), numeral(match["v"]), unit=match["noun"].lower())


def _did(match: re.Match, context: Context) -> Iterator[Quantity]:
    if not is_year(match["v"]) and not context.follows("NAMES_ONE", match.start(), 20):
        yield quantity("n", match.span("v"), numeral(match["v"]))


def _enumerated(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `10, 12 and 11 patients`: each number counts what the noun names."""
    pattern = context.terms.pattern("ITEM_OF_COUNTS")
    items = list(pattern.finditer(context.text, match.start(), match.end("v")))
    if any(is_year(item[0]) for item in items):
        return
    for item in items[:-1]:
        yield quantity("n", item.span(), numeral(item[0]), unit=match["noun"].lower())
    yield quantity("n", (items[-1].start(), match.end()), numeral(match["v"]), unit=match["noun"].lower())


def _by_group(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `(45 in the active and 45 in the control group)` after people."""
    if context.follows("PEOPLE_BEFORE", match.start(), 100):
        pattern = context.terms.pattern("ONE_IN_GROUP")
        for item in pattern.finditer(context.text, match.start(), match.end()):
            yield quantity("n", item.span("v"), numeral(item["v"]))


# What statistical tests print: p values, confidence intervals, test statistics, coefficients, effects

_SIGNS = {
    "<=": "≤", ">=": "≥", "less than": "<", "below": "<", "greater than": ">", "more than": ">", "above": ">",
}  # fmt: skip


def _p_value(match: re.Match, context: Context) -> Iterator[Quantity]:
    printed = (match["relation"] or "=").strip()
    value = numeral(match["p"])
    if 0 <= value <= 1:
        yield quantity("p_value", match.span(), value, relation=_SIGNS.get(printed.lower(), printed))


def _p_values(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `p values of 0.03 and 0.04`."""
    for name in ("p", "q"):
        if numeral(match[name]) <= 1:
            yield quantity("p_value", match.span(name), numeral(match[name]), relation="=")


def _before_interval(match: re.Match, context: Context) -> Iterator[Quantity]:
    if context.precedes("INTERVAL_NEXT", match.end()):
        unit = _unit_of(match, context).spelling
        yield quantity("percent" if unit == "%" else "estimate", match.span(), numeral(match["m"]), unit=unit)


def _named(match: re.Match, context: Context, kind: str) -> Iterator[Quantity]:
    # A sign binds name and number into one token (`r = 0.4`); words around a number do not.
    start = match.start() if "=" in match[0] else match.start("v")
    unit = _unit_of(match, context).spelling
    yield quantity(kind, (start, match.end()), numeral(match["v"]), unit=unit)


def _bracket(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read a bracket after a figure inside it, when an effect's name or the sentence says what it is."""
    before = context.before(match.start(), 100)
    centre = context.follows("BRACKET_CENTRE", match.start(), 100)
    low, high = numeral(match["low"]), numeral(match["high"])
    if not centre or not low <= numeral(centre["m"]) <= high:
        return
    if not context.follows("EFFECT_BEFORE", match.start(), 100):
        says = context.promises("SAYS_INTERVAL", match.start())
        if not says or context.promises("SAYS_NO_INTERVAL", match.start()):
            return
        start = match.start() - len(before) + centre.start("m")
        end = match.start() - len(before) + centre.end("m")
        yield quantity("estimate", (start, end), numeral(centre["m"]))
    yield quantity("ci", (match.start("low"), match.end("high")), low=low, high=high)


# Values with a unit, ranges, ages and times


def _area(match: re.Match, context: Context) -> Iterator[Quantity]:
    unit = context.terms.unit(match["u2"] or match["u1"])
    if unit.kind == "length":
        low, high = numeral(match["a"]), numeral(match["b"])
        yield quantity("area", match.span(), low=low, high=high, unit=unit.spelling)


def _pair(match: re.Match, context: Context) -> Iterator[Quantity]:
    first, second = numeral(match["a"]), numeral(match["b"])
    unit = _unit_of(match, context)
    if unit.kind in ("percent", "density", "length"):
        yield quantity("pair", match.span(), first, low=first, high=second, unit=unit.spelling)


def _range(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read two numbers joined by a dash or a word: a range, or the two ends of a change."""
    at, joint, unit = match.start(), match["to"].strip(), context.terms.unit(match["u2"])
    if match["u1"] and context.terms.unit(match["u1"]).spelling != unit.spelling:
        return
    if joint == "and" and context.follows("AT_AGE", at) and not match["u1"] and unit.kind == "percent":
        return
    low, high = numeral(match["a"]), numeral(match["b"])
    old = context.follows("AGED_BEFORE", at) or context.precedes("OLD_AFTER", match.end())
    age = unit.spelling == "years" and old
    named = bool(context.follows("SPAN_BEFORE", at) or age)
    between = named and joint == "and" and "between" in context.before(at, 40).lower()
    compared = joint[0] in "vc"
    enumerated = compared or (joint in ("and", "or") and not between)
    if enumerated or (joint == "to" and context.follows("FROM_BEFORE", at) and not named):
        first = (match.start("a"), match.end("u1") if match["u1"] else match.end("a"))
        second = (match.start("b"), match.end())
        yield quantity(_kind(unit, context, *first), first, low, unit=unit.spelling)
        yield quantity(_kind(unit, context, *second), second, high, unit=unit.spelling)
    elif low <= high:
        kind = "age" if age else unit.kind if unit.kind in ("dose", "area") else "range"
        yield quantity(kind, match.span(), low=low, high=high, unit=unit.spelling)


def _bare_range(match: re.Match, context: Context) -> Iterator[Quantity]:
    low, high = numeral(match["a"]), numeral(match["b"])
    if not is_year(match["a"]) and not is_year(match["b"]) and low <= high:
        aged = context.follows("AGED_BEFORE", match.start("a"), 30)
        span = match.start("a"), match.end("b")
        yield quantity("age" if aged else "range", span, low=low, high=high)


def _enumeration(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `1, 3, 6, and 12 months`: each number with the unit of the last."""
    unit, at = _unit_of(match, context), match.start()
    if context.follows("SPAN_BEFORE", at) or (unit.kind == "percent" and context.follows("AT_AGE", at)):
        return
    kind = _kind(unit, context, *match.span())
    for item in context.terms.pattern("ITEM").finditer(context.text, at, match.start("last")):
        yield quantity(kind, item.span(), numeral(item[0]), unit=unit.spelling)
    yield quantity(kind, (match.start("last"), match.end()), numeral(match["last"]), unit=unit.spelling)


def _single(match: re.Match, context: Context) -> Iterator[Quantity]:
    unit, value = _unit_of(match, context), numeral(match["v"])
    if is_year(match["v"]) and unit.kind == "duration":
        return
    start, end = match.span()
    years = unit.spelling == "years"
    if years and context.text.startswith("–old", end):
        yield quantity("age", (start, end + len("–old")), value, unit="years")
        return
    kind = _kind(unit, context, start, end)
    # Who must be "≥18 years" is asked of an age; how long something lasted is said so.
    grown = kind == "duration" and years and value >= 16 and context.follows("AT_LEAST", start, 4)
    if grown and not context.follows("LASTING", start, 60):
        kind = "age"
    yield quantity(kind, (start, end), value, unit=unit.spelling)


def _kind(unit: Unit, context: Context, start: int, end: int) -> str:
    """Return what a figure with this unit is, from the words around it."""
    if unit.kind == "duration":
        return _time_kind(unit, context, start, end)
    if unit.kind in ("density", "length", "count", "measure") and context.says_mean(start):
        return "mean"
    if unit.kind != "percent" and context.says_median(start):
        return "median"
    return unit.kind


def _time_kind(unit: Unit, context: Context, start: int, end: int) -> str:
    """Tell an age, a point in time and a stretch of time apart; a stretch when nothing says otherwise."""
    old = context.precedes("OLD_AFTER", end) or context.follows("AGE_BEFORE", start)
    if unit.spelling == "years" and old:
        return "mean" if context.says_mean(start) else "age"
    if context.says_mean(start) and context.follows("STATED_BEFORE", start):
        return "mean"
    if context.says_median(start):
        return "median"
    if context.follows("STRETCH_BEFORE", start, 30) or context.precedes("INTERVAL_AFTER", end):
        return "duration"
    row = context.text[end : end + 1] == "\t" and context.before(start, 1) in ("", "\f")
    point = context.follows("POINT_BEFORE", start) or context.precedes("POINT_AFTER", end) or row
    return "timepoint" if point else "duration"


def _power(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `1 × 10^9` without a unit: nothing but particles and cells is counted so."""
    if numeral(match["v"]) >= SMALLEST_POWER:
        yield quantity("dose", match.span(), numeral(match["v"]))


SMALLEST_POWER = 1e5


# Scales, grades, phases, visits


def _scale_ends(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `(−3 to +3)` after the name of a scale."""
    low, high = numeral(match["a"]), numeral(match["b"])
    if low < high and context.follows("SCALE_BEFORE", match.start(), 60):
        yield quantity("range", (match.start("a"), match.end("b")), low=low, high=high)


def _threshold(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `SALT ≤ 20`: the value of a scale or an index that a sign compares."""
    relation = _SIGNS.get(match["relation"], match["relation"])
    yield quantity("score", match.span("figure"), numeral(match["v"]), relation=relation)


def _rate(match: re.Match, context: Context) -> Iterator[Quantity]:
    yield quantity("estimate", match.span(), numeral(match["v"]), unit=match["u"].replace("–", "-"))


def _frequency(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `once a month`: an interval of one."""
    yield quantity("duration", match.span(), 1.0, unit=match["u"].lower() + "s")


def _grade(match: re.Match, context: Context) -> Iterator[Quantity]:
    # "Type II collagen", "class I" of a device: without a scale's name, one must stand before it.
    loose = context.precedes("LOOSE", match.start())
    if loose and not context.follows("SCALE_NAMED", match.start(), 260):
        return
    # the numeral without its letter or its sub-step: III vertex, I–3
    low, high = (step and re.findall(rf"^(?:{ROMAN}|[0-9])", step)[0] for step in match.group("low", "high"))
    yield _one_or_two("grade", match.span(), numeral(low), high, unit=(match["scale"] or "").strip())


def _lettered_grade(match: re.Match, context: Context) -> Iterator[Quantity]:
    if context.follows("LETTERED_SCALE", match.start(), 160):
        low, high = numeral(match["low"]), numeral(match["high"])
        yield quantity("grade", match.span(), low=low, high=high, unit=context.terms.lettered)


def _phase(match: re.Match, context: Context) -> Iterator[Quantity]:
    yield _one_or_two("phase", match.span(), numeral(match["low"]), match["high"])


def _ordinal_time(match: re.Match, context: Context) -> Iterator[Quantity]:
    unit = match["unit"].lower().rstrip("s") + "s"
    if match["first"]:
        yield quantity("timepoint", match.span("first"), numeral(match["first"]), unit=unit)
    yield quantity("timepoint", (match.start("v"), match.end()), numeral(match["v"]), unit=unit)


def _numbered_time(match: re.Match, context: Context) -> Iterator[Quantity]:
    unit = match["unit"].lower() + "s"
    yield _one_or_two("timepoint", match.span(), numeral(match["v"]), match["high"], unit=unit)


def _numbered_times(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `weeks 4, 8 and 12`: the unit stands before the first number."""
    unit = match["unit"].lower() + "s"
    for at, item in enumerate(re.finditer(r"[0-9]{1,3}", match[0])):
        start = match.start() + (0 if at == 0 else item.start())
        yield quantity("timepoint", (start, match.start() + item.end()), numeral(item[0]), unit=unit)


# Means, medians and labelled values with their spread or interval


def _mean_pm_sd(match: re.Match, context: Context) -> Iterator[Quantity]:
    unit = _unit_of(match, context).spelling
    # "day 90 ± 7" and "at 12 ± 2 weeks" are windows of a visit.
    window = context.follows("VISIT_BEFORE", match.start(), 12)
    if window and (not unit or unit in ("days", "weeks", "months")):
        return
    span, mean, spread = match.span(), numeral(match["m"]), numeral(match["s"])
    times_ten = context.terms.pattern("TIMES_TEN").search
    if (power := times_ten(match["s"])) and not times_ten(match["m"]):
        mean *= numeral(power[1])  # `1.2 ± 0.3 × 10^11`: the power is of both
    if context.precedes("SE_AFTER", match.end()) or context.spreads == "se":
        yield quantity("mean_se", span, mean, unit=unit)
    elif spread >= 0:
        yield quantity("mean_sd", span, mean, sd=spread, unit=unit)


def _mean_paren_sd(match: re.Match, context: Context) -> Iterator[Quantity]:
    said = match["said"] is not None or context.promises("SAYS_MEAN_SD", match.start())
    decimals = "." in match["s"] or "·" in match["s"]
    implied = context.spreads == "sd" and context.in_sentence_about_mean(match.start()) and decimals
    if (said or implied) and not is_year(match["s"]):
        end = match.end() - (match[0].endswith((")", "]")) and not re.search(r"[(\[]", match[0]))
        sd, unit = abs(numeral(match["s"])), _unit_of(match, context).spelling
        yield quantity("mean_sd", (match.start(), end), numeral(match["m"]), sd=sd, unit=unit)


def _sd_alone(match: re.Match, context: Context) -> Iterator[Quantity]:
    value = numeral(match["s"])
    # "SD 4500" may be a camera: without a sign or a word in between, an SD is in brackets or has decimals.
    if match["is"] != " " or "." in match["s"] or context.before(match.start(), 1) == "(":
        unit = _unit_of(match, context).spelling
        yield quantity("sd", match.span("figure"), value, sd=value, unit=unit)


def _median_iqr(match: re.Match, context: Context) -> Iterator[Quantity]:
    start, unit = match.start("m"), _unit_of(match, context).spelling
    centre, low, high = (numeral(match[name]) for name in ("m", "low", "high"))
    unsaid = match["said"] is None
    # `median 11 [6, 17] before and 4 [2, 8] after`: the second bracket is read as the first one.
    second = low <= centre <= high and context.in_sentence_about_median(start)
    if unsaid and not second and not context.says_median(start):
        return
    if unsaid and context.promises("SAYS_MEDIAN_RANGE", start):
        yield quantity("median", match.span("m"), centre, unit=unit)
        yield quantity("range", (match.start("low"), match.end("high")), low=low, high=high, unit=unit)
    else:
        yield quantity("median_iqr", (start, match.end()), centre, low=low, high=high, unit=unit)


def _mean(match: re.Match, context: Context) -> Iterator[Quantity]:
    if not is_year(match["v"]):
        kind = "median" if match["kind"].lower() == "median" else "mean"
        yield quantity(kind, match.span("v"), numeral(match["v"]))


def _score(match: re.Match, context: Context) -> Iterator[Quantity]:
    if not is_year(match["v"]):
        kind = "mean" if context.says_mean(match.start("v")) else "score"
        yield quantity(kind, match.span("v"), numeral(match["v"]))


def _change(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read bare numbers after a verb of change, when they can be nothing but measured values."""
    if any(mark in (match["v"] + (match["end"] or "")) for mark in ".·"):
        for name in ("v", "end"):
            if match[name]:
                yield quantity("estimate", match.span(name), numeral(match[name]))


def _labelled(match: re.Match, context: Context) -> Iterator[Quantity]:
    label, value = match["label"].lower(), numeral(match["v"])
    if label == "phase" and match["high"]:
        yield quantity("phase", (match.start("v"), match.end("high")), low=value, high=numeral(match["high"]))
    elif not match["high"]:
        yield quantity("phase" if label == "phase" else "n", match.span("v"), value)


READINGS: dict[str, Callable[..., Iterator[Quantity]]] = {
    read.__name__.removeprefix("_"): read
    for read in (
        _figure, _counted, _part, _with_percent, _allocation, _spaced, _did, _enumerated, _by_group,
        _p_value, _p_values, _before_interval, _named, _bracket, _area, _pair, _range, _bare_range,
        _enumeration, _single, _power, _scale_ends, _threshold, _rate, _frequency, _grade, _lettered_grade,
        _phase, _ordinal_time, _numbered_time, _numbered_times, _mean_pm_sd, _mean_paren_sd, _sd_alone,
        _median_iqr, _mean, _score, _change, _labelled,
    )
}  # fmt: skip
