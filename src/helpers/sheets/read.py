"""A study sheet read into a record, every mistake with its line."""

from __future__ import annotations

import difflib
import hashlib
import types
import typing
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from helpers.sheets.check import (
    ARM_REFERENCES,
    CONTRAST_REFERENCES,
    EVENT_REFERENCES,
    RESULT_REFERENCES,
    STUDY_REFERENCES,
    SheetReferences,
    cross_checks,
    seen_columns,
)
from helpers.sheets.model import SheetQuantity, StudySheet
from helpers.tables import join_ids
from trialfiles.record import Problem, SourceError, SourceRecord, contact_details
from trialfiles.times import in_weeks, weeks
from trialfiles.yaml_lines import line_of, read_yaml


def sheet_record(sheet: StudySheet) -> SourceRecord:
    """Return the rows that a study sheet states.

    Parameters
    ----------
    sheet : StudySheet
        A sheet from `read_sheet`.

    Returns
    -------
    SourceRecord
        One source, one study, and its arms, outcomes, figures, results, events and appraisal. Quantity
        ids become `study_id.id`, so that they are unique over all studies. What is only proposed is left
        out; a confirmed result, or any other block that names a figure, confirms the figure.
    """
    rows = _Rows(sheet)
    return SourceRecord(
        sources=[rows.source()],
        studies=[rows.study()],
        arms=[rows.arm(arm) for arm in sheet.arms],
        outcomes=[rows.outcome(outcome) for outcome in sheet.outcomes],
        results=[
            rows.result(index, result)
            for index, result in enumerate(sheet.results)
            if result.state == "confirmed"
        ],
        adverse_events=[rows.event(event) for event in sheet.adverse_events],
        contrasts=[
            rows.contrast(index, contrast)
            for index, contrast in enumerate(sheet.contrasts)
            if contrast.state == "confirmed"
        ],
        quantities=[rows.quantity(quantity) for quantity in sheet.quantities if rows.confirmed(quantity)],
        statements=[rows.statement(statement) for statement in sheet.statements],
        reader_findings=[rows.finding(finding) for finding in sheet.findings],
        reader_judgements=rows.judgements(),
    )


