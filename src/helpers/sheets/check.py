"""What a study sheet must keep beyond the shape of its fields: names, references, figures, places."""

from __future__ import annotations

import difflib
import math
import re
import sys
from collections.abc import Collection, Iterator
from typing import Any, TypeVar

from helpers.sheets.model import AdverseEvent, Arm, Block, Contrast, FigureUse, Result, Study
from helpers.tables.vocabulary import CONCEPTS, OUTCOME_CONCEPTS, TOPICS, Topic
from trialfiles.record import Row
from trialfiles.times import iso_date
from trialfiles.yaml_lines import FieldPath

Fault = tuple[FieldPath, str, str]  # place in the sheet, problem, remedy
Item = TypeVar("Item")


# What fields were called before; sheets with the old names are still read.
OLD_NAMES = {"findings": "discrepancies"}
_OLD_SEVERITIES = {"certain": (True, "serious"), "likely": (False, "some"), "minor": (False, "minor")}


def with_current_names(sheet: Any) -> list[str]:
    """Rename the fields of a sheet that have old names, in place; return what was read under which name."""
    notes: dict[str, None] = {}
    for block in (sheet, *(judged for _, judged in _judged(sheet))):
        for old, new in OLD_NAMES.items():
            if old in block and new not in block:
                block[new] = block.pop(old)
                notes[f"{old} is read as {new}"] = None
    source = _mapping(sheet, "source")
    if "citation" in source and not source.get("reference"):
        citation = source.pop("citation")
        source["reference"] = citation and {"type": "document", "title": citation}
        notes["citation is read as the title of reference"] = None
    for _, discrepancy in _items(sheet, "discrepancies", dict):
        weight = _OLD_SEVERITIES.get(str(discrepancy.get("severity")))
        if weight and "certain" not in discrepancy:
            del discrepancy["severity"]
            discrepancy |= dict(zip(("certain", "concern"), weight, strict=True))
            notes["severity is read as certain and concern"] = None
    return list(notes)


def with_confirmed_facts(sheet: Row) -> None:
    """Fill the empty fields of `study` with the facts that a person has confirmed, in place."""
    study = _mapping(sheet, "study")
    for _, fact in _items(sheet, "facts", dict):
        if (
            fact.get("state", "confirmed") == "confirmed"
            and study.get(field := str(fact.get("field"))) is None
        ):
            study[field] = fact.get("value")


def cross_checks(sheet: Row) -> Iterator[Fault]:
    """Yield what is wrong between the fields of a sheet, whose shape may be wrong too.

    `sheet` is the content of the file, as `read_yaml` gives it; a fault is path of a field, problem, remedy.
    """
    quantities = list(_items(sheet, "quantities", dict))
    named = [quantity for _, quantity in quantities if isinstance(quantity.get("id"), str)]
    figures = {quantity["id"]: quantity for quantity in reversed(named)}  # the first of a name counts
    yield from _repeated_names(sheet)
    yield from _unknown_names(sheet)
    for place, name, use in _references(sheet):
        yield from _reference(place, name, use, figures)
    for place, quantity in quantities:
        yield from check_figure(place, quantity)
        yield from _span(place, quantity)
    yield from _origins(sheet)
    yield from _order_of_dates_and_ages(_mapping(sheet, "study"), figures)
    yield from _order_within(sheet, figures)
    yield from _observations(sheet)
    yield from _events(sheet)


def _items(
    block: Row, field: str, kind: type[Item], place: FieldPath = ()
) -> Iterator[tuple[FieldPath, Item]]:
    """Yield the items of a list that have the right type, with their places; other types break the shape."""
    items = block.get(field)
    for index, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, kind):
            yield (*place, field, index), item


def _mapping(block: Row, field: str) -> Row:
    found = block.get(field)
    return found if isinstance(found, dict) else {}


def _nearest(word: str, allowed: Collection[str]) -> str:
    """Return as a remedy the allowed word that is most like another, or all of them."""
    if close := difflib.get_close_matches(word, list(allowed), n=1):
        return f"did you mean {close[0]!r}?"
    names = sorted(allowed)
    if not names:
        return "define it first"
    return "use one of: " + ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")


# Names and vocabulary.
_NAMED_BY = {
    "quantities": "id",
    "arms": "arm_id",
    "outcomes": "outcome_id",
    "discrepancies": "id",
    "statements": "id",
}


