"""A page for each outcome: what happened in each study, what could be pooled, how sure, what will come."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from markupsafe import Markup

from helpers import figures
from helpers.appraisal import overall
from helpers.figures.harms import harm_rows, harm_sentence, harms
from helpers.figures.numbers import is_missing, plain_words, show_number
from helpers.figures.study_rows import estimate_rows
from helpers.figures.table_html import quantity_links, table_html
from helpers.figures.worded_rows import with_interval
from helpers.site.outcomes import happened, outcomes_table
from helpers.site.page import Page
from helpers.site.pages.certainty import certainty_id, reasons_html
from helpers.site.pages.horizon import horizon_table
from helpers.site.pages.parts import (
    TIER_WORDS,
    download,
    heading,
    links,
    outcome_file,
    picture,
    say_html,
    study_link,
)  # fmt: skip
from helpers.tables import records
from helpers.words.load import Tables
from helpers.words.phrases import capital, study_directions

EVENTS_DRAWN = "events, drawn"
LINES = {
    "study_id": "Study",
    "direction": "Direction",
    "contrast": "Contrast",
    "site": "Site",
    "timepoint_weeks": "Weeks",
    "interval": "Effect (95 % interval)",
    "n": "People",
    "risk_of_bias": "Risk of bias",
    "certain_findings": "Certain findings",
    "why_not": "Why it cannot be compared",
    "quantity_ids": "Printed figures",
}
POOLED = {
    "contrast": "Contrast",
    "evidence": "Evidence",
    "model": "Model",
    "k": "Estimates",
    "interval": "Estimate (95 % interval)",
    "predicted": "Prediction interval",
    "heterogeneity": "τ² and I²",
    "doubt": "Doubtful estimates left out",
    "reason": "Why, or why not",
    "assumption": "Assuming",
    "effects": "Made from",
}
EVENTS = {
    "study_id": "Study",
    "arm_id": "Arm",
    "term": "Event",
    "count": "People",
    "n": "Of",
    "severity": "Severity",
    "resolved_hours": "Gone after, hours",
    "note": "Note",
}


def outcomes_page(tables: Tables) -> Page:
    """Return the page that lists every outcome."""
    parts = [
        say_html(
            "Every outcome that a study reports or plans, with a page of its own. A change within a group, a "
            "difference between two sites of one scalp and a difference between groups are never averaged."
        ),
        outcomes_table(tables),
        download("comparisons"),
    ]
    return Page(
        file="outcomes.html",
        title="The outcomes: what happened to each, and how sure that is",
        short="Outcomes",
        body=str(Markup("\n").join(parts)),
    )


def outcome_pictures(tables: Tables) -> dict[str, list[str]]:
    """Return the drawings of all outcomes' pages by outcome, those of the events under `EVENTS_DRAWN`.

    They take long and show estimates, judgements and events alone: they can be made before the rest is known.
    """
    drawn: dict[str, list[str]] = {
        str(name): _forests(str(name), tables) for name in tables["effects"]["concept"].unique()
    }
    return drawn | {EVENTS_DRAWN: _harms(tables)}


def outcome_page(
    concept: str, tables: Tables, reported: pd.DataFrame, drawn: Mapping[str, list[str]] | None = None
) -> Page:
    """Return the page of an outcome.

    Parameters
    ----------
    concept : str
        The outcome.
    tables : dict of str to pandas.DataFrame
        All tables.
    reported : pandas.DataFrame
        What `reported_lines` returned.
    drawn : mapping of str to list of str, optional
        What `outcome_pictures` returned; drawn here when left out.

    """
    lines = tables["comparisons"][tables["comparisons"]["concept"] == concept]
    pooled = tables["pooled"][tables["pooled"]["concept"] == concept]
    horizon = tables["horizon"][tables["horizon"]["concept"] == concept]
    parts = [
        *_lead(concept, tables, reported),
        heading("Study by study", "studies"),
        *(_forests(concept, tables) if drawn is None else map(Markup, drawn.get(concept, ()))),
    ]
    tables_of = [(words, lines[lines["tier"] == tier]) for tier, words in TIER_WORDS.items()]
    told = [_lines(rows, words) for words, rows in tables_of if not rows.empty]
    parts.append(Markup('<div id="studies-lines">{}</div>').format(Markup("\n").join(told)))
    if lines.empty:
        parts.append(say_html("No study has a line on this outcome."))
    if concept == "adverse_events":
        parts += [
            heading("The events", "events"),
            *(_harms(tables) if drawn is None else map(Markup, drawn[EVENTS_DRAWN])),
            _events(tables["adverse_events"]),
            download("adverse_events"),
        ]
    parts += [heading("Together", "pooled"), _pooled(pooled), download("pooled")]
    if not horizon.empty:
        parts += [heading("What registered trials will add", "horizon"), horizon_table(horizon, full=True)]
    title = capital(plain_words(concept))
    return Page(
        file=outcome_file(concept),
        title=title,
        short=title,
        kicker="Outcome",
        body=str(Markup("\n").join(parts)),
        owns=("line", "pooled"),
    )


def _lead(concept: str, tables: Tables, reported: pd.DataFrame) -> list[Markup]:
    """Return what happened and how sure that is."""
    lines = reported[reported["concept"] == concept]
    told = [
        f"{capital(plain_words(concept))}: {happened(lines, list(study_directions(lines)['direction']))}."
    ]
    parts = [Markup('<p class="lead" data-from="studies-lines">{}</p>').format(told[0])]
    for row in records(tables["certainty"][tables["certainty"]["concept"] == concept]):
        parts.append(
            Markup(
                '<p data-from="{origin}">Certainty ({evidence} evidence): <strong>{level}</strong>.</p>'
                '<p data-from="{origin}" class="reasons">{reasons}</p>'
            ).format(
                origin=f"certainty-{certainty_id(row)}",
                evidence=row["evidence"],
                level=row["certainty"],
                reasons=reasons_html(row["reasons"]) or "",
            )
        )
    return parts


def _forests(concept: str, tables: Tables) -> list[Markup]:
    """Return a forest plot a unit, of estimates with an interval; they are seen together, not averaged."""
    effects = tables["effects"]
    own = effects[(effects["concept"] == concept) & effects["ci_lower"].notna()]
    judged = tables["risk_of_bias"][tables["risk_of_bias"]["study_id"].isin(own["study_id"])]
    verdicts = {str(study): overall(records(part)) for study, part in judged.groupby("study_id")}
    drawn = []
    for number, unit in enumerate(sorted(own["unit"].dropna().unique()), start=1):
        rows = estimate_rows(own, unit, verdicts)
        if rows:
            figure = figures.forest(
                rows, unit=unit, title=f"{capital(plain_words(concept))}: estimates, not pooled"
            )
            drawn.append(picture(figure, f"forest-{number}", origin="studies-lines"))
    return drawn


def _lines(rows: pd.DataFrame, words: str) -> Markup:
    table = table_html(
        with_interval(rows),
        caption=f"{words}: every line on this outcome",
        columns=LINES,
        formats={"study_id": study_link, "contrast": plain_words, "quantity_ids": quantity_links},
        anchor_column="line_id",
    )
    return Markup('<div class="filterable" data-from="{}">{}</div>').format(
        "code-helpers.synthesis.comparison_lines comparisons", table
    )


def _harms(tables: Tables) -> list[Markup]:
    """Return the sentence and the picture of all events; nothing where no study speaks of any."""
    rows = harm_rows(tables["adverse_events"], tables["sources"])
    if not rows:
        return []
    told = Markup('<p data-from="adverse_events">{}</p>').format(harm_sentence(rows))
    return [told, picture(harms(rows), "events-figure", origin="adverse_events")]


def _events(events: pd.DataFrame) -> Markup:
    return table_html(
        events.assign(origins="adverse_events"),
        caption="Adverse events as reported; an event without a count stays without a count",
        columns=EVENTS,
        formats={"study_id": study_link},
        empty="no event is reported",
    )


def _pooled(pooled: pd.DataFrame) -> Markup:
    rows = with_interval(pooled, effect="estimate")
    predicted, spread, made = [], [], []
    for row in records(pooled):
        known = not is_missing(row["pi_lower"]) and not is_missing(row["pi_upper"])
        predicted.append(
            f"{show_number(row['pi_lower'])} to {show_number(row['pi_upper'])}" if known else None
        )
        spread.append(
            None
            if is_missing(row["tau2"])
            else f"{show_number(row['tau2'])} and {show_number(row['i2'])} %"
            if not is_missing(row["i2"])
            else show_number(row["tau2"])
        )
        made.append(links("effect", row["effect_ids"]) or None)
    shown = rows.assign(
        predicted=predicted,
        heterogeneity=spread,
        doubt=rows["without_certain_findings"],
        effects=pd.Series(made, index=rows.index, dtype=object),
    )
    table = table_html(
        shown,
        caption="Pooled and single estimates",
        columns=POOLED,
        formats={"contrast": plain_words},
        anchor_column="pooled_id",
        empty="nothing to pool",
    )
    return Markup('<div data-from="code-helpers.synthesis.evidence_pool">{}</div>').format(table)