class _Rows(SheetReferences):
    """The rows of one sheet."""

    def source(self) -> dict[str, Any]:
        source = self.sheet.source
        row = source.model_dump(exclude={"registry_file", "seen"}) | seen_columns(source.seen)
        row["access"] = source.access or (source.seen.access if source.seen else None)
        extraction = self.sheet.extraction
        return row | {
            "study_id": self.sheet.study_id,
            "extraction_readers": extraction.readers,
            "extraction_date": extraction.date.isoformat(),
            "provenance": extraction.compared,
        }

    def study(self) -> dict[str, Any]:
        study = self.sheet.study
        row = study.model_dump(exclude=set(STUDY_REFERENCES))
        for field in STUDY_REFERENCES:
            reference = getattr(study, field)
            row[field] = self.printed(reference) if field.endswith("_on") else self.value(reference)
        return row | {"study_id": self.sheet.study_id, "quantity_ids": self.ids(study, STUDY_REFERENCES)}

    def arm(self, arm: Any) -> dict[str, Any]:
        interval = self.figures[arm.interval.partition(".")[0]] if arm.interval else None
        row = arm.model_dump(exclude=set(ARM_REFERENCES))
        return row | {
            "study_id": self.sheet.study_id,
            "dose": self.printed(arm.dose),
            "sessions": self.value(arm.sessions),
            "interval_weeks": in_weeks(self.value(arm.interval), interval.unit) if interval else None,
            "n": self.value(arm.n),
            "quantity_ids": self.ids(arm, ARM_REFERENCES),
        }

    def outcome(self, outcome: Any) -> dict[str, Any]:
        row = outcome.model_dump(exclude={"timepoint"})
        times = {"timepoint_printed": outcome.timepoint, "timepoint_weeks": weeks(outcome.timepoint)}
        return row | times | {"study_id": self.sheet.study_id}

    def result(self, index: int, result: Any) -> dict[str, Any]:
        given = {field: getattr(result, field) for field in RESULT_REFERENCES if getattr(result, field)}
        # people, counts and p values are not measured in the unit of the outcome
        units = [
            self.figures[name.partition(".")[0]].unit
            for field, name in given.items()
            if field not in ("n", "count", "p_value")
        ]
        row = result.model_dump(include={"concept", "site", "kind", "p_value_against", "stated", "note"})
        return row | {
            "result_id": f"{self.sheet.study_id}.r{index + 1:02d}",
            "study_id": self.sheet.study_id,
            "source_id": self.sheet.source.source_id,
            "arm_id": result.arm,
            "timepoint_printed": result.time,
            "unit": result.unit or next((unit for unit in units if unit), None),
            **{field: self.value(name) for field, name in given.items()},
            "p_value_token": self.printed(result.p_value),
            "second_hand": self.second_hand(given.values()),
            "quantity_ids": join_ids(self.full(name) for name in given.values()),
            "figures": ";".join(f"{field}={self.full(name)}" for field, name in given.items()),
        }

    def contrast(self, index: int, contrast: Any) -> dict[str, Any]:
        given = {field: getattr(contrast, field) for field in CONTRAST_REFERENCES if getattr(contrast, field)}
        row = contrast.model_dump(include={"against", "concept", "site", "measure", "unit", "note"})
        return row | {
            "contrast_id": f"{self.sheet.study_id}.c{index + 1:02d}",
            "study_id": self.sheet.study_id,
            "source_id": self.sheet.source.source_id,
            "arm_id": contrast.arm,
            "timepoint_printed": contrast.time,
            "timepoint_weeks": weeks(contrast.time),
            **{field: self.value(name) for field, name in given.items()},
            "p_value_token": self.printed(contrast.p_value),
            "second_hand": self.second_hand(given.values()),
            "quantity_ids": join_ids(self.full(name) for name in given.values()),
        }

    def event(self, event: Any) -> dict[str, Any]:
        resolved = self.figures[event.resolved.partition(".")[0]] if event.resolved else None
        row = event.model_dump(include={"term", "severity", "note", "monitored"})
        # each case is one person; a group's size is what the sheet names
        alone = 1 if event.absent and self.sheet.study.comparison == "case" else None
        named = join_ids(self.full(name) for name in event.quantities)
        return row | {
            "study_id": self.sheet.study_id,
            "arm_id": event.arm,
            "count": 0 if event.absent else self.value(event.count),
            "n": self.value(event.n) or alone,
            "timepoint_printed": self.printed(event.monitored_for),
            "resolved": self.value(event.resolved),
            "resolved_unit": resolved.unit if resolved else None,
            "quantity_ids": join_ids([*self.ids(event, EVENT_REFERENCES).split(";"), *named.split(";")]),
        }

    def quantity(self, quantity: SheetQuantity) -> dict[str, Any]:
        at = quantity.at
        start, end = at.chars if at and at.chars else (None, None)
        row = quantity.model_dump(
            include={"printed", "value", "sd", "unit", "kind", "role", "concept", "note"}
        )
        seen = None if at else quantity.seen or self.sheet.source.seen
        return (
            row
            | seen_columns(seen)
            | {
                "quantity_id": self.full(quantity.id),
                "study_id": self.sheet.study_id,
                "source_id": quantity.source or self.sheet.source.source_id,
                "value_low": quantity.low,
                "value_high": quantity.high,
                "arm_id": quantity.arm,
                "timepoint_printed": quantity.time,
                "section": at.section if at else None,
                "line": at.line if at else None,
                "char_start": start,
                "char_end": end,
            }
        )

    def statement(self, statement: Any) -> dict[str, Any]:
        row = statement.model_dump(exclude={"id"})
        return row | {
            "statement_id": self.full(statement.id),
            "study_id": self.sheet.study_id,
            "source_id": self.sheet.source.source_id,
        }

    def finding(self, finding: Any) -> dict[str, Any]:
        figures = [self.figures[name].at for name in finding.quantities]
        places = [self.locator(at.line, at.section) for at in figures if at]
        places += [self.locator(place.line, place.section) for place in finding.places]
        return {
            "finding_id": f"{self.sheet.study_id}.{finding.id}",
            "study_id": self.sheet.study_id,
            "check": finding.check,
            "detected_by": "reader",
            "severity": finding.severity,
            "statement": finding.statement,
            "locators": "; ".join(dict.fromkeys(places)) or "whole document",
            "arithmetic": finding.arithmetic,
            "quantity_ids": join_ids(self.full(name) for name in finding.quantities),
            "concepts": join_ids(finding.concepts),
        }

    def judgements(self) -> list[dict[str, Any]]:
        appraisal = self.sheet.risk_of_bias
        return [
            {
                "study_id": self.sheet.study_id,
                "tool": appraisal.tool,
                "domain": domain.domain,
                "judgement": domain.judgement,
                "reason": domain.reason,
                "quantity_ids": join_ids(self.full(name) for name in domain.quantities),
                "finding_ids": join_ids(self.full(name) for name in domain.findings),
                "order": index + 1,
            }
            for index, domain in enumerate(appraisal.domains if appraisal else [])
        ]


