"""The index page: the answer, studies, outcomes, trials, references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from helpers.appraisal.risk_of_bias import overall
from helpers.display import anchor
from helpers.figures.outcome import direction
from helpers.figures.rows import by_weight
from helpers.formats import is_missing
from helpers.narrative.answer import rest_of_answer, short_answer
from helpers.narrative.phrases import (
    Tables,
    evidence_studies,
    first_hand,
    reported_lines,
    study_directions,
    verification,
)
from helpers.site.data import changes_since, history_table
from helpers.site.flow import flow_figure, flow_table, ongoing_table
from helpers.site.outcomes import outcomes_table
from helpers.site.page import Page, environment, link, picture, rows_table
from helpers.site.studies import COMPARISON_LABELS, people_words
from helpers.tables import records

# What a sentence of the answer is made from: the anchor where its numbers are accounted for, and links.
CERTAIN = "certainty-table", (("certainty.html", "certainty"),)
SEEN = "studies-table", (("outcomes.html", "outcomes"), ("studies.html", "studies"))
CONTEXT_TABLE = "context-table", (("04_outcome_comparison.html", "beside other treatments"),)
SURE = "findings-table", (("05_pooled_effect.html", "pooling"), ("findings.html", "findings"))
SHORT, REST = (CERTAIN, SEEN), (SEEN, CONTEXT_TABLE, SURE)
READING = "Read first", "The evidence", "How it was made", "Notebook runs", "Figures of each study"


def index_parts(tables: Tables, runs: set[str], provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the index is made of, but for the list of pages; `runs` are the pages of notebook runs."""
    told = first_hand(tables, (provenance.get("parameters") or {}).get("second_hand", True))
    return {
        "short": short_answer(told),
        "rest": rest_of_answer(told),
        "about": _about(provenance),
        "picture": direction_picture(tables),
        "counts": _counts(tables),
        "studies": _studies_table(tables, runs),
        "outcomes": outcomes_table(tables, only_reported=True),
        "flow": flow_figure(tables, "flow.html"),
        "flow_table": flow_table(tables),
        "horizon": ongoing_table(tables["ongoing_outcomes"], full=False),
        "changes": _changes(tables, provenance),
        "verification": verification(tables),
        "verified_on": sorted(set(tables["sources"]["verified_on"].dropna())),
        "version": str(provenance.get("version") or ""),
        "code_sha256": str(provenance.get("code_sha256") or ""),
    }


def index_page(parts: Mapping[str, Any], pages: list[Page]) -> Page:
    """Return the index; `parts` are what `index_parts` returned, `pages` the other pages, in order."""
    files = {page.file for page in pages}
    sentences = {
        "short": _with_origins(parts["short"], SHORT, files),
        "rest": _with_origins(parts["rest"], REST, files),
    }
    body = environment().get_template("index.html.j2").render(parts | sentences, groups=_contents(pages))
    return Page(file="index.html", title="Does exosome therapy regrow hair?", short="The answer", body=body)


def _with_origins(sentences: list[str], origins: Any, files: set[str]) -> list[dict[str, Any]]:
    """Return sentences with what accounts for them; a link only to a page that is there."""
    return [
        {"text": text, "origin": origin, "links": [pair for pair in made_from if pair[0] in files]}
        for text, (origin, made_from) in zip(sentences, origins, strict=True)
        if text
    ]


