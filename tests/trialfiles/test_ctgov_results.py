"""ClinicalTrials.gov records with results: counts and values read by hand from the two sample records."""

from __future__ import annotations

import json

import pytest
from case_files import cases_of
from review_readers import read_source, read_sources

from helpers.cleaning import clean_events, clean_results
from helpers.tables import validate
from trialfiles import SourceError
from trialfiles.ctgov_fields import group_names, values_of
from trialfiles.ctgov_results import posted_figures


@pytest.fixture(scope="module")
def dupilumab(shared):
    return read_source(shared / "samples" / "ctgov" / "NCT02210780.json")


@pytest.fixture(scope="module")
def thiosulfate(shared):
    return read_source(shared / "samples" / "ctgov" / "NCT00716976.json")


CASES = cases_of(__file__)
POSTED = {"arms": (2, 2), "outcomes": (11, 9), "posted_outcomes": (11, 9), "results": (28, 16), "analyses": (7, 0),
          "adverse_events": (18, 216), "event_totals": (6, 4)}  # fmt: skip


@pytest.mark.parametrize("name", POSTED)
def test_everything_that_is_posted_is_there(dupilumab, thiosulfate, name):
    assert (len(getattr(dupilumab, name)), len(getattr(thiosulfate, name))) == POSTED[name]


@pytest.mark.parametrize("case", CASES["rows"].values(), ids=CASES["rows"])
def test_rows_read_by_hand(request, case):
    table = getattr(request.getfixturevalue(case["record"]), case["table"])
    found = [row for row in table if all(row[name] == value for name, value in case["where"].items())]
    for row, expected in zip(found, case["rows"], strict=True):
        note = expected.pop("note", "")
        assert {name: row[name] for name in expected} == expected
        assert note in (row.get("note") or "")


def test_every_row_reaches_its_table_and_every_figure_is_named(dupilumab, thiosulfate):
    for record in (dupilumab, thiosulfate):
        for name in ("sources", "studies", "arms", "outcomes"):
            validate(name, getattr(record, name))
        figures = set(validate("quantities", posted_figures(record))["quantity_id"])
        reported = validate("reported_results", record.results)
        clean = validate("results", clean_results(reported))
        events = validate("adverse_events", clean_events(validate("reported_events", record.adverse_events)))
        named = {name for ids in (*clean["quantity_ids"], *events["quantity_ids"]) for name in ids.split(";")}
        assert named <= figures
        assert len(clean) == len(record.results)


def test_pages_give_their_studies_and_a_list_does_too(shared, tmp_path):
    folder = shared / "samples" / "ctgov"
    first = [record.studies[0] for record in read_sources(folder / "search_page1_20260811.json")]
    assert [row["study_id"] for row in first] == [
        "NCT02710084", "NCT05105685", "NCT01525901", "NCT03493607", "NCT07119606",
    ]  # fmt: skip
    assert (first[0]["starts_on"], first[0]["n_planned"], first[0]["phase"]) == ("2016-04-29", 18, "PHASE2")
    assert len(list(read_sources(folder / "search_page2_20260811.json"))) == 5
    studies = [json.loads((folder / f"{name}.json").read_text()) for name in ("NCT03418623", "NCT04207047")]
    (tmp_path / "any.name").write_text(json.dumps(studies), encoding="utf-16")
    both = list(read_sources(tmp_path / "any.name"))
    assert [record.studies[0]["study_id"] for record in both] == ["NCT03418623", "NCT04207047"]
    with pytest.raises(SourceError, match="holds 2 records"):
        read_source(tmp_path / "any.name")


def test_a_page_cut_off_gives_its_whole_studies_and_then_the_place(shared, tmp_path):
    text = (shared / "samples" / "ctgov" / "search_page1_20260811.json").read_text()
    path = tmp_path / "page.json"
    path.write_text(text[: text.index("NCT03493607") + 40])
    seen = []
    with pytest.raises(SourceError) as caught:
        seen.extend(record.studies[0]["study_id"] for record in read_sources(path))
    assert caught.value.problems[0].line > text[: text.index("NCT03493607")].count("\n") - 5


GROUPS = ("Exosome", "Saline")


def read_posted(tmp_path, arms, measures, people, flow=(), model=None):
    """Write and read a record: arms as (label, type, interventions), people of the groups as they started."""
    achieved = [{"groupId": f"FG00{at}", "numSubjects": number} for at, number in enumerate(flow)]
    named = [{"label": label, "type": kind, "interventionNames": names} for label, kind, names in arms]
    protocol = {
        "identificationModule": {"nctId": "NCT09999901", "briefTitle": "Made for a test"},
        "designModule": {"designInfo": {"interventionModel": model}, "enrollmentInfo": {"count": people, "type": "ACTUAL"}},
        "armsInterventionsModule": {"armGroups": named},
    }  # fmt: skip
    posted = {
        "participantFlowModule": {
            "groups": [{"id": f"FG00{at}", "title": title} for at, title in enumerate(GROUPS)],
            "periods": [{"title": "All", "milestones": [{"type": "STARTED", "achievements": achieved}]}],
        },
        "outcomeMeasuresModule": {"outcomeMeasures": measures},
    }
    path = tmp_path / "record.json"
    path.write_text(json.dumps({"protocolSection": protocol, "resultsSection": posted}))
    return read_source(path)


