"""The flow of records (PRISMA 2020, items 16a and 16b), counted from the table `screening`."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from helpers.figures.numbers import is_missing, plain_words
from helpers.figures.table_html import anchor, frame_of, table_html
from helpers.site.page import Page
from helpers.site.pages.parts import download, heading, link, say_html, study_link
from helpers.site.svg import Box, flow_svg
from helpers.tables import records
from helpers.words.load import Tables
from helpers.words.phrases import capital

DECISION_WORDS = {
    "included": "Included",
    "awaiting": "Awaiting: to be read when the source is at hand",
    "excluded": "Excluded",
}


@dataclass(frozen=True)
class Group:
    """Records that share a way: its anchor, its words, its rows, and the breakdown shown in its box."""

    name: str
    words: str
    rows: pd.DataFrame
    detail: tuple[tuple[str, int], ...] = ()

    @property
    def count(self) -> int:
        """How many records."""
        return len(self.rows)


def flow_groups(tables: Tables) -> dict[str, Group]:
    """Return the groups of the flow by name: found, screened, excluded, awaiting, included, with results."""
    screening = tables["screening"]
    decision = {name: screening[screening["decision"] == name] for name in DECISION_WORDS}
    reporting = set(tables["results"]["study_id"])
    included = decision["included"]
    studies = set(tables["studies"]["study_id"])
    known = included[included["study_id"].isin(studies)]
    return {
        "found": Group("found", "Records found", screening, _counted(screening, "found_through")),
        "screened": Group("screened", "Records screened", screening, _counted(screening, "kind")),
        "excluded": Group(
            "excluded", "Records excluded", decision["excluded"], _counted(decision["excluded"], "reason")
        ),
        "awaiting": Group(
            "awaiting",
            "Records waiting for their source",
            decision["awaiting"],
            _counted(decision["awaiting"], "kind"),
        ),
        "included": Group("included", "Studies included", included, _counted(included, "kind")),
        "results": Group("results", "Studies with results", known[known["study_id"].isin(reporting)]),
        "registered": Group(
            "registered", "Studies without results yet", known[~known["study_id"].isin(reporting)]
        ),
    }


def _counted(rows: pd.DataFrame, column: str) -> tuple[tuple[str, int], ...]:
    """Return the values of a column with their counts, the most frequent first."""
    counts = rows[column].dropna().value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return tuple((plain_words(str(name)), int(count)) for name, count in ordered)


def flow_figure(tables: Tables, page: str = "") -> Markup:
    """Return the diagram as a drawing whose boxes link to the records; `page` holds them."""
    groups = flow_groups(tables)
    if groups["found"].count == 0:
        return Markup("")
    boxes = [
        _box(groups["found"], 0, 0, page),
        _box(groups["screened"], 0, 1, page),
        _box(groups["excluded"], 1, 1, page),
        _box(groups["awaiting"], 1, 2, page),
        _box(groups["included"], 0, 2, page),
        _box(groups["results"], 0, 3, page),
        _box(groups["registered"], 1, 3, page),
    ]
    arrows = [(0, 1), (1, 2), (1, 4), (1, 3), (4, 5), (4, 6)]
    told = "; ".join(f"{group.words.lower()}: {group.count}" for group in groups.values())
    caption = (
        "Flow of records after PRISMA 2020, counted from the table of screening. Each box leads to "
        "its records; "
        "the same counts stand in the table of the flow."
    )
    return flow_svg(boxes, arrows, label="flow-diagram", alt=f"Flow of records. {told}.", caption=caption)


def _box(group: Group, column: int, row: int, page: str) -> Box:
    most = 5
    lines = [f"{name}: {count}" for name, count in group.detail[:most]]
    if len(group.detail) > most:
        lines.append(f"and {len(group.detail) - most} more")
    return Box(f"{group.words}: {group.count}", lines, f"{page}#records-{group.name}", column, row)


def flow_table(tables: Tables) -> Markup:
    """Return the counts of the diagram as a table."""
    rows = []
    for group in flow_groups(tables).values():
        place = f"records-{group.name}"
        rows.append(
            {
                "step": link(f"#{place}", group.words),
                "of": "all",
                "n": _number(group.count, place),
                "origins": place,
            }
        )
        rows += [
            {"step": link(f"#{place}", group.words), "of": name, "n": _number(count, place), "origins": place}
            for name, count in group.detail
        ]
    headings = {"step": "Step", "of": "Which", "n": "Records"}
    return table_html(
        frame_of(rows, headings | {"origins": ""}),
        caption="The counts of the flow",
        label="flow-table",
        columns=headings,
        empty="no record has been screened",
    )


def _number(count: int, place: str) -> Markup:
    return Markup('<a class="n" href="#{}">{}</a>').format(place, count)


def flow_page(tables: Tables) -> Page:
    """Return the page of the flow: diagram, counts, and every record with the reason for its way."""
    parts = [
        say_html(
            "Every record that was considered stands here with where it was found, what of it was "
            "seen, and why it "
            "is in, out or waiting. The diagram and the counts are made from that list."
        ),
        flow_figure(tables),
        heading("The same counts as a table", "counts"),
        flow_table(tables),
        download("screening"),
    ]
    groups = flow_groups(tables)
    main = {"excluded": "Records excluded, with the reason", "awaiting": "Records waiting for their source"}
    parts += [
        heading("All records found and screened", "records-found"),
        _records(groups["found"].rows, "Records, one a row", anchored=True),
    ]
    parts.append(
        Markup('<p id="records-screened">Every record found was screened; the list is the same.</p>')
    )
    for name, title in main.items():
        parts += [
            heading(title, f"records-{name}"),
            _records(groups[name].rows, f"{title}: {groups[name].count}"),
        ]
    parts.append(heading("Studies included", "records-included"))
    parts.append(_records(groups["included"].rows, f"Studies included: {groups['included'].count}"))
    for name in ("results", "registered"):
        parts += [heading(groups[name].words, f"records-{name}", 3), _studies(groups[name])]
    return Page(
        file="flow.html",
        title="Flow of records: what was found, and why it is in or out",
        short="Flow of records",
        body=str(Markup("\n").join(parts)),
        owns=("record", "records"),
    )


def _studies(group: Group) -> Markup:
    names = [study_link(name) for name in group.rows["study_id"]]
    return Markup("<p>{}.</p>").format(Markup(", ").join(names)) if names else Markup("<p>None.</p>")


def _records(rows: pd.DataFrame, caption: str, anchored: bool = False) -> Markup:
    """Return records as a table with a caption of its own; only the full list carries their anchors."""
    shown = [
        row
        | {
            "decision": capital(str(row["decision"])),
            "study": None if is_missing(row["study_id"]) else study_link(row["study_id"]),
            "name": row["record_id"]
            if anchored
            else link(f"#{anchor('record', row['record_id'])}", row["record_id"]),
        }
        for row in records(rows)
    ]
    headings = {
        "name": "Record",
        "record": "What it is",
        "kind": "Kind",
        "identifier": "Identifier",
        "found_through": "Found through",
        "seen": "Seen of it",
        "decision": "Decision",
        "reason": "Why",
        "study": "Study",
    }
    if not anchored:
        headings.pop("decision")
    table = table_html(
        frame_of(shown, headings | {"record_id": ""}),
        caption=caption,
        columns=headings,
        anchor_column="record_id" if anchored else None,
    )
    return Markup('<div class="filterable" data-from="records-found">{}</div>').format(table)
