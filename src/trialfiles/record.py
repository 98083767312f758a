"""What every reader gives: a `SourceRecord`, or a `SourceError` that says why it cannot."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from html import escape
from typing import Any

Row = dict[str, Any]  # of a table: columns and their values


def _rows(table: bool = True) -> Any:
    return dataclasses.field(default_factory=list, metadata={"table": table})


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a file: where, what, and what to do.

    `stops` tells whether a run has to stop for it; a source of another kind than a study sheet is refused
    alone, and the rest is read.
    """

    file: str
    line: int | None
    field: str
    problem: str
    remedy: str
    stops: bool = dataclasses.field(default=True, compare=False)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        subject = f" {self.field}:" if self.field else ""
        return f"{place}:{subject} {self.problem}. Remedy: {self.remedy}."


@dataclass(repr=False)
class SourceRecord:
    """Rows read from one source, as plain dictionaries.

    The first lists have the columns of the tables that are made of them. `results` and `adverse_events` hold
    values as printed; `reviewer_discrepancies`, `reader_judgements` and `reviewer_answers` come from persons,
    `registry_versions` from several versions of one record (`versions`).

    `registered` holds a register's other facts; `flow`, `baseline`, `analyses`, `posted_outcomes` and
    `event_totals` what registers post; `tables` and `sections` come from articles, `references` from lists of
    references, `effects` from reviews. `unread` says what of the file stands in no record.
    """

    sources: list[Row] = _rows()
    studies: list[Row] = _rows()
    arms: list[Row] = _rows()
    outcomes: list[Row] = _rows()
    results: list[Row] = _rows()
    adverse_events: list[Row] = _rows()
    contrasts: list[Row] = _rows()
    quantities: list[Row] = _rows()
    statements: list[Row] = _rows()
    reviewer_discrepancies: list[Row] = _rows()
    reader_judgements: list[Row] = _rows()
    reviewer_answers: list[Row] = _rows()
    registry_versions: list[Row] = _rows()
    registered: list[Row] = _rows(table=False)
    flow: list[Row] = _rows(table=False)
    baseline: list[Row] = _rows(table=False)
    analyses: list[Row] = _rows(table=False)
    posted_outcomes: list[Row] = _rows(table=False)
    event_totals: list[Row] = _rows(table=False)
    tables: list[Row] = _rows(table=False)
    sections: list[Row] = _rows(table=False)
    references: list[Row] = _rows(table=False)
    effects: list[Row] = _rows(table=False)
    unread: list[Problem] = _rows(table=False)

    def table_rows(self) -> dict[str, list[Row]]:
        """Return the lists that tables are made of, by the table's name."""
        return {
            one.name: getattr(self, one.name) for one in dataclasses.fields(self) if one.metadata["table"]
        }

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(rows)} {name}" for name, rows in vars(self).items() if rows)
        names = ", ".join(str(row.get("source_id")) for row in self.sources)
        return f"SourceRecord({names}: {counts})"

    def _repr_html_(self) -> str:
        names = ", ".join(str(row.get("source_id")) for row in self.sources) or "no source"
        titles = "; ".join(str(row["title"]) for row in self.studies if row.get("title"))
        pairs: Row = {"title": titles} if titles else {}
        pairs |= {name: len(rows) for name, rows in self.table_rows().items() if rows}
        left = 'style="text-align:left"'
        body = "".join(
            f'<tr><th scope="row" {left}>{escape(name)}</th><td {left}>{escape(str(value))}</td></tr>'
            for name, value in pairs.items()
        )
        return f"<table><caption>Source record: {escape(names)}</caption><tbody>{body}</tbody></table>"


def stated_source(name: str, form: str, tier: str = "core", **known: Any) -> Row:
    """Return a row of `sources` of a file that states one study, named as the study."""
    return {"source_id": name, "study_id": name, "tier": tier, "format": form} | known


class SourceError(ValueError):
    """A source that cannot be read; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: list[Problem] | Problem):
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def _render_traceback_(self) -> list[str]:
        """Show the problems alone in a notebook: the reader needs the remedy, not our stack."""
        return [f"SourceError: {self}"]


def refusal(path: Any, line: int | None, field: str, problem: str, remedy: str) -> SourceError:
    """Return the error of one problem in a file."""
    return SourceError(Problem(str(path), line, field, problem, remedy))
