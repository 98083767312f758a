"""What a run for one of several depends on: its own rows, and tables that are read whole; parts put together."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from papermill.translators import translate_parameters
from station_project import STATION

from notebookpress.errors import ParameterError
from notebookpress.notebook_tables import NotebookTables
from notebookpress.tables import TableError, TableStore, divide_rows, gather_parts, rows_file

STATIONS = ("alpha", "beta")


@pytest.fixture
def store() -> TableStore:
    """Return the store of the small collection."""
    return TableStore(STATION / "schema.yaml")


def divided(store: TableStore, folder: Path, text: str, lines: int = 1) -> dict[str, str]:
    """Write tables with a text of station alpha, and read whole with a number; return each station's rows."""
    processed = folder / "processed"
    readings = [
        {"station_id": name, "number": 1, "text": text if name == "alpha" else "x"} for name in STATIONS
    ]
    store.write_table("readings", readings, processed)
    store.write_table("sums", [{"station_id": "other", "lines": lines}], processed)
    divide_rows(processed, STATIONS, ["readings", "sums"], "station_id", ["sums"])
    return {name: rows_file(folder, name).read_text() for name in STATIONS}


@pytest.mark.parametrize(
    ("text", "lines", "touched"), [("a", 1, set()), ("b", 1, {"alpha"}), ("a", 2, {"alpha", "beta"})]
)
def test_a_run_depends_on_its_own_rows_and_on_tables_read_whole(store, tmp_path, text, lines, touched):
    before, after = divided(store, tmp_path, "a"), divided(store, tmp_path, text, lines)
    assert {name for name in STATIONS if before[name] != after[name]} == touched


def test_parts_become_whole_tables(store, tmp_path):
    for name in ("alpha", "beta", "gone"):
        folder = tmp_path / "parts" / name
        store.write_table("sums", [{"station_id": name, "lines": 1}] if name != "beta" else [], folder)
        store.write_table("readings", [], folder)
    gather_parts(STATION / "schema.yaml", tmp_path, ["alpha", "beta"], ["sums", "readings"])
    assert store.read_table("sums", tmp_path)["station_id"].tolist() == ["alpha"]
    assert store.read_table("readings", tmp_path).empty
    (tmp_path / "parts" / "beta" / "sums.parquet").unlink()
    with pytest.raises(TableError, match="is not there"):
        gather_parts(STATION / "schema.yaml", tmp_path, ["alpha", "beta"], ["sums"])


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
    with pytest.raises(TableError, match=r"01_first reads the table sums, but .* to look at it only: tables"):
        first.read("sums")


def test_tables_list_themselves_and_know_a_misspelt_name(first: NotebookTables) -> None:
    """Friction 8: `tables` had no repr, and `tables.read("result")` was a bare KeyError."""
    assert repr(first).splitlines()[1:] == ["reads: none", "writes: stations, readings"]
    with pytest.raises(TableError, match="no table is called 'reading'; did you mean 'readings'"):
        first.read("reading")


def test_tables_read_and_written_are_known(first: NotebookTables) -> None:
    assert list(first.known()) == ["stations", "readings"]
    assert list(first.read("stations")) == ["stations"]  # its own may be read
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


def test_what_bare_papermill_gives_to_an_unknown_name_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Friction 4: papermill warns of it and goes on."""
    cell = translate_parameters("python3", "python", {"factr": 1, "factor": 0.5}, "Parameters")
    shell = SimpleNamespace(user_ns={"In": ["", "factor = 0.1", cell]})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    with pytest.raises(ParameterError, match="unknown parameter 'factr'; did you mean 'factor'") as caught:
        each("alpha")
    assert len(caught.value.problems) == 1


def test_wrong_parameters_are_refused(project: Path) -> None:
    with pytest.raises(ParameterError, match="factor"):
        NotebookTables("02_each", processed="data/processed", station_id="alpha", factor="high")
