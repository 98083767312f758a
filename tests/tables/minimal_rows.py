"""The least that a row of each table needs."""

from __future__ import annotations

from typing import Any

from helpers.tables import TABLES

SAMPLES = {"string": "word", "integer": 1, "number": 0.5, "boolean": True}


def minimal(name: str, **fields: Any) -> dict[str, Any]:
    """Return a row with the columns that must have a value, and nothing else."""
    columns = TABLES[name].columns.values()
    row = {c.name: c.values[0] if c.values else SAMPLES[c.type] for c in columns if c.required}
    least = {c.name: int(c.minimum) for c in columns if c.required and c.type == "integer" and c.minimum}
    return row | least | fields
