"""Figures of an outcome over studies: direction of effect, context, adverse events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from helpers.figures import FIGURE_WORDS
from helpers.figures.canvas import (
    BLUE,
    GREEN,
    INK,
    LINE,
    MUTED,
    PAGE_WIDTH,
    RULE,
    SMALL,
    WASH,
    Figure,
    Pen,
    Rows,
    as_rows,
    height_of,
    level_axis,
    longest_beginning,
    style,
    text_width,
    widest,
    wrap,
)
from helpers.figures.forest import forest
from helpers.figures.rows import DAGGER
from helpers.formats import (
    is_missing,
    joined,
    plain_unit,
    plain_words,
    show_estimate,
    show_interval,
    show_number,
    show_value,
)
from notebookpress.tables import records

CAPTIONS = FIGURE_WORDS["captions"]


SEEN_WORDS = "smallest difference that observers see"
RIGHT, STEP, PLOT = 130.0, 19.0, 290.0
MOST_LABEL = 660.0  # wider names than this are no names
LOOKS = {"exosome": ("s", BLUE, "full"), "control": ("o", MUTED, "none"), "active": ("D", GREEN, "full")}
GROUPS = FIGURE_WORDS["groups"]


def context_plot(
    rows: Rows,
    *,
    unit: str,
    title: str,
    visible: float | None = None,
    level: float = 0.95,
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
        Smallest difference that observers see, drawn as a broken line.
    level : float
        Coverage of the intervals, for the words.

    Returns
    -------
    Figure
        The shaded band spans the changes of all placebo and untreated arms shown. A double dagger marks
        second-hand figures.

    """
    data = [row for row in as_rows(rows) if not is_missing(row.get("effect"))]
    groups = {name: [row for row in data if row["group"] == name] for name in GROUPS}
    groups = {name: own for name, own in groups.items() if own}
    unit = plain_unit(unit)
    with style():
        figure = _draw_context(groups, unit, title, visible)
    line = "" if not visible else f"{SEEN_WORDS}, {show_number(visible)} {unit}"
    caption = CAPTIONS["context"].format(level=100 * level) + (f" Broken line: {line}." if line else "")
    caption += " ‡: seen second-hand only." if any(row.get("second_hand") for row in data) else ""
    return Figure(figure, _context_alt(title, unit, groups, visible), caption, data)


def _draw_context(groups: dict[str, list[dict]], unit: str, title: str, visible: float | None) -> Any:
    rows = [row for own in groups.values() for row in own]
    top, body = 34.0, (len(rows) + len(groups)) * STEP + 10
    left = 20 + widest(map(_context_label, rows), SMALL)
    width = max(PAGE_WIDTH, left + PLOT + RIGHT)
    pen = Pen(top + body + 50, width)
    pen.title(title)
    axes = pen.axes(left, top, width - left - RIGHT, body)
    axes.set_ylim(body, 0)
    _context_frame(axes, rows, unit, visible)
    y = 4.0
    for name, own in groups.items():
        pen.write(0, top + y + STEP / 2, GROUPS[name], fontweight="bold")
        y += STEP
        for row in own:
            pen.write(8, top + y + STEP / 2, _context_label(row), fontsize=SMALL)
            pen.write(width, top + y + STEP / 2, _size(row), ha="right", fontsize=SMALL)
            _context_mark(axes, row, y + STEP / 2)
            y += STEP
    pen.rule(top - 2, color=INK, linewidth=0.9)
    return pen.figure


def _context_frame(axes: Any, rows: list[dict], unit: str, visible: float | None) -> None:
    """Set the axis to hold every limit, and shade what the controls did."""
    shown = [row[name] for row in rows for name in ("effect", "ci_lower", "ci_upper")]
    values = [float(value) for value in [*shown, 0.0, visible or 0.0] if not is_missing(value)]
    span = (max(values) - min(values)) or 1.0
    axes.set_xlim(min(values) - 0.05 * span, max(values) + 0.05 * span)
    drifts = [float(row["effect"]) for row in rows if row["group"] == "control"]
    if drifts:
        axes.axvspan(min(drifts), max(drifts), color=WASH, zorder=0)
        for edge in (min(drifts), max(drifts)):
            axes.axvline(edge, color=MUTED, linewidth=0.5, zorder=0)
    axes.axvline(0, color=INK, linewidth=0.9)
    if visible:
        axes.axvline(visible, color=INK, linewidth=1.0, linestyle=(0, (5, 3)))
    level_axis(axes, f"change from baseline, {unit}")


