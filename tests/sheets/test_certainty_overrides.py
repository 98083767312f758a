"""Overrides of certainty: read whole, or refused with line, place and remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from case_files import cases_of

from helpers.sheets.context import read_certainty_overrides
from helpers.sheets.raw import check_raw
from trialfiles import SourceError

CASES = cases_of(__file__)

SHEET = Path(__file__).parents[2] / "data" / "raw" / "studies" / "chan2025.yaml"
GOOD = """\
overrides:
  - concept: hair_density
    evidence: core
    domain: imprecision
    steps: 1
    reason: The interval is wide, and the people counted are enough for the question asked.
    by: a reviewer
"""


def raw(tmp_path: Path, text: str) -> Path:
    (tmp_path / "studies").mkdir(exist_ok=True)
    shutil.copy(SHEET, tmp_path / "studies")
    (tmp_path / "certainty_overrides.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_no_file_no_override(tmp_path: Path):
    assert read_certainty_overrides(tmp_path) == []


def test_an_override_is_read_with_its_name(tmp_path: Path):
    [row] = read_certainty_overrides(raw(tmp_path, GOOD))
    assert (row["override_id"], row["steps"], row["by"]) == ("core.hair_density.imprecision", 1, "a reviewer")


@pytest.mark.parametrize(("old", "new", "line", "words"), CASES["mistakes"])
def test_a_wrong_override_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, line: int, words: str
):
    folder = raw(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(SourceError) as caught:
        read_certainty_overrides(folder)
    [problem] = caught.value.problems
    assert problem.line == line and words in str(problem)
    assert str(problem) in [str(one) for one in check_raw(folder)]


def test_the_same_domain_twice_is_refused(tmp_path: Path):
    twice = GOOD + GOOD.removeprefix("overrides:\n")
    with pytest.raises(SourceError, match="stands twice"):
        read_certainty_overrides(raw(tmp_path, twice))
