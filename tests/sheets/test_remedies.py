"""Each kind of message of `evidence check`: a sheet is broken, the remedy followed, and the check passes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from case_files import cases_of

from helpers.sheets.examination import examine
from helpers.sheets.read import read_sheet
from trialfiles import SourceError

HERE = Path(__file__).parent
TEXT = (HERE / "river2026.txt").read_bytes()
SHEET = (HERE / "river2026.yaml").read_text().replace("SHA", hashlib.sha256(TEXT).hexdigest())
CASES = cases_of(__file__)


@pytest.fixture
def river(tmp_path):
    """Return a sheet with its text beside it, whose places are not written."""
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "river2026.txt").write_bytes(TEXT)
    path = tmp_path / "studies" / "river2026.yaml"
    path.parent.mkdir()
    path.write_text(SHEET)
    return path


def said(path: Path, write: bool = False) -> list[str]:
    """Return the messages of a check, notes among them."""
    done = examine(path.parents[1], [path], write)
    return [str(one) for one in (*done.problems, *done.notes)]


def test_places_are_found_and_written_and_nothing_else_changes(river):
    assert len(said(river)) == 5 and all("--write" in one for one in said(river))
    with pytest.raises(SourceError, match="the place is not written yet. Remedy: evidence check --write"):
        read_sheet(river)  # so that a report never depends on whether a text is at hand
    assert said(river, write=True) == [] == said(river)
    spans = {"all": (1, "48 were"), "n_treated": (2, "24 people"), "rise": (1, "18.4"), "red": (1, "2 with")}
    sheet = read_sheet(river)
    for quantity in sheet.quantities:
        at = TEXT.decode().index(spans[quantity.id][1])
        assert quantity.at.chars == (at, at + len(quantity.printed)) and quantity.at.section
    assert sheet.statements[0].line == 5
    gain = sheet.quantities[2]
    assert (gain.value, gain.sd, gain.unit, gain.kind) == (18.4, 11.2, "hairs/cm2", "mean_sd")
    assert [sheet.quantities[1].value, sheet.quantities[1].kind] == [24, "n"]
    written = re.sub(
        r"(?:at: \{)?section: (\w+), line: \d+(?:, chars: \[\d+, \d+\]\})?", r"in: \1", river.read_text()
    )
    short = re.sub(r"at: \{in: (\w+)\}", r"in: \1", SHEET).replace("line: 8", "in: Results")
    assert written.replace("at: {in: Methods", "in: Methods") == short


@pytest.mark.parametrize("name", CASES)
def test_a_remedy_that_is_followed_makes_the_check_pass(river, name):
    old, new, message, wrong, right, *more = CASES[name]
    assert said(river, write=True) == []
    added = "\n".join([*(f"  - {one}" for one in more), "statements:"])
    text = river.read_text().replace("statements:", added)
    broken = re.sub(re.escape(old) if "\\w" not in old else old, lambda _: new, text, count=1)
    river.write_text(broken)
    (found,) = [re.search(message, one) for one in said(river) if re.search(message, one)]
    place = re.match(rf"(?:note: )?{re.escape(str(river))}:(\d+): \S+: .*Remedy: ", found.string)
    assert place and broken.splitlines()[int(place[1]) - 1].strip()
    mended = re.sub(wrong, lambda _: found.expand(right), broken, count=1, flags=re.M)
    river.write_text(mended.replace("SHA", hashlib.sha256(TEXT).hexdigest()))
    left = said(river, write=True)
    assert [one for one in left if name == "no place" or "no place is named" not in one] == []
