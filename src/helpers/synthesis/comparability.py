"""Whether two lines of an outcome can be set side by side, and if not, why."""

from __future__ import annotations

from typing import Any

from helpers.tables.vocabulary import label


def why_not(line: dict[str, Any], lines: list[dict[str, Any]], tolerance: float) -> list[str]:
    """Return why a line has no partner; an empty list when it has one."""
    name = label(line["concept"])
    if line["direction"] == "not reported":
        return [f"planned or named, and no figure reported: {name}"]
    if line.get("_uncounted"):
        return [line["_uncounted"]]
    if line.get("contrast_doubt"):
        return [line["contrast_doubt"]]
    if line["ci_lower"] is None:
        return ["no interval can be computed from what is printed"]
    others = [
        other
        for other in lines
        if other["concept"] == line["concept"] and other["study_id"] != line["study_id"]
    ]
    others = [other for other in others if other["ci_lower"] is not None and not other.get("contrast_doubt")]
    if not others:
        return [f"no other study reports {name} with an interval"]
    steps = (
        ("contrast", lambda a, b: a["contrast"] == b["contrast"], "others report another kind of contrast"),
        (
            "unit",
            lambda a, b: (a["unit"], a["_measure"]) == (b["unit"], b["_measure"]),
            "others use another unit or measure",
        ),
        (
            "time",
            lambda a, b: alike(a["timepoint_weeks"], b["timepoint_weeks"], tolerance),
            "others measure at another time",
        ),
    )
    for _, test, reason in steps:
        others = [other for other in others if test(line, other)]
        if not others:
            return [reason]
    return []


def alike(a: float | None, b: float | None, tolerance: float) -> bool:
    """Return whether two times in weeks are near enough to be set side by side."""
    if a is None or b is None:
        return False
    return abs(a - b) <= tolerance * max(a, b)
