"""Screening, and lists of references added to it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from helpers.sheets.context import read_rows_of
from helpers.tables import TABLES
from notebookpress.files import write_atomic
from trialfiles.citations import Reference, clean_doi
from trialfiles.record import Problem
from trialfiles.references import read_references
from trialfiles.text import free_name, inert_cell, registry_numbers, slug, trial_key

ScreeningRow = dict[str, str | None]


def read_screening(raw: str | Path) -> list[ScreeningRow]:
    """Return the rows of `screening.csv`, read as the tables of context are; none without such a file."""
    path = Path(raw) / "screening.csv"
    return read_rows_of(path, "screening", set()) if path.is_file() else []


def distinct_references(references: Iterable[Reference]) -> tuple[list[Reference], list[str]]:
    """Return each work once, and every merge.

    Two entries are one work when they share a DOI or a PubMed number; or a registration number, or title and
    year, and neither their numbers nor (of title and year) author, journal, volume, issue or first page tell
    them apart. One trial may have several reports, and one title several works.
    """
    kept: list[Reference] = []
    merges: list[str] = []
    owners: dict[str, list[int]] = {}
    for reference in references:
        matches = (
            (place, name)
            for key, name in _keys(reference)
            for place in owners.get(key, ())
            if not (_told_apart if name == "title and year" else _differ)(kept[place], reference)
        )
        home, reason = next(matches, (len(kept), ""))
        if home == len(kept):
            kept.append(reference)
        else:
            merges.append(f"{reference.label!r} is {kept[home].label!r}: the same {reason}")
            _fill(kept[home], reference)
        for key, _ in _keys(reference):
            if home not in owners.setdefault(key, []):
                owners[key].append(home)
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
    pairs = ((one.doi, other.doi), (one.pmid, other.pmid))
    return any(here and there and here != there for here, there in pairs)


def _told_apart(one: Reference, other: Reference) -> bool:
    """Return whether anything that both state tells two works of one title apart."""
    pairs = zip(_told(one), _told(other), strict=True)
    differing = any(here and there and _folded(here) != _folded(there) for here, there in pairs)
    return differing or _differ(one, other) or _other_journal(one.journal, other.journal)


def _told(work: Reference) -> tuple[str | None, ...]:
    """Return the first author's family name, as far as the name tells it, volume, issue and first page."""
    family = re.split(r"[,\s]", work.authors[0].strip())[0] if work.authors else ""
    return family, work.volume, work.issue, (work.pages or "").partition("-")[0].strip()


def _other_journal(one: str | None, other: str | None) -> bool:
    """Return whether two names are of two journals: neither is the other, or its abbreviation."""
    names = (re.split(r"[^\w]+", (name or "").casefold()) for name in (one, other))
    words = [list(filter(None, (_folded(word) for word in name if word not in _SMALL))) for name in names]
    short, full = sorted(words, key=lambda part: len("".join(part)))
    initials, begins = "".join(word[0] for word in full), "".join(full).startswith("".join(short))
    fits = len(short) <= len(full) and all(map(str.startswith, full, short))
    return bool(short) and not (fits or begins or "".join(short) == initials)


_SMALL = ("", "the", "of", "and", "for", "in", "on", "a", "de", "la", "der", "die", "und", "et")


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
        "citation": None,
        "kind": reference.kind,
        "identifier": reference.identifier,
        "found_through": found_through,
        "seen": "abstract" if reference.abstract else "citation",
        "decision": "awaiting",
        "reason": "not yet screened",
        "study_id": None,
    }


def add_references(form: str, file: Path, raw: Path) -> tuple[Path, list[str], int, list[Problem]]:
    """Add the references of a file to the screening list; works that are on it already are not repeated.

    Returns
    -------
    tuple of (pathlib.Path, list of str, int, list of Problem)
        The list, every merge, how many rows are new, and what is left unread.
    """
    rows, found = read_screening(raw), list(read_references(form, file))
    listed, _ = distinct_references(_listed(row) for row in rows)
    given = [one for one in found if isinstance(one, Reference)]
    works, merges = distinct_references([*listed, *given])
    names, before = {row["record_id"] for row in rows}, len(rows)
    for number, reference in enumerate(works[len(listed) :], start=1):
        row = screening_row(reference, file.name, f"{form}-{number}")
        row["record_id"] = free_name(row["record_id"] or "", names)
        names.add(row["record_id"])
        rows.append(row)
    # no cell can be taken for a formula
    cells = pd.DataFrame(rows, columns=list(TABLES["screening"].columns)).map(inert_cell)
    path = write_atomic(raw / "screening.csv", cells.to_csv(index=False, lineterminator="\n"))
    return path, merges, len(rows) - before, [one for one in found if isinstance(one, Problem)]


def _listed(row: ScreeningRow) -> Reference:
    """Return a row of the screening list as the reference that it was made from, as far as it tells.

    Its author stands in its name, where the name was made of author, year and title.
    """
    identifier, title = row["identifier"] or "", row["record"] or ""
    pmid = re.fullmatch(r"(?:PMID:? ?)?(\d{5,9})", identifier)
    made = re.fullmatch(r"([a-z0-9]+)_\d{4}_(.+?)(?:_\d+)?", row["record_id"] or "")
    return Reference(
        title=title,
        authors=[made[1]] if made and slug(title).startswith(made[2][:20]) else [],
        doi=clean_doi(identifier),
        registrations=registry_numbers(identifier),
        pmid=pmid.group(1) if pmid else None,
    )
