"""One study's rows as the checks read them, and the limits of a printed number."""

from __future__ import annotations

import math
import re
from collections import namedtuple
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import pandas as pd

from helpers.tables import as_frame
from notebookpress.tables import split_ids
from trialfiles.times import in_weeks, weeks

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_POWER = re.compile(r"(\d+(?:\.\d+)?)\s*(?:e|[x×]\s*10\s*\^?)\s*([-−]?\d+)", re.IGNORECASE)
_SLACK = 1e-9  # keeps the ends of an interval inside it in floating point
WHOLE_DOCUMENT = "whole document"  # the place of what has no line
_TABLES = ("arms", "outcomes", "quantities", "results", "adverse_events", "statements", "registry_versions")
# Parts of a quantity in which a result's figure is looked for, the likeliest first.
_PARTS = {
    "sd": ("sd", "value"),
    "minimum": ("value_low", "value"),
    "q1": ("value_low", "value"),
    "maximum": ("value_high", "value"),
    "q3": ("value_high", "value"),
    "ci_lower": ("value_low", "value"),
    "ci_upper": ("value_high", "value"),
}


@dataclass(frozen=True)
class PrintedFigure:
    """A number as printed, the places after its point, and the quantity that holds it."""

    value: float
    decimals: int
    quantity_id: str
    token: str = ""

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
        return self.value - self.unit / 2 - _SLACK

    @property
    def high(self) -> float:
        """Largest value that rounds to the figure."""
        return self.value + self.unit / 2 + _SLACK

    def interval(self, wide: bool = False) -> tuple[float, float]:
        """Return the rounding interval; `wide` allows digits cut off or rounded up as well."""
        room = self.unit + _SLACK
        return (self.value - room, self.value + room) if wide else (self.low, self.high)


@dataclass(frozen=True)
class Group:
    """A printed mean and SD."""

    mean: PrintedFigure
    sd: PrintedFigure

    def __str__(self) -> str:
        return f"{self.mean} ± {self.sd}"


def missing(value: Any) -> bool:
    """Return whether a table's cell is empty."""
    return value is None or value is pd.NA or value != value or value == ""


def tidy(value: float) -> str:
    """Return a number for a sentence: no trailing zeros, four significant digits at most below a thousand."""
    return f"{value:.0f}" if abs(value) >= 1000 and float(value).is_integer() else f"{value:.4g}"


def tidy_week(weeks: float) -> str:
    """Return a week for a sentence: a month is no whole number of them, and a tenth says enough."""
    return tidy(round(weeks, 1))


