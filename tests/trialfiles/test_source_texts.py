"""The five source texts: key figures are found, where they stand, and nothing is made of the rest."""

import pytest
from review_readers import find_quantities

# Line, token, and a number that the quantity there must hold. Tokens may be printed inside a longer one.
FIGURES = {
    "wan2025": [
        (19, "16", 16),
        (19, "36–45", 36),
        (19, "36–45", 45),
        (81, "16", 16),
        (81, "III–V", 5),
        (89, "1 cm²", 1),
        (102, "80 ± 10", 80),
        (102, "82 ± 12", 82),
        (103, "95 ± 12", 95),
        (103, "85 ± 14", 85),
        (103, "85 ± 14", 14),
        (103, "0.021", 0.021),
        (114, "1.5-mm", 1.5),
        (116, "10 billion particles", 1e10),
        (116, "100 mg", 100),
        (116, "24 hours", 24),
        (132, "12-month", 12),
        (132, "35 hairs/cm²", 35),
        (132, "6.5 hairs/cm²", 6.5),
        (132, "75 hairs/cm²", 75),
        (132, "95 hairs/cm²", 95),
        (132, "110 hairs/cm²", 110),
        (132, "125 hairs/cm²", 125),
        (134, "80%", 80),
        (134, "87%", 87),
        (134, "48 hours", 48),
    ],
    "lepekhova2025": [
        *[(19, token, float(token.strip("%"))) for token in ("21", "12%", "10", "8%", "32", "3")],
        *[(line, "×60", 60) for line in (108, 111, 117, 120)],
    ],
    "chan2025": [
        (26, "50%", 50),
        (36, "96%", 96),
        (40, "0.03 mm", 0.03),
        (58, "60-year-old", 60),
        (68, "stage 3", 3),
        (78, "20-25%", 20),
        (78, "20-25%", 25),
        (106, "3cc", 3),
        (106, "1 month", 1),
        (106, "5 treatment sessions", 5),
        (112, "6-9 months", 9),
    ],
    "NCT06932393": [
        (5, "1", 1),
        (31, "18", 18),
        (34, "18~75 years", 75),
        (36, "≤ 190 hair/cm²", 190),
        (36, "≥ 5%", 5),
        (58, "5E8", 5e8),
        (58, "5E9 particles/cm²", 5e9),
        (62, "3rd month", 3),
        (62, "3 treatments", 3),
        (64, "1.5 cm × 1.5 cm", 1.5),
        (72, "8-level", 8),
        (76, "6st month", 6),
    ],
    "IRCT20160427027636N8": [
        (19, "2-3", 3),
        (19, "60 patients", 60),
        (29, "18 to 60 years", 18),
        (127, "18 years", 18),
        (135, "1-2", 1),
        (143, "60", 60),
        (151, "6", 6),
        (151, "1:1:1", 1),
        (231, "four months", 4),
    ],
}


@pytest.mark.parametrize("study_id", FIGURES)
def test_key_figures_are_found_where_they_stand(source, study_id):
    document = source(study_id)
    found = find_quantities(document.text)
    for line, token, value in FIGURES[study_id]:
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


@pytest.mark.parametrize(
    ("study_id", "words", "section"),
    [
        ("wan2025", "with a standard deviation", "Abstract: Results"),
        ("wan2025", "80 ± 10", "Table 1"),
        ("wan2025", "10 billion", "Treatment Protocol"),
        ("chan2025", "20-25%", "Month 5 – after 5th sessions"),
        ("chan2025", "3cc", "Therapeutic Intervention"),
        ("lepekhova2025", "21/12%", "Abstract"),
        ("NCT06932393", "5E8", "Study & Design: Arm && Interventions"),
        ("NCT06932393", "18~75", "Recruitment & Eligibility: Inclusion Criteria"),
        ("IRCT20160427027636N8", "blocks of 6", "General information: Randomization description"),
        ("IRCT20160427027636N8", "patient satisfaction", "Secondary outcomes 1: Description"),
    ],
)
def test_sections_of_the_sources(source, study_id, words, section):
    document = source(study_id)
    assert document.section_of(document.text.index(words)) == section
