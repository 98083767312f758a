"""Context from the raw folder: tables beside the sheets, facts of the review, overrides of certainty."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from helpers.sheets import SHEET_WORDS
from helpers.sheets.model import Block, OneOf
from helpers.sheets.read import read_stated
from helpers.tables import TABLES
from helpers.tables.vocabulary import OUTCOME_CONCEPTS
from notebookpress.schema import MISSING, Column, RowsError
from notebookpress.tables import records
from trialfiles.record import Problem, Row, SourceError, refusal
from trialfiles.text import contact_details, csv_rows, invisible

# table -> files under the raw folder; several files of one table are read as one
CONTEXT_FILES: dict[str, str] = SHEET_WORDS["context_files"]
_WORDS = {"yes": True, "no": False}
_NUMBERS: dict[str, tuple[str, Callable[[str], float], str]] = {
    "integer": (r"-?\d+", int, "whole number"),
    "number": (r"-?\d+(\.\d+)?", float, "number"),
}
_CODES = ("doi", "address", "identifier", "record_id", "record")


def compared_studies(raw: Path) -> set[str]:
    """Return the studies of comparators, which a run may leave out as those with a sheet."""
    files = raw.glob(CONTEXT_FILES["comparators"])
    return {row.get("study_id") or "" for file in files for _, row in csv_rows(file)[1]}


def read_context(raw: str | Path) -> dict[str, list[Row]]:
    """Return the rows of every table beside the sheets: those of `CONTEXT_FILES`, and the searches.

    A table without a file is empty. Values are as printed, in the printed unit; empty cells are None.

    Raises
    ------
    SourceError
        With everything that is wrong in any of the files.
    """
    rows: dict[str, list[Row]] = {}
    problems: list[Problem] = []
    for table, pattern in CONTEXT_FILES.items():
        rows[table], names = [], set[str]()
        for path in sorted(Path(raw).glob(pattern)):
            try:
                rows[table] += read_rows_of(path, table, names)
            except SourceError as error:
                problems += error.problems
    known = {path for pattern in CONTEXT_FILES.values() for path in Path(raw).glob(pattern)}
    remedy = "name it " + ", ".join(pattern for pattern in CONTEXT_FILES.values() if "/" in pattern)
    for path in sorted(set(Path(raw).glob("comparators/*.csv")) - known):
        problems.append(Problem(str(path), None, "", "no table has this name", remedy))
    if problems:
        raise SourceError(problems)
    rows["searches"] = [
        {"search_id": f"search-{number}", "date": search.on, "note": search.how}
        | {name: getattr(search, name) for name in ("extent", "where", "what")}
        for number, search in enumerate(read_review_facts(raw).searches, 1)
    ]
    return rows


def read_rows_of(path: Path, table: str, known: set[str]) -> list[Row]:
    """Return the rows of a file of a table: its header, every cell and every row are held against the schema.

    Names in `known` may not stand again; the file's own join them. Errors as in `read_context`.
    """
    columns = TABLES[table].columns
    header, cells = csv_rows(path)
    wrong = {
        "missing column": [name for name in columns if name not in header],
        "unknown column": sorted(map(str, header - set(columns))),
    }
    remedy = "the first line is: " + ",".join(columns)
    problems = [
        Problem(str(path), 1, ", ".join(names), problem, remedy) for problem, names in wrong.items() if names
    ]
    if problems:
        raise SourceError(problems)
    rows: list[Row] = []
    for line, row in cells:
        if None in row or None in row.values():
            remedy = "quote texts that hold a comma"
            problems.append(Problem(str(path), line, "", "too many or too few columns", remedy))
            continue
        given = {name: _cell(name, row[name].strip(), column) for name, column in columns.items()}
        problems += [Problem(str(path), line, name, *fault) for name, (_, fault) in given.items() if fault]
        rows.append({name: value for name, (value, _) in given.items()})
        key = TABLES[table].keys[0]
        if (name := rows[-1][key]) in known:
            remedy = "give each its own name"
            problems.append(Problem(str(path), line, key, f"{name!r} stands twice", remedy))
        known.add(name)
    if not problems:
        problems = _row_problems(path, table, rows, [line for line, _ in cells])
    if problems:
        raise SourceError(list(dict.fromkeys(problems)))
    return rows


def _cell(name: str, text: str, column: Column) -> tuple[Any, tuple[str, str] | None]:
    """Return a cell as its column's type, or what is wrong with it and the remedy; an empty one is None."""
    if not text:
        return None, None
    if name not in _CODES and contact_details(text):  # a DOI may look like a telephone number
        return None, ("an e-mail address or telephone number", "leave it out")
    if char := invisible(text):
        return None, (f"a character that nobody sees ({char})", "delete it")
    if name == "date" and not re.fullmatch(r"\d{4}-\d\d(-\d\d)?", text):
        return None, (f"{text!r} is no ISO date", "write it like 2026-11")
    if column.type == "boolean":
        wrong = (f"{text!r} is neither yes nor no", "write yes or no")
        return _WORDS.get(text), None if text in _WORDS else wrong
    if column.type not in _NUMBERS:
        return text, None
    pattern, number, words = _NUMBERS[column.type]
    if re.fullmatch(pattern, text):
        return number(text), None
    return None, (f"{text!r} is no {words}", "write the number that is printed, or nothing")


