"""The tables that pass from one notebook to the next: schemas, Parquet, data dictionary.

`TABLES` names every table with its schema and its key; `read_table` and `write_table` are the only
way in and out, so that a row which breaks its schema never reaches a figure.
"""

from helpers.tables.registry import TABLES, TableSpec, data_dictionary
from helpers.tables.statements import TOPICS, Topic
from helpers.tables.storage import (
    TableError,
    as_frame,
    join_ids,
    read_rows,
    read_table,
    records,
    split_ids,
    validate,
    write_atomic,
    write_table,
)

__all__ = [
    "TABLES",
    "TOPICS",
    "TableError",
    "TableSpec",
    "Topic",
    "as_frame",
    "data_dictionary",
    "join_ids",
    "read_rows",
    "read_table",
    "records",
    "split_ids",
    "validate",
    "write_atomic",
    "write_table",
]


def __dir__() -> list[str]:
    """Return what tab completion offers: the names that are meant to be used."""
    return sorted(__all__)
