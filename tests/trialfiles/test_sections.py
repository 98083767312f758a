"""Headings of the kinds of page, in texts written for these tests."""

import pytest
from case_files import cases_of

from helpers.places import Document

CASES = cases_of(__file__)
PAGES, PLAIN = CASES["pages"], CASES["plain"]


@pytest.mark.parametrize(("page", "words"), [(page, words) for page in PAGES for words in PAGES[page]["at"]])
def test_words_stand_in_their_section(page, words):
    text, at = PAGES[page]["text"], PAGES[page]["at"]
    assert Document("a", text, "").section_of(text.index(words)) == at[words]


@pytest.mark.parametrize("page", PAGES)
def test_sections_cover_the_text_in_order(page):
    document = Document("a", PAGES[page]["text"], "")
    starts = [section.char_start for section in document.sections]
    assert starts == sorted(starts)
    assert all(section.line == document.line_of(section.char_start) for section in document.sections)
    assert document.sections[-1].char_end == len(document.text)


@pytest.mark.parametrize(("text", "titles"), PLAIN.values(), ids=PLAIN)
def test_plain_articles(text, titles):
    document = Document("a", text, "")
    assert [section.title for section in document.sections] == titles
    for section in document.sections:
        word = section.title.rpartition(": ")[2].split()[0]
        line = text[section.char_start :].strip().partition("\n")[0].replace(" ", "")
        assert word in line and document.line_of(section.char_start) == section.line
