"""The figure as this project understands it: a drawing for a page, one for a phone, words, numbers."""

from __future__ import annotations

import hashlib
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd

from helpers.figures import FIGURE_WORDS
from helpers.formats import is_missing, show_number
from notebookpress.tables import Rows, records
from trialfiles.record import Row
from trialfiles.text import inert_cell

PAGE_WIDTH, PHONE_WIDTH = 840.0, 318.0  # CSS pixels: on a page, and on a phone 360 wide
SIZE, SMALL = 12.0, 12.0  # of letters
LINE = 15.0  # from one line of text to the next
PALETTE = FIGURE_WORDS["palette"]
# Letters are measured in DejaVu Sans; what a reader's own system has is as wide or narrower.
FACES = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',Verdana,sans-serif"
OPACITY = {"ink": 1, "muted": 0.74, "rule": 0.28, "wash": 0.09}  # of the colour of the text around
MARGIN = 3.0  # around a drawing, so that no stroke is cut
# A phone loads its drawing as a file, which no style of the page reaches.
DARK = "<style>@media(prefers-color-scheme:dark){svg{color:#e7e5df}.paper{fill:#15191e}}</style>"
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML has no way to hold these
SHAPES = {  # corners of a mark, in halves of its width
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "diamond": ((0, -1.1), (1.1, 0), (0, 1.1), (-1.1, 0)),
    "up": ((0, -1.1), (1.1, 0.9), (-1.1, 0.9)),
    "down": ((0, 1.1), (1.1, -0.9), (-1.1, -0.9)),
}


def _short(value: float) -> str:
    """Return a number with one decimal, finer than any screen, and no blank or idle zero."""
    return f"{value:.1f}".rstrip("0").rstrip(".").replace("-0", "-0" if abs(value) >= 0.05 else "0") or "0"


def _paint(kind: str, colour: str) -> str:
    """Return the attribute that fills or strokes with a colour of the palette, or with that of the text."""
    if colour == "paper":  # white where the drawing stands alone; the page's style makes it its own ground
        return f' class="paper" {kind}="#fff"'
    if colour not in OPACITY:
        return f' {kind}="{PALETTE.get(colour, colour)}"'
    faint = f' {kind}-opacity="{OPACITY[colour]}"' if OPACITY[colour] < 1 else ""
    return f' {kind}="currentColor"{faint}' if kind == "stroke" or colour != "ink" else ""


