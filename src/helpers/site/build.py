"""All pages of a report made."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections.abc import Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.display import anchor
from helpers.narrative.answer import Tables, load_tables, study_titles
from helpers.sheets.context import ReviewFacts, read_review_facts
from helpers.site.cards import cards_script
from helpers.site.checks import (
    CARDS,
    HEADINGS,
    RAW_TEXT,
    SEARCH,
    ShownNumbers,
    Tag,
    check_page,
    link_numbers,
    numbers_in,
)
from helpers.site.data import CHANGES, changed_cells, csv_bytes, data_page, export_files, table_files
from helpers.site.index import index_page
from helpers.site.methods import methods_page
from helpers.site.notebook import STUDY_RUN, notebook_page, run_file
from helpers.site.page import Page, arrange, render, shared_files
from helpers.tables import TABLES
from notebookpress.files import write_atomic
from notebookpress.workers import end_with_parent


def shown_numbers(tables: Tables, pages: list[Page]) -> ShownNumbers:
    """Return the values and the time of each figure, those of each row of a computation, and people by study.

    A share is shown also as a part, or in percent.
    """
    found: dict[str, set[float]] = {}
    times = {
        anchor("q", row.quantity_id): numbers_in(row.timepoint_printed)
        for row in tables["quantities"].dropna(subset="timepoint_printed").itertuples()
    }
    for row in tables["quantities"].itertuples():
        numbers = (row.value, row.value_low, row.value_high, row.sd)
        shown = {abs(value) for value in numbers if not pd.isna(value)}
        percent = row.unit in ("percent", "%")
        found[anchor("q", row.quantity_id)] = shown if row.kind == "p_value" else _shares(shown, percent)
    for tag in (tag for page in pages for tag in page.tree.all("tr", "span")):
        name, words = tag.attrs.get("id", ""), " ".join(tag.texts())
        if name in times:  # said once for several figures
            times[name] = times[name] & numbers_in(words)
        elif name and not name.startswith("q-"):
            shown = _shares(numbers_in(words), "%" in words or "percent" in words)
            found[name] = found.get(name, set()) | shown
    enrolled = (
        tables["studies"].set_index("study_id")["figures"].str.extract(r"n_enrolled=([^;]+)")[0].dropna()
    )
    return ShownNumbers(found, times, {study: anchor("q", name) for study, name in enrolled.items()})


def _shares(values: set[float], percent: bool) -> set[float]:
    """Return values with the same shares in percent, and those in percent as parts."""
    shares = {round(100 * value, 9) for value in values if value <= 1}
    return values | shares | ({round(value / 100, 11) for value in values} if percent else set())


def anchor_homes(pages: list[Page]) -> dict[str, str]:
    """Return for each anchor the file that holds it: that of the data for a table, else the first page."""
    homes: dict[str, str] = {}
    for page in reversed(pages):
        homes |= dict.fromkeys(page.anchors, page.file)
    return homes | dict.fromkeys(TABLES, "data.html")


def linked_body(page: Page, homes: Mapping[str, str], figures: ShownNumbers) -> str:
    """Return an arranged page's body with its links; one that leads nowhere becomes text."""
    link_numbers(page.tree, homes, figures)
    for link in page.tree.all("a"):
        target = link.attrs.get("href", "")
        name = target[1:]
        if not target.startswith("#") or name in page.anchors:
            continue
        if name in homes:
            link.attrs["href"] = f"{homes[name]}#{name}"
        else:
            link.unwrap()
    return page.tree.html()


def search_script(pages: list[Page]) -> str:
    """Return the script that holds what a search looks through: headings and rows, each with its words."""
    found = []
    for page in pages:
        parts = {"": (page.title, [""])}
        _gather(page.tree, "", parts)
        told = [(name, heading, " ".join("".join(words).split())) for name, (heading, words) in parts.items()]
        found.append((page.file, page.name, told))
    return f"self.sections={json.dumps(found, ensure_ascii=False, separators=(',', ':'))};\n"


def _gather(tag: Tag, here: str, parts: dict[str, tuple[str, list[str]]]) -> str:
    """Put the texts inside an element, code apart, under their heading or row; return the last heading."""
    for child in tag.children:
        if isinstance(child, str):
            parts[here][1].append(child)
        elif child.name in HEADINGS:
            here = child.attrs["id"]
            parts[here] = child.words(), []
        elif child.name == "tr" and "id" in child.attrs:
            parts[child.attrs["id"]] = parts[here][0], [" ".join(child.texts())]
        elif child.attrs.get("id", "").startswith("q-"):  # one place of several figures
            for figure in (part for part in (child, *child.all("span")) if "id" in part.attrs):
                parts[figure.attrs["id"]] = parts[here][0], [" ".join(child.texts())]
        elif child.name not in (*RAW_TEXT, "svg") and "code" not in child.classes:
            here = _gather(child, here, parts)
            parts[here][1].append("" if child.name in ("a", "strong", "em", "code", "span") else " ")
    return here


