"""Adverse events as shares of people: Wilson's interval, which one stands first, and why one has none."""

from __future__ import annotations

from typing import Any

import pytest
from made_study import effects
from scipy.stats import binomtest

from helpers.effects import SOME_EVENTS
from helpers.tables import as_frame


def shares(*events: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the effects of a study that tells adverse events only."""
    rows = [{"study_id": "s", "arm_id": "treated", "quantity_ids": "s.q"} | event for event in events]
    return effects(events=as_frame("adverse_events", rows))


@pytest.mark.parametrize(("count", "n"), [(0, 30), (0, 300), (3, 20), (20, 20)])
def test_people_with_an_event_of_those_watched_have_wilsons_interval(count, n):
    (row,) = shares({"term": "any adverse event", "count": count, "n": n})
    ends = binomtest(count, n).proportion_ci(method="wilson")
    assert (row["events"], row["n"], row["effect"]) == (count, n, count / n)
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx((ends.low, ends.high), abs=1e-12)
    assert (row["concept"], row["estimand"], row["measure"]) == ("adverse_events", "proportion", "PR")
    assert (row["headline"], row["contrast_doubt"]) == ("yes", None)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({}, "listed without the number of people who had it"),
        ({"n": 20}, "listed without the number of people who had it"),
        ({"count": 5}, "5 with it; how many people were watched is not stated"),
        ({"count": 25, "n": 20}, "25 with it of 20 watched: more people than were watched"),
    ],
)
def test_an_event_without_both_numbers_says_which_is_missing(event, why):
    (row,) = shares({"term": "redness"} | event)
    assert (row["effect"], row.get("ci_lower"), row["why_not"]) == (None, None, why)


@pytest.mark.parametrize(
    ("events", "first"),
    [
        ({"any adverse event": (2, 20), "itch": (9, 20)}, "any adverse event"),
        ({"redness": (3, 20), "itch": (5, 20), "pain": (None, None)}, "itch"),
        ({"severe adverse event": (0, 20), "pain": (None, None)}, "pain"),
        ({"severe adverse event": (0, 20)}, None),
    ],
)
def test_the_share_with_any_event_stands_first_and_one_kind_is_not_taken_for_it(events, first):
    rows = shares(*({"term": name, "count": count, "n": n} for name, (count, n) in events.items()))
    assert [row["term"] for row in rows if row["headline"] == "yes"] == ([first] if first else [])
    assert {row["term"] for row in rows if row["contrast_doubt"] == SOME_EVENTS} == {
        name for name, (count, _) in events.items() if count is not None and not name.startswith("any")
    }
