"""Searches, screening, reference lists and the facts of the review itself."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from notebookpress.files import write_atomic
from trialfiles.record import Problem, Row, SourceError
from trialfiles.references import REFERENCE_READERS, Reference, clean_doi
from trialfiles.text import free_name, inert_cell, registry_numbers, trial_key

SCREENING_COLUMNS = (
    "record_id", "record", "kind", "identifier", "found_through", "seen", "decision", "reason", "study_id",
)  # fmt: skip
ScreeningRow = dict[str, str | None]
DECISIONS = ("included", "awaiting", "excluded")


def read_screening(raw: str | Path) -> list[ScreeningRow]:
    """Return the rows of `screening.csv`; an empty list when there is no such file.

    Raises
    ------
    SourceError
        For a missing column, an unknown decision, a repeated record or an exclusion without a reason;
        every problem is listed.
    """
    path = Path(raw) / "screening.csv"
    if not path.is_file():
        return []
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
        header = reader.fieldnames or []
        cells = [(reader.line_num, row) for row in reader]
    except UnicodeDecodeError:
        raise SourceError(Problem(str(path), None, "", "not UTF-8 text", "save the file as UTF-8")) from None
    except csv.Error as error:
        raise SourceError(Problem(str(path), None, "", f"not CSV: {error}", "save it as CSV again")) from None
    if missing := [name for name in SCREENING_COLUMNS if name not in header]:
        remedy = "add it to the first line"
        raise SourceError(Problem(str(path), 1, ", ".join(missing), "missing column", remedy))
    known: set[str] = set()
    problems = [Problem(str(path), line, *fault) for line, row in cells for fault in _row_faults(row, known)]
    if problems:
        raise SourceError(problems)
    return [{name: row[name].strip() or None for name in SCREENING_COLUMNS} for _, row in cells]


def _row_faults(row: Row, known: set[str]) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with a row: column, problem, remedy; its name joins those that are known."""
    record = (row.get("record_id") or "").strip()
    if not record or record in known:
        problem = f"{record!r} stands twice" if record else "missing"
        yield "record_id", problem, "give each record its own name"
    known.add(record)
    if row.get("decision") not in DECISIONS:
        yield "decision", f"{row.get('decision')!r} is no decision", "use one of " + ", ".join(DECISIONS)
    if not (row.get("reason") or "").strip():
        yield "reason", "missing", "say why the record is in or out"
    if None in row or None in row.values():
        yield "", "too many or too few columns", "quote texts that hold a comma"


@dataclass(frozen=True)
class Merge:
    """Two entries that are one work: what was kept, what was folded into it, and why."""

    kept: str
    folded: str
    reason: str

    def __str__(self) -> str:
        return f"{self.folded!r} is {self.kept!r}: the same {self.reason}"


def distinct_references(references: Iterable[Reference]) -> tuple[list[Reference], list[Merge]]:
    """Return each work once, and every merge.

    Two entries are one work when they share a DOI, or a registration number without differing in DOI or
    PubMed number (one trial may have several reports), or title and year.
    """
    kept: list[Reference] = []
    merges: list[Merge] = []
    owner: dict[str, int] = {}
    for reference in references:
        home, reason = None, ""
        for key, name in _keys(reference):
            place = owner.get(key)
            if place is not None and not _differ(kept[place], reference):
                home, reason = place, name
                break
        if home is None:
            home = len(kept)
            kept.append(reference)
        else:
            merges.append(Merge(kept[home].label, reference.label, reason))
            _fill(kept[home], reference)
        for key, _ in _keys(reference):
            owner.setdefault(key, home)
    return kept, merges


def _keys(reference: Reference) -> list[tuple[str, str]]:
    keys = [(f"doi:{reference.doi}", "DOI")] if reference.doi else []
    keys += [(f"pmid:{reference.pmid}", "PubMed number")] if reference.pmid else []
    keys += [(f"reg:{trial_key(name)}", "registration number") for name in reference.registrations]
    title = _folded(reference.title)
    if title and (reference.year or len(title) > 40):
        keys.append((f"title:{title}:{reference.year}", "title and year"))
    # as it stands on a screening list, which keeps title, journal and year as one text
    return [*keys, (f"row:{_folded(reference.citation)}", "title and year")] if title else keys


def _folded(title: str | None) -> str:
    """Return a title's letters and digits in lower case, accents left out."""
    plain = unicodedata.normalize("NFKD", title or "").casefold()
    return "".join(char for char in plain if char.isalnum())


def _differ(one: Reference, other: Reference) -> bool:
    return any(
        getattr(one, name) and getattr(other, name) and getattr(one, name) != getattr(other, name)
        for name in ("doi", "pmid")
    )


def _fill(kept: Reference, other: Reference) -> None:
    for name, value in vars(other).items():
        if not getattr(kept, name):
            setattr(kept, name, value)
    kept.registrations = list(dict.fromkeys([*kept.registrations, *other.registrations]))


