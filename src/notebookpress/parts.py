"""Tables in parts: which rows belong to whom, and the parts that each run wrote put together.

A notebook that runs once for each of something depends on its own rows only, and writes its part of a table.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from notebookpress.files import write_atomic

PARTS = "parts"
ROWS = "rows"
GATHERED_BY_RUNNER = "EVIDENCE_GATHERS"  # in the environment of a run, where a step puts parts together


def part_folder(processed: Path, key: str) -> Path:
    """Return where the run for one key writes its tables."""
    return processed / PARTS / key


def rows_file(work: Path, key: str) -> Path:
    """Return where the hashes of a key's rows are."""
    return work / ROWS / f"{key}.json"


def divide_rows(
    processed: Path, keys: Iterable[str], names: Iterable[str], column: str, whole: Iterable[str] = ()
) -> list[Path]:
    """Write for each key the hash of its rows in each table.

    Parameters
    ----------
    processed : pathlib.Path
        The folder of the tables; the hashes go to `rows/<key>.json` beside it.
    keys, names : iterable of str
        The keys and the tables.
    column : str
        The column that says whose a row is; a table without it counts whole for every key.
    whole : iterable of str
        Tables that count whole although they have the column.

    Returns
    -------
    list of pathlib.Path
        The files, one a key; one whose rows are as before is not touched.

    """
    import pyarrow.parquet as parquet

    keys, whole = list(keys), set(whole)
    hashes: dict[str, dict[str, str]] = {key: {} for key in keys}
    for name in names:
        table = parquet.ParquetFile(processed / f"{name}.parquet").read()
        owned = column in table.column_names and name not in whole
        owners = table.column(column).to_pylist() if owned else None
        rows = [repr(row) for row in zip(*(values.to_pylist() for values in table.columns), strict=True)]
        for key in keys:
            own = (
                rows
                if owners is None
                else [row for owner, row in zip(owners, rows, strict=True) if owner == key]
            )
            hashes[key][name] = hashlib.sha256("\n".join([str(table.schema), *own]).encode()).hexdigest()
    for path in (processed.parent / ROWS).glob("*.json"):
        if path.stem not in keys:
            path.unlink()
    return [
        write_atomic(rows_file(processed.parent, key), json.dumps(found, indent=1) + "\n")
        for key, found in hashes.items()
    ]


def gather_tables(schema_file: Path, processed: Path, keys: Iterable[str], names: Iterable[str]) -> None:
    """Put the parts of tables together by a schema file; see `gather_parts`."""
    from notebookpress.tables import table_store

    gather_parts(table_store(schema_file), processed, keys, names)


def gather_parts(store: Any, processed: str | Path, keys: Iterable[str], names: Iterable[str]) -> list[Path]:
    """Write each table from its parts, and delete the parts of keys that are gone.

    Parameters
    ----------
    store : tables.Store
        What reads and writes the tables.
    processed : path
        The folder of the tables; the parts lie in `parts/<key>/<table>.parquet` below it.
    keys, names : iterable of str
        The keys there are, and the tables.

    Returns
    -------
    list of pathlib.Path
        The tables written.

    Raises
    ------
    TableError
        When a part is missing, or rows of two parts share a key.

    """
    import pandas as pd

    processed, keys = Path(processed), sorted(keys)
    for folder in (processed / PARTS).glob("*"):
        if folder.name not in keys:
            shutil.rmtree(folder)
    written = []
    for name in names:
        # Each part was checked when it was written, and the whole is when it is.
        parts = [store.read_rows(name, part_folder(processed, key)) for key in keys]
        filled = [part for part in parts if not part.empty]  # empty parts would blur the columns' types
        written.append(
            store.write_table(name, pd.concat(filled, ignore_index=True) if filled else [], processed)
        )
    return written
