"""The forest plot of one pool: its members with weight and risk of bias, and what could not be pooled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from helpers.figures.comparison_words import instead_words
from helpers.figures.figure import Figure
from helpers.figures.forest import forest
from helpers.figures.numbers import plain_unit, plain_words, show_number
from helpers.tables import records
from helpers.tables.vocabulary import CONTRAST_WORDS

MOST_LEFT = 12  # more lines than this below would hide the pool


def pooled_forest(fit: Mapping[str, Any], members: pd.DataFrame, comparisons: pd.DataFrame) -> Figure:
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

    """
    own = members[members["pooled_id"] == fit["pooled_id"]].sort_values("weight", ascending=False)
    upper = [row | {"n": _people(row), "time": _time(row)} for row in records(own)]
    used = {row["effect_id"] for row in upper}
    studies = set(own["study_id"])
    left = comparisons[(comparisons["concept"] == fit["concept"]) & (comparisons["tier"] != "comparator")]
    rest = [row for row in records(left) if not _is_member(row, fit, used, studies)]
    lower = [_below(row, fit) for row in rest[:MOST_LEFT]]
    contrast = CONTRAST_WORDS[fit["contrast"]]
    under = "" if fit["scenario"] == "as printed" else f" ({fit['scenario']})"
    drawn = forest(
        upper,
        unit=plain_unit(fit["unit"]) or "standardised",
        pooled=dict(fit) | {"label": f"Pooled, k = {fit['k']}"},
        not_poolable=lower,
        title=f"{plain_words(fit['concept']).capitalize()}, {contrast}{under}",
        text_columns={"time": "Time"},
    )
    df = fit.get("pi_df")
    told = f" on {df} degree{'s' * (df != 1)} of freedom" if df else ""
    words = drawn.caption.replace("its prediction interval.", f"its prediction interval{told}.")
    if len(rest) > MOST_LEFT:
        words += f" {len(rest) - MOST_LEFT} more lines are in the table comparisons."
    return Figure(drawn.figure, drawn.alt, f"{words} The numbers are in the table pool_members.", drawn.rows)


def _is_member(row: dict[str, Any], fit: Mapping[str, Any], used: set, studies: set) -> bool:
    """Return whether a line is in the pool, also when an assumption has made its estimate anew."""
    same = row["contrast"] == fit["contrast"] and row["unit"] == fit["unit"]
    return row["effect_id"] in used or (same and row["study_id"] in studies)


def _below(row: dict[str, Any], fit: Mapping[str, Any]) -> dict[str, Any]:
    same = row["unit"] == fit["unit"]  # what has another unit is told in words
    shown = {name: row[name] if same else None for name in ("effect", "ci_lower", "ci_upper")}
    kind = CONTRAST_WORDS.get(row["contrast"], "")
    name = f"{row['study_id']}{': ' + kind if kind and kind != CONTRAST_WORDS[fit['contrast']] else ''}"
    kept = {"study_id": name, "n": row["n"], "risk_of_bias": row["risk_of_bias"], "time": _time(row)}
    told = {} if shown["effect"] is not None else {"instead": instead_words(row)}
    return kept | shown | told


def _people(row: dict[str, Any]) -> str | None:
    return None if row["n"] is None else f"{row['n']}{'' if row['n_stated'] else ' (assumed)'}"


def _time(row: dict[str, Any]) -> str | None:
    """Return the weeks since the first treatment, or the time as printed where it counts from elsewhere."""
    if row["timepoint_weeks"] is None:
        return row["timepoint_printed"]
    return f"{show_number(round(row['timepoint_weeks'], 1))} weeks"
