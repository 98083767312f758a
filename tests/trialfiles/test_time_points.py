"""Printed times in weeks: what is a time, what is none, and that nothing makes the reader fail."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialfiles import WEEKS_PER_MONTH, durations, in_weeks, weeks

MONTH = 365.25 / 12 / 7


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("12-month", 12 * MONTH),
        ("12\u2011month", 12 * MONTH),
        ("Month 5", 5 * MONTH),
        ("Month 5 \u2013 after 5th sessions", 5 * MONTH),
        ("4 Weeks", 4),
        ("4\u00a0weeks", 4),
        ("week12", 12),
        ("Week 4.", 4),
        ("Week 12.5", 12.5),
        ("1.5 weeks", 1.5),
        ("Baseline", 0),
        ("before treatment", 0),
        ("before the first treatment", 0),
        ("Month 0", 0),
        ("3rd month after 3 treatments", 3 * MONTH),
        ("6st month", 6 * MONTH),
        ("three months", 3 * MONTH),
        ("twelfth month", None),
        ("first week", 1),
        ("48 hours", 2 / 7),
        ("day 1", 1 / 7),
        ("2 years", 24 * MONTH),
        ("1 year (12 months)", 12 * MONTH),
        ("3 months and 6 months", None),
        ("3rd and 6st month", None),
        ("1, 3, 6, and 12 months", None),
        ("6-8 weeks", None),
        ("3\u20136 months", None),
        ("Week 4-8", None),
        ("weeks 4, 8 and 12", None),
        ("5 years ago", None),
        ("2 weeks before treatment", None),
        ("from baseline until the end", None),
        ("change from baseline", None),
        ("twenty-four weeks", None),
        ("1,200 hours", None),
        ("12,5 weeks", None),
        (".5 weeks", None),
        ("after treatment", None),
        ("follow-up", None),
        ("monthly", None),
        ("end of study", None),
        ("1234567890 weeks", None),
        ("12 wks", 12),
        ("Wk 12", 12),
        ("24 hrs", 1 / 7),
        ("6 mos", 6 * MONTH),
        ("30 min", 30 / 10080),
        ("min 5", None),
        ("Week 24 (6 months)", 24),
        ("5 min (0.083 hours)", 5 / 10080),
        ("Month 12 (Week 52)", 12 * MONTH),
        ("Week 4 (8 months)", None),
        ("Week 24, 6 months", None),
        ("Baseline; 4; 8; 12 weeks", None),
        ("Week -4", None),
        ("Day -28 to Day 1", None),
        ("every 4 weeks", None),
        ("every 4 weeks for 24 weeks", 24),
        ("Day 29 (+/- 3 days)", 29 / 7),
        ("6 months (\u00b12 weeks)", 6 * MONTH),
        ("3 months post final injection", None),
        ("", None),
        (None, None),
    ],
)
def test_a_printed_time_in_weeks(printed, expected):
    assert weeks(printed) == (None if expected is None else pytest.approx(expected, rel=1e-12))


def test_a_month_is_a_twelfth_of_a_year_of_365_and_a_quarter_days():
    assert pytest.approx(4.348214285714286, rel=1e-15) == WEEKS_PER_MONTH


def test_every_time_of_a_list_is_found_with_the_unit_that_all_share():
    found = [value / MONTH for value, _ in durations("at 1, 3, 6, and 12 months")]
    assert found == pytest.approx([1, 3, 6, 12])
    assert [value for value, _ in durations("week 4 and 8 or day 7")] == [4, 8, 1]


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (48, "hours", 2 / 7),
        (1, "Month", MONTH),
        (2, " weeks ", 2),
        (3, "sessions", None),
        (None, "weeks", None),
        (3, None, None),
    ],
)
def test_a_value_with_a_unit_in_weeks(value, unit, expected):
    assert in_weeks(value, unit) == (None if expected is None else pytest.approx(expected))


@given(st.text(max_size=40))
def test_any_text_gives_a_time_or_none(printed):
    found = weeks(printed)
    assert found is None or (math.isfinite(found) and found >= 0)


_PARTS = st.sampled_from(
    ["3", "12", "0.5", "three", "3rd", " ", "-", "\u2013", ",", ".", "/", "and", "to", "week", "weeks", "Month", "months",
     "day", "year", "hours", "baseline", "before", "after", "from", "treatment", "\u0663", "st"]
)  # fmt: skip


@given(st.lists(_PARTS, max_size=12).map("".join))
def test_any_mixture_of_words_of_time_gives_a_time_or_none(printed):
    found = weeks(printed)
    assert found is None or (math.isfinite(found) and found >= 0)
    assert all(math.isfinite(value) and token in printed for value, token in durations(printed))
