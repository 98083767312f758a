"""What all parts of a study sheet share: how names, references and texts look, and where something stands."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from helpers.tables.extracted import ACCESS, CONFIDENCE

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}(\.(low|high|sd))?$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Text = Said | None
FileName = Annotated[str, StringConstraints(pattern=r"^[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,119}$")]
LONGEST = 100_000_000  # no source text has more lines or characters
Offset = Annotated[int, Field(ge=0, le=LONGEST)]


class Block(BaseModel):
    """A part of a sheet: unknown keys are refused, text is not turned into numbers or back."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Seen(Block):
    """Where a figure was seen when no document is at hand to verify it in, and how."""

    address: Said
    access: Literal[ACCESS]
    confidence: Literal[tuple(CONFIDENCE)]


class Place(Block):
    """Where a token stands: line from 1, characters 0-based with the end left out."""

    line: int = Field(ge=1, le=LONGEST)
    chars: Annotated[tuple[Offset, Offset], Field(strict=False)] | None = None
    section: Text = None


class Evidence(Block):
    """A place that is not a figure: a few printed words at most."""

    line: int = Field(ge=1, le=LONGEST)
    printed: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    section: Text = None
