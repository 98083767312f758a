"""What the numbers of a study sheet must keep.

They agree with the printed token, shares stay within 0 to 100 %, ranges, ages, dates and characters run
forwards, and a figure that stands for people is a whole number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

Fault = tuple[tuple[str | int, ...], str, str]  # path, problem, remedy

MULTIPLIERS = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO_DAY = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T.*)?")
_DAY_FIRST = re.compile(r"(?:(\d{1,2})\s+)?([A-Za-z]{3,9})\.?,?\s+(\d{4})")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})")
MOST_PEOPLE = 10**12
_PEOPLE = (0, MOST_PEOPLE, "a whole number of people")
_SOME_PEOPLE = (1, MOST_PEOPLE, "a whole number of people, at least 1")
_NOT_NEGATIVE = (0, math.inf, "a number that is not negative")
# field -> smallest value, largest value, what it must be
USES: dict[str, dict[str, tuple[float, float, str]]] = {
    "study": {
        "n_planned": _PEOPLE,
        "n_enrolled": _PEOPLE,
        "n_analysed": _PEOPLE,
        "age_min": (0, 120, "an age in years, 0 to 120"),
        "age_max": (0, 120, "an age in years, 0 to 120"),
    },
    "arms": {"n": _PEOPLE, "sessions": _NOT_NEGATIVE, "interval": _NOT_NEGATIVE},
    "results": {
        "n": _SOME_PEOPLE,
        "sd": _NOT_NEGATIVE,
        "iqr": _NOT_NEGATIVE,
        "count": _NOT_NEGATIVE,
        "percent": (0, 100, "a share of people, 0 to 100 percent"),
        "p_value": (0, 1, "a p value, 0 to 1"),
    },
    "contrasts": {"n": _SOME_PEOPLE, "p_value": (0, 1, "a p value, 0 to 1")},
    "adverse_events": {"count": _PEOPLE, "n": _SOME_PEOPLE, "resolved": _NOT_NEGATIVE},
}


def check_figure(index: int, quantity: dict[str, Any]) -> Iterator[Fault]:
    """Check a figure against its own token and kind."""
    given = {part: _number(quantity.get(part)) for part in ("value", "low", "high", "sd")}
    given = {part: value for part, value in given.items() if value is not None}
    kind, printed = quantity.get("kind"), quantity.get("printed")
    if isinstance(printed, str):
        seen = printed_numbers(printed)
        for part, value in given.items():
            if seen and not any(abs(value - number) <= 1e-9 * max(1, abs(number)) for number in seen):
                remedy = "write the number that is printed; a change of unit is made later, by cleaning"
                yield (
                    ("quantities", index, part),
                    f"{value:g} is not in the printed token {printed!r}",
                    remedy,
                )
    if kind == "percent":
        for part in ("value", "low", "high"):
            if part in given and not 0 <= given[part] <= 100:
                remedy = "a share lies between 0 and 100; use kind percent_change for a change"
                yield ("quantities", index, part), f"a percent of {given[part]:g}", remedy
    if kind == "p_value" and not 0 <= given.get("value", 0) <= 1:
        yield (
            ("quantities", index, "value"),
            f"a p value of {given['value']:g}",
            "a p value lies between 0 and 1",
        )
    if kind == "sd" and given.get("value", 0) < 0:
        problem = f"a standard deviation of {given['value']:g}"
        yield ("quantities", index, "value"), problem, "a standard deviation is never below 0"
    if "low" in given and "high" in given and given["low"] > given["high"]:
        problem = f"the range ends ({given['high']:g}) before it starts ({given['low']:g})"
        yield ("quantities", index, "low"), problem, "put the smaller value first"


def printed_numbers(printed: str) -> list[float]:
    """Return every number that a token can be read as: `1,200` as 1200 and as 1.2, `2 million` as both."""
    numbers = [value for token in NUMBER.findall(printed) for value in _readings(token)]
    scale = next((factor for word, factor in MULTIPLIERS.items() if word in printed.lower()), 1.0)
    return numbers + [number * scale for number in numbers] + [-number for number in numbers]


def check_place(index: int, quantity: dict[str, Any]) -> Iterator[Fault]:
    """Check that a figure's characters run forwards and span as many as its token has."""
    at, printed = quantity.get("at"), quantity.get("printed")
    chars = at.get("chars") if isinstance(at, dict) else None
    if not (isinstance(chars, list) and len(chars) == 2 and all(isinstance(item, int) for item in chars)):
        return
    start, end = chars
    if end <= start:
        yield (
            ("quantities", index, "at", "chars"),
            f"ends ({end}) before it starts ({start})",
            "put start, then end",
        )
    elif isinstance(printed, str) and end - start != len(printed):
        problem = f"spans {end - start} characters, the printed token has {len(printed)}"
        yield ("quantities", index, "at", "chars"), problem, "copy the token letter by letter, or count again"


