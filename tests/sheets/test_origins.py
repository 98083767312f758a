"""Figures without a document: they name where they were seen, and a core source has none of them."""

from __future__ import annotations

import pytest

from helpers.sheets.read import read_sheet, sheet_record

SEEN = "{address: 'https://example.org/abstract', access: abstract, confidence: A}"
SECOND = "{address: 'a review of 2023', access: secondary, confidence: S}"
PLACE = "at: {section: Methods, line: 4, chars: [100, 102]}"
DOCUMENT = (
    "  document: made.txt\n  sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
)


@pytest.fixture
def published(sheet) -> str:
    """Return the made-up sheet as that of a published study of which an abstract was seen."""
    text = sheet.write().read_text()
    text = text.replace("tier: core", "tier: published").replace(DOCUMENT, f"  seen: {SEEN}\n")
    return text.replace(f",\n     {PLACE}", "")


def faults(sheet, text: str) -> set[tuple[str, str]]:
    return {(one.field, one.problem) for one in sheet.problems(text)}


def test_a_published_sheet_with_an_address_is_right(sheet, published):
    assert sheet.problems(published) == []
    rows = sheet_record(read_sheet(sheet.path)).quantities
    assert {(row["access"], row["confidence"], row["second_hand"]) for row in rows} == {
        ("abstract", "A", False)
    }


def test_a_published_figure_without_place_and_address_is_refused(sheet, published):
    found = faults(sheet, published.replace(f"  seen: {SEEN}\n", ""))
    assert ("quantities[0]", "a figure without a place and without an address") in found


@pytest.mark.parametrize(
    ("more", "field"), [(PLACE, "quantities[0].at"), (f"seen: {SEEN}, {PLACE}", "quantities[0].seen")]
)
def test_a_place_that_no_document_names_and_a_second_origin_are_refused(sheet, published, more, field):
    text = published.replace("concept: sample_size}", f"concept: sample_size, {more}}}", 1)
    assert {name for name, _ in faults(sheet, text)} == {field}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("  document: made.txt\n", f"  document: made.txt\n  seen: {SEEN}\n", "source.seen"),
        ("concept: group_size, arm: treated}", f"concept: group_size, arm: treated, seen: {SEEN}}}",
         "quantities[1].seen"),
    ],
)  # fmt: skip
def test_a_core_figure_is_never_one_that_was_seen_elsewhere(sheet, old, new, field):
    problems, _ = sheet.change(old, new)
    assert [one.field for one in problems] == [field]


@pytest.mark.parametrize(
    ("old", "new"), [("access: abstract", "access: hearsay"), ("confidence: A", "confidence: M")]
)
def test_unknown_access_and_figures_from_memory_are_refused(sheet, published, old, new):
    assert any(field.startswith("source.seen") for field, _ in faults(sheet, published.replace(old, new, 1)))


def test_one_second_hand_figure_marks_the_rows_that_rest_on_it(sheet, published):
    text = published.replace('time: "6 months"}', f'time: "6 months", seen: {SECOND}}}', 1)
    assert sheet.problems(text) == []
    density, satisfaction = sheet_record(read_sheet(sheet.path)).results
    assert (density["second_hand"], satisfaction["second_hand"]) == (True, False)


def test_a_direction_in_words_needs_no_figure_and_an_empty_observation_is_refused(sheet, published):
    words = "  - {arm: treated, concept: hair_thickness, time: 6 months, kind: change, stated: higher}\n"
    text = published.replace("adverse_events:\n", words + "adverse_events:\n", 1)
    assert sheet.problems(text) == []
    row = sheet_record(read_sheet(sheet.path)).results[-1]
    assert (row["stated"], row["quantity_ids"], row["second_hand"]) == ("higher", "", False)
    assert ("results[2]", "an observation without a figure") in faults(
        sheet, text.replace(", stated: higher", "")
    )


CONTRAST = """contrasts:
  - {arm: treated, against: control, concept: hair_density, time: 6 months, measure: MD, effect: gain, n: people}
adverse_events:
"""


def test_a_printed_comparison_of_two_arms_becomes_a_row(sheet, published):
    assert sheet.problems(published.replace("adverse_events:\n", CONTRAST, 1)) == []
    (row,) = sheet_record(read_sheet(sheet.path)).contrasts
    assert (row["arm_id"], row["against"], row["effect"], row["n"]) == ("treated", "control", 35, 30)
    assert row["quantity_ids"] == "made2026.gain;made2026.people"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("against: control", "against: nobody", "contrasts[0].against"),
        ("measure: MD", "measure: XX", "contrasts[0].measure"),
        ("effect: gain", "effect: nothing", "contrasts[0].effect"),
        ("concept: hair_density, time: 6 months, measure", "concept: sample_size, time: 6 months, measure",
         "contrasts[0].concept"),
    ],
)  # fmt: skip
def test_a_wrong_comparison_is_named(sheet, published, old, new, field):
    text = published.replace("adverse_events:\n", CONTRAST.replace(old, new), 1)
    assert field in {name for name, _ in faults(sheet, text)}
