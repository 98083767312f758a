"""A second extraction of the source texts, made without sight of the sheets, compared with them.

Agreement on inclusion is Cohen's kappa over every number that the texts print (Educational and
Psychological Measurement 1960;20:37-46); agreement on values is a count. Numbers written as words lie
outside the kappa, since nothing tells which words could have been taken for figures, and inside the counts.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from helpers.documents.document import Document
from helpers.sources import Problem, SourceError
from helpers.sources.sheet_observed import Quantity

FILE = "second_reading.csv"
COLUMNS = ["study_id", "role", "printed", "value", "line", "char_start", "char_end"]
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class SecondFigure:
    """A figure as the second reader wrote it down; `values` is empty where it is no plain number."""

    study_id: str
    printed: str
    values: tuple[float, ...]
    span: tuple[int, int]


@dataclass(frozen=True)
class Agreement:
    """Two readings of one text, as counts of the second reader's figures and of what only one has."""

    figures: int
    same: int
    differing: tuple[str, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]


def read_second_reading(raw: str | Path) -> list[SecondFigure]:
    """Read `second_reading.csv` of a raw folder; an empty list when there is none.

    Raises
    ------
    SourceError
        For another heading, or a row whose numbers cannot be read.
    """
    path = Path(raw) / FILE
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames != COLUMNS:
            problem = f"the columns are {rows.fieldnames}"
            raise SourceError(Problem(str(path), 1, "", problem, f"write {', '.join(COLUMNS)}"))
        return [_figure(path, number, row) for number, row in enumerate(rows, start=2)]


def _figure(path: Path, number: int, row: dict[str, str]) -> SecondFigure:
    try:
        values = tuple(float(value) for value in row["value"].split(",") if value)
        span = int(row["char_start"]), int(row["char_end"])
    except (TypeError, ValueError, AttributeError):
        remedy = "write numbers with a comma between them, and whole characters"
        raise SourceError(Problem(str(path), number, "value", "no numbers", remedy)) from None
    return SecondFigure(row["study_id"], row["printed"], values, span)


def compare_readings(first: Iterable[Quantity], second: Iterable[SecondFigure]) -> Agreement:
    """Compare two readings of one text by place, then by value.

    A figure of the second reading agrees when the first has figures at its place that hold all its numbers,
    or, where it has no numbers, a token that is the same or part of it.
    """
    first = [quantity for quantity in first if quantity.at and quantity.at.chars]
    met: set[str] = set()
    same, differing, alone, total = 0, [], [], 0
    for figure in second:
        total += 1
        there = [quantity for quantity in first if _overlap(quantity.at.chars, figure.span)]
        met |= {quantity.id for quantity in there}
        if not there:
            alone.append(figure.printed)
        elif _agrees(figure, there):
            same += 1
        else:
            differing.append(figure.printed)
    only_first = tuple(quantity.printed for quantity in first if quantity.id not in met)
    return Agreement(total, same, tuple(differing), only_first, tuple(alone))


def _agrees(figure: SecondFigure, there: list[Quantity]) -> bool:
    """Return whether the numbers, or else the tokens, of both readings are the same."""
    parts = (getattr(quantity, part) for quantity in there for part in ("value", "low", "high", "sd"))
    numbers = {number for number in parts if number is not None}
    if figure.values and numbers:
        whole = any(quantity.printed == figure.printed for quantity in there)  # a list kept as a range
        return set(figure.values) <= numbers or (whole and len(figure.values) > 2)
    return any(quantity.printed in figure.printed or figure.printed in quantity.printed for quantity in there)


def inclusion_kappa(
    document: Document, first: Iterable[Quantity], second: Iterable[SecondFigure]
) -> tuple[int, float]:
    """Return how many numbers a text prints, and Cohen's kappa of the two readers' choice among them."""
    ours = [quantity.at.chars for quantity in first if quantity.at and quantity.at.chars]
    theirs = [figure.span for figure in second]
    spans = [match.span() for match in _NUMBER.finditer(document.text)]
    pairs = [tuple(any(_overlap(span, own) for own in side) for side in (ours, theirs)) for span in spans]
    total = len(pairs)
    if not total:
        return 0, float("nan")
    observed = sum(a == b for a, b in pairs) / total
    share = [sum(pair[side] for pair in pairs) / total for side in (0, 1)]
    chance = share[0] * share[1] + (1 - share[0]) * (1 - share[1])
    return total, 1.0 if chance == 1 else (observed - chance) / (1 - chance)


def _overlap(first: tuple[int, int], second: tuple[int, int]) -> bool:
    return first[0] < second[1] and second[0] < first[1]
