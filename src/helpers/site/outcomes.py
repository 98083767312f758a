"""Pages of outcomes and of certainty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.appraisal.risk_of_bias import overall
from helpers.display import anchor, frame_of, quantity_links, table_html
from helpers.figures.forest import forest
from helpers.figures.outcome import harm_rows, harm_sentence, harms
from helpers.figures.rows import estimate_rows
from helpers.formats import is_missing, plain_words, show_number, show_with_unit
from helpers.narrative.phrases import (
    Tables,
    capital,
    count_words,
    direction_words,
    reported_lines,
    study_directions,
    widest_tier,
)
from helpers.narrative.study import with_interval, with_steps
from helpers.pooling.groups import CONTEXT
from helpers.site.flow import ongoing_table
from helpers.site.page import (
    TIER_LABELS,
    Page,
    column_headings,
    download,
    filterable,
    from_anchor,
    heading,
    links,
    outcome_file,
    outcome_link,
    picture,
    rows_table,
    say_html,
    study_link,
)
from helpers.tables.vocabulary import ESTIMAND_WORDS
from notebookpress.tables import records, split_ids

MOST_LINES = 3


def outcome_concepts(tables: Tables) -> list[str]:
    """Return every outcome that a study reports or plans, in one order for all pages."""
    named = [*tables["certainty"]["concept"], *tables["pooled"]["concept"], *tables["comparisons"]["concept"]]
    return list(dict.fromkeys(named))


def outcomes_table(tables: Tables, *, only_reported: bool = False) -> Markup:
    """Return one row an outcome: direction, estimates, certainty, and whether it could be pooled.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        All tables.
    only_reported : bool
        Whether outcomes for which no study reports a figure are left to the page of outcomes.

    """
    # the lines are those of every study, and so is the certainty beside them
    tables = tables | {name: widest_tier(tables[name]) for name in ("pooled", "certainty")}
    lines = reported_lines(tables)
    directions, told = _by_outcome(study_directions(lines)), _by_outcome(lines)
    pooled, certainty = _by_outcome(tables["pooled"]), _by_outcome(tables["certainty"])
    rows = []
    for concept in outcome_concepts(tables):
        own = told.get(concept, [])
        if own or not only_reported:
            seen = [row.direction for row in directions.get(concept, [])]
            frame = lines[lines["concept"] == concept]
            row = _outcome_row(concept, own, pooled.get(concept, []), certainty.get(concept, []))
            rows.append(row | {"studies": len(seen), "direction": happened(frame, seen)})
    headings = {
        "outcome": "Outcome",
        "studies": "Studies",
        "direction": "What happened",
        "estimate": "Estimate (95 % interval)",
        "certainty": "Certainty",
        "pooled": "Pooled, or why not",
    }
    caption = "Each outcome: what happened, how large, how sure. Assumptions stand on the outcome's page"
    return rows_table(
        rows,
        headings,
        caption,
        hidden=("origins",),
        label="outcomes-table",
        empty="no outcome is reported yet",
    )


def _by_outcome(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the rows of each outcome, in order."""
    rows: dict[str, list[Any]] = {}
    for row in frame.itertuples():
        rows.setdefault(row.concept, []).append(row)
    return rows


def _outcome_row(concept: str, lines: list[Any], pooled: list[Any], certainty: list[Any]) -> dict[str, Any]:
    """Return an outcome's row; its numbers lead to its certainty, its fit or its first line."""
    own = next(iter(certainty), None)
    place = f"certainty-{own.evidence}.{concept}" if own else None
    origins = [place] if place else []
    origins += [anchor("pooled", row.pooled_id) for row in pooled]
    origins += [anchor("line", row.line_id) for row in lines]
    return {
        "outcome": outcome_link(concept),
        "estimate": _estimates(lines, pooled, concept),
        "certainty": Markup('<a href="#{}">{}</a>').format(place, own.certainty) if own else None,
        "pooled": _pooled_words(pooled),
        "origins": ";".join(origins),
    }


def happened(lines: pd.DataFrame, seen: list[str]) -> str:
    """Return what happened to an outcome; a list of events and a lone share have no direction."""
    if not seen:
        return "not reported"
    if (lines["concept"] == "adverse_events").all():
        return f"listed in {count_words(len(seen), 'study', 'studies')}"
    if (lines["estimand"] == "proportion").all():
        return "a share of people, nothing to compare it with"
    return direction_words(seen)


def _estimates(lines: list[Any], pooled: list[Any], concept: str) -> Markup | None:
    """Return the pooled estimate, or each study's own."""
    fit = next((row for row in pooled if row.pooled and not row.without_certain_findings), None)
    if fit is not None:
        return _sized(_estimate(fit, "estimate"), anchor("pooled", fit.pooled_id))
    stated = [row for row in lines if pd.notna(row.effect) or pd.notna(row.printed_range)]
    parts: list[Any] = [
        Markup("{}: {}{}").format(
            row.study_id + (" (second-hand)" if row.second_hand is True else ""),
            _sized(_line_size(row), anchor("line", row.line_id)),
            _line_words(row),
        )
        for row in stated[:MOST_LINES]
    ]
    if len(stated) > MOST_LINES:
        rest = Markup('<a class="rest" href="{}">and {} more</a>')
        parts.append(rest.format(outcome_file(concept), len(stated) - MOST_LINES))
    return Markup("<br>").join(parts) if parts else None


