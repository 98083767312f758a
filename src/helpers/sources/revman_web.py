"""Data of a RevMan Web review: its CSV of data rows, in and out.

RevMan Web writes 0.0 into the columns that an analysis does not use, so that its kind decides which count.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.revman_cells import Row, number
from helpers.sources.source_text import inert, inert_cell, read_text

WEB_COLUMNS = (
    "Analysis group",
    "Analysis number",
    "Analysis name",
    "Subgroup",
    "Applicability",
    "Study",
    "Study year",
    "GIV Mean",
    "GIV SE",
    "Experimental mean",
    "Experimental SD",
    "Experimental cases",
    "Experimental N",
    "Control mean",
    "Control SD",
    "Control cases",
    "Control N",
    "O-E",
    "Variance",
    "Weight",
    "Mean",
    "CI start",
    "CI end",
    "Footnotes",
)
_WEB = {
    "mean_1": "Experimental mean",
    "sd_1": "Experimental SD",
    "events_1": "Experimental cases",
    "total_1": "Experimental N",
    "mean_2": "Control mean",
    "sd_2": "Control SD",
    "events_2": "Control cases",
    "total_2": "Control N",
    "effect": "Mean",
    "ci_lower": "CI start",
    "ci_upper": "CI end",
    "weight": "Weight",
    "giv_effect": "GIV Mean",
    "giv_se": "GIV SE",
    "o_e": "O-E",
    "variance": "Variance",
}


def web_rows(path: Path, lines: list[tuple[int, Row]]) -> Iterator[Row]:
    """Yield every study's data, with the kind of its analysis from the settings that lie beside."""
    settings = _settings(path)
    for line, row in lines:
        if not inert(row.get("Study")):
            raise SourceError(Problem(str(path), line, "Study", "missing", "export the data rows again"))
        figures = {key: number(path, line, name, row.get(name)) for key, name in _WEB.items()}
        key = (row.get("Analysis group"), row.get("Analysis number"))
        said = settings.get(key, {})
        yield {
            "group": key[0],
            "number": key[1],
            "name": inert(row.get("Analysis name")),
            "study": inert(row["Study"]),
            "year": inert(row.get("Study year")),
            "subgroup": inert(row.get("Subgroup")),
            "applicability": inert(row.get("Applicability")),
            "kind": said.get("kind") or _guess(figures),
            "kind_stated": "kind" in said,
            "measure": said.get("measure"),
            "method": said.get("method"),
            "model": said.get("model"),
            "label_1": said.get("label_1"),
            "label_2": said.get("label_2"),
        } | figures


def _settings(path: Path) -> dict[tuple[Any, Any], Row]:
    """Return the kind of each analysis from the settings that lie beside the data rows."""
    found: dict[tuple[Any, Any], Row] = {}
    for other in sorted(path.parent.glob("*.csv"))[:200]:
        if other == path or other.stat().st_size > 5_000_000:
            continue
        with other.open("rb") as stream:
            head = stream.readline(20_000)
        if b"Data type" not in head or b"Analysis number" not in head:
            continue
        for row in csv.DictReader(io.StringIO(read_text(other).lstrip("\ufeff"), newline="")):
            kind = (row.get("Data type") or "").lower()
            kind = (
                "dichotomous"
                if kind.startswith("dich")
                else "continuous"
                if kind.startswith("cont")
                else "generic"
            )
            found[row.get("Analysis group"), row.get("Analysis number")] = {
                "kind": kind,
                "measure": inert(row.get("Effect measure")),
                "method": inert(row.get("Statistical method")),
                "model": inert(row.get("Analysis model")),
                "label_1": inert(row.get("Experimental group label")),
                "label_2": inert(row.get("Control group label")),
            }
    return found


def _guess(row: Row) -> str:
    """Return the kind of an analysis from its figures, for data rows without their settings."""
    if row["giv_se"]:
        return "generic"
    return "continuous" if row["sd_1"] or row["sd_2"] else "dichotomous"


def write_web_rows(records: Iterable[SourceRecord]) -> str:
    """Return the studies' data as a RevMan Web CSV of data rows, with its byte order mark.

    The columns that an analysis does not use hold 0, as RevMan Web writes them.
    """
    rows = [row for record in records for row in record.effects if "study" in row]
    rows.sort(key=lambda row: (str(row.get("group")), str(row.get("number"))))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(WEB_COLUMNS)
    for row in rows:
        cells = {
            "Analysis group": row.get("group"),
            "Analysis number": row.get("number"),
            "Analysis name": row.get("name"),
            "Subgroup": row.get("subgroup"),
            "Applicability": row.get("applicability") or "SUBGROUP_AND_OVERALL",
            "Study": row["study"],
            "Study year": row.get("year"),
        }
        used = {name: row.get(key) for key, name in _WEB.items()}
        if "giv_effect" not in row and row["kind"] == "generic":
            used |= {"GIV Mean": row.get("effect"), "GIV SE": row.get("se")}
        cells = {name: "" if value is None else inert_cell(value) for name, value in cells.items()}
        cells |= {name: 0 if value is None else f"{value:.12g}" for name, value in used.items()}
        writer.writerow([cells.get(name, "") for name in WEB_COLUMNS])
    return "\ufeff" + stream.getvalue()
