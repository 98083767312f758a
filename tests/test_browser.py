"""The pages in a real browser, from `file://` and with the network off; JupyterLab running a notebook."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
from browsing import RUN_ALL_AND_SAVE, jupyterlab, open_notebook

NAMES = ("01_ingestion", "02_cleaning", "03_study_evidence", "04_outcome_comparison", "05_pooled_effect")


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


@pytest.fixture(scope="module")
def visits(browser, made) -> dict[str, Visit]:
    """Return what each page was, each opened once."""
    context = browser.new_context(offline=True)
    found = {}
    for path in sorted(made.reports.glob("*.html")):
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


def test_the_answer_is_on_the_first_screen(browser, made):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((made.reports / "index.html").as_uri())
    words = page.locator("main").inner_text()
    assert "No meta-analysis is possible" in words
    box = page.get_by_text("No meta-analysis is possible").first.bounding_box()
    assert box and box["y"] < 900
    page.close()


def test_a_value_leads_to_the_line_where_it_was_printed(browser, made):
    page = browser.new_page()
    page.goto((made.reports / "study-wan2025.html").as_uri())
    page.locator("#results a", has_text="change_mean").first.click()
    target = page.locator(":target")
    assert "35 hairs/cm²" in target.inner_text()
    assert "132" in target.inner_text()
    page.close()


@pytest.fixture(scope="module")
def lab_project(made, tmp_path_factory):
    """A copy of the made project that JupyterLab may write to."""
    root = tmp_path_factory.mktemp("lab") / "project"
    shutil.copytree(made.root, root, symlinks=True)
    return type(made)(root)


@pytest.fixture(scope="module")
def lab(lab_project, tmp_path_factory) -> Iterator[str]:
    """JupyterLab in that project; its address."""
    with jupyterlab(lab_project.root, tmp_path_factory.mktemp("home")) as address:
        yield address


PANELS = {
    "03_study_evidence": ".noUi-handle",
    "04_outcome_comparison": "select[multiple]",
    "05_pooled_effect": "select:not([multiple])",
}


def follows_its_controls(page, control: str) -> bool:
    """Move a control of the panel as a person does, by keyboard; return whether the picture changes."""
    panel = page.locator(".widget-vbox").last
    panel.wait_for(state="attached")
    panel.scroll_into_view_if_needed()
    picture = panel.locator(".widget-html-content")
    picture.locator("figure, p").first.wait_for(state="attached")
    before = picture.inner_html()
    handle = panel.locator(control).first
    handle.focus()
    if control.startswith("select"):
        handle.select_option(index=0)
    for _ in range(20 if control == ".noUi-handle" else 0):
        page.keyboard.press("ArrowLeft")
    for _ in range(120):
        if picture.inner_html() != before:
            return True
        page.wait_for_timeout(250)
    return False


@pytest.mark.parametrize("name", NAMES)
def test_run_all_works_in_jupyterlab(browser, lab_project, lab: str, name: str):
    page = open_notebook(browser, lab, name)
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()  # as a person finds it
    assert page.locator("li[data-command='runmenu:run-all']").is_enabled()
    page.keyboard.press("Escape")
    cells = page.evaluate(RUN_ALL_AND_SAVE)
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
    wrong = [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
    assert wrong == []
    assert cells[-1]["outputs"], "the last cell has no output"
    shown = page.locator(".jp-OutputArea-output").first
    shown.wait_for(state="attached")
    saved = nbformat.read(lab_project.root / "notebooks" / f"{name}.ipynb", as_version=4)
    if name in PANELS:
        assert follows_its_controls(page, PANELS[name]), "the panel's picture did not change"
    pictures = [
        str(output) for cell in saved.cells for output in cell.get("outputs", []) if "<figure" in str(output)
    ]
    assert pictures or name in ("01_ingestion", "02_cleaning")
    page.close()


def test_the_notebooks_stand_in_order_beside_the_first_one_with_its_kernel(
    browser, lab_project, lab: str, checkout
):
    command = next(line for line in (checkout / "Makefile").read_text().splitlines() if "jupyter lab" in line)
    assert command.endswith("notebooks/01_ingestion.ipynb")  # what `make lab` opens
    page = open_notebook(browser, lab, "01_ingestion")
    listed = page.locator(".jp-DirListing-itemText", has_text=".ipynb")
    listed.first.wait_for()
    assert [text.strip() for text in listed.all_inner_texts()] == [f"{name}.ipynb" for name in NAMES]
    kernel = page.locator(".jp-KernelName").last
    kernel.get_by_text("Python 3").wait_for()
    assert page.locator(".jp-Dialog").count() == 0  # nobody is asked for a kernel
    page.close()
