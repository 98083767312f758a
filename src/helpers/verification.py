"""The committed record of the last verification: which text, which day, how many places held.

The source texts are absent on most machines. `data/raw/verification.yaml` says for each sheet when its
locators were last found in the text with the sheet's SHA-256, so that a report says the same with the texts
and without them. The record counts only while text and locators are still those of that day.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import yaml
from pydantic import Field, ValidationError

from helpers.documents.document import read_document
from helpers.documents.second_reading import compare_readings, inclusion_kappa, read_second_reading
from helpers.documents.verification import Verification, verify_locators
from helpers.sources import Problem, SourceError, raw_files, read_sheet
from helpers.sources.sheet_block import Block, FileName, Name, Sha256, Text
from helpers.sources.sheet_model import StudySheet
from helpers.sources.yaml_lines import line_of, read_yaml
from helpers.tables import write_atomic

FILE = "verification.yaml"
_HEAD = (
    "# Written by `evidence verify --record` where the source texts are at hand: when, and against which\n"
    "# text, every locator of each sheet was last found. The text of `settled` is a reader's and is kept.\n"
)
_REMEDY = "put the file back as it was committed, or write it anew: evidence verify --record"


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
    path = Path(raw) / FILE
    if not path.is_file():
        return {}
    content, lines, problems = read_yaml(path)
    if problems:
        raise SourceError(problems)
    try:
        return dict(VerificationRecord.model_validate(content).sources)
    except ValidationError as error:
        raise SourceError(
            [
                Problem(
                    str(path),
                    line_of(lines, fault["loc"]),
                    ".".join(map(str, fault["loc"])),
                    fault["msg"],
                    _REMEDY,
                )
                for fault in error.errors(include_url=False)
            ]
        ) from None


def locators_digest(sheet: StudySheet) -> str:
    """Return one hash over every token of a sheet and the place where it is said to stand."""
    figures = [
        [quantity.id, quantity.printed, quantity.at.line, *quantity.at.chars]
        for quantity in sheet.quantities
        if quantity.at and quantity.at.chars
    ]
    places = [[name, place.printed, place.line] for name, place in sheet.places()]
    return hashlib.sha256(json.dumps([figures, places], ensure_ascii=False).encode()).hexdigest()


def recorded(sheet: StudySheet, record: dict[str, LastVerified]) -> LastVerified | None:
    """Return a sheet's last verification while its text and locators are still the same; else None."""
    last = record.get(sheet.study_id)
    same = last and last.sha256 == sheet.source.sha256 and last.locators_sha256 == locators_digest(sheet)
    return last if same else None


def stale(raw: str | Path) -> list[str]:
    """Return the studies with a source text whose record is missing or older than the sheet."""
    record = read_verification(raw)
    sheets = (read_sheet(path) for path in raw_files(raw) if path.parent.name == "studies")
    return [sheet.study_id for sheet in sheets if sheet.source.document and not recorded(sheet, record)]


def reading_agreement(raw: str | Path) -> pd.DataFrame:
    """Return the record that still holds as rows: what was verified when, and what a second reading gave."""
    record = read_verification(raw)
    current = set(record) - set(stale(raw))
    rows = [
        {"study_id": name}
        | last.model_dump(exclude={"second_reading"}, mode="json")
        | _reading_row(last.second_reading)
        for name, last in sorted(record.items())
        if name in current
    ]
    columns = ["study_id", *LastVerified.model_fields, "second", *SecondReading.model_fields]
    return pd.DataFrame(rows, columns=[name for name in dict.fromkeys(columns) if name != "second_reading"])


def _reading_row(reading: SecondReading | None) -> dict[str, Any]:
    if reading is None:
        return {}
    return {"second": reading.figures, **reading.model_dump(exclude={"figures"})}


def mark_verified(
    raw: str | Path, sources: list[dict[str, Any]], quantities: list[dict[str, Any]], live: Verification
) -> None:
    """Write into the rows of `sources` and `quantities` what is known of their places.

    A figure is verified when it was found in this run, or when the record of the last verification still
    holds for its sheet; it is not when this run looked and did not find it; otherwise nothing is known.

    Parameters
    ----------
    raw : path
        The raw folder.
    sources, quantities : list of dict
        Rows of both tables; `verified_on`, `verified_figures` and `verified` are set in them.
    live : Verification
        What this run found in the texts at hand.
    """
    record = read_verification(raw)
    sheets = {
        sheet.study_id: sheet
        for sheet in (read_sheet(path) for path in raw_files(raw) if path.parent.name == "studies")
    }
    known = {name: recorded(sheet, record) for name, sheet in sheets.items()}
    placed = {
        f"{name}.{quantity.id}"
        for name, sheet in sheets.items()
        for quantity in sheet.quantities
        if quantity.at and quantity.at.chars
    }
    for row in quantities:
        name = row["quantity_id"]
        before = True if known.get(row["study_id"]) and name in placed else None
        row["verified"] = live.verified.get(name, before)
    for row in sources:
        last = known.get(row["study_id"])
        found = [figure["verified"] for figure in quantities if figure["study_id"] == row["study_id"]]
        row["verified_on"] = last.date.isoformat() if last else None
        row["verified_figures"] = sum(value is True for value in found)


def record_verification(raw: str | Path, today: date) -> Verification:
    """Verify every locator and, where a text is at hand and all of its places hold, record it.

    A sheet whose text is absent keeps its old entry; one with a problem loses nothing and gains nothing.

    Returns
    -------
    Verification
        What was found; nothing is written when it has problems.
    """
    raw = Path(raw)
    found = verify_locators(raw)
    if found.problems:
        return found
    record = read_verification(raw)
    second = read_second_reading(raw)
    for path in raw_files(raw):
        if path.parent.name != "studies":
            continue
        sheet = read_sheet(path)
        if sheet.source.document in found.present:
            old = record.get(sheet.study_id)
            reading = _second_reading(raw, sheet, second, old)
            record[sheet.study_id] = LastVerified(
                document=sheet.source.document,
                sha256=sheet.source.sha256,
                date=today,
                figures=sum(name.startswith(f"{sheet.study_id}.") for name in found.verified),
                words=len(list(sheet.places())),
                locators_sha256=locators_digest(sheet),
                second_reading=reading,
            )
    rows = {name: record[name].model_dump(mode="json", exclude_none=True) for name in sorted(record)}
    text = yaml.safe_dump(
        {"verification": 1, "sources": rows}, sort_keys=False, allow_unicode=True, width=100
    )
    write_atomic(raw / FILE, _HEAD + text)
    return found


def _second_reading(raw: Path, sheet: StudySheet, second: list, old: LastVerified | None):
    mine = [figure for figure in second if figure.study_id == sheet.study_id]
    if not mine:
        return None
    agreement = compare_readings(sheet.quantities, mine)
    document = read_document(raw / "documents" / sheet.source.document)
    total, kappa = inclusion_kappa(document, sheet.quantities, mine)
    return SecondReading(
        figures=agreement.figures,
        same=agreement.same,
        differing=len(agreement.differing),
        only_first=len(agreement.only_first),
        only_second=len(agreement.only_second),
        numbers_in_text=total,
        kappa=round(kappa, 3),
        settled=old.second_reading.settled if old and old.second_reading else None,
    )
