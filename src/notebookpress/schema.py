"""The schema of tables, read from a YAML file: what a row is, what each column may hold and means.

A mistake in the file is named with its line and what to write instead.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from notebookpress.yaml_files import LIST_OR_TEXT, YamlFile, entries_of

# Of tables of some hundred rows, taking a few rows of texts that Arrow keeps costs more than all the rest.
pd.set_option("mode.string_storage", "python")
# type in the file -> its full name, and the pandas type
COLUMN_TYPES: dict[str, tuple[str, Any]] = {
    "string": ("string", pd.StringDtype("python", na_value=np.nan)),
    "integer": ("Int64", pd.Int64Dtype()),
    "number": ("float64", np.dtype("float64")),
    "boolean": ("boolean", pd.BooleanDtype()),
}
# bound in the file -> the test of a value, and its words
BOUNDS = {
    "minimum": (operator.ge, "at least"),
    "above": (operator.gt, "above"),
    "maximum": (operator.le, "at most"),
    "below": (operator.lt, "below"),
}
MISSING = "given"  # what a value is not that a row must have
FILE_ENTRIES = {"vocabulary": str, "command": str, "tables": dict}


class Failure(NamedTuple):
    """What is wrong with rows: which row, counted from 0 (None: all), column, value, and rule broken."""

    row: int | None
    column: str
    value: Any
    rule: str


class RowsError(ValueError):
    """Rows that break a schema; `failures` lists everything that is wrong."""

    def __init__(self, failures: list[Failure]) -> None:
        super().__init__(f"{len(failures)} failure(s)")
        self.failures = failures


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column, with the entries of the schema file; the heading is the name where the file has none."""

    name: str
    type: str = "string"
    required: bool = False
    values: tuple[str, ...] = ()
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    below: float | None = None
    unit: str = ""
    heading: str = ""
    format: str = ""
    meaning: str

    @property
    def dtype(self) -> Any:
        """Return the pandas type."""
        return COLUMN_TYPES[self.type][1]

    @cached_property
    def bounds(self) -> dict[str, float]:
        """Return the bounds that the column has, by name."""
        return {name: getattr(self, name) for name in BOUNDS if getattr(self, name) is not None}

    def conform(self, values: pd.Series) -> tuple[pd.Series, list[Failure]]:
        """Return values in the column's type, or as given where one is not, and what may not stand there."""
        try:
            typed = values if values.dtype == self.dtype else values.astype(self.dtype)
        except (TypeError, ValueError, OverflowError):
            wrong = [row for row in values.index if not self._is_of_type(values[row : row + 1])]
            return values, [Failure(row, self.name, values[row], f"type {self.type}") for row in wrong]
        if not (self.required or self.values or self.bounds):
            return typed, []
        missing = typed.isna().to_numpy()
        rules: dict[str, np.ndarray] = {MISSING: missing} if self.required else {}
        if self.values:
            rules[f"one of {', '.join(self.values)}"] = ~(missing | typed.isin(self.values).to_numpy())
        for name, limit in self.bounds.items():
            holds, words = BOUNDS[name]
            numbers = typed.to_numpy(dtype="float64", na_value=np.nan)
            rules[f"{words} {limit:g}"] = ~(missing | holds(numbers, limit))
        failed = [
            (row, rule) for rule, broken in rules.items() if broken.any() for row in typed.index[broken]
        ]
        return typed, [Failure(row, self.name, typed[row], rule) for row, rule in failed]

    def _is_of_type(self, value: pd.Series) -> bool:
        try:
            value.astype(self.dtype)
        except (TypeError, ValueError, OverflowError):
            return False
        return True


@dataclass(frozen=True)
class TableSchema:
    """A table: what a row is, the notebook that writes it, the keys that sort and identify rows, columns."""

    name: str
    meaning: str
    notebook: str
    keys: tuple[str, ...]
    columns: dict[str, Column]

    def headings(self, columns: Iterable[str]) -> dict[str, str]:
        """Return columns with their headings; of one that is not in the table, its name with spaces."""
        known = {name: column.heading for name, column in self.columns.items()}
        return {name: known.get(name, str(name).replace("_", " ")) for name in columns}

    @property
    def formats(self) -> dict[str, str]:
        """Return the formats of the columns that have one."""
        return {name: column.format for name, column in self.columns.items() if column.format}

    def conform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows, counted from 0, with the schema's columns in order, in its types.

        Raises
        ------
        RowsError
            With everything that is wrong.
        """
        unknown = [str(name) for name in frame if name not in self.columns]
        failures = [Failure(None, name, name, "a known column") for name in unknown]
        changed: dict[str, Any] = {}
        for name, column in self.columns.items():
            values = frame[name]
            typed, failed = column.conform(values)
            changed |= {} if typed is values else {name: typed}
            failures += failed
        if failures:
            raise RowsError(failures)
        return frame.assign(**changed)


def read_schema(path: str | Path) -> tuple[dict[str, TableSchema], str]:
    """Return the tables that a schema file declares, and the command that makes them all.

    Its entry `vocabulary` names another file, beside it, with lists of allowed values.

    Raises
    ------
    YamlError
        At the first mistake, with its line and the remedy.
    """
    file = YamlFile(path)
    top = file.entries((), FILE_ENTRIES, ("tables",))
    vocabulary = YamlFile(file.path.with_name(top["vocabulary"])).data if "vocabulary" in top else {}
    return {name: _table(file, name, vocabulary) for name in top["tables"]}, top.get("command", "")


def _table(file: YamlFile, name: str, vocabulary: Mapping[str, Any]) -> TableSchema:
    place = ("tables", name)
    entries = file.entries(place, *entries_of(TableSchema, "name"))
    columns = {column.name: column for column in _columns(file, (*place, "columns"), vocabulary)}
    for key in entries["keys"]:
        if key not in columns:
            raise file.error((*place, "keys"), f"key {key} is no column of {name}", "name columns as keys")
    return TableSchema(**entries | {"name": name, "columns": columns})


def _columns(file: YamlFile, place: tuple[str, ...], vocabulary: Mapping[str, Any]) -> Iterator[Column]:
    names = file.data["tables"][place[1]]["columns"]
    for name in names:
        entries = file.entries((*place, name), *entries_of(Column, "name", values=LIST_OR_TEXT))
        kind = entries.get("type", "string")
        if kind not in COLUMN_TYPES:
            raise file.error(
                (*place, name, "type"), f"type {kind} is not known", f"use one of {', '.join(COLUMN_TYPES)}"
            )
        numeric = kind in ("integer", "number")
        for entry in entries:
            if (entry in BOUNDS and not numeric) or (entry == "values" and kind != "string"):
                raise file.error((*place, name, entry), f"a {kind} has no {entry}", "leave it out")
        values = _values(file, (*place, name, "values"), entries.get("values", ()), vocabulary)
        yield Column(
            **{"heading": name.replace("_", " ")} | entries | {"name": name, "values": tuple(values)}
        )


def _values(file: YamlFile, place: tuple[str, ...], values: Any, vocabulary: Mapping[str, Any]) -> list[str]:
    """Return allowed values: as listed, or those of a list or mapping of the vocabulary."""
    if isinstance(values, str):
        if not isinstance(vocabulary.get(values), list | dict):
            known = ", ".join(name for name, words in vocabulary.items() if isinstance(words, list | dict))
            raise file.error(place, f"{values} is no list of the vocabulary", f"use one of {known}")
        values = list(vocabulary[values])
    for value in values:
        if not isinstance(value, str):
            raise file.error(place, f"the value {value!r} is no text", 'write it in quotes, such as "yes"')
    return values
