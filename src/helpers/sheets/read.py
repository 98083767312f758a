"""From a checked study sheet to the rows of the tables, every reference followed to its figure."""

from __future__ import annotations

from typing import Any

from helpers.sources.record import SourceRecord
from helpers.sources.sheet_checks import (
    ARM_REFERENCES,
    CONTRAST_REFERENCES,
    EVENT_REFERENCES,
    RESULT_REFERENCES,
    STUDY_REFERENCES,
)
from helpers.sources.sheet_model import StudySheet
from helpers.sources.sheet_observed import Quantity
from helpers.sources.sheet_references import SheetReferences, seen_columns
from helpers.sources.time_points import in_weeks, weeks
from helpers.tables import join_ids


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

    def quantity(self, quantity: Quantity) -> dict[str, Any]:
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
