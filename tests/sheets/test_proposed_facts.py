"""What `evidence add` proposes of an article's design, sizes, arms and times, and what confirming it does."""

from pathlib import Path

import pytest
from case_files import cases_of

from helpers.sheets.facts import described_arm, prose_subject, study_facts, visit_time
from helpers.sheets.read import read_sheet, sheet_record
from helpers.sheets.write import add_source
from helpers.tables.vocabulary import reading_words
from helpers.verification import verify_locators
from trialfiles.articles import Article

CASES = cases_of(__file__)
ARTICLE = Path(__file__).parents[1] / "trialfiles" / "article.pdf"


def article(text: str) -> Article:
    return Article(title="A study", text=f"A study\n{text}\n", sections=[("Methods", 8, len(text) + 8)])


@pytest.fixture
def sheet(tmp_path):
    return add_source(ARTICLE, tmp_path)[-1]


def test_the_facts_of_an_article_stand_at_their_places(sheet):
    found = read_sheet(sheet)
    printed = {quantity.id: quantity.printed for quantity in found.quantities}
    facts = {fact.field: printed.get(fact.value.partition(".")[0], fact.value) for fact in found.facts}
    assert facts == CASES["facts"]
    assert {fact.state for fact in found.facts} == {"proposed"}
    assert verify_locators(sheet.parents[1]).problems == []


def test_a_fact_counts_once_it_is_confirmed_and_never_over_the_study(sheet):
    assert sheet_record(read_sheet(sheet)).studies[0]["masking"] is None
    text = sheet.read_text()
    at = text.index("facts:")
    sheet.write_text(text[:at] + text[at:].replace("state: proposed", "state: confirmed", 12))
    record = sheet_record(read_sheet(sheet))
    study = record.studies[0]
    assert [study[name] for name in ("masking", "n_enrolled", "n_planned")] == ["double-blind", 60, 64]
    assert [study[name] for name in ("starts_on", "allocation_ratio")] == ["March 2021", "1:1"]
    assert {figure["printed"] for figure in record.quantities} >= {"Sixty adults", "64 participants"}
    sheet.write_text(sheet.read_text().replace("\nstudy:\n", "\nstudy:\n  masking: open label\n"))
    assert sheet_record(read_sheet(sheet)).studies[0]["masking"] == "open label"


@pytest.mark.parametrize(("text", "expected"), CASES["words"])
def test_what_words_say_of_a_study(text, expected):
    facts, _ = study_facts(article(text), [])
    assert {fact["field"]: fact["value"] for fact in facts} == expected


@pytest.mark.parametrize(("text", "label", "expected"), CASES["arms"])
def test_an_arm_by_its_name_in_the_methods(text, label, expected):
    assert described_arm(article(text), label) == expected


@pytest.mark.parametrize(("text", "time", "expected"), CASES["visits"])
def test_the_time_of_a_visit(text, time, expected):
    assert visit_time(article(text), time) == expected


def test_the_subject_of_a_figure_in_prose():
    text = (
        "Density rose by 18 hairs with Exosomes and 2 hairs with vehicle; shedding fell by 9 hairs in Saline."
    )
    arms = {"Exosomes": "exosomes", "Saline": "saline"}
    found = [
        prose_subject(Article("", text), at := text.index(token), at + 2, arms)
        for token in ("18", "2 ", "9 ")
    ]
    assert [row.get("arm") for row in found] == ["exosomes", None, "saline"]


@pytest.mark.parametrize(("row", "concept"), CASES["rows"])
def test_the_outcome_of_a_row(row, concept):
    assert reading_words().row_concept(row, "Outcomes at week 24") == concept
