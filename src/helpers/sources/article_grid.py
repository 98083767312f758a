"""A table of a JATS article as a grid: every cell at every place that it spans."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

WIDEST = 200  # columns; wider spans are mistakes or mischief
_SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u205f\u3000]+")


@dataclass(eq=False)
class Cell:
    """A printed cell; `start` is its first character in the article's text."""

    text: str
    head: bool = False
    start: int = -1


@dataclass
class Row:
    """A row of the grid; a cell that spans columns stands in each of them."""

    cells: list[Cell]
    head: bool = False

    @property
    def texts(self) -> list[str]:
        """The texts of the row, spanned cells repeated."""
        return [cell.text for cell in self.cells]


@dataclass
class Grid:
    """A table: label, caption, foot and rows of equal length."""

    label: str
    caption: str
    foot: str
    rows: list[Row] = field(default_factory=list)


def cell_text(element: Element, skip: tuple[str, ...] = ()) -> str:
    """Return an element's text on one line, every kind of space as one space; some elements left out."""
    parts: list[str] = []
    _collect(element, skip, parts)
    return _SPACES.sub(" ", "".join(parts)).strip()


def _collect(element: Element, skip: tuple[str, ...], parts: list[str]) -> None:
    parts.append(element.text or "")
    for child in element:
        name = str(child.tag).rpartition("}")[2]
        if name not in skip and isinstance(child.tag, str):
            if name in ("break", "p", "title", "list-item"):
                parts.append(" ")
            _collect(child, skip, parts)
        parts.append(child.tail or "")


def read_grid(table: Element, label: str, caption: str, foot: str) -> Grid:
    """Return a table's grid; rows of nothing but rules are left out."""
    grid = Grid(label, caption, foot)
    held: dict[int, tuple[Cell, int]] = {}  # column -> cell from a row above, rows it still spans
    for part, head in _rows(table):
        cells: list[Cell] = []
        for element in (child for child in part if _local(child) in ("td", "th")):
            _fill(cells, held)
            cell = Cell(cell_text(element), head or _local(element) == "th")
            across, down = _span(element, "colspan"), _span(element, "rowspan")
            for _ in range(min(across, WIDEST - len(cells))):
                if down > 1:
                    held[len(cells)] = (cell, down)
                cells.append(cell)
        _fill(cells, held)
        held = {column: (cell, left - 1) for column, (cell, left) in held.items() if left > 1}
        if any(cell.text for cell in cells):
            grid.rows.append(Row(cells, head))
    width = max((len(row.cells) for row in grid.rows), default=0)
    for row in grid.rows:
        row.cells += [Cell("") for _ in range(width - len(row.cells))]
    return grid


def _fill(cells: list[Cell], held: dict[int, tuple[Cell, int]]) -> None:
    """Put in the cells that reach down from above."""
    while len(cells) in held and len(cells) < WIDEST:
        cells.append(held[len(cells)][0])


def _rows(table: Element) -> list[tuple[Element, bool]]:
    found = []
    for part in table:
        if _local(part) == "tr":
            found.append((part, False))
        elif _local(part) in ("thead", "tbody", "tfoot"):
            found += [(row, _local(part) == "thead") for row in part if _local(row) == "tr"]
    return found


def _span(element: Element, name: str) -> int:
    text = element.get(name) or "1"
    return max(1, min(int(text), WIDEST)) if text.isdecimal() and len(text) < 6 else 1


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
