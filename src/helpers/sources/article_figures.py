"""The figures of an article's tables, each with what it measures, in whom, and when.

Headers may span columns, stand in several rows, or stand in the middle of a table whose second half is
another group's. What a table does not say stays missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from helpers.sources.article import Article
from helpers.sources.article_grid import Grid, Row
from helpers.sources.article_values import Value, statistic_of, values_in
from helpers.sources.time_points import durations, weeks

_SIZE = re.compile(r"[,;(\[]?\s*\bn\s*=\s*(\d{1,6})\s*[)\]]?", re.IGNORECASE)
_STATISTIC = re.compile(
    r"\b(?:mean|median)?\s*[\u00b1(,]*\s*\(?\s*\b(?:sd|se|sem|iqr|95% ?ci|range)\b\s*\)?|\bN\s*\(%\)|"
    r"\bmean\b|\bmedian\b|\(\s*%?\s*\)",
    re.IGNORECASE,
)
_BASELINE = re.compile(r"^\W*(?:at )?(baseline|before|pre-?treatment|pre|week 0|day 0)\W*$", re.IGNORECASE)
# a time that no calendar tells: it is nobody's name, and stays without weeks
_LATER = re.compile(
    r"^\W*((?:after|post|end of|final)(?:[ -](?:treatment|therapy|intervention|visit|study))?|"
    r"post-?treatment)\W*$",
    re.IGNORECASE,
)
_PLAIN_HEADS = re.compile(
    r"^\W*(characteristics?|variables?|quality|question|outcomes?|parameters?|measures?|items?|groups?|total|"
    r"difference|change|statistic)\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Figure:
    """A figure of a table and its setting; `start` counts in the article's text."""

    value: Value
    table: str
    measure: str
    arm: str | None
    n: int | None
    n_start: int | None
    time: str | None
    start: int
    caption: str
    assumed: bool = False


def table_figures(article: Article) -> list[Figure]:
    """Return the figures of all tables, in the order of the text.

    A number with another in brackets, in a table that does not say what the bracket is, is taken for a mean
    with its SD where the article's other tables all say so; the figure is marked `assumed`.
    """
    figures = [figure for grid in article.tables for figure in _figures(grid)]
    kinds = {figure.value.kind for figure in figures}
    if "mean_sd" not in kinds or "mean_se" in kinds:
        return figures
    return [_assumed(figure) if figure.value.kind == "pair" else figure for figure in figures]


def _assumed(figure: Figure) -> Figure:
    """Return a figure read as mean and SD; unchanged where that cannot be."""
    again = values_in(figure.value.printed, "sd")
    return (
        replace(figure, value=replace(again[0], start=figure.value.start), assumed=True) if again else figure
    )


def _figures(grid: Grid) -> Iterator[Figure]:
    heads: list[list[str]] = []
    places: dict[str, int] = {}  # text of a head -> its place, for the group sizes in it
    block: str | None = None
    in_body = False
    for row in grid.rows:
        alone = len(set(map(id, row.cells))) == 1
        if alone and not row.head:
            block = row.texts[0]  # one cell over the whole width: the name of the rows below
            places.setdefault(block, row.cells[0].start)
            continue
        if row.head or _is_head(row, grid):
            if in_body:
                heads, block, in_body = [], None, False  # a second table stacked below the first
            heads.append(row.texts)
            places.update({cell.text: cell.start for cell in row.cells})
            continue
        in_body = True
        yield from _row_figures(grid, row, heads, places, block)


def _is_head(row: Row, grid: Grid) -> bool:
    """Return whether a row of the body is a header: words only, among them a time or a group's size."""
    said = [text for text in row.texts[1:] if text]
    if not said or any(values_in(text, "sd") for text in said):
        return False
    if row is grid.rows[0]:
        return True
    named = any(_SIZE.search(text) for text in row.texts)
    timed = any(_time_of(text) for text in said)
    return (named or timed) and not any(statistic_of(text) == "p" and "=" in text for text in said)


def _row_figures(
    grid: Grid, row: Row, heads: list[list[str]], places: dict[str, int], block: str | None
) -> Iterator[Figure]:
    stub = row.texts[0]
    corner = [head[0] for head in heads if head and head[0]]
    over = [
        head[0] for head in heads if head and head[0] and _SIZE.search(head[0])
    ]  # the stacked block's group
    for column, cell in enumerate(row.cells[1:], start=1):
        above = [head[column] for head in heads if head[column]]
        statistic = statistic_of(*reversed(above), stub, *corner, grid.caption, grid.foot)
        if "p" in (statistic_of(text) for text in above):
            statistic = "p"
        groups = [text for text in above if not _time_of(text) and statistic_of(text) != "p"]
        named = next((text for text in [*groups, *over, block or ""] if _SIZE.search(text)), None)
        arm = named or next((text for text in groups if _arm_name(text)), None)
        size = _SIZE.search(named) if named else None
        times = [_time_of(text) for text in (*reversed(above), stub, block or "")]
        measure = stub if not block or block == named else f"{block}: {stub}"
        for value in values_in(cell.text, statistic):
            yield Figure(
                value=value,
                table=grid.label,
                measure=measure,
                arm=_arm_name(arm) if arm else None,
                n=int(size.group(1)) if size else None,
                n_start=places[named] + size.start(1) if size and places.get(named, -1) >= 0 else None,
                time=next((time for time in times if time), None),
                start=cell.start + value.start,
                caption=grid.caption,
            )


def _arm_name(head: str) -> str | None:
    """Return a group's name without its size and the names of statistics; None where nothing is left."""
    name = _STATISTIC.sub(" ", _SIZE.sub(" ", head)).strip(" ,;:()*")
    name = re.sub(r"\s+", " ", name)
    return None if not name or _PLAIN_HEADS.match(name) or not re.search(r"[A-Za-z]{2}", name) else name


def _time_of(text: str) -> str | None:
    """Return the time that a header or a row states."""
    if match := _BASELINE.match(text) or _LATER.match(text):
        return match.group(1)
    found = durations(text)
    if len(found) == 1 and weeks(text) is not None:
        return found[0][1]
    short = re.search(r"\b(\d{1,3})\s?(h|d|wk|mo)\b", text)
    return short.group() if short else None
