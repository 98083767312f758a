"""Figures of one study: before and after, an estimate along an assumption, timeline."""

from __future__ import annotations

from typing import Any

from helpers.figures import FIGURE_WORDS
from helpers.figures.canvas import (
    BLUE,
    GREEN,
    ORANGE,
    PAGE_WIDTH,
    PURPLE,
    RULE,
    SMALL,
    TITLE_SIZE,
    VERMILION,
    Figure,
    Pen,
    Rows,
    as_rows,
    height_of,
    level_axis,
    style,
    text_width,
    tick_number,
    widest,
    wrap,
)
from helpers.formats import is_missing, joined, plain_unit, plain_words, show_number

PAIR_LINES = (
    {"color": BLUE, "marker": "o", "linestyle": "-"},
    {"color": VERMILION, "marker": "s", "linestyle": (0, (5, 2))},
    {"color": GREEN, "marker": "^", "linestyle": (0, (1, 1.2))},
    {"color": PURPLE, "marker": "D", "linestyle": (0, (6, 2, 1, 2))},
    {"color": ORANGE, "marker": "v", "linestyle": (0, (3, 1))},
)
TIMES = "before", "after"
MOST_PANELS, PLOT_HEIGHT, LABEL_STEP = 3, 230.0, 14.0


def before_after(rows: Rows, *, title: str) -> Figure:
    """Draw a line for every case from its value before to its value after.

    Parameters
    ----------
    rows : pandas.DataFrame or list of dict
        `case`, `before`, `after`, and where there are several measures `measure` and `unit`: a panel each.
    title : str
        Title; first words of the alternative text.

    Returns
    -------
    Figure
        Alternative text: each case with both values. A case that lacks one value is a single mark.

    """
    data = as_rows(rows)
    panels: dict[str, list[dict]] = {}
    for row in data:
        panels.setdefault(_measure(row), []).append(row)
    with style():
        figure = _draw_pairs(panels, list(dict.fromkeys(row["case"] for row in data)), title)
    return Figure(figure, _pairs_alt(title, data), FIGURE_WORDS["captions"]["pairs"], data)


