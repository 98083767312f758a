"""Times as printed, in weeks: `12-month`, `Month 5`, `4 Weeks`, `3rd month`, `baseline`.

A month is 365.25 / 12 / 7 weeks, a year twelve of them. What is not a time gives None: not found
beats wrong: several times, spans and times before treatment are no single time.
"""

from __future__ import annotations

import re

WEEKS_PER_MONTH = 365.25 / 12 / 7
_WEEKS = {
    "minute": 1 / 10080, "hour": 1 / 168, "day": 1 / 7, "week": 1.0, "month": WEEKS_PER_MONTH,
    "year": 12 * WEEKS_PER_MONTH,
}  # fmt: skip
_SHORT = {"min": "minute", "hr": "hour", "wk": "week", "mo": "month", "mth": "month", "yr": "year"}
_CUES = ("min", "hour", "hr", "day", "week", "wk", "mo", "mth", "year", "yr")
_WORDS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
}
_NUMBER = r"(?:\d{1,6}(?:\.\d{1,6})?(?!\d)(?:st|nd|rd|th)?|(?:" + "|".join(_WORDS) + r")(?![a-z]))"
_DASH = r"\u2010-\u2015-"
_NUMBERS = rf"{_NUMBER}(?:(?:\s*(?:[,;/&{_DASH}]|\band\b|\bor\b|\bto\b)\s*)+{_NUMBER})*"
_UNIT = r"(minute|min|hour|hr|day|week|wk|month|mth|mo|year|yr)s?"
_AFTER = re.compile(rf"(?<![\w.,/{_DASH}])({_NUMBERS})[\s\u00a0{_DASH}]*{_UNIT}\b", re.IGNORECASE)
_BEFORE = re.compile(  # "min 5" is a minimum
    rf"\b{_UNIT.replace('min|', '')}[\s\u00a0{_DASH}]*({_NUMBERS})(?![\w,/{_DASH}]*\d|\.\d)", re.IGNORECASE
)
_ONE = re.compile(_NUMBER, re.IGNORECASE)
_BASELINE = re.compile(
    r"\b(baseline|before (?:the )?(?:first )?treatment|week 0|month 0|day 0)\b", re.IGNORECASE
)
_AT_END = re.compile(r"\b(?:at|after)\s+((?:(?!\b(?:at|after)\b)[^.;]){1,80})\.?$", re.IGNORECASE)
# what turns baseline into the start of a span, and a duration into a time before treatment
_SPAN = re.compile(
    r"\b(from|after|since|to|until|till|through|end|change|compared|relative|over)\b", re.IGNORECASE
)
# counted from the end of treatment, whose length is another matter
_FROM_END = re.compile(
    r"\bpost-?\s?intervention\b"
    r"|\b(?:after|post|following)[ -](?:the )?(?:(?:last|final) (?:treatment|session|injection|visit)|end)\b",
    re.IGNORECASE,
)
# what holds a duration and is no time: how often, and by how much a visit may miss its day
_NO_TIME = re.compile(
    rf"\bevery\s+{_NUMBER}\s*{_UNIT}\b"
    rf"|\(?\s*(?:\u00b1|\+ ?/? ?[-\u2212\u2013])\s*{_NUMBER}(?:\s*{_UNIT}\b)?\s*\)?",
    re.IGNORECASE,
)
_BEFORE_START = re.compile(rf"\b{_UNIT}\s+[-\u2212\u2013]\d", re.IGNORECASE)
_PAST = re.compile(rf"\b{_UNIT}\s+(before|prior|preceding|earlier|ago)\b", re.IGNORECASE)


def weeks(printed: str | None) -> float | None:
    """Return a printed time in weeks; 0 for baseline, None when it states no single time.

    Examples
    --------
    >>> weeks("4 Weeks"), weeks("Baseline"), weeks("follow-up")
    (4.0, 0.0, None)
    """
    if not printed:
        return None
    if _PAST.search(printed) or _FROM_END.search(printed) or _BEFORE_START.search(printed):
        return None
    printed = _NO_TIME.sub(" ", printed)
    times = durations(printed)
    found = {value for value, _ in times}
    if len(found) == 1 or (len(times) == 2 and _said_twice(printed, *times)):
        return times[0][0]
    if not found and _BASELINE.search(printed) and not _SPAN.search(printed):
        return 0.0
    return None


def _said_twice(printed: str, first: tuple[float, str], second: tuple[float, str]) -> bool:
    """Whether `Week 24 (6 months)` says one time in two units; the first is meant, the other rounds it."""
    between = printed[printed.find(first[1]) + len(first[1]) : printed.rfind(second[1])]
    low, high = sorted((first[0], second[0]))
    units = {_unit(token) for _, token in (first, second)}
    return (
        len(units) == 2
        and bool(re.fullmatch(r"\s*[(\[/=]\s*(?:i\.e\.,?\s*)?", between))
        and high <= 1.1 * low
    )


def _unit(token: str) -> str:
    """Return the unit in a printed time."""
    return re.sub(r"[^a-z]", "", re.search(_UNIT, token, re.IGNORECASE).group(1).lower())


def weeks_after_end(printed: str | None) -> float | None:
    """Return a time that is counted from the end of treatment, in weeks; None for any other.

    Examples
    --------
    >>> weeks_after_end("6 weeks post-intervention"), weeks_after_end("6 weeks")
    (6.0, None)
    """
    if not printed or not _FROM_END.search(printed):
        return None
    found = {value for value, _ in durations(printed)}
    return found.pop() if len(found) == 1 else None


def durations(printed: str) -> list[tuple[float, str]]:
    """Return every time in a text, in weeks with its token: two for `3 and 6 months`, one unit for both."""
    low = printed.lower()
    if not any(unit in low for unit in _CUES):
        return []
    hits = [
        (match.span(), match.group(1), match.group(2), match.group(0)) for match in _AFTER.finditer(printed)
    ]
    taken = [span for span, *_ in hits]
    for match in _BEFORE.finditer(printed):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            hits.append((match.span(), match.group(2), match.group(1), match.group(0)))
    return [
        (_in_weeks(number, unit), token)
        for _, numbers, unit, token in sorted(hits)
        for number in _ONE.findall(numbers)
    ]


def time_in_words(text: str | None) -> str | None:
    """Return the time with which a text ends after `at` or `after`, or which it is; None without one.

    Examples
    --------
    >>> time_in_words("Hair density at 6 months"), time_in_words("Week 12"), time_in_words("over 6 months")
    ('6 months', 'Week 12', None)
    """
    match = _AT_END.search(text or "")
    printed = match.group(1).strip() if match else (text or "").strip()
    alone = match or _AFTER.fullmatch(printed) or _BEFORE.fullmatch(printed)
    return printed if alone and durations(printed) else None


def in_weeks(value: float | None, unit: str | None) -> float | None:
    """Return a duration with a unit in weeks; None when either is missing or the unit is no time."""
    key = (unit or "").strip().lower().removesuffix("s")
    return None if value is None or key not in _WEEKS else value * _WEEKS[key]


def _in_weeks(number: str, unit: str) -> float:
    value = _WORDS.get(number.lower())
    unit = _SHORT.get(unit.lower(), unit.lower())
    return (float(number.lower().rstrip("stndrh")) if value is None else value) * _WEEKS[unit]
