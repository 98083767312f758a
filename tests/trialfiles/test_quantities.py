"""The grammar, kind by kind: sentences written for these tests, each with all that it prints."""

import pytest
from case_files import cases_of
from review_readers import find_quantities

SPELLINGS = cases_of(__file__)
NOTHING = SPELLINGS.pop("nothing")


def readings(text: str) -> list[tuple]:
    """Return kind, printed token, and the numbers in it, for each quantity in a text."""
    return [(one.kind, one.printed, *one.values) for one in find_quantities(text)]


@pytest.mark.parametrize(("text", "expected"), [case for kind in SPELLINGS.values() for case in kind])
def test_every_spelling(text, expected):
    assert tuple(expected) in readings(text)
    assert len([one for one in readings(text) if one[0] == expected[0]]) <= 2


def test_enumerations_share_their_unit():
    found = find_quantities("Seen at 1, 3, 6, and 12 months; doses of 5, 10 and 20 mg.")
    assert [(one.kind, one.value, one.unit) for one in found] == [
        *[("timepoint", value, "months") for value in (1, 3, 6, 12)],
        *[("dose", value, "mg") for value in (5, 10, 20)],
    ]
    found = find_quantities("Seen at 1 month, 3 months, and 6 months after it.")
    assert {one.kind for one in found} == {"timepoint"}


def test_unit_of_the_second_mean_holds_for_the_first():
    found = find_quantities("It rose from 121.7 ± 37.2 to 146.6 ± 41.1 hairs/cm².")
    assert [one.unit for one in found] == ["hairs/cm²", "hairs/cm²"]


def test_lists_after_their_unit():
    found = find_quantities("Visits at weeks 4, 8, and 12.")
    assert [(one.kind, one.printed, one.unit) for one in found] == [
        ("timepoint", "weeks 4", "weeks"),
        ("timepoint", "8", "weeks"),
        ("timepoint", "12", "weeks"),
    ]


def test_change_is_not_a_range():
    found = find_quantities("It rose from 75 to 110 hairs/cm².")
    assert [(one.kind, one.value) for one in found] == [("density", 75), ("density", 110)]
    found = find_quantities("The index changed from 2.1 to 3.4 there.")
    assert [(one.kind, one.value) for one in found] == [("estimate", 2.1), ("estimate", 3.4)]


def test_a_share_before_its_interval_is_a_percent():
    assert readings("a response of 80% (95% CI 70% to 88%)")[0] == ("percent", "80%", 80)


def test_relations():
    found = {one.printed: one.relation for one in find_quantities("P < 0.01; about 80%; less than 0.03 mm")}
    assert found == {"P < 0.01": "<", "80%": "≈", "0.03 mm": "<"}


def test_wrapped_lines_and_tags():
    wrapped = "The density in the treated area of the scalp was 80 ±\n10 hairs/cm² after it."
    assert ("mean_sd", "80 ±\n10 hairs/cm²", 80, 10) in readings(wrapped)
    tagged = "<p><italic>P</italic> &#x0003c; 0.01 in 4&#x02009;cm<sup>2</sup> fields</p>"
    assert [one[2] for one in readings(tagged)] == [0.01, 4]


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_no_quantity(text):
    assert [one for one in readings(text) if one[1] != "one half"] == []


def test_reference_list_is_skipped_until_the_next_part():
    text = (
        "Of 12 patients\n\nReferences\n\n1. Doe J. A 5% lotion in 40 patients.\n\nSupplementary files\n\n×60"
    )
    assert [one[1] for one in readings(text)] == ["12 patients", "×60"]


TABLE = """Table 1 Counts (hairs/cm²) of both arms

Visit\tActive mean (SD)\tControl\tP-value
Week 4\t95 ± 12\t85 ± 14\t0.021
Week 8\t178.3 (7.8)\t150.0 (8.1)\t0.043*
"""


def test_table_cells_take_their_meaning_from_headers():
    found = find_quantities(TABLE)
    assert [(one.kind, *one.values) for one in found if one.kind != "timepoint"] == [
        ("mean_sd", 95, 12),
        ("mean_sd", 85, 14),
        ("p_value", 0.021),
        ("mean_sd", 178.3, 7.8),
        ("mean_sd", 150.0, 8.1),
        ("p_value", 0.043),
    ]
    assert {one.unit for one in found if one.kind == "mean_sd"} == {"hairs/cm²"}


def test_counts_with_percent_in_a_table():
    table = "Event | Active N (%) | Control N (%)\nItch | 31 (68.9) | 29(64.4)\n"
    assert readings(table) == [
        ("count", "31", 31),
        ("percent", "68.9", 68.9),
        ("count", "29", 29),
        ("percent", "64.4", 64.4),
    ]


def test_table_without_a_promise_is_left_alone():
    assert readings("Item\tA\tB\nShine\t4.60 (1.00)\t4.37 (0.77)\n") == []
