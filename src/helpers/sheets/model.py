"""What a study sheet may hold: pydantic models, one class a block."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from helpers.sheets.tokens import LONGEST_TOKEN
from helpers.tables import vocabulary
from trialfiles.forms import names_of

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Text = Said | None
FileName = Annotated[str, StringConstraints(pattern=r"^[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,119}$")]
LONGEST_SHEET = 100_000_000  # no source text has more lines or characters
Offset = Annotated[int, Field(ge=0, le=LONGEST_SHEET)]


@dataclass(frozen=True)
class OneOf:
    """Marks a text that is one of some words, as `Literal` would, where the words are data."""

    words: tuple[str, ...]

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        """Return what pydantic checks."""
        return core_schema.literal_schema(list(self.words))


@dataclass(frozen=True)
class FigureUse:
    """What a field that names a figure takes from it: its number within limits, or its printed token."""

    low: float = -math.inf
    high: float = math.inf
    words: str = "a number"
    whole: bool = False
    printed: bool = False

    def allows(self, value: float) -> bool:
        """Return whether a number can be what the field takes it for."""
        return self.low <= value <= self.high and (not self.whole or value == int(value))


# A field that names a figure by id, or by id.low, id.high, id.sd, with what the figure must be there.
_Reference = (
    Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}(\.(low|high|sd))?$")] | None
)
_LARGEST_COUNT = 10**12
AsPrinted = Annotated[_Reference, FigureUse(printed=True)]
AnyNumber = Annotated[_Reference, FigureUse()]
NotNegative = Annotated[_Reference, FigureUse(0, words="a number that is not negative")]
People = Annotated[_Reference, FigureUse(0, _LARGEST_COUNT, "a whole number of people", whole=True)]
SomePeople = Annotated[
    _Reference, FigureUse(1, _LARGEST_COUNT, "a whole number of people, at least 1", whole=True)
]
Age = Annotated[_Reference, FigureUse(0, 120, "an age in years, 0 to 120")]
ShareOfPeople = Annotated[_Reference, FigureUse(0, 100, "a share of people, 0 to 100 percent")]
Probability = Annotated[_Reference, FigureUse(0, 1, "a p value, 0 to 1")]
Level = Annotated[float, Field(gt=0, lt=100)] | None  # of an interval, percent; 95 where not stated
# Checked apart, so that the nearest concept can be named; an editor gets the list.
Outcome = Annotated[str, WithJsonSchema({"type": "string", "enum": [*vocabulary.OUTCOME_CONCEPTS]})]
AnyConcept = Annotated[
    str,
    WithJsonSchema({"type": "string", "enum": [*vocabulary.OUTCOME_CONCEPTS, *vocabulary.DESIGN_CONCEPTS]}),
]


# A proposal counts for nothing until a person confirms it; one that a person rejected is kept.
State = Literal["proposed", "confirmed", "rejected"]


class Block(BaseModel):
    """A part of a sheet: unknown keys are refused, text is not turned into numbers or back."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)

    @classmethod
    @cache
    def figure_fields(cls) -> dict[str, FigureUse]:
        """Return the fields that name a figure, in order, each with its use."""
        return {
            name: use
            for name, field in cls.model_fields.items()
            for use in field.metadata
            if isinstance(use, FigureUse)
        }

    def named(self) -> list[str]:
        """Return the figures that the block names, or parts of them, in its fields and then in its list."""
        names = [getattr(self, field) for field in self.figure_fields()]
        return [name.partition(".")[0] for name in (*names, *getattr(self, "quantities", ())) if name]


def _as_written(*left_out: str, **short: Any) -> ConfigDict:
    """Say in the JSON Schema what a sheet may leave to its tokens and text, and its short forms."""

    def amend(schema: dict[str, Any]) -> None:
        schema["required"] = [name for name in schema["required"] if name not in left_out]
        schema["properties"] |= short

    return ConfigDict(json_schema_extra=amend)


_SECTION = {"type": "string", "description": "short for `section`; evidence check --write finds the line"}
_LINE = {"type": "integer", "minimum": 1, "description": "short for a line under `at`"}


class Origin(Block):
    """Where a figure was seen when no document is at hand to verify it in, and how."""

    address: Said
    access: Annotated[str, OneOf(vocabulary.ACCESS)]
    confidence: Annotated[str, OneOf(tuple(vocabulary.CONFIDENCE))]

    def columns(self) -> dict[str, Any]:
        """Return the columns of the tables that say so."""
        return self.model_dump() | {"second_hand": self.access == "secondary"}


class Place(Block):
    """Where a token stands: line from 1, characters 0-based with the end left out."""

    model_config = _as_written("line", **{"in": _SECTION})

    line: int = Field(ge=1, le=LONGEST_SHEET)
    chars: Annotated[tuple[Offset, Offset], Field(strict=False)] | None = None
    section: Text = None


