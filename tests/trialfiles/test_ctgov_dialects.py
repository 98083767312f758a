"""Ways in which registers' records post arms and groups that no sample shows; values fixed by hand."""

from __future__ import annotations

import json

import pytest
from case_files import cases_of
from review_readers import read_source, read_sources

from trialfiles import SourceError

CASES = cases_of(__file__)


def study(tmp_path, arms, outcomes, people, model="PARALLEL"):
    """Write and read a record: arms as (label, type, interventions), outcomes as (groups, sizes, values)."""
    measures = []
    for groups, sizes, values in outcomes:
        ids = [f"OG{number:03d}" for number in range(len(groups))]
        counts = [{"groupId": name, "value": str(size)} for name, size in zip(ids, sizes, strict=True)]
        figures = [
            {"groupId": name, "value": value, "spread": "4.0"}
            for name, value in zip(ids, values, strict=True)
        ]
        measures.append(
            {
                "type": "PRIMARY", "title": "Hair Density", "timeFrame": "Baseline and 6 months",
                "paramType": "MEAN", "dispersionType": "Standard Deviation", "unitOfMeasure": "hairs/cm2",
                "groups": [{"id": name, "title": title} for name, title in zip(ids, groups, strict=True)],
                "denoms": [{"units": "Participants", "counts": counts}],
                "classes": [{"categories": [{"measurements": figures}]}],
            }
        )  # fmt: skip
    protocol = {
        "identificationModule": {"nctId": "NCT09999901", "briefTitle": "Made for a test"},
        "designModule": {
            "designInfo": {"interventionModel": model},
            "enrollmentInfo": {"count": people, "type": "ACTUAL"},
        },
        "armsInterventionsModule": {
            "armGroups": [
                {"label": label, "type": kind, "interventionNames": names} for label, kind, names in arms
            ]
        },
    }
    path = tmp_path / "record.json"
    posted = {"outcomeMeasuresModule": {"outcomeMeasures": measures}}
    path.write_text(json.dumps({"protocolSection": protocol, "resultsSection": posted}))
    return read_source(path)


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


def test_a_group_that_pools_the_others_does_not_make_a_trial_within_person(tmp_path):
    arms = [("Placebo", "PLACEBO_COMPARATOR", []), ("2 mg", "EXPERIMENTAL", []), ("4 mg", "EXPERIMENTAL", [])]
    outcomes = [(["Placebo", "2 mg", "4 mg", "All Drug Doses"], [20, 21, 22, 43], ["1", "2", "3", "2.5"])]
    record = study(tmp_path, arms, outcomes, 63)
    assert record.studies[0]["comparison"] == "parallel"
    assert [row["within_person"] for row in record.results] == [False] * 4


def test_sides_of_the_same_people_stay_within_person(tmp_path):
    arms = [("All: left", "EXPERIMENTAL", []), ("All: right", "PLACEBO_COMPARATOR", [])]
    record = study(tmp_path, arms, [(["All: left", "All: right"], [20, 20], ["1", "2"])], 20, "SINGLE_GROUP")
    assert record.studies[0]["comparison"] == "within_person"


def test_records_line_by_line_are_refused_with_the_way_to_a_list(tmp_path):
    study(tmp_path, [], [], 10)
    line = (tmp_path / "record.json").read_text()
    (tmp_path / "lines.json").write_text(f"{line}\n{line}\n")
    with pytest.raises(SourceError, match=r":2: several records one after another .* put \[ before them"):
        list(read_sources(tmp_path / "lines.json"))


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