_LEAVE_OUT = "leave it out: no contact details are kept"
_REMEDIES = {
    "missing": "add it; `null` where the source does not state it",
    "string_type": "put it in quotes",
    "bool_type": "write true or false",
    "int_type": "write a whole number, without quotes",
    "float_type": "write a number, without quotes",
    "list_type": "write a list, one `- ` a line",
    "greater_than_equal": "mend the number",
    "string_pattern_mismatch": "use letters, digits, - and _ only",
    "model_type": "write a block of `field: value` lines",
}


def read_sheet(path: str | Path) -> StudySheet:
    """Read and check a study sheet.

    Parameters
    ----------
    path : path
        A YAML file; its name is the study's id with `.yaml`.

    Returns
    -------
    StudySheet
        The checked sheet.

    Raises
    ------
    SourceError
        With everything that is wrong in the file at once, each with line, field, problem and remedy.
    """
    try:
        return _checked(str(path), Path(path).read_bytes())
    except OSError:
        return _read(Path(path))  # says what is wrong


@lru_cache(maxsize=64)
def _checked(path: str, data: bytes) -> StudySheet:
    """Return a sheet by its bytes: one process asks for it several times, and nobody can change it."""
    return _read(Path(path))


def _read(path: Path) -> StudySheet:
    """Read and check a sheet."""
    content, lines, problems = read_yaml(path)
    if not isinstance(content, dict):
        raise SourceError(
            problems or Problem(str(path), 1, "", "not a study sheet", "start from `evidence new STUDY_ID`")
        )
    sheet = None
    try:
        sheet = StudySheet.model_validate(content)
    except ValidationError as error:
        problems += [_shape_problem(path, fault, lines) for fault in error.errors(include_url=False)]
    for place, problem, remedy in cross_checks(content):
        problems.append(Problem(str(path), line_of(lines, place), _dotted(place), problem, remedy))
    problems += [
        Problem(
            str(path),
            line_of(lines, place),
            _dotted(place),
            "an e-mail address or telephone number",
            _LEAVE_OUT,
        )
        for place, text in texts(content)
        if contact_details(text)
    ]
    if content.get("study_id") != path.stem and isinstance(content.get("study_id"), str):
        problem = f"{content['study_id']!r} is not the file's name"
        remedy = f"name the file {content['study_id']}.yaml or write study_id: {path.stem}"
        problems.append(Problem(str(path), line_of(lines, ("study_id",)), "study_id", problem, remedy))
    if problems or sheet is None:
        raise SourceError(sorted(set(problems), key=lambda item: (item.line or 0, item.field, item.problem)))
    return sheet


def texts(content: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every text of a nested content with its path."""
    if isinstance(content, str):
        yield place, content
    elif isinstance(content, dict | list):
        items = content.items() if isinstance(content, dict) else enumerate(content)
        for key, value in items:
            yield from texts(value, (*place, key))


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _shape_problem(path: Path, fault: Any, lines: dict) -> Problem:
    """Say in a person's words what pydantic found."""
    place = fault["loc"]
    kind = fault["type"]
    if kind == "extra_forbidden":
        known = _known_keys(place[:-1])
        close = difflib.get_close_matches(str(place[-1]), known, n=1)
        remedy = f"did you mean {close[0]!r}?" if close else "remove it; known here: " + ", ".join(known)
        return Problem(str(path), line_of(lines, place), _dotted(place), "unknown field", remedy)
    problem = fault["msg"][0].lower() + fault["msg"][1:]
    if kind == "literal_error":
        return Problem(str(path), line_of(lines, place), _dotted(place), problem, "use one of these words")
    if kind == "missing":
        problem = "the field is missing"
    elif isinstance(fault.get("input"), str | int | float):
        problem += f" (found {str(fault['input'])[:40]!r})"
    remedy = _REMEDIES.get(kind, "mend the value; data/raw/README.md explains each field")
    return Problem(str(path), line_of(lines, place), _dotted(place), problem, remedy)


def _known_keys(place: tuple[str | int, ...]) -> list[str]:
    """Return the field names of the block at `place`."""
    model: Any = StudySheet
    for part in place:
        if isinstance(part, int) or not isinstance(model, type) or part not in model.model_fields:
            continue
        model = _block_type(model.model_fields[part].annotation)
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _block_type(annotation: Any) -> Any:
    if typing.get_origin(annotation) in (list, typing.Union, types.UnionType):
        inner = [_block_type(item) for item in typing.get_args(annotation) if item is not type(None)]
        return next(
            (item for item in inner if isinstance(item, type) and issubclass(item, BaseModel)), inner[0]
        )
    return annotation


def _dotted(place: tuple[str | int, ...]) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
