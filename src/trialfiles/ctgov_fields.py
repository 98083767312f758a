"""Words and numbers of ClinicalTrials.gov: escapes, posted numbers, labels of spread, names of groups."""

from __future__ import annotations

import html
import re
from typing import Any

from helpers.sources.registry_words import slug

_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!~<>=&|\"'])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:[eE][+-]?\d{1,3})?|[+-]?\.\d+")
_SPREADS = {
    "standarddeviation": "sd",
    "standarderror": "se",
    "standarderrorofmean": "se",
    "standarderrorofthemean": "se",
    "interquartilerange": "iqr",
    "fullrange": "range",
    "geometriccoefficient": "geometric_cv",
    "geometriccoefficientofvariation": "geometric_cv",
}
_UNIT = r"(?:hour|day|week|month|year)s?"
_AT_A_TIME = re.compile(
    r"(?:(?P<arm>.+?)(?: ?[-\u2013\u2014:,/(] ?| at | ))?"
    rf"(?P<time>(?:at )?baseline|pre-?(?:dose|treatment)|{_UNIT} ?\d{{1,4}}|\d{{1,4}}[ -]?{_UNIT})\)?",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\([^()]*\)")


def plain(text: str | None) -> str | None:
    """Undo the register's markdown and HTML escapes once; empty text is missing."""
    if not text:
        return None
    if text.isprintable() and "\\" not in text and "&" not in text:
        return text.strip() or None
    text = _ESCAPED.sub(r"\1", html.unescape(text))
    return _CONTROL.sub("", text).replace("\r\n", "\n").strip() or None


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
        number = float(text.strip().replace(",", ""))
    return number if abs(number) < 1e300 else None  # NaN and infinity are words, not numbers


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
    if folded in _SPREADS:
        return _SPREADS[folded], None
    if "confidence" in folded:
        level = re.search(r"\d{2,3}(?:\.\d+)?", folded)
        value = float(level.group()) if level else None
        return "ci", 97.5 if value == 975 else value if value and 50 <= value < 100 else None
    return "unknown", None


def group_names(groups: list[dict[str, Any]] | None, arms: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return each group's title and the arm of the same title, by the group's id.

    Ids of groups are local to their module, so titles are all that joins them: folded, and then without
    what stands in brackets. A title that fits two arms fits none; `matched` says whether one was found.
    Where a title is an arm's with a time behind it (`Drug - Week 12`), or nothing but a time in a trial of
    one arm, `time` is that time.
    """
    whole = _by_name(arms, folded_title)
    bare = _by_name(arms, lambda title: folded_title(_BRACKETED.sub("", title)))
    taken = {arm["arm_id"] for arm in arms}
    names: dict[str, dict[str, Any]] = {}
    for group in groups or []:
        title = plain(group.get("title")) or "unnamed"
        arm_id = whole.get(folded_title(title)) or bare.get(folded_title(_BRACKETED.sub("", title)))
        time = None
        if arm_id is None and (timed := _AT_A_TIME.fullmatch(title)):
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
    return names


def folded_title(title: str) -> str:
    """Return a title's letters and digits in lower case."""
    return re.sub(r"[^a-z0-9]+", "", title.lower())


def _by_name(arms: list[dict[str, Any]], fold: Any) -> dict[str, str]:
    found: dict[str, str | None] = {}
    for arm in arms:
        name = fold(arm["label"])
        found[name] = arm["arm_id"] if name and name not in found else None
    return {name: arm_id for name, arm_id in found.items() if arm_id}
