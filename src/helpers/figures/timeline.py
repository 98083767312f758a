"""Timeline: what was measured when, what was promised and not reported, and when treatment was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from helpers.figures.figure import BLUE, INK, ORANGE, PAGE_WIDTH, RULE, VERMILION, Figure, canvas, style
from helpers.figures.lettering import SMALL, Pen, as_rows, height_of, text_width, widest, wrap
from helpers.figures.numbers import is_missing, joined, plain_words, show_number

WORDS = {
    "measured": "measured",
    "promised": "promised but not reported",
    "planned": "planned",
    "session": "treatment session",
}
SHAPES = {
    "measured": {"marker": "o", "markerfacecolor": BLUE, "markeredgecolor": BLUE},
    "promised": {"marker": "X", "markerfacecolor": "white", "markeredgecolor": VERMILION},
    "planned": {"marker": "o", "markerfacecolor": "white", "markeredgecolor": BLUE},
    "session": {"marker": "^", "markerfacecolor": ORANGE, "markeredgecolor": ORANGE},
}
ROW, WIDEST_LANE, TOUCHING = 34.0, 200.0, 20.0


def timeline(
    events: pd.DataFrame | Sequence[Mapping[str, Any]], *, title: str = "What was measured when"
) -> Figure:
    """Draw events on an axis of weeks.

    Parameters
    ----------
    events : pandas.DataFrame or list of dict
        `lane` (an outcome, arm or study: a row of the picture), `weeks`, `mark` (measured, promised, planned,
        session). Events without a time are named in the alternative text and the caption, not drawn.
    title : str
        Title; first words of the alternative text.

    Returns
    -------
    Figure
        Alternative text: every lane with its marks and weeks.

    Raises
    ------
    ValueError
        When an event has a mark that is not one of the four.

    """
    data = [dict(row, lane=plain_words(row["lane"])) for row in as_rows(events)]
    unknown = sorted({str(row["mark"]) for row in data} - set(WORDS))
    if unknown:
        raise ValueError(f"timeline: mark {', '.join(unknown)} is none of {', '.join(WORDS)}")
    dated = [row for row in data if not is_missing(row.get("weeks"))]
    lanes = list(dict.fromkeys(row["lane"] for row in data))
    with style():
        figure = _draw(lanes, dated, title)
    caption = "Weeks since the first treatment. " + _undated(
        [row for row in data if is_missing(row.get("weeks"))]
    )
    return Figure(figure, _alt(title, lanes, data), caption.strip(), data)


def _draw(lanes: list[str], dated: list[dict], title: str) -> Any:
    labels = [wrap(lane, WIDEST_LANE) for lane in lanes]
    heights = [max(ROW, height_of(label) + 12) for label in labels]
    left = widest(labels) + 22
    figure = canvas(34 + sum(heights) + 84)
    pen = Pen(figure)
    pen.write(0, 14, title, fontsize=10.5, fontweight="bold")
    axes = pen.axes(left, 34, PAGE_WIDTH - left - 16, sum(heights) + 4)
    axes.set_ylim(sum(heights) + 4, 0)
    last = max([float(row["weeks"]) for row in dated] or [1.0])
    axes.set_xlim(-0.03 * max(last, 1), 1.03 * max(last, 1))
    y = 0.0
    for lane, label, height in zip(lanes, labels, heights, strict=True):
        middle = y + height / 2
        pen.write(0, 34 + middle, label)
        axes.axhline(middle, color=RULE, linewidth=0.8, zorder=0)
        _lane(axes, middle, [row for row in dated if row["lane"] == lane])
        y += height
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.set_yticks([])
    axes.set_xlabel("Weeks since the first treatment", fontsize=SMALL)
    axes.xaxis.set_major_formatter(lambda value, _: show_number(round(value, 10)))
    axes.tick_params(axis="x", labelsize=SMALL)
    _legend(pen, 34 + sum(heights) + 66, {row["mark"] for row in dated})
    return figure


def _lane(axes: Any, middle: float, events: list[dict]) -> None:
    """Draw one lane; different marks that would touch are set above each other, so that none is hidden."""
    left, right = axes.get_xlim()
    near = (right - left) * TOUCHING / PAGE_WIDTH
    marks = [mark for mark in WORDS if any(row["mark"] == mark for row in events)]
    places = {(float(row["weeks"]), row["mark"]) for row in events}
    for weeks, mark in sorted(places):
        close = {name for week, name in places if abs(week - weeks) < near}
        beside = [name for name in marks if name in close]
        offset = (beside.index(mark) - (len(beside) - 1) / 2) * 13
        look = {"markersize": 8.5, "markeredgewidth": 1.5, "linestyle": "none"} | SHAPES[mark]
        axes.plot([weeks], [middle + offset], clip_on=False, **look)


def _legend(pen: Pen, y: float, marks: set[str]) -> None:
    overlay, x = pen.overlay(), 6.0
    for mark, word in WORDS.items():
        if mark in marks:
            overlay.plot([x], [y], markersize=8.5, markeredgewidth=1.5, linestyle="none", **SHAPES[mark])
            pen.write(x + 12, y, word, fontsize=SMALL, color=INK)
            x += 12 + text_width(word, SMALL) + 28


def _undated(events: list[dict]) -> str:
    """Return which events have no time; they are not left out in silence."""
    if not events:
        return ""
    names = list(dict.fromkeys(f"{row['lane']} ({WORDS[row['mark']]})" for row in events))
    return f"Without a stated time, and so not drawn: {joined(names)}."


def _alt(title: str, lanes: list[str], events: list[dict]) -> str:
    if not events:
        return f"Timeline. {title}. There is nothing to show."
    parts = []
    for lane in lanes:
        said = []
        for mark, word in WORDS.items():
            own = [row for row in events if row["lane"] == lane and row["mark"] == mark]
            weeks = sorted({float(row["weeks"]) for row in own if not is_missing(row.get("weeks"))})
            if weeks:
                said.append(f"{word} at week {joined([show_number(round(week, 1)) for week in weeks])}")
            if any(is_missing(row.get("weeks")) for row in own):
                said.append(f"{word} at a time not stated")
        parts.append(f"{lane}: {'; '.join(said)}.")
    return f"Timeline. {title}. " + " ".join(parts)
