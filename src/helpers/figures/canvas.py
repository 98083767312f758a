"""Text that fits: measured in CSS pixels before it is drawn, wrapped to the room that it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from helpers.figures.figure import INK, PIXELS_PER_INCH
from helpers.tables import records

if TYPE_CHECKING:  # where nothing is drawn, nothing waits for matplotlib
    from matplotlib.figure import Figure as Drawing
    from matplotlib.path import Path as Outline

SIZE = 9.0  # points; 12 CSS pixels, the least that reads well
SMALL = 8.0
LINE = 15.0  # CSS pixels from one line of text to the next
PIXELS_PER_POINT = PIXELS_PER_INCH / 72


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = SIZE, weight: str = "normal") -> float:
    """Return the width of one line of text in CSS pixels."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    if not text.strip():
        return 0.0
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    return float(_right_end(TextPath((0, 0), text, prop=font, usetex=False))) * PIXELS_PER_POINT


def _right_end(path: Outline) -> float:
    """Return the largest x of a path, as its `get_extents` would, which bends every curve in Python.

    A curve reaches no further than its control points: only one whose control point lies beyond every
    point on the path can matter.
    """
    from matplotlib.bezier import BezierSegment

    codes, xs = path.codes, path.vertices[:, 0]
    if np.isin(codes, (path.STOP, path.CURVE4)).any():  # not in our font
        return path.get_extents().x1
    control = np.flatnonzero(codes == path.CURVE3)[::2]  # each curve is a control point and an end
    on = codes != path.CLOSEPOLY
    on[control] = False
    furthest = xs[on].max()
    for place in control[xs[control] > furthest]:
        curve = BezierSegment(path.vertices[place - 1 : place + 2])
        _, turns = curve.axis_aligned_extrema()
        furthest = max(furthest, curve([0, *turns, 1])[:, 0].max())
    return furthest


def wrap(text: Any, width: float, size: float = SIZE, weight: str = "normal") -> str:
    """Return a text broken into lines that fit into `width` pixels; a longer word is cut in pieces."""
    lines: list[str] = []
    for word in _pieces(str(text).replace("\n", " ").split(), width, size, weight):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def longest_beginning(text: str, fits: Callable[[str], bool]) -> str:
    """Return the longest beginning of a text that fits, found by halving: what is longer is wider."""
    if fits(text):
        return text
    short, long = 0, max(0, len(text) - 1)
    while short < long:
        middle = (short + long + 1) // 2
        short, long = (middle, long) if fits(text[:middle]) else (short, middle - 1)
    return text[:short]


def widest(texts: Iterable[str], size: float = SIZE, weight: str = "normal") -> float:
    """Return the width of the widest line among texts."""
    return max(
        (text_width(line, size, weight) for text in texts for line in str(text).split("\n")), default=0.0
    )


def height_of(*texts: str) -> float:
    """Return the height in pixels of the text with most lines."""
    return LINE * max((str(text).count("\n") + 1 for text in texts), default=1)


def as_rows(rows: pd.DataFrame | Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a frame or a list of mappings as plain dictionaries, missing values as None."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame([dict(row) for row in rows])
    return records(frame)


class Pen:
    """Writes text at CSS pixels from the top left corner of a drawing."""

    def __init__(self, figure: Drawing) -> None:
        self._overlay: Any = None
        self.figure = figure
        self.width = figure.get_figwidth() * PIXELS_PER_INCH
        self.height = figure.get_figheight() * PIXELS_PER_INCH

    def write(self, x: float, y: float, text: str, **options: Any) -> None:
        """Write a text whose lines are centred on `y`; baselines stay level whatever the letters."""
        settings = {"va": "baseline", "ha": "left", "fontsize": SIZE, "color": INK} | options
        lines = text.split("\n")
        for place, line in enumerate(lines):
            base = y + (place - (len(lines) - 1) / 2) * LINE + 0.48 * settings["fontsize"]
            self.figure.text(x / self.width, 1 - base / self.height, line, **settings)

    def rule(self, y: float, left: float = 0, right: float | None = None, **options: Any) -> None:
        """Draw a level line at `y`."""
        from matplotlib.lines import Line2D

        settings = {"color": "#c9cfd6", "linewidth": 0.8} | options
        ends = [left / self.width, (self.width if right is None else right) / self.width]
        level = 1 - y / self.height
        line = Line2D(ends, [level, level], transform=self.figure.transFigure, **settings)
        self.figure.add_artist(line)

    def axes(self, left: float, top: float, width: float, height: float) -> Any:
        """Return axes that cover a rectangle of pixels."""
        box = (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box)

    def overlay(self) -> Any:
        """Return invisible axes over the whole drawing, in pixels from the top left; always the same."""
        if self._overlay is None:
            self._overlay = self.figure.add_axes((0, 0, 1, 1))
            self._overlay.set(xlim=(0, self.width), ylim=(self.height, 0))
            self._overlay.axis("off")
        return self._overlay


def _pieces(words: list[str], width: float, size: float, weight: str) -> Iterable[str]:
    for word in words:
        while text_width(word, size, weight) > width and len(word) > 1:
            beginning = longest_beginning(
                word[:-1], lambda part: len(part) == 1 or text_width(part, size, weight) <= width
            )
            yield beginning
            word = word[len(beginning) :]
        yield word
