"""A study sheet and the registry record that it appraises, together: neither overrules the other silently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers.sources.posted_figures import posted_figures
from helpers.sources.record import SourceRecord
from helpers.sources.registry_words import role_of
from helpers.sources.study_sheet import sha256_of
from helpers.tables import split_ids


def own_record(sheet: SourceRecord, found: list[SourceRecord]) -> int | None:
    """Return which record of a file is a sheet's: the one of its number, or the only one."""
    numbers = {sheet.studies[0]["study_id"], sheet.sources[0].get("registration")}
    for index, record in enumerate(found):
        if {row["source_id"] for row in record.sources} & numbers:
            return index
    return 0 if len(found) == 1 else None


def name_file(row: dict[str, Any], path: Path, raw: Path) -> None:
    """Note in a source's row which file it comes from."""
    row["file"] = path.relative_to(raw).as_posix()


def source_files(raw: Path, sources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each file that states a source, with the hash of its bytes."""
    return [
        {
            "source_id": row["source_id"],
            "study_id": row["study_id"],
            "file": name,
            "sha256": sha256_of(Path(raw) / name),
        }
        for row in sources
        for name in ([row["file"]] if (Path(raw) / row["file"]).is_file() else split_ids(row["file"]))
    ]


def merge_record(
    sheet: SourceRecord, path: Path, record: SourceRecord, raw: Path, disagreements: list
) -> None:
    """Fill what the sheet leaves open from the registry record; note where both speak and differ."""
    source = sheet.sources[0]
    source["file"] = f"{source['file']};{path.relative_to(raw).as_posix()}"
    source["format"] = record.sources[0]["format"]
    stated = record.sources[0].get("provenance")
    source["provenance"] = " ".join(filter(None, [stated, source.get("provenance")])) or None
    _fill(
        source, record.sources[0], "sources", disagreements, skip=("citation", "tier", "format", "provenance")
    )
    _fill(
        sheet.studies[0], record.studies[0], "studies", disagreements, skip=("title", "population", "design")
    )
    for name, key in (("arms", "arm_id"), ("outcomes", "outcome_id")):
        ours = {row[key]: row for row in getattr(sheet, name)}
        for row in getattr(record, name):
            if row[key] in ours:
                _fill(
                    ours[row[key]], row, name, disagreements, skip=("label", "measure", "timepoint_printed")
                )
            else:
                getattr(sheet, name).append(row | {"study_id": source["study_id"]})
    _merge_posted(sheet, record)


def _merge_posted(sheet: SourceRecord, record: SourceRecord) -> None:
    """Add what a register posts: figures, results and events; a posted group without an arm becomes one."""
    named = {"study_id": sheet.sources[0]["study_id"], "source_id": sheet.sources[0]["source_id"]}
    sheet.quantities += [row | named for row in posted_figures(record)]
    sheet.results += [row | named | {"site": _apart(row)} for row in record.results]
    sheet.adverse_events += [row | {"study_id": named["study_id"]} for row in record.adverse_events]
    known = {arm["arm_id"] for arm in sheet.arms}
    for row in (*record.results, *record.adverse_events):
        if row["arm_id"] not in known:
            known.add(row["arm_id"])
            label = row["group"] or row["arm_id"]
            arm = {"arm_id": row["arm_id"], "role": role_of(label), "label": label}
            sheet.arms.append(arm | {"study_id": named["study_id"]})


def _apart(row: dict[str, Any]) -> str:
    """Return what tells a posted measurement from others of the same arm, outcome and time."""
    measure = row["measure"][:120] if row["concept"] == "other_outcome" else None
    return ": ".join(filter(None, [measure, row["category"]])) or row["site"]


def _fill(
    ours: dict[str, Any], theirs: dict[str, Any], table: str, disagreements: list, skip: tuple[str, ...]
) -> None:
    """Take the record's value where the sheet has none."""
    for column, value in theirs.items():
        if value is None or column == "study_id":
            continue
        if ours.get(column) is None:
            ours[column] = value
        elif ours[column] != value and column not in (*skip, "source_id"):
            study_id = ours.get("study_id")
            row = {"study_id": study_id, "table": table, "column": column}
            disagreements.append(row | {"sheet": str(ours[column]), "record": str(value)})
