"""The pages of the notebook runs: what a run printed, the facts of the run, the code that studies share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from helpers.figures.numbers import show_value
from helpers.site.notebook import code_body, read_body
from helpers.site.page import Page, arrange, slug

STUDY_RUN = "03_study_evidence-"
STUDY_CODE = "study-cell"  # the code of the studies' runs is the same: it stands once, at these anchors


def run_file(run: str) -> str:
    """Return the name of a run's page."""
    study = run.removeprefix(STUDY_RUN) if run.startswith(STUDY_RUN) else ""
    return f"study-{slug(study)}.html" if study else f"{slug(run)}.html"


def notebook_page(
    path: str | Path, run: str, provenance: Mapping[str, Any], file: str = "", *, alone: bool = False
) -> Page:
    """Return the arranged page of one notebook run, with the facts of the run for its header.

    A study's page leads to the code, which is the same for all studies; standing `alone` it holds it.
    """
    study = run.removeprefix(STUDY_RUN) if run.startswith(STUDY_RUN) else ""
    body = read_body(path, STUDY_CODE if study and not alone else "")
    page = Page(file=file or run_file(run), title="", body=body.html)
    arrange(page)
    if study and study not in page.title:
        page.title = f"{page.title}: {study}"
    page.short = f"Study {study}" if study else page.title
    page.facts = [
        ("Version", str(provenance.get("version") or "not stated")),
        ("Source notebook", _source(run, leads=bool(study) and not alone)),
        ("SHA-256 of this run", Markup("<code>{}</code>").format(body.sha256)),
        (
            "Parameters",
            ", ".join(f"{name} = {show_value(value)}" for name, value in body.parameters.items()) or "none",
        ),
    ]
    return page


def _source(run: str, *, leads: bool) -> str:
    """Return the name of a run's notebook, as a link where the notebook has a page of its code."""
    stem = run.split("-")[0]
    return Markup('<a href="{0}.html">{0}.ipynb</a>').format(stem) if leads else f"{stem}.ipynb"


def study_runs(runs: Iterable[str]) -> list[str]:
    """Return the names of the runs that are a study's, in order."""
    return sorted(name for name in runs if name.startswith(STUDY_RUN))


def study_code_page(path: str | Path) -> Page:
    """Return the arranged page of the code that every study's run shares; `path` is one of the runs."""
    lead = (
        "<p>This notebook runs once for each study, with the study's name as its parameter. Its code is "
        "the same for all and stands here once; a number on a study's page leads to the cell that printed "
        "it.</p>\n"
    )
    title = "The notebook of each study: its code"
    page = Page(file=f"{STUDY_RUN[:-1]}.html", title=title, body=lead + code_body(path, STUDY_CODE))
    return arrange(page)
