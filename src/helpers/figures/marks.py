"""Marks that say a judgement or a direction by shape, letter and word; colour only repeats it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from helpers.figures.figure import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, VERMILION
from helpers.figures.numbers import is_missing


@dataclass(frozen=True)
class Mark:
    """A shape (matplotlib's code), a sign inside it, a letter, and colours."""

    shape: str
    sign: str
    letter: str
    colour: str
    hollow: bool = False


LOW = Mark("o", "+", "L", GREEN)
SOME = Mark("^", "!", "S", ORANGE)
HIGH = Mark("s", "×", "H", VERMILION)
CRITICAL = Mark("D", "×", "C", PURPLE)
UNKNOWN = Mark("o", "?", "?", MUTED, hollow=True)
OUTSIDE = Mark("o", "–", "n/a", MUTED, hollow=True)
COUNTED = Mark("o", "", "", MUTED, hollow=True)  # a checklist that counts, such as `3 of 8 yes`
COUNT = re.compile(r"(\d+) of (\d+) yes")

# The words of RoB 2, ROBINS-I, JBI and Newcastle-Ottawa style checklists, in lower case.
JUDGEMENTS = {
    "low": LOW,
    "low concern": LOW,
    "yes": LOW,
    "probably yes": LOW,
    "some concerns": SOME,
    "moderate": SOME,
    "unclear": SOME,
    "probably no": SOME,
    "high": HIGH,
    "high concern": HIGH,
    "serious": HIGH,
    "no": HIGH,
    "critical": CRITICAL,
    "very high": CRITICAL,
    "no information": UNKNOWN,
    "not applicable": OUTSIDE,
}
LETTERS = {"moderate": "M", "unclear": "U", "serious": "S", "some concerns": "SC", "yes": "Y", "no": "N"}

DIRECTIONS = {
    "better": ("▲", BLUE),
    "worse": ("▼", VERMILION),
    "no change": ("◄►", INK),
    "mixed": ("▲▼", INK),
    "unclear": ("?", MUTED),
    "not reported": ("○", MUTED),
}


def judgement_mark(judgement: Any) -> Mark:
    """Return the mark of a judgement in any tool's words; what is not known is shown as not known."""
    word = _plain(judgement)
    return COUNTED if COUNT.fullmatch(word) else JUDGEMENTS.get(word, UNKNOWN)


def judgement_letter(judgement: Any) -> str:
    """Return what stands for a judgement where there is no room for the word: `S`, or `3/8` for a count."""
    word = _plain(judgement)
    counted = COUNT.fullmatch(word)
    if counted:
        return f"{counted[1]}/{counted[2]}"
    return LETTERS.get(word, judgement_mark(judgement).letter)


def _plain(judgement: Any) -> str:
    """Return a judgement's word without what all words of its tool share."""
    word = "" if is_missing(judgement) else " ".join(str(judgement).lower().split())
    for ending in (" of bias", " risk", " concern"):
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
