"""What `evidence add` makes of an article's tables and prose: arms, joined rows, repeats, shares, the tier."""

import pytest
from case_files import cases_of

from helpers.sheets.facts import characteristic, proposed_tier, prose_kind, prose_subject
from helpers.sheets.proposals import _apart, _one_arm_each, _told_once
from trialfiles.articles import Article

CASES = cases_of(__file__)


@pytest.mark.parametrize(("labels", "kept", "same"), CASES["arms"])
def test_a_table_may_name_an_arm_in_general_words(labels, kept, same):
    arms = [
        {"arm_id": label.lower(), "label": label, "role": "placebo" if "lacebo" in label else "active"}
        for label in labels
    ]
    ids = _one_arm_each(arms)
    assert [arm["label"] for arm in arms] == kept
    assert {label: ids[label] for label in same} == same


def told(figure: str, note: str = "a row", time: str = "0 months", **fields: str):
    frame = {"arm": "serum", "concept": "anagen_share", "site": "all", "time": time, "kind": "level"}
    return frame | fields | ({"mean": figure, "sd": f"{figure}.sd"} if not fields else {}) | {"note": note}


def test_what_one_row_says_is_one_result_and_what_another_says_is_not():
    quartiles = {"median": "t2", "q1": "t2.low", "q3": "t2.high"}
    joined, other = _apart([told("t1"), told("", **quartiles), told("t3", note="another row")])
    assert {name: joined[name] for name in ("mean", "sd", *quartiles)} == {
        "mean": "t1",
        "sd": "t1.sd",
    } | quartiles
    assert (other["mean"], other["site"]) == ("t3", "all #2")
    counts = [told("", kind="count", category=of, **figure) for of in ("II", "III") for figure in
              ({"count": f"c{of}"}, {"percent": f"p{of}"})]  # fmt: skip
    found = [(row["category"], row["count"], row["percent"], row["site"]) for row in _apart(counts)]
    assert found == [("II", "cII", "pII", "all"), ("III", "cIII", "pIII", "all")]


def test_a_baseline_in_two_tables_is_one_result_and_a_value_that_differs_is_not():
    values = {"t1": 63.8, "t2": 63.8, "t3": 63.8, "t4": 64.0}
    quantities = [{"id": name, "value": value, "sd": 4.2} for name, value in values.items()]
    rows = [told("t1", time="Baseline"), told("t2"), told("t3", time="after"), told("t4", "b", time="Week 0")]
    assert [row["mean"] for row in _told_once(rows, quantities)] == ["t1", "t3", "t4"]


@pytest.mark.parametrize(("text", "token", "kind", "time"), CASES["prose"])
def test_a_percentage_of_prose_is_of_people_or_of_hair(text, token, kind, time):
    article, start = Article("", text), text.index(token)
    assert prose_kind(article, start, start + len(token), "percent", "anagen_share") == kind
    assert prose_subject(article, start, start + len(token), {}).get("time") == time


@pytest.mark.parametrize(("row", "concept"), CASES["characteristics"])
def test_what_people_were_like_is_no_outcome(row, concept):
    assert characteristic(row) == concept


@pytest.mark.parametrize(("words", "tier"), CASES["tiers"])
def test_a_study_of_another_treatment_is_a_comparator(words, tier):
    assert proposed_tier(words) == tier
