"""Forest plots: of an outcome's studies, and of one pool."""

from __future__ import annotations

from collections.abc import Mapping
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
    TITLE_SIZE,
    Figure,
    Pen,
    Rows,
    as_rows,
    height_of,
    level_axis,
    style,
    tick_number,
    widest,
    wrap,
    write_middle,
)
from helpers.figures.risk_of_bias import draw_mark, judgement_letter, judgement_mark
from helpers.figures.rows import instead_words
from helpers.formats import is_missing, plain_unit, plain_words, show_interval, show_number, show_with_unit
from helpers.tables.vocabulary import ESTIMAND_WORDS
from notebookpress.tables import records, split_ids

WIDEST_TEXT = {"study_id": 150.0, "event": 200.0, "time": 122.0, "other": 92.0}
GAP = 14.0  # pixels between columns
LEAST_PLOT = 190.0
EDGE = 8.0  # a letter's last stroke may pass its measured width
LIMITS = ("ci_lower", "ci_upper", "pi_lower", "pi_upper")
MOST_LEFT = 12  # more lines than this below would hide the pool


def forest(
    rows: Rows,
    *,
    unit: str,
    null_words: str = "no effect",
    pooled: Mapping[str, Any] | None = None,
    not_poolable: Rows = (),
    title: str,
    text_columns: Mapping[str, str] | None = None,
    level: float | None = 0.95,
) -> Figure:
    """Draw a forest plot.

    Parameters
    ----------
    rows : pandas.DataFrame or list of dict
        A study each, with `study_id`, `effect`, `ci_lower`, `ci_upper` (both missing: a point with the words
        'no interval'), and where known `n`, `weight` (share, 0 to 1), `risk_of_bias`.
        Where there is no effect, `instead` gives words that stand in place of the estimate; `estimate_text`
        gives the words of an estimate that is not a number with its interval.
    unit : str
        Unit of the effect, for the axis.
    null_words : str
        What 0, the value of no effect, means.
    pooled : dict, optional
        `estimate`, `ci_lower`, `ci_upper`, and where there are `pi_lower`, `pi_upper`, `k`, `label`.
    not_poolable : pandas.DataFrame or list of dict
        Studies like `rows` that stand below a line because they could not be pooled.
    title : str
        Title; first words of the alternative text.
    text_columns : dict of str to str, optional
        More columns of `rows` to print, with their headings.
    level : float, optional
        Coverage of the intervals, for the words; None where the limits are no such intervals.

    Returns
    -------
    Figure
        Alternative text: each estimate with its interval, people and risk of bias, then the pooled one.

    """
    upper, lower, more = as_rows(rows), as_rows(not_poolable), dict(text_columns or {})
    unit = plain_unit(unit)
    with style():
        drawing = _Forest(upper, lower, pooled, f"{unit} (line: {null_words}, 0)", title, more, level)
    alt = f"Forest plot. {title}. Unit: {unit}; {null_words} is 0. {_in_words(upper, lower, pooled, more)}"
    drawn = f"{100 * level:g} % intervals" if level else "limits"
    caption = f"Squares are estimates and lines their {drawn}; an open circle has no interval."
    if pooled:
        line = "; the dashed line its prediction interval." if _has(pooled, "pi") else "."
        caption += f" The diamond is the pooled estimate{line}"
    if lower:
        caption += " Studies below the broken line could not be pooled."
    return Figure(drawing.pen.figure, alt.strip(), caption, _numbers(upper, lower, pooled))


def _has(row: Mapping[str, Any], name: str = "ci") -> bool:
    """Return whether a row has both limits of its confidence or (`pi`) prediction interval."""
    return not is_missing(row.get(f"{name}_lower")) and not is_missing(row.get(f"{name}_upper"))


