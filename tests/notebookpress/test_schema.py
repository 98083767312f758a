"""A schema file of a made-up collection: what it declares, and how a mistake in it is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_files import cases_of

from notebookpress.schema import read_schema
from notebookpress.tables import TableError, TableStore
from notebookpress.yaml_files import YamlError

CASES = cases_of(__file__)
SCHEMA = CASES["schema"]


def written(folder: Path, schema: str = SCHEMA) -> Path:
    (folder / "words.yaml").write_text(CASES["words"], encoding="utf-8")
    (folder / "schema.yaml").write_text(schema, encoding="utf-8")
    return folder / "schema.yaml"


def test_a_schema_says_what_a_row_and_a_column_are(tmp_path):
    tables, command = read_schema(written(tmp_path))
    boats = tables["boats"]
    assert (boats.meaning, boats.notebook) == ("A boat", "01_harbour")
    assert boats.keys == ("boat_id",)
    assert command == "`make all`"
    assert boats.columns["rig"].values == ("sloop", "ketch")
    assert [column.heading for column in boats.columns.values()][:2] == ["boat id", "rigged as"]
    assert boats.columns["length"].bounds == {"above": 0, "below": 200}


def test_the_names_of_a_mapping_in_the_vocabulary_are_values_too(tmp_path):
    tables, _ = read_schema(written(tmp_path, SCHEMA.replace("values: rigs", "values: ports")))
    assert tables["boats"].columns["rig"].values == ("home",)


@pytest.mark.parametrize("case", CASES["mistakes"], ids=lambda case: case["problem"])
def test_a_mistake_is_named_with_file_line_and_remedy(tmp_path, case):
    assert case["before"] in SCHEMA
    path = written(tmp_path, SCHEMA.replace(case["before"], case["after"], 1))
    with pytest.raises(YamlError) as caught:
        read_schema(path)
    said = str(caught.value)
    assert said.startswith(f"{path}, line {case['line']}: {case['problem']}") and case["remedy"] in said


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(YamlError, match=r"none\.yaml: cannot be read"):
        read_schema(tmp_path / "none.yaml")


def test_a_store_keeps_a_made_up_table(tmp_path):
    store = TableStore(written(tmp_path))
    with pytest.raises(TableError, match=r"run notebook 01_harbour first \(or `make all`\)"):
        store.read_table("boats", tmp_path)
    rows = [{"boat_id": "b", "rig": "ketch", "length": 9.5, "crew": 2}, {"boat_id": "a", "afloat": True}]
    store.write_table("boats", rows, tmp_path)
    assert store.read_table("boats", tmp_path)["boat_id"].tolist() == ["a", "b"]
    with pytest.raises(TableError, match=r"row a, column rig: 'cutter' is not one of sloop, ketch"):
        store.validate("boats", [{"boat_id": "a", "rig": "cutter"}])
