"""What stands beside a change after exosomes: placebo, other treatments, and what an eye can see."""

from __future__ import annotations

from typing import Any

from helpers.figures.numbers import joined, show_estimate, show_interval, show_number
from helpers.synthesis.beside_treatments import treatment_gains
from helpers.tables import records
from helpers.words.load import Tables
from helpers.words.phrases import reported_lines

UNIT = "hairs/cm²"
NOTHING = "Nothing is at hand of what placebo or established treatments do."


def beside_sentence(tables: Tables) -> str:
    """Return what placebo arms and other treatments do, and how a change after exosomes stands to it.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        `beside` and `comparators`.

    """
    rows = [row for row in records(tables["beside"]) if row["unit"] == "hairs/cm2" and row["control_arms"]]
    gains = treatment_gains(tables["comparators"])
    parts = [_changed(rows[0])] if len(rows) == 1 else [_all_changed(rows)] if rows else []
    parts += [f"{_gains(gains)}; {_compared(tables)}."] if gains else []
    return " ".join(parts) or NOTHING


def _changed(row: dict[str, Any]) -> str:
    """Return a change after exosomes beside the drift of placebo arms and what an eye can see."""
    drift = show_interval(row["drift_low"], row["drift_high"])
    seen = "reaches" if row["visible"] else "stays below"
    mark = " (second-hand)" if row["visible_second_hand"] else ""
    limit = (
        ""
        if row["visible_at"] is None
        else f", and {seen} the {show_estimate(row['visible_at'])} that observers can see{mark}"
    )
    return (
        f"The change of {show_number(row['effect'])} {UNIT} that {row['study_id']} prints stands beside "
        f"{drift} in placebo arms over a like time{limit}."
    )


def _all_changed(rows: list[dict[str, Any]]) -> str:
    """Return several changes after exosomes beside the drift of placebo arms, and how many can be seen."""
    sizes = [row["effect"] for row in rows]
    reach = show_interval(min(sizes), max(sizes))
    drift = show_interval(min(row["drift_low"] for row in rows), max(row["drift_high"] for row in rows))
    limits = [row["visible_at"] for row in rows if row["visible_at"] is not None]
    seen = sum(bool(row["visible"]) for row in rows)
    mark = " (second-hand)" if any(row["visible_second_hand"] for row in rows) else ""
    limit = (
        f"; {seen or 'none'} of them {'reaches' if seen < 2 else 'reach'} the {show_estimate(limits[0])} "
        f"that observers can see{mark}"
        if limits
        else ""
    )
    names = sorted({row["study_id"] for row in rows})
    verb = "prints" if len(names) == 1 else "print"
    return (
        f"{len(rows)} changes of {reach} {UNIT} that {joined(names)} {verb} stand beside {drift} in "
        f"placebo arms over like times{limit}."
    )


def _gains(gains: list[dict[str, Any]]) -> str:
    """Return by how much other treatments exceed placebo, each with its range over trials."""
    told = []
    for row in gains:
        low, high = round(row["low"]), round(row["high"])
        told.append(f"{row['treatment']} by {low if low == high else f'{low} to {high}'}")
    second = [row["treatment"] for row in gains if row["second_hand"]]
    mark = f" (second-hand: {joined(second)})" if second else ""
    return f"Established treatments exceed placebo in their own trials: {joined(told)} {UNIT}{mark}"


def _compared(tables: Tables) -> str:
    """Return whether any study with a result sets exosomes against another treatment."""
    arms = tables["arms"]
    names = set(arms.loc[arms["role"] == "active", "study_id"]) & set(reported_lines(tables)["study_id"])
    if names:
        return f"exosomes stand against another treatment in {joined(sorted(names))}"
    return "no study with a result sets exosomes against one of them"
