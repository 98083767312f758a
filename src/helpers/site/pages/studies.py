"""The studies: who, what, against what; their arms; where each is published or registered."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.figures.numbers import is_missing, plain_words
from helpers.figures.table_html import anchor, frame_of, table_html
from helpers.site.page import Page
from helpers.site.pages.parts import TIER_WORDS, download, heading, link, say_html, tiers_of
from helpers.site.printed import printed_file
from helpers.tables import records
from helpers.words.load import Tables

COMPARISON_WORDS = {
    "parallel": "groups side by side",
    "within_person": "two sites on one scalp",
    "single_arm": "before and after, no comparison",
    "case": "single cases",
}
CHARACTERISTICS = {
    "name": "Study",
    "design": "Design",
    "compares": "What is compared",
    "allocation": "Allocation",
    "masking": "Masking",
    "people": "People",
    "ages": "Age, years",
    "sex": "Sex",
    "population": "Population",
    "country": "Country",
    "funding": "Funding",
    "follow_up": "Measured up to, weeks",
}
ARMS = {
    "study_id": "Study",
    "label": "Arm",
    "role": "Role",
    "exosome_source": "Vesicles from",
    "given": "Dose",
    "route": "Route",
    "co_intervention": "Given beside it",
    "sessions": "Sessions",
    "interval_weeks": "Weeks between",
    "n": "People",
}
SOURCES = {
    "source_id": "Source",
    "citation": "Citation",
    "registration": "Registration",
    "doi": "DOI",
    "status": "Status",
    "access": "What was read",
    "licence": "Licence",
    "sha256": "SHA-256 of the text",
    "verified_on": "Figures last looked up",
    "verified_figures": "Figures found",
    "extraction_readers": "Readers",
    "extraction_date": "Read on",
}


def studies_page(tables: Tables, files: set[str]) -> Page:
    """Return the page of studies; `files` are the pages there are."""
    studies = tables["studies"]
    tiers = tiers_of(studies, tables["sources"])
    parts = [
        say_html(
            "What each study did, as far as its sources say. A dash means: not stated. A number "
            "leads to the place "
            "where it was printed. {{ n }} studies are listed.",
            "studies-list",
            n=len(studies),
        ),
        Markup('<div id="studies-list">'),
    ]
    for tier, words in TIER_WORDS.items():
        rows = studies[tiers == tier]
        if not rows.empty:
            parts += [heading(words, f"tier-{tier}"), _characteristics(rows, tables, files, words)]
    parts += [Markup("</div>"), download("studies")]
    parts += [heading("Arms: what was given", "arms"), _arms(tables["arms"]), download("arms")]
    parts += [heading("Sources: what was read", "sources"), _sources(tables["sources"]), download("sources")]
    return Page(
        file="studies.html",
        title="The studies: who was treated, with what, against what",
        short="Studies",
        body=str(Markup("\n").join(parts)),
        owns=("study", "source", "tier", "arms"),
    )


def _characteristics(studies: pd.DataFrame, tables: Tables, files: set[str], words: str) -> Markup:
    weeks = tables["results"].groupby("study_id")["timepoint_weeks"].max()
    rows = []
    for row in records(studies):
        rows.append(
            row
            | {
                "name": _name(row, files),
                "compares": COMPARISON_WORDS.get(str(row["comparison"])),
                "people": people_words(row),
                "ages": _ages(row),
                "follow_up": weeks.get(row["study_id"]),
                "origins": anchor("q-all", row["study_id"]),
            }
        )
    frame = frame_of(rows, CHARACTERISTICS | {"study_id": "", "quantity_ids": "", "origins": ""})
    return table_html(
        frame,
        caption=f"{words}: characteristics",
        columns=CHARACTERISTICS,
        formats={"follow_up": "{:.0f}"},
        anchor_column="study_id",
    )


def _name(row: dict[str, Any], files: set[str]) -> Markup:
    """Return a study's name with links to its pages and, below, its title."""
    name, page = row["study_id"], f"study-{row['study_id']}.html"
    first = link(page, name) if page in files else Markup("{}").format(name)
    title = "" if is_missing(row["title"]) else row["title"]
    printed = printed_file(name)
    figures = Markup("<br>") + link(printed, "its figures") if printed in files else Markup("")
    return Markup('{}<span class="sub">{}{}</span>').format(first, title, figures)


def people_words(row: dict[str, Any]) -> str | None:
    """Return how many people: analysed, enrolled, planned, whichever is stated first."""
    for name, word in (("n_analysed", " analysed"), ("n_enrolled", " enrolled"), ("n_planned", " planned")):
        if not is_missing(row[name]):
            return f"{row[name]}{word}"
    return None


def _ages(row: dict[str, Any]) -> str | None:
    low, high = row["age_min"], row["age_max"]
    if is_missing(low) and is_missing(high):
        return None
    if is_missing(high):
        return f"from {low:g}"
    return f"up to {high:g}" if is_missing(low) else f"{low:g} to {high:g}"


def _arms(arms: pd.DataFrame) -> Markup:
    given = [
        " ".join(str(part) for part in (row["dose"], row["dose_unit"]) if not is_missing(part)) or None
        for row in records(arms)
    ]
    table = table_html(
        arms.assign(given=given, origins=[anchor("q-all", name) for name in arms["study_id"]]),
        caption="Arms, treated sites and cases",
        label="arms-table",
        columns=ARMS,
        formats={"study_id": lambda name: link(f"#{anchor('study', name)}", name), "role": plain_words},
        empty="no arm is described",
    )
    return Markup('<div class="filterable">{}</div>').format(table)


def _sources(sources: pd.DataFrame) -> Markup:
    return table_html(
        sources.assign(origins=[anchor("q-all", name) for name in sources["study_id"]]),
        caption="Sources, and what of each was read",
        label="sources-table",
        columns=SOURCES,
        formats={"doi": _doi, "sha256": _hash, "citation": _citation},
        anchor_column="source_id",
        empty="no source has been read",
    )


def _citation(text: str) -> Markup:
    return Markup('<span class="fixed">{}</span>').format(text)


def _hash(value: str) -> Markup:
    return Markup('<code class="hash">{}…</code>').format(value[:12])


def _doi(doi: str) -> Markup:
    """Return a DOI as a link: it is followed only when a reader asks for it."""
    return link(f"https://doi.org/{doi}", doi)
