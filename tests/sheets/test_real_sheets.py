"""The sheets of this project: the five core ones located in their texts, the others with an address."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpers.sheets.read import read_sheet, sheet_record
from helpers.verification import reading_agreement, stale, verify_locators

CHECKOUT = Path(__file__).parents[2]
RAW = CHECKOUT / "data" / "raw"
SHEETS = sorted((RAW / "studies").glob("*.yaml"))
CORE = [path for path in SHEETS if read_sheet(path).source.tier == "core"]
PUBLISHED = [path for path in SHEETS if read_sheet(path).source.tier == "published"]


def test_there_are_five_core_sheets_and_the_others_are_published():
    assert [path.stem for path in CORE] == [
        "IRCT20160427027636N8", "NCT06932393", "chan2025", "lepekhova2025", "wan2025"
    ]  # fmt: skip
    assert sorted([*CORE, *PUBLISHED]) == SHEETS and PUBLISHED


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_a_published_figure_says_where_it_was_seen_and_claims_no_place(path):
    sheet = read_sheet(path)
    assert sheet.source.document is None and sheet.source.sha256 is None
    record = sheet_record(sheet)
    for row in record.quantities:
        assert row["line"] is None and row["char_start"] is None
        assert row["address"] and row["access"] and row["confidence"]
        assert row["second_hand"] == (row["access"] == "secondary")
    if record.sources[0]["second_hand"]:
        assert all(row["second_hand"] for row in record.results)


def test_medians_stay_medians_and_a_missing_sd_stays_missing():
    rows = [row for path in PUBLISHED for row in sheet_record(read_sheet(path)).results]
    amini = [row for row in rows if row["study_id"] == "amini2025"]
    told = {(row["arm_id"], row["median"], row["iqr"]) for row in amini}
    assert told == {("exosome", 9.5, 16.88), ("saline", 1.5, 3.0)}
    assert not any(row.get("mean") or row.get("sd") for row in amini)
    assert not any(row.get("sd") for row in rows)


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_every_figure_of_a_sheet_has_its_place(path):
    sheet = read_sheet(path)
    assert sheet.quantities
    assert [one.id for one in sheet.quantities if one.at is None or one.at.chars is None] == []
    assert sheet.source.sha256


def test_every_place_agrees_with_the_source_texts(shared, tmp_path):
    raw = tmp_path / "raw"
    shutil.copytree(RAW, raw, ignore=shutil.ignore_patterns("documents"))
    (raw / "documents").symlink_to(shared / "documents")
    found = verify_locators(raw)
    assert [str(problem) for problem in found.problems] == []
    assert found.absent == []
    assert found.agreed == len(found.verified) == sum(len(read_sheet(path).quantities) for path in CORE)


def test_the_record_of_the_last_verification_is_that_of_the_sheets_as_they_stand():
    """After a change of a sheet: evidence verify --record, with the source texts in data/raw/documents."""
    assert stale(RAW) == []
    agreement = reading_agreement(RAW)
    assert agreement["study_id"].tolist() == sorted(path.stem for path in CORE)
    assert (agreement["only_second"] == 0).all()
    assert (agreement["same"] + agreement["differing"] == agreement["second"]).all()
    assert agreement["settled"].notna().all()
