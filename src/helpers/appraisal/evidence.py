"""One study's rows as the checks read them, the limits of a printed number, and what a check yields."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd

from helpers.appraisal.risk_of_bias import is_randomised, only_abstract
from helpers.tables import Tables, as_frame
from notebookpress.tables import split_ids
from trialfiles.record import Row
from trialfiles.times import in_weeks, weeks

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_POWER = re.compile(r"(?<!\d)(\d+(?:\.\d+)?)\s*(?:e|[x×]\s*10(?:\s*\^)?)\s*([-−]?\d+)", re.IGNORECASE)
_SLACK = 1e-9  # keeps the ends of an interval inside it in floating point
WHOLE_DOCUMENT = "all that was read"  # the place of what has no line
_TABLES = ("arms", "outcomes", "quantities", "results", "adverse_events", "statements", "registry_versions")
# Parts of a quantity in which a result's figure is looked for, the likeliest first.
_PARTS = {"sd": ("sd", "value")}
_PARTS |= dict.fromkeys(("minimum", "q1", "ci_lower"), ("value_low", "value"))
_PARTS |= dict.fromkeys(("maximum", "q3", "ci_upper"), ("value_high", "value"))
_Rows = TypeVar("_Rows")


@dataclass(frozen=True)
class PrintedFigure:
    """A number as printed, the places after its point, and the quantity that holds it."""

    value: float
    decimals: int
    quantity_id: str
    token: str = ""

    @classmethod
    def of(cls, quantity: Any, part: str = "value") -> PrintedFigure:
        """Return a number of a quantity."""
        value = float(getattr(quantity, part))
        return cls(value, decimals_of(quantity.printed, value), quantity.quantity_id, quantity.printed)

    def __str__(self) -> str:
        shown = f"{self.value:.{self.decimals}f}"
        return shown if math.isclose(float(shown), self.value) else f"{self.value:.10g}"

    @property
    def unit(self) -> float:
        """One unit of the last printed digit."""
        return 10.0**-self.decimals

    @property
    def low(self) -> float:
        """Smallest value that rounds to the figure."""
        return self.interval()[0]

    @property
    def high(self) -> float:
        """Largest value that rounds to the figure."""
        return self.interval()[1]

    def interval(self, wide: bool = False) -> tuple[float, float]:
        """Return the rounding interval; `wide` allows digits cut off or rounded up as well."""
        room = self.unit / (1 if wide else 2) + _SLACK
        return self.value - room, self.value + room


def covers(p: PrintedFigure, low: Any, high: Any, wide: bool = False) -> Any:
    """Return where a recomputed interval of p meets the printed one; `< 0.05` is all below it."""
    start, end = p.interval(wide)
    start = 0.0 if re.search("[<≤]", p.token) else start
    end = 1.0 if re.search("[>≥]", p.token) else end
    return np.logical_and(low <= end + _SLACK, high >= start - _SLACK)


def tails(low: Any, high: Any) -> tuple[tuple[Any, Any], ...]:
    """Return the limits of a two-sided p, and of both one-sided ones."""
    return (low, high), (low / 2, high / 2), (1 - high / 2, 1 - low / 2)


class Group(NamedTuple):
    """A printed mean and SD."""

    mean: PrintedFigure
    sd: PrintedFigure

    def __str__(self) -> str:
        return f"{self.mean} ± {self.sd}"

    def sd_ends(self, wide: bool = False) -> tuple[float, float]:
        """Return the rounding interval of the SD, above 0."""
        low, high = self.sd.interval(wide)
        return max(low, 1e-6), high


# How a discrepancy weighs: whether no honest reading removes it, and its concern unless that is the rule's.
WEIGHTS = {"certain": (True, ""), "doubtful": (False, "some"), "minor": (False, "minor")}


class NotApplicable(Exception):  # noqa: N818  (not an error: a way to say so)
    """A check's inputs are not in the study; the message says which."""