class PrintedWords(Block):
    """A place that is not a figure: a few printed words at most."""

    model_config = _as_written("line", **{"in": _SECTION})

    line: int = Field(ge=1, le=LONGEST_SHEET)
    printed: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    section: Text = None


_Names = list[dict[Literal["family", "given", "suffix", "literal"], str]]
_Dates = list[Annotated[list[int], Field(min_length=1, max_length=3)]]


class CslItem(Block, alias_generator=lambda name: name.replace("_", "-")):
    """What was published or registered, under the names of CSL-JSON."""

    type: Annotated[str, OneOf(tuple(names_of("references")["csl_types"]))]
    author: _Names = []
    title: str | None = None
    container_title: str | None = None
    genre: str | None = None
    publisher: str | None = None
    volume: str | int | None = None
    issue: str | int | None = None
    page: str | int | None = None
    number: str | int | None = None
    issued: dict[Literal["date-parts"], Annotated[_Dates, Field(min_length=1)]] | None = None
    DOI: str | None = None
    PMID: str | int | None = None
    URL: str | None = None
    note: str | None = None


class Source(Block):
    """The source that the sheet was made from."""

    source_id: Name
    tier: Annotated[str, OneOf(vocabulary.TIERS)]
    format: Said
    reference: CslItem | None = None
    registration: Text = None
    doi: Text = None
    status: Text = None
    has_results: bool | None = None
    access: Text = None
    licence: Text = None
    document: FileName | None = None
    sha256: Sha256 | None = None
    pdf_sha256: Sha256 | None = None  # of the PDF from which the document was made
    registry_file: FileName | None = None
    seen: Origin | None = None  # of every figure that says nothing else


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
    comparison: Annotated[str, OneOf(vocabulary.COMPARISONS)] | None = None
    masking: Text = None
    phase: Text = None
    n_planned: People = None
    n_enrolled: People = None
    n_analysed: People = None
    sex: Literal["all", "male", "female"] | None = None
    age_min: Age = None
    age_max: Age = None
    population: Text = None
    country: Text = None
    funding: Text = None
    registration: Text = None
    registered_on: AsPrinted = None
    starts_on: AsPrinted = None
    primary_completion_on: AsPrinted = None
    ends_on: AsPrinted = None
    allocation_ratio: AsPrinted = None


class Fact(PrintedWords):
    """A fact that a machine found; confirmed by a person it fills its field of `study` if that is empty."""

    field: Annotated[str, OneOf(tuple(Study.model_fields))]
    value: Said  # or the id of a figure, as the field has it
    state: State = "confirmed"


class Arm(Block):
    """An arm, a scalp site that serves as one, or a single case."""

    arm_id: Name
    role: Annotated[str, OneOf(vocabulary.ARM_ROLES)]
    label: Text = None
    exosome_source: Text = None
    dose: AsPrinted = None
    dose_unit: Text = None
    route: Text = None
    co_intervention: Text = None
    sessions: NotNegative = None
    interval: NotNegative = None
    n: People = None


class SheetOutcome(Block):
    """An outcome at a time, as planned or measured."""

    outcome_id: Name
    concept: Outcome
    priority: Annotated[str, OneOf(vocabulary.PRIORITIES)]
    measure: Text = None
    unit: Text = None
    timepoint: Text = None


class SheetQuantity(Block):
    """A printed figure; what is left out of value, spread, unit and kind is read from its token."""

    model_config = _as_written("kind", **{"in": _SECTION, "line": _LINE})

    id: Name
    printed: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TOKEN)]
    value: float | None = None
    low: float | None = None
    high: float | None = None
    sd: Annotated[float, Field(ge=0)] | None = None
    unit: Text = None
    kind: Annotated[str, OneOf(vocabulary.QUANTITY_KINDS)]
    role: Annotated[str, OneOf(vocabulary.QUANTITY_ROLES)]
    concept: AnyConcept
    arm: Name | None = None
    time: Text = None
    at: Place | None = None
    seen: Origin | None = None
    source: Name | None = None
    note: Text = None
    state: State = "confirmed"


class Result(Block):
    """An observation; each figure by reference."""

    arm: Name
    concept: Outcome
    site: Said = "all"
    time: Text = None
    kind: Annotated[str, OneOf(vocabulary.RESULT_KINDS)]
    n: SomePeople = None
    mean: AnyNumber = None
    sd: NotNegative = None
    se: NotNegative = None
    ci_lower: AnyNumber = None
    ci_upper: AnyNumber = None
    ci_level: Level = None
    median: AnyNumber = None
    q1: AnyNumber = None
    q3: AnyNumber = None
    iqr: NotNegative = None
    minimum: AnyNumber = None
    maximum: AnyNumber = None
    count: NotNegative = None
    percent: ShareOfPeople = None
    p_value: Probability = None
    p_value_against: Text = None
    p_value_test: Text = None  # as named: Welch's t, Mann-Whitney
    category: Text = None  # of an answer on a scale
    stated: Annotated[str, OneOf(vocabulary.STATED_DIRECTIONS)] | None = None
    unit: Text = None
    note: Text = None
    state: State = "confirmed"


