"""Contextual comparisons: other treatments and placebo beside exosomes; they never enter an estimate."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from helpers.comparison import alike
from helpers.tables import records
from metastats.heterogeneity import critical_value

CONTROLS = ("placebo", "untreated")
_OTHER_COUNT = ("anagen", "telogen")  # counts of one phase of hair are no total counts
_KEPT = (
    "row_id",
    "study_id",
    "treatment",
    "arm",
    "sex",
    "n",
    "concept",
    "timepoint_weeks",
    "access",
    "second_hand",
)

GAPS = (*_KEPT, "unit", "against", "contrast", "effect", "ci_lower", "ci_upper")


def comparator_changes(comparators: pd.DataFrame, *, level: float = 0.95) -> list[dict[str, Any]]:
    """Return changes from baseline in arms of other treatments, in the unit of the outcome.

    Parameters
    ----------
    comparators : pandas.DataFrame
        Table `comparators`: figures as printed, with the area that they count.
    level : float
        Coverage of the intervals (Student's t; none where SD or people are missing).

    Returns
    -------
    list of dict
        Printed figures per counted area become hairs/cm², percent of baseline a proportion. Differences
        from placebo, counts of one phase of hair, and rows without a change are left out.
    """
    rows = []
    for row in records(comparators):
        change, sd = row["change_mean"], row["change_sd"]
        if row["statistic"] == "levels" and None not in (row["baseline_mean"], row["followup_mean"]):
            change = row["followup_mean"] - row["baseline_mean"]
        usable = row["statistic"] in ("change", "levels") and change is not None
        if not usable or row["measure"].startswith(_OTHER_COUNT):
            continue
        factor, unit = _scale(row)
        se = None if sd is None or not row["n"] else sd * factor / math.sqrt(row["n"])
        half = None if se is None else critical_value(level, row["n"] - 1) * se
        change *= factor
        limits = (None, None) if half is None else (change - half, change + half)
        values = {"change": change, "se": se, "ci_lower": limits[0], "ci_upper": limits[1], "unit": unit}
        rows.append({name: row[name] for name in _KEPT} | values)
    return rows


def _scale(row: dict[str, Any]) -> tuple[float, str]:
    if row["unit"] == "percent of baseline":
        return 0.01, "proportion"
    return (1 / row["area_cm2"], "hairs/cm2") if row["area_cm2"] else (1.0, row["unit"])


def drift(
    changes: list[dict[str, Any]], unit: str, weeks: float | None, tolerance: float
) -> list[dict[str, Any]]:
    """Return the placebo and untreated arms whose change is in `unit` and measured at a time like `weeks`."""
    arms = [row for row in changes if row["treatment"] in CONTROLS and row["unit"] == unit]
    return [row for row in arms if alike(row["timepoint_weeks"], weeks, tolerance)]


def placebo_differences(changes: list[dict[str, Any]], *, level: float = 0.95) -> list[dict[str, Any]]:
    """Return treatment minus placebo within each study, at one time; Welch's interval where SDs are known."""
    rows = []
    for row in changes:
        for control in changes:
            same = all(
                row[name] == control[name]
                for name in ("study_id", "concept", "timepoint_weeks", "unit", "sex")
            )
            if not same or control["treatment"] != "placebo" or row["treatment"] == "placebo":
                continue
            found = {name: row[name] for name in (*_KEPT, "unit")} | {
                "against": control["arm"],
                "contrast": "between_arm",
            }
            found |= {"effect": row["change"] - control["change"], "ci_lower": None, "ci_upper": None}
            if row["se"] is not None and control["se"] is not None:
                a, b = row["se"] ** 2, control["se"] ** 2
                df = (a + b) ** 2 / (a**2 / (row["n"] - 1) + b**2 / (control["n"] - 1))
                half = critical_value(level, df) * math.sqrt(a + b)
                found |= {"ci_lower": found["effect"] - half, "ci_upper": found["effect"] + half}
            rows.append(found)
    return rows


def treatment_gains(comparators: pd.DataFrame, unit: str = "hairs/cm2") -> list[dict[str, Any]]:
    """Return by how much each established treatment exceeded placebo, lowest and highest over its trials.

    Parameters
    ----------
    comparators : pandas.DataFrame
        Table `comparators`: arms beside their own placebo arms, and differences printed as such.
    unit : str
        Unit of the differences.

    Returns
    -------
    list of dict
        `treatment`, `low`, `high`, `trials`, `second_hand`: figures seen second-hand are used only where a
        treatment has no other. Combinations of treatments are left out.

    """
    found = placebo_differences(comparator_changes(comparators)) + _printed_differences(comparators)
    rows = []
    for treatment in sorted({row["treatment"] for row in found}):
        own = [row for row in found if row["treatment"] == treatment and row["unit"] == unit]
        own = [row for row in own if not row["second_hand"]] or own
        if own and " and " not in treatment:
            sizes = [row["effect"] for row in own]
            facts = {
                "trials": len({row["study_id"] for row in own}),
                "second_hand": bool(own[0]["second_hand"]),
            }
            rows.append({"treatment": treatment, "low": min(sizes), "high": max(sizes)} | facts)
    return rows


def _printed_differences(comparators: pd.DataFrame) -> list[dict[str, Any]]:
    """Return differences from placebo that are printed as such, per cm² where the area is stated."""
    rows = []
    for row in records(comparators):
        if row["statistic"] == "difference from placebo" and row["change_mean"] is not None:
            factor, unit = _scale(row)
            kept = {name: row[name] for name in ("study_id", "treatment", "second_hand")}
            rows.append(kept | {"effect": row["change_mean"] * factor, "unit": unit})
    return rows


def beside_rows(
    comparisons: pd.DataFrame,
    comparators: pd.DataFrame,
    thresholds: pd.DataFrame,
    *,
    time_tolerance: float = 0.25,
) -> list[dict[str, Any]]:
    """Return the rows of `beside`: each change after exosomes against drift, visibility and counting error.

    Parameters
    ----------
    comparisons, comparators, thresholds : pandas.DataFrame
        The tables of these names.
    time_tolerance : float
        Two times are alike when they differ by no more than this share of the longer one.

    Returns
    -------
    list of dict
        Changes within an arm in hairs/cm² or as a share of baseline. `left_low` and `left_high` are the
        change less the highest and the lowest change of the control arms; they are missing, with the
        reason, where no control arm was measured at a like time.
    """
    changes = comparator_changes(comparators)
    limits = {row["row_id"]: row for row in records(thresholds)}
    rows = []
    for line in records(comparisons):
        unit = line["unit"]
        if line["contrast"] != "within_arm" or line["effect"] is None or line["concept"] not in _PICTURED:
            continue
        arms = drift(changes, unit, line["timepoint_weeks"], time_tolerance)
        row = {name: line[name] for name in _LINE} | _against_drift(line, arms)
        rows.append(row | _visible(line, limits) | _error(line, limits))
    return rows


_PICTURED = ("hair_density", "hair_density_relative")
_LINE = ("line_id", "study_id", "tier", "concept", "timepoint_weeks", "timepoint_printed", "effect",
         "ci_lower", "ci_upper", "unit", "second_hand")  # fmt: skip


def _against_drift(line: dict[str, Any], arms: list[dict[str, Any]]) -> dict[str, Any]:
    if not arms:
        unknown = line["timepoint_weeks"] is None
        why = (
            "the time since the first treatment is not stated" if unknown else "no control arm at a like time"
        )
        return {"control_arms": 0, "why_not": f"{why}: not set against placebo"}
    low, high = min(row["change"] for row in arms), max(row["change"] for row in arms)
    return {
        "control_arms": len(arms),
        "controls": ";".join(row["row_id"] for row in arms),
        "controls_second_hand": sum(bool(row["second_hand"]) for row in arms),
        "drift_low": low,
        "drift_high": high,
        "left_low": line["effect"] - high,
        "left_high": line["effect"] - low,
    }


def _visible(line: dict[str, Any], limits: dict[str, dict]) -> dict[str, Any]:
    """Return the threshold of visibility in the line's unit and whether the change reaches it."""
    limit = limits.get("visible" if line["unit"] == "hairs/cm2" else "visible_relative")
    if limit is None or line["unit"] not in ("hairs/cm2", "proportion"):
        return {}
    value = limit["value"] if line["unit"] == "hairs/cm2" else limit["value"] / 100
    return {
        "visible_at": value,
        "visible": line["effect"] >= value,
        "visible_second_hand": bool(limit["second_hand"]),
    }


def _error(line: dict[str, Any], limits: dict[str, dict]) -> dict[str, Any]:
    """Return the mean error of such a change by the methods of which it is known, in the line's unit."""
    shares = [row["value"] / 100 for row in limits.values() if row["unit"] == "percent of the change"]
    size = abs(line["effect"])
    return {"error_low": min(shares) * size, "error_high": max(shares) * size} if shares else {}
