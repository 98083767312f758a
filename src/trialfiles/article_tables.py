"""Tables of a JATS article as grids, and the figures in their cells."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from xml.etree.ElementTree import Element

from trialfiles.forms import names_of, patterns_of
from trialfiles.text import local_name, printed_number

WIDEST = 200  # columns; wider spans are mistakes or mischief
LONGEST_FIGURE = 120  # letters of a cell of figures
LONGEST_CELL = 1000  # letters of a cell or a caption that are looked at; more than a cell says is mischief
_SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u205f\u3000]+")


@dataclass(eq=False)
class GridCell:
    """A printed cell; `start` is its first character in the article's text.

    `plain` is the text, character for character, with blanks for raised marks: 45 of 45¹.
    """

    text: str
    head: bool = False
    start: int = -1
    plain: str = ""
    indented: bool = False

    def __post_init__(self) -> None:
        self.plain = self.plain[:LONGEST_CELL]

    @cached_property
    def words(self) -> str:
        """The text without raised marks."""
        return _SPACES.sub(" ", self.plain).strip()


@dataclass
class GridRow:
    """A row of the grid; a cell that spans columns stands in each of them."""

    cells: list[GridCell]
    head: bool = False

    @property
    def texts(self) -> list[str]:
        """The texts of the row, spanned cells repeated."""
        return [cell.text for cell in self.cells]

    @cached_property
    def words(self) -> list[str]:
        """The texts of the row without raised marks."""
        return [cell.words for cell in self.cells]


@dataclass
class Grid:
    """A table: label, caption, foot and rows of equal length."""

    label: str
    caption: str
    foot: str
    rows: list[GridRow] = field(default_factory=list)


UP, DOWN = "\ue000", "\ue001"  # around raised text while it is collected
_RAISED = re.compile(f"{UP}([^{UP}{DOWN}]*){DOWN}")
_SUPERSCRIPT = str.maketrans("0123456789+-\u2212\u2013", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_MARK_SIGNS = re.compile(r"[*\u2217\u2020\u2021\u00a7\u00b6\u2016#⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
# raised behind these it is an exponent, and behind a number a part of a word: cm², 10⁹, 12th
_POWER_BEFORE = re.compile(r"(?:\b10|(?<![a-z])(?:[cmkµ\u03bc]?m|s|kg|l|min|h|d))\Z", re.IGNORECASE)
_ORDINAL = ("st", "nd", "rd", "th")


def element_text(element: Element, skip: tuple[str, ...] = ()) -> str:
    """Return an element's text on one line, every kind of space as one space; some elements left out.

    Raised digits are written as such (10⁹): they are no digits of the number before them.
    """
    return raised_text(_collected(element, skip))[0]


def _collected(element: Element, skip: tuple[str, ...] = ()) -> str:
    parts: list[str] = []
    _collect(element, skip, parts)
    return "".join(parts)


def raised_text(text: str) -> tuple[str, str]:
    """Return a text with what is between `UP` and `DOWN` raised, and the same with blanks for its marks."""
    words = _SPACES.sub(" ", text).strip()
    shown, parts = "", list[str]()
    for at, piece in enumerate(_RAISED.split(words)):
        piece = piece.replace(UP, "").replace(DOWN, "")
        mark = at % 2 and not _POWER_BEFORE.search(shown[-5:]) and piece.lower() not in _ORDINAL
        piece = piece.translate(_SUPERSCRIPT) if at % 2 else piece
        shown += piece
        parts.append(" " * len(piece) if mark else piece)
    plain = "".join(parts)

    def blank(sign: re.Match[str]) -> str:  # of marks that are typed; what follows a unit or a ten stays
        before = plain[max(0, sign.start() - 5) : sign.start()]
        return sign[0] if _POWER_BEFORE.search(before) else " " * len(sign[0])

    return shown.strip(), _MARK_SIGNS.sub(blank, plain)


def _collect(element: Element, skip: tuple[str, ...], parts: list[str], raised: bool = False) -> None:
    parts.append((element.text or "").replace(UP, "").replace(DOWN, ""))
    for child in element:
        name = local_name(child)
        if name not in skip and isinstance(child.tag, str):
            if name in ("break", "p", "title", "list-item"):
                parts.append(" ")
            before = "".join(parts[-4:]).rstrip(UP + DOWN)[-1:]
            glued = child.get("ref-type") in _NOTES and re.match(r"[\w)%.]", before) is not None
            noted = (name == "xref" and glued) or (
                name in ("xref", "sub", "ext-link", "a") and before.isdigit()
            )
            styled = "super" in (child.get("style") or "")
            up = not raised and (name == "sup" or noted or styled)
            parts += UP * up
            _collect(child, skip, parts, raised or up)
            parts += DOWN * up
        parts.append((child.tail or "").replace(UP, "").replace(DOWN, ""))


_NOTES = ("table-fn", "fn", "bibr")  # glued to a word such a reference is no part of it, to a number none is


def read_article_grid(table: Element, label: str, caption: str, foot: str) -> Grid:
    """Return a table's grid, of HTML's model or of OASIS's; rows of nothing but rules are left out."""
    grid = Grid(label, caption, foot)
    spanning: dict[int, tuple[GridCell, int]] = {}  # column -> cell from a row above, rows it still spans
    for part, head, columns in _rows(table):
        cells: list[GridCell] = []
        for element in (child for child in part if local_name(child) in ("td", "th", "entry")):
            _fill(cells, spanning)
            first = columns.get(element.get("namest") or element.get("colname") or "", len(cells))
            while len(cells) < min(first, WIDEST):
                cells.append(GridCell(""))
                _fill(cells, spanning)
            text, plain = raised_text(_collected(element, skip=("fn",)))
            begins = "".join(element.itertext())[:1] in ("\u00a0", "\u2002", "\u2003")
            indented = bool(text) and (begins or "indent" in "".join(element.attrib.values()))
            cell = GridCell(text, head or local_name(element) == "th", plain=plain, indented=indented)
            last = columns.get(element.get("nameend") or "", first)
            across = max(_span(element, "colspan"), last - first + 1)
            down = max(_span(element, "rowspan"), 1 + _span(element, "morerows", least=0))
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


