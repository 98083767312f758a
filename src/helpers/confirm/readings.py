"""The first reading, which confirms what a sheet proposes, and the second one, made without sight of it."""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from pathlib import Path

from helpers.cleaning import clean_events, clean_results
from helpers.confirm import forms
from helpers.confirm.forms import ConfirmationError, Entry, Form, WrongUsageError
from helpers.effects import study_effects
from helpers.places import line_at, read_document
from helpers.sheets.edit import set_fields
from helpers.sheets.model import Result, StudySheet
from helpers.sheets.raw import sheet_files
from helpers.sheets.read import read_sheet, sheet_record
from helpers.tables import as_frame
from helpers.tables.vocabulary import label
from helpers.verification import READING_COLUMNS, compare_readings, read_second_reading
from notebookpress.files import project_root, write_atomic
from notebookpress.tables import records
from trialfiles.record import Row, SourceError
from trialfiles.yaml_lines import FieldPath

_READERS = ("first", "second")
# what `evidence confirm` asked for, in the environment of JupyterLab
FOR_STUDY, FOR_READER, FOR_RAW = "EVIDENCE_STUDY", "EVIDENCE_READER", "EVIDENCE_RAW"


class Room:
    """What both readers do: one question after the other, each answer written at once, the last undone.

    A reading says what is open (`_open`), how it is asked (`_form`) and what an answer makes of the file
    (`_answered`); `reject` and `summary` are its own too.
    """

    keys = {"r": "right", "w": "wrong", "l": "later", "u": "undo"}

    def __init__(self, raw: str | Path, study_id: str):
        self.raw, self.study_id = Path(raw), study_id
        known = {path.stem: path for path in sheet_files(self.raw)}
        if study_id not in known:
            there = ", ".join(known) or "none; `evidence add FILE` makes one of an article"
            raise WrongUsageError(f"{self.raw / 'studies'}: no sheet of a study {study_id!r}; there: {there}")
        self.file = self.sheet_path = known[study_id]  # the file is where the answers go
        self._later: list[FieldPath] = []
        self._absent: list[FieldPath] = []  # has no row in a file: asked again when the room is opened anew
        self._steps: list[tuple[str, str, list[FieldPath], list[FieldPath]]] = []

    @property
    def sheet(self) -> StudySheet:
        """The sheet as it is in the file now."""
        return read_sheet(self.sheet_path)

    @property
    def text(self) -> str:
        """The source text; nothing where it is not at hand, or another one than the sheet was made from."""
        source = self.sheet.source
        path = self.raw / "documents" / (source.document or "")
        document = read_document(path) if path.is_file() else None
        return document.text if document and source.sha256 in (None, document.sha256) else ""

    def waiting(self) -> list[FieldPath]:
        """Return what waits for an answer, what was put off last."""
        paths = self._open()
        return sorted(paths, key=lambda path: self._later.index(path) if path in self._later else -1)

    def proposal(self) -> Form | None:
        """Return what is asked next; None when nothing waits."""
        paths = self.waiting()
        return self._form(paths[0]) if paths else None

    def accept(self, given: Row | None = None) -> None:
        """Write down the answer: the form as it stands, with what a person changed in it.

        Raises
        ------
        ConfirmationError
            When it cannot be so, or nothing waits; nothing is written then.
        """
        proposal = self._asked()
        self._step(self._answered(proposal, proposal.answers(given or {})))

    def later(self) -> None:
        """Put the question off to the end."""
        path = self._asked().path
        self._step(self._content(), later=[*(one for one in self._later if one != path), path])

    def undo(self) -> None:
        """Take the last step back."""
        if not self._steps:
            raise ConfirmationError("there is nothing to undo since the room was opened")
        before, after, later, absent = self._steps[-1]
        if self._content() != after:
            raise ConfirmationError(f"{self.file} was changed by another hand since; mend it there")
        self._write(before)
        self._steps.pop()
        self._later, self._absent = later, absent

    def progress(self) -> str:
        """Return how many questions are answered, such as `7 of 23`."""
        answered = self._answers()
        return f"{answered} of {answered + len(self._open())}"

    def _asked(self) -> Form:
        proposal = self.proposal()
        if proposal is None:
            raise ConfirmationError("nothing waits")
        return proposal

    def _content(self) -> str:
        return self.file.read_bytes().decode("utf-8") if self.file.is_file() else ""

    def _step(self, content: str, **put_by: list[FieldPath]) -> None:
        self._steps.append((self._content(), content, self._later, self._absent))
        self._write(content)
        self._later, self._absent = put_by.get("later", self._later), put_by.get("absent", self._absent)

    def _write(self, content: str) -> None:
        if content:
            write_atomic(self.file, content)
        else:
            self.file.unlink(missing_ok=True)


