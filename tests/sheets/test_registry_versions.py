"""Two and more versions of one registry record: what changed, when, where; nothing where nothing did."""

import json

import pytest
from case_files import cases_of

from helpers.appraisal.discrepancies import run_checks
from helpers.appraisal.evidence import StudyEvidence
from helpers.sheets.raw import read_raw, source_files
from helpers.sheets.write import add_source, new_sheet
from helpers.tables import validate

CASES = cases_of(__file__)
NUMBERS = {"ctgov": "NCT90000001", "exchange": "IRCT20190101000001N3", "irct": "IRCT20190101042345N2"}
LATER = {"2024-01-10": "2024-02-20", ": 40": ": 24"}


def stating(form="ctgov", changes=None):
    text = CASES["records"][form]
    for old, new in (changes or {}).items():
        text = text.replace(str(old), str(new))
    return text


def folder(raw, files, study="NCT90000001", **named):
    (raw / "registry").mkdir(parents=True)
    for name, text in files.items():
        (raw / "registry" / name).write_text(text)
    return new_sheet(study, raw, **named).parents[1]


def found(raw, study="NCT90000001"):
    """Return what the rule finds in a raw folder by what it is about, its outcome, and the folder's data."""
    data = read_raw(raw)
    tables = {name: validate(name, getattr(data.record, name)) for name in ("studies", "registry_versions")}
    rows, checks = run_checks(StudyEvidence.from_tables(tables, study))
    (outcome,) = (row["outcome"] for row in checks if row["check"] == "registry-versions")
    own = [row for row in rows if row["check"] == "registry-versions"]
    assert all(row["concepts"] == row["quantity_ids"] == "" for row in own)  # no estimate is touched by it
    told = {row["statement"].split(";")[0].partition(" in the ")[2]: row for row in own}
    return dict(sorted(told.items())), outcome, data


@pytest.mark.parametrize(("form", "changes", "expected"), CASES["changes"].values(), ids=CASES["changes"])
def test_a_newer_file_beside_the_first(tmp_path, form, changes, expected):
    number, files = NUMBERS.get(form, "ChiCTR2400000001"), {"b": stating(form), "c": stating(form, changes)}
    if form == "ctgov":  # the order of names tells nothing
        files = {"b": files["c"], "c": files["b"]}
    rows, outcome, data = found(folder(tmp_path, files, number, registry_file="b"), number)
    assert (outcome, data.waiting) == ("found" if expected else "passed", [])
    assert list(rows) == [one[0] for one in expected]
    for row, (_, concern, certain, said, arithmetic) in zip(rows.values(), expected, strict=True):
        assert (row["concern"], row["certain"]) == (concern, certain)
        assert said in row["statement"] and row["arithmetic"].startswith(arithmetic)
        assert {place[:10] for place in row["locators"].split("; ")} == {"registry/b", "registry/c"}
    assert len(source_files(tmp_path, data.record.sources)) == 3  # the sheet and both versions


@pytest.mark.parametrize("shape", ["list", "versions", "site"])
def test_a_history(tmp_path, shape):
    listed = [{"version": number, "date": str(day)} for number, day, _ in CASES["history"]]
    studies = [json.loads(stating(changes=other)) for *_, other in CASES["history"]]
    versions = [one | {"study": study} for one, study in zip(listed, studies, strict=True)]
    files = {"history": versions if shape == "list" else {"nctId": "NCT90000001", "versions": versions[::-1]}}
    if shape == "site":  # the versions one by one, and the record as it is with the list of them
        now = {"study": studies[-1], "history": {"changes": listed}}
        files = dict(enumerate(versions[:-1])) | {"now": now}
    files = {str(name): json.dumps(content) for name, content in files.items()}
    rows, _, data = found(folder(tmp_path, files, registry_file=next(iter(files))))
    assert list(rows) == list(CASES["told"])
    for row, (concern, certain, told, place) in zip(rows.values(), CASES["told"].values(), strict=True):
        assert (row["concern"], row["certain"]) == (concern, certain)
        assert row["arithmetic"].startswith(told) and place in row["locators"]
    assert (data.record.studies[0]["n_planned"], data.waiting) == (24, [])  # the newest is used


def test_without_a_sheet_or_with_one_that_names_no_record_or_added(tmp_path):
    raw = folder(tmp_path / "raw", {"older": stating(), "newer": stating(changes=LATER)}, "other2026")
    assert {row["study_id"] for row in read_raw(raw).record.registry_versions} == {"NCT90000001"}
    assert [row["file"] for row in read_raw(raw).waiting] == ["registry/newer"]
    new_sheet("made2026", raw, registration="NCT90000001")
    assert list(found(raw, "made2026")[0]) == ["number of participants"]
    for name, outcome in (("NCT90000001.json", "not applicable"), ("NCT90000001_2.json", "found")):
        (tmp_path / "file").write_text(stating(changes=LATER if outcome == "found" else {}))
        assert add_source(tmp_path / "file", tmp_path / "new")[0].name == name
        assert found(tmp_path / "new")[1] == outcome
