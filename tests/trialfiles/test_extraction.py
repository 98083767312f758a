"""Floors of recall and precision, so that neither can fall unseen (the tables: tests/benchmarks)."""

import pytest
from extraction_scores import merge, section_scores, sentence_scores, sheet_scores, total


@pytest.fixture(scope="module")
def sections(shared):
    return section_scores((shared / "documents", shared / "samples" / "articles"))


@pytest.mark.parametrize("table", ["first", "second", "third"])
def test_sentences_of_other_topics(table):
    scores = total(sentence_scores(table))
    assert scores.marked >= 140
    assert scores.recall >= 0.98, scores.missed
    assert scores.precision >= 0.99, scores.wrong


def test_results_sections_read_by_hand(sections):
    scores = total(merge(sections.values()))
    assert scores.marked == 431
    assert scores.recall >= 0.98, scores.missed
    assert scores.precision >= 0.99, scores.wrong


@pytest.mark.parametrize("name", ["wan2025", "lepekhova2025", "chan2025", "PMC4389977", "PMC4796446",
                                  "mean_sd", "p_value", "percent", "grade", "n", "statistic"])  # fmt: skip
def test_no_article_and_no_kind_is_left_behind(sections, name):
    own = [total(one) for document, one in sections.items() if document.startswith(name)]
    scores = own[0] if own else merge(sections.values())[name]
    assert scores.marked >= (9 if own else 15)
    assert scores.recall >= 0.95, scores.missed
    assert scores.precision >= 0.95, scores.wrong


@pytest.mark.parametrize(("roles", "floor"), [(("result", "safety"), 0.95), (("design", "cited"), 0.9)])
def test_confirmed_sheets(checkout, shared, roles, floor):
    sheets = sorted((checkout / "data" / "raw" / "studies").glob("*.yaml"))
    scores = total(merge(sheet_scores(sheets, shared / "documents", roles).values()))
    assert scores.marked >= 50
    assert scores.recall >= floor, scores.missed
