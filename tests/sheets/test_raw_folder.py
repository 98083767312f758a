"""The raw folder as a whole: every mistake of every file at once, and any study may be taken away."""

import os
import shutil
from pathlib import Path

import pytest
from case_files import cases_of

from helpers.sheets.raw import check_raw, raw_files, read_raw
from helpers.sheets.screening import read_screening
from helpers.sheets.write import new_sheet
from helpers.tables import validate
from trialfiles import SourceError

CASES = cases_of(__file__)

RAW = Path(__file__).parents[2] / "data" / "raw"
CORE = ("IRCT20160427027636N8", "NCT06932393", "chan2025", "lepekhova2025", "wan2025")
STUDIES = tuple(sorted(path.stem for path in (RAW / "studies").glob("*.yaml")))
SAME = ("sources", "studies", "arms", "outcomes", "quantities", "reviewer_discrepancies", "reader_judgements")
TABLES = dict(zip(SAME, SAME, strict=True)) | {
    "results": "reported_results", "adverse_events": "reported_events", "contrasts": "reported_contrasts",
}  # fmt: skip


def test_the_projects_own_raw_data_is_right(raw):
    assert check_raw(raw) == []
    data = read_raw(raw)
    assert [row["study_id"] for row in data.record.studies] == list(STUDIES)
    assert data.waiting == []
    for name, table in TABLES.items():
        validate(table, getattr(data.record, name))


@pytest.mark.parametrize("study_id", CORE)
def test_any_one_of_the_five_sheets_may_be_deleted(raw, study_id):
    (raw / "studies" / f"{study_id}.yaml").unlink()
    data = read_raw(raw)
    assert [row["study_id"] for row in data.record.studies] == [name for name in STUDIES if name != study_id]
    registered = study_id in ("IRCT20160427027636N8", "NCT06932393")
    assert [row["study_id"] for row in data.waiting] == ([study_id] if registered else [])
    assert study_id not in {row.get("study_id") for rows in data.record.table_rows().values() for row in rows}


