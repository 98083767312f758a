"""SVG in few bytes: the same shapes and words, whatever stands in them."""

import re
from xml.etree.ElementTree import fromstring

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from helpers.figures.canvas import PIXELS_PER_POINT, compact_svg, text_width
from helpers.figures.study import before_after

FRAME = (
    '<svg xmlns:xlink="http://www.w3.org/1999/xlink" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 540 45.123456">'
    "<metadata>someone</metadata><defs><style>*{}</style></defs>%s</svg>"
)


def words_of(svg: str) -> list[str]:
    """Return the texts of a drawing in order."""
    return [part.text for part in fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_a_drawing_loses_idle_groups_and_decimals_and_keeps_the_rest():
    drawn = FRAME % (
        '<g id="a"><g id="b"><path d="M 0 65.250001 \nL 540 -0.0001 \nz\n" style="fill: #ffffff; stroke-width: 0.9"/></g>'
        '<g clip-path="url(#clip9)"><path d="M 1 1" style="fill: #ffffff; stroke-width: 0.9"/></g></g>'
        '<defs><clipPath id="clip9"><rect x="0" y="0" width="1" height="1"/></clipPath></defs>'
    )
    small = compact_svg(drawn, 720, 60)
    assert small.count("<g") == 1 and "someone" not in small and 'viewBox="0 0 540 45.12"' in small
    assert 'd="M0 65.25L540 0z"' in small
    assert small.count(".a{fill:#ffffff;stroke-width:0.9}") == 1 and small.count('class="a"') == 2
    (name,) = re.findall(r'clipPath id="(\w+)"', small)
    assert f'clip-path="url(#{name})"' in small


def test_paths_are_joined_only_where_nothing_overlaps_in_another_tone():
    def drawn(style: str) -> str:
        part = f'<path d="M 0 0 L 0 5 L 5 5 z" style="{style}"/><path d="M 9 0 L 9 5" style="{style}"/>'
        return compact_svg(FRAME % part, 1, 1)

    styles = (
        "fill: none; stroke: #000000",
        "fill: #000000",
        "fill: #000000; opacity: 0.5",
        "fill: #000000; stroke: #ffffff",
    )
    assert [drawn(style).count("<path") for style in styles] == [1, 1, 2, 2]
    assert 'd="M0 0V5H5zM9 0V5"' in drawn("fill: #000000")


def test_a_turned_text_stays_turned_and_a_level_one_needs_no_turn():
    drawn = FRAME % (
        '<text x="1" y="2" transform="rotate(-0 1 2)">level</text><text transform="rotate(-90 1 2)">up</text>'
    )
    assert compact_svg(drawn, 1, 1).count("transform") == 1
    assert "rotate(-90 1 2)" in compact_svg(drawn, 1, 1)


@pytest.mark.parametrize("words", ["<b>&amp;\"'", "$x^2$ $", "שלום עולם", "a\x00b\x0bc", "]]> -->", "=1+1"])
def test_hostile_words_stay_words(words):
    svg = before_after([{"case": words, "before": 10, "after": 12.5}], title="t").svg()
    shown = " ".join(words_of(svg)).replace(" ", "")
    assert re.sub("[\x00\x0b]", "\ufffd", words).replace(" ", "") in shown


TEXTS = (
    "wan2025, week 24, n 16 ‡", "S", "…", "O", "e", "D", ")", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789",
    "abcdefghijklmnopqrstuvwxyz", "hairs/cm²", "±25.5 (−3 to 7) ", "a&b@$%", "ß ö ç é Ω µ", "|", "(", "Q",
)  # fmt: skip


@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize("size", [8.0, 9.0, 10.5])
def test_a_text_is_never_wider_than_its_width_and_hardly_narrower(size, weight):
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    for text in (part for whole in TEXTS for part in (whole, whole[: len(whole) // 2 or 1], whole[-1])):
        if text.strip():
            drawn = TextPath((0, 0), text, prop=font, usetex=False).get_extents().x1 * PIXELS_PER_POINT
            assert drawn <= text_width(text, size, weight) <= 1.1 * drawn + size / 2, text


def test_a_letter_that_the_font_has_not_counts_as_a_square():
    assert text_width("\u65e5\u672c", 9.0) == 18.0 * PIXELS_PER_POINT