def _in_words(upper: list[dict], lower: list[dict], pooled: Mapping | None, more: Mapping) -> str:
    """Return every number that the plot shows, and what its other columns say."""
    parts = [_sentence(row, more) for row in upper]
    if pooled:
        ahead = (
            f", prediction interval {show_interval(pooled['pi_lower'], pooled['pi_upper'])}"
            if _has(pooled, "pi")
            else ""
        )
        parts.append(f"Pooled: {_estimate_text(pooled, 'estimate')}{ahead}.")
    if lower:
        parts.append("Not poolable: " + " ".join(_sentence(row, more) for row in lower))
    return " ".join(parts)


def _sentence(row: dict, more: Mapping) -> str:
    known = [name for name in ("n", "weight") if not is_missing(row.get(name))]
    details = [_estimate_text(row), *(f"{name} {_cell(name, row)}" for name in known)]
    if not is_missing(row.get("risk_of_bias")):
        details.append(f"risk of bias {row['risk_of_bias']}")
    details += [str(row[name]) for name in more if not is_missing(row.get(name))]
    return f"{row['study_id']}: {', '.join(details)}."


def _estimate_text(row: Mapping[str, Any], name: str = "effect") -> str:
    """Return an estimate with its interval, or that it has none."""
    if not is_missing(row.get("estimate_text")):
        return str(row["estimate_text"])
    if is_missing(row.get(name)):
        return "not reported" if is_missing(row.get("instead")) else str(row["instead"])
    return show_with_unit(row[name], row.get("ci_lower"), row.get("ci_upper"), None)


def _cell(name: str, row: dict) -> str:
    """Return the words of one cell of the plot's table."""
    if name == "estimate":
        return _estimate_text(row)
    value = row.get(name)
    if is_missing(value):
        return "not stated" if name == "n" else "–"
    if name == "weight":
        return f"{show_number(round(100 * float(value), 1))} %"
    return show_number(value) if isinstance(value, int | float) else str(value)


def _columns(rows: list[dict], more: dict[str, str], level: float | None) -> dict[str, dict]:
    """Return the text columns in order: heading, wrapped cells, width, side of the plot."""
    optional = {"n": "n", "weight": "Weight", "risk_of_bias": "Risk\nof bias"}
    optional = {
        name: heading
        for name, heading in optional.items()
        if any(not is_missing(row.get(name)) for row in rows)
    }
    left = {"study_id": "Study"} | more | ({"n": "n"} if optional.pop("n", None) else {})
    columns = {}
    estimate = f"Estimate\n({100 * level:g} % interval)" if level else "Estimate"
    for name, heading in (left | {"estimate": estimate} | optional).items():
        room = WIDEST_TEXT.get(name, WIDEST_TEXT["other"])
        cells = [_cell(name, row) for row in rows]
        if name not in ("estimate", "risk_of_bias"):
            cells = [wrap(cell, room) for cell in cells]
        if name in more:
            heading = wrap(heading, room, weight="bold")  # noqa: PLW2901
        width = max(widest(cells), widest([heading], weight="bold"))
        columns[name] = {"heading": heading, "cells": cells, "width": width, "left": name in left}
    columns.get("risk_of_bias", {})["width"] = max(50.0, widest(["of bias"], weight="bold") + 3)
    return columns


def _numbers(upper: list[dict], lower: list[dict], pooled: Mapping[str, Any] | None) -> list[dict]:
    """Return what the plot shows as rows: studies, the pooled estimate, what could not be pooled."""
    rows = [{"part": "study"} | row for row in upper]
    if pooled:
        fit = {"part": "pooled", "study_id": pooled.get("label") or "Pooled", "effect": pooled["estimate"]}
        rows.append(fit | {name: pooled.get(name) for name in (*LIMITS, "k")})
    return rows + [{"part": "not poolable"} | row for row in lower]


