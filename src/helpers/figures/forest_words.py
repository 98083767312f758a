"""The words of a forest plot: columns of text, alternative text and caption."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.figures.lettering import widest, wrap
from helpers.figures.numbers import is_missing, show_estimate, show_interval, show_number

WIDEST_TEXT = {"study_id": 150.0, "event": 200.0, "time": 122.0, "other": 92.0}


def columns_of(rows: list[dict], extra: dict[str, str]) -> dict[str, dict]:
    """Return the text columns in order: heading, wrapped cells, width, side of the plot."""
    known = [
        name for name in ("n", "weight", "risk_of_bias") if any(not is_missing(row.get(name)) for row in rows)
    ]
    left = {"study_id": "Study", **extra} | ({"n": "n"} if "n" in known else {})
    right = {"estimate": "Estimate (95 % interval)"}
    right |= {"weight": "Weight"} if "weight" in known else {}
    right |= {"risk_of_bias": "Risk\nof bias"} if "risk_of_bias" in known else {}
    columns = {}
    for name, heading in {**left, **right}.items():
        room = WIDEST_TEXT.get(name, WIDEST_TEXT["other"])
        cells = [cell_words(name, row) for row in rows]
        if name not in ("estimate", "risk_of_bias"):
            cells = [wrap(cell, room) for cell in cells]
        heading = wrap(heading, room, weight="bold") if name in extra else heading
        if name == "estimate":
            heading = "Estimate\n(95 % interval)"
        width = max(widest(cells), widest([heading], weight="bold"))
        columns[name] = {"heading": heading, "cells": cells, "width": width, "left": name in left}
    columns.get("risk_of_bias", {})["width"] = max(50.0, widest(["of bias"], weight="bold") + 3)
    return columns


def cell_words(name: str, row: dict) -> str:
    """Return the words of one cell of the plot's table."""
    if name == "estimate":
        return estimate_words(row)
    value = row.get(name)
    if is_missing(value):
        return "not stated" if name == "n" else "–"
    if name == "weight":
        return f"{show_number(round(100 * float(value), 1))} %"
    return show_number(value) if isinstance(value, int | float) else str(value)


def estimate_words(row: Mapping[str, Any], name: str = "effect") -> str:
    """Return an estimate with its interval, or that it has none."""
    if not is_missing(row.get("told")):
        return str(row["told"])
    if is_missing(row.get(name)):
        return "not reported" if is_missing(row.get("instead")) else str(row["instead"])
    value = show_estimate(row[name])
    if is_missing(row.get("ci_lower")) or is_missing(row.get("ci_upper")):
        return f"{value} (no interval)"
    return f"{value} ({show_interval(row['ci_lower'], row['ci_upper'])})"


def alternative(
    title: str, unit: str, null: str, upper: list, lower: list, pooled: Mapping | None, more: Mapping = {}
) -> str:
    """Return the alternative text: every number that the plot shows, and what its other columns say."""
    parts = [f"Forest plot. {title}. Unit: {unit}; {null}."]
    upper, lower = (
        [
            dict(row) | {"_more": [str(row[name]) for name in more if not is_missing(row.get(name))]}
            for row in rows
        ]
        for rows in (upper, lower)
    )
    parts += [_sentence(row) for row in upper]
    if pooled:
        parts.append(f"Pooled: {estimate_words(pooled, 'estimate')}{_prediction(pooled)}.")
    if lower:
        parts.append("Not poolable: " + " ".join(_sentence(row) for row in lower))
    return " ".join(parts)


def _sentence(row: dict) -> str:
    details = [] if is_missing(row.get("n")) else [f"n {cell_words('n', row)}"]
    if not is_missing(row.get("weight")):
        details.append(f"weight {cell_words('weight', row)}")
    if not is_missing(row.get("risk_of_bias")):
        details.append(f"risk of bias {row['risk_of_bias']}")
    details += [f"{words}" for words in row.get("_more", [])]
    return f"{row['study_id']}: {estimate_words(row)}{''.join(', ' + item for item in details)}."


def _prediction(pooled: Mapping) -> str:
    if is_missing(pooled.get("pi_lower")) or is_missing(pooled.get("pi_upper")):
        return ""
    return f", prediction interval {show_interval(pooled['pi_lower'], pooled['pi_upper'])}"


def caption(unit: str, null: float, pooled: Mapping | None, lower: list) -> str:
    """Return what the marks mean."""
    parts = ["Squares are estimates and lines their 95 % intervals; an open circle has no interval."]
    if pooled:
        parts.append(
            "The diamond is the pooled estimate"
            + ("; the dashed line its prediction interval." if _prediction(pooled) else ".")
        )
    if lower:
        parts.append("Studies below the broken line could not be pooled.")
    return " ".join(parts)
