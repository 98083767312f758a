"""What registered trials will add: size, outcomes, dates, and the smallest difference they can see."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from helpers.figures.numbers import is_missing, plain_unit, plain_words, show_number
from helpers.figures.table_html import table_html
from helpers.site.page import Page
from helpers.site.pages.parts import download, from_anchor, heading, outcome_link, say_html, study_link
from helpers.tables import split_ids
from helpers.words.load import Tables
from helpers.words.phrases import count_words

HEADINGS = {
    "study_id": "Trial",
    "n_planned": "People planned",
    "concept": "Outcome planned",
    "priority": "Priority",
    "contrast": "Kind of contrast",
    "expected": "Expected",
    "smallest": "Smallest difference it can detect",
    "assumption": "Assuming",
}
KNOWN = {
    "study_id": "Trial",
    "what": "What it compares",
    "n_planned": "People planned",
    "contrast": "Kind of contrast",
    "status": "Status",
    "expected": "Expected",
    "late": "Past that date without results",
    "detectable_80": "Smallest difference it can detect",
    "outcomes": "Outcomes registered",
}


def horizon_page(tables: Tables) -> Page:
    """Return the page of the trials to come."""
    horizon, screening, known = tables["horizon"], tables["screening"], tables["horizon_trials"]
    waiting = screening[(screening["decision"] == "awaiting") & (screening["kind"] == "registration")]
    trials = horizon["study_id"].nunique()
    parts = [
        say_html(
            "{{ every }} with results to come {{ verb }} known. The record of {{ trials }} was read; "
            "{{ more }} {{ wait }} for the record itself, and what is said of them here comes from a search "
            "summary.",
            "horizon-trials-table horizon-table records-awaiting",
            every=count_words(len(known), "registered trial", "registered trials").capitalize(),
            verb="is" if len(known) == 1 else "are",
            trials=count_words(trials, "of them", "of them"),
            more=count_words(len(waiting), "registration", "registrations"),
            wait="waits" if len(waiting) == 1 else "wait",
        ),
        heading("Every trial to come, the one that would teach most first", "known"),
        _known(known),
        download("horizon_trials"),
        heading("What those with a record can show, outcome by outcome", "trials"),
        Markup('<div class="filterable">{}</div>').format(horizon_table(horizon, full=True)),
        download("horizon"),
        heading("Registrations that wait for their record", "waiting"),
        _waiting(waiting),
    ]
    return Page(
        file="horizon.html",
        title="The horizon: what registered trials will add",
        short="Trials to come",
        body=str(Markup("\n").join(parts)),
        owns=("horizon",),
    )


def _known(known: pd.DataFrame) -> Markup:
    """Return all trials to come in the order of what they would teach about hair density."""
    rows = known.sort_values("place", kind="stable")
    planned = [Markup(", ").join(map(outcome_link, split_ids(names))) or None for names in rows["outcomes"]]
    rows = rows.assign(origins="horizon_trials", outcomes=pd.Series(planned, index=rows.index, dtype=object))
    table = table_html(
        rows,
        caption="Registered trials to come; the smallest difference is in hairs/cm², with 80 % power",
        label="horizon-trials-table",
        columns=KNOWN,
        formats={"contrast": plain_words, "detectable_80": lambda size: show_number(size, digits=3)},
        empty="no registered trial is known",
    )
    return Markup('<div data-from="horizon_trials">{}</div>').format(table)


def smallest_words(frame: pd.DataFrame) -> list[str | None]:
    """Return the smallest detectable difference of each row, with unit and power."""
    return [
        None
        if is_missing(row.detectable_difference)
        else f"{show_number(row.detectable_difference, digits=3)} {plain_unit(row.unit)}".rstrip()
        + ("" if is_missing(row.power) else f", with {show_number(100 * row.power)} % power")
        for row in frame.itertuples()
    ]


def horizon_table(horizon: pd.DataFrame, *, full: bool) -> Markup:
    """Return the trials to come: all planned outcomes, or the one line a trial that the index shows."""
    frame = horizon.assign(smallest=smallest_words(horizon))
    headings = dict(HEADINGS)
    if not full:
        order = frame["priority"].map({"primary": 0, "secondary": 1}).fillna(2)
        known = frame["smallest"].isna().astype(int)
        frame = frame.assign(_order=order, _known=known).sort_values(
            ["study_id", "_order", "_known"], kind="stable"
        )
        frame = frame.drop_duplicates(["study_id", "concept"]).groupby("study_id", sort=True).head(2)
        headings = {name: words for name, words in headings.items() if name not in ("priority", "contrast")}
    table = table_html(
        frame,
        caption="Registered trials with results to come"
        + ("" if full else ": the outcomes that matter most"),
        label="horizon-table",
        columns=headings,
        formats={"concept": outcome_link, "study_id": study_link, "contrast": plain_words},
        anchor_column="horizon_id" if full else None,
        empty="no registered trial is on the list",
    )
    return from_anchor(table, "code-helpers.synthesis.horizon")


def _waiting(rows: pd.DataFrame) -> Markup:
    headings = {
        "record_id": "Registration",
        "record": "What it is",
        "seen": "Seen of it",
        "reason": "Why it waits",
    }
    table = table_html(rows, caption="Registrations without their record", columns=headings, empty="none")
    return Markup('<div data-from="records-awaiting">{}</div>').format(table)
