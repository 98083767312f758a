"""References and reviews out again: whatever form they came in, as one that other tools take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from helpers.sources.reading import read_sources
from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.references import Reference
from helpers.sources.references_written import write_csl, write_ris
from helpers.sources.revman_web import write_web_rows


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
    held, needed, write = WRITERS[form]
    if not any(getattr(record, held) for record in records):
        remedy = f"give {needed}"
        raise SourceError(Problem(str(path), None, "", f"holds nothing to write as {form}", remedy))
    return write(records)


def _references(write: Callable[..., str]) -> Callable[[list[SourceRecord]], str]:
    return lambda records: write(Reference(**row) for record in records for row in record.references)


_LIST = "a list of references: RIS, BibTeX, CSL-JSON or PubMed"
WRITERS: dict[str, tuple[str, str, Callable[[list[SourceRecord]], str]]] = {
    "ris": ("references", _LIST, _references(write_ris)),
    "csl": ("references", _LIST, _references(write_csl)),
    "revman": ("effects", "a review's data: RevMan 5 or RevMan Web, or an extraction table", write_web_rows),
}
