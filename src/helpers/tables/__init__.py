"""The tables that pass from one notebook to the next: `schema.yaml` says what is in them.

`TABLES` names every table with its schema; `read_table` and `write_table` are the only way in and out, so
that a row which breaks its schema never reaches a figure.
"""

from pathlib import Path

from helpers.tables.vocabulary import TOPICS, Topic
from notebookpress.schema import Column, TableSchema
from notebookpress.tables import TableError, join_ids, parquet_bytes, records, split_ids, table_store

STORE = table_store(Path(__file__).with_name("schema.yaml"))
TABLES = STORE.tables
as_frame = STORE.as_frame
data_dictionary = STORE.data_dictionary
read_rows = STORE.read_rows
read_table = STORE.read_table
validate = STORE.validate
write_table = STORE.write_table

__all__ = [
    "STORE",
    "TABLES",
    "TOPICS",
    "Column",
    "TableError",
    "TableSchema",
    "Topic",
    "as_frame",
    "data_dictionary",
    "join_ids",
    "parquet_bytes",
    "read_rows",
    "read_table",
    "records",
    "split_ids",
    "validate",
    "write_table",
]


def __dir__() -> list[str]:
    """Return what tab completion offers: the names that are meant to be used."""
    return sorted(__all__)
