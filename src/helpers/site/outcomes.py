"""The table of outcomes: what happened, how large, how sure, and whether it could be pooled."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.figures.numbers import is_missing, plain_words, show_with_unit
from helpers.figures.table_html import anchor, frame_of, table_html
from helpers.tables.vocabulary import CONTRAST_WORDS
from helpers.words.load import Tables, widest_tier
from helpers.words.phrases import count_words, direction_words, reported_lines, study_directions

MOST_LINES = 3


def outcome_concepts(tables: Tables) -> list[str]:
    """Return every outcome that a study reports or plans, in one order for all pages."""
    named = [*tables["certainty"]["concept"], *tables["pooled"]["concept"], *tables["comparisons"]["concept"]]
    return list(dict.fromkeys(named))


def outcomes_table(tables: Tables, *, only_reported: bool = False) -> Markup:
    """Return one row an outcome: direction, estimates, certainty, and whether it could be pooled.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        All tables.
    only_reported : bool
        Whether outcomes for which no study reports a figure are left to the page of outcomes.

    """
    # the lines are those of every study, and so is the certainty beside them
    tables = tables | {name: widest_tier(tables[name]) for name in ("pooled", "certainty")}
    lines = reported_lines(tables)
    directions, told = _by_outcome(study_directions(lines)), _by_outcome(lines)
    pooled, certainty = _by_outcome(tables["pooled"]), _by_outcome(tables["certainty"])
    rows = []
    for concept in outcome_concepts(tables):
        own = told.get(concept, [])
        if own or not only_reported:
            seen = [row.direction for row in directions.get(concept, [])]
            frame = lines[lines["concept"] == concept]
            row = _outcome_row(concept, own, pooled.get(concept, []), certainty.get(concept, []))
            rows.append(row | {"studies": len(seen), "direction": happened(frame, seen)})
    headings = {
        "outcome": "Outcome",
        "studies": "Studies",
        "direction": "What happened",
        "estimate": "Estimate (95 % interval)",
        "certainty": "Certainty",
        "pooled": "Pooled, or why not",
    }
    caption = "Each outcome: what happened, how large, how sure. Assumptions stand on the outcome's page"
    return table_html(
        frame_of(rows, headings | {"origins": ""}),
        caption=caption,
        label="outcomes-table",
        columns=headings,
        empty="no outcome is reported yet",
    )


def _by_outcome(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the rows of each outcome, in order."""
    rows: dict[str, list[Any]] = {}
    for row in frame.itertuples():
        rows.setdefault(row.concept, []).append(row)
    return rows


def _outcome_row(concept: str, lines: list[Any], pooled: list[Any], certainty: list[Any]) -> dict[str, Any]:
    """Return an outcome's row; its numbers lead to its certainty, its fit or its first line."""
    own = next(iter(certainty), None)
    place = f"certainty-{own.evidence}.{concept}" if own else None
    origins = [place] if place else []
    origins += [anchor("pooled", row.pooled_id) for row in pooled]
    origins += [anchor("line", row.line_id) for row in lines]
    target = f"outcome-{concept.replace('_', '-')}.html"
    return {
        "outcome": Markup('<a href="{}">{}</a>').format(target, plain_words(concept)),
        "estimate": _estimates(lines, pooled, concept),
        "certainty": Markup('<a href="#{}">{}</a>').format(place, own.certainty) if own else None,
        "pooled": _pooled_words(pooled),
        "origins": ";".join(origins),
    }


def happened(lines: pd.DataFrame, seen: list[str]) -> str:
    """Return what happened to an outcome; a list of events and a lone share have no direction."""
    if not seen:
        return "not reported"
    if (lines["concept"] == "adverse_events").all():
        return f"listed in {count_words(len(seen), 'study', 'studies')}"
    if (lines["contrast"] == "proportion").all():
        return "a share of people, nothing to compare it with"
    return direction_words(seen)


def _estimates(lines: list[Any], pooled: list[Any], concept: str) -> Markup | None:
    """Return the pooled estimate, or each study's own."""
    fit = next((row for row in pooled if row.pooled and not row.without_certain_findings), None)
    if fit is not None:
        return _sized(_estimate(fit, "estimate"), anchor("pooled", fit.pooled_id))
    stated = [row for row in lines if pd.notna(row.effect) or pd.notna(row.printed_range)]
    parts: list[Any] = [
        Markup("{}: {}{}").format(
            row.study_id + (" (second-hand)" if row.second_hand is True else ""),
            _sized(_line_size(row), anchor("line", row.line_id)),
            _line_words(row),
        )
        for row in stated[:MOST_LINES]
    ]
    if len(stated) > MOST_LINES:
        parts.append(
            Markup('<a class="rest" href="outcome-{}.html">and {} more</a>').format(
                concept.replace("_", "-"), len(stated) - MOST_LINES
            )
        )
    return Markup("<br>").join(parts) if parts else None


def _sized(words: str, name: str) -> Markup:
    """Return an estimate as a link to the line or fit that states it."""
    return Markup('<a class="n" href="#{}">{}</a>').format(name, words)


def _estimate(row: Any, name: str) -> str:
    return show_with_unit(getattr(row, name), row.ci_lower, row.ci_upper, row.unit, row.contrast)


def _line_size(row: Any) -> str:
    """Return a study's estimate with its unit and interval, or the range that was printed."""
    return str(row.printed_range) if is_missing(row.effect) else _estimate(row, "effect")


def _line_words(row: Any) -> str:
    """Return what an estimate is: its contrast, and its people where an interval rests on them."""
    if is_missing(row.effect):
        return ", printed as a range"
    words = f", {CONTRAST_WORDS[row.contrast]}" if row.contrast in CONTRAST_WORDS else ""
    return words + ("" if is_missing(row.ci_lower) or is_missing(row.n) else f", n = {row.n}")


def _pooled_words(pooled: list[Any]) -> str | None:
    """Return what was pooled, or why nothing was."""
    first = next((row for row in pooled if row.pooled), next(iter(pooled), None))
    if first is None:
        return None
    if first.pooled:
        return f"pooled from {first.k} estimates"
    return f"not pooled: {first.reason.removeprefix('no meta-analysis: ')}"
