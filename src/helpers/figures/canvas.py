"""The figure as this project understands it: drawing, alternative text, caption, lettering, marks, SVG."""

from __future__ import annotations

import csv
import io
import re
import sys
import warnings
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, fromstring
from xml.sax.saxutils import escape, quoteattr

import pandas as pd

from helpers.figures import FIGURE_WORDS
from helpers.formats import show_number
from helpers.tables import records
from notebookpress.tables import Rows

if TYPE_CHECKING:
    import matplotlib.figure


# Drawings are measured in the first; where it is not at hand, Verdana is as wide and the rest narrower.
FACES = "'DejaVu Sans',Verdana,'Bitstream Vera Sans',sans-serif"
LINK = "{http://www.w3.org/1999/xlink}href"
DECIMALS = 2  # of a point, 1/72 inch: finer than any printer
SVG_NUMBER = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")
SVG_REFERENCE = re.compile(r"#([A-Za-z][\w.-]*)")
STEP = re.compile(r"([MLHVCQZz])([^MLHVCQZz]*)")
TWINS = re.compile(r'<path d="([^"]*)"([^>]*)/>(?:<path d="[^"]*"\2/>)+')
EDGED = re.compile("stroke:|opacity:")  # of shapes like these, the upper one shows on the lower one
LEVEL = re.compile(r"rotate\(-?0 [^)]*\)")
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML has no way to hold these
SVG_LENGTHS = ("d", "x", "y", "width", "height", "transform", "points", "viewBox")


def compact_svg(drawn: str, width: int, height: int) -> str:
    """Return an SVG as matplotlib writes it in a third of its bytes, and the same wherever it is made.

    Parameters
    ----------
    drawn : str
        The file's text, its letters kept as text.
    width, height : int
        Size on the page, CSS pixels.

    """
    root = fromstring(UNWRITABLE.sub("\ufffd", drawn))
    used = {
        name
        for part in root.iter()
        for value in part.attrib.values()
        for name in SVG_REFERENCE.findall(value)
    }
    names: dict[str, str] = {}
    for part in root.iter():
        if (name := part.get("id")) in used:
            names[name] = f"i{len(names)}"
    classes: dict[str, str] = {}
    body = "".join(_written(part, names, classes) for part in root)
    flat = [name for style, name in classes.items() if "fill:none" in style or not EDGED.search(style)]
    body = TWINS.sub(lambda found: _joined(found, flat), body)
    rules = "".join(f".{name}{{{style}}}" for style, name in classes.items())
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width}" height="{height}" viewBox="{_shorter(root.get("viewBox", ""))}">'
        f"<style>*{{stroke-linejoin:round;stroke-linecap:butt}}text{{font-family:{FACES}}}{rules}</style>"
        f"{body}</svg>\n"
    )


def _written(part: Element, names: dict[str, str], classes: dict[str, str]) -> str:
    """Return an element and what it holds; a group that says nothing gives what it holds alone."""
    tag = part.tag.rpartition("}")[2]
    if tag in ("metadata", "style"):
        return ""
    inner = "".join(_written(child, names, classes) for child in part)
    words = escape((part.text or "").strip()) if tag in ("text", "tspan") else ""
    traits = "".join(_trait(key, value, names, classes) for key, value in part.attrib.items())
    if tag in ("g", "defs") and not (inner and traits):
        return f"<{tag}>{inner}</{tag}>" if inner and tag == "defs" else inner
    return f"<{tag}{traits}>{words}{inner}</{tag}>" if words or inner else f"<{tag}{traits}/>"


def _trait(key: str, value: str, names: dict[str, str], classes: dict[str, str]) -> str:
    """Return an attribute as it is written, with the blank before it; empty when it says nothing."""
    if key == "id":
        return f' id="{names[value]}"' if value in names else ""
    value = SVG_REFERENCE.sub(lambda found: f"#{names.get(found[1], found[1])}", value)
    if key == "style":
        style = ";".join(
            _style(rule) for rule in value.split(";") if "font-family" not in rule and rule.strip()
        )
        return f' class="{classes.setdefault(style, _name(len(classes)))}"' if style else ""
    if key == "transform" and LEVEL.fullmatch(value):
        return ""
    if key == LINK:
        key = "xlink:href"
    if key == "d":
        return f" d={quoteattr(_straight(_shorter(value)))}"
    return f" {key}={quoteattr(_shorter(value) if key in SVG_LENGTHS else value)}"


def _joined(found: re.Match[str], flat: list[str]) -> str:
    """Return neighbouring paths that differ in their lines only as one, where that looks the same."""
    if not any(f'class="{name}"' in found[2] for name in flat):
        return found[0]
    steps = "".join(re.findall(r' d="([^"]*)"', found[0]))
    return f'<path d="{steps}"{found[2]}/>'


def _straight(path: str) -> str:
    """Return a path whose level and upright lines name the one coordinate that changes."""
    last = ["", ""]

    def step(found: re.Match[str]) -> str:
        kind, numbers = found[1], found[2].split()
        before, last[:] = list(last), numbers[-2:] or ["", ""]
        if kind == "L" and numbers[0] == before[0]:
            return f"V{numbers[1]}"
        return f"H{numbers[0]}" if kind == "L" and numbers[1:] == before[1:] else found[0]

    return STEP.sub(step, path)


