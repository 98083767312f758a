"""The pieces that a report is made of, each of which can be made apart from the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from helpers.narrative.phrases import Tables
from helpers.site.data import columns_table, table_files
from helpers.site.methods import checklists_page, code_page, methods_page
from helpers.site.notebook import STUDY_RUN, notebook_page, run_file, study_code_page, study_runs
from helpers.site.page import Page, arrange
from helpers.site.studies import printed_file, printed_page, printed_studies

# The pages as they are read after those of the runs; the printed figures come last.
READ = ("methods.html", "data.html", "provenance.html", "checklists.html", "code.html")


@dataclass
class Made:
    """What a piece gives: an arranged page, files of the site by name, parts that other pages are made of."""

    page: Page | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)


Piece = Callable[[], Made]


def run_pieces(executed: Mapping[str, str | Path], provenance: Mapping[str, Any]) -> dict[str, Piece]:
    """Return the pages of notebook runs, and the page of the code that the studies' runs share."""
    pieces = {
        run_file(name): partial(_page, notebook_page, executed[name], name, provenance)
        for name in sorted(executed)
    }
    studies = study_runs(executed)
    if studies:
        pieces[f"{STUDY_RUN[:-1]}.html"] = partial(_page, study_code_page, executed[studies[0]])
    return dict(sorted(pieces.items()))


def table_pieces(tables: Tables) -> dict[str, Piece]:
    """Return each table's downloads, with what its columns mean."""
    return {f"data/{name}": partial(_table, name, frame) for name, frame in tables.items()}


def first_pieces(tables: Tables) -> dict[str, Piece]:
    """Return the pages that need no table of the notebooks after the studies'."""
    return {
        "checklists.html": partial(_page, checklists_page),
        "code.html": partial(_page, code_page),
    } | {printed_file(name): partial(_page, printed_page, name, tables) for name in printed_studies(tables)}


def last_pieces(tables: Tables, provenance: Mapping[str, Any]) -> dict[str, Piece]:
    """Return the pages that need all tables."""
    return {"methods.html": partial(_page, methods_page, tables, provenance)}


def in_reading_order(pages: list[Page]) -> list[Page]:
    """Return pages as they are read: the runs, those of READ, the printed figures."""

    def place(page: Page) -> tuple[int, int]:
        if page.file in READ:
            return 1, READ.index(page.file)
        return (2 if page.file.startswith("printed-") else 0), 0

    return sorted(pages, key=place)


def long_first(names: list[str]) -> list[int]:
    """Return the numbers of pieces in the order in which they are best begun."""
    long = [name for name in names if name == "code.html" or name[:2].isdigit()]
    order = dict.fromkeys([*long, *names])
    return [names.index(name) for name in order]


def _page(function: Callable[..., Page], *arguments: Any) -> Made:
    """Return a page, arranged where its function has not done so."""
    page = function(*arguments)
    return Made(page=page if page.tree is not None else arrange(page))


def _table(name: str, frame: Any) -> Made:
    return Made(files=table_files(name, frame), parts={name: columns_table(name)})
