"""A figure as this project understands it: a drawing, its alternative text and its caption."""

from __future__ import annotations

import csv
import io
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.figures.vector import compact_svg

if TYPE_CHECKING:  # where nothing is drawn, nothing waits for matplotlib
    import matplotlib.figure

PAGE_WIDTH = 720  # CSS pixels of the text column
PIXELS_PER_INCH = 96  # CSS pixels to an inch
DENSITY = 2  # image pixels to a CSS pixel, so that print and fine screens stay sharp

# Okabe and Ito's palette: told apart with every common colour blindness. Shape says the same in grey.
INK, MUTED, RULE, WASH = "#1d2733", "#56616e", "#c9cfd6", "#f1f4f6"
BLUE, ORANGE, GREEN, VERMILION, PURPLE = "#0b5c8a", "#b86e00", "#00755c", "#b54708", "#8a4a78"

AS_SVG = {"svg.fonttype": "none", "svg.hashsalt": "evidence"}  # text stays text; the same names each time


def _plain(value: Any) -> str:
    """Return a value as CSV prints it; what is missing, or no single value, is empty."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return str(value) if isinstance(value, bool) else ""
    return f"{value:.12g}"


@dataclass(frozen=True)
class Figure:
    """A drawing that may be published: `.figure` with `.alt` made from its numbers and a `.caption`.

    `.rows` are the numbers that it shows, one dict a mark or line; what starts with `_` is not among them.
    Where a whole table is drawn, `.table` names it instead.
    """

    figure: matplotlib.figure.Figure
    alt: str
    caption: str
    rows: Sequence[Mapping[str, Any]] = ()
    table: str = ""

    @property
    def width(self) -> int:
        """Width on the page, CSS pixels."""
        return round(self.figure.get_figwidth() * PIXELS_PER_INCH)

    @property
    def height(self) -> int:
        """Height on the page, CSS pixels."""
        return round(self.figure.get_figheight() * PIXELS_PER_INCH)

    def svg(self) -> str:
        """Return the drawing as SVG, sharp at any size; the same numbers give the same bytes."""
        import matplotlib

        stream = io.StringIO()
        with style(), matplotlib.rc_context(AS_SVG), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # the reader's machine has the letters
            self.figure.savefig(stream, format="svg", metadata={"Date": None}, facecolor="white")
        return compact_svg(stream.getvalue(), self.width, self.height)

    def png(self) -> bytes:
        """Return the drawing as PNG; without version or time, so the same numbers give the same bytes."""
        stream = io.BytesIO()
        with style():
            self.figure.savefig(
                stream,
                format="png",
                dpi=PIXELS_PER_INCH * DENSITY,
                metadata={"Software": None},
                facecolor="white",
            )
        return stream.getvalue()

    def csv(self) -> bytes:
        """Return the numbers behind the drawing as CSV, 12 significant digits; nothing where it has none."""
        rows = [{name: _plain(value) for name, value in row.items() if name[:1] != "_"} for row in self.rows]
        names = dict.fromkeys(name for row in rows for name, value in row.items() if value != "")
        stream = io.StringIO()
        writer = csv.DictWriter(stream, list(names), restval="", extrasaction="ignore", lineterminator="\n")
        if names:
            writer.writeheader()
            writer.writerows(rows)
        return stream.getvalue().encode("utf-8")

    def save(self, path: str | Path) -> Path:
        """Write the image file, SVG where the name ends so and otherwise PNG, and return its path."""
        path = Path(path)
        path.write_bytes(self.svg().encode("utf-8") if path.suffix.lower() == ".svg" else self.png())
        return path

    def close(self) -> None:
        """Free the drawing's memory."""
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close(self.figure)
        self.figure.clear()


@contextmanager
def style() -> Iterator[None]:
    """Set the house style for what is drawn inside, and leave everybody else's settings alone."""
    import matplotlib
    import seaborn

    settings = {
        **seaborn.axes_style("white"),
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "axes.titlesize": 10.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelcolor": INK,
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.8,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.bottom": True,
        "hatch.linewidth": 0.8,
        "path.simplify": False,
        "text.usetex": False,
        "text.parse_math": False,  # a dollar sign in a study's name is a dollar sign
    }
    with matplotlib.rc_context(settings):
        yield


def canvas(height: float, width: float = PAGE_WIDTH) -> matplotlib.figure.Figure:
    """Return an empty drawing of so many CSS pixels, outside pyplot's global list."""
    from matplotlib.figure import Figure as Drawing

    return Drawing(figsize=(width / PIXELS_PER_INCH, height / PIXELS_PER_INCH))
