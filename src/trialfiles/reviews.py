"""Data of Cochrane reviews as records: RevMan 5 files, RevMan 5 CSV and RevMan Web CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.registry_words import concept_of, role_of, slug
from helpers.sources.revman5 import revman5_rows, rm5_rows
from helpers.sources.revman_cells import Row
from helpers.sources.revman_web import web_rows
from helpers.sources.source_text import inert, read_text
from helpers.sources.time_points import time_in_words, weeks


def read_rm5(path: Path) -> list[SourceRecord]:
    """Read every study's data of a RevMan 5 file."""
    rows = list(rm5_rows(path))
    if not rows:
        raise SourceError(
            Problem(str(path), None, "COMPARISON", "no data of a study in it", "add an analysis")
        )
    return _records(path, rows, "RevMan 5")


def read_revman_csv(path: Path) -> list[SourceRecord]:
    """Read a CSV of RevMan Web (data rows, estimates) or of RevMan 5."""
    reader = csv.DictReader(io.StringIO(read_text(path).lstrip("\ufeff"), newline=""))
    try:
        lines = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise SourceError(
            Problem(str(path), reader.line_num, "", f"not CSV: {error}", "export it again")
        ) from None
    names = set(reader.fieldnames or [])
    if "Comparison Number" in names:
        _require(path, names, ("Outcome Number", "Name", "Data Type", "Total 1", "Total 2"))
        return _records(path, list(revman5_rows(path, lines)), "RevMan 5 CSV")
    if "Study" in names and "Experimental N" in names:
        _require(path, names, ("Analysis group", "Analysis number", "Control N"))
        return _records(path, list(web_rows(path, lines)), "RevMan Web data rows")
    pooled = [
        {"analysis": f"{row.get('Analysis group')}.{row.get('Analysis number')}", "pooled": True}
        | {slug(name): inert(value) for name, value in row.items() if name and isinstance(value, str)}
        for _, row in lines
    ]
    return [SourceRecord(effects=pooled)]


def _require(path: Path, names: set[str], wanted: tuple[str, ...]) -> None:
    if missing := [name for name in wanted if name not in names]:
        raise SourceError(
            Problem(str(path), 1, ", ".join(missing), "missing column", "export the data again")
        )


def _records(path: Path, rows: list[Row], form: str) -> list[SourceRecord]:
    """Return one record a study, with its groups, observations and effects."""
    found: dict[str, SourceRecord] = {}
    names: dict[str, str] = {}
    for row in rows:
        study_id = names.setdefault(row["study"], _study_id(row, set(names.values())))
        record = found.setdefault(study_id, SourceRecord())
        if not record.sources:
            year = row.get("year") or ""
            named = row["study"] if not year or year in row["study"] else f"{row['study']} {year}"
            record.sources.append(
                {
                    "source_id": study_id,
                    "study_id": study_id,
                    "tier": "published",
                    "format": form,
                    "citation": named,
                }
                | {"has_results": True, "access": "record"}
            )
            record.studies.append({"study_id": study_id, "title": named, "comparison": "parallel"})
        record.effects.append(
            {name: value for name, value in row.items() if value is not None} | {"study_id": study_id}
        )
        if row["kind"] != "generic":
            _observations(path, record, study_id, row)
    return list(found.values())


def _study_id(row: Row, taken: set[str]) -> str:
    name = base = slug(row["study"])
    number = 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def _observations(path: Path, record: SourceRecord, study_id: str, row: Row) -> None:
    for side, default in ((1, "experimental"), (2, "control")):
        label = row.get(f"label_{side}") or default
        arm_id = slug(label)
        total = row[f"total_{side}"]
        if total is not None and (total != int(total) or total < 0):
            problem = f"{total:g} is no number of people"
            raise SourceError(Problem(str(path), None, f"{row['study']}: N", problem, "mend it"))
        if arm_id not in {arm["arm_id"] for arm in record.arms}:
            record.arms.append(
                {"study_id": study_id, "arm_id": arm_id, "role": role_of(label), "label": label}
            )
        name = f"{study_id}.r{len(record.results) + 1:02d}"
        time = time_in_words(row.get("subgroup")) or time_in_words(row["name"])
        result: Row = {
            "result_id": name,
            "study_id": study_id,
            "source_id": study_id,
            "arm_id": arm_id,
            "concept": concept_of(row["name"] or ""),
            "site": "all",
            "measure": row["name"],
            "category": row.get("subgroup"),
            "timepoint_printed": time,
            "timepoint_weeks": weeks(time),
            "n": int(total) if total is not None else None,
            "quantity_ids": name,
        }
        for column in ("mean", "sd", "median", "q1", "q3", "minimum", "maximum", "count", "percent", "unit"):
            result[column] = None
        if row["kind"] == "continuous":
            sd = row[f"sd_{side}"]
            result |= {
                "kind": "level",
                "mean": row[f"mean_{side}"],
                "sd": sd if sd is None or sd > 0 else None,  # 0 stands where none was entered
            }
            result["figures"] = f"mean={name};sd={name};n={name}"
        else:
            events = row[f"events_{side}"]
            result |= {"kind": "count", "count": events if events is None or events >= 0 else None}
            result["figures"] = f"count={name};n={name}"
        record.results.append(result)
