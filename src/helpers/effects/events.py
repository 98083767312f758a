"""Adverse events: the share of the people watched who had one, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from helpers.effects.counts import wilson
from helpers.effects.study_figures import StudyFigures
from trialfiles.record import Row

_ANY = "any "  # an event of any kind
_LISTED = "listed without the number of people who had it"


def event_shares(study: StudyFigures, events: Sequence[Row]) -> Iterator[Row]:
    """Yield a row for each adverse event of each arm: a share with Wilson's interval, or `why_not`.

    The headline of an arm is the share with an event of any kind; where that is not told, that of the most
    frequent one; without such a share an event that is listed. That one kind did not happen says nothing of
    the others, and is no headline.
    """
    for _, own in groupby(sorted(events, key=lambda event: event["arm_id"]), lambda event: event["arm_id"]):
        rows = [_of_event(study, event) for event in own]
        first = max(rows, key=_weight)
        first["headline"] = "no" if first["effect"] == 0 and not of_any_kind(first) else "yes"
        yield from rows


def of_any_kind(row: Row) -> bool:
    """Return whether an adverse event is one of any kind."""
    return row["term"].startswith(_ANY)


def _weight(row: Row) -> tuple[bool, float, bool]:
    counted = row["effect"] is not None
    return counted and of_any_kind(row), row["effect"] or 0.0, not counted


def _of_event(study: StudyFigures, event: Row) -> Row:
    count, n = event["count"], event["n"]
    values: Row = {"term": event["term"], "n": n, "effect": None, "headline": "no", "measure": "PR"}
    values |= {"result_ids": None, "second_hand": None}
    if count is None:
        values["why_not"] = _LISTED
    elif not n:
        values["why_not"] = f"{count} with it; how many people were watched is not stated"
    elif count > n:
        values["why_not"] = f"{count} with it of {n} watched: more people than were watched"
    else:
        values |= wilson(int(count), int(n), study.level) | {"effect": count / n, "se_basis": "counts"}
    told: Row = {"study_id": event["study_id"], "concept": "adverse_events", "unit": "proportion"}
    told |= {name: event[name] for name in ("arm_id", "timepoint_printed", "quantity_ids")}
    told |= {"site": "all", "timepoint_weeks": event["monitored_weeks"], "result_id": ""}
    return study.row("proportion", [told], study.question(event["arm_id"]), **values)