class Drawing:
    """An SVG that follows the colours of the page around it: pixels from the top left corner.

    Neutral shapes and words have the colour of the text. All styling stands in attributes: a page's content
    policy allows no style sheet in it. Neighbours with the same look share a group.
    """

    def __init__(self, width: float = PAGE_WIDTH) -> None:
        self.width, self.height = width, 0.0
        self.texts: list[tuple[float, float, str]] = []  # left and right end of each line, and its words
        self._parts: list[tuple[str, str, str]] = []  # element, look, what differs

    def write(self, x: float, y: float, text: Any, **look: Any) -> None:
        """Write lines centred on `y`; `look`: `size`, `bold`, `anchor`, `colour`, `upright`."""
        size, anchor = look.get("size", SIZE), look.get("anchor", "start")
        weight = "bold" if look.get("bold") else "normal"
        traits = _paint("fill", look.get("colour", "ink"))
        traits += f' font-size="{_short(size)}"' if size != SIZE else ""
        traits += ' font-weight="600"' if look.get("bold") else ""
        traits += f' text-anchor="{anchor}"' if anchor != "start" else ""
        lines = UNWRITABLE.sub("\ufffd", str(text)).split("\n") if text else []
        for place, line in enumerate(lines):
            base = y + (place - (len(lines) - 1) / 2) * LINE + 0.36 * size
            spot = f'x="{_short(x)}" y="{_short(base)}"'
            if look.get("upright"):
                spot = f'transform="translate({_short(x)} {_short(y)})rotate(-90)"'
            else:
                wide = text_width(line, size, weight)
                start = x - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
                self.texts.append((start, start + wide, line))
            self._parts.append(("text", traits, f"<text {spot}>{escape(line)}</text>"))
        self.height = max(self.height, y + LINE * len(lines) / 2)

    def path(self, steps: str, *, stroke: str = "", fill: str = "", width: float = 1, dash: str = "") -> None:
        """Draw a path, given as in SVG; with a stroke, a fill or both."""
        traits = _paint("fill", fill) if fill else ' fill="none"'
        if stroke:
            traits += _paint("stroke", stroke) + (f' stroke-width="{_short(width)}"' if width != 1 else "")
        traits += f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(("path", traits, steps))

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str = "ink", **look: Any) -> None:
        """Draw a straight line."""
        slant = f"L{_short(x2)} {_short(y2)}"
        end = f"H{_short(x2)}" if y1 == y2 else f"V{_short(y2)}" if x1 == x2 else slant
        self.path(f"M{_short(x1)} {_short(y1)}{end}", stroke=colour, **look)
        self.height = max(self.height, y1, y2)

    def shape(self, corners: Iterable[tuple[float, float]], **look: Any) -> None:
        """Draw a closed shape."""
        self.path(f"M{'L'.join(f'{_short(x)} {_short(y)}' for x, y in corners)}Z", **look)

    def rect(self, x: float, y: float, width: float, height: float, **look: Any) -> None:
        """Draw a rectangle."""
        self.path(f"M{_short(x)} {_short(y)}h{_short(width)}v{_short(height)}h{_short(-width)}Z", **look)

    def mark(
        self, kind: str, x: float, y: float, size: float = 9, colour: str = "blue", *, hollow: bool = False
    ) -> None:
        """Draw a mark: square, circle, diamond, up, down or cross."""
        half = size / 2
        look = {"stroke": colour, "fill": "paper", "width": 1.5} if hollow else {"fill": colour}
        if kind == "circle":
            around, start = f"a{_short(half)} {_short(half)} 0 1 0 ", f"M{_short(x - half)} {_short(y)}"
            self.path(f"{start}{around}{_short(size)} 0{around}{_short(-size)} 0Z", **look)
        elif kind == "cross":
            for way in (-1, 1):
                self.line(x - half, y - way * half, x + half, y + way * half, colour, width=2)
        else:
            self.shape([(x + half * a, y + half * b) for a, b in SHAPES[kind]], **look)

    def key(self, y: float, entries: Iterable[tuple[Callable[[Drawing, float, float], None], str]]) -> None:
        """Draw what marks mean, from `y` down; a function of the drawing and its place draws each mark."""
        x, y = 0.0, y + LINE / 2
        for draw, word in entries:
            wide = 24 + text_width(word, SMALL)
            if x and x + wide > self.width:
                x, y = 0.0, y + LINE + 3
            draw(self, x + 8, y)
            self.write(x + 20, y, word, size=SMALL)
            x += wide + 16

    def svg(self) -> str:
        """Return the drawing as SVG; the same shapes give the same bytes."""
        body, texts = [], {}
        for (kind, traits), parts in groupby(self._parts, key=lambda part: part[:2]):
            own = [part[2] for part in parts]
            if kind == "text":  # words stand above all shapes and never on each other
                texts.setdefault(traits, []).extend(own)
            elif "stroke=" not in traits or ' fill="none"' in traits:
                body.append(f'<path{traits} d="{"".join(own)}"/>')
            else:  # of filled shapes with an edge, the upper one hides the lower
                body += [f'<path{traits} d="{steps}"/>' for steps in own]
        for traits, own in texts.items():
            body.append(f"<g{traits}>{''.join(own)}</g>" if traits else "".join(own))
        left, wide, high = -MARGIN, self.width + 2 * MARGIN, self.height + 2 * MARGIN
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_short(wide)}" height="{_short(high)}" '
            f'viewBox="{_short(left)} {_short(left)} {_short(wide)} {_short(high)}" fill="currentColor" '
            f'color="{PALETTE["ink"]}" font-size="{_short(SIZE)}" font-family={quoteattr(FACES)}>'
            f'<path class="paper" fill="#fff" d="M{_short(left)} {_short(left)}h{_short(wide)}'
            f'v{_short(high)}h{_short(-wide)}Z"/>'
            f"{DARK if self.width < PAGE_WIDTH else ''}{''.join(body)}</svg>\n"
        )


