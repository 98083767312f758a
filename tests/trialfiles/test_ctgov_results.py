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


def denoms(*counts: str, units: str = "Participants") -> dict:
    return {
        "units": units,
        "counts": [{"groupId": f"OG00{at}", "value": value} for at, value in enumerate(counts)],
    }


@pytest.mark.parametrize("case", CASES["posted"].values(), ids=CASES["posted"])
def test_values_times_and_people_of_a_posted_outcome(tmp_path, case):
    groups, classes = case.get("groups", GROUPS), []
    for title, values in case.get("classes", {}).items():
        figures = [{"groupId": f"OG00{at}", **value} for at, value in enumerate(values)]
        classes.append({"title": title, "categories": [{"measurements": figures}]})
    for title, value in case.get("categories", {}).items():
        classes = classes or [{"categories": []}]
        row = {"title": title, "measurements": [{"groupId": "OG000", "value": value}]}
        classes[0]["categories"].append(row)
    sizes = {"Participants": case.get("sizes", ("30", "30"))} | case.get("units", {})
    counted = [denoms(*counts, units=units) for units, counts in sizes.items() if counts]
    outcome = {"timeFrame": "Week 24", "denoms": counted, "classes": classes} | case.get("outcome", {})
    arms = [[name, None, None] if isinstance(name, str) else name for name in case.get("arms", GROUPS)]
    people, model = case.get("people", 60), case.get("model", "PARALLEL")
    record = read_posted(tmp_path, arms, [measured(groups, **outcome)], people, model=model)
    assert record.studies[0].items() >= case.get("study", {}).items()
    for row, expected in zip(record.results, case["rows"], strict=False):
        assert row.items() >= expected.items()


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


def test_records_line_by_line_are_read_and_pages_one_after_another_refused(tmp_path):
    read_posted(tmp_path, [], [], 10)
    line = (tmp_path / "record.json").read_text()
    (tmp_path / "lines.json").write_text(f"{line}\n{line}\n")
    assert len(list(read_sources(tmp_path / "lines.json"))) == 2
    (tmp_path / "pages.json").write_text(f'{{"studies": [{line}]}}\n' * 2)
    with pytest.raises(SourceError, match=r":2: several records one after another .* put \[ before them"):
        list(read_sources(tmp_path / "pages.json"))


@pytest.mark.parametrize(("label", "kind", "interventions", "role"), CASES["roles"])
def test_a_placebo_among_other_interventions_makes_no_placebo_arm(tmp_path, label, kind, interventions, role):
    assert read_posted(tmp_path, [(label, kind, interventions)], [], 10).arms[0]["role"] == role
