"""Registry records: the two of this project as they are, and every other shape refused by name."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from case_files import cases_of
from review_readers import read_source, read_sources

from trialfiles import SourceError
from trialfiles.text import name_apart

RAW = Path(__file__).parents[2] / "data" / "raw"
CTGOV = RAW / "registry" / "NCT06932393.json"
ICTRP = RAW / "registry" / "IRCT20160427027636N8.xml"
MONTH = 365.25 / 12 / 7
KNOWN = cases_of(__file__)


def refused(path: Path, content: str | bytes) -> list:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SourceError) as caught:
        list(read_sources(path))
    assert all(
        problem.file == str(path) and problem.problem and problem.remedy for problem in caught.value.problems
    )
    return caught.value.problems


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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"FullStudiesResponse": {}}, "the legacy FullStudies shape"),
        ({"FullStudy": {}}, "the legacy FullStudy shape"),
        ({"study": {}, "history": {}}, "the site's internal record"),
        ({"studies": [], "nextPageToken": "x"}, "a page without a study"),
        ({"something": 1}, "no protocolSection"),
        ([], "a page without a study"),
        ([1], "no protocolSection"),
        ({"protocolSection": []}, "no protocolSection"),
        ({"protocolSection": {}}, "missing"),
        ({"protocolSection": {"identificationModule": {"nctId": "../../x"}}}, "is no NCT number"),
    ],
)
def test_another_json_shape_is_refused_by_name(tmp_path, content, words):
    assert words in refused(tmp_path / "a.json", json.dumps(content))[0].problem


def test_truncated_json_names_its_line(tmp_path):
    text = CTGOV.read_text()
    (problem,) = refused(tmp_path / "a.json", text[: len(text) // 2])
    assert problem.line == text[: len(text) // 2].count("\n") + 1


@pytest.mark.parametrize("content", ["[" * 50_000, '{"a": ' + "9" * 5000 + "}", b'{"a": "\xff"}', "{"])
def test_json_that_breaks_the_parser_is_refused(tmp_path, content):
    assert "not JSON" in refused(tmp_path / "a.json", content)[0].problem


def test_every_field_of_another_type_is_listed(tmp_path):
    content = json.loads(CTGOV.read_text())
    protocol = content["protocolSection"]
    protocol["designModule"]["enrollmentInfo"]["count"] = "eighteen"
    protocol["armsInterventionsModule"]["armGroups"] = {"label": "x"}
    protocol["outcomesModule"]["primaryOutcomes"][1]["timeFrame"] = 12
    protocol["eligibilityModule"] = "adults"
    content["hasResults"] = "false"
    places = [problem.field for problem in refused(tmp_path / "a.json", json.dumps(content))]
    assert sorted(places) == [
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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<other><body/></other>", "not an ICTRP export"),
        ("<Trials_downloaded_from_ICTRP/>", "no <Trial>"),
        (
            "<Trials_downloaded_from_ICTRP><Trial><TrialID/></Trial></Trials_downloaded_from_ICTRP>",
            "no TrialID",
        ),
        ("<Trials_downloaded_from_ICTRP><Trial>", "not safe, whole XML"),
        ('<?xml version="1.0" encoding="klingon"?><a/>', "not safe, whole XML"),
        (b"<a>\x00</a>", "not safe, whole XML"),
        ("<a>" * 20_000, "not safe, whole XML"),
    ],
)
def test_other_or_broken_xml_is_refused(tmp_path, content, words):
    assert words in refused(tmp_path / "a.xml", content)[0].problem


@pytest.mark.parametrize(
    ("content", "name", "remedy"),
    [
        (b"%PDF-1.7\n%", "a PDF", "JATS XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file", ".xlsx"),
        ("FN Clarivate Analytics Web of Science\nVR 1.0\nPT J\n", "Web of Science's own format", "RIS"),
        ("%0 Journal Article\n%A Lee\n", "EndNote's own format", "RIS"),
        ('<?xml version="1.0"?><xml><records/></xml>', "EndNote's XML", "RIS"),
        ("<!DOCTYPE html>\n<html><body/></html>", "a web page", "as text"),
    ],
)
def test_a_file_that_people_have_and_cannot_be_read_is_refused_by_its_name(tmp_path, content, name, remedy):
    (problem,) = refused(tmp_path / "file", content)
    assert (name in problem.problem, remedy in problem.remedy) == (True, True)


def test_a_word_document_is_not_taken_for_an_archive_to_unpack(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(SourceError, match=r"a Word document. Remedy: save it as plain text"):
        read_source(tmp_path / "a.docx")


def test_a_zip_in_disguise_an_empty_file_and_a_picture_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("NCT06932393.json", CTGOV.read_text())
    assert "zip archive" in refused(tmp_path / "a.json", (tmp_path / "a.zip").read_bytes())[0].problem
    assert "empty" in refused(tmp_path / "b.json", b"")[0].problem
    assert "not a format" in refused(tmp_path / "c.json", b"\x89PNG\r\n\x1a\n")[0].problem
    with pytest.raises(SourceError, match="no such file"):
        read_source(tmp_path / "nothing.json")
    with pytest.raises(SourceError, match="no such file"):
        read_source(tmp_path)


def test_an_export_of_two_trials_is_read_one_by_one_only(tmp_path):
    text = ICTRP.read_text()
    trial = text[text.index("<Trial>") : text.index("</Trial>") + len("</Trial>")]
    path = tmp_path / "two.xml"
    path.write_text(
        text.replace(trial, trial + trial.replace("IRCT20160427027636N8</TrialID>", "IRCT1</TrialID>"))
    )
    assert [record.studies[0]["study_id"] for record in read_sources(path)] == [
        "IRCT20160427027636N8",
        "IRCT1",
    ]
    with pytest.raises(SourceError, match="holds 2 records"):
        read_source(path)


def test_two_arms_of_one_name_stay_two_arms(tmp_path):
    content = json.loads(CTGOV.read_text())
    groups = content["protocolSection"]["armsInterventionsModule"]["armGroups"]
    groups += [groups[1], groups[1]]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    assert [arm["arm_id"] for arm in read_source(path).arms] == ["exosomes", "saline", "saline_2", "saline_3"]
    assert [row["k"] for row in name_apart([{"k": "a"}, {"k": "a_2"}, {"k": "a"}], "k")] == [
        "a",
        "a_2",
        "a_3",
    ]
