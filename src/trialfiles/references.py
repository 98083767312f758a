"""References: RIS, BibTeX, CSL-JSON and PubMed, in and out."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import bibtexparser
import rispy
from bibtexparser.middlewares import LatexDecodingMiddleware
from bibtexparser.model import DuplicateFieldKeyBlock

from trialfiles.article_tables import element_text
from trialfiles.forms import names_of
from trialfiles.json_records import json_items
from trialfiles.record import Problem, Row, SourceError, SourceRecord, refusal, stated_source
from trialfiles.text import inert, parse_xml, read_text, registry_numbers, slug
from trialfiles.vocabulary import NO_WORDS, Vocabulary

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


def year_of(text: Any) -> str | None:
    """Return the four digits of a year in a date."""
    match = re.search(r"\b(1[89]\d\d|20\d\d)\b", str(text or ""))
    return match.group() if match else None


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
        raise refusal(path, None, "", problem, "export the references again") from None
    if not found:
        raise refusal(path, 1, "", "no reference in it", "export at least one reference")
    for row in found:
        given = _fields("ris", row.get)
        authors = given.pop("authors") or []
        texts = {name: _text(value) for name, value in given.items()}
        other = (row.get("unknown_tag") or {}).get("NS", [])
        pages = "-".join(filter(None, [_text(row.get("start_page")), _text(row.get("end_page"))]))
        numbers = " ".join(
            _text(row.get(name)) or "" for name in ("accession_number", "custom1", "custom3", "id")
        )
        listed = re.fullmatch(r"\d{5,9}", numbers.split(" ")[0])
        kind = "registration" if _text(row.get("type_of_reference")) == "CTRIAL" else "article"
        yield reference_of(
            **texts
            | {"title": texts["title"] or _text(next(iter(other), None))}
            | {"url": texts["url"] or _text(next(iter(row.get("urls") or []), None))},
            authors=authors,
            pages=pages,
            # Embase has the DOI under the type of work
            doi=_text(row.get("doi")) or clean_doi(_text(row.get("type_of_work"))),
            pmid=_text(row.get("accession_number")) if listed else None,
            registrations=registry_numbers(numbers),
            kind=kind,
        )


def _fields(form: str, get: Callable[[str], Any], read: Callable[[Any], Any] = lambda value: value) -> Row:
    """Return the fields that a form of references has, each the first that is not empty."""
    return {
        field: next(filter(None, (read(get(name)) for name in names)), None)
        for field, names in names_of("references")[form].items()
    }


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
        raise refusal(path, None, "", problem, "export the references again") from None
    entries: list[Any] = list(library.entries)
    problems = []
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
        authors = re.split(r"\s+and\s+", plain["author"]) if plain.get("author") else []
        yield reference_of(**_fields("bibtex", plain.get), authors=authors)


def read_csl(path: Path) -> Iterator[Reference]:
    """Yield the items of a CSL-JSON file, a list or one item."""
    number = None
    for number, line, row in json_items(path, ("items", "references")):
        if not isinstance(row, dict) or not any(
            name in row for name in ("title", "DOI", "id", "URL", "PMID")
        ):
            field = f"item {number or 1}"
            raise refusal(path, line, field, "no reference", "export it as CSL-JSON")
        given = _fields("csl", row.get, _scalar)
        persons = row["author"] if isinstance(row.get("author"), list) else []
        noted = _CSL_PMID.findall(_scalar(row.get("note")) or "")
        yield reference_of(
            **given
            | {"title": _CSL_MARKUP.sub("", given["title"] or "")}
            | {"pmid": given["pmid"] or next(iter(noted), None)},
            authors=[_person(one) for one in persons if isinstance(one, dict)],
            year=str(row.get("issued") or ""),
        )
    if number is None:
        raise refusal(path, 1, "", "no reference in it", "export at least one reference")


def _person(row: Row) -> str:
    parts = [_scalar(row.get(name)) for name in ("dropping-particle", "non-dropping-particle", "family")]
    names = [" ".join(filter(None, parts)), _scalar(row.get("given"))]
    return ", ".join(filter(None, names)) or _scalar(row.get("literal")) or ""


def _scalar(value: Any) -> str | None:
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, str | int | float)), None)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


_NBIB = re.compile(r"([A-Z][A-Z0-9]{1,3}) *- (.*)")


def read_pubmed(path: Path) -> Iterator[Reference]:
    """Yield the articles of PubMed's XML, registrations from its list of data banks."""
    kinds = ("PubmedArticle", "PubmedBookArticle")
    articles = [element for element in parse_xml(path, doctype=True).iter() if element.tag in kinds]
    if not articles:
        raise refusal(path, 1, "PubmedArticle", "no article in it", "export at least one")
    for article in articles:
        if article.tag == "PubmedBookArticle":
            yield _of_book(path, article)
            continue
        citation = article.find("MedlineCitation")
        head = citation.find("Article") if citation is not None else None
        if citation is None or head is None:
            raise refusal(path, None, "Article", "missing", "export the article again")
        dois = [_said(item) for item in head.findall("ELocationID") if item.get("EIdType") == "doi"]
        dois += [_said(item) for item in article.iter("ArticleId") if item.get("IdType") == "doi"]
        banks = " ".join(_said(item) or "" for item in head.iter("AccessionNumber"))
        yield reference_of(
            **_fields("pubmed", head.find, _said),
            authors=[_pubmed_person(one) for one in head.iter("Author")],
            doi=next(iter(dois), None),
            pmid=_said(citation.find("PMID")),
            registrations=registry_numbers(banks),
            abstract=" ".join(_said(item) or "" for item in head.findall("Abstract/AbstractText")),
        )


