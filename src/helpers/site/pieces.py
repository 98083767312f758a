"""The pieces that a report is made of, each of which can be made apart from the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from helpers.narrative.phrases import Tables, reported_lines
from helpers.site.data import columns_table, table_files
from helpers.site.flow import flow_page, horizon_page
from helpers.site.index import index_parts
from helpers.site.methods import checklists_page, code_page, methods_page
from helpers.site.notebook import STUDY_RUN, notebook_page, run_file, study_code_page, study_runs
from helpers.site.outcomes import (
    certainty_page,
    outcome_concepts,
    outcome_page,
    outcome_pictures,
    outcomes_page,
)
from helpers.site.page import Page, arrange, outcome_file
from helpers.site.studies import (
    bias_page,
    findings_page,
    printed_file,
    printed_page,
    printed_studies,
    studies_page,
)

INDEX, PICTURES = "index.html", "pictures"
# The pages as they are read, but for runs and printed figures; those of outcomes follow `outcomes.html`.
READ = (
    "studies.html",
    "outcomes.html",
    "findings.html",
    "certainty.html",
    "risk-of-bias.html",
    "flow.html",
    "horizon.html",
    "methods.html",
    "data.html",
    "provenance.html",
    "checklists.html",
    "code.html",
)
LONG_PAGES = (INDEX, "risk-of-bias.html", "code.html", "outcomes.html", "certainty.html", "findings.html")


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


def first_pieces(tables: Tables, runs: set[str]) -> dict[str, Piece]:
    """Return the pages that need no table of the notebooks after the studies'; `runs` are pages of runs."""
    printed = {printed_file(name): name for name in printed_studies(tables)}
    return {
        "studies.html": partial(_page, studies_page, tables, runs | set(printed)),
        "findings.html": partial(_page, findings_page, tables),
        "risk-of-bias.html": partial(_page, bias_page, tables),
        "flow.html": partial(_page, flow_page, tables),
        "checklists.html": partial(_page, checklists_page),
        "code.html": partial(_page, code_page),
    } | {file: partial(_page, printed_page, name, tables) for file, name in printed.items()}


def last_pieces(
    tables: Tables, runs: set[str], provenance: Mapping[str, Any], drawn: Mapping[str, list[str]] | None
) -> dict[str, Piece]:
    """Return the pages that need all tables; `drawn` are the outcomes' drawings where they are made."""
    reported = reported_lines(tables)
    return {
        INDEX: lambda: Made(parts={INDEX: index_parts(tables, runs, provenance)}),
        "outcomes.html": partial(_page, outcomes_page, tables),
        "certainty.html": partial(_page, certainty_page, tables),
        "horizon.html": partial(_page, horizon_page, tables),
        "methods.html": partial(_page, methods_page, tables, provenance),
    } | {
        outcome_file(name): partial(_page, outcome_page, name, tables, reported, drawn)
        for name in outcome_concepts(tables)
    }


def pictures_piece(tables: Tables) -> dict[str, Piece]:
    """Return the outcomes' drawings as a piece of their own, for a site that is made in two steps."""
    return {PICTURES: lambda: Made(parts=outcome_pictures(tables))}


def in_reading_order(pages: list[Page]) -> list[Page]:
    """Return pages as they are read: those of READ, each outcome, the runs, the printed figures."""
    outcomes = READ.index("outcomes.html")

    def place(page: Page) -> tuple[int, int]:
        if page.file in READ:
            number = READ.index(page.file)
            return (0 if number <= outcomes else 2), number
        return (1 if page.file.startswith("outcome-") else 4 if page.file.startswith("printed-") else 3), 0

    return sorted(pages, key=place)


def long_first(names: list[str]) -> list[int]:
    """Return the numbers of pieces in the order in which they are best begun."""
    runs = [name for name in names if name[:2].isdigit()]
    order = dict.fromkeys([*(name for name in LONG_PAGES if name in names), *runs, *names])
    return [names.index(name) for name in order]


def _page(function: Callable[..., Page], *arguments: Any) -> Made:
    """Return a page, arranged where its function has not done so."""
    page = function(*arguments)
    return Made(page=page if page.tree is not None else arrange(page))


def _table(name: str, frame: Any) -> Made:
    return Made(files=table_files(name, frame), parts={name: columns_table(name)})
