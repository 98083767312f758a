"""References read: RIS, BibTeX, CSL-JSON, XML of PubMed and EndNote, tagged texts, tables."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import bibtexparser
from bibtexparser.middlewares import LatexDecodingMiddleware
from bibtexparser.model import DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, Entry

from trialfiles.article_tables import element_text
from trialfiles.citations import Reference, clean_doi, fields_of, noted_pmid, reference_of, split_authors
from trialfiles.forms import names_of
from trialfiles.json_records import json_items
from trialfiles.record import Problem, Row, SourceError, SourceRecord, refusal, stated_source
from trialfiles.text import parse_xml, read_text, registry_numbers
from trialfiles.vocabulary import NO_WORDS, Vocabulary
from trialfiles.worksheets import names_references, plain_heading, table_sheets

_NAMES = names_of("references")
logging.getLogger("bibtexparser").setLevel(logging.ERROR)  # what it cannot parse is told as a SourceError

# the rich text that CSL allows in a title; an abstract of Crossref is XML
_TAGS = re.compile(r"</?[A-Za-z][^<>]*>")
_CSL_MARKUP = re.compile(r"</?(?:i|b|sc|sub|sup)>|<span[^<>]*>|</span>", re.IGNORECASE)
# to a LaTeX decoder a bare % hides the rest of a line and & is a column; \textless it does not know
_BARE = re.compile(r"(?<!\\)[%&]")
_TEX_SIGN = re.compile(r"\\text(less|greater)(?![A-Za-z])(?:\{\})?")
_TEX = re.compile(r"[\\{}$~#^_]|--|``|''|[!?]`|<<|>>|\n\s*\n")
_LONGEST = 20_000  # characters; no abstract has more


class _Decoding(LatexDecodingMiddleware):
    """LaTeX decoded where there is any, and in no text without end: the time grows with its square."""

    def transform_entry(self, entry: Entry, library: bibtexparser.Library) -> Any:
        """Decode the fields of an entry."""
        texts = [one for one in entry.fields if len(one.value) > _LONGEST or not _TEX.search(one.value)]
        entry.fields = [one for one in entry.fields if all(one is not other for other in texts)]
        decoded = super().transform_entry(entry, library)
        if isinstance(decoded, Entry):
            decoded.fields = [*decoded.fields, *texts]
        return decoded


def read_bibtex(path: Path) -> Iterator[Reference | Problem]:
    """Yield the entries of a BibTeX file; one with a field that stands twice keeps the first."""
    try:
        text = _TEX_SIGN.sub(lambda sign: "<" if sign[1] == "less" else ">", read_text(path))
        text = _BARE.sub(r"\\\g<0>", text)
        library = bibtexparser.parse_string(text, append_middleware=[_Decoding()])
    except SourceError:
        raise
    except Exception as error:  # its LaTeX decoder raises errors of its own
        problem = f"not whole BibTeX: {type(error).__name__}"
        raise refusal(path, None, "", problem, "export the references again") from None
    found: list[tuple[int, Reference | Problem]] = []
    for block in (*library.entries, *library.failed_blocks):
        entry: Any = block
        line = block.start_line or 0
        if isinstance(block, DuplicateFieldKeyBlock | DuplicateBlockKeyBlock):
            entry = block.ignore_error_block or block  # a field or a key stands twice
            if isinstance(entry, Entry):
                entry = _Decoding().transform_entry(entry, library)
        # where a comma is missing between fields, one holds the next
        run_on = re.search(r"[}\"][^\S\n]*\n\s*\w+\s*=\s*[{\"]", block.raw or "")
        whole = isinstance(entry, Entry) and not run_on
        found.append((line, _of_entry(entry) if whole else _unread_entry(path, line, block.raw or "")))
    if not found:
        raise refusal(path, 1, "", "no entry in it", "export at least one reference")
    yield from (one for _, one in sorted(found, key=lambda item: item[0]))


def _unread_entry(path: Path, start: int, raw: str) -> Problem:
    """Return what is told of an entry that cannot be read: its name, and where a brace stays open."""
    name = re.sub(r"^\s*@\w+\s*[{(]\s*", "", raw).partition(",")[0].strip()[:60] or "without a key"
    inner = list(enumerate(raw.rstrip().split("\n"), start=start + 1))[1:]
    odd = [(line, text) for line, text in inner if text.count("{") > text.count("}")]
    said = "a comma or a quote is missing"
    if odd:
        said = f"a brace stays open: {odd[0][1].strip()[:50]!r} on line {odd[0][0]}"
    problem = f"an entry that cannot be read: {said}"
    return Problem(str(path), start + 1, f"entry {name}", problem, "close its braces and quotes")


def _of_entry(entry: Any) -> Reference:
    fields: dict[str, str] = {}
    for item in entry.fields:
        fields.setdefault(item.key.lower(), str(item.value))
    plain = {name: re.sub(r"[{}]", "", value) for name, value in fields.items()}
    given = fields_of("bibtex", plain.get)
    authors = " ".join(plain.get("author", "").split()).split(" and ")
    return reference_of(
        **given | {"pmid": given["pmid"] or noted_pmid(plain.get("note"), plain.get("annote"), given["url"])},
        authors=[name for name in authors if name.lower() not in ("", "others")],
    )


def read_csl(path: Path) -> Iterator[Reference]:
    """Yield the items of CSL-JSON, of Crossref's answers and of Europe PMC's."""
    found = False
    for number, line, row in _csl_rows(path):
        said = row if isinstance(row, dict) else {}  # many other records have a title
        work = said.get("type") in _NAMES["csl_types"] or any(map(said.get, _NAMES["of_works"]))
        if not work or set(_NAMES["no_reference"]) & said.keys():
            raise refusal(path, line, f"item {number or 1}", "no reference", "export it as CSL-JSON")
        found = True
        yield csl_reference(row)
    if not found:
        raise refusal(path, 1, "", "no reference in it", "export at least one reference")


def csl_reference(row: Row) -> Reference:
    """Return an item of CSL-JSON, of Crossref or Europe PMC as a reference."""
    journal = row.get("journalInfo")
    row = {**journal.get("journal", {}), **journal, **row} if isinstance(journal, dict) else row
    given = fields_of("csl", row.get, _scalar)
    persons = row["author"] if isinstance(row.get("author"), list) else []
    given["title"] = _CSL_MARKUP.sub("", given["title"] or "")
    given["abstract"] = _TAGS.sub(" ", given["abstract"] or "")
    given["pmid"] = given["pmid"] or noted_pmid(_scalar(row.get("note")))
    authors = [_person(one) for one in persons if isinstance(one, dict)]
    return reference_of(
        **given,
        authors=authors or split_authors(_scalar(row.get("authorString"))),
        year=str(row.get("issued") or row.get("pubYear") or ""),
        registrations=registry_numbers(_scalar(row.get("number")) or ""),
        kind=next((kind for kind, (csl, _) in _NAMES["kinds"].items() if csl == row.get("type")), None),
    )


def _csl_rows(path: Path) -> Iterator[tuple[int, int, Any]]:
    """Yield number, line and content of each item; an answer of Crossref or Europe PMC holds a list."""
    for number, line, row in json_items(path, ("items", "references")):
        said = row if isinstance(row, dict) else {}
        answer = next((said[name] for name in _NAMES["answers"] if isinstance(said.get(name), dict)), None)
        keys = [key for key in _NAMES["answers"].values() if answer and key in answer]
        listed = answer and (answer[keys[0]] if keys else [answer])
        items = listed if isinstance(listed, list) else [row]
        first = number if answer is None else 1
        yield from ((place, line, item) for place, item in enumerate(items, start=first))


def _person(row: Row) -> str:
    parts = [_scalar(row.get(name)) for name in ("dropping-particle", "non-dropping-particle", "family")]
    names = [" ".join(filter(None, parts)), _scalar(row.get("given"))]
    return ", ".join(filter(None, names)) or _scalar(row.get("literal")) or _scalar(row.get("name")) or ""


def _scalar(value: Any) -> str | None:
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, str | int | float)), None)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def read_pubmed(path: Path) -> Iterator[Reference]:
    """Yield the articles of PubMed's XML, registrations from its list of data banks."""
    kinds = ("PubmedArticle", "PubmedBookArticle")
    articles = [element for element in parse_xml(path, doctype=True).iter() if element.tag in kinds]
    if not articles:
        raise refusal(path, 1, "PubmedArticle", "no article in it", "export at least one")
    for article in articles:
        book = article.tag == "PubmedBookArticle"
        citation = article.find("BookDocument" if book else "MedlineCitation")
        head = citation if citation is None or book else citation.find("Article")
        if citation is None or head is None:
            what = "BookDocument" if book else "Article"
            raise refusal(path, None, what, "missing", "export the article again")
        if book:  # a chapter, or the whole where no chapter is named
            authors = [_pubmed_person(one) for one in head.findall("AuthorList/Author")]
            yield reference_of(
                **fields_of("book", head.find, _said), authors=authors, abstract=_abstract(head)
            )
            continue
        dois = [_said(item) for item in head.findall("ELocationID") if item.get("EIdType") == "doi"]
        # only its own list of numbers: each cited work has one too
        own = article.findall("PubmedData/ArticleIdList/ArticleId")
        dois += [_said(item) for item in own if item.get("IdType") == "doi"]
        banks = " ".join(_said(item) or "" for item in head.iter("AccessionNumber"))
        yield reference_of(
            **fields_of("pubmed", head.find, _said),
            authors=[_pubmed_person(one) for one in head.iter("Author")],
            doi=next(iter(dois), None),
            pmid=_said(citation.find("PMID")),
            registrations=registry_numbers(banks),
            abstract=_abstract(head),
        )


