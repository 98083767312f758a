"""Values that a name or a frame explains without a unit: ends of scales, thresholds, rates, frequencies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.documents.numerals import LEFT, PLAIN, RIGHT, SIGNED, number
from helpers.documents.quantity import Quantity, quantity
from helpers.documents.rules import Rule
from helpers.documents.units import ANY

_SCALE_WORD = re.compile(r"(?<!\w)(?i:scales?|scored?|scores|index|scoring|VAS|NRS)(?!\w)[^.;\f\0]{0,50}$")
_RELATIONS = {"≤": "≤", "<=": "≤", "≥": "≥", ">=": "≥", "<": "<", ">": ">"}


def _scale_ends(match: re.Match, text: str) -> Iterator[Quantity]:
    """Read `(−3 to +3)` after the name of a scale."""
    low, high = number(match["a"]), number(match["b"])
    if low < high and _SCALE_WORD.search(text[max(0, match.start() - 60) : match.start()]):
        yield quantity("range", (match.start("a"), match.end("b")), low=low, high=high)


def _ends_after_name(match: re.Match, text: str) -> Iterator[Quantity]:
    """Read `VAS 0–10`."""
    span = match.start("a"), match.end("b")
    yield quantity("range", span, low=number(match["a"]), high=number(match["b"]))


def _threshold(match: re.Match, text: str) -> Iterator[Quantity]:
    """Read `SALT ≤ 20`: the value of a scale or an index that a sign compares."""
    yield quantity("score", match.span("figure"), number(match["v"]), relation=_RELATIONS[match["relation"]])


def _rate(match: re.Match, text: str) -> Iterator[Quantity]:
    yield quantity("estimate", match.span(), number(match["v"]), unit=match["u"].replace("–", "-"))


def _frequency(match: re.Match, text: str) -> Iterator[Quantity]:
    """Read `once a month`: an interval of one."""
    yield quantity("duration", match.span(), 1.0, unit=match["u"].lower() + "s")


RULES = (
    Rule(
        re.compile(
            r"(?<![\w–])(?:VAS|NRS|(?i:scale|score|rated|graded))(?:[,:(]| of| from)? ?\(?(?P<a>0|1)"
            rf" ?(?:–|to) ?(?P<b>[2-9]|10|[1-9][0-9]|100){RIGHT}(?! ?(?:%|{ANY}))"
        ),
        _ends_after_name,
        re.compile(r"VAS|NRS|[Ss]ca|[Ss]co|[Rr]ate|[Gg]ra"),
    ),
    Rule(
        re.compile(
            rf"{LEFT}(?P<v>{PLAIN}) (?P<u>per (?:[0-9]{{1,3}}(?:,[0-9]{{3}}){{1,2}}|[0-9]{{1,7}})? ?"
            rf"(?:person|patient|participant)[ –](?:years?|months?|days?))(?!\w)"
        ),
        _rate,
    ),
    Rule(
        re.compile(rf"[(\[] ?(?P<a>{SIGNED})(?: to |–)(?P<b>{SIGNED}) ?[)\]]"),
        _scale_ends,
        re.compile(r"[(\[] ?[0-9–−+]"),
    ),
    Rule(
        re.compile(
            rf"(?<![\w–])[A-Z][A-Za-z]{{0,3}}[A-Z](?: scores?)? (?P<figure>(?P<relation>≤|≥|<=|>=|<|>) ?"
            rf"(?P<v>{SIGNED})){RIGHT}(?! ?(?:%|±|times|×|x |–?fold|{ANY}))"
        ),
        _threshold,
        re.compile(r"[A-Z][A-Za-z]"),
    ),
    Rule(
        re.compile(r"(?<!\w)(?i:once) (?:a|per|every) (?P<u>week|month|year)(?!\w)"),
        _frequency,
        re.compile(r"[Oo]nce"),
    ),
)
