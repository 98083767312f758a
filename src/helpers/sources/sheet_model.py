"""What a study sheet may hold: pydantic models, one class a block.

A figure stands once, under `quantities`, with its printed token and its place. Everywhere else a
figure is named by its quantity's id, or `id.low`, `id.high`, `id.sd` for a part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from helpers.sources.sheet_block import Block, Evidence, Name, Said, Text
from helpers.sources.sheet_design import Arm, Extraction, Outcome, Source, Study
from helpers.sources.sheet_observed import AdverseEvent, Contrast, Quantity, Result
from helpers.tables.appraised import SEVERITIES
from helpers.tables.statements import TOPICS


class Statement(Evidence):
    """Words that answer a question which other words, or figures, of the source answer too."""

    id: Name
    topic: Literal[tuple(TOPICS)]
    about: Text = None
    says: Said


class ReaderFinding(Block):
    """A contradiction that a reader found."""

    id: Name
    check: Name
    severity: Literal[SEVERITIES]
    statement: Said
    quantities: list[Name] = []
    places: list[Evidence] = []
    arithmetic: Text = None
    concepts: list[str] = []


class Domain(Block):
    """A domain's judgement; one without a reason does not validate."""

    domain: Said
    judgement: Said
    reason: Said
    quantities: list[Name] = []
    findings: list[Name] = []


class RiskOfBias(Block):
    """The appraisal with one tool."""

    tool: Said
    domains: list[Domain] = []


class StudySheet(Block):
    """A study sheet, whole."""

    study_sheet: Literal[1]
    study_id: Name
    source: Source
    extraction: Extraction
    study: Study
    arms: list[Arm] = []
    outcomes: list[Outcome] = []
    quantities: list[Quantity] = []
    statements: list[Statement] = []
    results: list[Result] = []
    contrasts: list[Contrast] = []
    adverse_events: list[AdverseEvent] = []
    findings: list[ReaderFinding] = []
    risk_of_bias: RiskOfBias | None = None

    def places(self) -> Iterator[tuple[str, Evidence]]:
        """Yield every place that is not a figure's, with the field that names it."""
        for statement in self.statements:
            yield f"statements.{statement.id}", statement
        for finding in self.findings:
            for place in finding.places:
                yield f"findings.{finding.id}", place
