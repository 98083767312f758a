"""Judgements of certainty that a person puts in place of the rule's, each with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from helpers.sources.record import Problem, SourceError
from helpers.sources.yaml_lines import read_yaml
from helpers.tables.vocabulary import OUTCOME_CONCEPTS

FILE = "certainty_overrides.yaml"
DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=1000)]


class Override(BaseModel):
    """One domain's steps down for one outcome in one tier, as a person judges them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    concept: Literal[tuple(OUTCOME_CONCEPTS)]
    evidence: Literal["core", "published"]
    domain: Literal[DOMAINS]
    steps: Annotated[int, Field(ge=0, le=2)]
    reason: Said
    by: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


def read_certainty_overrides(raw: str | Path) -> list[dict[str, Any]]:
    """Return the overrides of `certainty_overrides.yaml`; an empty list when there is no such file.

    Raises
    ------
    SourceError
        With everything that is wrong: no list, an unknown outcome, tier or domain, steps other than 0 to
        2, a missing reason, the same domain twice.

    """
    path = Path(raw) / FILE
    if not path.is_file():
        return []
    stated, lines, problems = read_yaml(path)
    entries = stated.get("overrides") if isinstance(stated, dict) else None
    if not isinstance(entries, list):
        remedy = "write 'overrides:' and below it a list, each entry with " + ", ".join(Override.model_fields)
        raise SourceError([*problems, Problem(str(path), 1, "overrides", "no list of overrides", remedy)])
    rows, seen = [], set()
    for place, entry in enumerate(entries):
        try:
            row = Override.model_validate(entry).model_dump()
        except ValidationError as error:
            problems += [_problem(path, lines, place, part) for part in error.errors()]
            continue
        key = (row["evidence"], row["concept"], row["domain"])
        if key in seen:
            where = lines.get(("overrides", place))
            said = f"{'/'.join(key)} stands twice"
            problems.append(Problem(str(path), where, f"overrides[{place}]", said, "keep one of them"))
        seen.add(key)
        rows.append(row | {"override_id": ".".join(key)})
    if problems:
        raise SourceError(problems)
    return rows


def _problem(path: Path, lines: dict, place: int, part: dict[str, Any]) -> Problem:
    field = ".".join(str(name) for name in part["loc"])
    where = lines.get(("overrides", place, *part["loc"])) or lines.get(("overrides", place))
    remedy = "every override needs " + ", ".join(Override.model_fields)
    if part["type"] == "literal_error":
        remedy = f"use {part['ctx']['expected']}"
    return Problem(str(path), where, f"overrides[{place}].{field}".rstrip("."), part["msg"].lower(), remedy)
