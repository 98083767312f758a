"""The whole site: every page made and checked in memory first, then written; nothing half-done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from helpers.figures.numbers import show_value
from helpers.site.data import csv_files, data_page, parquet_files
from helpers.site.exports import export_files
from helpers.site.guard import check_page
from helpers.site.index import index_page
from helpers.site.load import Tables, load_tables
from helpers.site.notebook import code_body, read_body
from helpers.site.origins import link_numbers
from helpers.site.page import Page, anchor_homes, arrange, render, resolve_links, slug
from helpers.site.pages.bias import bias_page
from helpers.site.pages.certainty import certainty_page
from helpers.site.pages.checklists import checklists_page
from helpers.site.pages.code import code_page
from helpers.site.pages.findings import findings_page
from helpers.site.pages.flow import flow_page
from helpers.site.pages.horizon import horizon_page
from helpers.site.pages.methods import methods_page
from helpers.site.pages.outcome import outcome_pages, outcomes_page
from helpers.site.pages.provenance import provenance_page
from helpers.site.pages.studies import studies_page
from helpers.site.policy import shared_files
from helpers.site.printed import printed_pages, printed_values
from helpers.tables import write_atomic

STUDY_RUN = "03_study_evidence-"
STUDY_CODE = "study-cell"  # the code of the studies' runs is the same: it stands once, at these anchors
OWN_FILES = ("*.html", "*.css", "*.js", "data/*.csv", "data/*.parquet", "data/*.json", "data/*.ris")
OWN_FILES += ("figures/*.png", "figures/*.svg", "figures/*.csv")


def build_site(
    executed: Mapping[str, str | Path],
    processed: str | Path,
    destination: str | Path,
    provenance: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write the site: index, a page a notebook run, pages of printed figures, data, downloads, figures.

    Parameters
    ----------
    executed : dict of str to path
        Run name (`01_ingestion`, `03_study_evidence-wan2025` ...) to executed notebook.
    processed : path
        Folder of the tables.
    destination : path
        Folder of the site. Pages, CSVs and figures of an earlier site that this one has not are removed.
    provenance : dict, optional
        `version`, `code_sha256`, `parameters` (dict), `inputs` (list of `path` and `sha256`).

    Returns
    -------
    list of pathlib.Path
        The files of the site, sorted.

    Raises
    ------
    SiteError
        When anything may not be published; then nothing is written.

    """
    provenance = dict(provenance or {})
    tables = load_tables(processed)
    files = csv_files(tables)
    exports = export_files(tables, files, str(provenance.get("version") or ""))
    runs = [notebook_page(executed[name], name, provenance) for name in sorted(executed)]
    runs = sorted([*runs, *study_code_page(executed)], key=lambda page: page.file)
    pages = [arrange(page) for page in _made_pages(tables, files | exports, runs, provenance)]
    order = [*(page for page in pages if not page.file.startswith("printed-")), *runs]
    order += [page for page in pages if page.file.startswith("printed-")]
    pages = [arrange(index_page(tables, order, provenance)), *order]
    content = _documents(pages, str(provenance.get("version") or ""), printed_values(tables))
    content.update({name: text.encode("utf-8") for name, text in (files | exports).items()})
    content.update(parquet_files(tables))
    return _publish(content, Path(destination))


def _made_pages(
    tables: Tables, files: Mapping[str, str], runs: list[Page], provenance: Mapping[str, Any]
) -> list[Page]:
    """Return the pages that are made from the tables, in the order in which they are read."""
    printed = printed_pages(tables)
    known = {page.file for page in [*runs, *printed]}
    return [
        studies_page(tables, known),
        outcomes_page(tables),
        *outcome_pages(tables),
        findings_page(tables),
        certainty_page(tables),
        bias_page(tables),
        flow_page(tables),
        horizon_page(tables),
        methods_page(tables, provenance),
        data_page(tables, files),
        provenance_page(tables, runs, provenance),
        checklists_page(),
        code_page(),
        *printed,
    ]


def render_page(
    notebook_path: str | Path,
    destination: str | Path,
    *,
    run: str | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Path:
    """Write one executed notebook as a page that stands alone, its figures beside it; return its path.

    Raises
    ------
    SiteError
        When the page may not be published.

    """
    destination = Path(destination)
    name = run or Path(notebook_path).stem
    page = notebook_page(notebook_path, name, provenance or {}, destination.name, alone=True)
    content = _documents([page], str((provenance or {}).get("version") or ""), {})
    for name, data in content.items():
        write_atomic(destination.parent / name, data)
    return destination


def notebook_page(
    path: str | Path, run: str, provenance: Mapping[str, Any], file: str = "", *, alone: bool = False
) -> Page:
    """Return the arranged page of one notebook run, with the facts of the run for its header.

    A study's page leads to the code, which is the same for all studies; standing `alone` it holds it.
    """
    study = run.removeprefix(STUDY_RUN) if run.startswith(STUDY_RUN) else ""
    body = read_body(path, STUDY_CODE if study and not alone else "")
    file = file or (f"study-{slug(study)}.html" if study else f"{slug(run)}.html")
    page = Page(file=file, title="", body=body.html)
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


def study_code_page(executed: Mapping[str, str | Path]) -> list[Page]:
    """Return the page of the code that every study's run shares; none where no study was run."""
    runs = [path for name, path in sorted(executed.items()) if name.startswith(STUDY_RUN)]
    if not runs:
        return []
    lead = (
        "<p>This notebook runs once for each study, with the study's name as its parameter. Its code is "
        "the same for all and stands here once; a number on a study's page leads to the cell that printed "
        "it.</p>\n"
    )
    title = "The notebook of each study: its code"
    page = Page(file=f"{STUDY_RUN[:-1]}.html", title=title, body=lead + code_body(runs[0], STUDY_CODE))
    return [arrange(page)]


def _documents(pages: list[Page], version: str, values: Mapping[str, set[float]]) -> dict[str, bytes]:
    """Return every page and figure by file name, links resolved, each page checked."""
    homes = anchor_homes(pages)
    content = shared_files()
    for page in pages:
        link_numbers(page.tree, homes, values)
        resolve_links(page, homes)
        html = render(page, pages, version)
        check_page(page.file, html)
        content[page.file] = html.encode("utf-8")
        content.update(page.figures)
    return content


def _publish(content: dict[str, bytes], destination: Path) -> list[Path]:
    """Write all files, then remove those of an earlier site that are no longer part of it."""
    written = [write_atomic(destination / name, content[name]) for name in sorted(content)]
    for pattern in OWN_FILES:
        for old in sorted(destination.glob(pattern)):
            if old not in written:
                old.unlink()
    return written
