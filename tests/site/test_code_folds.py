"""Code on a notebook's page: one fold for cells that show nothing and the one that does."""

from __future__ import annotations

import nbformat
from bs4 import BeautifulSoup

from helpers.site.notebook import notebook_page

OUTPUT = nbformat.v4.new_output("display_data", {"text/html": "<p>shown</p>", "text/plain": "shown"})


def page(tmp_path, *cells):
    """Return the body of a notebook; a text is code without an output, a tuple code with one."""
    made = [nbformat.v4.new_markdown_cell("# Title")]
    for cell in cells:
        if isinstance(cell, str) and cell.startswith("#"):
            made.append(nbformat.v4.new_markdown_cell(cell))
        elif isinstance(cell, str):
            made.append(nbformat.v4.new_code_cell(cell))
        else:
            made.append(nbformat.v4.new_code_cell(cell[0], outputs=[OUTPUT]))
    path = tmp_path / "made.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return BeautifulSoup(notebook_page(path, "made", {}, {}).body, "html.parser")


def test_cells_without_output_are_folded_with_the_next(tmp_path):
    body = page(tmp_path, "one = 1", "two = 2", ("three = 3",), ("four = 4",), "five = 5")
    folds = [[code.get_text() for code in fold.find_all("code")] for fold in body.find_all("details")]
    assert folds == [["one = 1", "two = 2", "three = 3"], ["four = 4"], ["five = 5"]]
    assert body.find(id="cell-4").find_parent("details").find_next_sibling("div")["data-from"] == "cell-4"


def test_a_fold_ends_before_prose(tmp_path):
    body = page(tmp_path, "one = 1", "## Part", "two = 2")
    assert [part.name for part in body.find_all(["details", "h2"])] == ["details", "h2", "details"]
