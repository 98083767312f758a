"""The raw folder: every file read, merged by study, checked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from helpers.sheets.context import read_certainty_overrides, read_context
from helpers.sheets.model import StudySheet
from helpers.sheets.read import read_sheet, sha256_of, sheet_record
from helpers.sheets.screening import read_review_facts, read_screening
from helpers.tables import split_ids
from trialfiles.ctgov_results import posted_figures
from trialfiles.reading import read_sources
from trialfiles.recognition import recognise
from trialfiles.record import Problem, SourceError, SourceRecord
from trialfiles.text import role_of

_PASSED_OVER = (".mapping.yaml", ".mapping.yml", ".md")


@dataclass
class FolderCheck:
    """What was found in a folder: files read by form, records in them, and every problem."""

    forms: Counter[str] = field(default_factory=Counter)
    records: int = 0
    refused: int = 0
    problems: list[Problem] = field(default_factory=list)

    def summary(self) -> str:
        """Return the check in one line."""
        forms = ", ".join(f"{count} {form}" for form, count in sorted(self.forms.items()))
        read = sum(self.forms.values())
        said = f"{read + self.refused} file(s): {read} read{f' ({forms})' if forms else ''}"
        return f"{said}, {self.records} record(s); {self.refused} refused"


def is_raw_folder(folder: str | Path) -> bool:
    """Return whether a folder is laid out as raw data, with sheets or registry records."""
    return any((Path(folder) / name).is_dir() for name in ("studies", "registry"))


def check_folder(folder: str | Path) -> FolderCheck:
    """Read every file below a folder to its end; hidden files, notes and mappings are passed over.

    Parameters
    ----------
    folder : path
        Any folder.

    Returns
    -------
    FolderCheck
        Counts, and each problem with file, place and remedy.
    """
    found = FolderCheck()
    for path in sorted(Path(folder).rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or not path.is_file() or path.name.endswith(_PASSED_OVER):
            continue
        try:
            form = recognise(path)
            found.records += sum(1 for _ in read_sources(path))
            found.forms[form] += 1
        except SourceError as error:
            found.refused += 1
            found.problems += error.problems
    return found


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
