"""References as managers of references export them: RIS, BibTeX and CSL-JSON."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bibtexparser
import rispy
from bibtexparser.middlewares import LatexDecodingMiddleware
from bibtexparser.model import DuplicateFieldKeyBlock

from helpers.sources.json_records import json_items
from helpers.sources.record import Problem, SourceError
from helpers.sources.references import Reference, clean_doi, reference_of
from helpers.sources.same_trial import registry_numbers
from helpers.sources.source_text import read_text

logging.getLogger("bibtexparser").setLevel(logging.ERROR)  # what it cannot parse is told as a SourceError


# the rich text that CSL allows in a title, and the line that Zotero writes into a note
_CSL_MARKUP = re.compile(r"</?(?:i|b|sc|sub|sup)>|<span[^<>]*>|</span>", re.IGNORECASE)
# to a LaTeX decoder a bare % hides the rest of a line and & is a column; \textless it does not know
_BARE = re.compile(r"(?<!\\)[%&]")
_TEX_SIGN = re.compile(r"\\text(less|greater)(?![A-Za-z])(?:\{\})?")
_CSL_PMID = re.compile(r"(?:^|\n)\s*PMID: *(\d{1,9})\b")


def read_ris(path: Path) -> Iterator[Reference]:
    """Yield the references of a RIS file; lines of providers between them are passed over."""
    text = read_text(path)
    if text.startswith("\ufeff"):
        text = text[1:]
    try:
        found = rispy.loads(text)
    except Exception as error:  # rispy raises plain errors of many kinds for a broken file
        problem = f"not whole RIS: {str(error).splitlines()[0][:100] if str(error) else type(error).__name__}"
        raise SourceError(Problem(str(path), None, "", problem, "export the references again")) from None
    if not found:
        raise SourceError(Problem(str(path), 1, "", "no reference in it", "export at least one reference"))
    for row in found:
        row = {name: value for name, value in row.items() if value}
        other = row.get("unknown_tag") or {}
        pages = "-".join(filter(None, [_text(row.get("start_page")), _text(row.get("end_page"))]))
        numbers = " ".join(
            _text(row.get(name)) or "" for name in ("accession_number", "custom1", "custom3", "id")
        )
        title = (
            row.get("title")
            or row.get("primary_title")
            or row.get("translated_title")
            or row.get("short_title")
        )
        yield reference_of(
            title=_text(title or next(iter(other.get("NS", [])), None)),
            authors=row.get("authors") or row.get("first_authors") or [],
            year=_text(row.get("year") or row.get("publication_year") or row.get("date")),
            journal=_text(
                row.get("journal_name")
                or row.get("secondary_title")
                or row.get("alternate_title3")
                or row.get("alternate_title1")
            ),
            volume=_text(row.get("volume")),
            issue=_text(row.get("number")),
            pages=pages,
            # Embase has the DOI under the type of work
            doi=_text(row.get("doi")) or clean_doi(_text(row.get("type_of_work"))),
            pmid=_text(row.get("accession_number"))
            if re.fullmatch(r"\d{5,9}", numbers.split(" ")[0])
            else None,
            registrations=registry_numbers(numbers),
            abstract=_text(row.get("abstract") or row.get("notes_abstract")),
            url=_text(row.get("url") or next(iter(row.get("urls", [])), None)),
            kind={"JOUR": "article", "CTRIAL": "registration"}.get(
                _text(row.get("type_of_reference")) or "", "article"
            ),
        )


def _text(value: Any) -> str | None:
    return "; ".join(map(str, value)) if isinstance(value, list) else None if value is None else str(value)


def read_bibtex(path: Path) -> Iterator[Reference]:
    """Yield the entries of a BibTeX file; one with a field that stands twice keeps the first."""
    try:
        text = _TEX_SIGN.sub(lambda sign: "<" if sign[1] == "less" else ">", read_text(path))
        text = _BARE.sub(r"\\\g<0>", text)
        library = bibtexparser.parse_string(text, append_middleware=[LatexDecodingMiddleware()])
    except SourceError:
        raise
    except Exception as error:  # its LaTeX decoder raises errors of its own
        problem = f"not whole BibTeX: {type(error).__name__}"
        raise SourceError(Problem(str(path), None, "", problem, "export the references again")) from None
    entries, problems = list(library.entries), []
    for block in library.failed_blocks:
        if isinstance(block, DuplicateFieldKeyBlock) and block.ignore_error_block is not None:
            entries.append(block.ignore_error_block)
        else:
            said = str(getattr(block, "error", "")).splitlines() or [type(block).__name__]
            line = block.start_line + 1 if block.start_line is not None else None
            problem = f"an entry that cannot be read: {said[0][:100]}"
            problems.append(
                Problem(str(path), line, "", problem, "mend its braces, or its key if it stands twice")
            )
    if problems or not entries:
        nothing = Problem(str(path), 1, "", "no entry in it", "export at least one reference")
        raise SourceError(problems or nothing)
    for entry in sorted(entries, key=lambda item: item.start_line or 0):
        fields: dict[str, str] = {}
        for item in entry.fields:
            fields.setdefault(item.key.lower(), str(item.value))
        plain = {name: re.sub(r"[{}]", "", value) for name, value in fields.items()}
        yield reference_of(
            title=plain.get("title"),
            authors=re.split(r"\s+and\s+", plain["author"]) if plain.get("author") else [],
            year=plain.get("year") or plain.get("date"),
            journal=plain.get("journal") or plain.get("journaltitle") or plain.get("booktitle"),
            volume=plain.get("volume"),
            issue=plain.get("number"),
            pages=plain.get("pages"),
            doi=plain.get("doi"),
            pmid=plain.get("pmid"),
            abstract=plain.get("abstract"),
            url=plain.get("url"),
        )


def read_csl(path: Path) -> Iterator[Reference]:
    """Yield the items of a CSL-JSON file, a list or one item."""
    found = 0
    for item in json_items(path, ("items", "references")):
        if item.holder == "page":
            continue
        found += 1
        row = item.value
        if not isinstance(row, dict) or not any(
            name in row for name in ("title", "DOI", "id", "URL", "PMID")
        ):
            raise SourceError(
                Problem(str(path), item.line, f"item {found}", "no reference", "export it as CSL-JSON")
            )
        yield reference_of(
            title=_CSL_MARKUP.sub("", _scalar(row.get("title")) or ""),
            authors=[_person(one) for one in row.get("author") or [] if isinstance(one, dict)]
            if isinstance(row.get("author"), list)
            else [],
            year=str(row.get("issued") or ""),
            journal=_scalar(row.get("container-title")),
            volume=_scalar(row.get("volume")),
            issue=_scalar(row.get("issue")),
            pages=_scalar(row.get("page")),
            doi=_scalar(row.get("DOI")),
            pmid=_scalar(row.get("PMID"))
            or next(iter(_CSL_PMID.findall(_scalar(row.get("note")) or "")), None),
            abstract=_scalar(row.get("abstract")),
            url=_scalar(row.get("URL")),
        )
    if not found:
        raise SourceError(Problem(str(path), 1, "", "no reference in it", "export at least one reference"))


def _person(row: dict[str, Any]) -> str:
    parts = [_scalar(row.get(name)) for name in ("dropping-particle", "non-dropping-particle", "family")]
    names = [" ".join(filter(None, parts)), _scalar(row.get("given"))]
    return ", ".join(filter(None, names)) or _scalar(row.get("literal")) or ""


def _scalar(value: Any) -> str | None:
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, str | int | float)), None)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
