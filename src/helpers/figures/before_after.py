"""Slope chart: where single patients or sites stood before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from helpers.figures.figure import (
    BLUE,
    GREEN,
    ORANGE,
    PAGE_WIDTH,
    PURPLE,
    RULE,
    VERMILION,
    Figure,
    canvas,
    style,
)
from helpers.figures.lettering import SMALL, Pen, as_rows, height_of, text_width, wrap
from helpers.figures.numbers import is_missing, plain_unit, plain_words, show_number

LINES = (
    {"color": BLUE, "marker": "o", "linestyle": "-"},
    {"color": VERMILION, "marker": "s", "linestyle": (0, (5, 2))},
    {"color": GREEN, "marker": "^", "linestyle": (0, (1, 1.2))},
    {"color": PURPLE, "marker": "D", "linestyle": (0, (6, 2, 1, 2))},
    {"color": ORANGE, "marker": "v", "linestyle": (0, (3, 1))},
)
MOST_PANELS, PLOT_HEIGHT, LABEL_STEP = 3, 230.0, 14.0


def before_after(
    rows: pd.DataFrame | Sequence[Mapping[str, Any]],
    *,
    title: str,
    before: str = "before",
    after: str = "after",
) -> Figure:
    """Draw a line for every case from its value before to its value after.

    Parameters
    ----------
    rows : pandas.DataFrame or list of dict
        `case`, `before`, `after`, and where there are several measures `measure` and `unit`: a panel each.
    title : str
        Title; first words of the alternative text.
    before, after : str
        Names of the two times.

    Returns
    -------
    Figure
        Alternative text: each case with both values. A case that lacks one value is a single mark.

    """
    data = as_rows(rows)
    measures = list(dict.fromkeys((row.get("measure") or "", row.get("unit") or "") for row in data))
    groups = [
        [row for row in data if (row.get("measure") or "", row.get("unit") or "") == key] for key in measures
    ]
    cases = list(dict.fromkeys(row["case"] for row in data))
    with style():
        figure = _draw(measures, groups, cases, (before, after), title)
    caption = (
        f"Each line is one case, from {before} to {after}. Single cases show what happened, "
        "not what the treatment did."
    )
    return Figure(figure, _alt(title, data, before, after), caption, data)


def _draw(measures: list, groups: list, cases: list, times: tuple[str, str], title: str) -> Any:
    across = min(MOST_PANELS, max(1, len(measures)))
    down = -(-len(measures) // across) if measures else 1
    step = PAGE_WIDTH / across
    heading = wrap(title, PAGE_WIDTH, 10.5, "bold")
    top = 20 + height_of(heading)
    names = [wrap(_measure(*key), step - 24, weight="bold") for key in measures]
    head = height_of(*names, "") + 8
    block = head + PLOT_HEIGHT + 44
    figure = canvas(top + down * block + 6 + 20 * len(_legend_rows(cases)))
    pen = Pen(figure)
    pen.write(0, 8 + height_of(heading) / 2, heading, fontsize=10.5, fontweight="bold")
    for place, (name, group) in enumerate(zip(names, groups, strict=True)):
        left, upper = place % across * step, top + place // across * block
        pen.write(left, upper + head / 2 - 4, name, fontweight="bold")
        _panel(pen.axes(left + 62, upper + head, min(step, 420) - 124, PLOT_HEIGHT), group, cases, times)
    _legend(pen, top + down * block + 8, cases)
    return figure


def _panel(axes: Any, rows: list[dict], cases: list, times: tuple[str, str]) -> None:
    """Draw one measure: both ends labelled with their values, labels kept apart."""
    for row in rows:
        line = LINES[cases.index(row["case"]) % len(LINES)]
        points = [
            (x, float(row[key])) for x, key in ((0, "before"), (1, "after")) if not is_missing(row.get(key))
        ]
        axes.plot(
            *zip(*points, strict=True), linewidth=1.7, markersize=6.5, clip_on=False, zorder=3, **line
        ) if points else None
    values = [float(row[key]) for row in rows for key in ("before", "after") if not is_missing(row.get(key))]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    pad = 0.08 * ((high - low) or abs(high) or 1.0)
    axes.set(xlim=(0, 1), ylim=(low - pad, high + pad), xticks=[0, 1], yticks=[])
    axes.set_xticklabels(times)
    axes.spines[["top", "bottom"]].set_visible(False)
    axes.spines[["left", "right"]].set_color(RULE)
    for x, key in ((0, "before"), (1, "after")):
        _labels(
            axes,
            x,
            sorted({float(row[key]) for row in rows if not is_missing(row.get(key))}),
            low - pad,
            high + pad,
        )


def _labels(axes: Any, x: int, values: list[float], low: float, high: float) -> None:
    """Write values beside their end, pushed up where two would touch."""
    scale, last = PLOT_HEIGHT / (high - low), float("-inf")
    for value in values:
        pixel = max((value - low) * scale, last + LABEL_STEP)
        last = pixel
        side, align = (-9, "right") if x == 0 else (9, "left")
        place = {"xytext": (side, 0), "textcoords": "offset points", "ha": align, "va": "center"}
        axes.annotate(
            show_number(value), (x, low + pixel / scale), fontsize=SMALL, annotation_clip=False, **place
        )


def _legend_rows(cases: list) -> list[list[tuple[float, int]]]:
    """Return for each row of the legend where its cases start, as (x, place)."""
    rows, x = [[]], 0.0
    for place, case in enumerate(cases):
        width = 42 + text_width(str(case), SMALL) + 26
        if rows[-1] and x + width > PAGE_WIDTH:
            rows.append([])
            x = 0.0
        rows[-1].append((x, place))
        x += width
    return rows


def _legend(pen: Pen, y: float, cases: list) -> None:
    overlay = pen.overlay()
    for row in _legend_rows(cases):
        for x, place in row:
            line = LINES[place % len(LINES)]
            overlay.plot([x, x + 17, x + 34], [y] * 3, linewidth=1.7, markersize=6, markevery=[1], **line)
            pen.write(x + 42, y, str(cases[place]), fontsize=SMALL)
        y += 20


def _measure(measure: str, unit: str) -> str:
    return ", ".join(part for part in (plain_words(measure), plain_unit(unit)) if part)


def _alt(title: str, rows: list[dict], before: str, after: str) -> str:
    if not rows:
        return f"Slope chart. {title}. There is no case to show."
    parts = []
    for row in rows:
        what = _measure(row.get("measure") or "", row.get("unit") or "")
        ends = [
            f"{show_number(row[key])} {name}" if not is_missing(row.get(key)) else f"not stated {name}"
            for key, name in (("before", before), ("after", after))
        ]
        parts.append(f"{row['case']}{', ' + what if what else ''}: {' and '.join(ends)}.")
    return f"Slope chart. {title}. " + " ".join(parts)
