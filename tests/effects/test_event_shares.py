"""Adverse events: shares of people, arms compared, which one stands first, and why one has no effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from case_files import cases_of
from made_study import TWO_ARMS, effects
from scipy.stats import binomtest

from helpers.effects.study import SOME_EVENTS
from metastats import effect_size

CASES = cases_of(__file__)


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


@pytest.mark.parametrize(("event", "why"), CASES["missing"])
def test_an_event_without_both_numbers_says_which_is_missing(event, why):
    (row,) = shares({"term": "redness"} | event)
    assert (row["effect"], row.get("ci_lower"), row["why_not"]) == (None, None, why)


@pytest.mark.parametrize(("events", "first"), CASES["headlines"])
def test_the_share_with_any_event_stands_first_and_one_kind_is_not_taken_for_it(events, first):
    rows = shares(*({"term": name, "count": count, "n": n} for name, (count, n) in events.items()))
    assert [row["term"] for row in rows if row["headline"] == "yes"] == ([first] if first else [])
    assert {row["term"] for row in rows if row["contrast_doubt"] == SOME_EVENTS} == {
        name for name, (count, _) in events.items() if count is not None and not name.startswith("any")
    }


def watched(arm: str, term: str, count: int | None, n: int | None = 20) -> dict[str, Any]:
    return {"study_id": "s", "arm_id": arm, "term": term, "count": count, "n": n, "quantity_ids": f"s.{arm}"}


def compared(*events: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    rows = effects(events=list(events), arms=TWO_ARMS, **options)
    return [row for row in rows if row["estimand"] != "proportion"]


def test_events_of_two_arms_give_difference_ratio_and_odds_ratio():
    rows = compared(watched("treated", "Redness", 6), watched("control", "redness", 2, 18))
    for row in rows:
        found = effect_size(row["measure"], ai=[6], n1i=[20], ci=[2], n2i=[18])
        assert (row["effect"], row["se"]) == pytest.approx((found.yi[0], found.sei[0]))
        assert (row["n"], row["n_comparator"], row["comparator"]) == (38, 18, "placebo")
        assert (row["background"], row["contrast_doubt"]) == ("none", SOME_EVENTS)
    assert [(row["measure"], row["headline"]) for row in rows] == [("RD", "yes"), ("RR", "no"), ("OR", "no")]
    assert [row["unit"] for row in rows] == ["proportion", "log risk ratio", "log odds ratio"]


def test_the_comparison_shown_first_is_of_any_event_or_else_of_the_most_frequent_in_both_arms():
    kinds = {"itch": (1, 9), "pain": (8, 1), "Any event": (2, 2)}
    pairs = [(term, *pair) for term, had in kinds.items() for pair in zip(TWO_ARMS, had, strict=True)]
    rows = [watched(arm, term, x) for term, arm, x in pairs]
    for events, first in ((rows, "Any event"), (rows[:4], "itch"), (rows[3::-1], "itch")):
        assert [row["term"] for row in compared(*events) if row["headline"] == "yes"] == [first]


def test_two_rows_of_one_event_are_told_apart_by_how_severe_they_were():
    told = [("treated", "mild", 6), ("treated", "severe", 3), ("control", "severe", 1)]
    rows = compared(*(watched(arm, "redness", count) | {"severity": grade} for arm, grade, count in told))
    assert rows == []  # which of the two the control's row is like is not known
    rows = compared(
        *(
            watched(arm, "redness", 5) | {"severity": grade}
            for arm, grade, _ in [*told, ("control", "mild", 0)]
        )
    )
    assert [row["effect"] for row in rows if row["measure"] == "RD"] == [0, 0]


@pytest.mark.parametrize(("count", "who"), [(0, "nobody"), (20, "everybody")])
def test_where_all_are_alike_there_is_a_difference_and_no_ratio(count, who):
    difference, *ratios = compared(*(watched(arm, "any event", count) for arm in TWO_ARMS))
    found = effect_size("RD", ai=[count], n1i=[20], ci=[count], n2i=[20])
    assert (difference["effect"], difference["se"]) == (0, pytest.approx(found.sei[0]))
    assert [row["why_not"] for row in ratios] == [f"{who} in both arms: no ratio can be told"] * 2


@pytest.mark.parametrize(
    "other", [{"count": None}, {"n": None}, {"count": 30}, {"term": "itch"}, {"monitored_weeks": 4.0}]
)
def test_what_is_not_told_alike_in_both_arms_is_not_compared(other):
    assert compared(watched("treated", "redness", 6), watched("control", "redness", 2) | other) == []


@pytest.mark.parametrize("counts", [(9, 6), (15, 3), (0, 6), (0, 0), (20, 20)])
def test_two_sites_of_the_same_people_correlate_no_more_than_their_shares_allow(counts):
    events = [watched(arm, "redness", count) for arm, count in zip(TWO_ARMS, counts, strict=True)]
    row, *ratios = compared(*events, study={"comparison": "within_person"})
    half = 0.5 if {0, 20} & set(counts) else 0
    p, q = ((x + half) / (20 + 2 * half) for x in counts)
    most = min(p, q) - p * q  # both at once can happen no oftener than the rarer one
    covariance = min(most, 0.7 * np.sqrt(p * (1 - p) * q * (1 - q)))
    expected = (p * (1 - p) + q * (1 - q) - 2 * covariance) / (20 + 2 * half)
    assert (row["effect"], row["se"]) == pytest.approx((p - q, np.sqrt(expected)))
    assert (row["estimand"], row["n"], row.get("n_comparator")) == ("within_participant", 20, None)
    assert all(row["effect"] is None and "at both sites" in row["why_not"] for row in ratios)
