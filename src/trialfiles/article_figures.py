"""The figures of an article's tables with their setting: group, size, outcome, statistic, unit, time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from trialfiles.article_tables import (
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
from trialfiles.quantities.numerals import fold
from trialfiles.quantities.terms import Terms
from trialfiles.times import durations, names_time, time_in_words, weeks
from trialfiles.vocabulary import NO_WORDS, Vocabulary

_PEOPLE = (
    r"(?:patients?|participants?|subjects?|people|persons?|individuals?|(?:wo)?men|(?:fe)?males?|adults?|children|"
    r"cases?|volunteers?)"
)
_WHOLE = r"\d{1,3}(?:[,. ]\d{3})+(?!\d)|\d{1,6}"
_SIZE = re.compile(
    rf"[,;:(\[]?\s*(?:\b(?:n|no\.|number|total)\s*[=:]\s*(?P<n>{_WHOLE})(?P<more>[^()\[\]]*)|(?<=[(\[,])(?P<m>{_WHOLE})\s*{_PEOPLE}\b[^()\[\]]*)[)\]]?",
    re.IGNORECASE,
)
_PEOPLE_SAID = re.compile(rf"(?P<n>{_WHOLE})\s*{_PEOPLE}\b", re.IGNORECASE)
# what is counted otherwise than people: its number is no size of a group
_THINGS = re.compile(
    r"\s*(?:treated |target |study )?(?!"
    + _PEOPLE
    + r"\b)(?:[a-z-]+ )?(?:(?:sit|ey|sid|sampl|follicl)es?|(?:hair|lesion|area|limb|visit)s?|teeth)\b",
    re.IGNORECASE,
)
_STATISTIC = re.compile(
    r"\b(?:mean|median)?\s*[\u00b1(,]*\s*\(?\s*\b(?:sd|se|sem|iqr|95% ?ci|range)\b\s*\)?|"
    r"\b(?:N|no\.?)\s*\(%\)|\bmean\b|\bmedian\b|\(\s*%?\s*\)|[,;]?\s*\bn\s*,\s*%",
    re.IGNORECASE,
)
_TREATED = (
    r"(?:[ -]?(?:treatment|therapy|intervention|training|test|surgery|operation|dos(?:e|ing)|visit|study))?"
)
_BASELINE = re.compile(
    rf"^\W*(?:at )?(baseline|(?:before|pre){_TREATED}|week 0|day 0|month 0)\W*$", re.IGNORECASE
)
# a time that no calendar tells: it is nobody's name, and stays without weeks
_LATER = re.compile(
    rf"^\W*((?:after|post|end of|final){_TREATED}|end(?:point)?|follow-?up)\W*$",
    re.IGNORECASE,
)
_PLAIN_HEADS = re.compile(
    r"^\W*(characteristics?|variables?|quality|question|outcomes?|parameters?|measures?|items?|groups?|total|"
    r"statistics?|units?|values?|scores?|results?|category|endpoints?|references?|model|level|missing|"
    r"time(?:point)?s?|effect sizes?\b.*|(?:cohen|hedges|pearson|spearman).*|"
    r"(?:[a-z-]+ ){0,3}(?:differences?|changes?|effects?|estimates?|coefficients?)\b.*|"
    r"(?:[a-z]+ )?(?:odds|risk|hazard|rate|mean) ?(?:ratio|difference)s?\b.*|"
    r"(?:a?or|rr|hr|md|smd|irr|rd|\u03b2|beta|b|t|f|z|r|df|d|\u03c7.?|\u03b7.?)\b"
    r"(?: ?(?:value|statistic|test))?\W*(?:\(.*\))?|"
    r"\d\d ?% ?(?:ci|confidence).*|.*\b(?:statistic|test|anova)\b.*|chi.*)\W*$",
    re.IGNORECASE,
)
_POOLED = re.compile(
    r"^\W*(?:total|overall|all|both|combined|pooled|entire|whole)\b"
    r"(?: (?:groups?|arms?|patients|participants|subjects|sample|population|cohort|cases|treatments?))*\W*$",
    re.IGNORECASE,
)
_GROUP_HEAD = re.compile(
    r"^\W*(?:(?:treatment|study|intervention) )?(?:groups?|arms?|treatments?)\W*$", re.IGNORECASE
)
_TIME_HEAD = re.compile(r"^\W*(?:time(?: ?points?)?|visits?|follow-?up|assessments?)\W*$", re.IGNORECASE)
_CHANGE = re.compile(
    r"\bchanges?\b|\bfrom baseline\b|^\W*(?:increase|decrease|reduction|gain|improvement|difference)\b|"
    r"\u0394|\u2206|\bdelta\b",
    re.IGNORECASE,
)
# words with a number and a unit that say how long something was, not when
_LASTED = re.compile(
    r"\b(?:duration|history|onset|aged?|old|for|since|least|lasting|used?|exposure|within|every|per|delay)\b|[<>\u2264\u2265]",
    re.IGNORECASE,
)
_SIDES = re.compile(
    r"\b(?:males?|m|men|women|females?|f|yes|no|right|left)\s*[/:]\s*(?:males?|m|men|women|females?|f|yes|no|right|left)\b",
    re.IGNORECASE,
)
_OF = re.compile(r"\bn\s*/\s*(?:n|total)\b|\bno\.?\s*/\s*(?:no|total)", re.IGNORECASE)
_INHERITED = ("percent", "share")


@dataclass(frozen=True)
class Size:
    """A number of people, as it is printed and where."""

    n: int
    printed: str
    start: int


@dataclass(frozen=True)
class ArticleFigure:
    """A figure of a table and its setting; `start` counts in the article's text.

    `size` is the people that the figure is of, `arm_n` those that stand with the group's name.
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
    assumed: bool = False


