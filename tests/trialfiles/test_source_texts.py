"""The five source texts: key figures are found, where they stand, and nothing is made of the rest."""

import pytest
from case_files import cases_of
from review_readers import find_quantities, section_of

from trialfiles.sections import find_sections, split_lines

CASES = cases_of(__file__)


@pytest.mark.parametrize("study_id", CASES["figures"])
def test_key_figures_are_found_where_they_stand(source, study_id):
    document = source(study_id)
    found = find_quantities(document.text)
    for line, token, value in CASES["figures"][study_id]:
        place = split_lines(document.text)[line - 1]
        start, end = place.char_start, place.char_end
        assert token in place.content
        near = [one for one in found if start <= one.char_start < end]
        holders = [one for one in near if token in one.printed and value in one.values]
        assert holders, f"{document.name}, line {line}: {token} ({value}) was not found"


def test_table_of_the_prospective_study(source):
    found = {one.printed: one for one in find_quantities(source("wan2025").text)}
    assert found["80 ± 10"].unit == "follicles/cm²"
    assert (found["80 ± 10"].kind, found["80 ± 10"].sd) == ("mean_sd", 10)
    assert found["0.021"].kind == "p_value"
    assert found["35 hairs/cm²"].kind == "mean"
    assert found["6.5 hairs/cm²"].kind == "sd"


def test_nothing_is_read_from_references_and_addresses(source):
    for study_id, sections in (
        ("wan2025", {"References", "Publisher's Note"}),
        ("lepekhova2025", {"References", "About the authors"}),
        ("chan2025", {"References"}),
    ):
        text = source(study_id).text
        assert not {section_of(text, one.char_start) for one in find_quantities(text)} & sections
    text = source("IRCT20160427027636N8").text
    found = {section_of(text, one.char_start).partition(": ")[2] for one in find_quantities(text)}
    assert not found & {"Phone", "Fax", "Postal code", "Street address", "Email", "ICD-10 code"}


@pytest.mark.parametrize(("study_id", "words", "section"), CASES["sections"])
def test_sections_of_the_sources(source, study_id, words, section):
    text = source(study_id).text
    assert section_of(text, text.index(words)) == section


PAGES, PLAIN = CASES["pages"], CASES["plain"]


@pytest.mark.parametrize(("page", "words"), [(page, words) for page in PAGES for words in PAGES[page]["at"]])
def test_words_stand_in_their_section(page, words):
    text, at = PAGES[page]["text"], PAGES[page]["at"]
    assert section_of(text, text.index(words)) == at[words]


@pytest.mark.parametrize("page", PAGES)
def test_sections_cover_the_text_in_order(page):
    text = PAGES[page]["text"]
    sections = find_sections(split_lines(text))
    starts = [section.char_start for section in sections]
    assert starts == sorted(starts)
    assert [section.line for section in sections] == [text.count("\n", 0, start) + 1 for start in starts]
    assert sections[-1].char_end == len(text)


@pytest.mark.parametrize(("text", "titles"), PLAIN.values(), ids=PLAIN)
def test_plain_articles(text, titles):
    sections = find_sections(split_lines(text))
    assert [section.title for section in sections] == titles
    for section in sections:
        word = section.title.rpartition(": ")[2].split()[0]
        line = text[section.char_start :].strip().partition("\n")[0].replace(" ", "")
        assert word in line and text.count("\n", 0, section.char_start) + 1 == section.line
