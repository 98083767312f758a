"""The patterns of the grammar with the terms of a vocabulary put in, and the words around a figure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from trialfiles.quantities.numerals import CELL, ORDINAL, ROMAN, WORD
from trialfiles.vocabulary import Vocabulary
from trialfiles.yaml_lines import read_yaml

_NAME = re.compile(r"\{([A-Z_]+)\}")
_NOTHING = r"(?!)"  # a pattern that never fits


@cache
def grammar_file() -> dict[str, Any]:
    """Return the patterns, units, relations and rules of `grammar.yaml`, as they are written there."""
    content: dict[str, Any] = read_yaml(Path(__file__).with_name("grammar.yaml"))[0]
    return content


@dataclass(frozen=True)
class Unit:
    """A unit in its one spelling, and the kind of its quantities."""

    spelling: str
    kind: str


class Terms:
    """The patterns, units and scales that a grammar knows: those of all fields, and those of a vocabulary."""

    def __init__(self, vocabulary: Vocabulary):
        scale = vocabulary.lettered_scale
        self.lettered = scale.name if scale else ""
        known = grammar_file()
        self._patterns = {
            "WORD": WORD,
            "ORDINAL": ORDINAL,
            "ROMAN": ROMAN,
            "SCALE": _choice([one.pattern for one in vocabulary.scales]),
            "SCALE_CUE": _choice([one.begins for one in vocabulary.scales]),
            "LETTER": f"[{scale.letters}]" if scale else _NOTHING,
            "LETTERED_SCALE": scale.near if scale else _NOTHING,
            "THING": _choice(vocabulary.things),
            "DOSED": _choice(["particles", "cells", *vocabulary.dosed]),
        }
        self._patterns |= {name: _choice(pattern) for name, pattern in known["patterns"].items()}
        # Longest first would not do: alternatives are tried in this order, compound units before their parts.
        units = [vars(unit) for unit in vocabulary.units] or [{"pattern": "{ON_AREA}", "kind": "density"}]
        self._units = []
        for unit in (*units, *known["units"]):  # a vocabulary writes squares so
            pattern = unit["pattern"].replace("<cm²>", "{SQUARE}").replace("<cm⁻²>", "{INVERSE}")
            self._units.append((self.compiled(pattern), unit.get("spelling", ""), unit["kind"]))
        self._patterns["UNIT"] = _choice([pattern.pattern for pattern, *_ in self._units]) + "{GOES_ON}"
        self.pattern = cache(lambda name: self.compiled(f"{{{name}}}"))
        self.unit = lru_cache(maxsize=1024)(self._unit)

    def compiled(self, pattern: str) -> re.Pattern[str]:
        """Return a pattern with every pattern that it names put in."""
        while _NAME.search(pattern):
            pattern = _NAME.sub(lambda name: self._patterns[name[1]], pattern)
        return re.compile(pattern)

    def _unit(self, printed: str | None) -> Unit:
        """Return the unit that a printed unit is, spelled in one way; an empty one for None."""
        words = (printed or "").strip(" –")
        return (self.known_unit(words) or Unit(words, "measure")) if words else Unit("", "")

    def known_unit(self, words: str) -> Unit | None:
        """Return the unit that some words are; None for what is no unit of the grammar or the vocabulary."""
        for pattern, spelling, kind in self._units:
            if pattern.fullmatch(words):
                return Unit(spelling or words, kind)
        return None

    def closing_unit(self, words: str) -> Unit | None:
        """Return the unit in brackets, or after a comma, with which a header or a label ends."""
        found = self.pattern("CLOSING_UNIT").search(words)
        return self.unit(found["u"] or found["u2"]) if found else None

    def bracketed_unit(self, words: str) -> str:
        """Return the first unit that stands in brackets, or after a comma, in some words; '' without one."""
        found = self.pattern("BRACKETED_UNIT").search(words)
        return self.unit(found["u"] or found["u2"]).spelling if found else ""


@lru_cache(maxsize=4)
def terms_of(vocabulary: Vocabulary) -> Terms:
    """Return the terms of all fields with those of a vocabulary."""
    return Terms(vocabulary)


def _choice(pattern: Any) -> str:
    """Return the pattern of a choice; a text is a pattern already, and an empty choice never fits."""
    return pattern if isinstance(pattern, str) else f"(?:{'|'.join(pattern) or _NOTHING})"


class Context:
    """A folded text as it was before anything was read, and the terms that are known."""

    def __init__(self, text: str, terms: Terms):
        self.text, self.terms = text, terms

    def before(self, start: int, length: int) -> str:
        """Return the characters before a place."""
        return self.text[max(0, start - length) : start]

    def follows(self, name: str, start: int, length: int = 40) -> re.Match[str] | None:
        """Return the match of a pattern in the characters before a place."""
        return self.terms.pattern(name).search(self.before(start, length))

    def precedes(self, name: str, end: int) -> re.Match[str] | None:
        """Return the match of a pattern that begins at a place."""
        return self.terms.pattern(name).match(self.text, end)

    def cell_before(self, start: int, length: int) -> str:
        """Return the characters before a place in its table cell; what a table says is read in `cells`."""
        return self.before(start, length).rpartition(CELL)[2]

    def says_mean(self, start: int) -> bool:
        """Whether a figure is introduced as a mean: `mean ... was`, without another figure in between."""
        return self.terms.pattern("MEAN_BEFORE").search(self.cell_before(start, 100)) is not None

    def says_median(self, start: int) -> bool:
        """Whether a figure is introduced as a median."""
        return self.terms.pattern("MEDIAN_BEFORE").search(self.cell_before(start, 80)) is not None

    def in_sentence_about_mean(self, start: int) -> bool:
        """Whether the word mean stands earlier in the same sentence."""
        return self.terms.pattern("MEAN_IN_SENTENCE").search(self._raised(start)) is not None

    def in_sentence_about_median(self, start: int) -> bool:
        """Whether the sentence tells of medians, and neither of means nor of ranges."""
        sentence = re.split(r"[.;\f]", self._raised(start))[-1].lower()
        return "median" in sentence and not re.search(r"\bmeans?\b|\branged?\b|\bci\b|confidence", sentence)

    def _raised(self, start: int) -> str:
        """Return what stands before a place in its cell, no decimal point left that could end a sentence."""
        return re.sub(r"(?<=[0-9])\.(?=[0-9])", "·", self.cell_before(start, 240))

    def promises(self, name: str, start: int) -> bool:
        """Whether a pattern fits the sentence before a figure, in its cell: `mean (SD)`, `median (range)`."""
        # a semicolon between two numbers parts the ends of an interval, not two clauses
        sentence = re.split(r"\. |(?<![0-9]); |; (?![0-9])|\f", self.cell_before(start, 240))[-1]
        return self.terms.pattern(name).search(sentence) is not None

    @cached_property
    def spreads(self) -> str:
        """What a text says its spreads are: 'sd', 'se', or '' when it says neither or both."""
        sd, se = (self.terms.pattern(name).search(self.text) is not None for name in ("TEXT_SD", "TEXT_SE"))
        return "" if sd == se else "sd" if sd else "se"
