"""`trialfiles` without the review: its README, a vocabulary of another field, and a process that has no helpers."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
from case_files import cases_of

import trialfiles
from trialfiles import SourceError, find_quantities, read_source, read_vocabulary

README = Path(trialfiles.__file__).with_name("README.md")


@pytest.fixture
def folder() -> Path:
    return Path(__file__).with_name("knee")


def test_what_the_readme_shows_is_so(folder, monkeypatch):
    monkeypatch.chdir(folder)
    result = doctest.testfile(str(README), module_relative=False, encoding="utf-8")
    assert (result.failed, result.attempted > 5) == (0, True)


def test_without_a_vocabulary_only_concept_and_role_are_empty(folder):
    plain = read_source(folder / "NCT01234567.json")
    known = read_source(folder / "NCT01234567.json", read_vocabulary(folder / "knee.yaml"))
    assert [arm["role"] for arm in plain.arms] == [None, None]
    assert [row["concept"] for row in plain.outcomes] == [None]
    for arms in (plain.arms, known.arms):
        for arm in arms:
            del arm["role"]
    del plain.outcomes[0]["concept"], known.outcomes[0]["concept"]
    assert plain == known


def test_a_vocabulary_adds_units_and_scales(folder):
    text = (
        "On X-ray there were 7 osteophytes, Kellgren–Lawrence grade III, and 120 freckles/cm² after 4 weeks."
    )
    vocabulary = read_vocabulary(folder / "knee.yaml")
    known = {(one.kind, one.printed, one.unit) for one in find_quantities(text, vocabulary)}
    assert known == {
        ("count", "7 osteophytes", "osteophytes"), ("timepoint", "4 weeks", "weeks"),
        ("grade", "Kellgren–Lawrence grade III", "Kellgren–Lawrence"),
    }  # fmt: skip
    plain = {(one.kind, one.printed, one.unit) for one in find_quantities(text)}
    assert {("density", "120 freckles/cm²", "freckles/cm²"), ("timepoint", "4 weeks", "weeks")} <= plain


@pytest.mark.parametrize(("text", "line", "words"), cases_of(__file__)["mistakes"])
def test_a_mistake_in_a_vocabulary_is_named_with_its_line(tmp_path, text, line, words):
    path = tmp_path / "words.yaml"
    path.write_text(text)
    with pytest.raises(SourceError) as caught:
        read_vocabulary(path)
    assert [problem.line for problem in caught.value.problems][:1] == [line]
    assert words in str(caught.value)
