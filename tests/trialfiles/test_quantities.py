"""The grammar, kind by kind: sentences written for these tests, each with all that it prints."""

import pytest
from case_files import cases_of
from review_readers import find_quantities

SPELLINGS = cases_of(__file__)
NOTHING, WHOLE = SPELLINGS.pop("nothing"), SPELLINGS.pop("whole")


def readings(text: str) -> list[tuple]:
    """Return kind, printed token, and the numbers in it, for each quantity in a text."""
    return [(one.kind, one.printed, *one.values) for one in find_quantities(text)]


@pytest.mark.parametrize(("text", "expected"), [case for kind in SPELLINGS.values() for case in kind])
def test_every_spelling(text, expected):
    assert tuple(expected) in readings(text)
    assert len([one for one in readings(text) if one[0] == expected[0]]) <= 2


@pytest.mark.parametrize("case", WHOLE.values(), ids=WHOLE)
def test_all_that_a_text_prints(case):
    found = find_quantities(case["text"])
    assert [[getattr(one, name) for name in case["names"]] for one in found] == case["rows"]


def test_a_share_before_its_interval_is_a_percent():
    assert readings("a response of 80% (95% CI 70% to 88%)")[0] == ("percent", "80%", 80)


def test_wrapped_lines():
    wrapped = "The density in the treated area of the scalp was 80 ±\n10 hairs/cm² after it."
    assert ("mean_sd", "80 ±\n10 hairs/cm²", 80, 10) in readings(wrapped)


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_no_quantity(text):
    assert [one for one in readings(text) if one[1] != "one half"] == []
