"""A study sheet full of markup, formulas, templates, endless words and right-to-left text: all of it shows as text."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from browsing import RUN_ALL_AND_SAVE, jupyterlab, open_notebook
from bs4 import BeautifulSoup

MARKUP = '<script>window.hacked=1</script><img src=x onerror="window.hacked=1"><b>bold'
FORMULA = '=HYPERLINK("https://evil.invalid","click")'
TEMPLATE = "{{ 7*7 }} {% for x in y %} ${7*7} $x^2$ `<i>` \"'&lt;"
ENDLESS = "Donaudampfschifffahrtsgesellschaft" * 7
RIGHT_TO_LEFT = "\u202eתיאור של מחקר שערי مرحبا"  # begins with an override that nothing ends
WORDS = (MARKUP, FORMULA, TEMPLATE, ENDLESS, RIGHT_TO_LEFT, "@SUM(A1)", "+1-1", "-2+3", "🧪 毛髪 \x0b")
PROSE = {
    "title", "design", "masking", "allocation", "population", "country", "funding", "label", "exosome_source", "route",
    "dose_unit", "co_intervention", "measure", "note", "term", "monitored", "statement", "arithmetic", "reason",
    "citation", "licence", "p_value_against",
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
def hostile(made, tmp_path_factory):
    """A project with one poisoned study and poisoned screening, and the report of it."""
    import shutil

    project = type(made)(tmp_path_factory.mktemp("hostile") / "project")
    shutil.copytree(made.root, project.root, symlinks=True)
    words = itertools.cycle(WORDS)
    sheet = project.root / "data" / "raw" / "studies" / "wan2025.yaml"
    content = poisoned(yaml.safe_load(sheet.read_text(encoding="utf-8")), words)
    content["study"]["title"] = f"{MARKUP} {FORMULA} {ENDLESS} {RIGHT_TO_LEFT}"
    sheet.write_text(
        yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=10_000), encoding="utf-8"
    )
    screening = project.root / "data" / "raw" / "screening.csv"
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
        assert [tag.get("src") for tag in soup.find_all("script")] == ["script.js"], path.name
        assert not soup.find("img", src="x"), path.name
        assert not [tag for tag in soup.find_all(True) if any(key.startswith("on") for key in tag.attrs)], (
            path.name
        )
        text = soup.get_text()
        for word in WORDS:
            if word.replace("\x0b", "").strip() in text:
                shown[word].add(path.name)
    for word in (MARKUP, TEMPLATE, ENDLESS, RIGHT_TO_LEFT):
        assert {"study-wan2025.html", "findings.html"} <= shown[word], (word, shown[word])
    touched = {name for names in shown.values() for name in names}
    assert {"index.html", "studies.html", "flow.html", "risk-of-bias.html", "printed-wan2025.html",
            "outcome-adverse-events.html"} <= touched  # fmt: skip


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


@pytest.mark.parametrize("name", ["03_study_evidence", "04_outcome_comparison"])
def test_jupyterlab_shows_it_as_text(browser, lab: str, name: str):
    page = open_notebook(browser, lab, name)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    cells = page.evaluate(RUN_ALL_AND_SAVE)
    assert [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"] == []
    seen = ""
    for place in range(page.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.length")):
        page.evaluate("at => window.jupyterapp.shell.currentWidget.content.scrollToItem(at)", place)
        seen += page.evaluate(
            "[...document.querySelectorAll('.jp-OutputArea-output')].map(part => part.textContent).join(' ')"
        )
        assert page.locator(".jp-OutputArea-output img[src='x']").count() == 0
        assert page.locator(".jp-OutputArea-output script").count() == 0
    assert page.evaluate("window.hacked") is None and dialogs == []
    if name == "03_study_evidence":
        assert MARKUP in seen and FORMULA in seen and ENDLESS in seen and RIGHT_TO_LEFT in seen
    page.close()