def _abstract(work: Element) -> str:
    return " ".join(_said(item) or "" for item in work.findall("Abstract/AbstractText"))


def _pubmed_person(author: Element) -> str:
    """Return family name and given names, or their initials; a group by its own name."""
    given = _said(author.find("ForeName")) or _said(author.find("Initials"))
    names = ", ".join(filter(None, [_said(author.find("LastName")), given]))
    return names or _said(author.find("CollectiveName")) or ""


def _said(element: Element | None) -> str | None:
    return element_text(element) or None if element is not None else None


def read_endnote(path: Path) -> Iterator[Reference | Problem]:
    """Yield the records of EndNote's XML."""
    for number, record in enumerate(parse_xml(path, doctype=True).iter("record"), start=1):
        if not len(record):
            yield Problem(str(path), None, f"record {number}", "nothing in it", "export it again")
            continue
        given = fields_of("endnote", record.find, _said)
        authors = [_said(one) for one in record.findall("contributors/authors/author")]
        yield reference_of(**_with_numbers(given), authors=authors)


def _with_numbers(given: Row) -> Row:
    """Return fields in which accession number, database and note became PubMed and registration numbers."""
    number, origin, note = (given.pop(name) for name in ("accession", "origin", "note"))
    own = number if FROM_PUBMED.search(origin or "") else noted_pmid(number, note, given["url"])
    registrations = registry_numbers(number or "")
    return given | {"pmid": given.get("pmid") or own, "registrations": registrations}


