"""Places held against the source texts, the record of it, and the second reading."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import yaml
from pydantic import Field, ValidationError

from helpers.places import Document, DocumentError, check_locator, read_document
from helpers.sheets.model import Block, FileName, Name, Sha256, SheetQuantity, StudySheet, Text
from helpers.sheets.raw import study_sheets
from notebookpress.files import write_atomic
from trialfiles.record import Problem, Row, SourceError
from trialfiles.yaml_lines import line_of, read_yaml

Span = tuple[int, int]


@dataclass
class VerifiedPlaces:
    """What came of checking locators.

    `verified` tells of each figure (`study_id.id`) whether its token stands where the sheet says; figures
    of absent texts are not in it. `absent` names the texts that are not at hand, `present` the others;
    `words` counts the tokens looked up that are no figures.
    """

    problems: list[Problem] = field(default_factory=list)
    verified: dict[str, bool] = field(default_factory=dict)
    present: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    words: int = 0

    @property
    def agreed(self) -> int:
        """Number of figures found where they should be."""
        return sum(self.verified.values())


def verify_locators(raw: str | Path) -> VerifiedPlaces:
    """Check the place of every figure, and of every other token that a discrepancy points at.

    Parameters
    ----------
    raw : path
        The raw folder; texts are looked for in its `documents/`.

    Returns
    -------
    VerifiedPlaces
        A text that is not at hand is no problem: it is named in `absent`. A text with another hash than
        the sheet's is one, and none of its locators counts as verified.
    """
    documents = Path(raw) / "documents"
    at_hand = {text.name for text in documents.glob("*") if text.is_file()}
    result = VerifiedPlaces()
    for path, sheet in study_sheets(raw):
        name = sheet.source.document
        if name is None:
            continue
        listed = result.present if name in at_hand else result.absent
        if name not in listed:
            listed.append(name)
        if name in at_hand:
            try:
                document = read_document(documents / name)
            except DocumentError as error:
                remedy = "put the right text there"
                result.problems.append(Problem(str(documents / name), None, "", str(error), remedy))
            else:
                result.problems += _text_problems(path, sheet, document, documents)
                _verify_places(path, sheet, document, result)
    return result


def _located(quantities: Iterable[SheetQuantity]) -> list[tuple[SheetQuantity, int, Span]]:
    """Return the figures that have a place, each with its line and characters."""
    return [
        (quantity, quantity.at.line, quantity.at.chars)
        for quantity in quantities
        if quantity.at and quantity.at.chars
    ]


def _text_problems(path: Path, sheet: StudySheet, document: Document, documents: Path) -> list[Problem]:
    """Say when a text is not the one that the sheet was made from."""
    if document.sha256 == sheet.source.sha256:
        return []
    problem = f"its SHA-256 is {document.sha256}, the sheet was made from {sheet.source.sha256}"
    remedy = "put that text back, or extract anew from this one"
    if sheet.source.sha256 is None:
        problem = f"the sheet {path.name} does not say from which text it was made"
        remedy = f"write sha256: {document.sha256} if it was this one"
    return [Problem(str(documents / document.name), None, "source.sha256", problem, remedy)]


def _verify_places(path: Path, sheet: StudySheet, document: Document, result: VerifiedPlaces) -> None:
    """Check each figure's place, and that the words of discrepancies and statements stand on their line."""
    same = document.sha256 == sheet.source.sha256
    for quantity, line, chars in _located(sheet.quantities):
        wrong = check_locator(document, quantity.printed, line, *chars)
        result.verified[f"{sheet.study_id}.{quantity.id}"] = same and not wrong
        if wrong:
            remedy = "correct the place or the token"
            result.problems.append(Problem(str(path), None, f"quantities.{quantity.id}", wrong, remedy))
    lines = document.text.split("\n")
    for subject, place in sheet.places():
        result.words += 1
        if place.line > len(lines) or (place.printed or "") not in lines[place.line - 1]:
            problem = f"{place.printed or 'the place'!r} is not on line {place.line} of {document.name}"
            result.problems.append(Problem(str(path), None, subject, problem, "correct the place"))


