"""Context from the raw folder: tables beside the sheets, facts of the review, overrides of certainty."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from helpers.sheets.model import OneOf
from helpers.tables import TABLES
from helpers.tables.vocabulary import OUTCOME_CONCEPTS
from notebookpress.schema import MISSING, Column, RowsError
from notebookpress.tables import records
from trialfiles.record import Problem, Row, SourceError, refusal
from trialfiles.text import contact_details, csv_rows
from trialfiles.yaml_lines import FieldPath, read_yaml

# table -> files under the raw folder; several files of one table are read as one
CONTEXT_FILES = {
    "comparators": "comparators/established*.csv",
    "published_pools": "comparators/pools*.csv",
    "thresholds": "comparators/thresholds*.csv",
    "trials": "trials.csv",
    "searches": "searches.csv",
}
_WORDS = {"yes": True, "no": False}
_NUMBERS = {"integer": r"-?\d+", "number": r"-?\d+(\.\d+)?"}
_CODES = ("doi", "address", "identifier", "record_id", "record")

Stated = TypeVar("Stated", bound=BaseModel)
RowRule = tuple[Callable[[Row], bool], str]


def _in_order(low: str, high: str) -> Callable[[Row], bool]:
    return lambda row: row[low] is None or row[high] is None or row[low] <= row[high]


def _needs(statistics: tuple[str, ...], *names: str) -> Callable[[Row], bool]:
    return lambda row: row["statistic"] not in statistics or all(row[name] is not None for name in names)


_SECOND_HAND: RowRule = (
    lambda row: row["second_hand"] == (row["access"] == "secondary"),
    "second_hand is yes exactly where access is secondary",
)
# what a row must keep beyond its columns: table -> rules, each with what it says when broken
ROW_RULES: dict[str, tuple[RowRule, ...]] = {
    "comparators": (
        _SECOND_HAND,
        (
            _needs(("change", "difference from placebo"), "change_mean", "unit"),
            "a change needs change_mean and unit",
        ),
        (_needs(("levels",), "baseline_mean", "unit"), "levels need baseline_mean and unit"),
    ),
    "published_pools": (
        _SECOND_HAND,
        (_in_order("ci_lower", "ci_upper"), "the interval ends before it starts"),
    ),
    "thresholds": (_SECOND_HAND, (_in_order("value", "value_high"), "the range ends before it starts")),
    "trials": (_SECOND_HAND,),
}


def read_context(raw: str | Path) -> dict[str, list[Row]]:
    """Return the rows of every table beside the sheets; a table without a file is empty.

    Parameters
    ----------
    raw : path
        The raw folder.

    Returns
    -------
    dict of str to list of dict
        By table: `comparators`, `published_pools`, `thresholds`, `trials`, `searches`. Values are as
        printed, in the printed unit; empty cells are None.

    Raises
    ------
    SourceError
        With everything that is wrong in any of the files.
    """
    rows: dict[str, list[Row]] = {}
    problems: list[Problem] = []
    for table, pattern in CONTEXT_FILES.items():
        rows[table], known = [], set[str]()
        for path in sorted(Path(raw).glob(pattern)):
            try:
                rows[table] += read_rows_of(path, table, known)
            except SourceError as error:
                problems += error.problems
    problems += _unknown(Path(raw))
    if problems:
        raise SourceError(problems)
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
    if text and name not in _CODES and contact_details(text):  # a DOI may look like a telephone number
        return None, ("an e-mail address or telephone number", "leave it out")
    if text and name == "date" and not re.fullmatch(r"\d{4}-\d\d(-\d\d)?", text):
        return None, (f"{text!r} is no ISO date", "write it like 2026-11")
    if text and column.type == "boolean" and text not in _WORDS:
        return None, (f"{text!r} is neither yes nor no", "write yes or no")
    if text and column.type in _NUMBERS:
        whole = column.type == "integer"
        if re.fullmatch(_NUMBERS[column.type], text):
            return (int if whole else float)(text), None
        problem = f"{text!r} is no {'whole ' if whole else ''}number"
        return None, (problem, "write the number that is printed, or nothing")
    return (_WORDS[text] if text and column.type == "boolean" else text or None), None


def _row_problems(path: Path, table: str, rows: list[Row], lines: list[int]) -> list[Problem]:
    """Return where rows break their schema or, when none does, what a row must keep beyond its columns."""
    try:
        TABLES[table].conform(pd.DataFrame(rows, columns=list(TABLES[table].columns)))
    except RowsError as error:
        remedy = f"mend the row; the page Data explains the table {table}"
        return [
            Problem(
                str(path),
                None if row is None else lines[row],
                column,
                "missing" if rule == MISSING else f"{value!r} is not {rule}",
                remedy,
            )
            for row, column, value, rule in error.failures
        ]
    return [
        Problem(str(path), line, "", words, "mend the row")
        for line, values in zip(lines, rows, strict=True)
        for holds, words in ROW_RULES.get(table, ())
        if not holds(values)
    ]


def _unknown(raw: Path) -> list[Problem]:
    known = {path for pattern in CONTEXT_FILES.values() for path in raw.glob(pattern)}
    stray = sorted(set(raw.glob("comparators/*.csv")) - known)
    remedy = "name it " + ", ".join(pattern for pattern in CONTEXT_FILES.values() if "/" in pattern)
    return [Problem(str(path), None, "", "no table has this name", remedy) for path in stray]


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


OVERRIDES_FILE = "certainty_overrides.yaml"
OVERRIDE_DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=1000)]


class Override(BaseModel):
    """One domain's levels down for one outcome in one tier, as a person judges them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    concept: Annotated[str, OneOf(tuple(OUTCOME_CONCEPTS))]
    evidence: Annotated[str, OneOf(("core", "published"))]
    domain: Annotated[str, OneOf(OVERRIDE_DOMAINS)]
    steps: Annotated[int, Field(ge=0, le=3)]
    reason: Reason
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
    path = Path(raw) / OVERRIDES_FILE
    if not path.is_file():
        return []
    remedy = "write 'overrides:' and below it a list, each with " + ", ".join(Override.model_fields)
    stated, lines = _stated(path, Overrides, remedy)
    rows: dict[tuple[str, ...], Row] = {}
    for place, one in enumerate(stated.overrides):
        key = (one.evidence, one.concept, one.domain)
        if key in rows:
            where, problem = lines.get(("overrides", place)), f"{'/'.join(key)} stands twice"
            raise refusal(path, where, f"overrides[{place}]", problem, "keep one of them")
        rows[key] = one.model_dump() | {"override_id": ".".join(key)}
    return list(rows.values())


