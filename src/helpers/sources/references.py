"""What a reference is, in one shape for every form in which a list of them comes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from helpers.sources.source_text import inert

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


def clean_doi(text: str | None) -> str | None:
    """Return a DOI in lower case, without resolver and closing marks."""
    match = _DOI.search(text or "")
    return match.group().rstrip(".,;)]}\"'").lower() if match else None


def year_of(text: Any) -> str | None:
    """Return the four digits of a year in a date."""
    match = re.search(r"\b(1[89]\d\d|20\d\d)\b", str(text or ""))
    return match.group() if match else None


def reference_of(**given: Any) -> Reference:
    """Return a reference whose texts are inert."""
    texts = {name: value if isinstance(value, list) else inert(value) for name, value in given.items()}
    texts["authors"] = [name for author in given.get("authors") or [] if (name := inert(str(author)))]
    texts["doi"] = clean_doi(given.get("doi")) or clean_doi(given.get("url"))
    pmid = re.fullmatch(r"\D*(\d{1,9})\D*", given.get("pmid") or "")
    texts["pmid"] = pmid.group(1) if pmid else None
    texts["year"] = year_of(given.get("year"))
    texts["kind"] = texts.get("kind") or "article"
    return Reference(**texts)