# The record of the last verification.
VERIFICATION_FILE = "verification.yaml"
_HEAD = (
    "# Written by `evidence verify --record` where the source texts are at hand: when, and against which\n"
    "# text, every locator of each sheet was last found. The text of `settled` is a reader's and is kept.\n"
)


class SecondReading(Block):
    """How a second extraction, made without sight of the sheet, agrees with it."""

    figures: int = Field(ge=0)
    same: int = Field(ge=0)
    differing: int = Field(ge=0)
    only_first: int = Field(ge=0)
    only_second: int = Field(ge=0)
    numbers_in_text: int = Field(ge=0)
    kappa: float | None = None
    settled: Text = None


class LastVerified(Block):
    """The last verification of one sheet: text, day, number of figures and of other words looked up."""

    document: FileName
    sha256: Sha256
    date: Annotated[date, Field(strict=False)]
    figures: int = Field(ge=0)
    words: int = Field(ge=0)
    locators_sha256: Sha256
    second_reading: SecondReading | None = None


class VerificationRecord(Block):
    """The file whole."""

    verification: Literal[1]
    sources: dict[Name, LastVerified] = {}


def read_verification(raw: str | Path) -> dict[str, LastVerified]:
    """Return the last verification of each study; empty when none was recorded.

    Raises
    ------
    SourceError
        When the record is damaged.
    """
    path = Path(raw) / VERIFICATION_FILE
    if not path.is_file():
        return {}
    content, lines, problems = read_yaml(path)
    if problems:
        raise SourceError(problems)
    try:
        return dict(VerificationRecord.model_validate(content).sources)
    except ValidationError as error:
        remedy = "put the file back as it was committed, or write it anew: evidence verify --record"
        faults = [(fault["loc"], fault["msg"]) for fault in error.errors(include_url=False)]
        raise SourceError(
            [
                Problem(str(path), line_of(lines, place), ".".join(map(str, place)), problem, remedy)
                for place, problem in faults
            ]
        ) from None


def record_verification(raw: str | Path, today: date) -> VerifiedPlaces:
    """Verify every locator and, where a text is at hand and all of its places hold, record it.

    A sheet whose text is absent keeps its old entry; one with a problem loses nothing and gains nothing.

    Returns
    -------
    VerifiedPlaces
        What was found; nothing is written when it has problems.
    """
    raw = Path(raw)
    found = verify_locators(raw)
    if found.problems:
        return found
    record, second = read_verification(raw), read_second_reading(raw)
    for _, sheet in study_sheets(raw):
        if sheet.source.document in found.present:
            document = read_document(raw / "documents" / sheet.source.document)
            own = [figure for figure in second if figure.study_id == sheet.study_id]
            record[sheet.study_id] = LastVerified(
                document=document.name,
                sha256=document.sha256,
                date=today,
                figures=len(_located(sheet.quantities)),
                words=len(list(sheet.places())),
                locators_sha256=_locators_digest(sheet),
                second_reading=_second_reading(document, sheet, own, record.get(sheet.study_id)),
            )
    rows = {name: record[name].model_dump(mode="json", exclude_none=True) for name in sorted(record)}
    content = {"verification": 1, "sources": rows}
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    write_atomic(raw / VERIFICATION_FILE, _HEAD + text)
    return found


def _locators_digest(sheet: StudySheet) -> str:
    """Return one hash over every token of a sheet and the place where it is said to stand."""
    figures = [
        [quantity.id, quantity.printed, line, *chars] for quantity, line, chars in _located(sheet.quantities)
    ]
    places = [[name, place.printed, place.line] for name, place in sheet.places()]
    return hashlib.sha256(json.dumps([figures, places], ensure_ascii=False).encode()).hexdigest()


def _still_holds(last: LastVerified | None, sheet: StudySheet) -> bool:
    """Return whether a sheet's text and locators are still those of its last verification."""
    return (
        last is not None
        and last.sha256 == sheet.source.sha256
        and last.locators_sha256 == _locators_digest(sheet)
    )


