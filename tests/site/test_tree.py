"""A body as a tree: the same as BeautifulSoup makes of it, only sooner; nothing is lost or let through."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from case_files import cases_of

from helpers.site.checks import SiteError, Tag, parse

CASES = cases_of(__file__)

WELL_FORMED = CASES["well formed"]


def plain(soup: BeautifulSoup) -> list:
    """Return elements and texts in order, however quotes and blanks in tags are written."""
    return [
        (part.name, {key: str(value) for key, value in part.attrs.items()}) if part.name else str(part)
        for part in soup.descendants
    ]


@pytest.mark.parametrize("html", WELL_FORMED)
def test_what_is_written_is_what_was_read(html: str):
    written = parse(html).html()
    assert plain(BeautifulSoup(written, "html.parser")) == plain(BeautifulSoup(html, "html.parser"))
    assert parse(written).html() == written


@pytest.mark.parametrize("html", CASES["not well formed"])
def test_what_is_not_well_formed_is_put_in_order_as_before(html: str):
    words = BeautifulSoup(html, "html.parser")
    tree = parse(html)
    assert "".join(tree.texts()) == words.get_text()
    assert [tag.name for tag in tree.walk()] == [tag.name for tag in words.find_all(True)]


@pytest.mark.parametrize("html", ["<p <script>alert(1)</script>", "<?php x ?><p>y</p>", "<p <script>"])
def test_what_cannot_be_read_is_refused(html: str):
    with pytest.raises(SiteError, match=r"a\.html: HTML with broken tags"):
        parse(html, "a.html")


@pytest.mark.parametrize("html", CASES["scripts"])
def test_a_script_is_seen_wherever_it_hides(html: str):
    assert "script" in [tag.name for tag in parse(html).walk()]


def test_wrapping_and_unwrapping_keep_the_order():
    tree = parse("<p>a<b>c</b>d</p>")
    (bold,) = tree.all("b")
    bold.wrap(Tag("i", {"class": "x"}))
    assert tree.html() == '<p>a<i class="x"><b>c</b></i>d</p>'
    bold.unwrap()
    assert tree.html() == '<p>a<i class="x">c</i>d</p>'
    assert [tag.name for tag in next(iter(tree.all("i"))).parents()] == ["p", ""]


def test_the_parts_of_a_style_sheet_are_no_words():
    assert parse("<style>a{}</style><p> one <b>two</b></p>").words() == "one two"
