"""Values of ClinicalTrials.gov records in our words: statuses, roles, units, spreads."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable
from functools import cache
from operator import itemgetter
from typing import Any

from trialfiles.forms import names_of, patterns_of
from trialfiles.record import Row
from trialfiles.text import age_years, printed_number, remembered, slug
from trialfiles.times import weeks

_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!~<>=&|\"'])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:[eE][+-]?\d{1,3})?|[+-]?\.\d+")
_NAMES = names_of("ctgov")
_SAID = patterns_of("ctgov", "patterns")
_UNIT = r"(?:hour|day|week|month|year)s?"
_BRACKETED = re.compile(r"\([^()]*\)")


def plain_text(text: str | None) -> str | None:
    """Undo the register's markdown and HTML escapes once; empty text is missing."""
    if not text:
        return None
    if "\\" in text or "&" in text:
        text = _ESCAPED.sub(itemgetter(1), html.unescape(text))
    if not text.isprintable() and not text.replace("\n", "").isprintable():  # the patterns take far longer
        text = _CONTROL.sub("", text).replace("\r\n", "\n")
    return text.strip() or None


def lower(text: str | None) -> str | None:
    """Return an enumeration's word for sentences: `NOT_YET_RECRUITING` becomes `not yet recruiting`."""
    return text.replace("_", " ").lower() if text else None


def posted_number(text: str | None) -> float | None:
    """Return a posted number; None for `NA`, `<0.1` and other words."""
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        if not _NUMBER.fullmatch(text.strip()):
            return None
        number = printed_number(text)
    return number if abs(number) < 1e300 else None  # NaN and infinity are words, not numbers


def field_at(record: Row, path: str) -> Any:
    """Return the field at a path such as `designModule.phases`; None where a part of the way is missing."""
    found: Any = record
    for name in path.split("."):
        found = (found or {}).get(name)
    return found


def posted_whole(text: str | None) -> int | None:
    """Return a posted number of people; None for what is no whole number."""
    number = posted_number(text)
    return int(number) if number is not None and number == int(number) else None


_READ: dict[str, Callable[[Any], Any]] = {
    "text": plain_text, "lower": lower, "number": posted_number, "age": age_years, "weeks": weeks,
    "whole": posted_whole, "": lambda value: value,
}  # fmt: skip


@cache
def _columns(part: str) -> list[tuple[str, str, Callable[[Any], Any]]]:
    places = {column: place.partition(" | ") for column, place in _NAMES[part].items()}
    return [(column, path, _READ[how]) for column, (path, _, how) in places.items()]


def columns_of(record: Row, part: str) -> Row:
    """Return the columns of a part of `forms/ctgov.yaml` from the fields that it names."""
    return {column: read(field_at(record, path)) for column, path, read in _columns(part)}


@remembered
def spread_of(label: str | None) -> tuple[str | None, float | None]:
    """Return what a label of spread means, with a confidence level in percent.

    Returns
    -------
    tuple of (str or None, float or None)
        `sd`, `se`, `iqr`, `range`, `ci`, `geometric_cv`, `unknown`, or None where none is posted.
    """
    if not label or label.strip().upper() in ("NA", "NOT APPLICABLE"):
        return None, None
    folded = re.sub(r"[\s_-]+", "", label.lower())
    if folded in _NAMES["spreads"]:
        return _NAMES["spreads"][folded], None
    if "confidence" in folded:
        level = re.search(r"\d{2,3}(?:\.\d+)?", folded)
        value = float(level.group()) if level else None
        return "ci", 97.5 if value == 975 else value if value and 50 <= value < 100 else None
    return "unknown", None


def group_names(groups: list[Row] | None, arms: list[Row]) -> dict[str, Row]:
    """Return each group's title and the arm of the same title, by the group's id.

    Ids of groups are local to their module, so titles are all that joins them: folded, and then without
    what stands in brackets. A title that fits two arms fits none; `matched` says whether one was found.
    `shared`: several groups are this arm, as those of two populations.
    Where a title is an arm's with a time behind it (`Drug - Week 12`), or nothing but a time in a trial of
    one arm, `time` is that time.
    """
    whole = _by_name(arms, folded_title)
    bare = _by_name(arms, _bare)
    taken = {arm["arm_id"] for arm in arms}
    names: dict[str, Row] = {}
    for group in groups or []:
        title = plain_text(group.get("title")) or "unnamed"
        arm_id = whole.get(folded_title(title)) or bare.get(_bare(title))
        time = None
        if arm_id is None and (timed := _SAID["at_a_time"].fullmatch(title)):
            name = folded_title(timed["arm"] or "")
            only = arms[0]["arm_id"] if len(arms) == 1 and not name else None
            arm_id = whole.get(name) or bare.get(name) or only
            time = timed["time"] if arm_id else None
        matched = arm_id is not None
        if not matched:
            arm_id = slug(title)
            arm_id = f"{arm_id}_group" if arm_id in taken else arm_id
        row = {"title": title, "arm_id": arm_id, "matched": matched, "time": time}
        names[group.get("id") or f"group {len(names) + 1}"] = row
    clashes = [row["arm_id"] for row in names.values()]
    for number, row in enumerate(names.values(), start=1):
        if clashes.count(row["arm_id"]) > 1 and not row["matched"]:
            row["arm_id"] = f"{row['arm_id'][:36]}_{number}"
    seen = [(row["arm_id"], row["time"]) for row in names.values()]
    for row in names.values():
        row["shared"] = row["matched"] and seen.count((row["arm_id"], row["time"])) > 1
    return names


