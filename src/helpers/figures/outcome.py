"""Changes after exosomes beside those of other treatments, placebo, and what an eye can see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from helpers.figures.figure import BLUE, GREEN, INK, MUTED, PAGE_WIDTH, WASH, Figure, canvas, style
from helpers.figures.lettering import SMALL, Pen, as_rows, longest_beginning, text_width
from helpers.figures.numbers import is_missing, plain_unit, show_estimate, show_interval, show_number

RIGHT, STEP, PLOT = 130.0, 19.0, 290.0
MOST_LABEL = 660.0  # wider names than this are no names
LOOKS = {"exosome": ("s", BLUE, "full"), "control": ("o", MUTED, "none"), "active": ("D", GREEN, "full")}
GROUPS = {"exosome": "Exosomes", "control": "Placebo and untreated", "active": "Other treatments"}


def beside(
    rows: pd.DataFrame | Sequence[Mapping[str, Any]],
    *,
    unit: str,
    title: str,
    visible: float | None = None,
    visible_words: str = "smallest difference that observers see",
) -> Figure:
    """Draw changes from baseline, group under group on one axis.

    Parameters
    ----------
    rows : pandas.DataFrame or list of dict
        `group` (exosome, control or active), `label`, `effect`, `ci_lower`, `ci_upper`, `weeks`, `n`,
        `second_hand`.
    unit : str
        Unit of the change.
    title : str
        Title; first words of the alternative text.
    visible : float, optional
        Threshold, drawn as a broken line.
    visible_words : str
        What the threshold is.

    Returns
    -------
    Figure
        The shaded band spans the changes of all placebo and untreated arms shown. A double dagger marks
        second-hand figures.

    """
    data = [row for row in as_rows(rows) if not is_missing(row.get("effect"))]
    groups = {name: [row for row in data if row["group"] == name] for name in GROUPS}
    groups = {name: own for name, own in groups.items() if own}
    with style():
        figure = _draw(groups, plain_unit(unit), title, visible)
    caption = (
        "Changes within one group, before and after; none is an effect by itself. Squares: exosomes; open "
        "circles: placebo and untreated; diamonds: other treatments; lines: 95 % intervals where they can be "
        "computed. The grey band spans what placebo and untreated arms did."
        + (f" Broken line: {visible_words}, {show_number(visible)} {plain_unit(unit)}." if visible else "")
        + (" ‡: seen second-hand only." if any(row.get("second_hand") for row in data) else "")
    )
    return Figure(figure, _alt(title, unit, groups, visible, visible_words), caption, data)


def _draw(groups: dict[str, list[dict]], unit: str, title: str, visible: float | None) -> Any:
    count = sum(len(own) + 1 for own in groups.values())
    top, body = 34.0, count * STEP + 10
    left = 20 + max((text_width(_label(row), SMALL) for own in groups.values() for row in own), default=0)
    width = max(PAGE_WIDTH, left + PLOT + RIGHT)
    figure = canvas(top + body + 50, width)
    pen = Pen(figure)
    pen.write(0, 14, title, fontsize=10.5, fontweight="bold")
    axes = pen.axes(left, top, width - left - RIGHT, body)
    axes.set_ylim(body, 0)
    _frame(axes, groups, unit, visible)
    y = 4.0
    for name, own in groups.items():
        pen.write(0, top + y + STEP / 2, GROUPS[name], fontweight="bold")
        y += STEP
        for row in own:
            _row(pen, axes, row, name, top, y + STEP / 2)
            pen.write(width, top + y + STEP / 2, _size(row), ha="right", fontsize=SMALL)
            y += STEP
    pen.rule(top - 2, color=INK, linewidth=0.9)
    return figure


def _frame(axes: Any, groups: dict[str, list[dict]], unit: str, visible: float | None) -> None:
    names = ("effect", "ci_lower", "ci_upper")
    values = [
        float(row[name])
        for own in groups.values()
        for row in own
        for name in names
        if not is_missing(row[name])
    ]
    values += [0.0, *([visible] if visible else [])]
    span = (max(values) - min(values)) or 1.0
    axes.set_xlim(min(values) - 0.05 * span, max(values) + 0.05 * span)
    drifts = [float(row["effect"]) for row in groups.get("control", [])]
    if drifts:
        axes.axvspan(min(drifts), max(drifts), color=WASH, zorder=0)
        for edge in (min(drifts), max(drifts)):
            axes.axvline(edge, color=MUTED, linewidth=0.5, zorder=0)
    axes.axvline(0, color=INK, linewidth=0.9)
    if visible:
        axes.axvline(visible, color=INK, linewidth=1.0, linestyle=(0, (5, 3)))
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.set_yticks([])
    axes.tick_params(axis="x", labelsize=SMALL)
    axes.set_xlabel(f"change from baseline, {unit}", fontsize=SMALL)


def _row(pen: Pen, axes: Any, row: Mapping[str, Any], group: str, top: float, y: float) -> None:
    from matplotlib.lines import Line2D

    marker, colour, fill = LOOKS[group]
    pen.write(8, top + y, _label(row), fontsize=SMALL)
    if not is_missing(row.get("ci_lower")):
        axes.add_line(Line2D([row["ci_lower"], row["ci_upper"]], [y, y], color=colour, linewidth=1.4))
    axes.plot(
        [row["effect"]], [y], marker=marker, markersize=6, color=colour, fillstyle=fill, markeredgewidth=1.3
    )


def _label(row: Mapping[str, Any]) -> str:
    """Return who, when and how many."""
    week = (
        str(row.get("time") or "time not stated")
        if is_missing(row.get("weeks"))
        else f"week {show_number(round(float(row['weeks'])))}"
    )
    mark = " ‡" if row.get("second_hand") else ""
    people = (
        ""
        if is_missing(row.get("n"))
        else f", n {show_number(row['n']) if not isinstance(row['n'], str) else row['n']}"
    )
    text = longest_beginning(
        str(row["label"]),
        lambda part: text_width(f"{part}…, {week}{people}{mark}", SMALL) <= MOST_LABEL,
    )
    cut = "" if text == str(row["label"]) else "…"
    return f"{text.rstrip()}{cut}, {week}{people}{mark}"


def _size(row: Mapping[str, Any]) -> str:
    if is_missing(row.get("ci_lower")):
        return show_estimate(row["effect"])
    return f"{show_estimate(row['effect'])} ({show_interval(row['ci_lower'], row['ci_upper'])})"


def _alt(title: str, unit: str, groups: dict, visible: float | None, words: str) -> str:
    parts = [f"Dot plot. {title}. Unit: {plain_unit(unit)}."]
    if visible:
        parts.append(f"{words[:1].upper()}{words[1:]}: {show_number(visible)}.")
    for name, own in groups.items():
        told = [
            f"{_full(row)} {_size(row)}{', second-hand' if row.get('second_hand') else ''}" for row in own
        ]
        parts.append(f"{GROUPS[name]}: {'; '.join(told)}.")
    return " ".join(parts)


def _full(row: Mapping[str, Any]) -> str:
    week = (
        str(row.get("time") or "time not stated")
        if is_missing(row.get("weeks"))
        else f"week {show_number(round(float(row['weeks'])))}"
    )
    return f"{row['label']}, {week}:"
