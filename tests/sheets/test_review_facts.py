"""The facts of the synthesis itself: read as they stand, refused where they cannot be meant."""

from pathlib import Path

import pytest
from case_files import cases_of

from helpers.sheets.screening import read_review_facts
from trialfiles import SourceError

CASES = cases_of(__file__)


def written(folder: Path, text: str) -> Path:
    (folder / "review.yaml").write_text(text, encoding="utf-8")
    return folder


def test_no_file_no_facts(tmp_path):
    facts = read_review_facts(tmp_path)
    assert facts.searches == () and facts.status is None


def test_a_date_stays_as_precise_as_it_is(tmp_path):
    text = (
        "status: living\nprotocol: null\nsearches:\n- {on: 2026-11-22, where: a}\n- {on: 2026-10, where: b}\n"
    )
    facts = read_review_facts(written(tmp_path, text))
    assert [search.on for search in facts.searches] == ["2026-11-22", "2026-10"]
    assert (facts.status, facts.protocol) == ("living", None)


@pytest.mark.parametrize(("text", "words"), CASES["refused"])
def test_refused_with_the_place_and_the_remedy(tmp_path, text: str, words: str):
    with pytest.raises(SourceError, match=f"review.yaml.*{words}"):
        read_review_facts(written(tmp_path, text))


def test_the_facts_of_this_synthesis(checkout):
    assert read_review_facts(checkout / "data" / "raw").searches[0].on == "2026-11"
