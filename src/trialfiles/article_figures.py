"""The figures of an article's tables with their setting: group, size, outcome, statistic, unit, time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from trialfiles import table_cells
from trialfiles.article_tables import (
    LONGEST_CELL,
    Grid,
    GridCell,
    GridRow,
    Value,
    decimal_sign,
    statistic_of,
    statistics_of,
    values_in,
    with_points,
)
from trialfiles.quantities.terms import Terms
from trialfiles.table_cells import (
    HEAD_WORDS,
    Size,
    arm_name,
    bare_words,
    caption_time,
    folded_arm,
    names_group,
    only_statistic,
    people_in,
    size_of,
    sizes_alone,
    sizes_in,
    time_of,
    unit_of,
)
from trialfiles.times import weeks
from trialfiles.vocabulary import NO_WORDS, Vocabulary

ELSEWHERE = "that the bracket is an SD stands in another table"
UNSAID = "that an SD stands behind ± is said nowhere"


@dataclass(frozen=True)
class ArticleFigure:
    """A figure of a table and its setting; `start` counts in the article's text.

    `size` is the people that the figure is of, `arm_n` those that stand with the group's name, `assumed` why
    its kind is no more than likely.
    """

    value: Value
    table: str
    measure: str
    arm: str | None
    arm_n: int | None
    size: Size | None
    time: str | None
    start: int
    caption: str
    unit: str | None = None
    change: bool = False
    assumed: str = ""


def grid_figures(grids: list[Grid], vocabulary: Vocabulary = NO_WORDS) -> list[ArticleFigure]:
    """Return the figures of all tables, in the order of the text.

    A number with another in brackets, in a table that does not say what the bracket is, is taken for a mean
    with its SD where the article's other tables all say so, and so is one behind ± that nothing names;
    why they are `assumed` stands with the figures.
    """
    terms, sign = Terms(vocabulary), decimal_sign(grids)
    known: dict[str, bool] = {}
    grids = [
        replace(one, caption=one.caption[:LONGEST_CELL], foot=one.foot[: 5 * LONGEST_CELL]) for one in grids
    ]
    for _ in range(2):  # a group may be named in a table below
        figures = [one for grid in grids for one in _Table(grid, sign, known, terms).figures()]
        known = {}
        for figure in figures:
            if figure.arm:
                name = folded_arm(figure.arm)
                known[name] = known.get(name, False) or figure.arm_n is not None
    arms = [figure.arm for figure in reversed(figures) if figure.arm]
    first = {folded_arm(arm): arm for arm in arms}  # the spelling of the first table is that of all
    figures = [replace(one, arm=first[folded_arm(one.arm)]) if one.arm else one for one in figures]
    return as_means(figures)


_NO_CELL = GridCell("")
_PERCENTS = HEAD_WORDS["percents"].search


@dataclass(frozen=True)
class _Stubs:
    """What names a row: how many columns, its outcome, its time, the cell of its group, the block above."""

    width: int
    outcome: str
    time: str
    group: GridCell | None
    block: GridCell

    def within(self, statistic: str) -> _Stubs:
        """Return them without a block of other statistics, which has ended above a row of this one."""
        ended = statistic and statistics_of(self.block.words) not in ((), (statistic,))
        return replace(self, block=_NO_CELL) if ended and not only_statistic(self.outcome) else self


@dataclass
class _Table:
    """A grid read row by row: the heads above, the block that a row stands in, the sizes of columns.

    `known`: the groups of all tables, and whether a size stands with them somewhere.
    """

    grid: Grid
    sign: str
    known: dict[str, bool]
    terms: Terms
    heads: list[GridRow] = field(default_factory=list)
    block: GridCell = _NO_CELL
    sizes: dict[int, Size | None] = field(default_factory=dict)
    passed: set[int] = field(default_factory=set)  # the cells of the row above
    first: str = ""  # the first of two stubs, which stands for blank ones below

    def figures(self) -> list[ArticleFigure]:
        """Return the figures; a column of all people is nobody's group where others have their own."""
        self.comma = (decimal_sign([self.grid]) or self.sign) == ","
        self.indents = any(row.cells[0].indented for row in self.grid.rows if row.cells and not row.head)
        # a second column without a head that names rows
        rows = [(row.head, row.words[1], row.words[2:]) for row in self.grid.rows if row.words[2:]]
        named = [any(values_in(text, "sd") for text in rest) for head, text, rest in rows if _is_words(text)]
        self.worded = any(named) and not any(head and text for head, text, _ in rows)
        stubs = {folded_arm(row.words[0]) for row in self.grid.rows if row.words}
        shared = {name for name in stubs if name in self.known}
        self.groups = {name for name in shared if len(shared) > 1 or self.known[name]}
        found = list(self._read())
        pooled = {one.arm for one in found if one.arm and HEAD_WORDS["pooled"].match(one.arm)}
        if pooled and {one.arm for one in found if one.arm} - pooled:
            found = [replace(one, arm=None, arm_n=None) if one.arm in pooled else one for one in found]
        return as_counts(found)

    def _read(self) -> Iterator[ArticleFigure]:
        in_body = False
        for row in self.grid.rows:
            filled = list(dict.fromkeys(cell for cell in row.cells if cell.plain.strip()))
            if not row.head and (len(set(map(id, row.cells))) == 1 or filled == row.cells[:1]):
                self.block, self.first = row.cells[0], ""
            elif in_body and table_cells.of_statistics(row):
                # `N (%)` over the rows below those of `Mean (SD)`
                self.heads = [*(head for head in self.heads if not table_cells.of_statistics(head)), row]
                self.block = _NO_CELL
            elif (sizes := sizes_alone(row)) and (
                in_body
                or (self.heads and not row.cells[0].head and any(sizes.values()) and arm_name(row.words[0]))
            ):
                self.sizes = sizes  # of the rows below: of people such as women, before the first figures
                self.block = self.block if HEAD_WORDS["sample"].search(row.words[0]) else row.cells[0]
            elif row.head or self._is_head(row, in_body):
                if in_body:  # a second table stacked below the first
                    self.heads, self.block, self.sizes, in_body = [], _NO_CELL, {}, False
                self.heads.append(row)
            elif in_body and any(row.words[1:] == head.words[1:] for head in self.heads):
                self.block = row.cells[0]  # the heads again, for another outcome
            else:
                in_body = True
                if named := {} if self.block.words else sizes_in(row):
                    self.sizes = {**named}
                else:
                    yield from self._row(row)

    def _is_head(self, row: GridRow, in_body: bool) -> bool:
        """Return whether a row of the body is a header: words only, among them a time or a group's size.

        Above the first figures also a statistic or a change.
        """
        said = [text for text in row.words[1:] if text]
        if not said or any(values_in(text, "sd") for text in said):
            return False
        if row is self.grid.rows[0]:
            return True
        named = any(HEAD_WORDS["size"].search(text) for text in row.words) or any(map(time_of, said))
        if not in_body:
            named = named or any(statistics_of(text) or HEAD_WORDS["change"].search(text) for text in said)
            named = named or (not row.words[0] and len({*said}) > 1)
        return named and not any(statistic_of(text) == "p" and "=" in text for text in said)

    def _stubs(self, row: GridRow) -> _Stubs:
        """Return what names a row; its group where the stubs are groups, as in a table turned on its side."""
        corners = [head.words for head in self.heads]
        sized = not any(HEAD_WORDS["size"].search(" ".join(one)) for one in corners)
        outcome, time, group, width = "", "", None, 0
        beside = row.words[1] if len(row.words) > 1 else ""
        second = self.worded or _is_words(beside)
        if row.words[0]:
            self.first = row.words[0] if second else ""
        stub = [row.words[0] or (self.first if second else ""), *row.words[1:3]]
        for column, words in enumerate(stub):
            corner = next((texts[column] for texts in reversed(corners) if texts[column]), "")
            groups = (sized and bool(HEAD_WORDS["groups"].match(corner))) or folded_arm(words) in self.groups
            times = bool(HEAD_WORDS["times"].match(corner))
            if column and not (groups or times or not arm_name(corner)):
                break
            if column and not _is_words(words) and not (column == 1 and self.worded):
                break
            width = column + 1
            if group is None and (groups or (not column and sized and HEAD_WORDS["size"].search(words))):
                group = row.cells[column]
            elif column and times:
                time = words
            elif (unit := HEAD_WORDS["time_units"].match(corner)) and words.isdigit():
                time = f"{unit[1]} {words}"
            else:
                outcome = ": ".join(dict.fromkeys(filter(None, [outcome, words])))
        block = _NO_CELL if self.indents and not row.cells[0].indented else self.block
        if statistics_of(outcome) and statistics_of(block.words) and not only_statistic(outcome):
            block = _NO_CELL
        return _Stubs(width, outcome, time, group, block)

    def _row(self, row: GridRow) -> Iterator[ArticleFigure]:
        stubs, joined = self._stubs(row), table_cells.joined_columns(self.heads)
        ends = {at for others in joined.values() for at in others}
        for column in range(stubs.width, len(row.cells)):
            # a cell that reaches down over rows is read in the first of them
            if column not in ends and id(row.cells[column]) not in self.passed:
                yield from self._cell(row, stubs, column, joined.get(column, []))
        self.passed = set(map(id, row.cells))

    def _cell(self, row: GridRow, stubs: _Stubs, column: int, ends: list[int]) -> Iterator[ArticleFigure]:
        """Read a cell, with those columns that hold the limits of its figure."""
        cell = table_cells.merged(row.cells[column], [row.cells[at] for at in ends])
        above = [head.words[column] for head in self.heads if head.words[column]]
        above += [self.heads[-1].words[at] for at in ends if self.heads[-1].words[at] not in above]
        own, size = self._group(stubs, column)
        arm = None
        if own and statistic_of(own.words) != "p":  # a stub of groups may be a single letter
            arm = arm_name(own.words) or (own.words if own is stubs.group and own.words.isalnum() else None)
        named = size_of(own) if own and arm else None
        beside = table_cells.size_in_row(row, self.heads, column, stubs.group is not None)
        size = beside or self.sizes.get(column, size)
        # what is said of a cell, the nearest first
        texts = [f"{stubs.outcome} {stubs.time}".strip(), *reversed(above), stubs.block.words]
        texts += [head.words[0] for head in self.heads if head.words[0]]
        said, text = [*texts, self.grid.caption, self.grid.foot], self._text(cell)
        n = size.n if size else None
        statistic = table_cells.statistic_in(text.strip(), said, len(above), n)
        if table_cells.of_sizes(self.heads, column) and (people := people_in(cell)):
            statistic, size, n = "n", people, people.n
        values = values_in(text, statistic, n)
        if size and values and not table_cells.of_people(values, size.n):
            size = None
        at_start = HEAD_WORDS["ends_at_baseline"].search(stubs.outcome)  # `Hair density at baseline`
        row_time = stubs.time or (at_start[1] if at_start else stubs.outcome)
        time = self._time([*reversed(above), row_time, stubs.block.words], above)
        change = self._changed([*above, stubs.outcome, stubs.block.words], time)
        within = stubs.within(statistic)
        # whether the nearest words of an interval say that it is of a mean, and none of a difference
        interval = next((text for text in said if "ci" in statistics_of(text)), "")
        compared = any(map(HEAD_WORDS["compared"].search, said[: len(above) + 1]))
        of_means = HEAD_WORDS["means"].search(interval) and not compared
        for value in values:
            percent = value.kind == "percent" or (value.kind == "value" and any(map(_PERCENTS, texts)))
            kind = "percent_change" if percent and change else value.kind
            kind = "mean_ci" if kind == "ci" and of_means else kind
            printed = cell.text[value.start : value.start + len(value.printed)]
            found = ArticleFigure(
                replace(value, printed=printed, kind=kind), self.grid.label,
                self._measure(within, self._other_heads(own, column), arm), arm, named.n if named else None,
                _whole(cell, value) or size, time, cell.start + value.start, self.grid.caption,
                self._unit(value, statistic, texts), change and value.kind != "n",
                UNSAID if value.kind == "mean_sd" and statistic != "sd" else "",
            )  # fmt: skip
            yield self._joined(found, [row.cells[at] for at in sorted([column, *ends])])

    def _text(self, cell: GridCell) -> str:
        return with_points(cell.plain) if self.comma else cell.plain

    def _joined(self, figure: ArticleFigure, cells: list[GridCell]) -> ArticleFigure:
        """Return a median with its quartiles, in the cells around it; they are printed with it."""
        ends = [self._text(cells[at]).strip() for at in (0, -1)] if cells[2:] else []
        low, high = ([number.value for end in ends for number in values_in(end, "mean")] + [None, None])[:2]
        centre = figure.value.value
        if low is None or high is None or centre is None or not low <= centre <= high:
            return figure
        value = replace(figure.value, low=low, high=high, printed="\t".join(cell.text for cell in cells))
        return replace(figure, value=value, start=cells[0].start)

    def _group(self, stubs: _Stubs, column: int) -> tuple[GridCell | None, Size | None]:
        """Return the cell that names a figure's group, and the people that the figure is of."""
        above = [head.cells[column] for head in self.heads if head.cells[column].words]
        size = next((found for cell in reversed(above) if (found := size_of(cell))), None)
        own, block = stubs.group, stubs.block
        if own is None:
            corners = [head.cells[0] for head in self.heads]
            named = [cell for cell in above if cell not in corners and names_group(cell.words)]
            # a head over every column tells no groups apart, nor does one of all people
            spanning = [{*map(id, head.cells[1:])} for head in self.heads]
            narrow = [cell for cell in named if {id(cell)} not in spanning] or named
            pooled = HEAD_WORDS["pooled"].match
            narrow = [cell for cell in narrow if not pooled(arm_name(cell.words) or "")] or narrow
            own = next((cell for cell in [*narrow, *corners, block] if size_of(cell)), None)
            own = own or (block if self.known.get(folded_arm(block.words)) else None)
            own = own or next((one for one in narrow if self.known.get(folded_arm(one.words))), None)
            own = own or next(iter(narrow), None)
        return own, size or (size_of(own) if own else None)

    def _other_heads(self, own: GridCell | None, column: int) -> list[str]:
        """Return the heads of a column but its group's and those over the same columns, which go with it."""
        spans = {id(cell): head.cells.count(cell) for head in self.heads for cell in [head.cells[column]]}
        cells = [head.cells[column] for head in self.heads if head.cells[column].words]
        return [cell.words for cell in cells if own is None or spans[id(cell)] != spans.get(id(own), 0)]

    def _measure(self, stubs: _Stubs, above: list[str], arm: str | None) -> str:
        """Return what is measured: the row's name below its block's, else the column's, else the caption."""
        block, outcome = stubs.block.words, stubs.outcome
        if (arm and arm_name(block) == arm) or time_of(block) or HEAD_WORDS["change"].fullmatch(block):
            block = ""
        if stubs.group is not None:
            heads = [text for text in above if not time_of(text) and not only_statistic(text)]
            heads = [text for text in heads if not HEAD_WORDS["change"].fullmatch(text)]
            return ": ".join(filter(None, [block, outcome, *heads])) or self.grid.caption
        over = [text for text in above if names_group(text) and not HEAD_WORDS["pooled"].match(text)]
        over += [text for text in above if HEAD_WORDS["compared"].search(text) and text not in over]
        alone = HEAD_WORDS["zero"].sub("", re.sub(r"(?<!\s)\s*\([^()]*\)$", "", outcome))
        bare = only_statistic(outcome) or time_of(alone) == alone
        if bare and not block:  # the corner may name the outcome of a table of times
            corner = next((head.words[0] for head in reversed(self.heads) if arm_name(head.words[0])), "")
            block = corner or self.grid.caption
        return ": ".join(filter(None, [*over, block, "" if bare else outcome])) or outcome

    def _time(self, texts: list[str], above: list[str]) -> str | None:
        """Return a figure's time, of its column, row or block; else the one that the caption tells."""
        if found := next((time for text in texts if (time := time_of(text))), None):
            return found
        if any(map(HEAD_WORDS["change"].search, above)):
            # the change beside a baseline and one other time is the change to that time
            times = {time for head in self.heads for text in head.words[1:] if (time := time_of(text))}
            later = [time for time in times if weeks(time) != 0]
            if len(later) == 1:
                return later[0]
        elif HEAD_WORDS["baseline_caption"].search(self.grid.caption):
            return "Baseline"
        time = caption_time(self.grid.caption)
        return time if time and weeks(time) is not None else None

    def _changed(self, texts: list[str], time: str | None) -> bool:
        if (time and HEAD_WORDS["baseline"].match(time)) or any(map(HEAD_WORDS["between"].search, texts)):
            return False
        times = (text for row in self.grid.rows for text in (row.words if row.head else row.words[:1]))
        said = HEAD_WORDS["change_caption"].search(self.grid.caption)
        whole = bool(said) and not any(map(HEAD_WORDS["baseline"].match, times))
        return whole or any(map(HEAD_WORDS["change"].search, texts))

    def _unit(self, value: Value, statistic: str, texts: list[str]) -> str | None:
        """Return a figure's unit, of its row, column or block; of the caption where that has but one."""
        if value.kind == "percent" or (value.kind == "value" and statistic == "share"):
            return "%"
        if value.kind in ("p_value", "count", "n"):
            return None
        if any(map(_PERCENTS, texts)):
            return "%"
        if printed := value.unit.strip(" ,;"):
            return self.terms.unit(printed).spelling
        caption = self.grid.caption if bare_words(self.grid.caption).count("(") < 2 else ""
        return next((unit for text in [*texts, caption] if (unit := unit_of(text, self.terms))), None)


