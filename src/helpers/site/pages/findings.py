"""The findings: every contradiction of every source, with its arithmetic and its places."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from helpers.figures.numbers import is_missing, plain_words
from helpers.figures.study_rows import by_weight
from helpers.figures.table_html import anchor, frame_of, table_html
from helpers.figures.worded_rows import with_places
from helpers.site.page import Page
from helpers.site.pages.parts import download, heading, links, outcome_link, say_html, study_link
from helpers.tables import split_ids
from helpers.words.load import Tables

SEVERITY_WORDS = {
    "certain": "no reading of the text, rounding included, removes it",
    "likely": "the most natural reading cannot be so",
    "minor": "a slip that changes no estimate",
}
COLUMNS = {
    "study_id": "Study",
    "severity": "Weight",
    "told": "What cannot be so, with the arithmetic",
    "where": "Where",
    "touches": "Touches",
    "detected_by": "Found by",
    "check": "Kind",
    "figures": "Figures",
}


def findings_page(tables: Tables) -> Page:
    """Return the page of all findings, the weightiest first, and of the rules that ran."""
    findings = by_weight(tables["findings"])
    parts = [
        say_html(
            "A finding is a contradiction, a figure that cannot be so, a result announced and "
            "missing, or a claim "
            "beyond the figures. Nothing is repaired: an estimate that a certain finding touches is "
            "shown with and "
            "without it. There are {{ n }} findings in {{ k }} studies.",
            "findings-table",
            n=len(findings),
            k=findings["study_id"].nunique(),
        ),
        _counts(findings),
        heading("Every finding", "all"),
        Markup('<div class="filterable">{}</div>').format(_table(findings)),
        download("findings"),
        heading("The rules that ran", "rules"),
        _rules(tables["checks"]),
        download("checks"),
    ]
    return Page(
        file="findings.html",
        title="Findings: where the sources contradict themselves",
        short="Findings",
        body=str(Markup("\n").join(parts)),
        owns=("finding", "findings"),
    )


def _counts(findings: pd.DataFrame) -> Markup:
    rows = [
        {"study": study_link(name), "name": name}
        | {weight: int((part["severity"] == weight).sum()) for weight in SEVERITY_WORDS}
        | {"all": len(part)}
        for name, part in findings.groupby("study_id", sort=True)
    ]
    headings = {"study": "Study"} | {
        weight: weight.capitalize() for weight in SEVERITY_WORDS
    } | {"all": "All"}  # fmt: skip
    meanings = Markup("; ").join(
        Markup("<strong>{}</strong>: {}").format(name, words) for name, words in SEVERITY_WORDS.items()
    )
    table = table_html(
        frame_of(rows, headings), caption="Findings by study and weight", columns=headings, empty="no finding"
    )
    return Markup('<p>{}.</p><div data-from="findings-table">{}</div>').format(meanings, table)


def _table(findings: pd.DataFrame) -> Markup:
    shown = with_places(findings)
    outcomes = [Markup(", ").join(map(outcome_link, split_ids(ids))) or None for ids in shown["concepts"]]
    named = [links("q", ids) or None for ids in shown["quantity_ids"]]
    told = [
        Markup('{}<span class="sum">{}</span>').format(row.statement, row.arithmetic)
        if not is_missing(row.arithmetic)
        else Markup("{}").format(row.statement)
        for row in shown.itertuples()
    ]
    shown = shown.assign(
        told=pd.Series(told, index=shown.index, dtype=object),
        touches=pd.Series(outcomes, index=shown.index, dtype=object),
        figures=pd.Series(named, index=shown.index, dtype=object),
        origins=[anchor("q-all", name) for name in shown["study_id"]],
    )
    return table_html(
        shown,
        caption="Every finding, the weightiest first",
        label="findings-table",
        columns=COLUMNS,
        formats={"study_id": study_link, "check": plain_words, "detected_by": plain_words},
        anchor_column="finding_id",
        empty="no finding",
    )


def _rules(checks: pd.DataFrame) -> Markup:
    """Return each rule with its source and what came of it in each study."""
    rows = []
    for (name, source), part in checks.fillna({"source": ""}).groupby(["check", "source"], sort=True):
        found = [study_link(study) for study in part.loc[part["outcome"] == "found", "study_id"]]
        rows.append(
            {
                "check": plain_words(name),
                "found": Markup(", ").join(found) if found else Markup("none"),
                "passed": int((part["outcome"] == "passed").sum()),
                "idle": int((part["outcome"] == "not applicable").sum()),
                "source": source or None,
            }
        )
    headings = {
        "check": "Rule",
        "found": "Found something in",
        "passed": "Studies passed",
        "idle": "Not applicable",
        "source": "Rule from",
    }
    table = table_html(
        frame_of(rows, headings),
        caption="Consistency rules, and what came of them",
        label="rules-table",
        columns=headings,
        empty="no rule has run",
    )
    return Markup('<div data-from="checks">{}</div>').format(table)
