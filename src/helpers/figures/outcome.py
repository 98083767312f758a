"""Figures of an outcome over studies: direction of effect, albatross plot, context, adverse events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.figures.canvas import (
    BLUE,
    DIRECTION_MARKS,
    GREEN,
    INK,
    LINE,
    MUTED,
    PAGE_WIDTH,
    RULE,
    SMALL,
    VERMILION,
    WASH,
    Figure,
    Pen,
    as_rows,
    canvas,
    height_of,
    longest_beginning,
    style,
    text_width,
    wrap,
)
from helpers.figures.forest import forest
from helpers.formats import (
    is_missing,
    joined,
    plain_unit,
    plain_words,
    show_estimate,
    show_interval,
    show_number,
)
from helpers.tables import records

CONTOURS = (0.25, 0.5, 1.0)
HEIGHT, TOP, ALBATROSS_LEFT = 330, 46, 62
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # a label is read before the lines below it


def albatross(rows: pd.DataFrame | Sequence[Mapping[str, Any]], *, title: str) -> Figure:
    """Draw p values and numbers of people, with the effect that each pair would stand for.

    Parameters
    ----------
    rows : pandas.DataFrame or list of dict
        `study_id`, `label`, `n`, `p_value` (two-sided), `direction` (better or worse), `contrast`
        (`within_arm` or another), `bound` (true where the p value is only an upper limit).
    title : str
        Title; first words of the alternative text.

    Returns
    -------
    Figure
        Contours are standardised mean changes of a paired comparison: z = d times the root of n (Harrison
        et al. 2017, Res Synth Methods 8:281). Comparisons of two groups have the same contours at half
        the effect's square: they are drawn with another mark and are not to be read against them.

    """
    data = as_rows(rows)
    with style():
        figure = canvas(HEIGHT + TOP + 52)
        pen = Pen(figure)
        pen.write(0, 14, title, fontsize=10.5, fontweight="bold")
        axes = pen.axes(ALBATROSS_LEFT, TOP, PAGE_WIDTH - ALBATROSS_LEFT - 40, HEIGHT)
        _contours(axes, data)
        for row in data:
            _point(axes, row)
        _albatross_frame(axes, data)
    caption = (
        "Right of the middle: better; left: worse. Circles compare before and after in one group, squares "
        "compare two groups. A mark with an arrow has a p value printed as a limit only: it lies there or "
        "farther out. Broken lines join points that a paired change of so many standard deviations would "
        "give; squares are not to be read against them."
    )
    return Figure(figure, _albatross_alt(title, data), caption, data)


def _place(row: Mapping[str, Any]) -> float:
    """Return the signed place of a p value on the axis: 0 for p = 1, 1 for 0.1, 2 for 0.01."""
    distance = -np.log10(max(float(row["p_value"]), 1e-12))
    return -distance if row["direction"] == "worse" else distance


def _contours(axes: Any, data: list[dict]) -> None:
    from scipy import stats  # a second to import, and this is the only drawing that needs it

    most = max((float(row["n"]) for row in data), default=20) * 1.15
    people = np.linspace(2, most, 200)
    for size in CONTOURS:
        places = -(np.log10(2) + stats.norm.logsf(size * np.sqrt(people)) / np.log(10))
        for sign in (-1, 1):
            axes.plot(sign * places, people, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        inside = np.flatnonzero(places < 5.2)
        at = inside[-1] if len(inside) else -1
        axes.annotate(f"d = {size:g}", (places[at], people[at]), xytext=(3, 0), textcoords="offset points",
                      fontsize=SMALL, color=MUTED, bbox=PAPER, annotation_clip=True)  # fmt: skip


def _point(axes: Any, row: Mapping[str, Any]) -> None:
    within = row["contrast"] == "within_arm"
    x, y = _place(row), float(row["n"])
    look = {"marker": "o" if within else "s", "color": BLUE if within else VERMILION}
    axes.plot([x], [y], markersize=7, linestyle="none", clip_on=False, **look)
    if row.get("bound"):
        tip = {"arrowstyle": "->", "color": look["color"], "linewidth": 1.2}
        axes.annotate("", (x + (0.45 if x > 0 else -0.45), y), (x, y), arrowprops=tip)
    count = str(row["label"]).count(";") + 1
    words = str(row["study_id"]) + (f" ({count} results)" if count > 1 else "")
    side = 1 if x > 0 else -1
    away = side * (28 if row.get("bound") else 9)
    axes.annotate(words, (x, y), xytext=(away, 0), textcoords="offset points",
                  ha="left" if side > 0 else "right", va="center", fontsize=SMALL, color=INK, bbox=PAPER,
                  annotation_clip=False)  # fmt: skip


def _albatross_frame(axes: Any, data: list[dict]) -> None:
    axes.set_xlim(-5.5, 5.5)
    axes.set_ylim(0, max((float(row["n"]) for row in data), default=20) * 1.15)
    axes.axvline(0, color=INK, linewidth=0.9)
    powers = range(-5, 6)
    axes.set_xticks(
        list(powers), ["10⁻⁵" if abs(power) == 5 else f"{10.0 ** -abs(power):g}" for power in powers]
    )
    axes.tick_params(labelsize=SMALL)
    axes.set_xlabel("two-sided p value (left: worse, right: better)", fontsize=SMALL)
    axes.set_ylabel("people", fontsize=SMALL)
    axes.spines[["right", "top"]].set_visible(False)


def _albatross_alt(title: str, rows: list[dict]) -> str:
    told = []
    for row in rows:
        sign = "p below" if row.get("bound") else "p"
        kind = "before and after" if row["contrast"] == "within_arm" else "between groups"
        people = "n not stated" if is_missing(row.get("n")) else f"n {show_number(row['n'])}"
        told.append(
            f"{row['label']}: {row['direction']}, {kind}, {sign} {show_number(row['p_value'])}, {people}."
        )
    return f"Albatross plot. {title}. " + (" ".join(told) or "There is no p value to show.")


RIGHT, STEP, PLOT = 130.0, 19.0, 290.0
MOST_LABEL = 660.0  # wider names than this are no names
LOOKS = {"exosome": ("s", BLUE, "full"), "control": ("o", MUTED, "none"), "active": ("D", GREEN, "full")}
GROUPS = {"exosome": "Exosomes", "control": "Placebo and untreated", "active": "Other treatments"}


def context_plot(
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
        figure = _draw_context(groups, plain_unit(unit), title, visible)
    caption = (
        "Changes within one group, before and after; none is an effect by itself. Squares: exosomes; open "
        "circles: placebo and untreated; diamonds: other treatments; lines: 95 % intervals where they can be "
        "computed. The grey band spans what placebo and untreated arms did."
        + (f" Broken line: {visible_words}, {show_number(visible)} {plain_unit(unit)}." if visible else "")
        + (" ‡: seen second-hand only." if any(row.get("second_hand") for row in data) else "")
    )
    return Figure(figure, _context_alt(title, unit, groups, visible, visible_words), caption, data)


def _draw_context(groups: dict[str, list[dict]], unit: str, title: str, visible: float | None) -> Any:
    count = sum(len(own) + 1 for own in groups.values())
    top, body = 34.0, count * STEP + 10
    left = 20 + max(
        (text_width(_context_label(row), SMALL) for own in groups.values() for row in own), default=0
    )
    width = max(PAGE_WIDTH, left + PLOT + RIGHT)
    figure = canvas(top + body + 50, width)
    pen = Pen(figure)
    pen.write(0, 14, title, fontsize=10.5, fontweight="bold")
    axes = pen.axes(left, top, width - left - RIGHT, body)
    axes.set_ylim(body, 0)
    _context_frame(axes, groups, unit, visible)
    y = 4.0
    for name, own in groups.items():
        pen.write(0, top + y + STEP / 2, GROUPS[name], fontweight="bold")
        y += STEP
        for row in own:
            _context_row(pen, axes, row, name, top, y + STEP / 2)
            pen.write(width, top + y + STEP / 2, _size(row), ha="right", fontsize=SMALL)
            y += STEP
    pen.rule(top - 2, color=INK, linewidth=0.9)
    return figure


def _context_frame(axes: Any, groups: dict[str, list[dict]], unit: str, visible: float | None) -> None:
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


def _context_row(pen: Pen, axes: Any, row: Mapping[str, Any], group: str, top: float, y: float) -> None:
    from matplotlib.lines import Line2D

    marker, colour, fill = LOOKS[group]
    pen.write(8, top + y, _context_label(row), fontsize=SMALL)
    if not is_missing(row.get("ci_lower")):
        axes.add_line(Line2D([row["ci_lower"], row["ci_upper"]], [y, y], color=colour, linewidth=1.4))
    axes.plot(
        [row["effect"]], [y], marker=marker, markersize=6, color=colour, fillstyle=fill, markeredgewidth=1.3
    )


def _context_label(row: Mapping[str, Any]) -> str:
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


def _context_alt(title: str, unit: str, groups: dict, visible: float | None, words: str) -> str:
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


DIRECTION_LEFT, LEAST_COLUMN = 190.0, 96.0
DIRECTION_COLUMNS = ("study_id", "concept", "direction", "n", "design")
KEY = "▲ better   ▼ worse   ◄► no change   ▲▼ mixed   ? unclear   ○ not reported"


def direction(
    rows: pd.DataFrame | Sequence[Mapping[str, Any]], *, title: str = "Direction of effect"
) -> Figure:
    """Draw the direction of every outcome in every study.

    Parameters
    ----------
    rows : pandas.DataFrame or list of dict
        `concept`, `study_id`, `direction` (better, worse, no change, unclear, not reported), and where known
        `n` and `design` in words. Several rows for one outcome and study that disagree are all shown.
    title : str
        Title; first words of the alternative text.

    Returns
    -------
    Figure
        Studies stand in rows and outcomes in columns; more outcomes than fit go into a second block.

    """
    data = as_rows(rows)
    studies = list(dict.fromkeys(row["study_id"] for row in data))
    concepts = list(dict.fromkeys(row["concept"] for row in data))
    cells: dict[tuple[str, str], list[str]] = {}
    for row in data:
        cells.setdefault((row["study_id"], row["concept"]), []).append(row["direction"])
    labels = {
        name: _direction_label(name, [row for row in data if row["study_id"] == name]) for name in studies
    }
    with style():
        figure = _draw_directions(studies, concepts, cells, labels, title)
    caption = (
        "Each sign is the direction of one outcome in one study, with no regard to its size. An empty field: "
        "not measured. Two signs in a field: arms, sites or times disagree."
    )
    return Figure(
        figure,
        _direction_alt(title, data),
        caption,
        [{name: row.get(name) for name in DIRECTION_COLUMNS} for row in data],
    )


def _direction_label(name: str, rows: list[dict]) -> str:
    """Return a study's name and, below, its people and design."""
    first = {
        key: next((row[key] for row in rows if not is_missing(row.get(key))), None) for key in ("n", "design")
    }
    people = "n not stated" if first["n"] is None else f"n = {_whole(first['n'])}"
    details = people if first["design"] is None else f"{people}, {first['design']}"
    return wrap(name, DIRECTION_LEFT - 12, weight="bold") + "\n" + wrap(details, DIRECTION_LEFT - 12, SMALL)