def check_use(
    place: tuple[str | int, ...], block: dict[str, Any], figures: dict[str, dict]
) -> Iterator[Fault]:
    """Check that each figure that a block names can be what the block takes it for."""
    for field, (lowest, highest, what) in USES[str(place[0])].items():
        if field == "percent" and block.get("kind") != "count":
            continue  # of one person's hairs, or a change: no share of people
        value = _named(figures, block.get(field))
        if value is None:
            continue
        whole = what.startswith("a whole number")
        if not lowest <= value <= highest or (whole and value != int(value)):
            yield (*place, field), f"{block[field]} is {value:g}", f"name a figure that is {what}"


def check_order(study: Any, figures: dict[str, dict[str, Any]]) -> Iterator[Fault]:
    """Check that the study's dates and ages run forwards; a date in words that cannot be read passes."""
    if not isinstance(study, dict):
        return
    youngest, oldest = _named(figures, study.get("age_min")), _named(figures, study.get("age_max"))
    if youngest is not None and oldest is not None and youngest > oldest:
        problem = f"age_max ({oldest:g}) lies before age_min ({youngest:g})"
        yield ("study", "age_max"), problem, "exchange age_min and age_max, or mend one"
    start, end = (figures.get(str(study.get(field)).partition(".")[0]) for field in ("starts_on", "ends_on"))
    first, last = (_day(figure.get("printed") if figure else None) for figure in (start, end))
    common = min(len(first), len(last))
    if first[:common] > last[:common]:
        problem = f"ends_on ({end['printed']}) lies before starts_on ({start['printed']})"
        yield ("study", "ends_on"), problem, "exchange starts_on and ends_on, or mend one"


def _number(value: Any) -> float | None:
    """Return a finite number; None for anything else, which the shape check reports."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _named(figures: dict[str, dict[str, Any]], reference: Any) -> float | None:
    """Return the number that a reference leads to; None where it leads to none."""
    if not isinstance(reference, str):
        return None
    name, _, part = reference.partition(".")
    return _number(figures.get(name, {}).get(part or "value"))


def _readings(token: str) -> list[float]:
    """Return what a printed number may mean: comma as thousands or decimal mark, dots of a date."""
    found = []
    for text in (token.replace(",", ""), token.replace(",", ".")):
        try:
            found.append(float(text))
        except ValueError:
            found += [float(part) for part in re.findall(r"\d+", text)]
    return found


def _day(printed: Any) -> tuple[int, ...]:
    """Return year, month and day of a printed date, as far as they are printed; () if it is none."""
    text = printed.strip() if isinstance(printed, str) else ""
    if match := _ISO_DAY.fullmatch(text):
        parts = [match[1], match[2], match[3]]
    elif match := _DAY_FIRST.fullmatch(text):
        parts = [match[3], match[2], match[1]]
    elif match := _MONTH_FIRST.fullmatch(text):
        parts = [match[3], match[1], match[2]]
    else:
        return ()
    month = parts[1] or ""
    if month.isalpha():
        number = next((n for n, name in enumerate(MONTHS, start=1) if month.lower().startswith(name)), None)
        parts = [parts[0], number, parts[2]] if number else [parts[0]]
    return tuple(int(part) for part in parts if part is not None)
