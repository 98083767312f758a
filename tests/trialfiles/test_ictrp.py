"""WHO ICTRP exports and registry-exchange XML: values read by hand from the two sample exports."""

import shutil
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from case_files import cases_of
from review_readers import read_source, read_sources

from helpers.tables import validate

CASES = cases_of(__file__)


@pytest.fixture(scope="module")
def export(shared):
    found = read_sources(shared / "samples" / "ictrp" / "ICTRP-Results_2020-03-18_subset.xml")
    return {record.studies[0]["study_id"]: record for record in found}


@pytest.fixture(scope="module")
def table(shared):
    found = read_sources(shared / "samples" / "ictrp" / "ICTRP_2020-04-15_other_registers.csv")
    return {record.studies[0]["study_id"]: record for record in found}


def test_the_trials_of_the_exports(export, table):
    for records, known in ((export, CASES["xml"]), (table, CASES["csv"])):
        assert list(records) == list(known)
        for name, facts in known.items():
            assert {fact: records[name].studies[0][fact] for fact in facts} == facts, name
    arms = [(arm["arm_id"], arm["role"]) for arm in export["ChiCTR2000029789"].arms]
    assert arms == [("experimental_group", "active"), ("control_group", "placebo")]
    assert export["NCT01056185"].studies[0]["country"].count("Argentina") == 1
    assert len(export["ChiCTR2000029656"].outcomes) == 5
    assert len(table["IRCT20160625028622N1"].outcomes) == 3 and len(table["DRKS00021134"].arms) == 4
    (outcome,) = table["EUCTR2020-001243-15-BE"].outcomes
    assert (outcome["timepoint_printed"], outcome["timepoint_weeks"]) == ("Day 15", pytest.approx(15 / 7))


def test_no_break_no_padding_and_every_row_in_its_table(export, table):
    for record in (*export.values(), *table.values()):
        for name in ("sources", "studies", "arms", "outcomes"):
            frame = validate(name, getattr(record, name))
            texts = [text for column in frame.select_dtypes("string") for text in frame[column].dropna()]
            assert not [
                text for text in texts if "<br" in text.lower() or "  " in text or text != text.strip()
            ]
        assert record.sources[0]["provenance"].startswith("Export of the WHO search portal of 2020-0")


def test_registry_exchange_xml(tmp_path):
    path = shutil.copy(Path(__file__).with_name("exchange.xml"), tmp_path / "trial.download")
    record = read_source(path)
    expected = CASES["exchange"]
    assert {name: record.studies[0][name] for name in expected["study"]} == expected["study"]
    assert [[arm["role"], arm["label"]] for arm in record.arms] == expected["arms"]
    times = [[row["concept"], row["timepoint_printed"]] for row in record.outcomes]
    assert times == expected["outcomes"]
    assert record.registered[0]["other_ids"] == ["NCT07654321", "U1111-1111-2222"]
    assert "example.org" not in repr(vars(record))
    for name in ("sources", "studies", "arms", "outcomes"):
        validate(name, getattr(record, name))


def trial(tmp_path, **fields):
    """Write and read an export of one trial."""
    fields = {"TrialID": "ISRCTN12345678"} | fields
    text = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    path = tmp_path / "export.xml"
    path.write_text(f"<Trials_downloaded_from_ICTRP><Trial>{text}</Trial></Trials_downloaded_from_ICTRP>")
    return read_source(path)


@pytest.mark.parametrize(("printed", "arms"), CASES["arms"])
def test_arms_under_labels_are_several_and_prose_on_a_trial_is_no_placebo(tmp_path, printed, arms):
    found = trial(tmp_path, Intervention=printed).arms
    assert [[row["arm_id"], row["role"], row["label"]] for row in found] == arms


@pytest.mark.parametrize(("printed", "outcomes"), CASES["outcomes"])
def test_the_time_of_an_outcome_is_found_where_a_register_puts_it(tmp_path, printed, outcomes):
    found = trial(tmp_path, Secondary_outcome=printed).outcomes
    assert [(row["measure"], row["timepoint_printed"], row["timepoint_weeks"]) for row in found] == [
        (measure, time, None if week is None else pytest.approx(week)) for measure, time, week in outcomes
    ]
