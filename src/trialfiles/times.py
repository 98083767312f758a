"""Dates as printed, and times in weeks: `12-month`, `Month 5`, `4 Weeks`, `3rd month`, `baseline`.

A month is 365.25 / 12 / 7 weeks, a year twelve of them. What is not a time gives None: not found
beats wrong: several times, spans and times before treatment are no single time.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from trialfiles.forms import patterns_of
from trialfiles.quantities.numerals import numeral
from trialfiles.text import remembered

WEEKS_PER_MONTH = 365.25 / 12 / 7
LONGEST = 4000  # characters in which one time may be stated
_WEEKS = {
    "minute": 1 / 10080, "hour": 1 / 168, "day": 1 / 7, "week": 1.0, "month": WEEKS_PER_MONTH,
    "year": 12 * WEEKS_PER_MONTH,
}  # fmt: skip
_SHORT = {"min": "minute", "hr": "hour", "wk": "week", "mo": "month", "mth": "month", "yr": "year"}
_CUES = ("min", "hour", "hr", "day", "week", "wk", "mo", "mth", "year", "yr")
_TOLD = patterns_of("times", "patterns", re.IGNORECASE)


@remembered
def weeks(printed: str | None) -> float | None:
    """Return a printed time in weeks; 0 for baseline, None when it states no single time.

    Examples
    --------
    >>> weeks("4 Weeks"), weeks("Baseline"), weeks("follow-up")
    (4.0, 0.0, None)
    """
    if not printed or len(printed) > LONGEST:
        return None
    if any(_TOLD[name].search(printed) for name in ("past", "from_end", "before_start")):
        return None
    printed = _TOLD["no_time"].sub(" ", printed)
    times = durations(printed)
    found = {value for value, _ in times}
    if len(found) == 1 or (len(times) == 2 and _said_twice(printed, *times)):
        return times[0][0]
    if not found and _TOLD["baseline"].search(printed) and not _TOLD["span"].search(printed):
        return 0.0
    return None


def _said_twice(printed: str, first: tuple[float, str], second: tuple[float, str]) -> bool:
    """Whether `Week 24 (6 months)` says one time in two units; the first is meant, the other rounds it."""
    between = printed[printed.find(first[1]) + len(first[1]) : printed.rfind(second[1])]
    low, high = sorted((first[0], second[0]))
    one, other = (_TOLD["unit"].findall(token)[0].lower() for _, token in (first, second))
    beside = re.fullmatch(r"\s*(?:[(\[/=]\s*)?(?:i\.e\.,?\s*)?", between)
    return one != other and beside is not None and high <= 1.1 * low


def weeks_after_end(printed: str | None) -> float | None:
    """Return a time that is counted from the end of treatment, in weeks; None for any other.

    Examples
    --------
    >>> weeks_after_end("6 weeks post-intervention"), weeks_after_end("6 weeks")
    (6.0, None)
    """
    if not printed or not _TOLD["from_end"].search(printed):
        return None
    found = {value for value, _ in durations(printed)}
    return found.pop() if len(found) == 1 else None


def durations(printed: str) -> list[tuple[float, str]]:
    """Return every time in a text, in weeks with its token: two for `3 and 6 months`, one unit for both."""
    low = printed.lower()
    if not any(unit in low for unit in _CUES):
        return []
    return [
        (
            numeral(number) * _WEEKS[_SHORT.get(unit.lower(), unit.lower())],
            printed[match.start() : match.end()],
        )
        for match, numbers, unit in _matches(printed)
        for number in _TOLD["one"].findall(numbers)
    ]


def _matches(printed: str) -> list[tuple[re.Match[str], str, str]]:
    """Return every time in a text in its order, with its numbers and its unit.

    A number before a unit that has another behind it belongs to the word before it: `Visit 2 Week 12`. Where
    no word says so, neither is taken.
    """
    rivals = {match.start() for match in _TOLD["before"].finditer(printed)}
    found, rest, at = [], [], 0
    for match in _TOLD["after"].finditer(printed):
        rival = match.start(2) in rivals
        before = printed[max(0, match.start() - 12) : match.start()]
        if rival and match.group()[-1] not in "sS" and not _TOLD["of_time"].search(before):
            continue  # the number is of the word before it
        rest += [printed[at : match.start()], "\n" * len(match.group())]
        at = match.end()
        # "2 Week 12": 2 weeks or week 12?
        if not (rival and match.start() == 0 and re.match(r"(?!1\D)\d+\s+[A-Za-z]+(?<!s)$", match.group())):
            found.append((match, match.group(1), match.group(2)))
    left = "".join(rest) + printed[at:]
    found += [(match, match.group(2), match.group(1)) for match in _TOLD["before"].finditer(left)]
    return sorted(found, key=lambda hit: hit[0].start())


def time_in_words(text: str | None) -> str | None:
    """Return the time with which a text ends after `at` or `after`, or which it is; None without one.

    Examples
    --------
    >>> time_in_words("Hair density at 6 months"), time_in_words("Week 12"), time_in_words("over 6 months")
    ('6 months', 'Week 12', None)
    """
    match = _TOLD["at_end"].search(text or "")
    printed = match.group(1).strip() if match else (text or "").strip()
    alone = match or _TOLD["after"].fullmatch(printed) or _TOLD["before"].fullmatch(printed)
    # a time that cannot be told in weeks is one all the same, a span of ages is none
    span = not match and _TOLD["after"].fullmatch(printed) and weeks(printed) is None
    return printed if alone and not span and durations(_TOLD["no_time"].sub(" ", printed)) else None


@remembered
def names_time(title: str | None) -> bool:
    """Whether a title, of a class or a column, is or holds the name of a time.

    `Week 12` is one wherever it stands; a number before its unit only where nothing else is said with it, or
    where it is set apart: what lasts `6 months`, or is `18 to 40 years`, is no time.

    Examples
    --------
    >>> [names_time(title) for title in ("SF-36 Week 12", "Pain, 12 weeks", "Ill for 6 months")]
    [True, True, False]
    """
    # a day of a cycle is a time, though not one from the start
    if not title or len(title) > LONGEST:
        return False
    if _TOLD["cycle"].search(title):
        return True
    kept = _TOLD["no_time"].sub(lambda found: "\n" if found.group().strip(" ()") else " ", title)
    for match, numbers, _ in _matches(kept):
        if match.group(1) != numbers or time_in_words(kept):
            return True  # the unit stands first
        before, after = kept[: match.start()], kept[match.end() :]
        # 12-month survival is a time, a 6-minute walk is none
        adjective = re.match(r"\S*-(?!h|min)", match.group()) and re.match(r"\s+[a-z]", after)
        apart = _TOLD["set_apart"].search(before) and _TOLD["time_ends"].match(after)
        if (adjective or apart) and weeks(match.group()) is not None and "\n" not in kept:
            return True
    return False


def in_weeks(value: float | None, unit: str | None) -> float | None:
    """Return a duration with a unit in weeks; None when either is missing or the unit is no time."""
    key = (unit or "").strip().lower().removesuffix("s")
    return None if value is None or key not in _WEEKS else value * _WEEKS[key]


_DATES = patterns_of("times", "dates")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@remembered
def iso_date(text: str | None) -> str | None:
    """Return a date in ISO form, as precise as it is written; None for what is no date.

    `20200216`, `2020-02-16`, `2020/2/16`, `16/02/2020` (registers write the day first), `January 25, 2020`,
    `25 January 2020`, `January 1996`, `1996`.
    """
    found = (pattern.fullmatch((text or "").strip()) for pattern in _DATES.values())
    match = next(filter(None, found), None)
    if match is None:
        return None
    year, month, day = (match.groupdict().get(name) for name in ("y", "m", "d"))
    if month and month.isalpha():
        month = str(_MONTHS.index(month[:3].lower()) + 1) if month[:3].lower() in _MONTHS else "0"
    elif match.re is _DATES["day_first"] and int(month or 0) > 12:
        month, day = day, month
    parts = [int(part) for part in (year, month, day) if part is not None]
    limits = ((1900, 2200), (1, 12), (1, 31))
    if any(not low <= part <= high for part, (low, high) in zip(parts, limits, strict=False)):
        return None
    return "-".join([f"{parts[0]:04d}", *(f"{part:02d}" for part in parts[1:])])


def iso_us(text: str | None) -> str | None:
    """Return the day of an export's own stamp, which is written month first."""
    match = re.match(r"(\d{1,2})/(\d{1,2})/(\d{4})", text or "")
    return iso_date(f"{match[3]}-{match[1]}-{match[2]}") if match else iso_date(text)


