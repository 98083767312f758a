"""Context from the raw folder: other treatments, thresholds, published pools, overrides of certainty."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from helpers.tables import TABLES
from helpers.tables.vocabulary import OUTCOME_CONCEPTS
from notebookpress.schema import RowsError
from trialfiles.record import Problem, SourceError, contact_details
from trialfiles.yaml_lines import read_yaml

# table -> files under the raw folder; several files of one table are read as one
CONTEXT_FILES = {
    "comparators": "comparators/established*.csv",
    "published_pools": "comparators/pools*.csv",
    "thresholds": "comparators/thresholds*.csv",
    "trials": "trials.csv",
    "searches": "searches.csv",
}
_WORDS = {"yes": True, "no": False}
_CODES = ("doi", "address")

RowRule = tuple[Callable[[Mapping[str, Any]], bool], str]


def _in_order(low: str, high: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: row[low] is None or row[high] is None or row[low] <= row[high]


def _needs(statistics: tuple[str, ...], *names: str) -> Callable[[Mapping[str, Any]], bool]:
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
    "searches": (),
}


def read_context(raw: str | Path) -> dict[str, list[dict[str, Any]]]:
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
    rows: dict[str, list[dict[str, Any]]] = {}
    problems: list[Problem] = []
    for table, pattern in CONTEXT_FILES.items():
        rows[table] = []
        for path in sorted(Path(raw).glob(pattern)):
            try:
                rows[table] += _read(path, table)
            except SourceError as error:
                problems += error.problems
        problems += _repeated(Path(raw), table, rows[table])
    problems += _unknown(Path(raw))
    if problems:
        raise SourceError(problems)
    return rows


def _read(path: Path, table: str) -> list[dict[str, Any]]:
    columns = TABLES[table].columns
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
        header, lines, raw = list(reader.fieldnames or []), [], []
        for row in reader:
            lines.append(reader.line_num)
            raw.append(row)
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(Problem(str(path), None, "", f"not CSV text: {error}", "save it as CSV")) from None
    if wrong := _header(path, header, list(columns)):
        raise SourceError(wrong)
    problems: list[Problem] = []
    rows = []
    for line, row in zip(lines, raw, strict=True):
        if None in row or None in row.values():
            remedy = "quote texts that hold a comma"
            problems.append(Problem(str(path), line, "", "too many or too few columns", remedy))
            continue
        rows.append({name: _value(path, line, name, row[name], columns[name], problems) for name in columns})
    return _checked(path, table, rows, lines, problems)


def _header(path: Path, header: list[str], columns: list[str]) -> list[Problem]:
    told = [("missing column", [name for name in columns if name not in header])]
    told += [("unknown column", [name for name in header if name not in columns])]
    remedy = "the first line is: " + ",".join(columns)
    return [Problem(str(path), 1, ", ".join(names), what, remedy) for what, names in told if names]


def _value(path: Path, line: int, name: str, text: str, column: Any, problems: list[Problem]) -> Any:
    """Return a cell as its column's type, None for an empty one; note what cannot be read."""
    text = text.strip()
    if not text:
        return None
    if name not in _CODES and contact_details(text):  # a DOI may look like a telephone number
        problems.append(
            Problem(str(path), line, name, "an e-mail address or telephone number", "leave it out")
        )
    if name == "date" and not re.fullmatch(r"\d{4}-\d\d(-\d\d)?", text):
        problems.append(Problem(str(path), line, name, f"{text!r} is no ISO date", "write it like 2026-11"))
    if column.type == "boolean":
        if text not in _WORDS:
            problems.append(
                Problem(str(path), line, name, f"{text!r} is neither yes nor no", "write yes or no")
            )
        return _WORDS.get(text)
    if column.type in ("number", "integer"):
        whole = column.type == "integer"
        if re.fullmatch(r"-?\d+" if whole else r"-?\d+(\.\d+)?", text):
            return int(text) if whole else float(text)
        what = f"{text!r} is no {'whole ' if whole else ''}number"
        problems.append(Problem(str(path), line, name, what, "write the number that is printed, or nothing"))
        return None
    return text


