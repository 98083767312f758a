"""The small files that went wrong, on records and formats: right, or refused by name."""

import pytest
from case_files import cases_of
from record_cases import holds


@pytest.mark.parametrize("name", CASES := cases_of(__file__))
def test_a_file_that_went_wrong(shared, name):
    holds(shared / "cases" / "sources" / name, CASES[name])
