"""What the heads and stubs of an article's tables name: a group, its size, a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from trialfiles.article_tables import GridCell, GridRow, statistic_of, statistics_of
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


def whole_number(cell: GridCell) -> Size | None:
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
    sizes = {at: whole_number(cell) for at, cell in enumerate(row.cells) if at and cell.words}
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