def _style(rule: str) -> str:
    name, _, value = rule.partition(":")
    return f"{name.strip()}:{_shorter(value.strip()) if '#' not in value else value.strip()}"


def _shorter(value: str) -> str:
    """Return numbers with few decimals and no blank that a reader of SVG does not need."""
    value = SVG_NUMBER.sub(lambda found: f"{float(found[0]):.{DECIMALS}f}".rstrip("0").rstrip("."), value)
    value = re.sub(r"(?<![\d.])-0(?![\d.])", "0", value)
    return re.sub(r" ?([MLHVCQZz]) ?", r"\1", " ".join(value.split()))


def _name(number: int) -> str:
    """Return the class of a style: `a` to `z`, then `aa` and on."""
    rest, last = divmod(number, len(ascii_lowercase))
    return (_name(rest - 1) if rest else "") + ascii_lowercase[last]


PAGE_WIDTH = 720  # CSS pixels of the text column
PIXELS_PER_INCH = 96  # CSS pixels to an inch

INK, MUTED, RULE, WASH, BLUE, ORANGE, GREEN, VERMILION, PURPLE = FIGURE_WORDS["palette"].values()

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

    def close(self) -> None:
        """Free the drawing's memory."""
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close(self.figure)


@contextmanager
def style() -> Iterator[None]:
    """Set the house style for what is drawn inside, and leave everybody else's settings alone."""
    import matplotlib
    import seaborn

    with matplotlib.rc_context(seaborn.axes_style("white") | FIGURE_WORDS["style"]):
        yield


SIZE = 9.0  # points; 12 CSS pixels, the least that reads well
SMALL, TITLE_SIZE = 8.0, 10.5
LINE = 15.0  # CSS pixels from one line of text to the next
PIXELS_PER_POINT = PIXELS_PER_INCH / 72


@lru_cache(maxsize=4096)
def _advance(letter: str, weight: str) -> float:
    """Return the width of a letter of one point in points; one that the font has not may be square."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight)))
    if not font.get_char_index(ord(letter)):
        return 1.0
    font.set_size(100, 72)  # points, dots to the inch
    return font.load_char(ord(letter)).linearHoriAdvance / 65536 / 100


def text_width(text: str, size: float = SIZE, weight: str = "normal") -> float:
    """Return the width of one line of text in CSS pixels; what kerning saves is not counted."""
    return sum(_advance(letter, weight) for letter in text) * size * PIXELS_PER_POINT


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
    """Return the longest beginning of a text that fits; what is longer is wider."""
    if fits(text):
        return text
    return text[: bisect_left(range(1, len(text)), True, key=lambda size: not fits(text[:size]))]


def widest(texts: Iterable[str], size: float = SIZE, weight: str = "normal") -> float:
    """Return the width of the widest line among texts."""
    return max(
        (text_width(line, size, weight) for text in texts for line in str(text).split("\n")), default=0.0
    )


def height_of(*texts: str) -> float:
    """Return the height in pixels of the text with most lines."""
    return LINE * max((str(text).count("\n") + 1 for text in texts), default=1)


def as_rows(rows: Rows) -> list[dict[str, Any]]:
    """Return a frame or a list of mappings as plain dictionaries, missing values as None."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame([dict(row) for row in rows])
    return records(frame)


class Pen:
    """Writes text at CSS pixels from the top left corner of a new drawing, outside pyplot's global list."""

    def __init__(self, height: float, width: float = PAGE_WIDTH) -> None:
        from matplotlib.figure import Figure as Drawing

        self._overlay: Any = None
        figure = Drawing(figsize=(width / PIXELS_PER_INCH, height / PIXELS_PER_INCH))
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

    def title(self, text: str, y: float = 14) -> None:
        """Write the drawing's title."""
        self.write(0, y, text, fontsize=TITLE_SIZE, fontweight="bold")

    def rule(self, y: float, right: float | None = None, **options: Any) -> None:
        """Draw a level line at `y`, from the left edge."""
        from matplotlib.lines import Line2D

        settings = {"color": RULE, "linewidth": 0.8} | options
        ends = [0, 1 if right is None else right / self.width]
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


def level_axis(axes: Any, label: str) -> None:
    """Leave a plot only its level axis, with a label and small figures."""
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.set_yticks([])
    axes.tick_params(axis="x", labelsize=SMALL)
    axes.set_xlabel(label, fontsize=SMALL)


def tick_number(value: float, _place: int) -> str:
    """Return a number on an axis as it stands in the text, for matplotlib's formatters."""
    return show_number(round(value, 10))


def write_middle(axes: Any, y: float, text: str) -> None:
    """Write a muted text in the middle of a row of a plot, which has no mark there."""
    axes.text(0.5, y, text, transform=axes.get_yaxis_transform(), ha="center", va="center", color=MUTED)


def _pieces(words: list[str], width: float, size: float, weight: str) -> Iterable[str]:
    for word in words:
        while text_width(word, size, weight) > width and len(word) > 1:
            beginning = longest_beginning(
                word[:-1], lambda part: len(part) == 1 or text_width(part, size, weight) <= width
            )
            yield beginning
            word = word[len(beginning) :]
        yield word


def draw_a_figure() -> None:
    """Draw a figure with text: matplotlib looks for its fonts when first used."""
    from matplotlib.figure import Figure as Drawing

    drawing = Drawing()
    drawing.subplots().set_title("±")
    drawing.savefig(io.BytesIO(), format="svg")
