"""The page of methods, with the checklists of the reporting guidelines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from helpers.formats import show_value
from helpers.narrative.answer import Tables
from helpers.site.notebook import place_free
from helpers.site.page import Page, environment, link, rows_table, template_data


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
    return rows_table(rows, "searches")


def _parameters(values: Mapping[str, Any]) -> Markup:
    rows = [{"name": name, "value": show_value(place_free(value))} for name, value in sorted(values.items())]
    return rows_table(rows, "parameters")


def checklists() -> list[dict]:
    """Return the lists: `name`, `title`, `source`, `items` (`item`, `asks`, `answer`, `where`)."""
    found: list[dict] = template_data("checklists.yaml")
    return found


def _checklist(guide: Mapping[str, Any]) -> Markup:
    """Return the items of a guideline as a folded table."""
    rows = []
    for entry in guide["items"]:
        places = [link(target, words) for words, target in (entry.get("where") or {}).items()]
        where = Markup(", ").join(places) or None
        rows.append(dict(entry) | {"item": str(entry["item"]), "where": where})
    return rows_table(rows, "checklist", caption=guide["title"])
