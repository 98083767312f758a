"""Forest plots: rows of words and marks beside one axis, for the studies of an outcome and for a pool."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate

import pandas as pd

from helpers.figures import FIGURE_WORDS
from helpers.figures.canvas import (
    LINE,
    PAGE_WIDTH,
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
    text_width,
    widest,
    wrap,
)
from helpers.formats import (
    DAGGER,
    NO_INTERVAL,
    is_missing,
    plain_unit,
    plain_words,
    show_interval,
    show_number,
    show_with_unit,
)
from helpers.tables.vocabulary import ESTIMAND_WORDS, OUTCOME_CONCEPTS
from notebookpress.tables import records, split_ids
from trialfiles.record import Row

AUTHOR_YEAR = re.compile(r"([a-z]+)((?:19|20)\d\d)(.*)")
SIGNS = {"better": "▲", "worse": "▼", "no change": "◄►", "unclear": "?"}
GAP, AIR, STRIP = 12.0, 8.0, 22.0  # between columns, around a row, of the marks under a row on a phone
SHARE = 0.46  # of the width that the plot has at least
NARROWEST, WIDEST_CELL, WIDEST_ESTIMATE, BIAS = 112.0, 60.0, 150.0, 44.0
LIMITS = ("ci_lower", "ci_upper", "pi_lower", "pi_upper")


@dataclass
class PlotRow:
    """A row beside the axis: its name, small words below, cells, the words of its estimate, marks.

    Marks are drawn by functions of the drawing, the axis and the height.
    """

    name: str
    below: str = ""
    cells: dict[str, str] = field(default_factory=dict)
    grey: set[str] = field(default_factory=set)
    estimate: str = ""
    bias: str | None = None
    marks: list[Callable[[Drawing, Axis, float], None]] = field(default_factory=list)
    bold: bool = False
    alone: bool = False  # its name may use the whole width

    def told(self, columns: Mapping[str, str]) -> str:
        """Return everything that the row shows in words."""
        known = {key: text for key, text in self.cells.items() if text != "–"}
        assumed = dict.fromkeys(self.grey, " (assumed)")
        cells = [f"{columns[key]} {text}{assumed.get(key, '')}" for key, text in known.items()]
        bias = f"risk of bias {self.bias}" if self.bias else ""
        parts = [part.replace("\n", " and ") for part in (self.estimate, *cells, self.below, bias) if part]
        return f"{self.name}: {', '.join(parts)}." if parts else f"{self.name}:"


@dataclass
class Plot:
    """Rows beside one axis and its words: `columns` and `heads` are headings, `sides` lie around 0."""

    rows: list[PlotRow]
    values: list[float]
    words: str
    columns: dict[str, str] = field(default_factory=dict)
    heads: tuple[str, str] = ("Study", "")
    sides: tuple[str, str] = ("", "")
    behind: Callable[[Drawing, Axis, float, float], None] | None = None
    names: Callable[[float], str] = show_number
    note: str = ""  # what stands below
    above: Sequence[tuple[float, str]] = ()  # what places of the axis mean, over it where there is room
    key: Sequence[tuple[Callable[[Drawing, float, float], None], str]] = ()  # what marks mean

    def told(self) -> str:
        """Return everything that the plot shows in words."""
        told = [row.told(self.columns) for row in self.rows]
        return " ".join([*told, f"{self.note}."] if self.note else told)

    def draw(self, width: float) -> Drawing:
        """Return the drawing: columns left and right of the plot, on a phone lines above each other."""
        pen = Drawing(width)
        return self._wide(pen) if width >= PAGE_WIDTH else self._narrow(pen)

    def _wide(self, pen: Drawing) -> Drawing:
        right = pen.width - (BIAS if any(row.bias is not None for row in self.rows) else 0)
        told = [wrap(row.estimate, WIDEST_ESTIMATE) for row in self.rows]
        most = max(widest(told), widest([self.heads[1]], weight="bold")) + GAP
        sizes = [self._column_width(key) + GAP for key in self.columns]
        left = self._name_width(pen.width, sum(sizes) + most + pen.width - right)
        ends = list(accumulate(sizes, initial=left))
        axis = Axis(self.values, ends[-1] + GAP, right - most - ends[-1] - GAP)
        columns = dict(zip(self.columns, ends[1:], strict=True))
        head = height_of(*self.columns.values(), *self.heads) + 6
        heads = [(right, self.heads[1]), *((columns[key], text) for key, text in self.columns.items())]
        pen.write(0, head / 2 - 2, self.heads[0], bold=True)
        for x, text in [*heads, (pen.width, "Bias" if right < pen.width else "")]:
            pen.write(x, head / 2 - 2, text, bold=True, anchor="end")
        self._write_above(pen, axis, head / 2 - 2)
        pen.line(0, head, pen.width, head)
        y, middles = head + 4, []
        for row, words in zip(self.rows, told, strict=True):
            high = self._write_row(pen, row, words, y, left, right, columns)
            middles.append(y + high / 2)
            y += high
        return self._finish(pen, axis, [(head, y)], y, middles)

    def _write_above(self, pen: Drawing, axis: Axis, y: float) -> None:
        """Write what places of the axis mean; what would touch other words is left to the caption."""
        taken = axis.left - GAP / 2
        for place, words in sorted(self.above):
            half = widest([words], SMALL) / 2
            if taken <= axis(place) - half and axis(place) + half <= axis.left + axis.width + GAP / 2:
                pen.write(axis(place), y, words, size=SMALL, anchor="middle")
                taken = axis(place) + half + GAP / 2

    def _write_row(
        self, pen: Drawing, row: PlotRow, words: str, y: float, left: float, right: float, columns: dict
    ) -> float:
        """Write a row's words from `y` down; return its height."""
        cells = {key: _cell_lines(text) for key, text in row.cells.items()}
        room, weight = pen.width if row.alone else left, "bold" if row.bold else "normal"
        name, below = wrap(row.name, room, weight=weight), _small(row.below, room)
        deep = sum(map(height_of, below))
        high = max(height_of(name) + deep, height_of(*cells.values(), words)) + AIR
        middle = y + high / 2
        pen.write(0, middle - deep / 2, name, bold=row.bold)
        for text in below:
            pen.write(0, middle + height_of(name) / 2, text, size=SMALL, colour="muted")
        for key, text in cells.items():
            colour = "muted" if key in row.grey else "ink"
            pen.write(columns[key], middle, text, anchor="end", colour=colour)
        pen.write(right, middle, words, anchor="end", bold=row.bold)
        if row.bias is not None:
            draw_mark(pen, right + 14, middle, judgement_mark(row.bias))
            pen.write(right + 24, middle, judgement_letter(row.bias), size=SMALL)
        return high

    def _column_width(self, key: str) -> float:
        cells = widest(_cell_lines(row.cells.get(key, "")) for row in self.rows)
        return max(cells, widest([self.columns[key]], weight="bold"))

    def _name_width(self, width: float, taken: float) -> float:
        """Return the room of the names: what they need, and not so much that the plot gets narrow."""
        own = [row for row in self.rows if not row.alone]
        names = [self.heads[0], *(row.name for row in own)]
        needed = max(widest(names, weight="bold"), widest((row.below for row in own), SMALL))
        return min(needed, max(NARROWEST, (1 - SHARE) * width - taken - GAP))

    def _narrow(self, pen: Drawing) -> Drawing:
        """Draw for a phone: name and estimate, the cells in words, the marks below over the whole width."""
        axis, y, middles = Axis(self.values, 4, pen.width - 8), 2.0, []
        for row in self.rows:
            beside = text_width(row.estimate) + GAP if text_width(row.estimate) < pen.width / 2 else 0
            cells = [f"{self.columns[key]} {text}" for key, text in row.cells.items() if text != "–"]
            cells += [f"risk of bias {row.bias}"] if row.bias else []
            name = wrap(row.name, pen.width - beside, weight="bold")
            pen.write(0, y + height_of(name) / 2, name, bold=True)
            pen.write(pen.width, y + LINE / 2, row.estimate if beside else "", anchor="end")
            y += height_of(name)
            for words in (row.below, "; ".join(cells), "" if beside else row.estimate):
                for text in _small(words, pen.width):
                    pen.write(0, y + height_of(text) / 2 - 1, text, size=SMALL, colour="muted")
                    y += height_of(text)
            middles.append(y + STRIP / 2)
            y += (STRIP if row.marks else 0) + AIR
        marked = [middle for row, middle in zip(self.rows, middles, strict=True) if row.marks]
        spans = [(middle - STRIP / 2, middle + STRIP / 2) for middle in marked]
        return self._finish(pen, axis, [*spans, (y - 4, y)], y, middles)

    def _finish(self, pen: Drawing, axis: Axis, spans: list, y: float, middles: list[float]) -> Drawing:
        """Draw what lies behind the marks in each span, the marks, the axis, its two sides, and the note."""
        for top, end in spans:
            if self.behind:
                self.behind(pen, axis, top, end)
            elif axis.low <= 0 <= axis.high:
                pen.line(axis(0), top, axis(0), end)
        for row, middle in zip(self.rows, middles, strict=True):
            for mark in row.marks:
                mark(pen, axis, middle)
        end = axis.draw(pen, y, self.words, self.names)
        for side, anchor, x in zip(self.sides, ("start", "end"), (0, axis.width), strict=True):
            for words in _small(side, axis.width / 2 - 8):
                pen.write(axis.left + x, end + height_of(words) / 2 - 2, words, size=SMALL, anchor=anchor)
        for words in _small(self.note, pen.width):
            pen.write(0, pen.height + 4 + height_of(words) / 2, words, size=SMALL)
        if self.key:
            pen.key(pen.height + 8, self.key)
        return pen


