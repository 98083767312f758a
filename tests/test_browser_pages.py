"""The pages as people use them: with a screen reader, a keyboard, a phone, a printer, without a script."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from browsing import pages_of
from page_links import cards_of

from helpers.sheets.context import read_review_facts

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = """async rules => {
  const found = await axe.run(document, { runOnly: { type: 'tag', values: rules }, resultTypes: ['violations'] });
  return found.violations.map(fault => fault.id + ': ' + fault.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | '));
}"""
# One page of a template, and of what stands on it: figures, lines of a source, code.
KINDS = ("index.html", "study-wan2025.html", "05_pooled_effect.html")
PHONE = {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}
DESK = {"viewport": {"width": 1280, "height": 900}}


@pytest.fixture
def page(browser) -> Iterator:
    with contextlib.closing(browser.new_page(**DESK)) as opened:
        yield opened


@pytest.fixture(scope="module")
def axe() -> str:
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(page, path: Path, axe: str) -> list[str]:
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    return violations_here(page, axe)


def violations_here(page, axe: str) -> list[str]:
    page.evaluate(axe)
    return page.evaluate(RUN_AXE, RULES)


def faulty(browser, axe: str, paths: Iterable[Path], look: dict[str, Any]) -> dict[str, list[str]]:
    """Return the violations on each page that has any, seen in a window of this look."""
    page = browser.new_page(**look)
    found = {path.name: faults for path in paths if (faults := violations(page, path, axe))}
    page.close()
    return found


@pytest.mark.parametrize(("months", "said"), [(-1, "current"), (0, "due now"), (2, "overdue")])
def test_the_first_line_says_by_the_day_whether_the_next_search_is_due(browser, small, months, said):
    due = read_review_facts(small.raw).due
    page = browser.new_page(**DESK)
    page.clock.set_fixed_time((pd.Timestamp(due) + pd.DateOffset(months=months, hours=12)).to_pydatetime())
    page.goto((small.reports / "index.html").as_uri())
    line = page.locator(".kicker").inner_text()
    assert f"next due {due} ({said})" in line and page.locator(".kicker").bounding_box()["y"] < 200
    page.close()


def test_axe_finds_no_violation_on_a_page_of_each_kind(browser, small, axe: str):
    assert faulty(browser, axe, [small.reports / name for name in KINDS], DESK) == {}


@pytest.mark.slow
@pytest.mark.parametrize("look", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_no_violation_on_any_page(browser, made, axe: str, look):
    which = "every page" if look is DESK else "one of a kind"
    assert faulty(browser, axe, pages_of(made.reports, which), look) == {}


def test_axe_would_see_a_fault(page, axe: str, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<html><body><img src='a.png'><p style='color:#999;background:#fff'>pale</p></body></html>"
    )
    found = " ".join(violations(page, bad, axe))
    assert "image-alt" in found and "color-contrast" in found and "html-has-lang" in found


def test_the_index_by_keyboard_alone(page, made):
    page.goto((made.reports / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    reachable = page.evaluate(
        """(() => { const all = [...document.querySelectorAll('a[href], button, summary, input, select, [tabindex="0"]')]
            .filter(part => part.checkVisibility()); all.forEach((part, place) => part.dataset.stop = place);
            return all.length; })()"""
    )
    seen, unmarked = set(), []
    for _ in range(4 * reachable):  # a number's card has stops of its own
        place, marked, inside = page.evaluate(
            """(() => { const part = document.activeElement, look = getComputedStyle(part), box = part.getBoundingClientRect();
                return [part.dataset.stop, look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2,
                        box.bottom > 0 && box.top < innerHeight]; })()"""
        )
        if place is not None:
            seen.add(int(place))
            if not (marked and inside):
                unmarked.append(place)
        page.keyboard.press("Tab")
    assert unmarked == []
    assert seen == set(range(reachable))


def test_a_table_is_sorted_by_keyboard(page, made):
    page.goto((made.reports / "study-wan2025.html").as_uri())
    head = page.locator("#results thead th").first
    for order in ("ascending", "descending"):
        head.get_by_role("button").press("Enter")
        words = page.locator("#results tbody th").all_inner_texts()
        assert head.get_attribute("aria-sort") == order
        assert words == sorted(words, key=str.lower, reverse=order == "descending") and len(set(words)) > 1


FOCUS = "document.activeElement.outerHTML"


def test_a_number_opens_a_card_that_says_what_the_table_says(page, made, axe: str):
    """By hover and by focus; Tab goes on into it, Escape closes it, and nothing is asked of anybody."""
    requests: list[str] = []
    page.goto((made.reports / "study-wan2025.html").as_uri())
    page.on("request", lambda request: requests.append(request.url))
    card, link = page.locator(".card"), page.locator("#glance a.n[href^='#q-']").first
    told = cards_of(made.reports)["study-wan2025.html" + link.get_attribute("href")]
    page.locator("#effects a.n[href^='#cell-']").first.hover()
    assert card.locator("a[href*='#q-wan2025']").first.get_attribute("href") in cards_of(made.reports)
    link.hover()
    card.get_by_text(told["t"], exact=True).wait_for()
    assert card.get_by_text(told["t"], exact=True).is_visible()
    assert card.locator("dl div").all_inner_texts() == [
        f"{line[0]}\n{line[1]}" for line in told["r"] if len(line) < 3
    ]
    page.mouse.move(1, 1)
    card.wait_for(state="hidden")
    page.keyboard.press("Tab")
    link.focus()
    assert card.is_visible() and link.get_attribute("aria-describedby") == card.locator(
        "div"
    ).first.get_attribute("id")
    assert not [url for url in requests if "/figures/" not in url]  # those load when seen
    assert violations_here(page, axe) == []
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS).startswith("<a href") and card.is_visible()
    page.keyboard.press("Escape")
    assert card.count() == 0 and page.evaluate(FOCUS) == link.evaluate("link => link.outerHTML")


def test_the_first_tap_opens_a_card_and_a_link_in_it_leads_on(browser, made):
    context = browser.new_context(has_touch=True, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto((made.reports / "index.html").as_uri())
    link = page.locator(".answer a.n[href^='study-']").first
    target = link.get_attribute("href")
    link.tap()
    box = page.locator(".card").bounding_box()
    assert page.url.endswith("index.html") and box["x"] >= 0 and box["x"] + box["width"] <= 360
    page.locator(".card a").last.tap()
    page.wait_for_url("**/" + target)
    context.close()


def test_the_whole_report_is_searched_from_a_file(page, made, axe: str):
    """What is looked through is loaded at the first key; results are announced and reached by keyboard."""
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url.rpartition("/")[2]))
    page.goto((made.reports / "index.html").as_uri())
    assert "search.js" not in requests
    field = page.get_by_role("searchbox")
    field.press_sequentially("xyzzy")
    page.get_by_text("no places found").first.wait_for()
    field.press("Escape")
    assert page.locator(".found").is_hidden() and page.evaluate(FOCUS).startswith("<input")
    field.fill("35 hairs wan")
    page.locator(".found a").first.wait_for()
    said = page.locator(".search [role=status]").inner_text()
    assert (
        re.fullmatch(r"\d+ places? found", said) and int(said.split()[0]) == page.locator(".found a").count()
    )
    assert violations_here(page, axe) == []
    assert all("35" in words for words in page.locator(".found li:not(.said)").all_inner_texts())
    rows = page.locator(".found a[href*='#q-wan2025']")
    assert rows.count() and requests.count("search.js") == 1
    page.keyboard.press("ArrowDown")
    assert page.evaluate(FOCUS).startswith("<a href")
    rows.first.press("Enter")
    page.wait_for_url("**/study-wan2025.html#q-wan2025*")
    assert page.locator(":target").is_visible() and "35" in page.locator(":target").inner_text()


def test_a_first_reader_needs_less_than_four_clicks(page, made):
    """The answer and its certainty: none. A contradiction with its lines: one. The line of a number: three."""
    start = (made.reports / "index.html").as_uri()
    page.goto(start)
    first = page.locator(".answer p:not(.symbols)").first
    assert first.bounding_box()["y"] < 900 and "certainty of the evidence is very low" in first.inner_text()
    assert page.get_by_text("No meta-analysis is possible").first.bounding_box()["y"] < 900
    page.locator('#studies-table a[href="study-wan2025.html#discrepancies"]').click()
    discrepancy = page.locator(":target tbody tr").first
    assert "certain, serious" in page.locator(":target").inner_text()
    assert discrepancy.locator("th").inner_text() and discrepancy.locator("td").first.inner_text()
    page.goto(start)
    page.locator('.answer a[href$="#results-by-outcome"]').last.click()
    page.locator('tr[id^="line-wan2025"] a[href*="#effect-"]').first.click()
    page.locator(':target a[href^="#q-"]').first.click()
    assert "(23;132)" in page.locator(":target").inner_text() and page.locator(":target").is_visible()


def test_everything_is_there_without_a_script(browser, made):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((made.reports / "study-wan2025.html").as_uri())
    assert page.locator("#discrepancies tbody tr:visible").count() == 5
    assert page.locator('tr[id^="discrepancy-wan2025"]').count() > 10
    assert page.locator("button").count() == 0 and page.locator(".search").is_hidden()
    page.locator("details.code summary").first.click()
    assert page.locator("details.code pre").first.is_visible()
    page.goto((made.reports / "study-wan2025.html").as_uri() + "#q-wan2025.n_abstract")
    assert page.locator(":target").is_visible()
    context.close()


SIZES = """[...document.querySelectorAll('body *:not(svg *)')].filter(part => part.getClientRects().length
  && [...part.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  .map(part => parseFloat(getComputedStyle(part).fontSize) * 0.75)"""


def test_index_methods_and_a_study_print_on_twelve_pages_in_nine_points(page, made):
    """What is folded stays folded, but for the line that says what it is."""
    page.emulate_media(media="print")
    sheets = 0
    for name in ("index.html", "methods.html", "study-chan2025.html"):
        page.goto((made.reports / name).as_uri())
        page.evaluate("Promise.all([...document.images].map(one => (one.loading = 'eager', one.decode())))")
        assert min(page.evaluate(SIZES)) >= 8.99, name
        for part in (".top", ".skip", "details.code", "nav.contents"):
            assert not page.locator(part).count() or page.locator(part).first.is_hidden(), (name, part)
        sheets += len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    assert page.locator('[id^="q-chan2025"]').first.is_hidden()
    assert sheets <= 12


@pytest.mark.parametrize("which", ["one of a kind", pytest.param("every page", marks=pytest.mark.slow)])
def test_no_table_is_cut_on_paper_and_each_page_repeats_its_head(browser, made, which: str):
    """A row of a table of eight columns and more is a line with labels; a button would not be repeated."""
    page = browser.new_page(viewport={"width": 700, "height": 700})
    page.emulate_media(media="print")
    cut = {}
    for path in pages_of(made.reports, which):
        page.goto(path.as_uri())
        tables = page.evaluate(
            "[...document.querySelectorAll('main table')].map(table => [table.caption?.textContent, table.scrollWidth])"
        )
        if over := [table for table in tables if table[1] > 702]:
            cut[path.name] = over
        kinds = page.evaluate(
            "[...document.querySelectorAll('.sort')].map(part => getComputedStyle(part).display)"
        )
        assert set(kinds) <= {"contents"}, path.name
    assert cut == {}
    page.close()


LOOSE = """[...document.querySelectorAll('.stack tbody tr > *')].filter(cell => cell.getBoundingClientRect().right > innerWidth
  || !getComputedStyle(cell, '::before').content.includes(cell.dataset.label)).length"""


def test_a_wide_table_on_a_phone_is_cards_and_still_a_table(browser, made):
    page = browser.new_page(viewport={"width": 360, "height": 740})
    for name in ("index.html", "study-wan2025.html"):
        page.goto((made.reports / name).as_uri())
        assert page.locator(".contents details").get_attribute("open") is None
        assert page.locator("table.stack").count() and page.evaluate(LOOSE) == 0, name
        assert page.locator(".stack thead button:visible").count() == 0
        said = page.locator("table.stack").first.aria_snapshot()
        assert all(role in said for role in ("table ", "columnheader", "rowheader", "cell")), said[:400]
    page.close()
