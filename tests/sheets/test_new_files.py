"""A new sheet, a registry record taken in, and what is refused at the door."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_files import cases_of
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpers.sheets.model import SCHEMA_FILE
from helpers.sheets.raw import file_account, read_raw
from helpers.sheets.read import read_sheet
from helpers.sheets.write import add_source, new_sheet
from trialfiles import SourceError
from trialfiles.text import inert

CASES = cases_of(__file__)

RAW = Path(__file__).parents[2] / "data" / "raw"
RECORDS = {"NCT06932393": "NCT06932393.json", "IRCT20160427027636N8": "IRCT20160427027636N8.xml"}


def files(folder: Path) -> list[str]:
    """Return the files but the schema of sheets, which lies beside them for editors."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != SCHEMA_FILE)
    return sorted(path.relative_to(folder).as_posix() for path in found)


def test_a_new_sheet_is_right_as_it_is(tmp_path):
    path = new_sheet("smith2026", tmp_path)
    assert path == tmp_path / "studies" / "smith2026.yaml"
    sheet = read_sheet(path)
    assert (sheet.study_id, sheet.source.source_id, sheet.source.tier) == (
        "smith2026",
        "smith2026",
        "published",
    )
    assert [row["study_id"] for row in read_raw(tmp_path).record.studies] == ["smith2026"]


@pytest.mark.parametrize("study_id", ["123", "null", "true", "1e5", "2026-01-31", "0x1F", "a" * 64])
def test_a_name_that_yaml_would_read_as_something_else_stays_a_name(tmp_path, study_id):
    assert read_sheet(new_sheet(study_id, tmp_path)).study_id == study_id


@pytest.mark.parametrize("study_id", CASES["names"])
def test_a_name_that_could_lead_elsewhere_is_refused_and_nothing_written(tmp_path, study_id):
    with pytest.raises(SourceError, match="not a name for a study"):
        new_sheet(study_id, tmp_path / "raw")
    assert files(tmp_path) == []


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_a_sheet_that_is_there_is_not_overwritten(tmp_path, suffix):
    path = new_sheet("smith2026", tmp_path).rename(tmp_path / "studies" / f"smith2026{suffix}")
    path.write_text("mine")
    with pytest.raises(SourceError, match="there already"):
        new_sheet("smith2026", tmp_path)
    assert path.read_text() == "mine"
    assert files(tmp_path) == [f"studies/smith2026{suffix}"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60))
@example("word " * 1000)
def test_any_fact_can_be_filled_in(tmp_path, words):
    reference = {"type": "document", "note": inert(words)}
    path = new_sheet("smith2026", tmp_path, reference=reference, title=words, status=words)
    try:
        sheet = read_sheet(path)
    finally:
        path.unlink()
    assert sheet.source.reference.note == inert(words)
    assert sheet.study.title == (" ".join((inert(words) or "").split())[:2000].strip() or None)


@pytest.mark.parametrize("study_id", RECORDS)
def test_a_registry_record_becomes_a_study_that_can_be_read(tmp_path, study_id):
    record, raw = RAW / "registry" / RECORDS[study_id], tmp_path / "raw"
    export = tmp_path / "download.bin"
    export.write_bytes(record.read_bytes())
    written = add_source(export, raw)
    made = [path.relative_to(raw).as_posix() for path in written]
    assert made == [f"registry/{record.name}", f"studies/{study_id}.yaml"]
    assert written[0].read_bytes() == record.read_bytes()
    data = read_raw(raw)
    (study,), (source,) = data.record.studies, data.record.sources
    assert (study["study_id"], study["registration"]) == (study_id, study_id)
    assert study["n_planned"] == {"NCT06932393": 18, "IRCT20160427027636N8": 60}[study_id]
    assert source["file"] == f"studies/{study_id}.yaml;registry/{record.name}"
    assert source["has_results"] is None  # the page that the record was re-stated from does not say
    assert data.disagreements == data.waiting == []
    assert len(data.record.outcomes) == 4


def test_a_study_sheet_is_taken_in_as_it_is(tmp_path):
    source = RAW / "studies" / "chan2025.yaml"
    (path,) = add_source(source, tmp_path)
    assert path.read_bytes() == source.read_bytes()
    assert [row["study_id"] for row in read_raw(tmp_path).record.studies] == ["chan2025"]


def test_a_study_that_is_there_is_not_added_twice(raw):
    before = files(raw)
    for record in (raw / "registry").iterdir():
        with pytest.raises(SourceError, match="there already"):
            add_source(record, raw)
    assert files(raw) == before


def test_a_sheet_that_is_there_is_not_replaced_by_another(raw, tmp_path):
    other = tmp_path / "chan2025.yaml"
    other.write_text((raw / "studies" / "chan2025.yaml").read_text().replace("readers: 2", "readers: 1"))
    with pytest.raises(SourceError, match="edit that sheet"):
        add_source(other, raw)
    assert "readers: 2" in (raw / "studies" / "chan2025.yaml").read_text()


def test_another_record_of_the_same_name_is_kept(tmp_path):
    record = RAW / "registry" / "NCT06932393.json"
    (tmp_path / "registry").mkdir()
    (tmp_path / "registry" / record.name).write_text("mine")
    with pytest.raises(SourceError, match="keep one"):
        add_source(record, tmp_path)
    assert files(tmp_path) == ["registry/NCT06932393.json"]


def numbered(export: Path, number: str) -> Path:
    """Write the Iranian record under another registration number."""
    text = (RAW / "registry" / "IRCT20160427027636N8.xml").read_text()
    export.write_text(text.replace("<TrialID>IRCT20160427027636N8", f"<TrialID>{number}"))
    return export


