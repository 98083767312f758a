"""Hand-read tables against what `trialfiles` reads in them (format and rules: EXTRACTION.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

import yaml

from trialfiles.article_figures import ArticleFigure, grid_figures
from trialfiles.articles import read_jats
from trialfiles.times import weeks

GOLD = Path(__file__).parent / "gold" / "tables"
UNSEEN, LAST = GOLD.with_name("tables_unseen"), GOLD.with_name("tables_last")
_SPAN = re.compile(r"(?:^| )\[(?:c(\d+))?(?:r(\d+))?\]$")
_MARKS = (("^{", "sup"), ("_{", "sub"))
_KINDS = {"mean sd": "mean_sd", "mean se": "mean_se", "mean ?": "pair", "mean": "mean", "median iqr": "median", "count": "count",
          "count percent": "count"}  # fmt: skip
_COMPARED = {"mean_difference": r"differen|\bvs\b|between", "odds_ratio": r"\bodds\b|\bor\b"}
_DROPPED = {"group", "groups", "bid", "arm", "product", "the", "of", "and"}
_START = {"baseline", "before", "pre", "pretreatment"}


@dataclass
class Figure:
    """A figure read by hand, and what became of it."""

    table: int
    arm: str
    outcome: str
    statistic: str
    unit: str
    time: str
    n: str
    numbers: list[float]
    wanted: bool = True

    def __str__(self) -> str:
        numbers = " ".join(f"{number:g}" for number in self.numbers)
        return f"table {self.table}, {self.outcome}, {self.arm or 'no group'}: {self.statistic} {numbers}"


@dataclass
class Outcome:
    """The figures of an article by what became of them."""

    right: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def counts(self) -> list[int]:
        """Return right, incomplete, missed and wrong."""
        return [len(self.right), len(self.incomplete), len(self.missed), len(self.wrong)]


def cell_xml(text: str, name: str) -> str:
    """Return a cell of a grid as XML: its spans, raised and lowered marks, breaks, rules and indents."""
    span = _SPAN.search(text)
    text = text[: span.start()] if span else text
    body = escape(text.lstrip("·")).replace(" // ", "<break/>").replace("---", "<hr/>")
    for mark, tag in _MARKS:
        body = re.sub(rf"{re.escape(mark)}([^}}]*)}}", rf"<{tag}>\1</{tag}>", body)
    sizes = (("colspan", span[1]), ("rowspan", span[2])) if span else ()
    spans = "".join(f' {key}="{size}"' for key, size in sizes if size)
    indent = "\u2003" * (len(text) - len(text.lstrip("·")))
    return f"<{name}{spans}>{indent}{body}</{name}>"


def article_xml(gold: dict) -> str:
    """Return the smallest article that holds an entry's tables."""
    wraps = []
    for table in gold["tables"]:
        grids = []
        for part in ("\n" + table["grid"]).split("\n!"):  # a head row after `!` begins another table
            rows = [[cell.strip(" ") for cell in line[1:-1].split("¦")] for line in part.strip().splitlines()]
            heads = 1 if grids else table["heads"]
            lines = [
                (at < heads, "".join(cell_xml(cell, "th" if at < heads else "td") for cell in row))
                for at, row in enumerate(rows)
            ]
            head, body = (
                "".join(f"<tr>{row}</tr>" for top, row in lines if top == part) for part in (True, False)
            )
            grids.append(f"<table><thead>{head}</thead><tbody>{body}</tbody></table>")
        caption, foot = (cell_xml(table.get(key, ""), "p") for key in ("caption", "foot"))
        wraps.append(
            f"<table-wrap><label>Table {table['table']}</label><caption>{caption}</caption>"
            f"{''.join(grids)}"
            f"<table-wrap-foot><fn>{foot}</fn></table-wrap-foot></table-wrap>"
        )
    return (
        '<article><front><article-meta><article-id pub-id-type="doi">' + escape(gold["doi"]) + "</article-id>"
        "<title-group><article-title>Tables</article-title></title-group></article-meta></front>"
        f"<body><sec><title>Results</title>{''.join(wraps)}</sec></body></article>"
    )