class Contrast(Block):
    """Two arms compared, as the source prints it; each figure by reference."""

    arm: Name
    against: Name
    concept: Outcome
    site: Said = "all"
    time: Text = None
    measure: Annotated[str, OneOf(tuple(vocabulary.CONTRAST_MEASURES))]
    effect: AnyNumber = None
    se: NotNegative = None
    ci_lower: AnyNumber = None
    ci_upper: AnyNumber = None
    ci_level: Level = None
    p_value: Probability = None
    p_value_test: Text = None
    n: SomePeople = None
    unit: Text = None
    note: Text = None
    state: State = "confirmed"


class AdverseEvent(Block):
    """An event; no count where none was printed, `absent` where it is said not to have happened."""

    arm: Name
    term: Said
    count: People = None
    n: SomePeople = None
    severity: Text = None
    resolved: NotNegative = None
    absent: bool = False
    monitored: Text = None
    monitored_for: AsPrinted = None
    quantities: list[Name] = []
    note: Text = None


class Statement(PrintedWords):
    """Words that answer a question which other words, or figures, of the source answer too."""

    id: Name
    topic: Annotated[str, OneOf(tuple(vocabulary.TOPICS))]
    about: Text = None
    says: Said


class ReviewerDiscrepancy(Block):
    """A contradiction that a reader found."""

    id: Name
    check: Name
    certain: bool
    concern: Annotated[str, OneOf(vocabulary.CONCERNS)]
    statement: Said
    quantities: list[Name] = []
    places: list[PrintedWords] = []
    arithmetic: Text = None
    concepts: list[Outcome] = []


class Domain(Block):
    """A domain's judgement; one without a reason does not validate."""

    domain: Said
    judgement: Said
    reason: Said
    quantities: list[Name] = []
    discrepancies: list[Name] = []


class Answer(Block):
    """A person's answer to a question of a tool, or in place of a domain's or the overall judgement."""

    question: Said
    answer: Annotated[str, OneOf(vocabulary.ANSWERS)]
    reason: Said
    appraiser: Said = "first"
    quantities: list[Name] = []
    statements: list[Name] = []
    discrepancies: list[Name] = []


class RiskOfBias(Block):
    """The appraisal with one tool: answers, and judgements of domains that stand over them."""

    tool: Said
    outcome: Text = None  # of which the answers speak; all where left out
    answers: list[Answer] = []
    domains: list[Domain] = []


class StudySheet(Block):
    """A study sheet, whole."""

    study_sheet: Literal[1]
    study_id: Name
    source: Source
    extraction: Extraction
    study: Study
    facts: list[Fact] = []
    arms: list[Arm] = []
    outcomes: list[SheetOutcome] = []
    quantities: list[SheetQuantity] = []
    statements: list[Statement] = []
    results: list[Result] = []
    contrasts: list[Contrast] = []
    adverse_events: list[AdverseEvent] = []
    discrepancies: list[ReviewerDiscrepancy] = []
    risk_of_bias: RiskOfBias | None = None
    trust: list[Answer] = []  # to the checks of INSPECT-SR

    @cached_property
    def figures(self) -> dict[str, SheetQuantity]:
        """The figures by their names."""
        return {quantity.id: quantity for quantity in self.quantities}

    def told(self) -> set[str]:
        """Return the figures that a result or the study itself names."""
        return {name for block in (*self.results, self.study) for name in block.named()}

    def judged(self) -> list[Domain | Answer]:
        """Return the judgements of domains and the answers to questions of all tools."""
        appraisal = self.risk_of_bias
        return [*appraisal.domains, *appraisal.answers, *self.trust] if appraisal else [*self.trust]

    def places(self) -> Iterator[tuple[str, PrintedWords]]:
        """Yield every place that is not a figure's, with the field that names it."""
        for fact in self.facts:
            yield f"facts.{fact.field}", fact
        for statement in self.statements:
            yield f"statements.{statement.id}", statement
        for discrepancy in self.discrepancies:
            for place in discrepancy.places:
                yield f"discrepancies.{discrepancy.id}", place


SCHEMA_FILE = "study-sheet.schema.json"  # in the raw folder; the first line of a new sheet points at it


def sheet_schema() -> str:
    """Return the JSON Schema of study sheets, by which an editor completes and checks them."""
    return json.dumps(StudySheet.model_json_schema(), indent=1, ensure_ascii=False) + "\n"