class _Forest:
    """The drawing: columns of text left and right, the plot between them, rows from top to bottom."""

    def __init__(
        self,
        upper: list,
        lower: list,
        pooled: Mapping | None,
        axis: str,
        title: str,
        more: dict,
        level: float | None,
    ) -> None:
        rows = upper + lower
        self.table = _columns(rows, more, level)
        columns = self.table.values()
        heights = [height_of(*(column["cells"][row] for column in columns)) + 11 for row in range(len(rows))]
        head = height_of(*(column["heading"] for column in columns)) + 12
        heading = wrap(title, PAGE_WIDTH, TITLE_SIZE, "bold")
        self.top = 12 + height_of(heading) + head
        body = sum(heights) + (34 if pooled else 0) + (34 if lower else 0) + 8
        self._place_columns()
        self.pen = Pen(self.top + body + 58, self.width)
        self.pen.title(heading, 8 + height_of(heading) / 2)
        for name, column in self.table.items():
            self._text(name, self.top - head / 2 - 2, column["heading"], fontweight="bold")
        self.axes = self.pen.axes(self.plot_left, self.top, self.plot_width, body)
        self.axes.set_ylim(body, 0)
        self._frame(rows, pooled, axis)
        y = 4.0
        for place, (row, height) in enumerate(zip(rows, heights, strict=True)):
            if lower and place == len(upper):
                y = self._divide(self._pooled(pooled, y))
                pooled = None
            self._words(place, row, y + height / 2)
            self._marks(row, y + height / 2)
            y += height
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

    def _text(self, name: str, y: float, text: str, **options: Any) -> None:
        """Write in a column of the table; figures end below each other."""
        column, right = self.table[name], name in ("n", "weight")
        x = column["x"] + (column["width"] if right else 0)
        self.pen.write(x, y, text, ha="right" if right else "left", **options)

    def _frame(self, rows: list[dict], pooled: Mapping | None, axis: str) -> None:
        """Set the axis to hold every limit and 0, with some air."""
        values = [0.0]
        for row in [*rows, *([pooled] if pooled else [])]:
            found = [row.get(name) for name in ("effect", "estimate", *LIMITS)]
            values += [float(value) for value in found if not is_missing(value) and np.isfinite(value)]
        span = (max(values) - min(values)) or 1.0
        self.axes.set_xlim(min(values) - 0.06 * span, max(values) + 0.06 * span)
        self.axes.axvline(0, color=INK, linewidth=0.9)
        level_axis(self.axes, wrap(axis, self.plot_width + 60, SMALL))
        self.axes.locator_params(axis="x", nbins=5)
        self.axes.xaxis.set_major_formatter(tick_number)

    def _words(self, place: int, row: dict, y: float) -> None:
        for name, column in self.table.items():
            if name == "risk_of_bias":
                mark = judgement_mark(row.get(name))
                draw_mark(self.pen.overlay(), column["x"] + 9, self.top + y, mark, size=11)
                self.pen.write(column["x"] + 22, self.top + y, judgement_letter(row.get(name)))
            else:
                self._text(name, self.top + y, column["cells"][place])

    def _marks(self, row: dict, y: float) -> None:
        """Draw an estimate with its interval; the square's area goes by the weight."""
        effect = row.get("effect")
        if is_missing(effect):
            write_middle(self.axes, y, "not reported" if is_missing(row.get("instead")) else "")
        elif not _has(row):
            hollow = {"markerfacecolor": "white", "markeredgecolor": BLUE, "markeredgewidth": 1.5}
            self.axes.plot([effect], [y], marker="o", markersize=7, **hollow)
        else:
            weight = 0.25 if is_missing(row.get("weight")) else float(row["weight"])
            limits = [row["ci_lower"], row["ci_upper"]]
            self.axes.plot(limits, [y, y], color=BLUE, linewidth=1.4, solid_capstyle="butt")
            for limit in limits:
                self.axes.plot([limit, limit], [y - 3.5, y + 3.5], color=BLUE, linewidth=1.4)
            size = 5.0 + 6.0 * min(1.0, max(0.0, weight)) ** 0.5
            self.axes.plot([effect], [y], marker="s", markersize=size, color=BLUE)

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
        if _has(pooled, "pi"):
            ends = [float(pooled["pi_lower"]), float(pooled["pi_upper"])]
            line = {"color": INK, "linewidth": 1.0, "linestyle": (0, (3, 2)), "marker": "|", "markersize": 7}
            self.axes.plot(ends, [middle, middle], **line)
        corners = [(low, middle), (mid, middle - 7), (high, middle), (mid, middle + 7)]
        self.axes.add_patch(Polygon(corners, facecolor=INK, edgecolor=INK))
        self.pen.write(0, self.top + middle, str(pooled.get("label") or "Pooled"), fontweight="bold")
        self._text("estimate", self.top + middle, _estimate_text(pooled, "estimate"), fontweight="bold")
        self.pen.rule(self.top + y + 2, color=RULE)
        return y + 34


