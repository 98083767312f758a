"""Adverse events: how many people had one, and up to how many may yet, by study and by how it was seen."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.figures.figure import Figure
from helpers.figures.forest import forest
from helpers.figures.numbers import joined, plain_words, show_number
from helpers.tables import records

DAGGER = " ‡"
FULL = "full text"
TITLE = "Adverse events: people with one, and how many there may be"
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
    return [_row(row, read.get(row["study_id"], {})) for row in merged.values()]


def _row(row: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
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
    drawn = forest(shown, unit="% of people", null_words="nobody", title=TITLE, text_columns=columns)
    return Figure(drawn.figure, drawn.alt, LIMITS, rows)


def _words(row: dict[str, Any]) -> str:
    """Return a share with its upper limit, as the plot prints it."""
    return f"{show_number(round(row['effect'], 1))} (up to {show_number(round(row['ci_upper'], 1))})"


def harm_sentence(rows: list[dict[str, Any]]) -> str:
    """Return how many studies speak of adverse events, how that was seen, what the largest leaves open."""
    if not rows:
        return "No study says anything of adverse events."
    studies = {row["study_id"] for row in rows}
    partly = {row["study_id"] for row in rows if row["read"] != FULL}
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