def _sized(words: str, name: str) -> Markup:
    """Return an estimate as a link to the line or fit that states it."""
    return Markup('<a class="n" href="#{}">{}</a>').format(name, words)


def _estimate(row: Any, name: str) -> str:
    return show_with_unit(getattr(row, name), row.ci_lower, row.ci_upper, row.unit, row.estimand)


def _line_size(row: Any) -> str:
    """Return a study's estimate with its unit and interval, or the range that was printed."""
    return str(row.printed_range) if is_missing(row.effect) else _estimate(row, "effect")


def _line_words(row: Any) -> str:
    """Return what an estimate is: its estimand, and its people where an interval rests on them."""
    if is_missing(row.effect):
        return ", printed as a range"
    words = f", {ESTIMAND_WORDS[row.estimand]}" if row.estimand in ESTIMAND_WORDS else ""
    return words + ("" if is_missing(row.ci_lower) or is_missing(row.n) else f", n = {row.n}")


def _pooled_words(pooled: list[Any]) -> str | None:
    """Return what was pooled, or why nothing was."""
    first = next((row for row in pooled if row.pooled), next(iter(pooled), None))
    if first is None:
        return None
    if first.pooled:
        return f"pooled from {first.k} estimates"
    return f"not pooled: {first.reason.removeprefix('no meta-analysis: ')}"


CERTAINTY_WORDS = {
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
        f"{level}: {words}"
        for level, words in CERTAINTY_WORDS.items()
        if level in set(certainty["certainty"])
    ]
    parts = [
        say_html(
            "How sure anyone can be, outcome by outcome, by the rules of GRADE: where the body of evidence "
            "starts, and each step down with its reason."
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
    return filterable(table, "code-certainty")


def reasons_html(reasons: str | None) -> Markup | None:
    """Return the reasons, a line each."""
    if not reasons:
        return None
    lines = [part.strip().rstrip(".") + "." for part in str(reasons).split(". ") if part.strip()]
    return Markup("<br>").join(lines)


EVENTS_DRAWN = "events, drawn"
LINE_COLUMNS = column_headings(
    "comparisons",
    "study_id direction estimand site timepoint_weeks interval n risk_of_bias certain_findings "
    "why_not quantity_ids",
    interval="Effect (95 % interval)",
    n="People",
)
POOLED_COLUMNS = {
    "estimand": "Contrast",
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
EVENTS = column_headings("adverse_events", "study_id arm_id term count n severity resolved_hours note")


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
    pooled = tables["pooled"]
    pooled = pooled[(pooled["concept"] == concept) & (pooled["evidence"] != CONTEXT)]
    horizon = tables["ongoing_outcomes"][tables["ongoing_outcomes"]["concept"] == concept]
    parts = [
        *_lead(concept, tables, reported),
        heading("Study by study", "studies"),
        *(_forests(concept, tables) if drawn is None else map(Markup, drawn.get(concept, ()))),
    ]
    tables_of = [(words, lines[lines["tier"] == tier]) for tier, words in TIER_LABELS.items()]
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
        parts += [heading("What registered trials will add", "horizon"), ongoing_table(horizon, full=True)]
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
    what = happened(lines, list(study_directions(lines)["direction"]))
    lead = f"{capital(plain_words(concept))}: {what}."
    parts = [Markup('<p class="lead" data-from="studies-lines">{}</p>').format(lead)]
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
            figure = forest(rows, unit=unit, title=f"{capital(plain_words(concept))}: estimates, not pooled")
            drawn.append(picture(figure, f"forest-{number}", origin="studies-lines"))
    return drawn


def _lines(rows: pd.DataFrame, words: str) -> Markup:
    table = table_html(
        with_interval(rows),
        caption=f"{words}: every line on this outcome",
        columns=LINE_COLUMNS,
        formats={"study_id": study_link, "estimand": plain_words, "quantity_ids": quantity_links},
        anchor_column="line_id",
    )
    return filterable(table, "code-comparison comparisons")


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
        limits = [show_number(row[name]) for name in ("pi_lower", "pi_upper") if not is_missing(row[name])]
        predicted.append(" to ".join(limits) if len(limits) == 2 else None)
        share = "" if is_missing(row["i2"]) else f" and {show_number(row['i2'])} %"
        spread.append(None if is_missing(row["tau2"]) else show_number(row["tau2"]) + share)
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
        columns=POOLED_COLUMNS,
        formats={"estimand": plain_words},
        anchor_column="pooled_id",
        empty="nothing to pool",
    )
    return from_anchor(table, "code-groups")