def test_a_registration_number_with_slashes_becomes_a_plain_file_name(tmp_path):
    add_source(numbered(tmp_path / "export.xml", "CTRI/2020/03/024086"), tmp_path / "raw")
    assert files(tmp_path / "raw") == ["registry/CTRI-2020-03-024086.xml", "studies/CTRI-2020-03-024086.yaml"]
    (study,) = read_raw(tmp_path / "raw").record.studies
    assert study["registration"] == "CTRI/2020/03/024086"


@pytest.mark.parametrize("number", ["../../evil", "/etc/evil", "..", "...", "a" * 500])
def test_a_registration_number_never_leads_out_of_the_folder(tmp_path, number):
    export = numbered(tmp_path / "export.xml", number)
    try:
        written = add_source(export, tmp_path / "deep" / "raw")
    except SourceError:
        written = []
    kept = files(tmp_path)
    assert kept == sorted(["export.xml", *(path.relative_to(tmp_path).as_posix() for path in written)])
    assert all(path.parent.parent == tmp_path / "deep" / "raw" for path in written)


def test_an_unreadable_export_leaves_the_folder_as_it_was(tmp_path):
    export = tmp_path / "export.json"
    export.write_bytes((RAW / "registry" / "NCT06932393.json").read_bytes()[:-40])
    with pytest.raises(SourceError, match="not JSON"):
        add_source(export, tmp_path / "raw")
    assert not (tmp_path / "raw").exists()


def test_a_reviews_data_becomes_sheets_of_proposals(shared, tmp_path):
    made = add_source(shared / "samples" / "revman" / "Fleiss1993.rm5", tmp_path)
    assert len(made) == 12
    record = read_raw(tmp_path).record
    assert len(record.studies) == 12
    assert record.results == record.quantities == []
    hart = next(path for path in made if path.stem == "hart")
    confirmed = hart.read_text().replace("state: proposed", "state: confirmed")
    hart.write_text(confirmed)
    with pytest.raises(SourceError, match="no arm of this study had exosomes.*write (tier: comparator),"):
        read_raw(tmp_path)
    hart.write_text(confirmed.replace("tier: published", "tier: comparator"))
    rows = read_raw(tmp_path).record.results
    assert [(row["mean"], row["sd"], row["n"]) for row in rows] == [(12.5, 1.47, 20), (12.3, 1.66, 20)]
    with pytest.raises(SourceError, match="there already"):
        add_source(shared / "samples" / "revman" / "Fleiss1993_CR.csv", tmp_path)


def test_an_extraction_table_becomes_a_sheet_a_study(tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text(CASES["table"])
    made = add_source(table, tmp_path / "raw")
    assert [path.name for path in made] == ["smith.yaml", "li.yaml"]
    for path in made:
        path.write_text(path.read_text().replace("state: proposed", "state: confirmed"))
    rows = read_raw(tmp_path / "raw").record.results
    assert [[row["study_id"], row["mean"], row["count"], row["n"]] for row in rows] == CASES["rows"]


def test_a_page_of_studies_is_kept_and_its_studies_wait(shared, tmp_path):
    (kept,) = add_source(shared / "samples" / "ctgov" / "search_page1_20260811.json", tmp_path)
    assert kept.name == "search_page1_20260811-5-records.json"
    for study_id in ("NCT02710084", "NCT05105685"):
        new_sheet(study_id, tmp_path, registry_file=kept.name, registration=study_id)
    data = read_raw(tmp_path)
    assert [row["n_planned"] for row in data.record.studies] == [18, 6]
    assert len(data.waiting) == 3


def test_a_registers_page_becomes_a_sheet_with_its_facts(shared, tmp_path):
    document, sheet = add_source(shared / "documents" / "NCT06932393_medpath.txt", tmp_path)
    assert (document.parent.name, sheet.name) == ("documents", "NCT06932393.yaml")
    assert read_sheet(sheet).source.status == "not yet recruiting"


def test_two_articles_of_one_author_and_year_and_two_versions_of_a_record(shared, tmp_path):
    cases = shared / "cases" / "sources"
    for number, name in ((1, "doe2024"), (2, "doe2024b")):
        made = add_source(cases / f"59f_same_author_year_{number}.xml", tmp_path)
        assert [path.stem for path in made] == [name, name]
    with pytest.raises(SourceError, match="of this article"):
        add_source(cases / "59f_same_author_year_2.xml", tmp_path)
    add_source(cases / "30_proportion_0_1.json", tmp_path)
    later = add_source(cases / "91_registry_update_new.json", tmp_path)
    assert [path.name for path in later] == ["NCT90000030_2.json"]
    *_, counted, told = file_account(cases / "91_registry_update_new.json", later)
    assert "1 record(s)" in counted and "name it in the sheet" in told
    assert len(read_raw(tmp_path).record.studies) == 3


def test_a_sheet_says_from_which_line_on_its_article_was_not_searched(tmp_path):
    heads = "A study of hair density\n\nAbstract\n\nIt grew.\n\nMethods\n\nIt was counted.\n\nResults\n\n"
    for name, lines in (("short", 20_000), ("long", 20_001)):
        (tmp_path / f"{name}.txt").write_text(heads + "It was 12 then.\n" * lines)
        *_, sheet = add_source(tmp_path / f"{name}.txt", tmp_path / name)
        note = "what stands from line 20013 on was not"
        assert (note in sheet.read_text()) == (name == "long") and read_sheet(sheet)
