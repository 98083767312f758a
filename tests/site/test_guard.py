"""Contact details: found where they are, and not where figures only look like them; drawings that run nothing."""

import pytest

from helpers.figures.study import before_after
from helpers.site.assets import COLOURS, DARK_GROUND, LIGHT_GROUND, code_css
from helpers.site.checks import SiteError, check_drawing
from trialfiles import contact_details


@pytest.mark.parametrize(
    "text",
    [
        "someone@example.org",
        "a.b+c@mail.example.co.uk",
        "someone [at] example [dot] org",
        "+442079460018",
        "+49 30 1234 5678",
        "+1 (555) 123-4567",
        "0044 20 79460018",
        "+33.1.42.34.56.78",
        "Tel: 020-7946 0018",
        "+44-20-7946-0018",
    ],
)
def test_found(text):
    assert contact_details(f"Contact {text}, or write.") != []


@pytest.mark.parametrize(
    "text",
    [
        "IRCT20160427027636N8",
        "NCT06932393",
        "10.1007/s00266-025-04734-4",
        "2025-04-17",
        "2025-04-17 12:00:00+00:00",
        "characters 18664950 to 18664955",
        "0" * 64,
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "0012345678901234567890123456789012345678901234567890123456789012",
        "+35.0 (31.5 to 38.5)",
        "+35 (31.5 - 38.5)",
        "+12.5 10 000 20 000",
        "5E8 to 5E9 particles/cm²",
        "80 ± 10 95 ± 12",
        "1 000 000 000 particles",
        "n = 16, 0.001234567",
        "@property",
        "the end of one cell\n@SUM(A1)",
        "x @ y",
        "phone photographs, 12 of 16",
        "0.00123456789012",
        "00266",
        "+3 +4 +5 +6",
        "12-34-56-78",
    ],
)
def test_not_found(text):
    assert contact_details(text) == []


def luminance(colour):
    """Return the relative luminance of a hex colour (WCAG 2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("name", COLOURS)
def test_code_colours_have_contrast(name):
    for colour, ground in zip(COLOURS[name][:2], (LIGHT_GROUND, DARK_GROUND), strict=True):
        light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5
    assert COLOURS[name][0] in code_css()


@pytest.mark.parametrize(
    "inside",
    [
        "<script>1</script>",
        '<a href="#x"/>',
        '<use xlink:href="https://a.org/b.svg#c"/>',
        '<path d="M0 0" onload="x()"/>',
        '<path d="M0 0" fill="url(https://a.org/b)"/>',
        "<style>@import 'b.css'</style>",
        '<foreignObject width="1"/>',
        '<image href="a.png"/>',
    ],
)
def test_a_drawing_that_runs_or_loads_is_refused(inside):
    with pytest.raises(SiteError, match=r"a\.svg"):
        check_drawing("a.svg", f"<svg>{inside}</svg>")


def test_a_drawing_with_hostile_words_passes():
    words = '<script>x</script> onload=x url(http://a.org) @import "'
    text = before_after([{"case": words, "before": 10, "after": 12.5}], title=words).svg()
    check_drawing("a.svg", text)
    assert "<script" not in text
