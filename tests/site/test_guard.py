"""Contact details: found where they are, and not where figures only look like them; drawings that run nothing."""

import pytest
from case_files import cases_of

from helpers.figures.study import before_after
from helpers.site.checks import SiteError, check_drawing
from trialfiles import contact_details

CASES = cases_of(__file__)


@pytest.mark.parametrize("text", CASES["found"])
def test_found(text):
    assert contact_details(f"Contact {text}, or write.") != []


@pytest.mark.parametrize("text", CASES["not found"])
def test_not_found(text):
    assert contact_details(text) == []


@pytest.mark.parametrize("inside", CASES["drawings"])
def test_a_drawing_that_runs_or_loads_is_refused(inside):
    with pytest.raises(SiteError, match=r"a\.svg"):
        check_drawing("a.svg", f"<svg>{inside}</svg>")


def test_a_drawing_with_hostile_words_passes():
    words = '<script>x</script> onload=x url(http://a.org) @import "'
    text = before_after([{"case": words, "before": 10, "after": 12.5}], title=words).drawing.svg()
    check_drawing("a.svg", text)
    assert "<script" not in text
