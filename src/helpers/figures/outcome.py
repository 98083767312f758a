"""Figures of an outcome over studies: direction, context, adverse events, specification curve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from helpers.comparison import CONTROLS
from helpers.effects import CONTROLLED_ESTIMANDS, EXOSOME_ROLES
from helpers.effects.means import comparator_changes
from helpers.figures import FIGURE_WORDS
from helpers.figures.canvas import (
    PAGE_WIDTH,
    SMALL,
    Axis,
    Drawing,
    Figure,
    Rows,
    as_rows,
    known_values,
    sign_grid,
    ticks,
    widest,
)
from helpers.figures.forest import Plot, PlotRow, author_year, estimate_mark
from helpers.formats import (
    DAGGER,
    NO_INTERVAL,
    is_missing,
    joined,
    plain_unit,
    plain_words,
    show_estimate,
    show_interval,
    show_number,
    show_value,
    show_with_unit,
)
from helpers.tables.vocabulary import CHOICES, OUTCOME_CONCEPTS, SD_USES
from notebookpress.tables import records
from trialfiles.record import Row

HAIR = ("density", "calibre")  # families of outcomes
LOOKS = FIGURE_WORDS["group_looks"]
GROUPS, HEADS = FIGURE_WORDS["groups"], FIGURE_WORDS["group_heads"]


def context_plot(
    rows: Rows,
    *,
    unit: str,
    title: str,
    seen: Row | None = None,
    level: float = 0.95,
    note: str = "",
) -> Figure:
    """Draw changes from baseline, group under group on one axis.

    `rows` have `group` (exosome, control or active), `label`, `effect`, `ci_lower`, `ci_upper`, `weeks`,
    `n`, `second_hand`. `seen`, the row of `thresholds` on what observers see (`what`, `value`,
    `second_hand`), is drawn as a broken line. `level` is the coverage of the intervals; `note` stands below
    the axis.
    """
    visible = seen["value"] if seen else None
    data = [row for row in as_rows(rows) if not is_missing(row.get("effect"))]
    groups = {name: [row for row in data if row["group"] == name] for name in GROUPS}
    groups = {name: own for name, own in groups.items() if own}
    unit = plain_unit(unit)
    lines = []
    for name, own in groups.items():
        lines += [PlotRow(HEADS[name], bold=True, alone=True), *(_context_line(row) for row in own)]
    values = known_values(data, "effect", "ci_lower", "ci_upper")
    drifts = [float(row["effect"]) for row in groups.get("control", ())]
    mark = DAGGER if seen and seen["second_hand"] else ""
    above = [(sum((min(drifts), max(drifts))) / 2, "placebo or\nuntreated")] if drifts else []
    above += [(visible, f"visible to most\nobservers{mark}")] if visible else []
    plot = Plot(
        lines,
        [*values, 0.0, visible or 0.0],
        f"change from baseline, no control subtracted, {unit}",
        {"weeks": "Week", "n": "n"},
        ("Study", f"Change\n({100 * level:g} % interval)"),
        behind=partial(_behind, drifts, visible),
        note=note,
        above=above,
    )
    line = ""
    if seen:
        line = f" Broken line, {show_number(visible)} {unit}{mark}: {seen['what']}."
    marks = [f"{FIGURE_WORDS['group_marks'][name]}: {GROUPS[name].lower()}" for name in groups]
    told = {"level": 100 * level, "marks": "; ".join(marks).capitalize()}
    caption = FIGURE_WORDS["captions"]["context"].format(**told)
    caption += " The grey band spans the changes of the placebo and untreated arms shown." if drifts else ""
    caption += " A grey n is assumed: all who were enrolled." if any(line.grey for line in lines) else ""
    caption += line
    alt = f"Dot plot. {title}. Unit: {unit}. {plot.told()}{line.replace(DAGGER, ', second-hand')}"
    origins = "row-visible" if seen else ""
    return Figure.of(plot.draw, alt=alt, caption=caption, rows=data, title=title, origins=origins)


def _behind(
    drifts: list[float], visible: float | None, pen: Drawing, axis: Axis, top: float, end: float
) -> None:
    """Shade what the controls did; mark no change, and what can be seen."""
    if drifts:
        left, right = axis(min(drifts)), axis(max(drifts))
        pen.rect(left, top, right - left, end - top, fill="wash")
        for edge in (left, right):
            pen.line(edge, top, edge, end, "rule")
    pen.line(axis(0), top, axis(0), end)
    if visible:
        pen.line(axis(visible), top, axis(visible), end, dash="5 3")


def _context_line(row: Row) -> PlotRow:
    week = "" if is_missing(row.get("weeks")) else show_number(round(float(row["weeks"])))
    below = "" if week else str(row.get("time") or "time not stated")
    people, _, assumed = ("–" if is_missing(row.get("n")) else show_value(row["n"])).partition(" (")
    cells, grey = {"weeks": week or "–", "n": people}, {"n"} if assumed else set()
    size = show_with_unit(row["effect"], row.get("ci_lower"), row.get("ci_upper"), None)
    size = size.removesuffix(NO_INTERVAL)
    marked = DAGGER if row.get("second_hand") and DAGGER not in row["label"] else ""
    name, mark = f"{row['label']}{marked}", LOOKS[row["group"]]
    return PlotRow(name, below, cells, grey, estimate=size, marks=[estimate_mark(row, mark)])


DIRECTION_COLUMNS = ("study_id", "concept", "direction", "estimand", "n", "design")
WAYS = ("better", "worse")
AGAINST = {True: " than the control", False: " than before"}
DIRECTION_MARKS = FIGURE_WORDS["directions"]


def direction(
    rows: Rows, *, title: str = "Direction of effect", caption: str = "direction", ranked: bool = True
) -> Figure:
    """Draw the direction of every outcome in every study.

    `rows` have `concept`, `study_id`, `direction` (better, worse, no change, unclear, not reported), and
    where known `n`, `estimand` and `design` in words. Several rows for one outcome and study that disagree
    are all shown; a sign is filled where any of its rows is a comparison with a control. `caption` names
    that of `words.yaml`; `ranked` says whether the outcomes of most studies come first.
    """
    data = as_rows(rows)
    studies: dict[str, list[dict]] = {}
    signs: dict[tuple[str, str], dict[str, bool]] = {}  # each different direction once: against a control?
    for row in data:
        studies.setdefault(row["study_id"], []).append(row)
        found = signs.setdefault((row["concept"], row["study_id"]), {})
        controlled = row.get("estimand") in CONTROLLED_ESTIMANDS and is_missing(row.get("contrast_doubt"))
        found[row["direction"]] = found.get(row["direction"], False) or controlled
    studied = [concept for concept, _ in signs]
    concepts = sorted(dict.fromkeys(studied), key=lambda name: -studied.count(name) if ranked else 0)

    def field(pen: Drawing, x: float, y: float, row: int, column: int) -> None:
        found = signs.get((concepts[row], list(studies)[column]), {})
        for place, (way, controlled) in enumerate(found.items()):
            _sign(way, controlled, pen, x, y + (place - (len(found) - 1) / 2) * 11)

    names = [plain_words(concept).capitalize() for concept in concepts]
    heads = [f"{name}, {_people(own)}" for name, own in studies.items()]
    numbers = [{name: row.get(name) for name in DIRECTION_COLUMNS} for row in data]
    depths = [max(len(own) for (name, _), own in signs.items() if name == concept) for concept in concepts]
    alt, words = _direction_alt(title, studies), FIGURE_WORDS["captions"][caption]
    draw = partial(sign_grid, names=names, heads=heads, field=field, key=_key(signs), depths=depths)
    return Figure.of(draw, rows=numbers, alt=alt, caption=words, title=title)


def _key(signs: Mapping[tuple[str, str], Mapping[str, bool]]) -> list[tuple[Callable, str]]:
    """Return each sign that is used, with its words."""
    used = {sign for found in signs.values() for sign in found.items()}
    order = list(DIRECTION_MARKS)
    named = {
        f"{way}{AGAINST[sure] if way in WAYS else ''}": partial(_sign, way, sure)
        for way, sure in sorted(used, key=lambda sign: order.index(sign[0]))
    }
    return [(draw, said) for said, draw in named.items()]


def _sign(way: str, controlled: bool, pen: Drawing, x: float, y: float) -> None:
    """Draw the sign of a direction; better and worse are hollow where there is nothing but a value before."""
    shape, colour, hollow = DIRECTION_MARKS.get(way, DIRECTION_MARKS["unclear"])
    hollow = hollow or (way in WAYS and not controlled)
    if shape == "?":
        pen.write(x, y, shape, anchor="middle", bold=True)
    else:
        pen.mark(shape, x, y, 10, colour, hollow=hollow)


def _people(rows: list[dict]) -> str:
    n = next((row["n"] for row in rows if not is_missing(row.get("n"))), None)
    return "n not stated" if n is None else f"n = {int(n) if isinstance(n, float) else n}"


def _direction_alt(title: str, studies: dict[str, list[dict]]) -> str:
    parts = []
    for name, rows in studies.items():
        signs = list(dict.fromkeys(f"{plain_words(row['concept'])} {row['direction']}" for row in rows))
        parts.append(f"{name} ({_people(rows)}): {joined(signs)}.")
    return f"Effect-direction plot. {title}. " + (" ".join(parts) or "There is no study to show.")


HARMS_TITLE = "Adverse events: people with one, and how many of a hundred there may be"
LEAST_PEOPLE = 2  # one person has no share


def harm_rows(events: pd.DataFrame, sources: pd.DataFrame) -> list[Row]:
    """Return the events of each study as rows of `harms`, in percent of people.

    Of the tables `adverse_events` and `sources`. Events of one study with the same count and number of people
    share a row; those without a count have no share.
    """
    read = {row["study_id"]: row for row in records(sources)}
    merged: dict[tuple, Row] = {}
    for row in records(events):
        key = row["study_id"], row["arm_id"], row["count"], row["n"]
        merged.setdefault(key, row | {"terms": []})["terms"].append(row["term"])
    return [_harm_row(row, read.get(row["study_id"], {})) for row in merged.values()]


def _harm_row(row: Row, source: Row) -> Row:
    count, n, limit = row["count"], row["n"], row["upper_limit"]
    second = bool(source.get("second_hand"))
    named = {
        "study_id": row["study_id"],
        "event": "; ".join(dict.fromkeys(plain_words(term) for term in row["terms"])),
        "read": "second-hand" if second else source.get("access") or "not stated",
        "n": None if n is None else int(n),
        "figures": row.get("figures"),
    }
    if count is None or not n or limit is None:
        of = "listed, not counted"
        why = of if count is None else f"{show_number(count)} people, of how many not stated"
        return named | {"effect": None, "ci_lower": None, "ci_upper": None, "instead": why}
    share = 100 * count / n
    return named | {"count": int(count), "effect": share, "ci_lower": share, "ci_upper": 100 * limit}


def harms(rows: list[Row]) -> Figure:
    """Draw the rows of `harm_rows`; alternative text: every study with its numbers."""
    lines = []
    for row in rows:
        below, marks = f"{row['event']}; read: {row['read']}", [estimate_mark(row)] if _shared(row) else []
        lines.append(PlotRow(row["study_id"], below, estimate=_counted(row), marks=marks))
    values = known_values(filter(_shared, rows), "effect", "ci_upper")
    heads = ("Study and event", "People with it")
    plot = Plot(lines, [0.0, *values], "% of people, up to the one-sided 95 % limit", heads=heads)
    alt, words = f"Dot plot. {HARMS_TITLE}. {plot.told()}", FIGURE_WORDS["captions"]["harms"]
    return Figure.of(plot.draw, alt=alt, caption=words, rows=rows, title=HARMS_TITLE)


def _shared(row: Row) -> bool:
    """Return whether a share of people says anything."""
    return row["effect"] is not None and row["n"] >= LEAST_PEOPLE


def _counted(row: Row) -> str:
    """Return how many of how many people had an event, and the share up to which it may lie."""
    if row["effect"] is None:
        return str(row["instead"])
    if not _shared(row):
        return f"{row['count']} of {row['n']}"
    return f"{row['count']} of {row['n']} (up to {show_number(round(row['ci_upper'], 1))} %)"


MOST = 150  # more specifications than this have no room; as many are drawn, evenly spaced in their order
CURVE, ROW, GAP = 240.0, 14.0, 9.0
MOST_LEVELS = 13


def specification_curve(
    frame: pd.DataFrame, chosen: Row | None = None, named: Callable[[str], str] = str
) -> Figure:
    """Draw the curve of rows of `specifications` on one question.

    `chosen` is the specification that the parameters name (`estimate`, `ci_lower`, `ci_upper`), drawn across;
    `named` gives a study's name for a reader.
    """
    frame = frame.sort_values(["estimate", "ci_lower"], kind="stable").reset_index(drop=True)
    first, panels = frame.iloc[0], _panels(frame, named)
    unit = plain_unit(first["unit"])
    title = f"Sensitivity analysis: {first['question']}"
    places = np.linspace(0, len(frame) - 1, min(MOST, len(frame))).round().astype(int)
    shown = frame.iloc[places].reset_index(drop=True)
    of_all = "" if len(shown) == len(frame) else f" of {len(frame)}, evenly spaced in their order,"
    said = FIGURE_WORDS["captions"]["curve"].format(count=f"{len(shown)}{of_all}")
    if chosen:
        use = SD_USES[chosen["sd_use"]]
        said += f" The dashed line is the answer with the parameters of this run, {use}."
    alt = _curve_alt(frame, title, unit, chosen)
    draw = partial(_draw, shown, panels, unit, chosen)
    return Figure.of(draw, alt=alt, caption=said, table="specifications", title=title)


def _draw(frame: pd.DataFrame, panels: list, unit: str, chosen: Row | None, width: float) -> Drawing:
    """Return the curve and below it the choices, on a phone with their names above them."""
    pen = Drawing(width)
    labels = [words for _, levels in panels for words in levels]
    left = max(widest(labels, SMALL) + 14, 60)
    left += widest((CHOICES[name] for name, _ in panels), SMALL, "bold") + 12 if width >= PAGE_WIDTH else 0
    level = Axis([-0.5, len(frame) - 0.5], left, width - left, air=0)
    lower, upper = _window(frame)
    upright = Axis([lower, upper], 0, CURVE, air=0)
    _draw_axis(pen, upright, left, unit)
    _draw_each(pen, frame, level, upright)
    pen.line(left, CURVE - upright(0), width, CURVE - upright(0))
    if chosen:
        y = CURVE - upright(chosen["estimate"])
        pen.line(left, y, width, y, "orange", width=1.6, dash="5 3")
    _draw_panels(pen, frame, panels, level)
    return pen


def _draw_axis(pen: Drawing, upright: Axis, left: float, unit: str) -> None:
    pen.line(left, 0, left, CURVE, "muted")
    for value in ticks(upright.low, upright.high):
        y = CURVE - upright(value)
        pen.line(left - 4, y, left, y, "muted")
        pen.write(left - 7, y, show_number(value), size=SMALL, anchor="end")
    pen.write(left - 36, CURVE / 2, unit, size=SMALL, upright=True, anchor="middle")


def _draw_each(pen: Drawing, frame: pd.DataFrame, level: Axis, upright: Axis) -> None:
    """Draw every estimate with its interval."""
    names = ("ci_lower", "ci_upper", "estimate")  # what reaches beyond the window is cut
    low, high, middle = ([CURVE - upright(value) for value in frame[name]] for name in names)
    clear = frame["conclusion"].to_numpy() != "not shown"
    for place in range(len(frame)):
        x = level(place)
        pen.line(x, low[place], x, high[place], "blue" if clear[place] else "rule")
    for place in range(len(frame)):
        colour, hollow = ("blue", False) if clear[place] else ("ink", True)
        pen.mark("circle", level(place), middle[place], 5, colour, hollow=hollow)


def _draw_panels(pen: Drawing, frame: pd.DataFrame, panels: list, level: Axis) -> None:
    """Draw in the row of each value of a choice which specifications took it."""
    y, wide = CURVE + GAP, pen.width >= PAGE_WIDTH
    thick = max(1.0, 0.6 * level.width / len(frame))
    for name, levels in panels:
        pen.line(0, y - GAP / 2, pen.width, y - GAP / 2, "rule")
        pen.write(0, y + ROW / 2, CHOICES[name], size=SMALL, bold=True)
        y += 0 if wide else ROW + 2
        for words, value in levels.items():
            pen.write(level.left - 8, y + ROW / 2, words, size=SMALL, anchor="end", colour="muted")
            for place in np.flatnonzero(frame[name] == value):
                pen.line(level(place), y + 2, level(place), y + ROW - 2, width=thick)
            y += ROW
        y += GAP
    pen.height = max(pen.height, y - GAP)


def _panels(frame: pd.DataFrame, named: Callable[[str], str]) -> list[tuple[str, dict[str, Any]]]:
    """Return the choices that take more than one value here, with their values by the words for them."""
    panels = []
    for name in CHOICES:
        levels = list(pd.unique(frame[name]))
        levels = sorted(levels, key=lambda value: (isinstance(value, str), value))
        if 1 < len(levels) <= MOST_LEVELS:
            panels.append((name, {_level(name, value, named): value for value in levels}))
    return panels


def _level(name: str, value: Any, named: Callable[[str], str]) -> str:
    if name == "included" and str(value).startswith("without "):
        return f"without {author_year(named(value.removeprefix('without ')))}"
    if name == "sd_use" and value == "all":
        return FIGURE_WORDS["levels"]["all SD"]
    return FIGURE_WORDS["levels"].get(value, value) if isinstance(value, str) else show_number(value)


def _window(frame: pd.DataFrame) -> tuple[float, float]:
    """Return limits that hold every estimate; intervals that reach far beyond are cut."""
    low, high = min(0.0, frame["estimate"].min()), max(0.0, frame["estimate"].max())
    span = (high - low) or 1.0
    return (max(frame["ci_lower"].min(), low - 0.8 * span) - 0.03 * span,
            min(frame["ci_upper"].max(), high + 0.8 * span) + 0.03 * span)  # fmt: skip


def _curve_alt(frame: pd.DataFrame, title: str, unit: str, chosen: Row | None) -> str:
    gains, losses = (int((frame["conclusion"] == name).sum()) for name in ("gain", "loss"))
    middle = show_estimate(frame["estimate"].median())
    reach = show_interval(frame["estimate"].min(), frame["estimate"].max())
    words = (
        f"Specification curve. {title}. {len(frame)} specifications; estimates run from {reach} {unit}, "
        f"median {middle}. In {gains} of them the interval lies above 0, in {losses} below it."
    )
    if chosen:
        answer = show_with_unit(chosen["estimate"], chosen["ci_lower"], chosen["ci_upper"], None)
        words += f" With the parameters of this run: {answer}."
    return words


def direction_rows(comparisons: pd.DataFrame, studies: pd.DataFrame) -> list[Row]:
    """Return lines as rows of `direction`, with the people and design of the whole study.

    Adverse events are left out.
    """
    known = {row["study_id"]: row for row in records(studies)}
    cases = comparisons.groupby("study_id")["arm_id"].nunique()
    rows = []
    for row in records(comparisons):
        if row["concept"] == "adverse_events":
            continue
        study = known.get(row["study_id"], {})
        people = study.get("n_analysed") or study.get("n_enrolled")
        if people is None and study.get("comparison") == "case":  # each case is an arm
            people = int(cases[row["study_id"]])
        rows.append(row | {"n": people, "design": plain_words(study.get("comparison") or "") or None})
    return rows


def modifier_rows(arms: pd.DataFrame, studies: pd.DataFrame, comparisons: pd.DataFrame) -> list[Row]:
    """Return directions of hair itself by what may modify the effect, as rows of `direction`.

    An arm with exosomes stands in each group that its words name (`words.yaml`); what is not told is in none.
    """
    sexes = studies.set_index("study_id")["sex"]
    own = arms[arms["role"].isin(EXOSOME_ROLES)].assign(sex=arms["study_id"].map(sexes))
    told = [row for row in direction_rows(comparisons, studies) if row["direction"] != "not reported"]
    hair = [row for row in told if OUTCOME_CONCEPTS[row["concept"]].family in HAIR]
    rows = []
    for column, group, pattern in FIGURE_WORDS["modifiers"]:
        said = own[column].fillna("not stated").astype(str)
        named = own[~said.str.startswith("not ") & said.str.contains(pattern)]
        members = set(zip(named["study_id"], named["arm_id"], strict=True))
        rows += [row | {"concept": group} for row in hair if (row["study_id"], row["arm_id"]) in members]
    return rows


def context_rows(
    context: pd.DataFrame, comparators: pd.DataFrame, unit: str, comparisons: pd.DataFrame | None = None
) -> list[Row]:
    """Return changes after exosomes, of control arms and of other treatments as rows of `context_plot`.

    The people behind a change after exosomes stand in `comparisons`.
    """
    own = context[(context["unit"] == unit) & context["effect"].notna()]
    own = own.rename(columns={"timepoint_printed": "time"})
    other = comparator_changes(comparators).sort_values(["treatment", "change"])
    other = other[(other["unit"] == unit) & other["concept"].isin(("hair_density", "hair_density_relative"))]
    group = other["treatment"].isin(CONTROLS).map({True: "control", False: "active"})
    label = other["study_id"].map(author_year) + ": " + other["arm"]
    people = {} if comparisons is None else comparisons.set_index("line_id")["n"].to_dict()
    names = own["line_id"]
    own = own.assign(group="exosome", row_id=names, label=own["study_id"], n=names.map(people))
    other = other.assign(group=group, label=label, time=None, effect=other["change"])
    sizes = ["effect", "ci_lower", "ci_upper"]
    rows = []
    for frame in (own, other):
        frame = frame.rename(columns={"timepoint_weeks": "weeks"})  # noqa: PLW2901
        frame[sizes] *= 100 if unit == "proportion" else 1
        rows += records(frame[["group", "row_id", "label", "weeks", "n", "time", *sizes, "second_hand"]])
    return rows
