"""What the cells of an article's tables hold: the statistic, and figures told over several columns."""

from __future__ import annotations

import re
from dataclasses import replace

from trialfiles.article_tables import GridCell, GridRow, Value, statistic_of, statistics_of, values_in
from trialfiles.table_heads import HEAD_WORDS, Size, only_statistic, whole_number

_INHERITED = ("percent", "share")  # believed of a block's or a caption's word only where a cell can be so
_BESIDE_SIZES = {"mean", "median", "sd", "only_sd", "se", "iqr"}
_SPREADS = {"mean_sd": ("sd", "se", "other"), "range": ("iqr", "ci", "range")}  # by the form of a cell


def statistic_in(cell: str, texts: list[str], heads: int, n: int | None) -> str:
    """Return what a cell holds, by the nearest words that say so and that can be true of it.

    `texts` are said of it, the nearest first: its row, so many `heads` above it, its block, the caption, the
    foot; `n` are the people of its group.
    """
    if "p" in (said := [statistic_of(text) for text in texts[: heads + 1]]):
        return "p"
    if "test" in said:
        return "test"
    if HEAD_WORDS["sides"].search(texts[0]):
        return "sides"
    if any(map(HEAD_WORDS["part_of"].search, texts)) and "/" in cell:
        return "of"
    plain = next(iter(values_in(cell, "", n)), None)
    kind = plain.kind if plain else ""
    large = kind == "pair" and n is not None and plain is not None and (plain.value or 0) > n
    known = [_possible(cell, kind, statistics_of(text)) for text in texts]
    several = len({name for names in known for name in names}) > 1
    for at, names in enumerate(known):
        inherited = at > heads and several and names[:1] and names[0] in _INHERITED
        if len(names) == 1 and (not inherited or kind == "count" or (plain and n is None)):
            return names[0]
        if len(names) > 1 and (name := _by_form(cell, kind, names, large, n is None)):
            return name
    return ""


def _possible(cell: str, kind: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of some statistics that a cell can be: `8.6 ± 0.4` is no percentage, though in %."""
    if kind in _SPREADS:
        return tuple(name for name in names if name in _SPREADS[kind])
    if kind == "pair" and re.match(r"\D?\d+[.\u00b7]\d", cell):
        return tuple(name for name in names if name not in ("percent", "share"))
    return tuple(name for name in names if name != "other")


def _by_form(cell: str, kind: str, names: tuple[str, ...], large: bool, unsized: bool) -> str:
    """Return which of several statistics a cell is by its form: `41.2 (8.1)`, `12 (40)` of 30."""
    spreads = [name for name in names if name in ("sd", "se")]
    if kind == "count" and "percent" in names:
        return "percent"
    decimals = re.search(r"[.\u00b7]\d+\s*[(\[]", cell)
    if large or (kind == "pair" and (decimals or "percent" not in names)):
        return spreads[0] if len(spreads) == 1 else ""
    return "percent" if kind == "pair" and unsized and not spreads and "percent" in names else ""


def of_statistics(row: GridRow) -> bool:
    """Whether a row says for its columns what they hold, and nothing else."""
    said = [text for text in row.words[1:] if text]
    figures = re.search(r"\d", "".join(said))
    return bool(said) and not figures and all(statistics_of(text) and only_statistic(text) for text in said)


def of_people(values: list[Value], n: int) -> bool:
    """Whether a count can be of a group's people, by its percentage where that is printed."""
    numbers = {value.kind: value.value or 0 for value in values}
    if "count" not in numbers or values[0].of:
        return True
    share = 100 * numbers["count"] / n
    return share <= 100 and abs(numbers.get("percent", share) - share) <= 1


def columns_beside(heads: list[GridRow], column: int) -> list[int]:
    """Return the columns under the same heads as one, the last row of heads left out."""
    over = [head.words for head in heads[:-1]]
    width = len(heads[-1].words) if heads else 0
    return [at for at in range(1, width) if all(words[at] == words[column] for words in over)]


def size_in_row(row: GridRow, heads: list[GridRow], column: int, sideways: bool) -> Size | None:
    """Return the people in the column `n` that stands beside a column of means under the same heads."""
    if not heads or (len(heads) == 1 and not sideways):
        return None
    kinds = {at: statistic_of(heads[-1].words[at]) for at in columns_beside(heads, column)}
    sizes = [whole_number(row.cells[at]) for at, kind in kinds.items() if kind == "n"]
    told = _BESIDE_SIZES & {*kinds.values()} or (sideways and {*kinds.values()} <= {"n", "", "p"})
    return sizes[0] if sizes and told else None


def of_sizes(heads: list[GridRow], column: int) -> bool:
    """Whether a column holds numbers of people: headed `n`, beside others that hold something else."""
    kinds = [statistic_of(words) for words in heads[-1].words] if heads else [""] * (column + 1)
    shares = {kinds[at] for at in columns_beside(heads, column)} & {"share", "percent"}
    return kinds[column] == "n" and not shares and not {*kinds[1:]} <= {"n", "p", "share", "percent"}


def joined_columns(heads: list[GridRow]) -> dict[int, list[int]]:
    """Return the columns that tell one figure together, by that of its value.

    A median between its quartiles, an estimate before its interval, two columns under one last head.
    """
    found: dict[int, list[int]] = {}
    cells = heads[-1].cells if heads else []
    for column, cell in enumerate(cells):
        beside = columns_beside(heads, column)
        ends = [at for at in beside if abs(at - column) == 1]
        quartiles = [at for at in ends if HEAD_WORDS["quartile"].fullmatch(cells[at].words)]
        if statistic_of(cell.words) == "median" and len(quartiles) == 2:
            found[column] = quartiles
            continue
        shared = cell.words and cells.count(cell) == 2 and cells.index(cell) == column
        if shared or (column + 1 in ends and HEAD_WORDS["only_ci"].fullmatch(cells[column + 1].words)):
            found[column] = [column + 1]
    return found


def merged(cell: GridCell, others: list[GridCell]) -> GridCell:
    """Return a cell with what the one cell behind it adds in brackets: 26.7 and 3.9, 48 and (98%)."""
    if len(others) != 1 or not (other := others[0]).words:
        return cell
    own = other.plain.lstrip()[:1] in "(["
    plain = f"{cell.plain}\t{other.plain}" if own else f"{cell.plain}({other.plain})"
    return GridCell(f"{cell.text}\t{other.text}", start=cell.start, plain=plain)


def with_quartiles(value: Value, ends: list[str]) -> Value:
    """Return a median with its quartiles, which stand in other columns; unchanged where these are none."""
    low, high = ([number.value for end in ends for number in values_in(end, "mean")] + [None, None])[:2]
    if low is None or high is None or value.value is None or not low <= value.value <= high:
        return value
    return replace(value, low=low, high=high)


def of_means(texts: list[str], heads: int) -> bool:
    """Whether the nearest words of an interval say that it is of a mean, and none of a difference."""
    said = next((text for text in texts if "ci" in statistics_of(text)), "")
    compared = any(map(HEAD_WORDS["compared"].search, texts[: heads + 1]))
    return bool(HEAD_WORDS["means"].search(said)) and not compared