def grid_figures(grids: list[Grid], vocabulary: Vocabulary = NO_WORDS) -> list[ArticleFigure]:
    """Return the figures of all tables, in the order of the text.

    A number with another in brackets, in a table that does not say what the bracket is, is taken for a mean
    with its SD where the article's other tables all say so; the figure is marked `assumed`.
    """
    terms = Terms(vocabulary)
    sign = decimal_sign(grids)
    known: set[str] = set()
    for _ in range(2):  # a group may be named in a table below
        figures = [one for grid in grids for one in _Table(grid, sign, known, terms).figures()]
        known = {_folded(figure.arm) for figure in figures if figure.arm and figure.arm_n}
    figures = _named_alike(figures)
    kinds = {figure.value.kind for figure in figures}
    if "mean_sd" not in kinds or "mean_se" in kinds:
        return figures
    return [_assumed(figure) if figure.value.kind == "pair" else figure for figure in figures]


def _assumed(figure: ArticleFigure) -> ArticleFigure:
    """Return a figure read as mean and SD; unchanged where that cannot be."""
    again = values_in(figure.value.printed, "sd")
    if not again or again[0].kind != "mean_sd":
        return figure
    return replace(figure, value=replace(again[0], start=figure.value.start), assumed=True)


def _named_alike(figures: list[ArticleFigure]) -> list[ArticleFigure]:
    """Give a group that tables spell in several ways the spelling of the first."""
    first: dict[str, str] = {}
    for figure in figures:
        if figure.arm:
            first.setdefault(_folded(figure.arm), figure.arm)
    return [replace(one, arm=first[_folded(one.arm)]) if one.arm else one for one in figures]


def _folded(name: str) -> str:
    """Return what makes a group the same in another table; a sign such as PRP+ is part of a name."""
    short = re.sub(r"\b(?:the|groups?|arms?|patients|treated)\b", " ", name.casefold())
    return re.sub(r"[^\w+\u2212-]+", "", short) or name.casefold()


_NO_BLOCK = GridCell("")


