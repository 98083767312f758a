"""Vote counting by direction: against brute force and scipy, and whose direction counts."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from helpers.comparison import vote_rows, votes
from helpers.figures.rows import vote_sentence
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
    row = {
        "concept": "hair_density",
        "study_id": study,
        "tier": "core",
        "direction": direction,
        "second_hand": False,
    }
    return row | {"estimand": estimand, "comparable": False, "line_id": f"{study}.{estimand}.{number}"} | more


def test_a_study_has_one_vote_and_none_when_its_lines_disagree():
    lines = [
        line("a", "better"),
        line("a", "better", number=2),
        line("b", "better"),
        line("b", "worse", number=2),
    ]
    (row,) = vote_rows(as_frame("comparisons", lines), evidence="core")
    assert (row["better"], row["worse"], row["neither"], row["studies"]) == (1, 0, 1, "a;b")
    validate("votes", [row])


def test_with_and_without_comparison_and_shares_and_events_are_kept_apart():
    lines = [
        line("a", "better"),
        line("b", "worse", "between_group"),
        line("c", "better", "within_participant"),
        line("d", "unclear", "proportion"),
        line("e", "unclear", "uncontrolled_change", concept="adverse_events"),
    ]
    rows = {row["basis"]: row for row in vote_rows(as_frame("comparisons", lines), evidence="core")}
    assert {name: (row["better"], row["worse"]) for name, row in rows.items()} == {
        "before and after": (1, 0),
        "against a comparison": (1, 1),
    }


def test_published_studies_vote_only_where_they_are_asked():
    frame = as_frame(
        "comparisons", [line("a", "better"), line("b", "better", tier="published", second_hand=True)]
    )
    rows = {row["evidence"]: row for row in vote_rows(frame, evidence="both")}
    assert (rows["core"]["better"], rows["published"]["better"]) == (1, 2)
    assert rows["published"]["second_hand"] == "b"


def test_the_sentence_changes_with_the_votes_and_marks_what_is_second_hand():
    frame = as_frame("comparisons", [line("a", "better"), line("b", "better", second_hand=True)])
    (row,) = vote_rows(frame, evidence="core")
    assert vote_sentence(row) == (
        "Hair density: better after treatment, with no comparison in 2 of 2 studies; exact p 0.5 (second-hand: b)."
    )
    frame["direction"] = ["better", "worse"]
    (other,) = vote_rows(frame, evidence="core")
    assert (
        "better after treatment, with no comparison in 1 of 2 studies, worse in 1; exact p 1"
        in vote_sentence(other)
    )


def test_a_change_has_no_vote_where_its_study_compares_the_outcome():
    lines = [line("a", "better"), line("a", "worse", "between_group"), line("b", "better")]
    before, against = vote_rows(as_frame("comparisons", lines), evidence="core")
    assert (before["better"], before["studies"]) == (1, "b")
    assert before["left_out"] == "a: the study compares this outcome with a control"
    assert (against["worse"], against["studies"], against["left_out"]) == (1, "a", None)


def test_what_is_no_such_contrast_is_left_out_with_its_reason():
    lines = [line("a", "better", "between_group", contrast_doubt="no group"), line("b", "better")]
    rows = {row["basis"]: row for row in vote_rows(as_frame("comparisons", lines), evidence="core")}
    against = rows["against a comparison"]
    validate("votes", list(rows.values()))
    assert (against["better"], against["neither"], against["studies"]) == (0, 0, None)
    assert vote_sentence(against) == (
        "Hair density, against a comparison: no study has a vote (not counted: a: no group)."
    )
