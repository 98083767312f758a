"""From a checked study sheet to the rows of the tables, every reference followed to its figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from helpers.sources.record import SourceRecord
from helpers.sources.sheet_checks import (
    ARM_REFERENCES,
    CONTRAST_REFERENCES,
    EVENT_REFERENCES,
    RESULT_REFERENCES,
    STUDY_REFERENCES,
)
from helpers.sources.sheet_model import Quantity, Seen, StudySheet
from helpers.sources.time_points import in_weeks, weeks
from helpers.tables import join_ids

_PARTS = {"": "value", "low": "low", "high": "high", "sd": "sd"}


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


def _is_second_hand(seen: Seen | None) -> bool:
    return seen is not None and seen.access == "secondary"


def _seen(seen: Seen | None) -> dict[str, Any]:
    """Return where and how something was seen, as columns of the tables."""
    stated = seen.model_dump() if seen else dict.fromkeys(("address", "access", "confidence"))
    return stated | {"second_hand": _is_second_hand(seen)}


def _named_figures(sheet: StudySheet) -> Iterator[str]:
    """Yield the figures that confirmed blocks name."""
    blocks = [(sheet.study, STUDY_REFERENCES), *((arm, ARM_REFERENCES) for arm in sheet.arms)]
    blocks += [(result, RESULT_REFERENCES) for result in sheet.results if result.state == "confirmed"]
    blocks += [(event, EVENT_REFERENCES) for event in sheet.adverse_events]
    blocks += [
        (contrast, CONTRAST_REFERENCES) for contrast in sheet.contrasts if contrast.state == "confirmed"
    ]
    for block, fields in blocks:
        yield from (getattr(block, field).partition(".")[0] for field in fields if getattr(block, field))
    for block in (*sheet.findings, *sheet.adverse_events):
        yield from block.quantities
    for domain in sheet.risk_of_bias.domains if sheet.risk_of_bias else []:
        yield from domain.quantities


class _Rows:
    """The rows of one sheet; holds the sheet's quantities by id."""

    def __init__(self, sheet: StudySheet):
        self.sheet = sheet
        self.figures: dict[str, Quantity] = {quantity.id: quantity for quantity in sheet.quantities}
        self.named = set(_named_figures(sheet))

    def confirmed(self, quantity: Quantity) -> bool:
        return quantity.state == "confirmed" or quantity.id in self.named

    def full(self, name: str) -> str:
        return f"{self.sheet.study_id}.{name.partition('.')[0]}"

    def value(self, reference: str | None) -> float | None:
        if reference is None:
            return None
        name, _, part = reference.partition(".")
        return getattr(self.figures[name], _PARTS[part])

    def printed(self, reference: str | None) -> str | None:
        return self.figures[reference.partition(".")[0]].printed if reference else None

    def ids(self, block: Any, fields: tuple[str, ...]) -> str:
        return join_ids(self.full(getattr(block, field)) for field in fields if getattr(block, field))

    def source(self) -> dict[str, Any]:
        source = self.sheet.source
        row = source.model_dump(exclude={"registry_file", "seen"}) | _seen(source.seen)
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

    def second_hand(self, names: Iterable[str]) -> bool:
        """Whether any of these figures, or with none the source itself, was seen only second-hand."""
        named = [self.figures[name.partition(".")[0]] for name in names]
        seen = [figure.seen or self.sheet.source.seen for figure in named if not figure.at]
        return any(_is_second_hand(one) for one in (seen if named else [self.sheet.source.seen]))

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

    def quantity(self, quantity: Quantity) -> dict[str, Any]:
        at = quantity.at
        start, end = at.chars if at and at.chars else (None, None)
        row = quantity.model_dump(
            include={"printed", "value", "sd", "unit", "kind", "role", "concept", "note"}
        )
        seen = None if at else quantity.seen or self.sheet.source.seen
        return (
            row
            | _seen(seen)
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

    def locator(self, line: int, section: str | None) -> str:
        document = self.sheet.source.document or self.sheet.source.source_id
        return f"{document}, line {line}" + (f" ({section})" if section else "")

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