@dataclass
class _Table:
    """A grid read row by row: the heads above, the block that a row stands in, the sizes of columns."""

    grid: Grid
    sign: str
    known: set[str]
    terms: Terms
    heads: list[GridRow] = field(default_factory=list)
    block: GridCell = field(default_factory=lambda: _NO_BLOCK)
    sizes: dict[int, Size] = field(default_factory=dict)

    def figures(self) -> list[ArticleFigure]:
        """Return the figures; a column of all people is nobody's group where others have their own."""
        self.comma = (decimal_sign([self.grid]) or self.sign) == ","
        self.indents = any(row.cells[0].indented for row in self.grid.rows if row.cells and not row.head)
        found = list(self._read())
        if any(one.arm and not _POOLED.match(one.arm) for one in found):
            found = [
                replace(one, arm=None, arm_n=None) if one.arm and _POOLED.match(one.arm) else one
                for one in found
            ]
        return found

    def _read(self) -> Iterator[ArticleFigure]:
        in_body = False
        for row in self.grid.rows:
            filled = [cell for cell in row.cells if cell.plain.strip()]
            if not row.head and (len(set(map(id, row.cells))) == 1 or filled == row.cells[:1]):
                self.block = row.cells[0]
            elif row.head or self._is_head(row, in_body):
                if in_body:  # a second table stacked below the first
                    self.heads, self.block, self.sizes, in_body = [], _NO_BLOCK, {}, False
                self.heads.append(row)
            elif sizes := self._row_of_sizes(row):
                in_body, self.sizes = True, sizes
            else:
                in_body = True
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
        named = any(_SIZE.search(text) for text in row.words)
        timed = any(time_of(text) for text in said)
        timed = timed or (not in_body and any(statistics_of(text) or _CHANGE.search(text) for text in said))
        return (named or timed) and not any(statistic_of(text) == "p" and "=" in text for text in said)

    def _row_of_sizes(self, row: GridRow) -> dict[int, Size]:
        """Return the sizes of columns in a row of the heads' kind: `No. of patients | 30 | 31`."""
        if (
            statistic_of(row.words[0]) != "n"
            or self.block.words
            or not all(re.fullmatch(_WHOLE, text) for text in row.words[1:] if text)
        ):
            return {}
        return {
            column: Size(int(re.sub(r"\D", "", cell.plain)), cell.plain.strip(), cell.start)
            for column, cell in enumerate(row.cells)
            if column and cell.plain.strip() and int(re.sub(r"\D", "", cell.plain))
        }

    def _stubs(self, row: GridRow) -> tuple[int, str, str, GridRow | None, int]:
        """Return how many columns name a row, its outcome, its time, and where its group is named."""
        corners = [head.words for head in self.heads]
        outcome, time, group = "", "", -1
        width = 0
        for column, words in enumerate(row.words[:3]):
            corner = next((texts[column] for texts in reversed(corners) if texts[column]), "")
            grouped = bool(_GROUP_HEAD.match(corner)) or _folded(words) in self.known
            sized = (
                column == 0
                and _SIZE.search(words)
                and not any(_SIZE.search(" ".join(one)) for one in corners)
            )
            named = grouped or _TIME_HEAD.match(corner) or not arm_name(corner)
            if column and not (named and re.search(r"[^\W\d]", words) and not values_in(words, "sd")):
                break
            width = column + 1
            if (grouped or sized) and group < 0:
                group = column
            elif column and _TIME_HEAD.match(corner):
                time = words
            else:
                outcome = ": ".join(dict.fromkeys(filter(None, [outcome, words])))
        return width, outcome, time, row if group >= 0 else None, group

    def _row(self, row: GridRow) -> Iterator[ArticleFigure]:
        width, outcome, own_time, grouped, group = self._stubs(row)
        corner = [head.words[0] for head in self.heads if head.words and head.words[0]]
        stub = f"{outcome}" if not own_time else f"{outcome} {own_time}"
        over = _NO_BLOCK if self.indents and not row.cells[0].indented else self.block
        over = _NO_BLOCK if statistics_of(stub) and statistics_of(over.words) else over
        block = over.words
        for column in range(width, len(row.cells)):
            cell = row.cells[column]
            above = [head.words[column] for head in self.heads if head.words[column]]
            own, size = self._group(row.cells[group] if group >= 0 else None, column, over)
            arm = arm_name(own.words) if own and statistic_of(own.words) != "p" else None
            named = _size(own) if own and arm else None
            size = self._size_in_row(row, column) or self.sizes.get(column) or size
            n = size.n if size else None
            text = with_points(cell.plain) if self.comma else cell.plain
            statistic = self._statistic(text.strip(), [stub, *reversed(above), block, *corner], column, n)
            others = [text for text in above if not own or text != own.words]
            measure = self._measure(outcome, others, block, arm, grouped is not None)
            time = self._time([*reversed(above), own_time or stub, block], above)
            change = self._changed([*above, measure])
            for value in values_in(text, statistic, n):
                value = _in_words(value, cell.text, change)
                people = size
                if value.of:
                    whole, start = value.of
                    people = Size(whole, cell.text[start : start + len(str(whole))], cell.start + start)
                yield ArticleFigure(
                    value=value,
                    table=self.grid.label,
                    measure=measure,
                    arm=arm,
                    arm_n=named.n if named else None,
                    size=people,
                    time=time,
                    start=cell.start + value.start,
                    caption=self.grid.caption,
                    unit=self._unit(value, statistic, [stub, *reversed(above), block, *corner]),
                    change=change,
                )

    def _group(
        self, own: GridCell | None, column: int, block: GridCell
    ) -> tuple[GridCell | None, Size | None]:
        """Return the cell that names a figure's group, and the people that the figure is of."""
        above = [head.cells[column] for head in self.heads if head.cells[column].words]
        size = next((found for cell in reversed(above) if (found := _size(cell))), None)
        corners = [head.cells[0] for head in self.heads]
        named = [cell for cell in above if cell not in corners and _names_group(cell.words)]
        if own is None:
            narrow = [cell for cell in named if not self._spans_all(cell)] or named
            narrow = [cell for cell in narrow if not _POOLED.match(arm_name(cell.words) or "")] or narrow
            own = next((cell for cell in [*narrow, *corners, block] if _size(cell)), None)
            own = own or (block if _folded(block.words) in self.known else None)
            own = own or next(
                (cell for cell in narrow if _folded(arm_name(cell.words) or "") in self.known), None
            )
            own = own or next(iter(narrow), None)
        return own, size or (_size(own) if own else None)

    def _spans_all(self, cell: GridCell) -> bool:
        """Whether a head stands over every column of figures, so that it tells no groups apart."""
        return any(len({id(one) for one in head.cells[1:]} - {id(cell)}) == 0 for head in self.heads)

    def _size_in_row(self, row: GridRow, column: int) -> Size | None:
        """Return the people in the column `n` that stands beside a column of means under the same heads."""
        if len(self.heads) < 2:
            return None
        own = [head.words[column] for head in self.heads[:-1]]
        last = self.heads[-1].words
        beside = [at for at in range(1, len(last)) if [head.words[at] for head in self.heads[:-1]] == own]
        kinds = {at: statistic_of(last[at]) for at in beside}
        if not {"mean", "median", "sd", "only_sd", "se", "iqr"} & set(kinds.values()):
            return None
        for at in (at for at, kind in kinds.items() if kind == "n"):
            if re.fullmatch(_WHOLE, text := row.cells[at].plain.strip()) and int(re.sub(r"\D", "", text)):
                return Size(int(re.sub(r"\D", "", text)), text, row.cells[at].start)
        return None

    def _statistic(self, cell: str, texts: list[str], column: int, n: int | None) -> str:
        """Return what a cell holds, by the nearest words that say so and that can be true of it."""
        above = [head.words[column] for head in self.heads]
        if any(statistic_of(text) == "p" for text in above) or statistic_of(texts[0]) == "p":
            return "p"
        if _SIDES.search(texts[0]):
            return "sides"
        texts = [*texts, self.grid.caption, self.grid.foot]
        if any(map(_OF.search, texts)) and "/" in cell:
            return "of"
        said = [statistics_of(text) for text in texts]
        several = len({name for names in said for name in names}) > 1
        for at, names in enumerate(said):
            if not names:
                continue
            near = at <= len([text for text in above if text])
            if len(names) == 1 and (near or not several or names[0] not in _INHERITED or _fits(cell, n)):
                return names[0]
            if len(names) > 1 and (name := _by_form(cell, names, n)):
                return name
        return ""

    def _measure(self, outcome: str, above: list[str], block: str, arm: str | None, grouped: bool) -> str:
        """Return what is measured: the row's name below its block's, else the column's, else the caption."""
        if grouped:
            heads = [text for text in above if not time_of(text) and not _only_statistic(text)]
            heads = [text for text in heads if not _CHANGE.fullmatch(text.strip())]
            return ": ".join(filter(None, [block, outcome, *heads])) or self.grid.caption
        named = bool(block) and arm is not None and arm_name(block) == arm
        over = [text for text in above if _names_group(text) and not _POOLED.match(text)]
        bare = _only_statistic(outcome) or time_of(outcome) == outcome
        parts = [*over, "" if named else block, "" if bare else outcome]
        return ": ".join(filter(None, parts)) or (self.grid.caption if bare else outcome)

    def _time(self, texts: list[str], above: list[str]) -> str | None:
        """Return a figure's time, of its column, row or block; else the one that the caption tells."""
        if found := next((time for text in texts if (time := time_of(text))), None):
            return found
        if any(map(_CHANGE.search, above)):
            # the change beside a baseline and one other time is the change to that time
            later = dict.fromkeys(
                time
                for head in self.heads
                for text in head.words[1:]
                if (time := time_of(text)) and weeks(time) != 0
            )
            return next(iter(later)) if len(later) == 1 else None
        if re.search(
            r"\bbaseline (?:characteristic|demographic|data|clinical)", self.grid.caption, re.IGNORECASE
        ):
            return "Baseline"
        time = time_in_words(self.grid.caption.split(".")[0])
        return time if time and weeks(time) is not None else None

    def _changed(self, texts: list[str]) -> bool:
        if any(map(_CHANGE.search, texts)):
            return True
        heads = [text for head in self.heads for text in head.words]
        said = re.search(
            r"\bchanges? (?:from|between|since|relative to) baseline\b|\bmean (?:score )?changes?\b|\bchange scores?\b",
            self.grid.caption,
            re.IGNORECASE,
        )
        return bool(said) and not any(_BASELINE.match(text) for text in heads)

    def _unit(self, value: Value, statistic: str, texts: list[str]) -> str | None:
        """Return a figure's unit, from its row, its column or its block; the caption's where none has one."""
        if value.kind in ("percent", "percent_change") or (value.kind == "value" and statistic == "share"):
            return "%"
        if value.kind in ("p_value", "count", "n", "pair"):
            return None
        for text in [*texts, self.grid.caption]:
            words = fold(re.sub(r"\s+", " ", _STATISTIC.sub(" ", _SIZE.sub(" ", text)))).text.strip(" ,;.")
            unit = self.terms.closing_unit(words)
            if found := unit.spelling if unit else self.terms.bracketed_unit(words):
                return found
        return None