def _small(text: str, room: float) -> list[str]:
    """Return a text in small letters, wrapped; nothing where there is none."""
    return [wrap(text, room, SMALL)] if text else []


def _cell_lines(text: str) -> str:
    return "\n".join(wrap(part, WIDEST_CELL) for part in text.split("\n"))


def estimate_mark(
    row: Row, look: tuple[str, str, bool] = ("square", "blue", False)
) -> Callable[[Drawing, Axis, float], None]:
    """Return the mark of an estimate with its interval; the area goes by the weight, where one is known."""
    kind, colour, hollow = look
    sized = not is_missing(row.get("weight"))
    size = 13 * min(1.0, max(0.0, float(row["weight"]))) ** 0.5 if sized else 9.0

    def draw(pen: Drawing, scale: Axis, y: float) -> None:
        if has_limits(row):
            ends = scale(row["ci_lower"]), scale(row["ci_upper"])
            pen.line(ends[0], y, ends[1], y, colour, width=1.6)
            for end in ends:
                pen.line(end, y - 3.5, end, y + 3.5, colour, width=1.6)
        if not is_missing(row.get("effect")):
            pen.mark(kind, scale(row["effect"]), y, size, colour, hollow=hollow)

    return draw


def _diamond(pooled: Row, pen: Drawing, scale: Axis, y: float) -> None:
    """Draw the pooled estimate, its prediction interval as a broken line."""
    if has_limits(pooled, "pi"):
        ends = scale(pooled["pi_lower"]), scale(pooled["pi_upper"])
        pen.line(ends[0], y, ends[1], y, dash="3 2", width=1.2)
        for end in ends:
            pen.line(end, y - 4, end, y + 4)
    low, mid, high = (scale(pooled[name]) for name in ("ci_lower", "estimate", "ci_upper"))
    pen.shape([(low, y), (mid, y - 7), (high, y), (mid, y + 7)], fill="ink")


