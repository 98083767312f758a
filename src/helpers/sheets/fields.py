"""Fields of a sheet as written, whose shape may be wrong: old names, short forms, what is left to tokens."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from typing import Any, TypeVar

from helpers.sheets.tokens import complete_figure, figures_in
from trialfiles.record import Row
from trialfiles.yaml_lines import FieldPath

Fault = tuple[FieldPath, str, str]  # place in the sheet, problem, remedy
Item = TypeVar("Item")
UNWRITTEN = "the place is not written yet"


def items_of(
    block: Row, field: str, kind: type[Item], place: FieldPath = ()
) -> Iterator[tuple[FieldPath, Item]]:
    """Yield the items of a list that have the right type, with their places; other types break the shape."""
    items = block.get(field)
    for index, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, kind):
            yield (*place, field, index), item


def mapping_of(block: Row, field: str) -> Row:
    """Return a block of fields; an empty one for what is none."""
    found = block.get(field)
    return found if isinstance(found, dict) else {}


def number_of(value: Any) -> float | None:
    """Return a finite number; None for anything else, which the shape check reports."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > sys.float_info.max:
        return None
    return None if math.isnan(value) else float(value)


def judged_blocks(sheet: Row) -> Iterator[tuple[FieldPath, Row]]:
    """Yield the judgements of domains and the answers to questions of tools."""
    for name in ("domains", "answers"):
        yield from items_of(mapping_of(sheet, "risk_of_bias"), name, dict, ("risk_of_bias",))
    yield from items_of(sheet, "trust", dict)


# What fields were called before; sheets with the old names are still read.
OLD_NAMES = {"findings": "discrepancies"}
_OLD_SEVERITIES = {"certain": (True, "serious"), "likely": (False, "some"), "minor": (False, "minor")}


def with_current_names(sheet: Any) -> list[str]:
    """Rename the fields of a sheet that have old names, in place; return what was read under which name."""
    notes: dict[str, None] = {}
    for block in (sheet, *(judged for _, judged in judged_blocks(sheet))):
        for old, new in OLD_NAMES.items():
            if old in block and new not in block:
                block[new] = block.pop(old)
                notes[f"{old} is read as {new}"] = None
    source = mapping_of(sheet, "source")
    if "citation" in source and not source.get("reference"):
        citation = source.pop("citation")
        source["reference"] = citation and {"type": "document", "title": citation}
        notes["citation is read as the title of reference"] = None
    for _, discrepancy in items_of(sheet, "discrepancies", dict):
        weight = _OLD_SEVERITIES.get(str(discrepancy.get("severity")))
        if weight and "certain" not in discrepancy:
            del discrepancy["severity"]
            discrepancy |= dict(zip(("certain", "concern"), weight, strict=True))
            notes["severity is read as certain and concern"] = None
    return list(notes)


def spelled_out(sheet: Row) -> Iterator[Fault]:
    """Write short forms in full and fill in what is left to the tokens, in place; yield what stays open."""
    for place, quantity in items_of(sheet, "quantities", dict):
        named = "in" if "in" in quantity else "at"
        short = {new: quantity.pop(old) for old, new in _SHORT.items() if old in quantity}
        if any(value is not None for value in short.values()):
            quantity["at"] = short | mapping_of(quantity, "at")
        if isinstance(quantity.get("at"), dict):
            yield from _line_of_place((*place, named), quantity["at"])
        if not complete_figure(quantity):
            yield _open_kind(place, str(quantity["printed"]))
            quantity["kind"] = "other"  # said once
    for place, block in words_of(sheet):
        if block.get("printed"):
            yield from _line_of_place(place, block)


_SHORT = {"in": "section", "line": "line"}


def words_of(sheet: Row) -> Iterator[tuple[FieldPath, Row]]:
    """Yield the places that are not a figure's: those of statements and of discrepancies."""
    yield from items_of(sheet, "statements", dict)
    for place, discrepancy in items_of(sheet, "discrepancies", dict):
        yield from items_of(discrepancy, "places", dict, place)


def _line_of_place(place: FieldPath, block: Row) -> Iterator[Fault]:
    if "in" in block and "section" not in block:
        block["section"] = block.pop("in")
    if block.get("line") is None:
        yield place, UNWRITTEN, "evidence check --write, with the source text at hand"
        block["line"] = 1  # said once


def _open_kind(place: FieldPath, printed: str) -> Fault:
    figures = figures_in(printed)
    if len(figures) > 1:
        problem = f"the token {printed!r} holds several figures: {', '.join(map(repr, figures))}"
        return place, problem, "make a quantity of each, or type `kind:` and `value:`"
    kinds = "mean, mean_sd, sd, median, percent, n, count, p_value or another of the list in README"
    return place, f"the token {printed!r} does not say what its figure is", f"add `kind:` {kinds}"
