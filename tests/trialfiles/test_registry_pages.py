"""The two registry pages saved as text: parsed whole, and in agreement with the records of the project."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_files import cases_of
from review_readers import read_source

from helpers.tables import validate
from trialfiles import contact_details
from trialfiles.times import both_calendars, gregorian_of

CASES = cases_of(__file__)

RAW = Path(__file__).parents[2] / "data" / "raw" / "registry"
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


def test_restated_fields_say_the_same_thing(medpath, irct):
    for page, name in ((medpath, "NCT06932393.json"), (irct, "IRCT20160427027636N8.xml")):
        for here, there in zip(page.outcomes, read_source(RAW / name).outcomes, strict=True):
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
    assert dates["Expected recruitment end date"] == {
        "gregorian": "2026-08-23",
        "jalali": "1405/06/01",
        "same_day": True,
    }
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
