"""Pages of methods, checklists, code and provenance."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup

from helpers.display import frame_of, table_html
from helpers.formats import plain_words, show_value
from helpers.narrative.phrases import Tables
from helpers.site.assets import code_html
from helpers.site.notebook import place_free
from helpers.site.page import Page, bullets, heading, link, page_slug, rows_table, say_html
from helpers.tables import TABLES

FIXED_BLOCK = Markup('<div class="fixed">{}</div>')  # what was chosen and not computed
ESTIMAND_MEANINGS = {
    "uncontrolled_change": "the change of one group; nothing tells it from what would have happened anyway",
    "within_participant": "the difference between two sites of one scalp",
    "between_group": "the difference between two groups",
    "proportion": "a share of the people treated, with nothing beside it",
}


def methods_page(tables: Tables, provenance: Mapping[str, Any]) -> Page:
    """Return the page of methods."""
    review = provenance.get("review")
    parts = [
        heading("Question and eligibility", "question"),
        say_html(
            "Does exosome therapy regrow hair, how sure can anyone be, and what would change the answer? "
            "Studies of vesicles of any origin given to people for pattern or diffuse hair loss are "
            "included, whatever their design, and registered trials without results too. Reviews, other "
            "diseases and treatments in which the vesicles cannot be told from drugs are excluded, each "
            "with its reason."
        ),
        Markup("<p>{}</p>").format(_protocol(review)),
        *_searches(review),
        *_extraction(tables),
        *_checking(tables),
        *_effects(tables),
        *_pooling(provenance),
        heading("Certainty", "certainty-rules"),
        Markup("<p>{}; {}.</p>").format(
            link("#how-sure", "The certainty of each outcome, with its reasons"),
            link("#code-certainty", "the rule"),
        ),
        heading("What this synthesis does not do", "limits"),
        bullets(
            [
                "No source is repaired. What had to be assumed is named in the row and can be changed.",
                "No author was asked for data.",
                "Screening was not done twice by people working apart.",
                "Only what the sources at hand print is read; a record whose source is not at hand "
                "waits, and is listed as waiting.",
            ]
        ),
    ]
    return Page(
        file="methods.html",
        title="Methods: how the answer was reached",
        short="Methods",
        body=str(Markup("\n").join(parts)),
    )


def _protocol(review: Any) -> str:
    if review is None or review.protocol is None:
        return "No protocol was registered before the work began."
    return f"Protocol: {review.protocol}."


def _searches(review: Any) -> list[Markup]:
    rows = [
        {"on": item.on, "where": item.where, "how": item.how or None}
        for item in (review.searches if review else ())
    ]
    headings = {"on": "Date", "where": "Where", "how": "How"}
    return [
        heading("Search and selection", "search"),
        rows_table(
            rows,
            headings,
            "Searches",
            label="searches",
            empty="no date is stated",
        ),
        Markup('<p><a href="#records">Each record, with its decision and the reason</a>.</p>'),
    ]


def _extraction(tables: Tables) -> list[Markup]:
    sources = tables["sources"]
    twice = int((sources["extraction_readers"].fillna(0) >= 2).sum())
    return [
        heading("Extraction", "extraction"),
        say_html(
            "A reader writes each printed figure once into the study's sheet, as the token that stands in "
            "the source, with section, line and characters. Everything else names figures by their name. "
            "{{ twice }} of {{ all }} sources were read by two or more readers apart.",
            "sources",
            twice=twice,
            all=len(sources),
        ),
    ]


def _checking(tables: Tables) -> list[Markup]:
    tools = ", ".join(sorted(tables["risk_of_bias"]["tool"].unique()))
    return [
        heading("Appraisal", "appraisal"),
        Markup(
            "<p>Rules compare a study's figures with each other and with its own words; readers add what "
            "only a reader sees. Risk of bias is judged by the tool that fits the design: "
            '<span class="fixed">{}</span>.</p>'
        ).format(tools or "no study has been judged yet"),
    ]


def _effects(tables: Tables) -> list[Markup]:
    kinds = [name for name in ESTIMAND_MEANINGS if name in set(tables["effects"]["estimand"])] or list(
        ESTIMAND_MEANINGS
    )
    items = [
        Markup("<strong>{}</strong>: {}").format(plain_words(name), ESTIMAND_MEANINGS[name]) for name in kinds
    ]
    return [
        heading("Effect sizes", "effects"),
        Markup(
            "{}"
            "<p>Intervals of means use Student's t, those of shares are Wilson's. Where a figure is "
            "missing (the size of a "
            "group, the correlation of before and after), the effect is computed over the values "
            "that it may have. "
            "{}.</p>"
        ).format(bullets(items), link("#code-effects", "The code")),
    ]


def _pooling(provenance: Mapping[str, Any]) -> list[Markup]:
    rows = [
        {"name": name, "value": show_value(place_free(value))}
        for name, value in sorted((provenance.get("parameters") or {}).items())
    ]
    headings = {"name": "Parameter", "value": "Value in this report"}
    return [
        heading("Pooling", "pooling"),
        Markup(
            "<p>Estimates are pooled only where at least two studies report the same outcome as the same "
            "estimand, against one comparator, in one unit, at a like time. Then a random-effects "
            "model is fitted, with an interval after Hartung and Knapp that is never narrower than the "
            "normal one, and a prediction interval. Where a certain discrepancy touches an estimate, it is "
            "shown with and without it. A Bayesian model stands beside, with a prior of the spread that is "
            "stated beforehand. A study gives a pool one estimate, that of its longest follow-up or, by the "
            "parameter visit, its shortest; a change without a control is averaged with no other; a second "
            "group in a study that has no comparison by its design "
            "is none, and a change counted from a later visit is no change from the start. Everything else "
            "is told study by study, as the guideline for synthesis without meta-analysis (SWiM) asks. "
            "{}.</p>"
        ).format(link("#code-groups", "The code")),
        FIXED_BLOCK.format(
            rows_table(
                rows,
                headings,
                "Parameters: every assumption that can be changed",
                label="parameters",
                empty="not recorded",
            )
        ),
    ]


def checklists() -> list[dict]:
    """Return the lists: `name`, `title`, `source`, `items` (`item`, `asks`, `answer`, `where`)."""
    text = resources.files("helpers.site").joinpath("templates/checklists.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def checklists_page() -> Page:
    """Return the page of the checklists."""
    parts = [
        say_html(
            "Each item in our own words, with what this report does about it and where. Where something was "
            "not done, the answer is no."
        )
    ]
    for guide in checklists():
        rows = [
            {
                "item": str(entry["item"]),
                "asks": entry["asks"],
                "answer": entry["answer"],
                "where": Markup(", ").join(
                    link(target, words) for words, target in (entry.get("where") or {}).items()
                )
                or None,
                "remark": entry.get("remark"),
            }
            for entry in guide["items"]
        ]
        headings = {
            "item": "Item",
            "asks": "What is asked",
            "answer": "Done",
            "where": "Where",
            "remark": "Remark",
        }
        table = table_html(frame_of(rows, headings), caption=guide["title"], columns=headings)
        parts += [
            heading(guide["title"], guide["name"]),
            Markup('<p class="fixed">{}</p>').format(guide["source"]),
            Markup('<div class="fixed">{}</div>').format(table),
        ]
    return Page(
        file="checklists.html",
        title="Checklists: what the reporting guidelines ask, and where it stands",
        short="Checklists",
        kicker="Provenance",
        body=str(Markup("\n").join(parts)),
    )


# What computes a number that stands on a page, in the order of the data's way; the key is its anchor.
MODULES = {
    "cleaning": "helpers.cleaning",
    "effects": "helpers.effects.study",
    "groups": "helpers.pooling.groups",
    "pooling": "metastats.pooling",
    "certainty": "helpers.appraisal.grade",
}


def code_page() -> Page:
    """Return the page of the code that computes the numbers."""
    parts = [
        say_html(
            "Open a module to read it; the docstrings name the papers and manuals that the methods come from."
        )
    ]
    for anchor, name in MODULES.items():
        source = module_source(name)
        if source is not None:
            meaning = source.split('"""')[1].strip().splitlines()[0] if '"""' in source else ""
            parts.append(
                Markup('<h2 id="code-{0}"><code>{1}</code></h2><p>{2}</p>{3}').format(
                    anchor, name, meaning, Markup(code_html((source, ""), label=f"{name}, the whole module"))
                )
            )
    return Page(
        file="code.html",
        title="The code behind the numbers",
        short="Code",
        kicker="Provenance",
        body=str(Markup("\n").join(parts)),
        owns=("code",),
    )


def module_source(name: str) -> str | None:
    """Return the source text of a module without importing it; nothing when there is no such module."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else None