def _repeated_names(sheet: Row) -> Iterator[Fault]:
    for name, key in _NAMED_BY.items():
        known: set[str] = set()
        for place, block in _items(sheet, name, dict):
            value = block.get(key)
            if isinstance(value, str):
                if value in known:
                    yield (*place, key), f"{value!r} stands twice", "give each its own name"
                known.add(value)


def _unknown_names(sheet: Row) -> Iterator[Fault]:
    for place, value, allowed, problem in _names(sheet):
        if isinstance(value, str) and value not in allowed:
            yield place, problem.format(repr(value)), _nearest(value, allowed)
    for place, block, topic in _statements(sheet):
        if topic.about and not block.get("about"):
            yield (*place, "about"), f"it is not said which {topic.about} it is about", "add `about:`"


def _names(sheet: Row) -> Iterator[tuple[FieldPath, Any, Collection[str], str]]:
    """Yield each word that must be one of some, with these and what is said of another."""
    arms = _defined(sheet, "arms")
    for name in ("outcomes", "quantities", "results", "contrasts", "adverse_events"):
        concepts = CONCEPTS if name == "quantities" else OUTCOME_CONCEPTS
        for place, block in _items(sheet, name, dict):
            yield (*place, "concept"), block.get("concept"), concepts, "{} is not in the vocabulary"
            for field in ("arm", "against"):
                yield (*place, field), block.get(field), arms, "no arm is called {}"
    for place, discrepancy in _items(sheet, "discrepancies", dict):
        for at, concept in _items(discrepancy, "concepts", str, place):
            yield at, concept, OUTCOME_CONCEPTS, "{} is not an outcome"
    for place, block in _judged(sheet):  # what they rest on is the sheet's own
        for listed, one in (("discrepancies", "discrepancy"), ("statements", "statement")):
            for at, name in _items(block, listed, str, place):
                yield at, name, _defined(sheet, listed), f"no {one} is called {{}}"
    for place, block, topic in _statements(sheet):
        outcome = topic.name in ("primary_outcome", "secondary_outcome")
        if answers := topic.answers or (tuple(OUTCOME_CONCEPTS) if outcome else ()):
            yield (*place, "says"), block.get("says"), answers, f"{{}} is no answer to: {topic.question}"
        if topic.about == "outcome":
            yield (*place, "about"), block.get("about"), OUTCOME_CONCEPTS, "{} is not an outcome"


def _defined(sheet: Row, name: str) -> list[str]:
    """Return the names that a list of blocks defines."""
    names = [block.get(_NAMED_BY[name]) for _, block in _items(sheet, name, dict)]
    return [value for value in names if isinstance(value, str)]


def _statements(sheet: Row) -> Iterator[tuple[FieldPath, Row, Topic]]:
    """Yield the statements whose topic is known, with it; the shape check names the others."""
    for place, block in _items(sheet, "statements", dict):
        if topic := TOPICS.get(str(block.get("topic"))):
            yield place, block, topic


def _judged(sheet: Row) -> Iterator[tuple[FieldPath, Row]]:
    """Yield the judgements of domains and the answers to questions of tools."""
    for name in ("domains", "answers"):
        yield from _items(_mapping(sheet, "risk_of_bias"), name, dict, ("risk_of_bias",))
    yield from _items(sheet, "trust", dict)


# Figures that are named elsewhere.
_NAMING: dict[str, type[Block]] = {
    "arms": Arm, "results": Result, "contrasts": Contrast, "adverse_events": AdverseEvent,
}  # fmt: skip


def _references(sheet: Row) -> Iterator[tuple[FieldPath, str, FigureUse | None]]:
    """Yield every place that names a figure, the name and, where it is used as such, what it must be."""
    blocks: list[tuple[FieldPath, Row, type[Block]]] = [(("study",), _mapping(sheet, "study"), Study)]
    for name, model in _NAMING.items():
        blocks += [(place, block, model) for place, block in _items(sheet, name, dict)]
    for place, block, model in blocks:
        for field, use in model.figure_fields().items():
            if field == "percent" and block.get("kind") != "count":
                use = FigureUse()  # of one person's hairs, or a change: no share of people
            if isinstance(block.get(field), str):
                yield (*place, field), block[field], use
    lists = [item for name in ("discrepancies", "adverse_events") for item in _items(sheet, name, dict)]
    for place, block in (*lists, *_judged(sheet)):
        for at, name in _items(block, "quantities", str, place):
            yield at, name, None