def read_reference_table(path: Path) -> Iterator[Reference | Problem]:
    """Yield the rows of a table of references: CSV or xlsx of PubMed, Scopus, Embase, Rayyan, Covidence."""
    for sheet in table_sheets(path):
        names, lines = sheet.below(names_references)
        if not names:
            yield sheet.not_read()
        for line, cells in lines:
            pairs = list(zip(map(plain_heading, names), cells, strict=False))[::-1]  # of twins the first
            row = {name: text for name, cell in pairs if cell is not None and (text := str(cell).strip())}
            given = fields_of("table", row.get)
            if len(cells) > len(names) or not (given["title"] or given["doi"]):
                what = "more cells than columns" if len(cells) > len(names) else "a row without title and DOI"
                yield sheet.problem(line, "", what, "mend the row, or export as RIS")
                continue
            if re.search(r"\((?:19|20)\d\d\)", given["journal"] or ""):  # Embase has it in its source
                given["year"] = given["year"] or given["journal"]
            ends = [given.pop("first_page"), given.pop("last_page")]
            given["pages"] = given["pages"] or "-".join(filter(None, ends))
            yield reference_of(**_with_numbers(given) | {"authors": split_authors(given["authors"])})


Tags = dict[str, list[str]]
_STRICT = re.compile(r"([A-Z][A-Z0-9])(?:  -|(?<=ER) {0,2}-(?= *$))(?: (.*)|$)")
_LOOSE = re.compile(r"\s*([A-Z][A-Z0-9]) {0,2}- ?(.*)")  # of a file that writes even TY so
FROM_PUBMED = re.compile(r"pubmed|medline|\bnlm\b|\bncbi\b|\b(?:mdc|cmedm|mnh)\b", re.IGNORECASE)
_TAG = re.compile(r"([A-Z][A-Z0-9]{1,3}) *-(?: (.*)|$)")
_COLON = re.compile(r"([A-Z][A-Z0-9]{1,3}): ?(.*)")
_RECORD = re.compile(r"(?:Record #\d+ of \d+|<\d+\.? ?>)\s*$")
Starts = Callable[[str, "re.Match[str] | None", Tags], bool]


