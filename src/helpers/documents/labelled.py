"""Bare numbers that a word beside them explains: means, scores, changes, values under a label."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.documents import context
from helpers.documents.numerals import LEFT, PLAIN, RIGHT, SIGNED, is_year, number
from helpers.documents.quantity import Quantity, quantity
from helpers.documents.rules import Rule

_WORDS = r"[^0-9.;:\f\t\0]{0,80}?"
_IS = r"(?:was|were|is|are|of|=|:|to|from|by|at)"
_CHANGE = r"(?:increas|decreas|improv|reduc|rose|rise|ris|fell|fall|declin|chang|gain)[a-z]{0,5}"


def _mean(match: re.Match, text: str) -> Iterator[Quantity]:
    if not is_year(match["v"]):
        kind = "median" if match["kind"].lower() == "median" else "mean"
        yield quantity(kind, match.span("v"), number(match["v"]))


def _score(match: re.Match, text: str) -> Iterator[Quantity]:
    if not is_year(match["v"]):
        kind = "mean" if context.says_mean(text, match.start("v")) else "score"
        yield quantity(kind, match.span("v"), number(match["v"]))


def _change(match: re.Match, text: str) -> Iterator[Quantity]:
    """Read bare numbers after a verb of change, when they can be nothing but measured values."""
    if not any(mark in (match["v"] + (match["end"] or "")) for mark in ".·"):
        return
    for name in ("v", "end"):
        if match[name]:
            yield quantity("estimate", match.span(name), number(match[name]))


def _first_of_change(match: re.Match, text: str) -> Iterator[Quantity]:
    """Read the first figure of `from 75 to 110 hairs/cm²`, whose unit stands with the second."""
    if not is_year(match["v"]):
        yield quantity("estimate", match.span("v"), number(match["v"]))


def _labelled(match: re.Match, text: str) -> Iterator[Quantity]:
    label, value = match["label"].lower(), number(match["v"])
    if label == "phase" and match["high"]:
        yield quantity("phase", (match.start("v"), match.end("high")), low=value, high=number(match["high"]))
    elif not match["high"]:
        yield quantity("phase" if label == "phase" else "n", match.span("v"), value)


_LABEL = (
    r"(?:target recruitment|target sample size|sample size|enrol?lment|actual enrol?lment|"
    r"estimated enrol?lment|number of (?:participants|patients|subjects)|phase)"
)

RULES = (
    # A label on its own line, its value on the next: how registry pages print their fields.
    Rule(
        re.compile(
            rf"\f(?P<label>(?i:{_LABEL})):?\f(?P<v>[0-9]{{1,6}})(?:[–/](?P<high>[0-9]))?(?=\f|$)",
        ),
        _labelled,
        re.compile(r"\f"),
    ),
    Rule(
        re.compile(
            rf"(?<!\w)(?P<kind>(?i:mean|median|average))\b(?! ?[±(]){_WORDS} (?:was|were|of|=) "
            rf"{LEFT}(?P<v>{SIGNED}){RIGHT}"
            rf"(?! ?(?:%|±|\(|patients|of\b|–|to\b))"
        ),
        _mean,
        re.compile(r"[Mm]ean|[Mm]edian|[Aa]verage"),
    ),
    Rule(
        re.compile(
            rf"(?<!\w)(?i:scores?|index|grade) (?:{_IS} ){{1,2}}{LEFT}(?P<v>{SIGNED}){RIGHT}"
            rf"(?! ?(?:%|±|–|\())"
            rf"(?! (?:patients|participants|subjects|of|points?|to)\b)"
        ),
        _score,
        re.compile(r"[Ss]core|[Ii]ndex|[Gg]rade"),
    ),
    Rule(
        re.compile(
            rf"(?<!\w){_CHANGE}\b[^0-9.;:\f\t\0]{{0,60}}? (?:by|from|to) {LEFT}(?P<v>{SIGNED}){RIGHT}"
            rf"(?: to (?P<end>{SIGNED}){RIGHT})?"
            rf"(?! ?(?:%|±|\(|(?:patients|participants|subjects)\b))"
        ),
        _change,
        re.compile(
            r"[Ii]ncreas|[Dd]ecreas|[Ii]mprov|[Rr]educ|[Rr]ose|[Rr]is|[Ff]ell|[Ff]all|[Dd]eclin|[Cc]hang|[Gg]ain"
        ),
    ),
    Rule(
        re.compile(rf"(?<!\w)from {LEFT}(?P<v>{PLAIN}){RIGHT}(?= to \0)"),
        _first_of_change,
        re.compile(r"from"),
    ),
)
