"""Adverse events: shares of people, arms compared, which one stands first, and why one has no effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from made_study import TWO_ARMS, effects, result
from scipy.stats import binomtest

from helpers.effects import SOME_EVENTS
from metastats import effect_size


def shares(*events: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the effects of a study that tells adverse events only."""
    rows = [{"study_id": "s", "arm_id": "treated", "quantity_ids": "s.q"} | event for event in events]
    return effects(events=rows)


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


def watched(arm: str, term: str, count: int | None, n: int | None, **more: Any) -> dict[str, Any]:
    row = {"study_id": "s", "arm_id": arm, "term": term, "count": count, "n": n, "quantity_ids": f"s.{arm}"}
    return row | more


def compared(*events: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    rows = effects(events=list(events), arms=TWO_ARMS, **options)
    return [row for row in rows if row["estimand"] != "proportion"]


def test_events_of_two_arms_give_difference_ratio_and_odds_ratio():
    rows = compared(watched("treated", "Redness", 6, 20), watched("control", "redness", 2, 18))
    for row in rows:
        found = effect_size(row["measure"], ai=[6], n1i=[20], ci=[2], n2i=[18])
        assert (row["effect"], row["se"]) == pytest.approx((found.yi[0], np.sqrt(found.vi[0])))
        assert (row["n"], row["n_comparator"], row["comparator"]) == (38, 18, "placebo")
        assert (row["background"], row["contrast_doubt"]) == ("none", SOME_EVENTS)
    assert [(row["measure"], row["headline"]) for row in rows] == [("RD", "yes"), ("RR", "no"), ("OR", "no")]


def test_the_comparison_shown_first_is_of_any_event_or_else_of_the_most_frequent_in_both_arms():
    kinds = {"itch": (1, 9), "pain": (8, 1), "Any event": (2, 2)}
    rows = [
        watched(arm, term, counts[place], 20)
        for term, counts in kinds.items()
        for place, arm in enumerate(TWO_ARMS)
    ]
    for events, first in ((rows, "Any event"), (rows[:4], "itch"), (rows[3::-1], "itch")):
        assert [row["term"] for row in compared(*events) if row["headline"] == "yes"] == [first]


@pytest.mark.parametrize(("count", "who"), [(0, "nobody"), (20, "everybody")])
def test_where_all_are_alike_there_is_a_difference_and_no_ratio(count, who):
    difference, *ratios = compared(*(watched(arm, "any event", count, 20) for arm in TWO_ARMS))
    found = effect_size("RD", ai=[count], n1i=[20], ci=[count], n2i=[20])
    assert (difference["effect"], difference["se"]) == (0, pytest.approx(np.sqrt(found.vi[0])))
    assert {(row["effect"], row["why_not"]) for row in ratios} == {
        (None, f"{who} in both arms: no ratio can be told")
    }


@pytest.mark.parametrize(
    "other", [{"count": None}, {"n": None}, {"count": 30}, {"term": "itch"}, {"monitored_weeks": 4.0}]
)
def test_what_is_not_told_alike_in_both_arms_is_not_compared(other):
    assert compared(watched("treated", "redness", 6, 20), watched("control", "redness", 2, 18) | other) == []


SPLIT = {"comparison": "within_person"}


def test_events_at_two_sites_of_the_same_people_are_no_independent_groups():
    events = [watched(arm, "redness", count, 20) for arm, count in zip(TWO_ARMS, (9, 6), strict=True)]
    difference, *ratios = compared(*events, study=SPLIT, site_correlation=0.5)
    a, b = 0.45 * 0.55 / 20, 0.3 * 0.7 / 20
    assert (difference["estimand"], difference["effect"]) == ("within_participant", pytest.approx(0.15))
    assert difference["se"] == pytest.approx(np.sqrt(a + b - 2 * 0.5 * np.sqrt(a * b)))
    assert (difference["n"], difference.get("n_comparator")) == (20, None)
    assert [row["effect"] for row in ratios] == [None, None]
    assert all("at both sites" in row["why_not"] for row in ratios)


@pytest.mark.parametrize("counts", [(15, 3), (0, 6), (0, 0), (20, 20)])
def test_the_correlation_of_two_sites_is_none_that_their_shares_rule_out(counts):
    rows = [
        result(arm_id=arm, kind="count", concept="satisfaction", count=x, n=20)
        for arm, x in zip(TWO_ARMS, counts, strict=True)
    ]
    (row,) = [row for row in effects(*rows, arms=TWO_ARMS, study=SPLIT) if row["measure"] == "RD"]
    half = 0.5 if {0, 20} & set(counts) else 0
    p, q = ((x + half) / (20 + 2 * half) for x in counts)
    most = min(p, q) - p * q  # both at once can happen no oftener than the rarer one
    covariance = min(most, 0.7 * np.sqrt(p * (1 - p) * q * (1 - q)))
    expected = (p * (1 - p) + q * (1 - q) - 2 * covariance) / (20 + 2 * half)
    assert (row["effect"], row["se"]) == pytest.approx((p - q, np.sqrt(expected)))
