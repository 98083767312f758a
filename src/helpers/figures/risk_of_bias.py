"""Grids of signs, the matrix of trust and risk of bias, and the marks of judgements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from helpers.figures import FIGURE_WORDS
from helpers.figures.canvas import LINE, PAGE_WIDTH, SMALL, Drawing, Figure, height_of, text_width, wrap
from helpers.formats import is_missing

OF_BIAS = "risk of bias"
Entries = Iterable[tuple[Callable[[Drawing, float, float], None], str]]


def sign_grid(
    width: float,
    names: Sequence[str],
    heads: Sequence[str],
    field: Callable[[Drawing, float, float, int, int], None],
    key: Entries,
    depths: Sequence[int] = (),
) -> Drawing:
    """Return a grid of signs under upright headings; columns that do not fit `width` go into a block below.

    `names` are those of the rows, `heads` of the columns. `field` draws the signs of a field: the drawing,
    the middle of the field, the places of row and column. `key` says what the signs mean. `depths` are how
    many signs stand above each other in the fullest field of each row.
    """
    pen = Drawing(width)
    wide = width >= PAGE_WIDTH
    left = 190.0 if wide else 104.0
    step = min(46.0, max(24.0 if wide else 15.0, (width - left) / max(1, len(heads))))
    across = int((width - left + 0.5) // step)
    y = 0.0
    for start in range(0, max(1, len(heads)), across):
        block = heads[start : start + across]
        y += max((text_width(head, SMALL) for head in block), default=LINE) + 8
        for place, head in enumerate(block):
            pen.write(left + (place + 0.5) * step + 4, y - 4, head, size=SMALL, upright=True)
        pen.line(0, y, left + len(block) * step, y)
        for row, name in enumerate(wrap(name, left - 8) for name in names):
            high = max(12.0 * depths[row] + 8 if depths else 0, 24.0, height_of(name) + 8)
            pen.write(0, y + high / 2, name)
            for place in range(len(block)):
                field(pen, left + (place + 0.5) * step, y + high / 2, row, start + place)
            y += high
            pen.line(0, y, left + len(block) * step, y, "rule")
        y += 10
    pen.key(y, key)
    return pen


def appraisal_matrix(
    domains: pd.DataFrame, verdicts: Mapping[str, str], *, named: Callable[[str], str] = str
) -> Figure:
    """Draw how far each study can be trusted, domain by domain, and beside it its risk of bias.

    `domains` are rows of `trust_domains`; domains stand in the order of first appearance. `verdicts` are
    the overall risk of bias by study; where nothing is judged it stands as not applicable. `named` gives a
    study's name for a reader.
    """
    names = [*(name for name in dict.fromkeys(domains["domain"]) if name != "overall"), "overall", OF_BIAS]
    words = {(row.study_id, row.domain): str(row.judgement) for row in domains.itertuples()}
    studies = sorted(set(domains["study_id"]))
    words |= {(study, OF_BIAS): verdicts.get(study, "not applicable") for study in studies}
    table = [[words.get((study, name), "not applicable") for name in names] for study in studies]

    def field(pen: Drawing, x: float, y: float, row: int, column: int) -> None:
        draw_mark(pen, x - 6, y, judgement_mark(table[row][column]))
        pen.write(x + 3, y, judgement_letter(table[row][column]), size=SMALL)

    used = sorted({word for row in table for word in row})
    marks = [partial(draw_mark, mark=judgement_mark(word)) for word in used]
    key = list(zip(marks, (f"{judgement_letter(word)}: {word}" for word in used), strict=True))
    heads = [*(f"trust: {name}" for name in names[:-1]), OF_BIAS]
    shown = [named(study) for study in studies]
    told = [
        f"{study}: {'; '.join(f'{name} {word}' for name, word in zip(names, row, strict=True))}."
        for study, row in zip(shown, table, strict=True)
    ]
    title = "Trust and risk of bias"
    alt = f"Matrix. {title}. {' '.join(told) or 'No study has been judged yet.'}"
    caption = FIGURE_WORDS["captions"]["appraisal"]
    draw = partial(sign_grid, names=shown, heads=heads, field=field, key=key)
    return Figure.of(draw, alt=alt, caption=caption, table="trust_domains", title=title)


@dataclass(frozen=True)
class Mark:
    """A shape, a sign inside it, a letter, and a colour of the palette."""

    shape: str
    sign: str
    letter: str
    colour: str
    hollow: bool = False


MARKS = {name: Mark(**mark) for name, mark in FIGURE_WORDS["marks"].items()}


def judgement_mark(judgement: Any) -> Mark:
    """Return the mark of a judgement in any tool's words; what is not known is shown as not known."""
    return MARKS[FIGURE_WORDS["judgements"].get(_judgement_word(judgement), "unknown")]


def judgement_letter(judgement: Any) -> str:
    """Return what stands for a judgement where there is no room for the word."""
    return FIGURE_WORDS["letters"].get(_judgement_word(judgement), judgement_mark(judgement).letter)


def _judgement_word(judgement: Any) -> str:
    """Return a judgement's word without what all words of its tool share."""
    word = "" if is_missing(judgement) else " ".join(str(judgement).lower().split())
    for ending in (" of bias", " risk"):
        word = word.removesuffix(ending)
    return word


def draw_mark(pen: Drawing, x: float, y: float, mark: Mark, size: float = 14.0) -> None:
    """Draw a mark with its sign."""
    pen.mark(mark.shape, x, y, size, mark.colour, hollow=mark.hollow)
    low = 1.5 if mark.shape == "up" else 0.0  # a triangle's weight lies low
    colour = mark.colour if mark.hollow else "#fff"
    pen.write(x, y + low, mark.sign, size=SMALL, bold=True, anchor="middle", colour=colour)