_BOTH = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:,\s*(\d{4})/(\d\d)/(\d\d))?")
# Jalali years are leap by a 33-year rule from 1244 to 1472; day 1 of 1400 was 21 March 2021.
_EPOCH = date(2021, 3, 21)
_LEAP = (1, 5, 9, 13, 17, 22, 26, 30)


def both_calendars(text: str) -> dict[str, Any] | None:
    """Return a date's two readings and whether they are the same day; None where no date stands.

    Examples
    --------
    >>> both_calendars("2025-08-02, 1404/05/11")["same_day"]
    True
    """
    match = _BOTH.search(text)
    if not match:
        return None
    gregorian = "-".join(match.group(1, 2, 3))
    if not match[4]:
        return {"gregorian": gregorian, "jalali": None, "same_day": None}
    jalali = "/".join(match.group(4, 5, 6))
    day = gregorian_of(*(int(part) for part in match.group(4, 5, 6)))
    return {"gregorian": gregorian, "jalali": jalali, "same_day": bool(day and day.isoformat() == gregorian)}


def gregorian_of(year: int, month: int, day: int) -> date | None:
    """Return the Gregorian day of a Jalali date of 1244 to 1472; None for a day that is not there."""
    lengths = [31] * 6 + [30] * 5 + [30 if year % 33 in _LEAP else 29]
    if not (1244 <= year <= 1472 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]):
        return None
    whole = range(1400, year) if year >= 1400 else range(year, 1400)
    days = sum(366 if one % 33 in _LEAP else 365 for one in whole)
    start = _EPOCH + timedelta(days=days if year >= 1400 else -days)
    return start + timedelta(days=sum(lengths[: month - 1]) + day - 1)
