"""A specification curve of very many estimates: neighbours are drawn together, so that each is seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.figures.figure import INK, MUTED

DENSE = 600  # more specifications than this have less than a printer's dot each
BINS = 110


def bins_of(count: int) -> np.ndarray:
    """Return for each of so many specifications in order the bin that it belongs to."""
    return (np.arange(count) * BINS) // count


def edges_of(count: int) -> np.ndarray:
    """Return where the bins begin and end, in places of specifications."""
    return np.arange(BINS + 1) * count / BINS - 0.5


def draw_bands(axes: Any, frame: pd.DataFrame, lower: float, upper: float) -> None:
    """Draw how far the intervals of each bin reach, darker the middle of their ends; then the estimates."""
    bins, edges = bins_of(len(frame)), edges_of(len(frame))
    low, high = (frame[name].clip(lower, upper).groupby(bins) for name in ("ci_lower", "ci_upper"))
    for bottom, top, alpha in ((low.min(), high.max(), 0.14), (low.median(), high.median(), 0.22)):
        axes.stairs(
            top.round(2), edges, baseline=bottom.round(2).to_numpy(), fill=True, color=MUTED, alpha=alpha
        )
    middles = (edges[:-1] + edges[1:]) / 2
    clear = frame["conclusion"] != "not shown"
    for mask, ground, edge in ((~clear, "white", MUTED), (clear, INK, INK)):
        seen = frame["estimate"][mask].groupby(bins[mask.to_numpy()]).median()
        axes.scatter(
            middles[seen.index], seen, s=6, zorder=3, facecolor=ground, edgecolor=edge, linewidth=0.4
        )


def draw_share(axes: Any, here: np.ndarray, count: int, place: int) -> None:
    """Draw in a row of the panel how large a share of each bin takes this level: full height where all do."""
    bins = bins_of(count)
    share = np.bincount(bins[here], minlength=BINS) / np.bincount(bins, minlength=BINS)
    top = place + 0.85 - 0.7 * share.round(2)
    axes.stairs(top, edges_of(count), baseline=place + 0.85, fill=True, color=INK, linewidth=0)


CAPTION = (
    "{count} estimates in order, each under one set of choices; neighbours share a point, filled where the "
    "interval leaves 0 out, open where it holds 0. The pale band is as far as any interval reaches, the "
    "darker one goes from the middle of their lower ends to the middle of their upper ends. Below, the "
    "height of a row is the share of the neighbours that took this choice. Intervals that reach far out are "
    "cut."
)
