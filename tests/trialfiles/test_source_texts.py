"""The five source texts: key figures are found, where they stand, and nothing is made of the rest."""

import pytest
from case_files import cases_of
from review_readers import find_quantities

CASES = cases_of(__file__)


@pytest.mark.parametrize("study_id", CASES["figures"])
def test_key_figures_are_found_where_they_stand(source, study_id):
    document = source(study_id)
    found = find_quantities(document.text)
    for line, token, value in CASES["figures"][study_id]:
        start, end = document.line_span(line)
        assert token in document.text[start:end]
        holders = [
            one
            for one in found
            if start <= one.char_start < end and token in one.printed and value in one.values
        ]
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
        document = source(study_id)
        found = {document.section_of(one.char_start) for one in find_quantities(document.text)}
        assert not found & sections
    document = source("IRCT20160427027636N8")
    found = {document.section_of(one.char_start).partition(": ")[2] for one in find_quantities(document.text)}
    assert not found & {"Phone", "Fax", "Postal code", "Street address", "Email", "ICD-10 code"}


@pytest.mark.parametrize(("study_id", "words", "section"), CASES["sections"])
def test_sections_of_the_sources(source, study_id, words, section):
    document = source(study_id)
    assert document.section_of(document.text.index(words)) == section
