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
from helpers.sheets.check import OLD_NAMES, FieldPath, cross_checks, with_current_names
from helpers.tables.vocabulary import reading_words
from notebookpress.tables import join_ids
from trialfiles.reading import read_sources
from trialfiles.recognition import recognise
from trialfiles.record import Problem, Row, SourceError, SourceRecord
from trialfiles.text import contact_details
from trialfiles.times import in_weeks, weeks
from trialfiles.yaml_lines import line_of, read_yaml


def read_records(path: str | Path) -> Iterator[SourceRecord]:
    """Yield the records of any source: a study sheet, or a file that `trialfiles` reads.

    Raises
    ------
    SourceError
        When the file cannot be read whole.
    """
    if recognise(path) == "sheet":
        yield sheet_record(read_sheet(path))
    else:
        yield from read_sources(path, reading_words())


def read_sheet(path: str | Path) -> model.StudySheet:
    """Read and check a study sheet.

    Parameters
    ----------
    path : path
        A YAML file; its name is the study's id with `.yaml`.

    Returns
    -------
    model.StudySheet
        The checked sheet.

    Raises
    ------
    SourceError
        With everything that is wrong in the file at once, each with line, field, problem and remedy.
    """
    try:
        return _read(str(path), Path(path).read_bytes())
    except OSError:
        return _read.__wrapped__(str(path), b"")  # says what is wrong


@lru_cache(maxsize=64)
def _read(path: str, data: bytes) -> model.StudySheet:
    """Return a sheet by its bytes: one process asks for it several times, and nobody can change it."""
    content, lines, problems = read_yaml(Path(path))
    if not isinstance(content, dict):
        remedy = "start from `evidence new STUDY_ID`"
        raise SourceError(problems or Problem(path, 1, "", "not a study sheet", remedy))
    with_current_names(content)
    lines = {tuple(OLD_NAMES.get(str(part), part) for part in place): line for place, line in lines.items()}
    sheet = None
    faults = list(cross_checks(content))
    try:
        sheet = model.StudySheet.model_validate(content)
    except ValidationError as error:
        faults += [_shape_fault(found) for found in error.errors(include_url=False)]
    for place, text in _texts(content):
        if contact_details(text):
            remedy = "leave it out: no contact details are kept"
            faults.append((place, "an e-mail address or telephone number", remedy))
    name, stem = content.get("study_id"), Path(path).stem
    if name != stem and isinstance(name, str):
        remedy = f"name the file {name}.yaml or write study_id: {stem}"
        faults.append((("study_id",), f"{name!r} is not the file's name", remedy))
    problems += [Problem(path, line_of(lines, fault[0]), _dotted(fault[0]), *fault[1:]) for fault in faults]
    if problems or sheet is None:
        raise SourceError(sorted(set(problems), key=lambda item: (item.line or 0, item.field, item.problem)))
    return sheet


def old_names(path: str | Path) -> list[str]:
    """Return what a sheet still says under old names, for `evidence check`; nothing for what is no sheet."""
    content, *_ = read_yaml(Path(path))
    return with_current_names(content) if isinstance(content, dict) else []


def _texts(content: Any, place: FieldPath = ()) -> Iterator[tuple[FieldPath, str]]:
    """Yield every text of a nested content with its path."""
    if isinstance(content, str):
        yield place, content
    elif isinstance(content, dict | list):
        for key, value in content.items() if isinstance(content, dict) else enumerate(content):
            yield from _texts(value, (*place, key))


def _dotted(place: FieldPath) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _shape_fault(found: Any) -> tuple[FieldPath, str, str]:
    """Say in a person's words what pydantic found."""
    place, kind = found["loc"], found["type"]
    if kind == "extra_forbidden":
        known = _known_keys(place[:-1])
        close = difflib.get_close_matches(str(place[-1]), known, n=1)
        remedy = f"did you mean {close[0]!r}?" if close else "remove it; known here: " + ", ".join(known)
        return place, "unknown field", remedy
    problem = found["msg"][0].lower() + found["msg"][1:]
    if kind == "missing":
        problem = "the field is missing"
    elif kind != "literal_error" and isinstance(found.get("input"), str | int | float):
        problem += f" (found {str(found['input'])[:40]!r})"
    return (
        place,
        problem,
        SHEET_WORDS["remedies"].get(kind, "mend the value; data/raw/README.md explains each field"),
    )


