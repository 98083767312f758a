"""One study's table rows, arranged for its page: characteristics, timeline, pairs, splits, estimates."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from helpers.tables import records
from helpers.tables.vocabulary import label

_CHARACTERISTICS = {
    "title": "Title",
    "design": "Design",
    "comparison": "What is compared",
    "allocation": "Allocation",
    "masking": "Masking",
    "phase": "Phase",
    "n_planned": "People planned",
    "n_enrolled": "People enrolled",
    "n_analysed": "People analysed",
    "sex": "Sex",
    "age_min": "Youngest, years",
    "age_max": "Oldest, years",
    "population": "Population",
    "country": "Country",
    "funding": "Funding",
    "registration": "Registration",
    "registered_on": "Registered on",
    "starts_on": "Start",
    "ends_on": "End of recruitment",
}


COMPARED = {
    "parallel": "groups side by side",
    "within_person": "two sites of one scalp",
    "single_arm": "before and after, nothing beside it",
    "case": "single people, before and after",
}


def characteristics(study: dict[str, Any]) -> pd.DataFrame:
    """Return a study's row as `field` and `value`; what is not stated stays missing."""
    values = {words: study.get(name) for name, words in _CHARACTERISTICS.items()}
    values["What is compared"] = COMPARED.get(study.get("comparison"))
    whole = {words: f"{value:g}" if isinstance(value, float) else value for words, value in values.items()}
    return pd.DataFrame({"field": list(whole), "value": pd.Series(list(whole.values()), dtype=object)})


def by_weight(findings: pd.DataFrame) -> pd.DataFrame:
    """Return findings with the certain ones first, those of rules before those of readers."""
    weight = findings["severity"].map({"certain": 0, "likely": 1, "minor": 2})
    return (
        findings.assign(_weight=weight, _reader=findings["detected_by"] == "reader")
        .sort_values(["_weight", "_reader", "finding_id"], kind="stable")
        .drop(columns=["_weight", "_reader"])
    )


def timeline_events(
    outcomes: pd.DataFrame, results: pd.DataFrame, arms: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return events for `timeline`: what was measured, what was promised only, and the sessions.

    Sessions are drawn only where number and interval are both stated; a single session stands at week 0.
    """
    measured = {(row["concept"], _week(row)) for row in records(results)}
    events = [
        {"lane": label(concept), "weeks": week, "mark": "measured"}
        for concept, week in sorted(measured, key=str)
    ]
    reported = not results.empty
    for row in records(outcomes):
        if (row["concept"], _week(row)) not in measured:
            mark = "promised" if reported else "planned"
            events.append({"lane": label(row["concept"]), "weeks": _week(row), "mark": mark})
    for arm in records(arms):
        count, gap = arm["sessions"], arm["interval_weeks"]
        if count and (gap is not None or count == 1):
            lane = f"sessions: {arm['label'] or arm['arm_id']}"
            events += [
                {"lane": lane, "weeks": number * (gap or 0), "mark": "session"}
                for number in range(int(count))
            ]
    return events


def case_pairs(results: pd.DataFrame) -> pd.DataFrame:
    """Return values before and after for single people: `case`, `before`, `after`, `measure`, `unit`."""
    rows = [
        row
        for row in records(results)
        if row["kind"] == "level" and row["sd"] is None and row["mean"] is not None
    ]
    pairs = []
    for before in rows:
        for after in rows:
            same = all(before[name] == after[name] for name in ("arm_id", "concept", "site", "unit"))
            if same and before["timepoint_weeks"] == 0 and after["timepoint_weeks"] != 0:
                share = before["unit"] == "proportion"
                pairs.append({
                    "case": f"{before['arm_id'].replace('_', ' ')}, {before['site']}",
                    "before": before["mean"] * (100 if share else 1),
                    "after": after["mean"] * (100 if share else 1),
                    "measure": label(before["concept"]),
                    "unit": "%" if share else before["unit"],
                })  # fmt: skip
    return pd.DataFrame(pairs, columns=["case", "before", "after", "measure", "unit"])


def split_rows(effects: pd.DataFrame, contrast: str = "between_arm") -> pd.DataFrame:
    """Return an effect over the possible group sizes: `assumption`, `estimate`, limits, `label`."""
    rows = effects[
        (effects["contrast"] == contrast) & effects["n_assumed"].notna() & effects["ci_lower"].notna()
    ]
    splits = [row for row in records(rows) if re.fullmatch(r"\d+ \+ \d+", row["n_assumed"])]
    return pd.DataFrame(
        [
            {
                "assumption": int(row["n_assumed"].split(" + ")[0]),
                "estimate": row["effect"],
                "ci_lower": row["ci_lower"],
                "ci_upper": row["ci_upper"],
                "label": row["n_assumed"].replace(" + ", " : "),
            }
            for row in splits
        ],
        columns=["assumption", "estimate", "ci_lower", "ci_upper", "label"],
    )


def estimate_rows(
    effects: pd.DataFrame, unit: str, overall: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return headline estimates in one unit for `forest`, named by study, contrast and time."""
    rows = []
    for row in records(effects[(effects["headline"] == "yes") & (effects["unit"] == unit)]):
        if row["effect"] is None:
            continue
        week = "" if row["timepoint_weeks"] is None else f", week {row['timepoint_weeks']:.0f}"
        arm = f" ({row['arm_id']})" if row["contrast"] == "within_arm" else ""
        rows.append({
            "study_id": f"{row['study_id']}: {row['contrast'].replace('_', ' ')}{arm}{week}",
            "effect": row["effect"],
            "ci_lower": row["ci_lower"],
            "ci_upper": row["ci_upper"],
            "n": str(row["n"]) if row["n"] is not None else row["n_assumed"],
            "risk_of_bias": (overall or {}).get(row["study_id"]),
        })  # fmt: skip
    return rows


def _week(row: dict[str, Any]) -> float | None:
    week = row["timepoint_weeks"]
    return None if week is None else round(week, 1)
