"""One study's rows, as the consistency rules and the certainty read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from helpers.appraisal.printed_figure import PrintedFigure, decimals_of, missing
from helpers.sources import in_weeks, weeks
from helpers.tables import as_frame, split_ids

_TABLES = ("arms", "outcomes", "quantities", "results", "adverse_events", "statements")
# Parts of a quantity in which a result's figure is looked for, the likeliest first.
_PARTS = {
    "sd": ("sd", "value"),
    "minimum": ("value_low", "value"),
    "q1": ("value_low", "value"),
    "maximum": ("value_high", "value"),
    "q3": ("value_high", "value"),
}


@dataclass(frozen=True)
class StudyEvidence:
    """All that the tables say of one study.

    Attributes
    ----------
    study : dict
        Its row of `studies`, missing values as None; `status`, `access` and `has_results` of its sources
        beside it.
    arms, outcomes, quantities, results, adverse_events, statements : pandas.DataFrame
        Its rows of those tables; `results` with the column `figures` (mean=quantity;sd=quantity) where known.
    documents : dict
        From source to the file name of its document, for locators.
    comparators : pandas.DataFrame
        The table `comparators`, whole: what arms of other treatments show.

    """

    study: dict[str, Any]
    arms: pd.DataFrame
    outcomes: pd.DataFrame
    quantities: pd.DataFrame
    results: pd.DataFrame
    adverse_events: pd.DataFrame
    documents: dict[str, str] = field(default_factory=dict)
    statements: pd.DataFrame = field(default_factory=lambda: as_frame("statements", []))
    comparators: pd.DataFrame = field(default_factory=lambda: as_frame("comparators", []))

    @classmethod
    def from_tables(
        cls, tables: Mapping[str, pd.DataFrame], study_id: str, documents: Mapping[str, str] | None = None
    ) -> StudyEvidence:
        """Return a study's evidence.

        Parameters
        ----------
        tables : mapping of str to pandas.DataFrame
            At least `studies`; absent tables count as empty. `reported_results` tells which figure of a
            result stands in which quantity, `sources` names the documents.
        study_id : str
            The study.
        documents : mapping of str to str, optional
            Document file name by source; taken from `sources` when left out.

        Raises
        ------
        KeyError
            When `studies` has no such study.

        """
        rows = {name: _of_study(tables, name, study_id) for name in (*_TABLES, "studies", "sources")}
        if rows["studies"].empty:
            raise KeyError(f"no study {study_id!r} in the table studies")
        reported = tables.get("reported_results")
        if reported is not None and "figures" in reported and "result_id" in reported:
            known = reported.drop_duplicates("result_id").set_index("result_id")["figures"]
            rows["results"]["figures"] = rows["results"]["result_id"].map(known)
        study = {name: None if missing(value) else value for name, value in rows["studies"].iloc[0].items()}
        sources = rows["sources"].sort_values("source_id")
        study["has_results"] = bool(sources["has_results"].fillna(False).any()) or not rows["results"].empty
        study |= {name: "; ".join(sources[name].dropna()) for name in ("status", "access")}
        named = (
            dict(zip(sources["source_id"], sources["document"], strict=True))
            if documents is None
            else documents
        )
        named = {source: name for source, name in named.items() if not missing(name)}
        beside = as_frame("comparators", tables.get("comparators", []))
        own = {name: rows[name] for name in _TABLES}
        return cls(study=study, documents=named, comparators=beside, **own)

    @property
    def study_id(self) -> str:
        """Name of the study."""
        return str(self.study["study_id"])

    def said(self, topic: str, about: str | None = None) -> list[Any]:
        """Return the statements on a topic, as named tuples in the order of the text."""
        chosen = self._by_topic.get(topic, ())
        return [row for row in chosen if about is None or row.about == about]

    def count(self, *columns: str) -> int | None:
        """Return the first stated number of participants among columns of `studies`."""
        stated = [self.study.get(column) for column in columns]
        return next((int(value) for value in stated if not missing(value)), None)

    def figures(
        self, role: Iterable[str] = (), concept: str | None = None, kind: Iterable[str] = ()
    ) -> pd.DataFrame:
        """Return the quantities of given roles, concept and kinds, in the order of the text."""
        rows, role, kind = self._in_order, tuple(role), tuple(kind)
        chosen = rows["role"].isin(role) if role else rows["role"] != "cited"
        chosen = chosen & (rows["concept"] == concept) if concept else chosen
        return rows[(chosen & rows["kind"].isin(kind)) if kind else chosen]

    def figure(self, result: Any, name: str) -> PrintedFigure | None:
        """Return the printed number behind a figure of a result row; None when it is not there."""
        stated = getattr(result, name, None)
        if missing(stated):
            return None
        pairs = [pair.partition("=") for pair in split_ids(getattr(result, "figures", None))]
        named = [quantity for figure, _, quantity in pairs if figure == name]
        rows = [
            self._printed[known]
            for known in named or split_ids(result.quantity_ids)
            if known in self._printed
        ]
        for part in _PARTS.get(name, ("value", "value_low")):
            for row in rows:
                value = getattr(row, part)
                if not missing(value) and (named or _equal(float(value), float(stated))):
                    places = decimals_of(row.printed, value)
                    return PrintedFigure(float(value), places, row.quantity_id, row.printed)
        return None

    def observed(self, **wanted: Any) -> list[Any]:
        """Return the result rows, as named tuples in order, whose columns equal the given values."""
        return [
            row
            for row in self._observed
            if all(
                not missing(cell := getattr(row, column)) and cell == value
                for column, value in wanted.items()
            )
        ]

    @cached_property
    def _by_topic(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for row in self.statements.sort_values(["line", "statement_id"]).itertuples():
            found.setdefault(row.topic, []).append(row)
        return found

    @cached_property
    def _observed(self) -> list[Any]:
        return list(self.results.sort_values("result_id").itertuples())

    @cached_property
    def _in_order(self) -> pd.DataFrame:
        return self.quantities.sort_values(
            ["source_id", "line", "char_start", "quantity_id"], na_position="last"
        )

    @cached_property
    def _printed(self) -> dict[str, Any]:
        return {row.quantity_id: row for row in self.quantities.itertuples()}

    @cached_property
    def _said(self) -> dict[str, Any]:
        return {row.statement_id: row for row in self.statements.itertuples()}

    def locators(self, names: Iterable[str]) -> str:
        """Return where quantities or statements stand: `document, line N (section)`, joined by `; `."""
        places = []
        for name in names:
            row = self._printed.get(name, self._said.get(name))
            if row is not None and not missing(row.line):
                section = "" if missing(row.section) else f" ({row.section})"
                document = self.documents.get(row.source_id, row.source_id)
                places.append(f"{document}, line {int(row.line)}{section}")
        return "; ".join(dict.fromkeys(places)) or "whole document"


def _equal(printed: float, clean: float) -> bool:
    """Return whether a cleaned number is the printed one, as it is or as a share of 1."""
    return any(abs(printed - clean * scale) <= 1e-9 * max(1, abs(printed)) for scale in (1, 100))


def place_words(quantity: Any) -> str:
    """Return where a figure stands, short: its section, its line, or what was read of a text not at hand."""
    if not missing(quantity.section):
        return str(quantity.section)
    if not missing(quantity.line):
        return f"line {int(quantity.line)}"
    seen = getattr(quantity, "access", None)
    return "place not stated" if missing(seen) else str(seen)


def quantity_weeks(quantity: Any) -> float | None:
    """Return the time that a quantity states, in weeks; None when it is no single time."""
    value = None if missing(quantity.value) else float(quantity.value)
    stated = in_weeks(value, None if missing(quantity.unit) else quantity.unit)
    return stated if stated is not None else weeks(str(quantity.printed))


def _of_study(tables: Mapping[str, pd.DataFrame], name: str, study_id: str) -> pd.DataFrame:
    frame = tables.get(name)
    frame = as_frame(name, [] if frame is None else frame)
    return frame[frame["study_id"] == study_id].reset_index(drop=True)
