"""Tables on disk: whole or not at all, the same bytes for the same rows, and errors that say what to do."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest

from helpers.tables import read_table, validate, write_table
from notebookpress import files
from notebookpress.files import write_atomic
from notebookpress.tables import TableError, records

ARMS = [
    {"study_id": "b", "arm_id": "x", "role": "placebo", "n": 8, "sessions": 1.0},
    {"study_id": "a", "arm_id": "y", "role": "exosome", "label": "grün"},
    {"study_id": "a", "arm_id": "x", "role": "exosome", "n": None, "sessions": 0.1 + 0.2},
]


def test_a_table_comes_back_with_types_and_missing_values(tmp_path):
    write_table("arms", ARMS, tmp_path)
    frame = read_table("arms", tmp_path)
    assert pd.api.types.is_string_dtype(frame["label"])
    assert [str(frame[name].dtype) for name in ("n", "sessions")] == ["Int64", "float64"]
    pd.testing.assert_frame_equal(frame, validate("arms", ARMS))
    assert list(zip(frame["study_id"], frame["arm_id"], strict=True)) == [("a", "x"), ("a", "y"), ("b", "x")]
    assert frame["n"].isna().tolist() == [True, True, False]
    assert frame["label"].tolist()[1] == "grün"
    assert np.isnan(frame["sessions"][1])


def test_true_false_and_not_known_stay_three_things(tmp_path):
    rows = [{"source_id": name, "study_id": name, "tier": "core", "format": "f", "has_results": value}
            for name, value in (("a", True), ("b", False), ("c", None))]  # fmt: skip
    write_table("sources", rows, tmp_path)
    back = records(read_table("sources", tmp_path))
    assert [row["has_results"] for row in back] == [True, False, None]
    assert back[1]["has_results"] is False


def test_numbers_are_kept_to_twelve_significant_digits(tmp_path):
    write_table("arms", [ARMS[2] | {"sessions": 123456.7890123456}], tmp_path)
    assert read_table("arms", tmp_path)["sessions"][0] == 123456.789012
    write_table("arms", ARMS, tmp_path)
    assert read_table("arms", tmp_path)["sessions"][0] == 0.3


def test_the_same_rows_give_the_same_bytes_in_any_order(tmp_path):
    first = write_table("arms", ARMS, tmp_path / "one").read_bytes()
    assert write_table("arms", list(reversed(ARMS)), tmp_path / "two").read_bytes() == first
    frame = pd.DataFrame(ARMS, index=[9, 2, 5])
    assert write_table("arms", frame, tmp_path / "three").read_bytes() == first


def test_a_last_bit_or_a_negative_zero_changes_no_byte(tmp_path):
    def written(effect: float) -> bytes:
        row = {"effect_id": "e", "study_id": "s", "estimand": "c", "concept": "k", "measure": "MD"}
        row |= {"headline": "yes", "quantity_ids": "q", "effect": effect}
        return write_table("effects", [row], tmp_path).read_bytes()

    assert written(0.3) == written(0.1 + 0.2)
    assert written(0.0) == written(-0.0)


def test_writing_the_same_again_leaves_the_file_alone(tmp_path):
    path = write_table("arms", ARMS, tmp_path)
    os.utime(path, (1, 1))
    write_table("arms", ARMS, tmp_path)
    assert path.stat().st_mtime == 1
    write_table("arms", ARMS[:2], tmp_path)
    assert path.stat().st_mtime > 1


def test_rows_that_break_the_schema_leave_the_old_file_whole(tmp_path):
    path = write_table("arms", ARMS, tmp_path)
    before = path.read_bytes()
    with pytest.raises(TableError):
        write_table("arms", [ARMS[0] | {"role": "guess"}], tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("step", ["replace", "fdopen"])
def test_a_write_that_fails_half_way_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, step):
    path = write_table("arms", ARMS, tmp_path)
    before = path.read_bytes()

    def fail(*_args, **_options):
        raise OSError("disk full")

    monkeypatch.setattr(files.os, step, fail)
    with pytest.raises(OSError, match="disk full"):
        write_table("arms", ARMS[:1], tmp_path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_text_and_bytes_are_written_into_new_folders(tmp_path):
    path = write_atomic(tmp_path / "a" / "b" / "page.html", "ü")
    assert path.read_bytes() == "ü".encode()
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_missing_table_names_the_notebook_that_makes_it(tmp_path):
    with pytest.raises(TableError, match=r"effects\.parquet.*03_study_evidence.*evidence run"):
        read_table("effects", tmp_path)


BROKEN = {
    "truncated": lambda data: data[: len(data) // 2],
    "cut at the end": lambda data: data[:-1],
    "empty": lambda data: b"",
    "text inside": lambda data: data[:40] + b"\xff" * 40 + data[80:],
}


@pytest.mark.parametrize("damage", [*BROKEN, "folder"])
def test_a_broken_file_is_named_with_a_remedy(tmp_path, damage):
    path = write_table("arms", ARMS, tmp_path)
    data = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes(BROKEN[damage](data))
    with pytest.raises(TableError) as caught:
        read_table("arms", tmp_path)
    assert str(path) in str(caught.value)
    assert "delete it and run" in str(caught.value)


def test_a_table_of_an_older_schema_is_named_with_a_remedy(tmp_path):
    write_table("arms", ARMS, tmp_path)
    (tmp_path / "arms.parquet").rename(tmp_path / "studies.parquet")
    with pytest.raises(TableError) as caught:
        read_table("studies", tmp_path)
    assert str(tmp_path / "studies.parquet") in str(caught.value)
    assert "run notebook 01_ingestion again" in str(caught.value)


def test_flipped_bytes_never_raise_anything_but_a_table_error(tmp_path):
    path = write_table("arms", ARMS, tmp_path)
    data = path.read_bytes()
    rng = np.random.default_rng(20261122)
    for _ in range(150):
        bad = bytearray(data)
        for place in rng.integers(0, len(data), 3):
            bad[place] = rng.integers(0, 256)
        path.write_bytes(bytes(bad))
        try:
            read_table("arms", tmp_path)
        except TableError as error:
            assert str(path) in str(error)


def test_rows_hold_pythons_own_values_and_none_for_what_is_missing():
    frame = pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": [np.nan, 2.0], "c": ["x", None]})
    found = records(frame.assign(d=pd.array([True, None], "boolean")))
    assert found == [{"a": 1, "b": None, "c": "x", "d": True}, {"a": None, "b": 2.0, "c": None, "d": None}]
    assert [type(found[0][name]) for name in "acd"] == [int, str, bool] and type(found[1]["b"]) is float