def _of_book(path: Path, article: Element) -> Reference:
    """Return a chapter, or a book where no chapter is named."""
    document = article.find("BookDocument")
    if document is None:
        raise refusal(path, None, "BookDocument", "missing", "export the article again")
    return reference_of(
        **_fields("book", document.find, _said),
        authors=[_pubmed_person(one) for one in document.findall("AuthorList/Author")],
        abstract=" ".join(_said(item) or "" for item in document.findall("Abstract/AbstractText")),
    )


def _pubmed_person(author: Element) -> str:
    """Return family name and given names, or their initials; a group by its own name."""
    given = _said(author.find("ForeName")) or _said(author.find("Initials"))
    names = ", ".join(filter(None, [_said(author.find("LastName")), given]))
    return names or _said(author.find("CollectiveName")) or ""


def _said(element: Element | None) -> str | None:
    return element_text(element) or None if element is not None else None


def read_nbib(path: Path) -> Iterator[Reference]:
    """Yield the records of PubMed's own text format."""
    rows: list[dict[str, list[str]]] = []
    tag = ""
    for line in read_text(path).split("\n"):
        match = _NBIB.match(line)
        if match:
            tag = match[1]
            if tag == "PMID" or not rows:
                rows.append({})
            rows[-1].setdefault(tag, []).append(match[2].strip())
        elif line.startswith("      ") and rows and rows[-1].get(tag):
            rows[-1][tag][-1] += f" {line.strip()}"
    for row in rows:
        dois = [text for name in ("LID", "AID") for text in row.get(name, []) if "[doi]" in text]
        given = _fields("nbib", row.get)
        authors = given.pop("authors") or []
        yield reference_of(
            **{field: " ".join(texts or []) for field, texts in given.items()},
            authors=authors,
            doi=next(iter(dois), None),
            registrations=registry_numbers(" ".join(row.get("SI", []))),
        )


REFERENCE_READERS: dict[str, Callable[[Path], Iterator[Reference]]] = {
    "ris": read_ris,
    "bibtex": read_bibtex,
    "csl": read_csl,
    "pubmed": read_pubmed,
    "nbib": read_nbib,
}


def reference_records(form: str) -> Callable[[Path, Vocabulary], Iterator[SourceRecord]]:
    """Return a reader that yields one record a reference of a form."""

    def read(path: Path, _: Vocabulary = NO_WORDS) -> Iterator[SourceRecord]:
        for number, reference in enumerate(REFERENCE_READERS[form](path), start=1):
            name = reference.name(f"{form}-{number}")
            source = stated_source(
                name,
                f"reference, {form}",
                citation=reference.citation,
                doi=reference.doi,
                registration=next(iter(reference.registrations), None),
                access="abstract" if reference.abstract else "citation",
            )
            yield SourceRecord(sources=[source], references=[vars(reference)])

    return read


def write_ris(references: Iterable[Reference]) -> str:
    """Return references as RIS."""
    entries = []
    for reference in references:
        start, _, end = (reference.pages or "").partition("-")
        entry: Row = {"type_of_reference": "JOUR"} | _written("ris", reference)
        entry |= {"start_page": start, "end_page": end, "urls": [reference.url] if reference.url else None}
        entry["accession_number"] = reference.pmid or next(iter(reference.registrations), None)
        entries.append({name: value for name, value in entry.items() if value})
    return rispy.dumps(entries)


def write_csl(references: Iterable[Reference]) -> str:
    """Return references as CSL-JSON."""
    items = []
    for number, reference in enumerate(references, start=1):
        name = reference.doi or reference.pmid or f"reference-{number}"
        item: Row = {"id": name, "type": "article-journal"} | _written("csl", reference)
        item["author"] = [
            dict(zip(("family", "given"), author.split(", ", 1), strict=False))
            for author in reference.authors
        ]
        item["issued"] = {"date-parts": [[int(reference.year)]]} if reference.year else None
        items.append({name: value for name, value in item.items() if value})
    return json.dumps(items, ensure_ascii=False, indent=1) + "\n"


def _written(form: str, reference: Reference) -> Row:
    """Return the fields of a reference under the names that a form writes them by, in its order."""
    return {
        name: getattr(reference, field or "", None)
        for name, field in names_of("references")["written"][form].items()
    }