def decimals_of(token: str, value: float) -> int:
    """Return the places after the point with which a token prints a value.

    Parameters
    ----------
    token : str
        The printed token, such as `80 ± 10` or `0.021`.
    value : float
        The number looked for in it.

    Returns
    -------
    int
        Places after the point; 0 when the token prints the number as a word or on another scale.

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
    """All that the tables say of one study.

    Attributes
    ----------
    study : dict
        Its row of `studies`, missing values as None, with `status`, `access`, `has_results` of its sources.
    arms, outcomes, quantities, results, adverse_events, statements, registry_versions : pandas.DataFrame
        Its rows of those tables; `results` with the column `figures` (mean=quantity;sd=quantity) where known.
    contrasts : pandas.DataFrame
        Its rows of `reported_contrasts`: two arms compared, as printed.
    comparators : pandas.DataFrame
        The table `comparators`, whole: what arms of other treatments show.
    documents : dict
        From source to the file name of its document, for locators.
    """

    study: dict[str, Any]
    arms: pd.DataFrame
    outcomes: pd.DataFrame
    quantities: pd.DataFrame
    results: pd.DataFrame
    adverse_events: pd.DataFrame
    statements: pd.DataFrame
    registry_versions: pd.DataFrame
    contrasts: pd.DataFrame
    comparators: pd.DataFrame
    documents: dict[str, str]

    @classmethod
    def from_tables(cls, tables: Mapping[str, pd.DataFrame], study_id: str) -> StudyEvidence:
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
        rows = {name: _of_study(tables, name, study_id) for name in (*_TABLES, "studies", "sources")}
        if rows["studies"].empty:
            raise KeyError(f"no study {study_id!r} in the table studies")
        reported = tables.get("reported_results")
        if reported is not None and {"figures", "result_id"} <= set(reported):
            figures = reported.drop_duplicates("result_id").set_index("result_id")["figures"]
            rows["results"]["figures"] = rows["results"]["result_id"].map(figures)
        stated = rows["studies"].iloc[0].items()
        study: dict[str, Any] = {str(name): None if missing(value) else value for name, value in stated}
        sources = rows["sources"].sort_values("source_id")
        study["has_results"] = bool(sources["has_results"].fillna(False).any()) or not rows["results"].empty
        study |= {name: "; ".join(sources[name].dropna()) for name in ("status", "access")}
        named = sources[sources["document"].notna()]
        return cls(
            study=study,
            **{name: rows[name] for name in _TABLES},
            contrasts=_of_study(tables, "reported_contrasts", study_id),
            comparators=as_frame("comparators", tables.get("comparators", [])),
            documents=dict(zip(named["source_id"], named["document"], strict=True)),
        )

    @property
    def study_id(self) -> str:
        """Name of the study."""
        return str(self.study["study_id"])

    def count(self, *columns: str) -> int | None:
        """Return the first stated number of participants among columns of `studies`."""
        stated = (self.study.get(column) for column in columns)
        return next((int(value) for value in stated if value is not None), None)

    def people(self, n: Any = None) -> int | None:
        """Return a stated number of people, or else that of the study: analysed, or enrolled."""
        return self.count("n_analysed", "n_enrolled") if missing(n) else int(n)

    def size(self, row: Any) -> int | None:
        """Return the people of a result's group as stated: its own, or those of its arm."""
        arms = self.arms.loc[self.arms["arm_id"] == row.arm_id, "n"].dropna()
        return int(row.n) if not missing(row.n) else int(arms.iloc[0]) if len(arms) else None

    def compared(self, contrast: Any, kind: str, against: str = "") -> tuple[Any, Any] | None:
        """Return the results, of one kind, of both arms of a contrast, or of a result and another arm."""
        place = {"kind": kind, "concept": contrast.concept, "site": contrast.site}
        if not missing(contrast.timepoint_weeks):
            place["timepoint_weeks"] = contrast.timepoint_weeks
        rows = [
            self.results_where(**place, arm_id=arm) for arm in (contrast.arm_id, against or contrast.against)
        ]
        return (rows[0][0], rows[1][0]) if all(len(found) == 1 for found in rows) else None

    def statements_on(self, topic: str, about: str | None = None) -> list[Any]:
        """Return the statements on a topic, as named tuples in the order of the text."""
        return [row for row in self._by_topic.get(topic, ()) if about is None or row.about == about]

    def by_matter(self, topic: str) -> dict[str, list[Any]]:
        """Return the statements on a topic by what they are about, in the order of the text."""
        matters: dict[str, list[Any]] = {}
        for row in self.statements_on(topic):
            matters.setdefault("" if missing(row.about) else str(row.about), []).append(row)
        return matters

    def quantities_of(
        self, role: str | Iterable[str] = (), concept: str | None = None, kind: str | Iterable[str] = ()
    ) -> list[Any]:
        """Return quantities, as named tuples in the order of the text.

        Parameters
        ----------
        role, kind : str or iterable of str
            Roles and kinds; when left out, all roles but `cited`, and all kinds.
        concept : str, optional
            Concept.
        """
        roles, kinds = ([names] if isinstance(names, str) else list(names) for names in (role, kind))
        return [
            row
            for row in self._in_order
            if (row.role in roles if roles else row.role != "cited")
            and (not concept or row.concept == concept)
            and (not kinds or row.kind in kinds)
        ]

    def results_where(self, **wanted: Any) -> list[Any]:
        """Return the results, as named tuples by name, whose columns equal the given values."""

        def fits(row: Any) -> bool:
            cells = ((getattr(row, column), value) for column, value in wanted.items())
            return all(not missing(cell) and cell == value for cell, value in cells)

        return [row for row in self._result_rows if fits(row)]

    def figure(self, result: Any, name: str) -> PrintedFigure | None:
        """Return the printed number behind a figure of a result row; None when it is not there."""
        stated: Any = getattr(result, name, None)
        if missing(stated):
            return None
        pairs = [pair.partition("=") for pair in split_ids(getattr(result, "figures", None))]
        named = [quantity for figure, _, quantity in pairs if figure == name]
        names = named or split_ids(result.quantity_ids)
        rows = [self.quantity[known] for known in names if known in self.quantity]
        for part in _PARTS.get(name, ("value", "value_low")):
            for row in rows:
                value = getattr(row, part)
                if not missing(value) and (named or _equal(float(value), float(stated), name)):
                    places = decimals_of(row.printed, value)
                    return PrintedFigure(float(value), places, row.quantity_id, row.printed)
        return None

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
        for name in names:
            row = self.quantity.get(name, self._statement.get(name))
            if row is not None and not missing(row.line):
                section = "" if missing(row.section) else f" ({row.section})"
                document = self.documents.get(row.source_id, row.source_id)
                places.append(f"{document}, line {int(row.line)}{section}")
        return "; ".join(dict.fromkeys(places)) or WHOLE_DOCUMENT

    @cached_property
    def contrast_rows(self) -> list[Any]:
        """Two arms compared, as named tuples."""
        return each_row(self.contrasts)

    @cached_property
    def _by_topic(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for row in each_row(self.statements.sort_values(["line", "statement_id"])):
            found.setdefault(row.topic, []).append(row)
        return found

    @cached_property
    def _result_rows(self) -> list[Any]:
        return each_row(self.results.sort_values("result_id"))

    @cached_property
    def _in_order(self) -> list[Any]:
        order = ["source_id", "line", "char_start", "quantity_id"]
        return each_row(self.quantities.sort_values(order, na_position="last"))

    @cached_property
    def quantity(self) -> dict[str, Any]:
        """Quantities by name."""
        return {row.quantity_id: row for row in self._in_order}

    @cached_property
    def _statement(self) -> dict[str, Any]:
        return {row.statement_id: row for row in each_row(self.statements)}


def _of_study(tables: Mapping[str, pd.DataFrame], name: str, study_id: str) -> pd.DataFrame:
    frame = as_frame(name, tables.get(name, []))
    return frame[frame["study_id"] == study_id].reset_index(drop=True)


def _equal(printed: float, clean: float, name: str) -> bool:
    """Return whether a cleaned number is the printed one: as it is or, no p value, as a share of 1."""
    scales = (1,) if name == "p_value" else (1, 100)
    return any(abs(printed - clean * scale) <= 1e-9 * max(1, abs(printed)) for scale in scales)


def name_of(source: Any) -> str:
    """Return the name of a printed figure, a quantity or a statement; a name is its own."""
    return str(getattr(source, "quantity_id", None) or getattr(source, "statement_id", source))


def listed_ids(rows: pd.DataFrame) -> tuple[str, ...]:
    """Return the quantities that rows of a table name, in order."""
    return tuple(name for ids in rows["quantity_ids"].dropna() for name in split_ids(ids))


def each_row(frame: pd.DataFrame) -> list[Any]:
    """Return the rows of a table as named tuples."""
    # As itertuples, which takes four times as long for a table of ten rows and many columns.
    columns = (column for _, column in frame.items())
    return list(map(_row_of(tuple(frame.columns))._make, zip(frame.index, *columns, strict=True)))


@lru_cache
def _row_of(columns: tuple[str, ...]) -> Any:
    return namedtuple("Row", ("Index", *columns), rename=True)  # noqa: PYI024  (columns known at run time)


def each_outcome(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each outcome, by name, with its rows of a table."""
    for concept, rows in frame.groupby("concept", sort=True):
        yield str(concept), rows


def quantity_weeks(quantity: Any) -> float | None:
    """Return the time that a quantity states, in weeks; None when it is no single time."""
    value = None if missing(quantity.value) else float(quantity.value)
    stated = in_weeks(value, None if missing(quantity.unit) else quantity.unit)
    return stated if stated is not None else weeks(str(quantity.printed))