def _records(text: str, pattern: re.Pattern[str], starts: Starts) -> Iterator[tuple[int, Tags]]:
    """Yield the tags of each record with its first line; `starts` tells whether one starts at a line."""
    row: Tags = {}
    start, tag = 1, ""
    for number, line in enumerate(text.split("\n"), start=1):
        match = pattern.match(line)
        if row and starts(line, match, row):
            yield start, row
            row, tag = {}, ""
        if match:
            tag, start = match[1], start if row else number
            row.setdefault(tag, []).append((match[2] or "").strip())
        elif tag and line.strip():
            row[tag][-1] = f"{row[tag][-1]} {line.strip()}".strip()
    if row:
        yield start, row


def read_ris(path: Path) -> Iterator[Reference | Problem]:
    """Yield the references of a RIS file; lines of providers between them are passed over.

    A record ends at ER, or where the next TY stands; tags between ER and TY belong to the record of that TY.
    """
    text = read_text(path).lstrip("\ufeff")
    pattern = _STRICT if re.search(r"^(?:TY|ER)  -", text, re.MULTILINE) else _LOOSE

    def starts(_: str, match: re.Match[str] | None, row: Tags) -> bool:
        return match is not None and ("ER" in row or (match[1] == "TY" and "TY" in row))

    found = False
    for line, row in _records(text, pattern, starts):
        found = True
        tag = "TI" if "TI" in row else "T1"
        if len(titles := list(dict.fromkeys(row.get(tag, [])))) > 1:
            if "ER" not in row:  # two records run into one
                raise refusal(path, line, tag, "two titles in a record without ER", "put ER behind each")
            yield Problem(str(path), line, tag, f"a second title: {titles[1][:80]!r}", "keep one title")
        if {"TY", "TI", "T1", "DO"} & set(row):
            yield _of_ris(row)
        elif set(row) > {"ER"} or "ER" not in row:
            remedy = "put TY before its tags and ER behind them"
            yield Problem(str(path), line, ", ".join(row)[:60], "tags that belong to no record", remedy)
    if not found:
        raise refusal(path, 1, "", "no reference in it", "export at least one reference")


def _of_ris(row: Tags) -> Reference:
    def first(*tags: str) -> str | None:
        return next((text for tag in tags for text in row.get(tag, []) if text), None)

    given = fields_of("ris", first)
    numbers = "; ".join(text for tag in ("AN", "C1", "C3", "ID") for text in row.get(tag, []))
    authors = [*row.get("A1", []), *row.get("AU", [])]
    return reference_of(
        **given,
        authors=list(dict.fromkeys(authors)),
        pages="-".join(filter(None, [first("SP"), first("EP")])),
        doi=first("DO") or clean_doi(first("M3")),  # Embase has the DOI under the type of work
        pmid=_pubmed_number(row),
        registrations=registry_numbers(numbers),
        kind="registration" if first("TY") == "CTRIAL" else "article",
    )


