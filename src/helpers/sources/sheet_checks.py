"""What a study sheet must keep beyond the shape of its fields.

Names are unique, references lead somewhere, numbers agree with the printed token, shares stay within
0 to 100 %, ranges and dates run forwards. Works on the plain mapping, so that a sheet with a wrong
field still has all its other mistakes listed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

from helpers.tables.vocabulary import CONCEPTS, OUTCOME_CONCEPTS

Fault = tuple[tuple[str | int, ...], str, str]  # path, problem, remedy

STUDY_REFERENCES = (
    "n_planned",
    "n_enrolled",
    "n_analysed",
    "age_min",
    "age_max",
    "registered_on",
    "starts_on",
    "ends_on",
)
ARM_REFERENCES = ("dose", "sessions", "interval", "n")
RESULT_REFERENCES = (
    "n", "mean", "sd", "median", "q1", "q3", "minimum", "maximum", "count", "percent", "p_value",
)  # fmt: skip
EVENT_REFERENCES = ("count", "n", "resolved")
NUMERIC = {
    "n_planned",
    "n_enrolled",
    "n_analysed",
    "age_min",
    "age_max",
    "sessions",
    "interval",
    "resolved",
    *RESULT_REFERENCES,
}
MULTIPLIERS = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?")


def cross_checks(sheet: dict[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong between the fields of a sheet: path, problem, remedy."""
    yield from _unique(sheet, "quantities", "id")
    yield from _unique(sheet, "arms", "arm_id")
    yield from _unique(sheet, "outcomes", "outcome_id")
    yield from _unique(sheet, "findings", "id")
    yield from _concepts(sheet)
    yield from _references(sheet)
    for index, quantity in _blocks(sheet, "quantities"):
        yield from _numbers(index, quantity)
        yield from _place(index, quantity)
    yield from _order(sheet)


