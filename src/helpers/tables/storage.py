"""Reading, checking and writing tables: one Parquet file a table, whole or not at all."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
import pyarrow.parquet as parquet

from helpers.files import write_atomic
from helpers.tables.conformity import conforming
from helpers.tables.registry import TABLES

SIGNIFICANT_DIGITS = 12


class TableError(ValueError):
    """A table that is missing, or rows that break their schema; the message lists every failure."""

    def _render_traceback_(self) -> list[str]:
        """Show the sentence alone in a notebook: the reader needs the remedy, not our stack."""
        return [f"TableError: {self}"]


def join_ids(ids: Iterable[str]) -> str:
    """Return names as one text, in order, without repeats: `a;b;c`."""
    return ";".join(dict.fromkeys(item for item in ids if item))


def split_ids(text: Any) -> list[str]:
    """Return the names that `join_ids` joined; an empty list for a missing text."""
    return [] if text is None or pd.isna(text) else [item for item in str(text).split(";") if item]


def as_frame(name: str, rows: pd.DataFrame | Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as a frame with the columns of table `name`, in order; absent columns are missing."""
    frame = pd.DataFrame(rows) if not isinstance(rows, pd.DataFrame) else rows.reset_index(drop=True)
    columns = list(TABLES[name].schema.columns)
    if list(frame.columns) == columns:
        return frame
    for column in columns:
        if column not in frame:
            frame[column] = None
    return frame[columns + [column for column in frame if column not in columns]]


def validate(name: str, rows: pd.DataFrame | Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows checked against the schema of table `name`, coerced, rounded and sorted by key.

    Raises
    ------
    TableError
        When a row breaks the schema or two rows share a key; every failure is listed.
    """
    spec = TABLES[name]
    frame = as_frame(name, rows)
    if frame.empty:
        frame = frame.astype({column: str(field.dtype) for column, field in spec.schema.columns.items()})
    plain = conforming(frame, spec.schema)
    try:
        frame = spec.schema.validate(frame, lazy=True) if plain is None else plain
    except pa.errors.SchemaErrors as error:
        raise TableError(_failures(name, error, frame)) from None
    keys = list(spec.keys)
    for column in frame.select_dtypes("float64"):
        frame[column] = _rounded(frame[column].to_numpy())
    if _in_order(frame, keys):
        return frame.reset_index(drop=True)
    twice = frame[frame.duplicated(keys, keep=False)]
    if not twice.empty:
        raise TableError(
            f"table {name}: rows share the key {keys}: {twice[keys].drop_duplicates().to_dict('records')}"
        )
    return frame.sort_values(keys, kind="stable", na_position="first").reset_index(drop=True)


def write_table(name: str, rows: pd.DataFrame | Sequence[Mapping[str, Any]], folder: str | Path) -> Path:
    """Check rows and write them to `folder/name.parquet`, beside and then renamed; return the path."""
    return write_atomic(Path(folder) / f"{name}.parquet", parquet_bytes(validate(name, rows)))


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """Return a frame as Parquet in few bytes, the same bytes for the same rows.

    Tables of a few hundred rows need no dictionaries, no statistics, no second schema and nothing that
    pandas would add about itself.
    """
    sink = arrow.BufferOutputStream()
    plain = arrow.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    plainly = {"use_dictionary": False, "write_statistics": False, "store_schema": False}
    parquet.write_table(plain, sink, compression="zstd", compression_level=19, **plainly)
    return sink.getvalue().to_pybytes()


def read_rows(name: str, folder: str | Path) -> pd.DataFrame:
    """Read table `name` from `folder` as it is, for rows that are checked later.

    Raises
    ------
    TableError
        When the file is not there (the message names the notebook that writes it) or cannot be read.
    """
    path = Path(folder) / f"{name}.parquet"
    if not path.exists():
        raise TableError(
            f"{path}: the table {name} is not there; run notebook {TABLES[name].notebook} first "
            "(or `evidence run`, or `make report`)"
        )
    try:
        return parquet.ParquetFile(path).read().to_pandas()
    except (arrow.ArrowException, OSError, ValueError, MemoryError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TableError(f"{path}: not a readable Parquet file ({first}); delete it and run again") from None


def read_table(name: str, folder: str | Path) -> pd.DataFrame:
    """Read table `name` from `folder` and check it again.

    Raises
    ------
    TableError
        As `read_rows`, and when the file holds rows that break the schema.
    """
    path = Path(folder) / f"{name}.parquet"
    rows = read_rows(name, folder)
    try:
        return validate(name, rows)
    except TableError as error:
        raise TableError(
            f"{path}: {error}\ndelete it and run notebook {TABLES[name].notebook} again"
        ) from None


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain dictionaries in which everything missing is None."""
    columns = [_plain(column) for _, column in frame.items()]
    names = list(frame.columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(column: pd.Series) -> list[Any]:
    """Return a column's values as Python's own, None where one is missing."""
    if isinstance(column.dtype, pd.api.extensions.ExtensionDtype):
        return column.array.to_numpy(dtype=object, na_value=None).tolist()
    values = column.tolist()
    missing = column.isna().to_numpy()
    return (
        [None if gone else value for value, gone in zip(values, missing, strict=True)]
        if missing.any()
        else values
    )


def _rounded(values: np.ndarray) -> np.ndarray:
    """Round to 12 significant digits, so that another processor's last bit changes no file."""
    rounded = values + 0.0  # a copy, without negative zeros
    whole = (values == np.rint(values)) & (np.abs(values) < 10.0 ** (SIGNIFICANT_DIGITS - 1))
    for place in np.flatnonzero(np.isfinite(values) & ~whole):
        rounded[place] = float(f"{values[place]:.{SIGNIFICANT_DIGITS - 1}e}")
    return rounded


def _in_order(frame: pd.DataFrame, keys: list[str]) -> bool:
    """Return whether no key is missing and each row's comes after that of the row before."""
    columns = [frame[key] for key in keys]
    if any(column.isna().any() for column in columns):
        return False
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    return all(before < after for before, after in itertools.pairwise(rows))


def _failures(name: str, error: pa.errors.SchemaErrors, frame: pd.DataFrame) -> str:
    """Return one line for each failure: row key, column, rule, value."""
    keys = [key for key in TABLES[name].keys if key in frame]
    lines = []
    for case in error.failure_cases.itertuples():
        place = ""
        if pd.notna(case.index) and int(case.index) in frame.index:
            place = " / ".join(str(frame.at[int(case.index), key]) for key in keys)
        lines.append(f"  row {place or '-'}, column {case.column}: {case.failure_case!r} breaks {case.check}")
    return f"table {name}: {len(lines)} failure(s)\n" + "\n".join(lines)
