"""Tables kept by their schema, one Parquet file a table, whole or in parts for each key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as arrow
import pyarrow.parquet as parquet

from notebookpress.errors import did_you_mean
from notebookpress.files import part_folder, rows_file, write_atomic
from notebookpress.fingerprint import value_hash
from notebookpress.schema import Failure, RowsError, TableSchema, read_schema

SIGNIFICANT_DIGITS = 12
MOST_ROWS, MOST_FAILURES = 1_000_000, 20  # of a table; named of those that break its schema
Rows = pd.DataFrame | Sequence[Mapping[str, Any]]


class TableError(ValueError):
    """A table that is missing, or rows that break their schema; the message lists every failure."""

    def _render_traceback_(self) -> list[str]:
        """Show the sentence alone in a notebook: the reader needs the remedy, not our stack."""
        return [f"TableError: {self}"]


class TableStore:
    """The tables that a schema file declares: reads, checks and writes them.

    The file is YAML; `tables` maps each table's name to its schema. A mistake in it is a `YamlError`.
    """

    def __init__(self, schema_file: str | Path) -> None:
        self.tables: dict[str, TableSchema]
        self.tables, self.command = read_schema(schema_file)

    def as_frame(self, name: str, rows: Rows) -> pd.DataFrame:
        """Return rows as a frame with the columns of table `name`, in order; absent columns are missing."""
        frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
        if not frame.index.equals(pd.RangeIndex(len(frame))):
            frame = frame.reset_index(drop=True)
        columns = list(self.tables[name].columns)
        if list(frame) == columns:
            return frame
        frame = frame.assign(**{column: None for column in columns if column not in frame})
        return frame[columns + [column for column in frame if column not in columns]]

    def validate(self, name: str, rows: Rows) -> pd.DataFrame:
        """Return rows checked against the schema of table `name`, coerced, rounded and sorted by key.

        Raises
        ------
        TableError
            When a row breaks the schema or two rows share a key; every failure is listed.
        """
        frame = self._checked(name, rows)
        for column in frame.select_dtypes("float64"):
            frame[column] = _rounded(frame[column].to_numpy())
        keys = list(self.tables[name].keys)
        return frame.sort_values(keys, kind="stable", na_position="first").reset_index(drop=True)

    def _checked(self, name: str, rows: Rows) -> pd.DataFrame:
        """Return rows in the types of table `name`; raises as `validate`."""
        schema, frame = self.tables[name], self.as_frame(name, rows)
        if frame.empty:
            frame = frame.astype({column: field.dtype for column, field in schema.columns.items()})
        keys = list(schema.keys)
        try:
            frame = schema.conform(frame)
        except RowsError as error:
            raise TableError(_worded(name, error.failures, frame, keys)) from None
        twice = frame.duplicated(keys, keep=False)
        if twice.any():
            shared = frame.loc[twice, keys].drop_duplicates().to_dict("records")
            raise TableError(f"table {name}: rows share the key {keys}: {shared}")
        return frame

    def write_table(self, name: str, rows: Rows, folder: str | Path) -> Path:
        """Check rows and write them to `folder/name.parquet`, beside and then renamed; return the path."""
        return write_atomic(Path(folder) / f"{name}.parquet", parquet_bytes(self.validate(name, rows)))

    def read_rows(self, name: str, folder: str | Path) -> pd.DataFrame:
        """Read table `name` from `folder` as it is, for rows that are checked later.

        Raises
        ------
        TableError
            When there is no such table, or its file is not there (the message names the notebook that writes
            it) or cannot be read.
        """
        if name not in self.tables:
            raise TableError(f"no table is called {name!r}; {did_you_mean(name, self.tables)}")
        path = Path(folder) / f"{name}.parquet"
        if not path.exists():
            also = f" (or {self.command})" if self.command else ""
            notebook = self.tables[name].notebook
            raise TableError(f"{path}: the table {name} is not there; run notebook {notebook} first{also}")
        try:
            file = parquet.ParquetFile(path)
            names, types = file.schema_arrow.names, file.schema_arrow.types
            if file.metadata.num_rows > MOST_ROWS:
                raise ValueError(f"{file.metadata.num_rows:,} rows, more than {MOST_ROWS:,}")
            if len({*names}) < len(names) or any(map(_is_odd, types)):
                raise ValueError("a column stands twice, or holds other things than numbers and words")
            return file.read().to_pandas()
        except (arrow.ArrowException, OSError, ValueError, MemoryError) as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise TableError(
                f"{path}: not a readable Parquet file ({first}); delete it and run again"
            ) from None

    def read_table(self, name: str, folder: str | Path) -> pd.DataFrame:
        """Read table `name` from `folder` and check it again; it was rounded and sorted when it was written.

        Raises
        ------
        TableError
            As `read_rows`, and when the file holds rows that break the schema.
        """
        rows = self.read_rows(name, folder)
        try:
            return self._checked(name, rows)
        except TableError as error:
            path, notebook = Path(folder) / f"{name}.parquet", self.tables[name].notebook
            raise TableError(f"{path}: {error}\ndelete it and run notebook {notebook} again") from None


@lru_cache
def table_store(schema_file: Path) -> TableStore:
    """Return the store of a schema file, which is read once in a process."""
    return TableStore(schema_file)


def join_ids(ids: Iterable[str]) -> str:
    """Return names as one text, in order, without repeats: `a;b;c`."""
    return ";".join(dict.fromkeys(item for item in ids if item))


def split_ids(text: Any) -> list[str]:
    """Return the names that `join_ids` joined; an empty list for a missing text."""
    return [] if text is None or pd.isna(text) else [item for item in str(text).split(";") if item]


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """Return a frame as Parquet in few bytes, the same bytes for the same rows.

    Tables of a few hundred rows need no dictionaries, no statistics, no second schema and nothing that
    pandas would add about itself.
    """
    sink = arrow.BufferOutputStream()
    plain = arrow.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    plainly = {"use_dictionary": False, "write_statistics": False, "store_schema": False}
    parquet.write_table(plain, sink, compression="zstd", compression_level=3, **plainly)
    return sink.getvalue().to_pybytes()


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain dictionaries in which everything missing is None."""
    if frame.empty:
        return []
    columns = [_plain(column) for _, column in frame.items()]
    return [dict(zip(frame.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(column: pd.Series) -> list[Any]:
    """Return a column's values as Python's own, None where one is missing."""
    array: Any = column.values
    if not isinstance(array, np.ndarray):
        return array.to_numpy(dtype=object, na_value=None).tolist()
    if array.dtype.kind in "biu":
        return array.tolist()
    values, missing = column.tolist(), np.isnan(array) if array.dtype.kind == "f" else pd.isna(array)
    return [None if gone else value for value, gone in zip(values, missing.tolist(), strict=True)]


def _rounded(values: np.ndarray) -> np.ndarray:
    """Round to 12 significant digits, so that another processor's last bit changes no file."""
    rounded = values + 0.0  # a copy, without negative zeros
    whole = (values == np.rint(values)) & (np.abs(values) < 10.0 ** (SIGNIFICANT_DIGITS - 1))
    for place in np.flatnonzero(np.isfinite(values) & ~whole):
        rounded[place] = float(f"{values[place]:.{SIGNIFICANT_DIGITS - 1}e}")
    return rounded


def _worded(name: str, failures: list[Failure], frame: pd.DataFrame, keys: list[str]) -> str:
    """Return one line for each failure: the row's key, column, value, rule."""
    lines = []
    for row, column, value, rule in failures:
        known = row is not None and row in frame.index
        place = " / ".join(str(frame.at[row, key]) for key in keys if key in frame) if known else ""
        lines.append(f"  row {place or '-'}, column {column}: {value!r} is not {rule}")
    count = len(lines)
    lines[MOST_FAILURES:] = [f"  … and {count - MOST_FAILURES:,} more"] if count > MOST_FAILURES else []
    return f"table {name}: {count} failure(s)\n" + "\n".join(lines)


def _is_odd(kind: arrow.DataType) -> bool:
    """Return whether a column's values are nothing that a table of ours holds: lists, mappings, bytes."""
    return arrow.types.is_nested(kind) or arrow.types.is_binary(kind) or arrow.types.is_large_binary(kind)


def divide_rows(
    processed: Path, keys: Iterable[str], names: Iterable[str], column: str, whole: Iterable[str] = ()
) -> None:
    """Write for each key the hash of its rows in each table to `rows/<key>.json` beside the tables.

    `column` says whose a row is; a table without it, and one of `whole`, counts whole for every key. A file
    whose rows are as before is not touched.
    """
    keys, whole = list(keys), set(whole)
    hashes: dict[str, dict[str, str]] = {key: {} for key in keys}
    for name in names:
        table = parquet.ParquetFile(processed / f"{name}.parquet").read().to_pandas()
        rows = records(table)
        same = None if column in table and name not in whole else value_hash(rows)
        for key in keys:
            hashes[key][name] = same or value_hash([row for row in rows if row[column] == key])
    for key, found in hashes.items():
        write_atomic(rows_file(processed.parent, key), json.dumps(found, indent=1) + "\n")


def gather_parts(schema_file: Path, processed: Path, keys: Iterable[str], names: Iterable[str]) -> None:
    """Write each table from `parts/<key>/<table>.parquet`.

    Raises
    ------
    TableError
        When a part is missing, or rows of two parts share a key.
    """
    store, keys = table_store(schema_file), sorted(keys)
    for name in names:
        # Each part was checked when it was written, and the whole is when it is.
        parts = [store.read_rows(name, part_folder(processed, key)) for key in keys]
        filled = [part for part in parts if not part.empty]  # empty parts would blur the columns' types
        store.write_table(name, pd.concat(filled, ignore_index=True) if filled else [], processed)
