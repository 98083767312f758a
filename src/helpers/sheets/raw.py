"""The raw folder: every file read once, checked, and merged by study."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from helpers.sheets import SHEET_WORDS
from helpers.sheets.context import (
    RETRACTIONS_FILE,
    read_certainty_overrides,
    read_context,
    read_retractions,
    read_review_facts,
)
from helpers.sheets.model import SCHEMA_FILE, StudySheet
from helpers.sheets.read import read_records, read_sheet, sheet_record
from helpers.sheets.screening import read_screening
from helpers.tables.vocabulary import OUTCOME_CONCEPTS, reading_words
from notebookpress.tables import split_ids
from trialfiles.ctgov_results import posted_figures
from trialfiles.reading import recognise
from trialfiles.record import Problem, Row, SourceError, SourceRecord
from trialfiles.text import registry_numbers
from trialfiles.times import weeks
from trialfiles.versions import Version, in_order, trial_of, version_rows

_OWN_KINDS = (".md", ".yaml", ".yml")
_OWN_FILES = (
    RETRACTIONS_FILE,
    "screening.csv",
    "second_reading.csv",
    "trials.csv",
    SCHEMA_FILE,
)


@dataclass
class RawData:
    """All that a raw folder states.

    `record` holds the merged rows, `disagreements` the fields on which a sheet and its registry record
    differ (the sheet's word is used), `waiting` the records without a sheet, `refused` what is wrong with
    the files that were left out.
    """

    record: SourceRecord
    disagreements: list[Row] = field(default_factory=list)
    waiting: list[Row] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)


def read_raw(raw: str | Path) -> RawData:
    """Read a raw folder, with `studies/*.yaml` and `registry/*`, whole.

    Raises
    ------
    SourceError
        With everything that is wrong in any of its files, when a study sheet or the screening list is among
        them. A file of another kind is refused alone.
    """
    raw = Path(raw)
    files = _read_files(raw)
    if any(problem.stops for problem in files.problems):
        raise SourceError(files.problems)
    data = RawData(SourceRecord(), refused=files.problems)
    read = [(path.relative_to(raw).as_posix(), found) for path, found in files.records]
    registry, trials = {Path(file).name: (file, found) for file, found in read}, _trials(read)
    owners: dict[str, str] = {}  # registration number to study
    used: set[int] = set()  # records that are used, or older than one that is: they do not wait
    for path, sheet in files.sheets:
        record = sheet_record(sheet)
        record.sources[0]["file"] = path.relative_to(raw).as_posix()
        file, found = registry.get(sheet.source.registry_file or "", ("", []))
        if (own := _own_record(record, found)) is not None:
            versions, days = trials.pop(trial_of(own), ([(file, own)], None))
            names = [name for name, _ in reversed(versions)]
            newest = versions[-1][1] if days else own
            _merge(record, newest, ";".join(dict.fromkeys(names)), data.disagreements)
            used |= {id(version) for _, version in versions}
            if len(versions) > 1:
                record.registry_versions += version_rows(sheet.study_id, versions, days)
        named = f"{sheet.study_id} {sheet.source.registration} {sheet.study.registration}".upper()
        owners |= dict.fromkeys(registry_numbers(named), sheet.study_id)
        for name, rows in record.table_rows().items():
            getattr(data.record, name).extend(rows)
    for (_, number), (versions, days) in trials.items():
        if len(versions) > 1:  # of a trial whose sheet names no record, or that has no sheet
            data.record.registry_versions += version_rows(owners.get(number, number), versions, days)
            used |= {id(version) for _, version in versions[:-1]}
    for file, found in read:
        data.waiting += _waiting(file, [record for record in found if id(record) not in used])
    return data


def _trials(files: list[tuple[str, list[SourceRecord]]]) -> dict[Any, Any]:
    """Return the versions of each registry record, as `in_order` does."""
    found = defaultdict[Any, list[Version]](list)
    for file, records in files:
        for record in records:
            found[trial_of(record)].append((file, record))
    return {trial: in_order(versions) for trial, versions in found.items() if trial is not None}


def raw_files(raw: str | Path) -> list[Path]:
    """Return the study sheets and other sources of a raw folder, sorted; hidden files are left out.

    Sources lie in `registry`, or where somebody dropped them: in the raw folder itself.
    """
    raw = Path(raw)
    found = [*raw.glob("studies/*.yaml"), *raw.glob("studies/*.yml"), *raw.glob("registry/*")]
    found += [path for path in raw.glob("*") if path.suffix not in _OWN_KINDS and path.name not in _OWN_FILES]
    return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


def sheet_files(raw: str | Path) -> list[Path]:
    """Return the files of the study sheets of a raw folder, sorted."""
    return [path for path in raw_files(raw) if path.parent.name == "studies"]


def study_sheets(raw: str | Path) -> list[tuple[Path, StudySheet]]:
    """Return the checked study sheets of a raw folder, each with its file; errors as in `read_sheet`."""
    return [(path, read_sheet(path)) for path in sheet_files(raw)]


def source_files(raw: Path, sources: list[Row]) -> list[Row]:
    """Return a row for each file that states a source, with the hash of its bytes."""
    rows = []
    for row in sources:
        for name in [row["file"]] if (Path(raw) / row["file"]).is_file() else split_ids(row["file"]):
            digest = hashlib.sha256((Path(raw) / name).read_bytes()).hexdigest()
            key = {"source_id": row["source_id"], "study_id": row["study_id"]}
            rows.append(key | {"file": name, "sha256": digest})
    return rows


# Checks.
def check_raw(raw: str | Path, files: list[Path] | None = None) -> list[Problem]:
    """Return everything that is wrong in a raw folder, or in some files; an empty list when all is right."""
    return _read_files(Path(raw), files, keep=False).problems


@dataclass
class _Files:
    """The files of a raw folder that could be read, and everything that is wrong."""

    sheets: list[tuple[Path, StudySheet]] = field(default_factory=list)
    records: list[tuple[Path, list[SourceRecord]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def read(self, path: Path, keep: bool) -> None:
        """Read a sheet, or another source, whose records need not be kept where only faults are asked for."""
        if path.suffix in (".yaml", ".yml") and path.parent.name != "registry":
            self.sheets.append((path, read_sheet(path)))
        elif keep:
            self.records.append((path, list(read_records(path))))
        else:  # a page of a register may be larger than memory
            deque(read_records(path), maxlen=0)


def _read_files(raw: Path, files: list[Path] | None = None, keep: bool = True) -> _Files:
    """Read a raw folder, or some files."""
    found, chosen = _Files(), raw_files(raw) if files is None else [Path(file) for file in files]
    if not chosen:
        remedy = "add a study sheet (evidence new STUDY_ID) or name another folder with --raw"
        found.problems.append(Problem(str(raw), None, "", "no study sheet and no registry record", remedy))
        return found
    for path in chosen:
        problems = problems_of(partial(found.read, keep=keep), path)
        stops = path.parent.name == "studies" or files is not None  # another source is refused alone
        found.problems += [replace(one, stops=one.stops and stops) for one in problems]
        if not problems and path.parent.name == "registry" and recognise(path) == "sheet":
            problem, place = "a study sheet among the registry records", f"studies/{path.stem}.yaml"
            found.problems.append(Problem(str(path), None, "", problem, f"move it to {place}"))
    retractions = partial(read_retractions, sources=[])
    beside = (read_screening, read_context, read_review_facts, read_certainty_overrides, retractions)
    for reader in beside if files is None else ():
        found.problems += problems_of(reader, raw)
    found.problems += _clashes(found.sheets)
    return found


def problems_of(reader: Callable[[Path], object], path: Path) -> list[Problem]:
    """Return everything that stops a reader of a file or folder."""
    try:
        reader(path)
    except SourceError as error:
        return error.problems
    except OSError as error:
        return [Problem(str(path), None, "", f"cannot be read: {error.strerror}", "check its permissions")]
    return []


def _clashes(sheets: list[tuple[Path, StudySheet]]) -> list[Problem]:
    """Return where sheets share a study, a source or a registry record, or name an absent record."""
    problems: list[Problem] = []
    owners: dict[tuple[str, str], Path] = {}
    for path, sheet in sheets:
        registry = path.parent.parent / "registry"
        named, source_id = sheet.source.registry_file, sheet.source.source_id
        claims = [("study_id", sheet.study_id, "study"), ("source.source_id", source_id, "source")]
        if named and not (registry / named).is_file():
            remedy = "add the record (evidence add FILE) or remove the field"
            problem = f"registry/{named} is not there"
            problems.append(Problem(str(path), None, "source.registry_file", problem, remedy))
        if named and not _holds_several(registry / named):
            claims.append(("source.registry_file", named, "record"))
        for column, name, what in claims:
            other = owners.setdefault((column, name), path)
            if other != path:
                problem = f"{name!r} is also the {what} of {other.name}"
                problems.append(Problem(str(path), None, column, problem, "keep it in one sheet"))
    return problems


def _holds_several(path: Path) -> bool:
    """Return whether a file holds several records, so that several sheets may name it."""
    try:
        return sum(1 for _ in read_records(path)) > 1
    except SourceError:
        return False


def check_folder(folder: str | Path) -> tuple[list[Problem], str]:
    """Read every file below a folder to its end; return what is wrong, and in one line what was read.

    Hidden files, notes and mappings are passed over.
    """
    forms, records, refused, problems = Counter[str](), 0, 0, list[Problem]()
    for path in sorted(Path(folder).rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or not path.is_file() or path.name.endswith((".mapping.yaml", ".mapping.yml", ".md")):
            continue
        try:
            form = recognise(path)
            records += sum(1 for _ in read_records(path))
            forms[form] += 1
        except SourceError as error:
            refused += 1
            problems += error.problems
    named = ", ".join(f"{count} {form}" for form, count in sorted(forms.items()))
    read = f"{forms.total()} read{f' ({named})' if named else ''}"
    return problems, f"{forms.total() + refused} file(s): {read}, {records} record(s); {refused} refused"


def file_account(file: Path, written: list[Path]) -> list[str]:
    """Return what is in a file that was added and what became of it: what is left unread, and counts."""
    studies, records, results, unread = 0, 0, 0, list[Problem]()
    for record in read_records(file):
        studies += bool(record.studies)
        records += len(record.sources)
        results += len(record.results)
        unread += record.unread
        if record.effects and not record.results:
            name = record.sources[0]["source_id"] if record.sources else "pooled estimates"
            problem = "effects without the figures of groups"
            unread.append(Problem(str(file), None, name, problem, "read them in the review"))
    sheets = [path for path in written if path.parent.name == "studies"]
    proposed = any(read_sheet(path).quantities for path in sheets)  # the next line says how much
    said = f"{records} record(s) of {studies} study(ies), {'' if proposed else f'{results} result(s), '}"
    lines = [*map(str, unread), f"in {file.name}: {said}{len(unread)} left unread"]
    if [path.parent.name for path in written] == ["registry"]:
        said = "its records wait for their sheets: evidence new STUDY_ID, with this file as registry_file"
        if records == 1:
            said = "another version of a record is kept beside it: by their own dates the latest counts; "
            said += f"where they have none, name it in the sheet (source.registry_file: {written[0].name})"
        lines.append(said)
    return lines + [line for path in sheets for line in _proposals_account(path, read_sheet(path))]


def _proposals_account(path: Path, sheet: StudySheet) -> Iterator[str]:
    """Yield how much a new sheet proposes, what of it is doubtful, and what comes next."""
    waiting = [result for result in sheet.results if result.state == "proposed"]
    proposed = sum(figure.state == "proposed" for figure in sheet.quantities)
    units = [result.unit or any(sheet.figures[name].unit for name in result.named()) for result in waiting]
    doubts = {
        "of no outcome that is known": sum(result.concept == "other_outcome" for result in waiting),
        "without a unit": sum(
            bool(OUTCOME_CONCEPTS[result.concept].unit) and result.kind != "count" and not unit
            for result, unit in zip(waiting, units, strict=True)
        ),
        "without a time that can be read": sum(weeks(result.time) is None for result in waiting),
        "without the number of people": sum(result.n is None for result in waiting),
    }
    if sheet.source.tier == "comparator":
        yield f"tier: comparator, as it names no exosome; write published in {path.name} if that is wrong"
    said = ", ".join(f"{count} result(s) {what}" for what, count in doubts.items() if count)
    if not proposed:
        yield f"next: fill in {path} what its record does not state, then evidence check and evidence run"
        return
    yield f"{path.name}: {proposed} figure(s) and {len(waiting)} result(s) are proposed; none counts yet"
    yield f"doubtful: {said or 'nothing that a program sees'}"
    yield f"next: evidence confirm {path.stem}, where each result stands beside its source; then evidence run"


# A sheet and its registry record.
def _own_record(sheet: SourceRecord, found: list[SourceRecord]) -> SourceRecord | None:
    """Return which record of a file is a sheet's: the one of its number, or the only one."""
    numbers = (sheet.studies[0]["study_id"], sheet.sources[0].get("registration"))
    own = [record for record in found if any(row["source_id"] in numbers for row in record.sources)]
    alone = len({record.sources[0]["source_id"] for record in found}) == 1
    return next(iter(own or (found if alone else ())), None)


def _merge(sheet: SourceRecord, record: SourceRecord, file: str, disagreements: list[Row]) -> None:
    """Fill what the sheet leaves open from the registry record; note where both speak and differ."""
    source = sheet.sources[0]
    posted = {"study_id": source["study_id"], "source_id": source["source_id"]}
    source["file"] = f"{source['file']};{file}"
    stated = (record.sources[0].get("provenance"), source.get("provenance"))
    form, here = record.sources[0]["format"], "re-stated" in str(stated[0]).lower()
    source["format"] = form + ", re-stated here" * here
    source["provenance"] = " ".join(filter(None, stated)) or None
    disagreements += _fill(source, record.sources[0], "sources")
    differing = _fill(sheet.studies[0], record.studies[0], "studies")
    seen = posted | {"kind": "date", "role": "design", "address": file, "access": "record", "confidence": "R"}
    for row in differing:
        if concept := SHEET_WORDS["dates_of_record"].get(row["column"]):
            dated = {"quantity_id": f"{source['study_id']}.record_{row['column']}", "concept": concept}
            sheet.quantities.append(seen | dated | {"printed": row["record"]})
    disagreements += differing
    for table, key in (("arms", "arm_id"), ("outcomes", "outcome_id")):
        rows = getattr(sheet, table)
        ours = {row[key]: row for row in rows}
        for row in getattr(record, table):
            if row[key] in ours:
                disagreements += _fill(ours[row[key]], row, table)
            else:
                rows.append(row | {"study_id": source["study_id"]})
    sheet.quantities += [row | posted for row in posted_figures(record)]
    for row in record.results:  # the site tells it from others of the same arm, outcome and time
        measure = row["measure"][:120] if row["concept"] == "other_outcome" else None
        site = ": ".join(filter(None, [measure, row["category"]])) or row["site"]
        sheet.results.append(row | posted | {"site": site})
    sheet.adverse_events += [row | {"study_id": source["study_id"]} for row in record.adverse_events]
    labels = {arm["arm_id"]: arm["label"] for arm in sheet.arms}
    for row in (*record.results, *record.adverse_events):
        if row["arm_id"] not in labels:  # a posted group without an arm becomes one
            label = labels[row["arm_id"]] = row["group"] or row["arm_id"]
            arm = {"arm_id": row["arm_id"], "role": reading_words().role(label), "label": label}
            sheet.arms.append(arm | {"study_id": source["study_id"]})


def _fill(ours: Row, theirs: Row, table: str) -> list[Row]:
    """Take the record's value where the sheet has none; return where both have one and differ."""
    stated = {column: value for column, value in theirs.items() if value is not None}
    ours.update({column: value for column, value in stated.items() if ours.get(column) is None})
    return [
        {"study_id": ours.get("study_id"), "table": table, "column": column, "sheet": str(ours[column]),
         "record": str(value)}
        for column, value in stated.items()
        if ours[column] != value and column not in SHEET_WORDS["reader_words"]
        and _spelt(ours[column]) != _spelt(value)
    ]  # fmt: skip


def _spelt(value: Any) -> str:
    """Return a value without capitals, spaces and the two spellings of -ise, which are no difference."""
    return "".join(str(value).casefold().replace("_", " ").split()).replace("iz", "is")


def _waiting(file: str, found: list[SourceRecord]) -> list[Row]:
    """Return a file's records that have no sheet; a list of references is one row."""
    named = [record for record in found if record.sources]
    if len(named) > 1 and all(record.references for record in named):
        title = f"{len(named)} references, to be added to the screening list"
        return [named[0].sources[0] | {"file": file, "title": title}]
    titles = (
        record.studies[0].get("title") if record.studies else record.sources[0].get("citation")
        for record in named
    )
    return [one.sources[0] | {"file": file, "title": title} for one, title in zip(named, titles, strict=True)]