def _blocks(sheet: dict[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the blocks of a list that are mappings at all."""
    blocks = sheet.get(name)
    for index, block in enumerate(blocks if isinstance(blocks, list) else []):
        if isinstance(block, dict):
            yield index, block


def _unique(sheet: dict[str, Any], name: str, key: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, block in _blocks(sheet, name):
        value = block.get(key)
        if isinstance(value, str) and value in seen:
            yield (name, index, key), f"{value!r} stands twice", "give each its own name"
        if isinstance(value, str):
            seen.add(value)


def _concepts(sheet: dict[str, Any]) -> Iterator[Fault]:
    places = [("outcomes", OUTCOME_CONCEPTS), ("results", OUTCOME_CONCEPTS), ("quantities", CONCEPTS)]
    for name, allowed in places:
        for index, block in _blocks(sheet, name):
            concept = block.get("concept")
            if isinstance(concept, str) and concept not in allowed:
                yield (
                    (name, index, "concept"),
                    f"{concept!r} is not in the vocabulary",
                    _nearest(concept, allowed),
                )
    for index, block in _blocks(sheet, "findings"):
        concepts = block.get("concepts")
        for place, concept in enumerate(concepts if isinstance(concepts, list) else []):
            if concept not in OUTCOME_CONCEPTS:
                remedy = _nearest(str(concept), OUTCOME_CONCEPTS)
                yield ("findings", index, "concepts", place), f"{concept!r} is not an outcome", remedy


def _references(sheet: dict[str, Any]) -> Iterator[Fault]:
    quantities = {
        block["id"]: block for _, block in _blocks(sheet, "quantities") if isinstance(block.get("id"), str)
    }
    arms = [block["arm_id"] for _, block in _blocks(sheet, "arms") if isinstance(block.get("arm_id"), str)]
    for place, reference in _all_references(sheet):
        name, _, part = reference.partition(".")
        if name not in quantities:
            yield place, f"no quantity is called {name!r}", _nearest(name, quantities)
        elif part and quantities[name].get(part) is None:
            yield place, f"quantity {name!r} has no {part}", f"give it `{part}:` or refer to another quantity"
        elif not part and place[-1] in NUMERIC and quantities[name].get("value") is None:
            remedy = "give it `value:`, or name its part: .low, .high or .sd"
            yield place, f"quantity {name!r} has no value", remedy
    for name in ("quantities", "results", "adverse_events"):
        for index, block in _blocks(sheet, name):
            arm = block.get("arm")
            if isinstance(arm, str) and arm not in arms:
                yield (name, index, "arm"), f"no arm is called {arm!r}", _nearest(arm, arms)


def _all_references(sheet: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    study = sheet.get("study")
    for field in STUDY_REFERENCES:
        if isinstance(study, dict) and isinstance(study.get(field), str):
            yield ("study", field), study[field]
    lists = (("arms", ARM_REFERENCES), ("results", RESULT_REFERENCES), ("adverse_events", EVENT_REFERENCES))
    for name, fields in lists:
        for index, block in _blocks(sheet, name):
            for field in fields:
                if isinstance(block.get(field), str):
                    yield (name, index, field), block[field]
    for name in ("findings", "adverse_events"):
        for index, block in _blocks(sheet, name):
            yield from _named(block, (name, index, "quantities"))
    appraisal = sheet.get("risk_of_bias")
    if isinstance(appraisal, dict):
        for index, block in _blocks(appraisal, "domains"):
            yield from _named(block, ("risk_of_bias", "domains", index, "quantities"))


def _named(
    block: dict[str, Any], place: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    names = block.get("quantities")
    for index, name in enumerate(names if isinstance(names, list) else []):
        if isinstance(name, str):
            yield (*place, index), name


def _numbers(index: int, quantity: dict[str, Any]) -> Iterator[Fault]:
    """Check a figure against its own token and kind."""
    given = {part: quantity.get(part) for part in ("value", "low", "high", "sd")}
    given = {part: value for part, value in given.items() if isinstance(value, int | float)}
    printed = quantity.get("printed")
    if isinstance(printed, str):
        seen = _printed_numbers(printed)
        for part, value in given.items():
            if seen and not any(abs(value - number) <= 1e-9 * max(1, abs(number)) for number in seen):
                remedy = "write the number that is printed; a change of unit is made later, by cleaning"
                yield (
                    ("quantities", index, part),
                    f"{value:g} is not in the printed token {printed!r}",
                    remedy,
                )
    if quantity.get("kind") == "percent":
        for part in ("value", "low", "high"):
            if part in given and not 0 <= given[part] <= 100:
                remedy = "a share lies between 0 and 100; use kind percent_change for a change"
                yield ("quantities", index, part), f"a percent of {given[part]:g}", remedy
    if quantity.get("kind") == "p_value" and not 0 <= given.get("value", 0) <= 1:
        yield (
            ("quantities", index, "value"),
            f"a p value of {given['value']:g}",
            "a p value lies between 0 and 1",
        )
    if "low" in given and "high" in given and given["low"] > given["high"]:
        problem = f"the range ends ({given['high']:g}) before it starts ({given['low']:g})"
        yield ("quantities", index, "low"), problem, "put the smaller value first"


def _printed_numbers(printed: str) -> list[float]:
    numbers = [float(token.replace(",", "")) for token in NUMBER.findall(printed)]
    scale = next((factor for word, factor in MULTIPLIERS.items() if word in printed.lower()), 1.0)
    return numbers + [number * scale for number in numbers] + [-number for number in numbers]


def _place(index: int, quantity: dict[str, Any]) -> Iterator[Fault]:
    at, printed = quantity.get("at"), quantity.get("printed")
    chars = at.get("chars") if isinstance(at, dict) else None
    if not (isinstance(chars, list) and len(chars) == 2 and all(isinstance(item, int) for item in chars)):
        return
    start, end = chars
    if end <= start:
        yield (
            ("quantities", index, "at", "chars"),
            f"ends ({end}) before it starts ({start})",
            "put start, then end",
        )
    elif isinstance(printed, str) and end - start != len(printed):
        problem = f"spans {end - start} characters, the printed token has {len(printed)}"
        yield ("quantities", index, "at", "chars"), problem, "copy the token letter by letter, or count again"


def _order(sheet: dict[str, Any]) -> Iterator[Fault]:
    """Check that the study's dates and ages run forwards."""
    study = sheet.get("study")
    if not isinstance(study, dict):
        return
    quantities = {block.get("id"): block for _, block in _blocks(sheet, "quantities")}

    def part(field: str) -> Any:
        name, _, which = str(study.get(field) or "").partition(".")
        block = quantities.get(name, {})
        return block.get(which or "value") if block.get("kind") != "date" else block.get("printed")

    for first, last in (("starts_on", "ends_on"), ("age_min", "age_max")):
        a, b = part(first), part(last)
        if a is not None and b is not None and type(a) is type(b) and a > b:
            yield (
                ("study", last),
                f"{last} ({b}) lies before {first} ({a})",
                f"exchange {first} and {last}, or mend one",
            )


def _nearest(word: str, allowed: Any) -> str:
    close = difflib.get_close_matches(word, list(allowed), n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    names = sorted(allowed)
    return (
        "use one of: " + ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
        if names
        else "define it first"
    )
