"""Traffic-light figure of the risk of bias: sign, colour and word in every field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.figures import FIGURE_WORDS
from helpers.figures.canvas import (
    INK,
    LINE,
    MUTED,
    PAGE_WIDTH,
    RULE,
    SMALL,
    Figure,
    Pen,
    Rows,
    as_rows,
    height_of,
    style,
    wrap,
)
from helpers.formats import is_missing
from notebookpress.tables import records

LABEL, COLUMN, MOST_COLUMNS = 300.0, 100.0, 4
NARROW_LABEL = 150.0
NO_INFORMATION = "no information"


def appraisal_rows(trust_domains: pd.DataFrame, verdicts: Mapping[str, str]) -> list[dict]:
    """Return rows for `risk_of_bias`: each study's trust and overall risk of bias in one matrix.

    Parameters
    ----------
    trust_domains : pandas.DataFrame
        The table of that name.
    verdicts : mapping
        By study, its overall risk of bias; a registration has none.

    """
    rows = [row | {"tool": "Trust (INSPECT-SR) and risk of bias"} for row in records(trust_domains)]
    rows = [
        row | {"domain": "trust overall" if row["domain"] == "overall" else row["domain"]} for row in rows
    ]
    order = {domain: place for place, domain in enumerate(dict.fromkeys(row["domain"] for row in rows))}
    last = {"domain": "risk of bias overall", "tool": "Trust (INSPECT-SR) and risk of bias"}
    rows += [
        last | {"study_id": study, "judgement": verdicts.get(study, "not applicable")}
        for study in dict.fromkeys(row["study_id"] for row in rows)
    ]
    ranks = [word for word in order if word != "trust overall"] + ["trust overall", "risk of bias overall"]
    return [row | {"order": ranks.index(row["domain"])} for row in rows]


def risk_of_bias(rows: Rows, *, title: str = "Risk of bias") -> Figure:
    """Draw the judgements of every study in every domain.

    Parameters
    ----------
    rows : pandas.DataFrame or list of dict
        Rows of the table `risk_of_bias`: `study_id`, `tool`, `domain`, `judgement`, and `order` where known.
    title : str
        Title; first words of the alternative text.

    Returns
    -------
    Figure
        A panel a tool. Up to four studies stand in columns beside the domains' full names; more studies
        stand in rows, and the domains are numbered, with a key below.

    """
    data = as_rows(rows)
    panels = [
        _Panel(tool, [row for row in data if row["tool"] == tool])
        for tool in sorted({row["tool"] for row in data})
    ]
    with style():
        pen = Pen(42 + sum(panel.height for panel in panels) + (0 if panels else 20))
        pen.title(title)
        top = 34.0
        for panel in panels:
            panel.draw(pen, top)
            top += panel.height
        if not panels:
            pen.write(0, top + 10, "No study has been judged yet.")
    caption = "Each field holds the judgement as a sign and as a word; a question mark says: no information."
    return Figure(pen.figure, _alt(title, data), caption, table="risk_of_bias")


class _Panel:
    """One tool: which labels stand at the left, which at the top, and how high the panel is."""

    def __init__(self, tool: str, rows: list[dict]) -> None:
        ordered = sorted(rows, key=lambda row: (row.get("order") is None, row.get("order") or 0))
        self.tool = tool
        self.studies = sorted({row["study_id"] for row in rows})
        self.domains = list(dict.fromkeys(row["domain"] for row in ordered))
        self.words = {(row["study_id"], row["domain"]): _word(row["judgement"]) for row in rows}
        self.turned = len(self.studies) > MOST_COLUMNS  # studies in rows, domains numbered
        self.left = self.studies if self.turned else self.domains
        self.across = self.domains if self.turned else self.studies
        self.label = NARROW_LABEL if self.turned else LABEL
        self.step = min(COLUMN, (PAGE_WIDTH - self.label) / max(1, len(self.across)))
        self.labels = [wrap(name, self.label - 14) for name in self.left]
        numbered = [f"D{place}" for place in range(1, len(self.across) + 1)]
        key = [wrap(f"D{n}  {name}", PAGE_WIDTH) for n, name in enumerate(self.domains, 1)]
        names = [wrap(name, self.step - 8, weight="bold") for name in self.across]
        self.heads, self.key = (numbered, key) if self.turned else (names, [])
        self.row_heights = [
            max(height_of(label), self._field_height(name)) + 8
            for label, name in zip(self.labels, self.left, strict=True)
        ]
        self.head_height = LINE + 12 + height_of(*self.heads) + 8
        key_height = sum(height_of(line) for line in self.key)
        self.height = self.head_height + sum(self.row_heights) + key_height + 26

    def draw(self, pen: Pen, top: float) -> None:
        """Draw the panel from `top` downwards."""
        pen.write(0, top + 8, self.tool, fontweight="bold", color=MUTED)
        right = self.label + self.step * len(self.across)
        middle = top + LINE + 10 + height_of(*self.heads) / 2
        pen.write(0, middle, "Study" if self.turned else "Domain", fontweight="bold")
        for place, head in enumerate(self.heads):
            pen.write(self.label + (place + 0.5) * self.step, middle, head, ha="center", fontweight="bold")
        y = top + self.head_height
        pen.rule(y, right=right, color=INK, linewidth=0.9)
        for label, name, height in zip(self.labels, self.left, self.row_heights, strict=True):
            overall = "overall" in name.lower()
            pen.write(0, y + height / 2, label, fontweight="bold" if overall else "normal")
            for place, other in enumerate(self.across):
                x = self.label + (place + 0.5) * self.step
                self._field(pen, x, y + height / 2, self._at(name, other))
            y += height
            pen.rule(y, right=right, color=RULE, linewidth=0.6)
        for line in self.key:
            y += height_of(line)
            pen.write(0, y, line, fontsize=SMALL)

    def _at(self, name: str, other: str) -> str | None:
        return self.words.get((name, other) if self.turned else (other, name))

    def _wrapped(self, word: str) -> str:
        return wrap(word, self.step - 6, SMALL)

    def _field_height(self, name: str) -> float:
        words = [self._wrapped(self._at(name, other) or "") for other in self.across]
        return 22 + height_of(*words, "")

    def _field(self, pen: Pen, x: float, middle: float, word: str | None) -> None:
        """Draw a sign over its word; a domain that a tool did not judge in a study stays a dash."""
        if word is None:
            pen.write(x, middle, "–", ha="center", color=MUTED)
            return
        text = self._wrapped(word)
        drop = height_of(text) / 2
        draw_mark(pen.overlay(), x, middle - drop - 1, judgement_mark(word), size=12)
        pen.write(x, middle + 11, text, ha="center", fontsize=SMALL)


def _word(judgement: Any) -> str:
    return NO_INFORMATION if is_missing(judgement) else str(judgement)


def _alt(title: str, rows: list[dict]) -> str:
    if not rows:
        return f"Traffic-light plot. {title}. No study has been judged yet."
    parts = []
    for tool, name in dict.fromkeys((row["tool"], row["study_id"]) for row in rows):
        own = [row for row in rows if (row["tool"], row["study_id"]) == (tool, name)]
        own.sort(key=lambda row: (row.get("order") is None, row.get("order") or 0))
        judged = "; ".join(f"{row['domain']}: {_word(row['judgement'])}" for row in own)
        parts.append(f"{name} ({tool}): {judged}.")
    return f"Traffic-light plot. {title}. " + " ".join(parts)


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
