"""A study sheet read and checked, every mistake with its line; then the rows that it states."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from helpers.sheets import SHEET_WORDS, model
from helpers.sheets.check import cross_checks, with_confirmed_facts
from helpers.sheets.fields import OLD_NAMES, spelled_out, with_current_names
from helpers.tables.vocabulary import reading_words
from notebookpress.tables import join_ids
from trialfiles.reading import read_sources, recognise
from trialfiles.record import Problem, Row, SourceError, SourceRecord
from trialfiles.text import contact_details, invisible, read_bytes
from trialfiles.times import in_weeks, weeks
from trialfiles.yaml_lines import FieldPath, line_of, read_yaml

Stated = typing.TypeVar("Stated", bound=BaseModel)


def read_records(path: str | Path) -> Iterator[SourceRecord]:
    """Yield the records of any source: a study sheet, or a file that `trialfiles` reads."""
    if recognise(path) == "sheet":
        yield sheet_record(read_sheet(path))
    else:
        yield from read_sources(path, reading_words())


def read_sheet(path: str | Path) -> model.StudySheet:
    """Read and check a study sheet, a YAML file whose name is the study's id with `.yaml`.

    Raises
    ------
    SourceError
        With everything that is wrong in the file at once, each with line, field, problem and remedy.
    """
    return _read(str(path), read_bytes(Path(path)))


@lru_cache(maxsize=64)
def _read(path: str, data: bytes) -> model.StudySheet:
    """Return a sheet by its bytes: one process asks for it several times, and nobody can change it."""
    content, lines, problems = read_yaml(Path(path))
    if not isinstance(content, dict):
        remedy = "start from `evidence new STUDY_ID`"
        raise SourceError(problems or Problem(path, 1, "", "not a study sheet", remedy))
    with_current_names(content)
    with_confirmed_facts(content)
    lines = _current_lines(lines)
    sheet = None
    faults = [*spelled_out(content), *cross_checks(content)]
    try:
        sheet = model.StudySheet.model_validate(content)
    except ValidationError as error:
        faults += [_shape_fault(found) for found in error.errors(include_url=False)]
    for place, text in _texts(content):
        if contact_details(text):
            remedy = "leave it out: no contact details are kept"
            faults.append((place, "an e-mail address or telephone number", remedy))
        if char := invisible(text):
            faults.append((place, f"a character that nobody sees ({char})", "delete it"))
    name, stem = content.get("study_id"), Path(path).stem
    if name != stem and isinstance(name, str):
        remedy = f"name the file {name}.yaml or write study_id: {stem}"
        faults.append((("study_id",), f"{name!r} is not the file's name", remedy))
    problems += [Problem(path, line_of(lines, fault[0]), _dotted(fault[0]), *fault[1:]) for fault in faults]
    if problems or sheet is None:
        raise SourceError(sorted(set(problems), key=lambda item: (item.line or 0, item.field, item.problem)))
    return sheet


def read_stated(path: Path, block: type[Stated], remedy: str) -> tuple[Stated, dict[FieldPath, int]]:
    """Return what a YAML file beside the sheets states, with the line of each field.

    Everything that is wrong is refused at once, each with `remedy` or the words that may stand there.
    """
    content, lines, problems = read_yaml(path)
    try:
        found = block.model_validate(content or {})
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            place, line = fault["loc"], line_of(lines, fault["loc"])
            other = f"use {fault['ctx']['expected']}" if fault["type"] == "literal_error" else remedy
            problems.append(Problem(str(path), line, _dotted(place), fault["msg"].lower(), other))
    if problems:
        raise SourceError(problems)
    return found, lines


def sheet_content(path: str | Path) -> tuple[Row, dict[FieldPath, int], list[str]]:
    """Return a sheet as it is written, under the current names of its fields, and the line of each field.

    The last is what it still says under old names. What is no block of fields gives an empty one; errors of
    YAML as in `read_yaml`.
    """
    content, lines, _ = read_yaml(Path(path))
    content = content if isinstance(content, dict) else {}
    notes = with_current_names(content)
    return content, _current_lines(lines), notes


def _current_lines(lines: dict[FieldPath, int]) -> dict[FieldPath, int]:
    return {tuple(OLD_NAMES.get(str(part), part) for part in place): line for place, line in lines.items()}


def _texts(content: Any, place: FieldPath = ()) -> Iterator[tuple[FieldPath, str]]:
    """Yield every text of a nested content with its path."""
    if isinstance(content, str):
        yield place, content
    elif isinstance(content, dict | list):
        for key, value in content.items() if isinstance(content, dict) else enumerate(content):
            yield from _texts(value, (*place, key))


def _dotted(place: FieldPath) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def _shape_fault(found: Any) -> tuple[FieldPath, str, str]:
    """Say in a person's words what pydantic found."""
    place, kind = found["loc"], found["type"]
    block = _block_of(place[:-1]) or BaseModel
    if kind == "extra_forbidden":
        known = [field.alias or name for name, field in block.model_fields.items()]
        close = difflib.get_close_matches(str(place[-1]), known, n=1)
        remedy = f"did you mean {close[0]!r}?" if close else "remove it; known here: " + ", ".join(known)
        return place, "unknown field", remedy
    problem = found["msg"][0].lower() + found["msg"][1:]
    if kind == "missing":
        problem = "the field is missing"
    elif kind == "string_type" and issubclass(block, model.Block) and place[-1] in block.figure_fields():
        remedy = "name a quantity: give the figure an entry under `quantities` and write its id here"
        return place, f"a number where a figure is named by its id (found {found.get('input')!r})", remedy
    elif kind != "literal_error" and isinstance(found.get("input"), str | int | float):
        problem += f" (found {str(found['input'])[:40]!r})"
    remedy = SHEET_WORDS["remedies"].get(kind, "mend the value; data/raw/README.md explains each field")
    return place, problem, remedy