@remembered
def _bare(title: str) -> str:
    """Return a title, folded, without what stands in brackets and without the name of a population."""
    return folded_title(_SAID["population"].sub("", _BRACKETED.sub("", title)))


@remembered
def folded_title(title: str) -> str:
    """Return a title's letters and digits in lower case; a plus, and a minus at the end of a word, are words.

    Examples
    --------
    >>> folded_title("Dose B (PRP+)"), folded_title("PRP-"), folded_title("Non-users")
    ('dosebprpplus', 'prpminus', 'nonusers')
    """
    signed = re.sub(r"(?<=\w)[-\u2212](?!\w)", "minus", title.replace("+", "plus"))
    return re.sub(r"[\W_]+", "", signed.casefold())


def _by_name(arms: list[Row], fold: Any) -> dict[str, str]:
    found: dict[str, str | None] = {}
    for arm in arms:
        name = fold(arm["label"])
        found[name] = arm["arm_id"] if name and name not in found else None
    return {name: arm_id for name, arm_id in found.items() if arm_id}


def measure_kind(param_type: str | None, unit: str | None) -> str:
    """Return what a value is: mean, median, count, percent, model_mean, geometric_mean, log_mean, number."""
    param_type = (param_type or "").upper().replace(" ", "_")
    if param_type in _NAMES["measures"]:
        return str(_NAMES["measures"][param_type])
    said = (unit or "").lower()
    if not _SAID["people"].search(said):
        return "number"
    counted = _SAID["people"].match(said) and not _SAID["no_people"].search(said)
    return "percent" if _SAID["share"].search(said) else "count" if counted else "number"


def is_share(unit: str | None) -> bool:
    """Whether a unit may be a share of one: a proportion, not a percentage."""
    return bool(unit and _SAID["share"].search(unit.lower()) and not re.search("%|percent", unit.lower()))


def values_of(
    measurement: Row, kind: str, spread: str | None, level: float | None, n: int | None, share: bool = False
) -> Row:
    """Return the columns that a measurement fills.

    `kind` is from `measure_kind`, `spread` and `level` are from `spread_of`, `n` counts the units analysed,
    and `share` says that a percentage is posted as a share of one. There is `value` always, the figure of its
    kind, spreads and limits as far as posted; `converted` says what was computed.
    """
    posted = map(measurement.get, ("value", "spread", "lowerLimit", "upperLimit"))
    value, wide, low, high = map(posted_number, posted)
    row: Row = {"value": value}
    if kind in ("mean", "median"):
        row[kind] = value
    elif kind == "percent" and share and value is not None and 0 <= value <= 1:
        # twelve digits, so that 0.29 becomes 29 and not 28.999999999999996
        row["percent"] = float(f"{100 * value:.12g}")
        row["converted"] = f"percent = posted share of one {value:g} x 100"
        return row  # an interval is of the share: in no column, but in the note
    elif kind == "percent":
        # 0.45 % of 30 people would be less than half of one: a share of one, most likely, and no percentage
        possible = value is not None and 0 <= value <= 100 and (not n or not value or value * n >= 50)
        row["percent"] = value if possible else None
    elif kind in ("count", "count_of_units"):
        possible = value is not None and 0 <= value == int(value) <= (n or value)
        row["count"] = value if possible else None
    elif kind != "number":
        row["estimate"], row["estimate_kind"] = value, kind
    if wide is not None and wide < 0:
        row["converted"] = f"a posted spread of {wide:g} is left out"
    elif spread == "sd" and kind == "mean":
        row["sd"] = wide
    elif spread == "se":
        row["se"] = wide
        if kind == "mean" and wide is not None and n:
            row["sd"], row["converted"] = wide * math.sqrt(n), f"SD = posted SE {wide:g} x sqrt({n})"
    if spread == "ci":
        row |= {"ci_lower": low, "ci_upper": high, "ci_level": level}
        if kind != "mean" or value is None or low is None or high is None or level is None:
            return row
        if n and n > 1:
            row |= _from_interval(value, low, high, level, n)
    elif spread == "iqr":
        row |= {"q1": low, "q3": high}
    elif spread == "range":
        row |= {"minimum": low, "maximum": high}
    return row


def _from_interval(mean: float, low: float, high: float, level: float, n: int) -> Row:
    """Return the SD behind a t interval of a mean; nothing for an interval that is not around it."""
    width = high - low
    if width <= 0 or abs((high + low) / 2 - mean) > 0.05 * width:
        return {"converted": "no SD: the posted interval is not symmetric about the mean"}
    quantile = _quantile(level, n - 1)
    said = f"SD from the posted {level:g}% interval: {width:g} / (2 x {quantile:.4g}) x sqrt({n})"
    return {"sd": width / (2 * quantile) * math.sqrt(n), "converted": said}


@cache
def _quantile(level: float, df: int) -> float:
    from scipy.stats import t as student  # a second to import, and few records need it

    return float(student.ppf(0.5 + level / 200, df))
