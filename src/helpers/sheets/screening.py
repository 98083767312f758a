"""Lists of references: the same work found once, as rows of the screening list."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.sources.record import SourceRecord
from helpers.sources.reference_managers import read_bibtex, read_csl, read_ris
from helpers.sources.reference_pubmed import read_nbib, read_pubmed
from helpers.sources.references import Reference, clean_doi
from helpers.sources.registry_words import slug
from helpers.sources.same_trial import registry_numbers, trial_key
from helpers.sources.screening import COLUMNS, read_screening
from helpers.sources.source_text import inert_cell
from helpers.tables import write_atomic

FORMS: dict[str, Callable[[Path], Iterator[Reference]]] = {
    "ris": read_ris,
    "bibtex": read_bibtex,
    "csl": read_csl,
    "pubmed": read_pubmed,
    "nbib": read_nbib,
}


def reference_forms() -> tuple[str, ...]:
    """Return the names of the forms of references that `recognise` tells."""
    return tuple(FORMS)


@dataclass(frozen=True)
class Merge:
    """Two entries that are one work: what was kept, what was folded into it, and why."""

    kept: str
    folded: str
    reason: str

    def __str__(self) -> str:
        return f"{self.folded!r} is {self.kept!r}: the same {self.reason}"


def reference_records(form: str) -> Callable[[Path], Iterator[SourceRecord]]:
    """Return a reader that yields one record a reference of a form."""

    def read(path: Path) -> Iterator[SourceRecord]:
        for number, reference in enumerate(FORMS[form](path), start=1):
            row = screening_row(reference, path.name, f"{form}-{number}")
            source = {
                "source_id": row["record_id"],
                "study_id": row["record_id"],
                "tier": "core",
                "format": f"reference, {form}",
                "citation": row["record"],
                "doi": reference.doi,
                "registration": next(iter(reference.registrations), None),
                "access": "abstract" if reference.abstract else "citation",
            }
            yield SourceRecord(sources=[source], screening=[row], references=[vars(reference)])

    return read


def distinct(references: Iterable[Reference]) -> tuple[list[Reference], list[Merge]]:
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
    title = folded(reference.title)
    if title and (reference.year or len(title) > 40):
        keys.append((f"title:{title}:{reference.year}", "title and year"))
    # as it stands on a screening list, which keeps title, journal and year as one text
    return [*keys, (f"row:{folded(_as_listed(reference))}", "title and year")] if title else keys


def folded(title: str | None) -> str:
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


def _as_listed(reference: Reference) -> str:
    return " ".join(filter(None, [reference.label.rstrip("."), reference.journal, reference.year]))[:500]


def screening_row(reference: Reference, found_through: str, name: str) -> dict[str, str | None]:
    """Return a reference as a row of the screening list, awaiting a decision."""
    first = re.split(r"[,\s]", reference.authors[0])[0] if reference.authors else ""
    words = f"{first} {reference.year or ''} {' '.join((reference.title or '').split()[:4])}".strip()
    identifier = reference.doi or next(iter(reference.registrations), None) or reference.pmid
    return {
        "record_id": slug(words) if words else slug(identifier or name),
        "record": " ".join(filter(None, [reference.label.rstrip("."), reference.journal, reference.year]))[
            :500
        ],
        "kind": reference.kind,
        "identifier": identifier,
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
    old = read_screening(raw)
    known, merges = distinct(_known(old))
    count = len(known)
    works, merges = distinct([*known, *FORMS[form](file)])
    names = {row["record_id"] for row in old}
    rows = list(old)
    for number, reference in enumerate(works[count:], start=1):
        row = screening_row(reference, file.name, f"{form}-{number}")
        name, again = row["record_id"], 2
        while row["record_id"] in names:
            row["record_id"], again = f"{name}_{again}", again + 1
        names.add(row["record_id"])
        rows.append(row)
    path = write_atomic(raw / "screening.csv", screening_csv(rows))
    return path, merges, len(rows) - len(old)


def _known(rows: list[dict[str, str | None]]) -> Iterator[Reference]:
    for row in rows:
        said = row["identifier"] or ""
        pmid = re.fullmatch(r"(?:PMID:? ?)?(\d{5,9})", said)
        yield Reference(
            title=row["record"],
            doi=clean_doi(said),
            registrations=registry_numbers(said),
            pmid=pmid.group(1) if pmid else None,
        )


def screening_csv(rows: Iterable[dict[str, Any]]) -> str:
    """Return rows as CSV in which no cell can be taken for a formula."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([inert_cell(row.get(name)) for name in COLUMNS])
    return stream.getvalue()
