"""What a study sheet must keep beyond the shape of its fields.

Names are unique, references lead somewhere, concepts are in the vocabulary; the numbers themselves are
checked by `sheet_numbers`. Works on the plain mapping, so that a sheet with a wrong field still has all
its other mistakes listed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from helpers.sources.sheet_numbers import Fault, check_figure, check_order, check_place, check_use
from helpers.sources.sheet_seen import check_seen
from helpers.tables.statements import TOPICS
from helpers.tables.vocabulary import CONCEPTS, OUTCOME_CONCEPTS

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
    "n", "mean", "sd", "median", "q1", "q3", "iqr", "minimum", "maximum", "count", "percent", "p_value",
)  # fmt: skip
EVENT_REFERENCES = ("count", "n", "resolved", "monitored_for")
CONTRAST_REFERENCES = ("effect", "ci_lower", "ci_upper", "p_value", "n")
REFERENCES = {
    "study": STUDY_REFERENCES,
    "arms": ARM_REFERENCES,
    "results": RESULT_REFERENCES,
    "adverse_events": EVENT_REFERENCES,
    "contrasts": CONTRAST_REFERENCES,
}
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
    *CONTRAST_REFERENCES,
}


def cross_checks(sheet: dict[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong between the fields of a sheet: path, problem, remedy."""
    yield from _unique(sheet, "quantities", "id")
    yield from _unique(sheet, "arms", "arm_id")
    yield from _unique(sheet, "outcomes", "outcome_id")
    yield from _unique(sheet, "findings", "id")
    yield from _unique(sheet, "statements", "id")
    yield from _statements(sheet)
    yield from _concepts(sheet)
    yield from _references(sheet)
    yield from _repeated_events(sheet)
    yield from _observations(sheet)
    yield from check_seen(sheet)
    figures: dict[str, dict[str, Any]] = {}
    for index, quantity in _blocks(sheet, "quantities"):
        yield from check_figure(index, quantity)
        yield from check_place(index, quantity)
        if isinstance(quantity.get("id"), str):
            figures.setdefault(quantity["id"], quantity)
    for place, block in _referring(sheet):
        yield from check_use(place, block, figures)
    yield from check_order(sheet.get("study"), figures)


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


def _repeated_events(sheet: dict[str, Any]) -> Iterator[Fault]:
    seen: set[tuple[str, str]] = set()
    for index, block in _blocks(sheet, "adverse_events"):
        arm, term = block.get("arm"), block.get("term")
        if block.get("absent") is True and block.get("count") is not None:
            problem = "an event that did not happen has a count"
            yield ("adverse_events", index, "count"), problem, "remove the count, or absent"
        if not (isinstance(arm, str) and isinstance(term, str)):
            continue
        if (arm, term.strip()) in seen:
            problem = f"{term.strip()!r} stands twice for arm {arm!r}"
            yield ("adverse_events", index, "term"), problem, "put the figures of one event into one entry"
        seen.add((arm, term.strip()))


def _statements(sheet: dict[str, Any]) -> Iterator[Fault]:
    """Check that a statement gives one of its topic's answers, about what the topic is about."""
    for index, block in _blocks(sheet, "statements"):
        topic, says, about = TOPICS.get(str(block.get("topic"))), block.get("says"), block.get("about")
        if topic is None:
            continue  # the shape check names the topics
        outcome = topic.name in ("primary_outcome", "secondary_outcome")
        answers = topic.answers or (tuple(OUTCOME_CONCEPTS) if outcome else ())
        if answers and isinstance(says, str) and says not in answers:
            problem = f"{says!r} is no answer to: {topic.question}"
            yield ("statements", index, "says"), problem, _nearest(says, answers)
        if topic.about == "outcome" and isinstance(about, str) and about not in OUTCOME_CONCEPTS:
            problem = f"{about!r} is not an outcome"
            yield ("statements", index, "about"), problem, _nearest(about, OUTCOME_CONCEPTS)
        if topic.about and not about:
            problem = f"it is not said which {topic.about} it is about"
            yield ("statements", index, "about"), problem, "add `about:`"


def _concepts(sheet: dict[str, Any]) -> Iterator[Fault]:
    places = [
        ("outcomes", OUTCOME_CONCEPTS),
        ("results", OUTCOME_CONCEPTS),
        ("contrasts", OUTCOME_CONCEPTS),
        ("quantities", CONCEPTS),
    ]
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
            if isinstance(concept, str) and concept not in OUTCOME_CONCEPTS:
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
    yield from _judged_findings(sheet)
    for name in ("quantities", "results", "adverse_events"):
        for index, block in _blocks(sheet, name):
            arm = block.get("arm")
            if isinstance(arm, str) and arm not in arms:
                yield (name, index, "arm"), f"no arm is called {arm!r}", _nearest(arm, arms)
    for index, block in _blocks(sheet, "contrasts"):
        for field in ("arm", "against"):
            arm = block.get(field)
            if isinstance(arm, str) and arm not in arms:
                yield ("contrasts", index, field), f"no arm is called {arm!r}", _nearest(arm, arms)


def _judged_findings(sheet: dict[str, Any]) -> Iterator[Fault]:
    """Check that the findings which a judgement rests on are the sheet's own."""
    known = [block["id"] for _, block in _blocks(sheet, "findings") if isinstance(block.get("id"), str)]
    appraisal = sheet.get("risk_of_bias")
    for index, block in _blocks(appraisal, "domains") if isinstance(appraisal, dict) else ():
        names = block.get("findings")
        for place, name in enumerate(names if isinstance(names, list) else []):
            if isinstance(name, str) and name not in known:
                path = ("risk_of_bias", "domains", index, "findings", place)
                yield path, f"no finding is called {name!r}", _nearest(name, known)


def _referring(sheet: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Yield the place of each block that may name figures field by field, and the block."""
    if isinstance(sheet.get("study"), dict):
        yield ("study",), sheet["study"]
    for name in ("arms", "results", "adverse_events", "contrasts"):
        for index, block in _blocks(sheet, name):
            yield (name, index), block


def _all_references(sheet: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for place, block in _referring(sheet):
        for field in REFERENCES[str(place[0])]:
            if isinstance(block.get(field), str):
                yield (*place, field), block[field]
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


def _observations(sheet: dict[str, Any]) -> Iterator[Fault]:
    """Check figures against each other within an observation or event, and observations for repeats."""
    values = {str(block.get("id")): block.get("value") for _, block in _blocks(sheet, "quantities")}
    ordered = (("minimum", "maximum"), ("q1", "median"), ("median", "q3"), ("count", "n"))
    seen: dict[tuple, int] = {}
    for name in ("results", "adverse_events"):
        for index, block in _blocks(sheet, name):
            for low, high in ordered:
                a, b = values.get(str(block.get(low))), values.get(str(block.get(high)))
                if isinstance(a, int | float) and isinstance(b, int | float) and a > b:
                    yield (
                        (name, index, low),
                        f"{low} ({a:g}) is above {high} ({b:g})",
                        "mend one",
                    )
            key = tuple(str(block.get(part)) for part in ("arm", "concept", "site", "time", "kind", "unit"))
            if name == "results" and key in seen:
                problem = f"the same arm, outcome, site, time and kind as results[{seen[key]}]"
                yield (name, index), problem, "join the two, or name the sites apart"
            seen.setdefault(key, index)
