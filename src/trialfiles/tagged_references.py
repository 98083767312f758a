"""References whose fields stand behind tags: RIS, PubMed's and Ovid's text, and the Cochrane Library's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from trialfiles.citations import Reference, clean_doi, fields_of, noted_pmid, reference_of
from trialfiles.record import Problem, refusal
from trialfiles.text import read_text, registry_numbers

Tags = dict[str, list[str]]
_STRICT = re.compile(r"([A-Z][A-Z0-9])  -(?: (.*)|$)|(ER) {0,2}- *$")
_LOOSE = re.compile(r"\s*([A-Z][A-Z0-9]) {0,2}- ?(.*)")  # of a file that writes even TY so
FROM_PUBMED = re.compile(r"pubmed|medline|\bnlm\b|\bncbi\b|\b(?:mdc|cmedm|mnh)\b", re.IGNORECASE)


def read_ris(path: Path) -> Iterator[Reference | Problem]:
    """Yield the references of a RIS file; lines of providers between them are passed over.

    A record ends at ER, or where the next TY stands; tags between ER and TY belong to the record of that TY.
    """
    found = False
    for line, row in _ris_records(path):
        found = True
        if not {"TY", "TI", "T1", "DO"} & set(row):
            remedy = "put TY before its tags and ER behind them"
            yield Problem(str(path), line, ", ".join(row)[:60], "tags that belong to no record", remedy)
            continue
        if len(set(row.get("TI", []))) > 1:
            if "ER" not in row:  # two records run into one
                raise refusal(path, line, "TI", "two titles in a record without ER", "put ER behind each")
            yield Problem(str(path), line, "TI", f"a second title: {row['TI'][1][:80]!r}", "keep one title")
        yield _of_ris(row)
    if not found:
        raise refusal(path, 1, "", "no reference in it", "export at least one reference")


def _ris_records(path: Path) -> Iterator[tuple[int, Tags]]:
    """Yield the tags of each record with the line of its first; `ER` is among them where it has one."""
    text = read_text(path).lstrip("\ufeff")
    pattern = _STRICT if re.search(r"^TY  -", text, re.MULTILINE) else _LOOSE
    row: Tags = {}
    start, tag = 1, ""
    for number, line in enumerate(text.split("\n"), start=1):
        match = pattern.match(line)
        if not match:
            if tag and tag != "ER" and line.strip():
                row[tag][-1] = f"{row[tag][-1]} {line.strip()}".strip()
            continue
        tag = match[1] or "ER"
        if tag == "TY" and "TY" in row:
            yield start, row
            row = {}
        start = start if row else number
        row.setdefault(tag, []).append((match[2] or "").strip())
        if tag == "ER":
            if len(row) > 1:
                yield start, row
            row, tag = {}, ""
    if row:
        yield start, row


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
    own = row.get("PM", []) + row.get("C2", [])
    if FROM_PUBMED.search(origin) and not re.search("embase|scopus", origin, re.IGNORECASE):
        own = own + row.get("AN", [])
    numbers = [match[1] for text in own if (match := re.fullmatch(r"(?:PMID:? ?)?(\d{1,8})", text.strip()))]
    noted = noted_pmid(*(text for tag in ("N1", "AN", "C3", "C6", "UR", "L2") for text in row.get(tag, [])))
    return next(iter(numbers), noted)


_TAG = re.compile(r"([A-Z][A-Z0-9]{1,3}) *-(?: (.*)|$)")
_COLON = re.compile(r"([A-Z][A-Z0-9]{1,3}): ?(.*)")
_RECORD = re.compile(r"Record #\d+ of \d+\s*$|<\d+>\s*$")


def read_nbib(path: Path) -> Iterator[Reference | Problem]:
    """Yield the records of PubMed's own text, and of those like it: ERIC, Ovid and the Cochrane Library."""
    for row in _tagged_records(path):
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


def _tagged_records(path: Path) -> Iterator[Tags]:
    """Yield the tags of each record.

    A record begins at a line that numbers it, or where the tag that began the file stands again.
    """
    text = read_text(path).lstrip("\ufeff")
    pattern = _COLON if re.search(r"^Record #\d+ of", text, re.MULTILINE) else _TAG
    row: Tags = {}
    numbered = any(map(_RECORD.match, text.split("\n")))
    first = tag = ""
    for line in text.split("\n"):
        match = pattern.match(line)
        if _RECORD.match(line) or (match and not numbered and match[1] == (first or match[1])):
            if row:
                yield row
            row, tag = {}, ""
        if match:
            tag, first = match[1], first or match[1]
            row.setdefault(tag, []).append((match[2] or "").strip())
        elif tag and line.strip():
            row[tag][-1] = f"{row[tag][-1]} {line.strip()}".strip()
    if row:
        yield row