def _context_mark(axes: Any, row: Mapping[str, Any], y: float) -> None:
    from matplotlib.lines import Line2D

    marker, colour, fill = LOOKS[row["group"]]
    if not is_missing(row.get("ci_lower")):
        axes.add_line(Line2D([row["ci_lower"], row["ci_upper"]], [y, y], color=colour, linewidth=1.4))
    axes.plot(
        [row["effect"]], [y], marker=marker, markersize=6, color=colour, fillstyle=fill, markeredgewidth=1.3
    )


def _when(row: Mapping[str, Any]) -> str:
    if is_missing(row.get("weeks")):
        return str(row.get("time") or "time not stated")
    return f"week {show_number(round(float(row['weeks'])))}"


def _context_label(row: Mapping[str, Any]) -> str:
    """Return who, when and how many; a name that is too wide is cut."""
    people = "" if is_missing(row.get("n")) else f", n {show_value(row['n'])}"
    rest = f", {_when(row)}{people}{DAGGER if row.get('second_hand') else ''}"
    name = str(row["label"])
    text = longest_beginning(name, lambda part: text_width(f"{part}…{rest}", SMALL) <= MOST_LABEL)
    return f"{text.rstrip()}{'' if text == name else '…'}{rest}"


def _size(row: Mapping[str, Any]) -> str:
    if is_missing(row.get("ci_lower")):
        return show_estimate(row["effect"])
    return f"{show_estimate(row['effect'])} ({show_interval(row['ci_lower'], row['ci_upper'])})"


def _context_alt(title: str, unit: str, groups: dict, visible: float | None) -> str:
    parts = [f"Dot plot. {title}. Unit: {unit}."]
    if visible:
        parts.append(f"{SEEN_WORDS.capitalize()}: {show_number(visible)}.")
    for name, own in groups.items():
        changes = [
            f"{row['label']}, {_when(row)}: {_size(row)}{', second-hand' if row.get('second_hand') else ''}"
            for row in own
        ]
        parts.append(f"{GROUPS[name]}: {'; '.join(changes)}.")
    return " ".join(parts)


DIRECTION_LEFT, LEAST_COLUMN = 190.0, 96.0
DIRECTION_COLUMNS = ("study_id", "concept", "direction", "n", "design")
DIRECTION_MARKS = FIGURE_WORDS["directions"]


def direction(rows: Rows, *, title: str = "Direction of effect") -> Figure:
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
    studies = {name: [] for name in dict.fromkeys(row["study_id"] for row in data)}
    for row in data:
        studies[row["study_id"]].append(row)
    with style():
        drawing = _Directions(studies, list(dict.fromkeys(row["concept"] for row in data)), title)
    numbers = [{name: row.get(name) for name in DIRECTION_COLUMNS} for row in data]
    return Figure(drawing.pen.figure, _direction_alt(title, studies), CAPTIONS["direction"], numbers)


def _first_known(rows: list[dict], name: str) -> Any:
    return next((row[name] for row in rows if not is_missing(row.get(name))), None)


def _people(rows: list[dict]) -> str:
    n = _first_known(rows, "n")
    return "n not stated" if n is None else f"n = {int(n) if isinstance(n, float) else n}"


