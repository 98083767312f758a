"""The tables of the five studies, made from data/raw once for all tests."""

from __future__ import annotations

import pandas as pd
import pytest
from real_tables import RAW, cleaned_tables

from helpers.sheets.context import read_context
from helpers.tables import validate


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    """Return the tables of notebooks 01 and 02 for data/raw."""
    return cleaned_tables() | {name: validate(name, rows) for name, rows in read_context(RAW).items()}
