"""What the reporting guidelines ask, and where it is answered; what is not done says so."""

from __future__ import annotations

from importlib import resources

import yaml
from markupsafe import Markup

from helpers.figures.table_html import frame_of, table_html
from helpers.site.page import Page
from helpers.site.pages.parts import heading, link, say_html

ANSWERS = ("yes", "partly", "no", "not applicable")


def checklists() -> list[dict]:
    """Return the lists: `name`, `title`, `source`, `items` (`item`, `asks`, `answer`, `where`)."""
    text = resources.files("helpers.site").joinpath("templates/checklists.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def checklists_page() -> Page:
    """Return the page of the checklists."""
    parts = [
        say_html(
            "Each item in our own words, with what this report does about it and where. Where "
            "something was not done, "
            "the answer is no."
        )
    ]
    for guide in checklists():
        rows = [
            {
                "item": str(entry["item"]),
                "asks": entry["asks"],
                "answer": entry["answer"],
                "where": Markup(", ").join(
                    link(target, words) for words, target in (entry.get("where") or {}).items()
                )
                or None,
                "remark": entry.get("remark"),
            }
            for entry in guide["items"]
        ]
        headings = {
            "item": "Item",
            "asks": "What is asked",
            "answer": "Done",
            "where": "Where",
            "remark": "Remark",
        }
        table = table_html(frame_of(rows, headings), caption=guide["title"], columns=headings)
        parts += [
            heading(guide["title"], guide["name"]),
            Markup('<p class="fixed">{}</p>').format(guide["source"]),
            Markup('<div class="fixed">{}</div>').format(table),
        ]
    return Page(
        file="checklists.html",
        title="Checklists: what the reporting guidelines ask, and where it stands",
        short="Checklists",
        kicker="Provenance",
        body=str(Markup("\n").join(parts)),
    )
