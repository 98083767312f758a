"""Pages of the study flow and of ongoing trials."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from helpers.display import anchor, table_html
from helpers.formats import is_missing, plain_unit, plain_words, show_number
from helpers.narrative.phrases import Tables, capital, count_words
from helpers.site.checks import Box, flow_svg
from helpers.site.page import (
    Page,
    download,
    filterable,
    from_anchor,
    heading,
    link,
    outcome_link,
    rows_table,
    say_html,
    study_link,
)
from notebookpress.tables import records, split_ids

DECISION_WORDS = {
    "included": "Included",
    "awaiting": "Awaiting: to be read when the source is at hand",
    "excluded": "Excluded",
}


@dataclass(frozen=True)
class FlowGroup:
    """Records that share a way: its anchor, its words, its rows, and the column that its box breaks down."""

    name: str
    words: str
    rows: pd.DataFrame
    column: str = ""

    @property
    def count(self) -> int:
        """How many records."""
        return len(self.rows)

    @property
    def detail(self) -> list[tuple[str, int]]:
        """The values of the column with their counts, the most frequent first."""
        counts = self.rows[self.column].dropna().value_counts() if self.column else {}
        ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
        return [(plain_words(str(name)), int(count)) for name, count in ordered]


def flow_groups(tables: Tables) -> dict[str, FlowGroup]:
    """Return the groups of the flow by name: found, screened, excluded, awaiting, included, with results."""
    screening = tables["screening"]
    excluded, awaiting, included = (
        screening[screening["decision"] == name] for name in ("excluded", "awaiting", "included")
    )
    known = included[included["study_id"].isin(tables["studies"]["study_id"])]
    reporting = known["study_id"].isin(tables["results"]["study_id"])
    groups = (
        FlowGroup("found", "Records found", screening, "found_through"),
        FlowGroup("screened", "Records screened", screening, "kind"),
        FlowGroup("excluded", "Records excluded", excluded, "reason"),
        FlowGroup("awaiting", "Records waiting for their source", awaiting, "kind"),
        FlowGroup("included", "Studies included", included, "kind"),
        FlowGroup("results", "Studies with results", known[reporting]),
        FlowGroup("registered", "Studies without results yet", known[~reporting]),
    )
    return {group.name: group for group in groups}


def flow_figure(tables: Tables, page: str = "") -> Markup:
    """Return the diagram as a drawing whose boxes link to the records; `page` holds them."""
    groups = flow_groups(tables)
    if groups["found"].count == 0:
        return Markup("")
    places = ((0, 0), (0, 1), (1, 1), (1, 2), (0, 2), (0, 3), (1, 3))
    boxes = [_box(group, *place, page) for group, place in zip(groups.values(), places, strict=True)]
    arrows = [(0, 1), (1, 2), (1, 4), (1, 3), (4, 5), (4, 6)]
    counts = "; ".join(f"{group.words.lower()}: {group.count}" for group in groups.values())
    caption = (
        "Flow of records after PRISMA 2020, counted from the table of screening. Each box leads to its "
        "records; the same counts stand in the table of the flow."
    )
    return flow_svg(boxes, arrows, label="flow-diagram", alt=f"Flow of records. {counts}.", caption=caption)


def _box(group: FlowGroup, column: int, row: int, page: str) -> Box:
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
        step = {"step": link(f"#{place}", group.words), "origins": place}
        counts = [("all", group.count), *group.detail]
        rows += [step | {"of": name, "n": _number(count, place)} for name, count in counts]
    headings = {"step": "Step", "of": "Which", "n": "Records"}
    return rows_table(
        rows,
        headings,
        "The counts of the flow",
        hidden=("origins",),
        label="flow-table",
        empty="no record has been screened",
    )


def _number(count: int, place: str) -> Markup:
    return Markup('<a class="n" href="#{}">{}</a>').format(place, count)


def flow_page(tables: Tables) -> Page:
    """Return the page of the flow: diagram, counts, and every record with the reason for its way."""
    parts = [
        say_html(
            "Every record that was considered stands here with where it was found, what of it was seen, and "
            "why it is in, out or waiting. The diagram and the counts are made from that list."
        ),
        flow_figure(tables),
        heading("The same counts as a table", "counts"),
        flow_table(tables),
        download("screening"),
    ]
    groups = flow_groups(tables)
    parts += [
        heading("All records found and screened", "records-found"),
        _records(groups["found"].rows, "Records, one a row", anchored=True),
        Markup('<p id="records-screened">Every record found was screened; the list is the same.</p>'),
    ]
    for name, title in (
        ("excluded", "Records excluded, with the reason"),
        ("awaiting", groups["awaiting"].words),
        ("included", groups["included"].words),
    ):
        records_of = _records(groups[name].rows, f"{title}: {groups[name].count}")
        parts += [heading(title, f"records-{name}"), records_of]
    for name in ("results", "registered"):
        names = Markup(", ").join(map(study_link, groups[name].rows["study_id"])) or "None"
        parts += [heading(groups[name].words, f"records-{name}", 3), Markup("<p>{}.</p>").format(names)]
    return Page(
        file="flow.html",
        title="Flow of records: what was found, and why it is in or out",
        short="Flow of records",
        body=str(Markup("\n").join(parts)),
        owns=("record", "records"),
    )


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
    table = rows_table(
        shown,
        headings,
        caption,
        hidden=("record_id",),
        anchor_column="record_id" if anchored else None,
    )
    return filterable(table, "records-found")


TRIAL_HEADINGS = {
    "study_id": "Trial",
    "n_planned": "People planned",
    "concept": "Outcome planned",
    "priority": "Priority",
    "estimand": "Kind of estimand",
    "expected": "Expected",
    "smallest": "Smallest difference it can detect",
    "assumption": "Assuming",
}
KNOWN_WORDS = {
    "study_id": "Trial",
    "what": "What it compares",
    "n_planned": "People planned",
    "estimand": "Kind of estimand",
    "status": "Status",
    "results_due": "Results due",
    "due_basis": "By",
    "late": "Overdue",
    "can_answer": "Could answer",
    "can_answer_reason": "Why",
    "detectable_80": "Smallest difference it can detect",
    "outcomes": "Outcomes registered",
}


def ongoing_page(tables: Tables) -> Page:
    """Return the page of the trials to come."""
    horizon, screening, known = tables["ongoing_outcomes"], tables["screening"], tables["ongoing_trials"]
    waiting = screening[(screening["decision"] == "awaiting") & (screening["kind"] == "registration")]
    trials = horizon["study_id"].nunique()
    parts = [
        say_html(
            "{{ every }} with results to come {{ verb }} known. The record of {{ trials }} was read; "
            "{{ more }} {{ wait }} for the record itself, and what is said of them here comes from a search "
            "summary.",
            "ongoing-trials-table ongoing-table records-awaiting",
            every=count_words(len(known), "registered trial", "registered trials").capitalize(),
            verb="is" if len(known) == 1 else "are",
            trials=count_words(trials, "of them", "of them"),
            more=count_words(len(waiting), "registration", "registrations"),
            wait="waits" if len(waiting) == 1 else "wait",
        ),
        heading("Every trial to come", "known"),
        _known(known),
        download("ongoing_trials"),
        heading("What those with a record can show, outcome by outcome", "trials"),
        filterable(ongoing_table(horizon, full=True)),
        download("ongoing_outcomes"),
        heading("Registrations that wait for their record", "waiting"),
        _waiting(waiting),
    ]
    return Page(
        file="horizon.html",
        title="The horizon: what registered trials will add",
        short="Trials to come",
        body=str(Markup("\n").join(parts)),
        owns=("ongoing_outcomes",),
    )


def _known(known: pd.DataFrame) -> Markup:
    """Return all trials to come, those whose design can answer first."""
    rows = known.sort_values("place", kind="stable")
    planned = [Markup(", ").join(map(outcome_link, split_ids(names))) or None for names in rows["outcomes"]]
    rows = rows.assign(origins="ongoing_trials", outcomes=pd.Series(planned, index=rows.index, dtype=object))
    table = table_html(
        rows,
        caption="Registered trials to come; the smallest difference is in hairs/cm², with 80 % power",
        label="ongoing-trials-table",
        columns=KNOWN_WORDS,
        formats={"estimand": plain_words, "detectable_80": lambda size: show_number(size, digits=3)},
        empty="no registered trial is known",
    )
    return from_anchor(table, "ongoing_trials")


def smallest_words(frame: pd.DataFrame) -> list[str | None]:
    """Return the smallest detectable difference of each row, with unit and power."""
    return [
        None
        if is_missing(row.detectable_difference)
        else f"{show_number(row.detectable_difference, digits=3)} {plain_unit(row.unit)}".rstrip()
        + ("" if is_missing(row.power) else f", with {show_number(100 * row.power)} % power")
        for row in frame.itertuples()
    ]


def ongoing_table(horizon: pd.DataFrame, *, full: bool) -> Markup:
    """Return the trials to come: all planned outcomes, or the one line a trial that the index shows."""
    frame = horizon.assign(smallest=smallest_words(horizon))
    headings = dict(TRIAL_HEADINGS)
    if not full:
        order = frame["priority"].map({"primary": 0, "secondary": 1}).fillna(2)
        known = frame["smallest"].isna().astype(int)
        frame = frame.assign(_order=order, _known=known).sort_values(
            ["study_id", "_order", "_known"], kind="stable"
        )
        frame = frame.drop_duplicates(["study_id", "concept"]).groupby("study_id", sort=True).head(2)
        headings = {name: words for name, words in headings.items() if name not in ("priority", "estimand")}
    table = table_html(
        frame,
        caption="Registered trials with results to come"
        + ("" if full else ": the outcomes that matter most"),
        label="ongoing-table",
        columns=headings,
        formats={"concept": outcome_link, "study_id": study_link, "estimand": plain_words},
        anchor_column="ongoing_id" if full else None,
        empty="no registered trial is on the list",
    )
    return from_anchor(table, "code-ongoing")


def _waiting(rows: pd.DataFrame) -> Markup:
    headings = {
        "record_id": "Registration",
        "record": "What it is",
        "seen": "Seen of it",
        "reason": "Why it waits",
    }
    table = table_html(rows, caption="Registrations without their record", columns=headings, empty="none")
    return from_anchor(table, "records-awaiting")
