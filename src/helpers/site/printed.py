"""Pages of printed figures: for each study, every figure with the place in the source where it stands."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from helpers.figures.numbers import is_missing, plain_words
from helpers.figures.table_html import table_html
from helpers.site.load import Tables
from helpers.site.page import Page, slug

FOUND = {True: "found there", False: "not found there"}


def printed_file(study_id: str) -> str:
    """Return the name of a study's page of printed figures."""
    return f"printed-{slug(study_id)}.html"


def printed_pages(tables: Tables) -> list[Page]:
    """Return one page a study; each row's anchor is `q-<quantity_id>`."""
    quantities = tables["quantities"]
    return [_page(str(name), rows) for name, rows in quantities.groupby("study_id", sort=True)]


def _page(study_id: str, rows: pd.DataFrame) -> Page:
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
        columns={
            "printed": "As printed",
            "means": "What it is",
            "place": "Where",
            "checked": "Looked up",
            "quantity_id": "Name",
        },
        anchor_column="quantity_id",
    )
    lead = Markup(
        "<p>Every number in this report that comes from {} rests on one of these figures. Line numbers count "
        "from 1 and characters from 0 in the text whose hash the table of sources gives.</p>"
    ).format(study_id)
    return Page(
        file=printed_file(study_id),
        title=f"Printed figures: {study_id}",
        short=f"Printed figures of {study_id}",
        body=str(lead + table),
    )


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
