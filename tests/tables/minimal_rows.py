"""The least that a row of each table needs, and values that no row may have."""

from __future__ import annotations

from typing import Any

from helpers.tables import TABLES

OUT_OF_RANGE = [
    ("quantities", "sd", -0.1),
    ("quantities", "line", 0),
    ("quantities", "char_start", -1),
    ("studies", "age_max", 121.0),
    ("studies", "n_planned", -1),
    ("results", "percent", 1.01),
    ("results", "p_value", -0.01),
    ("results", "n", 0),
    ("results", "timepoint_weeks", -1.0),
    ("adverse_events", "resolved_hours", -1.0),
    ("effects", "se", -1.0),
    ("pooled", "i2", 100.1),
    ("pooled", "tau2", -1.0),
    ("ongoing_outcomes", "power", 1.0),
    ("ongoing_outcomes", "detectable_difference", -1.0),
]
SAMPLES = {"string": "word", "integer": 1, "number": 0.5, "boolean": True}


def minimal(name: str, **fields: Any) -> dict[str, Any]:
    """Return a row with the columns that must have a value, and nothing else."""
    columns = TABLES[name].columns.values()
    row = {c.name: c.values[0] if c.values else SAMPLES[c.type] for c in columns if c.required}
    least = {c.name: int(c.minimum) for c in columns if c.required and c.type == "integer" and c.minimum}
    return row | least | fields
