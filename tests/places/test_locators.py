"""Finding a token, and checking a locator that someone else wrote."""

import pytest

from helpers.places import Document, DocumentError, check_locator, locate

TEXT = "Results\n\nIt was 0.32 of 32/3% in 1,320 men.\nThen 3 again, and 3 more; 80\u2009±\u200910 hairs.\n"
DOCUMENT = Document("a.txt", TEXT, "")


def test_a_number_is_not_found_inside_another():
    found = locate(DOCUMENT, "3")
    assert TEXT[found.char_start - 1] == "/"
    assert (found.section, found.line) == ("Results", 3)
    assert locate(DOCUMENT, "32").char_start == TEXT.index("32/3")
    with pytest.raises(DocumentError):
        locate(DOCUMENT, "20")


def test_line_and_occurrence():
    assert locate(DOCUMENT, "3", line=4).char_start == TEXT.index("3 again")
    assert locate(DOCUMENT, "3", line=4, occurrence=2).char_start == TEXT.index("3 more")
    assert locate(DOCUMENT, "3", occurrence=3).char_start == TEXT.index("3 more")


def test_not_found_names_the_nearest_line():
    with pytest.raises(DocumentError, match="line 3.*not printed there.*line 4"):
        locate(DOCUMENT, "again", line=3)
    with pytest.raises(DocumentError, match="2 time"):
        locate(DOCUMENT, "3", line=4, occurrence=3)


def test_another_spelling_is_named():
    with pytest.raises(DocumentError, match="line 4 has it with another space"):
        locate(DOCUMENT, "80 ± 10")
    with pytest.raises(DocumentError, match="no line holds it"):
        locate(DOCUMENT, "81 ± 10")


@pytest.mark.parametrize(("printed", "line", "occurrence"), [("", None, 1), ("3", None, 0), ("3", 99, 1)])
def test_senseless_questions(printed, line, occurrence):
    with pytest.raises(DocumentError):
        locate(DOCUMENT, printed, line, occurrence)


def test_locator_that_points_elsewhere():
    found = locate(DOCUMENT, "32")
    sentence = check_locator(DOCUMENT, "33", found.line, found.char_start, found.char_end)
    assert "'32' stands at" in sentence and "no line holds it" in sentence
    sentence = check_locator(DOCUMENT, "32", found.line, found.char_start + 1, found.char_end + 1)
    assert "'2/' stands at" in sentence and f"characters {found.char_start} to" in sentence
    found = locate(DOCUMENT, "again")
    assert check_locator(DOCUMENT, "again", 4, found.char_start, found.char_end) == ""
    sentence = check_locator(DOCUMENT, "again", 3, found.char_start, found.char_end)
    assert "stands on line 4, not on line 3" in sentence


@pytest.mark.parametrize("span", [(-3, 4), (5, 5), (9, 2), (0, 10_000)])
def test_locator_outside_the_text(span):
    assert "are no span of a text" in check_locator(DOCUMENT, "3", 3, *span)


def test_at_most_forty_characters_are_shown():
    document = Document("a", "x" * 500, "")
    sentence = check_locator(document, "y" * 500, 1, 0, 500)
    assert "x" * 39 + "…" in sentence and "x" * 41 not in sentence and "y" * 41 not in sentence