def _size(cell: GridCell) -> Size | None:
    """Return a group's people: of `30 patients, 60 sites` 30, of `28/31` 28, of `60 eyes` none."""
    match = _SIZE.search(cell.plain)
    if not match:
        return None
    said = match["n"] or match["m"]
    at = match.start("n") if match["n"] else match.start("m")
    if match["n"] and _THINGS.match(match["more"]):
        if not (people := _PEOPLE_SAID.search(cell.plain, match.end("n"))):
            return None
        said, at = people["n"], people.start("n")
    if " " in said and not re.match(r"\s*(?:[)\],;/]|$)", cell.plain[at + len(said) :]):
        said = said.partition(" ")[0]
    n = int(re.sub(r"\D", "", said))
    return Size(n, cell.text[at : at + len(said)], cell.start + at) if n else None


def _in_words(value: Value, cell: str, change: bool) -> Value:
    """Return a figure as its cell prints it; a percentage of change is no share of people."""
    printed = cell[value.start : value.start + len(value.printed)]
    kind = "percent_change" if value.kind == "percent" and change else value.kind
    return replace(value, printed=printed, kind=kind)


def _fits(cell: str, n: int | None) -> bool:
    """Whether a cell can be a count with its percentage, or a percentage alone."""
    found = values_in(cell, "", n)
    return bool(found) and (found[0].kind == "count" or n is None)


