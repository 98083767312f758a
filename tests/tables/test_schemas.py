"""The schema of every table: what it holds, what it refuses, and that it says everything that is wrong."""

from __future__ import annotations

import pandas as pd
import pytest
from case_files import cases_of
from minimal_rows import minimal

from helpers.tables import TABLES, as_frame, data_dictionary, validate
from notebookpress.tables import TableError, join_ids, split_ids

CASES = cases_of(__file__)
CONTRACT = {name: set(columns.split()) for name, columns in CASES["columns"].items()}
VOCABULARY = {(name, column): set(words.split()) for name, column, words in CASES["vocabularies"]}


@pytest.mark.parametrize("name", CONTRACT)
def test_the_contract_columns_are_there(name):
    assert CONTRACT[name] <= set(TABLES[name].columns)


@pytest.mark.parametrize(("name", "column"), VOCABULARY)
def test_a_closed_vocabulary_is_the_contracts(name, column):
    assert set(TABLES[name].columns[column].values) == VOCABULARY[name, column]
    with pytest.raises(TableError, match=rf"column {column}: 'perhaps'"):
        validate(name, [minimal(name, **{column: "perhaps"})])


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_table_keeps_its_columns_and_types(name):
    empty, filled = validate(name, []), validate(name, [minimal(name)])
    assert len(empty) == 0
    assert list(empty.columns) == list(TABLES[name].columns)
    assert empty.dtypes.to_dict() == filled.dtypes.to_dict()


@pytest.mark.parametrize("name", TABLES)
def test_a_minimal_row_leaves_everything_else_missing(name):
    row = minimal(name)
    (found,) = validate(name, [row]).astype(object).to_dict("records")
    for column, value in found.items():
        assert value == row[column] if column in row else pd.isna(value)


@pytest.mark.parametrize("name", TABLES)
def test_an_unknown_column_is_refused_by_name(name):
    with pytest.raises(TableError, match="colour"):
        validate(name, [minimal(name, colour="blue")])


@pytest.mark.parametrize("name", TABLES)
def test_two_rows_of_one_key_are_refused_and_shown(name):
    with pytest.raises(TableError, match="share the key") as caught:
        validate(name, [minimal(name), minimal(name)])
    assert f"table {name}" in str(caught.value)


@pytest.mark.parametrize("name", TABLES)
def test_every_missing_value_is_listed_at_once(name):
    row = minimal(name)
    with pytest.raises(TableError) as caught:
        validate(name, [dict.fromkeys(row)])
    for column in row:
        assert f"column {column}:" in str(caught.value)


@pytest.mark.parametrize(("name", "column", "value"), CASES["out of range"])
def test_a_value_out_of_range_or_of_the_wrong_type_is_refused(name, column, value):
    with pytest.raises(TableError, match=f"column {column}:"):
        validate(name, [minimal(name, **{column: value})])


def test_every_failure_of_every_row_is_listed_with_its_row():
    rows = [
        minimal("results", result_id="a", percent=1.5),
        minimal("results", result_id="b", kind="guess", sd=-1.0),
        minimal("results", result_id="c"),
    ]
    with pytest.raises(TableError) as caught:
        validate("results", rows)
    lines = str(caught.value).splitlines()
    assert lines[0] == "table results: 3 failure(s)"
    assert sorted(line.partition(",")[0].strip() for line in lines[1:]) == ["row a", "row b", "row b"]


def test_rows_under_any_index_are_checked_by_place():
    frame = pd.DataFrame(
        [minimal("arms", arm_id="x"), minimal("arms", arm_id="y", role="guess")], index=["r", "r"]
    )
    with pytest.raises(TableError, match=r"row word / y, column role: 'guess'"):
        validate("arms", frame)


def test_checking_leaves_the_callers_frame_as_it_was():
    frame = pd.DataFrame([minimal("arms", arm_id="y"), minimal("arms", arm_id="x")], index=[7, 3])
    before = frame.copy()
    validate("arms", frame)
    pd.testing.assert_frame_equal(frame, before)


def test_absent_columns_become_missing_and_extra_ones_stay_last():
    frame = as_frame("arms", [{"colour": "blue", "arm_id": "a"}])
    assert list(frame.columns) == [*TABLES["arms"].columns, "colour"]
    assert frame["role"].isna().all()


def test_the_data_dictionary_explains_every_column_of_every_table():
    dictionary = data_dictionary()
    assert len(dictionary) == sum(len(spec.columns) for spec in TABLES.values())
    assert dictionary["meaning"].str.len().gt(0).all()
    assert set(data_dictionary("arms")["table"]) == {"arms"}


def test_names_are_joined_in_order_without_repeats_and_split_again():
    assert join_ids(["b", "", "a", "b", None]) == "b;a"
    assert split_ids("b;a") == ["b", "a"]
    assert split_ids(None) == split_ids(pd.NA) == split_ids("") == []


def test_a_wrong_type_does_not_hide_the_other_failures():
    with pytest.raises(TableError) as caught:
        validate("results", [minimal("results", mean="35 hairs", percent=1.5, kind="guess")])
    for column in ("mean", "percent", "kind"):
        assert f"column {column}:" in str(caught.value)