def gold_figures(table: dict) -> tuple[list[Figure], list[str]]:
    """Return the figures of a table's entry, and the labels of rows and columns that count neither way."""
    figures, skipped, columns = [], [], []
    for line in table["gold"].splitlines():
        if line.startswith("skip: "):
            skipped.append(line[6:])
        elif line.startswith("@ "):
            columns = [
                re.match(r"(~?)(.*?)(?:, n (\S+))?(?:, t (.*))?$", one.strip()) for one in line[2:].split(";")
            ]
        else:
            outcome, statistic, unit, time, cells = (part.strip() for part in line.split("|"))
            for column, cell in zip(columns, cells.split(";"), strict=True):
                if cell.strip() != "-":
                    optional, arm, n, when = (part or "" for part in column.groups())
                    numbers = [float(number) for number in cell.split()]
                    figures.append(
                        Figure(table["table"], arm, outcome, statistic, unit, when or time, n, numbers, not optional)
                    )  # fmt: skip
    return figures, skipped


def _words(text: str | None) -> set[str]:
    return set(re.findall(r"[^\W_]+|[<>≤≥+]", (text or "").casefold())) - _DROPPED


def _stated(wanted: str, said: bool, same: bool) -> int:
    """Return 1 for right, 0 for left open, -1 for wrong; a wanted value in brackets may be left open."""
    if not said:
        return int(not wanted or wanted.startswith("("))
    return 1 if wanted and same else -1


def _same_time(wanted: str, said: str | None) -> bool:
    for one in wanted.strip("()").split("/"):
        if _words(one) <= _words(said) or (weeks(said) is not None and weeks(one) == weeks(said)):
            return True
    return bool(_START & _words(wanted)) and bool(_START & _words(said) or weeks(said) == 0)


def _same_unit(wanted: str, said: str | None) -> bool:
    def plain(unit: str) -> str:
        unit = unit.strip("()").casefold().translate(str.maketrans("⁻¹²", "-12"))
        unit = unit.replace("years", "year").replace("minutes", "min")
        return re.sub(r"\W+|s\b", "", unit.replace("seconds", "s").replace("%", "percent"))

    return plain(wanted) == plain(said or "")


def _arm(figure: Figure, found: ArticleFigure) -> int:
    wanted, arm, all_said = _words(figure.arm), _words(found.arm), _words(found.arm) | _words(found.measure)
    if figure.statistic.split()[0] in _COMPARED:  # of two groups: neither is its group
        return 1 if wanted <= all_said or not arm else -1
    if not arm:
        return 0 if wanted else 1
    return 1 if arm == wanted or (arm < wanted and wanted <= all_said) else 0 if arm < wanted else -1


def _statistic(figure: Figure, found: ArticleFigure) -> int:
    name = figure.statistic.replace("(mean)", "mean").replace(" change", "")
    kind, numbers = found.value.kind, len(figure.numbers)
    if name.split()[0] in _COMPARED or name == "mean ci95":
        words = f"{found.arm or ''} {found.measure}".casefold()
        named = re.search(_COMPARED.get(name.split()[0], r"\bmeans?\b"), words)
        right = kind == "ci" and named or kind == "mean_ci" and name == "mean ci95"
        return 1 if right else 0 if kind in ("ci", "range", "value") else -1
    if name in ("min", "max"):
        return int(name in _words(found.measure)) if kind == "value" else -1
    if found.assumed or kind in ("pair", "value", "range"):
        return int(name == "mean ?" and numbers == 2)
    if kind == "percent_change":
        return 1 if "change" in figure.statistic else -1
    return 1 if kind == _KINDS[name] else 0 if kind == "mean" and name.startswith("mean") else -1


def _numbers(cell: list[ArticleFigure]) -> list[float]:
    value = cell[0].value
    spread = [value.low, value.high] if value.low is not None and value.kind != "pair" else []
    pair = [number for number in (value.low, value.high) if value.kind == "pair" and number != value.value]
    spread += [value.sd] if value.sd is not None and value.kind != "sd" else pair[:1]
    return [
        one for one in [value.value, *spread, *(other.value.value for other in cell[1:])] if one is not None
    ]