def has_limits(row: Row, name: str = "ci") -> bool:
    """Return whether a row has both limits of its confidence or (`pi`) prediction interval."""
    return not is_missing(row.get(f"{name}_lower")) and not is_missing(row.get(f"{name}_upper"))


def forest(
    rows: Rows,
    *,
    unit: str,
    pooled: Row | None = None,
    title: str,
    text_columns: Iterable[str] = (),
    level: float = 0.95,
    sides: tuple[str, str] = ("", ""),
    head: str = "Study",
) -> Figure:
    """Draw a forest plot.

    Parameters
    ----------
    rows : pandas.DataFrame or list of dict
        A study each, with `study_id`, `effect`, `ci_lower`, `ci_upper` (both missing: an open circle with the
        words 'no interval'), and where known `n`, `mean`, `sd`, `weight` (share, 0 to 1), `risk_of_bias`, and
        in `assumed` the names of those that were not printed. Where there is no effect, `instead` gives words
        that stand in place of the estimate.
    unit, title, head : str
        Unit of the effect, for the axis; first words of the alternative text; what the rows are.
    pooled : dict, optional
        `estimate`, `ci_lower`, `ci_upper`, and where there are `pi_lower`, `pi_upper`, `label`,
        `heterogeneity` in words.
    text_columns : iterable of str
        More columns of `rows`, whose words stand small below the study's name.
    level : float
        Coverage of the intervals, for the words.
    sides : (str, str)
        What lies to the left and to the right of no effect.
    """
    data, unit, fit = as_rows(rows), plain_unit(unit), [pooled] if pooled else []
    every = [*data, *fit]
    numeric = {"n": "n", "mean": "Mean", "sd": "SD", "weight": "Weight"}
    stated = {key for row in data for key in numeric if not is_missing(row.get(key))}
    columns = {key: head for key, head in numeric.items() if key in stated}
    shown = [*(_row(row, columns, text_columns) for row in data), *map(_pooled_row, fit)]
    known = [0.0, *known_values(every, "effect", "estimate", *LIMITS)]
    note = "; ".join(str(row.get("heterogeneity") or "") for row in fit)
    heads = (head, f"Estimate\n({100 * level:g} % interval)")
    plot = Plot(shown, known, f"{unit} (line: no difference or change, 0)", columns, heads, sides, note=note)
    alt = f"Forest plot. {title}. Unit: {unit}; the line is at 0. {plot.told()}".strip()
    sizes = ("estimate", *LIMITS)
    numbers = [*data, *({"study_id": "pooled"} | {name: row.get(name) for name in sizes} for row in fit)]
    return Figure.of(plot.draw, alt=alt, caption=_caption(every, pooled, level), rows=numbers, title=title)


