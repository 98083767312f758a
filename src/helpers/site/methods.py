"""The page of methods, with the checklists of the reporting guidelines."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml
from markupsafe import Markup

from helpers.display import frame_of, table_html
from helpers.formats import show_value
from helpers.narrative.answer import Tables
from helpers.site.notebook import place_free
from helpers.site.page import Page, environment, link, rows_table

CHECKLIST_COLUMNS = {
    "item": "Item",
    "asks": "What is asked",
    "answer": "Done",
    "where": "Where",
    "remark": "Remark",
}


def methods_page(tables: Tables, provenance: Mapping[str, Any]) -> Page:
    """Return the page of methods; its words stand in `templates/methods.html.j2`."""
    review, sources = provenance.get("review"), tables["sources"]
    body = environment().get_template("methods.html.j2").render(
        protocol=review.protocol if review else None,
        searches=_searches(review.searches if review else ()),
        sources=len(sources),
        twice=int((sources["extraction_readers"].fillna(0) >= 2).sum()),
        tools=", ".join(sorted(tables["risk_of_bias"]["tool"].unique())),
        estimands=set(tables["effects"]["estimand"]),
        parameters=_parameters(provenance.get("parameters") or {}),
        packages=provenance.get("packages") or {},
        checklists=[guide | {"table": _checklist(guide)} for guide in checklists()],
    )  # fmt: skip
    return Page(file="methods.html", title="Methods: how the answer was reached", short="Methods", body=body)


def _searches(searches: Any) -> Markup:
    rows = [{"on": item.on, "where": item.where, "how": item.how or None} for item in searches]
    headings = {"on": "Date", "where": "Where", "how": "How"}
    return rows_table(rows, headings, "Searches", label="searches", empty="no date is stated")


def _parameters(values: Mapping[str, Any]) -> Markup:
    rows = [{"name": name, "value": show_value(place_free(value))} for name, value in sorted(values.items())]
    headings = {"name": "Parameter", "value": "Value in this report"}
    caption = "Parameters: every assumption that can be changed"
    return rows_table(rows, headings, caption, label="parameters", empty="not recorded")


def checklists() -> list[dict]:
    """Return the lists: `name`, `title`, `source`, `items` (`item`, `asks`, `answer`, `where`)."""
    text = resources.files("helpers.site").joinpath("templates/checklists.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def _checklist(guide: Mapping[str, Any]) -> Markup:
    """Return the items of a guideline as a folded table."""
    rows = []
    for entry in guide["items"]:
        places = [link(target, words) for words, target in (entry.get("where") or {}).items()]
        where = Markup(", ").join(places) or None
        rows.append(dict(entry) | {"item": str(entry["item"]), "where": where})
    frame = frame_of(rows, CHECKLIST_COLUMNS)
    return table_html(frame, caption=guide["title"], columns=CHECKLIST_COLUMNS, folded=True)
