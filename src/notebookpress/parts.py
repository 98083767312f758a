"""Puts the parts that each study's notebook wrote together into whole tables."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from helpers.pipeline.graph import PARTS
from helpers.tables import TABLES, read_rows, write_table


def part_folder(processed: Path, study_id: str) -> Path:
    """Return where the notebook of one study writes its tables."""
    return processed / PARTS / study_id


def gather(processed: str | Path, studies: Iterable[str], names: Iterable[str] | None = None) -> list[Path]:
    """Write each per-study table from its parts, and delete the parts of studies that are gone.

    Parameters
    ----------
    processed : path
        The folder of the tables; the parts lie in `parts/<study_id>/<table>.parquet` below it.
    studies : iterable of str
        The studies there are.
    names : iterable of str, optional
        The tables; every table that is written per study when left out.

    Returns
    -------
    list of pathlib.Path
        The tables written.

    Raises
    ------
    helpers.tables.TableError
        When a part is missing, or rows of two studies share a key.

    """
    processed, studies = Path(processed), sorted(studies)
    chosen = [name for name, spec in TABLES.items() if spec.per_study] if names is None else list(names)
    for folder in (processed / PARTS).glob("*"):
        if folder.name not in studies:
            shutil.rmtree(folder)
    written = []
    for name in chosen:
        # Each part was checked when it was written, and the whole is when it is.
        parts = [read_rows(name, part_folder(processed, study)) for study in studies]
        filled = [part for part in parts if not part.empty]  # empty parts would blur the columns' types
        written.append(write_table(name, pd.concat(filled, ignore_index=True) if filled else [], processed))
    return written
