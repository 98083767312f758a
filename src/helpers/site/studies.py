"""Pages of each study's figures: printed, brought to one unit, computed."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.display import anchor, quantity_links, table_html
from helpers.formats import is_missing, plain_words, show_number
from helpers.narrative.phrases import Tables
from helpers.narrative.study import with_interval, with_value
from helpers.site.page import (
    Page,
    column_headings,
    from_anchor,
    heading,
    links,
    outcome_link,
    page_slug,
    rows_table,
    say_html,
)
from notebookpress.tables import records

FOUND = {True: "found there", False: "not found there"}
RESULT_COLUMNS = column_headings(
    "results",
    "outcome arm_id site timepoint_weeks kind value unit n converted figures",
    n="People",
    converted="What was converted",
    figures="Printed figures",
)
EFFECT_COLUMNS = {
    "outcome": "Outcome",
    "estimand": "Contrast",
    "arm_id": "Arm",
    "comparator_id": "Against",
    "timepoint_weeks": "Weeks",
    "interval": "Effect (95 % interval)",
    "se": "Standard error",
    "measure": "Measure",
    "n": "People",
    "n_assumed": "People assumed",
    "assumption": "Assuming",
    "first": "Shown first",
    "inputs": "Computed from",
    "doubts": "Certain discrepancies that touch it",
}
MEASURE_COLUMNS = {
    "MC": "mean change",
    "MD": "difference of means",
    "SMD": "standardised difference of means",
    "SMCR": "standardised mean change",
    "SMCC": "standardised mean change",
    "ROM": "log ratio of means",
    "PR": "share of people",
    "PLO": "log odds of a share",
    "PFT": "transformed share",
    "RR": "log risk ratio",
    "OR": "log odds ratio",
}


def printed_file(study_id: str) -> str:
    """Return the name of a study's page of figures."""
    return f"printed-{page_slug(study_id)}.html"


def printed_studies(tables: Tables) -> list[str]:
    """Return the studies that have a page of figures, in order."""
    return sorted(tables["quantities"]["study_id"].dropna().unique())


def printed_values(tables: Tables) -> dict[str, set[float]]:
    """Return for each figure's anchor the values that it prints; a share also in percent and as a part."""
    found: dict[str, set[float]] = {}
    for row in tables["quantities"].itertuples():
        numbers = {
            abs(value) for value in (row.value, row.value_low, row.value_high, row.sd) if not pd.isna(value)
        }
        shares = {round(100 * value, 9) for value in numbers if value <= 1}
        shares |= {round(value / 100, 11) for value in numbers} if row.unit in ("percent", "%") else set()
        found[anchor("q", row.quantity_id)] = numbers | shares
    return found


def printed_page(study_id: str, tables: Tables) -> Page:
    """Return a study's page; anchors are `q-<quantity_id>`, `result-<result_id>`, `effect-<effect_id>`."""
    rows = tables["quantities"][tables["quantities"]["study_id"] == study_id]
    lead = say_html(
        "Every number in this report that comes from {{ study }} rests on one of these figures. Line "
        "numbers count from one and characters from zero in the text whose hash the table of sources gives.",
        study=study_id,
    )
    results = tables["results"][tables["results"]["study_id"] == study_id]
    effects = tables["effects"][tables["effects"]["study_id"] == study_id]
    parts = [lead, heading("Printed", "printed"), _printed(study_id, rows)]
    if not results.empty:
        parts += [heading("Brought to one unit and one time scale", "observations"), _results(results)]
    if not effects.empty:
        parts += [heading("Computed", "computed"), _effects(effects)]
    return Page(
        file=printed_file(study_id),
        title=f"Figures of {study_id}: printed and computed",
        short=f"Figures of {study_id}",
        kicker="Provenance",
        body=str(Markup("\n").join(parts)),
        owns=("q", "result", "effect"),
    )


def _printed(study_id: str, rows: pd.DataFrame) -> Markup:
    rows = rows.sort_values(
        ["source_id", "char_start", "quantity_id"], kind="stable"
    )  # as a reader meets them
    shown = rows.assign(
        means=[_meaning(row) for row in rows.itertuples()],
        place=[_place(row) for row in rows.itertuples()],
        checked=[
            FOUND.get(value, "not looked up yet") if not pd.isna(value) else "not looked up yet"
            for value in rows["verified"]
        ],
    )
    table = table_html(
        shown,
        caption=f"Figures printed in the source of {study_id}, and where",
        label=anchor("q-all", study_id),
        columns={
            "printed": "As printed",
            "means": "What it is",
            "place": "Where",
            "checked": "Looked up",
            "quantity_id": "Name",
        },
        anchor_column="quantity_id",
    )
    return table


def _results(results: pd.DataFrame) -> Markup:
    rows = [
        row
        | {
            "outcome": outcome_link(row["concept"]),
            "figures": quantity_links(row["quantity_ids"]),
            "origins": "code-cleaning",
        }
        for row in records(with_value(results))
    ]
    table = rows_table(
        rows,
        RESULT_COLUMNS,
        "Observations: what notebook 02 made of the figures",
        hidden=(
            "result_id",
            "quantity_ids",
            "origins",
        ),
        formats={"timepoint_weeks": lambda weeks: show_number(weeks, digits=3)},
        anchor_column="result_id",
    )
    return from_anchor(table, "code-cleaning")


def _effects(effects: pd.DataFrame) -> Markup:
    """Return the effects with their inputs; their numbers lead to the code that computed them."""
    rows = [_effect(row) for row in records(with_interval(effects))]
    rows.sort(key=lambda row: row["first"] != "yes")
    table = rows_table(
        rows,
        EFFECT_COLUMNS,
        "Effect sizes: each with its inputs and what had to be assumed",
        hidden=("effect_id",),
        formats={"timepoint_weeks": lambda weeks: show_number(weeks, digits=3)},
        anchor_column="effect_id",
    )
    return from_anchor(table, "code-effects")


def _effect(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "outcome": outcome_link(row["concept"]),
        "estimand": plain_words(row["estimand"]),
        "measure": MEASURE_COLUMNS.get(row["measure"], row["measure"]),
        "first": row["headline"],
        "inputs": quantity_links(row["quantity_ids"]),
        "doubts": links("discrepancy", row["discrepancy_ids"]) or None,
    }


def _meaning(row: tuple) -> str:
    parts = [plain_words(row.concept), plain_words(row.kind), row.arm_id, row.timepoint_printed, row.note]
    return ", ".join(dict.fromkeys(str(part) for part in parts if not is_missing(part)))


def _place(row: tuple) -> str:
    parts = [] if row.source_id == row.study_id else [row.source_id]
    if not is_missing(row.section):
        parts.append(str(row.section))
    if not is_missing(row.line):
        parts.append(f"line {row.line}")
    if not is_missing(row.char_start):
        parts.append(f"characters {row.char_start} to {row.char_end}")
    return ", ".join(parts)
