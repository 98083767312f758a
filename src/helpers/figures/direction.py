"""Effect-direction plot: which outcome went which way in which study, with people and design in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from helpers.figures.figure import INK, PAGE_WIDTH, RULE, Figure, canvas, style
from helpers.figures.lettering import LINE, SMALL, Pen, as_rows, height_of, wrap
from helpers.figures.marks import DIRECTIONS
from helpers.figures.numbers import is_missing, joined, plain_words

LEFT, LEAST_COLUMN = 190.0, 96.0
SHOWN = ("study_id", "concept", "direction", "n", "design")
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
    labels = {name: _label(name, [row for row in data if row["study_id"] == name]) for name in studies}
    with style():
        figure = _draw(studies, concepts, cells, labels, title)
    caption = (
        "Each sign is the direction of one outcome in one study, with no regard to its size. An empty field: "
        "not measured. Two signs in a field: arms, sites or times disagree."
    )
    return Figure(
        figure, _alt(title, data), caption, [{name: row.get(name) for name in SHOWN} for row in data]
    )


def _label(name: str, rows: list[dict]) -> str:
    """Return a study's name and, below, its people and design."""
    first = {
        key: next((row[key] for row in rows if not is_missing(row.get(key))), None) for key in ("n", "design")
    }
    people = "n not stated" if first["n"] is None else f"n = {_whole(first['n'])}"
    details = people if first["design"] is None else f"{people}, {first['design']}"
    return wrap(name, LEFT - 12, weight="bold") + "\n" + wrap(details, LEFT - 12, SMALL)


def _whole(value: Any) -> str:
    return str(int(value)) if isinstance(value, int | float) else str(value)


def _draw(studies: list, concepts: list, cells: dict, labels: dict, title: str) -> Any:
    """Return the drawing: a block of rows for each set of outcomes that fits side by side."""
    most = max(1, int((PAGE_WIDTH - LEFT) // LEAST_COLUMN))
    blocks = [concepts[start : start + most] for start in range(0, len(concepts), most)] or [[]]
    step = min(
        150.0, (PAGE_WIDTH - LEFT) / max((len(block) for block in blocks), default=1) if concepts else 150.0
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
        pen.write(LEFT + (place + 0.5) * step, top + high / 2, text, ha="center", fontweight="bold")
    pen.rule(top + high, color=INK, linewidth=0.9)
    y = top + high
    right = LEFT + len(block) * step
    for name in studies:
        middle = y + heights[name] / 2
        title, _, details = labels[name].partition("\n")
        _two_weights(pen, middle, title, details)
        for place, concept in enumerate(block):
            _field(pen, LEFT + (place + 0.5) * step, middle, cells.get((name, concept), []))
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
        sign, colour = DIRECTIONS.get(name, DIRECTIONS["unclear"])
        y = middle + (place - (len(different) - 1) / 2) * 2 * LINE
        pen.write(x, y - 7, sign, ha="center", color=colour, fontsize=13)
        pen.write(x, y + 8, name, ha="center", fontsize=SMALL)


def _alt(title: str, rows: list[dict]) -> str:
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