def needed(rows: _Rows, lacking: str) -> _Rows:
    """Return what a check looks at, or whether it can; raise `NotApplicable` where there is nothing."""
    if not (len(rows) if isinstance(rows, Sized) else rows):
        raise NotApplicable(lacking)
    return rows


@dataclass(frozen=True)
class Hit:
    """What a check found at one place, before it becomes a row."""

    arithmetic: str  # the computation with its numbers
    rests_on: Iterable[Any] = ()  # printed figures, quantities and statements, or their names
    concepts: Sequence[str] = ()  # outcomes; the first fills the gaps `outcome` and `Outcome` of the sentence
    weight: str = ""  # a name of `WEIGHTS`, where it is not that of the rule
    case: str = ""  # which of the rule's sentences says it, where the rule has several
    words: Mapping[str, Any] = field(default_factory=dict)  # what fills the other gaps of the sentence
    places: str = ""  # where it stands, when that is in no document
    concern: str = ""  # where neither rule nor weight says it


TESTED = Hit("")  # what a check yields beside its hits when it had something to test


def tidy(value: float) -> str:
    """Return a number for a sentence: no trailing zeros, four significant digits at most below a thousand."""
    return f"{value:.0f}" if abs(value) >= 1000 and float(value).is_integer() else f"{value:.4g}"


def tidy_week(week: float) -> str:
    """Return a week for a sentence: a month is no whole number of them, and a tenth says enough."""
    return tidy(round(week, 1))


def decimals_of(token: str, value: float) -> int:
    """Return the places after the point with which a token prints a value; 0 where it is a word.

    Examples
    --------
    >>> decimals_of("35.50 ± 6.5", 6.5), decimals_of("16", 16), decimals_of("2.8 × 10−5", 2.8e-5)
    (1, 0, 6)
    """
    for digits, power in _POWER.findall(token):
        if math.isclose(float(digits) * 10 ** int(power.replace("−", "-")), abs(value), rel_tol=1e-9):
            return max(len(digits.partition(".")[2]) - int(power.replace("−", "-")), 0)
    for number in _NUMBER.findall(token):
        for text in (number.replace(",", ""), number.replace(",", ".")):
            if text.count(".") <= 1 and math.isclose(float(text), abs(value), rel_tol=1e-9, abs_tol=1e-12):
                return len(text.partition(".")[2])
    return 0


