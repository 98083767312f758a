"""The confirmation room in a real JupyterLab: an article is added and confirmed by keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsing import jupyterlab, open_notebook

from helpers.sheets.read import read_sheet

IN_VIEW = """mark => {
  const own = mark.getBoundingClientRect(), box = mark.closest('[tabindex]').getBoundingClientRect();
  return own.top >= box.top && own.bottom <= box.bottom;
}"""


@pytest.mark.slow
def test_an_article_is_confirmed_by_keyboard_alone(browser, unmade, tmp_path, monkeypatch):
    article = tmp_path / "article.nxml"
    text = Path(__file__).with_name(article.name).read_text()
    article.write_text(text.replace("</p></sec>", "</p>" + "<p>Made up.</p>" * 60 + "</sec>", 1))
    added = unmade.evidence("add", str(article))
    assert added.returncode == 0, added.stderr
    monkeypatch.setenv("EVIDENCE_STUDY", "brook2026")  # as `evidence confirm` does
    with jupyterlab(unmade.root, tmp_path) as address:
        page = open_notebook(browser, address, "confirm")
        page.wait_for_function("window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel")
        keys = page.keyboard
        for _ in range(7):
            keys.press("Shift+Enter")
        page.wait_for_function("document.activeElement.closest('.evidence-key')")
        room = page.locator(".jp-OutputArea", has=page.locator(".evidence-key"))

        for _ in range(4):  # past the arm that may be added and the size of the last one
            keys.press("Shift+Tab")
        keys.press("ArrowDown")
        for _ in range(4):
            keys.press("Tab")
        for key, said in zip(
            "rrrwur", ("1 of 5", "2 of 5", "3 of 5", "4 of 5", "3 of 5", "4 of 5"), strict=True
        ):
            keys.press(key)
            room.get_by_text(f"brook2026, {said}").wait_for()
            assert page.locator("mark").first.evaluate(IN_VIEW)
        keys.press("r")
        room.get_by_text("4 confirmed, 3 effects, 0 waiting").wait_for()
    sheet = read_sheet(unmade.raw / "studies" / "brook2026.yaml")
    assert [result.state for result in sheet.results] == ["confirmed"] * 4
    assert [arm.role for arm in sheet.arms] == ["exosome", "untreated"]
