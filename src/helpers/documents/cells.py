"""Cells of tables, whose meaning stands in the header, the row label or the caption."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from helpers.documents.folding import CELL, PARAGRAPH
from helpers.documents.numerals import PLAIN, SIGNED, number
from helpers.documents.quantity import Quantity, quantity
from helpers.documents.units import ANY, unit_of

_MEAN_SD = re.compile(r"(?i:mean[^\f\t]{0,80}?[(±,\[] ?(?:± ?)?(?:SD|s\.d\.|standard deviation)|± ?SD)")
_N_PERCENT = re.compile(r"(?i:(?:n|no\.?|number|count|frequency)[^\f\t()]{0,30}[(,\[] ?%)")
_P_VALUE = re.compile(r"(?i:(?:^|[^\w])p(?:[ –]?val(?:ue)?s?)?(?: ?[(*†‡,]|$)|^significance)")
_UNIT = re.compile(rf"[(\[] ?(?P<u>{ANY}) ?[)\]]|, (?P<u2>{ANY})(?: |$)")
_CAPTION = re.compile(r" ?(?:\0|(?i:table))")
AROUND = 800
_TWO = re.compile(rf"({SIGNED}) ?\( ?({PLAIN}) ?(%?) ?\)[*†‡a-e]{{0,3}}")
_ONE = re.compile(rf"(?P<relation>[<>≤≥=]?) ?(?P<v>{PLAIN})[*†‡a-e]{{0,3}}")


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
    table: list[list[Cell]] = []
    caption, start = "", 0
    for row_text in [*rest.split(PARAGRAPH), ""]:
        if CELL in row_text:
            table.append(_cells(row_text, start))
        elif table:
            yield from _read_table(table, text, caption)
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


def _read_table(table: list[list[Cell]], text: str, caption: str) -> Iterator[Quantity]:
    """Yield the figures of one table; a row without a figure is a header for the rows below it."""
    headers: dict[int, str] = {}
    for row in table:
        shown = [text[cell.start : cell.start + len(cell.content)] for cell in row]
        values = [
            cell
            for cell in row[1:]
            if _TWO.fullmatch(cell.content.strip()) or _ONE.fullmatch(cell.content.strip())
        ]
        if not values and not any("\0" in cell.content for cell in row[1:]):
            headers = {cell.column: shown[at] for at, cell in enumerate(row)}
            continue
        shared = " ".join((shown[0], caption, *headers.values()))[:AROUND]
        for cell in values:
            header = headers.get(cell.column, "")
            yield from _read_cell(cell, header, f"{header} {shared}")


def _read_cell(cell: Cell, header: str, around: str) -> Iterator[Quantity]:
    """Yield what a cell holds under a header, with its row label and the caption around it."""
    content = cell.content.strip()
    start = cell.start + cell.content.index(content)
    two = _TWO.fullmatch(content)
    if two:
        yield from _read_two(two, start, header, around)
        return
    one = _ONE.fullmatch(content)
    if one and _P_VALUE.search(header.strip()) and number(one["v"]) <= 1:
        span = start, start + one.end("v")
        yield quantity("p_value", span, number(one["v"]), relation=one["relation"] or "=")


def _read_two(two: re.Match, start: int, header: str, around: str) -> Iterator[Quantity]:
    """Yield a cell such as `178.3 (7.8)` or `31 (68.9)`, when its table says what the bracket holds."""
    first, second = (start + two.start(1), start + two.end(1)), (start + two.start(2), start + two.end(2))
    percent = two[3] == "%" or (
        _N_PERCENT.search(header) or (_N_PERCENT.search(around) and not _MEAN_SD.search(around))
    )
    if percent:
        yield quantity("count", first, number(two[1]))
        yield quantity("percent", second, number(two[2]), unit="%")
    elif _MEAN_SD.search(header) or _MEAN_SD.search(around):
        unit = _UNIT.search(around)
        spelling = unit_of(unit["u"] or unit["u2"]).spelling if unit else ""
        span = first[0], start + two.string.index(")") + 1
        yield quantity("mean_sd", span, number(two[1]), sd=number(two[2]), unit=spelling)


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
    unit = _UNIT.search(line) if _CAPTION.match(line) else None
    return unit_of(unit["u"] or unit["u2"]).spelling if unit else ""
