"""References out again: RIS and CSL-JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable

import rispy

from helpers.sources.references import Reference


def write_ris(references: Iterable[Reference]) -> str:
    """Return references as RIS."""
    entries = []
    for reference in references:
        start, _, end = (reference.pages or "").partition("-")
        entry = {
            "type_of_reference": "JOUR",
            "title": reference.title,
            "authors": reference.authors,
            "year": reference.year,
            "journal_name": reference.journal,
            "volume": reference.volume,
            "number": reference.issue,
            "start_page": start,
            "end_page": end,
            "doi": reference.doi,
            "accession_number": reference.pmid or next(iter(reference.registrations), None),
            "abstract": reference.abstract,
            "urls": [reference.url] if reference.url else None,
        }
        entries.append({name: value for name, value in entry.items() if value})
    return rispy.dumps(entries)


def write_csl(references: Iterable[Reference]) -> str:
    """Return references as CSL-JSON."""
    items = []
    for number, reference in enumerate(references, start=1):
        people = [
            dict(zip(("family", "given"), name.split(", ", 1), strict=False)) for name in reference.authors
        ]
        item = {
            "id": reference.doi or reference.pmid or f"reference-{number}",
            "type": "article-journal",
            "title": reference.title,
            "author": people,
            "container-title": reference.journal,
            "issued": {"date-parts": [[int(reference.year)]]} if reference.year else None,
            "volume": reference.volume,
            "issue": reference.issue,
            "page": reference.pages,
            "DOI": reference.doi,
            "PMID": reference.pmid,
            "abstract": reference.abstract,
            "URL": reference.url,
        }
        items.append({name: value for name, value in item.items() if value})
    return json.dumps(items, ensure_ascii=False, indent=1) + "\n"
