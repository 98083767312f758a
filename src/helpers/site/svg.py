"""Drawings made of boxes and arrows, as SVG whose boxes are links and whose words are text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, GAP_X, GAP_Y, PAD, LINE = 340, 44, 34, 12, 19
LETTERS, TITLE_LETTERS = 44, 40  # characters to a line of a box


@dataclass(frozen=True)
class Box:
    """A box: a title, lines of detail, where it leads, and its place in the grid."""

    title: str
    lines: Sequence[str]
    target: str
    column: int
    row: int

    @property
    def words(self) -> list[tuple[str, bool]]:
        """The lines as they are drawn, with whether they belong to the title."""
        head = [(line, True) for line in textwrap.wrap(self.title, TITLE_LETTERS)]
        return head + [(line, False) for text in self.lines for line in textwrap.wrap(text, LETTERS)]

    @property
    def height(self) -> int:
        """Height in user units."""
        return 2 * PAD + LINE * len(self.words) - 4


def flow_svg(
    boxes: Sequence[Box], arrows: Sequence[tuple[int, int]], *, label: str, alt: str, caption: str
) -> Markup:
    """Return a diagram as a figure.

    Parameters
    ----------
    boxes : sequence of Box
        The boxes, each at its column and row; a row is as high as its highest box.
    arrows : sequence of (int, int)
        Pairs of places in `boxes`: downwards in one column, otherwise sideways and, where needed, down.
    label, alt, caption : str
        Anchor, alternative text and caption of the figure.

    """
    rows = sorted({box.row for box in boxes})
    heights = {row: max(box.height for box in boxes if box.row == row) for row in rows}
    tops, y = {}, 4
    for row in rows:
        tops[row] = y
        y += heights[row] + GAP_Y
    columns = max(box.column for box in boxes) + 1
    width, height = columns * WIDTH + (columns - 1) * GAP_X + 8, y - GAP_Y + 8
    lines = Markup("\n").join(_arrow(boxes[one], boxes[two], tops) for one, two in arrows)
    drawn = Markup("\n").join(_box(box, tops[box.row]) for box in boxes)
    return Markup(
        '<figure id="{label}" class="drawn"><div class="scroll" role="region" aria-label="{name}" '
        'tabindex="0">'
        '<svg role="group" aria-label="{alt}" viewBox="0 0 {width} {height}" width="{width}" '
        'height="{height}">\n'
        '<defs><marker id="{label}-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>\n{lines}\n{drawn}\n</svg></div>'
        '<figcaption class="fixed">{caption}</figcaption></figure>'
    ).format(
        label=label,
        name=f"Diagram: {caption.split('.')[0]}",
        alt=alt,
        width=width,
        height=height,
        lines=Markup(str(lines).replace("TIP", f"{label}-tip")),
        drawn=drawn,
        caption=caption,
    )


def _left(box: Box) -> int:
    return 4 + box.column * (WIDTH + GAP_X)


def _box(box: Box, top: int) -> Markup:
    left = _left(box)
    words = Markup("").join(
        Markup('<text x="{}" y="{}"{}>{}</text>').format(
            left + PAD,
            top + PAD + 12 + LINE * number,
            Markup(' class="head"') if head else Markup(""),
            text,
        )
        for number, (text, head) in enumerate(box.words)
    )
    return Markup('<a href="{}"><rect x="{}" y="{}" width="{}" height="{}" rx="4"/>{}</a>').format(
        box.target, left, top, WIDTH, box.height, words
    )


def _arrow(one: Box, two: Box, tops: dict[int, int]) -> Markup:
    """Return the line from one box to another."""
    start, end = tops[one.row], tops[two.row]
    if one.column == two.column:
        x = _left(one) + WIDTH // 2
        path = f"M{x} {start + one.height}V{end - 2}"
    elif one.row == two.row:
        y = start + min(one.height, two.height) // 2
        path = f"M{_left(one) + WIDTH} {y}H{_left(two) - 2}"
    else:
        middle = _left(one) + WIDTH + GAP_X // 2
        out, into = start + one.height - PAD, end + two.height // 2
        path = f"M{_left(one) + WIDTH} {out}H{middle}V{into}H{_left(two) - 2}"
    return Markup('<path class="arrow" d="{}" marker-end="url(#TIP)"/>').format(path)