def measured(groups, **outcome):
    titles = [{"id": f"OG00{at}", "title": title} for at, title in enumerate(groups)]
    return {"title": "Hair density", "type": "PRIMARY", "groups": titles} | outcome


def posted(tmp_path, enrolled=10, flow=("5", "5"), **outcome):
    """Read a study of two arms with one posted outcome."""
    return read_posted(
        tmp_path, [(name, None, None) for name in GROUPS], [measured(GROUPS, **outcome)], enrolled, flow
    )


def study(tmp_path, arms, outcomes, people, model="PARALLEL"):
    """Read a study with outcomes as (groups, sizes, values)."""
    shape = {
        "timeFrame": "Baseline and 6 months",
        "paramType": "MEAN",
        "dispersionType": "Standard Deviation",
    }
    measures = []
    for groups, sizes, values in outcomes:
        figures = [
            {"groupId": f"OG00{at}", "value": value, "spread": "4.0"} for at, value in enumerate(values)
        ]
        own = {"denoms": [denoms(*map(str, sizes))], "classes": [{"categories": [{"measurements": figures}]}]}
        measures.append(measured(groups, **shape, **own))
    return read_posted(tmp_path, arms, measures, people, model=model)


def denoms(*counts: str, units: str = "Participants") -> dict:
    return {
        "units": units,
        "counts": [{"groupId": f"OG00{at}", "value": value} for at, value in enumerate(counts)],
    }


def one(value: str, **rest: str) -> list:
    return [{"categories": [{"measurements": [{"groupId": "OG000", "value": value} | rest]}]}]


@pytest.mark.parametrize("case", CASES["posted"].values(), ids=CASES["posted"])
def test_values_times_and_people_of_a_posted_outcome(tmp_path, case):
    groups, classes = case.get("groups", GROUPS), []
    for title, values in case["classes"].items():
        figures = [{"groupId": f"OG00{at}", **value} for at, value in enumerate(values)]
        classes.append({"title": title, "categories": [{"measurements": figures}]})
    outcome = {
        "timeFrame": "Week 24",
        "denoms": [denoms(*case.get("sizes", ("30", "30")))],
        "classes": classes,
    }
    outcome = measured(groups, **outcome, **case.get("outcome", {}))
    arms = [(name, None, None) for name in case.get("arms", GROUPS)]
    record = read_posted(
        tmp_path, arms, [outcome], case.get("people", 60), model=case.get("model", "PARALLEL")
    )
    assert record.studies[0].items() >= case.get("study", {}).items()
    for row, expected in zip(record.results, case["rows"], strict=False):
        assert row.items() >= expected.items()


def test_a_standard_error_becomes_an_sd_only_with_n(tmp_path):
    shape = {"paramType": "MEAN", "dispersionType": "Standard Error", "classes": one("12", spread="1.5")}
    (row,) = posted(tmp_path, **shape, denoms=[denoms("16", "16")], enrolled=32, flow=("16", "16")).results
    assert (row["mean"], row["se"], row["sd"]) == (12, 1.5, 6.0)
    assert "SE" in row["converted"]
    (row,) = posted(tmp_path, **shape).results
    assert (row["se"], row["sd"], row["n"], row["converted"]) == (1.5, None, None, None)


def test_eyes_are_kept_as_eyes(tmp_path):
    units = [denoms("5", "5"), denoms("9", "10", units="Eyes")]
    shape = {"paramType": "MEAN", "dispersionType": "Standard Error", "classes": one("12", spread="2")}
    (row,) = posted(tmp_path, **shape, typeUnitsAnalyzed="Eyes", denoms=units).results
    assert (row["n"], row["n_units"], row["unit_analysed"], row["sd"]) == (5, 9, "Eyes", 6.0)
    assert "analysed by eyes: 9 in 5 people" in row["note"]


def test_the_same_people_in_two_groups_are_not_counted_twice(tmp_path):
    record = posted(
        tmp_path, denoms=[denoms("10", "10")], paramType="MEAN", dispersionType="Standard Deviation",
        classes=one("80", spread="9"),
    )  # fmt: skip
    assert record.studies[0]["comparison"] == "within_person"
    assert record.studies[0]["n_analysed"] is None
    assert record.results[0]["within_person"] is True
    assert posted(tmp_path, denoms=[denoms("5", "5")], classes=one("80")).studies[0]["comparison"] is None


def test_not_estimable_keeps_its_comment_and_a_class_may_be_the_time(tmp_path):
    classes = [
        {"title": "Week 12", "categories": [{"measurements": [{"groupId": "OG000", "value": "7"}]}]},
        {"title": "Month 6", "categories": [{"measurements": [
            {"groupId": "OG001", "value": "NA", "comment": "not reached"}]}]},
    ]  # fmt: skip
    record = posted(tmp_path, paramType="MEDIAN", dispersionType="Inter-Quartile Range", classes=classes)
    first, second = record.results
    assert (first["median"], first["timepoint_weeks"], first["timepoint_printed"]) == (7, 12, "Week 12")
    assert (second["median"], second["arm_id"]) == (None, "saline")
    assert "not reached" in second["note"]
    assert "posted as NA" in second["note"]


