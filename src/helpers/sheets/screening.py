"""Screening, and lists of references added to it."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from helpers.sheets.context import read_rows_of
from helpers.tables import TABLES
from notebookpress.files import write_atomic
from trialfiles.references import REFERENCE_READERS, Reference, clean_doi
from trialfiles.text import free_name, inert_cell, registry_numbers, trial_key

SCREENING_COLUMNS = tuple(TABLES["screening"].columns)
ScreeningRow = dict[str, str | None]


def read_screening(raw: str | Path) -> list[ScreeningRow]:
    """Return the rows of `screening.csv`, read as the tables of context are; none without such a file."""
    path = Path(raw) / "screening.csv"
    return read_rows_of(path, "screening", set()) if path.is_file() else []


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