def test_an_empty_folder_says_how_to_start(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        (problem,) = check_raw(folder)
        assert problem.file == str(folder)
        assert "evidence new" in problem.remedy
        with pytest.raises(SourceError, match="no study sheet"):
            read_raw(folder)


def test_broken_files_are_all_listed_at_once(raw):
    for name, old, new in (
        ("studies/chan2025.yaml", "tier: core", "tier: center"),
        ("studies/wan2025.yaml", "value: 35,", "value: 36,"),
        ("registry/NCT06932393.json", '"count": 18', '"count": "18"'),
        ("screening.csv", ",included,", ",perhaps,"),
    ):
        path = raw / name
        path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(SourceError) as caught:
        read_raw(raw)
    files = {os.path.relpath(problem.file, raw) for problem in caught.value.problems}
    sheets = {"studies/chan2025.yaml", "studies/wan2025.yaml"}
    assert files == sheets | {"registry/NCT06932393.json", "screening.csv"}
    assert caught.value.problems == check_raw(raw)


def test_only_the_files_asked_for_are_checked(raw):
    good, bad = raw / "studies" / "wan2025.yaml", raw / "studies" / "chan2025.yaml"
    bad.write_text("study_sheet: 2\n")
    assert check_raw(raw, [good]) == []
    assert {problem.file for problem in check_raw(raw, [bad])} == {str(bad)}
    assert check_raw(raw, [raw / "studies" / "nobody.yaml"])[0].remedy


def test_two_sheets_of_one_source_are_named(raw):
    path = raw / "studies" / "wan2025.yaml"
    path.write_text(path.read_text().replace("source_id: wan2025", "source_id: chan2025"))
    (problem,) = check_raw(raw)
    assert (problem.file, problem.field) == (str(path), "source.source_id")
    assert "chan2025.yaml" in problem.problem


def test_one_study_in_two_files_is_named(raw):
    path = raw / "studies" / "wan2025.yaml"
    shutil.copy(path, path.with_suffix(".yml"))
    text = path.read_text().replace("source_id: wan2025", "source_id: wan2025b")
    path.write_text(text)
    assert [problem.field for problem in check_raw(raw)] == ["study_id"]


@pytest.mark.parametrize(
    "name",
    ["NCT06932393.json", "absent.json", ".hidden.json", "../studies/wan2025.yaml", "/etc/passwd", "a/b.json", "x" * 300,
     "'a\\0b'"],
)  # fmt: skip
def test_a_registry_file_of_another_sheet_absent_or_elsewhere_is_named(raw, name):
    (raw / "registry" / ".hidden.json").write_text("{}")
    path = raw / "studies" / "wan2025.yaml"
    path.write_text(path.read_text().replace("doi: null", f"registry_file: {name}", 1))
    assert {problem.field for problem in check_raw(raw)} == {"source.registry_file"}


def test_a_sheet_among_the_registry_records_is_named(raw):
    (raw / "studies" / "wan2025.yaml").rename(raw / "registry" / "wan2025.yaml")
    (problem,) = check_raw(raw)
    assert "studies/wan2025.yaml" in problem.remedy


def test_hidden_files_are_left_out(raw):
    for name in ("studies/.wan2025.yaml", "registry/.DS_Store"):
        (raw / name).write_bytes(b"\x00")
    assert check_raw(raw) == []
    assert len(raw_files(raw)) == len(STUDIES) + 2  # and two registry records


def test_sheet_and_record_that_differ_are_told_and_the_sheet_is_used(raw):
    path = raw / "registry" / "NCT06932393.json"
    path.write_text(path.read_text().replace('"count": 18', '"count": 20').replace("75 Years", "80 Years"))
    dated = raw / "registry" / "IRCT20160427027636N8.xml"
    dated.write_text(dated.read_text().replace("<Date_enrollement>2025-08", "<Date_enrollement>2025-09"))
    data = read_raw(raw)
    [date] = [row for row in data.record.quantities if ".record_" in row["quantity_id"]]
    assert (date["concept"], date["printed"], date["address"]) == (
        "recruitment_start",
        "2025-09-23",
        f"registry/{dated.name}",
    )
    told = {(row["column"], row["sheet"], row["record"]) for row in data.disagreements}
    told = {(column, sheet.removesuffix(".0"), record) for column, sheet, record in told}
    assert {("n_planned", "18", "20"), ("age_max", "75", "80.0")} <= told
    study = next(row for row in data.record.studies if row["study_id"] == "NCT06932393")
    assert study["n_planned"] == 18
    # another spelling, other capitals and our own word for what was read are no difference
    assert {(row["column"], row["record"]) for row in read_raw(RAW).disagreements} == {("phase", "1-2")}
    for row in data.record.sources:
        assert row["format"].endswith("re-stated here") == (";" in row["file"])


@pytest.mark.parametrize(("text", "field", "line"), CASES["screening"])
def test_a_mistake_in_the_screening_list_is_named_with_its_line(tmp_path, text, field, line):
    (tmp_path / "screening.csv").write_text(text)
    with pytest.raises(SourceError) as caught:
        read_screening(tmp_path)
    assert (field, line) in [(problem.field, problem.line) for problem in caught.value.problems]


@pytest.mark.parametrize("data", [b"\xff\xfe", b"", b'record_id,"' + b"x" * 200_000, b"\x00,\x00\n"])
def test_a_screening_list_that_is_no_csv_is_refused(tmp_path, data):
    assert read_screening(tmp_path) == []  # without one
    (tmp_path / "screening.csv").write_bytes(data)
    with pytest.raises(SourceError):
        read_screening(tmp_path)


def test_a_broken_source_is_refused_alone_and_the_rest_is_read(raw):
    whole = read_raw(raw)
    (raw / "registry" / "broken.json").write_text('{"protocolSection": {')
    (raw / "dropped.xml").write_text(
        "<!DOCTYPE a [<!ENTITY x 'y'>]><Trials_downloaded_from_ICTRP>&x;</Trials_downloaded_from_ICTRP>"
    )
    data = read_raw(raw)
    assert data.record == whole.record
    told = sorted(os.path.relpath(problem.file, raw) for problem in data.refused)
    assert told == ["dropped.xml", "registry/broken.json"]
    assert all(problem.problem and problem.remedy and not problem.stops for problem in data.refused)
    (raw / "registry" / "NCT06932393.json").write_text("{")  # the record of a sheet: the sheet stays
    data = read_raw(raw)
    assert (len(data.refused), data.record.studies) == (3, whole.record.studies)


def test_a_page_of_studies_waits_study_by_study_and_gives_a_sheet_its_own(raw):
    record = raw / "registry" / "NCT06932393.json"
    other = record.read_text().replace("NCT06932393", "NCT00000001")
    record.write_text('{"studies": [' + other + ", " + record.read_text() + '], "nextPageToken": "x"}')
    data = read_raw(raw)
    assert [row["study_id"] for row in data.waiting] == ["NCT00000001"]
    arms = [row for row in data.record.arms if row["study_id"] == "NCT06932393"]
    assert arms == [row for row in read_raw(RAW).record.arms if row["study_id"] == "NCT06932393"]


def test_posted_results_come_with_their_sheet(raw, shared):
    shutil.copyfile(shared / "samples" / "ctgov" / "NCT00716976.json", raw / "registry" / "NCT00716976.json")
    assert [row["study_id"] for row in read_raw(raw).waiting] == ["NCT00716976"]
    new_sheet("NCT00716976", raw, registry_file="NCT00716976.json", registration="NCT00716976")
    record = read_raw(raw).record
    results = [row for row in record.results if row["study_id"] == "NCT00716976"]
    events = [row for row in record.adverse_events if row["study_id"] == "NCT00716976"]
    assert (len(results), len(events)) == (16, 216)
    figures = {row["quantity_id"] for row in record.quantities}
    for row in (*results, *events):
        assert row["count"] is None or set(row["quantity_ids"].split(";")) <= figures
    assert {row["arm_id"] for row in (*results, *events)} <= {row["arm_id"] for row in record.arms}
    for name, table in TABLES.items():
        validate(table, getattr(record, name))
