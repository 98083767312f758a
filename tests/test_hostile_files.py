"""Pipes, endless cells, tables and manifests that no run makes: one line each, in bounded time."""

import json
import os
from pathlib import Path

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest

from helpers.cli import _status, echo_lines
from helpers.review import Review
from helpers.sheets.read import read_sheet
from helpers.sheets.write import new_sheet
from notebookpress.publish import LARGEST_MANIFEST, read_manifest
from notebookpress.tables import TableError
from notebookpress.yaml_files import YamlError, YamlFile
from trialfiles import SourceError
from trialfiles.article_figures import grid_figures
from trialfiles.article_tables import Grid, GridCell, GridRow


@pytest.mark.parametrize(("reader", "error"), [(YamlFile, YamlError), (read_sheet, SourceError)])
def test_a_pipe_is_not_waited_for(tmp_path: Path, reader, error) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(error, match="no file"):
        reader(tmp_path / "pipe.yaml")


@pytest.mark.parametrize("piece", [" ", "%", "*", "(", "1 ", "mean "])
def test_a_cell_without_end_is_read_in_a_moment(piece: str) -> None:
    cells = [GridCell("x", True, plain=f"x{piece * 300_000}y"), GridCell("3 (1)", plain="3 (1)")]
    assert len(grid_figures([Grid("Table 1", piece * 10_000, "", [GridRow(cells)])])) < 9


def test_a_giant_manifest_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"entity": {}, "wasGeneratedBy": {}}))
    assert read_manifest(tmp_path)["entity"] == {}
    os.truncate(tmp_path / "manifest.json", LARGEST_MANIFEST + 1)
    with pytest.raises(Exception, match="damaged"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"x": [1]}, "study_id"), ({"study_id": [["a"]]}, "words"), ({"study_id": ["a", "a"]}, "share")],
)
def test_a_foreign_table_is_refused(tmp_path: Path, columns, said: str) -> None:
    parquet.write_table(arrow.table(columns), tmp_path / "studies.parquet")
    with pytest.raises(TableError, match=said):
        Review(tmp_path)["studies"]


def test_links_in_a_circle_and_signs_that_turn_a_line(tmp_path: Path, capsys) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert _status(["check", "--raw", str(tmp_path / "loop")]) == 1
    echo_lines("a\u202eb")
    said = capsys.readouterr()
    assert "should not happen" not in said.err and "loop" in said.err
    assert said.out == "a\\u202eb\n"


@pytest.mark.parametrize("name", ["con", "Smith2020"])
def test_a_name_that_is_no_file_everywhere_is_refused(tmp_path: Path, name: str) -> None:
    new_sheet("smith2020", tmp_path)
    with pytest.raises(SourceError, match="not a name"):
        new_sheet(name, tmp_path)