def _about(provenance: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return version, living status, date of last search and upkeep; what is not stated says so."""
    review = provenance.get("review")
    release = provenance.get("previous_version")
    return [
        ("Version", str(provenance.get("version") or "not stated")),
        ("Status", str((review and review.status) or "not stated")),
        ("Last search", str((review and review.last_search) or "not stated")),
        ("Last release", link(f"releases/{release}/index.html", release) if release else "none yet"),
        ("Kept up", str((review and review.update) or "not stated")),
    ]


def direction_picture(tables: Tables) -> Markup:
    """Return the direction of every outcome in every study as a figure; nothing when there is no result."""
    lines = reported_lines(tables)
    # shares without a comparison and lists of events have no direction
    directed = lines[(lines["estimand"] != "proportion") & (lines["concept"] != "adverse_events")]
    if directed.empty:
        return Markup("")
    known = {row["study_id"]: row for row in records(evidence_studies(tables))}
    rows, seen = study_directions(directed).to_dict("records"), _seen_words(tables)
    for row in rows:
        study = known.get(row["study_id"])
        row["n"] = None if study is None else people_words(study)
        design = None if study is None else COMPARISON_LABELS.get(str(study["comparison"]))
        row["design"] = ", ".join(filter(None, [design, seen.get(row["study_id"])])) or None
    figure = direction(rows, title="What happened to each outcome in each study")
    return picture(figure, "direction", origin="outcomes-table")


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
    weighty = by_weight(tables["findings"])
    certain = weighty[weighty["severity"] == "certain"]
    first = certain.drop_duplicates("study_id").set_index("study_id")["finding_id"]
    counts = certain["study_id"].value_counts()
    rows, read = [], _seen_words(tables)
    for row in records(evidence_studies(tables)):
        target = f"study-{row['study_id']}.html"
        name = link(target, row["study_id"]) if target in files else row["study_id"]
        title = Markup('<span class="sub">{}</span>').format("" if is_missing(row["title"]) else row["title"])
        rows.append(
            {
                "study": Markup("{}{}").format(name, title),
                "design": row["design"],
                "compares": COMPARISON_LABELS.get(row["comparison"]),
                "n": people_words(row),
                "seen": read.get(row["study_id"], "the text itself"),
                "bias": _overall_bias(tables, row["study_id"]),
                "certain": _certain_link(int(counts.get(row["study_id"], 0)), first.get(row["study_id"])),
                "origins": anchor("study", row["study_id"]),
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
    caption = "Each study, its risk of bias and its findings"
    table = {"label": "studies-table", "empty": "no study has been read yet"}
    return rows_table(rows, headings, caption, hidden=("origins",), **table)


def _certain_link(count: int, first: str | None) -> Markup:
    """Return how many findings are certain, as a link to the first of them."""
    target = anchor("finding", first) if first else "findings-table"
    return Markup('<a class="n" href="#{}">{}</a>').format(target, count)


def _overall_bias(tables: Tables, study_id: str) -> Markup | None:
    """Return the overall judgement by the rule of each tool that judged the study."""
    rows = tables["risk_of_bias"]
    own = rows[rows["study_id"] == study_id]
    told = " / ".join(overall(records(judged)) for _, judged in own.groupby("tool", sort=True))
    return link("risk-of-bias.html", told) if told else None


def _changes(tables: Tables, provenance: Mapping[str, Any]) -> Markup:
    """Return what changed since the last release as a table, or that there is no earlier one."""
    rows = changes_since(tables, provenance.get("previous"))
    versions = Markup('<div data-from="certainty-table">{}</div>').format(history_table(tables, provenance))
    if rows is None:
        first = "<p>This is the first version: there is no earlier release to compare it with.</p>"
        return Markup(first) + versions
    headings = {"table": "What", "new": "New", "changed": "Changed", "gone": "Gone", "named": "Which"}
    for row in rows:
        row["origins"] = row["table"] if row["table"] in tables else "certainty-table"
    return versions + rows_table(
        rows,
        headings,
        f"Changes since release {provenance.get('previous_version') or ''}".rstrip(),
        hidden=("origins",),
        label="changes-table",
    )


def _contents(pages: list[Page]) -> list[tuple[str, list[Page]]]:
    """Return every page, in groups for a reader."""
    groups: dict[str, list[Page]] = {name: [] for name in READING}
    made = ("methods", "data", "provenance", "checklists", "code")
    for page in pages:
        stem = page.file.removesuffix(".html")
        if stem.startswith("printed-"):
            groups["Figures of each study"].append(page)
        elif stem in made:
            groups["How it was made"].append(page)
        elif stem.startswith("study-") or stem[:2].isdigit():
            groups["Notebook runs"].append(page)
        elif stem in ("studies", "outcomes", "findings", "certainty"):
            groups["Read first"].append(page)
        else:
            groups["The evidence"].append(page)
    return [(name, found) for name, found in groups.items() if found]
