"""What holds for any text at all, and for texts made to hurt."""

import gc
import time

import pytest
from case_files import cases_of
from hypothesis import given, settings
from hypothesis import strategies as st
from review_readers import find_quantities

from helpers.places import Document, check_locator
from trialfiles.quantities.grammar import searched
from trialfiles.sections import find_sections, split_lines
from trialfiles.text import remembered

CASES = cases_of(__file__)
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
    document, lines = Document("a", text, ""), split_lines(text)
    for section in find_sections(lines):
        assert 0 <= section.char_start <= section.char_end <= len(text)
        assert document.line_of(section.char_start) == section.line
    assert len(lines) == text.count("\n") + 1
    for number, line in enumerate(lines, start=1):
        assert document.line_of(line.char_start) == line.number == number
        assert text[line.char_start : line.char_end] == line.content and "\n" not in line.content


@settings(deadline=None, max_examples=150)
@given(TEXTS)
def test_what_is_found_passes_the_check_of_places(text):
    document = Document("a", text, "")
    for one in find_quantities(text):
        line = document.line_of(one.char_start)
        assert check_locator(document, one.printed, line, one.char_start, one.char_end) == ""


MARKS = (".", "·", ",")
numbers = st.tuples(st.integers(0, 9999), st.integers(0, 99))


def printed(number: tuple[int, int], mark: str, grouped: bool) -> str:
    whole = f"{number[0]:,}" if grouped else str(number[0])
    return f"{whole}{mark}{number[1]:02d}"


@settings(deadline=None, max_examples=300)
@given(
    numbers,
    numbers,
    st.sampled_from(CASES["spellings"]),
    st.sampled_from(MARKS),
    st.sampled_from(["", "\u2212", "-"]),
)
def test_mean_and_sd_come_back_from_every_spelling(mean, spread, spelling, mark, sign):
    # A decimal comma and a comma between thousands cannot stand in one number.
    text = spelling.format(m=sign + printed(mean, mark, mark != ","), s=printed(spread, mark, False))
    found = [one for one in find_quantities(text) if one.kind == "mean_sd"]
    assert len(found) == 1, text
    value = mean[0] + mean[1] / 100
    assert found[0].value == pytest.approx(-value if sign else value)
    assert found[0].sd == pytest.approx(spread[0] + spread[1] / 100)


HOSTILE = CASES["hostile"]


def in_proportion(piece: str, small: int, large: int) -> bool:
    """Whether the time grows with the text, in one of three tries: another program may slow one down."""

    def of(length: int) -> float:
        return seconds(piece * (length // len(piece)))

    return any((longer := of(large)) < 0.5 or longer / min(of(small), of(small)) < 24 for _ in range(3))


def seconds(text: str) -> float:
    gc.collect()
    gc.disable()  # its passes grow with everything that other tests left in memory
    try:
        began = time.process_time()
        find_quantities(text)
        find_sections(split_lines(text))
        return time.process_time() - began
    finally:
        gc.enable()


@pytest.mark.parametrize("large", [16_000, pytest.param(200_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts_take_time_in_proportion(piece, large):
    # Eight times the text takes about eight times as long; a pattern that goes back takes 64 times as long.
    assert in_proportion(piece, large // 8, large)


@pytest.mark.slow
def test_a_megabyte_of_digits_and_spreads_takes_time_in_proportion():
    assert in_proportion(HOSTILE["digits and spreads"], 125_000, 1_000_000)


def test_prose_takes_time_in_proportion():
    sentence = "Density rose from 80 ± 10 to 95.5 hairs/cm² at week 12 (P < 0.01) in 16 of 20 patients. "
    prose = "Hair of the scalp was seen again by the same readers at every visit of the study. " * 8
    text = sentence + prose + "\n\n"
    assert len(find_quantities(text * 40)) == 40 * 5
    assert in_proportion(text, 40 * len(text), 320 * len(text))


def test_answers_are_kept_for_short_texts_alone():
    asked = []
    length = remembered(lambda text: asked.append(text) or len(text or ""))
    long = "x" * 100_000  # a file of such titles must not stay in memory
    assert [length(text) for text in ("a", "a", long, long, "", None)] == [1, 1, 100_000, 100_000, 0, 0]
    assert asked == ["a", long, long, "", None]


def test_of_a_text_full_of_numbers_the_first_twenty_thousand_are_searched():
    # each piece has two; the last that is searched is the 10,000th
    text = "12 of 16 patients, " * 10_000
    assert searched(text) == len(text) and len(find_quantities(text)) == 10_000
    longer = text + "13 of 16 patients"
    assert searched(longer) == len(text) and find_quantities(longer) == find_quantities(text)
