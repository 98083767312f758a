"""Column kinds that the schemas are made of: text, count, number, flag.

Every column carries a sentence for the data dictionary. Text is pandas' nullable string, counts are
nullable integers, numbers are 64-bit floats with NaN for missing.
"""

from __future__ import annotations

from typing import Any

import pandera.pandas as pa

TEXT = "string"
COUNT = "Int64"
NUMBER = "float64"
FLAG = "boolean"


def text(meaning: str, *, required: bool = False, one_of: tuple[str, ...] = ()) -> pa.Column:
    """Return a text column; `one_of` closes its vocabulary."""
    checks = [pa.Check.isin(one_of)] if one_of else []
    return pa.Column(TEXT, checks, nullable=not required, coerce=True, description=meaning)


def count(meaning: str, *, required: bool = False, at_least: int = 0) -> pa.Column:
    """Return a column of whole numbers."""
    return pa.Column(COUNT, pa.Check.ge(at_least), nullable=not required, coerce=True, description=meaning)


def number(meaning: str, *, required: bool = False, **bounds: float) -> pa.Column:
    """Return a column of real numbers; `ge`, `gt`, `le` and `lt` bound it."""
    checks = [getattr(pa.Check, name)(limit) for name, limit in bounds.items()]
    return pa.Column(NUMBER, checks, nullable=not required, coerce=True, description=meaning)


def flag(meaning: str, *, required: bool = False) -> pa.Column:
    """Return a column of true, false or not known."""
    return pa.Column(FLAG, nullable=not required, coerce=True, description=meaning)


def schema(name: str, meaning: str, columns: dict[str, pa.Column], **options: Any) -> pa.DataFrameSchema:
    """Return a strict schema: no column may be missing, none may be added."""
    return pa.DataFrameSchema(columns, name=name, description=meaning, strict=True, coerce=True, **options)
