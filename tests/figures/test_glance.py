"""The head of a study's page follows from the study's rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from case_files import cases_of
from review_readers import read_source

from helpers.figures.study import timeline_events
from helpers.narrative.study import at_a_glance, people_posted, printed_figures, printed_means
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
    assert "A date" in glance(discrepancies=ROWS["discrepancies"][:1])["Discrepancies"]


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
    assert known.loc["Discrepancies", "origins"] == "discrepancy-made.f2"
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


MEAN = {"quantity_id": "s.m", "kind": "mean", "value": 12.0, "unit": "hairs/cm2", "arm_id": "treated"}
SD = MEAN | {"quantity_id": "s.sd", "kind": "sd", "value": 4.0}
PEOPLE = {"quantity_id": "s.n", "kind": "n", "value": 25.0, "unit": "participants", "arm_id": None}
CHANGE = {"effect_id": "s.e1", "estimand": "uncontrolled_change", "arm_id": "treated", "unit": "hairs/cm2", "n": 25,
          "se_basis": "SDs printed", "quantity_ids": "s.m;s.sd"}  # fmt: skip
TWO = CHANGE | {"estimand": "between_group", "comparator_id": "control", "n": 50, "n_comparator": 25,
                "quantity_ids": "s.a;s.b"}  # fmt: skip
ARMS = [MEAN | {"quantity_id": name, "kind": "mean_sd", "arm_id": arm, "value": value, "sd": 5.0}
        for name, arm, value in (("s.b", "control", 2.0), ("s.a", "treated", 12.0))]  # fmt: skip


@pytest.mark.parametrize(
    ("effect", "figures", "found"),
    [
        (CHANGE, [MEAN, SD, PEOPLE], [(12, 4, 25)]),
        (CHANGE | {"n": None, "n_assumed": "25 (all enrolled)"}, [MEAN, SD, PEOPLE], [(12, 4, 25)]),
        (TWO, [*ARMS, PEOPLE], [(12, 5, 25), (2, 5, 25)]),
        (CHANGE, [MEAN, PEOPLE], []),  # no SD
        (CHANGE, [MEAN, SD], []),  # the number of people is not printed
        (CHANGE, [MEAN, SD, PEOPLE | {"unit": "people"}], []),  # readers, not participants
        (CHANGE, [MEAN | {"unit": "hairs/mm2"}, SD, PEOPLE], []),
        (CHANGE | {"se_basis": "SE printed"}, [MEAN, SD, PEOPLE], []),
        (TWO | {"n_comparator": None}, [*ARMS, PEOPLE], []),
        (CHANGE, [], []),
    ],
)
def test_an_effect_is_worked_out_only_from_what_is_printed(effect, figures, found):
    means = printed_means(as_frame("effects", [effect]), as_frame("quantities", figures))
    assert [tuple(row) for row in means.reindex(columns=["mean", "sd", "n"]).to_numpy()] == found
    assert printed_means(as_frame("effects", []), as_frame("quantities", figures)).empty


def test_a_token_stands_once_with_all_its_places_and_anchors_and_a_place_once_for_all_its_tokens():
    row = {"study_id": "s", "source_id": "s", "kind": "n", "concept": "participants", "unit": "participants",
           "value": 16.0, "printed": "<16>", "second_hand": False}  # fmt: skip
    rows = [row | {"quantity_id": f"s.{line}", "line": line, "char_start": line} for line in (9, 81)]
    rows.append(row | {"quantity_id": "s.3", "printed": "sixteen", "access": "abstract"})
    rows.append(row | {"quantity_id": "s.4", "printed": "18", "value": 18.0, "access": "abstract"})
    (shown,) = printed_figures(as_frame("quantities", rows).astype({"line": "Int64"})).itertuples()
    page = BeautifulSoup(shown.printed, "html.parser")
    assert shown.means == "participants"
    assert page.get_text() == "<16> (9, 81); sixteen, read as 16 participants, 18 (abstract)"
    assert all(page.find(id=f"q-s.{line}").get_text() == "<16> (9, 81)" for line in (9, 81))
    assert [page.find(id=f"q-s.{n}").get_text()[-13:] for n in (3, 4)] == [" participants", "18 (abstract)"]


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
    assert told == "20 (abstract; table): Randomised; (record): In its summary; (figure)"
