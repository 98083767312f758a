"""What changed since the last release: its tables beside those of today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as arrow
import pyarrow.parquet as parquet

from helpers.figures.numbers import joined, plain_words
from helpers.tables import TABLES
from helpers.words.load import Tables

COMPARED = ("screening", "sources", "studies", "quantities", "results", "findings", "effects", "horizon")
MOST_NAMED = 6


def changes_since(tables: Tables, release: str | Path | None) -> list[dict[str, Any]] | None:
    """Return what changed, a row a table that differs; nothing when there is no release.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        The tables of today.
    release : path, optional
        Folder of the release (`reports/releases/VERSION`), whose tables lie under `data/`.

    Returns
    -------
    list of dict or None
        `table`, `new`, `gone`, `changed` (counts of rows by key) and `named` (the first new ones). The last
        row, with table `conclusion`, names the outcomes whose certainty or pooling changed.

    """
    if release is None:
        return None
    rows = []
    for name in COMPARED:
        before = _released(Path(release), name)
        if before is not None and (row := _difference(name, before, tables[name])):
            rows.append(row)
    rows.append({"table": "conclusion", "named": _conclusion(tables, Path(release))})
    return rows


def _released(release: Path, name: str) -> pd.DataFrame | None:
    """Return a table of a release, whatever columns it had then."""
    path = release / "data" / f"{name}.parquet"
    try:
        return parquet.ParquetFile(path).read().to_pandas()
    except (OSError, arrow.ArrowException):
        return None


def _difference(name: str, before: pd.DataFrame, now: pd.DataFrame) -> dict[str, Any] | None:
    keys = list(TABLES[name].keys)
    if not set(keys) <= set(before.columns):
        return None
    columns = [column for column in now.columns if column in before.columns]
    old, new = _by_key(before[columns], keys), _by_key(now[columns], keys)
    added = [key for key in new if key not in old]
    changed = [key for key in new if key in old and new[key] != old[key]]
    gone = [key for key in old if key not in new]
    if not (added or changed or gone):
        return None
    named = added[:MOST_NAMED] + ([f"{len(added) - MOST_NAMED} more"] if len(added) > MOST_NAMED else [])
    return {
        "table": name,
        "new": len(added),
        "changed": len(changed),
        "gone": len(gone),
        "named": ", ".join(named) or None,
    }


def _by_key(frame: pd.DataFrame, keys: list[str]) -> dict[str, tuple]:
    """Return the rows by key, each as text, so that the type of a column does not count."""
    plain = frame.astype(object).where(frame.notna(), "")
    names = plain[keys].astype(str).agg(" / ".join, axis=1) if len(plain) else []
    return {name: tuple(map(str, row)) for name, row in zip(names, plain.to_numpy(), strict=True)}


def _conclusion(tables: Tables, release: Path) -> str:
    """Return whether the conclusion changes: certainty, pooling or meaning of an outcome."""
    told = []
    for name, column, words in (
        ("certainty", "certainty", "certainty"),
        ("pooled", "pooled", "pooling"),
        ("summary_of_findings", "statement", "meaning"),
    ):
        before = _released(release, name)
        if before is None or column not in before:
            continue
        old, new = _by_outcome(before, column), _by_outcome(tables[name], column)
        names = sorted({key[-1] for key in {*old, *new} if old.get(key) != new.get(key)})
        if names:
            told.append(f"{words} of {joined([plain_words(concept) for concept in names])}")
    return (
        f"changed: {'; '.join(told)}" if told else "unchanged: same certainty for every outcome, same pooling"
    )


def _by_outcome(frame: pd.DataFrame, column: str) -> dict[tuple, str]:
    """Return the largest value of a column for each outcome of each tier."""
    keys = [name for name in ("evidence", "concept") if name in frame]
    found = frame.astype({column: str}).groupby(keys)[column].max()
    return {key if isinstance(key, tuple) else (key,): value for key, value in found.items()}
