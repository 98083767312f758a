"""Intervals in brackets without a name of their own: `HR 0.5 (0.3–0.9)`, `OR (95% CI) was 1.4 (1.1–1.9)`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.documents import context
from helpers.documents.inference import EFFECT, INTERVAL_WORD, IS
from helpers.documents.numerals import LEFT, SIGNED, number
from helpers.documents.quantity import Quantity, quantity
from helpers.documents.rules import Rule

_CENTRE = re.compile(rf"{LEFT}(?P<m>{SIGNED}) ?%? ?$")
_EFFECT_BEFORE = re.compile(rf"(?<![\w.]){EFFECT}{IS}{SIGNED} ?$")
_SAYS_OTHERWISE = re.compile(r"(?<!\w)(?:SD|IQR|Q1)(?!\w)|(?i:median|quartile|range|standard deviation)")
_SAYS = re.compile(rf"(?<!\w){INTERVAL_WORD}(?!\w)")


def _bracket(match: re.Match, text: str) -> Iterator[Quantity]:
    """Read a bracket after a figure inside it, when an effect's name or the sentence says what it is."""
    before = text[max(0, match.start() - 100) : match.start()]
    centre = _CENTRE.search(before)
    low, high = number(match["low"]), number(match["high"])
    if not centre or not low <= number(centre["m"]) <= high:
        return
    sentence = context.sentence_before(text, match.start())
    if not _EFFECT_BEFORE.search(before):
        if not _SAYS.search(sentence) or _SAYS_OTHERWISE.search(sentence):
            return
        start = match.start() - len(before) + centre.start("m")
        end = match.start() - len(before) + centre.end("m")
        yield quantity("estimate", (start, end), number(centre["m"]))
    yield quantity("ci", (match.start("low"), match.end("high")), low=low, high=high)


RULES = (
    Rule(
        re.compile(rf"[(\[] ?(?P<low>{SIGNED})%?(?: to | ?[–−,;] ?)(?P<high>{SIGNED})%? ?[)\]]"),
        _bracket,
        re.compile(r"[(\[] ?[0-9–−+.]"),
    ),
)
