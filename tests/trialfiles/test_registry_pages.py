"""The two registry pages saved as text: parsed whole, and in agreement with the records of the project."""

import json
from pathlib import Path

import pytest
from case_files import cases_of
from review_readers import read_source

from helpers.tables import validate
from trialfiles import SourceError, contact_details
from trialfiles.registry_pages import outcomes_of
from trialfiles.text import name_apart, without_contacts
from trialfiles.times import both_calendars, gregorian_of

CASES = cases_of(__file__)

RAW = Path(__file__).parents[2] / "data" / "raw" / "registry"
CTGOV, ICTRP = RAW / "NCT06932393.json", RAW / "IRCT20160427027636N8.xml"
MONTH = 365.25 / 12 / 7
# what the project's records re-state in their own words, and what names the file itself
RESTATED = {
    "sources": {"format", "provenance"},
    "studies": {"population"},
    "arms": {"label"},
    "outcomes": {"measure", "timepoint_printed"},
}


@pytest.fixture(scope="module")
def medpath(shared):
    return read_source(shared / "documents" / "NCT06932393_medpath.txt")


@pytest.fixture(scope="module")
def irct(shared):
    return read_source(shared / "documents" / "IRCT20160427027636N8_irct.txt")


@pytest.mark.parametrize(
    ("page", "name"), [("medpath", "NCT06932393.json"), ("irct", "IRCT20160427027636N8.xml")]
)
def test_page_and_record_agree_field_by_field(page, name, request):
    page, record = request.getfixturevalue(page), read_source(RAW / name)
    compared = 0
    for table, restated in RESTATED.items():
        ours, theirs = getattr(page, table), getattr(record, table)
        assert len(ours) == len(theirs) > 0
        for here, there in zip(ours, theirs, strict=True):
            for column in set(there) - restated:
                if there[column] is not None:
                    assert (column, here[column]) == (column, there[column])
                    compared += 1
        validate(table, ours)
    assert compared > 40
    for here, there in zip(page.outcomes, record.outcomes, strict=True):  # in other words the same
        assert here["measure"].lower().split(":")[0] == there["measure"].lower().split(":")[0]


def test_a_list_within_a_criterion_is_within_it(medpath):
    inclusion = medpath.registered[0]["criteria"]
    assert [len(item["items"]) for item in inclusion] == [0, 0, 5]
    assert inclusion[2]["items"][3] == "Hair dryness ≥ 5%"
    assert len(medpath.registered[0]["exclusion_criteria"]) == 11


def test_an_empty_field_is_not_the_next_heading(irct):
    (facts,) = irct.registered
    assert facts["acronym"] is None  # followed by a heading
    assert facts["other_ids"] == []  # "empty"
    assert irct.outcomes[0]["timepoint_printed"].startswith("Assessments will be conducted at baseline")
    assert "Secondary outcomes" not in str(irct.outcomes[0])


def test_both_calendars_are_kept_and_compared(irct):
    dates = irct.registered[0]["dates"]
    end = {"gregorian": "2026-08-23", "jalali": "1405/06/01", "same_day": True}
    assert dates["Expected recruitment end date"] == end
    named = {"Registration date", "Expected recruitment start date", "Expected recruitment end date"}
    assert set(dates) == named
    (study,) = irct.studies
    assert (study["ends_on"], study["end_of"]) == ("2026-08-23", "recruitment")


def test_run_together_tables_are_taken_apart(medpath):
    for row, (measure, time) in zip(medpath.outcomes, CASES["together"], strict=True):
        assert row["measure"].startswith(measure) and row["timepoint_printed"].startswith(time)
    assert [arm["description"].split()[0] for arm in medpath.registered[0]["arms"]] == ["Subjects", "The"]


def test_contradictions_stand_side_by_side(irct, medpath):
    found = {row["field"]: row["values"] for row in irct.registered[0]["contradictions"]}
    for name, beginnings in CASES["contradictions"].items():
        assert all(value.startswith(words) for value, words in zip(found[name], beginnings, strict=True))
    assert [row["field"] for row in medpath.registered[0]["contradictions"]] == ["design"]
    assert irct.studies[0]["phase"] == "1-2"  # the field's own word, not repaired


def test_no_contact_person_is_kept(irct, medpath):
    for record in (irct, medpath):
        text = repr(vars(record))
        assert contact_details(text) == []
        assert "Zhao" not in text
        assert "Rokni" not in text


def test_the_jalali_calendar():
    assert gregorian_of(1404, 5, 11).isoformat() == "2025-08-02"
    assert gregorian_of(1399, 12, 30).isoformat() == "2021-03-20"  # 1399 was a leap year
    assert gregorian_of(1357, 11, 22).isoformat() == "1979-02-11"
    assert gregorian_of(1404, 12, 30) is None
    assert both_calendars("2025-08-03, 1404/05/11")["same_day"] is False
    assert both_calendars("soon") is None


@pytest.mark.parametrize(("line", "measure", "time"), CASES["times"])
def test_where_a_time_begins(tmp_path, line, measure, time):
    path = tmp_path / "page.txt"
    head = "MedPath\n\nT\n\nConditions\nx\nRegistration Number\nNCT00000009\nPrimary Outcome Measures\nNameTimeMethod\n"
    path.write_text(f"{head}{line}\n\nHow it was measured.\n")
    (row,) = read_source(path).outcomes
    assert row["measure"].partition(": ")[0] == measure
    assert row["timepoint_printed"] == time


