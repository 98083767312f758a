"""Tables as sheets of lines: CSV in its dialects, and workbooks with all of their sheets."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from trialfiles.forms import names_of
from trialfiles.record import Problem, SourceError, refusal
from trialfiles.text import csv_lines, inert, read_bytes

MOST_TABLE_ROWS = 200_000
LARGEST_BOOK = (
    40_000_000  # bytes, unpacked, of a workbook whose merged cells or formulas need the whole of it
)


@dataclass
class Sheet:
    """A sheet of a workbook, or a CSV file: its lines with their numbers, cells as they stand.

    `merged` holds line and column, from 0, of the cells that are part of a merged one.
    """

    name: str
    lines: list[tuple[int, list[Any]]]
    merged: set[tuple[int, int]] = field(default_factory=set)

    def unread(self, path: Path) -> Problem:
        """Return what is told of a sheet that is no table of the kind."""
        problem = (
            f"a sheet that is not read: it has no row of known column names (first cells: {self._first()})"
        )
        return Problem(str(path), None, self.name, problem, "name its columns, or leave it")

    def _first(self) -> str:
        cells = (sheet_cell_text(cell) for _, row in self.lines[:1] for cell in row)
        return ", ".join(filter(None, cells))[:80]


def table_sheets(path: Path, most: int = MOST_TABLE_ROWS) -> list[Sheet]:
    """Return the sheets of a table; empty lines are left out.

    Raises
    ------
    SourceError
        For what is neither CSV nor a workbook, or longer than `MOST_TABLE_ROWS`.
    """
    if zipfile.is_zipfile(path):
        return _workbook(path, most)
    lines = [line for line in islice(csv_lines(path), most + 1) if _filled(line[1])]
    if most == MOST_TABLE_ROWS and len(lines) > most:
        raise refusal(path, lines[-1][0], "", "too many rows", "split the table")
    return [Sheet("", lines[:most])]


def _filled(cells: list[Any]) -> bool:
    return any(cell is not None and str(cell).strip() for cell in cells)


def _workbook(path: Path, most: int) -> list[Sheet]:
    """Return the sheets that hold anything.

    A formula counts as the value that was saved with it, else it stands as it is written; a merged cell's
    value stands in each of its cells; what is shown as percent is percent.
    """
    import openpyxl  # slow to import, and few folders hold a workbook

    sheets = []
    try:
        data = io.BytesIO(read_bytes(path))
        whole = _needs_all(path, data)
        book = openpyxl.load_workbook(data, read_only=not whole, data_only=True)
        formulas = openpyxl.load_workbook(data) if whole else None
        for page in book.worksheets:
            sheet = Sheet(page.title, [])
            written = formulas[page.title] if formulas else None
            for number, cells in enumerate(page.iter_rows(max_col=500), start=1):
                row = [_value(cell) for cell in cells]
                if written is not None:
                    row = [_formula(value, written.cell(number, at)) for at, value in enumerate(row, start=1)]
                if len(sheet.lines) > most:
                    if most == MOST_TABLE_ROWS:
                        raise refusal(path, number, page.title, "too many rows", "split the table")
                    break
                sheet.lines.append((number, row))
            if whole:
                _spread(sheet, page.merged_cells.ranges)
            sheet.lines = [(number, _trimmed(row)) for number, row in sheet.lines if _filled(row)]
            sheets += [sheet] if sheet.lines else []
        book.close()
    except SourceError:
        raise
    except Exception as error:  # a broken workbook raises whatever its broken part brings up
        problem = f"not a whole workbook: {type(error).__name__}"
        raise refusal(path, None, "", problem, "save it again, or as CSV") from None
    return sheets


def _needs_all(path: Path, data: io.BytesIO) -> bool:
    """Return whether a workbook has merged cells or formulas, which it does not tell row by row."""
    with zipfile.ZipFile(data) as archive:
        parts = [part for part in archive.infolist() if part.filename.startswith("xl/worksheets/")]
        size = sum(part.file_size for part in parts)
        needed = size <= LARGEST_BOOK * 5 and any(
            re.search(rb"<(?:\w+:)?(?:mergeCell|f)[ >/]", archive.read(part)) for part in parts
        )
    if needed and size > LARGEST_BOOK:
        problem = "a large workbook with merged cells or formulas"
        raise refusal(path, None, "", problem, "save its sheets as CSV")
    return needed


def _value(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, float | int) and not isinstance(value, bool) and "%" in (cell.number_format or ""):
        return f"{value * 100:.12g}%"
    return value


def _formula(value: Any, cell: Any) -> Any:
    """Return a cell's value; where a formula has none, the formula, which no reader takes for a number."""
    if value is not None or cell.data_type != "f":
        return value
    return str(getattr(cell.value, "text", None) or cell.value or "=")


def _spread(sheet: Sheet, ranges: Any) -> None:
    for area in ranges:
        for at in range(area.min_row - 1, min(area.max_row, len(sheet.lines))):
            row = sheet.lines[at][1]
            row += [None] * (min(area.max_col, 500) - len(row))
            for column in range(area.min_col - 1, min(area.max_col, 500)):
                row[column] = sheet.lines[area.min_row - 1][1][area.min_col - 1]
                sheet.merged.add((at + 1, column))


def _trimmed(row: list[Any]) -> list[Any]:
    filled = max((at for at, cell in enumerate(row, start=1) if cell is not None), default=0)
    return row[:filled]


def sheet_cell_text(value: Any) -> str | None:
    """Return a cell as text; a whole number without its point, a day without its midnight."""
    if isinstance(value, float) and abs(value) < 1e15 and value == int(value):
        value = int(value)
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return None if value is None else inert(str(value))


def plain_heading(cell: Any) -> str:
    """Return a column's name in lower case, with _ between its words."""
    return re.sub(r"\W+", "_", str(cell or "").strip().lower()).strip("_")


def names_references(cells: list[Any]) -> bool:
    """Return whether a line names the columns of a table of references."""
    names, known = {plain_heading(cell) for cell in cells}, names_of("references")
    told = [field for field in known["of_tables"] if names & set(known["table"][field])]
    titled = bool(names & set(known["table"]["title"]))
    return titled and len(told) >= 2 and not names & set(known["no_table"])
