"""What the heads, stubs and cells of an article's tables say: a group, its size, a time, a statistic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from trialfiles.article_tables import GridCell, GridRow, Value, statistic_of, statistics_of, values_in
from trialfiles.forms import patterns_of
from trialfiles.quantities.numerals import fold
from trialfiles.quantities.terms import Terms
from trialfiles.times import durations, names_time, time_in_words, weeks

HEAD_WORDS = patterns_of("tables", "words", re.IGNORECASE)


@dataclass(frozen=True)
class Size:
    """A number of people, as it is printed and where."""

    n: int
    printed: str
    start: int


def people_in(cell: GridCell) -> Size | None:
    """Return the number of people that a cell is; None for anything else."""
    printed = cell.plain.strip()
    match = HEAD_WORDS["whole"].fullmatch(printed)
    if not match or not (n := int(re.sub(r"\D", "", match["n"]))):
        return None
    printed = match["n"]
    return Size(n, printed, cell.start + cell.plain.index(printed))


def size_of(cell: GridCell) -> Size | None:
    """Return a group's people: of `30 patients, 60 sites` 30, of `28/31` 28, of `60 eyes` none."""
    match = HEAD_WORDS["size"].search(cell.plain)
    if not match or HEAD_WORDS["sizes"].match(match["more"] or ""):
        return None
    said, at = match["n"] or match["m"], match.start("n" if match["n"] else "m")
    if match["n"] and HEAD_WORDS["things"].match(match["more"]):
        if not (people := HEAD_WORDS["people"].search(cell.plain, match.end("n"))):
            return None
        said, at = people["n"], people.start("n")
    if " " in said and not re.match(r"\s*(?:[)\],;/]|$)", cell.plain[at + len(said) :]):
        said = said.partition(" ")[0]
    n = int(re.sub(r"\D", "", said))
    return Size(n, cell.text[at : at + len(said)], cell.start + at) if n else None


def sizes_in(row: GridRow) -> dict[int, Size]:
    """Return the sizes of groups in a row named for them; of any other row none."""
    sizes = {at: people_in(cell) for at, cell in enumerate(row.cells) if at and cell.words}
    named = statistic_of(row.words[0]) == "n" and all(sizes.values())
    return {at: size for at, size in sizes.items() if size and named}


def sizes_alone(row: GridRow) -> dict[int, Size | None]:
    """Return the sizes of groups in a row that has nothing else, None for several; of any other row none."""
    said = [at for at, words in enumerate(row.words) if at and words]
    alone = not any(bare_words(row.words[at]).strip() for at in said)
    return {at: size_of(row.cells[at]) for at in said if alone}


def bare_words(text: str) -> str:
    """Return a head without the size of a group and without the names of statistics."""
    return re.sub(r"\s+", " ", HEAD_WORDS["statistic"].sub(" ", HEAD_WORDS["size"].sub(" ", text)))


def only_statistic(text: str) -> bool:
    """Whether a head or a stub names a statistic and nothing else."""
    said = statistics_of(text)
    alone = said and said[0] in ("n", "mean", "median", "only_sd", "only_se", "test")
    return not text or bool(alone) or bool(said and not re.search(r"[^\W\d_]{2}", bare_words(text)))


@lru_cache(maxsize=4096)
def arm_name(head: str) -> str | None:
    """Return a group's name without its size and the names of statistics; None where nothing is left."""
    name = bare_words(head).strip(" ,;:*")
    if name.count("(") != name.count(")") or re.fullmatch(r"\([^()]*\)", name):
        name = name.strip("() ")
    letters = r"[^\W\d_]" if HEAD_WORDS["size"].search(head) else r"[^\W\d_]{2}|[^\W\d_]\d|[^\x00-\x7f]"
    lettered = len(name) == 1 and name.isalpha() and name != head  # B (n = 30) is no coefficient
    plain = (HEAD_WORDS["plain"].match(name) and not lettered) or HEAD_WORDS["baseline"].match(name)
    return None if not name or plain or not re.search(letters, name) else name


def names_group(words: str) -> bool:
    """Whether a head may be a group's name: neither a time nor a p value nor a statistic."""
    return not time_of(words) and statistic_of(words) != "p" and arm_name(words) is not None


def folded_arm(name: str) -> str:
    """Return what makes a group the same in another table; a sign such as PRP+ is part of a name."""
    short = HEAD_WORDS["group_words"].sub(" ", name.casefold())
    return re.sub(r"[^\w+\u2212-]+", "", short) or name.casefold()


@lru_cache(maxsize=4096)
def time_of(text: str) -> str | None:
    """Return the time that a header or a row states."""
    text = HEAD_WORDS["zero"].sub("", bare_words(text)).strip()
    if match := HEAD_WORDS["baseline"].match(text) or HEAD_WORDS["later"].match(text):
        return match.group(1)
    found = durations(text)
    told = names_time(text) or not (HEAD_WORDS["clock"].search(text) or HEAD_WORDS["lasted"].search(text))
    if found and told and weeks(text) is not None and not HEAD_WORDS["many_years"].match(found[0][1]):
        return found[0][1]
    short = HEAD_WORDS["short_time"].search(text)
    return short.group() if short else None


@lru_cache(maxsize=256)
def caption_time(caption: str) -> str | None:
    """Return the time of all figures that a caption tells: its last words, or the only time that it has."""
    first = bare_words(caption).split(".")[0].strip(" ,;:")
    if time := time_in_words(first):
        return time
    found = durations(first)
    if len(found) != 1 or HEAD_WORDS["caption_times"].search(first):
        return None
    return found[0][1] if HEAD_WORDS["caption_time"].search(first[: first.find(found[0][1])]) else None


def unit_of(text: str, terms: Terms) -> str:
    """Return the unit in a head, a stub or a caption; '' without one."""
    words = fold(bare_words(text)).text.strip(" ,;.")
    unit = terms.closing_unit(words)
    if found := unit.spelling if unit else terms.bracketed_unit(words):
        return found
    match = HEAD_WORDS["unit"].search(words) or HEAD_WORDS["percent"].search(text)
    return match["u"] if match and not HEAD_WORDS["sides"].search(match["u"]) else ""


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
    sizes = [people_in(row.cells[at]) for at, kind in kinds.items() if kind == "n"]
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
