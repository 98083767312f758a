"""Places held against the source texts, the record of it, and the second reading."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import yaml
from pydantic import Field

from helpers.places import Document, read_document
from helpers.sheets.locators import SourceText, hash_problem, place_problems
from helpers.sheets.model import Block, FileName, Name, Sha256, SheetQuantity, StudySheet, Text
from helpers.sheets.raw import problems_of, study_sheets
from helpers.sheets.read import read_stated, sheet_content
from helpers.sheets.tokens import FIGURE_PARTS
from notebookpress.files import write_atomic
from trialfiles.record import Problem, Row, SourceError, refusal
from trialfiles.text import csv_rows

Span = tuple[int, int]


@dataclass
class VerifiedPlaces:
    """What came of checking locators.

    `verified` tells of each figure (`study_id.id`) whether its token stands where the sheet says; figures
    of absent texts are not in it. `words` counts the tokens looked up that are no figures.
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

    Texts are looked for in `documents/` of the raw folder. One that is not at hand is no problem but named
    in `absent`; one with another hash than the sheet's is, and none of its locators counts as verified.
    """
    result = VerifiedPlaces()
    for path, sheet in study_sheets(raw):
        if (name := sheet.source.document) is None:
            continue
        text = Path(raw) / "documents" / name
        listed = result.present if text.is_file() else result.absent
        if name not in listed:
            listed.append(name)
        if text.is_file():
            try:
                _verify_sheet(path, sheet, text, result)
            except SourceError as error:
                result.problems += error.problems
    return result


def _located(quantities: Iterable[SheetQuantity]) -> list[tuple[SheetQuantity, int, Span]]:
    """Return the figures that have a place, each with its line and characters."""
    return [(one, one.at.line, one.at.chars) for one in quantities if one.at and one.at.chars]


def _verify_sheet(path: Path, sheet: StudySheet, text: Path, result: VerifiedPlaces) -> None:
    """Check the hash of a text, each figure's place, and that other words stand on their line."""
    document = read_document(text)
    content, lines, _ = sheet_content(path)
    wrong = hash_problem(path, content, lines, document)
    result.problems += [wrong] if wrong else []
    for token, problem in place_problems(path, content, lines, SourceText(document)):
        result.problems += [problem] if problem else []
        if token.figure and token.chars:
            name = token.name.replace("quantities", sheet.study_id, 1)
            result.verified[name] = wrong is None and problem is None
        result.words += not token.figure


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
    """Return the last verification of each study; empty when none was recorded."""
    path = Path(raw) / VERIFICATION_FILE
    if not path.is_file():
        return {}
    remedy = "put the file back as it was committed, or write it anew: evidence verify --record"
    return dict(read_stated(path, VerificationRecord, remedy)[0].sources)