def _is_words(text: str) -> bool:
    return bool(re.search(r"[^\W\d]", text)) and not values_in(text, "sd")


def _whole(cell: GridCell, value: Value) -> Size | None:
    """Return the whole that a count stands with, as in 12/30."""
    if not value.of:
        return None
    whole, at = value.of
    return Size(whole, cell.text[at : at + len(str(whole))], cell.start + at)


def as_means(figures: list[ArticleFigure]) -> list[ArticleFigure]:
    """Return an article's figures, numbers in brackets as SDs where its other tables all say so.

    What stands behind ± and is named nowhere is taken for an SD, unless the article has standard errors.
    """
    if any(figure.value.kind == "mean_se" for figure in figures):
        return [_left_open(figure) if figure.assumed else figure for figure in figures]
    if not any(figure.value.kind == "mean_sd" and not figure.assumed for figure in figures):
        return figures
    return [_assumed(figure) if figure.value.kind == "pair" else figure for figure in figures]


def _left_open(figure: ArticleFigure) -> ArticleFigure:
    low, high = sorted(number for number in (figure.value.value, figure.value.sd) if number is not None)
    return replace(figure, value=replace(figure.value, kind="pair", sd=None, low=low, high=high), assumed="")


def _assumed(figure: ArticleFigure) -> ArticleFigure:
    """Return a figure read as mean and SD; unchanged where that cannot be."""
    again = values_in(figure.value.printed, "sd")
    if not again or again[0].kind != "mean_sd" or not re.match(r"\D*\d+[.,\u00b7]\d", figure.value.printed):
        return figure  # `26 (52)` is a count with its percentage, more often than not
    return replace(figure, value=replace(again[0], start=figure.value.start), assumed=ELSEWHERE)


