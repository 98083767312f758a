"""Study sheets: a YAML file becomes a checked `StudySheet`, and that a `SourceRecord`."""

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

from helpers.sources.contacts import contact_details
from helpers.sources.record import Problem, SourceError
from helpers.sources.sheet_checks import cross_checks
from helpers.sources.sheet_model import StudySheet
from helpers.sources.yaml_lines import line_of, read_yaml

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