# Text stays text, no label is mathematics; the same names each time.
PLOTTED = {"svg.fonttype": "none", "svg.hashsalt": "evidence", "text.parse_math": False}
REFERENCE = re.compile(r'(?:href="#|url\(#)([\w.-]+)')
TEXT_SIZE = re.compile(r"font[^;]{0,200}?(?<![\d.])([\d.]+)px")
INKED = ("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor")


class Plotted:
    """A figure of matplotlib or seaborn as SVG that follows the colours of the page around it."""

    def __init__(self, figure: Any) -> None:
        from matplotlib import pyplot

        self.figure = figure
        pyplot.close(figure)  # a notebook would show it once more

    def svg(self) -> str:
        """Return the drawing as SVG: black is the colour of the text, and styling stands in attributes."""
        import matplotlib

        stream = io.StringIO()
        with matplotlib.rc_context(PLOTTED):
            self.figure.savefig(stream, format="svg", metadata={"Date": None}, transparent=True)
        drawn = UNWRITABLE.sub("\ufffd", stream.getvalue()[stream.getvalue().index("<svg") :])
        drawn = re.sub(r"<(metadata>|style|!--).*?(</metadata>|</style>|-->|\Z)", "", drawn, flags=re.DOTALL)
        used, key = set(REFERENCE.findall(drawn)), f"p{hashlib.sha256(drawn.encode()).hexdigest()[:6]}"
        drawn = re.sub(r' id="([^"]*)"', lambda id: f' id="{key}{id[1]}"' if id[1] in used else "", drawn)
        drawn = REFERENCE.sub(lambda found: found[0].replace("#", f"#{key}"), drawn)
        drawn = re.sub(r'="([\d.]+)pt"', lambda found: f'="{float(found[1]) * 96 / 72:.0f}"', drawn)
        drawn = re.sub(r'style="([^"]*)"', lambda found: _as_attributes(found[1]), drawn)
        drawn = re.sub(r"(?<!\s)\s*\n\s*", " ", drawn).replace("xlink:href", "href")
        drawn = drawn.replace("#000000", "currentColor")
        if 96 * self.figure.get_figwidth() < PAGE_WIDTH / 2:
            drawn = drawn.replace(">", f">{DARK}", 1)
        return drawn.replace("<svg", f'<svg fill="currentColor" font-family={quoteattr(FACES)}', 1) + "\n"


def _as_attributes(style: str) -> str:
    """Return the rules of a `style` as attributes, which a page's content policy allows."""
    size = TEXT_SIZE.search(style)
    rules = [tuple(map(str.strip, rule.split(":", 1))) for rule in style.split(";") if ":" in rule]
    kept = {name: value for name, value in rules if not name.startswith("font")}
    kept |= {"font-size": size[1]} if size else {}
    return " ".join(f'{name}="{value}"' for name, value in kept.items())


@contextmanager
def style() -> Iterator[None]:
    """Set the house style for what is plotted inside, and leave everybody else's settings alone."""
    import matplotlib
    import seaborn

    plain = dict.fromkeys(INKED, "black") | {"axes.spines.top": False, "axes.spines.right": False}
    with matplotlib.rc_context(seaborn.axes_style("white") | PLOTTED | plain):
        yield


def _plain(value: Any) -> str:
    """Return a value as CSV prints it; what is missing, or no single value, is empty."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, str):
        return inert_cell(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return str(value) if isinstance(value, bool) else ""
    return f"{value:.12g}"


@dataclass(frozen=True)
class Figure:
    """Two drawings of the same, for a page and for a phone, that may be published with their words.

    `.title` and `.caption` stand below, `.alt` is made from the numbers. `.rows` are the numbers, one dict a
    mark or line; what starts with `_` is not among them. Where a whole table is drawn, `.table` names it.
    `.origins` are anchors, with blanks between, of rows that account for numbers of the caption.
    """

    drawing: Drawing | Plotted
    alt: str
    caption: str
    rows: Sequence[Row] = ()
    table: str = ""
    title: str = ""
    phone: Drawing | None = None
    origins: str = ""

    @classmethod
    def of(cls, draw: Callable[[float], Drawing], **words: Any) -> Figure:
        """Return the figure of what a function draws for the width of a page and of a phone."""
        return cls(draw(PAGE_WIDTH), phone=draw(PHONE_WIDTH), **words)

    def csv(self) -> bytes:
        """Return the numbers behind the drawing as CSV, 12 significant digits; nothing where it has none."""
        frame = pd.DataFrame(
            {name: text for name, value in row.items() if name[:1] != "_" and (text := _plain(value))}
            for row in self.rows
        )
        return frame.to_csv(index=False, lineterminator="\n").encode("utf-8") if len(frame.columns) else b""


@lru_cache(maxsize=4096)
def _advance(letter: str, weight: str) -> float:
    """Return the width of a letter of size one; one that the font has not may be square."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight)))
    if not font.get_char_index(ord(letter)):
        return 1.0
    font.set_size(100, 72)  # points, dots to the inch
    return font.load_char(ord(letter)).linearHoriAdvance / 65536 / 100