def _reference(
    place: FieldPath, reference: str, use: FigureUse | None, figures: dict[str, Row]
) -> Iterator[Fault]:
    """Check that a figure is there, has the part that is named, and can be what it is taken for."""
    name, _, part = reference.partition(".")
    if name not in figures:
        yield place, f"no quantity is called {name!r}", _nearest(name, figures)
        return
    figure = figures[name]
    value = _number(figure.get(part or "value"))
    if part and figure.get(part) is None:
        yield place, f"quantity {name!r} has no {part}", f"give it `{part}:` or refer to another quantity"
    elif use and not use.printed and not part and figure.get("value") is None:
        remedy = "give it `value:`, or name its part: .low, .high or .sd"
        yield place, f"quantity {name!r} has no value", remedy
    elif use and value is not None and not use.allows(value):
        yield place, f"{reference} is {value:g}", f"name a figure that is {use.words}"


def _number(value: Any) -> float | None:
    """Return a finite number; None for anything else, which the shape check reports."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > sys.float_info.max:
        return None
    return None if math.isnan(value) else float(value)


# A figure against its own token, kind and place.
_MULTIPLIERS = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
_PRINTED_NUMBER = re.compile(r"(?:\d+|(?<!\d)(?=[.,]\d))(?:[.,]\d+)*(?:[eE][+-]?\d+)?")
_SPACED = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f](?=\d{3}(?!\d))")  # between thousands


def check_figure(place: FieldPath, quantity: Row) -> Iterator[Fault]:
    """Yield what is wrong with a figure, its fields as written, beside its own token and kind."""
    parts = {part: _number(quantity.get(part)) for part in ("value", "low", "high", "sd")}
    given = {part: value for part, value in parts.items() if value is not None}
    kind, printed = quantity.get("kind"), quantity.get("printed")
    numbers = _printed_numbers(printed) if isinstance(printed, str) else []
    for part, value in given.items():
        if numbers and not any(abs(value - number) <= 1e-9 * max(1, abs(number)) for number in numbers):
            problem = f"{value:g} is not in the printed token {printed!r}"
            remedy = "write the number that is printed; a change of unit is made later, by cleaning"
            yield (*place, part), problem, remedy
        if kind == "percent" and part != "sd" and not 0 <= value <= 100:
            remedy = "a share lies between 0 and 100; use kind percent_change for a change"
            yield (*place, part), f"a percent of {value:g}", remedy
    value = given.get("value", 0)
    if kind == "p_value" and not 0 <= value <= 1:
        yield (*place, "value"), f"a p value of {value:g}", "a p value lies between 0 and 1"
    if kind == "sd" and value < 0:
        remedy = "a standard deviation is never below 0"
        yield (*place, "value"), f"a standard deviation of {value:g}", remedy
    if "low" in given and "high" in given and given["low"] > given["high"]:
        problem = f"the range ends ({given['high']:g}) before it starts ({given['low']:g})"
        yield (*place, "low"), problem, "put the smaller value first"


def _printed_numbers(printed: str) -> list[float]:
    """Return every number that a token can be read as: `1,200` as 1200 and as 1.2, `2 million` as both."""
    numbers = []
    plain = printed.replace("\u00b7", ".")
    for token in [*_PRINTED_NUMBER.findall(plain), *_PRINTED_NUMBER.findall(_SPACED.sub("", plain))]:
        european = token.replace(".", "").replace(",", ".")
        for text in (token.replace(",", ""), token.replace(",", "."), european):
            try:
                numbers.append(float(text))
            except ValueError:  # the dots of a date
                numbers += [float(part) for part in re.findall(r"\d+", text)]
    scale = next((factor for word, factor in _MULTIPLIERS.items() if word in printed.lower()), 1.0)
    return numbers + [number * scale for number in numbers] + [-number for number in numbers]


def _span(place: FieldPath, quantity: Row) -> Iterator[Fault]:
    """Check that a figure's characters run forwards and span as many as its token has."""
    chars, printed = _mapping(quantity, "at").get("chars"), quantity.get("printed")
    if not (isinstance(chars, list) and len(chars) == 2 and all(isinstance(item, int) for item in chars)):
        return
    start, end = chars
    if end <= start:
        yield (*place, "at", "chars"), f"ends ({end}) before it starts ({start})", "put start, then end"
    elif isinstance(printed, str) and end - start != len(printed):
        problem = f"spans {end - start} characters, the printed token has {len(printed)}"
        yield (*place, "at", "chars"), problem, "copy the token letter by letter, or count again"


