"""What an assumed pre-post correlation does: effects and pools at every value of it, and where 0 is crossed.

A paper that prints means and SDs before and after, but not the SD of the change, leaves the correlation open.
The Cochrane Handbook (6.5.2.8) asks to try several; here all are tried at once, by batches.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from helpers.synthesis.batches import pool_many
from helpers.synthesis.effect_sizes import effect_size
from helpers.tables import records, split_ids

GRID = np.round(np.linspace(0, 0.95, 20), 2)
SHOWN = (0.0, 0.3, 0.5, 0.7, 0.9)
ASSUMED = "pre-post correlation"
OF_EFFECT = ("effect_id", "study_id", "concept", "arm_id", "unit", "contrast")


def correlation_grid(
    m1i: Any, m2i: Any, sd1i: Any, sd2i: Any, ni: Any, ri: Any = GRID, measure: str = "MC", **how: Any
) -> pd.DataFrame:
    """Compute a change, or the pool of several, at every correlation of a grid.

    Parameters
    ----------
    m1i, m2i, sd1i, sd2i, ni : float or array_like, shape (k,)
        Means and SDs after and before, and people, of k studies.
    ri : array_like, shape (g,)
        Correlations to try.
    measure : {"MC", "SMCC", "SMCRH", "ROMC"}
        As for `effect_size`.
    **how
        method, test and level as for `pool_many`; REML and the truncated Knapp-Hartung interval if not given.

    Returns
    -------
    DataFrame
        One row a correlation: ri, estimate, se, ci_lower, ci_upper, tau2. A single study has Student's t with
        n - 1 degrees of freedom.

    Raises
    ------
    ValueError
        What `effect_size` and `pool_many` refuse.

    Notes
    -----
    Cochrane Handbook 6.5.2.8 and 16.4.6.3 of its fifth version.

    """
    ri = np.atleast_1d(np.asarray(ri, dtype=float))
    es = effect_size(measure, m1i=m1i, m2i=m2i, sd1i=sd1i, sd2i=sd2i, ni=ni, ri=ri[:, None])
    many = pool_many(es.yi, es.vi, **{"method": "REML", "test": "adhoc"} | how)
    lower, upper = many.ci_lower, many.ci_upper
    if es.yi.shape[1] == 1:
        half = stdtrit(float(np.ravel(ni)[0]) - 1, 0.5 + many.level / 2) * many.se
        lower, upper = many.estimate - half, many.estimate + half
    parts = {"estimate": many.estimate, "se": many.se, "ci_lower": lower, "ci_upper": upper}
    return pd.DataFrame({"ri": ri, **parts, "tau2": many.tau2})


def least_correlation(grid: pd.DataFrame) -> float | None:
    """Give the smallest correlation from which on the interval keeps clear of 0; None where it never does."""
    clear = ((grid["ci_lower"] > 0) | (grid["ci_upper"] < 0)).to_numpy()
    from_here = np.logical_and.accumulate(clear[::-1])[::-1]
    return float(grid["ri"].to_numpy()[from_here.argmax()]) if from_here.any() else None


def clear_words(least: float | None) -> str:
    """Say at which of the correlations the interval keeps clear of 0."""
    if least is None:
        return "at none"
    return "at all" if least == GRID[0] else f"from r = {least:g} on"


def correlation_rows(effects: pd.DataFrame, results: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Try the correlations for every headline effect that had to assume one.

    Parameters
    ----------
    effects, results : pandas.DataFrame
        These tables.
    level : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row an effect: `effect_id`, `study_id`, `concept`, `arm_id`, `unit`, `contrast`, `estimate`; a
        pair (lower, upper) for each correlation of `SHOWN`, under ``r 0.5`` and so on; `clear_from`, the
        correlation from which on the interval keeps clear of 0, and `clear`, the same in words.

    """
    rows = []
    for effect in records(effects):
        if effect["headline"] != "yes" or not (effect["assumption"] or "").startswith(ASSUMED):
            continue
        before, after = levels_behind(effect, results)
        grid = correlation_grid(
            after["mean"], before["mean"], after["sd"], before["sd"], people_in(effect), level=level
        )
        row = {name: effect[name] for name in OF_EFFECT} | {"estimate": effect["effect"]}
        at = grid.set_index("ri")
        row |= {f"r {r:g}": (float(at.loc[r, "ci_lower"]), float(at.loc[r, "ci_upper"])) for r in SHOWN}
        least = least_correlation(grid)
        rows.append(row | {"clear_from": least, "clear": clear_words(least)})
    columns = [*OF_EFFECT, "estimate", *(f"r {r:g}" for r in SHOWN), "clear_from", "clear"]
    return pd.DataFrame(rows, columns=columns)


def levels_behind(effect: dict[str, Any], results: pd.DataFrame) -> tuple[dict[str, Any], dict[str, Any]]:
    """Find the levels before and after that an effect was worked out from, by their quantities."""
    own, same = set(split_ids(effect["quantity_ids"])), ("study_id", "arm_id", "concept", "site", "unit")
    levels = {
        row["timepoint_weeks"]: row
        for row in records(results)
        if row["kind"] == "level"
        and row["sd"] is not None
        and all(row[name] == effect[name] for name in same)
        and own.issuperset(split_ids(row["quantity_ids"]))
    }
    return levels[0], levels[effect["timepoint_weeks"]]


def people_in(effect: dict[str, Any]) -> float:
    """People behind an effect, stated or assumed."""
    return float(effect["n"] if effect["n"] is not None else effect["n_assumed"])
