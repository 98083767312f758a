"""References whose fields stand behind tags: RIS, PubMed's and Ovid's text, and the Cochrane Library's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from trialfiles.citations import Reference, clean_doi, fields_of, noted_pmid, reference_of
from trialfiles.record import Problem, refusal
from trialfiles.text import read_text, registry_numbers

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
