"""Units as they are printed, the one spelling they get, and the kind of quantity they make."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_SQUARE = r"(?:cm ?(?:\^?2|²)|sq(?:uare|\.)? ?(?:cm|centimet(?:re|er)s?))"
# The same as a power: `hairs cm⁻²`; a typed `cm–2` may also begin a span of lengths.
_INVERSE = r"(?: ?· ?| )?cm(?:\^?[⁻–−]²|⁻2|\^[–−]2|[–−]2(?! ?(?:[0-9.]|cm|mm)))"
# What makes a unit the first part of one that is not known: `mg kg⁻¹`, `g·m⁻²`.
_GOES_ON = r"(?!·[A-Za-z]|⁻| ?(?:kg|cm|mm|m|mL|ml|L|dL|h|d|day|min|s|g) ?\^?(?:⁻|[–−]1(?![0-9.])))"
_HAIR = r"(?:(?:terminal|vellus|total|anagen|telogen|scalp|non–vellus) )?hairs?"
_COUNTED = r"(?:particles|exosomes|EVs|vesicles|cells)"
_PER = (
    r"(?:(?:(?: ?/ ?| per )(?:kg|mL|ml|c?m ?(?:\^?2|²)|mm ?(?:\^?3|³)|µL|min(?: ?/ ?1\.73 ?m ?(?:\^?2|²))?"
    r"|day|d|vial|week|month|session|treatment|dose|dL|L|site|hour|h)\b){1,2})"
)
_DAY = r"(?: (?:daily|once daily|twice daily|a day|per day))"


@dataclass(frozen=True)
class Unit:
    """A unit: its pattern, its one spelling ('' keeps the printed one), and the kind of its quantities."""

    pattern: str
    spelling: str
    kind: str


UNITS = (
    Unit(rf"{_HAIR} ?(?:/|per) ?{_SQUARE}", "hairs/cm²", "density"),
    Unit(rf"{_HAIR}{_INVERSE}", "hairs/cm²", "density"),
    Unit(_INVERSE, "/cm²", "density"),
    Unit(rf"(?:hair )?follicles? ?(?:/|per) ?{_SQUARE}", "follicles/cm²", "density"),
    Unit(rf"follicular units? ?(?:/|per) ?{_SQUARE}", "follicular units/cm²", "density"),
    Unit(rf"(?:FUs?|grafts?) ?(?:/|per) ?{_SQUARE}", "follicular units/cm²", "density"),
    Unit(rf"(?:n|no\.|counts?)? ?/ ?{_SQUARE}", "/cm²", "density"),
    Unit(rf"per {_SQUARE}", "/cm²", "density"),
    Unit(rf"{_COUNTED}{_PER}?", "", "dose"),
    Unit(rf"(?:mg|µg|mcg|ng|pg|g){_PER}?{_DAY}?(?!\w)", "", "dose"),
    Unit(rf"(?:mL|ml|cc|µL|µl|IU){_PER}?{_DAY}?(?!\w)", "", "dose"),
    Unit(rf"(?:milligrams?|millilit(?:re|er)s?|grams?|micrograms?){_PER}?", "", "dose"),
    Unit(r"/ ?(?:mL|ml|µL|vial)(?!\w)", "", "dose"),
    Unit(rf"(?:J|mJ|W|mW) ?/ ?{_SQUARE}", "", "dose"),
    Unit(r"kg ?/ ?m ?(?:\^?2|²)", "kg/m²", "measure"),
    Unit(r"(?:mm ?Hg|kg|° ?[CF]|℃|beats/min|bpm|kPa|Hz|kHz|MHz|rpm|kDa|Gy|kcal)(?!\w)", "", "measure"),
    Unit(r"(?:[mµnp]mol|mol|mIU|mU|U) ?/ ?(?:m?L|dL|m?l|g)(?!\w)", "", "measure"),
    Unit(r"g ?/ ?m ?(?:\^?2|²) ?/ ?h(?!\w)", "g/m²/h", "measure"),
    Unit(r"(?:mm|µm|um|nm) ?(?:/ ?|per )(?:day|month|week)", "", "measure"),
    Unit(rf"(?:{_SQUARE})", "cm²", "area"),
    Unit(r"mm ?(?:\^?2|²)", "mm²", "area"),
    Unit(r"(?:mm|millimet(?:re|er)s?)(?!\w)", "mm", "length"),
    Unit(r"(?:cm|centimet(?:re|er)s?)(?!\w)", "cm", "length"),
    Unit(r"(?:µm|um|micrometers?|micrometres?|microns?)(?!\w)", "µm", "length"),
    Unit(r"(?:nm|nanomet(?:re|er)s?)(?!\w)", "nm", "length"),
    Unit(r"(?:%|per ?cent(?!\w))", "%", "percent"),
    Unit(r"percentage points?", "percentage points", "percent"),
    Unit(r"(?:hours?|minutes?|h|min)(?: ?/ ?| per )(?:day|week|d)(?!\w)", "", "measure"),
    Unit(r"seconds?(?!\w)", "seconds", "duration"),
    Unit(r"(?:minutes?|mins?)(?!\w)", "minutes", "duration"),
    Unit(r"(?:[Hh]ours?|hrs?|h)(?!\w)", "hours", "duration"),
    Unit(r"[Dd]ays?(?!\w)", "days", "duration"),
    Unit(r"(?:[Ww]eeks?|wks?)(?!\w)", "weeks", "duration"),
    Unit(r"(?:[Mm]onths?|mos?)(?!\w)", "months", "duration"),
    Unit(r"(?:[Yy]ears?|yrs?|y)(?!\w)", "years", "duration"),
    Unit(r"fold(?!\w)", "fold", "ratio"),
    Unit(r"points(?!\w)", "points", "score"),
    Unit(rf"{_HAIR}(?<=s)(?!\w)", "hairs", "count"),
)
# Longest first would not do: alternatives are tried in this order, compound units before their parts.
ANY = "(?:" + "|".join(unit.pattern for unit in UNITS) + ")" + _GOES_ON
TIME = r"(?:seconds?|minutes?|[Hh]ours?|hrs?|[Dd]ays?|[Ww]eeks?|wks?|[Mm]onths?|[Yy]ears?|yrs?)(?!\w)"
_COMPILED = tuple((re.compile(unit.pattern), unit) for unit in UNITS)


@lru_cache(maxsize=1024)
def unit_of(printed: str | None) -> Unit:
    """Return the unit that a printed unit is, spelled in one way; an empty one for None."""
    words = (printed or "").strip(" –")
    if not words:
        return Unit("", "", "")
    for pattern, unit in _COMPILED:
        if pattern.fullmatch(words):
            return Unit(unit.pattern, unit.spelling or words, unit.kind)
    return Unit("", words, "measure")