class Search(BaseModel):
    """A search: the day, month or year, where, how."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    on: Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
    where: Annotated[str, StringConstraints(min_length=1)]
    how: str = ""


class Notice(BaseModel):
    """What an authority says of the treatment: who, when, where it stands, and how it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    who: Annotated[str, StringConstraints(min_length=1)]
    on: Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
    says: Annotated[str, StringConstraints(min_length=1)]
    address: Annotated[str, StringConstraints(pattern=r"^https://\S+$")]


class ReviewFacts(BaseModel):
    """What `review.yaml` states; a field that it leaves out is missing, never guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Annotated[str, OneOf(("living", "retired"))] | None = None
    searches: tuple[Search, ...] = ()
    protocol: str | None = None
    update: str | None = None
    regulation: tuple[Notice, ...] = ()


def read_review_facts(raw: str | Path) -> ReviewFacts:
    """Return the facts of `review.yaml`; without such a file, none.

    Raises
    ------
    SourceError
        When the file cannot be read, has an unknown field or status, or a search without date or place.
    """
    path = Path(raw) / "review.yaml"
    remedy = (
        "write status, protocol, update, searches with on, where, how, regulation with who, on, says, address"
    )
    return _stated(path, ReviewFacts, remedy)[0] if path.is_file() else ReviewFacts()


def _stated(path: Path, model: type[Stated], remedy: str) -> tuple[Stated, dict[FieldPath, int]]:
    """Return what a YAML file states, with the line of each field; refuse what pydantic finds wrong in it."""
    stated, lines, problems = read_yaml(path)
    try:
        found = model.model_validate(stated or {})
    except ValidationError as error:
        for part in error.errors():
            place = part["loc"]
            line = next((lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), 1)
            field = "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in place)
            other = f"use {part['ctx']['expected']}" if part["type"] == "literal_error" else remedy
            problems.append(Problem(str(path), line, field.lstrip("."), part["msg"].lower(), other))
    if problems:
        raise SourceError(problems)
    return found, lines