def _known_keys(place: FieldPath) -> list[str]:
    """Return the field names of the block at `place`."""
    block: type[BaseModel] = model.StudySheet
    for part in place:
        if part in block.model_fields:
            inner = _block_type(block.model_fields[str(part)].annotation)
            if inner is None:
                return []
            block = inner
    return list(block.model_fields)


def _block_type(annotation: Any) -> type[BaseModel] | None:
    """Return the block that a field holds, alone or in a list; None where it holds plain values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_block_type, typing.get_args(annotation))), None)


def sheet_record(sheet: model.StudySheet) -> SourceRecord:
    """Return the rows that a study sheet states.

    Parameters
    ----------
    sheet : model.StudySheet
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
            rows.result(number, result)
            for number, result in enumerate(sheet.results, start=1)
            if result.state == "confirmed"
        ],
        adverse_events=[rows.event(event) for event in sheet.adverse_events],
        contrasts=[
            rows.contrast(number, contrast)
            for number, contrast in enumerate(sheet.contrasts, start=1)
            if contrast.state == "confirmed"
        ],
        quantities=rows.quantities(),
        statements=[rows.statement(statement) for statement in sheet.statements],
        reviewer_discrepancies=[rows.discrepancy(discrepancy) for discrepancy in sheet.discrepancies],
        reader_judgements=rows.judgements(),
        reviewer_answers=rows.answers(),
    )


TRUST_TOOL = "INSPECT-SR"  # that the checks under `trust` are of
_END_OF = {"recruitment_end": "recruitment", "study_end": "study"}  # by what the sheet calls the date


