"""The specification curve of the sensitivity analysis."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from helpers.figures import FIGURE_WORDS
from helpers.figures.canvas import PAGE_WIDTH, SMALL, Axis, Drawing, Figure, ticks, widest
from helpers.figures.rows import author_year
from helpers.formats import plain_unit, show_estimate, show_interval, show_number, show_with_unit
from helpers.tables.vocabulary import CHOICES, SD_USES

MOST = 150  # more specifications than this have no room; as many are drawn, evenly spaced in their order
CURVE, ROW, GAP = 240.0, 14.0, 9.0
MOST_LEVELS = 13


def specification_curve(
    frame: pd.DataFrame, chosen: dict[str, Any] | None = None, named: Callable[[str], str] = str
) -> Figure:
    """Draw the curve of rows of `specifications` on one question.

    `chosen` is the specification that the parameters name (`estimate`, `ci_lower`, `ci_upper`), drawn across;
    `named` gives a study's name for a reader.
    """
    frame = frame.sort_values(["estimate", "ci_lower"], kind="stable").reset_index(drop=True)
    first, panels = frame.iloc[0], _panels(frame, named)
    unit = plain_unit(first["unit"])
    title = f"Sensitivity analysis: {first['question']}"
    places = np.linspace(0, len(frame) - 1, min(MOST, len(frame))).round().astype(int)
    shown = frame.iloc[places].reset_index(drop=True)
    of_all = "" if len(shown) == len(frame) else f" of {len(frame)}, evenly spaced in their order,"
    said = FIGURE_WORDS["captions"]["curve"].format(count=f"{len(shown)}{of_all}")
    if chosen:
        use = SD_USES[chosen["sd_use"]]
        said += f" The dashed line is the answer with the parameters of this run, {use}."
    alt = _curve_alt(frame, title, unit, chosen)
    draw = partial(_draw, shown, panels, unit, chosen)
    return Figure.of(draw, alt=alt, caption=said, table="specifications", title=title)


def _draw(
    frame: pd.DataFrame, panels: list, unit: str, chosen: dict[str, Any] | None, width: float
) -> Drawing:
    """Return the curve and below it the choices, on a phone with their names above them."""
    pen = Drawing(width)
    labels = [words for _, levels in panels for words in levels]
    left = max(widest(labels, SMALL) + 14, 60)
    left += widest((CHOICES[name] for name, _ in panels), SMALL, "bold") + 12 if width >= PAGE_WIDTH else 0
    level = Axis([-0.5, len(frame) - 0.5], left, width - left, air=0)
    lower, upper = _window(frame)
    upright = Axis([lower, upper], 0, CURVE, air=0)
    _draw_axis(pen, upright, left, unit)
    _draw_each(pen, frame, level, upright)
    pen.line(left, CURVE - upright(0), width, CURVE - upright(0))
    if chosen:
        y = CURVE - upright(chosen["estimate"])
        pen.line(left, y, width, y, "orange", width=1.6, dash="5 3")
    _draw_panels(pen, frame, panels, level)
    return pen


def _draw_axis(pen: Drawing, upright: Axis, left: float, unit: str) -> None:
    pen.line(left, 0, left, CURVE, "muted")
    for value in ticks(upright.low, upright.high):
        y = CURVE - upright(value)
        pen.line(left - 4, y, left, y, "muted")
        pen.write(left - 7, y, show_number(value), size=SMALL, anchor="end")
    pen.write(left - 36, CURVE / 2, unit, size=SMALL, upright=True, anchor="middle")


def _draw_each(pen: Drawing, frame: pd.DataFrame, level: Axis, upright: Axis) -> None:
    """Draw every estimate with its interval."""
    names = ("ci_lower", "ci_upper", "estimate")  # what reaches beyond the window is cut
    low, high, middle = ([CURVE - upright(value) for value in frame[name]] for name in names)
    clear = frame["conclusion"].to_numpy() != "not shown"
    for place in range(len(frame)):
        x = level(place)
        pen.line(x, low[place], x, high[place], "blue" if clear[place] else "rule")
    for place in range(len(frame)):
        colour, hollow = ("blue", False) if clear[place] else ("ink", True)
        pen.mark("circle", level(place), middle[place], 5, colour, hollow=hollow)


def _draw_panels(pen: Drawing, frame: pd.DataFrame, panels: list, level: Axis) -> None:
    """Draw in the row of each value of a choice which specifications took it."""
    y, wide = CURVE + GAP, pen.width >= PAGE_WIDTH
    thick = max(1.0, 0.6 * level.width / len(frame))
    for name, levels in panels:
        pen.line(0, y - GAP / 2, pen.width, y - GAP / 2, "rule")
        pen.write(0, y + ROW / 2, CHOICES[name], size=SMALL, bold=True)
        y += 0 if wide else ROW + 2
        for words, value in levels.items():
            pen.write(level.left - 8, y + ROW / 2, words, size=SMALL, anchor="end", colour="muted")
            for place in np.flatnonzero(frame[name] == value):
                pen.line(level(place), y + 2, level(place), y + ROW - 2, width=thick)
            y += ROW
        y += GAP
    pen.height = max(pen.height, y - GAP)


def _panels(frame: pd.DataFrame, named: Callable[[str], str]) -> list[tuple[str, dict[str, Any]]]:
    """Return the choices that take more than one value here, with their values by the words for them."""
    panels = []
    for name in CHOICES:
        levels = list(pd.unique(frame[name]))
        levels = sorted(levels, key=lambda value: (isinstance(value, str), value))
        if 1 < len(levels) <= MOST_LEVELS:
            panels.append((name, {_level(name, value, named): value for value in levels}))
    return panels


def _level(name: str, value: Any, named: Callable[[str], str]) -> str:
    if name == "included" and str(value).startswith("without "):
        return f"without {author_year(named(value.removeprefix('without ')))}"
    if name == "sd_use" and value == "all":
        return FIGURE_WORDS["levels"]["all SD"]
    return FIGURE_WORDS["levels"].get(value, value) if isinstance(value, str) else show_number(value)


def _window(frame: pd.DataFrame) -> tuple[float, float]:
    """Return limits that hold every estimate; intervals that reach far beyond are cut."""
    low, high = min(0.0, frame["estimate"].min()), max(0.0, frame["estimate"].max())
    span = (high - low) or 1.0
    return (max(frame["ci_lower"].min(), low - 0.8 * span) - 0.03 * span,
            min(frame["ci_upper"].max(), high + 0.8 * span) + 0.03 * span)  # fmt: skip


def _curve_alt(frame: pd.DataFrame, title: str, unit: str, chosen: dict[str, Any] | None) -> str:
    gains, losses = (int((frame["conclusion"] == name).sum()) for name in ("gain", "loss"))
    middle = show_estimate(frame["estimate"].median())
    reach = show_interval(frame["estimate"].min(), frame["estimate"].max())
    words = (
        f"Specification curve. {title}. {len(frame)} specifications; estimates run from {reach} {unit}, "
        f"median {middle}. In {gains} of them the interval lies above 0, in {losses} below it."
    )
    if chosen:
        answer = show_with_unit(chosen["estimate"], chosen["ci_lower"], chosen["ci_upper"], None)
        words += f" With the parameters of this run: {answer}."
    return words