def _by_form(cell: str, names: list[str], n: int | None) -> str:
    """Return which of several statistics a cell is by its form: `41.2 (8.1)`, `12 (40)` of 30, `9 (4-15)`."""
    plain = values_in(cell, "", n)
    kind = plain[0].kind if plain else ""
    spreads = [name for name in names if name in ("sd", "se")]
    if kind == "range":
        spans = [name for name in names if name in ("iqr", "ci", "range")]
        return spans[0] if len(spans) == 1 else ""
    if kind == "count" and "percent" in names:
        return "percent"
    if kind == "mean_sd" or (kind == "pair" and re.search(r"[.\u00b7]\d+\s*[(\[]", cell)):
        return spreads[0] if len(spreads) == 1 else ""
    return "percent" if kind == "pair" and n is None and not spreads and "percent" in names else ""


def _only_statistic(text: str) -> bool:
    """Whether a head or a stub names a statistic and nothing else."""
    left = _STATISTIC.sub(" ", _SIZE.sub(" ", text))
    bare = bool(statistics_of(text)) and not re.search(r"[^\W\d_]{2}", left)
    return (
        bare
        or not text
        or statistic_of(text)
        in (
            "n",
            "mean",
            "median",
            "only_sd",
            "only_se",
        )
    )


def arm_name(head: str) -> str | None:
    """Return a group's name without its size and the names of statistics; None where nothing is left."""
    sized = _SIZE.search(head)
    name = re.sub(r"\s+", " ", _STATISTIC.sub(" ", _SIZE.sub(" ", head))).strip(" ,;:*")
    if name.count("(") != name.count(")") or re.fullmatch(r"\([^()]*\)", name):
        name = name.strip("() ")
    letters = r"[^\W\d_]" if sized else r"[^\W\d_]{2}|[^\x00-\x7f]"
    return None if not name or _PLAIN_HEADS.match(name) or not re.search(letters, name) else name


def _names_group(words: str) -> bool:
    return not time_of(words) and statistic_of(words) != "p" and arm_name(words) is not None


def time_of(text: str) -> str | None:
    """Return the time that a header or a row states."""
    if match := _BASELINE.match(text) or _LATER.match(text):
        return match.group(1)
    text = _SIZE.sub(" ", text).strip()
    found = durations(text)
    clock = re.search(r"\d[ -]?(?:h|hours?|min|minutes?)[ -]+[a-z]", text)  # a 2-hour test
    said = names_time(text) or not (clock or _LASTED.search(text))
    if weeks(text) is not None and found and said and not re.match(r"(?:[6-9]|\d\d)\D*years", found[0][1]):
        return found[0][1]
    short = re.search(r"\b(\d{1,3})\s?(h|d|wk|mo)\b|\b([WMD]\d{1,3})\b", text)
    return short.group() if short else None
