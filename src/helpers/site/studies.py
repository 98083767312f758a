"""Pages of studies, their printed figures, risk of bias and findings."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.appraisal.risk_of_bias import overall
from helpers.display import anchor, frame_of, quantity_links, table_html
from helpers.figures.risk_of_bias import risk_of_bias
from helpers.figures.rows import by_weight
from helpers.formats import is_missing, plain_words, show_number
from helpers.narrative.phrases import Tables
from helpers.narrative.study import with_interval, with_places, with_value
from helpers.site.page import (
    TIER_LABELS,
    Page,
    column_headings,
    download,
    filterable,
    from_anchor,
    heading,
    link,
    links,
    outcome_link,
    page_slug,
    picture,
    rows_table,
    say_html,
    study_link,
    study_tiers,
)
from notebookpress.tables import records, split_ids

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
    "doubts": "Certain findings that touch it",
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
    return filterable(table)


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
        "doubts": links("finding", row["finding_ids"]) or None,
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


COMPARISON_LABELS = {
    "parallel": "groups side by side",
    "within_person": "two sites on one scalp",
    "single_arm": "before and after, no comparison",
    "case": "single cases",
}
CHARACTERISTICS = column_headings(
    "studies",
    "name design compares allocation masking people ages sex population country funding follow_up",
    name="Study",
    compares="What is compared",
    ages="Age, years",
    follow_up="Measured up to, weeks",
)
STUDY_ARMS = column_headings(
    "arms",
    "study_id label role exosome_source given route co_intervention sessions interval_weeks n",
    given="Dose",
    co_intervention="Given beside it",
    interval_weeks="Weeks between",
)
SOURCE_COLUMNS = column_headings(
    "sources",
    "source_id citation registration doi status access licence sha256 verified_on verified_figures "
    "extraction_readers extraction_date",
    verified_on="Figures last looked up",
    extraction_readers="Readers",
    extraction_date="Read on",
)


def studies_page(tables: Tables, files: set[str]) -> Page:
    """Return the page of studies; `files` are the pages there are."""
    studies = tables["studies"]
    tiers = study_tiers(studies, tables["sources"])
    parts = [
        say_html(
            "What each study did, as far as its sources say. A dash means: not stated. A number leads to "
            "the place where it was printed. {{ n }} studies are listed.",
            "studies-list",
            n=len(studies),
        ),
        Markup('<div id="studies-list">'),
    ]
    for tier, words in TIER_LABELS.items():
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
                "compares": COMPARISON_LABELS.get(str(row["comparison"])),
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
        columns=STUDY_ARMS,
        formats={"study_id": lambda name: link(f"#{anchor('study', name)}", name), "role": plain_words},
        empty="no arm is described",
    )
    return filterable(table)


def _sources(sources: pd.DataFrame) -> Markup:
    return table_html(
        sources.assign(origins=[anchor("q-all", name) for name in sources["study_id"]]),
        caption="Sources, and what of each was read",
        label="sources-table",
        columns=SOURCE_COLUMNS,
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


BIAS_COLUMNS = column_headings(
    "risk_of_bias", "study_id domain judgement reason quantity_ids", quantity_ids="Rests on"
)


def bias_page(tables: Tables) -> Page:
    """Return the page of risk of bias."""
    rows = tables["risk_of_bias"]
    parts = [
        say_html(
            "How far each study can be believed, domain by domain, by the tool that fits its design. The "
            "sign and the word say the same; colour adds nothing. The overall judgement follows from the "
            "domains by the tool's rule."
        )
    ]
    for tool, judged in rows.groupby("tool", sort=True):
        name = anchor("tool", tool)
        drawn = risk_of_bias(judged, title=str(tool))
        parts += [
            heading(str(tool), name),
            picture(drawn, f"{name}-figure", origin=f"{name}-table"),
            _overall(judged, str(tool)),
            filterable(
                table_html(
                    judged.assign(origins=[anchor("q-all", name) for name in judged["study_id"]]),
                    caption=f"{tool}: each judgement and its reason",
                    label=f"{name}-table",
                    columns=BIAS_COLUMNS,
                    formats={"study_id": study_link, "quantity_ids": quantity_links},
                )
            ),
        ]
    if rows.empty:
        parts.append(say_html("No study has been judged yet."))
    parts.append(download("risk_of_bias"))
    return Page(
        file="risk-of-bias.html",
        title="Risk of bias: how far each study can be believed",
        short="Risk of bias",
        body=str(Markup("\n").join(parts)),
        owns=("tool", "bias"),
    )


def _overall(judged, tool: str) -> Markup:
    """Return each study's overall judgement by one tool."""
    rows = [
        {"study": study_link(name), "verdict": overall(records(part)), "domains": len(part)}
        for name, part in judged.groupby("study_id", sort=True)
    ]
    headings = {"study": "Study", "verdict": "Overall", "domains": "Domains judged"}
    table = rows_table(
        rows,
        headings,
        f"{tool}: overall",
    )
    return Markup('<div data-from="{}">{}</div>').format(f"{anchor('tool', tool)}-table", table)


SEVERITY_WORDS = {
    "certain": "no reading of the text, rounding included, removes it",
    "likely": "the most natural reading cannot be so",
    "minor": "a slip that changes no estimate",
}
FINDING_COLUMNS = column_headings(
    "findings",
    "study_id severity told where touches detected_by check figures",
    told="What cannot be so, with the arithmetic",
    check="Kind",
)


def findings_page(tables: Tables) -> Page:
    """Return the page of all findings, the weightiest first, and of the rules that ran."""
    findings = by_weight(tables["findings"])
    parts = [
        say_html(
            "A finding is a contradiction, a figure that cannot be so, a result announced and missing, or a "
            "claim beyond the figures. Nothing is repaired: an estimate that a certain finding touches is "
            "shown with and without it. There are {{ n }} findings in {{ k }} studies.",
            "findings-table",
            n=len(findings),
            k=findings["study_id"].nunique(),
        ),
        _counts(findings),
        heading("Every finding", "all"),
        filterable(_table(findings)),
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
    table = rows_table(rows, headings, "Findings by study and weight", empty="no finding")
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
        columns=FINDING_COLUMNS,
        formats={"study_id": study_link, "check": plain_words, "detected_by": plain_words},
        anchor_column="finding_id",
        empty="no finding",
    )


def _rules(checks: pd.DataFrame) -> Markup:
    """Return each rule with its source and what came of it in each study."""
    rows = []
    for (name, source), part in checks.fillna({"source": ""}).groupby(["check", "source"], sort=True):
        found = [study_link(study) for study in part.loc[part["outcome"] == "found", "study_id"]]
        rule = {"check": plain_words(name), "found": Markup(", ").join(found) or "none"}
        rule |= {"passed": int((part["outcome"] == "passed").sum()), "source": source or None}
        rows.append(rule | {"idle": int((part["outcome"] == "not applicable").sum())})
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
    return from_anchor(table, "checks")
