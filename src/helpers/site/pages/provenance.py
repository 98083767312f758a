"""Where everything comes from: the notebooks, their inputs and outputs, hashes, how to run it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from helpers.figures.numbers import show_value
from helpers.figures.table_html import frame_of, table_html
from helpers.site.notebook import place_free
from helpers.site.page import Page, slug
from helpers.site.pages.parts import bullets, heading, link, say_html
from helpers.site.svg import Box, flow_svg
from helpers.tables import TABLES
from helpers.words.load import Tables

STUDY_NOTEBOOK = "03_study_evidence"
NOTEBOOKS = {
    "01_ingestion": "What was printed, and where",
    "02_cleaning": "One unit, one time scale, one vocabulary",
    "03_study_evidence": "Each study: findings, bias, effects",
    "04_outcome_comparison": "Outcomes side by side",
    "05_pooled_effect": "Pooling, certainty, the trials to come",
}


def provenance_page(tables: Tables, pages: list[Page], provenance: Mapping[str, Any]) -> Page:
    """Return the page of provenance; `pages` are the notebook runs' pages."""
    parts = [
        say_html(
            "The data goes one way: from the raw files through five notebooks into tables, and from "
            "the tables into these "
            "pages. Each notebook reads only what an earlier one wrote."
        ),
        _graph(pages),
        heading("The notebooks and their tables", "notebooks"),
        _notebooks(pages),
        heading("How to make it again", "again"),
        Markup(
            "<p>From a clone of the repository, with Python and make:</p>\n<pre><code>{}</code></pre>"
        ).format(
            "make report        # environment from the lock file, all notebooks, these pages\n"
            "evidence verify    # every file against the manifest, every figure against its place\n"
            "evidence run -p NAME=VALUE --out FOLDER   # the same with another assumption"
        ),
        Markup(
            "<p>Two runs of the same inputs give the same bytes. <code>manifest.json</code> names "
            "every input and output with its "
            "hash; <code>requirements.lock</code> fixes every package.</p>"
        ),
        heading("Versions", "versions"),
        _versions(provenance),
        heading("Checklists", "checklists"),
        Markup(
            '<p class="fixed">{}: PRISMA 2020, its extension for living reviews, and SWiM, item by item.</p>'
        ).format(link("checklists.html", "What the reporting guidelines ask, and where it stands")),
        heading("Inputs", "inputs"),
        _inputs(provenance.get("inputs") or []),
        heading("Packages", "packages"),
        _packages(provenance.get("packages") or {}),
    ]
    return Page(
        file="provenance.html",
        title="Provenance: from the raw files to this page",
        short="Provenance",
        body=str(Markup("\n").join(part for part in parts if part)),
    )


def _graph(pages: list[Page]) -> Markup:
    """Return the way of the data as a drawing."""
    boxes = [Box("Raw data", ["study sheets, registry records,", "records considered"], "#inputs", 0, 0)]
    for number, (name, words) in enumerate(NOTEBOOKS.items(), start=1):
        wrote = [table for table, spec in TABLES.items() if spec.notebook == name]
        own = next((page.file for page in pages if page.file == f"{slug(name)}.html"), "#notebooks")
        boxes.append(Box(name, [words], own, 0, number))
        boxes.append(Box("Tables", [", ".join(wrote)], f"data.html#{wrote[0]}", 1, number))
    boxes.append(Box("These pages", ["and the downloads"], "index.html", 0, len(NOTEBOOKS) + 1))
    places = [0, *range(1, 2 * len(NOTEBOOKS), 2), len(boxes) - 1]
    arrows = list(zip(places, places[1:], strict=False))
    arrows += [(place, place + 1) for place in places[1:-1]]
    told = "; then ".join(
        f"{name} writes {box.lines[0]}" for name, box in zip(NOTEBOOKS, boxes[2::2], strict=False)
    )
    return flow_svg(
        boxes,
        arrows,
        label="data-way",
        alt=f"The way of the data: raw files; {told}; then these pages.",
        caption="The way of the data. Each box leads to its page; the table below says the same.",
    )


def _notebooks(pages: list[Page]) -> Markup:
    rows = []
    for name, words in NOTEBOOKS.items():
        wrote = [link(f"data.html#{table}", table) for table, spec in TABLES.items() if spec.notebook == name]
        earlier = [other for other in NOTEBOOKS if other < name]
        if name == STUDY_NOTEBOOK:
            runs = [link(page.file, page.name) for page in pages if page.file.startswith("study-")]
        else:
            runs = [link(page.file, page.name) for page in pages if page.file == f"{slug(name)}.html"]
        rows.append(
            {
                "notebook": name,
                "does": words,
                "reads": "raw data" if not earlier else f"the tables of {earlier[0]}"
                if len(earlier) == 1
                else f"the tables of {earlier[0]} to {earlier[-1]}",
                "writes": Markup(", ").join(wrote),
                "runs": Markup(", ").join(runs) or None,
            }
        )  # fmt: skip
    headings = {
        "notebook": "Notebook",
        "does": "What it does",
        "reads": "Reads",
        "writes": "Writes",
        "runs": "Pages of its runs, with parameters",
    }
    return table_html(
        frame_of(rows, headings), caption="Notebooks, what each reads and writes", columns=headings
    )


def _versions(provenance: Mapping[str, Any]) -> Markup:
    def code(name: str) -> Any:
        value = provenance.get(name)
        return Markup('<code class="hash">{}</code>').format(value) if value else "not stated"

    parameters = provenance.get("parameters") or {}
    told = ", ".join(
        f"{name} = {show_value(place_free(value))}" for name, value in sorted(parameters.items())
    )
    facts = {
        "Version": provenance.get("version") or "not stated",
        "SHA-256 of the code": code("code_sha256"),
        "SHA-256 of the lock": code("lock_sha256"),
        "Parameters": told or "none",
    }
    rows = Markup("\n").join(
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(*item) for item in facts.items()
    )
    return Markup('<dl class="facts">\n{}\n</dl>').format(rows)


def _inputs(inputs: list[Mapping[str, str]]) -> Markup:
    rows = sorted(
        ({"path": place_free(str(item["path"])), "sha256": item["sha256"]} for item in inputs),
        key=lambda item: item["path"],
    )
    headings = {"path": "File", "sha256": "SHA-256"}
    return table_html(
        frame_of(rows, headings),
        caption="Input files and their hashes",
        label="inputs-table",
        columns=headings,
        formats={"sha256": lambda value: Markup('<code class="hash">{}</code>').format(value)},
        empty="not recorded",
    )


def _packages(packages: Mapping[str, str]) -> Markup:
    if not packages:
        return Markup("<p>The versions are not recorded.</p>")
    told = [Markup("<code>{} {}</code>").format(name, version) for name, version in sorted(packages.items())]
    return bullets(told, "downloads")
