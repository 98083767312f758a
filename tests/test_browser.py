"""The pages in a real browser, from `file://` and with the network off."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from browsing import pages_of

WIDTHS = (320, 768, 1280)


@dataclass
class Visit:
    """What one page was when it was opened once, offline."""

    problems: list[str] = field(default_factory=list)
    headings: int = 0
    language: str | None = None
    title: str = ""
    pictures: list[tuple[str, bool]] = field(default_factory=list)
    widths: dict[int, int] = field(default_factory=dict)
    loose_tables: int = 0


PICTURES = """Promise.all([...document.querySelectorAll('img')].map(picture => {
  picture.loading = 'eager';
  return picture.decode().then(() => [picture.alt, picture.naturalWidth > 0], () => [picture.alt, false]); }))"""
LOOSE_TABLES = """[...document.querySelectorAll('main table')].filter(table => {
  const region = table.closest('[role=region]');
  return !region || !region.getAttribute('aria-label') || region.tabIndex !== 0;
}).length"""


def visit(page, path: Path) -> Visit:
    """Open a page and look at it at every width."""
    found = Visit()

    def listen(request) -> None:
        if not request.url.startswith(("file:", "data:")):
            found.problems.append(request.url)

    def read(message) -> None:
        if message.type == "error":
            found.problems.append(message.text)

    page.on("request", listen)
    page.on("console", read)
    page.on("pageerror", lambda error: found.problems.append(str(error)))
    page.goto(path.as_uri())
    found.headings, found.title = page.locator("h1").count(), page.title()
    found.language = page.locator("html").get_attribute("lang")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found.widths[width] = page.evaluate("document.documentElement.scrollWidth")
    found.pictures = page.evaluate(PICTURES)
    found.loose_tables = page.evaluate(LOOSE_TABLES)
    return found


@pytest.fixture(scope="module", params=["one of a kind", pytest.param("every page", marks=pytest.mark.slow)])
def visits(request: pytest.FixtureRequest, browser, made) -> dict[str, Visit]:
    """Return what each page was, each opened once."""
    context = browser.new_context(offline=True)
    found = {}
    for path in pages_of(made.reports, request.param):
        page = context.new_page()
        found[path.name] = visit(page, path)
        page.close()
    context.close()
    return found


def test_every_page_opens_offline_without_error_or_request(visits):
    assert {name: page.problems for name, page in visits.items() if page.problems} == {}
    for name, page in visits.items():
        assert (page.headings, page.language) == (1, "en") and page.title, name


def test_every_picture_is_shown_and_told(visits):
    pictures = [(name, *picture) for name, page in visits.items() for picture in page.pictures]
    assert [picture for picture in pictures if len(picture[1] or "") <= 20 or not picture[2]] == []
    assert len(pictures) > 10


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways(visits, width: int):
    """At 320 px too, which is 1280 px at 400 %."""
    assert {name for name, page in visits.items() if page.widths[width] > width} == set()


def test_wide_tables_scroll_in_regions_that_the_keyboard_reaches(visits):
    assert {name: page.loose_tables for name, page in visits.items() if page.loose_tables} == {}
