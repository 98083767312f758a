"""Tables of a JATS article as grids, and the figures in their cells."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from trialfiles.text import local_name, printed_number

WIDEST = 200  # columns; wider spans are mistakes or mischief
_SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u205f\u3000]+")


@dataclass(eq=False)
class GridCell:
    """A printed cell; `start` is its first character in the article's text."""

    text: str
    head: bool = False
    start: int = -1


@dataclass
class GridRow:
    """A row of the grid; a cell that spans columns stands in each of them."""

    cells: list[GridCell]
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
    rows: list[GridRow] = field(default_factory=list)


def element_text(element: Element, skip: tuple[str, ...] = ()) -> str:
    """Return an element's text on one line, every kind of space as one space; some elements left out."""
    parts: list[str] = []
    _collect(element, skip, parts)
    return _SPACES.sub(" ", "".join(parts)).strip()


def _collect(element: Element, skip: tuple[str, ...], parts: list[str]) -> None:
    parts.append(element.text or "")
    for child in element:
        name = local_name(child)
        if name not in skip and isinstance(child.tag, str):
            if name in ("break", "p", "title", "list-item"):
                parts.append(" ")
            _collect(child, skip, parts)
        parts.append(child.tail or "")


def read_article_grid(table: Element, label: str, caption: str, foot: str) -> Grid:
    """Return a table's grid; rows of nothing but rules are left out."""
    grid = Grid(label, caption, foot)
    spanning: dict[int, tuple[GridCell, int]] = {}  # column -> cell from a row above, rows it still spans
    for part, head in _rows(table):
        cells: list[GridCell] = []
        for element in (child for child in part if local_name(child) in ("td", "th")):
            _fill(cells, spanning)
            cell = GridCell(element_text(element), head or local_name(element) == "th")
            across, down = _span(element, "colspan"), _span(element, "rowspan")
            for _ in range(min(across, WIDEST - len(cells))):
                if down > 1:
                    spanning[len(cells)] = (cell, down)
                cells.append(cell)
        _fill(cells, spanning)
        spanning = {column: (cell, left - 1) for column, (cell, left) in spanning.items() if left > 1}
        if any(cell.text for cell in cells):
            grid.rows.append(GridRow(cells, head))
    width = max((len(row.cells) for row in grid.rows), default=0)
    for row in grid.rows:
        row.cells += [GridCell("") for _ in range(width - len(row.cells))]
    return grid


def _fill(cells: list[GridCell], spanning: dict[int, tuple[GridCell, int]]) -> None:
    """Put in the cells that reach down from above."""
    while len(cells) in spanning and len(cells) < WIDEST:
        cells.append(spanning[len(cells)][0])


def _rows(table: Element) -> list[tuple[Element, bool]]:
    found = []
    for part in table:
        if local_name(part) == "tr":
            found.append((part, False))
        elif local_name(part) in ("thead", "tbody", "tfoot"):
            found += [(row, local_name(part) == "thead") for row in part if local_name(row) == "tr"]
    return found


def _span(element: Element, name: str) -> int:
    text = element.get(name) or "1"
    return max(1, min(int(text), WIDEST)) if text.isdecimal() and len(text) < 6 else 1


_SIGN = r"[-+\u2212\u2013]?\s?"
_N = rf"{_SIGN}(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:[.\u00b7]\d+)?|\.\d+)"
_MARK = r"\s*[*\u2020\u2021\u00a7a-e#]{0,3}"
_PLUS = re.compile(
    rf"(?P<m>{_N})\s*(?:\u00b1|\+/[-\u2212]|\+-)\s*(?P<s>{_N})\s*(?P<u>[^\d()]{{0,12}}?){_MARK}"
)
_BRACKET_PLUS = re.compile(rf"(?P<m>{_N})\s*\(\s*(?:\u00b1|\+/[-\u2212])\s*(?P<s>{_N})\s*\){_MARK}")
_BRACKET = re.compile(rf"(?P<m>{_N})\s*(?P<p>%?)\s*[(\[]\s*(?P<s>{_N})\s*(?P<q>%?)\s*[)\]]{_MARK}")
_INTERVAL = re.compile(
    rf"(?P<m>{_N})\s*(?P<p>%?)\s*[(\[]\s*(?P<l>{_N})\s*(?:,|;|to|[-\u2212\u2013\u2014])\s*(?P<h>{_N})\s*%?\s*[)\]]{_MARK}"
)
_OF = re.compile(rf"(?P<a>\d+)\s*/\s*(?P<b>\d+)(?:\s*[(\[]\s*(?P<s>{_N})\s*%?\s*[)\]])?{_MARK}")
_P = re.compile(rf"(?:p\s*)?(?P<r>[<>=\u2264\u2265]?)\s*(?P<v>[01]?\.\d+|0|1)\s*{_MARK}", re.IGNORECASE)
_PERCENT = re.compile(rf"(?P<m>{_N})\s*%{_MARK}")
_BARE = re.compile(rf"(?P<m>{_N}){_MARK}")