STUDY_NOTEBOOK = "03_study_evidence"
NOTEBOOKS = {
    "01_ingestion": "What was printed, and where",
    "02_cleaning": "One unit, one time scale, one vocabulary",
    "03_study_evidence": "Each study: discrepancies, bias, effects",
    "04_outcome_comparison": "Outcomes side by side",
    "05_pooled_effect": "Pooling, certainty, the trials to come",
}


def provenance_page(tables: Tables, pages: list[Page], provenance: Mapping[str, Any]) -> Page:
    """Return the page of provenance; `pages` are the notebook runs' pages."""
    parts = [
        say_html(
            "The data goes one way: from the raw files through five notebooks into tables, and from the "
            "tables into these pages. Each notebook reads only what an earlier one wrote."
        ),
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
            "<p>Two runs of the same inputs give the same bytes. <code>manifest.json</code> names every "
            "input and output with its hash; <code>requirements.lock</code> fixes every package.</p>"
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


def _notebooks(pages: list[Page]) -> Markup:
    rows = []
    for name, words in NOTEBOOKS.items():
        wrote = [link(f"data.html#{table}", table) for table, spec in TABLES.items() if spec.notebook == name]
        earlier = [other for other in NOTEBOOKS if other < name]
        if name == STUDY_NOTEBOOK:
            runs = [link(page.file, page.name) for page in pages if page.file.startswith("study-")]
        else:
            runs = [link(page.file, page.name) for page in pages if page.file == f"{page_slug(name)}.html"]
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
    return rows_table(
        rows,
        headings,
        "Input files and their hashes",
        label="inputs-table",
        formats={"sha256": lambda value: Markup('<code class="hash">{}</code>').format(value)},
        empty="not recorded",
    )


def _packages(packages: Mapping[str, str]) -> Markup:
    if not packages:
        return Markup("<p>The versions are not recorded.</p>")
    told = [Markup("<code>{} {}</code>").format(name, version) for name, version in sorted(packages.items())]
    return bullets(told, "downloads")
