"""Certainty: the summary of findings, and the reason of every step down (GRADE)."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from helpers.figures.table_html import frame_of, table_html
from helpers.figures.worded_rows import with_steps
from helpers.site.outcomes import outcomes_table
from helpers.site.page import Page
from helpers.site.pages.parts import download, heading, outcome_link, say_html, study_link
from helpers.tables import records, split_ids
from helpers.words.load import Tables

LEVEL_WORDS = {
    "high": "further research is very unlikely to change the estimate",
    "moderate": "further research may change the estimate",
    "low": "further research is likely to change the estimate",
    "very low": "the estimate is very uncertain",
    "no evidence": "no study reports a figure",
}


def certainty_page(tables: Tables) -> Page:
    """Return the page of certainty."""
    certainty = tables["certainty"]
    known = [
        f"{level}: {words}" for level, words in LEVEL_WORDS.items() if level in set(certainty["certainty"])
    ]
    parts = [
        say_html(
            "How sure anyone can be, outcome by outcome, by the rules of GRADE: where the body of "
            "evidence starts, "
            "and each step down with its reason."
        ),
        say_html("{{ words }}.", words="; ".join(known).capitalize()) if known else Markup(""),
        heading("Summary of findings", "summary"),
        outcomes_table(tables, only_reported=True),
        heading("Each step and its reason", "steps"),
        _steps(certainty),
        download("certainty"),
    ]
    return Page(
        file="certainty.html",
        title="Certainty: how sure anyone can be of each outcome",
        short="Certainty",
        body=str(Markup("\n").join(parts)),
        owns=("certainty",),
    )


def certainty_id(row: dict) -> str:
    """Return the name of a row of `certainty`: its tier and its outcome."""
    return f"{row['evidence']}.{row['concept']}"


def _steps(certainty: pd.DataFrame) -> Markup:
    rows = [
        row
        | {
            "outcome": outcome_link(row["concept"]),
            "certainty_id": certainty_id(row),
            "who": Markup(", ").join(map(study_link, split_ids(row["studies"]))) or None,
            "why": reasons_html(row["reasons"]),
        }
        for row in records(with_steps(certainty))
    ]
    headings = {
        "outcome": "Outcome",
        "evidence": "Evidence",
        "certainty": "Certainty",
        "start": "Starts at",
        "steps": "Steps down",
        "participants": "People",
        "who": "Studies",
        "why": "Reasons",
    }
    table = table_html(
        frame_of(rows, headings | {"certainty_id": ""}),
        caption="Certainty of each outcome, with the reason of each step",
        label="certainty-table",
        columns=headings,
        anchor_column="certainty_id",
        empty="the certainty has not been judged yet",
    )
    return Markup('<div class="filterable" data-from="code-helpers.appraisal.grade">{}</div>').format(table)


def reasons_html(reasons: str | None) -> Markup | None:
    """Return the reasons, a line each."""
    if not reasons:
        return None
    lines = [part.strip().rstrip(".") + "." for part in str(reasons).split(". ") if part.strip()]
    return Markup("<br>").join(lines)
