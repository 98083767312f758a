"""Tables read ahead for processes that are forked later."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from minimal_rows import minimal

from helpers.tables import held as module
from helpers.tables import read_table, write_table
from helpers.tables.storage import hold_tables


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    module._held.clear()
    yield
    module._held.clear()


def arms(*labels: str) -> list[dict]:
    return [
        minimal("arms", study_id="s", arm_id=f"a{place}", label=label) for place, label in enumerate(labels)
    ]


def test_a_table_that_is_held_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table("arms", arms("x", "y"), tmp_path)
    before = read_table("arms", tmp_path)
    hold_tables(["arms", "studies"], tmp_path)  # there is no file of studies: left to whoever asks
    assert len(module._held) == 1
    monkeypatch.setattr("helpers.tables.storage.read_rows", lambda *_: pytest.fail("read again"))
    pd.testing.assert_frame_equal(read_table("arms", tmp_path), before)


def test_whoever_changes_a_table_changes_a_copy(tmp_path: Path) -> None:
    write_table("arms", arms("x"), tmp_path)
    hold_tables(["arms"], tmp_path)
    frame = read_table("arms", tmp_path)
    frame["label"] = "changed"
    assert list(read_table("arms", tmp_path)["label"]) == ["x"]


def test_a_table_that_was_written_again_is_read_again(tmp_path: Path) -> None:
    path = write_table("arms", arms("x"), tmp_path)
    hold_tables(["arms"], tmp_path)
    known = path.stat()
    write_table("arms", arms("y"), tmp_path)
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))  # same size, same time: another file
    assert list(read_table("arms", tmp_path)["label"]) == ["y"]


def test_a_broken_table_is_not_held_and_named_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "arms.parquet").write_bytes(b"PAR1 broken")
    hold_tables(["arms"], tmp_path)
    assert not module._held
    with pytest.raises(ValueError, match="not a readable Parquet file"):
        read_table("arms", tmp_path)


def test_the_oldest_are_let_go_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    for name in "abc":
        write_table("arms", arms(name), tmp_path / name)
        hold_tables(["arms"], tmp_path / name)
    assert [Path(stamp[0]).parent.name for stamp in module._held] == ["b", "c"]