def grades(figure: Figure, cell: list[ArticleFigure]) -> dict[str, int]:
    """Return 1, 0 or -1 for each of a figure's fields as a cell's proposals state it."""
    found, numbers = cell[0], _numbers(cell)
    outcome = _words(figure.outcome)
    said = _words(found.measure)
    return {
        "arm": _arm(figure, found),
        "outcome": 1 if outcome <= said else 0 if said <= outcome or outcome & said else -1,
        "statistic": _statistic(figure, found),
        "change": 1 if ("change" in figure.statistic) == found.change else -1,
        "numbers": 1 if numbers == figure.numbers else 0 if numbers == figure.numbers[: len(numbers)] else -1,
        "n": _stated(figure.n, found.size is not None, found.size is not None and str(found.size.n) == figure.n.strip("()")),
        "unit": _stated(figure.unit, bool(found.unit), _same_unit(figure.unit, found.unit)),
        "time": _stated(figure.time, bool(found.time), _same_time(figure.time, found.time)),
    }  # fmt: skip


def cells_of(figures: list[ArticleFigure], text: str) -> list[list[ArticleFigure]]:
    """Return the proposals but p values, those of a cell together."""
    cells: list[list[ArticleFigure]] = []
    for one in figures:
        if one.value.kind != "p_value":
            before = cells[-1][0] if cells else one
            share = before.value.kind == "count" and one.value.kind == "percent" and before.arm == one.arm
            if before is not one and (share or not re.search(r"[\t\n]", text[before.start : one.start])):
                cells[-1].append(one)
            else:
                cells.append([one])
    return cells


def compare(table: dict, cells: list[list[ArticleFigure]], outcome: Outcome) -> None:
    """Add to an outcome what became of a table's figures; a proposal for none of them is wrong."""
    figures, skipped = gold_figures(table)
    pairs = []
    for at, figure in enumerate(figures):
        for place, cell in enumerate(cells):
            if cell[0].value.value == figure.numbers[0]:
                said = grades(figure, cell)
                pairs.append((-sum(said.values()), abs(at - place), at, place, said))
    taken: dict[int, int] = {}
    for *_, at, place, said in sorted(pairs, key=lambda one: one[:4]):
        if at in taken or place in taken.values():
            continue
        taken[at] = place
        wrong, open_ = ([name for name, grade in said.items() if grade == bad] for bad in (-1, 0))
        if figures[at].wanted:
            kept = outcome.wrong if wrong else outcome.incomplete if open_ else outcome.right
            kept.append(f"{figures[at]}: {', '.join(wrong or open_)}" if wrong or open_ else str(figures[at]))
    outcome.missed += [str(one) for at, one in enumerate(figures) if at not in taken and one.wanted]
    pieces, sizes = [number for one in figures for number in one.numbers], {one.n for one in figures}
    for place, cell in enumerate(cells):
        one = cell[0]
        part = one.value.kind in ("value", "range", "sd") and one.value.low is None
        piece = (part and one.value.value in pieces) or (
            one.value.kind == "n" and (not one.arm or one.value.printed in sizes)
        )
        passed = any(_words(label) <= _words(f"{one.measure} {one.arm or ''}") for label in skipped)
        if place not in taken.values() and not piece and not passed:
            outcome.wrong.append(
                f"table {table['table']}, {one.measure}, {one.arm}: {one.value.printed}: no figure"
            )


def read_gold(path: Path, folder: Path, article: Path | None = None) -> Outcome:
    """Return what becomes of the figures of an entry, read from its grids or from an article's own file."""
    gold = yaml.safe_load(path.read_text(encoding="utf-8"))
    if article is None:
        article = folder / f"{path.stem}.xml"
        article.write_text(article_xml(gold), encoding="utf-8")
    (read,) = read_jats(article)
    figures, outcome = grid_figures(read.tables), Outcome()
    labels = list(dict.fromkeys(grid.label for grid in read.tables))
    for table in gold["tables"]:
        number = table["table"]  # a label such as `Table-III` goes by its place
        label = next(
            (one for one in labels if re.search(rf"\b{number}\W*$", one)),
            labels[min(number, len(labels)) - 1],
        )
        own = [one for one in figures if one.table == label]
        compare(table, cells_of(own, read.text), outcome)
    return outcome
