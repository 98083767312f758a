"""Any file of the field read: its format told by its first bytes, whatever its name, its reader called."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from trialfiles.articles import read_jats_records, read_text_records
from trialfiles.citations import Reference, write_csl, write_ris
from trialfiles.ctgov import read_ctgov
from trialfiles.extraction import read_extraction_table
from trialfiles.forms import names_of, patterns_of
from trialfiles.ictrp import read_exchange, read_ictrp, read_ictrp_csv
from trialfiles.pdf_articles import read_pdf_records
from trialfiles.record import SourceRecord, refusal
from trialfiles.references import REFERENCE_READERS, reference_records
from trialfiles.registry_pages import read_irct, read_medpath
from trialfiles.reviews import read_review_csv, read_revman_csv, read_rm5, write_web_rows
from trialfiles.text import csv_start, read_text, text_encoding
from trialfiles.vocabulary import NO_WORDS, Vocabulary
from trialfiles.worksheets import names_references, plain_heading, table_sheets

READERS: dict[str, Callable[[Path, Vocabulary], Iterable[SourceRecord]]] = {
    "ctgov": read_ctgov,
    "ictrp": read_ictrp,
    "ictrp_csv": read_ictrp_csv,
    "ictrp_xlsx": read_ictrp_csv,
    "exchange": read_exchange,
    "medpath": read_medpath,
    "irct": read_irct,
    "jats": read_jats_records,
    "text": read_text_records,
    "pdf": read_pdf_records,
    "rm5": read_rm5,
    "revman_csv": read_revman_csv,
    "review_csv": read_review_csv,
    "table": read_extraction_table,
    "xlsx": read_extraction_table,
    **{form: reference_records(form) for form in REFERENCE_READERS},
}


def read_source(path: str | Path, vocabulary: Vocabulary | None = None) -> SourceRecord:
    """Read a file that holds one source.

    Parameters
    ----------
    path : path
        A file of any form that `recognise` knows, but for study sheets, which belong to their review.
    vocabulary : Vocabulary, optional
        Names the concepts of outcomes and the roles of arms; without it both stay empty.

    Returns
    -------
    SourceRecord
        Its rows.

    Raises
    ------
    SourceError
        When it cannot be read whole, or holds several records (use `read_sources`).
    """
    found = list(read_sources(path, vocabulary))
    if len(found) != 1:
        remedy = "use read_sources(path), or export one record"
        raise refusal(path, None, "", f"holds {len(found)} records", remedy)
    return found[0]


def read_sources(path: str | Path, vocabulary: Vocabulary | None = None) -> Iterator[SourceRecord]:
    """Yield every record of a file, in order; errors as in `read_source`.

    Pages of ClinicalTrials.gov are streamed: where a page breaks off, its whole studies come first.
    """
    path = Path(path)
    form = recognise(path)
    if form not in READERS:
        remedy = "read it with the review that it belongs to"
        raise refusal(path, 1, "", f"a {form} is no file of the field", remedy)
    try:
        yield from READERS[form](path, vocabulary or NO_WORDS)
    except OSError as error:
        problem = f"cannot be read: {error.strerror or type(error).__name__}"
        raise refusal(path, None, "", problem, "check its permissions") from None
    except RecursionError:
        problem = "nested too deeply"
        raise refusal(path, None, "", problem, "export or download it again") from None


def converted(path: str | Path, form: str) -> str:
    """Return a file of references or of a review's data in another form.

    Parameters
    ----------
    path : path
        A list of references (RIS, BibTeX, CSL-JSON, PubMed) or a review's data (RevMan 5, RevMan Web, an
        extraction table), recognised by its content.
    form : str
        `ris` or `csl` for references, `revman` for the data rows of a review as RevMan Web CSV.

    Returns
    -------
    str
        The text of the new file.

    Raises
    ------
    SourceError
        When the file cannot be read whole, or holds nothing of the kind.
    ValueError
        For another form.
    """
    if form not in WRITERS:
        raise ValueError(f"no form {form!r}; there are {', '.join(WRITERS)}")
    records = list(read_sources(path))
    name, needed, write = WRITERS[form]
    if not any(getattr(record, name) for record in records):
        remedy = f"give {needed}"
        raise refusal(path, None, "", f"holds nothing to write as {form}", remedy)
    return write(records)


def _references(write: Callable[..., str]) -> Callable[[list[SourceRecord]], str]:
    return lambda records: write(Reference(**row) for record in records for row in record.references)


_LIST = "a list of references: RIS, BibTeX, CSL-JSON, PubMed, EndNote XML or CSV"
WRITERS: dict[str, tuple[str, str, Callable[[list[SourceRecord]], str]]] = {
    "ris": ("references", _LIST, _references(write_ris)),
    "csl": ("references", _LIST, _references(write_csl)),
    "revman": ("effects", "a review's data: RevMan 5 or RevMan Web, or an extraction table", write_web_rows),
}


HEAD = 1 << 16
LIMIT = 200_000_000  # bytes; files of JSON are streamed and have no limit
_NAMES = names_of("recognition")
_SHOWS = patterns_of("recognition", "patterns")


def recognise(path: str | Path) -> str:
    """Return a file's format.

    Returns
    -------
    str
        `sheet`, `ctgov`, `ictrp`, `ictrp_csv`, `exchange`, `medpath`, `irct`, `jats`, `text`, `pdf`, `ris`,
        `bibtex`, `csl`, `pubmed`, `nbib`, `endnote`, `reference_table`, `rm5`, `revman_csv`, `review_csv`,
        `table`, `ictrp_xlsx` or `xlsx`.

    Raises
    ------
    SourceError
        For a missing, empty or huge file, or one of no known format.
    """
    path = Path(path)
    head = _head(path)
    _refuse(path, "heads", lambda other: re.match(other["begins"].encode("latin-1"), head))
    if head.startswith(b"PK"):
        return _zip_form(path)
    if b"%PDF-" in head[:1024]:
        return "pdf"
    try:
        text = head.decode(text_encoding(head), "replace").lstrip("\ufeff \t\r\n")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    except (LookupError, UnicodeError):
        text = ""
    _refuse(path, "texts", lambda other: re.search(other["shows"], text, re.MULTILINE))
    if text.startswith(("{", "[")):
        return "csl" if _SHOWS["csl"].search(text) and not _SHOWS["ctgov"].search(text) else "ctgov"
    if text.startswith("<") and not re.match(r"<\d+\.? ?>\s*\n", text):  # which numbers a record of Ovid
        return _xml_form(path, text)
    form = _text_form(path, text)
    if form is None and "\ufffd" in text and _printable(text):
        read_text(path)  # says which byte is of another encoding
    if form is None:
        raise refusal(path, 1, "", "not a format that can be read", f"give {_NAMES['known']}")
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


def _refuse(path: Path, kind: str, fits: Callable[[dict[str, Any]], Any]) -> None:
    """Refuse by its name what is known and cannot be read."""
    for other in _NAMES["refused"][kind]:
        if fits(other):
            problem = f"{other['name']}: not a format that can be read"
            raise refusal(path, None if kind == "archives" else 1, "", problem, other["remedy"])


def _xml_form(path: Path, text: str) -> str:
    """Return the form of a root element; other roots are refused by name."""
    at = 0
    while match := _SHOWS["prolog"].match(text, at):
        at = match.end()
    root = _SHOWS["root"].match(text, at)
    name = (root.group(1) if root else "").rpartition(":")[2]
    _refuse(path, "roots", lambda other: name.lower() in other["roots"])
    if name.lower() in _NAMES["roots"]:
        return str(_NAMES["roots"][name.lower()])
    if "<pubmedarticle" in text.lower():
        return "pubmed"
    if re.search(r"<(?:\w+:)?article[\s>]", text) and "<front" in text:
        return "jats"
    if "<main>" in text and "<trial_id>" in text:
        return "exchange"
    return "ictrp"  # its reader says what is wrong


def _printable(text: str) -> bool:
    return sum(char.isprintable() or char.isspace() for char in text) >= 0.98 * len(text)


def _text_form(path: Path, text: str) -> str | None:
    lines = text.splitlines()
    if any(line.startswith(("study_sheet:", "study_id:")) for line in lines):
        return "sheet"
    if not _printable(text):
        return None
    for form, start in _NAMES["references"].items():
        if any(re.match(start, line) for line in lines):
            return str(form)
    return _table_form(path, text) or _page_form(text)


def _table_form(path: Path, text: str) -> str | None:
    """Return the form of a CSV file, by the first of its lines that names known columns."""
    start, mark = csv_start(text)
    try:
        rows = list(islice(csv.reader(io.StringIO(text[start:], newline=""), delimiter=mark), 30))
    except csv.Error:
        return None
    rows = [cells for cells in rows if any(map(str.strip, cells))]
    if form := _form_of_lines(path, rows[:20]):
        return form
    header, *same = rows[:6] or [[]]
    if len(set(header)) < 3 or sum(map(len, header)) >= 5000 or not same:
        return None
    # as many short names as cells on each line are a table, whatever headings stand in its cells
    even = max(map(len, header)) < 40 and {len(cells) for cells in same} == {len(header)}
    wide = all(1 < len(cells) <= len(header) for cells in same)
    return "table" if even or (wide and not _page_form(text)) else None


def _form_of_lines(path: Path, rows: list[list[Any]]) -> str | None:
    """Return what a table is, by the first line that names known columns."""
    return next(filter(None, (_form_of_columns(path, cells) for cells in rows)), None)


def _form_of_columns(path: Path, cells: list[Any]) -> str | None:
    """Return the form of a table with such columns; what is known and cannot be read is refused by name."""
    names = {plain_heading(cell) for cell in cells} - {""}
    _refuse(path, "tables", lambda other: set(other["columns"]) <= names)
    if "trialid" in names:
        return "ictrp_csv"
    if {"analysis_group", "analysis_number"} <= names or {"comparison_number", "outcome_number"} <= names:
        return "revman_csv"
    judged = any(name.startswith("domain_judgement") for name in names)
    if "study" in names and ("data_source" in names or judged):
        return "review_csv"
    ends = (".mapping.yaml", ".mapping.yml")  # a mapping beside it says that it is an extraction table
    if names_references(cells) and not any(path.with_name(path.stem + end).is_file() for end in ends):
        return "reference_table"
    known = {"study", "study_id"} & names and {"arm", "arm_id", "group", "n"} & names
    return "table" if known else None


def _page_form(text: str) -> str | None:
    if "MedPath" in text and _SHOWS["medpath"].search(text):
        return "medpath"
    if _SHOWS["irct"].search(text) and _SHOWS["irct_too"].search(text):
        return "irct"
    headings = _SHOWS["headings"].findall(text)
    return "text" if len(text) > 400 and len({name.lower() for name in headings}) >= 2 else None


def _zip_form(path: Path) -> str:
    """Return the form of a workbook by its sheets; every other archive is refused."""
    unpacked, members = None, set()
    try:
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
            if "xl/workbook.xml" in members:
                unpacked = sum(item.file_size for item in archive.infolist())
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError):
        pass
    _refuse(path, "archives", lambda other: other["holds"] in members)
    if unpacked is None:
        raise refusal(path, None, "", "a zip archive", "unpack it and add the files in it")
    if unpacked > LIMIT:
        problem = "a workbook that unpacks to a giant"
        raise refusal(path, None, "", problem, "export it as CSV")
    forms = (_form_of_lines(path, [cells for _, cells in sheet.lines]) for sheet in table_sheets(path, 20))
    form = next(filter(None, forms), None)
    return "ictrp_xlsx" if form == "ictrp_csv" else form if form == "reference_table" else "xlsx"
