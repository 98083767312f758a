"""Figures of studies: before and after, timeline, ongoing studies, flow of records, matrix of appraisal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial

import pandas as pd

from helpers.appraisal.discrepancies import RULES
from helpers.figures import FIGURE_WORDS
from helpers.figures.canvas import (
    SMALL,
    Axis,
    Drawing,
    Figure,
    Rows,
    as_rows,
    draw_mark,
    height_of,
    judgement_letter,
    judgement_mark,
    known_values,
    sign_grid,
    wrap,
)
from helpers.figures.forest import Plot, PlotRow, instead_words
from helpers.formats import is_missing, joined, plain_unit, plain_words, show_number
from helpers.tables.vocabulary import CONCERNS, ESTIMAND_WORDS, label
from notebookpress.tables import records
from trialfiles.record import Row

COMPARISON_WORDS = FIGURE_WORDS["comparisons"]
_RULE_ORDER = {rule.name: place for place, rule in enumerate(RULES)}  # what is computed from figures first
TESTED_ON = ("control-group", "human-participants", "vesicle-source")  # what was tested, and on whom
TIMES = "before", "after"


def before_after(rows: Rows, *, title: str) -> Figure:
    """Draw each case from its value before, an open circle, to its value after, a filled one.

    `rows` have `case`, `before`, `after`, and where known `measure` and `unit`, which are the same in all.
    """
    data = as_rows(rows)
    first = data[0] if data else {}
    what = f"{plain_words(first.get('measure'))}, {plain_unit(first.get('unit'))}".strip(", ")
    pairs = [(row, _pair_words(row), [partial(_pair, row)]) for row in data]
    shown = [PlotRow(str(row["case"]), estimate=words, marks=marks) for row, words, marks in pairs]
    values, heads = known_values(data, *TIMES), ("Case, group or site", "Before → after")
    plot = Plot(shown, values, what, heads=heads, names=partial(_whole, values))
    told = plot.told() or "There is no case to show."
    alt = f"Values before and after. {title}. {what and what + '. '}{told}"
    caption = FIGURE_WORDS["captions"]["pairs"]
    return Figure.of(plot.draw, alt=alt, caption=caption, rows=data, title=title)


def _whole(values: list[float], value: float) -> str:
    """Return a number of the axis; a part of a stage is none."""
    parts = all(known == round(known) for known in values) and value != round(value)
    return "" if parts else show_number(value)


def _pair_words(row: Row) -> str:
    return " → ".join("not stated" if is_missing(row.get(key)) else show_number(row[key]) for key in TIMES)


def _pair(row: Row, pen: Drawing, axis: Axis, y: float) -> None:
    places = [axis(value) for value in known_values([row], *TIMES)]
    pen.line(min(places, default=0), y, max(places, default=0), y, "blue", width=1.6)
    for key in TIMES:
        if not is_missing(row.get(key)):
            size = 14 if key == "before" and len(set(places)) == 1 else 9  # a ring around a value that stays
            pen.mark("circle", axis(row[key]), y, size, "blue", hollow=key == "before")


EVENT_WORDS = FIGURE_WORDS["events"]
TOUCHING = 14.0  # pixels between marks that would touch


def timeline(events: Rows, *, title: str = "What was measured when") -> Figure:
    """Draw events on an axis of weeks.

    `events` have `lane` (an outcome, arm or study: a row of the picture), `weeks`, `mark` (measured,
    promised, planned, session). An event without a time stands in words only.
    """
    data = [dict(row, lane=plain_words(row["lane"])) for row in as_rows(events)]
    lanes: dict[str, list[dict]] = {}
    for row in data:
        lanes.setdefault(row["lane"], []).append(row)
    rows = [PlotRow(lane, _lane_words(own), marks=[partial(_lane, own)]) for lane, own in lanes.items()]
    used = {row["mark"] for row in data if not is_missing(row.get("weeks"))}
    key = [(partial(_event, mark), word) for mark, word in EVENT_WORDS.items() if mark in used]
    weeks = [0.0, *(known_values(data, "weeks") or [1.0])]
    plot = Plot(rows, weeks, "weeks", heads=("Outcome or treatment", ""), key=key)
    alt = f"Timeline. {title}. {plot.told() or 'There is nothing to show.'}"
    caption = "Weeks from the source's own start; adverse events are not drawn."
    return Figure.of(plot.draw, alt=alt, caption=caption, rows=data, title=title)


def _lane_words(events: list[dict]) -> str:
    """Return what happened in a lane, and in which weeks."""
    parts = []
    for mark, word in EVENT_WORDS.items():
        own = [row.get("weeks") for row in events if row["mark"] == mark]
        weeks = sorted({week for week in own if not is_missing(week)})
        shown = joined([show_number(round(week, 1)) for week in weeks])
        parts += [f"{word} at week {shown}"] if weeks else []
        parts += [f"{word} at a time not stated"] if any(map(is_missing, own)) else []
    return "; ".join(parts)


def _event(mark: str, pen: Drawing, x: float, y: float) -> None:
    kind, colour, hollow = FIGURE_WORDS["event_marks"][mark]
    pen.mark(kind, x, y, 10, colour, hollow=hollow)


def _lane(events: list[dict], pen: Drawing, axis: Axis, y: float) -> None:
    """Draw one lane; different marks that would touch are set above each other, so that none is hidden."""
    pen.line(axis.left, y, axis.left + axis.width, y, "rule")
    places = sorted({(axis(row["weeks"]), row["mark"]) for row in events if not is_missing(row.get("weeks"))})
    for x, mark in places:
        near = {kind for at, kind in places if abs(x - at) < TOUCHING}
        close = [name for name in EVENT_WORDS if name in near]
        _event(mark, pen, x, y + (close.index(mark) - (len(close) - 1) / 2) * 10)


ONGOING_MARKS = {"expected": "registered end", "results_due": "results due"}


def _year(date: str) -> float:
    """Return a date, its month or its year as a number of years, in the middle of what it leaves open."""
    parts = [int(part) for part in str(date).split("-")]
    month = parts[1] - 1 + ((parts[2] - 0.5) / 31 if len(parts) > 2 else 0.5) if len(parts) > 1 else 6
    return parts[0] + month / 12


def _what_ends(basis: str) -> str:
    """Return what a record's end is the end of, by what `results_due` says of it."""
    if "only recruitment" in basis:
        return "recruitment to end"
    return "end, of what was not seen," if "was not seen" in basis else ONGOING_MARKS["expected"]


