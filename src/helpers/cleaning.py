"""From reported observations to the table `results`: one unit, one time scale, nothing repaired."""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy.special import betaincinv

from helpers.cleaning.units import conversion
from helpers.sources import in_weeks, weeks
from helpers.tables import records
from helpers.tables.vocabulary import OUTCOME_CONCEPTS

_VALUES = ("mean", "sd", "median", "q1", "q3", "iqr", "minimum", "maximum")
_SCALED = (*_VALUES, "se", "ci_lower", "ci_upper", "estimate")
_KEPT = (
    "result_id", "study_id", "source_id", "arm_id", "concept", "site", "kind", "n", "count", "p_value",
    "p_value_token", "p_value_against", "stated", "second_hand", "timepoint_printed", "quantity_ids", "note",
    "measure", "category", "unit_analysed", "ci_level", "estimate_kind", "within_person",
)  # fmt: skip


def clean_results(reported: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `results`.

    Parameters
    ----------
    reported : pandas.DataFrame
        Table `reported_results`: values in the printed unit, times as printed.

    Returns
    -------
    list of dict
        Values in the unit of the concept where a factor exists, shares as proportions, times in weeks.
        A single case's share becomes its `mean`, since it describes hairs of one person and no people.
        What was converted is said in `converted`.
    """
    return [_clean(row) for row in records(reported)]


def clean_events(reported: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `adverse_events`: times in hours and weeks, and how many people may yet be affected.

    Where people are counted, the upper limit of their proportion is the exact one-sided 95 % limit of
    Clopper and Pearson (Biometrika 1934;26:404-413); for no event in n people it is 1 - 0.05^(1/n).
    """
    rows = []
    for row in records(reported):
        duration = in_weeks(row["resolved"], row["resolved_unit"])
        rows.append({key: value for key, value in row.items() if not key.startswith("resolved")})
        rows[-1]["resolved_hours"] = None if duration is None else duration * 168
        if row["n"] == 0:
            rows[-1] |= {"n": None, "note": _joined(row["note"], "nobody was at risk")}
        rows[-1]["monitored_weeks"] = weeks(row["timepoint_printed"] or "")
        rows[-1]["upper_limit"] = upper_limit(row["count"], rows[-1]["n"])
    return rows


def upper_limit(count: float | None, n: float | None) -> float | None:
    """Return the exact one-sided upper 95 % limit of a proportion; None where it has no count or n.

    Examples
    --------
    >>> round(upper_limit(0, 16), 3), round(upper_limit(0, 1), 3)
    (0.171, 0.95)

    """
    if count is None or not n or count > n:
        return None
    return 1.0 if count == n else float(betaincinv(count + 1, n - count, 0.95))


def _clean(row: dict[str, Any]) -> dict[str, Any]:
    concept = OUTCOME_CONCEPTS[row["concept"]]
    change = conversion(row["unit"], concept.unit)
    clean = {name: row[name] for name in _KEPT}
    clean |= {name: _times(row[name], change.factor) for name in _SCALED}
    said = [row["converted"], change.statement]
    if row["n"] == 0:
        clean["n"] = None
        said.append("nobody was analysed")
    clean["unit"] = change.unit
    if row["percent"] is not None:
        said += _share(row, clean)
    elif clean["unit"] is None and concept.unit and any(clean[name] is not None for name in _SCALED):
        said.append("unit not stated")
    clean["timepoint_weeks"], time = _time(row["timepoint_printed"])
    clean["converted"] = _joined(*said, time)
    return clean


def _share(row: dict[str, Any], clean: dict[str, Any]) -> list[str]:
    """Put a percentage where it belongs, as a proportion, and return what was done."""
    share = row["percent"] * 0.01
    alone = all(row[name] is None for name in _VALUES)
    if alone:
        clean["unit"] = "proportion"
    if row["kind"] == "count":
        clean["percent"] = share
        return []
    if alone:
        clean["mean"] = share
        if row["kind"] == "level" and 0 <= share <= 1:
            clean["percent"] = share
        return ["share of one person's hairs, kept as a value"]
    if 0 <= share <= 1:
        clean["percent"] = share
        return []
    return [f"{row['percent']:g} percent beside the value, not kept"]


def _joined(*parts: str | None) -> str | None:
    return "; ".join(part for part in parts if part) or None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _time(printed: str | None) -> tuple[float | None, str]:
    """Return a time in weeks and what was done to reach it."""
    if printed is None:
        return None, "time not stated"
    found = weeks(printed)
    if found is None:
        return None, f"{printed!r} states no time"
    return found, f"{printed} = week {found:.4g}"
