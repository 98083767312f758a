"""Each study's line in the picture of an outcome: direction, size, and what it can be set beside.

Follows the reporting items of SWiM (Campbell et al. 2020, BMJ 368:l6890): grouping by outcome, a
standard direction, and the reason why a line is or is not comparable.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.synthesis.comparability import why_not
from helpers.synthesis.directions import direction
from helpers.tables import records, split_ids

_ANY = "any "  # an event of any kind: none of it is none at all
_LISTED = "events are listed without counts"
_DENIED = "some kind of event is said not to have happened; others are not spoken of"
_EMPTY = (
    "effect",
    "ci_lower",
    "ci_upper",
    "unit",
    "contrast",
    "arm_id",
    "site",
    "timepoint_weeks",
    "n",
    "effect_id",
    "quantity_ids",
    "_measure",
)


def comparison_lines(
    tables: dict[str, pd.DataFrame],
    *,
    overall: dict[str, str],
    time_tolerance: float = 0.25,
    tiers: tuple[str, ...] = ("core", "published", "comparator"),
    second_hand: bool = True,
) -> list[dict[str, Any]]:
    """Return the rows of `comparisons`.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        `sources`, `arms`, `outcomes`, `results`, `effects`, `adverse_events`.
    overall : dict of str to str
        Overall risk of bias by study.
    time_tolerance : float
        Two times are alike when they differ by no more than this share of the longer one.
    tiers : tuple of str
        Tiers that take part.
    second_hand : bool
        Whether lines that rest on a figure seen only second-hand take part.

    Returns
    -------
    list of dict
        One row for each headline effect in an exosome arm, one for each study that lists adverse events,
        and one `not reported` row for each outcome that a study plans without a result.
        Two lines are comparable when outcome, contrast, measure, unit and time agree and both have an
        interval.

    """
    sources = {row["study_id"]: row for row in records(tables["sources"])}
    ranges = {row["quantity_ids"]: row for row in records(tables["results"]) if row["quantity_ids"]}
    treated = {
        (row["study_id"], row["arm_id"])
        for row in records(tables["arms"])
        if row["role"].startswith("exosome")
    }
    shown = [row for row in records(tables["effects"]) if row["headline"] == "yes"]
    lines = [_line(row, ranges) for row in shown if (row["study_id"], row["arm_id"]) in treated]
    lines += _events(tables) + _silent(tables, lines, treated)
    lines = [_sourced(line, sources.get(line["study_id"], {})) for line in lines]
    lines = [line for line in lines if line["tier"] in tiers and (second_hand or not line["second_hand"])]
    _number(lines)
    for line in lines:
        line["risk_of_bias"] = overall.get(line["study_id"])
        reasons = why_not(line, lines, time_tolerance)
        line["comparable"], line["why_not"] = not reasons, "; ".join(reasons) or None
    return [{key: value for key, value in line.items() if not key.startswith("_")} for line in lines]


def _sourced(line: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """Return a line with its tier, with what was read of its source, and whether that was second-hand."""
    told = line.get("second_hand")
    return line | {
        "tier": source.get("tier") or "core",
        "access": source.get("access"),
        "second_hand": bool(source.get("second_hand") if told is None else told),
    }


def _line(effect: dict[str, Any], ranges: dict[str, dict]) -> dict[str, Any]:
    names = ("concept", "study_id", "effect", "ci_lower", "ci_upper", "unit", "contrast", "arm_id", "site")
    names += (
        "timepoint_weeks",
        "timepoint_printed",
        "effect_id",
        "quantity_ids",
        "p_value",
        "p_value_token",
        "contrast_doubt",
    )
    row = {name: effect.get(name) for name in names}
    told = ranges.get(effect["quantity_ids"], {})
    doubt = effect.get("contrast_doubt")
    span = told.get("minimum"), told.get("maximum")
    way = (
        direction(effect["effect"], effect["concept"], *span, effect.get("stated"))
        if effect["contrast"] != "proportion" and not (effect["contrast"] == "within_arm" and doubt)
        else "unclear"
    )
    n = str(effect["n"]) if effect["n"] is not None else effect["n_assumed"]
    if effect["n"] is None and n and "(" not in n:
        n += " (assumed)"
    extra = {
        "direction": way,
        "n": n,
        "_measure": effect["measure"],
        "printed_range": _range_words(told, effect["unit"]) if effect["effect"] is None else None,
        "second_hand": effect.get("second_hand"),
    }
    return row | extra | {"certain_findings": len(split_ids(effect["finding_ids"]))}


def _range_words(told: dict[str, Any], unit: str | None) -> str | None:
    """Return a printed median or range in words, a proportion in percent."""
    factor, words = (100, "%") if unit == "proportion" else (1, unit or "")
    median, low, high = told.get("median"), told.get("minimum"), told.get("maximum")
    if median is not None:
        wide = "" if told.get("iqr") is None else f" (interquartile range {told['iqr'] * factor:g} wide)"
        return f"median {median * factor:g} {words}".strip() + wide
    if low is None or high is None:
        return None
    return f"{low * factor:g} to {high * factor:g} {words}".strip()


def _silent(
    tables: dict[str, pd.DataFrame], lines: list[dict], treated: set[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Return a line for each outcome that is named without an effect: no figure, or nothing to compare."""
    told = {(line["study_id"], line["concept"]) for line in lines}
    told |= {(row["study_id"], "adverse_events") for row in records(tables["adverse_events"])}
    after = {
        (row["study_id"], row["concept"])
        for row in records(tables["results"])
        if row["timepoint_weeks"] != 0 and (row["study_id"], row["arm_id"]) in treated
    }
    rows = []
    named = [(row["study_id"], row["concept"]) for row in records(tables["outcomes"])]
    for study_id, concept in dict.fromkeys([*named, *sorted(after)]):
        if (study_id, concept) in told:
            continue
        row = {"study_id": study_id, "concept": concept}
        way = "unclear" if (study_id, concept) in after else "not reported"
        rows.append(dict.fromkeys(_EMPTY) | row | {"direction": way, "certain_findings": 0})
    return rows


def _events(tables: dict[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Return a line for each study that lists adverse events; people affected where they are counted."""
    rows = []
    for study_id, events in tables["adverse_events"].groupby("study_id"):
        happened = [row for row in records(events) if row["count"] != 0]
        # what did not happen says nothing of how many had something else
        counts = [row["count"] for row in happened if row["count"] is not None]
        if not happened and any(row["term"].startswith(_ANY) for row in records(events)):
            counts = [0]
        ids = [name for row in records(events) for name in split_ids(row["quantity_ids"])]
        rows.append(
            dict.fromkeys(_EMPTY)
            | {
                "study_id": study_id,
                "concept": "adverse_events",
                "direction": "unclear",
                "effect": max(counts) if counts else None,
                "unit": "people",
                "certain_findings": 0,
                "quantity_ids": ";".join(dict.fromkeys(ids)),
                "_uncounted": None if counts else _LISTED if happened else _DENIED,
            }
        )
    return rows


def _number(lines: list[dict[str, Any]]) -> None:
    counts: dict[str, int] = {}
    for line in lines:
        key = f"{line['study_id']}.{line['concept']}"
        counts[key] = counts.get(key, 0) + 1
        line["line_id"] = f"{key}.{counts[key]}"
