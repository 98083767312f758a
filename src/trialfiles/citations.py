"""One reference: what it holds, cleaned, whatever form it comes from; and references written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import rispy

from trialfiles.forms import names_of, patterns_of
from trialfiles.record import Row
from trialfiles.text import inert, slug

_NAMES = names_of("references")
_SAID = patterns_of("references", "patterns")

_DOI = re.compile(r"10\.\d{4,9}/\S+", re.IGNORECASE)


@dataclass
class Reference:
    """A reference; what a list does not state is None or empty."""

    title: str | None = None
    authors: list[str] = field(default_factory=list)
    year: str | None = None
    journal: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    doi: str | None = None
    pmid: str | None = None
    registrations: list[str] = field(default_factory=list)
    abstract: str | None = None
    url: str | None = None
    kind: str = "article"

    @property
    def label(self) -> str:
        """Title, or the identifier where there is none."""
        return self.title or self.doi or self.pmid or self.url or "a reference without a title"

    @property
    def identifier(self) -> str | None:
        """DOI, registration number or PubMed number."""
        return self.doi or next(iter(self.registrations), None) or self.pmid

    @property
    def citation(self) -> str:
        """Title, journal and year as one text, as it stands in a list of references."""
        return " ".join(filter(None, [self.label.rstrip("."), self.journal, self.year]))[:500]

    def name(self, otherwise: str) -> str:
        """Return a short name from first author, year and first words of the title."""
        first = re.split(r"[,\s]", self.authors[0])[0] if self.authors else ""
        words = f"{first} {self.year or ''} {' '.join((self.title or '').split()[:4])}".strip()
        return slug(words or self.identifier or otherwise)


def clean_doi(text: str | None) -> str | None:
    """Return a DOI in lower case, without resolver and closing marks."""
    match = _DOI.search(text or "")
    return match.group().rstrip(".,;)]}\"'").lower() if match else None


def noted_pmid(*texts: str | None) -> str | None:
    """Return the PubMed number that a note begins with, or that an address at PubMed ends with."""
    found = (_SAID["noted_pmid"].search(text) for text in texts if text)
    return next((next(filter(None, match.groups())) for match in found if match), None)


def split_authors(text: str | None) -> list[str]:
    """Return the names of a list on one line, with `;`, `and` or commas between them."""
    text = (text or "").strip()
    parts = [part.strip() for part in text.split(";")] if ";" in text else re.split(r"(?<!\s)\s+and\s+", text)
    commas = [part.strip() for part in text.rstrip(".").split(",") if part.strip()]
    if len(parts) == 1 and len(commas) > 1 and all(map(_SAID["initials"].fullmatch, commas)):
        parts = commas
    return [part for part in parts if part and part.lower() not in ("others", "et al", "et al.")]


def reference_of(**given: Any) -> Reference:
    """Return a reference whose texts are inert."""
    texts: Row = {name: value if isinstance(value, list) else inert(value) for name, value in given.items()}
    texts["authors"] = [name for author in given.get("authors") or [] if (name := inert(str(author)))]
    texts["doi"] = clean_doi(given.get("doi")) or clean_doi(given.get("url"))
    pmid = re.fullmatch(r"\D*(\d{1,9})\D*", given.get("pmid") or "")
    texts["pmid"] = pmid.group(1) if pmid else None
    year = _SAID["year"].search(str(given.get("year") or ""))
    texts["year"] = year.group() if year else None
    texts["kind"] = texts.get("kind") or "article"
    return Reference(**texts)


def fields_of(form: str, get: Callable[[str], Any], read: Callable[[Any], Any] = lambda value: value) -> Row:
    """Return the fields that a form of references has, each the first that is not empty."""
    return {
        field: next(filter(None, (read(get(name)) for name in names)), None)
        for field, names in _NAMES[form].items()
    }


def write_ris(references: Iterable[Reference]) -> str:
    """Return references as RIS."""
    entries = []
    for reference in references:
        start, _, end = (reference.pages or "").partition("-")
        entry: Row = {"type_of_reference": _NAMES["kinds"][reference.kind][1]} | _written("ris", reference)
        entry |= {"start_page": start, "end_page": end, "urls": [reference.url] if reference.url else None}
        entry["accession_number"] = reference.pmid or next(iter(reference.registrations), None)
        entry["name_of_database"] = "PubMed" if reference.pmid else None  # whose number it is
        entries.append({name: value for name, value in entry.items() if value})
    return rispy.dumps(entries)


def write_csl(references: Iterable[Reference]) -> str:
    """Return references as CSL-JSON."""
    items = [
        {"id": reference.doi or reference.pmid or f"reference-{number}"} | csl_item(reference)
        for number, reference in enumerate(references, start=1)
    ]
    return json.dumps(items, ensure_ascii=False, indent=1) + "\n"


def csl_item(reference: Reference) -> Row:
    """Return a reference as an item of CSL-JSON without an `id`; a name that is not in parts is literal."""
    item: Row = {"type": _NAMES["kinds"][reference.kind][0]} | _written("csl", reference)
    names = [author.partition(", ") for author in reference.authors]
    item["author"] = [{"family": own, "given": of} if of else {"literal": own} for own, _, of in names]
    item["number"] = next(iter(reference.registrations), None)
    item["issued"] = {"date-parts": [[int(reference.year)]]} if reference.year else None
    return {name: value for name, value in item.items() if value}


def _written(form: str, reference: Reference) -> Row:
    """Return the fields of a reference under the names that a form writes them by, in its order."""
    return {name: getattr(reference, field or "", None) for name, field in _NAMES["written"][form].items()}
