"""The matrix of trust and risk of bias, and the marks of judgements: sign, colour and word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.figures import FIGURE_WORDS
from helpers.figures.canvas import INK, PAGE_WIDTH, RULE, SMALL, Figure, Pen, height_of, style, wrap
from helpers.formats import is_missing

LABEL, FIELD = 150.0, 46.0
OF_BIAS = "risk of bias"


def appraisal_matrix(
    domains: pd.DataFrame, verdicts: Mapping[str, str], *, title: str = "Trust and risk of bias"
) -> Figure:
    """Draw how far each study can be trusted, domain by domain, and beside it its risk of bias.

    Parameters
    ----------
    domains : pandas.DataFrame
        `trust_domains`: `study_id`, `domain`, `judgement`; domains stand in the order of first appearance.
    verdicts : mapping
        By study, its overall risk of bias; where nothing is judged it stands as not applicable.
    title : str
        Title; first words of the alternative text.

    """
    names = [*(name for name in dict.fromkeys(domains["domain"]) if name != "overall"), "overall"]
    words = {(row.study_id, row.domain): row.judgement for row in domains.itertuples()}
    studies = sorted(set(domains["study_id"]))
    words |= {(study, OF_BIAS): verdicts.get(study, "not applicable") for study in studies}
    step = (PAGE_WIDTH - LABEL) / (len(names) + 1)
    heads = {name: wrap(name, step - 8, weight="bold") for name in (*names, OF_BIAS)}
    top = 42 + height_of(*heads.values())
    with style():
        pen = Pen(top + FIELD * max(1, len(studies)) + 8)
        pen.title(title)
        for place, head in enumerate(heads.values()):
            pen.write(LABEL + (place + 0.5) * step, (34 + top) / 2, head, ha="center", fontweight="bold")
        pen.rule(top, right=PAGE_WIDTH, color=INK, linewidth=0.9)
        for line, study in enumerate(studies):
            middle = top + (line + 0.5) * FIELD
            pen.write(0, middle, wrap(study, LABEL - 14))
            for place, name in enumerate(heads):
                x, word = LABEL + (place + 0.5) * step, str(words.get((study, name), "not applicable"))
                draw_mark(pen.overlay(), x, middle - 9, judgement_mark(word), size=12)
                pen.write(x, middle + 11, wrap(word, step - 6, SMALL), ha="center", fontsize=SMALL)
            pen.rule(middle + FIELD / 2, right=PAGE_WIDTH, color=RULE, linewidth=0.6)
        if not studies:
            pen.write(0, top + 12, "No study has been judged yet.")
    told = [
        f"{study}: {'; '.join(f'{name} {words.get((study, name))}' for name in heads)}." for study in studies
    ]
    alt = f"Matrix. {title}. {' '.join(told) or 'No study has been judged yet.'}"
    caption = "Each field holds the judgement as a sign and as a word."
    return Figure(pen.figure, alt, caption, table="trust_domains")


@dataclass(frozen=True)
class Mark:
    """A shape (matplotlib's code), a sign inside it, a letter, and colours."""

    shape: str
    sign: str
    letter: str
    colour: str
    hollow: bool = False


MARKS = {
    name: Mark(**mark | {"colour": FIGURE_WORDS["palette"][mark["colour"]]})
    for name, mark in FIGURE_WORDS["marks"].items()
}


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


def draw_mark(axes: Any, x: float, y: float, mark: Mark, size: float = 13.0) -> None:
    """Draw a mark at data coordinates; `size` is its width in points."""
    face, sign = ("white", mark.colour) if mark.hollow else (mark.colour, "white")
    scale = {"^": 1.18, "D": 0.86, "s": 0.92}.get(mark.shape, 1.0)
    edge = {"markerfacecolor": face, "markeredgecolor": mark.colour, "markeredgewidth": 1.2}
    axes.plot([x], [y], marker=mark.shape, markersize=size * scale, linestyle="none", clip_on=False, **edge)
    drop = (-0.16 if mark.shape == "^" else -0.04) * size  # a triangle's weight lies low
    place = {"xytext": (0, drop), "textcoords": "offset points", "ha": "center", "va": "center"}
    letters = {"fontsize": size * 0.68, "fontweight": "bold", "color": sign, "annotation_clip": False}
    axes.annotate(mark.sign, (x, y), **place, **letters)
