"""The records considered: one row each, with where it was found and why it is in or out."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from helpers.sources.record import Problem, SourceError

COLUMNS = (
    "record_id", "record", "kind", "identifier", "found_through", "seen", "decision", "reason", "study_id",
)  # fmt: skip
DECISIONS = ("included", "awaiting", "excluded")


def read_screening(raw: str | Path) -> list[dict[str, str | None]]:
    """Return the rows of `screening.csv`; an empty list when there is no such file.

    Raises
    ------
    SourceError
        For a missing column, an unknown decision, a repeated record or an exclusion without a reason;
        every problem is listed.
    """
    path = Path(raw) / "screening.csv"
    if not path.is_file():
        return []
    try:
        lines = io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")
    except UnicodeDecodeError:
        raise SourceError(Problem(str(path), None, "", "not UTF-8 text", "save the file as UTF-8")) from None
    try:
        return _rows(path, csv.DictReader(lines))
    except csv.Error as error:
        raise SourceError(Problem(str(path), None, "", f"not CSV: {error}", "save it as CSV again")) from None


def _rows(path: Path, reader: csv.DictReader) -> list[dict[str, str | None]]:
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
    if missing:
        raise SourceError(
            Problem(str(path), 1, ", ".join(missing), "missing column", "add it to the first line")
        )
    rows, problems, seen = [], [], set()
    for row in reader:
        problems += _row_problems(path, reader.line_num, row, seen)
        rows.append({name: (row[name] or "").strip() or None for name in COLUMNS})
    if problems:
        raise SourceError(problems)
    return rows


def _row_problems(path: Path, line: int, row: dict, seen: set[str]) -> list[Problem]:
    problems = []
    record = (row.get("record_id") or "").strip()
    if not record or record in seen:
        what = f"{record!r} stands twice" if record else "missing"
        problems.append(Problem(str(path), line, "record_id", what, "give each record its own name"))
    seen.add(record)
    if row.get("decision") not in DECISIONS:
        remedy = "use one of " + ", ".join(DECISIONS)
        problems.append(
            Problem(str(path), line, "decision", f"{row.get('decision')!r} is no decision", remedy)
        )
    if not (row.get("reason") or "").strip():
        problems.append(Problem(str(path), line, "reason", "missing", "say why the record is in or out"))
    if None in row or None in row.values():
        problems.append(
            Problem(str(path), line, "", "too many or too few columns", "quote texts that hold a comma")
        )
    return problems
