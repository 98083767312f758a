"""Whether rows plainly keep a schema, seen column by column without pandera.

pandera says well what is wrong, at a cost of some milliseconds a column even when nothing is; a report
reads and writes tables several hundred times. So what plainly conforms is let through here, and everything
else, also what this module does not know, is left to pandera, which decides and words the failure.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pandas as pd
import pandera.pandas as pa

# pandera's name of a check -> its one argument's name, and the test of the values that are there
TESTS: dict[str, tuple[str, Callable[[pd.Series, Any], Any]]] = {
    "greater_than_or_equal_to": ("min_value", operator.ge),
    "greater_than": ("min_value", operator.gt),
    "less_than_or_equal_to": ("max_value", operator.le),
    "less_than": ("max_value", operator.lt),
    "isin": ("allowed_values", lambda values, allowed: values.isin(list(allowed))),
}


def conforming(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame | None:
    """Return a frame in the schema's types when it plainly keeps the schema; None when pandera must look.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows, with exactly the schema's columns in order.
    schema : pandera.DataFrameSchema
        Made of the columns of `helpers.tables.columns`.

    """
    if list(frame.columns) != list(schema.columns) or schema.checks or schema.unique or schema.index:
        return None
    columns = {name: _conforming(frame[name], field) for name, field in schema.columns.items()}
    if any(column is None for column in columns.values()):
        return None
    return pd.DataFrame(columns, index=frame.index)


def _conforming(column: pd.Series, field: pa.Column) -> pd.Series | None:
    """Return a column in its type when all its values may stand in it."""
    try:
        if column.dtype != field.dtype.type:
            column = column.astype(field.dtype.type)
    except (TypeError, ValueError, OverflowError):
        return None
    missing = column.isna()
    if missing.any():
        if not field.nullable:
            return None
        values = column[~missing]
    else:
        values = column
    kept = all(_passes(values, check) for check in field.checks)
    return column if kept and not field.unique else None


def _passes(values: pd.Series, check: pa.Check) -> bool:
    """Return whether a known check holds for every value; False also for a check that is not known."""
    if check.name not in TESTS or check.element_wise or check.groupby or not check.ignore_na:
        return False
    argument, test = TESTS[check.name]
    return len(values) == 0 or bool(test(values, check.statistics[argument]).all())
