"""Numbers as links: to the figure that prints them, or to the computation."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from helpers.display import linked_text, number, with_origin, without_origins
from helpers.site.checks import ShownNumbers, link_numbers, parse

HOMES = ["q-a", "q-b", "q-s.n", "effect-x", "source-s", "cell-3"]
HOMES += ["parameter-pre_post_correlation", "parameter-site_correlation"]
HOMES = dict.fromkeys(HOMES, "page.html")
SHOWN = ShownNumbers({"q-a": {35.0}, "q-b": {16.0}, "q-s.n": {12.0}}, {"q-b": {12.0}}, {"s": "q-s.n"})


def linked(html: str) -> BeautifulSoup:
    tree = parse(html)
    link_numbers(tree, HOMES, SHOWN)
    soup = BeautifulSoup(tree.html(), "html.parser")
    assert not soup.find(attrs={"data-from": True})
    return soup


def targets(html: str) -> list[tuple[str, str]]:
    return [(link.get_text(), link["href"]) for link in linked(html).find_all("a", class_="n")]


def test_a_number_leads_to_the_figure_that_it_was_born_with():
    """Two figures of one value: each number has its own origin, kept by templates and f-strings."""
    row = {"n": 60, "age_max": 60, "weeks": 12.5, "figures": "n=a;age_max=b"}
    text = f"{number(row, 'n')} people up to {number(row, 'age_max')} years, {number(row, 'weeks')} weeks <b>"
    assert without_origins(text) == "60 people up to 60 years, 12.5 weeks <b>"
    html = f'<div data-from="cell-3" data-in="q-a q-gone"><p>{linked_text(text)}</p></div>'
    assert targets(html) == [("60", "#q-a"), ("60", "#q-b"), ("12.5", "#cell-3")]
    assert [link.get("data-in") for link in linked(html).find_all("a")] == [None, None, "q-a"]


def test_an_origin_that_no_page_holds_or_in_a_heading_is_no_link():
    html = linked_text(with_origin("7", "q-gone") + " " + with_origin("8", "q-a"))
    assert targets(f"<p>{html}</p><h2>{html}</h2>") == [("8", "#q-a")]


def test_a_computation_comes_before_the_figures_that_it_uses():
    html = '<table><tr data-from="effect-x q-a"><td>35 hairs/cm² (31.5 to 38.5)</td><td>no number</td></tr></table>'
    assert targets(html) == [("35 hairs/cm² (31.5 to 38.5)", "#effect-x")]


def test_a_computation_that_does_not_show_the_number_is_passed_over():
    html = (
        '<div data-from="cell-3"><p data-from="pooled-x" data-in="q-a">Without one: 21.3, not 17.1.</p></div>'
    )
    tree = parse(html)
    homes = dict.fromkeys(["pooled-x", "q-a", "cell-3"], "page.html")
    link_numbers(tree, homes, ShownNumbers({"pooled-x": {17.1}, "q-a": {35.0}}))
    links = [(link.words(), link.attrs["href"], link.attrs.get("data-in")) for link in tree.all("a")]
    assert links == [("21.3", "#cell-3", "q-a"), ("17.1", "#pooled-x", None)]


@pytest.mark.parametrize(
    ("cell", "led"),
    [
        ("35 hairs", ["#q-a"]),  # a figure of the row is printed as the number
        ("12 months", ["#q-b"]),  # or for that time
        ("12 hairs", ["#cell-3"]),  # a time is no value
        ("35 weeks", ["#cell-3"]),  # and a value no time
        ("12 (all enrolled)", ["#q-s.n"]),
        ("12 (assumed)", ["#cell-3"]),
        ("35 ± 16", ["#cell-3"]),  # no figure is both
        ("a change of 35 hairs after 12 months in 16 of the 12 enrolled", ["#q-a", "#q-b", "#q-b", "#q-s.n"]),
        ("a difference, pre-post correlation 0.7 assumed, n 16", ["#parameter-pre_post_correlation", "#q-b"]),
        ("a difference, pre-post correlation 0.7 of the study's own SDs", ["#cell-3"]),
        ("a difference, correlation 0.7 assumed between sites", ["#parameter-site_correlation"]),
    ],
)
def test_a_number_leads_to_the_printed_figure_of_its_row_before_the_code(cell, led):
    html = f'<div data-from="cell-3"><table><tr data-in="q-a q-b q-s.gone"><td>{cell}</td></tr></table></div>'
    assert [target for _, target in targets(html)] == led


def test_the_nearest_piece_that_some_page_holds_counts():
    html = '<div data-from="cell-3"><p data-from="gone">7</p><p data-from="q-b">16</p></div>'
    assert targets(html) == [("7", "#cell-3"), ("16", "#q-b")]


def test_an_entry_does_not_lead_to_itself_and_a_printed_figure_needs_no_link():
    html = '<div data-from="cell-3"><table><tr id="effect-x" data-from="effect-x"><td>35</td></tr>'
    html += '<tr id="q-a" data-from="q-a"><td>35</td></tr></table></div>'
    assert targets(html) == [("35", "#cell-3")]


@pytest.mark.parametrize(
    "text",
    [
        "wan2025",
        "NCT06932393",
        "2026-08-23",
        "10.1007/s00266-025-04734-4",
        "1:1",
        "10^−7",
        "a.b.3",
        "v1.2.3",
        "2 December 2026",
    ],
)
def test_names_dates_and_addresses_are_no_numbers(text: str):
    assert targets(f'<p data-from="q-a">{text}</p>') == []


def test_code_headings_and_links_stay_as_they_are():
    html = '<div data-from="cell-3"><h2>1 head</h2><code>2</code><a href="#q-a">3</a><table><tr><th>4</th></tr></table></div>'
    assert targets(html) == []


def test_a_linked_text_keeps_its_words():
    soup = linked('<p data-from="q-a">From −8 to 35, &lt;b&gt; 12,400 and 87 %.</p>')
    assert soup.get_text() == "From −8 to 35, <b> 12,400 and 87 %."
    assert len(soup.find_all("a")) == 4


def test_a_cell_with_a_mark_in_it_is_one_link_and_keeps_the_mark():
    soup = linked('<table><tr data-from="q-a"><th>1</th><td><b>35</b> %</td></tr></table>')
    assert str(soup.td) == '<td><a class="n" href="#q-a"><b>35</b> %</a></td>'