@dataclass(frozen=True)
class StudyEvidence:
    """All that the tables say of one study; rows are objects with the columns' names, None where missing."""

    study: Row  # its row of `studies` with `status`, `access`, `format`, `has_results`
    arms: pd.DataFrame
    outcomes: pd.DataFrame
    quantities: pd.DataFrame
    results: pd.DataFrame  # with the column `figures` (mean=quantity;sd=quantity) where known
    adverse_events: pd.DataFrame
    statements: pd.DataFrame
    registry_versions: pd.DataFrame
    contrasts: list[Any]  # rows of `reported_contrasts`: two arms compared, as printed
    comparators: pd.DataFrame  # the whole table: what arms of other treatments show
    documents: dict[str, str]  # from source to the file name of its document, for locators

    @classmethod
    def from_tables(cls, tables: Tables, study_id: str) -> StudyEvidence:
        """Return a study's evidence.

        Parameters
        ----------
        tables : mapping of str to pandas.DataFrame
            At least `studies`; absent tables count as empty. `reported_results` tells which figure of a
            result stands in which quantity, `sources` names the documents.
        study_id : str
            The study.

        Raises
        ------
        KeyError
            When `studies` has no such study.
        """
        names = (*_TABLES, "studies", "sources", "reported_contrasts")
        frames = {name: as_frame(name, tables.get(name, [])) for name in names}
        own = {name: table[table["study_id"] == study_id] for name, table in frames.items()}
        rows = {name: table.reset_index(drop=True) for name, table in own.items()}
        if rows["studies"].empty:
            raise KeyError(f"no study {study_id!r} in the table studies")
        reported = tables.get("reported_results")
        if reported is not None and {"figures", "result_id"} <= set(reported):
            figures = reported.drop_duplicates("result_id").set_index("result_id")["figures"]
            rows["results"]["figures"] = rows["results"]["result_id"].map(figures)
        study = vars(each_row(rows["studies"])[0])
        sources = rows["sources"].sort_values("source_id")
        study["has_results"] = bool(sources["has_results"].fillna(False).any()) or not rows["results"].empty
        study |= {name: "; ".join(sources[name].dropna()) for name in ("status", "access", "format")}
        return cls(
            study=study,
            **{name: rows[name] for name in _TABLES},
            contrasts=each_row(rows["reported_contrasts"]),
            comparators=as_frame("comparators", tables.get("comparators", [])),
            documents={row.source_id: row.document for row in each_row(sources) if row.document},
        )

    @property
    def study_id(self) -> str:
        """Name of the study."""
        return str(self.study["study_id"])

    @property
    def comparison(self) -> str | None:
        """What is compared: parallel, crossover, within_person, single_arm, case, or nothing stated."""
        return self.study["comparison"]

    @property
    def is_case(self) -> bool:
        """Whether it is a report of cases."""
        return self.comparison == "case"

    @property
    def randomised(self) -> bool:
        """Whether people or sites were allocated by chance."""
        return is_randomised(self.study["allocation"])

    @property
    def seen_in_part(self) -> bool:
        """Whether an abstract or a page of a third party was read, which may leave out what was told."""
        access = self.study["access"].lower()
        return only_abstract(access) or "third party" in access

    def count(self, *columns: str) -> int | None:
        """Return the first stated number of participants among columns of `studies`."""
        stated = (self.study[column] for column in columns)
        return next((int(value) for value in stated if value is not None), None)

    def people(self, n: Any = None) -> int | None:
        """Return a stated number of people, or else that of the study: analysed, or enrolled."""
        return self.count("n_analysed", "n_enrolled") if n is None else int(n)

    @cached_property
    def arm_sizes(self) -> dict[str, int]:
        """People of each arm of which the number is stated."""
        return {row.arm_id: int(row.n) for row in each_row(self.arms) if row.n is not None}

    def size(self, row: Any) -> int | None:
        """Return the people of a result's group as stated: its own, or those of its arm."""
        return self.arm_sizes.get(row.arm_id) if row.n is None else int(row.n)

    def compared(self, contrast: Any, kind: str, against: str = "") -> tuple[Any, Any] | None:
        """Return the results, of one kind, of both arms of a contrast, or of a result and another arm."""
        place = {"kind": kind, "concept": contrast.concept, "site": contrast.site}
        if contrast.timepoint_weeks is not None:
            place["timepoint_weeks"] = contrast.timepoint_weeks
        arms = contrast.arm_id, against or contrast.against
        first, second = (self.results_where(**place, arm_id=arm) for arm in arms)
        return (first[0], second[0]) if len(first) == len(second) == 1 else None

    def statements_on(self, topic: str, about: str | None = None) -> list[Any]:
        """Return the statements on a topic in the order of the text."""
        rows = self._statement.values()
        return [row for row in rows if row.topic == topic and about in (None, row.about)]

    def by_matter(self, topic: str) -> dict[str, list[Any]]:
        """Return the statements on a topic by what they are about, in the order of the text."""
        matters: dict[str, list[Any]] = {}
        for row in self.statements_on(topic):
            matters.setdefault(row.about or "", []).append(row)
        return matters

    def quantities_of(
        self, role: str | Iterable[str] = (), concept: str | None = None, kind: str | Iterable[str] = ()
    ) -> list[Any]:
        """Return quantities in the order of the text: of all roles but `cited`, unless roles are named."""
        roles, kinds = ([names] if isinstance(names, str) else list(names) for names in (role, kind))
        return [
            row
            for row in self.quantity.values()
            if (row.role in roles if roles else row.role != "cited")
            and (not concept or row.concept == concept)
            and (not kinds or row.kind in kinds)
        ]

    def results_where(self, **wanted: Any) -> list[Any]:
        """Return the results, by name, whose columns equal the given values."""
        pairs = wanted.items()
        if None in wanted.values():
            return []
        return [row for row in self._results if all(getattr(row, name) == value for name, value in pairs)]

    def figure(self, result: Any, name: str) -> PrintedFigure | None:
        """Return the printed number behind a figure of a result row; None when it is not there."""
        stated: Any = getattr(result, name, None)
        if stated is None:
            return None
        pairs = [pair.partition("=") for pair in split_ids(getattr(result, "figures", None))]
        named = [quantity for figure, _, quantity in pairs if figure == name]
        rows = [self.quantity.get(known) for known in named or split_ids(result.quantity_ids)]
        for part in _PARTS.get(name, ("value", "value_low")):
            for row in filter(None, rows):
                value = getattr(row, part)
                if value is not None and (named or _equal(value, stated, name)):
                    return PrintedFigure.of(row, part)
        return None

    def printed(self, rows: Iterable[Any], *names: str) -> Iterator[tuple[Any, ...]]:
        """Yield each row in which some figures are all printed, with these."""
        for row in rows:
            figures = [self.figure(row, name) for name in names]
            if None not in figures:
                yield row, *figures

    def group(self, result: Any) -> Group | None:
        """Return the printed mean and SD of a result row; None when one of them is not there."""
        mean, sd = self.figure(result, "mean"), self.figure(result, "sd")
        return Group(mean, sd) if mean and sd else None

    def is_statement(self, name: str) -> bool:
        """Return whether a name is that of a statement."""
        return name in self._statement

    def locators(self, names: Iterable[str]) -> str:
        """Return where quantities or statements stand: `document, line N (section)`, joined by `; `."""
        places = []
        for row in (self.quantity.get(name) or self._statement.get(name) for name in names):
            if row and row.line is not None:
                section = f" ({row.section})" if row.section else ""
                places.append(f"{self.documents.get(row.source_id, row.source_id)}, line {row.line}{section}")
        return "; ".join(dict.fromkeys(places)) or WHOLE_DOCUMENT

    @cached_property
    def _results(self) -> list[Any]:
        return each_row(self.results.sort_values("result_id"))

    @cached_property
    def quantity(self) -> dict[str, Any]:
        """Quantities by name, in the order of the text."""
        order = ["source_id", "line", "char_start", "quantity_id"]
        rows = each_row(self.quantities.sort_values(order, na_position="last"))
        return {row.quantity_id: row for row in rows}

    @cached_property
    def _statement(self) -> dict[str, Any]:
        rows = each_row(self.statements.sort_values(["line", "statement_id"]))
        return {row.statement_id: row for row in rows}


