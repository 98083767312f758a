"""How an estimate moves with an assumption, and where the conclusion flips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.figures.figure import BLUE, INK, PAGE_WIDTH, PURPLE, VERMILION, WASH, Figure, canvas, style
from helpers.figures.lettering import SMALL, Pen, as_rows, wrap
from helpers.figures.numbers import is_missing, joined, plain_unit, show_estimate, show_interval, show_number


def split_curve(
    frame: pd.DataFrame | Sequence[Mapping[str, Any]],
    *,
    assumption: str,
    unit: str,
    null: float = 0,
    chosen: float | None = None,
    title: str,
) -> Figure:
    """Draw an estimate with its interval over the values of an assumption.

    Parameters
    ----------
    frame : pandas.DataFrame or list of dict
        `assumption` (a number), `estimate`, `ci_lower`, `ci_upper`, and `label` where the value needs words,
        such as `8 : 8` for a split of sixteen people.
    assumption : str
        What is assumed, for the axis.
    unit : str
        Unit of the estimate.
    null : float
        Value of no effect.
    chosen : float, optional
        The assumption that the report uses.
    title : str
        Title; first words of the alternative text.

    Returns
    -------
    Figure
        Marked where the conclusion flips: where the interval begins or ceases to hold the null value.

    """
    rows = sorted(as_rows(frame), key=lambda row: float(row["assumption"]))
    if not rows:
        raise ValueError("split_curve: there is no row to draw")
    flips = flip_points(rows, null)
    unit = plain_unit(unit)
    with style():
        figure = _draw(rows, flips, assumption, unit, null, chosen, title)
    caption = (
        f"Line: estimate; band: 95 % interval; level line: no effect ({show_number(null)}). "
        + _flip_words(rows, flips, null)
    )
    return Figure(figure, _alt(rows, flips, assumption, unit, null, chosen, title), caption, rows)


def flip_points(rows: list[dict], null: float) -> list[float]:
    """Return the assumptions, between neighbours, at which the conclusion changes.

    The conclusion is where the interval lies: below the null value, across it, or above it. A place between
    two rows is found by straight lines between the limits.
    """
    points = []
    for one, two in zip(rows, rows[1:], strict=False):
        if conclusion(one, null) == conclusion(two, null):
            continue
        for limit in ("ci_lower", "ci_upper"):
            a, b = float(one[limit]) - null, float(two[limit]) - null
            if (a > 0) != (b > 0) and a != b:
                x1, x2 = float(one["assumption"]), float(two["assumption"])
                points.append(x1 + (x2 - x1) * a / (a - b))
    return sorted(points)


def conclusion(row: Mapping[str, Any], null: float) -> str:
    """Return where an interval lies, `above`, `below` or `across` the null value, or `no interval`."""
    if is_missing(row.get("ci_lower")) or is_missing(row.get("ci_upper")):
        return "no interval"
    if row["ci_lower"] > null:
        return "above"
    return "below" if row["ci_upper"] < null else "across"


def _draw(
    rows: list, flips: list, assumption: str, unit: str, null: float, chosen: float | None, title: str
) -> Any:
    heading = wrap(title, PAGE_WIDTH, 10.5, "bold")
    top = 26 + 15 * heading.count("\n") + (34 if flips or chosen is not None else 10)
    figure = canvas(top + 290)
    pen = Pen(figure)
    pen.write(0, 14 + 7 * heading.count("\n"), heading, fontsize=10.5, fontweight="bold")
    axes = pen.axes(66, top, PAGE_WIDTH - 66 - 24, 226)
    x = [float(row["assumption"]) for row in rows]
    low, mid, high = (_column(rows, name) for name in ("ci_lower", "estimate", "ci_upper"))
    axes.fill_between(x, low, high, color=BLUE, alpha=0.16, linewidth=0)
    for limit in (low, high):
        axes.plot(x, limit, color=BLUE, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.plot(x, mid, color=BLUE, linewidth=1.8, marker="o", markersize=4.5)
    axes.axhline(null, color=INK, linewidth=0.9)
    for place, flip in enumerate(flips):
        axes.axvline(flip, color=VERMILION, linewidth=1.2, linestyle=(0, (1, 1.5)))
        _over(axes, flip, f"conclusion flips at {show_number(round(flip, 2))}", VERMILION, place % 2)
    if chosen is not None:
        axes.axvline(chosen, color=PURPLE, linewidth=1.2, linestyle=(0, (6, 2)))
        _over(axes, chosen, f"used here: {show_number(chosen)}", PURPLE, len(flips) % 2)
    _axes_words(axes, rows, assumption, unit)
    return figure


def _column(rows: list[dict], name: str) -> np.ndarray:
    return np.array([np.nan if is_missing(row.get(name)) else float(row[name]) for row in rows])


def _over(axes: Any, x: float, text: str, colour: str, step: int) -> None:
    """Write above the plot at `x`, turned inward near the edges."""
    left, right = axes.get_xlim()
    share = (x - left) / (right - left)
    align = "left" if share < 0.2 else "right" if share > 0.8 else "center"
    place = {"xytext": (0, 3 + 11 * step), "textcoords": "offset points", "ha": align, "va": "bottom"}
    axes.annotate(text, (x, 1), xycoords=("data", "axes fraction"), fontsize=SMALL, color=colour, **place)


def _axes_words(axes: Any, rows: list[dict], assumption: str, unit: str) -> None:
    axes.set_xlabel(assumption)
    axes.set_ylabel(wrap(unit, 220))
    axes.spines[["right", "top"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=WASH, linewidth=1.0)
    axes.tick_params(labelsize=SMALL, left=True)
    axes.yaxis.set_major_formatter(lambda value, _: show_number(round(value, 10)))
    if all(not is_missing(row.get("label")) for row in rows):
        every = max(1, -(-len(rows) // 12))
        axes.set_xticks(
            [float(row["assumption"]) for row in rows[::every]], [row["label"] for row in rows[::every]]
        )
    else:
        axes.xaxis.set_major_formatter(lambda value, _: show_number(round(value, 10)))


def _flip_words(rows: list, flips: list, null: float) -> str:
    if not flips:
        places = {conclusion(row, null) for row in rows} - {"no interval"}
        where = {"across": "holds", "above": "lies above", "below": "lies below"}.get(
            next(iter(places), ""), ""
        )
        return (
            f"The conclusion does not flip: the interval {where} the value of no effect throughout."
            if where
            else ""
        )
    return f"The conclusion flips at {joined([show_number(round(flip, 2)) for flip in flips])}."


def _alt(
    rows: list, flips: list, assumption: str, unit: str, null: float, chosen: float | None, title: str
) -> str:
    steps = rows if len(rows) <= 12 else [rows[round(place)] for place in np.linspace(0, len(rows) - 1, 9)]
    said = [f"{row.get('label') or show_number(row['assumption'])}: {_estimate(row)}" for row in steps]
    used = "" if chosen is None else f" The report uses {show_number(chosen)}."
    return (
        f"Curve of the estimate ({unit}) over {assumption}. {title}. {'; '.join(said)}.{used} "
        f"{_flip_words(rows, flips, null)}"
    ).strip()


def _estimate(row: Mapping[str, Any]) -> str:
    if is_missing(row.get("estimate")):
        return "no estimate"
    if conclusion(row, 0) == "no interval":
        return f"{show_estimate(row['estimate'])} (no interval)"
    return f"{show_estimate(row['estimate'])} ({show_interval(row['ci_lower'], row['ci_upper'])})"