def _row_problems(path: Path, table: str, rows: list[Row], lines: list[int]) -> list[Problem]:
    """Return where rows break their schema or, when none does, what a row must keep beyond its columns."""
    try:
        frame = TABLES[table].conform(pd.DataFrame(rows, columns=list(TABLES[table].columns)))
    except RowsError as error:
        remedy = f"mend the row; the page Data explains the table {table}"
        return [
            Problem(str(path), None if row is None else lines[row], column,
                    "missing" if rule == MISSING else f"{value!r} is not {rule}", remedy)
            for row, column, value, rule in error.failures
        ]  # fmt: skip
    return [
        Problem(str(path), lines[row], "", words, "mend the row")
        for rule, words in SHEET_WORDS["row_rules"].get(table, {}).items()
        for row in frame.query(f"not ({rule})", engine="python").index
    ]


RETRACTIONS_FILE = "retractions.csv"
_NOTICE = {"nature": "RetractionNature", "reason": "Reason", "date": "RetractionDate", "doi": "RetractionDOI"}


def read_retractions(raw: str | Path, sources: list[Row]) -> list[Row]:
    """Return the rows of `retractions`, from `retractions.csv` in the form of the Retraction Watch data.

    A study without a DOI cannot be looked up and has no row; without a file there is none. A file that lacks
    a column is a `SourceError`.
    """
    path = Path(raw) / RETRACTIONS_FILE
    if not path.is_file():
        return []
    notices = pd.read_csv(path, dtype="string", keep_default_na=False, encoding="utf-8-sig")
    if lacking := {"OriginalPaperDOI", *_NOTICE.values()} - set(notices):
        remedy = "export the list with the columns of the Retraction Watch data"
        raise SourceError(Problem(str(path), 1, "", f"no column {', '.join(sorted(lacking))}", remedy))
    notices = notices.rename(columns={column: name for name, column in _NOTICE.items()}).replace("", None)
    stated = pd.DataFrame(sources, columns=["study_id", "doi"]).dropna()
    stated["of"] = stated.pop("doi").astype("string").str.lower()
    found = stated.merge(
        notices.assign(of=notices["OriginalPaperDOI"].str.strip().str.lower()), "left", on="of"
    )
    numbers = found.groupby("study_id").cumcount() + found["nature"].notna()
    found = found.assign(notice_id=numbers.astype(str), nature=found["nature"].fillna("none"))
    return records(found[["study_id", "notice_id", *_NOTICE]])


_DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
_Day = Annotated[
    str,
    StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$"),
    AfterValidator(lambda text: text if pd.Timestamp(text) else text),  # refuses a day that no month has
]
_Words = Annotated[str, StringConstraints(min_length=1)]


class Override(Block):
    """One domain's levels down for one outcome in one tier, as a person judges them."""

    concept: Annotated[str, OneOf(tuple(OUTCOME_CONCEPTS))]
    evidence: Annotated[str, OneOf(("core", "published"))]
    domain: Annotated[str, OneOf(_DOMAINS)]
    steps: Annotated[int, Field(ge=0, le=3)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=1000)]
    by: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class Overrides(BaseModel):
    """What `certainty_overrides.yaml` states."""

    overrides: list[Override]