Check = Callable[[StudyEvidence], Iterator[Hit]]


def _equal(printed: float, clean: float, name: str) -> bool:
    """Return whether a cleaned number is the printed one: as it is or, no p value, as a share of 1."""
    scales = (1,) if name == "p_value" else (1, 100)
    return any(abs(printed - clean * scale) <= 1e-9 * max(1, abs(printed)) for scale in scales)


def name_of(source: Any) -> str:
    """Return the name of a printed figure, a quantity or a statement; a name is its own."""
    return str(getattr(source, "quantity_id", None) or getattr(source, "statement_id", source))


def listed_ids(rows: pd.DataFrame) -> list[str]:
    """Return the quantities that rows of a table name, in order."""
    return [name for ids in rows["quantity_ids"] for name in split_ids(ids)]


def each_row(frame: pd.DataFrame) -> list[Any]:
    """Return the rows of a table as objects with its columns' names, None where a cell is empty."""
    # As `records`, which takes twice as long for a table of ten rows and many columns.
    columns = ([None if x is pd.NA or x != x else x for x in column] for _, column in frame.items())
    rows = (zip(frame.columns, row, strict=True) for row in zip(*columns, strict=True))
    return [SimpleNamespace(**dict(row)) for row in rows]


def quantity_weeks(quantity: Any) -> float | None:
    """Return the time that a quantity states, in weeks; None when it is no single time."""
    stated = in_weeks(quantity.value, quantity.unit)
    return weeks(quantity.printed) if stated is None else stated
