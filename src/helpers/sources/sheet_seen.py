"""Whether each figure of a sheet says where it can be found: in a document at hand, or where it was seen.

A core study's text is at hand, so its figures have a place in it. Of other studies often only an
abstract or another paper's word was seen: then the figure says where, and nothing pretends to a place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helpers.sources.sheet_numbers import Fault

# fields of a result that are not figures: a row with none of the others states its direction in words
_FRAME = ("arm", "concept", "site", "time", "kind", "p_value_against", "stated", "unit", "note", "n")


def check_seen(sheet: dict[str, Any]) -> Iterator[Fault]:
    """Yield figures with no place and no address, with both, or with a place in a text that is not named."""
    source = sheet.get("source")
    source = source if isinstance(source, dict) else {}
    core = source.get("tier") == "core"
    if core and source.get("seen") is not None:
        problem = "a core source is read itself, not seen elsewhere"
        yield ("source", "seen"), problem, "remove it and give each figure its place, or change the tier"
    quantities = sheet.get("quantities")
    for index, quantity in enumerate(quantities if isinstance(quantities, list) else []):
        if isinstance(quantity, dict):
            yield from _figure(index, quantity, source, core)
    results = sheet.get("results")
    for index, result in enumerate(results if isinstance(results, list) else []):
        if not isinstance(result, dict) or result.get("stated") is not None:
            continue
        if not any(result.get(name) for name in set(result) - set(_FRAME)):
            remedy = "name a figure, or write `stated:` higher, lower or no change"
            yield ("results", index), "an observation without a figure", remedy


def _figure(index: int, quantity: dict[str, Any], source: dict[str, Any], core: bool) -> Iterator[Fault]:
    place = ("quantities", index)
    at, seen = quantity.get("at") is not None, quantity.get("seen") is not None
    if at and seen:
        yield (*place, "seen"), "a figure with a place in a document and an address", "keep one of the two"
    elif core and seen:
        problem = "a figure of a core source that was seen elsewhere"
        yield (*place, "seen"), problem, "give its place in the document (`at:`), or change the tier"
    elif core or quantity.get("state", "confirmed") != "confirmed":
        return  # a proposal waits for a reader, who says where it is to be found
    elif at and not source.get("document"):
        problem = "a place in a document that the sheet does not name"
        remedy = "name the document and its sha256, or write `seen:` with address, access and confidence"
        yield (*place, "at"), problem, remedy
    elif not at and not seen and source.get("seen") is None:
        problem = "a figure without a place and without an address"
        remedy = "write `seen:` with address, access and confidence, here or once under source"
        yield place, problem, remedy
