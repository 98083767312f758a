"""The tables of the five studies, made from data/raw once for all tests."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from helpers.cleaning import clean_events, clean_results
from helpers.sheets.context import read_context
from helpers.sheets.raw import read_raw
from helpers.tables import TABLES, validate

RAW = Path(__file__).parents[2] / "data" / "raw"
_REPORTED = {
    "results": "reported_results",
    "adverse_events": "reported_events",
    "contrasts": "reported_contrasts",
}


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    """Return the tables of notebooks 01 and 02 for data/raw."""
    record = read_raw(RAW).record
    made = {_REPORTED.get(name, name): rows for name, rows in record.table_rows().items()} | read_context(RAW)
    made = {name: validate(name, rows) for name, rows in made.items() if name in TABLES}
    made["results"] = validate("results", clean_results(made["reported_results"]))
    made["adverse_events"] = validate("adverse_events", clean_events(made["reported_events"]))
    return made
