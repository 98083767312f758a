"""References in every form, found once each; out again as RIS and CSL-JSON."""

import json

import pytest
from case_files import cases_of
from review_readers import read_sources

from helpers.sheets.screening import add_references, distinct_references, read_screening, screening_row
from helpers.tables import validate
from trialfiles import Reference, write_csl, write_ris
from trialfiles.references import REFERENCE_READERS, read_csl, read_ris
from trialfiles.text import inert_cell


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "samples" / "articles"


def refs(folder, name, form):
    return list(REFERENCE_READERS[form](folder / name))


def test_an_entry_that_cannot_be_read_is_named_by_its_line(tmp_path):
    path = tmp_path / "a.bib"
    path.write_text("@article{a, title={x}}\n\n@article{b,\n title={x\n}\n")
    good, bad = REFERENCE_READERS["bibtex"](path)
    assert (good.title, bad.line) == ("x", 3)


def test_a_field_beyond_any_abstract_is_left_as_it_is(tmp_path):
    """The LaTeX decoder takes time with the square of a text; the other fields are decoded."""
    path = tmp_path / "a.bib"
    path.write_text('@article{a,\n title={Gr{\\"u}n},\n abstract={\\"u ' + "a" * 1_000_000 + "}\n}\n")
    [found] = REFERENCE_READERS["bibtex"](path)
    assert (found.title, found.abstract[:6]) == ("Grün", '\\"u aa')


def test_ris_in_all_its_dialects(folder):
    numbers = {name: len(refs(folder, f"rispy_example_{name}.ris", "ris"))
               for name in ("full", "extraneous_data", "bom", "multiline", "utf_chars")}  # fmt: skip
    assert numbers == {"full": 2, "extraneous_data": 2, "bom": 1, "multiline": 3, "utf_chars": 1}
    first, second = refs(folder, "rispy_example_extraneous_data.ris", "ris")
    assert (first.title, first.year, first.volume) == ("Title of reference", "2014", "9")
    assert first.pages == "e0815"
    assert second.authors == ["Marxus, Karlus", "Lindgren, Astrid"]
    assert second.journal == "Lorem"
    (bom,) = refs(folder, "rispy_example_bom.ris", "ris")
    assert (bom.doi, bom.title) == ("10.1186/s40981-020-0316-0", None)
    (cyrillic,) = refs(folder, "rispy_example_utf_chars.ris", "ris")
    assert cyrillic.title.startswith("Состояние")
    assert len(cyrillic.authors) == 5


def test_the_names_of_a_reviews_studies(shared):
    found = list(REFERENCE_READERS["ris"](shared / "samples" / "revman" / "revmanweb_included.ris"))
    assert [reference.title for reference in found] == [
        "AMIS", "CDP", "Davis", "Florell", "GASP", "Gruen", "Hart", "ISIS-2", "MRC-1", "MRC-2", "PARIS", "Wilson",
    ]  # fmt: skip


def test_bibtex(folder):
    found = refs(folder, "pubmed_parser_paper.bib", "bibtex")
    assert len(found) == 11
    first = found[0]
    assert (first.doi, first.year, first.volume) == ("10.1186/s12859-019-2958-3", "2019", "20")
    assert first.authors[0] == "Ševa, Jurica"
    assert first.journal == "BMC bioinformatics"
    assert found[1].url == "https://arxiv.org/abs/1702.04615"


def test_csl_and_pubmed(folder):
    (item,) = refs(folder, "csl_manual-references.json", "csl")
    assert (item.year, item.authors) == ("2019", ["Himmelstein, Daniel"])
    (article,) = refs(folder, "pubmed_29768149.xml", "pubmed")
    assert (article.pmid, article.doi, article.year) == ("29768149", "10.1056/nejmoa1715274", "2018")
    assert article.title == "Inhaled Combined Budesonide-Formoterol as Needed in Mild Asthma."
    assert article.pages == "1865-1876"
    assert "3849 patients underwent randomization" in article.abstract
    assert article.registrations == ["NCT02149199"]


