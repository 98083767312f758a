"""The specification curve: every estimate in order with its interval, below it the choices that made it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.figures.figure import BLUE, INK, MUTED, ORANGE, PAGE_WIDTH, RULE, Figure, canvas, style
from helpers.figures.lettering import SMALL, Pen, widest
from helpers.figures.numbers import plain_unit, plain_words, show_estimate, show_interval, show_number
from helpers.figures.specification_bins import CAPTION, DENSE, draw_bands, draw_share
from helpers.synthesis.choice_effects import CHOICES
from helpers.tables.vocabulary import CONTRAST_WORDS

LEVEL_WORDS = {
    "core": "five sources",
    "published": "with published",
    "all": "all studies",
    "sound": "no certain finding",
    "like": "alike",
    "any": "any",
    "raw": "as printed",
    "out": "left out",
    "means": "taken as means",
    "missing": "borrowed if missing",
    "doubtful": "borrowed if doubtful",
    "all SD": "borrowed for all",
}
SHORT = {"times": "times", "visit": "visit", "group_share": "treated, of all people"}
TOP, CURVE, ROW, GAP = 40.0, 250.0, 13.0, 9.0
MOST_LEVELS = 13
MANY = 150  # from here on intervals are drawn faintly, so that the estimates stay to be seen


def specification_curve(frame: pd.DataFrame, chosen: dict[str, Any] | None = None) -> Figure:
    """Draw the curve.

    Parameters
    ----------
    frame : pandas.DataFrame
        Table `specifications` for one question.
    chosen : dict, optional
        `estimate`, `ci_lower`, `ci_upper` of the specification that the parameters name; drawn across.

    Returns
    -------
    Figure
        Alternative text: how many specifications, their range and median, and how many show a gain.

    """
    frame = frame.sort_values(["estimate", "ci_lower"], kind="stable").reset_index(drop=True)
    panels = _panels(frame)
    first = frame.iloc[0]
    unit = plain_unit(first["unit"])
    question = f"{plain_words(first['concept']).capitalize()}, {CONTRAST_WORDS[first['contrast']]}"
    title = f"{question}: every defensible answer"
    below = sum(ROW * len(levels) + GAP for _, levels in panels)
    with style():
        figure = canvas(TOP + CURVE + below + 22)
        pen = Pen(figure)
        pen.write(0, 16, title, fontsize=10.5, fontweight="bold")
        left = max(
            widest([_level(name, value) for name, levels in panels for value in levels], SMALL) + 128, 190
        )
        _draw_curve(pen, frame, left, unit, chosen)
        _draw_panels(pen, frame, panels, left)
    words = _alternative(frame, title, unit, chosen)
    return Figure(figure, words, _caption(frame, chosen), table="specifications")


def _panels(frame: pd.DataFrame) -> list[tuple[str, list[Any]]]:
    """Return the choices that take more than one value here, with their values."""
    panels = []
    for name in CHOICES:
        levels = list(pd.unique(frame[name]))
        levels = sorted(levels, key=lambda value: (isinstance(value, str), value))
        if 1 < len(levels) <= MOST_LEVELS:
            panels.append((name, levels))
    return panels


def _level(name: str, value: Any) -> str:
    if name == "sd_use" and value == "all":
        return LEVEL_WORDS["all SD"]
    if name == "group_share":
        return f"{show_number(100 * value)} %"
    return LEVEL_WORDS.get(value, value) if isinstance(value, str) else show_number(value)


def _draw_curve(pen: Pen, frame: pd.DataFrame, left: float, unit: str, chosen: dict[str, Any] | None) -> None:
    axes = pen.axes(left, TOP, PAGE_WIDTH - left - 6, CURVE)
    x = np.arange(len(frame))
    lower, upper = _window(frame)
    if len(frame) > DENSE:
        draw_bands(axes, frame, lower, upper)
    else:
        _draw_each(axes, frame, x, lower, upper)
    axes.axhline(0, color=INK, linewidth=0.9)
    if chosen:
        axes.axhline(chosen["estimate"], color=ORANGE, linewidth=1.2, linestyle=(0, (5, 2)))
    axes.set(xlim=(-1, len(frame)), ylim=(lower, upper), xticks=[])
    axes.set_ylabel(unit, fontsize=SMALL)
    axes.tick_params(axis="y", labelsize=SMALL)
    axes.yaxis.set_major_formatter(lambda value, _: show_number(round(value, 10)))
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def _draw_each(axes: Any, frame: pd.DataFrame, x: np.ndarray, lower: float, upper: float) -> None:
    """Draw every estimate with its interval."""
    clear = frame["conclusion"].to_numpy() != "not shown"
    thin, faint = (0.5, 0.2) if len(frame) > MANY else (1.0, 0.55)
    for mask, colour in ((~clear, MUTED), (clear, BLUE)):
        ends = [frame[name][mask].clip(lower, upper) for name in ("ci_lower", "ci_upper")]
        axes.vlines(x[mask], *ends, color=colour, linewidth=thin, alpha=faint)
    size = 7 if len(frame) <= MANY else 1.5
    hollow = {"facecolor": "white", "edgecolor": MUTED, "linewidth": 0.7 if len(frame) <= MANY else 0.3}
    axes.scatter(x[~clear], frame["estimate"][~clear], s=size, zorder=3, **hollow)
    axes.scatter(
        x[clear], frame["estimate"][clear], s=size, color=BLUE if len(frame) <= MANY else INK, zorder=3
    )


def _window(frame: pd.DataFrame) -> tuple[float, float]:
    """Return limits that hold every estimate; intervals that reach far beyond are cut."""
    low, high = min(0.0, frame["estimate"].min()), max(0.0, frame["estimate"].max())
    span = (high - low) or 1.0
    return (max(frame["ci_lower"].min(), low - 0.8 * span) - 0.03 * span,
            min(frame["ci_upper"].max(), high + 0.8 * span) + 0.03 * span)  # fmt: skip


def _draw_panels(pen: Pen, frame: pd.DataFrame, panels: list, left: float) -> None:
    """Draw a mark for each specification in the row of each of its choices."""
    y = TOP + CURVE + GAP
    x = np.arange(len(frame))
    for name, levels in panels:
        height = ROW * len(levels)
        pen.rule(y - GAP / 2, color=RULE)
        pen.write(0, y + ROW / 2, SHORT.get(name, CHOICES[name]), fontsize=SMALL, fontweight="bold")
        axes = pen.axes(left, y, PAGE_WIDTH - left - 6, height)
        axes.set(xlim=(-1, len(frame)), ylim=(len(levels), 0))
        axes.axis("off")
        for place, level in enumerate(levels):
            pen.write(
                left - 8,
                y + ROW * (place + 0.5),
                _level(name, level),
                ha="right",
                fontsize=SMALL,
                color=MUTED,
            )
            here = x[(frame[name] == level).to_numpy()]
            if len(frame) > DENSE:
                draw_share(axes, here, len(frame), place)
            elif len(frame) > MANY:  # marks that touch are one bar
                axes.broken_barh(_bars(here), (place + 0.2, 0.6), facecolor=INK, linewidth=0)
            else:
                axes.vlines(here, place + 0.2, place + 0.8, color=INK, linewidth=min(2.0, 260 / len(frame)))
        y += height + GAP


def _bars(places: np.ndarray) -> list[tuple[float, float]]:
    """Return the start and length of each run of neighbouring places."""
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    return [(run[0] - 0.5, float(len(run))) for run in runs if len(run)]


def _alternative(frame: pd.DataFrame, title: str, unit: str, chosen: dict[str, Any] | None) -> str:
    shown = int((frame["conclusion"] == "gain").sum())
    middle = show_estimate(frame["estimate"].median())
    reach = show_interval(frame["estimate"].min(), frame["estimate"].max())
    lost = int((frame["conclusion"] == "loss").sum())
    parts = [
        f"Specification curve. {title}. {len(frame)} specifications; estimates run from {reach} {unit}, "
        f"median {middle}. In {shown} of them the interval lies above 0, in {lost} below it."
    ]
    if chosen:
        limits = show_interval(chosen["ci_lower"], chosen["ci_upper"])
        parts.append(f"With the parameters of this run: {show_estimate(chosen['estimate'])} ({limits}).")
    return " ".join(parts)


def _caption(frame: pd.DataFrame, chosen: dict[str, Any] | None) -> str:
    words = (
        CAPTION.format(count=len(frame))
        if len(frame) > DENSE
        else (
            f"Each of {len(frame)} points is an estimate with its interval under one set of choices, marked "
            "below; filled where the interval leaves 0 out, open where it holds 0. Intervals that reach far "
            "out are cut."
        )
    )
    line = " The dashed line is the answer with the parameters of this run." if chosen else ""
    return f"{words}{line} The numbers are in the table specifications."