def ongoing_timeline(trials: pd.DataFrame) -> Figure:
    """Draw the registered end of each ongoing study, when its results are due, and the last search.

    Of the table `ongoing_trials`. A study without a date is only counted.
    """
    lines, undated = [], 0
    for row in records(trials):
        dates = {name: row[name] for name in ONGOING_MARKS if row[name]}
        if not dates:
            undated += 1
            continue
        named = ONGOING_MARKS | {"expected": _what_ends(row["due_basis"])}
        words = ", ".join(f"{named[name]} {date}" for name, date in dates.items())
        n = "n not seen" if row["n_planned"] is None else f"n = {show_number(row['n_planned'])} planned"
        status = row["status"] if row["status"] not in (None, "not seen") else "status not seen"
        below = f"{n}; {status}"
        marks = [partial(_end, name, _year(date)) for name, date in dates.items()]
        lines.append(PlotRow(row["study_id"], below, estimate=words, marks=marks))
    dated = [_year(date) for name in (*ONGOING_MARKS, "searched") for date in trials[name].dropna()]
    searched = max(trials["searched"].dropna(), default=None)
    plot = Plot(
        lines, dated or [2025.0, 2026.0], "year", heads=("Study", "Dates"), names=lambda year: f"{year:g}",
        behind=partial(_searched, searched),
    )  # fmt: skip
    caption = (
        "Open circles: the registered end, of a study or of its recruitment; squares: when results are due."
    )
    caption += f" Broken line: the last search for studies, {searched}." if searched else ""
    caption += f" Without a date in the copy that was read: {undated}." if undated else ""
    rows = records(trials[["study_id", "n_planned", "status", *ONGOING_MARKS]])
    title = "Ongoing studies: when they end"
    alt = f"Timeline. {title}. {plot.told()}"
    return Figure.of(plot.draw, alt=alt, caption=caption, rows=rows, title=title)


def _end(name: str, year: float, pen: Drawing, axis: Axis, y: float) -> None:
    hollow = name == "expected"
    pen.mark("circle" if hollow else "square", axis(year), y, 9, "blue", hollow=hollow)


def _searched(date: str | None, pen: Drawing, axis: Axis, top: float, end: float) -> None:
    if date:
        pen.line(axis(_year(date)), top, axis(_year(date)), end, dash="5 3")


