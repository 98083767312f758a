"""Forest plots: of an outcome's studies, and of one pool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.figures.canvas import (
    BLUE,
    INK,
    MUTED,
    PAGE_WIDTH,
    RULE,
    SMALL,
    Figure,
    Pen,
    as_rows,
    canvas,
    draw_mark,
    height_of,
    judgement_letter,
    judgement_mark,
    style,
    widest,
    wrap,
)
from helpers.figures.rows import instead_words
from helpers.formats import is_missing, plain_unit, plain_words, show_estimate, show_interval, show_number
from helpers.tables import records
from helpers.tables.vocabulary import CONTRAST_WORDS

WIDEST_TEXT = {"study_id": 150.0, "event": 200.0, "time": 122.0, "other": 92.0}


def columns_of(rows: list[dict], extra: dict[str, str]) -> dict[str, dict]:
    """Return the text columns in order: heading, wrapped cells, width, side of the plot."""
    known = [
        name for name in ("n", "weight", "risk_of_bias") if any(not is_missing(row.get(name)) for row in rows)
    ]
    left = {"study_id": "Study", **extra} | ({"n": "n"} if "n" in known else {})
    right = {"estimate": "Estimate (95 % interval)"}
    right |= {"weight": "Weight"} if "weight" in known else {}
    right |= {"risk_of_bias": "Risk\nof bias"} if "risk_of_bias" in known else {}
    columns = {}
    for name, heading in {**left, **right}.items():
        room = WIDEST_TEXT.get(name, WIDEST_TEXT["other"])
        cells = [cell_words(name, row) for row in rows]
        if name not in ("estimate", "risk_of_bias"):
            cells = [wrap(cell, room) for cell in cells]
        heading = wrap(heading, room, weight="bold") if name in extra else heading
        if name == "estimate":
            heading = "Estimate\n(95 % interval)"
        width = max(widest(cells), widest([heading], weight="bold"))
        columns[name] = {"heading": heading, "cells": cells, "width": width, "left": name in left}
    columns.get("risk_of_bias", {})["width"] = max(50.0, widest(["of bias"], weight="bold") + 3)
    return columns


def cell_words(name: str, row: dict) -> str:
    """Return the words of one cell of the plot's table."""
    if name == "estimate":
        return estimate_words(row)
    value = row.get(name)
    if is_missing(value):
        return "not stated" if name == "n" else "–"
    if name == "weight":
        return f"{show_number(round(100 * float(value), 1))} %"
    return show_number(value) if isinstance(value, int | float) else str(value)


def estimate_words(row: Mapping[str, Any], name: str = "effect") -> str:
    """Return an estimate with its interval, or that it has none."""
    if not is_missing(row.get("told")):
        return str(row["told"])
    if is_missing(row.get(name)):
        return "not reported" if is_missing(row.get("instead")) else str(row["instead"])
    value = show_estimate(row[name])
    if is_missing(row.get("ci_lower")) or is_missing(row.get("ci_upper")):
        return f"{value} (no interval)"
    return f"{value} ({show_interval(row['ci_lower'], row['ci_upper'])})"


def alternative(
    title: str, unit: str, null: str, upper: list, lower: list, pooled: Mapping | None, more: Mapping = {}
) -> str:
    """Return the alternative text: every number that the plot shows, and what its other columns say."""
    parts = [f"Forest plot. {title}. Unit: {unit}; {null}."]
    upper, lower = (
        [
            dict(row) | {"_more": [str(row[name]) for name in more if not is_missing(row.get(name))]}
            for row in rows
        ]
        for rows in (upper, lower)
    )
    parts += [_sentence(row) for row in upper]
    if pooled:
        parts.append(f"Pooled: {estimate_words(pooled, 'estimate')}{_prediction(pooled)}.")
    if lower:
        parts.append("Not poolable: " + " ".join(_sentence(row) for row in lower))
    return " ".join(parts)


def _sentence(row: dict) -> str:
    details = [] if is_missing(row.get("n")) else [f"n {cell_words('n', row)}"]
    if not is_missing(row.get("weight")):
        details.append(f"weight {cell_words('weight', row)}")
    if not is_missing(row.get("risk_of_bias")):
        details.append(f"risk of bias {row['risk_of_bias']}")
    details += [f"{words}" for words in row.get("_more", [])]
    return f"{row['study_id']}: {estimate_words(row)}{''.join(', ' + item for item in details)}."


