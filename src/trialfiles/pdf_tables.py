"""Tables printed on the pages of a PDF: grids from their rules and the alignment of their cells."""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TypeVar

from trialfiles.article_tables import Grid, GridCell, GridRow, raised_text, statistics_of
from trialfiles.forms import patterns_of
from trialfiles.pdf_pages import PdfPage, Piece

_Item = TypeVar("_Item")
MOST_TABLES = 12  # on a page
PRINTED = patterns_of("printed", "patterns")


@dataclass
class PrintedTable:
    """A table on a page: its box and its grid."""

    x0: float
    x1: float
    y: float
    grid: Grid


def whole_lines(pieces: list[Piece], gutter: float | None) -> list[Piece]:
    """Return pieces as lines, top to bottom: those of a baseline joined, at a gutter only where none is."""
    lines: list[Piece] = []
    for row in lines_of_pieces(pieces):
        line = Piece(**vars(row[0]))
        for one in row[1:]:
            over = gutter and line.x1 <= gutter + 2 <= one.x0 + 4
            if gutter is not None and (over or one.x0 - line.x1 > 1.3 * line.size):
                lines.append(line)
                line = Piece(**vars(one))
            else:
                line.text += " " + one.text
                line.x1, line.bold = max(line.x1, one.x1), line.bold and one.bold
                line.size = max(line.size, one.size)
        lines.append(line)
    return lines


def lines_of_pieces(pieces: list[Piece]) -> list[list[Piece]]:
    """Return pieces by their baselines, top to bottom, each from left to right."""
    rows = _groups(
        sorted(pieces, key=lambda one: -one.y),
        lambda row, one: row[0].y - one.y < 0.35 * max(one.size, row[0].size),
    )
    return [sorted(row, key=lambda one: one.x0) for row in rows]


def _groups(items: Iterable[_Item], goes_on: Callable[[list[_Item], _Item], bool]) -> list[list[_Item]]:
    """Return items in groups: each joins the group before it, where it goes on with it."""
    found: list[list[_Item]] = []
    for one in items:
        if found and goes_on(found[-1], one):
            found[-1].append(one)
        else:
            found.append([one])
    return found


def _within(pieces: list[Piece], x0: float, x1: float, low: float, high: float) -> list[Piece]:
    """Return the pieces in a box, a little wider than told."""
    return [one for one in pieces if x0 - 4 < one.x0 and one.x1 < x1 + 4 and low <= one.y < high]


def printed_tables(page: PdfPage, gutter: float | None) -> list[PrintedTable]:
    """Take the tables that have a caption above them out of a page's pieces."""
    found, rules = [], _joined(page.level)
    captions = [
        one for one in sorted(page.pieces, key=lambda one: -one.y) if PRINTED["caption"].match(one.text)
    ]
    for caption in captions[:MOST_TABLES]:
        label = PRINTED["caption"].match(caption.text)
        if not label or not any(one is caption for one in page.pieces):
            continue
        region = _ruled(page, caption, rules) or _aligned(page, caption, gutter)
        if region is None:
            continue
        x0, x1, top, bottom = region
        own = [one for one in page.pieces if x0 - 4 < one.x0 < x1 + 4]
        inside = _within(own, x0, x1, bottom, top)
        lines = lines_of_pieces([part for one in inside for part in one.parts()])
        if len(lines) < 2:
            continue
        above = [one for one in own if top <= one.y < caption.y + 2]
        below = _foot(own, bottom, median(one.size for one in inside))
        gone = set(map(id, [*inside, *above, *below, caption]))
        words, foot = (" ".join(one.text for one in whole_lines(part, None)) for part in (above, below))
        said = raised_text(words)[0].removeprefix(label[1]).lstrip(" .:|\u2013\u2014-")
        grid = Grid(raised_text(label[1])[0], said, raised_text(foot)[0])
        level = [rule for rule in rules if rule[0] > x0 - 12 and rule[1] < x1 + 12]
        level = [rule for rule in level if bottom - 4 < rule[2] < top + 4]
        uprights = [rule for rule in page.upright if rule[0] < top + 4 and rule[1] > bottom - 4]
        rows = _Rows(lines, level, uprights, (x0, x1))
        if not rows.marks:
            continue
        grid.rows = rows.rows()
        page.pieces = [one for one in page.pieces if id(one) not in gone]
        found.append(PrintedTable(x0, x1, caption.y, grid))
    return found