def flow(screening: pd.DataFrame) -> Figure:
    """Draw what happened to each record of the table `screening`, after the flow diagram of PRISMA 2020.

    What the table does not tell, such as hits and duplicates, is said not to be recorded.
    """
    by = screening["decision"].value_counts()
    awaiting, out, count = int(by.get("awaiting", 0)), int(by.get("excluded", 0)), len(screening)

    def counts(column: str, decision: str = "") -> list[str]:
        own = screening[screening["decision"] == decision] if decision else screening
        return [f"{plain_words(name)}: {number}" for name, number in own[column].value_counts().items()]

    found = [*counts("found_through"), "hits and duplicates: not recorded"]
    steps = [
        (f"Records identified: n = {count}", found, "", []),
        (f"Records screened: n = {count}", [], f"Excluded: n = {out}", counts("kind", "excluded")),
        (f"Reports to seek: n = {count - out}", [], f"Not decided, awaiting: n = {awaiting}", []),
        (f"Assessed by what was seen: n = {count - out - awaiting}", counts("seen", "included"), "", []),
        (f"Studies included: n = {by.get('included', 0)}", [], "", []),
    ]
    parts = [(head, "; ".join(more), aside, "; ".join(rest)) for head, more, aside, rest in steps]
    told = [". ".join(filter(None, step)) for step in parts]
    alt, words = f"Flow diagram. Flow of records. {'. '.join(told)}.", FIGURE_WORDS["captions"]["flow"]
    draw = partial(_draw_flow, steps)
    return Figure.of(draw, alt=alt, caption=words, table="screening", title="Flow of records")


def _draw_flow(steps: list[tuple[str, list[str], str, list[str]]], width: float) -> Drawing:
    pen, y, box = Drawing(width), 0.0, min(330.0, width * 0.52)
    for place, (head, more, aside, rest) in enumerate(steps):
        left = _box(pen, 0, y, box, head, more)
        right = _box(pen, box + 34, y, width - box - 34, aside, rest) if aside else 0.0
        if aside:
            pen.line(box, y + 16, box + 30, y + 16, "muted")
            pen.shape([(box + 34, y + 16), (box + 28, y + 12), (box + 28, y + 20)], fill="muted")
        end = y + max(left, right) + 22
        if place + 1 < len(steps):
            pen.line(box / 2, y + left, box / 2, end - 4, "muted")
            pen.shape([(box / 2, end), (box / 2 - 4, end - 6), (box / 2 + 4, end - 6)], fill="muted")
        y = end
    return pen


def _box(pen: Drawing, x: float, y: float, width: float, head: str, more: list[str]) -> float:
    """Draw a box with a heading and lines; return its height."""
    head = wrap(head, width - 16, weight="bold")
    lines = "\n".join(wrap(text, width - 16, SMALL) for text in more)
    high = height_of(head) + (height_of(lines) if more else 0) + 16
    pen.rect(x, y, width, high, stroke="muted")
    pen.write(x + 8, y + 8 + height_of(head) / 2, head, bold=True)
    pen.write(x + 8, y + high - 8 - height_of(lines) / 2, lines, size=SMALL)
    pen.height = max(pen.height, y + high)
    return high


OF_BIAS = "risk of bias"


def appraisal_matrix(
    domains: pd.DataFrame, verdicts: Mapping[str, str], *, named: Callable[[str], str] = str, more: str = ""
) -> Figure:
    """Draw how far each study can be trusted, domain by domain, and beside it its risk of bias.

    `domains` are rows of `trust_domains`; domains stand in the order of first appearance. `verdicts` are
    the overall risk of bias by study; where nothing is judged it stands as not applicable. `named` gives a
    study's name for a reader, `more` what else the caption says.
    """
    names = [*(name for name in dict.fromkeys(domains["domain"]) if name != "overall"), "overall", OF_BIAS]
    words = {(row.study_id, row.domain): str(row.judgement) for row in domains.itertuples()}
    studies = sorted(set(domains["study_id"]))
    words |= {(study, OF_BIAS): verdicts.get(study, "not applicable") for study in studies}
    table = [[words.get((study, name), "not applicable") for name in names] for study in studies]

    def field(pen: Drawing, x: float, y: float, row: int, column: int) -> None:
        draw_mark(pen, x - 6, y, judgement_mark(table[row][column]))
        pen.write(x + 3, y, judgement_letter(table[row][column]), size=SMALL)

    used = sorted({word for row in table for word in row})
    marks = [partial(draw_mark, mark=judgement_mark(word)) for word in used]
    key = list(zip(marks, (f"{judgement_letter(word)}: {word}" for word in used), strict=True))
    heads = [*(f"trust: {name}" for name in names[:-1]), OF_BIAS]
    shown = [named(study) for study in studies]
    told = [
        f"{study}: {'; '.join(f'{name} {word}' for name, word in zip(names, row, strict=True))}."
        for study, row in zip(shown, table, strict=True)
    ]
    title = "Trust and risk of bias"
    alt = f"Matrix. {title}. {' '.join(told) or 'No study has been judged yet.'}"
    caption = f"{FIGURE_WORDS['captions']['appraisal']} {more}".strip()
    draw = partial(sign_grid, names=shown, heads=heads, field=field, key=key)
    return Figure.of(draw, alt=alt, caption=caption, table="trust_domains", title=title)


