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
    ("horizon", "power", 1.0),
    ("horizon", "detectable_difference", -1.0),
]
SAMPLES = {"string": "word", "int64": 1, "float64": 0.5, "boolean": True}


def minimal(name: str, **fields: Any) -> dict[str, Any]:
    """Return a row with the columns that must have a value, and nothing else."""
    row = {}
    for column, field in TABLES[name].schema.columns.items():
        if not field.nullable:
            allowed = [check.statistics["allowed_values"] for check in field.checks if check.name == "isin"]
            kind = str(field.dtype).partition("[")[0].lower()
            row[column] = next(iter(allowed[0])) if allowed else SAMPLES[kind]
    return row | fields
