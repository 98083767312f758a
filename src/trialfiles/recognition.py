"""Which format a file has, from its first bytes; its name plays no part."""

from __future__ import annotations

import csv
import re
import zipfile
from pathlib import Path

from trialfiles.forms import names_of
from trialfiles.record import refusal
from trialfiles.text import encoding_of

HEAD = 1 << 16
LIMIT = 200_000_000  # bytes; files of JSON are streamed and have no limit
_CTGOV = re.compile(
    r'"(protocolSection|resultsSection|hasResults|studies|FullStudiesResponse|FullStudy|ProtocolSection|'
    r'StudyFieldsResponse|study|history|derivedSection)"\s*:'
)
_CSL = re.compile(r'"(DOI|issued|container-title|author|title|citation-key|PMID)"\s*:')
_PROLOG = re.compile(
    r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)", re.DOTALL | re.IGNORECASE
)
_ROOT = re.compile(r"\s*<([A-Za-z_][\w.:-]*)")
_NAMES = names_of("recognition")
KNOWN_FORMS: str = _NAMES["known"]
_HEADINGS = re.compile(
    r"^\W{0,4}(?:\d{1,2}\.?\s{0,2})?(abstract|introduction|background|(?:materials? and |patients and )?"
    r"methods?|results|discussion|conclusions?|case (?:report|presentation|series|description)|references)\b",
    re.IGNORECASE | re.MULTILINE,
)


def recognise(path: str | Path) -> str:
    """Return a file's format.

    Returns
    -------
    str
        `sheet`, `ctgov`, `ictrp`, `ictrp_csv`, `exchange`, `medpath`, `irct`, `jats`, `text`, `ris`,
        `bibtex`, `csl`, `pubmed`, `nbib`, `rm5`, `revman_csv`, `table` or `xlsx`.

    Raises
    ------
    SourceError
        For a missing, empty or huge file, or one of no known format.
    """
    path = Path(path)
    head = _head(path)
    for other in _NAMES["refused"]:
        if re.match(other["begins"].encode("latin-1"), head):
            raise refusal(path, 1, "", f"{other['name']}: not a format that can be read", other["remedy"])
    if head.startswith(b"PK"):
        return _zip_form(path)
    try:
        text = head.decode(encoding_of(head[:4]), "replace").lstrip("\ufeff \t\r\n")
    except (LookupError, UnicodeError):
        text = ""
    if text.startswith(("{", "[")):
        return "csl" if _CSL.search(text) and not _CTGOV.search(text) else "ctgov"
    if text.startswith("<"):
        return _xml_form(path, text)
    form = _text_form(text)
    if form is None:
        raise refusal(path, 1, "", "not a format that can be read", f"give {KNOWN_FORMS}")
    return form


def _head(path: Path) -> bytes:
    if not path.is_file():
        raise refusal(path, None, "", "no such file", "check the name and the folder")
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        problem = f"cannot be read: {error.strerror or type(error).__name__}"
        raise refusal(path, None, "", problem, "check its permissions") from None
    streamed = head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith((b"{", b"["))
    if size == 0 or not head.strip() or (size > LIMIT and not streamed):
        what = "the file is empty" if size <= LIMIT else f"the file has {size:,} bytes"
        raise refusal(path, None, "", what, "export or download it again")
    return head


def _xml_form(path: Path, text: str) -> str:
    """Return the form of a root element; other roots are refused by name."""
    at = 0
    while match := _PROLOG.match(text, at):
        at = match.end()
    root = _ROOT.match(text, at)
    name = (root.group(1) if root else "").rpartition(":")[2]
    if name.lower() in _NAMES["refused_roots"]:
        remedy = "download the study from the register's API, version 2, as JSON"
        raise refusal(path, 1, name, "the legacy XML of ClinicalTrials.gov", remedy)
    if name.lower() in _NAMES["roots"]:
        return str(_NAMES["roots"][name.lower()])
    if "<pubmedarticle" in text.lower():
        return "pubmed"
    if re.search(r"<(?:\w+:)?article[\s>]", text) and "<front" in text:
        return "jats"
    if "<main>" in text and "<trial_id>" in text:
        return "exchange"
    return "ictrp"  # its reader says what is wrong


def _text_form(text: str) -> str | None:
    lines = text.splitlines()
    if any(line.startswith(("study_sheet:", "study_id:")) for line in lines):
        return "sheet"
    if (
        sum(char.isprintable() or char in "\n\r\t" for char in text) < 0.98 * len(text)
        or text.count("\ufffd") > 3
    ):
        return None
    for form, start in _NAMES["references"].items():
        if any(re.match(start, line) for line in lines):
            return str(form)
    return _table_form(lines) or _page_form(text)


def _table_form(lines: list[str]) -> str | None:
    first = next((line for line in lines if line.strip()), "")
    mark = max(",;\t", key=first.count)
    if not first.count(mark):
        return None
    try:
        names = {
            re.sub(r"\W+", "_", name.strip().strip('"')).lower()
            for name in next(csv.reader([first], delimiter=mark))
        }
    except (csv.Error, StopIteration):
        return None
    if "trialid" in names:
        return "ictrp_csv"
    if {"analysis_group", "analysis_number"} <= names or {"comparison_number", "outcome_number"} <= names:
        return "revman_csv"
    if "study" in names and (
        "data_source" in names or any(name.startswith("domain_judgement") for name in names)
    ):
        return "review_csv"
    same = [line for line in lines[1:] if line.strip()][:5]
    if len(names) >= 3 and len(first) < 5000 and same and all(line.count(mark) for line in same):
        return "table"
    return None


def _page_form(text: str) -> str | None:
    if "MedPath" in text and re.search(r"Registration Number|Recruitment & Eligibility", text):
        return "medpath"
    if re.search(r"IRCT registration (information|number)", text) and re.search(
        r"Protocol summary|IRCT\d+N\d+", text
    ):
        return "irct"
    headings = _HEADINGS.findall(text)
    return "text" if len(text) > 400 and len({name.lower() for name in headings}) >= 2 else None


def _zip_form(path: Path) -> str:
    """Return `xlsx` for a workbook; every other archive is refused."""
    unpacked, document = None, False
    try:
        with zipfile.ZipFile(path) as archive:
            document = "word/document.xml" in archive.namelist()
            if "xl/workbook.xml" in archive.namelist():
                unpacked = sum(item.file_size for item in archive.infolist())
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError):
        pass
    if document:
        raise refusal(path, None, "", "a Word document", "save it as plain text")
    if unpacked is None:
        raise refusal(path, None, "", "a zip archive", "unpack it and add the files in it")
    if unpacked > LIMIT:
        problem = "a workbook that unpacks to a giant"
        raise refusal(path, None, "", problem, "export it as CSV")
    return "xlsx"