def pooled_forest(
    fit: Mapping[str, Any], members: pd.DataFrame, comparisons: pd.DataFrame, *, level: float = 0.95
) -> Figure:
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
    level : float
        Coverage of the intervals, for the words.

    """
    own = members[members["pooled_id"] == fit["pooled_id"]].sort_values("weight", ascending=False)
    upper = [row | {"n": _people(row), "time": _time(row)} for row in records(own)]
    member = comparisons["effect_id"].isin(split_ids(fit["effect_ids"]))
    other = (comparisons["concept"] == fit["concept"]) & (comparisons["tier"] != "comparator") & ~member
    rest = records(comparisons[other])
    under = "" if fit["scenario"] == "as printed" else f" ({fit['scenario']})"
    under = f"{': ' + fit['intervention'] if fit['intervention'] else ''}{under}"
    drawn = forest(
        upper,
        unit=plain_unit(fit["unit"]) or "standardised",
        pooled=dict(fit) | {"label": f"Pooled, k = {fit['k']}"},
        not_poolable=[_below(row, fit) for row in rest[:MOST_LEFT]],
        title=f"{plain_words(fit['concept']).capitalize()}, {ESTIMAND_WORDS[fit['estimand']]}{under}",
        text_columns={"time": "Time"},
        level=level,
    )
    df = fit.get("pi_df")
    freedom = f" on {df} degree{'s' * (df != 1)} of freedom" if df else ""
    words = drawn.caption.replace("its prediction interval.", f"its prediction interval{freedom}.")
    if len(rest) > MOST_LEFT:
        words += f" {len(rest) - MOST_LEFT} more lines are in the table comparisons."
    return Figure(drawn.figure, drawn.alt, f"{words} The numbers are in the table pool_members.", drawn.rows)


def _below(row: dict[str, Any], fit: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line that is not in the pool as a row below it; words stand for what has another unit."""
    same = row["unit"] == fit["unit"]
    shown = {name: row[name] if same else None for name in ("effect", "ci_lower", "ci_upper")}
    kind = ESTIMAND_WORDS.get(row["estimand"], "")
    name = f"{row['study_id']}{': ' + kind if kind and kind != ESTIMAND_WORDS[fit['estimand']] else ''}"
    kept = {"study_id": name, "n": row["n"], "risk_of_bias": row["risk_of_bias"], "time": _time(row)}
    return kept | shown | ({} if shown["effect"] is not None else {"instead": instead_words(row)})


def _people(row: dict[str, Any]) -> str | None:
    return None if row["n"] is None else f"{row['n']}{'' if row['n_stated'] else ' (assumed)'}"


def _time(row: dict[str, Any]) -> str | None:
    """Return the weeks since the first treatment, or the time as printed where it counts from elsewhere."""
    if row["timepoint_weeks"] is None:
        return row["timepoint_printed"]
    return f"{show_number(round(row['timepoint_weeks'], 1))} weeks"
