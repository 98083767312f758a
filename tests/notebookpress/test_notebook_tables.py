"""What a notebook may read: the tables that a run knows it to read, and its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from helpers.pipeline import parameters
from helpers.pipeline.notebook_tables import NotebookTables
from helpers.pipeline.stages import READS
from helpers.sheets.raw import source_files
from helpers.tables import TABLES, TableError, write_table


@pytest.fixture
def cleaning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NotebookTables:
    """Return the tables of `02_cleaning` in a folder where two empty tables lie."""
    for name in ("arms", "sources"):
        write_table(name, [], tmp_path)
    return NotebookTables("02_cleaning", **defaults(tmp_path))


def defaults(folder: Path) -> dict[str, str]:
    declared = parameters.load_parameters(Path(__file__).resolve().parents[2])
    wanted = [name for name, entry in declared.items() if "02_cleaning" in entry.notebooks]
    values = parameters.merge_parameters(declared)
    return {name: values.get(name) for name in wanted} | {"processed": str(folder)}


def test_a_table_that_the_run_does_not_know_of_is_refused_with_the_remedy(cleaning: NotebookTables) -> None:
    with pytest.raises(
        TableError, match=r"02_cleaning reads the table sources, but READS in .*name it there"
    ):
        cleaning.read("sources")


def test_tables_read_and_written_are_known(cleaning: NotebookTables) -> None:
    assert list(cleaning.read("arms")) == ["arms"]
    cleaning.write("results", [])
    assert list(cleaning.known()) == ["arms", "results"]
    assert list(cleaning.read("results")) == ["results"]  # its own may be read


def test_a_notebook_reads_tables_of_earlier_notebooks_only() -> None:
    order = list(READS)
    for notebook, (_, tables) in READS.items():
        assert all(order.index(TABLES[table].notebook) < order.index(notebook) for table in tables), notebook
        assert len(set(tables)) == len(tables)


def test_each_file_of_a_source_has_its_hash(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.json", "c;d.yaml"):
        (tmp_path / name).write_text(name)
    rows = source_files(
        tmp_path,
        [
            {"source_id": "one", "study_id": "one", "file": "a.yaml;b.json"},
            {"source_id": "two", "study_id": "two", "file": "c;d.yaml"},
        ],
    )
    assert [(row["source_id"], row["file"]) for row in rows] == [
        ("one", "a.yaml"),
        ("one", "b.json"),
        ("two", "c;d.yaml"),
    ]
    assert [row["sha256"] for row in rows] == [
        hashlib.sha256(name.encode()).hexdigest() for name in ("a.yaml", "b.json", "c;d.yaml")
    ]
