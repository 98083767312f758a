"""Risk of bias: the picture, each judgement with its reason, the tools and where they come from."""

from __future__ import annotations

from markupsafe import Markup

from helpers import figures
from helpers.appraisal import overall
from helpers.figures.table_html import anchor, frame_of, quantity_links, table_html
from helpers.site.page import Page
from helpers.site.pages.parts import download, heading, picture, say_html, study_link
from helpers.tables import records
from helpers.words.load import Tables

COLUMNS = {
    "study_id": "Study",
    "domain": "Domain",
    "judgement": "Judgement",
    "reason": "Reason",
    "quantity_ids": "Rests on",
}


def bias_page(tables: Tables) -> Page:
    """Return the page of risk of bias."""
    rows = tables["risk_of_bias"]
    parts = [
        say_html(
            "How far each study can be believed, domain by domain, by the tool that fits its design. "
            "The sign and the "
            "word say the same; colour adds nothing. The overall judgement follows from the domains "
            "by the tool's rule."
        )
    ]
    for tool, judged in rows.groupby("tool", sort=True):
        name = anchor("tool", tool)
        drawn = figures.risk_of_bias(judged, title=str(tool))
        parts += [
            heading(str(tool), name),
            picture(drawn, f"{name}-figure", origin=f"{name}-table"),
            _overall(judged, str(tool)),
            Markup('<div class="filterable">{}</div>').format(
                table_html(
                    judged.assign(origins=[anchor("q-all", name) for name in judged["study_id"]]),
                    caption=f"{tool}: each judgement and its reason",
                    label=f"{name}-table",
                    columns=COLUMNS,
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
    table = table_html(frame_of(rows, headings), caption=f"{tool}: overall", columns=headings)
    return Markup('<div data-from="{}">{}</div>').format(f"{anchor('tool', tool)}-table", table)
