"""The four sentences, for no study, one, and several; and that a changed table changes its sentence."""

import json

import pandas as pd
import pytest
from case_files import cases_of
from made_world import write_world

from helpers.display import without_origins
from helpers.narrative.answer import RATED_DOWN_FOR, concept_list, load_tables, study_titles
from helpers.narrative.answer import answer_sentences as sentences_with_origins
from helpers.site.index import _not_drawn, _symbols
from helpers.tables import validate

CASES = cases_of(__file__)


def answer_sentences(tables) -> list[str]:
    return list(map(without_origins, sentences_with_origins(tables)))


def test_no_tables(tmp_path):
    first, second, third, fourth, fifth = answer_sentences(load_tables(tmp_path))
    assert first == "No study has been read yet, so it is not known whether exosome therapy regrows hair."
    assert second == "There is nothing to tell of hair before and after."
    assert third == ""
    assert fourth == "Nothing has been pooled yet."
    assert fifth == "No registered trial is on the list."


def test_studies_without_results(tmp_path):
    first, *_ = answer_sentences(load_tables(write_world(tmp_path, 0)))
    assert first.startswith("No study on the list reports a result yet")


@pytest.mark.parametrize(("designs", "said"), CASES["designs"])
def test_what_would_change_the_answer(tmp_path, designs, said):
    tables = load_tables(write_world(tmp_path, 1)) | {"ongoing_trials": pd.DataFrame({"can_answer": designs})}
    assert answer_sentences(tables)[4].endswith(said)


def test_one_study(tmp_path):
    first, second, _, fourth, _ = answer_sentences(load_tables(write_world(tmp_path, 1)))
    assert first == (
        "The studies found cannot say whether exosome therapy regrows hair: the certainty of the evidence is very low "
        "for both outcomes with a result, because each was rated down for risk of bias, indirect evidence "
        "and too few data."
    )
    assert second == "The only study (11 people) has no control group by design."
    assert fourth == "No meta-analysis is possible, because no outcome has two comparable estimates."


def test_those_with_a_control_come_first(tmp_path):
    _, second, *_ = answer_sentences(load_tables(write_world(tmp_path, 2)))
    assert second == (
        "One of two studies with results (23 people) had no control group by design. In the other, made2 (12 people), hair density came out better "
        "than the control (35 hairs/cm² (31.5 to 38.5)) and hair shaft thickness came out no different from "
        "the control (4.25 hairs/cm² (no interval))."
    )
    five = answer_sentences(load_tables(write_world(tmp_path / "five", 5)))[1]
    assert five.startswith(
        "Three of five studies with results (65 people) had no control group by design. In made2 (12 people), "
    )


def test_how_many_were_read_in_full_and_who_has_most_of_the_people(tmp_path):
    tables = load_tables(write_world(tmp_path, 5))
    own = tables["sources"]["study_id"].isin([f"made{number}" for number in range(1, 6)])
    for full, words in ((2, "; two read in full"), (0, "; none read in full"), (5, "")):
        tables["sources"].loc[own, "access"] = ["full text"] * full + ["abstract"] * (5 - full)
        assert f"with results (65 people{words}) had" in answer_sentences(tables)[1]
    last = tables["studies"]["study_id"] == "made5"
    for people, said in (
        (50, ""),
        (51, ", 51 in made5"),
    ):  # of 50 and as many others, no more than half
        tables["studies"].loc[last, ["n_enrolled", "n_analysed"]] = people
        assert f"({50 + people} people{said}) had" in answer_sentences(tables)[1]
    tables["studies"].loc[tables["studies"]["study_id"] == "made1", ["n_enrolled", "n_analysed"]] = pd.NA
    assert " in made5" not in answer_sentences(tables)[1]


def test_a_stray_control_group_is_no_control(tmp_path):
    tables = load_tables(write_world(tmp_path, 2))
    lines = tables["comparisons"]
    lines.loc[lines["estimand"] == "within_participant", "contrast_doubt"] = (
        "no comparison group by its design"
    )
    assert answer_sentences(tables)[1].startswith(
        "None of two studies with results (23 people) had a control group by design."
    )


def test_medians_of_the_arms_tell_a_difference_on_ranks_in_plain_words(tmp_path):
    tables = load_tables(write_world(tmp_path, 2))
    lines = tables["comparisons"]
    lines.loc[lines["study_id"] == "made2", ["site", "p_value", "risk_of_bias"]] = ["all", 0.006, "high"]
    rows = [
        {"result_id": f"r{arm}", "source_id": "made2", "study_id": "made2", "arm_id": arm, "site": "all"}
        | {"concept": "hair_density", "timepoint_weeks": 12.0, "kind": "change", "median": median}
        | {"unit": "hairs/cm2", "quantity_ids": "made2.1"}
        for arm, median in (("exo", 9.5), ("saline", 1.5))
    ]
    tables["results"] = validate("results", rows)
    said = answer_sentences(tables)[1]
    assert "In the other, made2 (12 people), at high risk of bias, hair density came out better" in said
    assert "(median change 9.5 against 1.5 hairs/cm², p 0.006)" in said