def text_width(text: str, size: float = SIZE, weight: str = "normal") -> float:
    """Return the width of one line of text in pixels; what kerning saves is not counted."""
    return sum(_advance(letter, weight) for letter in text) * size


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


def _pieces(words: list[str], width: float, size: float, weight: str) -> Iterable[str]:
    for word in words:
        while len(word) > 1 and text_width(word, size, weight) > width:
            cut = max(1, sum(text_width(word[:end], size, weight) <= width for end in range(1, len(word))))
            yield word[:cut]
            word = word[cut:]
        yield word


def widest(texts: Iterable[str], size: float = SIZE, weight: str = "normal") -> float:
    """Return the width of the widest line among texts."""
    lines = (line for text in texts for line in str(text).split("\n"))
    return max((text_width(line, size, weight) for line in lines), default=0.0)


def height_of(*texts: str) -> float:
    """Return the height in pixels of the text with most lines."""
    return LINE * max((str(text).count("\n") + 1 for text in texts), default=1)


def as_rows(rows: Rows) -> list[Row]:
    """Return a frame or a list of mappings as plain dictionaries, missing values as None."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame([dict(row) for row in rows])
    return records(frame)


def known_values(rows: Iterable[Row], *names: str) -> list[float]:
    """Return the numbers that rows have under some names."""
    values = [row.get(name) for row in rows for name in names]
    return [float(value) for value in values if not is_missing(value) and math.isfinite(value)]


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers from `low` to `high`, at most so many steps apart."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * part for part in (1, 2, 2.5, 5, 10) if power * part >= rough * (1 - 1e-9))
    return [round(step * place, 10) for place in range(math.ceil(low / step), math.floor(high / step) + 1)]


class Axis:
    """A level axis: where a value stands, and its line with round numbers."""

    def __init__(self, values: Iterable[float], left: float, width: float, air: float = 0.06) -> None:
        known = list(values) or [0.0, 1.0]
        span = (max(known) - min(known)) or 1.0
        self.low, self.high = min(known) - air * span, max(known) + air * span
        self.left, self.width = left, width

    def __call__(self, value: float) -> float:
        """Return the pixel of a value, or of the end that it lies beyond."""
        part = (min(max(float(value), self.low), self.high) - self.low) / (self.high - self.low)
        return self.left + part * self.width

    def draw(
        self, pen: Drawing, y: float, words: str = "", names: Callable[[float], str] = show_number
    ) -> float:
        """Draw the axis at `y` with what it counts below; return where it ends."""
        pen.line(self.left, y, self.left + self.width, y, "muted")
        for value in ticks(self.low, self.high, 6 if self.width > 200 else 4):
            pen.line(self(value), y, self(value), y + 4, "muted")
            half = text_width(names(value), SMALL) / 2
            x = min(max(self(value), half), pen.width - half)
            pen.write(x, y + 13, names(value), size=SMALL, anchor="middle")
        words, middle = wrap(words, self.width, SMALL), self.left + self.width / 2
        pen.write(middle, y + 21 + height_of(words) / 2, words, size=SMALL, anchor="middle")
        return y + 23 + height_of(words)


def sign_grid(
    width: float,
    names: Sequence[str],
    heads: Sequence[str],
    field: Callable[[Drawing, float, float, int, int], None],
    key: Iterable[tuple[Callable[[Drawing, float, float], None], str]],
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


def measure_a_text() -> None:
    """Measure a text: its font is looked for when first used."""
    text_width("±")
