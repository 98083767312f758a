"""Locators against source texts: what agrees, what does not, and what was not at hand."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from helpers.verification import verify_locators
from trialfiles import SourceError

TEXT = "Title\n\nWe treated 16 men – 95 hairs.\nNobody left.\n"
SHEET = """\
study_sheet: 1
study_id: made2026
source: {{source_id: made2026, tier: core, format: article, document: made.txt, sha256: {sha}}}
extraction: {{readers: 1, date: 2026-01-31}}
study: {{n_enrolled: people}}
quantities:
  - {{id: people, printed: "16", value: 16, kind: n, role: design, concept: sample_size,
     at: {{line: {line}, chars: [{start}, {end}]}}}}
  - {{id: density, printed: "95 hairs", value: 95, kind: mean, role: result, concept: hair_density,
     at: {{line: 3, chars: [27, 35]}}}}
  - {{id: nowhere, printed: "12", value: 12, kind: other, role: design, concept: administrative}}
findings:
  - id: doubt
    check: reporting
    severity: minor
    statement: Words.
    places: [{{line: {place}, printed: "{words}"}}]
"""


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "made.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


def verify(raw: Path, **changes: object):
    """Verify a raw folder with one sheet, some of whose places are changed."""
    facts = {"line": 3, "start": 18, "end": 20, "place": 4, "words": "Nobody"}
    facts |= {"sha": hashlib.sha256(TEXT.encode()).hexdigest()} | changes
    (raw / "studies").mkdir(exist_ok=True)
    (raw / "studies" / "made2026.yaml").write_text(SHEET.format(**facts), encoding="utf-8")
    return verify_locators(raw)


def test_places_that_hold_are_verified(raw):
    found = verify(raw)
    assert found.problems == []
    assert found.verified == {"made2026.people": True, "made2026.density": True}
    assert found.agreed == 2
    assert (found.present, found.absent) == (["made.txt"], [])


@pytest.mark.parametrize(
    "place",
    [
        {"start": 17, "end": 19},
        {"line": 2},
        {"line": 4},
        {"start": 9000, "end": 9002},
        {"start": 0, "end": 2},
    ],
)
def test_a_wrong_place_is_a_problem_of_that_figure_alone(raw, place):
    found = verify(raw, **place)
    assert found.verified == {"made2026.people": False, "made2026.density": True}
    (problem,) = found.problems
    assert problem.field == "quantities.people"
    assert problem.file.endswith("made2026.yaml")
    assert problem.remedy


def test_a_changed_text_verifies_nothing_even_where_the_tokens_still_stand(raw):
    (raw / "documents" / "made.txt").write_text(TEXT + "One more line.\n", encoding="utf-8")
    found = verify(raw)
    assert set(found.verified.values()) == {False}
    assert found.agreed == 0
    (problem,) = found.problems
    assert problem.field == "source.sha256"
    assert hashlib.sha256(TEXT.encode()).hexdigest() in problem.problem


def test_a_text_without_a_hash_in_the_sheet_verifies_nothing_and_says_what_to_write(raw):
    found = verify(raw, sha="null")
    assert found.agreed == 0
    (problem,) = found.problems
    assert hashlib.sha256(TEXT.encode()).hexdigest() in problem.remedy


def test_a_text_that_is_not_at_hand_is_named_and_is_no_problem(raw):
    (raw / "documents" / "made.txt").unlink()
    found = verify(raw)
    assert (found.problems, found.verified, found.absent, found.present) == ([], {}, ["made.txt"], [])
    (raw / "documents").rmdir()
    assert verify(raw).absent == ["made.txt"]


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"  \n"])
def test_a_text_that_cannot_be_read_is_a_problem(raw, data):
    (raw / "documents" / "made.txt").write_bytes(data)
    found = verify(raw)
    assert (len(found.problems), found.verified) == (1, {})


@pytest.mark.parametrize(("place", "words"), [(3, "Nobody"), (99, "Nobody"), (4, "nobody")])
def test_words_that_a_finding_points_at_must_stand_on_their_line(raw, place, words):
    (problem,) = verify(raw, place=place, words=words).problems
    assert problem.field == "findings.doubt"


def test_a_text_outside_the_folder_is_never_read(raw):
    sheet = SHEET.replace("document: made.txt", "document: ../made.txt")
    (raw / "made.txt").write_text(TEXT)
    (raw / "studies").mkdir()
    facts = {"line": 3, "start": 18, "end": 20, "place": 4, "words": "Nobody", "sha": "null"}
    (raw / "studies" / "made2026.yaml").write_text(sheet.format(**facts))
    with pytest.raises(SourceError, match=r"source\.document"):
        verify_locators(raw)