def stale(raw: str | Path) -> list[str]:
    """Return the studies with a source text whose record is missing or older than the sheet."""
    record = read_verification(raw)
    return [
        sheet.study_id
        for _, sheet in study_sheets(raw)
        if sheet.source.document and not _still_holds(record.get(sheet.study_id), sheet)
    ]


def reading_agreement(raw: str | Path) -> pd.DataFrame:
    """Return the record that still holds as rows: what was verified when, and what a second reading gave."""
    record = read_verification(raw)
    rows = []
    for name in sorted(set(record) - set(stale(raw))):
        row = {"study_id": name} | record[name].model_dump(exclude={"second_reading"}, mode="json")
        if reading := record[name].second_reading:
            row |= {"second": reading.figures} | reading.model_dump(exclude={"figures"})
        rows.append(row)
    columns = ["study_id", *LastVerified.model_fields, "second", *SecondReading.model_fields]
    return pd.DataFrame(rows, columns=[name for name in dict.fromkeys(columns) if name != "second_reading"])


def mark_verified(raw: str | Path, sources: list[Row], quantities: list[Row], live: VerifiedPlaces) -> None:
    """Write into the rows of `sources` and `quantities` what is known of their places.

    A figure is verified when it was found in this run, or when the record of the last verification still
    holds for its sheet; it is not when this run looked and did not find it; otherwise nothing is known.

    Parameters
    ----------
    raw : path
        The raw folder.
    sources, quantities : list of dict
        Rows of both tables; `verified_on`, `verified_figures` and `verified` are set in them.
    live : VerifiedPlaces
        What this run found in the texts at hand.
    """
    record = read_verification(raw)
    sheets = {sheet.study_id: sheet for _, sheet in study_sheets(raw)}
    known = {name: record[name] for name in sheets if _still_holds(record.get(name), sheets[name])}
    before = {f"{name}.{quantity.id}" for name in known for quantity, *_ in _located(sheets[name].quantities)}
    for row in quantities:
        name = row["quantity_id"]
        row["verified"] = live.verified.get(name, True if name in before else None)
    found = Counter(row["study_id"] for row in quantities if row["verified"])
    for row in sources:
        last = known.get(row["study_id"])
        row["verified_on"] = last.date.isoformat() if last else None
        row["verified_figures"] = found[row["study_id"]]


def verify_places(raw: Path, record: date | None) -> tuple[list[str], list[str]]:
    """Return the places that do not hold, and lines that say how many were looked at, now or last.

    With a day in `record`, what held is written into the record of the last verification.
    """
    found = record_verification(raw, record) if record else verify_locators(raw)
    notes = [
        f"locators: {found.agreed} of {len(found.verified)} verified against {len(set(found.present))} "
        f"source text(s), and {found.words} other words of discrepancies and statements looked up"
    ]
    if found.absent:
        absent = ", ".join(sorted(set(found.absent)))
        notes.append(
            f"not verified now, because the text is not in {raw / 'documents'}: {absent} (the texts are "
            "other people's work and not part of this project; data/raw/README.md says where to get them)"
        )
    if record and not found.problems:
        notes.append(f"recorded in {raw / VERIFICATION_FILE}")
    old = stale(raw)
    notes += [
        f"last verified on {last.date}: {study}, {last.figures} figures and {last.words} words, "
        f"text with SHA-256 {last.sha256}"
        for study, last in read_verification(raw).items()
        if study not in old
    ]
    if old:
        notes.append(
            f"never verified as the sheet stands now: {', '.join(old)}; where the texts are at hand: "
            "evidence verify --record"
        )
    return [str(problem) for problem in found.problems], notes


# The second reading.
SECOND_READING_FILE = "second_reading.csv"
READING_COLUMNS = ["study_id", "role", "printed", "value", "line", "char_start", "char_end"]
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class SecondFigure:
    """A figure as the second reader wrote it down; `values` is empty where it is no plain number."""

    study_id: str
    printed: str
    values: tuple[float, ...]
    span: Span


