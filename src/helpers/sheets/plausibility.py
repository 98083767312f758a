"""Figures of a sheet against their tokens, kinds and units, and against each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from typing import Any

from helpers.sheets.fields import Fault, items_of, mapping_of, number_of
from helpers.sheets.model import Contrast, Result
from helpers.sheets.tokens import contradicted_unit, fitting_outcomes, misfit, sheet_unit
from helpers.tables.vocabulary import CONVERSIONS, OUTCOME_CONCEPTS
from trialfiles.record import Row
from trialfiles.times import iso_date
from trialfiles.yaml_lines import FieldPath


def implausible(sheet: Row, figures: dict[str, Row]) -> Iterator[Fault]:
    """Yield what cannot be so, or is hardly so, in the figures of a sheet; `figures` are those by name."""
    for place, quantity in items_of(sheet, "quantities", dict):
        yield from check_figure(place, quantity)
        yield from _span(place, quantity)
    yield from _units(sheet, figures)
    yield from _far_dates(sheet)
    yield from _order_of_dates_and_ages(mapping_of(sheet, "study"), figures)
    yield from _order_within(sheet, figures)


# A figure against its own token, kind and place.
_MULTIPLIERS = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
_PRINTED_NUMBER = re.compile(r"(?:\d+|(?<!\d)(?=[.,]\d))(?:[.,]\d+)*(?:[eE][+-]?\d+)?")
_SPACED = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f](?=\d{3}(?!\d))")  # between thousands


def check_figure(place: FieldPath, quantity: Row) -> Iterator[Fault]:
    """Yield what is wrong with a figure, its fields as written, beside its own token and kind."""
    parts = {part: number_of(quantity.get(part)) for part in ("value", "low", "high", "sd")}
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
    chars, printed = mapping_of(quantity, "at").get("chars"), quantity.get("printed")
    if not (isinstance(chars, list) and len(chars) == 2 and all(isinstance(item, int) for item in chars)):
        return
    start, end = chars
    if end <= start:
        yield (*place, "at", "chars"), f"ends ({end}) before it starts ({start})", "put start, then end"
    elif isinstance(printed, str) and end - start != len(printed):
        problem = f"spans {end - start} characters, the printed token has {len(printed)}"
        yield (*place, "at", "chars"), problem, "copy the token letter by letter, or count again"


# Units.
_WITHOUT_UNIT = ("n", "count", "p_value", "date", "duration", "timepoint", "age")
_COMPARED: dict[str, type[Result] | type[Contrast]] = {"results": Result, "contrasts": Contrast}


def _units(sheet: Row, figures: dict[str, Row]) -> Iterator[Fault]:
    """Check the units of what a person stands for: against the printed token, and against the outcome."""
    for place, quantity in items_of(sheet, "quantities", dict):
        unit, printed = quantity.get("unit"), quantity.get("printed")
        if _proposed(quantity) or not isinstance(unit, str) or not isinstance(printed, str):
            continue
        if other := contradicted_unit(printed, unit):
            problem = f"{unit!r} stands beside the printed token {printed!r}"
            yield (*place, "unit"), problem, f"write unit: {other}, or leave `unit:` out"
        elif quantity.get("role") == "result" and quantity.get("kind") not in _WITHOUT_UNIT:
            yield from _misfit((*place, "unit"), unit, quantity.get("concept"))
    for name, model in _COMPARED.items():
        for place, block in items_of(sheet, name, dict):
            if not _proposed(block):
                measured = set(model.figure_fields()) - {"n", "count", "p_value"}
                named = [figures.get(str(block.get(field)).partition(".")[0], {}) for field in measured]
                yield from _units_of_result(place, block, [one.get("unit") for one in named], figures)


def _units_of_result(
    place: FieldPath, block: Row, printed: list[Any], figures: dict[str, Row]
) -> Iterator[Fault]:
    unit, known = block.get("unit"), sorted({one for one in printed if isinstance(one, str)})
    if not isinstance(unit, str):
        for one in known:
            yield from _misfit(place, one, block.get("concept"))
            yield from _out_of_range(place, block, one, figures)
        return
    yield from _misfit((*place, "unit"), unit, block.get("concept"))
    yield from _out_of_range((*place, "unit"), block, unit, figures)
    for one in known:
        if contradicted_unit(f"1 {one}", unit):
            yield (*place, "unit"), f"{unit!r} stands beside figures in {one}", "leave `unit:` out here"


def _out_of_range(place: FieldPath, block: Row, unit: str, figures: dict[str, Row]) -> Iterator[Fault]:
    """Check a level in its unit against what the outcome can be on any scalp."""
    outcome = OUTCOME_CONCEPTS.get(str(block.get("concept")))
    value = _number_named(block.get("mean") or block.get("median"), figures)
    if outcome is None or not outcome.plausible or block.get("kind") != "level" or value is None:
        return
    due, factor = CONVERSIONS.get(sheet_unit(unit), ("", 1.0))
    low, high = outcome.plausible
    near = [outcome.unit] if due else get_close_matches(unit, CONVERSIONS, 1, 0.7)
    if due != outcome.unit and near:
        problem = f"{unit!r} is no unit in which levels of {outcome.label} are compared"
        yield place, problem, f"write {near[0]}, if that is printed, or mend the outcome"
    elif due and not low <= value * factor <= high:
        converted = f"{value:g} {unit} are {value * factor:g} {due}"
        problem = f"{converted}; {outcome.label} lies in {low:g} to {high:g}"
        yield place, problem, "mend the unit, the value or the outcome; other_outcome where it is printed so"


def _misfit(place: FieldPath, unit: str, concept: Any) -> Iterator[Fault]:
    if due := misfit(unit, concept):
        fitting = ", ".join(fitting_outcomes(unit)) or "other_outcome"
        remedy = f"mend the unit as it is printed, or the concept: {unit} is a unit of {fitting}"
        yield place, f"{unit!r} is no unit of {concept}, which is measured in {due}", remedy


def _proposed(block: Row) -> bool:
    return block.get("state", "confirmed") != "confirmed"


# Dates.
FURTHEST = 15  # years after the extraction that a study may still end


def _far_dates(sheet: Row) -> Iterator[Fault]:
    """Check that no date lies further ahead than studies are planned, nor a publication ahead at all."""
    today, extracted = date.today(), iso_date(str(mapping_of(sheet, "extraction").get("date"))) or ""
    if extracted > today.isoformat():
        yield ("extraction", "date"), f"{extracted} is yet to come", f"write the day of extraction: {today}"
    year = min(int(extracted[:4] or today.year), today.year)
    for place, quantity in items_of(sheet, "quantities", dict):
        day = iso_date(str(quantity.get("printed"))) if quantity.get("kind") == "date" else None
        if day and int(day[:4]) > year + FURTHEST and not quantity.get("note"):
            remedy = "mend the date; where the source prints it so, say that in `note:`"
            yield (*place, "printed"), f"{day[:4]} lies {int(day[:4]) - year} years ahead", remedy
    issued = mapping_of(mapping_of(mapping_of(sheet, "source"), "reference"), "issued").get("date-parts")
    for first in (int(one) for one in re.findall(r"\b\d{4}\b", str(issued))):
        if first > year + 1:
            place = ("source", "reference", "issued")
            yield place, f"published in {first}, after the extraction", "write the year that is printed"


# Figures against each other.
def _order_of_dates_and_ages(study: Row, figures: dict[str, Row]) -> Iterator[Fault]:
    """Check that the study's dates and ages run forwards; a date in words that cannot be read passes."""

    def figure(field: str, what: str) -> Any:
        name, _, part = str(study.get(field)).partition(".")
        return figures.get(name, {}).get(part or what)

    youngest, oldest = (number_of(figure(field, "value")) for field in ("age_min", "age_max"))
    if youngest is not None and oldest is not None and youngest > oldest:
        problem = f"age_max ({oldest:g}) lies before age_min ({youngest:g})"
        yield ("study", "age_max"), problem, "exchange age_min and age_max, or mend one"
    start, end = (figure(field, "printed") for field in ("starts_on", "ends_on"))
    first, last = (iso_date(str(printed)) or "" for printed in (start, end))
    common = min(len(first), len(last))  # as far as both are printed
    if first[:common] > last[:common]:
        problem = f"ends_on ({end}) lies before starts_on ({start})"
        yield ("study", "ends_on"), problem, "exchange starts_on and ends_on, or mend one"


_ORDERED = (("minimum", "maximum"), ("q1", "median"), ("median", "q3"), ("q1", "q3"), ("count", "n"))


def _order_within(sheet: Row, figures: dict[str, Row]) -> Iterator[Fault]:
    """Check figures of one observation or event against each other."""
    for name in ("results", "adverse_events"):
        for place, block in items_of(sheet, name, dict):
            for low, high in _ORDERED:
                a, b = (_number_named(block.get(field), figures) for field in (low, high))
                if a is not None and b is not None and a > b:
                    remedy = "mend one"
                    if "q1" in block:
                        remedy += "; where it is printed so, name neither quartile and add a discrepancy"
                    yield (*place, low), f"{low} ({a:g}) is above {high} ({b:g})", remedy


def _number_named(reference: Any, figures: dict[str, Row]) -> float | None:
    name, _, part = str(reference).partition(".")
    return number_of(figures.get(name, {}).get(part or "value"))
