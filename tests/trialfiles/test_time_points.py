"""Printed times in weeks: what is a time, what is none, and that nothing makes the reader fail."""

import math

import pytest
from case_files import cases_of
from hypothesis import given
from hypothesis import strategies as st

from trialfiles import durations, weeks
from trialfiles.times import names_time

MONTH = 365.25 / 12 / 7
TIMES = cases_of(__file__)
IN_WEEKS = {"weeks": 1, "months": MONTH, "days": 1 / 7, "minutes": 1 / 10080}


@pytest.mark.parametrize(
    ("unit", "printed", "number"), [(unit, *case) for unit in IN_WEEKS for case in TIMES[unit]]
)
def test_a_printed_time_in_weeks(unit, printed, number):
    assert weeks(printed) == pytest.approx(number * IN_WEEKS[unit], rel=1e-12)


@pytest.mark.parametrize("printed", [*TIMES["none"], None])
def test_what_is_no_one_time(printed):
    assert weeks(printed) is None


def test_a_title_names_a_time_or_none():
    for expected, titles in TIMES["titles"].items():
        assert {title: names_time(title) for title in titles} == dict.fromkeys(titles, expected)


def test_every_time_of_a_list_is_found_with_the_unit_that_all_share():
    found = [value / MONTH for value, _ in durations("at 1, 3, 6, and 12 months")]
    assert found == pytest.approx([1, 3, 6, 12])
    assert [value for value, _ in durations("week 4 and 8 or day 7")] == [4, 8, 1]
    assert durations("WEEK 0WEEK 0") == [(0, "WEEK 0WEEK 0"), (0, "0WEEK")]  # as printed


_PARTS = st.sampled_from(
    ["3", "12", "0.5", "three", "3rd", " ", "-", "\u2013", ",", ".", "/", "and", "to", "week", "weeks", "Month", "months",
     "day", "year", "hours", "baseline", "before", "after", "from", "treatment", "\u0663", "st"]
)  # fmt: skip


@given(st.text(max_size=40) | st.lists(_PARTS, max_size=12).map("".join))
def test_any_text_or_mixture_of_words_of_time_gives_a_time_or_none(printed):
    found = weeks(printed)
    assert found is None or (math.isfinite(found) and found >= 0)
    assert all(math.isfinite(value) and token in printed for value, token in durations(printed))
