"""Words of registers and tables: how each reader of one field takes them."""

import pytest
from case_files import cases_of
from review_readers import WORDS

from trialfiles.citations import clean_doi
from trialfiles.ctgov_fields import folded_title, measure_kind, plain_text, posted_number, spread_of
from trialfiles.extraction import cell_figure
from trialfiles.ictrp import allocation_of, masking_of, outcomes_in, phase_of
from trialfiles.text import age_years, inert_cell, people, registry_numbers, sex_of, trial_key
from trialfiles.times import in_weeks, iso_date
from trialfiles.worksheets import sheet_cell_text

FUNCTIONS = (age_years, allocation_of, cell_figure, clean_doi, folded_title, in_weeks, inert_cell, iso_date, masking_of, measure_kind,
             outcomes_in, people, phase_of, plain_text, posted_number, registry_numbers, sex_of, sheet_cell_text, spread_of, trial_key,
             WORDS.role)  # fmt: skip
CASES = cases_of(__file__)
BY_NAME = {function.__name__: function for function in FUNCTIONS}


def plain(value):
    """Return tuples as lists, as YAML has them."""
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


@pytest.mark.parametrize(
    ("name", "words", "expected"), [(name, *case) for name in BY_NAME for case in CASES[name]]
)
def test_words_of_a_field(name, words, expected):
    given = words if isinstance(words, list) else [words]
    assert plain(BY_NAME[name](*given)) == expected


def test_every_list_of_cases_is_read():
    assert set(BY_NAME) == set(CASES)


def test_a_number_without_end_is_no_number_of_people():
    assert people("9" * 5000) is None
