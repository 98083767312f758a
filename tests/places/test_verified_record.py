"""The record of the last verification, and the agreement of two readings."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from helpers.places import read_document
from helpers.sheets.raw import read_raw
from helpers.sheets.read import read_sheet
from helpers.verification import (
    VERIFICATION_FILE,
    compare_readings,
    inclusion_kappa,
    mark_verified,
    read_second_reading,
    read_verification,
    reading_agreement,
    record_problems,
    record_verification,
    stale,
    verify_locators,
)
from trialfiles import SourceError

DAY = date(2026, 1, 31)


def marks(raw: Path) -> tuple[list, list]:
    """Return what the tables say of every figure's place, and of each source."""
    record = read_raw(raw).record
    mark_verified(raw, record.sources, record.quantities, verify_locators(raw))
    of_sources = [[row["verified_on"], row["verified_figures"]] for row in record.sources]
    return [row["verified"] for row in record.quantities], of_sources


def test_tables_say_the_same_with_the_texts_and_without_them_once_it_is_recorded(raw):
    assert stale(raw) == ["made2026"]
    assert marks(raw) == ([True, True], [[None, 2]])
    assert record_verification(raw, DAY).problems == []
    last = read_verification(raw)["made2026"]
    assert (last.date, last.figures, last.words, stale(raw)) == (DAY, 2, 1, [])
    with_texts = marks(raw)
    (raw / "documents" / "made.txt").unlink()
    assert marks(raw) == with_texts == ([True, True], [["2026-01-31", 2]])
    record_verification(raw, date(2026, 2, 1))  # without its text a sheet keeps its entry
    assert read_verification(raw)["made2026"].date == DAY
    assert reading_agreement(raw)["study_id"].tolist() == ["made2026"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('printed: "16", value: 16', 'printed: "61", value: 61'),
        ("chars: [23, 25]", "chars: [22, 24]"),
        ('printed: "Nobody"', 'printed: "Someone"'),
        ("", "ab" * 32),
    ],
)
def test_a_record_is_void_as_soon_as_a_token_a_place_or_the_text_is_another_one(raw, sha, old, new):
    record_verification(raw, DAY)
    (raw / "documents" / "made.txt").unlink()
    path = raw / "studies" / "made2026.yaml"
    path.write_text(path.read_text().replace(old or sha, new))
    assert marks(raw) == ([None, None], [[None, 0]])
    assert (stale(raw), reading_agreement(raw).empty) == (["made2026"], True)


def test_a_figure_that_is_not_there_is_never_recorded(raw):
    path = raw / "studies" / "made2026.yaml"
    record_verification(raw, DAY)
    before = (raw / "verification.yaml").read_bytes()
    path.write_text(path.read_text().replace("chars: [23, 25]", "chars: [22, 24]"))
    assert record_verification(raw, date(2026, 2, 1)).problems
    assert (raw / "verification.yaml").read_bytes() == before
    assert marks(raw) == ([False, True], [[None, 1]])


@pytest.mark.parametrize("text", ["verification: 2", "verification: 1\nsources: {a: {figures: -1}}", "[", ""])
def test_a_damaged_record_is_refused_with_the_remedy(raw, text):
    (raw / "verification.yaml").write_text(text)
    with pytest.raises(SourceError, match=r"verification\.yaml"):
        marks(raw)


def test_two_readings_are_compared_by_place_and_value(raw):
    head = "study_id,role,printed,value,line,char_start,char_end\n"
    rows = (
        "made2026,design,16 men,16,3,23,29\nmade2026,result,95,94,3,32,34\nmade2026,design,2026,2026,1,6,10\n"
    )
    (raw / "second_reading.csv").write_text(head + rows)
    second = read_second_reading(raw)
    sheet = read_sheet(raw / "studies" / "made2026.yaml")
    found = compare_readings(sheet.quantities, second)
    assert found == {"same": ["16 men"], "differing": ["95"], "only_first": [], "only_second": ["2026"]}
    assert compare_readings(sheet.quantities, second[1:])["only_first"] == ["16"]
    # numbers 2026, 16, 95: both take 16 and 95, the second 2026 too; agreement 2/3, by chance 2/3
    document = read_document(raw / "documents" / "made.txt")
    assert inclusion_kappa(document, sheet.quantities, second) == (3, pytest.approx(0.0))
    assert inclusion_kappa(document, sheet.quantities, second[:2]) == (3, 1.0)


@pytest.mark.parametrize(
    "text", ["a,b\n", "study_id,role,printed,value,line,char_start,char_end\nx,y,z,v,1,2,3\n"]
)
def test_a_second_reading_that_cannot_be_read_names_its_line(raw, text):
    (raw / "second_reading.csv").write_text(text)
    with pytest.raises(SourceError, match=r"second_reading\.csv:[12]"):
        read_second_reading(raw)
    (raw / VERIFICATION_FILE).write_text(text)
    assert {Path(one.file).name for one in record_problems(raw)} == {"second_reading.csv", VERIFICATION_FILE}


@pytest.fixture
def verify(raw, write_sheet):
    """Return a function that verifies the folder with some facts of its sheet changed."""
    return lambda **changes: verify_locators(write_sheet(**changes).parents[1])


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
    assert found.agreed == 0 and sha in found.problems[0].remedy


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
def test_words_that_a_discrepancy_points_at_must_stand_on_their_line(verify, place, words):
    (problem,) = verify(place=place, words=words).problems
    assert problem.field == "discrepancies.doubt"