_Rule = tuple[float, float, float]


def _joined(level: list[_Rule]) -> list[_Rule]:
    """Return level rules from top to bottom, those in one line that touch as one."""
    found: list[_Rule] = []
    ordered = sorted(level, key=lambda rule: -rule[2])
    for rules in _groups(ordered, lambda rules, rule: rules[0][2] - rule[2] <= 1.5):
        height = rules[0][2]
        for x0, x1, _ in sorted(rules):
            if found and found[-1][2] == height and x0 < found[-1][1] + 4:
                found[-1] = (found[-1][0], max(found[-1][1], x1), height)
            else:
                found.append((x0, x1, height))
    return found


def _tabular(pieces: list[Piece]) -> float:
    """Return the share of lines that have several cells."""
    lines = lines_of_pieces(pieces)
    return sum(len(line) > 1 for line in lines) / max(1, len(lines))


def _ruled(page: PdfPage, caption: Piece, rules: list[_Rule]) -> tuple[float, float, float, float] | None:
    """Return the box of a table between rules: x0, x1, top, bottom."""
    under = [rule for rule in rules if rule[2] < caption.y - 0.1 * caption.size and rule[1] - rule[0] > 60]
    first = next((rule for rule in under if rule[0] - 20 < caption.x0 < rule[1]), None)
    if first is None or caption.y - first[2] > 10 * caption.size:
        return None
    x0, x1, top = first
    below = [one for one in page.pieces if one.y < top and x0 - 4 < one.x0 < x1]
    captions = [one.y for one in below if PRINTED["caption_start"].match(one.text)]
    other, bottom = max(captions, default=-1e9), top
    for left, right, y in under:
        if other < y < bottom and abs(left - x0) < 12 and abs(right - x1) < 12:
            between = _within(page.pieces, x0, x1, y, bottom)
            if between and _tabular(between) < 0.3 and bottom < top:
                break
            bottom = y
    bottom = _end_of_cells(lines_of_pieces(_within(page.pieces, x0, x1, -1e9, bottom)), x1 - x0, bottom)
    inside = _within(page.pieces, x0, x1, bottom, top)
    return (x0, x1, top, bottom) if len(lines_of_pieces(inside)) > 1 and _tabular(inside) > 0.3 else None


def _aligned(page: PdfPage, caption: Piece, gutter: float | None) -> tuple[float, float, float, float] | None:
    """Return the box of a table without rules: the lines with several cells below its caption."""
    x0, x1 = min(one.x0 for one in page.pieces), max(one.x1 for one in page.pieces)
    if gutter is not None and not (caption.x0 < gutter - 4 and caption.x1 > gutter + 2):
        x0, x1 = (x0, gutter) if caption.x0 < gutter - 4 else (gutter, x1)  # its column alone
    lines = lines_of_pieces(_within(page.pieces, x0, x1, -1e9, caption.y - 2))
    start = next((at for at, line in enumerate(lines[:6]) if _has_cells(line, x1 - x0)), None)
    if start is None:
        return None
    top = lines[start][0].y + lines[start][0].size
    bottom = _end_of_cells(lines[start:], x1 - x0, top)
    return (x0, x1, top, bottom) if top - bottom > 3 * caption.size else None


def _has_cells(line: list[Piece], width: float) -> bool:
    """Whether a line has several cells, all but the first short: two columns of prose have none."""
    return len(line) > 1 and max(one.x1 - one.x0 for one in line[1:]) < 0.3 * width


def _end_of_cells(lines: list[list[Piece]], width: float, bottom: float) -> float:
    """Return below which height no more lines with cells follow each other."""
    last, single = bottom, 0
    for line in lines:
        single = 0 if (cells := _has_cells(line, width)) else single + 1
        if single > 2 or last - line[0].y > 4 * line[0].size or PRINTED["caption_start"].match(line[0].text):
            break
        last = line[0].y
        bottom = last - 1 if cells else bottom
    return bottom


