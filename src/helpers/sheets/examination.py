"""One check of sheets and sources: fields, figures, units, dates, places in the text, relevance."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from helpers.places import read_document
from helpers.sheets.fields import UNWRITTEN, items_of, mapping_of
from helpers.sheets.locators import SourceText, hash_problem, place_problems, text_of, written_places
from helpers.sheets.plausibility import FURTHEST
from helpers.sheets.raw import check_raw, raw_files
from helpers.sheets.read import read_records, sheet_content
from helpers.tables.vocabulary import SUBJECT_WORDS
from notebookpress.files import write_atomic
from trialfiles.record import Problem, Row, SourceError
from trialfiles.text import read_text
from trialfiles.times import weeks, weeks_after_end
from trialfiles.yaml_lines import FieldPath, line_of


@dataclass
class Examination:
    """What came of a check: what is wrong, what is to be known, and how many places were written."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    written: dict[Path, int] = field(default_factory=dict)

    def join(self, other: Examination) -> None:
        """Take in what came of another check."""
        self.problems += other.problems
        self.notes += other.notes
        self.written |= other.written


def examine(raw: str | Path, files: list[Path] | None = None, write: bool = False) -> Examination:
    """Check the raw folder, or some files: each sheet with its text where that is at hand.

    With `write` the places that a sheet leaves open are written into it first, where they are certain.
    """
    raw, done = Path(raw), Examination()
    for path in raw_files(raw) if files is None else files:
        if path.suffix not in (".yaml", ".yml") or not path.is_file() or path.parent.name == "registry":
            done.notes += _notes_of_record(path, named=files is not None)
            continue
        beside = path.parent.parent / "documents"
        documents = beside if path.parent.name == "studies" else raw / "documents"
        try:
            if write and (count := _write_places(path, documents)):
                done.written[path] = count
            _examine_places(path, documents, done)
        except SourceError:
            continue  # YAML that cannot be read, which the check of the fields names
    places = {(one.file, one.line) for one in done.problems}
    for problem in check_raw(raw, files):  # the general word for what a place's own message says better
        if problem.problem != UNWRITTEN or (problem.file, problem.line) not in places:
            done.problems.append(problem)
    done.problems.sort(key=lambda one: (one.file, one.line or 0, one.field))
    return done


def _write_places(path: Path, documents: Path) -> int:
    """Write the places that are certain into a sheet, but not those of another text; return how many."""
    content, lines, _ = sheet_content(path)
    text, *_ = text_of(content, documents)
    if text is None:
        return 0
    document = read_document(text)
    other = hash_problem(path, content, lines, document)
    if other and mapping_of(content, "source").get("sha256") is not None:
        return 0
    changed, count = written_places(path.read_bytes().decode("utf-8"), content, document)
    if count:
        write_atomic(path, changed)
    return count


def _examine_places(path: Path, documents: Path, done: Examination) -> None:
    """Look up a sheet's tokens in its text, and name what only a person can settle."""
    content, lines, old_names = sheet_content(path)
    text, absent, fault = text_of(content, documents)
    if absent:
        place = ("source", "document")
        missing = Problem(str(path), line_of(lines, place), ".".join(place), *absent)
        (done.problems if fault else done.notes).append(missing)
    if text is not None:
        try:
            document = read_document(text)
        except SourceError as error:
            done.problems += error.problems
            return
        wrong = hash_problem(path, content, lines, document)
        done.problems += [wrong] if wrong else []
        source = SourceText(document)
        for token, problem in place_problems(path, content, lines, source):
            listed = done.problems
            if problem is None and not token.written:
                [offset] = source.found(token)
                said = f"{UNWRITTEN}: {source.around(offset, len(token.printed))}"
                problem = Problem(str(path), line_of(lines, token.said), token.name, said, _WRITE)
                listed = done.problems if token.line is None else done.notes  # a line is a place
            listed += [problem] if problem else []
        done.notes += _without_place(path, content, lines)
    done.notes += [*_unreadable_times(path, content, lines), *_proposals(path, content)]
    for note in old_names:
        done.notes.append(Problem(str(path), None, "", note, "rename it when you next edit the sheet"))


_WRITE = "evidence check --write puts it into the sheet"


def _without_place(path: Path, content: Row, lines: dict[FieldPath, int]) -> Iterator[Problem]:
    """Yield the figures that nobody can look up, though the text is at hand."""
    for place, quantity in items_of(content, "quantities", dict):
        if all(quantity.get(name) is None for name in ("at", "in", "line", "seen")):
            problem, remedy = "no place is named, so that it is never looked up", "write `in:` its section"
            name = f"quantities.{quantity.get('id')}"
            yield Problem(str(path), line_of(lines, place), name, problem, remedy)


def _unreadable_times(path: Path, content: Row, lines: dict[FieldPath, int]) -> Iterator[Problem]:
    """Yield the times of results that state none, each once: such a result stands at no week."""
    found = Counter[str]()
    for name in ("results", "contrasts", "quantities"):
        for place, block in items_of(content, name, dict):
            time = block.get("time")
            if not isinstance(time, str) or weeks(time) is not None or weeks_after_end(time) is not None:
                continue
            found[time] += 1
            if found[time] == 1:
                problem = f"{time!r} states no time that can be read, so that it stands beside no other"
                remedy = "where the source says when, write it: `24 weeks`, `6 months`, `baseline`"
                yield Problem(str(path), line_of(lines, (*place, "time")), f"{name}.time", problem, remedy)


def _proposals(path: Path, content: Row) -> Iterator[Problem]:
    """Yield how much of a sheet waits for a person."""
    results, facts = (
        sum(block.get("state") == "proposed" for _, block in items_of(content, name, dict))
        for name in ("results", "facts")
    )
    if results or facts:
        problem = f"{results} result(s) and {facts} fact(s) are proposed and count in nothing"
        yield Problem(str(path), None, "", problem, f"evidence confirm {content.get('study_id')}")


_DATES = ("registered_on", "starts_on", "primary_completion_on", "ends_on")


def _notes_of_record(path: Path, named: bool) -> list[Problem]:
    """Return what is odd about a source that is no sheet: dates far ahead; of a named one, its subject."""
    notes, latest = irrelevant(path) if named and path.is_file() else [], date.today().year + FURTHEST
    try:
        studies = [row for record in read_records(path) for row in record.studies]
    except (SourceError, OSError):
        return notes  # the check of the files names what is wrong
    for row in studies:
        for name in _DATES:
            if (stated := str(row.get(name) or ""))[:4] > str(latest):
                problem = f"{row['study_id']}: {stated} lies far ahead"
                remedy = "compare it with the register; it is kept as it is"
                notes.append(Problem(str(path), None, name, problem, remedy))
    return notes


def irrelevant(path: Path) -> list[Problem]:
    """Return that a source has nothing to do with this review; an empty list where it has, or is no text."""
    try:
        words = read_text(path)
    except (SourceError, OSError):
        return []
    if re.search("|".join(SUBJECT_WORDS), words, re.IGNORECASE):
        return []
    problem = "no exosome, vesicle, conditioned medium or hair in this record"
    return [Problem(str(path), None, "", problem, "leave it out, or add it anyway with --force")]
