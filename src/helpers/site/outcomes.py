"""The table of outcomes: what happened, how large, how sure, and whether it could be pooled."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.figures.numbers import is_missing, plain_words, show_with_unit
from helpers.figures.table_html import frame_of, table_html
from helpers.site.load import Tables
from helpers.site.phrases import count_words, direction_words, reported_lines, study_directions
from helpers.synthesis.comparison_lines import CONTRAST_WORDS

MOST_LINES = 3


def outcomes_table(tables: Tables) -> Markup:
    """Return one row an outcome: direction, estimates, certainty, and whether it could be pooled."""
    lines = reported_lines(tables)
    directions = study_directions(lines)
    concepts = dict.fromkeys(
        [*tables["certainty"]["concept"], *tables["pooled"]["concept"], *lines["concept"]]
    )
    rows = []
    for concept in concepts:
        seen = list(directions.loc[directions["concept"] == concept, "direction"])
        rows.append(
            {
                "outcome": plain_words(concept),
                "studies": len(seen),
                "direction": _happened(lines[lines["concept"] == concept], seen),
                "estimate": _estimates(tables, lines[lines["concept"] == concept], concept),
                "certainty": _first(tables["certainty"], concept, "certainty"),
                "pooled": _pooled_words(tables["pooled"], concept),
            }
        )
    headings = {
        "outcome": "Outcome",
        "studies": "Studies",
        "direction": "What happened",
        "estimate": "Estimate (95 % interval)",
        "certainty": "Certainty",
        "pooled": "Pooled, or why not",
    }
    caption = "Each outcome: what happened, how large, how sure. Assumptions stand on the study's page"
    return table_html(frame_of(rows, headings), caption=caption, label="outcomes-table", columns=headings)


def _happened(lines: pd.DataFrame, seen: list[str]) -> str:
    """Return what happened to an outcome; a list of events and a lone share have no direction."""
    if not seen:
        return "not reported"
    if (lines["concept"] == "adverse_events").all():
        return f"listed in {count_words(len(seen), 'study', 'studies')}"
    if (lines["contrast"] == "proportion").all():
        return "a share of people, nothing to compare it with"
    return direction_words(seen)


def _estimates(tables: Tables, lines: pd.DataFrame, concept: str) -> Markup | None:
    """Return the pooled estimate, or each study's own."""
    pooled = tables["pooled"]
    fits = pooled[(pooled["concept"] == concept) & pooled["pooled"] & ~pooled["without_certain_findings"]]
    if not fits.empty:
        return Markup("{}").format(_estimate(next(fits.itertuples()), "estimate"))
    stated = lines[lines["effect"].notna() | lines["printed_range"].notna()]
    parts = [
        f"{row.study_id}{' (second-hand)' if row.second_hand is True else ''}: {_line_words(row)}"
        for row in stated.head(MOST_LINES).itertuples()
    ]
    if len(stated) > MOST_LINES:
        parts.append(f"and {len(stated) - MOST_LINES} more")
    return Markup("<br>").join(parts) if parts else None


def _estimate(row: Any, name: str) -> str:
    return show_with_unit(getattr(row, name), row.ci_lower, row.ci_upper, row.unit, row.contrast)


def _line_words(row: Any) -> str:
    """Return a study's estimate with its contrast, and its people where an interval rests on them."""
    if is_missing(row.effect):
        return f"{row.printed_range}, printed as a range"
    words = _estimate(row, "effect")
    if row.contrast in CONTRAST_WORDS:
        words += f", {CONTRAST_WORDS[row.contrast]}"
    return words + ("" if is_missing(row.ci_lower) or is_missing(row.n) else f", n = {row.n}")


def _pooled_words(pooled: pd.DataFrame, concept: str) -> str | None:
    rows = pooled[pooled["concept"] == concept].sort_values("pooled", ascending=False, kind="stable")
    if rows.empty:
        return None
    first = next(rows.itertuples())
    if first.pooled:
        return f"pooled from {first.k} estimates"
    return f"not pooled: {first.reason.removeprefix('no meta-analysis: ')}"


def _first(frame: pd.DataFrame, concept: str, column: str) -> Any:
    rows = frame.loc[frame["concept"] == concept, column]
    return None if rows.empty else rows.iloc[0]
