"""The head of a study's page follows from the study's rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from case_files import cases_of
from review_readers import read_source

from helpers.display import without_origins
from helpers.figures.study import timeline_events
from helpers.narrative.study import (
    at_a_glance,
    differing,
    people_posted,
    printed_figures,
    with_baseline,
    with_steps,
)
from helpers.tables import as_frame, validate
from trialfiles.ctgov_results import posted_figures

CASES = cases_of(__file__)
STUDY = CASES["study"]
ROWS = {name: CASES[name] for name in ("effects", "adverse_events", "discrepancies", "checks")}


def glance(study: dict[str, Any] | None = None, **tables: list[dict]) -> dict[str, str]:
    """Return the answers by question; tables that are not given have one row each."""
    frames = [as_frame(name, given) for name, given in (ROWS | tables).items()]
    return at_a_glance(STUDY | (study or {}), *frames, "high").set_index("what")["said"].to_dict()


def test_every_question_is_answered_from_the_rows():
    assert glance() == CASES["answers"]


def test_a_change_of_a_row_changes_its_answer():
    assert glance({"n_analysed": 12.0})["Who"].startswith("40 people, 12 analysed")
    ages = {
        "18 years or older": (18.0, None),
        "60 years or younger": (None, 60.0),
        "18 to 60 years": (18.0, 60.0),
    }
    for words, (low, high) in ages.items():
        assert words in glance({"age_min": low, "age_max": high})["Who"]
    finding = ROWS["effects"][0] | {"concept": "other_outcome", "site": "Pull test"}
    assert "Pull test, exo" in glance(effects=[finding])
    assert "14 hairs" in glance(effects=[ROWS["effects"][0] | {"effect": 14.0}])["Hair density, exo"]
    assert ">1, 1 of them certain<" in glance(discrepancies=ROWS["discrepancies"][:1])["Discrepancies"]


def test_an_effect_names_what_was_given_beside_it_and_that_it_is_seriously_doubted():
    """The list of discrepancies of the effect decides, and a minor one is no serious doubt."""
    beside = ROWS["effects"][0] | {"background": "needling in the exosome arm only"}
    assert "Hair density, exo with needling" in glance(effects=[beside])
    both = ROWS["effects"][0] | {"background": "needling in both arms", "discrepancy_ids": "made.f9;made.f2"}
    assert "seriously doubted" in glance(effects=[both])["Hair density, exo"]
    minor = [row | {"concern": "minor"} for row in ROWS["discrepancies"]]
    assert "doubted" not in glance(effects=[both], discrepancies=minor)["Hair density, exo"]
    assert "doubted" not in glance()["Hair density, exo"]


def test_a_level_that_a_person_set_is_told_beside_the_levels():
    rows = [{"concept": "hair_count", "imprecision": 2, "overridden": given} for given in (True, False)]
    steps = with_steps(as_frame("certainty", rows))["steps"]
    assert list(map(without_origins, steps)) == ["imprecision 2 (with a person's)", "imprecision 2"]


def test_an_interval_says_that_it_rests_on_assumptions_and_a_change_without_one_says_why():
    told = ROWS["effects"][0] | {"ci_lower": 10.0, "ci_upper": 20.0, "assumption": None, "n_assumed": None}
    none = {
        "ci_lower": None,
        "ci_upper": None,
        "assumption": "no interval: no SD",
        "n_assumed": "300 (all enrolled)",
    }
    for changed, words in (
        ({}, None),
        ({"n_assumed": "16"}, "rests on assumptions"),
        (none, "no interval: no SD"),
    ):
        said = str(glance(effects=[told | changed])["Hair density, exo"])
        assert [one for one in ("rests on assumptions", "no interval: no SD") if one in said] == [
            words
        ] * bool(words)


def test_what_is_not_stated_is_said_to_be_so():
    bare = dict.fromkeys(STUDY, None) | {"study_id": "made"}
    said = glance(bare, effects=[], adverse_events=[], discrepancies=[])
    assert said == CASES["nothing"]


def test_what_was_announced_was_measured_or_told_in_words_or_only_promised():
    named = [("hair_density", 12.0), ("hair_thickness", 12.0), ("satisfaction", 12.0)]
    outcomes = as_frame("outcomes", [dict(concept=concept, timepoint_weeks=week) for concept, week in named])
    events = timeline_events(outcomes, outcomes[:1], as_frame("arms", []), {"hair_thickness"})
    assert [row["mark"] for row in events] == ["measured", "words", "promised"]
    events = timeline_events(outcomes, outcomes[:1], as_frame("arms", []), whole=False)
    assert [row["mark"] for row in events] == ["measured", "named", "named"]


def test_numbers_are_accounted_for():
    frame = at_a_glance(STUDY, *(as_frame(name, rows) for name, rows in ROWS.items()), None)
    known = frame.set_index("what")
    assert known.loc["Who", "quantity_ids"] == "made.n;made.age"
    assert known.loc["Hair density, exo", "effect_id"] == "made.e1"
    assert pd.isna(known.loc["Risk of bias", "quantity_ids"])


def posted(shared, number: str, part: str) -> dict[tuple[str, str], str]:
    """Return what is shown of a sample: printed values by stage or measure and group."""
    record = read_source(shared / "samples" / "ctgov" / f"{number}.json")
    quantities = validate("quantities", posted_figures(record))
    shown = people_posted(quantities, part)
    assert set(shown["quantity_id"]) <= set(quantities["quantity_id"])
    return {(row.what, row.group): row.printed for row in shown.itertuples()}


def test_who_came_and_who_left(shared):
    """Read by hand in the record of the sample."""
    flow = posted(shared, "NCT00716976", "participant flow")
    treated, watched = "STS Arm (Sodium Thiosulfate Treatment)", "Observation Arm"
    assert len(flow) == 20
    for stage, numbers in (("STARTED", ("65", "66")), ("COMPLETED", ("45", "57"))):
        assert (flow[f"Overall Study, {stage}", treated], flow[f"Overall Study, {stage}", watched]) == numbers
    assert flow["Overall Study, Adverse Event", treated] == "2"


def test_what_they_were_like(shared):
    baseline = posted(shared, "NCT02210780", "baseline")
    assert baseline["Age, Continuous", "Placebo qw"] == "39.9 (14.04)"
    assert baseline["Age, Continuous", "Total"] == "39.6 (13.77)"
    assert baseline["Sex: Female, Male, Female", "Dupilumab 300 mg qw"] == "48"
    assert list(baseline)[0] == ("Age, Continuous", "Placebo qw")  # the register's order


def test_without_posted_results_nothing_is_shown(shared):
    assert posted(shared, "NCT04207047", "baseline") == {}


def test_a_token_stands_once_with_all_its_places_and_anchors_and_a_place_once_for_all_its_tokens():
    row = {"study_id": "s", "source_id": "s", "kind": "n", "concept": "participants", "unit": "participants",
           "value": 16.0, "printed": "<16>", "second_hand": False}  # fmt: skip
    rows = [row | {"quantity_id": f"s.{line}", "line": line, "char_start": line} for line in (9, 81)]
    rows.append(row | {"quantity_id": "s.3", "printed": "sixteen", "access": "abstract"})
    rows.append(row | {"quantity_id": "s.4", "printed": "18", "value": 18.0, "access": "abstract"})
    (shown,) = printed_figures(as_frame("quantities", rows).astype({"line": "Int64"})).itertuples()
    page = BeautifulSoup(shown.printed, "html.parser")
    assert shown.means == "participants"
    assert page.get_text() == "<16> (9;81), sixteen = 16, 18 (abstract)"
    assert all(page.find(id=f"q-s.{line}").get_text() == "<16> (9;81)" for line in (9, 81))
    assert [page.find(id=f"q-s.{n}").get_text()[-13:] for n in (3, 4)] == ["sixteen = 16", "18 (abstract)"]


def test_a_remark_stands_at_the_place_of_which_it_is_made():
    row = {"study_id": "s", "source_id": "s", "kind": "n", "concept": "participants", "unit": "participants",
           "value": 20.0, "printed": "20", "second_hand": False}  # fmt: skip
    places = (
        ("abstract", "Randomised."),
        ("record", "In its summary."),
        ("figure", None),
        ("table", "Randomised."),
    )
    rows = [
        row | {"quantity_id": f"s.{n}", "access": place, "note": note}
        for n, (place, note) in enumerate(places)
    ]
    (shown,) = printed_figures(as_frame("quantities", rows)).itertuples()
    told = BeautifulSoup(shown.printed, "html.parser").get_text()
    assert told == "20 (abstract; table): Randomised20 (record): In its summary20 (figure)"


def test_of_several_effects_of_a_kind_the_last_stands_in_the_summary_which_leads_to_the_others():
    early = ROWS["effects"][0] | {"effect_id": "made.e0", "timepoint_weeks": 4.0, "effect": 30.0}
    said = glance(effects=[early, ROWS["effects"][0]])["Hair density, exo"]
    assert said.startswith("12 hairs") and '<a href="#results">others below</a>' in said
    arms = ROWS["effects"][0] | {"effect_id": "made.e2", "arm_id": "other"}
    assert {"Hair density, exo", "Hair density, other"} <= set(glance(effects=[arms, ROWS["effects"][0]]))


RESULT = {
    "arm_id": "exo",
    "concept": "severity_stage",
    "unit": "Norwood",
    "kind": "level",
    "site": "patient 1",
}
EFFECT = {"study_id": "s", "estimand": "uncontrolled_change", "concept": "severity_stage", "arm_id": "exo",
          "unit": "Norwood", "headline": "yes"}  # fmt: skip


def pair(number: int, before: float, after: float) -> list[dict]:
    row = RESULT | {"site": f"patient {number}"}
    start = row | {"result_id": f"s.b{number}", "timepoint_weeks": 0.0, "mean": before}
    return [start, row | {"result_id": f"s.a{number}", "timepoint_weeks": 9.0, "mean": after}]


def test_patients_with_the_same_values_share_a_row_and_all_anchors_stand_in_it():
    results = as_frame("results", [*pair(1, 4, 3), *pair(2, 4, 3), *pair(3, 5, 3)])
    ids = {f"s.e{n}": f"s.a{n};s.b{n}" for n in (1, 2, 3)}
    effects = as_frame("effects", [EFFECT | {"effect_id": name, "result_ids": own, "n": 1, "effect": -1.0 - (name == "s.e3")}
                                   for name, own in ids.items()])  # fmt: skip
    shown = with_baseline(results, effects)
    assert list(shown["site"]) == ["patient 1, 2", "patient 3"] and shown["result_id"][0] == "s.a1"
    row = BeautifulSoup("".join(map(str, shown.loc[0, ["before", "after", "change"]])), "html.parser")
    assert {tag["id"] for tag in row.select("span")} == {
        "result-s.b1", "result-s.b2", "result-s.a2", "effect-s.e1", "effect-s.e2"}  # fmt: skip
    assert shown["assumption"].isna().all()  # of one person nobody expects an interval


@pytest.mark.parametrize(
    ("told", "change", "assumption"),
    [
        ({"effect": -1.0, "ci_lower": -2.0, "ci_upper": 0.5, "assumption": "an assumption"}, "(−2 to 0.5)", "an assumption"),
        ({"effect": -1.0, "assumption": "no interval: no SD"}, "−1", "no interval: no SD"),
        ({"why_not": "no figure is printed", "contrast_doubt": "a doubt"}, None, "no figure is printed; a doubt"),
        ({"headline": "no", "effect": -1.0, "ci_lower": -2.0, "ci_upper": 0.5, "assumption": "a split"}, None, None),
    ],
)  # fmt: skip
def test_a_change_has_its_interval_and_on_what_it_rests_or_why_it_has_none(told, change, assumption):
    effect = EFFECT | {"effect_id": "s.e", "result_ids": "s.a1;s.b1", "n": 20} | told
    (row,) = with_baseline(as_frame("results", pair(1, 4, 3)), as_frame("effects", [effect])).itertuples()
    texts = [BeautifulSoup(str(one or ""), "html.parser").get_text() for one in (row.change, row.assumption)]
    assert texts[0].endswith(change or "") and bool(texts[0]) == bool(change)
    assert texts[1] == (assumption or "")


def test_what_is_the_same_in_all_rows_is_said_once_and_a_column_of_dashes_is_left_out():
    frame = pd.DataFrame(
        {"certain": [True, True], "arm": ["exo", "exo"], "site": ["a", "b"], "n": [None, None]}
    )
    assert differing(frame, "certain arm site n", once="certain arm") == ("site", ": certain, exo")
    assert differing(frame, "arm site") == ("arm site", "")
    assert differing(frame[:1], "arm site n", once="arm site") == ("arm site", "")
    assert differing(frame[:0], "arm n", once="arm") == ("arm n", "")
    assert differing(frame.assign(certain=False), "certain", once="certain") == ("", ": not certain")
