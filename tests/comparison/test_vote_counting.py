"""Vote counting by direction: against brute force and scipy, and whose direction counts."""

from __future__ import annotations

from math import comb

import pytest
from case_files import cases_of
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from helpers.comparison import vote_rows, votes
from helpers.tables import as_frame, validate


@given(st.integers(0, 25), st.integers(0, 25), st.integers(0, 5))
def test_the_exact_test_is_the_sum_of_binomial_probabilities(better, worse, neither):
    found = votes(["better"] * better + ["worse"] * worse + ["unclear"] * neither)
    assert (found["better"], found["worse"], found["neither"]) == (better, worse, neither)
    n = better + worse
    if n == 0:
        assert found["p_value"] is None and found["share"] is None
        return
    here = comb(n, better)
    by_hand = sum(comb(n, k) for k in range(n + 1) if comb(n, k) <= here) / 2**n
    assert found["p_value"] == pytest.approx(by_hand)
    assert found["p_value"] == pytest.approx(binomtest(better, n).pvalue)
    assert found["share_lower"] <= found["share"] <= found["share_upper"]


def line(study: str, direction: str, estimand: str = "uncontrolled_change", number: int = 1, **more) -> dict:
    row = {"concept": "hair_density", "study_id": study, "tier": "core", "direction": direction}
    row |= {"second_hand": False, "background": "none"}
    row["comparator"] = "none" if estimand == "uncontrolled_change" else "placebo"
    return row | {"estimand": estimand, "comparable": False, "line_id": f"{study}.{estimand}.{number}"} | more


def test_a_study_has_one_vote_and_none_when_its_lines_disagree():
    ways = {"a": ("better", "better"), "b": ("better", "worse")}
    lines = [line(study, way, number=place) for study, own in ways.items() for place, way in enumerate(own)]
    (row,) = vote_rows(as_frame("comparisons", lines), evidence="core")
    assert (row["better"], row["worse"], row["neither"], row["studies"]) == (1, 0, 1, "a;b")
    validate("votes", [row])


@pytest.mark.parametrize(("ways", "counted"), cases_of(__file__)["sites"])
def test_no_change_at_a_site_leaves_the_direction_of_the_others(ways, counted):
    lines = [line("a", way, number=number) for number, way in enumerate(ways)]
    (row,) = vote_rows(as_frame("comparisons", lines), evidence="core")
    assert (row["better"], row["worse"], row["neither"]) == tuple(counted)


def test_a_vote_names_the_times_that_it_mixes():
    times = {"a": {"timepoint_weeks": 24.0}, "b": {"timepoint_weeks": 4.0}, "d": {"timepoint_weeks": 4.1}}
    times |= {"c": {"timepoint_printed": "after treatment"}, "e": {}}
    lines = [line(study, "better", **time) for study, time in times.items()]
    (row,) = vote_rows(as_frame("comparisons", lines), evidence="core")
    assert row["times"] == "week 4; week 24; after treatment; not stated"


def test_each_question_has_votes_of_its_own_and_shares_and_events_have_none():
    active = {"comparator": "active", "comparator_name": "minoxidil"}
    lines = [
        line("a", "better"),
        line("b", "worse", "between_group", comparator_name="saline"),
        line("c", "better", "between_group", comparator_name="vehicle"),
        line("d", "better", "between_group", **active),
        line("i", "worse", "between_group", **active | {"comparator_name": "Minoxidil"}),
        line("e", "better", "between_group", background="microneedling in both arms"),
        line("f", "better", "within_participant"),
        line("g", "unclear", "proportion"),
        line("h", "unclear", "uncontrolled_change", concept="adverse_events"),
    ]
    rows = vote_rows(as_frame("comparisons", lines), evidence="core")
    validate("votes", rows)
    counted = {row["vote_id"]: (row["better"], row["worse"]) for row in rows}
    assert counted == {
        "core.hair_density.uncontrolled_change": (1, 0),
        "core.hair_density.between_group.placebo": (1, 1),
        "core.hair_density.between_group.active.minoxidil": (1, 1),
        "core.hair_density.between_group.placebo.microneedling in both arms": (1, 0),
        "core.hair_density.within_participant.placebo": (1, 0),
    }


def test_published_studies_vote_only_where_they_are_asked():
    lines = [line("a", "better"), line("b", "better", tier="published", second_hand=True)]
    frame = as_frame("comparisons", lines)
    rows = {row["evidence"]: row for row in vote_rows(frame, evidence="both")}
    assert (rows["core"]["better"], rows["published"]["better"]) == (1, 2)
    assert rows["published"]["second_hand"] == "b"
    (narrow,) = vote_rows(frame, evidence="core", level=0.8)
    assert narrow["share_lower"] == pytest.approx(0.1) and rows["core"]["share_lower"] == pytest.approx(0.025)


def test_a_change_has_no_vote_where_its_study_compares_the_outcome():
    lines = [line("a", "better"), line("a", "worse", "between_group"), line("b", "better")]
    against, before = vote_rows(as_frame("comparisons", lines), evidence="core")
    assert (before["better"], before["studies"]) == (1, "b")
    assert before["left_out"] == "a: the study compares this outcome with a control"
    assert (against["worse"], against["studies"], against["left_out"]) == (1, "a", None)


def test_what_is_no_such_contrast_is_left_out_with_its_reason():
    lines = [line("a", "better", "between_group", contrast_doubt="no group"), line("b", "better")]
    against, before = vote_rows(as_frame("comparisons", lines), evidence="core")
    validate("votes", [against, before])
    assert (against["better"], against["neither"], against["studies"]) == (0, 0, None)
    assert (against["left_out"], before["studies"]) == ("a: no group", "b")