def test_further_lines_of_an_outcome_are_joined_to_its_method():
    rows = outcomes_of(
        [
            "Hair density | 12 weeks | A photograph.",
            "It was shaved.",
            "Twice.",
            "Thickness | 4 weeks",
            "By eye.",
        ]
    )
    assert [row["description"] for row in rows] == ["A photograph. It was shaved. Twice.", "By eye."]
    # a method that was told already ends at the next time
    first, second = outcomes_of(
        ["Hair density3rd month", "By eye.", "Itch and the state of the scalp on a scale6th month"]
    )
    assert first["description"] == "By eye." and second["timeFrame"] == "6th month"


MEDPATH = Path(__file__).with_name("medpath.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("said", "ages"), CASES["ages"])
def test_a_page_with_rows_under_rows_and_nothing_provided(tmp_path, said, ages):
    path = tmp_path / "page.txt"
    path.write_text(MEDPATH.format(age=said))
    record = read_source(path)
    (study,) = record.studies
    assert (study["age_min"], study["age_max"], study["n_planned"]) == (*ages, None)
    assert [(arm["label"], arm["role"]) for arm in record.arms] == [
        ("Group B (minoxidil)", "active"), ("Group C (placebo)", "placebo"),
    ]  # fmt: skip
    assert [(row["measure"], row["timepoint_printed"]) for row in record.outcomes] == [
        ("Number of participants with adverse events", "Up to 24 weeks"),
        ("Patient satisfaction: 5-point scale", "Week 24"),
    ]
    assert record.registered[0]["exclusion_criteria"] == []
    path.write_text(MEDPATH.format(age=said).replace("\nCompleted\n", "\nTerminated\n"))
    assert read_source(path).sources[0]["status"] == record.sources[0]["status"] == "completed"
    path.write_text(MEDPATH.format(age=said).replace("Status\nCOMPLETED\n", ""))
    assert read_source(path).sources[0]["status"] == "completed"
    assert [row["text"] for row in record.registered[0]["criteria"]] == ["Hair loss for 3 to 5 years.", said]


@pytest.mark.parametrize("path", [CTGOV, ICTRP], ids=["ClinicalTrials.gov", "ICTRP"])
def test_a_record_gives_its_design_arms_and_outcomes_with_their_weeks(path):
    record, known = read_source(path), CASES[path.stem]
    assert {name: record.studies[0][name] for name in known["study"]} == known["study"]
    assert {name: record.sources[0][name] for name in known["source"]} == known["source"]
    assert [[arm["arm_id"], arm["role"]] for arm in record.arms] == known["arms"]
    outcomes = [(row["outcome_id"], row["concept"], row["timepoint_weeks"]) for row in record.outcomes]
    assert outcomes == [
        (name, concept, months and pytest.approx(months * MONTH))
        for name, concept, months in known["outcomes"]
    ]


def test_every_field_of_another_type_is_listed(tmp_path):
    content = json.loads(CTGOV.read_text())
    protocol = content["protocolSection"]
    protocol["designModule"]["enrollmentInfo"]["count"] = "eighteen"
    protocol["armsInterventionsModule"]["armGroups"] = {"label": "x"}
    protocol["outcomesModule"]["primaryOutcomes"][1]["timeFrame"] = 12
    protocol["eligibilityModule"] = "adults"
    content["hasResults"] = "false"
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(SourceError) as caught:
        read_source(tmp_path / "a.json")
    assert sorted(problem.field for problem in caught.value.problems) == [
        "hasResults",
        "protocolSection.armsInterventionsModule.armGroups",
        "protocolSection.designModule.enrollmentInfo.count",
        "protocolSection.eligibilityModule",
        "protocolSection.outcomesModule.primaryOutcomes[1].timeFrame",
    ]


def test_two_arms_of_one_name_stay_two_arms(tmp_path):
    content = json.loads(CTGOV.read_text())
    groups = content["protocolSection"]["armsInterventionsModule"]["armGroups"]
    groups += [groups[1], groups[1]]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    assert [arm["arm_id"] for arm in read_source(path).arms] == ["exosomes", "saline", "saline_2", "saline_3"]
    named = name_apart([{"k": "a"}, {"k": "a_2"}, {"k": "a"}], "k")
    assert [row["k"] for row in named] == ["a", "a_2", "a_3"]


AT = "@"  # apart, for this is nobody's address
LONG = {"a": [], "1": [], "+1 1": [], f"a{AT}": [], "tel 1 ": [], "00": [], f"a{AT}a.aa ": [f"a{AT}a.aa"]}


@pytest.mark.parametrize("unit", LONG)
def test_contacts_are_looked_for_in_a_time_that_grows_with_the_text(unit):
    """Two numbers of digits took minutes where one took a second."""
    text = unit * (400_000 // len(unit)) + "!"
    assert contact_details(text) == LONG[unit] and ("@" in text or without_contacts(text) == text)
    assert contact_details("call +1" + "1" * 60 + "a or +49 30 1234567") == ["+49 30 1234567"]
