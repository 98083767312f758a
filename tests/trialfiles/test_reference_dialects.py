"""Ways in which managers of references export that no sample shows; values fixed by hand."""

from __future__ import annotations

import json
from pathlib import Path

from review_readers import read_sources


def references(tmp_path, text):
    path = tmp_path / "export"
    path.write_text(text, encoding="utf-8")
    return [record.references[0] for record in read_sources(path)]


def test_signs_of_latex_are_not_lost_and_hide_nothing(tmp_path):
    (one,) = references(
        tmp_path,
        "@article{a,\n title = {Hair {\\&} skin: 50% of R&D, p {\\textless} 0.05},\n year = {2023},\n"
        " url = {https://example.org/x?id=2&key=a%2Fb}\n}\n",
    )
    assert one["title"] == "Hair & skin: 50% of R&D, p < 0.05"
    assert one["url"] == "https://example.org/x?id=2&key=a%2Fb"


def test_rich_text_a_note_and_particles_of_csl(tmp_path):
    item = {
        "id": 1, "type": "article-journal", "title": "A <i>randomised</i> trial of CO<sub>2</sub>",
        "note": "PMID: 36789012\nother", "issued": {"date-parts": [[2023, 5]]},
        "author": [{"family": "Vries", "non-dropping-particle": "de", "given": "A."}],
    }  # fmt: skip
    (one,) = references(tmp_path, json.dumps([item]))
    assert (one["title"], one["pmid"], one["authors"]) == (
        "A randomised trial of CO2", "36789012", ["de Vries, A."],
    )  # fmt: skip


def test_embase_has_the_doi_under_the_type_of_work(tmp_path):
    (one,) = references(tmp_path, "TY  - JOUR\nT1  - Hair\nY1  - 2023//\nM3  - 10.1111/JOCD.15555\nER  -\n")
    assert (one["doi"], one["year"]) == ("10.1111/jocd.15555", "2023")


def test_a_chapter_of_a_book_in_pubmed_is_a_reference_too(tmp_path):
    found = references(tmp_path, Path(__file__).with_name("book.xml").read_text())
    assert [(row["title"], row["authors"], row["pmid"]) for row in found] == [
        ("One", ["Li, X"], "1"), ("Alopecia", ["Ho, Ann"], "2"),
    ]  # fmt: skip
    assert (found[1]["journal"], found[1]["year"]) == ("StatPearls", "2025")