def _prediction(pooled: Mapping) -> str:
    if is_missing(pooled.get("pi_lower")) or is_missing(pooled.get("pi_upper")):
        return ""
    return f", prediction interval {show_interval(pooled['pi_lower'], pooled['pi_upper'])}"


def caption(unit: str, null: float, pooled: Mapping | None, lower: list) -> str:
    """Return what the marks mean."""
    parts = ["Squares are estimates and lines their 95 % intervals; an open circle has no interval."]
    if pooled:
        parts.append(
            "The diamond is the pooled estimate"
            + ("; the dashed line its prediction interval." if _prediction(pooled) else ".")
        )
    if lower:
        parts.append("Studies below the broken line could not be pooled.")
    return " ".join(parts)


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


MOST_LEFT = 12  # more lines than this below would hide the pool


def pooled_forest(fit: Mapping[str, Any], members: pd.DataFrame, comparisons: pd.DataFrame) -> Figure:
    """Draw a pool.

    Parameters
    ----------
    fit : dict
        A row of `pooled` with an estimate.
    members : pandas.DataFrame
        Table `pool_members`; those of this pool are drawn.
    comparisons : pandas.DataFrame
        Table `comparisons`: lines of the same outcome that are no member stand below the line, those in the
        same unit with their size.

    """
    own = members[members["pooled_id"] == fit["pooled_id"]].sort_values("weight", ascending=False)
    upper = [row | {"n": _people(row), "time": _time(row)} for row in records(own)]
    used = {row["effect_id"] for row in upper}
    studies = set(own["study_id"])
    left = comparisons[(comparisons["concept"] == fit["concept"]) & (comparisons["tier"] != "comparator")]
    rest = [row for row in records(left) if not _is_member(row, fit, used, studies)]
    lower = [_below(row, fit) for row in rest[:MOST_LEFT]]
    contrast = CONTRAST_WORDS[fit["contrast"]]
    under = "" if fit["scenario"] == "as printed" else f" ({fit['scenario']})"
    drawn = forest(
        upper,
        unit=plain_unit(fit["unit"]) or "standardised",
        pooled=dict(fit) | {"label": f"Pooled, k = {fit['k']}"},
        not_poolable=lower,
        title=f"{plain_words(fit['concept']).capitalize()}, {contrast}{under}",
        text_columns={"time": "Time"},
    )
    df = fit.get("pi_df")
    told = f" on {df} degree{'s' * (df != 1)} of freedom" if df else ""
    words = drawn.caption.replace("its prediction interval.", f"its prediction interval{told}.")
    if len(rest) > MOST_LEFT:
        words += f" {len(rest) - MOST_LEFT} more lines are in the table comparisons."
    return Figure(drawn.figure, drawn.alt, f"{words} The numbers are in the table pool_members.", drawn.rows)


def _is_member(row: dict[str, Any], fit: Mapping[str, Any], used: set, studies: set) -> bool:
    """Return whether a line is in the pool, also when an assumption has made its estimate anew."""
    same = row["contrast"] == fit["contrast"] and row["unit"] == fit["unit"]
    return row["effect_id"] in used or (same and row["study_id"] in studies)


def _below(row: dict[str, Any], fit: Mapping[str, Any]) -> dict[str, Any]:
    same = row["unit"] == fit["unit"]  # what has another unit is told in words
    shown = {name: row[name] if same else None for name in ("effect", "ci_lower", "ci_upper")}
    kind = CONTRAST_WORDS.get(row["contrast"], "")
    name = f"{row['study_id']}{': ' + kind if kind and kind != CONTRAST_WORDS[fit['contrast']] else ''}"
    kept = {"study_id": name, "n": row["n"], "risk_of_bias": row["risk_of_bias"], "time": _time(row)}
    told = {} if shown["effect"] is not None else {"instead": instead_words(row)}
    return kept | shown | told


def _people(row: dict[str, Any]) -> str | None:
    return None if row["n"] is None else f"{row['n']}{'' if row['n_stated'] else ' (assumed)'}"


def _time(row: dict[str, Any]) -> str | None:
    """Return the weeks since the first treatment, or the time as printed where it counts from elsewhere."""
    if row["timepoint_weeks"] is None:
        return row["timepoint_printed"]
    return f"{show_number(round(row['timepoint_weeks'], 1))} weeks"