def characteristics(study: Row) -> pd.DataFrame:
    """Return a study's row as `field` and `value`; what is not stated stays missing."""
    ahead = " (expected)" if is_missing(study.get("n_enrolled")) and study.get("n_planned") else ""
    for name, of in (("starts_on", ""), ("primary_completion_on", ""), ("ends_on", study.get("end_of"))):
        if study.get(name):
            study = study | {name: f"{study[name]}{ahead}" + (f", of the {of}" if of else "")}
    values = {words: study.get(name) for name, words in FIGURE_WORDS["characteristics"].items()}
    whole = {words: f"{value:g}" if isinstance(value, float) else value for words, value in values.items()}
    return pd.DataFrame({"field": list(whole), "value": pd.Series(list(whole.values()), dtype=object)})


def by_weight(discrepancies: pd.DataFrame) -> pd.DataFrame:
    """Return discrepancies, the certain first, then by concern, on what was tested, rules, reviewers."""
    keys = discrepancies.assign(
        certain=~discrepancies["certain"].astype(bool),
        concern=discrepancies["concern"].map(CONCERNS.index),
        check=discrepancies["check"].map(_RULE_ORDER),
        tested=~discrepancies["check"].isin(TESTED_ON),
    )
    order = ["certain", "concern", "tested", "detected_by", "check", "discrepancy_id"]
    return discrepancies.loc[keys.sort_values(order, kind="stable").index]


def timeline_events(
    outcomes: pd.DataFrame,
    results: pd.DataFrame,
    arms: pd.DataFrame,
    claimed: Collection[str] = (),
    whole: bool = True,
) -> list[Row]:
    """Return events for `timeline`: what was measured, told in words (`claimed`), promised only; sessions.

    What was not read `whole` may report what it names elsewhere. Sessions are drawn only where number and
    interval are both stated; a single session stands at week 0.
    """
    measured = {(row["concept"], _week(row)) for row in records(results)}
    planned = [(row["concept"], _week(row)) for row in records(outcomes.query("concept != 'adverse_events'"))]
    marks = [(label(concept), week, "measured") for concept, week in sorted(measured, key=str)]
    missing = "promised" if whole else "named"
    for concept, week in planned:
        if (concept, week) not in measured:
            mark = "planned" if results.empty else "words" if concept in claimed else missing
            marks.append((label(concept), week, mark))
    for arm in records(arms):
        count, gap = arm["sessions"], arm["interval_weeks"]
        if count and (gap is not None or count == 1):
            lane = f"sessions: {arm['label'] or arm['arm_id']}"
            marks += [(lane, number * (gap or 0), "session") for number in range(int(count))]
    return [dict(zip(("lane", "weeks", "mark"), event, strict=True)) for event in marks]


def _week(row: Row) -> float | None:
    week = row["timepoint_weeks"]
    return None if week is None else round(week, 1)


def case_pairs(results: pd.DataFrame) -> pd.DataFrame:
    """Return values before and after for single people: `case`, `before`, `after`, `measure`, `unit`."""
    names = ["arm_id", "concept", "site", "unit"]
    known = (results["kind"] == "level") & results["sd"].isna() & results["mean"].notna()
    rows = results[known]
    start = (rows["timepoint_weeks"] == 0).fillna(False)
    pairs = rows[start].merge(rows[~start], on=names, suffixes=("_before", "_after"))
    share = (pairs["unit"] == "proportion").fillna(False)
    return pd.DataFrame({
        "case": pairs["arm_id"].str.replace("_", " ") + ", " + pairs["site"],
        "before": pairs["mean_before"].where(~share, 100 * pairs["mean_before"]),
        "after": pairs["mean_after"].where(~share, 100 * pairs["mean_after"]),
        "measure": pairs["concept"].map(label),
        "unit": pairs["unit"].mask(share, "%"),
    })  # fmt: skip


def estimate_rows(effects: pd.DataFrame, unit: str, arms: Mapping[str, str]) -> list[Row]:
    """Return headline estimates for `forest`, named in words; those in another unit than the axis as text."""
    rows = []
    for row in records(effects[(effects["headline"] == "yes") & effects["effect"].notna()]):
        week = "" if row["timepoint_weeks"] is None else f", week {row['timepoint_weeks']:.0f}"
        arm = arms.get(row["arm_id"]) or row["arm_id"]
        arm = f" ({arm})" if row["estimand"] == "uncontrolled_change" else ""
        name = f"{label(row['concept']).capitalize()}, {ESTIMAND_WORDS[row['estimand']]}{arm}{week}"
        people = str(row["n"]) if row["n"] is not None else row["n_assumed"]
        on_axis = row["unit"] == unit
        sizes = {part: row[part] if on_axis else None for part in ("effect", "ci_lower", "ci_upper")}
        sizes |= {"instead": None if on_axis else instead_words(row)}
        rows.append({"study_id": name, "n": people, "assumed": [] if row["n"] is not None else ["n"]} | sizes)
    return rows
