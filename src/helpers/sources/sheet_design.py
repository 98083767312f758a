"""The parts of a study sheet that say what the study is: source, extraction, design, arms, outcomes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from helpers.sources.sheet_block import Block, FileName, Name, Reference, Said, Seen, Sha256, Text
from helpers.tables.extracted import ARM_ROLES, COMPARISONS, PRIORITIES, TIERS


class Source(Block):
    """The source that the sheet was made from."""

    source_id: Name
    tier: Literal[TIERS]
    format: Said
    citation: Text = None
    registration: Text = None
    doi: Text = None
    status: Text = None
    has_results: bool | None = None
    access: Text = None
    licence: Text = None
    document: FileName | None = None
    sha256: Sha256 | None = None
    registry_file: FileName | None = None
    seen: Seen | None = None  # of every figure that says nothing else


class Extraction(Block):
    """Who extracted, when, and how the readings were compared."""

    readers: int = Field(ge=1, le=9)
    date: Annotated[date, Field(strict=False)]
    compared: Text = None


class Study(Block):
    """Design and population; figures by reference."""

    title: Text = None
    design: Text = None
    allocation: Text = None
    comparison: Literal[COMPARISONS] | None = None
    masking: Text = None
    phase: Text = None
    n_planned: Reference | None = None
    n_enrolled: Reference | None = None
    n_analysed: Reference | None = None
    sex: Literal["all", "male", "female"] | None = None
    age_min: Reference | None = None
    age_max: Reference | None = None
    population: Text = None
    country: Text = None
    funding: Text = None
    registration: Text = None
    registered_on: Reference | None = None
    starts_on: Reference | None = None
    ends_on: Reference | None = None


class Arm(Block):
    """An arm, a scalp site that serves as one, or a single case."""

    arm_id: Name
    role: Literal[ARM_ROLES]
    label: Text = None
    exosome_source: Text = None
    dose: Reference | None = None
    dose_unit: Text = None
    route: Text = None
    co_intervention: Text = None
    sessions: Reference | None = None
    interval: Reference | None = None
    n: Reference | None = None


class Outcome(Block):
    """An outcome at a time, as planned or measured."""

    outcome_id: Name
    concept: str
    priority: Literal[PRIORITIES]
    measure: Text = None
    unit: Text = None
    timepoint: Text = None
