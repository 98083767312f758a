"""Registry records: the two of this project as they are, and copies of them that are changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from case_files import cases_of
from review_readers import read_source

from trialfiles import SourceError
from trialfiles.text import name_apart

RAW = Path(__file__).parents[2] / "data" / "raw"
CTGOV = RAW / "registry" / "NCT06932393.json"
ICTRP = RAW / "registry" / "IRCT20160427027636N8.xml"
MONTH = 365.25 / 12 / 7
KNOWN = cases_of(__file__)


@pytest.mark.parametrize("path", [CTGOV, ICTRP], ids=["ClinicalTrials.gov", "ICTRP"])
def test_a_record_gives_its_design_arms_and_outcomes_with_their_weeks(path):
    record, known = read_source(path), KNOWN[path.stem]
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


def test_a_record_of_nothing_but_its_number_is_read(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(
        '{"protocolSection": {"identificationModule": {"nctId": "NCT00000001"}, "designModule": null}}'
    )
    record = read_source(path)
    assert record.studies[0]["n_planned"] is None
    assert record.arms == record.outcomes == []


def test_two_arms_of_one_name_stay_two_arms(tmp_path):
    content = json.loads(CTGOV.read_text())
    groups = content["protocolSection"]["armsInterventionsModule"]["armGroups"]
    groups += [groups[1], groups[1]]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    assert [arm["arm_id"] for arm in read_source(path).arms] == ["exosomes", "saline", "saline_2", "saline_3"]
    named = name_apart([{"k": "a"}, {"k": "a_2"}, {"k": "a"}], "k")
    assert [row["k"] for row in named] == ["a", "a_2", "a_3"]
