"""Hostile and broken files of every form: one clear refusal, or inert text; nothing beside it is lost."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from broken_files import quick, read_or_refused
from hypothesis import given, settings
from hypothesis import strategies as st
from review_readers import read_extraction, read_source, read_sources

from helpers.sheets.raw import read_raw
from helpers.sheets.read import read_sheet
from helpers.sheets.write import add_source
from trialfiles import SourceError
from trialfiles.article_tables import statistic_of, values_in
from trialfiles.json_records import json_items
from trialfiles.reading import LIMIT


def refused(path: Path) -> list:
    with pytest.raises(SourceError) as caught:
        list(read_sources(path))
    for problem in caught.value.problems:
        assert problem.file == str(path) and problem.problem and problem.remedy
    return caught.value.problems


@pytest.fixture(scope="module")
def samples(shared):
    return shared / "samples"


TEXTS = (
    "articles/pubmed_parser_paper.bib", "articles/rispy_example_full.ris", "articles/csl_manual-references.json",
    "revman/Fleiss1993_CR.csv", "ictrp/ICTRP_2020-04-15_other_registers.csv", "ctgov/NCT03418623.json",
    "articles/PMC4796446.nxml",
)  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("code", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_changes_nothing(samples, tmp_path, name, code):
    text = (samples / name).read_text(encoding="utf-8")
    if name.endswith(".nxml") and code == "utf-16":
        text = text.replace(' encoding="UTF-8"', "")
    path = tmp_path / "file"
    path.write_bytes(text.encode(code))
    plain = [record.table_rows() for record in read_sources(samples / name)]
    found = [record.table_rows() for record in read_sources(path)]
    for record in (*plain, *found):
        for row in record["sources"]:
            row.pop("source_id"), row.pop("study_id")  # of nameless references: the file's name
    assert found == plain


@pytest.mark.parametrize("name", TEXTS[:6])
def test_another_encoding_is_refused_with_its_place(samples, tmp_path, name):
    data = (samples / name).read_bytes()
    at = data.index(b"\n", len(data) // 2) if b"\n" in data[len(data) // 2 :] else len(data) - 2
    path = tmp_path / "file"
    path.write_bytes(data[: at - 1] + b"\x81" + data[at - 1 :])  # no letter of Windows-1252 either
    (problem,) = refused(path)
    assert "UTF-8" in problem.remedy
    assert problem.line is not None


BOMB = "<!DOCTYPE {root} [<!ENTITY a 'haha'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>"
OUTSIDE = "<!DOCTYPE {root} [<!ENTITY c SYSTEM 'file:///etc/passwd'>]>"
ELSEWHERE = "<!DOCTYPE {root} SYSTEM 'http://localhost/a.dtd'>"
XML = {
    "article": "<article><front><article-meta><title-group><article-title>T &c;</article-title></title-group>"
    "</article-meta></front></article>",
    "PubmedArticleSet": "<PubmedArticleSet><PubmedArticle>&c;</PubmedArticle></PubmedArticleSet>",
    "COCHRANE_REVIEW": "<COCHRANE_REVIEW>&c;</COCHRANE_REVIEW>",
    "trials": "<trials><trial><main><trial_id>&c;</trial_id></main></trial></trials>",
    "Trials_downloaded_from_ICTRP": "<Trials_downloaded_from_ICTRP>&c;</Trials_downloaded_from_ICTRP>",
}


@pytest.mark.parametrize("root", XML)
@pytest.mark.parametrize("head", [BOMB, OUTSIDE, ELSEWHERE])
def test_entities_are_refused_in_every_xml(tmp_path, root, head):
    path = tmp_path / "file"
    path.write_text(head.format(root=root) + XML[root])
    (problem,) = refused(path)
    assert "not safe" in problem.problem
    assert "root:" not in str(problem)


@pytest.mark.parametrize("root", XML)
def test_deep_nesting_is_refused(tmp_path, root):
    path = tmp_path / "file"
    path.write_text(f"<{root}>" + "<a>" * 50_000 + "</a>" * 50_000 + f"</{root}>")
    assert refused(path)


def test_giants_are_refused_without_being_read_whole(tmp_path):
    path = tmp_path / "file"
    with path.open("wb") as stream:
        stream.truncate(LIMIT + 1)
    assert "bytes" in refused(path)[0].problem
    path.write_bytes(b'{"studies": [{"a": "' + b"x" * 200_000_000)
    assert "one record has more than" in refused(path)[0].problem
    path.write_bytes(b"<article>" + (b"<p>" + b"x" * 1_000_000 + b"</p>") * 60)
    assert "bytes, more than" in refused(path)[0].problem


def test_a_workbook_that_unpacks_to_a_giant_is_refused(tmp_path):
    path = tmp_path / "file"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "x")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 201_000_000)
    assert "giant" in refused(path)[0].problem
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "x")
    assert "not a whole workbook" in refused(path)[0].problem


def test_a_mapping_that_builds_objects_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b,c\n1,2,3\n")
    (tmp_path / "m.yaml").write_text("columns: !!python/object/apply:os.system [touch hacked]\n")
    with pytest.raises(SourceError):
        read_extraction(tmp_path / "t.csv", tmp_path / "m.yaml")
    assert not (tmp_path / "hacked").exists()


def test_an_author_whose_name_climbs_stays_in_its_folder(tmp_path):
    path, raw = tmp_path / "article.xml", tmp_path / "deep" / "raw"
    path.write_text(
        "<article><front><article-meta><title-group><article-title>Any title</article-title></title-group>"
        "<contrib-group><contrib><name><surname>../../y</surname></name></contrib></contrib-group>"
        "<pub-date><year>2020</year></pub-date></article-meta></front></article>"
    )
    for made in add_source(path, raw):
        assert made.resolve().is_relative_to(raw.resolve())
    assert sorted(item.name for item in tmp_path.iterdir()) == ["article.xml", "deep"]


MARKUP = '<script>alert(1)</script> & "x"'


def test_markup_and_formulas_stay_text(tmp_path):
    protocol = {"identificationModule": {"nctId": "NCT00000001", "briefTitle": MARKUP}}
    protocol |= {"armsInterventionsModule": {"armGroups": [{"label": "=1+1"}]}}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"protocolSection": protocol}))
    found = read_source(path)
    assert found.studies[0]["title"] == MARKUP
    assert (found.arms[0]["label"], found.arms[0]["arm_id"]) == ("=1+1", "1_1")
    assert len(add_source(path, tmp_path / "raw")) == 2
    assert read_raw(tmp_path / "raw").record.sources[0]["citation"] == MARKUP
    [path] = (tmp_path / "raw" / "studies").iterdir()
    cited = read_sheet(path).source.reference
    assert (cited.author, cited.title) == ([{"literal": "NCT00000001"}], MARKUP)
    assert cited.container_title == "ClinicalTrials.gov"


def test_numbers_that_are_none_and_half_characters_are_refused(tmp_path):
    path = tmp_path / "a.json"
    for text, words in (('{"studies": [NaN]}', "NaN"), ('[{"title": "\\ud800"}]', "half"), ("[1] x", "after its end"),
                        ('{"a" 1}', "':' delimiter"), ('{"a": 1 "b": 2}', "',' delimiter"),
                        ('[1 2]', ", is missing"), ('{"studies": [1], "next" 2}', "':' delimiter")):  # fmt: skip
        path.write_text(text)
        with pytest.raises(SourceError, match=words):
            list(json_items(path))


def test_records_cut_by_a_blocks_end_are_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("trialfiles.json_records.BLOCK", 20)
    content = {"studies": [{"a": "x" * 50, "n": 12345}, {"b": [1, 2, {"c": "é"}]}], "next": 17}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False))
    items = list(json_items(path))
    assert items == [(1, 3, content["studies"][0]), (2, 7, content["studies"][1])]


@quick
@given(st.lists(st.lists(st.text(max_size=10), min_size=4, max_size=4), min_size=1, max_size=4))
def test_any_cells_of_an_extraction_table_are_read_or_refused(tmp_path, cells):
    path = tmp_path / "t.csv"
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
    path.write_text("study_id,arm,mean,n\n" + "\n".join(lines) + "\n", encoding="utf-8", errors="replace")
    read_or_refused(path)


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="0123456789.,()[]±−-–%/ p<=>*NS≤ ", max_size=16),
    st.sampled_from(["", "mean (SD)", "n (%)", "P"]),
)
def test_any_cell_of_a_printed_table_gives_figures_in_their_place(text, words):
    for value in values_in(text, statistic_of(words)):
        assert text[value.start : value.start + len(value.printed)] == value.printed
        assert value.sd is None or value.sd >= 0
        assert value.low is None or value.low <= value.high


@pytest.mark.slow
@quick
@given(st.sampled_from(TEXTS), st.integers(0, 10_000), st.integers(0, 400))
def test_any_cut_of_any_sample_is_read_or_refused(samples, tmp_path, name, start, length):
    data = (samples / name).read_bytes()[:20_000]
    at = start % len(data)
    path = tmp_path / "file"
    path.write_bytes(data[:at] + data[at + length :])
    read_or_refused(path)
