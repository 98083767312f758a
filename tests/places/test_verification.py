"""Locators against source texts: what agrees, what does not, and what was not at hand."""

from __future__ import annotations

import pytest

from helpers.verification import verify_locators
from trialfiles import SourceError


@pytest.fixture
def verify(raw, write_sheet):
    """Return a function that verifies the folder with some facts of its sheet changed."""

    def call(**changes):
        write_sheet(**changes)
        return verify_locators(raw)

    return call


NOWHERE = '\n  - {id: nowhere, printed: "12", value: 12, kind: other, role: design, concept: administrative}'


def test_places_that_hold_are_verified(verify):
    found = verify(more=NOWHERE)
    assert found.problems == []
    assert found.verified == {"made2026.people": True, "made2026.density": True}
    assert found.agreed == 2
    assert (found.present, found.absent) == (["made.txt"], [])


@pytest.mark.parametrize(
    "place", [{"start": 22, "end": 24}, {"line": 2}, {"start": 9000, "end": 9002}, {"start": 0, "end": 2}]
)
def test_a_wrong_place_is_a_problem_of_that_figure_alone(verify, place):
    found = verify(**place)
    assert found.verified == {"made2026.people": False, "made2026.density": True}
    (problem,) = found.problems
    assert problem.field == "quantities.people" and problem.file.endswith("made2026.yaml") and problem.remedy


def test_a_changed_text_verifies_nothing_even_where_the_tokens_still_stand(raw, verify, sha):
    with (raw / "documents" / "made.txt").open("a", encoding="utf-8") as text:
        text.write("One more line.\n")
    found = verify()
    assert set(found.verified.values()) == {False}
    (problem,) = found.problems
    assert problem.field == "source.sha256" and sha in problem.problem


def test_a_text_without_a_hash_in_the_sheet_verifies_nothing_and_says_what_to_write(verify, sha):
    found = verify(sha="null")
    assert found.agreed == 0
    (problem,) = found.problems
    assert sha in problem.remedy


def test_a_text_that_is_not_at_hand_is_named_and_is_no_problem(raw, verify):
    (raw / "documents" / "made.txt").unlink()
    found = verify()
    assert (found.problems, found.verified, found.absent, found.present) == ([], {}, ["made.txt"], [])
    (raw / "documents").rmdir()
    assert verify().absent == ["made.txt"]


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"  \n"])
def test_a_text_that_cannot_be_read_is_a_problem(raw, verify, data):
    (raw / "documents" / "made.txt").write_bytes(data)
    found = verify()
    assert (len(found.problems), found.verified) == (1, {})


@pytest.mark.parametrize(("place", "words"), [(3, "Nobody"), (99, "Nobody"), (4, "nobody")])
def test_words_that_a_finding_points_at_must_stand_on_their_line(verify, place, words):
    (problem,) = verify(place=place, words=words).problems
    assert problem.field == "findings.doubt"


def test_a_text_outside_the_folder_is_never_read(raw, verify):
    (raw / "documents" / "made.txt").rename(raw / "made.txt")
    with pytest.raises(SourceError, match=r"source\.document"):
        verify(document="../made.txt")