def _origins(sheet: Row) -> Iterator[Fault]:
    """Check that each figure has a place in a named document or an address, and not both."""
    source = _mapping(sheet, "source")
    core = source.get("tier") == "core"
    if core and source.get("seen") is not None:
        problem = "a core source is read itself, not seen elsewhere"
        yield ("source", "seen"), problem, "remove it and give each figure its place, or change the tier"
    for place, quantity in _items(sheet, "quantities", dict):
        at, seen = quantity.get("at") is not None, quantity.get("seen") is not None
        if at and seen:
            problem = "a figure with a place in a document and an address"
            yield (*place, "seen"), problem, "keep one of the two"
        elif core and seen:
            problem = "a figure of a core source that was seen elsewhere"
            yield (*place, "seen"), problem, "give its place in the document (`at:`), or change the tier"
        elif core or quantity.get("state", "confirmed") != "confirmed":
            continue  # a proposal waits for a reader, who says where it is to be found
        elif at and not source.get("document"):
            problem = "a place in a document that the sheet does not name"
            remedy = "name the document and its sha256, or write `seen:` with address, access and confidence"
            yield (*place, "at"), problem, remedy
        elif not at and not seen and source.get("seen") is None:
            problem = "a figure without a place and without an address"
            remedy = "write `seen:` with address, access and confidence, here or once under source"
            yield place, problem, remedy


# Figures against each other.
def _order_of_dates_and_ages(study: Row, figures: dict[str, Row]) -> Iterator[Fault]:
    """Check that the study's dates and ages run forwards; a date in words that cannot be read passes."""

    def figure(field: str, what: str) -> Any:
        name, _, part = str(study.get(field)).partition(".")
        return figures.get(name, {}).get(part or what)

    youngest, oldest = (_number(figure(field, "value")) for field in ("age_min", "age_max"))
    if youngest is not None and oldest is not None and youngest > oldest:
        problem = f"age_max ({oldest:g}) lies before age_min ({youngest:g})"
        yield ("study", "age_max"), problem, "exchange age_min and age_max, or mend one"
    start, end = (figure(field, "printed") for field in ("starts_on", "ends_on"))
    first, last = (iso_date(str(printed)) or "" for printed in (start, end))
    common = min(len(first), len(last))  # as far as both are printed
    if first[:common] > last[:common]:
        problem = f"ends_on ({end}) lies before starts_on ({start})"
        yield ("study", "ends_on"), problem, "exchange starts_on and ends_on, or mend one"


def _order_within(sheet: Row, figures: dict[str, Row]) -> Iterator[Fault]:
    """Check figures of one observation or event against each other."""
    ordered = (("minimum", "maximum"), ("q1", "median"), ("median", "q3"), ("count", "n"))
    for name in ("results", "adverse_events"):
        for place, block in _items(sheet, name, dict):
            for low, high in ordered:
                a, b = (_number(figures.get(str(block.get(field)), {}).get("value")) for field in (low, high))
                if a is not None and b is not None and a > b:
                    yield (*place, low), f"{low} ({a:g}) is above {high} ({b:g})", "mend one"


# fields of a result that are not figures; a proposal may have lost all of its own
_FRAME = (set(Result.model_fields) - set(Result.figure_fields()) - {"state"}) | {"n"}


def _observations(sheet: Row) -> Iterator[Fault]:
    """Check that no observation stands twice and that each has a figure or states a direction."""
    known: dict[tuple[str, ...], str | int] = {}
    for place, block in _items(sheet, "results", dict):
        key = tuple(str(block.get(part)) for part in ("arm", "concept", "site", "time", "kind", "unit"))
        if known.setdefault(key, place[-1]) != place[-1]:
            problem = f"the same arm, outcome, site, time and kind as results[{known[key]}]"
            yield place, problem, "join the two, or name the sites apart"
        if block.get("stated") is None and not any(block.get(field) for field in set(block) - _FRAME):
            remedy = "name a figure, or write `stated:` higher, lower or no change"
            yield place, "an observation without a figure", remedy


def _events(sheet: Row) -> Iterator[Fault]:
    """Check that no event stands twice and that one which did not happen has no count."""
    known: set[tuple[str, str]] = set()
    for place, block in _items(sheet, "adverse_events", dict):
        arm, term = str(block.get("arm")), str(block.get("term")).strip()
        if block.get("absent") is True and block.get("count") is not None:
            problem = "an event that did not happen has a count"
            yield (*place, "count"), problem, "remove the count, or absent"
        if block.get("term") and (arm, term) in known:
            problem = f"{term!r} stands twice for arm {arm!r}"
            yield (*place, "term"), problem, "put the figures of one event into one entry"
        known.add((arm, term))