def _rows(table: Element) -> list[tuple[Element, bool, dict[str, int]]]:
    """Return the rows with whether each heads others, and the places of the columns that have names."""
    found = []
    for group in [table, *(part for part in table if local_name(part) == "tgroup")]:
        names = [part.get("colname") or "" for part in group if local_name(part) == "colspec"]
        columns = {name: place for place, name in enumerate(names) if name}
        for part in group:
            if local_name(part) == "tr":
                found.append((part, False, columns))
            elif local_name(part) in ("thead", "tbody", "tfoot"):
                rows = (row for row in part if local_name(row) in ("tr", "row"))
                found += [(row, local_name(part) == "thead", columns) for row in rows]
    return found


def _span(element: Element, name: str, least: int = 1) -> int:
    text = element.get(name) or "1" * least
    return max(least, min(int(text), WIDEST)) if text.isdecimal() and len(text) < 6 else least


_CELL = patterns_of("tables", "cells")
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


@dataclass(frozen=True)
class Value:
    """A figure in a cell: its kind, its numbers, and its place within the cell's text.

    `of`: the whole of a count, where the cell prints it, with its place; `unit`: the unit that it prints.
    """

    kind: str
    printed: str
    start: int
    value: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    of: tuple[int, int] | None = None
    unit: str = ""


def with_points(text: str) -> str:
    """Return a cell of a table with decimal commas as an English one, character for character."""
    return re.sub(r"(?<=\d)[.,](?=\d)", lambda sign: "." if sign[0] == "," else ",", text)


def decimal_sign(grids: list[Grid]) -> str:
    """Return the decimal sign of tables, '' where their cells do not tell: `0,065` is never thousands."""
    cells = [cell for grid in grids for row in grid.rows if not row.head for cell in row.words[1:]]
    if any(map(_CELL["point"].search, cells)):
        return "."
    return "," if any(map(_CELL["comma"].match, cells)) else ""


_RULES = patterns_of("tables", "says")
_ALONE = {
    name: re.compile(rf"[^\w%]*(?:{rule})[^\w%]*") for name, rule in names_of("tables")["says_alone"].items()
}


@lru_cache(maxsize=4096)
def statistics_of(text: str) -> tuple[str, ...]:
    """Return what some words say that cells hold, more than one where they say so.

    p, se, sd, iqr, ci, percent (a count with its percentage), percent_first, count, range, share (a
    percentage); of words that are nothing else n, mean, only_sd, only_se, median, share, test.
    """
    low = text.lower().strip()
    if alone := [name for name, rule in _ALONE.items() if rule.fullmatch(low)]:
        return (alone[0],)
    found = [name for name, rule in _RULES.items() if rule.search(low)]
    return tuple(name for name in found if name not in ("share", "count") or len(found) == 1)


def statistic_of(*texts: str) -> str:
    """Return what the first of some texts that says anything says a cell holds; '' for none."""
    return next((found[0] for text in texts if (found := statistics_of(text))), "")


