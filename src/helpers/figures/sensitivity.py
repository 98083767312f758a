"""Figures of the sensitivity analysis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.figures import FIGURE_WORDS
from helpers.figures.canvas import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    PAGE_WIDTH,
    RULE,
    SMALL,
    Figure,
    Pen,
    style,
    tick_number,
    widest,
)
from helpers.formats import plain_unit, show_estimate, show_interval, show_number, show_with_unit
from helpers.pooling.specifications import CHOICES

DENSE = 600  # more specifications than this have less than a printer's dot each
BINS = 110


def bins_of(count: int) -> np.ndarray:
    """Return for each of so many specifications in order the bin that it belongs to."""
    return (np.arange(count) * BINS) // count


def edges_of(count: int) -> np.ndarray:
    """Return where the bins begin and end, in places of specifications."""
    return np.arange(BINS + 1) * count / BINS - 0.5


def draw_bands(axes: Any, frame: pd.DataFrame, lower: float, upper: float) -> None:
    """Draw how far the intervals of each bin reach, darker the middle of their ends; then the estimates."""
    bins, edges = bins_of(len(frame)), edges_of(len(frame))
    low, high = (frame[name].clip(lower, upper).groupby(bins) for name in ("ci_lower", "ci_upper"))
    for bottom, top, alpha in ((low.min(), high.max(), 0.14), (low.median(), high.median(), 0.22)):
        baseline = bottom.round(2).to_numpy()
        axes.stairs(top.round(2), edges, baseline=baseline, fill=True, color=MUTED, alpha=alpha)
    middles = (edges[:-1] + edges[1:]) / 2
    clear = frame["conclusion"] != "not shown"
    for mask, ground, edge in ((~clear, "white", MUTED), (clear, INK, INK)):
        medians = frame["estimate"][mask].groupby(bins[mask.to_numpy()]).median()
        look = {"s": 6, "zorder": 3, "facecolor": ground, "edgecolor": edge, "linewidth": 0.4}
        axes.scatter(middles[medians.index], medians, **look)


def draw_share(axes: Any, here: np.ndarray, count: int, place: int) -> None:
    """Draw in a row of the panel how large a share of each bin takes this level: full height where all do."""
    bins = bins_of(count)
    share = np.bincount(bins[here], minlength=BINS) / np.bincount(bins, minlength=BINS)
    top = place + 0.85 - 0.7 * share.round(2)
    axes.stairs(top, edges_of(count), baseline=place + 0.85, fill=True, color=INK, linewidth=0)


CURVE_TOP, CURVE, CURVE_ROW, GAP = 40.0, 250.0, 13.0, 9.0
MOST_LEVELS = 13
MANY = 150  # from here on intervals are drawn faintly, so that the estimates stay to be seen


def specification_curve(frame: pd.DataFrame, chosen: dict[str, Any] | None = None) -> Figure:
    """Draw the curve.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows of the table `specifications` on one question.
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
    title = f"Sensitivity analysis: {first['question']}"
    below = sum(CURVE_ROW * len(levels) + GAP for _, levels in panels)
    with style():
        pen = Pen(CURVE_TOP + CURVE + below + 22)
        pen.title("Sensitivity analysis: every set of choices", 16)
        labels = [_level(name, value) for name, levels in panels for value in levels]
        left = max(widest(labels, SMALL) + 128, 190)
        _draw_curve(pen, frame, left, unit, chosen)
        _draw_panels(pen, frame, panels, left)
    said = FIGURE_WORDS["captions"]["dense" if len(frame) > DENSE else "sparse"].format(count=len(frame))
    caption = f"{first['question'][:1].upper()}{first['question'][1:]}. {said}"
    if chosen:
        caption += " The dashed line is the answer with the parameters of this run."
    caption += " The numbers are in the table specifications."
    return Figure(pen.figure, _curve_alt(frame, title, unit, chosen), caption, table="specifications")


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
        return FIGURE_WORDS["levels"]["all SD"]
    return FIGURE_WORDS["levels"].get(value, value) if isinstance(value, str) else show_number(value)


def _draw_curve(pen: Pen, frame: pd.DataFrame, left: float, unit: str, chosen: dict[str, Any] | None) -> None:
    axes = pen.axes(left, CURVE_TOP, PAGE_WIDTH - left - 6, CURVE)
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
    axes.yaxis.set_major_formatter(tick_number)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def _draw_each(axes: Any, frame: pd.DataFrame, x: np.ndarray, lower: float, upper: float) -> None:
    """Draw every estimate with its interval."""
    clear = frame["conclusion"].to_numpy() != "not shown"
    many = len(frame) > MANY
    thin, faint, size, edge, colour_of_clear = (
        (0.5, 0.2, 1.5, 0.3, INK) if many else (1.0, 0.55, 7, 0.7, BLUE)
    )
    for mask, colour in ((~clear, MUTED), (clear, BLUE)):
        ends = [frame[name][mask].clip(lower, upper) for name in ("ci_lower", "ci_upper")]
        axes.vlines(x[mask], *ends, color=colour, linewidth=thin, alpha=faint)
    hollow = {"facecolor": "white", "edgecolor": MUTED, "linewidth": edge}
    axes.scatter(x[~clear], frame["estimate"][~clear], s=size, zorder=3, **hollow)
    axes.scatter(x[clear], frame["estimate"][clear], s=size, zorder=3, color=colour_of_clear)


def _window(frame: pd.DataFrame) -> tuple[float, float]:
    """Return limits that hold every estimate; intervals that reach far beyond are cut."""
    low, high = min(0.0, frame["estimate"].min()), max(0.0, frame["estimate"].max())
    span = (high - low) or 1.0
    return (max(frame["ci_lower"].min(), low - 0.8 * span) - 0.03 * span,
            min(frame["ci_upper"].max(), high + 0.8 * span) + 0.03 * span)  # fmt: skip


def _draw_panels(pen: Pen, frame: pd.DataFrame, panels: list, left: float) -> None:
    """Draw a mark for each specification in the row of each of its choices."""
    y = CURVE_TOP + CURVE + GAP
    x = np.arange(len(frame))
    for name, levels in panels:
        height = CURVE_ROW * len(levels)
        pen.rule(y - GAP / 2, color=RULE)
        pen.write(0, y + CURVE_ROW / 2, CHOICES[name], fontsize=SMALL, fontweight="bold")
        axes = pen.axes(left, y, PAGE_WIDTH - left - 6, height)
        axes.set(xlim=(-1, len(frame)), ylim=(len(levels), 0))
        axes.axis("off")
        for place, level in enumerate(levels):
            at = y + CURVE_ROW * (place + 0.5)
            pen.write(left - 8, at, _level(name, level), ha="right", fontsize=SMALL, color=MUTED)
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
