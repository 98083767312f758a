"""What a study sheet must keep beyond the shape of its fields: numbers, references, places."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from helpers.sheets.model import Seen, SheetQuantity, StudySheet
from helpers.tables import join_ids
from helpers.tables.vocabulary import CONCEPTS, OUTCOME_CONCEPTS, TOPICS

Fault = tuple[tuple[str | int, ...], str, str]  # path, problem, remedy

MULTIPLIERS = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
SHEET_NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO_DAY = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T.*)?")
_DAY_FIRST = re.compile(r"(?:(\d{1,2})\s+)?([A-Za-z]{3,9})\.?,?\s+(\d{4})")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})")
LARGEST_COUNT = 10**12
_PEOPLE = (0, LARGEST_COUNT, "a whole number of people")
_SOME_PEOPLE = (1, LARGEST_COUNT, "a whole number of people, at least 1")
_NOT_NEGATIVE = (0, math.inf, "a number that is not negative")
# field -> smallest value, largest value, what it must be
USES: dict[str, dict[str, tuple[float, float, str]]] = {
    "study": {
        "n_planned": _PEOPLE,
        "n_enrolled": _PEOPLE,
        "n_analysed": _PEOPLE,
        "age_min": (0, 120, "an age in years, 0 to 120"),
        "age_max": (0, 120, "an age in years, 0 to 120"),
    },
    "arms": {"n": _PEOPLE, "sessions": _NOT_NEGATIVE, "interval": _NOT_NEGATIVE},
    "results": {
        "n": _SOME_PEOPLE,
        "sd": _NOT_NEGATIVE,
        "iqr": _NOT_NEGATIVE,
        "count": _NOT_NEGATIVE,
        "percent": (0, 100, "a share of people, 0 to 100 percent"),
        "p_value": (0, 1, "a p value, 0 to 1"),
    },
    "contrasts": {"n": _SOME_PEOPLE, "p_value": (0, 1, "a p value, 0 to 1")},
    "adverse_events": {"count": _PEOPLE, "n": _SOME_PEOPLE, "resolved": _NOT_NEGATIVE},
}


def check_figure(index: int, quantity: dict[str, Any]) -> Iterator[Fault]:
    """Check a figure against its own token and kind."""
    given = {part: _number(quantity.get(part)) for part in ("value", "low", "high", "sd")}
    given = {part: value for part, value in given.items() if value is not None}
    kind, printed = quantity.get("kind"), quantity.get("printed")
    if isinstance(printed, str):
        seen = printed_numbers(printed)
        for part, value in given.items():
            if seen and not any(abs(value - number) <= 1e-9 * max(1, abs(number)) for number in seen):
                remedy = "write the number that is printed; a change of unit is made later, by cleaning"
                yield (
                    ("quantities", index, part),
                    f"{value:g} is not in the printed token {printed!r}",
                    remedy,
                )
    if kind == "percent":
        for part in ("value", "low", "high"):
            if part in given and not 0 <= given[part] <= 100:
                remedy = "a share lies between 0 and 100; use kind percent_change for a change"
                yield ("quantities", index, part), f"a percent of {given[part]:g}", remedy
    if kind == "p_value" and not 0 <= given.get("value", 0) <= 1:
        yield (
            ("quantities", index, "value"),
            f"a p value of {given['value']:g}",
            "a p value lies between 0 and 1",
        )
    if kind == "sd" and given.get("value", 0) < 0:
        problem = f"a standard deviation of {given['value']:g}"
        yield ("quantities", index, "value"), problem, "a standard deviation is never below 0"
    if "low" in given and "high" in given and given["low"] > given["high"]:
        problem = f"the range ends ({given['high']:g}) before it starts ({given['low']:g})"
        yield ("quantities", index, "low"), problem, "put the smaller value first"


def printed_numbers(printed: str) -> list[float]:
    """Return every number that a token can be read as: `1,200` as 1200 and as 1.2, `2 million` as both."""
    numbers = [value for token in SHEET_NUMBER.findall(printed) for value in _readings(token)]
    scale = next((factor for word, factor in MULTIPLIERS.items() if word in printed.lower()), 1.0)
    return numbers + [number * scale for number in numbers] + [-number for number in numbers]


def check_place(index: int, quantity: dict[str, Any]) -> Iterator[Fault]:
    """Check that a figure's characters run forwards and span as many as its token has."""
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


def check_use(
    place: tuple[str | int, ...], block: dict[str, Any], figures: dict[str, dict]
) -> Iterator[Fault]:
    """Check that each figure that a block names can be what the block takes it for."""
    for field, (lowest, highest, what) in USES[str(place[0])].items():
        if field == "percent" and block.get("kind") != "count":
            continue  # of one person's hairs, or a change: no share of people
        value = _named(figures, block.get(field))
        if value is None:
            continue
        whole = what.startswith("a whole number")
        if not lowest <= value <= highest or (whole and value != int(value)):
            yield (*place, field), f"{block[field]} is {value:g}", f"name a figure that is {what}"


def check_order(study: Any, figures: dict[str, dict[str, Any]]) -> Iterator[Fault]:
    """Check that the study's dates and ages run forwards; a date in words that cannot be read passes."""
    if not isinstance(study, dict):
        return
    youngest, oldest = _named(figures, study.get("age_min")), _named(figures, study.get("age_max"))
    if youngest is not None and oldest is not None and youngest > oldest:
        problem = f"age_max ({oldest:g}) lies before age_min ({youngest:g})"
        yield ("study", "age_max"), problem, "exchange age_min and age_max, or mend one"
    start, end = (figures.get(str(study.get(field)).partition(".")[0]) for field in ("starts_on", "ends_on"))
    first, last = (_day(figure.get("printed") if figure else None) for figure in (start, end))
    common = min(len(first), len(last))
    if first[:common] > last[:common]:
        problem = f"ends_on ({end['printed']}) lies before starts_on ({start['printed']})"
        yield ("study", "ends_on"), problem, "exchange starts_on and ends_on, or mend one"


