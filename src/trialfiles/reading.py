"""Any file of the field read: its format recognised by its first bytes, and its reader called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from trialfiles.articles import read_jats_records, read_text_records
from trialfiles.citations import Reference
from trialfiles.ctgov import read_ctgov
from trialfiles.extraction import read_extraction_table
from trialfiles.ictrp import read_exchange, read_ictrp, read_ictrp_csv
from trialfiles.pdf_articles import read_pdf_records
from trialfiles.recognition import recognise
from trialfiles.record import SourceRecord, refusal
from trialfiles.references import REFERENCE_READERS, reference_records, write_csl, write_ris
from trialfiles.registry_pages import read_irct, read_medpath
from trialfiles.reviews import read_review_csv, read_revman_csv, read_rm5, write_web_rows
from trialfiles.vocabulary import NO_WORDS, Vocabulary

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
