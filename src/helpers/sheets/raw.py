"""The folder of raw data as one `SourceRecord`: sheets, and the registry records they appraise.

A study is what a study sheet describes. A registry record without a sheet is a source that waits for
its appraisal; `evidence add` makes the sheet for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from helpers.sources.certainty_overrides import read_certainty_overrides
from helpers.sources.context_tables import read_context
from helpers.sources.raw_merging import merge_record, name_file, own_record
from helpers.sources.reading import read_sources, recognise
from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.review_facts import read_review_facts
from helpers.sources.screening import read_screening
from helpers.sources.sheet_model import StudySheet
from helpers.sources.sheet_record import sheet_record
from helpers.sources.study_sheet import read_sheet
from helpers.tables import split_ids


@dataclass
class RawData:
    """All that a raw folder states.

    `record` holds the merged rows, `disagreements` the fields on which a sheet and its registry record
    differ (the sheet's word is used), `waiting` the records without a sheet, `refused` what is wrong with
    the files that were left out.
    """

    record: SourceRecord
    disagreements: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)


_OWN_KINDS, _OWN_FILES = (
    (".md", ".yaml", ".yml"),
    ("screening.csv", "second_reading.csv", "trials.csv", "searches.csv"),
)


def raw_files(raw: str | Path) -> list[Path]:
    """Return the study sheets and other sources of a raw folder, sorted; hidden files are left out.

    Sources lie in `registry`, or where somebody dropped them: in the raw folder itself.
    """
    raw = Path(raw)
    found = [*raw.glob("studies/*.yaml"), *raw.glob("studies/*.yml"), *raw.glob("registry/*")]
    found += [path for path in raw.glob("*") if path.suffix not in _OWN_KINDS and path.name not in _OWN_FILES]
    return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


def check_raw(raw: str | Path, files: list[Path] | None = None) -> list[Problem]:
    """Return everything that is wrong in a raw folder, or in some files; an empty list when all is right."""
    problems: list[Problem] = []
    chosen = raw_files(raw) if files is None else [Path(file) for file in files]
    if not chosen:
        remedy = "add a study sheet (evidence new STUDY_ID) or name another folder with --raw"
        return [Problem(str(raw), None, "", "no study sheet and no registry record", remedy)]
    sheets = []
    for path in chosen:
        try:
            if path.suffix in (".yaml", ".yml") and path.parent.name != "registry":
                sheets.append((path, read_sheet(path)))
            else:
                for _ in read_sources(path):
                    pass
                problems += _misplaced(path)
        except SourceError as error:
            alone = path.parent.name != "studies" and files is None
            problems += [replace(problem, stops=problem.stops and not alone) for problem in error.problems]
        except OSError as error:
            problems.append(
                Problem(str(path), None, "", f"cannot be read: {error.strerror}", "check its permissions")
            )
    if files is None:
        for read in (read_screening, read_context, read_review_facts, read_certainty_overrides):
            try:
                read(raw)
            except SourceError as error:
                problems += error.problems
    return problems + _clashes(sheets)


def _misplaced(path: Path) -> list[Problem]:
    """Say when a study sheet lies among the registry records."""
    if path.parent.name != "registry" or recognise(path) != "sheet":
        return []
    remedy = f"move it to studies/{path.stem}.yaml"
    return [Problem(str(path), None, "", "a study sheet among the registry records", remedy)]


def _clashes(sheets: list[tuple[Path, StudySheet]]) -> list[Problem]:
    """Return where sheets share a study, a source or a registry record, or name an absent record."""
    problems: list[Problem] = []
    owners: dict[tuple[str, str], Path] = {}
    for path, sheet in sheets:
        named = sheet.source.registry_file
        claims = (
            ("study_id", sheet.study_id, "the study"),
            ("source.source_id", sheet.source.source_id, "the source"),
            ("source.registry_file", named, "the record"),
        )
        for field_, name, what in claims:
            other = owners.setdefault((field_, name), path) if name else path
            if other != path and not (
                name == named and _holds_several(path.parent.parent / "registry" / name)
            ):
                problem = f"{name!r} is also {what} of {other.name}"
                problems.append(Problem(str(path), None, field_, problem, "keep it in one sheet"))
        records = {file.name for file in raw_files(path.parent.parent) if file.parent.name == "registry"}
        if named and named not in records:
            remedy = "add the record (evidence add FILE) or remove the field"
            problem = f"registry/{named} is not there"
            problems.append(Problem(str(path), None, "source.registry_file", problem, remedy))
    return problems


def _holds_several(path: Path) -> bool:
    """Return whether a file holds several records, so that several sheets may name it."""
    try:
        return sum(1 for _ in read_sources(path)) > 1
    except SourceError:
        return False


def read_raw(raw: str | Path) -> RawData:
    """Read a raw folder whole.

    Parameters
    ----------
    raw : path
        A folder with `studies/*.yaml` and `registry/*`.

    Returns
    -------
    RawData
        The merged rows of every source.

    Raises
    ------
    SourceError
        With everything that is wrong in any of its files, when a study sheet or the screening list is among
        them. A file of another kind is refused alone.
    """
    raw = Path(raw)
    problems = check_raw(raw)
    if any(problem.stops for problem in problems):
        raise SourceError(problems)
    data = RawData(SourceRecord(), refused=problems)
    broken = {problem.file for problem in problems}
    others = [path for path in raw_files(raw) if path.parent.name != "studies" and str(path) not in broken]
    registry = {path.name: (path, list(read_sources(path))) for path in others}
    for path in raw_files(raw):
        if path.parent.name != "studies":
            continue
        sheet = read_sheet(path)
        record = sheet_record(sheet)
        name_file(record.sources[0], path, raw)
        if sheet.source.registry_file in registry:
            place, found = registry[sheet.source.registry_file]
            if (own := own_record(record, found)) is not None:
                merge_record(record, place, found.pop(own), raw, data.disagreements)
        for name, rows in vars(record).items():
            getattr(data.record, name).extend(rows)
    for path, found in registry.values():
        data.waiting += _waiting(path, found, raw)
    return data


def _waiting(path: Path, found: list[SourceRecord], raw: Path) -> list[dict[str, Any]]:
    """Return a file's records that have no sheet; a list of references is one row."""
    named = [record for record in found if record.sources]
    if len(named) > 1 and all(record.references for record in named):
        row = named[0].sources[0] | {"title": f"{len(named)} references, to be added to the screening list"}
        name_file(row, path, raw)
        return [row]
    rows = []
    for record in named:
        row = record.sources[0]
        name_file(row, path, raw)
        title = record.studies[0].get("title") if record.studies else row.get("citation")
        rows.append(row | {"title": title})
    return rows


def figures_used(record: SourceRecord) -> dict[str, list[str]]:
    """Return, for each quantity id, the tables whose rows rest on it."""
    used: dict[str, list[str]] = {}
    for name, rows in vars(record).items():
        for row in rows if name != "quantities" else []:
            for quantity in split_ids(row.get("quantity_ids")):
                used.setdefault(quantity, []).append(name)
    return used