class Confirmation(Room):
    """The first reading: the facts of the study, then each proposed result, each at its place.

    A result that is right becomes `state: confirmed`, one that is wrong `state: rejected`; neither is asked
    again. Nothing else in the sheet changes, and nothing is written that the sheet's own rules refuse.
    """

    def reject(self) -> None:
        """Say that the proposal is wrong: it stays in the sheet, and counts for nothing."""
        path, text = self._asked().path, self._content()
        if path == ("study",):
            self._step(forms.without_facts(text, self.sheet))
        else:
            self._step(set_fields(text, path, {"state": "rejected"}))

    def summary(self) -> list[str]:
        """Return what has come of it: how many, and why a confirmed result gives no effect."""
        sheet = self.sheet
        effects = _effects(sheet)
        confirmed = sum(result.state == "confirmed" for result in sheet.results)
        made = sum(row.get("effect") is not None and row.get("headline") == "yes" for row in effects)
        lines = [f"{confirmed} confirmed, {made} effects, {len(self._open())} waiting"]
        for row in effects:
            if row.get("why_not"):
                about = label(row["concept"]), row["arm_id"], row.get("timepoint_printed")
                lines.append(f"{', '.join(filter(None, about))}: no effect, {row['why_not']}")
        told = sheet.told()
        if left := sum(one.state == "proposed" and one.id not in told for one in sheet.quantities):
            lines.append(f"{left} more figures of the text are in no result; they count in nothing")
        return list(dict.fromkeys(lines))

    def _form(self, path: FieldPath) -> Form:
        if path == ("study",):
            return forms.study_form(self.sheet, self.text)
        return forms.result_form(self.sheet, path)

    def _answered(self, proposal: Form, answers: Row) -> str:
        if proposal.path == ("study",):
            text = forms.with_facts(self._content(), self.sheet, self.text, answers)
        else:
            text = forms.with_result(self._content(), self.sheet, proposal, answers)
        with tempfile.TemporaryDirectory() as folder:  # would it be a sheet?
            try:
                read_sheet(write_atomic(Path(folder) / self.file.name, text))
            except SourceError as error:
                said = (f"{item.field}: {item.problem}. Remedy: {item.remedy}." for item in error.problems)
                raise ConfirmationError(*said) from None
        return text

    def _open(self) -> list[FieldPath]:
        sheet = self.sheet
        paths: list[FieldPath] = [("study",)] if by_machine(sheet) and not self._stated() else []
        paths += [("results", i) for i, result in enumerate(sheet.results) if result.state == "proposed"]
        return paths + [("quantities", i) for i in forms.figures_alone(sheet, "proposed")]

    def _answers(self) -> int:
        sheet = self.sheet
        results = sum(result.state != "proposed" for result in sheet.results)
        return results + len(forms.figures_alone(sheet, "rejected")) + (by_machine(sheet) and self._stated())

    def _stated(self) -> bool:
        """Whether each fact of the study stands in the sheet, if only as not stated."""
        return set(forms.FACTS) <= self.sheet.study.model_fields_set


