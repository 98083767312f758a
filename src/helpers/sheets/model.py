"""The parts of a study sheet that say what was printed and observed: figures, results, contrasts, events."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from helpers.sources.sheet_block import Block, Name, Place, Reference, Said, Seen, Text
from helpers.tables.extracted import QUANTITY_ROLES
from helpers.tables.observed import RESULT_KINDS, WAYS
from helpers.tables.reported import CONTRASTS

# a machine's proposal counts for nothing until a person confirms it
State = Literal["proposed", "confirmed"]
KINDS = (
    "mean_sd",
    "mean",
    "sd",
    "median",
    "percent",
    "percent_change",
    "range",
    "p_value",
    "n",
    "dose",
    "duration",
    "timepoint",
    "age",
    "grade",
    "area",
    "length",
    "volume",
    "mass",
    "date",
    "ratio",
    "level",
    "threshold",
    "count",
    "value",
    "other",
)


class Quantity(Block):
    """A printed figure."""

    id: Name
    printed: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    value: float | None = None
    low: float | None = None
    high: float | None = None
    sd: Annotated[float, Field(ge=0)] | None = None
    unit: Text = None
    kind: Literal[KINDS]
    role: Literal[QUANTITY_ROLES]
    concept: str
    arm: Name | None = None
    time: Text = None
    at: Place | None = None
    seen: Seen | None = None
    source: Name | None = None
    note: Text = None
    state: State = "confirmed"


class Result(Block):
    """An observation; each figure by reference."""

    arm: Name
    concept: str
    site: Said = "all"
    time: Text = None
    kind: Literal[RESULT_KINDS]
    n: Reference | None = None
    mean: Reference | None = None
    sd: Reference | None = None
    median: Reference | None = None
    q1: Reference | None = None
    q3: Reference | None = None
    iqr: Reference | None = None
    minimum: Reference | None = None
    maximum: Reference | None = None
    count: Reference | None = None
    percent: Reference | None = None
    p_value: Reference | None = None
    p_value_against: Text = None
    stated: Literal[WAYS] | None = None
    unit: Text = None
    note: Text = None
    state: State = "confirmed"


class Contrast(Block):
    """Two arms compared, as the source prints it; each figure by reference."""

    arm: Name
    against: Name
    concept: str
    site: Said = "all"
    time: Text = None
    measure: Literal[tuple(CONTRASTS)]
    effect: Reference | None = None
    ci_lower: Reference | None = None
    ci_upper: Reference | None = None
    p_value: Reference | None = None
    n: Reference | None = None
    unit: Text = None
    note: Text = None
    state: State = "confirmed"


class AdverseEvent(Block):
    """An event; no count where none was printed, `absent` where it is said not to have happened."""

    arm: Name
    term: Said
    count: Reference | None = None
    n: Reference | None = None
    severity: Text = None
    resolved: Reference | None = None
    absent: bool = False
    monitored: Text = None
    monitored_for: Reference | None = None
    quantities: list[Name] = []
    note: Text = None
