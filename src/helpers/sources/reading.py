"""Read any source file: the format is recognised by its content, never by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from helpers.sources.ctgov import read_ctgov
from helpers.sources.ictrp import read_ictrp
from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.sheet_record import sheet_record
from helpers.sources.study_sheet import read_sheet

HEAD = 4096
MAX_BYTES = 200_000_000


def read_source(path: str | Path) -> SourceRecord:
    """Read a file that holds one source.

    Parameters
    ----------
    path : path
        A study sheet (YAML), a ClinicalTrials.gov API v2 study (JSON) or a WHO ICTRP export (XML).

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
    """Yield every record of a file, in order; errors as in `read_source`."""
    path = Path(path)
    form = recognise(path)
    if form == "sheet":
        yield sheet_record(read_sheet(path))
    elif form == "ctgov":
        yield read_ctgov(path)
    else:
        yield from read_ictrp(path)


def recognise(path: str | Path) -> str:
    """Return `sheet`, `ctgov` or `ictrp` from a file's first bytes.

    Raises
    ------
    SourceError
        For a missing, empty or huge file, or one of no known format.
    """
    path = Path(path)
    if not path.is_file():
        raise SourceError(Problem(str(path), None, "", "no such file", "check the name and the folder"))
    size = path.stat().st_size
    if size == 0 or size > MAX_BYTES:
        what = "the file is empty" if size == 0 else f"the file has {size} bytes"
        raise SourceError(Problem(str(path), None, "", what, "export or download it again"))
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError as error:
        problem = f"cannot be read: {error.strerror or type(error).__name__}"
        raise SourceError(Problem(str(path), None, "", problem, "check its permissions")) from None
    if head.startswith((b"{", b"[")):
        return "ctgov"
    if head.startswith(b"<"):
        return "ictrp"
    if head.startswith(b"PK"):
        raise SourceError(Problem(str(path), None, "", "a zip archive", "unpack it and add the files in it"))
    lines = head.decode("utf-8", "replace").splitlines()
    if any(line.startswith(("study_sheet:", "study_id:")) for line in lines):
        return "sheet"
    known = "a study sheet (YAML), a ClinicalTrials.gov API v2 study (JSON) or an ICTRP export (XML)"
    raise SourceError(Problem(str(path), 1, "", "not a format that can be read", f"give {known}"))