def _caption(rows: list[Row], pooled: Row | None, level: float) -> str:
    words = [f"Squares are estimates and lines their {100 * level:g} % intervals."]
    if any(not is_missing(row.get("weight")) for row in rows):
        words.append("The area of a square goes by the weight.")
    if any(not is_missing(row.get("effect")) and not has_limits(row) for row in rows):
        words.append("An open circle has no interval.")
    if any(row.get("assumed") for row in rows):
        words.append("Grey: assumed (all enrolled, a split of them, or an imputed SD).")
    if pooled:
        ahead = "; the broken line through it the prediction interval" if has_limits(pooled, "pi") else ""
        words.append(f"The diamond is the pooled estimate{ahead}.")
    return " ".join(words)


def _row(row: Row, columns: Mapping[str, str], more: Iterable[str]) -> PlotRow:
    sized = not is_missing(row.get("effect"))
    look = ("square", "blue", False) if has_limits(row) else ("circle", "blue", True)
    return PlotRow(
        str(row["study_id"]),
        ", ".join(str(row[name]) for name in more if not is_missing(row.get(name))),
        {key: _cell(key, row) for key in columns},
        set(row.get("assumed") or ()),
        _estimate_text(row),
        row.get("risk_of_bias"),
        [estimate_mark(row, look)] if sized else [],
    )


def _pooled_row(pooled: Row) -> PlotRow:
    told, label = _estimate_text(pooled, "estimate"), str(pooled.get("label") or "Pooled")
    ahead = show_interval(pooled["pi_lower"], pooled["pi_upper"]) if has_limits(pooled, "pi") else ""
    freedom = "" if is_missing(pooled.get("pi_df")) else f" (t, {pooled['pi_df']:g} df)"
    below = f"prediction interval {ahead}{freedom}" if ahead else ""
    return PlotRow(label, below, estimate=told, bold=True, marks=[partial(_diamond, pooled)])


