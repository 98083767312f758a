"""The cells of a table in a file: lines of CSV or of a workbook's first sheet, and the figures in them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any

from helpers.sources.record import Problem, SourceError
from helpers.sources.source_text import inert, read_bytes, read_text

MOST_ROWS = 200_000
_NUMBER = re.compile(r"[-+\u2212]?(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{1,30})?(?:[eE][-+]?\d{1,2})?")
_WITH_COMMA = re.compile(r"[-+\u2212]?(?:\d{1,15},(?:\d{1,2}|\d{4,30})|\d{1,3}(?:\.\d{3})+,\d{1,30})%?")
_WITH_POINT = re.compile(r"[-+\u2212]?\d{1,15}\.\d{1,30}%?")
_MISSING = ("", "na", "n/a", "nr", "not reported", "-", "\u2013", ".", "none", "nan")


def table_lines(path: Path) -> list[tuple[int, list[Any]]]:
    """Return the lines of a table with their numbers, cells as they stand.

    Raises
    ------
    SourceError
        For what is neither CSV nor a workbook, or longer than `MOST_ROWS`.
    """
    return _xlsx(path) if zipfile.is_zipfile(path) else _csv(path)


def _csv(path: Path) -> list[tuple[int, list[Any]]]:
    text = read_text(path).lstrip("\ufeff")
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    lines = []
    try:
        for cells in reader:
            lines.append((reader.line_num, cells))
            if len(lines) > MOST_ROWS:
                raise SourceError(Problem(str(path), reader.line_num, "", "too many rows", "split the table"))
    except csv.Error as error:
        raise SourceError(
            Problem(str(path), reader.line_num, "", f"not CSV: {error}", "save it again")
        ) from None
    return lines


def _xlsx(path: Path) -> list[tuple[int, list[Any]]]:
    """Return the first sheet's rows; a formula counts as the value that was saved with it."""
    import openpyxl  # slow to import, and few folders hold a workbook

    lines = []
    try:
        book = openpyxl.load_workbook(io.BytesIO(read_bytes(path)), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=500), start=1):
            filled = max((at for at, cell in enumerate(cells, start=1) if cell is not None), default=0)
            lines.append((number, list(cells[:filled])))
            if len(lines) > MOST_ROWS:
                raise SourceError(Problem(str(path), number, "", "too many rows", "split the table"))
        book.close()
    except SourceError:
        raise
    except Exception as error:  # a broken workbook raises whatever its broken part brings up
        problem = f"not a whole workbook: {type(error).__name__}"
        raise SourceError(Problem(str(path), None, "", problem, "save it again, or as CSV")) from None
    return lines


def cell_text(value: Any) -> str | None:
    """Return a cell as text; a whole number without its point."""
    if isinstance(value, float) and abs(value) < 1e15 and value == int(value):
        value = int(value)
    return None if value is None else inert(str(value))


def decimal_comma(lines: list[tuple[int, list[Any]]]) -> bool:
    """Whether a table writes `12,5`: some cell can be nothing else, and none has a decimal point."""
    cells = [str(cell).strip() for _, row in lines for cell in row if isinstance(cell, str)]
    return any(map(_WITH_COMMA.fullmatch, cells)) and not any(map(_WITH_POINT.fullmatch, cells))


def cell_figure(text: str | None, comma: bool = False) -> tuple[float | None, str | None]:
    """Return a number, and the text where it is none; `comma` tells that decimals stand behind a comma."""
    if text is None or text.lower() in _MISSING:
        return None, None
    plain = text.removesuffix("%").strip().lstrip("'")
    if comma and re.fullmatch(r"[^.,]*(?:\.\d{3})*(?:,\d{1,30})?", plain):
        plain = plain.replace(".", "").replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        return None, text
    return float(plain.replace(",", "").replace("\u2212", "-")), None
