"""Pieces that every page is made of: headings, sentences whose numbers say where they come from, links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.figures.display import figure_html, sentence
from helpers.figures.figure import Figure
from helpers.figures.numbers import is_missing, plain_words
from helpers.figures.table_html import anchor
from helpers.site.page import slug
from helpers.tables import split_ids

TIER_WORDS = {
    "core": "Core sources",
    "published": "Other studies of exosomes",
    "comparator": "Established treatments",
}


def heading(text: str, name: str = "", level: int = 2) -> Markup:
    """Return a heading, with its anchor when it is named."""
    identity = Markup(' id="{}"').format(name) if name else Markup("")
    return Markup("<h{0}{1}>{2}</h{0}>").format(level, identity, text)


def say_html(template: str, origin: str = "", **values: Any) -> Markup:
    """Return a paragraph; `origin` names the anchors where its numbers are accounted for."""
    place = Markup(' data-from="{}"').format(origin) if origin else Markup("")
    return Markup("<p{}>{}</p>").format(place, sentence(template, **values))


def bullets(items: Iterable[Any], name: str = "") -> Markup:
    """Return a list; items of `Markup` stay what they are."""
    kind = Markup(' class="{}"').format(name) if name else Markup("")
    inner = Markup("").join(Markup("<li>{}</li>\n").format(item) for item in items)
    return Markup("<ul{}>\n{}</ul>").format(kind, inner)


def link(target: str, text: Any) -> Markup:
    """Return a link to a page or to an anchor of any page (`#finding-x`)."""
    return Markup('<a href="{}">{}</a>').format(target, text)


def links(prefix: str, names: Any) -> Markup:
    """Return joined names (`a;b`) as links to their anchors."""
    return Markup(", ").join(link(f"#{anchor(prefix, name)}", name) for name in split_ids(names))


def study_link(study_id: Any) -> Markup:
    """Return a study's name as a link to its row among the studies."""
    return link(f"#{anchor('study', study_id)}", study_id)


def outcome_file(concept: str) -> str:
    """Return the name of an outcome's page."""
    return f"outcome-{slug(concept.replace('_', '-'))}.html"


def outcome_link(concept: Any) -> Markup:
    """Return an outcome's name as a link to its page."""
    return link(outcome_file(str(concept)), plain_words(concept))


def from_anchor(html: Markup, origin: str) -> Markup:
    """Return a piece whose numbers are accounted for at an anchor, where nothing inside says better."""
    return Markup('<div data-from="{}">{}</div>').format(origin, html)


def picture(figure: Figure, label: str, origin: str = "") -> Markup:
    """Return a drawing as HTML and free it."""
    html = figure_html(figure, label)
    figure.close()
    return from_anchor(html, origin) if origin else html


def download(table: str) -> Markup:
    """Return the links under which a table can be had."""
    return Markup(
        '<p class="get">The rows behind this: <a href="data/{0}.csv" download>{0}.csv</a>, '
        '<a href="data/{0}.parquet" download>{0}.parquet</a>, <a href="data.html#{0}">what each '
        "column means</a>.</p>"
    ).format(table)


def tiers_of(frame: pd.DataFrame, sources: pd.DataFrame) -> pd.Series:
    """Return for each row the tier of its study; a study without a source counts as core."""
    tiers = sources.drop_duplicates("study_id").set_index("study_id")["tier"]
    return frame["study_id"].map(tiers).fillna("core")


def stated(value: Any, words: str = "not stated") -> Any:
    """Return a value, or that it is not stated."""
    return words if is_missing(value) else value
