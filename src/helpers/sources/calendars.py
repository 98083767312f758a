"""Dates that a register prints in two calendars, Gregorian and Jalali, and whether they are one day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

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
