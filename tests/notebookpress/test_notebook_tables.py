"""What a notebook may read: the tables that the run knows it to read, and its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebookpress.errors import ParameterError
from notebookpress.notebook_tables import NotebookTables
from notebookpress.tables import TableError


@pytest.fixture
def first(project: Path) -> NotebookTables:
    """Return the tables of the first notebook, two of them written."""
    tables = NotebookTables("01_first", raw="data/raw", processed="data/processed")
    tables.write("stations", [{"station_id": "alpha"}, {"station_id": "beta"}])
    tables.write("readings", [{"station_id": "beta", "number": 1}])
    return tables


def each(station: str) -> NotebookTables:
    return NotebookTables("02_each", processed="data/processed", station_id=station, factor=0.5)


def test_a_table_that_the_run_does_not_know_of_is_refused_with_the_remedy(first: NotebookTables) -> None:
    with pytest.raises(TableError, match=r"01_first reads the table sums, but `reads` in .*name it there"):
        first.read("sums")


def test_tables_read_and_written_are_known(first: NotebookTables) -> None:
    assert list(first.known()) == ["stations", "readings"]
    assert list(first.read("stations")) == ["stations"]  # its own may be read
    assert first.written()["rows"].tolist() == [2, 1]
    with pytest.raises(ValueError, match="written by 02_each, not by 01_first"):
        first.write("sums", [])


def test_a_run_for_one_has_its_rows_and_writes_its_part(first: NotebookTables) -> None:
    tables = each("beta")
    assert len(tables.read_own("readings")["readings"]) == 1
    assert tables.own_row() == {"station_id": "beta"}
    tables.write("sums", [{"station_id": "beta", "lines": 1}])
    assert (first.processed / "parts" / "beta" / "sums.parquet").is_file()
    tables.gather()
    assert (first.processed / "sums.parquet").is_file()
    with pytest.raises(TableError, match="'gamma' is not in the table stations; known: alpha, beta"):
        each("gamma").own_row()


def test_wrong_parameters_are_refused(project: Path) -> None:
    with pytest.raises(ParameterError, match="factor"):
        NotebookTables("02_each", processed="data/processed", station_id="alpha", factor="high")
