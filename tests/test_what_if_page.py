"""The panel on page 05: by keyboard and link, marked and taken back, on paper and without a script."""

from __future__ import annotations

import pytest
from test_browser_pages import axe, violations_here  # noqa: F401

from helpers.site.page import script
from helpers.tables import read_table

LOOKS = ({"viewport": {"width": 1280, "height": 900}}, {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"})  # fmt: skip
LABELS = [f"{what}, {arm}" for arm in ("exosomes", "comparator") for what in ("people", "mean change", "SD")]


@pytest.fixture
def address(small) -> str:
    return (small.reports / "05_pooled_effect.html").as_uri()


def opened(browser, address: str, **look):
    page = browser.new_context(offline=True, **look).new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.goto(address)
    return page, page.locator(".what-if")


def test_a_change_is_marked_shared_and_taken_back_by_keyboard(browser, address, small):
    page, panel = opened(browser, address)
    said = read_table("summary_of_findings", small.processed).set_index("summary_id").loc["core.hair_density"]
    start = panel.inner_text()
    assert said["statement"] in start and said["absolute"] in start and "Default: as in this report." in start
    for _ in range(3):
        panel.get_by_label("pre-post correlation").press("ArrowLeft")
    assert "Changed: pre-post correlation 0.67." in panel.inner_text() and page.url.endswith("#r=0.67")
    assert panel.get_by_text("default: 0.7", exact=True).is_visible()
    panel.get_by_role("button", name="Rate this one").first.press("Enter")
    assert "15 follicles/cm²" in panel.inner_text() and page.url.endswith("&only=wan2025.hair_density.2")
    again, other = opened(browser, page.url)
    assert other.locator("dl").inner_text() == panel.locator("dl").inner_text()
    panel.get_by_role("button", name="Reset").press("Enter")
    assert panel.locator("dl").inner_text() in start and page.url.endswith("#what-if")
    assert page.faults == again.faults == []
    for bad in ("#r=9&own=1,2&sd=x&q=nothing&with=%3Cb%3E", "#own=a;b&only=none&without=,"):
        broken, panel = opened(browser, address + bad)
        assert broken.faults == [] and "hair density" in panel.inner_text()


@pytest.mark.parametrize("look", LOOKS, ids=["desk", "phone"])
def test_a_study_is_typed_in_and_nobody_is_left_out(browser, address, axe, look):  # noqa: F811
    page, panel = opened(browser, address, **look)
    page.evaluate("document.querySelectorAll('.what-if details').forEach(part => part.open = true)")
    for label, value in zip(LABELS, ("30", "20", "12", "31", "8"), strict=False):  # one SD is left out
        panel.get_by_label(label).fill(value)
    panel.get_by_label("standard deviation").select_option("missing")
    panel.get_by_role("button", name="Add it").press("Enter")
    assert "12 hairs/cm², 95 % interval 1.75 to 22.2, difference between groups" in panel.inner_text()
    panel.locator("[role=status]").filter(has_text="12 hairs/cm²").wait_for(state="attached")
    assert violations_here(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= look["viewport"]["width"]
    page.emulate_media(media="print")
    assert panel.is_hidden() and page.locator("#panel").is_visible()


def test_without_a_script_the_default_stands_and_the_script_is_small(browser, address):
    page, panel = opened(browser, address, java_script_enabled=False)
    assert panel.count() == 0 and "certainty: very low" in page.locator("#panel").inner_text()
    assert len(script("whatif.js").encode()) <= 40_000
