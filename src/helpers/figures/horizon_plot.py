"""What each registered trial can detect, beside what an observer can see; those that teach most first."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.figures.figure import BLUE, INK, MUTED, PAGE_WIDTH, Figure, canvas, style
from helpers.figures.lettering import SMALL, Pen, height_of, wrap
from helpers.figures.numbers import show_estimate, show_number
from helpers.tables import records

TOP, ROW = 62.0, 24.0
COLUMNS = {"study_id": 0.0, "n_planned": 168.0, "expected": 222.0, "teaches": 308.0}
LEFT = 372.0


def horizon_plot(trials: pd.DataFrame, visible: float | None = None) -> Figure:
    """Draw the trials.

    Parameters
    ----------
    trials : pandas.DataFrame
        Table `horizon_trials`.
    visible : float, optional
        Smallest difference in hair density that can be seen; a broken line.

    Returns
    -------
    Figure
        Alternative text: each trial with its size, date, and what it can detect.

    """
    rows = sorted(records(trials), key=lambda row: row["place"])
    heights = [max(ROW, height_of(wrap(row["study_id"], 160)) + 8) for row in rows]
    title = "What registered trials can detect in hair density"
    with style():
        figure = canvas(TOP + sum(heights) + 48)
        pen = Pen(figure)
        pen.write(0, 14, title, fontsize=10.5, fontweight="bold")
        headings = ("Trial", "People", "Due", "Teaches")
        for x, words in zip(COLUMNS.values(), headings, strict=True):
            pen.write(x, 44, words, fontweight="bold")
        pen.rule(TOP - 4, color=INK, linewidth=0.9)
        axes = pen.axes(LEFT, TOP, PAGE_WIDTH - LEFT - 8, sum(heights))
        _frame(axes, rows, sum(heights), visible)
        y = 0.0
        for row, height in zip(rows, heights, strict=True):
            _row(pen, axes, row, y + height / 2)
            y += height
    return Figure(figure, _alternative(title, rows, visible), _caption(visible), rows)


def _frame(axes: Any, rows: list[dict], height: float, visible: float | None) -> None:
    names = ("detectable_80", "detectable_90", "detectable_80_high")
    most = max((row[name] for row in rows for name in names if row[name] is not None), default=10.0)
    axes.set(xlim=(0, 1.08 * max(most, visible or 0.0)), ylim=(height, 0), yticks=[])
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.tick_params(axis="x", labelsize=SMALL)
    axes.set_xlabel("hairs/cm²", fontsize=SMALL)
    if visible is not None:
        axes.axvline(visible, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))


def _row(pen: Pen, axes: Any, row: dict[str, Any], y: float) -> None:
    """Write a trial's words and draw what it can detect at 80 and 90 % power."""
    pen.write(COLUMNS["study_id"], TOP + y, wrap(row["study_id"], 160))
    pen.write(
        COLUMNS["n_planned"], TOP + y, "?" if row["n_planned"] is None else show_number(row["n_planned"])
    )
    pen.write(COLUMNS["expected"], TOP + y, (row["expected"] or "?") + ("*" if row["late"] else ""))
    share = row["teaches"]
    pen.write(COLUMNS["teaches"], TOP + y, "?" if share is None else f"{100 * share:.0f} %")
    if row["detectable_80"] is None:
        axes.text(
            0.5,
            y,
            "no size stated",
            transform=axes.get_yaxis_transform(),
            ha="center",
            va="center",
            color=MUTED,
        )
        return
    if row["detectable_80_low"] is not None:
        axes.plot([row["detectable_80_low"], row["detectable_80_high"]], [y, y], color=BLUE, linewidth=1.3)
    axes.plot(
        [row["detectable_80"]], [y], marker="o", markersize=7, markerfacecolor="white", markeredgecolor=BLUE
    )
    axes.plot([row["detectable_90"]], [y], marker="s", markersize=6, color=BLUE)


def _alternative(title: str, rows: list[dict], visible: float | None) -> str:
    parts = [f"{title}."]
    for row in rows:
        size = "no size stated" if row["n_planned"] is None else f"{row['n_planned']} people"
        due = f"due {row['expected']}" if row["expected"] else "no date"
        late = ", past its date without results" if row["late"] else ""
        if row["detectable_80"] is None:
            parts.append(f"{row['study_id']}: {size}, {due}{late}.")
            continue
        some, most = (show_estimate(row[name]) for name in ("detectable_80", "detectable_90"))
        both = f"{some} hairs/cm² with 80 % power, {most} with 90 %"
        parts.append(
            f"{row['study_id']}: {size}, {due}{late}; detects {both}; teaches {100 * row['teaches']:.0f} %."
        )
    if visible is not None:
        parts.append(f"Observers see {show_estimate(visible)} hairs/cm².")
    return " ".join(parts)


def _caption(visible: float | None) -> str:
    line = "" if visible is None else " The broken line is the smallest difference that observers can see."
    return (
        "Open circles: smallest difference detected with 80 % power, squares with 90 %; the bar runs over "
        "the SDs that trials of established treatments show. Teaches: share of today's uncertainty about the "
        "effect against a control that the trial would remove. A star: past its date at the last search."
        f"{line} The numbers are in the table horizon_trials."
    )
