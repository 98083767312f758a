"""Units of measurement and severity scales as they are printed; a vocabulary adds those of its field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from trialfiles.vocabulary import Vocabulary

# In the patterns of rules these stand for any unit, and for what a vocabulary says of scales and things.
UNIT, SCALE, SCALE_CUE = "<any unit>", "<any scale>", "<scale begins>"
LETTER, THING = "<grade letter>", "<thing counted>"
TIME = r"(?:seconds?|minutes?|[Hh]ours?|hrs?|[Dd]ays?|[Ww]eeks?|wks?|[Mm]onths?|[Yy]ears?|yrs?)(?!\w)"
_NOTHING = r"(?!)"  # a pattern that never fits
_SQUARE = r"(?:cm ?(?:\^?2|²)|sq(?:uare|\.)? ?(?:cm|centimet(?:re|er)s?))"
# The same as a power: `hairs cm⁻²`; a typed `cm–2` may also begin a span of lengths.
_INVERSE = r"(?: ?· ?| )?cm(?:\^?[⁻–−]²|⁻2|\^[–−]2|[–−]2(?! ?(?:[0-9.]|cm|mm)))"
# What makes a unit the first part of one that is not known: `mg kg⁻¹`, `g·m⁻²`.
_GOES_ON = r"(?!·[A-Za-z]|⁻| ?(?:kg|cm|mm|m|mL|ml|L|dL|h|d|day|min|s|g) ?\^?(?:⁻|[–−]1(?![0-9.])))"
_ON_AREA = rf"[a-z]{{2,20}} ?(?:/|per) ?{_SQUARE}"  # without a vocabulary: whatever is counted on an area
_COUNTED = r"(?:particles|exosomes|EVs|vesicles|cells)"
_PER = (
    r"(?:(?:(?: ?/ ?| per )(?:kg|mL|ml|c?m ?(?:\^?2|²)|mm ?(?:\^?3|³)|µL|min(?: ?/ ?1\.73 ?m ?(?:\^?2|²))?"
    r"|day|d|vial|week|month|session|treatment|dose|dL|L|site|hour|h)\b){1,2})"
)
_DAY = r"(?: (?:daily|once daily|twice daily|a day|per day))"


_UNITS = (
    (_INVERSE, "/cm²", "density"),
    (rf"(?:n|no\.|counts?)? ?/ ?{_SQUARE}", "/cm²", "density"),
    (rf"per {_SQUARE}", "/cm²", "density"),
    (rf"{_COUNTED}{_PER}?", "", "dose"),
    (rf"(?:mg|µg|mcg|ng|pg|g){_PER}?{_DAY}?(?!\w)", "", "dose"),
    (rf"(?:mL|ml|cc|µL|µl|IU){_PER}?{_DAY}?(?!\w)", "", "dose"),
    (rf"(?:milligrams?|millilit(?:re|er)s?|grams?|micrograms?){_PER}?", "", "dose"),
    (r"/ ?(?:mL|ml|µL|vial)(?!\w)", "", "dose"),
    (rf"(?:J|mJ|W|mW) ?/ ?{_SQUARE}", "", "dose"),
    (r"kg ?/ ?m ?(?:\^?2|²)", "kg/m²", "measure"),
    (r"(?:mm ?Hg|kg|° ?[CF]|℃|beats/min|bpm|kPa|Hz|kHz|MHz|rpm|kDa|Gy|kcal)(?!\w)", "", "measure"),
    (r"(?:[mµnp]mol|mol|mIU|mU|U) ?/ ?(?:m?L|dL|m?l|g)(?!\w)", "", "measure"),
    (r"g ?/ ?m ?(?:\^?2|²) ?/ ?h(?!\w)", "g/m²/h", "measure"),
    (r"(?:mm|µm|um|nm) ?(?:/ ?|per )(?:day|month|week)", "", "measure"),
    (rf"(?:{_SQUARE})", "cm²", "area"),
    (r"mm ?(?:\^?2|²)", "mm²", "area"),
    (r"(?:mm|millimet(?:re|er)s?)(?!\w)", "mm", "length"),
    (r"(?:cm|centimet(?:re|er)s?)(?!\w)", "cm", "length"),
    (r"(?:µm|um|micrometers?|micrometres?|microns?)(?!\w)", "µm", "length"),
    (r"(?:nm|nanomet(?:re|er)s?)(?!\w)", "nm", "length"),
    (r"(?:%|per ?cent(?!\w))", "%", "percent"),
    (r"percentage points?", "percentage points", "percent"),
    (r"(?:hours?|minutes?|h|min)(?: ?/ ?| per )(?:day|week|d)(?!\w)", "", "measure"),
    (r"seconds?(?!\w)", "seconds", "duration"),
    (r"(?:minutes?|mins?)(?!\w)", "minutes", "duration"),
    (r"(?:[Hh]ours?|hrs?|h)(?!\w)", "hours", "duration"),
    (r"[Dd]ays?(?!\w)", "days", "duration"),
    (r"(?:[Ww]eeks?|wks?)(?!\w)", "weeks", "duration"),
    (r"(?:[Mm]onths?|mos?)(?!\w)", "months", "duration"),
    (r"(?:[Yy]ears?|yrs?|y)(?!\w)", "years", "duration"),
    (r"fold(?!\w)", "fold", "ratio"),
    (r"points(?!\w)", "points", "score"),
)


@dataclass(frozen=True)
class Unit:
    """A unit in its one spelling, and the kind of its quantities."""

    spelling: str
    kind: str


class Terms:
    """The units and scales that a grammar knows: those of all fields, and those of a vocabulary."""

    def __init__(self, vocabulary: Vocabulary):
        own = [
            (unit.pattern.replace("<cm²>", _SQUARE).replace("<cm⁻²>", _INVERSE), unit.spelling, unit.kind)
            for unit in vocabulary.units
        ]
        own = own or [(_ON_AREA, "", "density")]
        # Longest first would not do: alternatives are tried in this order, compound units before their parts.
        units = (*own, *_UNITS)
        self._units = [(re.compile(pattern), spelling, kind) for pattern, spelling, kind in units]
        scale = vocabulary.lettered_scale
        self.lettered = scale.name if scale else ""
        self._lettered_near = re.compile(scale.near if scale else _NOTHING)
        names = "|".join(one.pattern for one in vocabulary.scales) or _NOTHING
        self._scale_near = re.compile(rf"(?:{names})|[Ss]kin (?=$)|(?i:photo)(?=$)")
        self._filled = {
            UNIT: "(?:" + "|".join(pattern for pattern, _, _ in units) + ")" + _GOES_ON,
            SCALE: f"(?:{names})",
            SCALE_CUE: "|".join(one.begins for one in vocabulary.scales) or _NOTHING,
            LETTER: f"[{scale.letters}]" if scale else _NOTHING,
            THING: "|".join(vocabulary.things) or _NOTHING,
        }
        self._closing = self.compiled(rf"(?:[(\[] ?(?P<u>{UNIT}) ?[)\]]|, (?P<u2>{UNIT}))$")
        self._bracketed = self.compiled(rf"[(\[] ?(?P<u>{UNIT}) ?[)\]]|, (?P<u2>{UNIT})(?: |$)")
        self.unit = lru_cache(maxsize=1024)(self._unit)

    def compiled(self, pattern: str) -> re.Pattern[str]:
        """Return the pattern of a rule with the units and scales put in."""
        for name, words in self._filled.items():
            pattern = pattern.replace(name, words)
        return re.compile(pattern)

    def _unit(self, printed: str | None) -> Unit:
        """Return the unit that a printed unit is, spelled in one way; an empty one for None."""
        words = (printed or "").strip(" –")
        if not words:
            return Unit("", "")
        for pattern, spelling, kind in self._units:
            if pattern.fullmatch(words):
                return Unit(spelling or words, kind)
        return Unit(words, "measure")

    def closing_unit(self, words: str) -> Unit | None:
        """Return the unit in brackets, or after a comma, with which a header or a label ends."""
        found = self._closing.search(words)
        return self.unit(found["u"] or found["u2"]) if found else None

    def bracketed_unit(self, words: str) -> str:
        """Return the first unit that stands in brackets, or after a comma, in some words; '' without one."""
        found = self._bracketed.search(words)
        return self.unit(found["u"] or found["u2"]).spelling if found else ""

    def names_scale(self, words: str) -> bool:
        """Whether a scale is named in some words, or skin or a photograph at their end."""
        return self._scale_near.search(words) is not None

    def names_lettered_scale(self, words: str) -> bool:
        """Whether the scale whose grades are letters with numbers is named in some words."""
        return self._lettered_near.search(words) is not None