@dataclass(frozen=True)
class Value:
    """A figure in a cell: its kind, its numbers, and its place within the cell's text."""

    kind: str
    printed: str
    start: int
    value: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None


def statistic_of(*texts: str) -> str:
    """Return what the words around a cell say it holds: sd, se, percent, iqr, ci, range, p, n or ''."""
    for text in texts:
        low = text.lower()
        if re.fullmatch(r"\W*(p|p[- ]?values?|sig(?:nificance|\.)?)\W*(?:\(.*\))?\W*", low):
            return "p"
        for name, rule in (
            ("se", r"\b(?:se|sem|s\.e\.(?:m\.)?|standard errors?)\b"),
            ("sd", r"\b(?:sd|s\.d\.|standard deviations?|st\.? ?dev)"),
            ("iqr", r"\biqr\b|inter-?quartile|\bq1\b"),
            ("ci", r"\bci\b|confidence interval"),
            ("percent", r"\b(?:n|no\.?|number|count)\s*[,(/]?\s*\(?\s*%|\(%\)|percent|^%$"),
            ("range", r"\brange\b|min.{0,5}max"),
        ):
            if re.search(rule, low):
                return name
    return ""


def values_in(text: str, statistic: str) -> list[Value]:
    """Return the figures of a cell.

    Parameters
    ----------
    text : str
        The cell.
    statistic : str
        From `statistic_of`.

    Returns
    -------
    list of Value
        None for words; two for a count with its percent.
    """
    words = text.strip()
    start = text.find(words)
    if statistic == "p" or re.match(r"p\s*[<>=\u2264\u2265]", words, re.IGNORECASE):
        match = _P.fullmatch(words)
        return (
            [Value("p_value", words, start, printed_number(match["v"]))]
            if match and printed_number(match["v"]) <= 1
            else []
        )
    if match := _PLUS.fullmatch(words) or _BRACKET_PLUS.fullmatch(words):
        kind = "mean_se" if statistic == "se" else "mean_sd"
        return [Value(kind, words, start, printed_number(match["m"]), sd=abs(printed_number(match["s"])))]
    if match := _OF.fullmatch(words):
        part = Value("count", match["a"], start, printed_number(match["a"]))
        share = (
            [Value("percent", match["s"], start + match.start("s"), printed_number(match["s"]))]
            if match["s"]
            else []
        )
        return [part, *share]
    if match := _INTERVAL.fullmatch(words):
        kind = {"ci": "ci", "iqr": "median"}.get(statistic, "range")
        low, high = printed_number(match["l"]), printed_number(match["h"])
        if low <= high:
            return [Value(kind, words, start, printed_number(match["m"]), low=low, high=high)]
    if match := _BRACKET.fullmatch(words):
        return _bracketed(match, words, start, statistic)
    if match := _PERCENT.fullmatch(words):
        return [Value("percent", words, start, printed_number(match["m"]))]
    if match := _BARE.fullmatch(words):
        return [Value("value", words, start, printed_number(match["m"]))]
    return []


def _bracketed(match: re.Match[str], words: str, start: int, statistic: str) -> list[Value]:
    first, second = printed_number(match["m"]), printed_number(match["s"])
    if match["q"] or (statistic == "percent" and not match["p"]):
        share = Value("percent", match["s"].strip(), start + match.start("s"), second)
        return [Value("count", match["m"].strip(), start + match.start("m"), first), share]
    if statistic in ("sd", "se"):
        return [Value(f"mean_{statistic}", words, start, first, sd=abs(second))]
    if statistic == "iqr":
        return [Value("median", words, start, first)]  # the bracket is a width: no quartiles
    return [Value("pair", words, start, first, low=min(first, second), high=max(first, second))]