def _estimate_text(row: Row, name: str = "effect") -> str:
    """Return an estimate with its interval, or that it has none."""
    if is_missing(row.get(name)):
        return "not reported" if is_missing(row.get("instead")) else str(row["instead"])
    return show_with_unit(row[name], row.get("ci_lower"), row.get("ci_upper"), None)


def _cell(name: str, row: dict) -> str:
    """Return the words of one cell of the plot's table."""
    value = row.get(name)
    if is_missing(value):
        return "–"
    if name == "weight":
        return f"{show_number(round(100 * float(value), 1))} %"
    return show_number(value) if isinstance(value, int | float) else str(value)


def sides_of(concept: str, left: str = "worse", right: str = "better") -> tuple[str, str]:
    """Return what lies on the sides of no effect, for an outcome that is better when higher or when lower."""
    better = OUTCOME_CONCEPTS[concept].better if concept in OUTCOME_CONCEPTS else None
    if not better:
        return "", ""
    left, right = (left, right) if better == "higher" else (right, left)
    return f"← {left}", f"{right} →"


def pooled_forest(
    fit: Row, members: pd.DataFrame, *, level: float = 0.95, named: Callable[[str], str] = str
) -> Figure:
    """Draw a pool: a row of `pooled` with an estimate, and its rows of `pool_members`.

    `level` is the coverage of the intervals, for the words; `named` gives a study's name for a reader.
    """
    own = members[members["pooled_id"] == fit["pooled_id"]]
    own = own.sort_values("weight", ascending=False, kind="stable")
    under = "" if fit["scenario"] == "as printed" else f" ({fit['scenario']})"
    under = f"{': ' + fit['intervention'] if fit['intervention'] else ''}{under}"
    controlled = fit["comparator"] not in (None, "none")
    ways = (plain_words(fit["comparator"]), fit["intervention"] or "exosomes") if controlled else ()
    return forest(
        [_member(row, named) for row in records(own)],
        unit=plain_unit(fit["unit"]) or "standardised",
        pooled=dict(fit) | {"label": f"Pooled, k = {fit['k']}", "heterogeneity": _heterogeneity(fit)},
        title=f"{plain_words(fit['concept']).capitalize()}, {ESTIMAND_WORDS[fit['estimand']]}{under}",
        text_columns=["time"],
        level=level,
        sides=sides_of(fit["concept"], *(f"favours {way}" for way in ways)),
    )


def _heterogeneity(fit: Row) -> str:
    """Return how much the studies differ, by what the fit tells."""
    known = [f"τ² = {show_number(fit['tau2'])}"] if not is_missing(fit.get("tau2")) else []
    known += [f"I² = {show_number(round(fit['i2']))} %"] if not is_missing(fit.get("i2")) else []
    how = [fit[name] for name in ("tau2_method", "ci_method") if not is_missing(fit.get(name))]
    known += [", ".join(how)] if how else []
    return f"Heterogeneity: {'; '.join(known)}" if known else ""


def _member(row: Row, named: Callable[[str], str]) -> Row:
    """Return a member of a pool as a row; an imputed SD and people who were assumed are named so."""
    imputed = re.match(r"SD (\S+) imputed", row["assumption"] or "")
    assumed = ([] if row["n_stated"] else ["n"]) + (["sd"] if imputed else [])
    week, time = row["timepoint_weeks"], row["timepoint_printed"]  # printed where it counts from elsewhere
    time = time if week is None else f"{show_number(round(week, 1))} weeks"
    told = {"study_id": author_year(named(row["study_id"])), "time": time, "assumed": assumed}
    return row | told | {"sd": imputed[1] if imputed else None}


