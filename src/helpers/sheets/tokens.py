"""What a printed token states by itself: number, spread, unit and statistic of a figure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from helpers.sheets import SHEET_WORDS
from helpers.tables.vocabulary import OUTCOME_CONCEPTS, QUANTITY_KINDS, reading_words
from trialfiles.quantities.grammar import find_quantities
from trialfiles.quantities.readings import Quantity
from trialfiles.quantities.terms import Unit, terms_of
from trialfiles.record import Row
from trialfiles.times import iso_date

LONGEST_TOKEN = 120  # letters of a token
FIGURE_PARTS = ("value", "low", "high", "sd")
_KINDS: dict[str, str] = SHEET_WORDS["token_kinds"]
_LEADS: dict[str, str] = SHEET_WORDS["token_leads"]
_PLAIN = re.compile(r"[<>≤≥=~≈ ]*([-+\u2212\u2013]?)(\d+(?:\.\d+)?)")
_SPREADS = ("mean_sd", "sd")
# Kinds whose figure a person types, since words or parts of it are no number.
_IN_WORDS = ("date", "grade", "ratio", "other")


@lru_cache(maxsize=4096)
def read_token(printed: str, kind: str | None = None) -> Row | None:
    """Return kind, value, low, high, sd and unit as far as a token states them; None where it is open.

    A statistic that is known already (`kind`) tells how brackets are read; a bare number has none of its own.

    Examples
    --------
    >>> read_token("18.4 hairs/cm2 (SD 11.2)")
    {'kind': 'mean_sd', 'value': 18.4, 'sd': 11.2, 'unit': 'hairs/cm2'}
    >>> read_token("18.4"), read_token("18.4", "mean")
    (None, {'kind': 'mean', 'value': 18.4})
    >>> read_token("3 (1-5)"), read_token("3 (1-5)", "median")
    (None, {'kind': 'median', 'value': 3.0, 'low': 1.0, 'high': 5.0})
    """
    if len(printed) > LONGEST_TOKEN:  # which the sheet may not hold; nobody waits for its figures
        return None
    if kind is None and iso_date(printed):
        return {"kind": "date"}
    if plain := _PLAIN.fullmatch(printed.strip()):
        number = float(plain[2]) * (-1 if plain[1] not in ("", "+") else 1)
        return {"kind": kind, "value": number} if kind else None
    for lead in ("", _LEADS.get(kind or "")):
        found = [] if lead is None else _whole(lead, printed)
        if len(found) == 1 and found[0].kind in _KINDS:
            return _stated(found[0], kind)
    return None


def _whole(lead: str, printed: str) -> list[Quantity]:
    """Return the figures of a token, when they begin and end with it."""
    found = find_quantities(lead + printed, reading_words())
    whole = bool(found) and found[0].char_start <= len(lead) and found[-1].char_end == len(lead + printed)
    return found if whole else []


def _stated(found: Quantity, kind: str | None) -> Row:
    kind = kind or _KINDS[found.kind]
    counted = kind in ("n", "count")  # of the parts of `12 of 16` the first one
    row: Row = {"kind": kind, "value": found.value}
    row |= {} if counted else {"low": found.value_low, "high": found.value_high, "sd": found.sd}
    row["unit"] = sheet_unit(found.unit) or None
    return {name: value for name, value in row.items() if value is not None}


def sheet_unit(unit: str) -> str:
    """Return a unit as sheets spell it: `hairs/cm2`, `um`, `percent`."""
    plain = unit.translate(str.maketrans("²³µμ", "23uu"))
    return "percent" if plain == "%" else plain


def figures_in(printed: str) -> list[str]:
    """Return the figures that stand in a token, as printed."""
    return [found.printed for found in find_quantities(printed[:LONGEST_TOKEN], reading_words())]


def complete_figure(quantity: Row) -> bool:
    """Fill in what a quantity leaves to its token, in place; return whether it has a kind now.

    A quantity that types any number, or has a kind without one, is left as it is; so is what it says of the
    unit, even that there is none.
    """
    printed, kind = quantity.get("printed"), quantity.get("kind")
    typed = any(quantity.get(part) is not None for part in FIGURE_PARTS)
    if not isinstance(printed, str) or (kind is not None and (typed or kind not in QUANTITY_KINDS)):
        return True
    if kind in _IN_WORDS:
        return True
    stated = read_token(printed, kind) or {}
    if typed:
        stated = {name: value for name, value in stated.items() if name not in FIGURE_PARTS}
    quantity |= {name: value for name, value in stated.items() if name not in quantity or name != "unit"}
    return quantity.get("kind") is not None


# Units.
_AFTER_NUMBER = re.compile(r"(?=\d\s?[-\u2010\u2011]?([A-Za-zµμ%/][^()\[\],;±]*))")
_MEASURED = ("density", "length", "area", "dose", "measure", "duration", "percent")


def _unit(words: str) -> Unit | None:
    return terms_of(reading_words()).known_unit(words.strip())


def _alike(unit: Unit) -> str:
    """Return a unit under one of its names: a cc is a mL."""
    plain = sheet_unit(unit.spelling).casefold()
    return {"cc": "ml", "mcg": "ug"}.get(plain, plain)


def contradicted_unit(printed: str, unit: str) -> str | None:
    """Return the unit that a token prints where it is another one than the unit typed beside it."""
    typed = _unit(unit)
    if typed is None or sheet_unit(unit) in sheet_unit(printed):
        return None
    found = [one for words in _AFTER_NUMBER.findall(printed) if (one := _unit(words))]
    measured = [one for one in found if one.kind in _MEASURED]
    if not measured or _alike(typed) in map(_alike, found):
        return None
    return sheet_unit(measured[0].spelling)


def misfit(unit: str | None, concept: Any) -> str | None:
    """Return the unit of an outcome that another one cannot be, such as kg for a density; else None."""
    outcome = OUTCOME_CONCEPTS.get(str(concept))
    if not unit or outcome is None or not outcome.unit or concept == "adverse_events":
        return None
    found, due = _unit(unit), _unit(outcome.unit)
    if found is None or found.kind == "percent" or found.kind not in _MEASURED:
        return None
    return None if due is not None and due.kind == found.kind else outcome.unit


def fitting_outcomes(unit: str) -> Iterator[str]:
    """Yield the outcomes that a unit fits."""
    found = _unit(unit)
    for name, outcome in OUTCOME_CONCEPTS.items():
        due = _unit(outcome.unit)
        if found and due and due.kind == found.kind:
            yield name
