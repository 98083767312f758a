"""Drawings as SVG: few bytes, the colours of the text around, and words whatever stands in them."""

import re
from xml.etree.ElementTree import fromstring

import pytest
from bs4 import BeautifulSoup
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from helpers.display import figure_html
from helpers.figures.canvas import OPACITY, PALETTE, Axis, Drawing, text_width, ticks
from helpers.figures.study import before_after
from helpers.site.page import Page, arrange


def words_of(svg: str) -> list[str]:
    """Return the texts of a drawing in order."""
    return [part.text for part in fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_neutral_shapes_have_the_colour_of_the_text_and_nothing_needs_a_style_sheet():
    pen = Drawing()
    for colour in (*OPACITY, "blue"):
        pen.line(0, 0, 10, 0, colour)
        pen.write(0, 10, "a", colour=colour)
    svg = pen.svg()
    assert "<style" not in svg and "style=" not in svg and "<style" in Drawing(318).svg()
    drawn = {colour for colour in re.findall(r'(?:fill|stroke)="([^"]*)"', svg)}
    assert drawn == {"currentColor", "none", "#fff", PALETTE["blue"]}


def test_neighbours_that_look_alike_are_one_and_what_hides_another_stays_apart():
    pen = Drawing()
    pen.line(0, 5, 9, 5)
    pen.line(3, 0, 3, 9)
    for x in (0, 2):
        pen.mark("circle", x, 5, hollow=True)
    assert 'd="M0 5H9M3 0V9"' in pen.svg() and pen.svg().count('class="paper" fill="#fff" stroke') == 2


@pytest.mark.parametrize("words", ["<b>&amp;\"'", "$x^2$ $", "שלום עולם", "a\x00b\x0bc", "]]> -->", "=1+1"])
def test_hostile_words_stay_words(words):
    svg = before_after([{"case": words, "before": 10, "after": 12.5}], title="t").drawing.svg()
    shown = " ".join(words_of(svg)).replace(" ", "")
    assert words.replace("\x00", "\ufffd").replace("\x0b", "").replace(" ", "") in shown  # a tab is a blank


@pytest.mark.parametrize(("low", "high"), [(-0.29, 0.01), (-6.4, 71.2), (0, 1), (2024.54, 2027.7), (-1e6, 3)])
def test_an_axis_has_few_round_numbers_inside_it(low, high):
    found = ticks(low, high)
    assert 2 <= len(found) <= 8 and low <= found[0] < found[-1] <= high
    axis = Axis([low, high], 10, 100, air=0)
    assert axis(low) == 10 and axis(high) == 110


TEXTS = (
    "wan2025, week 24, n 16 ‡", "S", "…", "O", "e", "D", ")", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789",
    "abcdefghijklmnopqrstuvwxyz", "hairs/cm²", "±25.5 (−3 to 7) ", "a&b@$%", "ß ö ç é Ω µ", "|", "(", "Q",
)  # fmt: skip


@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize("size", [11.0, 12.0, 14.0])
def test_a_text_is_never_wider_than_its_width_and_hardly_narrower(size, weight):
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    for text in (part for whole in TEXTS for part in (whole, whole[: len(whole) // 2 or 1], whole[-1])):
        if text.strip():
            drawn = TextPath((0, 0), text, prop=font, usetex=False).get_extents().x1
            assert drawn <= text_width(text, size, weight) <= 1.1 * drawn + size / 2, text


def test_a_letter_that_the_font_has_not_counts_as_a_square():
    assert text_width("\u65e5\u672c", 9.0) == 18.0


def test_in_a_page_a_drawing_stands_inline_with_a_number_and_its_files():
    drawn = before_after([{"case": "a", "before": 10, "after": 12.5}], title="Cases")
    page = arrange(Page("a.html", "t", str(figure_html(drawn, "cases"))))
    html = page.tree.html()
    soup = BeautifulSoup(html, "html.parser")
    assert soup.svg["role"] == "img" and "10 → 12.5" in soup.svg["aria-label"] and "style" not in html
    assert soup.find("img")["src"] == "figures/a-cases-phone.svg" and not soup.find("picture")
    assert soup.figcaption.get_text().startswith("Figure 1. Cases.")
    links = [link["href"] for link in soup.select("figcaption a")]
    assert links == ["figures/a-cases.csv", "figures/a-cases.svg"]
    assert set(page.figures) == {f"figures/a-cases{end}" for end in (".csv", ".svg", "-phone.svg")}
