"""Forest plot: each study's estimate and interval, what could be pooled, and what could not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.figures.figure import BLUE, INK, MUTED, PAGE_WIDTH, RULE, Figure, canvas, style
from helpers.figures.forest_words import alternative, caption, columns_of, estimate_words
from helpers.figures.lettering import SMALL, Pen, as_rows, height_of, wrap
from helpers.figures.marks import draw_mark, judgement_letter, judgement_mark
from helpers.figures.numbers import is_missing, plain_unit, show_number

Rows = pd.DataFrame | Sequence[Mapping[str, Any]]
GAP = 14.0  # pixels between columns
LEAST_PLOT = 190.0
EDGE = 8.0  # a letter's last stroke may pass its measured width


def forest(
    rows: Rows,
    *,
    unit: str,
    null: float = 0,
    null_words: str = "no effect",
    pooled: Mapping[str, Any] | None = None,
    not_poolable: Rows = (),
    title: str,
    text_columns: Mapping[str, str] | None = None,
) -> Figure:
    """Draw a forest plot.

    Parameters
    ----------
    rows : pandas.DataFrame or list of dict
        A study each, with `study_id`, `effect`, `ci_lower`, `ci_upper` (both missing: a point with the words
        'no interval'), and where known `n`, `weight` (share, 0 to 1), `risk_of_bias`.
        Where there is no effect, `instead` gives words that stand in place of the estimate.
    unit : str
        Unit of the effect, for the axis.
    null : float
        Value of no effect.
    null_words : str
        What that value means.
    pooled : dict, optional
        `estimate`, `ci_lower`, `ci_upper`, and where there are `pi_lower`, `pi_upper`, `k`, `label`.
    not_poolable : pandas.DataFrame or list of dict
        Studies like `rows` that stand below a line because they could not be pooled.
    title : str
        Title; first words of the alternative text.
    text_columns : dict of str to str, optional
        More columns of `rows` to print, with their headings.

    Returns
    -------
    Figure
        Alternative text: each estimate with its interval, people and risk of bias, then the pooled one.

    """
    upper, lower = as_rows(rows), as_rows(not_poolable)
    everyone = upper + lower
    unit = plain_unit(unit)
    with style():
        table = columns_of(everyone, dict(text_columns or {}))
        drawing = _Forest(
            table, upper, lower, pooled, null, f"{unit} (line: {null_words}, {show_number(null)})", title
        )
    return Figure(
        drawing.figure,
        alternative(
            title,
            unit,
            f"{null_words} is {show_number(null)}",
            upper,
            lower,
            pooled,
            dict(text_columns or {}),
        ),
        caption(unit, null, pooled, lower),
        _numbers(upper, lower, pooled),
    )


def _numbers(upper: list[dict], lower: list[dict], pooled: Mapping[str, Any] | None) -> list[dict]:
    """Return what the plot shows as rows: studies, the pooled estimate, what could not be pooled."""
    rows = [{"part": "study"} | row for row in upper]
    if pooled:
        names = ("ci_lower", "ci_upper", "pi_lower", "pi_upper", "k")
        told = {"study_id": pooled.get("label") or "Pooled", "effect": pooled["estimate"]}
        rows.append({"part": "pooled"} | told | {name: pooled.get(name) for name in names})
    return rows + [{"part": "not poolable"} | row for row in lower]


class _Forest:
    """The drawing: columns of text left and right, the plot between them, rows from top to bottom."""

    def __init__(self, table, upper, lower, pooled, null, unit, title) -> None:
        self.table, self.null = table, null
        count = len(upper) + len(lower)
        texts = [[table[name]["cells"][row] for name in table] for row in range(count)]
        heights = [height_of(*row) + 11 for row in texts]
        head = height_of(*(column["heading"] for column in table.values())) + 12
        title_lines = wrap(title, PAGE_WIDTH, 10.5, "bold")
        self.top = 12 + height_of(title_lines) + head
        extra = (34 if pooled else 0) + (34 if lower else 0)
        body = sum(heights) + extra + 8
        self._place_columns()
        self.figure = canvas(self.top + body + 58, self.width)
        self.pen = Pen(self.figure)
        self.pen.write(0, 8 + height_of(title_lines) / 2, title_lines, fontsize=10.5, fontweight="bold")
        self._headings(self.top - head / 2 - 2)
        self.axes = self.pen.axes(self.plot_left, self.top, self.plot_width, body)
        self.axes.set_ylim(body, 0)
        self._frame(upper + lower, pooled, unit)
        y = 4.0
        for row in range(count):
            if lower and row == len(upper):
                y = self._pooled(pooled, y)
                pooled = None
                y = self._divide(y)
            self._row(row, (upper + lower)[row], y + heights[row] / 2)
            y += heights[row]
        self._pooled(pooled, y)
        self.pen.rule(self.top - 2, color=INK, linewidth=0.9)

    def _place_columns(self) -> None:
        left = sum(column["width"] + GAP for column in self.table.values() if column["left"])
        right = sum(column["width"] + GAP for column in self.table.values() if not column["left"])
        self.plot_left, self.plot_width = left + 4, max(LEAST_PLOT, PAGE_WIDTH - EDGE - left - right - 4)
        x = 0.0
        for column in self.table.values():
            if not column["left"] and x < self.plot_left + self.plot_width:
                x = self.plot_left + self.plot_width + GAP
            column["x"] = x
            x += column["width"] + GAP
        self.width = max(PAGE_WIDTH, x - GAP + EDGE)  # a plot with many columns grows rather than overlaps

    def _headings(self, y: float) -> None:
        for name, column in self.table.items():
            self._text(name, column, y, column["heading"], fontweight="bold")

    def _text(self, name: str, column: dict, y: float, text: str, **options: Any) -> None:
        align = "right" if name in ("n", "weight") else "left"
        self.pen.write(
            column["x"] + (column["width"] if align == "right" else 0), y, text, ha=align, **options
        )

    def _frame(self, rows: list[dict], pooled: Mapping | None, unit: str) -> None:
        """Set the axis to hold every limit and the null, with some air."""
        values = [self.null]
        for row in [*rows, *([pooled] if pooled else [])]:
            names = ("effect", "estimate", "ci_lower", "ci_upper", "pi_lower", "pi_upper")
            values += [
                float(row[name]) for name in names if not is_missing(row.get(name)) and np.isfinite(row[name])
            ]
        span = (max(values) - min(values)) or 1.0
        self.axes.set_xlim(min(values) - 0.06 * span, max(values) + 0.06 * span)
        self.axes.axvline(self.null, color=INK, linewidth=0.9)
        self.axes.spines[["left", "right", "top"]].set_visible(False)
        self.axes.set_yticks([])
        self.axes.locator_params(axis="x", nbins=5)
        self.axes.set_xlabel(
            wrap(unit, self.plot_width + 60, SMALL),
            fontsize=SMALL,
        )
        self.axes.tick_params(axis="x", labelsize=SMALL)
        self.axes.xaxis.set_major_formatter(lambda value, _: show_number(round(value, 10)))

    def _row(self, place: int, row: dict, y: float) -> None:
        for name, column in self.table.items():
            if name == "risk_of_bias":
                overlay = self.pen.overlay()
                draw_mark(overlay, column["x"] + 9, self.top + y, judgement_mark(row.get(name)), size=11)
                self.pen.write(column["x"] + 22, self.top + y, judgement_letter(row.get(name)))
            else:
                self._text(name, column, self.top + y, column["cells"][place])
        if is_missing(row.get("effect")):
            self.axes.text(
                0.5,
                y,
                "not reported" if is_missing(row.get("instead")) else "",
                transform=self.axes.get_yaxis_transform(),
                ha="center",
                va="center",
                color=MUTED,
            )
            return
        weight = 0.25 if is_missing(row.get("weight")) else float(row["weight"])
        size = 5.0 + 6.0 * min(1.0, max(0.0, weight)) ** 0.5
        if is_missing(row.get("ci_lower")) or is_missing(row.get("ci_upper")):
            self.axes.plot(
                [row["effect"]],
                [y],
                marker="o",
                markersize=7,
                markerfacecolor="white",
                markeredgecolor=BLUE,
                markeredgewidth=1.5,
            )
            return
        self.axes.plot(
            [row["ci_lower"], row["ci_upper"]], [y, y], color=BLUE, linewidth=1.4, solid_capstyle="butt"
        )
        for limit in (row["ci_lower"], row["ci_upper"]):
            self.axes.plot([limit, limit], [y - 3.5, y + 3.5], color=BLUE, linewidth=1.4)
        self.axes.plot([row["effect"]], [y], marker="s", markersize=size, color=BLUE)

    def _divide(self, y: float) -> float:
        self.pen.rule(self.top + y + 5, linestyle=(0, (4, 3)), color=MUTED)
        self.pen.write(0, self.top + y + 20, "Not poolable", fontweight="bold", color=MUTED)
        return y + 32

    def _pooled(self, pooled: Mapping | None, y: float) -> float:
        """Draw the diamond, and the prediction interval as a thin line with open ends."""
        from matplotlib.patches import Polygon

        if not pooled:
            return y
        middle = y + 17
        low, mid, high = (float(pooled[name]) for name in ("ci_lower", "estimate", "ci_upper"))
        if not is_missing(pooled.get("pi_lower")) and not is_missing(pooled.get("pi_upper")):
            ends = [float(pooled["pi_lower"]), float(pooled["pi_upper"])]
            self.axes.plot(
                ends,
                [middle, middle],
                color=INK,
                linewidth=1.0,
                linestyle=(0, (3, 2)),
                marker="|",
                markersize=7,
            )
        self.axes.add_patch(
            Polygon(
                [(low, middle), (mid, middle - 7), (high, middle), (mid, middle + 7)],
                facecolor=INK,
                edgecolor=INK,
            )
        )
        label = pooled.get("label") or "Pooled"
        self.pen.write(0, self.top + middle, str(label), fontweight="bold")
        self.pen.write(
            self.table["estimate"]["x"],
            self.top + middle,
            estimate_words(pooled, "estimate"),
            fontweight="bold",
        )
        self.pen.rule(self.top + y + 2, color=RULE)
        return y + 34
