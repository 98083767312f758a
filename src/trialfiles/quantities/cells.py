"""Figures in table cells: a caption's or a heading's unit and statistic carried to each cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from trialfiles.quantities.numerals import CELL, PARAGRAPH, numeral
from trialfiles.quantities.readings import Quantity, quantity
from trialfiles.quantities.terms import Context, Terms, grammar_file

AROUND = 800  # characters of a caption or a heading that are looked at
_FORMS = ("CELL_TWO", "CELL_ONE", "CELL_SIGNED", "CELL_THREE", "CELL_OF")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Words:
    """The words that tell what a cell holds.

    `sd_by_default`: another table of the text says that its brackets hold SDs; a table that says nothing
    of its own brackets is then read the same way.
    """

    header: str
    label: str
    around: str
    sd_by_default: bool
    terms: Terms

    def says(self, name: str, header_only: bool = False) -> bool:
        """Whether a pattern fits the heading of the column, or any of the words around."""
        return self.terms.pattern(name).search(self.header if header_only else self.around) is not None


def read_figure(content: str, start: int, words: Words) -> Iterator[Quantity]:
    """Yield what a bare figure is: `content` the cell without white space around it, `start` its offset."""
    two, one, _, three, part = (words.terms.pattern(form).fullmatch(content) for form in _FORMS)
    if three:
        yield from _read_three(three, start, words)
    elif part and (part[4] or "%" in words.around) and float(part[1]) <= float(part[2]):
        span = start, start + part.end(2)
        yield quantity("ratio", span, numeral(part[1]), low=numeral(part[1]), high=numeral(part[2]))
        yield quantity("percent", (start + part.start(3), start + part.end(3)), numeral(part[3]), unit="%")
    elif two:
        yield from _read_two(two, start, words)
    elif words.says("COLUMN_P", header_only=True):
        if one and numeral(one["v"]) <= 1:
            span = start, start + one.end("v")
            yield quantity("p_value", span, numeral(one["v"]), relation=one["relation"] or "=")
    elif words.terms.pattern("SIGNED").fullmatch(content):
        yield from _read_one(content, start, words)


def _read_one(content: str, start: int, words: Words) -> Iterator[Quantity]:
    """Yield a bare number whose column says what it is, or whose column or row ends with its unit."""
    span, value = (start, start + len(content)), numeral(content)
    columns = grammar_file()["columns"].items()
    kind = next((kind for kind, pattern in columns if re.fullmatch(pattern, words.header)), "")
    unit = words.terms.closing_unit(words.header) or words.terms.closing_unit(words.label)
    if kind == "n":
        if content.isdigit():
            yield quantity("n", span, value)
    elif kind == "percent":
        yield quantity("percent", span, value, unit="%")
    elif kind:
        sd = value if kind == "sd" else None
        yield quantity(kind, span, value, sd=sd, unit=unit.spelling if unit else "")
    elif unit:
        aged = unit.spelling == "years" and re.match(r"(?i:(?:mean )?age\b)", words.header or words.label)
        yield quantity("age" if aged else unit.kind, span, value, unit=unit.spelling)


def _read_two(two: re.Match, start: int, words: Words) -> Iterator[Quantity]:
    """Yield a cell such as `178.3 (7.8)` or `31 (68.9)`, when its table says what the bracket holds."""
    first, second = (start + two.start(1), start + two.end(1)), (start + two.start(2), start + two.end(2))
    means = words.says("COLUMN_MEAN_SD", header_only=True) or words.says("COLUMN_MEAN_SD")
    shares = words.says("COLUMN_N_PERCENT")
    if two[3] or words.says("COLUMN_N_PERCENT", header_only=True) or (shares and not means):
        yield quantity("count", first, numeral(two[1]))
        yield quantity("percent", second, numeral(two[2]), unit="%")
        return
    # two numbers with the same number of decimals, at least one
    decimals, others = (len(printed.partition(".")[2]) for printed in (two[1], two[2]))
    alike = words.sd_by_default and decimals == others > 0
    if means or (alike and not words.says("OTHER_BRACKET")):
        span = first[0], start + two.string.index(")") + 1
        unit = words.terms.bracketed_unit(words.around)
        yield quantity("mean_sd", span, numeral(two[1]), sd=numeral(two[2]), unit=unit)


def _read_three(three: re.Match, start: int, words: Words) -> Iterator[Quantity]:
    """Yield a cell such as `6 (3–15)`, when its header, else its row, else its table says what it holds."""
    said: list[str] = []
    meanings = grammar_file()["meanings"].items()
    for place in (words.header, words.label, words.around):
        said = said or [meaning for meaning, pattern in meanings if re.search(pattern, place)]
    value, low, high = (numeral(part) for part in three.groups())
    if len(said) != 1 or low > high:
        return
    whole, unit = (start, start + three.end(3) + 1), words.terms.bracketed_unit(words.around)
    if said == ["median_iqr"]:
        yield quantity("median_iqr", whole, value, low=low, high=high, unit=unit)
        return
    centre = next((name for name in ("median", "mean") if name in words.around.lower()), "estimate")
    first, bracket = (start, start + three.end(1)), (start + three.start(2), start + three.end(3))
    yield quantity("estimate" if said == ["ci"] else centre, first, value)
    yield quantity(said[0], bracket, low=low, high=high)


@dataclass(frozen=True)
class Cell:
    """A cell: its text, and where it begins."""

    content: str
    start: int


def read_cells(rest: str, context: Context) -> Iterator[Quantity]:
    """Yield what stands in table cells that the grammar has not read.

    Parameters
    ----------
    rest : str
        Folded text with everything blanked that was read.
    context : Context
        The folded text before anything was read.
    """
    text = context.text
    by_default = context.terms.pattern("TEXT_SD_BRACKET").search(text) is not None and CELL in text
    table: list[list[Cell]] = []
    caption, start = "", 0
    for row_text in [*rest.split(PARAGRAPH), ""]:
        if CELL in row_text:
            parts = row_text.split(CELL)
            starts = accumulate((len(part) + 1 for part in parts), initial=start)
            table.append(list(map(Cell, parts, starts)))
        elif table:
            yield from _read_table(table, context, caption, by_default)
            table, caption = [], ""
        if CELL not in row_text and row_text:
            caption = text[start : start + min(len(row_text), AROUND)]
        start += len(row_text) + 1


def _read_table(
    table: list[list[Cell]], context: Context, caption: str, by_default: bool
) -> Iterator[Quantity]:
    """Yield the figures of one table; a row without a figure is a header for the rows below it."""
    headers: dict[int, str] = {}
    under_header, all_headers = False, ""
    for row in table:
        shown = [context.text[cell.start : cell.start + len(cell.content)].strip() for cell in row]
        if not any(re.search(r"\w", words) for words in shown):
            continue
        forms = [context.terms.pattern(form).fullmatch for form in _FORMS]
        figures = [any(form(cell.content.strip()) for form in forms) for cell in row]
        values = [(at, cell) for at, cell in enumerate(row) if at and figures[at]]
        if not values and any(shown[1:]) and _is_header(row, shown, first=row is table[0]):
            above = headers if under_header else {}
            joined = {at: f"{above.get(at, '')} {words}".strip() for at, words in enumerate(shown)}
            headers = {at: words[-AROUND:] for at, words in joined.items()}
            under_header, all_headers = True, " ".join(headers.values())[:AROUND]
            continue
        under_header = under_header and not any(shown[1:])
        shared = f"{shown[0]} {caption} {all_headers}"
        for column, cell in values:
            header = headers.get(column, "")
            words = Words(header, shown[0], f"{header} {shared}", by_default, context.terms)
            content = cell.content.strip()
            yield from read_figure(content, cell.start + cell.content.index(content), words)


def _is_header(row: list[Cell], shown: list[str], first: bool) -> bool:
    """Whether a row without bare figures is a header: nothing was read in it, or, in the first row, names."""
    if first:
        return all("±" not in words and _LETTER.search(words) for words in shown[1:] if words)
    return all(_LETTER.search(cell.content) for cell in row[1:] if cell.content.strip())


def with_caption_units(found: list[Quantity], context: Context) -> list[Quantity]:
    """Give `mean ± SD` cells without a unit the one that the caption of their table prints in brackets.

    Parameters
    ----------
    found : list of Quantity
        In order of place.
    context : Context
        The folded text.
    """
    completed, at, unit = list(found), 0, ""
    start = 0
    for row in context.text.split(PARAGRAPH):
        if CELL not in row:
            captioned = context.terms.pattern("CAPTION").match(row)
            unit = context.terms.bracketed_unit(row[:AROUND]) if captioned else ""
        end = start + len(row)
        while at < len(found) and found[at].char_start < end:
            item = found[at]
            if CELL in row and unit and item.kind == "mean_sd" and not item.unit:
                completed[at] = replace(item, unit=unit)
            at += 1
        start = end + 1
    return completed