def as_counts(found: list[ArticleFigure]) -> list[ArticleFigure]:
    """Return a table's figures, those without a statistic as counts where they can be nothing else.

    Whole numbers in all groups of a row, none above its group, with no unit: in a table of events, in one
    that has three such rows and a nought among them, or beside counts.
    """
    rows: dict[tuple[str, str | None], list[ArticleFigure]] = {}
    for one in found:
        if one.arm and one.value.kind not in ("p_value", "n", "percent"):
            rows.setdefault((one.measure, one.time), []).append(one)
    whole = [row for row in rows.values() if all(one.value.kind == "count" or _may_count(one) for one in row)]
    bare = [row for row in whole if all(map(_may_count, row))]
    events = any(HEAD_WORDS["events"].search(row[0].caption) for row in bare)
    if not events and (len(bare) < 3 or all(one.value.value for row in bare for one in row)):
        whole = [row for row in whole if row not in bare]
    counts = {id(one): replace(one, value=replace(one.value, kind="count")) for row in whole for one in row}
    return [counts.get(id(one), one) for one in found]


def _may_count(figure: ArticleFigure) -> bool:
    number, size = figure.value.value, figure.size
    return (
        figure.value.kind == "value" and size is not None and number is not None and number <= size.n
        and figure.value.printed.isdecimal() and not figure.unit and not figure.change
        and not HEAD_WORDS["scored"].search(figure.measure)
    )  # fmt: skip
