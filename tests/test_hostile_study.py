"""A study sheet full of markup, formulas, templates, endless words and right-to-left text: all of it shows as text.

On the pages, in the downloads, and in JupyterLab, where a browser runs the notebooks as a person does.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
import yaml
from browsing import RUN_ALL_AND_SAVE, jupyterlab, open_notebook
from bs4 import BeautifulSoup

pytestmark = pytest.mark.slow  # CI runs them

MARKUP = '<script>window.hacked=1</script><img src=x onerror="window.hacked=1"><b>bold'
FORMULA = '=HYPERLINK("https://evil.invalid","click")'
TEMPLATE = "{{ 7*7 }} {% for x in y %} ${7*7} $x^2$ `<i>` \"'&lt;"
ENDLESS = "Donaudampfschifffahrtsgesellschaft" * 7
RIGHT_TO_LEFT = "\u202eתיאור של מחקר שערי مرحبا"  # begins with an override that nothing ends
WORDS = (MARKUP, FORMULA, TEMPLATE, ENDLESS, RIGHT_TO_LEFT, "@SUM(A1)", "+1-1", "-2+3", "🧪 毛髪")
PROSE = {
    "title", "design", "masking", "allocation", "population", "country", "funding", "label", "exosome_source", "route",
    "dose_unit", "co_intervention", "measure", "note", "term", "monitored", "statement", "arithmetic", "reason",
    "container-title", "publisher", "licence", "p_value_against",
}  # fmt: skip
FORMULAS = ("=", "@", "+1-1", "-2+3")


def poisoned(value: Any, words: Iterator[str], key: str = "") -> Any:
    """Return a sheet with hostile words put before every piece of prose."""
    if isinstance(value, dict):
        return {name: poisoned(inner, words, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(inner, words, key) for inner in value]
    return f"{next(words)} {value}" if key in PROSE and isinstance(value, str) else value


@pytest.fixture(scope="module")
def hostile(small, tmp_path_factory):
    """A project with one poisoned study and poisoned screening, and the report of it."""
    project = small.copy(tmp_path_factory.mktemp("hostile") / "project")
    words = itertools.cycle(WORDS)
    sheet = project.raw / "studies" / "wan2025.yaml"
    content = poisoned(yaml.safe_load(sheet.read_text(encoding="utf-8")), words)
    content["study"]["title"] = f"{MARKUP} {FORMULA} {ENDLESS} {RIGHT_TO_LEFT}"
    sheet.write_text(
        yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=10_000), encoding="utf-8"
    )
    screening = project.raw / "screening.csv"
    rows = list(csv.DictReader(screening.open(encoding="utf-8", newline="")))
    for row in rows[:20]:
        row["record"], row["reason"] = f"{next(words)} {row['record']}", f"{next(words)} {row['reason']}"
    with screening.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    result = project.evidence("run")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return project


def test_no_page_holds_what_a_sheet_wrote_as_anything_but_text(hostile):
    shown: dict[str, set[str]] = {word: set() for word in WORDS}
    for path in sorted(hostile.reports.glob("*.html")):
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        data = soup.find_all("script", type="application/json")  # which no browser runs
        assert all("<" not in tag.string and json.loads(tag.string) for tag in data), path.name
        run = [tag.get("src") for tag in soup.find_all("script") if tag not in data]
        assert run == ["cards.js", "script.js", *["whatif.js"] * len(data)], path.name
        assert not soup.find("img", src="x"), path.name
        handlers = [key for tag in soup.find_all(True) for key in tag.attrs if key.startswith("on")]
        assert handlers == [], path.name
        text = soup.get_text()
        for word in WORDS:
            if word.replace("\x0b", "").strip() in text:
                shown[word].add(path.name)
    for word in (MARKUP, TEMPLATE, ENDLESS, RIGHT_TO_LEFT):
        assert "study-wan2025.html" in shown[word], (word, shown[word])
    touched = {name for names in shown.values() for name in names}
    assert {"index.html", "01_ingestion.html"} <= touched


def test_no_drawing_runs_anything(hostile):
    for path in hostile.reports.glob("figures/*.svg"):
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text and "<img" not in text, path.name


def test_no_cell_of_a_download_is_a_formula(hostile):
    poisoned_cells = 0
    for path in hostile.reports.glob("data/*.csv"):
        for row in csv.reader(path.open(encoding="utf-8", newline="")):
            for cell in row:
                assert not cell.startswith(FORMULAS), (path.name, cell[:60])
                poisoned_cells += cell.startswith(tuple(f"'{mark}" for mark in FORMULAS))
    assert poisoned_cells > 10


def test_pages_in_a_browser_run_nothing_and_keep_their_shape(browser, hostile):
    context = browser.new_context(offline=True, viewport={"width": 320, "height": 640})
    page, problems = context.new_page(), []
    page.on("dialog", lambda dialog: problems.append(dialog.message))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    for path in sorted(hostile.reports.glob("*.html")):
        page.goto(path.as_uri())
        assert page.evaluate("window.hacked") is None, path.name
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path.name
        assert problems == [], path.name
    context.close()


def test_a_title_that_turns_the_direction_turns_nothing_after_it(browser, hostile):
    """The words behind a link with an override in it still run from left to right."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((hostile.reports / "study-wan2025.html").as_uri())
    order = """part => { const range = document.createRange(), text = part.nextSibling;
      const place = (at) => { range.setStart(text, at); range.setEnd(text, at + 1); return range.getBoundingClientRect(); };
      const last = text.length - 1, one = place(last - 1), two = place(last);
      return one.top < two.top || one.left <= two.left; }"""
    title = page.locator("main strong", has_text="evil.invalid").first
    assert title.evaluate(order)
    page.close()


