"""Words of registers and tables: how each reader of one field takes them."""

import pytest
from case_files import cases_of
from review_readers import WORDS

from trialfiles.ctgov_fields import folded_title, measure_kind, plain_text, posted_number, spread_of
from trialfiles.extraction import cell_figure
from trialfiles.ictrp import allocation_of, masking_of, outcomes_in, phase_of
from trialfiles.text import age_years, people, sex_of
from trialfiles.times import iso_date

FUNCTIONS = (age_years, allocation_of, cell_figure, folded_title, iso_date, masking_of, measure_kind, outcomes_in, people, phase_of,
             plain_text, posted_number, sex_of, spread_of, WORDS.role)  # fmt: skip
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