class BlindReading(Room):
    """The second reading: what the text prints for each confirmed result, without sight of the sheet.

    Each answer is a row of `second_reading.csv`; the agreement is told when nothing waits.
    """

    keys = {"r": "found", "w": "not in the text", "l": "later", "u": "undo"}

    def __init__(self, raw: str | Path, study_id: str):
        super().__init__(raw, study_id)
        self.file = self.raw / "second_reading.csv"

    def reject(self) -> None:
        """Say that the text does not print it."""
        self._step(self._content(), absent=[*self._absent, self._asked().path])

    def summary(self) -> list[str]:
        """Return how the two readings agree; before the end only how many questions wait."""
        if waiting := len(self._open()):
            return [f"{waiting} waiting; the agreement is told at the end"]
        second = [one for one in read_second_reading(self.raw) if one.study_id == self.study_id]
        lines, same = [], 0
        for index, result in self.questions():
            path: FieldPath = ("results", index)
            names = {name.partition(".")[0] for name in forms.summary_figures(dict(result)).values()}
            first = [one for one in self.sheet.quantities if one.id in names]
            read = [one for one in second if one.role == _row_name(path)]
            found = compare_readings(first, read)
            if found["same"] and not found["differing"] and not found["only_second"]:
                same += 1
                continue
            own = ", ".join(one.printed for one in first)
            told = ", ".join(one.printed for one in read) or "not found"
            lines.append(f"{self._form(path).words}: {own} in the sheet, {told} in the second reading")
        return [f"{same} of {len(self.questions())} the same in both readings", *lines]

    def questions(self) -> list[tuple[int, Result]]:
        """Return the confirmed results that rest on a figure, with their places in the sheet."""
        results = [one for one in enumerate(self.sheet.results) if one[1].state == "confirmed"]
        return [one for one in results if forms.summary_figures(dict(one[1]))]

    def _form(self, path: FieldPath) -> Form:
        result = self.sheet.results[int(path[1])]
        arms = {arm.arm_id: arm.label or arm.arm_id for arm in self.sheet.arms}
        about = [label(result.concept), arms[result.arm], result.time or "no time stated"]
        statistic = forms.statistic_words(list(forms.summary_figures(dict(result))))
        about += [forms.RESULT_WORDS["kinds"][result.kind], statistic]
        line = Entry("line", "line, if on several", "")
        return Form(path, "; ".join(about), (Entry("printed", "as printed", ""), line))

    def _answered(self, proposal: Form, answers: Row) -> str:
        printed, text = answers["printed"], self.text
        start = forms.place_of(text, printed, answers["line"])
        numbers = ",".join(re.findall(r"\d+(?:\.\d+)?", printed))
        row = [self.study_id, _row_name(proposal.path), printed, numbers, line_at(text, start), start]
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerow([*row, start + len(printed)])
        return f"{self._content().strip() or ','.join(READING_COLUMNS)}\n{out.getvalue()}"

    def _open(self) -> list[FieldPath]:
        rows = csv.reader(io.StringIO(self._content()))
        done = {row[1] for row in rows if row and row[0] == self.study_id}
        paths: list[FieldPath] = [("results", index) for index, _ in self.questions()]
        return [path for path in paths if _row_name(path) not in done and path not in self._absent]

    def _answers(self) -> int:
        return len(self.questions()) - len(self._open())


def _row_name(path: FieldPath) -> str:
    return f"result {int(path[1]) + 1}"


def by_machine(sheet: StudySheet) -> bool:
    """Return whether a machine proposed figures of a sheet."""
    return any("state" in quantity.model_fields_set for quantity in sheet.quantities)


def waiting_studies(raw: str | Path) -> dict[str, int]:
    """Return the studies of a raw folder of which something waits to be confirmed, with how much."""
    counts = {path.stem: len(Confirmation(raw, path.stem).waiting()) for path in sheet_files(raw)}
    return {study_id: count for study_id, count in counts.items() if count}


def open_room(study_id: str = "", reader: str = "", raw: str | Path = "") -> Room | None:
    """Open the room for the study that is named or that `evidence confirm` named, else the first that waits.

    None where nothing waits.

    Raises
    ------
    ConfirmationError
        For a study without a sheet, or one of which nothing is to be asked.
    """
    study_id = study_id or os.environ.get(FOR_STUDY, "")
    reader = reader or os.environ.get(FOR_READER, _READERS[0])
    raw = project_root() / (raw or os.environ.get(FOR_RAW, "data/raw"))
    if reader not in _READERS:
        raise WrongUsageError(f"reader {reader!r} is not one of {', '.join(_READERS)}")
    study_id = study_id or next(iter(waiting_studies(raw)), "")
    if not study_id:
        return None
    if reader == "second":
        second = BlindReading(raw, study_id)
        if not second.questions():
            raise ConfirmationError(f"{second.sheet_path}: no result is confirmed; confirm first")
        return second
    first = Confirmation(raw, study_id)
    if not by_machine(first.sheet):
        others = ", ".join(waiting_studies(raw)) or "no other study"
        remedy = f"add an article with `evidence add FILE`, or edit the sheet; waiting: {others}"
        raise ConfirmationError(f"{first.sheet_path}: nothing in it is proposed by a machine; {remedy}")
    return first


def _effects(sheet: StudySheet) -> list[Row]:
    """Return the rows of `effects` that the confirmed results give, as notebooks 01 to 03 make them."""
    record = sheet_record(sheet)
    results = clean_results(as_frame("reported_results", record.results))
    events = clean_events(as_frame("reported_events", record.adverse_events))
    [study] = records(as_frame("studies", record.studies))
    return study_effects(
        study, as_frame("arms", record.arms), as_frame("results", results), as_frame("discrepancies", []),
        contrasts=as_frame("reported_contrasts", record.contrasts), events=as_frame("adverse_events", events),
    )  # fmt: skip
