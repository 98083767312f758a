"""What is let through without pandera is what pandera lets through, in the same types."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa
import pytest
from minimal_rows import OUT_OF_RANGE, minimal

from helpers.tables import TABLES
from helpers.tables.conformity import conforming
from helpers.tables.storage import as_frame


@pytest.mark.parametrize("name", TABLES)
def test_a_row_that_keeps_its_schema_is_let_through_in_panderas_types(name):
    frame = as_frame(name, [minimal(name), minimal(name)])
    schema = TABLES[name].schema
    pd.testing.assert_frame_equal(conforming(frame, schema), schema.validate(frame))


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_value_where_one_must_be_is_left_to_pandera(name):
    row = minimal(name)
    for column in row:
        assert conforming(as_frame(name, [minimal(name), row | {column: None}]), TABLES[name].schema) is None


@pytest.mark.parametrize(("name", "column", "value"), OUT_OF_RANGE)
def test_a_value_out_of_range_is_left_to_pandera(name, column, value):
    rows = [minimal(name), minimal(name, **{column: value})]
    assert conforming(as_frame(name, rows), TABLES[name].schema) is None


@pytest.mark.parametrize(
    "field",
    [
        pa.Column("float64", pa.Check(lambda values: values > 0)),
        pa.Column("float64", pa.Check.ge(0, ignore_na=False)),
        pa.Column("float64", unique=True),
    ],
)
def test_a_rule_that_is_not_known_is_left_to_pandera(field):
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    assert conforming(frame, pa.DataFrameSchema({"a": field})) is None
    assert conforming(frame, pa.DataFrameSchema({"a": pa.Column("float64")})) is not None


def test_columns_in_another_order_are_left_to_pandera():
    schema = pa.DataFrameSchema({"a": pa.Column("float64"), "b": pa.Column("float64")})
    assert conforming(pd.DataFrame({"b": [1.0], "a": [1.0]}), schema) is None