def record_verification(raw: str | Path, today: date) -> VerifiedPlaces:
    """Verify every locator and, where a text is at hand and all places hold, record it.

    A sheet whose text is absent keeps its old entry; where there is a problem nothing is written.
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
    figures = [[one.id, one.printed, line, *chars] for one, line, chars in _located(sheet.quantities)]
    places = [[name, place.printed, place.line] for name, place in sheet.places()]
    return hashlib.sha256(json.dumps([figures, places], ensure_ascii=False).encode()).hexdigest()


def _current(raw: str | Path) -> dict[str, LastVerified]:
    """Return the record of the sheets whose text and locators are still those of their last verification."""
    record = read_verification(raw)
    sheets = {sheet.study_id: sheet for _, sheet in study_sheets(raw)}
    return {
        name: record[name]
        for name in sorted(record.keys() & sheets.keys())
        if record[name].sha256 == sheets[name].source.sha256
        and record[name].locators_sha256 == _locators_digest(sheets[name])
    }


def stale(raw: str | Path) -> list[str]:
    """Return the studies with a source text whose record is missing or older than the sheet."""
    known = _current(raw)
    with_text = [sheet.study_id for _, sheet in study_sheets(raw) if sheet.source.document]
    return [name for name in with_text if name not in known]


def reading_agreement(raw: str | Path) -> pd.DataFrame:
    """Return the record that still holds as rows: what was verified when, and what a second reading gave."""
    rows = []
    for name, last in _current(raw).items():
        row = {"study_id": name} | last.model_dump(exclude={"second_reading"}, mode="json")
        if reading := last.second_reading:
            row |= {"second": reading.figures} | reading.model_dump(exclude={"figures"})
        rows.append(row)
    columns = ["study_id", *LastVerified.model_fields, "second", *SecondReading.model_fields]
    return pd.DataFrame(rows, columns=[name for name in dict.fromkeys(columns) if name != "second_reading"])


def mark_verified(raw: str | Path, sources: list[Row], quantities: list[Row], live: VerifiedPlaces) -> None:
    """Write into the rows of `sources` and `quantities` what is known of their places.

    A figure is verified when it was found in this run (`live`), or when the record of the last verification
    still holds for its sheet; it is not when this run looked and did not find it; otherwise nothing is known.
    """
    known = _current(raw)
    sheets = [sheet for _, sheet in study_sheets(raw) if sheet.study_id in known]
    before = {f"{one.study_id}.{quantity.id}" for one in sheets for quantity, *_ in _located(one.quantities)}
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
        f"locators: {found.agreed} of {len(found.verified)} verified against {len(found.present)} "
        f"source text(s), and {found.words} other words of discrepancies and statements looked up"
    ]
    if found.absent:
        notes.append(
            f"not verified now, because the text is not in {raw / 'documents'}: "
            f"{', '.join(sorted(found.absent))} (the texts are "
            "other people's work and not part of this project; data/raw/README.md says where to get them)"
        )
    if record and not found.problems:
        notes.append(f"recorded in {raw / VERIFICATION_FILE}")
    notes += [
        f"last verified on {last.date}: {study}, {last.figures} figures and {last.words} words, "
        f"text with SHA-256 {last.sha256}"
        for study, last in _current(raw).items()
    ]
    if old := stale(raw):
        notes.append(
            f"never verified as the sheet stands now: {', '.join(old)}; where the texts are at hand: "
            "evidence verify --record"
        )
    return [str(problem) for problem in found.problems], notes


# The second reading.
READING_COLUMNS = ["study_id", "role", "printed", "value", "line", "char_start", "char_end"]
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class SecondFigure:
    """A figure as the second reader wrote it down; `values` is empty where it is no plain number.

    `role` is what the reader took it for, or the result of the sheet that was asked for.
    """

    study_id: str
    printed: str
    values: tuple[float, ...]
    span: Span
    role: str = ""


def read_second_reading(raw: str | Path) -> list[SecondFigure]:
    """Read `second_reading.csv` of a raw folder; an empty list when there is none."""
    path = Path(raw) / "second_reading.csv"
    if not path.is_file():
        return []
    figures = []
    header, rows = csv_rows(path)
    if header != set(READING_COLUMNS):
        remedy = f"write {', '.join(READING_COLUMNS)}"
        raise refusal(path, 1, "", f"the columns are {', '.join(sorted(header))}", remedy)
    for line, row in rows:
        try:
            values = tuple(float(value) for value in row["value"].split(",") if value)
            span = int(row["char_start"]), int(row["char_end"])
        except (TypeError, ValueError, AttributeError):
            remedy = "write numbers with a comma between them, and whole characters"
            raise refusal(path, line, "value", "no numbers", remedy) from None
        figures.append(SecondFigure(row["study_id"], row["printed"], values, span, row["role"]))
    return figures


def record_problems(raw: str | Path) -> list[Problem]:
    """Return what is wrong in `verification.yaml` and `second_reading.csv` of a raw folder."""
    return [*problems_of(read_verification, Path(raw)), *problems_of(read_second_reading, Path(raw))]


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
    numbers = {getattr(quantity, part) for quantity in there for part in FIGURE_PARTS} - {None}
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
    one, other = (
        np.array([any(_overlap(number, own) for own in reader) for number in numbers]) for reader in readers
    )
    if not numbers:
        return 0, float("nan")
    chance = one.mean() * other.mean() + (1 - one.mean()) * (1 - other.mean())
    return len(numbers), 1.0 if chance == 1 else float(((one == other).mean() - chance) / (1 - chance))


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