def test_what_is_no_plain_mean_is_an_estimate():
    for kind in ("geometric_mean", "model_mean", "log_mean"):
        row = values_of({"value": "3", "spread": "1"}, kind, "se", None, 25)
        assert row["estimate"] == 3
        assert "mean" not in row
        assert "sd" not in row


def test_an_interval_of_a_mean_gives_an_sd_when_it_is_symmetric():
    # t(24, 97.5 %) = 2.0639, so 10 +- 2.0639 is an SE of 1 and an SD of 5
    row = values_of({"value": "10", "lowerLimit": "7.9361", "upperLimit": "12.0639"}, "mean", "ci", 95, 25)
    assert row["sd"] == pytest.approx(5, abs=1e-3)
    row = values_of({"value": "10", "lowerLimit": "9", "upperLimit": "15"}, "mean", "ci", 95, 25)
    assert "sd" not in row
    assert "not symmetric" in row["converted"]


def test_a_group_is_the_arm_of_its_name_or_none():
    arms = [{"arm_id": "a", "label": "Drug (10 mg)"}, {"arm_id": "b", "label": "Drug (20 mg)"}]
    groups = group_names([{"id": "1", "title": "DRUG (10 mg)"}, {"id": "2", "title": "Drug"}], arms)
    assert groups["1"]["arm_id"] == "a"
    assert groups["2"]["matched"] is False  # two arms would fit


def test_groups_that_are_one_arm_at_two_times_keep_their_times_and_are_no_second_arm(tmp_path):
    arms = [("PRP", "EXPERIMENTAL", ["Biological: Platelet-rich plasma"])]
    outcomes = [
        (["PRP - Baseline", "PRP - 6 Months"], [25, 22], ["48.1", "55.3"]),
        (["Baseline", "Week 12"], [25, 22], ["47.0", "50.0"]),
    ]
    record = study(tmp_path, arms, outcomes, 25, "SINGLE_GROUP")
    found = [(row["arm_id"], row["timepoint_weeks"], row["mean"], row["n"]) for row in record.results]
    month = 365.25 / 12 / 7
    assert found == [
        ("prp", 0.0, 48.1, 25), ("prp", pytest.approx(6 * month), 55.3, 22),
        ("prp", 0.0, 47.0, 25), ("prp", 12.0, 50.0, 22),
    ]  # fmt: skip
    assert record.studies[0]["comparison"] == "single_arm"
    assert not any(row["within_person"] for row in record.results)


def test_records_line_by_line_are_read_and_pages_one_after_another_refused(tmp_path):
    study(tmp_path, [], [], 10)
    line = (tmp_path / "record.json").read_text()
    (tmp_path / "lines.json").write_text(f"{line}\n{line}\n")
    assert len(list(read_sources(tmp_path / "lines.json"))) == 2
    (tmp_path / "pages.json").write_text(f'{{"studies": [{line}]}}\n' * 2)
    with pytest.raises(SourceError, match=r":2: several records one after another .* put \[ before them"):
        list(read_sources(tmp_path / "pages.json"))


def test_a_visit_in_the_place_of_a_category_is_the_time(tmp_path):
    record = study(tmp_path, [("Drug", "EXPERIMENTAL", [])], [(["Drug"], [20], ["5.1"])], 20)
    content = json.loads((tmp_path / "record.json").read_text())
    (outcome,) = content["resultsSection"]["outcomeMeasuresModule"]["outcomeMeasures"]
    outcome["typeUnitsAnalyzed"] = "Eyes"
    outcome["denoms"] = [{"units": "Eyes", "counts": [{"groupId": "OG000", "value": "40"}]}]
    outcome["classes"][0]["categories"] = [
        {"title": title, "measurements": [{"groupId": "OG000", "value": value}]}
        for title, value in (("Baseline", "5.1"), ("Month 4", "6.9"), ("Worst eye", "7"))
    ]
    (tmp_path / "record.json").write_text(json.dumps(content))
    record = read_source(tmp_path / "record.json")
    found = [(row["timepoint_printed"], row["category"], row["value"]) for row in record.results]
    assert found == [
        ("Baseline", None, 5.1), ("Month 4", None, 6.9), ("Baseline and 6 months", "Worst eye", 7.0),
    ]  # fmt: skip
    assert record.results[0]["note"] == "analysed by eyes: 40 in people whose number is not posted"


@pytest.mark.parametrize(("label", "kind", "interventions", "role"), CASES["roles"])
def test_a_placebo_among_other_interventions_makes_no_placebo_arm(tmp_path, label, kind, interventions, role):
    assert study(tmp_path, [(label, kind, interventions)], [], 10).arms[0]["role"] == role
