"""Spellings of other fields and languages: what must be read whole, and what must not be read in part."""

from __future__ import annotations

import pytest
from case_files import cases_of
from review_readers import find_quantities

CASES = cases_of(__file__)


def found(text):
    return [[q.kind, q.printed, q.value, q.unit] for q in find_quantities(text)]


@pytest.mark.parametrize(("text", "kind", "low", "high"), CASES["intervals"])
def test_an_interval_with_decimal_commas_is_not_cut_at_its_first_comma(text, kind, low, high):
    (one,) = find_quantities(text)
    assert (one.kind, one.value_low, one.value_high) == (kind, low, high)


@pytest.mark.parametrize(
    "text", ["500 000 IU of it", "12 345 ± 678 cells were counted", "(n = 1 500) took part", "taken 3×/week"]
)
def test_a_group_of_digits_is_not_read_as_the_whole_number(text):
    assert found(text) == []


@pytest.mark.parametrize(("text", "expected"), CASES["units"])
def test_a_unit_with_a_raised_part_is_whole_or_not_read(text, expected):
    assert found(text) == expected


def test_a_power_of_ten_behind_the_spread_is_of_the_mean_too():
    (one,) = find_quantities("1.2 ± 0.3 × 10^11 particles")
    assert (one.kind, one.value, one.sd, one.unit) == ("mean_sd", 1.2e11, 3e10, "particles")
    (one,) = find_quantities("5 × 10^9 ± 1 × 10^9 particles/mL")
    assert (one.value, one.sd) == (5e9, 1e9)


@pytest.mark.parametrize("text", ["(M=3.45; SD=.67)", "(M = 3.45, SD = .67)"])
def test_a_mean_with_its_name_ends_before_the_bracket_that_it_stands_in(text):
    (one,) = find_quantities(text)
    assert (one.kind, one.printed, one.value, one.sd) == ("mean_sd", text[1:-1], 3.45, 0.67)
