"""A schema file of a made-up collection: what it declares, and how a mistake in it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebookpress.schema import read_schema
from notebookpress.tables import TableError, TableStore
from notebookpress.yaml_files import YamlError

SCHEMA = """\
vocabulary: words.yaml
command: "`make all`"
tables:
  boats:
    meaning: A boat
    notebook: 01_harbour
    keys: [boat_id]
    columns:
      boat_id: {required: true, meaning: Name of the boat}
      rig: {values: rigs, heading: rigged as, meaning: Rig}
      length: {type: number, above: 0, below: 200, unit: m, meaning: Length over all}
      crew: {type: integer, minimum: 1, meaning: People aboard}
      afloat: {type: boolean, meaning: Whether it floats}
"""
WORDS = "rigs: [sloop, ketch]\nports: {home: where it lies}\n"


def written(folder: Path, schema: str = SCHEMA, words: str = WORDS) -> Path:
    (folder / "words.yaml").write_text(words, encoding="utf-8")
    (folder / "schema.yaml").write_text(schema, encoding="utf-8")
    return folder / "schema.yaml"


def test_a_schema_says_what_a_row_and_a_column_are(tmp_path):
    tables, command = read_schema(written(tmp_path))
    boats = tables["boats"]
    assert (boats.meaning, boats.notebook, boats.keys, boats.per_study) == (
        "A boat",
        "01_harbour",
        ("boat_id",),
        False,
    )
    assert command == "`make all`"
    assert boats.columns["rig"].values == ("sloop", "ketch")
    assert [column.heading for column in boats.columns.values()][:2] == ["boat id", "rigged as"]
    assert boats.columns["length"].bounds == {"above": 0, "below": 200}


def test_the_names_of_a_mapping_in_the_vocabulary_are_values_too(tmp_path):
    tables, _ = read_schema(written(tmp_path, SCHEMA.replace("values: rigs", "values: ports")))
    assert tables["boats"].columns["rig"].values == ("home",)


@pytest.mark.parametrize(
    ("before", "after", "line", "problem", "remedy"),
    [
        ("minimum: 1", "minimun: 1", 12, "minimun is not known", "use one of type, required, values"),
        ("type: number", "type: float", 11, "type float is not known", "use one of string, integer"),
        ("type: number, above: 0", "above: 0", 11, "a string has no above", "leave it out"),
        ("values: rigs", "values: rig", 10, "rig is no list of the vocabulary", "use one of rigs, ports"),
        ("values: rigs", "values: [yes, no]", 10, "the value True is no text", "in quotes"),
        (", meaning: Rig}", "}", 10, "rig has no meaning", "say it"),
        ("meaning: Rig", "meaning: 5", 10, "meaning: 5 is not a text", "write one"),
        ("minimum: 1", "minimum: true", 12, "minimum: True is not a number", "write one"),
        ("required: true", "required: maybe", 9, "required: 'maybe' is not true or false", "write one"),
        ("keys: [boat_id]", "keys: [boat]", 7, "key boat is no column of boats", "name columns as keys"),
        ("    notebook: 01_harbour\n", "", 4, "boats has no notebook", "say it"),
        ("      crew:", "      rig:", 12, "rig stands twice", "keep one of them"),
        ("meaning: A boat", "meaning: A boat: afloat", 5, "mapping values are not allowed", "mend the line"),
        ("tables:", "table:", 3, "table is not known", "use one of vocabulary, command, tables"),
        ("{type: boolean, meaning: Whether it floats}", "", 13, "afloat is not a mapping", "name: value"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_remedy(tmp_path, before, after, line, problem, remedy):
    assert before in SCHEMA
    path = written(tmp_path, SCHEMA.replace(before, after, 1))
    with pytest.raises(YamlError) as caught:
        read_schema(path)
    said = str(caught.value)
    assert said.startswith(f"{path}, line {line}: {problem}")
    assert remedy in said


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
    with pytest.raises(TableError, match=r"row a, column rig: 'cutter' breaks isin\(\('sloop', 'ketch'\)\)"):
        store.validate("boats", [{"boat_id": "a", "rig": "cutter"}])
    assert store.data_dictionary("boats")["unit"].tolist() == ["", "", "m", "", ""]