def _checked(
    path: Path, table: str, rows: list[dict], lines: list[int], problems: list[Problem]
) -> list[dict[str, Any]]:
    """Check rows against their schema, all failures at once, each with its line."""
    if problems:
        raise SourceError(problems)
    try:
        TABLES[table].conform(pd.DataFrame(rows, columns=list(TABLES[table].columns)))
    except RowsError as error:
        remedy = f"mend the row; the page Data explains the table {table}"
        for row, column, value, rule in error.failures:
            what = "missing" if rule == "not_nullable" else f"{value!r} breaks {rule}"
            line = None if row is None else lines[row]
            problems.append(Problem(str(path), line, column, what, remedy))
    for line, row in zip(lines, rows, strict=True) if not problems else ():
        broken = [said for holds, said in ROW_RULES[table] if not holds(row)]
        problems += [Problem(str(path), line, "", said, "mend the row") for said in broken]
    if problems:
        raise SourceError(list(dict.fromkeys(problems)))
    return rows


def _repeated(raw: Path, table: str, rows: list[dict[str, Any]]) -> list[Problem]:
    key = TABLES[table].keys[0]
    names = [row[key] for row in rows]
    twice = dict.fromkeys(name for name in names if names.count(name) > 1)
    where = str(raw / CONTEXT_FILES[table])
    return [Problem(where, None, key, f"{name!r} stands twice", "give each its own name") for name in twice]


def _unknown(raw: Path) -> list[Problem]:
    known = {path for pattern in CONTEXT_FILES.values() for path in raw.glob(pattern)}
    stray = sorted(set(raw.glob("comparators/*.csv")) - known)
    remedy = "name it " + ", ".join(pattern for pattern in CONTEXT_FILES.values() if "/" in pattern)
    return [Problem(str(path), None, "", "no table has this name", remedy) for path in stray]


OVERRIDES_FILE = "certainty_overrides.yaml"
OVERRIDE_DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=1000)]


class Override(BaseModel):
    """One domain's steps down for one outcome in one tier, as a person judges them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    concept: Literal[tuple(OUTCOME_CONCEPTS)]
    evidence: Literal["core", "published"]
    domain: Literal[OVERRIDE_DOMAINS]
    steps: Annotated[int, Field(ge=0, le=2)]
    reason: Reason
    by: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


def read_certainty_overrides(raw: str | Path) -> list[dict[str, Any]]:
    """Return the overrides of `certainty_overrides.yaml`; an empty list when there is no such file.

    Raises
    ------
    SourceError
        With everything that is wrong: no list, an unknown outcome, tier or domain, steps other than 0 to
        2, a missing reason, the same domain twice.

    """
    path = Path(raw) / OVERRIDES_FILE
    if not path.is_file():
        return []
    stated, lines, problems = read_yaml(path)
    entries = stated.get("overrides") if isinstance(stated, dict) else None
    if not isinstance(entries, list):
        remedy = "write 'overrides:' and below it a list, each entry with " + ", ".join(Override.model_fields)
        raise SourceError([*problems, Problem(str(path), 1, "overrides", "no list of overrides", remedy)])
    rows, seen = [], set()
    for place, entry in enumerate(entries):
        try:
            row = Override.model_validate(entry).model_dump()
        except ValidationError as error:
            problems += [_problem(path, lines, place, part) for part in error.errors()]
            continue
        key = (row["evidence"], row["concept"], row["domain"])
        if key in seen:
            where = lines.get(("overrides", place))
            said = f"{'/'.join(key)} stands twice"
            problems.append(Problem(str(path), where, f"overrides[{place}]", said, "keep one of them"))
        seen.add(key)
        rows.append(row | {"override_id": ".".join(key)})
    if problems:
        raise SourceError(problems)
    return rows


def _problem(path: Path, lines: dict, place: int, part: dict[str, Any]) -> Problem:
    field = ".".join(str(name) for name in part["loc"])
    where = lines.get(("overrides", place, *part["loc"])) or lines.get(("overrides", place))
    remedy = "every override needs " + ", ".join(Override.model_fields)
    if part["type"] == "literal_error":
        remedy = f"use {part['ctx']['expected']}"
    return Problem(str(path), where, f"overrides[{place}].{field}".rstrip("."), part["msg"].lower(), remedy)
