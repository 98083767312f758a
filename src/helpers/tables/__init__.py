"""The tables that pass from one notebook to the next: `schema.yaml` says what is in them.

`TABLES` names every table with its schema; `read_table` and `write_table` are the only way in and out, so
that a row which breaks its schema never reaches a figure.
"""

import importlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from notebookpress.schema import COLUMN_TYPES
from notebookpress.tables import parquet_bytes, records, table_store

Tables = Mapping[str, pd.DataFrame]  # tables by name
STORE = table_store(Path(__file__).with_name("schema.yaml"))
TABLES = STORE.tables
as_frame = STORE.as_frame
read_rows = STORE.read_rows
read_table = STORE.read_table
validate = STORE.validate
write_table = STORE.write_table

__all__ = [
    "STORE", "TABLES", "Tables", "as_frame", "data_dictionary", "read_rows", "read_table", "validate",
    "write_table",
]  # fmt: skip


def data_dictionary(name: str | None = None) -> pd.DataFrame:
    """Return the meaning of every column, of one table or of all.

    One row a column: `table`, `column`, `type`, `may_be_missing`, `unit`, `meaning`.
    """
    return pd.DataFrame(
        {
            "table": table,
            "column": column.name,
            "type": COLUMN_TYPES[column.type][0],
            "may_be_missing": not column.required,
            "unit": column.unit,
            "meaning": column.meaning,
        }
        for table in ([name] if name else TABLES)
        for column in TABLES[table].columns.values()
    )


def use_a_table() -> None:
    """Write and read a table: the first time takes longer, also by what pandas imports late."""
    for name in ("pandas.core.methods.to_dict", "pandas.core.reshape.reshape", "pandas.io.formats.string"):
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.parquet"
        path.write_bytes(parquet_bytes(pd.DataFrame({"a": ["b"]})))
        records(pd.read_parquet(path))


def __dir__() -> list[str]:
    """Return what tab completion offers: the names that are meant to be used."""
    return sorted(__all__)
