"""Files of another kind, and broken ones: each refused by name with its place and the remedy."""

from __future__ import annotations

import zipfile
from contextlib import nullcontext
from pathlib import Path

import pytest
from case_files import cases_of
from review_readers import read_source, read_sources

from trialfiles import Problem, SourceError
from trialfiles.text import parse_xml

RECORD = Path(__file__).parents[2] / "data" / "raw" / "registry" / "NCT06932393.json"
NOT_XML = "not safe, whole XML"
BYTES = [
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file", ".xlsx"),
    (b"<a>\x00</a>", NOT_XML, ""),
    (b"<a>" * 20_000, NOT_XML, ""),
    (b"[" * 50_000, "not JSON", ""),
    (b'{"a": ' + b"9" * 5000 + b"}", "not JSON", ""),
    (b'{"a": "\xff"}', "not JSON", ""),
    (b"{", "not JSON", ""),
    (b"", "empty", ""),
    (b"\x89PNG\r\n\x1a\n", "not a format", ""),
]
TEXTS = [(text.encode(), words, "".join(remedy)) for text, words, *remedy in cases_of(__file__)]


def refused(path: Path, content: bytes) -> Problem:
    """Return the first problem of a file; every one says where it is, what is wrong, and what to do."""
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        list(read_sources(path))
    for problem in caught.value.problems:
        assert problem.file == str(path) and problem.problem and problem.remedy
    return caught.value.problems[0]


@pytest.mark.parametrize(("content", "words", "remedy"), [*BYTES, *TEXTS])
def test_a_file_is_refused_by_name(tmp_path, content, words, remedy):
    problem = refused(tmp_path / "file", content)
    assert words in str(problem) and remedy in problem.remedy


def test_truncated_json_names_its_line(tmp_path):
    half = RECORD.read_text()[: RECORD.stat().st_size // 2]
    assert refused(tmp_path / "a.json", half.encode()).line == half.count("\n") + 1


@pytest.mark.parametrize(
    ("member", "words"), [("word/document.xml", "a Word document"), ("NCT06932393.json", "zip archive")]
)
def test_an_archive_is_not_unpacked(tmp_path, member, words):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, RECORD.read_text())
    problem = refused(tmp_path / "a.json", (tmp_path / "a.zip").read_bytes())
    assert words in problem.problem


def test_nothing_and_a_folder_are_no_file(tmp_path):
    for path in (tmp_path / "nothing.json", tmp_path):
        with pytest.raises(SourceError, match="no such file"):
            read_source(path)


@pytest.mark.parametrize(("levels", "refused"), [(200, False), (201, True)])
def test_xml_is_read_to_two_hundred_levels(tmp_path, levels, refused):
    (tmp_path / "deep.xml").write_text("<a>" * levels + "</a>" * levels)
    with pytest.raises(SourceError, match="deeper than 200") if refused else nullcontext():
        assert parse_xml(tmp_path / "deep.xml").tag == "a"


@pytest.mark.parametrize("name", ["irct.txt", "medpath.txt", "article"])
def test_a_text_of_more_lines_than_any_document_has_is_refused(tmp_path, name):
    here = Path(__file__).with_name(name)
    head = (
        here.read_text()
        if here.exists()
        else "A study of hair density\n\nAbstract\n\nIt grew.\n\nMethods\n\nIt was counted.\n\nResults\n\n"
    )
    (tmp_path / "a").write_text(head + "a\n" * (100_000 - head.count("\n")))
    assert list(read_sources(tmp_path / "a"))
    assert "100,001 lines" in refused(tmp_path / "b", (tmp_path / "a").read_bytes() + b"a\n").problem
