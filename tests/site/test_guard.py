"""Contact details: found where they are, and not where figures only look like them; drawings that run nothing."""

import re

import pytest
from case_files import cases_of

from helpers.figures.study import before_after
from helpers.site.checks import SiteError, check_drawing
from helpers.site.notebook import COLOURED
from helpers.site.page import stylesheet
from trialfiles import contact_details

CASES = cases_of(__file__)


@pytest.mark.parametrize("text", CASES["found"])
def test_found(text):
    assert contact_details(f"Contact {text}, or write.") != []


@pytest.mark.parametrize("text", CASES["not found"])
def test_not_found(text):
    assert contact_details(text) == []


def luminance(colour):
    """Return the relative luminance of a hex colour (WCAG 2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("name", COLOURED)
def test_code_colours_have_contrast(name):
    style = stylesheet()
    pairs = [re.findall(rf"--{part}:\s*(#\w+)", style)[:2] for part in (f"code-{name}", "wash")]
    for colour, ground in zip(*pairs, strict=True):
        light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5
    assert f"code .{name}{{color: var(--code-{name})" in style


@pytest.mark.parametrize("inside", CASES["drawings"])
def test_a_drawing_that_runs_or_loads_is_refused(inside):
    with pytest.raises(SiteError, match=r"a\.svg"):
        check_drawing("a.svg", f"<svg>{inside}</svg>")


def test_a_drawing_with_hostile_words_passes():
    words = '<script>x</script> onload=x url(http://a.org) @import "'
    text = before_after([{"case": words, "before": 10, "after": 12.5}], title=words).drawing.svg()
    check_drawing("a.svg", text)
    assert "<script" not in text
