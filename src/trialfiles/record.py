"""What every reader gives: a `SourceRecord`, or a `SourceError` that says why it cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from html import escape
from typing import Any

Row = dict[str, Any]  # of a table: column and value

Row = dict[str, Any]
PHONE_BLANK = "[ \u00a0]?"  # an address stands on one line: what ends one cell and begins the next is none
EMAIL = re.compile(
    rf"[\w.+-]+{PHONE_BLANK}(?:@|\(at\)|\[at\]){PHONE_BLANK}[\w-]+(?:{PHONE_BLANK}(?:\.|\[dot\]|\(dot\)){PHONE_BLANK}[\w-]+)*\.?[A-Za-z]{{2,}}"
)
# +49 30 1234567 or 0098 21 88665000: a country code, then groups. A decimal point ends a candidate, and so
# does a letter before or after, so that hashes, registrations and offsets are none.
ABROAD = re.compile(r"(?<![\w.+])(?:\+\s?|00)[1-9]\d{0,3}(?:[ \u00a0/-]?\(?\d{1,12}\)?){1,7}(?![\w]|\.\d)")
DOTTED = re.compile(r"(?<![\w.+])\+[1-9]\d{0,2}(?:\.\d{1,4}){4,5}(?![\w.])")
ANNOUNCED = re.compile(
    r"\b(?:tel|phone|telephone|fax|mobile|whatsapp)\b[.:\s]{1,3}(\(?[+\d][\d\s()./-]{6,}\d)", re.I
)


def contact_details(text: str) -> list[str]:
    """Return e-mail addresses and international phone numbers found in a text."""
    found = [match.group() for match in EMAIL.finditer(text)]
    found += [match.group() for match in ABROAD.finditer(text) if _dialled(match.group())]
    found += [match.group() for match in DOTTED.finditer(text)]
    found += [match.group(1) for match in ANNOUNCED.finditer(text) if _dialled(match.group(1))]
    return list(dict.fromkeys(found))


def _dialled(text: str) -> bool:
    """Return whether a candidate has as many digits as a phone number and is no list of measurements."""
    digits = re.sub(r"\D", "", text)
    longest = max(len(part) for part in re.findall(r"\d+", text))
    return 9 <= len(digits) <= 16 and (longest >= 4 or text.count(" ") + text.count("-") >= 3)


class _Beside:
    """Lists that no table is made of; they lie in slots, so that `vars` of a record is its tables' rows."""

    __slots__ = (
        "registered", "flow", "baseline", "analyses", "posted_outcomes", "event_totals", "tables", "sections",
        "references", "effects",
    )  # fmt: skip


@dataclass(init=False)
class SourceRecord(_Beside):
    """Rows read from one source, as plain dictionaries with the column names of the tables.

    `results` and `adverse_events` hold values as printed; `helpers.cleaning` brings them to one unit.
    `reader_findings` and `reader_judgements` come from study sheets only.

    Beside the tables' rows: `registered` holds a register's other facts; `flow`, `baseline`, `analyses`,
    `posted_outcomes` and `event_totals` what registers post; `tables` and `sections` come from articles,
    `references` from lists of references, `effects` from reviews.
    """

    sources: list[Row] = field(default_factory=list)
    studies: list[Row] = field(default_factory=list)
    arms: list[Row] = field(default_factory=list)
    outcomes: list[Row] = field(default_factory=list)
    results: list[Row] = field(default_factory=list)
    adverse_events: list[Row] = field(default_factory=list)
    contrasts: list[Row] = field(default_factory=list)
    quantities: list[Row] = field(default_factory=list)
    statements: list[Row] = field(default_factory=list)
    reader_findings: list[Row] = field(default_factory=list)
    reader_judgements: list[Row] = field(default_factory=list)

    def __init__(self, **rows: list[Row]):
        for name in (*_ROWS, *_Beside.__slots__):
            setattr(self, name, rows.pop(name, None) or [])
        if rows:
            raise TypeError(f"no list of a record is called {', '.join(rows)}")

    def __repr__(self) -> str:
        lists = vars(self) | {name: getattr(self, name) for name in _Beside.__slots__}
        counts = ", ".join(f"{len(rows)} {name}" for name, rows in lists.items() if rows)
        names = ", ".join(str(row.get("source_id")) for row in self.sources)
        return f"SourceRecord({names}: {counts})"

    def _repr_html_(self) -> str:
        names = ", ".join(str(row.get("source_id")) for row in self.sources) or "no source"
        titles = "; ".join(str(row["title"]) for row in self.studies if row.get("title"))
        counts = {name: len(rows) for name, rows in vars(self).items() if rows}
        return _table_html(f"Source record: {names}", ({"title": titles} if titles else {}) | counts)


def _table_html(title: str, pairs: Mapping[str, Any]) -> str:
    left = 'style="text-align:left"'
    rows = "".join(
        f'<tr><th scope="row" {left}>{escape(name)}</th><td {left}>{escape(str(value))}</td></tr>'
        for name, value in pairs.items()
    )
    return f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>"


_ROWS = tuple(column.name for column in fields(SourceRecord))


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
    stops: bool = field(default=True, compare=False)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        subject = f" {self.field}:" if self.field else ""
        return f"{place}:{subject} {self.problem}. Remedy: {self.remedy}."


class SourceError(ValueError):
    """A source that cannot be read; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: list[Problem] | Problem):
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def _render_traceback_(self) -> list[str]:
        """Show the problems alone in a notebook: the reader needs the remedy, not our stack."""
        return [f"SourceError: {self}"]