def test_people_not_stated(tmp_path):
    folder = write_world(tmp_path, 2, studies={"n_enrolled": None, "n_analysed": None})
    assert "(at least 12 people; one does not say how many)" in answer_sentences(load_tables(folder))[1]


def test_pooled_estimate_is_stated(tmp_path):
    fourth = answer_sentences(load_tables(write_world(tmp_path, 2, pooled=CASES["fit"])))[3]
    assert fourth.startswith(
        "Estimates could be pooled for hair density (3 estimates: 12.3 hairs/cm² (−1 to 25.7))"
        ", and nothing for one other outcome"
    )


def test_shares_of_single_arms_and_other_treatments_are_no_part_of_the_answer(tmp_path):
    share = CASES["share"]
    drug = share | CASES["drug"]
    tables = load_tables(write_world(tmp_path, 2))
    plain = answer_sentences(tables)
    tables["pooled"] = validate("pooled", [*tables["pooled"].to_dict("records"), share, drug])
    assert (
        "can be pooled" not in " ".join(answer_sentences(tables)) and "0.9" not in answer_sentences(tables)[3]
    )
    assert answer_sentences(tables)[:3] == plain[:3]


def test_arms_without_exosomes_do_not_count(tmp_path):
    tables = load_tables(write_world(tmp_path, 2))
    assert "worse" in set(tables["comparisons"]["direction"])
    assert "worse" not in answer_sentences(tables)[1]


def test_certainty_levels_are_told_apart(tmp_path):
    first = answer_sentences(load_tables(write_world(tmp_path, 1, certainty={"certainty": "low"})))[0]
    assert "is low for hair density and very low for hair shaft thickness" in first


def test_the_verdict_says_for_what_every_outcome_was_rated_down(tmp_path):
    tables = load_tables(write_world(tmp_path, 1))
    domains = list(RATED_DOWN_FOR)
    judged = tables["certainty"]["certainty"] != "no evidence"
    tables["certainty"].loc[judged, domains] = 0
    assert "because" not in answer_sentences(tables)[0]
    tables["certainty"].loc[judged, ["risk_of_bias", "indirectness"]] = 1
    many = "each was" if judged.sum() > 1 else "it was"
    told = answer_sentences(tables)[0]
    assert told.endswith(f", because {many} rated down for risk of bias and indirect evidence.")
    one = tables["certainty"].index[judged][0]
    tables["certainty"].loc[one, "indirectness"] = 0  # no longer common to all
    assert answer_sentences(tables)[0].endswith("rated down for risk of bias.")


def test_an_outcome_that_is_surer_gives_the_verdict_in_its_own_words(tmp_path):
    tables = load_tables(write_world(tmp_path, 1, certainty={"certainty": "low"}))
    tables["summary_of_findings"] = validate("summary_of_findings", [CASES["summary"]])
    assert answer_sentences(tables)[0].startswith(
        "Exosomes may raise it by 12 (low certainty; the certainty of"
    )


def test_long_lists_are_counted():
    assert concept_list(["a_b", "c", "d", "e"], 3) == "a b, c and two more outcomes"


def test_a_study_is_titled_by_author_and_year_and_a_registration_by_its_number():
    cited = CASES["references"]
    base = {"tier": "core", "format": "sheet", "has_results": True}
    rows = [
        base | {"source_id": name, "study_id": name, "reference": item and json.dumps(item)}
        for name, (item, _) in cited.items()
    ]
    rows.append(rows[0] | {"source_id": "g", "study_id": "g", "has_results": False, "registration": "NCT1"})
    titles = {name: title for name, (_, title) in cited.items()}
    assert study_titles(validate("sources", rows)) == titles | {"g": "NCT1"}
    same = validate("sources", [rows[0], rows[0] | {"source_id": "h", "study_id": "h"}])
    assert study_titles(same) == {"a": "Wan 2025 (a)", "h": "Wan 2025 (h)"}


def test_the_symbol_over_the_answer_is_that_of_hair_and_not_of_harms():
    rows = {"concept": ["adverse_events", "hair_density"], "certainty": ["moderate", "very low"]}
    judged = pd.DataFrame(rows | {"evidence": "core"})
    assert _symbols({"certainty": judged}) == "⊕◯◯◯ very low certainty"
    assert _symbols({"certainty": judged[:1]}) == ""


@pytest.mark.parametrize(("size", "more"), [(2, ""), (5, "; three more")])
def test_the_figure_names_the_differences_from_a_control_that_it_does_not_draw(tmp_path, size, more):
    lines = load_tables(write_world(tmp_path, size))["comparisons"]
    assert _not_drawn(lines, {"made2": "Made 2026"}) == (
        "Not drawn, as differences from a control: Made 2026, hair density 35 hairs/cm² (31.5 to 38.5); "
        "Made 2026, hair density −2 hairs/cm² (no interval); Made 2026, hair shaft thickness 4.25 hairs/cm² "
        f"(no interval){more}"
    )
    assert _not_drawn(lines.assign(second_hand=True), {}).count("‡") == 3
    assert _not_drawn(lines.assign(contrast_doubt="no control by design"), {}) == ""
