"""What the words around a figure say about it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from helpers.documents.folding import CELL
from helpers.documents.quantity import Quantity

_MEAN = re.compile(r"(?<!\w)(?i:means?|averages?|averaged|averaging)\b(?! ?(?:±|\())[^0-9.;:\f\0]{0,80}$")
_MEAN_SAYS = re.compile(r"(?<!\w)(?i:mean|average)\b[^.;\f]{0,220}$")
_MEDIAN = re.compile(r"(?<!\w)(?i:median)\b[^0-9.;:\f\0]{0,60}$")
_MEDIAN_RANGE = re.compile(r"(?i:median[^.;\f0-9]{0,40}[(,\[] ?(?:min(?:imum)?–max(?:imum)?|range))")
_MEAN_SD = re.compile(
    r"(?i:(?:means?|averages?)[^.;\f0-9]{0,40}[(±,\[] ?(?:± ?)?(?:SD|s\.d\.|standard deviation))"
)
_MEAN_SE = re.compile(r"(?i:± ?(?:SEM?|s\.e\.m?\.?|standard errors?)\b|means? \((?:SEM?|standard error)\))")
_MEAN_PM_SD = re.compile(r"(?i:± ?(?:SD|s\.d\.|standard deviations?)\b|means? \((?:SD|standard deviation)\))")
_RELATION_WORDS = {
    "≤": "≤|<=|at most|up to|no more than|not more than|maximum of|within|less than or equal to",
    "≥": "≥|>=|at least|no less than|not less than|minimum of|greater than or equal to",
    "<": "<|less than|fewer than|lower than|below|under",
    ">": ">|more than|greater than|higher than|above|over|exceeding",
    "≈": "≈|~|approximately|about|around|roughly|nearly",
}
_RELATIONS = tuple(
    (re.compile(rf"(?:{words}) ?$", re.IGNORECASE), relation) for relation, words in _RELATION_WORDS.items()
)
_SIGNS = re.compile(r"(?:≤|≥|<=|>=|<|>|≈|~) ?$")
_TIME_LINK = re.compile(r",? ?(?:,|and|or)? ?")
_STRETCH = re.compile(
    r"(?<!\w)(?i:for|within|every|lasting|over|during|throughout|past|previous|last|next|first)(?: the)? ?$"
)
_LINK = re.compile(r"(?:,? ?(?:to|and|vs\.?|versus|or|–|/|,|;|compared (?:with|to)) ?){1,2}")


def _before(text: str, start: int, length: int) -> str:
    """Return the characters before a figure; what a table says of its cells is read elsewhere (`cells`)."""
    return text[max(0, start - length) : start].rpartition(CELL)[2]


def says_mean(text: str, start: int) -> bool:
    """Whether a figure is introduced as a mean: `mean ... was`, without another figure in between."""
    return _MEAN.search(_before(text, start, 100)) is not None


def says_median(text: str, start: int) -> bool:
    """Whether a figure is introduced as a median."""
    return _MEDIAN.search(_before(text, start, 80)) is not None


def says_stretch(text: str, start: int) -> bool:
    """Whether a time is introduced as a stretch: `for`, `within`, `every` ..."""
    return _STRETCH.search(text[max(0, start - 30) : start]) is not None


def says_mean_sd(text: str, start: int) -> bool:
    """Whether the sentence before a figure promises `mean (SD)`, or the text does and it is about a mean."""
    return _MEAN_SD.search(sentence_before(text, start)) is not None


def in_sentence_about_mean(text: str, start: int) -> bool:
    """Whether the word mean stands earlier in the same sentence."""
    before = _before(text, start, 240)
    return _MEAN_SAYS.search(re.sub(r"(?<=[0-9])\.(?=[0-9])", "·", before)) is not None


def in_sentence_about_median(text: str, start: int) -> bool:
    """Whether the sentence tells of medians, and neither of means nor of ranges."""
    before = re.sub(r"(?<=[0-9])\.(?=[0-9])", "·", _before(text, start, 240))
    sentence = re.split(r"[.;\f]", before)[-1].lower()
    return "median" in sentence and not re.search(r"\bmeans?\b|\branged?\b|\bci\b|confidence", sentence)


def sentence_before(text: str, start: int) -> str:
    """Return what stands in the sentence before a figure, its table cell at most."""
    # A semicolon between two numbers parts the ends of an interval, not two clauses.
    return re.split(r"\. |(?<![0-9]); |; (?![0-9])|\f", _before(text, start, 240))[-1]


def says_median_range(text: str, start: int) -> bool:
    """Whether the sentence promises `median (range)`."""
    return _MEDIAN_RANGE.search(sentence_before(text, start)) is not None


@lru_cache(maxsize=2)
def spread_convention(text: str) -> str:
    """Return what a text says its spreads are: 'sd', 'se', or '' when it says neither or both."""
    sd, se = _MEAN_PM_SD.search(text) is not None, _MEAN_SE.search(text) is not None
    return "" if sd == se else "sd" if sd else "se"


def with_relation(text: str, found: Quantity) -> Quantity:
    """Return a figure with the relation that stands before it; a sign becomes part of what is printed."""
    if found.relation or found.kind in ("p_value", "ci", "range", "mean_sd", "pair"):
        return found
    before = text[max(0, found.char_start - 30) : found.char_start]
    for pattern, relation in _RELATIONS:
        # "over 12 months" tells how long, not that it was longer.
        over = relation == ">" and found.kind in ("duration", "timepoint") and before.endswith("over ")
        if pattern.search(before) and not over:
            sign = _SIGNS.search(before)
            start = found.char_start - (len(before) - sign.start()) if sign else found.char_start
            return replace(found, relation=relation, char_start=start)
    return found


def with_shared_times(text: str, found: list[Quantity]) -> list[Quantity]:
    """Make every time of an enumeration a time point when one of them is (`1 month, 3 months after`)."""
    shared = list(found)
    forward = list(range(len(shared) - 1))
    for at in (*forward, *reversed(forward)):
        pair = shared[at], shared[at + 1]
        if {one.kind for one in pair} != {"timepoint", "duration"}:
            continue
        between = text[pair[0].char_end : pair[1].char_start]
        stretch = any(says_stretch(text, one.char_start) for one in pair)
        if not stretch and len(between) < 8 and _TIME_LINK.fullmatch(between):
            shared[at], shared[at + 1] = (replace(one, kind="timepoint") for one in pair)
    return shared


def with_shared_units(text: str, found: list[Quantity]) -> list[Quantity]:
    """Give the unit of the last figure in an enumeration to those before it that have none."""
    shared = list(found)
    for at in range(len(shared) - 2, -1, -1):
        one, following = shared[at], shared[at + 1]
        between = text[one.char_end : following.char_start]
        if one.unit or not following.unit or one.kind != following.kind or len(between) > 24:
            continue
        same_form = ("(" in text[one.char_start : one.char_end]) == (
            "(" in text[following.char_start : following.char_end]
        )
        if same_form and _LINK.fullmatch(between):
            shared[at] = replace(one, unit=following.unit)
    return shared
