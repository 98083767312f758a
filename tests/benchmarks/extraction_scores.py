"""Figures that readers marked, set against what `find_quantities` makes of the same text."""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

sys.path.append(str(Path(__file__).parents[1] / "trialfiles"))
from review_readers import find_quantities

from helpers.sheets.read import read_sheet
from trialfiles.quantities.readings import Quantity

HERE = Path(__file__).parent
SENTENCES = HERE.parent / "trialfiles" / "sentences"
# Kinds that a reader and the grammar may name differently for the same printed figure without either being
# wrong: a density that is a mean, a stretch of weeks that is also a point in time, a range of ages.
FAMILIES = (
    ("score", "estimate", "mean", "median", "value", "density", "length", "measure", "effect", "threshold"),
    ("range", "value", "density", "age", "duration", "timepoint", "estimate", "length", "percent"),
    ("duration", "timepoint", "count"),
    ("dose", "volume", "mass", "threshold"),
    ("n", "count", "level", "ratio"),
    ("percent", "percent_change", "threshold", "pair"),
    ("percent_change", "range"),
    ("grade", "level", "magnification"),
    ("sd", "mean"),
    ("mean_se", "mean"),
    ("effect", "percent"),
)


@dataclass(frozen=True)
class Figure:
    """A figure that a reader marked: its place, kind and numbers; one that is not needed counts nowhere."""

    start: int
    end: int
    kind: str
    numbers: frozenset[float]
    needed: bool = True
    printed: str = ""


@dataclass
class Score:
    """Marked figures that were found or missed, and found quantities that are right or wrong."""

    found: int = 0
    missed: list[str] = field(default_factory=list)
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def marked(self) -> int:
        """Number of figures that a reader marked."""
        return self.found + len(self.missed)

    @property
    def recall(self) -> float:
        """Share of the marked figures that were found with place, kind and numbers."""
        return self.found / max(1, self.marked)

    @property
    def precision(self) -> float:
        """Share of what was found that a reader had marked with the same kind and numbers."""
        return self.right / max(1, self.right + len(self.wrong))


def same_kind(one: str, other: str) -> bool:
    """Whether two names of kinds may stand for one printed figure."""
    return one == other or any(one in family and other in family for family in FAMILIES)


def score(marked: Iterable[Figure], found: Iterable[Quantity]) -> dict[str, Score]:
    """Compare by kind.

    A figure is found when quantities at its place, of its kind, hold all its numbers; a quantity is right
    when figures at its place hold all of its own. (One reader marks a range once, another both of its ends.)
    """
    scores: dict[str, Score] = defaultdict(Score)
    figures, quantities, read = list(marked), list(found), []
    for figure in figures:
        here = [frozenset(one.values) for one in quantities if _agree(figure, one)]
        parts = [numbers for numbers in here if numbers <= figure.numbers or numbers >= figure.numbers]
        if parts and figure.numbers <= frozenset().union(*parts):
            read.append(figure)
            scores[figure.kind].found += figure.needed
        elif figure.needed:
            scores[figure.kind].missed.append(f"{figure.printed!r} at {figure.start}")
    for one in quantities:
        here = [figure.numbers for figure in read if _agree(figure, one)]
        if here and frozenset(one.values) <= frozenset().union(*here):
            scores[one.kind].right += 1
        elif not any(not figure.needed and _overlap(figure, one) for figure in figures):
            scores[one.kind].wrong.append(f"{one.printed!r} at {one.char_start}")
    return dict(scores)


def _overlap(figure: Figure, quantity: Quantity) -> bool:
    return figure.start < quantity.char_end and quantity.char_start < figure.end


def _agree(figure: Figure, quantity: Quantity) -> bool:
    return _overlap(figure, quantity) and same_kind(figure.kind, quantity.kind)


def total(scores: dict[str, Score]) -> Score:
    """Add the kinds up."""
    whole = Score()
    for one in scores.values():
        whole.found += one.found
        whole.missed += one.missed
        whole.right += one.right
        whole.wrong += one.wrong
    return whole


def merge(many: Iterable[dict[str, Score]]) -> dict[str, Score]:
    """Add several texts up, kind by kind."""
    merged: dict[str, Score] = defaultdict(Score)
    for scores in many:
        for kind, one in scores.items():
            merged[kind] = total({"so far": merged[kind], "new": one})
    return dict(merged)


def sentence_scores(table: str) -> dict[str, Score]:
    """Score a table of sentences of `tests/trialfiles/sentences`."""
    entries = yaml.safe_load((SENTENCES / f"{table}.yaml").read_text(encoding="utf-8"))
    return merge(_sentence_score(entry) for entry in entries)


def _sentence_score(entry: dict) -> dict[str, Score]:
    text, marked, at = entry["text"], [], 0
    for kind, printed, numbers in entry["found"]:
        start = text.index(printed, at)
        at = start + len(printed)
        marked.append(Figure(start, at, kind, frozenset(map(float, numbers)), printed=printed))
    for kind, printed, numbers in entry.get("may", []):
        start = text.index(printed)
        marked.append(Figure(start, start + len(printed), kind, frozenset(map(float, numbers)), needed=False))
    return score(marked, find_quantities(text))


def section_scores(folders: Iterable[Path]) -> dict[str, dict[str, Score]]:
    """Score the parts of articles that were read completely by hand (`gold/`), article by article."""
    figures, parts = defaultdict(list), defaultdict(list)
    for row in _rows("figures"):
        numbers = frozenset(map(float, row["numbers"].split()))
        place = int(row["char_start"]), int(row["char_end"])
        figures[row["document"]].append(Figure(*place, row["kind"], numbers, row["needed"] == "must"))
    for row in _rows("parts"):
        parts[row["document"]].append((int(row["char_start"]), int(row["char_end"])))
    scores = {}
    for name, spans in parts.items():
        text = read_text(folders, name)
        marked = [
            Figure(one.start, one.end, one.kind, one.numbers, one.needed, text[one.start : one.end])
            for one in figures[name]
        ]
        found = [
            one for one in find_quantities(text) if any(start <= one.char_start < end for start, end in spans)
        ]
        scores[name] = score(marked, found)
    return scores


def read_text(folders: Iterable[Path], name: str) -> str:
    """Return a source text with its line ends as they are, from the first folder that has it."""
    path = next(folder / name for folder in folders if (folder / name).is_file())
    return path.read_bytes().decode("utf-8")


def sheet_scores(
    sheets: Iterable[Path], documents: Path, roles: tuple[str, ...]
) -> dict[str, dict[str, Score]]:
    """Score recall against the confirmed figures of study sheets that hold a number (precision has no sense)."""
    scores = {}
    for path in sheets:
        sheet = read_sheet(path)
        if sheet.source.document is None:  # read elsewhere: no place to compare with
            continue
        marked = []
        for one in sheet.quantities:
            numbers = [value for value in (one.value, one.low, one.high, one.sd) if value is not None]
            if one.at and one.at.chars and numbers and one.role in roles:
                marked.append(Figure(*one.at.chars, one.kind, frozenset(numbers), printed=one.printed))
        found = find_quantities(read_text([documents], sheet.source.document))
        scores[sheet.study_id] = score(marked, found)
        for kind_score in scores[sheet.study_id].values():
            kind_score.wrong.clear()
    return scores


def _rows(name: str) -> list[dict[str, str]]:
    with open(HERE / "gold" / f"{name}.tsv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))
