"""References as PubMed exports them: its XML and its text format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from helpers.sources.article_grid import cell_text
from helpers.sources.record import Problem, SourceError
from helpers.sources.references import Reference, reference_of
from helpers.sources.same_trial import registry_numbers
from helpers.sources.source_text import read_text
from helpers.sources.xml_safety import parse_xml

_NBIB = re.compile(r"([A-Z][A-Z0-9]{1,3}) *- (.*)")


def read_pubmed(path: Path) -> Iterator[Reference]:
    """Yield the articles of PubMed's XML, registrations from its list of data banks."""
    kinds = ("PubmedArticle", "PubmedBookArticle")
    articles = [element for element in parse_xml(path, doctype=True).iter() if element.tag in kinds]
    if not articles:
        raise SourceError(Problem(str(path), 1, "PubmedArticle", "no article in it", "export at least one"))
    for article in articles:
        if article.tag == "PubmedBookArticle":
            yield _of_book(path, article)
            continue
        citation = article.find("MedlineCitation")
        head = citation.find("Article") if citation is not None else None
        if citation is None or head is None:
            raise SourceError(Problem(str(path), None, "Article", "missing", "export the article again"))
        dois = [_said(item) for item in head.findall("ELocationID") if item.get("EIdType") == "doi"]
        dois += [_said(item) for item in article.iter("ArticleId") if item.get("IdType") == "doi"]
        banks = " ".join(_said(item) or "" for item in head.iter("AccessionNumber"))
        yield reference_of(
            title=_said(head.find("ArticleTitle")),
            authors=[_person(one) for one in head.iter("Author")],
            year=_said(head.find("Journal/JournalIssue/PubDate")),
            journal=_said(head.find("Journal/Title")),
            volume=_said(head.find("Journal/JournalIssue/Volume")),
            issue=_said(head.find("Journal/JournalIssue/Issue")),
            pages=_said(head.find("Pagination/MedlinePgn")),
            doi=next(iter(dois), None),
            pmid=_said(citation.find("PMID")),
            registrations=registry_numbers(banks),
            abstract=" ".join(_said(item) or "" for item in head.findall("Abstract/AbstractText")),
        )


def _of_book(path: Path, article: Element) -> Reference:
    """Return a chapter, or a book where no chapter is named."""
    document = article.find("BookDocument")
    book = document.find("Book") if document is not None else None
    if document is None:
        raise SourceError(Problem(str(path), None, "BookDocument", "missing", "export the article again"))
    title = _said(document.find("ArticleTitle")) or _said(document.find("Book/BookTitle"))
    return reference_of(
        title=title,
        authors=[_person(one) for one in document.findall("AuthorList/Author")],
        year=_said(book.find("PubDate")) if book is not None else None,
        journal=_said(document.find("Book/BookTitle")),
        pmid=_said(document.find("PMID")),
        abstract=" ".join(_said(item) or "" for item in document.findall("Abstract/AbstractText")),
    )


def _person(author: Element) -> str:
    """Return family name and given names, or their initials; a group by its own name."""
    given = _said(author.find("ForeName")) or _said(author.find("Initials"))
    names = ", ".join(filter(None, [_said(author.find("LastName")), given]))
    return names or _said(author.find("CollectiveName")) or ""


def _said(element: Element | None) -> str | None:
    return cell_text(element) or None if element is not None else None


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
        yield reference_of(
            title=" ".join(row.get("TI", [])),
            authors=row.get("FAU") or row.get("AU") or [],
            year=" ".join(row.get("DP", [])),
            journal=" ".join(row.get("JT") or row.get("TA") or []),
            volume=" ".join(row.get("VI", [])),
            issue=" ".join(row.get("IP", [])),
            pages=" ".join(row.get("PG", [])),
            doi=next(iter(dois), None),
            pmid=" ".join(row.get("PMID", [])),
            registrations=registry_numbers(" ".join(row.get("SI", []))),
            abstract=" ".join(row.get("AB", [])),
        )
