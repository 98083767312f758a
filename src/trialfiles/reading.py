"""Read any source file: the format is recognised by its content, never by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from helpers.sources.articles import read_jats_records, read_text_records
from helpers.sources.ctgov import read_ctgov
from helpers.sources.extraction_table import read_table
from helpers.sources.ictrp import read_ictrp, read_ictrp_csv
from helpers.sources.irct_page import read_irct
from helpers.sources.medpath_page import read_medpath
from helpers.sources.recognition import KNOWN, recognise
from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.reference_lists import FORMS, reference_records
from helpers.sources.registry_exchange import read_exchange
from helpers.sources.review_files import read_review_csv
from helpers.sources.revman import read_revman_csv, read_rm5
from helpers.sources.sheet_record import sheet_record
from helpers.sources.study_sheet import read_sheet

__all__ = ["READERS", "read_source", "read_sources", "recognise"]


def _sheet(path: Path) -> Iterator[SourceRecord]:
    yield sheet_record(read_sheet(path))


READERS: dict[str, Callable[[Path], Iterable[SourceRecord]]] = {
    "sheet": _sheet,
    "ctgov": read_ctgov,
    "ictrp": read_ictrp,
    "ictrp_csv": read_ictrp_csv,
    "exchange": read_exchange,
    "medpath": read_medpath,
    "irct": read_irct,
    "jats": read_jats_records,
    "text": read_text_records,
    "rm5": read_rm5,
    "revman_csv": read_revman_csv,
    "review_csv": read_review_csv,
    "table": read_table,
    "xlsx": read_table,
    **{form: reference_records(form) for form in FORMS},
}


def read_source(path: str | Path) -> SourceRecord:
    """Read a file that holds one source.

    Parameters
    ----------
    path : path
        A file of any form that `recognise` knows.

    Returns
    -------
    SourceRecord
        Its rows.

    Raises
    ------
    SourceError
        When it cannot be read whole, or holds several records (use `read_sources`).
    """
    found = list(read_sources(path))
    if len(found) != 1:
        remedy = "use read_sources(path), or export one record"
        raise SourceError(Problem(str(path), None, "", f"holds {len(found)} records", remedy))
    return found[0]


def read_sources(path: str | Path) -> Iterator[SourceRecord]:
    """Yield every record of a file, in order; errors as in `read_source`.

    Pages of ClinicalTrials.gov are streamed: where a page breaks off, its whole studies come first.
    """
    path = Path(path)
    form = recognise(path)
    if form not in READERS:
        raise SourceError(Problem(str(path), 1, "", "not a format that can be read", f"give {KNOWN}"))
    try:
        yield from READERS[form](path)
    except OSError as error:
        problem = f"cannot be read: {error.strerror or type(error).__name__}"
        raise SourceError(Problem(str(path), None, "", problem, "check its permissions")) from None
    except RecursionError:
        problem = "nested too deeply"
        raise SourceError(Problem(str(path), None, "", problem, "export or download it again")) from None