def _foot(own: list[Piece], bottom: float, size: float) -> list[Piece]:
    """Return the notes below a table: lines close to each other, small or told by their words."""
    last, found, largest = bottom, list[Piece](), 1.03 * size
    for line in lines_of_pieces([one for one in own if one.y < bottom]):
        if not found and PRINTED["note"].match(line[0].text):
            largest = max(largest, 1.01 * line[0].size)
        if last - line[0].y > 2.2 * largest or line[0].size > largest or len(found) > 60:
            break
        if found and line[0].size > size and last - line[0].y > 1.5 * line[0].size:
            break
        last = line[0].y
        found += line
    return found


class _Rows:
    """The rows of a table's grid: columns from upright rules or the gaps that its lines share."""

    def __init__(
        self, lines: list[list[Piece]], level: list[_Rule], uprights: list[_Rule], ends: tuple[float, float]
    ):
        self.lines, self.level, self.width = lines, level, (width := ends[1] - ends[0])
        self.uprights = [rule for rule in uprights if ends[0] - 6 < rule[2] < ends[1] + 6]
        inner = [x for *_, x in self.uprights if ends[0] + 6 < x < ends[1] - 6]
        self.full = [y for x0, x1, y in level if x1 - x0 > 0.8 * width]
        self.size = median(one.size for line in lines for one in line)
        heads = [y for y in self.full if lines[0][0].y > y > lines[-1][0].y]
        self.head = heads[0] if heads else 1e9  # what stands above it heads the columns
        steps = [one[0].y - other[0].y for one, other in zip(lines, lines[1:], strict=False)]
        self.pitch = median(steps)
        columns = _groups(sorted(inner), lambda near, x: x - near[0] <= 5)
        self.marks = [near[0] for near in columns] or self._gaps()

    def _gaps(self) -> list[float]:
        """Return where columns part: blank in nearly all full rows, there where the heads are blank too."""
        most = max(map(len, self.lines))
        full = [
            line for line in self.lines if len(line) >= 0.5 * most and line[0].y < self.head
        ] or self.lines
        cover, every = (
            Counter(x for line in lines for one in line for x in range(int(one.x0), int(one.x1) + 1))
            for lines in (full, self.lines)
        )
        marks, gap = list[float](), list[int]()
        for x in range(min(every), max(every) + 1):
            if cover[x] <= 0.1 * len(full):
                gap.append(x)
            else:
                least = min((every[one] for one in gap), default=0)
                if len(gap) >= 0.3 * self.size and (gap[0] > min(every) or not least):
                    marks.append(median(one for one in gap if every[one] == least) + 0.5)
                gap = []
        return marks

    def rows(self) -> list[GridRow]:
        """Return the rows, those printed over several lines as one."""
        groups = _groups(self.lines, self._goes_on)
        left = min(line[0].x0 for line in self.lines)
        return [self._row(group, below, left) for group, below in pairwise([*groups, []])]

    def _goes_on(self, row: list[list[Piece]], line: list[Piece]) -> bool:
        """Whether a line goes on with the row above it."""
        above, here = row[-1][0].y, line[0].y
        if any(above > y > here for _, _, y in self.level):
            return False
        if len(self.full) > max(3, 0.4 * len(self.lines)):
            return True
        cells, taken = self._texts([line]), self._texts(row)
        step = above - here
        if not taken.keys() & cells.keys() and (step < 0.8 * self.size or here > self.head):
            return True
        if here > self.head and step < 1.3 * self.size and cells.keys() <= taken.keys():
            # heads that repeat are a row of their own, unless they go on with what stands above them
            goes_on = any(map(_open, taken.values())) or any(statistics_of(one.text) for one in line)
            return goes_on or len({one.text for one in line}) == len(line)
        left, stub = line[0].x0, cells.get(0)
        wide = 0 in taken and taken[0].x1 > left + 0.6 * (self.marks[0] - left)
        lower = stub is not None and 0 in taken and (stub.text[0].islower() or stub.text[0] == "(")
        if step > max(1.05 * self.pitch, 1.4 * self.size * (len(line) > 1)) or (
            0 in taken and stub and not lower
        ):
            return False
        others = [
            one.text.startswith(("(", "[", "\u00b1", "\u2013", "to ")) or _open(taken[column])
            if column in taken else lower and wide
            for column, one in cells.items() if column
        ]  # fmt: skip
        return all(others) and bool(others or wide)

    def _texts(self, row: list[list[Piece]]) -> dict[int, Piece]:
        """Return the last words in each column of a row."""
        return {bisect(self.marks, one.x0 + 1): one for line in row for one in line}

    def _row(self, group: list[list[Piece]], following: list[list[Piece]], left: float) -> GridRow:
        head = group[0][0].y > self.head
        parts: dict[tuple[int, int], list[Piece]] = {}
        for one in (one for line in group for one in line):
            alone = [other for other in group[0] if other is not one]
            x0, x1 = self._extent(one, alone) if head or self.uprights else (one.x0, one.x1)
            first = bisect(self.marks, x0 + 1)
            parts.setdefault((first, max(first, bisect(self.marks, x1 - 1))), []).append(one)
        cells: list[GridCell | None] = [None] * (len(self.marks) + 1)
        for (first, last), pieces in sorted(parts.items()):
            words = " ".join(one.text for one in pieces)
            text, plain = raised_text(re.sub(r"(?<=\w)- (?=[a-z])", "-", words))
            indented = first == 0 and 3 < pieces[0].x0 - left < 6 * self.size
            cell = GridCell(text, head, plain=plain, indented=indented)
            for column in range(first, last + 1):
                cells[column] = cells[column] or cell
        if head and any(line[0].y > self.head for line in following):
            self._spread(cells, parts, following)
        return GridRow([cell or GridCell("", head) for cell in cells], head)

    def _extent(self, one: Piece, others: list[Piece]) -> tuple[float, float]:
        """Return from where to where a cell reaches: between rules, or as far as the one below it alone."""
        middle = one.y + 0.3 * one.size
        beside = [x for low, high, x in self.uprights if low < middle < high]
        left = max((x for x in beside if x < one.x0 + 2), default=None)
        right = min((x for x in beside if x > one.x1 - 2), default=None)
        if left is not None and right is not None:
            return left, right
        for x0, x1, y in self.level:
            under = 0 < one.y - y < 1.3 * one.size and x0 - 6 < one.x0 and one.x1 < x1 + 6
            if under and x1 - x0 < 0.8 * self.width and not any(x0 < other.x0 < x1 for other in others):
                return x0, x1
        return one.x0, one.x1

    def _spread(
        self,
        cells: list[GridCell | None],
        parts: dict[tuple[int, int], list[Piece]],
        following: list[list[Piece]],
    ) -> None:
        """Let heads reach over the columns beside them that have heads of their own below."""
        under = {bisect(self.marks, one.x0 + 1): one for line in following for one in line}
        over = [
            (pieces[0], cells[first])
            for (first, last), pieces in sorted(parts.items())
            if first and under.keys() & {*range(first, last + 1)}
        ]
        starts = [one.x0 for one in under.values()]
        leftmost = min((one.x0 for column, one in under.items() if column), default=0.0)
        aligned = all(min((abs(one.x0 - x) for x in starts), default=9.0) < 3 for one, _ in over)
        flush = bool(over) and over[0][0].x0 < leftmost + 3 and aligned
        heads = len([column for column in under if column])
        for column, one in under.items():
            if column and cells[column] is None and 0 < 2 * len(over) <= heads:
                if flush:
                    before = [cell for head, cell in over if head.x0 <= one.x0 + 3]
                    cells[column] = before[-1] if before else None
                else:
                    middle = (one.x0 + one.x1) / 2
                    cells[column] = min(over, key=lambda head: abs((head[0].x0 + head[0].x1) / 2 - middle))[1]


def _open(piece: Piece) -> bool:
    return piece.text.count("(") > piece.text.count(")")