def _draw_pairs(panels: dict[str, list[dict]], cases: list, title: str) -> Any:
    across = min(MOST_PANELS, max(1, len(panels)))
    down = max(1, -(-len(panels) // across))
    step = PAGE_WIDTH / across
    heading = wrap(title, PAGE_WIDTH, TITLE_SIZE, "bold")
    top = 20 + height_of(heading)
    names = [wrap(name, step - 24, weight="bold") for name in panels]
    head = height_of(*names, "") + 8
    block = head + PLOT_HEIGHT + 44
    pen = Pen(top + down * block + 6 + 20 * len(_legend_rows(cases)))
    pen.title(heading, 8 + height_of(heading) / 2)
    for place, (name, rows) in enumerate(zip(names, panels.values(), strict=True)):
        left, upper = place % across * step, top + place // across * block
        pen.write(left, upper + head / 2 - 4, name, fontweight="bold")
        _panel(pen.axes(left + 62, upper + head, min(step, 420) - 124, PLOT_HEIGHT), rows, cases)
    _pairs_legend(pen, top + down * block + 8, cases)
    return pen.figure


def _panel(axes: Any, rows: list[dict], cases: list) -> None:
    """Draw one measure: both ends labelled with their values, labels kept apart."""
    ends: tuple[set[float], set[float]] = set(), set()
    for row in rows:
        points = [(x, float(row[key])) for x, key in enumerate(TIMES) if not is_missing(row.get(key))]
        for x, value in points:
            ends[x].add(value)
        if points:
            line = PAIR_LINES[cases.index(row["case"]) % len(PAIR_LINES)]
            settings = {"linewidth": 1.7, "markersize": 6.5, "clip_on": False, "zorder": 3} | line
            axes.plot(*zip(*points, strict=True), **settings)
    values = ends[0] | ends[1] or {0.0, 1.0}
    low, high = min(values), max(values)
    pad = 0.08 * ((high - low) or abs(high) or 1.0)
    axes.set(xlim=(0, 1), ylim=(low - pad, high + pad), xticks=[0, 1], yticks=[])
    axes.set_xticklabels(TIMES)
    axes.spines[["top", "bottom"]].set_visible(False)
    axes.spines[["left", "right"]].set_color(RULE)
    for x, own in enumerate(ends):
        _labels(axes, x, sorted(own), low - pad, high + pad)


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


def _pairs_legend(pen: Pen, y: float, cases: list) -> None:
    overlay = pen.overlay()
    for row in _legend_rows(cases):
        for x, place in row:
            line = PAIR_LINES[place % len(PAIR_LINES)]
            overlay.plot([x, x + 17, x + 34], [y] * 3, linewidth=1.7, markersize=6, markevery=[1], **line)
            pen.write(x + 42, y, str(cases[place]), fontsize=SMALL)
        y += 20


def _measure(row: dict) -> str:
    return ", ".join(filter(None, [plain_words(row.get("measure")), plain_unit(row.get("unit"))]))


def _pairs_alt(title: str, rows: list[dict]) -> str:
    parts = []
    for row in rows:
        what = _measure(row)
        ends = [
            f"{'not stated' if is_missing(row.get(key)) else show_number(row[key])} {key}" for key in TIMES
        ]
        parts.append(f"{row['case']}{', ' + what if what else ''}: {' and '.join(ends)}.")
    return f"Slope chart. {title}. " + (" ".join(parts) or "There is no case to show.")


TIMELINE_WORDS = FIGURE_WORDS["events"]
TIMELINE_MARKS = {
    mark: {"marker": shape, "markerfacecolor": face, "markeredgecolor": edge}
    | {"markersize": 8.5, "markeredgewidth": 1.5, "linestyle": "none"}
    for mark, (shape, face, edge) in FIGURE_WORDS["event_marks"].items()
}
ROW, WIDEST_LANE, TOUCHING = 34.0, 200.0, 20.0


def timeline(events: Rows, *, title: str = "What was measured when") -> Figure:
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
    unknown = sorted({str(row["mark"]) for row in data} - set(TIMELINE_WORDS))
    if unknown:
        raise ValueError(f"timeline: mark {', '.join(unknown)} is none of {', '.join(TIMELINE_WORDS)}")
    dated = [row for row in data if not is_missing(row.get("weeks"))]
    lanes = list(dict.fromkeys(row["lane"] for row in data))
    with style():
        figure = _draw_timeline(lanes, dated, title)
    caption = "Weeks since the first treatment."
    if undated := [row for row in data if is_missing(row.get("weeks"))]:  # not left out in silence
        names = list(dict.fromkeys(f"{row['lane']} ({TIMELINE_WORDS[row['mark']]})" for row in undated))
        caption += f" Without a stated time, and so not drawn: {joined(names)}."
    return Figure(figure, _timeline_alt(title, lanes, data), caption, data)


def _draw_timeline(lanes: list[str], dated: list[dict], title: str) -> Any:
    labels = [wrap(lane, WIDEST_LANE) for lane in lanes]
    heights = [max(ROW, height_of(label) + 12) for label in labels]
    left = widest(labels) + 22
    pen = Pen(34 + sum(heights) + 84)
    pen.title(title)
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
    level_axis(axes, "Weeks since the first treatment")
    axes.xaxis.set_major_formatter(tick_number)
    _timeline_legend(pen, 34 + sum(heights) + 66, {row["mark"] for row in dated})
    return pen.figure


def _lane(axes: Any, middle: float, events: list[dict]) -> None:
    """Draw one lane; different marks that would touch are set above each other, so that none is hidden."""
    left, right = axes.get_xlim()
    near = (right - left) * TOUCHING / PAGE_WIDTH
    marks = [mark for mark in TIMELINE_WORDS if any(row["mark"] == mark for row in events)]
    places = {(float(row["weeks"]), row["mark"]) for row in events}
    for weeks, mark in sorted(places):
        close = {name for week, name in places if abs(week - weeks) < near}
        stacked = [name for name in marks if name in close]
        offset = (stacked.index(mark) - (len(stacked) - 1) / 2) * 13
        axes.plot([weeks], [middle + offset], clip_on=False, **TIMELINE_MARKS[mark])


def _timeline_legend(pen: Pen, y: float, marks: set[str]) -> None:
    overlay, x = pen.overlay(), 6.0
    for mark, word in TIMELINE_WORDS.items():
        if mark in marks:
            overlay.plot([x], [y], **TIMELINE_MARKS[mark])
            pen.write(x + 12, y, word, fontsize=SMALL)
            x += 12 + text_width(word, SMALL) + 28


def _timeline_alt(title: str, lanes: list[str], events: list[dict]) -> str:
    parts = []
    for lane in lanes:
        marks = []
        for mark, word in TIMELINE_WORDS.items():
            own = [row for row in events if row["lane"] == lane and row["mark"] == mark]
            weeks = sorted({float(row["weeks"]) for row in own if not is_missing(row.get("weeks"))})
            if weeks:
                marks.append(f"{word} at week {joined([show_number(round(week, 1)) for week in weeks])}")
            if any(is_missing(row.get("weeks")) for row in own):
                marks.append(f"{word} at a time not stated")
        parts.append(f"{lane}: {'; '.join(marks)}.")
    return f"Timeline. {title}. " + (" ".join(parts) or "There is nothing to show.")