@pytest.fixture(scope="module")
def lab(hostile, tmp_path_factory) -> Iterator[str]:
    """JupyterLab in the project of the poisoned study; its address."""
    with jupyterlab(hostile.root, tmp_path_factory.mktemp("home")) as address:
        yield address


# The notebooks, and of the panel that some have: a control, a choice in words, options of a run.
NOTEBOOKS = {
    "01_ingestion": None,
    "02_cleaning": None,
    "03_study_evidence": (".noUi-handle", "Wan\xa02025", "-p pre_post_correlation=0.5"),
    "04_outcome_comparison": ("select[multiple]", "Wan\xa02025", "-p evidence=published"),
    "05_pooled_effect": ("select:not([multiple])", "Hair\xa0density", "-p included=all"),
}
BESIDE = ["confirm.ipynb", "explore.ipynb"]  # no part of the run
TALLEST = 20_000  # pixels of a notebook with all its outputs; two had 20,000 and 26,000 (friction 9)


def follows_its_controls(page, control: str, choice: str, options: str) -> bool:
    """Move a control of the panel as a person does, by keyboard; return whether the picture changes.

    Its choices are in words, and its button writes options of a run.
    """
    page.evaluate(
        """() => { const book = window.jupyterapp.shell.currentWidget.content;
            const at = book.widgets.findIndex(cell => cell.model.sharedModel.source.includes('panel(lambda'));
            return book.scrollToItem(at); }"""
    )
    panel = page.locator(".widget-vbox").last
    panel.wait_for(state="attached")
    panel.scroll_into_view_if_needed()
    picture = panel.locator(".widget-html-content")
    picture.locator("figure, p").first.wait_for(state="attached")
    before = picture.inner_html()
    assert choice in panel.locator("option").all_inner_texts()
    handle = panel.locator(control).first
    handle.focus()
    if control.startswith("select"):
        handle.select_option(index=0)
    for _ in range(20 if control == ".noUi-handle" else 0):
        page.keyboard.press("ArrowLeft")
    for _ in range(120):
        if picture.inner_html() != before:
            panel.locator("button").click()
            command = panel.locator("input[type=text]").last
            page.wait_for_function("field => field.value", arg=command.element_handle())
            return options in command.input_value()
        page.wait_for_timeout(250)
    return False


def shown_words(page) -> str:
    """Return the text of all outputs, each scrolled to; none may hold what a sheet wrote as markup."""
    seen, height = "", 0
    for place in range(page.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.length")):
        page.evaluate("at => window.jupyterapp.shell.currentWidget.content.scrollToItem(at)", place)
        seen += page.evaluate(
            "[...document.querySelectorAll('.jp-OutputArea-output')].map(part => part.textContent).join(' ')"
        )
        height += page.evaluate(
            "at => jupyterapp.shell.currentWidget.content.widgets[at].node.offsetHeight", place
        )
        assert page.locator(".jp-OutputArea-output img[src='x']").count() == 0
        assert page.locator(".jp-OutputArea-output script:not([type='application/json'])").count() == 0
    assert height < TALLEST
    return seen


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_run_all_works_in_jupyterlab_and_hostile_words_are_text(browser, hostile, lab: str, name: str):
    page = open_notebook(browser, lab, name)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()  # as a person finds it
    assert page.locator("li[data-command='runmenu:run-all']").is_enabled()
    page.keyboard.press("Escape")
    cells = page.evaluate(RUN_ALL_AND_SAVE)
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"] == []
    assert cells[-1]["outputs"], "the last cell has no output"
    saved = nbformat.read(hostile.root / "notebooks" / f"{name}.ipynb", as_version=4)
    outputs = [str(output) for cell in saved.cells for output in cell.get("outputs", [])]
    assert any("<figure" in output for output in outputs)
    seen = shown_words(page)
    if name == "03_study_evidence":
        assert MARKUP in seen and FORMULA in seen and ENDLESS in seen and RIGHT_TO_LEFT in seen
    if control := NOTEBOOKS[name]:
        assert follows_its_controls(page, *control), "the panel's picture did not change, or no options"
    assert page.evaluate("window.hacked") is None and dialogs == []
    page.close()


def test_the_notebooks_stand_in_order_beside_the_first_one_with_its_kernel(browser, lab: str, checkout):
    command = next(line for line in (checkout / "Makefile").read_text().splitlines() if "jupyter lab" in line)
    assert command.endswith("notebooks/01_ingestion.ipynb")  # what `make lab` opens
    page = open_notebook(browser, lab, "01_ingestion")
    listed = page.locator(".jp-DirListing-itemText", has_text=".ipynb")
    listed.first.wait_for()
    run = [name for text in listed.all_inner_texts() if (name := text.strip()) not in BESIDE]
    assert run == [f"{name}.ipynb" for name in NOTEBOOKS]
    kernel = page.locator(".jp-KernelName").last
    kernel.get_by_text("Python 3").wait_for()
    assert page.locator(".jp-Dialog").count() == 0  # nobody is asked for a kernel
    page.close()