def screening_row(reference: Reference, found_through: str, name: str) -> ScreeningRow:
    """Return a reference as a row of the screening list, awaiting a decision."""
    return {
        "record_id": reference.name(name),
        "record": reference.citation,
        "kind": reference.kind,
        "identifier": reference.identifier,
        "found_through": found_through,
        "seen": "abstract" if reference.abstract else "citation",
        "decision": "awaiting",
        "reason": "not yet screened",
        "study_id": None,
    }


def add_references(form: str, file: Path, raw: Path) -> tuple[Path, list[Merge], int]:
    """Add the references of a file to the screening list; works that are on it already are not repeated.

    Returns
    -------
    tuple of (pathlib.Path, list of Merge, int)
        The list, every merge, and how many rows are new.
    """
    rows = read_screening(raw)
    listed, _ = distinct_references(_listed(row) for row in rows)
    count, before = len(listed), len(rows)
    works, merges = distinct_references([*listed, *REFERENCE_READERS[form](file)])
    names = {row["record_id"] for row in rows}
    for number, reference in enumerate(works[count:], start=1):
        row = screening_row(reference, file.name, f"{form}-{number}")
        row["record_id"] = free_name(row["record_id"] or "", names)
        names.add(row["record_id"])
        rows.append(row)
    path = write_atomic(raw / "screening.csv", _screening_csv(rows))
    return path, merges, len(rows) - before


def _listed(row: ScreeningRow) -> Reference:
    """Return a row of the screening list as the reference that it was made from, as far as it tells."""
    identifier = row["identifier"] or ""
    pmid = re.fullmatch(r"(?:PMID:? ?)?(\d{5,9})", identifier)
    return Reference(
        title=row["record"],
        doi=clean_doi(identifier),
        registrations=registry_numbers(identifier),
        pmid=pmid.group(1) if pmid else None,
    )


def _screening_csv(rows: Iterable[ScreeningRow]) -> str:
    """Return rows as CSV in which no cell can be taken for a formula."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(SCREENING_COLUMNS)
    for row in rows:
        writer.writerow([inert_cell(row.get(name)) for name in SCREENING_COLUMNS])
    return stream.getvalue()


DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
STATUSES = ("living", "retired")
REVIEW_FIELDS = ("status", "searches", "protocol", "update")


@dataclass(frozen=True)
class Search:
    """A search: the day or month, where, how."""

    on: str
    where: str
    how: str


@dataclass(frozen=True)
class ReviewFacts:
    """What `review.yaml` states; a field that it leaves out is missing, never guessed."""

    status: str | None = None
    searches: tuple[Search, ...] = field(default=())
    protocol: str | None = None
    update: str | None = None


def read_review_facts(raw: str | Path) -> ReviewFacts:
    """Return the facts of `review.yaml`; without such a file, none.

    Raises
    ------
    SourceError
        When the file cannot be read, has an unknown field or status, or a search without date or place.

    """
    path = Path(raw) / "review.yaml"
    if not path.is_file():
        return ReviewFacts()
    try:
        stated = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader) or {}  # dates stay text
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        what = str(error).splitlines()[0]
        raise SourceError(Problem(str(path), None, "", f"cannot be read: {what}", "mend the YAML")) from None
    if not isinstance(stated, dict):
        remedy = f"write the fields {', '.join(REVIEW_FIELDS)}"
        raise SourceError(Problem(str(path), None, "", "not a list of fields", remedy))
    if problems := [Problem(str(path), None, *fault) for fault in _review_faults(stated)]:
        raise SourceError(problems)
    searches = tuple(
        Search(item["on"], item["where"], item.get("how", "")) for item in stated.get("searches", [])
    )
    given = {name: _text(stated.get(name)) for name in ("status", "protocol", "update")}
    return ReviewFacts(searches=searches, **given)


def _text(value: Any) -> str | None:
    return None if value in (None, "", "null", "~") else str(value)


def _review_faults(stated: Row) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong in the file: field, problem, remedy."""
    for name in stated:
        if name not in REVIEW_FIELDS:
            yield str(name), "unknown field", f"use one of {', '.join(REVIEW_FIELDS)}"
    if _text(stated.get("status")) not in (None, *STATUSES):
        yield "status", "unknown status", f"write {' or '.join(STATUSES)}"
    searches = stated.get("searches") or []
    if not isinstance(searches, list):
        yield "searches", "not a list", "start each search with '- on:'"
        return
    for number, item in enumerate(searches, start=1):
        place = f"searches, entry {number}"
        if not isinstance(item, dict) or not _text(item.get("where")):
            yield place, "it does not say where", "give 'on' and 'where'"
        elif not DAY.fullmatch(str(item.get("on", ""))):
            yield place, "no date", "write 'on' as 2026-11-22, 2026-11 or 2026"
