"""Values of the tables against the same values computed anew from the raw files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pandas as pd
import pytest
from conftest import Project
from recomputation import recompute
from recomputation.recompute import Row

FAMILIES = (
    recompute.printed_alone,
    recompute.table_one,
    recompute.unharmed,
    recompute.rank_effect,
    recompute.without_spread,
    recompute.pools,
    recompute.specifications,
    recompute.votes,
    recompute.context,
    recompute.trials,
    recompute.simulation,
    recompute.summary,
)
# Values that the families give in all; a value that falls out of them must be missed.
LEAST = 450


@cache
def rows_of(family: Callable[[], Iterator[Row]]) -> list[Row]:
    """Return the rows of a family, computed once."""
    return list(family())


def differences(row: Row, table: pd.DataFrame) -> list[str]:
    """Return what differs between a row computed anew and the one row of the table with its keys."""
    found = table[(table[list(row.keys)] == pd.Series(row.keys)).all(axis=1)]
    if len(found) != 1:
        return [f"{row.table} {row.keys}: {len(found)} rows"]
    told = found.iloc[0]
    return [
        f"{row.table} {row.keys} {column}: {told[column]}, anew {value}"
        for column, value in row.values.items()
        if not alike(told[column], value, row.tolerance)
    ]


def alike(told: Any, value: Any, tolerance: float) -> bool:
    """Return whether a cell holds a value; None stands for an empty cell."""
    if value is None or pd.isna(told):
        return value is None and pd.isna(told)
    if isinstance(value, str):
        return told == value
    return abs(told - value) <= tolerance * abs(value) + 1e-12


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_the_tables_hold_what_the_raw_files_give(family: Callable[[], Iterator[Row]], made: Project):
    rows = rows_of(family)
    tables = {row.table: pd.read_parquet(made.processed / f"{row.table}.parquet") for row in rows}
    assert [line for row in rows for line in differences(row, tables[row.table])] == []


def test_enough_distinct_values_are_computed_anew():
    names = {
        (row.table, *row.keys.items(), column)
        for family in FAMILIES
        for row in rows_of(family)
        for column in row.values
    }
    assert len(names) >= LEAST


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_another_value_is_noticed(family: Callable[[], Iterator[Row]]):
    for row in rows_of(family):
        for column, value in row.values.items():
            table = pd.DataFrame([row.keys | row.values]).astype(object)
            assert differences(row, table) == []
            table[column] = other(value, row.tolerance)
            assert len(differences(row, table)) == 1


def other(value: Any, tolerance: float) -> Any:
    """Return another value, a little further off than the tolerance."""
    if value is None or isinstance(value, str):
        return 1.0 if value is None else f"{value}x"
    return value * (1 + 3 * tolerance) if value else 1e-3