def _pubmed_number(row: Tags) -> str | None:
    """Return the PubMed number of a record.

    An accession number is one only in a record from PubMed or MEDLINE; Scopus has it in C2, others in a
    note or as an address.
    """
    origin = " ".join(text for tag in ("DB", "DP", "UR", "L2") for text in row.get(tag, []))
    # C2 is Scopus's; others keep numbers of their own there, which are shorter
    own = row.get("PM", []) + [text for text in row.get("C2", []) if "Scopus" in origin or len(text) > 6]
    if FROM_PUBMED.search(origin) and not re.search("embase|scopus", origin, re.IGNORECASE):
        own = own + row.get("AN", [])
    numbers = [match[1] for text in own if (match := re.fullmatch(r"(?:PMID:? ?)?(\d{1,8})", text.strip()))]
    noted = noted_pmid(*(text for tag in ("N1", "AN", "C3", "C6", "UR", "L2") for text in row.get(tag, [])))
    return next(iter(numbers), noted)


def read_nbib(path: Path) -> Iterator[Reference | Problem]:
    """Yield the records of PubMed's own text, and of those like it: ERIC, Ovid and the Cochrane Library.

    A record starts at a line that numbers it, or where the tag that began the file stands again.
    """
    text = read_text(path).lstrip("\ufeff")
    pattern = _COLON if re.search(r"^Record #\d+ of", text, re.MULTILINE) else _TAG
    numbered = any(map(_RECORD.match, text.split("\n")))
    first = next((match[1] for line in text.split("\n") if (match := pattern.match(line))), "")

    def starts(line: str, match: re.Match[str] | None, _: Tags) -> bool:
        again = match is not None and not numbered and match[1] == first
        return again or _RECORD.match(line) is not None

    for _, row in _records(text, pattern, starts):
        dois = [text for name in ("LID", "AID") for text in row.get(name, []) if "[doi]" in text]
        given = fields_of("nbib", row.get)
        authors = given.pop("authors") or []
        said = "; ".join(text for name in ("SI", "AN", "ID") for text in row.get(name, []))
        noted = noted_pmid(*(f"PMID: {text}" for text in row.get("PM", [])), *row.get("PM", []))
        own = row.get("PMID") or (row.get("UI") if FROM_PUBMED.search(" ".join(row.get("DB", []))) else None)
        yield reference_of(
            **{field: " ".join(texts or []) for field, texts in given.items()},
            authors=authors,
            doi=next(iter(dois), None) or " ".join(row.get("DO", []) + row.get("DOI", [])),
            pmid=" ".join(own) if own else noted,
            registrations=registry_numbers(said),
        )


REFERENCE_READERS: dict[str, Callable[[Path], Iterator[Reference | Problem]]] = {
    "ris": read_ris,
    "bibtex": read_bibtex,
    "csl": read_csl,
    "pubmed": read_pubmed,
    "nbib": read_nbib,
    "endnote": read_endnote,
    "reference_table": read_reference_table,
}


def read_references(form: str, path: Path) -> Iterator[Reference | Problem]:
    """Yield the references of a file in order, and a `Problem` in the place of each that cannot be read.

    Raises
    ------
    SourceError
        When the file cannot be read, or no reference in it.
    """
    problems, found = [], False
    for item in REFERENCE_READERS[form](path):
        if isinstance(item, Problem):
            problems.append(item)
        found = found or isinstance(item, Reference)
        yield item
    if not found:
        nothing = Problem(str(path), 1, "", "no reference in it", "export at least one reference")
        raise SourceError(problems or nothing)


def reference_records(form: str) -> Callable[[Path, Vocabulary], Iterator[SourceRecord]]:
    """Return a reader that yields one record a reference of a form; the last says what was left unread."""

    def read(path: Path, _: Vocabulary = NO_WORDS) -> Iterator[SourceRecord]:
        unread: list[Problem] = []
        names = Counter[str]()
        last = None
        for number, reference in enumerate(read_references(form, path), start=1):
            if isinstance(reference, Problem):
                unread.append(reference)
                continue
            if last:
                yield last
            name = reference.name(f"{form}-{number}")
            names[name] += 1
            name = f"{name}_{names[name]}" if names[name] > 1 else name
            known: Row = {"citation": reference.citation, "doi": reference.doi}
            known["registration"] = next(iter(reference.registrations), None)
            known["access"] = "abstract" if reference.abstract else "citation"
            source = stated_source(name, f"reference, {form}", **known)
            last = SourceRecord(sources=[source], references=[vars(reference)])
        if last:
            last.unread += unread
            yield last

    return read