def _without(frame: pd.DataFrame, studies: list[str]) -> pd.DataFrame:
    """Return a table without the rows of some studies."""
    if not studies or "study_id" not in frame:
        return frame
    return frame[~frame["study_id"].isin(studies)].reset_index(drop=True)


def failure_page(study: str, title: str, error: str) -> Page:
    """Return the page of a study whose notebook failed: the error, and that the report is without it."""
    words = "Its notebook failed, and the report was made without this study."
    remedy = "Mend what the error names, then run again."
    body = Markup("<h1>{}</h1><p>{} {}</p><pre>{}</pre>").format(title, words, remedy, error)
    return arrange(Page(file=run_file(STUDY_RUN + study), title="", body=body))


OWN_FILES = (
    "*.html",
    "*.css",
    "*.js",
    "data/*.csv",
    "data/*.parquet",
    "data/*.json",
    "data/*.jsonld",
    "data/*.ris",
)
OWN_FILES += ("figures/*.png", "figures/*.svg", "figures/*.csv")


def build_site(
    executed: Mapping[str, str | Path],
    processed: str | Path,
    destination: str | Path,
    provenance: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write the site: index, a page a notebook run, methods, data, downloads, figures.

    Parameters
    ----------
    executed : dict of str to path
        Run name (`01_ingestion`, `03_study_evidence-wan2025` ...) to executed notebook.
    processed, destination : path
        Folders of the tables and of the site. Pages, CSVs and figures of an earlier site that this one has
        not are removed.
    provenance : dict, optional
        `version`, `code_sha256`, `lock_sha256`, `packages` and `parameters` (dicts), `previous`, and
        `raw`, the folder that holds what is said of the review.

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
    left_out = dict(provenance.get("left_out") or {})
    everything = load_tables(processed)
    tables = {name: _without(frame, list(left_out)) for name, frame in everything.items()}
    provenance["review"] = read_review_facts(provenance["raw"]) if "raw" in provenance else ReviewFacts()
    version = str(provenance.get("version") or "")
    names = study_titles(tables["sources"])
    named = study_titles(everything["sources"])
    with _beside() as beside:
        downloads = beside.submit(_downloads, tables, version)
        runs = sorted(executed, key=run_file)
        pages = [notebook_page(executed[run], run, provenance, names) for run in runs]
        failed = [failure_page(study, named.get(study, study), error) for study, error in left_out.items()]
        provenance["failed"] = [(page.file, page.title) for page in failed]
        pages = sorted([*pages, *failed], key=lambda page: page.file)
        files = downloads.result()
        pages += map(arrange, [methods_page(tables, provenance), data_page(tables, files, provenance)])
        pages.insert(0, arrange(index_page(tables, pages, provenance)))
        homes, figures = anchor_homes(pages), shown_numbers(tables, pages)
        content, checks = files | shared_files(), []
        if previous := provenance.get("previous"):
            content[CHANGES] = csv_bytes("changes", changed_cells(tables, previous))
        for page in pages:
            html = render(page, linked_body(page, homes, figures), pages, version)
            checks.append(beside.submit(check_page, page.file, html))
            content |= {page.file: html.encode("utf-8")} | page.figures
        content[CARDS] = cards_script(pages, homes, tables).encode("utf-8")
        content[SEARCH] = search_script(pages).encode("utf-8")
        for check in checks:
            check.result()
    return _publish(content, Path(destination))


def _beside() -> Executor:
    """Return what works on another core meanwhile, in a forked process; a thread where none may be forked."""
    if sys.platform != "linux":
        return ThreadPoolExecutor(1)
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(1, context, initializer=end_with_parent, initargs=(os.getpid(),))


def _downloads(tables: Tables, version: str) -> dict[str, bytes]:
    """Return the files of every table, and the exports."""
    files = {name: data for table in tables for name, data in table_files(table, tables[table]).items()}
    return files | export_files(tables, files, version)


def _publish(content: dict[str, bytes], destination: Path) -> list[Path]:
    """Write all files, then remove those of an earlier site that are no longer part of it."""
    written = [write_atomic(destination / name, content[name]) for name in sorted(content)]
    for pattern in OWN_FILES:
        for old in sorted(destination.glob(pattern)):
            if old not in written:
                old.unlink()
    return written
