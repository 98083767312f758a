"""One reference: what it holds, cleaned, whatever form it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from trialfiles.forms import names_of
from trialfiles.record import Row
from trialfiles.text import inert, slug

_DOI = re.compile(r"10\.\d{4,9}/\S+", re.IGNORECASE)
# a year alone or at the head of a date, also of one without marks: 20200615, 2020Jun15
_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?=\D|$|(?:0[1-9]|1[0-2])(?:[0-3]\d)?(?!\d))")
_NOTED_PMID = re.compile(
    r"(?:^|[\n;|]) *(?:PubMed )?PM(?:ID|:)[: ]*(\d{1,8})\b|^PUBMED (\d{1,8})\b|"
    r"ncbi\.nlm\.nih\.gov/(?:m/)?pubmed/(\d{1,8})\b|pubmed\.ncbi\.nlm\.nih\.gov/(\d{1,8})\b",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"\S.* [^\W\d_](?:[.\-\s]{0,2}[^\W\d_]){0,3}\.?")  # behind a family name: `Doe J.`


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


def year_of(text: Any) -> str | None:
    """Return the four digits of a year in a date."""
    match = _YEAR.search(str(text or ""))
    return match.group() if match else None


def noted_pmid(*texts: str | None) -> str | None:
    """Return the PubMed number that a note begins with, or that an address at PubMed ends with."""
    found = (_NOTED_PMID.search(text) for text in texts if text)
    return next((next(filter(None, match.groups())) for match in found if match), None)


def split_authors(text: str | None) -> list[str]:
    """Return the names of a list on one line, with `;`, `and` or commas between them."""
    text = (text or "").strip()
    parts = re.split(r"\s*;\s*", text) if ";" in text else re.split(r"\s+and\s+", text)
    commas = [part.strip() for part in text.rstrip(".").split(",") if part.strip()]
    if len(parts) == 1 and len(commas) > 1 and all(map(_INITIALS.fullmatch, commas)):
        parts = commas
    return [part for part in parts if part and part.lower() not in ("others", "et al", "et al.")]


def reference_of(**given: Any) -> Reference:
    """Return a reference whose texts are inert."""
    texts: Row = {name: value if isinstance(value, list) else inert(value) for name, value in given.items()}
    texts["authors"] = [name for author in given.get("authors") or [] if (name := inert(str(author)))]
    texts["doi"] = clean_doi(given.get("doi")) or clean_doi(given.get("url"))
    pmid = re.fullmatch(r"\D*(\d{1,9})\D*", given.get("pmid") or "")
    texts["pmid"] = pmid.group(1) if pmid else None
    texts["year"] = year_of(given.get("year"))
    texts["kind"] = texts.get("kind") or "article"
    return Reference(**texts)


def fields_of(form: str, get: Callable[[str], Any], read: Callable[[Any], Any] = lambda value: value) -> Row:
    """Return the fields that a form of references has, each the first that is not empty."""
    return {
        field: next(filter(None, (read(get(name)) for name in names)), None)
        for field, names in names_of("references")[form].items()
    }