def _number(value: Any) -> float | None:
    """Return a finite number; None for anything else, which the shape check reports."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _named(figures: dict[str, dict[str, Any]], reference: Any) -> float | None:
    """Return the number that a reference leads to; None where it leads to none."""
    if not isinstance(reference, str):
        return None
    name, _, part = reference.partition(".")
    return _number(figures.get(name, {}).get(part or "value"))


def _readings(token: str) -> list[float]:
    """Return what a printed number may mean: comma as thousands or decimal mark, dots of a date."""
    found = []
    for text in (token.replace(",", ""), token.replace(",", ".")):
        try:
            found.append(float(text))
        except ValueError:
            found += [float(part) for part in re.findall(r"\d+", text)]
    return found


def _day(printed: Any) -> tuple[int, ...]:
    """Return year, month and day of a printed date, as far as they are printed; () if it is none."""
    text = printed.strip() if isinstance(printed, str) else ""
    if match := _ISO_DAY.fullmatch(text):
        parts = [match[1], match[2], match[3]]
    elif match := _DAY_FIRST.fullmatch(text):
        parts = [match[3], match[2], match[1]]
    elif match := _MONTH_FIRST.fullmatch(text):
        parts = [match[3], match[1], match[2]]
    else:
        return ()
    month = parts[1] or ""
    if month.isalpha():
        number = next((n for n, name in enumerate(MONTHS, start=1) if month.lower().startswith(name)), None)
        parts = [parts[0], number, parts[2]] if number else [parts[0]]
    return tuple(int(part) for part in parts if part is not None)


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
            yield from _named_parts(block, (name, index, "quantities"))
    appraisal = sheet.get("risk_of_bias")
    if isinstance(appraisal, dict):
        for index, block in _blocks(appraisal, "domains"):
            yield from _named_parts(block, ("risk_of_bias", "domains", index, "quantities"))


def _named_parts(
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


_PARTS = {"": "value", "low": "low", "high": "high", "sd": "sd"}


def _is_second_hand(seen: Seen | None) -> bool:
    return seen is not None and seen.access == "secondary"


def seen_columns(seen: Seen | None) -> dict[str, Any]:
    """Return where and how something was seen, as columns of the tables."""
    stated = seen.model_dump() if seen else dict.fromkeys(("address", "access", "confidence"))
    return stated | {"second_hand": _is_second_hand(seen)}


def _named_figures(sheet: StudySheet) -> Iterator[str]:
    """Yield the figures that confirmed blocks name."""
    blocks = [(sheet.study, STUDY_REFERENCES), *((arm, ARM_REFERENCES) for arm in sheet.arms)]
    blocks += [(result, RESULT_REFERENCES) for result in sheet.results if result.state == "confirmed"]
    blocks += [(event, EVENT_REFERENCES) for event in sheet.adverse_events]
    blocks += [
        (contrast, CONTRAST_REFERENCES) for contrast in sheet.contrasts if contrast.state == "confirmed"
    ]
    for block, fields in blocks:
        yield from (getattr(block, field).partition(".")[0] for field in fields if getattr(block, field))
    for block in (*sheet.findings, *sheet.adverse_events):
        yield from block.quantities
    for domain in sheet.risk_of_bias.domains if sheet.risk_of_bias else []:
        yield from domain.quantities


class SheetReferences:
    """The figures of one sheet by id.

    Attributes
    ----------
    sheet : StudySheet
        The sheet.
    figures : dict of str to Quantity
        Its figures, confirmed or not.
    named : set of str
        Those that a confirmed block names, which confirms them.
    """

    def __init__(self, sheet: StudySheet):
        self.sheet = sheet
        self.figures: dict[str, SheetQuantity] = {quantity.id: quantity for quantity in sheet.quantities}
        self.named = set(_named_figures(sheet))

    def confirmed(self, quantity: SheetQuantity) -> bool:
        """Whether a person stands for a figure."""
        return quantity.state == "confirmed" or quantity.id in self.named

    def full(self, name: str) -> str:
        """Return the name of a figure, or of a part of it, over all studies."""
        return f"{self.sheet.study_id}.{name.partition('.')[0]}"

    def value(self, reference: str | None) -> float | None:
        """Return the number that a reference means."""
        if reference is None:
            return None
        name, _, part = reference.partition(".")
        return getattr(self.figures[name], _PARTS[part])

    def printed(self, reference: str | None) -> str | None:
        """Return the token of the figure that a reference means."""
        return self.figures[reference.partition(".")[0]].printed if reference else None

    def ids(self, block: Any, fields: tuple[str, ...]) -> str:
        """Return the full names of the figures that the fields of a block mean, joined."""
        return join_ids(self.full(getattr(block, field)) for field in fields if getattr(block, field))

    def second_hand(self, names: Iterable[str]) -> bool:
        """Whether any of these figures, or with none the source itself, was seen only second-hand."""
        named = [self.figures[name.partition(".")[0]] for name in names]
        seen = [figure.seen or self.sheet.source.seen for figure in named if not figure.at]
        return any(_is_second_hand(one) for one in (seen if named else [self.sheet.source.seen]))

    def locator(self, line: int, section: str | None) -> str:
        """Return a place in words: document, line and section."""
        document = self.sheet.source.document or self.sheet.source.source_id
        return f"{document}, line {line}" + (f" ({section})" if section else "")
