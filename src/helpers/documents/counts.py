"""How many: participants, groups, sessions, parts of a whole, items of a scale."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.documents.numerals import LEFT, PLAIN, RIGHT, WORD, is_year, number
from helpers.documents.quantity import Quantity, quantity
from helpers.documents.rules import FIGURE, Rule

_COUNT = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,7})(?![0-9])"
_PEOPLE = (
    r"(?:patients?|participants?|subjects?|individuals?|volunteers?|men|women|man|woman|males?|females?|adults?|people|"
    r"persons?|cases?|controls?|respondents?|children|boys|girls|eyes?|mice|rats|animals?|enrol?lees)"
)
_THINGS = (
    r"(?:sessions?|treatments?|injections?|visits?|groups?|arms?|stages?|points?|items?|questions?|studies|trials?|"
    r"articles?|RCTs?|follicles?|photographs?|dermatologists?|evaluators?|observers?|investigators?|applications?|doses?|"
    r"times|capsules?|tablets?|cycles?|sites?|areas?|blocks?|levels?|grades?|categories|time points?|events?|"
    r"steps?|centers?|centres?|donors?|passages?)"
)
_NOT_ADJECTIVE = (
    r"(?!(?:of|in|the|and|or|with|to|was|were|is|are|for|per|at|from|by|on|after|before|than|that|had|have|not|"
    r"time(?= points)|hours?|days?|weeks?|months?|years?|percent|mm|cm|mg|out)\b)"
)
_ADJECTIVES = rf"(?:{_NOT_ADJECTIVE}[A-Za-z][A-Za-z–]{{1,20}},? ){{0,3}}"
_NUMBER = rf"(?:{LEFT}{_COUNT}|(?<![\w–]){WORD})"


def _n(match: re.Match, text: str) -> Iterator[Quantity]:
    yield quantity("n", match.span(), number(match["v"]), relation="=")


def _people(match: re.Match, text: str) -> Iterator[Quantity]:
    if not is_year(match["v"]):
        yield quantity("n", match.span(), number(match["v"]), unit=match["noun"].lower())


def _things(match: re.Match, text: str) -> Iterator[Quantity]:
    if not is_year(match["v"]):
        yield quantity("count", match.span(), number(match["v"]), unit=match["noun"].lower())


def _part(match: re.Match, text: str) -> Iterator[Quantity]:
    part, whole = number(match["part"]), number(match["whole"])
    if part <= whole and whole > 0:
        yield quantity("ratio", match.span("figure"), part, low=part, high=whole)


def _with_percent(match: re.Match, text: str) -> Iterator[Quantity]:
    yield quantity("count", match.span("v"), number(match["v"]))
    yield quantity("percent", match.span("percent"), number(match["p"]), unit="%")


def _sample_size(match: re.Match, text: str) -> Iterator[Quantity]:
    yield quantity("n", match.span("v"), number(match["v"]))


def _block(match: re.Match, text: str) -> Iterator[Quantity]:
    yield quantity("count", match.span("v"), number(match["v"]), unit="block size")


def _allocation(match: re.Match, text: str) -> Iterator[Quantity]:
    numbers = [number(part) for part in match[0].replace(" ", "").split(":")]
    yield quantity("ratio", match.span(), numbers[0], low=numbers[0], high=numbers[-1])


WHOLES = (
    Rule(re.compile(rf"(?<![\w.])[nN] ?= ?(?P<v>{_COUNT}){RIGHT}(?! ?/)"), _n, re.compile(r"[nN] ?=")),
    Rule(
        re.compile(
            r"(?<![\w.:])[1-9](?: ?: ?[1-9]){1,4}(?![\w:])(?= ?(?:\)|ratio|alloc|random|fashion|manner))"
        ),
        _allocation,
    ),
    Rule(
        re.compile(
            rf"(?P<figure>{LEFT}(?P<part>{_COUNT}) ?/ ?(?P<whole>{_COUNT}))(?![\w/.])"
            rf"(?= ?(?:[(;,] ?{PLAIN} ?%|\)|(?:{_ADJECTIVES}){_PEOPLE}\b))"
        ),
        _part,
    ),
    Rule(
        re.compile(
            rf"(?P<figure>{_NUMBER.replace('(?:', '(?P<part>', 1)} (?:out )?of (?:the |a total of |all )?"
            rf"(?P<whole>{_COUNT})){RIGHT}(?! ?%)"
        ),
        _part,
        FIGURE,
    ),
    Rule(
        re.compile(rf"{LEFT}(?P<v>{_COUNT}) ?[(;,] ?(?P<percent>(?P<p>{PLAIN}) ?%)(?= ?[);,])"),
        _with_percent,
    ),
)
NAMED = (
    Rule(re.compile(rf"(?P<v>{_NUMBER})(?:[ –]){_ADJECTIVES}(?P<noun>{_PEOPLE})(?!\w)"), _people, FIGURE),
    Rule(re.compile(rf"(?P<v>{_NUMBER})(?:[ –]){_ADJECTIVES}(?P<noun>{_THINGS})(?!\w)"), _things, FIGURE),
    Rule(
        re.compile(
            rf"(?i:(?<!\w)(?:sample size|target enrol?lment|planned enrol?lment|enrol?lment|"
            rf"target recruitment)"
            rf"(?: (?:of|was|is|to be|target|set|at)){{0,3}}):? ?(?P<v>{_COUNT}){RIGHT}"
        ),
        _sample_size,
        re.compile(r"[Ss]ample|[Tt]arget|[Pp]lanned|[Ee]nrol"),
    ),
    Rule(
        re.compile(rf"(?i:(?<!\w)(?:block size|blocks?)s? of:? ?)(?P<v>{_COUNT}){RIGHT}"),
        _block,
        re.compile(r"[Bb]lock"),
    ),
)