class _Rows:
    """The rows of one sheet."""

    def __init__(self, sheet: model.StudySheet):
        self.sheet = sheet
        self.figures: dict[str, model.SheetQuantity] = {
            quantity.id: quantity for quantity in sheet.quantities
        }
        self.keys = {"study_id": sheet.study_id, "source_id": sheet.source.source_id}

    def source(self) -> Row:
        source, extraction = self.sheet.source, self.sheet.extraction
        row = source.model_dump(exclude={"registry_file", "seen"}) | _origin_columns(source.seen)
        return row | {
            "access": source.access or row["access"],
            "study_id": self.sheet.study_id,
            "extraction_readers": extraction.readers,
            "extraction_date": extraction.date.isoformat(),
            "provenance": extraction.compared,
        }

    def study(self) -> Row:
        study = self.sheet.study
        return study.model_dump() | self.values(study) | {
            "study_id": self.sheet.study_id, "quantity_ids": self.ids(_named(study)),
            "end_of": _END_OF.get(self.figures[study.ends_on].concept) if study.ends_on else None,
        }  # fmt: skip

    def arm(self, arm: model.Arm) -> Row:
        row = arm.model_dump(exclude={"interval"}) | self.values(arm)
        interval = row.pop("interval")
        return row | {
            "study_id": self.sheet.study_id,
            "interval_weeks": in_weeks(interval, self.unit(arm.interval)),
            "quantity_ids": self.ids(_named(arm)),
        }

    def outcome(self, outcome: model.SheetOutcome) -> Row:
        row = outcome.model_dump(exclude={"timepoint"})
        times = {"timepoint_printed": outcome.timepoint, "timepoint_weeks": weeks(outcome.timepoint)}
        return row | times | {"study_id": self.sheet.study_id}

    def result(self, number: int, result: model.Result) -> Row:
        names = {field: getattr(result, field) for field in result.figure_fields()}
        names = {field: name for field, name in names.items() if name}
        # people, counts and p values are not measured in the unit of the outcome
        units = [self.unit(name) for field, name in names.items() if field not in ("n", "count", "p_value")]
        kept = {
            "concept", "site", "kind", "p_value_against", "p_value_test", "category", "ci_level", "stated",
        }  # fmt: skip
        row = result.model_dump(include=kept | {"note"})
        return row | self.keys | self.values(result) | {
            "result_id": f"{self.sheet.study_id}.r{number:02d}",
            "arm_id": result.arm,
            "timepoint_printed": result.time,
            "unit": result.unit or next((unit for unit in units if unit), None),
            "p_value_token": self.printed(result.p_value),
            "second_hand": self.second_hand(names.values()),
            "quantity_ids": self.ids(names.values()),
            "figures": ";".join(f"{field}={self.full(name)}" for field, name in names.items()),
        }  # fmt: skip

    def contrast(self, number: int, contrast: model.Contrast) -> Row:
        kept = {"against", "concept", "site", "measure", "unit", "note", "ci_level", "p_value_test"}
        row = contrast.model_dump(include=kept)
        return row | self.keys | self.values(contrast) | {
            "contrast_id": f"{self.sheet.study_id}.c{number:02d}",
            "arm_id": contrast.arm,
            "timepoint_printed": contrast.time,
            "timepoint_weeks": weeks(contrast.time),
            "p_value_token": self.printed(contrast.p_value),
            "second_hand": self.second_hand(_named(contrast)),
            "quantity_ids": self.ids(_named(contrast)),
        }  # fmt: skip

    def event(self, event: model.AdverseEvent) -> Row:
        row = event.model_dump(include={"term", "severity", "note", "monitored"}) | self.values(event)
        row["timepoint_printed"] = row.pop("monitored_for")
        # each case is one person; a group's size is what the sheet names
        alone = 1 if event.absent and self.sheet.study.comparison == "case" else None
        return row | {
            "study_id": self.sheet.study_id,
            "arm_id": event.arm,
            "count": 0 if event.absent else row["count"],
            "n": row["n"] or alone,
            "resolved_unit": self.unit(event.resolved),
            "quantity_ids": self.ids([*_named(event), *event.quantities]),
        }

    def quantities(self) -> list[Row]:
        """Return the figures for which a person stands: confirmed, or named by a confirmed block."""
        confirmed = {quantity.id for quantity in self.sheet.quantities if quantity.state == "confirmed"}
        confirmed |= {name.partition(".")[0] for name in _confirming(self.sheet)}
        return [self.quantity(quantity) for name, quantity in self.figures.items() if name in confirmed]

    def quantity(self, quantity: model.SheetQuantity) -> Row:
        at = quantity.at
        start, end = at.chars if at and at.chars else (None, None)
        row = quantity.model_dump(
            include={"printed", "value", "sd", "unit", "kind", "role", "concept", "note"}
        )
        origin = None if at else quantity.seen or self.sheet.source.seen
        return row | _origin_columns(origin) | {
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
        }  # fmt: skip

    def statement(self, statement: model.Statement) -> Row:
        row = statement.model_dump(exclude={"id"}) | self.keys
        return row | {"statement_id": self.full(statement.id)}

    def discrepancy(self, discrepancy: model.ReviewerDiscrepancy) -> Row:
        figures = (self.figures[name].at for name in discrepancy.quantities)
        places: list[model.Place | model.PrintedWords] = [at for at in figures if at]
        document = self.sheet.source.document or self.sheet.source.source_id
        locators = [
            f"{document}, line {place.line}" + (f" ({place.section})" if place.section else "")
            for place in [*places, *discrepancy.places]
        ]
        return {
            "discrepancy_id": self.full(discrepancy.id),
            "study_id": self.sheet.study_id,
            "check": discrepancy.check,
            "detected_by": "reviewer",
            "certain": discrepancy.certain,
            "concern": discrepancy.concern,
            "statement": discrepancy.statement,
            "locators": "; ".join(dict.fromkeys(locators)) or "whole document",
            "arithmetic": discrepancy.arithmetic,
            "quantity_ids": self.ids(discrepancy.quantities),
            "concepts": join_ids(discrepancy.concepts),
        }

    def judgements(self) -> list[Row]:
        appraisal = self.sheet.risk_of_bias
        return [
            {
                "study_id": self.sheet.study_id,
                "tool": appraisal.tool,
                "domain": domain.domain,
                "judgement": domain.judgement,
                "reason": domain.reason,
                "quantity_ids": self.ids(domain.quantities),
                "discrepancy_ids": self.ids(domain.discrepancies),
                "order": order,
            }
            for order, domain in enumerate(appraisal.domains, start=1)
        ] if appraisal else []  # fmt: skip

    def answers(self) -> list[Row]:
        """Return the answers of persons to the questions of tools, in the order of the sheet."""
        appraisal, trust = self.sheet.risk_of_bias, self.sheet.trust
        asked = [(appraisal.tool, appraisal.outcome, one) for one in appraisal.answers] if appraisal else []
        asked += [(TRUST_TOOL, None, one) for one in trust]
        return [
            one.model_dump(include={"question", "answer", "reason", "appraiser"}) | {
                "study_id": self.sheet.study_id,
                "tool": tool,
                "outcome": outcome or "all",
                "quantity_ids": self.ids(one.quantities),
                "statement_ids": self.ids(one.statements),
                "discrepancy_ids": self.ids(one.discrepancies),
                "order": order,
            }
            for order, (tool, outcome, one) in enumerate(asked)
        ]  # fmt: skip

    def full(self, name: str) -> str:
        """Return a name within the sheet as one over all studies; of a part, that of its figure."""
        return f"{self.sheet.study_id}.{name.partition('.')[0]}"

    def ids(self, names: Iterable[str]) -> str:
        """Return names as over all studies, joined."""
        return join_ids(self.full(name) for name in names)

    def values(self, block: model.Block) -> Row:
        """Return what the named figures of a block are: their numbers, or their printed tokens."""
        return {
            field: (self.printed if use.printed else self.number)(getattr(block, field))
            for field, use in block.figure_fields().items()
        }

    def number(self, reference: str | None) -> float | None:
        """Return the number that a reference means."""
        if reference is None:
            return None
        name, _, part = reference.partition(".")
        return getattr(self.figures[name], part or "value")

    def printed(self, reference: str | None) -> str | None:
        """Return the token of the figure that a reference means."""
        return self.figures[reference.partition(".")[0]].printed if reference else None

    def unit(self, reference: str | None) -> str | None:
        """Return the unit of the figure that a reference means."""
        return self.figures[reference.partition(".")[0]].unit if reference else None

    def second_hand(self, names: Iterable[str]) -> bool:
        """Whether any of these figures, or with none the source itself, was seen only second-hand."""
        figures = [self.figures[name.partition(".")[0]] for name in names]
        origins = [figure.seen or self.sheet.source.seen for figure in figures if not figure.at]
        return any(_is_second_hand(origin) for origin in (origins if figures else [self.sheet.source.seen]))


