"""Every locator of a raw folder checked against the source texts that are at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from helpers.documents.document import Document, read_document
from helpers.documents.errors import DocumentError
from helpers.documents.locators import check_locator
from helpers.sources import Problem, raw_files, read_sheet
from helpers.sources.sheet_model import StudySheet


@dataclass
class Verification:
    """What came of checking locators.

    `verified` tells of each figure (`study_id.id`) whether its token stands where the sheet says; figures
    of absent texts are not in it. `absent` names the texts that are not at hand, `present` the others;
    `words` counts the tokens looked up that are no figures.
    """

    problems: list[Problem] = field(default_factory=list)
    verified: dict[str, bool] = field(default_factory=dict)
    present: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    unlocated: int = 0
    words: int = 0

    @property
    def agreed(self) -> int:
        """Number of figures found where they should be."""
        return sum(self.verified.values())


def verify_locators(raw: str | Path) -> Verification:
    """Check the place of every figure, and of every other token that a finding points at.

    Parameters
    ----------
    raw : path
        The raw folder; texts are looked for in its `documents/`.

    Returns
    -------
    Verification
        A text that is not at hand is no problem: it is named in `absent`. A text with another hash than
        the sheet's is one, and none of its locators counts as verified.
    """
    raw = Path(raw)
    result = Verification()
    for path in raw_files(raw):
        if path.parent.name == "studies":
            _verify_sheet(path, read_sheet(path), raw / "documents", result)
    return result


def _verify_sheet(path: Path, sheet: StudySheet, documents: Path, result: Verification) -> None:
    name = sheet.source.document
    located = [quantity for quantity in sheet.quantities if quantity.at and quantity.at.chars]
    result.unlocated += len(sheet.quantities) - len(located)
    if name is None:
        return
    at_hand = {text.name for text in documents.glob("*") if text.is_file()}
    listed = result.present if name in at_hand else result.absent
    if name not in listed:
        listed.append(name)
    if name not in at_hand:
        return
    try:
        document = read_document(documents / name)
    except DocumentError as error:
        result.problems.append(
            Problem(str(documents / name), None, "", str(error), "put the right text there")
        )
        return
    if document.sha256 != sheet.source.sha256:
        problem = f"its SHA-256 is {document.sha256}, the sheet was made from {sheet.source.sha256}"
        remedy = "put that text back, or extract anew from this one"
        if sheet.source.sha256 is None:
            problem = f"the sheet {path.name} does not say from which text it was made"
            remedy = f"write sha256: {document.sha256} if it was this one"
        result.problems.append(Problem(str(documents / name), None, "source.sha256", problem, remedy))
    for quantity in located:
        wrong = check_locator(document, quantity.printed, quantity.at.line, *quantity.at.chars)
        result.verified[f"{sheet.study_id}.{quantity.id}"] = (
            not wrong and document.sha256 == sheet.source.sha256
        )
        if wrong:
            problem = Problem(
                str(path), None, f"quantities.{quantity.id}", wrong, "correct the place or the token"
            )
            result.problems.append(problem)
    _verify_places(path, sheet, document, result)


def _verify_places(path: Path, sheet: StudySheet, document: Document, result: Verification) -> None:
    """Check the words that findings and statements point at: they must stand on their line."""
    lines = document.text.split("\n")
    for field_, place in sheet.places():
        text = lines[place.line - 1] if place.line <= len(lines) else None
        held = text is not None and (not place.printed or place.printed in text)
        result.words += 1
        if not held:
            problem = f"{place.printed or 'the place'!r} is not on line {place.line} of {document.name}"
            result.problems.append(Problem(str(path), None, field_, problem, "correct the place"))
