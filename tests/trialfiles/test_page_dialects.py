"""Registers' pages of other trials than the seed's: other fields filled, others empty; values by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_files import cases_of
from review_readers import read_source

CASES = cases_of(__file__)

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
    assert [row["text"] for row in record.registered[0]["criteria"]] == ["Hair loss for 3 to 5 years.", said]


def test_the_iranian_page_of_a_finished_trial():
    record = read_source(Path(__file__).with_name("irct.txt"))
    (study,), (registered,) = record.studies, record.registered
    assert (study["n_planned"], study["n_enrolled"]) == (100, 96)
    assert (study["age_min"], study["age_max"]) == (18, None)
    assert (registered["acronym"], registered["other_ids"]) == ("ROSE", ["NCT05999999"])
    assert registered["contradictions"] == []  # the summary says less, nothing else


def test_registry_exchange_under_another_root_and_with_people_who_came(tmp_path):
    path = tmp_path / "trial.xml"
    path.write_text(
        "<!DOCTYPE x [\n<!ELEMENT x ANY>\n]>\n<Triald><trial><main><trial_id>ChiCTR2200061234</trial_id>"
        "<target_size>Test group:30;Control group:30;</target_size>"
        "<results_actual_enrolment>58</results_actual_enrolment></main></trial></Triald>"
    )
    (study,) = read_source(path).studies
    assert (study["study_id"], study["n_planned"], study["n_enrolled"]) == ("ChiCTR2200061234", 60, 58)


def test_before_and_after_head_columns_of_a_table_and_are_no_groups():
    record = read_source(Path(__file__).with_name("before_after.nxml"))
    assert record.arms == []
    found = [(row["value"], row["sd"], row["timepoint_printed"]) for row in record.quantities]
    assert found == [(100.2, 3.1, "Before"), (120.4, 3.3, "After treatment")]
