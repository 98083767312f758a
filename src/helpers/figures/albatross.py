"""Albatross plot: p values against numbers of people, where nothing else is printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.figures.figure import BLUE, INK, MUTED, PAGE_WIDTH, VERMILION, Figure, canvas, style
from helpers.figures.lettering import SMALL, Pen, as_rows
from helpers.figures.numbers import is_missing, show_number

CONTOURS = (0.25, 0.5, 1.0)
HEIGHT, TOP, LEFT = 330, 46, 62
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
        axes = pen.axes(LEFT, TOP, PAGE_WIDTH - LEFT - 40, HEIGHT)
        _contours(axes, data)
        for row in data:
            _point(axes, row)
        _frame(axes, data)
    caption = (
        "Right of the middle: better; left: worse. Circles compare before and after in one group, squares "
        "compare two groups. A mark with an arrow has a p value printed as a limit only: it lies there or "
        "farther out. Broken lines join points that a paired change of so many standard deviations would "
        "give; squares are not to be read against them."
    )
    return Figure(figure, _alt(title, data), caption, data)


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


def _frame(axes: Any, data: list[dict]) -> None:
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


def _alt(title: str, rows: list[dict]) -> str:
    told = []
    for row in rows:
        sign = "p below" if row.get("bound") else "p"
        kind = "before and after" if row["contrast"] == "within_arm" else "between groups"
        people = "n not stated" if is_missing(row.get("n")) else f"n {show_number(row['n'])}"
        told.append(
            f"{row['label']}: {row['direction']}, {kind}, {sign} {show_number(row['p_value'])}, {people}."
        )
    return f"Albatross plot. {title}. " + (" ".join(told) or "There is no p value to show.")
