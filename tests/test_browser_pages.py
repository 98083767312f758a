"""The pages as people use them: with a screen reader, a keyboard, a phone, a printer, without a script."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from browsing import pages_of

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = """async rules => {
  const found = await axe.run(document, { runOnly: { type: 'tag', values: rules }, resultTypes: ['violations'] });
  return found.violations.map(fault => fault.id + ': ' + fault.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | '));
}"""
# One page of a template, and of what stands on it: figures, lines of a source, code.
KINDS = ("index.html", "study-wan2025.html", "04_outcome_comparison.html", "methods.html")
LIGHT_ONLY = ("01_ingestion.html", "05_pooled_effect.html", "data.html")
TURNED = ".scroll:has(thead th:nth-child(11))"  # tables on pages of their own, held by the test after
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
    page.evaluate(axe)
    return page.evaluate(RUN_AXE, RULES)


def faulty(browser, axe: str, paths: Iterable[Path], look: dict[str, Any]) -> dict[str, list[str]]:
    """Return the violations on each page that has any, seen in a window of this look."""
    page = browser.new_page(**look)
    found = {path.name: faults for path in paths if (faults := violations(page, path, axe))}
    page.close()
    return found


@pytest.mark.parametrize(
    ("look", "names"), [(DESK, KINDS + LIGHT_ONLY), (PHONE, KINDS)], ids=["desk", "dark phone"]
)
def test_axe_finds_no_violation_on_a_page_of_each_kind(browser, small, axe: str, look, names):
    assert faulty(browser, axe, [small.reports / name for name in names], look) == {}


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
    for _ in range(reachable + 5):
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


def test_a_first_reader_needs_less_than_four_clicks(page, made):
    """The answer and its certainty: none. A contradiction with its arithmetic: one. The line of a number: three."""
    start = (made.reports / "index.html").as_uri()
    page.goto(start)
    first = page.locator(".answer p:not(.symbols)").first
    assert first.bounding_box()["y"] < 900 and "certainty of the evidence is very low" in first.inner_text()
    assert page.get_by_text("No meta-analysis is possible").first.bounding_box()["y"] < 900
    page.locator('#studies-table a[href="study-wan2025.html#discrepancies"]').click()
    discrepancy = page.locator(":target tbody tr").first
    assert discrepancy.locator("th").inner_text() == "yes" and discrepancy.locator("td").nth(1).inner_text()
    page.goto(start)
    page.locator('.answer a[href$="#outcome-by-outcome"]').last.click()
    page.locator('tr[id^="line-wan2025"] a[href*="#effect-"]').first.click()
    page.locator(':target a[href^="#q-"]').first.click()
    assert "line" in page.locator(":target").inner_text() and page.locator(":target").is_visible()


def test_everything_is_there_without_a_script(browser, made):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((made.reports / "study-wan2025.html").as_uri())
    assert page.locator("#discrepancies tbody tr:visible").count() == 5
    assert page.locator('tr[id^="discrepancy-wan2025"]').count() > 10
    assert page.locator("button").count() == 0
    page.locator("details.code summary").first.click()
    assert page.locator("details.code pre").first.is_visible()
    page.goto((made.reports / "study-wan2025.html").as_uri() + "#q-wan2025.n_abstract")
    assert page.locator(":target").is_visible()
    context.close()


def test_a_number_opens_the_code_that_computed_it(page, made):
    page.goto((made.reports / "05_pooled_effect.html").as_uri())
    page.locator("a.n[href^='#cell-']").first.click()
    assert page.locator(":target pre").is_visible()


def test_print_leaves_furniture_and_code_out_and_cuts_nothing_off(browser, made):
    page = browser.new_page(viewport={"width": 690, "height": 1000})  # the width of a printed A4 page
    page.emulate_media(media="print")
    for name in ("index.html", "study-wan2025.html", "04_outcome_comparison.html"):
        page.goto((made.reports / name).as_uri())
        for part in (".top", ".skip", "details.code"):
            assert page.locator(part).first.is_hidden() or page.locator(part).count() == 0, (name, part)
        page.evaluate(f"document.querySelectorAll('{TURNED}').forEach(part => part.hidden = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= 690, name
        assert page.pdf(prefer_css_page_size=True)[:5] == b"%PDF-"
    page.close()


@pytest.mark.parametrize("which", ["one of a kind", pytest.param("every page", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("width", "wide"), [(688, False), (1017, True)], ids=["portrait", "landscape"])
def test_no_table_is_cut_on_paper_and_each_page_repeats_its_head(
    browser, made, width: int, wide: bool, which: str
):
    """Tables of eleven columns and more stand on pages of their own, turned; a button would not be repeated."""
    page = browser.new_page(viewport={"width": width, "height": 700})
    page.emulate_media(media="print")
    cut = {}
    for path in pages_of(made.reports, which):
        page.goto(path.as_uri())
        tables = page.evaluate(
            """wide => [...document.querySelectorAll('main table')]
                .filter(table => (table.rows[0].cells.length > 10) === wide)
                .map(table => [table.caption?.textContent, table.scrollWidth])""",
            wide,
        )
        if over := [table for table in tables if table[1] > width + 2]:
            cut[path.name] = over
        kinds = page.evaluate(
            "[...document.querySelectorAll('.sort')].map(part => getComputedStyle(part).display)"
        )
        assert set(kinds) <= {"contents"}, path.name
    assert cut == {}
    page.close()
