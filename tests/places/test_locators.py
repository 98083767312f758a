"""Checking a locator that someone else wrote, and the texts that it points into."""

import hashlib
from pathlib import Path

import pytest
import yaml

from helpers.places import Document, check_locator, read_document
from helpers.sheets.locators import SourceText, Token, look_up
from trialfiles import SourceError

TEXT = "Results\n\nIt was 0.32 of 32/3% in 1,320 men.\nThen 3 again, and 3 more; 80\u2009±\u200910 hairs.\n"
DOCUMENT = Document("a.txt", TEXT, "")


def said(printed, line, at, length=None):
    """Return what is said of a token at the place of some words."""
    start = TEXT.index(at)
    return check_locator(DOCUMENT, printed, line, start, start + (length or len(printed)))


def test_a_locator_that_holds():
    assert said("32", 3, "32/3") == said("again", 4, "again") == ""


@pytest.mark.parametrize(
    ("printed", "at", "nearest"),
    [("3", "It", "3%"), ("32", "It", "32/3"), ("3", "again", "3 again"), ("3", "more", "3 more")],
)
def test_the_nearest_place_of_a_token_is_named_and_none_inside_a_longer_number(printed, at, nearest):
    start = TEXT.index(nearest)
    assert f"at characters {start} to {start + len(printed)}" in said(printed, 3, at)


def test_locator_that_points_elsewhere():
    sentence = said("33", 3, "32/3")
    assert "'32' stands at" in sentence and "no line holds it" in sentence
    start = TEXT.index("32/3")
    sentence = said("32", 3, "2/3")
    assert "'2/' stands at" in sentence and f"line 3 (that line) at characters {start} to" in sentence
    assert "stands on line 4, not on line 3" in said("again", 3, "again")
    assert "line 4 has it with another space" in said("80 ± 10", 4, "80")
    assert "nearest" not in said("20", 3, "men")


@pytest.mark.parametrize("span", [(-3, 4), (5, 5), (9, 2), (0, 10_000)])
def test_locator_outside_the_text(span):
    assert "are no span of a text" in check_locator(DOCUMENT, "3", 3, *span)


def test_at_most_forty_characters_are_shown():
    document = Document("a", "x" * 500, "")
    sentence = check_locator(document, "y" * 500, 1, 0, 500)
    assert "x" * 39 + "…" in sentence and "x" * 41 not in sentence and "y" * 41 not in sentence


def test_text_is_kept_as_it_is(tmp_path):
    content = "Résumé\r\n80 ± 10\n".encode()
    path = tmp_path / "one.txt"
    path.write_bytes(content)
    document = read_document(path)
    assert (document.name, document.text) == ("one.txt", content.decode())
    assert document.sha256 == hashlib.sha256(content).hexdigest()


def test_lines_count_from_one_and_end_at_newlines_only():
    document = Document("a", "one\r\ntwo\fstill two\u2028still two\n\nfour", "")
    words = ("one", "two", "still", "four")
    assert [document.line_of(document.text.index(word)) for word in words] == [1, 2, 2, 4]
    assert document.line_of(len(document.text)) == 4


@pytest.mark.parametrize(("content", "words"), [
    (None, "one.txt: cannot be read.*Remedy"), (b"", "is empty"), (b" \n\t\r\n", "is empty"),
    (b"\xef\xbb\xbf\n", "is empty"), (b"first\nhairs per cm\xb2\n", "txt:2: byte 18, 0xb2.*Remedy.*UTF-8"),
])  # fmt: skip
def test_a_text_that_cannot_be_read_is_refused_with_the_remedy(tmp_path, content, words):
    path = tmp_path / "one.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=words):
        read_document(path)
    with pytest.raises(SourceError, match="cannot be read"):
        read_document(tmp_path)


LOOKED_UP = yaml.safe_load(Path(__file__).with_name("test_looking_up.yaml").read_text(encoding="utf-8"))
SECTIONS = SourceText(
    Document(
        "made.txt",
        "Methods\n\nIn 16 men of 16.\n\nResults\n\nIt was 95 of 17 hairs.\nThen 8, 8 and 8.\n8 once more, 8 and 8.\n",
        "",
    )
)


def token(printed, section=None, line=None, chars=None, figure=True):
    """Return a token as a sheet has it."""
    span = tuple(chars) if chars else None
    return Token(("quantities", 0), ("quantities", 0, "at"), "a", printed, section, line, span, figure)


@pytest.mark.parametrize(("given", "problem", "remedy"), LOOKED_UP)
def test_a_token_stands_in_its_place_or_it_is_said_where(given, problem, remedy):
    found = look_up(token(*given), SECTIONS)
    assert (found and found[1]) == remedy
    assert found is None or problem in (None, found[0])


def test_a_place_lies_in_its_sections():
    titles = [SECTIONS.section_at(offset) for offset in (0, 26, 27, 97)]
    assert titles == ["Methods", "Methods", "Results", "Results"]
    names = ("Methods", "methods", "Meth…", "Meth", "ethods", "Front matter")
    assert [SECTIONS.has(name) for name in names] == [True] * 4 + [False, True]
    assert [SECTIONS.within(12, name) for name in names] == [True] * 4 + [False, False]
    bare = SourceText(Document("made.txt", "16 men\n", ""))
    assert (bare.section_at(0), bare.within(0, "Front matter"), bare.within(0, "Methods")) == (
        "Front matter",
        True,
        False,
    )
    assert look_up(token("16", "Methods"), bare)[1] == "leave it out, and name the line"


def test_all_is_written_that_can_be():
    assert [token("16", None, *place).written for place in ((3, (12, 14)), (3, None), (None, None), (3, None, False))] == [
        True, False, False, True]  # fmt: skip
