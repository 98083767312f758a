"""The versions of this synthesis: each release with its last search, its size and its conclusion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as arrow
import pyarrow.parquet as parquet
from markupsafe import Markup

from helpers.figures.numbers import joined
from helpers.figures.table_html import frame_of, table_html
from helpers.words.load import Tables

LEVELS = ("high", "moderate", "low", "very low")


def history_rows(tables: Tables, provenance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row for this report and one for each release beside the newest, the newest first.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        The tables of today.
    provenance : mapping
        `version`, `review` (with `last_search`) and `previous`, the folder of the newest release.

    """
    review = provenance.get("review")
    now = _row(str(provenance.get("version") or "not stated"), lambda name: tables.get(name))
    now |= {"version": f"this report, {now['version']}"}
    if review is not None and review.last_search:
        now["last_search"] = review.last_search
    rows = [now]
    previous = provenance.get("previous")
    for folder in _releases(Path(previous).parent) if previous else []:
        rows.append(_row(folder.name, lambda name, folder=folder: _table(folder, name)))
    return rows


def history_table(tables: Tables, provenance: Mapping[str, Any]) -> Markup:
    """Return the versions as a table."""
    headings = {
        "version": "Version",
        "last_search": "Last search",
        "studies": "Studies with results",
        "certain": "Certain findings",
        "pooled": "Outcomes pooled, five sources",
        "certainty": "Certainty",
    }
    return table_html(
        frame_of(history_rows(tables, provenance), headings),
        caption="Versions of this synthesis",
        label="versions-table",
        columns=headings,
    )


def _releases(folder: Path) -> list[Path]:
    """Return the folders of all releases, the highest version first."""
    found = [path for path in folder.glob("*") if (path / "data").is_dir()]
    return sorted(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.name)], reverse=True)


def _table(folder: Path, name: str) -> pd.DataFrame | None:
    """Return a table of a release, whatever columns it had then; nothing when it is not there."""
    try:
        return parquet.ParquetFile(folder / "data" / f"{name}.parquet").read().to_pandas()
    except (OSError, arrow.ArrowException):
        return None


def _row(version: str, table: Any) -> dict[str, Any]:
    lines, findings, searches = table("comparisons"), table("findings"), table("searches")
    certainty, pooled = _core(table("certainty")), _core(table("pooled"))
    row: dict[str, Any] = {"version": version, "last_search": "not stated"}
    if searches is not None and len(searches):
        row["last_search"] = str(searches["date"].astype(str).max())
    if lines is not None:
        told = lines[(lines["direction"] != "not reported") & (lines["tier"] != "comparator")]
        row["studies"] = int(told["study_id"].nunique())
    if findings is not None:
        row["certain"] = int((findings["severity"] == "certain").sum())
    if pooled is not None:
        row["pooled"] = int(pooled.loc[pooled["pooled"].astype(bool), "concept"].nunique())
    if certainty is not None:
        counts = certainty["certainty"].value_counts()
        told = [f"{level} for {counts[level]}" for level in LEVELS if level in counts]
        row["certainty"] = joined(told) or None
    return row


def _core(frame: pd.DataFrame | None) -> pd.DataFrame | None:
    return None if frame is None or "evidence" not in frame else frame[frame["evidence"] == "core"]