def _whole(value: Any) -> str:
    return str(int(value)) if isinstance(value, int | float) else str(value)


def _draw_directions(studies: list, concepts: list, cells: dict, labels: dict, title: str) -> Any:
    """Return the drawing: a block of rows for each set of outcomes that fits side by side."""
    most = max(1, int((PAGE_WIDTH - DIRECTION_LEFT) // LEAST_COLUMN))
    blocks = [concepts[start : start + most] for start in range(0, len(concepts), most)] or [[]]
    step = min(
        150.0,
        (PAGE_WIDTH - DIRECTION_LEFT) / max((len(block) for block in blocks), default=1)
        if concepts
        else 150.0,
    )
    heads = [[wrap(plain_words(name), step - 10, weight="bold") for name in block] for block in blocks]
    heights = {name: _row_height(labels[name], name, concepts, cells) for name in studies}
    block_heights = [height_of(*head, "") + 14 + sum(heights.values()) + 12 for head in heads]
    figure = canvas(34 + sum(block_heights) + 24)
    pen = Pen(figure)
    pen.write(0, 14, title, fontsize=10.5, fontweight="bold")
    top = 32.0
    for block, head, height in zip(blocks, heads, block_heights, strict=True):
        _block(pen, top, block, head, studies, cells, labels, heights, step)
        top += height
    pen.write(0, top + 8, KEY, fontsize=SMALL)
    return figure


def _row_height(label: str, name: str, concepts: list, cells: dict) -> float:
    most = max((len(set(cells.get((name, concept), []))) for concept in concepts), default=1)
    return max(height_of(label), 2 * LINE * max(1, most)) + 12


def _block(
    pen: Pen,
    top: float,
    block: list,
    head: list,
    studies: list,
    cells: dict,
    labels: dict,
    heights: dict,
    step: float,
) -> None:
    """Draw one block: headings, then a row a study with a sign and its word in each field."""
    high = height_of(*head, "") + 10
    pen.write(0, top + high / 2, "Study", fontweight="bold")
    for place, text in enumerate(head):
        pen.write(DIRECTION_LEFT + (place + 0.5) * step, top + high / 2, text, ha="center", fontweight="bold")
    pen.rule(top + high, color=INK, linewidth=0.9)
    y = top + high
    right = DIRECTION_LEFT + len(block) * step
    for name in studies:
        middle = y + heights[name] / 2
        title, _, details = labels[name].partition("\n")
        _two_weights(pen, middle, title, details)
        for place, concept in enumerate(block):
            _field(pen, DIRECTION_LEFT + (place + 0.5) * step, middle, cells.get((name, concept), []))
        y += heights[name]
        pen.rule(y, right=max(right, PAGE_WIDTH), color=RULE, linewidth=0.6)


def _two_weights(pen: Pen, middle: float, title: str, details: str) -> None:
    """Write the name in bold over its details in small."""
    lines = details.count("\n") + 1
    pen.write(0, middle - LINE * lines / 2, title, fontweight="bold")
    pen.write(0, middle + LINE / 2, details, fontsize=SMALL)


def _field(pen: Pen, x: float, middle: float, directions: list[str]) -> None:
    """Write each different direction once: the sign large, its word below."""
    different = list(dict.fromkeys(directions))
    for place, name in enumerate(different):
        sign, colour = DIRECTION_MARKS.get(name, DIRECTION_MARKS["unclear"])
        y = middle + (place - (len(different) - 1) / 2) * 2 * LINE
        pen.write(x, y - 7, sign, ha="center", color=colour, fontsize=13)
        pen.write(x, y + 8, name, ha="center", fontsize=SMALL)


def _direction_alt(title: str, rows: list[dict]) -> str:
    if not rows:
        return f"Effect-direction plot. {title}. There is no study to show."
    parts = []
    for name in dict.fromkeys(row["study_id"] for row in rows):
        own = [row for row in rows if row["study_id"] == name]
        people = next(
            (f"n = {_whole(row['n'])}" for row in own if not is_missing(row.get("n"))), "n not stated"
        )
        seen = list(dict.fromkeys(f"{plain_words(row['concept'])} {row['direction']}" for row in own))
        parts.append(f"{name} ({people}): {joined(seen)}.")
    return f"Effect-direction plot. {title}. " + " ".join(parts)


DAGGER = " ‡"
FULL_TEXT = "full text"
HARMS_TITLE = "Adverse events: people with one, and how many there may be"
LIMITS = (
    "A square is the share of people with the event; its line reaches up to the exact one-sided 95 % limit. "
    "No event in a few people excludes little. What was read says how far a word like none can be trusted; a "
    "double dagger marks what was seen only in another paper. People are those enrolled or in the arm."
)


def harm_rows(events: pd.DataFrame, sources: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the events of each study as rows of `forest`, in percent of people.

    Parameters
    ----------
    events, sources : pandas.DataFrame
        Tables `adverse_events` and `sources`.

    Returns
    -------
    list of dict
        Events of one study with the same count and number of people share a row; those without a count
        stand in one row without a mark.

    """
    read = {row["study_id"]: row for row in records(sources)}
    merged: dict[tuple, dict[str, Any]] = {}
    for row in records(events):
        key = row["study_id"], row["arm_id"], row["count"], row["n"]
        merged.setdefault(key, row | {"terms": []})["terms"].append(row["term"])
    return [_harm_row(row, read.get(row["study_id"], {})) for row in merged.values()]


def _harm_row(row: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    count, n, limit = row["count"], row["n"], row["upper_limit"]
    second = bool(source.get("second_hand"))
    told = {
        "study_id": row["study_id"] + (DAGGER if second else ""),
        "event": "; ".join(dict.fromkeys(plain_words(term) for term in row["terms"])),
        "read": "second-hand" if second else source.get("access") or "not stated",
        "n": None if n is None else int(n),
    }
    if count is None or not n or limit is None:
        said = "listed, not counted" if count is None else f"{count} people, of how many not stated"
        return told | {"effect": None, "ci_lower": None, "ci_upper": None, "instead": said}
    share = 100 * count / n
    return told | {"effect": share, "ci_lower": share, "ci_upper": 100 * limit}


def harms(rows: list[dict[str, Any]]) -> Figure:
    """Draw the rows of `harm_rows`; alternative text: every study with its numbers."""
    shown = [row if row["effect"] is None else row | {"told": _words(row)} for row in rows]
    columns = {"event": "Event", "read": "What was read"}
    drawn = forest(shown, unit="% of people", null_words="nobody", title=HARMS_TITLE, text_columns=columns)
    return Figure(drawn.figure, drawn.alt, LIMITS, rows)


def _words(row: dict[str, Any]) -> str:
    """Return a share with its upper limit, as the plot prints it."""
    return f"{show_number(round(row['effect'], 1))} (up to {show_number(round(row['ci_upper'], 1))})"


def harm_sentence(rows: list[dict[str, Any]]) -> str:
    """Return how many studies speak of adverse events, how that was seen, what the largest leaves open."""
    if not rows:
        return "No study says anything of adverse events."
    studies = {row["study_id"] for row in rows}
    partly = {row["study_id"] for row in rows if row["read"] != FULL_TEXT}
    parts = [f"{len(studies)} {'study speaks' if len(studies) == 1 else 'studies speak'} of adverse events"]
    if partly:
        parts[0] += f", {len(partly)} of them in an abstract's or another paper's words alone"
    listed = sorted({row["study_id"] for row in rows if row["effect"] is None})
    if listed:
        parts.append(
            f"{joined(listed)} {'lists' if len(listed) == 1 else 'list'} some without counting people"
        )
    none = [row for row in rows if row["effect"] == 0]
    if none:
        largest = max(none, key=lambda row: (row["n"], row["study_id"]))
        upper = show_number(round(largest["ci_upper"], 1))
        parts.append(
            f"the largest that names one as absent, {largest['study_id']} ({largest['n']} people), leaves "
            f"room for it in up to {upper} % of people"
        )
    return f"{'; '.join(parts)}."
