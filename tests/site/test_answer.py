"""The three sentences, for no study, one, and several."""

import pytest
from made_world import write_world

from helpers.site import answer_sentences
from helpers.site.load import load_tables
from helpers.site.phrases import concept_list, direction_words
from helpers.tables import validate


def test_no_tables(tmp_path):
    first, second, third = answer_sentences(tmp_path)
    assert first == "No study has been read yet, so it is not known whether exosome therapy regrows hair."
    assert second == "Nothing has been pooled yet; the certainty has not been judged yet."
    assert third.startswith("No registered trial")


def test_studies_without_results(tmp_path):
    first, _, third = answer_sentences(write_world(tmp_path, 0))
    assert first.startswith("No study on the list reports a result yet")
    assert third == (
        "One registered trial could change this: "
        "NCT00000001 (18 people planned; to measure hair density; expected 2026-03)."
    )


def test_one_study(tmp_path):
    first, second, _ = answer_sentences(write_world(tmp_path, 1))
    assert first == (
        "One study of 11 people reports results: hair density and hair shaft thickness improved; "
        "it had no comparison, so the change cannot be credited to exosomes."
    )
    assert second == (
        "No meta-analysis is possible, because no outcome has two comparable estimates; the certainty "
        "is very low for both outcomes; one fault in the sources is beyond doubt, in made1."
    )


def test_five_studies(tmp_path):
    first, _, _ = answer_sentences(write_world(tmp_path, 5))
    assert first == (
        "Five studies of 65 people report results: hair density improved in all five studies; "
        "hair shaft thickness improved in 1 of 5 studies and did not change in 4; "
        "only two of the five studies had a comparison."
    )


def test_people_not_stated(tmp_path):
    folder = write_world(tmp_path, 2, studies={"n_enrolled": None, "n_analysed": None})
    assert "of at least 12 people (one does not say how many)" in answer_sentences(folder)[0]


def test_pooled_estimate_is_stated(tmp_path):
    fit = {
        "pooled": True,
        "k": 3,
        "estimate": 12.345,
        "ci_lower": -1.0,
        "ci_upper": 25.7,
        "unit": "hairs/cm²",
    }
    second = answer_sentences(write_world(tmp_path, 2, pooled=fit))[1]
    assert second.startswith(
        "Estimates could be pooled for hair density (3 estimates: 12.3 hairs/cm² (−1 to 25.7))"
        ", and nothing for one other outcome"
    )


def test_arms_without_exosomes_do_not_count(tmp_path):
    tables = load_tables(write_world(tmp_path, 1))
    assert "worse" in set(tables["comparisons"]["direction"])
    assert "worse" not in answer_sentences(tables)[0]


@pytest.mark.parametrize("count", [2, 9])
def test_many_trials(tmp_path, count):
    tables = load_tables(write_world(tmp_path, 1))
    row = {"concept": "hair_density", "assumption": "none", "n_planned": 20}
    rows = [row | {"study_id": f"NCT{n}", "horizon_id": f"NCT{n}"} for n in range(count)]
    tables["horizon"] = validate("horizon", rows)
    third = answer_sentences(tables)[2]
    assert f"with {20 * count} people planned in all" in third
    assert len(third) < 400


def test_certainty_levels_are_told_apart(tmp_path):
    second = answer_sentences(write_world(tmp_path, 1, certainty={"certainty": "low"}))[1]
    assert "the certainty is low for hair density and very low for hair shaft thickness" in second


@pytest.mark.parametrize(
    ("directions", "words"),
    [
        (["better"], "improved in one study"),
        (["better", "better"], "improved in both studies"),
        (["worse"] * 3, "got worse in all three studies"),
        (
            ["better", "better", "unclear"],
            "improved in 2 of 3 studies and changed in no clear direction in 1",
        ),
    ],
)
def test_direction_words(directions, words):
    assert direction_words(directions) == words


def test_long_lists_are_counted():
    assert concept_list(["a_b", "c", "d", "e"], 3) == "a b, c and two more outcomes"