def values_in(text: str, statistic: str, n: int | None = None) -> list[Value]:
    """Return the figures of a cell: none for words, two for a count with its percent.

    `statistic` is from `statistic_of`; `12 (40)` of `n` people, 30, is a count with its percentage, whatever
    else is said.
    """
    words = text.strip()
    start = text.find(words)
    if statistic in ("test", "only_se") or len(words) > LONGEST_FIGURE:
        return []
    if statistic == "p" or re.match(r"p\s*[<>=\u2264\u2265]", words, re.IGNORECASE):
        match = _CELL["p"].fullmatch(words)
        number = printed_number(match["v"]) if match else 2
        return [Value("p_value", words, start, number)] if number <= 1 else []
    if match := _CELL["plus"].fullmatch(words) or _CELL["bracket_plus"].fullmatch(words):
        if statistic == "other":
            return [Value("value", match["m"].strip(), start + match.start("m"), printed_number(match["m"]))]
        kind = "mean_se" if statistic == "se" else "mean_sd"
        mean, spread = printed_number(match["m"]), abs(printed_number(match["s"]))
        return [Value(kind, words, start, mean, sd=spread, unit=match.groupdict().get("u") or "")]
    if match := _CELL["of"].fullmatch(words):
        return _part(match, words, start, statistic, n)
    if match := _CELL["bracket"].fullmatch(words):  # before an interval: 837 (1,068)
        return _bracketed(match, words, start, statistic, n)
    if match := _CELL["interval"].fullmatch(words):
        centre, low, high = (printed_number(match[name]) for name in "mlh")
        kind = {"ci": "ci", "iqr": "median"}.get(statistic, "range") if low <= centre <= high else "range"
        if low <= high:
            return [Value(kind, words, start, centre, low=low, high=high)]
    if match := _CELL["percent"].fullmatch(words):
        return [Value("percent", words, start, printed_number(match["m"]))]
    if match := _CELL["power"].fullmatch(words):
        number = float(f"{match['f'] or 1}e{match['e'].translate(_DIGITS)}")
        return [Value("value", words, start, number)]
    if match := _CELL["bare"].fullmatch(words):
        return [_bare(match, words, start, statistic, n)]
    return []


def _bare(match: re.Match[str], words: str, start: int, statistic: str, n: int | None) -> Value:
    number = printed_number(match["m"])
    whole = match["m"].strip().replace(",", "").replace(" ", "").isdigit()
    kind = {"mean": "mean", "only_sd": "sd", "median": "median", "iqr": "median"}.get(statistic, "value")
    if statistic in ("n", "percent", "count") and whole:
        kind = "n" if statistic == "n" and number == n else "count" if n is None or number <= n else "value"
    if statistic == "share" and 0 <= number <= 100:
        # whether it can be one of n people, rounded as it is printed
        decimals = len(re.split(r"[.\u00b7]", f"{match['m'].strip()}.")[1])
        off = abs(100 * round(number * n / 100) / n - number) if n else 1.0
        kind = "percent" if off <= 0.6 * 10**-decimals else "value"
    printed = match["m"].rstrip()
    return Value(kind, printed, start + words.find(printed), number, sd=number if kind == "sd" else None)


def _part(match: re.Match[str], words: str, start: int, statistic: str, n: int | None) -> list[Value]:
    """Return `12/30 (40)` as a count of a whole; a pair such as a blood pressure is no count."""
    part, whole = int(match["a"]), int(match["b"])
    share = printed_number(match["s"]) if match["s"] else None
    if whole and part <= whole and (whole == n or statistic == "of" or _agrees(part, whole, share)):
        of = whole, start + match.start("b")
        found = [Value("count", match["a"], start, part, of=of)]
        if share is not None:
            found.append(Value("percent", match["s"], start + match.start("s"), share, of=of))
        return found
    if statistic == "sides" and n is not None and part + whole == n:
        return [Value("count", match["a"], start, part)]
    return [Value("pair", words, start, part, low=min(part, whole), high=max(part, whole))]


def _agrees(part: float, whole: int | None, share: float | None) -> bool:
    """Whether a percentage is that of a part of a whole, rounded as it may be."""
    return bool(whole) and share is not None and abs(100 * part / (whole or 1) - share) <= 0.6


def _bracketed(match: re.Match[str], words: str, start: int, statistic: str, n: int | None) -> list[Value]:
    first, second = printed_number(match["m"]), printed_number(match["s"])
    if statistic == "percent_first":
        count = Value("count", match["s"].strip(), start + match.start("s"), second)
        return [count, Value("percent", match["m"].strip(), start + match.start("m"), first)]
    counted = first == int(first) and first >= 0 and not re.search(r"[.\u00b7]\d", match["m"])
    counts = statistic in ("percent", "share") and not match["p"] and (n is None or first <= n)
    if counted and (match["q"] or match["r"] or counts or _agrees(first, n, second)):
        share = Value("percent", match["s"].strip(), start + match.start("s"), second)
        return [Value("count", match["m"].strip(), start + match.start("m"), first), share]
    if statistic in ("sd", "se"):
        return [Value(f"mean_{statistic}", words, start, first, sd=abs(second))]
    if statistic == "iqr":
        return [Value("median", words, start, first)]  # the bracket is a width: no quartiles
    return [Value("pair", words, start, first, low=min(first, second), high=max(first, second))]
