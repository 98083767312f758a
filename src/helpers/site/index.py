"""The first page: the answer, the studies, the outcomes, what is to come, and how far it can be checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from helpers.appraisal import overall
from helpers.figures.direction import direction
from helpers.figures.display import figure_html
from helpers.figures.numbers import is_missing, plain_unit, plain_words, show_number
from helpers.figures.table_html import frame_of, table_html
from helpers.site.answer import answer_sentences
from helpers.site.load import Tables, answered, evidence_studies, verification
from helpers.site.notebook import place_free
from helpers.site.outcomes import outcomes_table
from helpers.site.page import Page, environment
from helpers.site.phrases import reported_lines, study_directions
from helpers.tables import records

COMPARISON_WORDS = {
    "parallel": "groups side by side",
    "within_person": "two sites on one scalp",
    "single_arm": "before and after, no comparison",
    "case": "single cases",
}


def index_page(tables: Tables, pages: list[Page], provenance: Mapping[str, Any]) -> Page:
    """Return the index; `pages` are the other pages of the site, in order."""
    files = {page.file for page in pages}
    body = (
        environment()
        .get_template("index.html.j2")
        .render(
            sentences=answer_sentences(tables),
            picture=_picture(tables),
            counts=_counts(tables),
            studies=_studies_table(tables, files),
            outcomes=outcomes_table(answered(tables)),
            horizon=_horizon_table(tables),
            verification=verification(tables),
            verified_on=sorted(set(tables["sources"]["verified_on"].dropna())),
            runs=[page for page in pages if not page.file.startswith("printed-")],
            printed=[page for page in pages if page.file.startswith("printed-")],
            tables=list(tables),
            version=str(provenance.get("version") or ""),
            code_sha256=str(provenance.get("code_sha256") or ""),
            parameters=_pairs(provenance.get("parameters") or {}),
            inputs=_inputs_table(provenance.get("inputs") or []),
        )
    )
    return Page(file="index.html", title="Does exosome therapy regrow hair?", short="The answer", body=body)


def _picture(tables: Tables) -> Markup:
    """Return the direction of every outcome in every study as a figure; nothing when there is no result."""
    lines = reported_lines(tables)
    if lines.empty:
        return Markup("")
    studies = evidence_studies(tables).set_index("study_id")
    # shares without a comparison and lists of events have no direction
    directed = lines[(lines["contrast"] != "proportion") & (lines["concept"] != "adverse_events")]
    if directed.empty:
        return Markup("")
    rows, seen = study_directions(directed).to_dict("records"), _seen_words(tables)
    for row in rows:
        study = (
            next(studies.loc[[row["study_id"]]].itertuples()) if row["study_id"] in studies.index else None
        )
        row["n"] = None if study is None else _people(study)
        row["design"] = None if study is None else COMPARISON_WORDS.get(str(study.comparison))
        if row["study_id"] in seen:
            row["design"] = ", ".join(filter(None, [row["design"], seen[row["study_id"]]]))
    figure = direction(rows, title="What happened to each outcome in each study")
    html = figure_html(figure, "direction")
    figure.close()
    return html


def _seen_words(tables: Tables) -> dict[str, str]:
    """Return what was read of each study whose text is not at hand; second-hand is said in capitals."""
    elsewhere = tables["sources"][tables["sources"]["address"].notna()]
    return {
        row["study_id"]: "SECOND-HAND" if row["second_hand"] else f"{row['access']} only"
        for row in records(elsewhere)
    }


def _counts(tables: Tables) -> dict[str, int]:
    return {
        "sources": len(tables["sources"]),
        "studies": len(evidence_studies(tables)),
        "figures": len(tables["quantities"]),
        "findings": len(tables["findings"]),
    }


def _studies_table(tables: Tables, files: set[str]) -> Markup:
    """Return the studies with links to their pages."""
    studies, findings = evidence_studies(tables), tables["findings"]
    certain = findings[findings["severity"] == "certain"]["study_id"].value_counts()
    rows, read = [], _seen_words(tables)
    for row in studies.itertuples():
        target = f"study-{row.study_id}.html"
        name = Markup('<a href="{}">{}</a>').format(target, row.study_id) if target in files else row.study_id
        title = Markup('<span class="sub">{}</span>').format("" if is_missing(row.title) else row.title)
        rows.append(
            {
                "study": Markup("{}{}").format(name, title),
                "design": row.design,
                "compares": COMPARISON_WORDS.get(row.comparison) if not is_missing(row.comparison) else None,
                "n": _people(row),
                "seen": read.get(row.study_id, "the text itself"),
                "bias": _overall_bias(tables, row.study_id),
                "certain": int(certain.get(row.study_id, 0)),
            }
        )
    headings = {
        "study": "Study",
        "design": "Design",
        "compares": "What is compared",
        "n": "People",
        "seen": "What was read",
        "bias": "Risk of bias",
        "certain": "Certain findings",
    }
    return table_html(
        frame_of(rows, headings),
        caption="Each study, its risk of bias and its findings",
        label="studies-table",
        columns=headings,
    )


def _people(row: Any) -> str | None:
    for value, word in ((row.n_analysed, ""), (row.n_enrolled, " enrolled"), (row.n_planned, " planned")):
        if not is_missing(value):
            return f"{value}{word}"
    return None


def _overall_bias(tables: Tables, study_id: str) -> str | None:
    """Return the overall judgement by the rule of each tool that judged the study."""
    rows = tables["risk_of_bias"]
    own = rows[rows["study_id"] == study_id]
    return " / ".join(overall(records(judged)) for _, judged in own.groupby("tool", sort=True)) or None


def _horizon_table(tables: Tables) -> Markup:
    headings = {
        "study_id": "Trial",
        "n_planned": "People planned",
        "concept": "Outcome planned",
        "expected": "Expected",
        "detectable_difference": "Smallest difference it can detect",
        "assumption": "Assuming",
    }
    frame = tables["horizon"]
    detect = [
        None
        if is_missing(row.detectable_difference)
        else f"{show_number(row.detectable_difference, digits=3)} {plain_unit(row.unit)}".rstrip()
        + ("" if is_missing(row.power) else f", with {show_number(100 * row.power)} % power")
        for row in frame.itertuples()
    ]
    return table_html(
        frame.assign(detectable_difference=detect),
        caption="Registered trials with results to come",
        label="horizon-table",
        columns=headings,
        formats={"concept": plain_words},
        empty="no registered trial is on the list",
    )


def _inputs_table(inputs: list[Mapping[str, str]]) -> Markup:
    rows = sorted(
        ({"path": place_free(str(item["path"])), "sha256": item["sha256"]} for item in inputs),
        key=lambda item: item["path"],
    )
    headings = {"path": "File", "sha256": "SHA-256"}
    return table_html(
        frame_of(rows, headings),
        caption="Input files and their hashes",
        label="inputs-table",
        columns=headings,
        formats={"sha256": lambda value: Markup("<code>{}</code>").format(value)},
        empty="not recorded",
    )


def _pairs(parameters: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, place_free(value)) for name, value in sorted(parameters.items())]
