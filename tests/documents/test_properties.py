"""What holds for any text at all, and for texts made to hurt."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.documents import Document, check_locator, find_quantities, locate

_WORDS = """0 1 9 12 .5 1,234 80 2024 5E8 − – - ± ~ \\~ × x / % ( ) [ ] , ; : . < = ≤ p P n N SD IQR CI 95%
    mean median hairs/cm² mm cm² years months weeks old aged from to and between of patients stage III IV
    Norwood two thirty 3rd week References Table | ** <sup> </sup> &lt; ²"""
FRAGMENTS = [*_WORDS.split(), "\n", "\n\n", "\t", "\u2009", "\u00a0"]
TEXTS = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(FRAGMENTS), max_size=60).map(" ".join))
GLUED = st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join)


@settings(deadline=None, max_examples=300)
@given(st.one_of(TEXTS, GLUED))
def test_quantities_stand_where_they_say(text):
    end = 0
    for one in find_quantities(text):
        assert text[one.char_start : one.char_end] == one.printed
        assert one.printed.strip() == one.printed != ""
        assert end <= one.char_start < one.char_end
        assert any(character.isalnum() for character in one.printed)
        assert (
            one.kind in ("pair", "area", "ratio") or one.value_low is None or one.value_high >= one.value_low
        )
        end = one.char_end


@settings(deadline=None, max_examples=200)
@given(TEXTS)
def test_sections_and_lines_hold_together(text):
    document = Document("a", text, "")
    for section in document.sections:
        assert 0 <= section.char_start <= section.char_end <= len(text)
        assert document.line_of(section.char_start) == section.line
    for line in range(1, text.count("\n") + 2):
        start, end = document.line_span(line)
        assert document.line_of(start) == line and "\n" not in text[start:end]
    document.section_of(len(text))


@settings(deadline=None, max_examples=150)
@given(TEXTS)
def test_what_is_located_passes_the_check(text):
    document = Document("a", text, "")
    for one in find_quantities(text):
        line = document.line_of(one.char_start)
        assert check_locator(document, one.printed, line, one.char_start, one.char_end) == ""
        nearest = locate(document, one.printed)
        assert text[nearest.char_start : nearest.char_end] == one.printed


HOSTILE = {
    "digits": "1" * 200_000,
    "lists": "1," * 100_000,
    "decimals": "1." * 100_000,
    "spaces": " " * 200_000,
    "dashes": "1-" * 100_000,
    "means": "mean " * 40_000,
    "brackets": "(" * 200_000,
    "tags": "<a" * 100_000,
    "letters": "a" * 200_000,
    "plus minus": "1 ± " * 50_000,
    "cells": "a\t" * 50_000 + "\n" + "1\t" * 50_000,
    "references": "References\n\n" * 17_000,
    "words": "twenty " * 28_000,
    "lines": "\n" * 200_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts_take_linear_time(text):
    # Generous, for a busy machine; a rule that backtracks takes hours.
    began = time.process_time()
    find_quantities(text)
    Document("a", text, "").sections  # noqa: B018
    assert time.process_time() - began < 20


def test_two_megabytes_of_prose_in_seconds():
    sentence = (
        "Density rose from 80 ± 10 to 95.5 hairs/cm² at week 12 (P < 0.01) in 16 of 20 patients with loss. "
    )
    prose = "Hair of the scalp was seen again by the same readers at every visit of the study. " * 8
    text = (sentence + prose + "\n\n") * 2800
    assert len(text) > 2_000_000
    began = time.process_time()
    found = find_quantities(text)
    assert time.process_time() - began < 30
    assert len(found) == 2800 * 5