class _Directions:
    """The drawing: a block of rows for each set of outcomes that fits side by side."""

    def __init__(self, studies: dict[str, list[dict]], concepts: list[str], title: str) -> None:
        self.signs: dict[tuple[str, str], dict[str, None]] = {}  # each different direction once
        for name, rows in studies.items():
            for row in rows:
                self.signs.setdefault((name, row["concept"]), {})[row["direction"]] = None
        self.labels = {name: _direction_label(name, rows) for name, rows in studies.items()}
        self.heights = {}
        for name, (label, details) in self.labels.items():
            most = max([1, *(len(self.signs.get((name, concept), ())) for concept in concepts)])
            self.heights[name] = max(height_of(f"{label}\n{details}"), 2 * LINE * most) + 12
        room = PAGE_WIDTH - DIRECTION_LEFT
        most = int(room // LEAST_COLUMN)
        blocks = [concepts[start : start + most] for start in range(0, len(concepts), most)] or [[]]
        self.step = min(150.0, room / max(1, len(blocks[0])))
        heads = [
            [wrap(plain_words(name), self.step - 10, weight="bold") for name in block] for block in blocks
        ]
        tops = [34.0 - 2]
        for head in heads:
            tops.append(tops[-1] + height_of(*head, "") + 14 + sum(self.heights.values()) + 12)
        self.pen = Pen(tops[-1] + 26)
        self.pen.title(title)
        for top, block, head in zip(tops, blocks, heads, strict=False):
            self._block(top, block, head)
        self.pen.write(0, tops[-1] + 8, FIGURE_WORDS["direction_key"], fontsize=SMALL)

    def _block(self, top: float, block: list[str], head: list[str]) -> None:
        """Draw headings, then a row a study with a sign and its word in each field."""
        high = height_of(*head, "") + 10
        middles = [DIRECTION_LEFT + (place + 0.5) * self.step for place in range(len(block))]
        self.pen.write(0, top + high / 2, "Study", fontweight="bold")
        for x, text in zip(middles, head, strict=True):
            self.pen.write(x, top + high / 2, text, ha="center", fontweight="bold")
        y = top + high
        self.pen.rule(y, color=INK, linewidth=0.9)
        for name, (label, details) in self.labels.items():
            middle = y + self.heights[name] / 2
            lines = details.count("\n") + 1
            self.pen.write(0, middle - LINE * lines / 2, label, fontweight="bold")
            self.pen.write(0, middle + LINE / 2, details, fontsize=SMALL)
            for x, concept in zip(middles, block, strict=True):
                self._field(x, middle, list(self.signs.get((name, concept), ())))
            y += self.heights[name]
            self.pen.rule(y, color=RULE, linewidth=0.6)

    def _field(self, x: float, middle: float, directions: list[str]) -> None:
        """Write the sign large, its word below."""
        for place, name in enumerate(directions):
            sign, colour = DIRECTION_MARKS.get(name, DIRECTION_MARKS["unclear"])
            look = {"color": FIGURE_WORDS["palette"][colour], "fontsize": 13}
            y = middle + (place - (len(directions) - 1) / 2) * 2 * LINE
            self.pen.write(x, y - 7, sign, ha="center", **look)
            self.pen.write(x, y + 8, name, ha="center", fontsize=SMALL)


def _direction_label(name: str, rows: list[dict]) -> tuple[str, str]:
    """Return a study's name, and what stands below it: its people and design."""
    design = _first_known(rows, "design")
    details = _people(rows) if design is None else f"{_people(rows)}, {design}"
    lines = wrap(name, DIRECTION_LEFT - 12, weight="bold"), wrap(details, DIRECTION_LEFT - 12, SMALL)
    label, _, below = "\n".join(lines).partition("\n")
    return label, below


def _direction_alt(title: str, studies: dict[str, list[dict]]) -> str:
    parts = []
    for name, rows in studies.items():
        signs = list(dict.fromkeys(f"{plain_words(row['concept'])} {row['direction']}" for row in rows))
        parts.append(f"{name} ({_people(rows)}): {joined(signs)}.")
    return f"Effect-direction plot. {title}. " + (" ".join(parts) or "There is no study to show.")


HARMS_TITLE = "Adverse events: people with one, and how many there may be"


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
    named = {
        "study_id": row["study_id"] + (DAGGER if second else ""),
        "event": "; ".join(dict.fromkeys(plain_words(term) for term in row["terms"])),
        "read": "second-hand" if second else source.get("access") or "not stated",
        "n": None if n is None else int(n),
    }
    if count is None or not n or limit is None:
        why = "listed, not counted" if count is None else f"{count} people, of how many not stated"
        return named | {"effect": None, "ci_lower": None, "ci_upper": None, "instead": why}
    share = 100 * count / n
    return named | {"effect": share, "ci_lower": share, "ci_upper": 100 * limit}


def harms(rows: list[dict[str, Any]]) -> Figure:
    """Draw the rows of `harm_rows`; alternative text: every study with its numbers."""
    shown = [row if row["effect"] is None else row | {"estimate_text": _up_to(row)} for row in rows]
    columns = {"event": "Event", "read": "What was read"}
    words = {"unit": "% of people", "null_words": "nobody", "title": HARMS_TITLE}
    drawn = forest(shown, **words, text_columns=columns, level=None)
    return Figure(drawn.figure, drawn.alt, CAPTIONS["harms"], rows)


def _up_to(row: dict[str, Any]) -> str:
    return f"{show_number(round(row['effect'], 1))} (up to {show_number(round(row['ci_upper'], 1))})"
