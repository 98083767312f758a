"""How the answer was reached: searches, selection, extraction, checks, effect sizes, pooling, certainty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from helpers.figures.numbers import plain_words, show_value
from helpers.figures.table_html import frame_of, table_html
from helpers.site.notebook import place_free
from helpers.site.page import Page
from helpers.site.pages.parts import bullets, heading, link, say_html
from helpers.words.load import Tables, verification

FIXED = Markup('<div class="fixed">{}</div>')  # what was chosen and not computed
CONTRASTS = {
    "within_arm": "the change of one group; nothing tells it from what would have happened anyway",
    "within_person": "the difference between two sites of one scalp",
    "between_arm": "the difference between two groups",
    "proportion": "a share of the people treated, with nothing beside it",
}


def methods_page(tables: Tables, provenance: Mapping[str, Any]) -> Page:
    """Return the page of methods."""
    review = provenance.get("review")
    parts = [
        heading("Question and eligibility", "question"),
        say_html(
            "Does exosome therapy regrow hair, how sure can anyone be, and what would change the "
            "answer? Studies of "
            "vesicles of any origin given to people for pattern or diffuse hair loss are included, "
            "whatever their "
            "design, and registered trials without results too. Reviews, other diseases and "
            "treatments in which the "
            "vesicles cannot be told from drugs are excluded, each with its reason."
        ),
        Markup("<p>{}</p>").format(_protocol(review)),
        *_searches(tables, review),
        *_extraction(tables),
        *_checking(tables),
        *_effects(tables),
        *_pooling(provenance),
        heading("Certainty", "certainty-rules"),
        say_html(
            "By GRADE: a body of evidence in which every study randomises and compares what it "
            "randomised starts high, any other low; "
            "it goes down for risk of bias, inconsistency, indirectness, imprecision and small-study "
            "evidence. The "
            "steps are proposed by rule, and each has its reason with its numbers."
        ),
        Markup("<p>{}; {}.</p>").format(
            link("certainty.html#steps", "The steps of each outcome"),
            link("#code-helpers.appraisal.grade", "the rule"),
        ),
        heading("What this synthesis does not do", "limits"),
        bullets(
            [
                "No missing figure is filled in and no source is repaired. What had to be assumed is "
                "named in the row and can be changed.",
                "No author was asked for data.",
                "Screening was not done twice by people working apart.",
                "Only what the sources at hand print is read; a record whose source is not at hand "
                "waits, and is listed as waiting.",
            ]
        ),
    ]
    return Page(
        file="methods.html",
        title="Methods: how the answer was reached",
        short="Methods",
        body=str(Markup("\n").join(parts)),
    )


def _protocol(review: Any) -> str:
    if review is None or review.protocol is None:
        return "No protocol was registered before the work began."
    return f"Protocol: {review.protocol}."


def _searches(tables: Tables, review: Any) -> list[Markup]:
    rows = [
        {"on": item.on, "where": item.where, "how": item.how or None}
        for item in (review.searches if review else ())
    ]
    headings = {"on": "Date", "where": "Where", "how": "How"}
    return [
        heading("Search and selection", "search"),
        table_html(
            frame_of(rows, headings),
            caption="Searches",
            label="searches",
            columns=headings,
            empty="no date is stated",
        ),
        Markup('<p data-from="records-found">{} records were considered; {}.</p>').format(
            len(tables["screening"]), link("flow.html", "the flow shows the way of each")
        ),
    ]


def _extraction(tables: Tables) -> list[Markup]:
    sources = tables["sources"]
    twice = int((sources["extraction_readers"].fillna(0) >= 2).sum())
    checked = verification(tables)
    return [
        heading("Extraction", "extraction"),
        say_html(
            "A reader writes each printed figure once into the study's sheet, as the token that "
            "stands in the source, "
            "with section, line and characters. Everything else names figures by their name. {{ "
            "twice }} of {{ all }} "
            "sources were read by two or more readers apart.",
            "sources-table",
            twice=twice,
            all=len(sources),
        ),
        say_html(
            "{{ found }} of {{ all }} figures were found again at their place; {{ lost }} were not "
            "found there; "
            "{{ absent }} could not be looked up, since the source text was never at hand.",
            "quantities",
            found=checked["found"],
            all=checked["figures"],
            lost=checked["not found"],
            absent=checked["not looked up"],
        ),
    ]


def _checking(tables: Tables) -> list[Markup]:
    tools = sorted(tables["risk_of_bias"]["tool"].unique())
    named = Markup(", ").join(link(f"#tool-{tool.replace(' ', '-')}", tool) for tool in tools)
    return [
        heading("Appraisal", "appraisal"),
        Markup(
            "<p>Rules compare a study's figures with each other and with its own words; readers add "
            "what only a reader "
            'sees. <a href="findings.html#rules">Each rule names the paper it comes from</a>. '
            "Risk of bias is judged by the tool that fits the design: {}.</p>"
        ).format(named or "no study has been judged yet"),
    ]


def _effects(tables: Tables) -> list[Markup]:
    kinds = [name for name in CONTRASTS if name in set(tables["effects"]["contrast"])] or list(CONTRASTS)
    items = [Markup("<strong>{}</strong>: {}").format(plain_words(name), CONTRASTS[name]) for name in kinds]
    return [
        heading("Effect sizes", "effects"),
        Markup(
            "<p>Four kinds of contrast are kept apart and never averaged with each other.</p>\n{}"
            "<p>Intervals of means use Student's t, those of shares are Wilson's. Where a figure is "
            "missing (the size of a "
            "group, the correlation of before and after), the effect is computed over the values "
            "that it may have. "
            "{}.</p>"
        ).format(bullets(items), link("#code-helpers.synthesis.study_effects", "The code")),
    ]


def _pooling(provenance: Mapping[str, Any]) -> list[Markup]:
    rows = [
        {"name": name, "value": show_value(place_free(value))}
        for name, value in sorted((provenance.get("parameters") or {}).items())
    ]
    headings = {"name": "Parameter", "value": "Value in this report"}
    return [
        heading("Pooling", "pooling"),
        Markup(
            "<p>Estimates are pooled only where at least two studies report the same outcome as the "
            "same kind of contrast, in one "
            "unit, at a like time, each with an interval. Then a random-effects model is fitted, "
            "with an interval after Hartung and "
            "Knapp that is never narrower than the normal one, and a prediction interval. Where a "
            "certain finding touches "
            "an estimate, the fit is shown with and without it. A Bayesian model stands beside, with a "
            "prior of the spread that is stated beforehand. A study gives a pool one estimate, that of its "
            "longest follow-up or, by the parameter visit, its shortest; a second group in a study that has "
            "no comparison by its design is none, and a change counted from a later visit is no change "
            "from the start. Everything else is told study by "
            "study, as the guideline for "
            "synthesis without meta-analysis (SWiM) asks. {}.</p>"
        ).format(link("#code-helpers.synthesis.evidence_pool", "The code")),
        FIXED.format(
            table_html(
                frame_of(rows, headings),
                caption="Parameters: every assumption that can be changed",
                label="parameters",
                columns=headings,
                empty="not recorded",
            )
        ),
    ]