def read_certainty_overrides(raw: str | Path) -> list[Row]:
    """Return the overrides of `certainty_overrides.yaml`; an empty list when there is no such file.

    Raises
    ------
    SourceError
        With everything that is wrong: no list, an unknown outcome, tier or domain, steps other than 0 to
        3, a missing reason, the same domain twice.
    """
    path = Path(raw) / "certainty_overrides.yaml"
    if not path.is_file():
        return []
    remedy = "write 'overrides:' and below it a list, each with " + ", ".join(Override.model_fields)
    stated, lines = read_stated(path, Overrides, remedy)
    rows: dict[tuple[str, ...], Row] = {}
    for place, one in enumerate(stated.overrides):
        key = (one.evidence, one.concept, one.domain)
        if key in rows:
            where, problem = lines.get(("overrides", place)), f"{'/'.join(key)} stands twice"
            raise refusal(path, where, f"overrides[{place}]", problem, "keep one of them")
        rows[key] = one.model_dump() | {"override_id": ".".join(key)}
    return list(rows.values())


EXTENTS = ("systematic", "broad", "single records")  # of a search


class Search(BaseModel, extra="forbid", frozen=True, coerce_numbers_to_str=True):
    """A search: the day, month or year, how far it went, where, what for, how."""

    on: _Day
    extent: Annotated[str, OneOf(EXTENTS)]
    where: _Words
    what: _Words
    how: _Words | None = None


class Notice(BaseModel, extra="forbid", frozen=True, coerce_numbers_to_str=True):
    """What an authority says of the treatment: who, when, where it stands, and how it was read."""

    who: _Words
    on: _Day
    says: _Words
    address: Annotated[str, StringConstraints(pattern=r"^https://\S+$")]


class Updates(BaseModel, extra="forbid", frozen=True):
    """How the review is kept up: months between searches, what starts and ends it, and who."""

    every_months: Annotated[int, Field(ge=1, le=60)]
    trigger: _Words
    read_again: _Words
    retire: _Words
    who: _Words


class VersionNote(BaseModel, extra="forbid", frozen=True, coerce_numbers_to_str=True):
    """What a person says of a version: what led to it, and what changed in question and methods."""

    version: _Words
    trigger: _Words
    question: str | None = None
    methods: str | None = None
    who: _Words


class ReviewFacts(BaseModel, extra="forbid", frozen=True):
    """What `review.yaml` states; a field that it leaves out is missing, never guessed."""

    status: Annotated[str, OneOf(("living", "retired"))] | None = None
    searches: tuple[Search, ...] = ()
    gaps: tuple[_Words, ...] = ()
    protocol: str | None = None
    updates: Updates | None = None
    versions: tuple[VersionNote, ...] = ()
    regulation: tuple[Notice, ...] = ()

    @property
    def last_search(self) -> Search | None:
        """The latest search for studies; one of single records is none."""
        own = [search for search in self.searches if search.extent != EXTENTS[-1]]
        return max(own, key=lambda search: search.on, default=None)

    @property
    def due(self) -> date | None:
        """The day on which the next search is due, counted from the first day of a month without one."""
        if self.updates is None or self.last_search is None or self.status == "retired":
            return None
        months = pd.DateOffset(months=self.updates.every_months)
        return (pd.Timestamp(self.last_search.on) + months).date()


def last_search(searches: pd.DataFrame | None) -> str | None:
    """Return the latest date of a search for studies, as precise as it is stated; data, not the clock."""
    if searches is None or searches.empty:
        return None
    own: Iterable[str] = searches.loc[searches["extent"] != EXTENTS[-1], "date"]
    return max(own, default=None)


def read_review_facts(raw: str | Path) -> ReviewFacts:
    """Return the facts of `review.yaml`; without such a file, none.

    Raises
    ------
    SourceError
        When the file cannot be read, has an unknown field or status, or a search without date or place.
    """
    path = Path(raw) / "review.yaml"
    remedy = (
        "write status, protocol, gaps, searches with on, extent, where, what, how, updates with "
        "every_months, trigger, read_again, retire, who, versions with version, trigger, who, regulation "
        "with who, on, says, address"
    )
    return read_stated(path, ReviewFacts, remedy)[0] if path.is_file() else ReviewFacts()
