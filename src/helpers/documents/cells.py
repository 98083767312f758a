"""Tables: their rows, headers and captions, which tell what their cells hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from helpers.documents.cell_figures import Words, holds_figure, read_figure, unit_said
from helpers.documents.folding import CELL, PARAGRAPH
from helpers.documents.quantity import Quantity

_SD_BRACKET = re.compile(r"(?i:mean[^\f\t]{0,80}?[(\[] ?(?:SD|s\.d\.|standard deviation) ?[)\]])")
_CAPTION = re.compile(r" ?(?:\0|(?i:table))")
AROUND = 800
_SAYS = re.compile(r"\w")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Cell:
    """A cell: its text, where it begins, and its column."""

    content: str
    start: int
    column: int


def read_cells(rest: str, text: str) -> Iterator[Quantity]:
    """Yield what stands in table cells that the grammar has not read.

    Parameters
    ----------
    rest : str
        Folded text with everything blanked that was read.
    text : str
        The folded text before anything was read.

    """
    by_default = _SD_BRACKET.search(text) is not None and CELL in text
    table: list[list[Cell]] = []
    caption, start = "", 0
    for row_text in [*rest.split(PARAGRAPH), ""]:
        if CELL in row_text:
            table.append(_cells(row_text, start))
        elif table:
            yield from _read_table(table, text, caption, by_default)
            table, caption = [], ""
        if CELL not in row_text and row_text:
            caption = text[start : start + min(len(row_text), AROUND)]
        start += len(row_text) + 1


def _cells(row_text: str, start: int) -> list[Cell]:
    """Return the cells of a row."""
    cells = []
    for column, content in enumerate(row_text.split(CELL)):
        cells.append(Cell(content, start, column))
        start += len(content) + 1
    return cells


def _read_table(table: list[list[Cell]], text: str, caption: str, by_default: bool) -> Iterator[Quantity]:
    """Yield the figures of one table; a row without a figure is a header for the rows below it."""
    headers: dict[int, str] = {}
    under_header, all_headers = False, ""
    for row in table:
        shown = [text[cell.start : cell.start + len(cell.content)].strip() for cell in row]
        if not any(_SAYS.search(words) for words in shown):
            continue
        values = [cell for cell in row[1:] if holds_figure(cell.content.strip())]
        if not values and any(shown[1:]) and _is_header(row, shown, first=row is table[0]):
            above = headers if under_header else {}
            headers = {
                cell.column: f"{above.get(cell.column, '')} {shown[at]}".strip()[-AROUND:]
                for at, cell in enumerate(row)
            }
            under_header, all_headers = True, " ".join(headers.values())[:AROUND]
            continue
        under_header = under_header and not any(shown[1:])
        shared = f"{shown[0]} {caption} {all_headers}"
        for cell in values:
            header = headers.get(cell.column, "")
            words = Words(header, shown[0], f"{header} {shared}", by_default)
            content = cell.content.strip()
            yield from read_figure(content, cell.start + cell.content.index(content), words)


def _is_header(row: list[Cell], shown: list[str], first: bool) -> bool:
    """Whether a row without bare figures is a header: nothing was read in it, or, in the first row, names."""
    if first:
        return all("±" not in words and _LETTER.search(words) for words in shown[1:] if words)
    return all(_LETTER.search(cell.content) for cell in row[1:] if cell.content.strip())


def with_caption_units(found: list[Quantity], text: str) -> list[Quantity]:
    """Give `mean ± SD` cells without a unit the one that the caption of their table prints in brackets.

    Parameters
    ----------
    found : list of Quantity
        In order of place.
    text : str
        The folded text.

    """
    completed, at, unit = list(found), 0, ""
    start = 0
    for row in text.split(PARAGRAPH):
        if CELL not in row:
            unit = _caption_unit(row[:AROUND])
        end = start + len(row)
        while at < len(found) and found[at].char_start < end:
            item = found[at]
            if CELL in row and unit and item.kind == "mean_sd" and not item.unit:
                completed[at] = replace(item, unit=unit)
            at += 1
        start = end + 1
    return completed


def _caption_unit(line: str) -> str:
    """Return the unit in brackets in a table's caption; '' when the line is no caption or has none."""
    return unit_said(line) if _CAPTION.match(line) else ""