def author_year(name: str) -> str:
    """Return the short name of a study that stands in context as author, year and what else it holds.

    Examples
    --------
    >>> author_year("olsen2006"), author_year("jimenez2014_men_7_beam"), author_year("Wan 2025")
    ('Olsen 2006', 'Jimenez 2014, men 7 beam', 'Wan 2025')
    """
    if name in FIGURE_WORDS["names"]:
        return FIGURE_WORDS["names"][name]
    found = AUTHOR_YEAR.fullmatch(name)
    if not found:
        return name.replace("_", " ").capitalize() if name.islower() else name
    author, rest = FIGURE_WORDS["authors"].get(found[1], found[1].capitalize()), found[3].replace("_", " ")
    return f"{author} {found[2]}{', ' + rest.strip() if rest.strip() else ''}"


def panel_rows(lines: pd.DataFrame, effects: pd.DataFrame, results: pd.DataFrame) -> tuple[list[Row], str]:
    """Return an outcome's lines as rows of `forest`, and the unit of its axis.

    Parameters
    ----------
    lines : pandas.DataFrame
        Rows of `comparisons` of one outcome.
    effects, results : pandas.DataFrame
        The tables of these names: they hold the means and SDs from which an effect was computed.

    Returns
    -------
    (list of dict, str)
        The axis has the outcome's own unit, or else that of most effects; what has another unit, no figure,
        or no single figure, and a share of people that no other stands against, is told in words. Second-hand
        lines are marked.
    """
    rows = [row for row in records(lines) if row["direction"] != "not reported"]
    sized = [row for row in rows if row["effect"] is not None and row["estimand"] != "proportion"]
    units = [row["unit"] or "" for row in sized]
    concepts = {row.get("concept") for row in rows} & set(OUTCOME_CONCEPTS)
    own = {OUTCOME_CONCEPTS[name].unit for name in concepts}
    unit = max(dict.fromkeys(units), key=lambda unit: (unit in own, units.count(unit)), default="")
    used = effects.set_index("effect_id")["result_ids"].to_dict()
    known = {row["result_id"]: row for row in records(results)}
    shown = []
    for row in sorted(rows, key=lambda row: (row["tier"], row["estimand"] or "", row["study_id"])):
        on_axis = row in sized and (row["unit"] or "") == unit
        sizes = {name: row[name] if on_axis else None for name in ("effect", "ci_lower", "ci_upper")}
        people, _, how = str(row["n"] or "").partition(" (")  # how it was assumed, where it was
        behind = [known[name] for name in split_ids(used.get(row["effect_id"])) if name in known]
        moments = {name: _by_arm(behind, name) if on_axis else None for name in ("mean", "sd")}
        shown.append(sizes | moments | {
            "study_id": _named(row),
            "estimand": plain_words(row["estimand"]) or "–",
            "time": row["timepoint_printed"] or "time not stated",
            "n": people or None,
            "assumed": ["n"] if how else [],
            "risk_of_bias": row["risk_of_bias"],
            "instead": None if on_axis else f"{SIGNS.get(row['direction'], '?')} {instead_words(row)}",
        })  # fmt: skip
    return shown, unit


def _by_arm(results: list[Row], name: str) -> str | None:
    """Return what was printed of each arm, a line an arm, from the first time to the last."""
    arms: dict[str, list[Row]] = {}
    for row in results:
        arms.setdefault(row["arm_id"], []).append(row)
    lines = []
    for own in arms.values():
        own.sort(key=lambda row: (row["timepoint_weeks"] is None, row["timepoint_weeks"] or 0))
        lines.append(" → ".join("–" if row[name] is None else show_number(row[name]) for row in own))
    return "\n".join(lines) if any(row[name] is not None for row in results) else None


def _named(row: Row) -> str:
    """Return a study with the part of the scalp or the person that a line is about, where it names one."""
    where = f": {row['site']}" if row["site"] not in (None, "all") else ""
    return f"{row['study_id']}{DAGGER if row['second_hand'] else ''}{where}"


def instead_words(row: Row) -> str:
    """Return what there is where no effect stands on the axis: another unit, a range, a direction."""
    if row["effect"] is not None:
        size = show_with_unit(row["effect"], row["ci_lower"], row["ci_upper"], row["unit"])
        return size.removesuffix(NO_INTERVAL)
    if row["direction"] == "not reported":
        return "planned, not reported"
    return row["printed_range"] or f"{row['direction']}, no figure"