def read_second_reading(raw: str | Path) -> list[SecondFigure]:
    """Read `second_reading.csv` of a raw folder; an empty list when there is none.

    Raises
    ------
    SourceError
        For another heading, or a row whose numbers cannot be read.
    """
    path = Path(raw) / SECOND_READING_FILE
    if not path.is_file():
        return []
    figures = []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames != READING_COLUMNS:
            problem = f"the columns are {rows.fieldnames}"
            raise SourceError(Problem(str(path), 1, "", problem, f"write {', '.join(READING_COLUMNS)}"))
        for number, row in enumerate(rows, start=2):
            try:
                values = tuple(float(value) for value in row["value"].split(",") if value)
                span = int(row["char_start"]), int(row["char_end"])
            except (TypeError, ValueError, AttributeError):
                remedy = "write numbers with a comma between them, and whole characters"
                raise SourceError(Problem(str(path), number, "value", "no numbers", remedy)) from None
            figures.append(SecondFigure(row["study_id"], row["printed"], values, span))
    return figures


def compare_readings(first: Iterable[SheetQuantity], second: Iterable[SecondFigure]) -> dict[str, list[str]]:
    """Compare two readings of one text by place, then by value; return the tokens by what came of it.

    A figure of the second reading is the `same` when the first has figures at its place that hold all its
    numbers, or, where it has no numbers, a token that is the same or part of it; otherwise it is `differing`.
    Others have `only_first` or `only_second`.
    """
    located = _located(first)
    met: set[str] = set()
    found: dict[str, list[str]] = {"same": [], "differing": [], "only_first": [], "only_second": []}
    for figure in second:
        there = [quantity for quantity, _, chars in located if _overlap(chars, figure.span)]
        met |= {quantity.id for quantity in there}
        agreed = "same" if _agrees(figure, there) else "differing"
        found[agreed if there else "only_second"].append(figure.printed)
    found["only_first"] = [quantity.printed for quantity, *_ in located if quantity.id not in met]
    return found


def _agrees(figure: SecondFigure, there: list[SheetQuantity]) -> bool:
    """Return whether the numbers, or else the tokens, of both readings are the same."""
    parts = (getattr(quantity, part) for quantity in there for part in ("value", "low", "high", "sd"))
    numbers = {number for number in parts if number is not None}
    if figure.values and numbers:
        whole = any(quantity.printed == figure.printed for quantity in there)  # a list kept as a range
        return set(figure.values) <= numbers or (whole and len(figure.values) > 2)
    return any(quantity.printed in figure.printed or figure.printed in quantity.printed for quantity in there)


def _overlap(first: Span, second: Span) -> bool:
    return first[0] < second[1] and second[0] < first[1]


def inclusion_kappa(
    document: Document, first: Iterable[SheetQuantity], second: Iterable[SecondFigure]
) -> tuple[int, float]:
    """Return how many numbers a text prints, and Cohen's kappa of the two readers' choice among them."""
    readers = [chars for _, _, chars in _located(first)], [figure.span for figure in second]
    numbers = [match.span() for match in _NUMBER.finditer(document.text)]
    chosen = [tuple(any(_overlap(number, own) for own in reader) for reader in readers) for number in numbers]
    total = len(chosen)
    if not total:
        return 0, float("nan")
    observed = sum(a == b for a, b in chosen) / total
    share = [sum(pair[reader] for pair in chosen) / total for reader in (0, 1)]
    chance = share[0] * share[1] + (1 - share[0]) * (1 - share[1])
    return total, 1.0 if chance == 1 else (observed - chance) / (1 - chance)


def _second_reading(
    document: Document, sheet: StudySheet, second: list[SecondFigure], old: LastVerified | None
) -> SecondReading | None:
    """Return how a sheet's second reading agrees with it; what a reader wrote of it before is kept."""
    if not second:
        return None
    compared = compare_readings(sheet.quantities, second)
    total, kappa = inclusion_kappa(document, sheet.quantities, second)
    return SecondReading(
        figures=len(second),
        **{name: len(tokens) for name, tokens in compared.items()},
        numbers_in_text=total,
        kappa=round(kappa, 3),
        settled=old.second_reading.settled if old and old.second_reading else None,
    )
