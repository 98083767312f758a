"""Tables as sheets of lines: CSV in its dialects, and workbooks with all of their sheets."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from trialfiles.forms import names_of
from trialfiles.record import Problem, SourceError, refusal
from trialfiles.text import csv_lines, inert, read_bytes

MOST_TABLE_ROWS = 200_000
LARGEST_BOOK = 40_000_000  # bytes, unpacked, of a workbook that merged cells or formulas make read at once


@dataclass
class Sheet:
    """A sheet of a workbook, or a CSV file: its filled lines with their numbers, cells as they stand.

    `merged` holds line and place, from 0, of the cells that are part of a merged one.
    """

    path: Path
    name: str
    lines: list[tuple[int, list[Any]]]
    merged: set[tuple[int, int]] = field(default_factory=set)

    def problem(self, line: int | None, column: str, problem: str, remedy: str) -> Problem:
        """Return what is wrong at a place of the sheet."""
        where = ": ".join(filter(None, [self.name, column]))
        return Problem(str(self.path), line, where, problem, remedy)

    def below(self, known: Callable[[list[Any]], bool]) -> tuple[list[str], list[tuple[int, list[Any]]]]:
        """Return the names in the first line of known columns, and the lines below it; else nothing."""
        for at, (_, cells) in enumerate(self.lines[:20]):
            if known(cells):
                return [str(cell or "").strip() for cell in cells], self.lines[at + 1 :]
        return [], []

    def not_read(self) -> Problem:
        """Return what is told of a sheet that is no table of the kind."""
        first = ", ".join(str(cell) for cell in self.lines[0][1] if cell is not None)[:80]
        problem = f"a sheet that is not read: no line names known columns (first cells: {first})"
        return self.problem(None, "", problem, "name its columns, or leave it")


def table_sheets(path: Path, most: int = MOST_TABLE_ROWS) -> list[Sheet]:
    """Return the sheets of a table that hold anything, `most` lines of each.

    Raises
    ------
    SourceError
        For what is neither CSV nor a workbook, or longer than `MOST_TABLE_ROWS`.
    """
    if zipfile.is_zipfile(path):
        with warnings.catch_warnings(action="ignore"):  # openpyxl's, of styles and rules that it leaves out
            return _workbook(path, most)
    sheet = Sheet(path, "", list(islice(csv_lines(path), most + 1)))
    return [sheet] if _tidied(sheet, most).lines else []


def _tidied(sheet: Sheet, most: int) -> Sheet:
    """Return a sheet without empty lines, and without what is empty at the end of a workbook's line."""
    if len(sheet.lines) > most == MOST_TABLE_ROWS:
        raise refusal(sheet.path, sheet.lines[-1][0], sheet.name, "too many rows", "split the table")
    for _, cells in sheet.lines if sheet.name else ():
        while cells and cells[-1] is None:
            cells.pop()
    kept = sheet.lines[:most]
    sheet.lines = [one for one in kept if any(cell is not None and str(cell).strip() for cell in one[1])]
    return sheet


def _workbook(path: Path, most: int) -> list[Sheet]:
    """Return the sheets of a workbook.

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
            sheet = Sheet(path, page.title, [])
            for number, cells in enumerate(islice(page.iter_rows(max_col=500), most + 1), start=1):
                twin = formulas[page.title] if formulas else None
                written = [twin and twin.cell(number, at) for at in range(1, len(cells) + 1)]
                sheet.lines.append((number, list(map(_value, cells, written))))
            shown = page.sheet_state == "visible"
            if not shown:
                sheet.lines = [(1, ["hidden: show it to have it read"])] if sheet.lines else []
            for area in page.merged_cells.ranges if whole and shown else ():
                for line, row in sheet.lines[area.min_row - 1 : area.max_row]:
                    for place in range(area.min_col - 1, min(area.max_col, len(row))):
                        row[place] = sheet.lines[area.min_row - 1][1][area.min_col - 1]
                        sheet.merged.add((line, place))
            sheets.append(_tidied(sheet, most))
        book.close()
    except SourceError:
        raise
    except Exception as error:  # a broken workbook raises whatever its broken part brings up
        problem = f"not a whole workbook: {type(error).__name__}"
        raise refusal(path, None, "", problem, "save it again, or as CSV") from None
    return [sheet for sheet in sheets if sheet.lines]


def _needs_all(path: Path, data: io.BytesIO) -> bool:
    """Return whether a workbook has merged cells or formulas, which it does not tell row by row."""
    with zipfile.ZipFile(data) as archive:
        parts = [part for part in archive.infolist() if part.filename.startswith("xl/worksheets/")]
        wanted = re.compile(rb"<(?:\w+:)?(?:mergeCell|f)[ >/]")
        needed = any(wanted.search(archive.read(part)) for part in parts)
    if needed and sum(part.file_size for part in parts) > LARGEST_BOOK:
        problem = "a large workbook with merged cells or formulas"
        raise refusal(path, None, "", problem, "save its sheets as CSV")
    return needed


def _value(cell: Any, written: Any) -> Any:
    """Return a cell's value; of a formula without one the formula, which no reader takes for a number."""
    value = cell.value
    if value is None and written is not None and written.data_type == "f":
        return str(getattr(written.value, "text", written.value))
    percent = isinstance(value, float | int) and "%" in (cell.number_format or "")
    return f"{value * 100:.12g}%" if percent else value


def sheet_cell_text(value: Any) -> str | None:
    """Return a cell as text; a whole number without its point, a day without its midnight."""
    if isinstance(value, float) and abs(value) < 1e15 and value == int(value):
        value = int(value)
    return None if value is None else inert(str(value).removesuffix(" 00:00:00"))


def plain_heading(cell: Any) -> str:
    """Return a column's name in lower case, with _ between its words."""
    return re.sub(r"\W+", "_", str(cell or "").strip().lower()).strip("_")


def names_references(cells: list[Any]) -> bool:
    """Return whether a line names the columns of a table of references."""
    names, known = {plain_heading(cell) for cell in cells}, names_of("references")
    told = [field for field in known["of_tables"] if names & set(known["table"][field])]
    titled = bool(names & set(known["table"]["title"]))
    return titled and len(told) >= 2 and not names & set(known["no_table"])
