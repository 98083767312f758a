"""What a study sheet must keep beyond the shape of its fields: names, references, figures, places."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from typing import Any

from helpers.sheets.fields import Fault, items_of, judged_blocks, mapping_of, number_of
from helpers.sheets.model import AdverseEvent, Arm, Block, Contrast, FigureUse, Result, Study
from helpers.sheets.plausibility import implausible
from helpers.tables.vocabulary import CONCEPTS, EVIDENCE, EXOSOME_ROLES, OUTCOME_CONCEPTS, TOPICS, Topic
from trialfiles.record import Row
from trialfiles.yaml_lines import FieldPath


def with_confirmed_facts(sheet: Row) -> None:
    """Fill the empty fields of `study` with the facts that a person has confirmed, in place."""
    study = mapping_of(sheet, "study")
    for _, fact in items_of(sheet, "facts", dict):
        field, confirmed = str(fact.get("field")), fact.get("state", "confirmed") == "confirmed"
        if confirmed and study.get(field) is None:
            study[field] = fact.get("value")


def cross_checks(sheet: Row) -> Iterator[Fault]:
    """Yield what is wrong between the fields of a sheet, whose shape may be wrong too.

    `sheet` is the content of the file, as `read_yaml` gives it; a fault is path of a field, problem, remedy.
    """
    quantities = [quantity for _, quantity in items_of(sheet, "quantities", dict)]
    named = [one for one in reversed(quantities) if isinstance(one.get("id"), str)]
    figures = {quantity["id"]: quantity for quantity in named}  # the first of a name counts
    yield from _repeated_names(sheet)
    yield from _unknown_names(sheet)
    for place, name, use in _references(sheet):
        yield from _reference(place, name, use, figures)
    yield from implausible(sheet, figures)
    yield from _origins(sheet)
    yield from _observations(sheet)
    yield from _events(sheet)


def _nearest(word: str, allowed: Collection[str]) -> str:
    """Return as a remedy the allowed word that is most like another, or all of them."""
    if close := difflib.get_close_matches(word, list(allowed), n=1):
        return f"did you mean {close[0]!r}?"
    names = sorted(allowed)
    if not names:
        return "define it first"
    return "use one of: " + ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")


# Names and vocabulary.
_NAMED = ("quantities", "arms", "outcomes", "discrepancies", "statements")  # blocks that have names
_KEYS = {"arms": "arm_id", "outcomes": "outcome_id"}  # fields that hold them; that of the others is `id`


def _repeated_names(sheet: Row) -> Iterator[Fault]:
    for name in _NAMED:
        known, key = set[str](), _KEYS.get(name, "id")
        for place, block in items_of(sheet, name, dict):
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
        for place, block in items_of(sheet, name, dict):
            yield (*place, "concept"), block.get("concept"), concepts, "{} is not in the vocabulary"
            for field in ("arm", "against"):
                yield (*place, field), block.get(field), arms, "no arm is called {}"
    for place, discrepancy in items_of(sheet, "discrepancies", dict):
        for at, concept in items_of(discrepancy, "concepts", str, place):
            yield at, concept, OUTCOME_CONCEPTS, "{} is not an outcome"
    for place, block in judged_blocks(sheet):  # what they rest on is the sheet's own
        for listed, one in (("discrepancies", "discrepancy"), ("statements", "statement")):
            for at, name in items_of(block, listed, str, place):
                yield at, name, _defined(sheet, listed), f"no {one} is called {{}}"
    for place, block, topic in _statements(sheet):
        outcome = topic.name in ("primary_outcome", "secondary_outcome")
        if answers := topic.answers or (tuple(OUTCOME_CONCEPTS) if outcome else ()):
            yield (*place, "says"), block.get("says"), answers, f"{{}} is no answer to: {topic.question}"
        if topic.about == "outcome":
            yield (*place, "about"), block.get("about"), OUTCOME_CONCEPTS, "{} is not an outcome"


def _defined(sheet: Row, name: str) -> list[str]:
    """Return the names that a list of blocks defines."""
    names = [block.get(_KEYS.get(name, "id")) for _, block in items_of(sheet, name, dict)]
    return [value for value in names if isinstance(value, str)]


def _statements(sheet: Row) -> Iterator[tuple[FieldPath, Row, Topic]]:
    """Yield the statements whose topic is known, with it; the shape check names the others."""
    for place, block in items_of(sheet, "statements", dict):
        if topic := TOPICS.get(str(block.get("topic"))):
            yield place, block, topic


# Figures that are named elsewhere.
_NAMING: dict[str, type[Block]] = {
    "arms": Arm, "results": Result, "contrasts": Contrast, "adverse_events": AdverseEvent,
}  # fmt: skip


def _references(sheet: Row) -> Iterator[tuple[FieldPath, str, FigureUse | None]]:
    """Yield every place that names a figure, the name and, where it is used as such, what it must be."""
    blocks: list[tuple[FieldPath, Row, type[Block]]] = [(("study",), mapping_of(sheet, "study"), Study)]
    for name, model in _NAMING.items():
        blocks += [(place, block, model) for place, block in items_of(sheet, name, dict)]
    for place, block, model in blocks:
        for field, use in model.figure_fields().items():
            if field == "percent" and block.get("kind") != "count":
                use = FigureUse()  # of one person's hairs, or a change: no share of people
            if isinstance(block.get(field), str):
                yield (*place, field), block[field], use
    lists = [item for name in ("discrepancies", "adverse_events") for item in items_of(sheet, name, dict)]
    for place, block in (*lists, *judged_blocks(sheet)):
        for at, name in items_of(block, "quantities", str, place):
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
    value = number_of(figure.get(part or "value"))
    if part and figure.get(part) is None:
        yield place, f"quantity {name!r} has no {part}", f"give it `{part}:` or refer to another quantity"
    elif use and not use.printed and not part and figure.get("value") is None:
        remedy = "give it `value:`, or name its part: .low, .high or .sd"
        yield place, f"quantity {name!r} has no value", remedy
    elif use and value is not None and not use.allows(value):
        yield place, f"{reference} is {value:g}", f"name a figure that is {use.words}"


def _origins(sheet: Row) -> Iterator[Fault]:
    """Check that each figure has a place in a named document or an address, and not both."""
    source = mapping_of(sheet, "source")
    core, roles = source.get("tier") == "core", [arm.get("role") for _, arm in items_of(sheet, "arms", dict)]
    results = [one.get("state") for _, one in items_of(sheet, "results", dict)]
    # while all is proposed, the roles are guesses too
    judged = bool({*results} - {"proposed"}) or source.get("registration")
    tested = not roles or {*roles} & {*EXOSOME_ROLES, None} or source.get("tier") not in EVIDENCE["published"]
    if judged and not tested:
        remedy = "write tier: comparator, or the role exosome for the arm that had them"
        yield ("source", "tier"), "no arm of this study had exosomes", remedy
    if core and source.get("seen") is not None:
        problem = "a core source is read itself, not seen elsewhere"
        yield ("source", "seen"), problem, "remove it and give each figure its place, or change the tier"
    for place, quantity in items_of(sheet, "quantities", dict):
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


_ALIKE = ("arm", "concept", "site", "time", "kind", "unit", "category")
# fields of a result that are not figures; a proposal may have lost all of its own
_FRAME = (set(Result.model_fields) - set(Result.figure_fields()) - {"state"}) | {"n"}


def _observations(sheet: Row) -> Iterator[Fault]:
    """Check that no observation stands twice and that each has a figure or states a direction."""
    known: dict[tuple[str, ...], str | int] = {}
    for place, block in items_of(sheet, "results", dict):
        key = tuple(str(block.get(part)) for part in _ALIKE)
        if known.setdefault(key, place[-1]) != place[-1]:
            problem = f"the same arm, outcome, site, time, kind and category as results[{known[key]}]"
            yield place, problem, "join the two, or name the sites apart"
        if block.get("stated") is None and not any(block.get(field) for field in set(block) - _FRAME):
            remedy = "name a figure, or write `stated:` higher, lower or no change"
            yield place, "an observation without a figure", remedy


def _events(sheet: Row) -> Iterator[Fault]:
    """Check that no event stands twice and that one which did not happen has no count."""
    known: set[tuple[str, str]] = set()
    for place, block in items_of(sheet, "adverse_events", dict):
        arm, term = str(block.get("arm")), str(block.get("term")).strip()
        if block.get("absent") is True and block.get("count") is not None:
            problem = "an event that did not happen has a count"
            yield (*place, "count"), problem, "remove the count, or absent"
        if block.get("term") and (arm, term) in known:
            problem = f"{term!r} stands twice for arm {arm!r}"
            yield (*place, "term"), problem, "put the figures of one event into one entry"
        known.add((arm, term))