def test_every_reference_becomes_rows_that_fit(folder):
    for path in sorted(folder.glob("*.ris")) + [folder / "pubmed_parser_paper.bib"]:
        for record in read_sources(path):
            validate("sources", record.sources)
            rows = [screening_row(Reference(**row), path.name, "x") for row in record.references]
            validate("screening", rows)


@pytest.mark.parametrize(("one", "other", "same"), cases_of(__file__)["works"])
def test_one_title_may_be_of_several_works(one, other, same):
    kept, merges = distinct_references(Reference(title="Alopecia areata", **work) for work in (one, other))
    assert (len(kept), len(merges)) == ((1, 1) if same else (2, 0))


def test_one_work_is_found_once_and_each_merge_is_shown():
    works = [
        Reference(title="A trial", year="2020", doi="10.1/a"),
        Reference(title="A trial!", year="2020"),
        Reference(title="Something else entirely", year="2021", doi="10.1/a", pmid="5"),
        Reference(title="Registration", registrations=["NCT01234567"]),
        Reference(title="The same registration", registrations=["NCT01234567"]),
        Reference(title="First report", doi="10.1/b", registrations=["NCT07654321"]),
        Reference(title="Second report", doi="10.1/c", registrations=["NCT07654321"]),
        Reference(title="A trial", year="2019"),
    ]
    kept, merges = distinct_references(works)
    titles = [work.title for work in kept]
    assert titles == ["A trial", "Registration", "First report", "Second report", "A trial"]
    assert [str(merge) for merge in merges] == [
        "'A trial!' is 'A trial': the same title and year",
        "'Something else entirely' is 'A trial': the same DOI",
        "'The same registration' is 'Registration': the same registration number",
    ]
    assert kept[0].pmid == "5"


def test_references_join_the_screening_list_once(folder, tmp_path):
    bib = folder / "pubmed_parser_paper.bib"
    path, merges, new, _ = add_references("bibtex", bib, tmp_path)
    assert (new, merges) == (11, [])
    before = path.read_bytes()
    _, merges, new, _ = add_references("bibtex", bib, tmp_path)
    assert new == 0
    assert len(merges) == 11
    assert path.read_bytes() == before
    rows = read_screening(tmp_path)
    assert {row["decision"] for row in rows} == {"awaiting"}
    validate("screening", rows)


def test_ris_and_csl_out_and_in_again(folder, tmp_path):
    works = refs(folder, "pubmed_parser_paper.bib", "bibtex")
    (tmp_path / "out.ris").write_text(write_ris(works))
    (tmp_path / "out.json").write_text(write_csl(works))
    for found in (list(read_ris(tmp_path / "out.ris")), list(read_csl(tmp_path / "out.json"))):
        assert [(work.title, work.doi, work.year, work.authors, work.journal) for work in found] == [
            (work.title, work.doi, work.year, work.authors, work.journal) for work in works
        ]


def test_formulas_and_markup_are_inert(tmp_path):
    path = tmp_path / "a.ris"
    path.write_text(
        "TY  - JOUR\nTI  - =cmd|' /C calc'!A0 <script>alert(1)</script>\nAU  - @x\nPY  - 2020\nER  - \n"
    )
    written, *_ = add_references("ris", path, tmp_path)
    assert "\n'=cmd" not in written.read_text().split(",")[0]
    (row,) = read_screening(tmp_path)
    assert row["record"].startswith("'=cmd")
    assert [inert_cell(f"{sign}A1") for sign in "=+-@"] == ["'=A1", "'+A1", "'-A1", "'@A1"]
    assert [*map(inert_cell, ("a=1", "-1.5e3", "+.5"))] == ["a=1", "-1.5e3", "+.5"]


def test_an_author_in_parts():
    assert json.loads(write_csl([Reference(title="x", year="2020", authors=["A, B"])]))[0]["author"] == [
        {"family": "A", "given": "B"}
    ]
