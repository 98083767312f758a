"""Which rows a study has in the tables: what its notebook reads, and so what it depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from notebookpress.files import write_atomic

ROWS = "rows"
SHARED = frozenset({"comparators"})  # their rows are of other studies, and each of ours is held against all


def rows_file(work: Path, study: str) -> Path:
    """Return where the hashes of a study's rows are."""
    return work / ROWS / f"{study}.json"


def divide(processed: Path, studies: Iterable[str], names: Iterable[str]) -> list[Path]:
    """Write for each study the hash of its rows in each table.

    A table without the column `study_id`, and one that every study reads whole, counts whole.

    Parameters
    ----------
    processed : pathlib.Path
        The folder of the tables; the hashes go to `rows/<study>.json` beside it.
    studies, names : iterable of str
        The studies and the tables.

    Returns
    -------
    list of pathlib.Path
        The files, one a study; one whose rows are as before is not touched.

    """
    import pyarrow.parquet as parquet

    studies = list(studies)
    hashes: dict[str, dict[str, str]] = {study: {} for study in studies}
    for name in names:
        table = parquet.ParquetFile(processed / f"{name}.parquet").read()
        owned = "study_id" in table.column_names and name not in SHARED
        owners = table.column("study_id").to_pylist() if owned else None
        rows = [repr(row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]
        for study in studies:
            kept = rows if owners is None else _of(study, owners, rows)
            hashes[study][name] = _hash([str(table.schema), *kept])
    folder = processed.parent / ROWS
    for path in folder.glob("*.json"):
        if path.stem not in studies:
            path.unlink()
    return [
        write_atomic(rows_file(processed.parent, study), json.dumps(found, indent=1) + "\n")
        for study, found in hashes.items()
    ]


def _of(study: str, owners: list[Any], rows: list[str]) -> list[str]:
    return [row for owner, row in zip(owners, rows, strict=True) if owner == study]


def _hash(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