def _is_second_hand(origin: model.Origin | None) -> bool:
    return origin is not None and origin.access == "secondary"


def _origin_columns(origin: model.Origin | None) -> Row:
    """Return where and how something was seen, as columns of the tables."""
    stated = origin.model_dump() if origin else dict.fromkeys(model.Origin.model_fields)
    return stated | {"second_hand": _is_second_hand(origin)}


def _named(block: model.Block) -> list[str]:
    """Return the figures that the fields of a block name."""
    return [name for field in block.figure_fields() if (name := getattr(block, field))]


def _confirming(sheet: model.StudySheet) -> Iterator[str]:
    """Yield the figures that confirmed blocks name."""
    blocks: list[model.Block] = [sheet.study, *sheet.arms, *sheet.adverse_events]
    blocks += [result for result in sheet.results if result.state == "confirmed"]
    blocks += [contrast for contrast in sheet.contrasts if contrast.state == "confirmed"]
    for block in blocks:
        yield from _named(block)
    lists = [discrepancy.quantities for discrepancy in sheet.discrepancies]
    lists += [event.quantities for event in sheet.adverse_events]
    lists += [domain.quantities for domain in (sheet.risk_of_bias.domains if sheet.risk_of_bias else [])]
    lists += [answer.quantities for answer in sheet.answers()]
    for names in lists:
        yield from names