def _block_of(place: FieldPath) -> type[BaseModel] | None:
    block: type[BaseModel] | None = model.StudySheet
    for part in place:
        if block and part in block.model_fields:
            block = _block_type(block.model_fields[str(part)].annotation)
    return block


def _block_type(annotation: Any) -> type[BaseModel] | None:
    """Return the block that a field holds, alone or in a list; None where it holds plain values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_block_type, typing.get_args(annotation))), None)


def sheet_record(sheet: model.StudySheet) -> SourceRecord:
    """Return the rows that a study sheet states: a source, a study, and what belongs to them.

    Quantity ids become `study_id.id`, so that they are unique over all studies. What is only proposed is left
    out; a confirmed result, or any other block that names a figure, confirms the figure.
    """
    rows = _Rows(sheet)
    return SourceRecord(
        sources=[rows.source()],
        studies=[rows.study()],
        arms=list(map(rows.arm, sheet.arms)),
        outcomes=list(map(rows.outcome, sheet.outcomes)),
        results=[rows.result(*one) for one in enumerate(sheet.results, 1) if one[1].state == "confirmed"],
        adverse_events=list(map(rows.event, sheet.adverse_events)),
        contrasts=[
            rows.contrast(*one) for one in enumerate(sheet.contrasts, 1) if one[1].state == "confirmed"
        ],
        quantities=rows.quantities(),
        statements=list(map(rows.statement, sheet.statements)),
        reviewer_discrepancies=list(map(rows.discrepancy, sheet.discrepancies)),
        reader_judgements=rows.judgements(),
        reviewer_answers=rows.answers(),
    )


TRUST_TOOL = "INSPECT-SR"  # that the checks under `trust` are of
_END_OF = {"recruitment_end": "recruitment", "study_end": "study"}  # by what the sheet calls the date
_NOT_SEEN = dict.fromkeys(model.Origin.model_fields) | {"second_hand": False}  # but read in the source itself


class _Rows:
    """The rows of one sheet."""

    def __init__(self, sheet: model.StudySheet):
        self.sheet = sheet
        self.figures = sheet.figures
        self.study_id = {"study_id": sheet.study_id}
        self.keys = self.study_id | {"source_id": sheet.source.source_id}

    def source(self) -> Row:
        source, extraction = self.sheet.source, self.sheet.extraction
        row = source.model_dump(exclude={"registry_file", "pdf_sha256", "seen"}) | _origin_columns(
            source.seen
        )
        cited = source.reference
        return row | self.study_id | {
            "reference": cited and cited.model_dump_json(by_alias=True, exclude_defaults=True),
            "doi": (cited and cited.DOI) or source.doi,
            "access": source.access or row["access"],
            "extraction_readers": extraction.readers,
            "extraction_date": extraction.date.isoformat(),
            "provenance": extraction.compared,
        }  # fmt: skip

    def study(self) -> Row:
        study = self.sheet.study
        end_of = _END_OF.get(self.figures[study.ends_on].concept) if study.ends_on else None
        return study.model_dump() | self.named(study) | self.study_id | {"end_of": end_of}

    def arm(self, arm: model.Arm) -> Row:
        row = arm.model_dump() | self.named(arm) | self.study_id
        return row | {"interval_weeks": in_weeks(row.pop("interval"), self.figure(arm.interval, "unit"))}

    def outcome(self, outcome: model.SheetOutcome) -> Row:
        row = outcome.model_dump(exclude={"timepoint"}) | self.study_id
        return row | {"timepoint_printed": outcome.timepoint, "timepoint_weeks": weeks(outcome.timepoint)}

    def result(self, number: int, result: model.Result) -> Row:
        names = {field: name for field in result.figure_fields() if (name := getattr(result, field))}
        # people, counts and p values are not measured in the unit of the outcome
        measured = [name for field, name in names.items() if field not in ("n", "count", "p_value")]
        units = filter(None, (self.figure(name, "unit") for name in measured))
        return self.compared(result) | {
            "result_id": f"{self.sheet.study_id}.r{number:02d}",
            "unit": result.unit or next(units, None),
        }

    def contrast(self, number: int, contrast: model.Contrast) -> Row:
        key = {"contrast_id": f"{self.sheet.study_id}.c{number:02d}"}
        return self.compared(contrast) | key | {"timepoint_weeks": weeks(contrast.time)}

    def compared(self, block: model.Result | model.Contrast) -> Row:
        """Return the columns that a result and a contrast share."""
        return block.model_dump(exclude={"arm", "time", "state"}) | self.named(block) | self.keys | {
            "arm_id": block.arm,
            "timepoint_printed": block.time,
            "p_value_token": self.figure(block.p_value, "printed"),
            "second_hand": self.second_hand(block.named()),
        }  # fmt: skip

    def event(self, event: model.AdverseEvent) -> Row:
        row = event.model_dump(include={"term", "severity", "note", "monitored"}) | self.named(event)
        # each case is one person; a group's size is what the sheet names
        alone = 1 if event.absent and self.sheet.study.comparison == "case" else None
        row["timepoint_printed"] = row.pop("monitored_for")
        return row | self.study_id | {
            "arm_id": event.arm,
            "count": 0 if event.absent else row["count"],
            "n": row["n"] or alone,
            "resolved_unit": self.figure(event.resolved, "unit"),
        }  # fmt: skip

    def quantities(self) -> list[Row]:
        """Return the figures for which a person stands: confirmed, or named by a confirmed block."""
        sheet = self.sheet
        blocks = [sheet.study, *sheet.arms, *sheet.results, *sheet.contrasts, *sheet.adverse_events]
        blocks += [*sheet.discrepancies, *sheet.judged()]
        confirmed = {quantity.id for quantity in sheet.quantities if quantity.state == "confirmed"}
        for block in blocks:
            if getattr(block, "state", "confirmed") == "confirmed":
                confirmed.update(block.named())
        return [self.quantity(quantity) for name, quantity in self.figures.items() if name in confirmed]

    def quantity(self, quantity: model.SheetQuantity) -> Row:
        at = quantity.at
        start, end = at.chars if at and at.chars else (None, None)
        kept = {"printed", "value", "sd", "unit", "kind", "role", "concept", "note"}
        origin = None if at else quantity.seen or self.sheet.source.seen
        return quantity.model_dump(include=kept) | _origin_columns(origin) | self.study_id | {
            "quantity_id": self.full(quantity.id),
            "source_id": quantity.source or self.sheet.source.source_id,
            "value_low": quantity.low,
            "value_high": quantity.high,
            "arm_id": quantity.arm,
            "timepoint_printed": quantity.time,
            "section": at.section if at else None,
            "line": at.line if at else None,
            "char_start": start,
            "char_end": end,
        }  # fmt: skip

    def statement(self, statement: model.Statement) -> Row:
        return statement.model_dump(exclude={"id"}) | self.keys | {"statement_id": self.full(statement.id)}

    def discrepancy(self, discrepancy: model.ReviewerDiscrepancy) -> Row:
        figures = (self.figures[name].at for name in discrepancy.quantities)
        places: list[model.Place | model.PrintedWords] = [at for at in figures if at]
        document = self.sheet.source.document or self.sheet.source.source_id
        locators = [
            f"{document}, line {place.line}" + (f" ({place.section})" if place.section else "")
            for place in [*places, *discrepancy.places]
        ]
        kept = {"check", "certain", "concern", "statement", "arithmetic"}
        return discrepancy.model_dump(include=kept) | self.study_id | {
            "discrepancy_id": self.full(discrepancy.id),
            "detected_by": "reviewer",
            "locators": "; ".join(dict.fromkeys(locators)) or "all that was read",
            "quantity_ids": self.ids(discrepancy.quantities),
            "concepts": join_ids(discrepancy.concepts),
        }  # fmt: skip

    def judgements(self) -> list[Row]:
        """Return the judgements of domains, in the order of the sheet."""
        if (appraisal := self.sheet.risk_of_bias) is None:
            return []
        rows = (self.rests_on(domain) | {"tool": appraisal.tool} for domain in appraisal.domains)
        return [row | {"order": order} for order, row in enumerate(rows, start=1)]

    def answers(self) -> list[Row]:
        """Return the answers of persons to the questions of tools, in the order of the sheet."""
        appraisal, trust = self.sheet.risk_of_bias, self.sheet.trust
        asked = [(appraisal.tool, appraisal.outcome, one) for one in appraisal.answers] if appraisal else []
        asked += [(TRUST_TOOL, None, one) for one in trust]
        return [
            self.rests_on(one) | {"tool": tool, "outcome": outcome or "all", "order": order}
            for order, (tool, outcome, one) in enumerate(asked)
        ]

    def rests_on(self, block: model.Domain | model.Answer) -> Row:
        """Return a judgement or an answer, with what it rests on under names over all studies."""
        kinds = {
            "quantities": "quantity_ids",
            "statements": "statement_ids",
            "discrepancies": "discrepancy_ids",
        }
        lists = {ids: self.ids(getattr(block, kind)) for kind, ids in kinds.items() if hasattr(block, kind)}
        return block.model_dump(exclude=set(kinds)) | lists | self.study_id

    def full(self, name: str) -> str:
        """Return a name within the sheet as one over all studies; of a part, that of its figure."""
        return f"{self.sheet.study_id}.{name.partition('.')[0]}"

    def ids(self, names: Iterable[str]) -> str:
        """Return names as over all studies, joined."""
        return join_ids(self.full(name) for name in names)

    def named(self, block: model.Block) -> Row:
        """Return what the named figures of a block are, their numbers or printed tokens, and their names."""
        fields = block.figure_fields()
        values = {
            field: self.figure(getattr(block, field), "printed" if use.printed else "value")
            for field, use in fields.items()
        }
        own = {field: name for field in fields if (name := getattr(block, field))}
        figures = join_ids(f"{field}={self.full(name)}" for field, name in own.items())
        return values | {"quantity_ids": self.ids(block.named()), "figures": figures}

    def figure(self, reference: str | None, what: str) -> Any:
        """Return the value of the figure that a reference means, of the part that it names, or its `what`."""
        if reference is None:
            return None
        name, _, part = reference.partition(".")
        return getattr(self.figures[name], part if part and what == "value" else what)

    def second_hand(self, names: list[str]) -> bool:
        """Whether any of these figures, or with none the source itself, was seen only second-hand."""
        figures, seen = [self.figures[name] for name in names], self.sheet.source.seen
        origins = [figure.seen or seen for figure in figures if not figure.at] if figures else [seen]
        return any(origin is not None and origin.access == "secondary" for origin in origins)


def _origin_columns(origin: model.Origin | None) -> Row:
    """Return where and how something was seen, as columns of the tables."""
    return origin.columns() if origin else _NOT_SEEN
