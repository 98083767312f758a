"""How many people (and animals): counted, enrolled, randomised, lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.documents.counts import ADJECTIVES, COUNT, NUMBER, PEOPLE, cut
from helpers.documents.numerals import LEFT, RIGHT, is_year, number
from helpers.documents.quantity import Quantity, quantity
from helpers.documents.rules import FIGURE, Rule

# What people do or undergo in a trial: a bare number before it counts people.
_DID = (
    r"(?:(?:were|was|had been|have been) (?:not )?)?(?:met|randomi[sz]ed|enrolled|recruited|included|"
    r"excluded|screened|assigned|allocated|analy[sz]ed|completed|withdrew|withdrawn|dropped out|discontinued|"
    r"lost to|eligible|declined|refused|relapsed)\b"
)
_NAMES_ONE = re.compile(
    r"(?i:patients?|cases?|subjects?|participants?|no\.?|number|groups?|arms?|visits?|days?|weeks?|months?|"
    r"tables?|figs?\.?|figures?|steps?|sites?|cent(?:er|re)s?|grades?|stages?|types?|phase|"
    r"[0-9],?|and|or|[–/]) ?$"
)
_PEOPLE_BEFORE = re.compile(rf"(?<!\w)(?i:{PEOPLE})(?!\w)[^.;\f]{{0,60}}$")
_SPACED = r"[1-9][0-9]{0,2}(?: [0-9]{3})+(?![0-9])"
_BEFORE_SPACED = re.compile(
    r"(?:^|[\f(=;:] ?|(?<!\w)(?i:with|of|in|total|from|among|the|included|including|enrolled|randomi[sz]ed|"
    r"screened|recruited) )$"
)


def _n(match: re.Match, text: str) -> Iterator[Quantity]:
    yield quantity("n", match.span(), number(match["v"]), relation="=")


def _people(match: re.Match, text: str) -> Iterator[Quantity]:
    if not is_year(match["v"]) and not cut(match, text):
        yield quantity("n", match.span(), number(match["v"]), unit=match["noun"].lower())


def _spaced(match: re.Match, text: str) -> Iterator[Quantity]:
    if _BEFORE_SPACED.search(text[max(0, match.start() - 20) : match.start()]):
        yield quantity("n", match.span(), number(match["v"]), unit=match["noun"].lower())


def _did(match: re.Match, text: str) -> Iterator[Quantity]:
    before = text[max(0, match.start() - 20) : match.start()]
    if not is_year(match["v"]) and not _NAMES_ONE.search(before):
        yield quantity("n", match.span("v"), number(match["v"]))


def _enumerated(match: re.Match, text: str) -> Iterator[Quantity]:
    """Read `10, 12 and 11 patients`: each number counts what the noun names."""
    items = list(_ITEM.finditer(text, match.start(), match.end("v")))
    if any(is_year(item[0]) for item in items):
        return
    for item in items[:-1]:
        yield quantity("n", item.span(), number(item[0]), unit=match["noun"].lower())
    yield quantity("n", (items[-1].start(), match.end()), number(match["v"]), unit=match["noun"].lower())


def _by_group(match: re.Match, text: str) -> Iterator[Quantity]:
    """Read `(45 in the active and 45 in the control group)` after people."""
    if _PEOPLE_BEFORE.search(text[max(0, match.start() - 100) : match.start()]):
        for item in _IN_GROUP.finditer(text, match.start(), match.end()):
            yield quantity("n", item.span("v"), number(item["v"]))


def _sample_size(match: re.Match, text: str) -> Iterator[Quantity]:
    yield quantity("n", match.span("v"), number(match["v"]))


_ITEM = re.compile(rf"(?<![\w.,]){COUNT}")
_IN = r" in (?:the |each )?(?:[\w–]{1,20} ){0,4}(?:groups?|arms?)?(?: [A-Z1-9]\b)?"
_ONE_GROUP = COUNT + _IN
_IN_GROUP = re.compile(rf"(?P<v>{COUNT}){_IN}")
SIZES = (
    Rule(
        re.compile(rf"(?<![\w.])[nN] ?(?:=|: ) ?(?P<v>{COUNT}){RIGHT}(?! ?/| [0-9]{{3}}(?![0-9.,·]))"),
        _n,
        re.compile(r"[nN] ?[=:]"),
    ),
)
NAMED = (
    Rule(
        re.compile(rf"{LEFT}(?P<v>{_SPACED}) {ADJECTIVES}(?P<noun>{PEOPLE})(?!\w)"),
        _spaced,
        re.compile(r"[1-9][0-9]{0,2} [0-9]{3}"),
    ),
    Rule(
        re.compile(
            rf"{LEFT}{COUNT}(?:, {COUNT}){{0,8}},? (?:and|or) (?P<v>{COUNT}) {ADJECTIVES}"
            rf"(?P<noun>{PEOPLE})(?!\w)"
        ),
        _enumerated,
    ),
    Rule(re.compile(rf"(?P<v>{NUMBER})(?:[ –]){ADJECTIVES}(?P<noun>{PEOPLE})(?![\w–])"), _people, FIGURE),
    Rule(re.compile(rf"(?P<v>{NUMBER}) {_DID}"), _did, FIGURE),
    Rule(
        re.compile(rf"\({_ONE_GROUP}(?:(?:,|;| and|, and) {_ONE_GROUP}){{1,5}}\)"),
        _by_group,
        re.compile(r"\("),
    ),
    Rule(
        re.compile(
            rf"(?i:(?<!\w)(?:sample size|target enrol?lment|planned enrol?lment|enrol?lment|"
            rf"target recruitment)"
            rf"(?: (?:of|was|is|to be|target|set|at)){{0,3}}):? ?(?P<v>{COUNT}){RIGHT}"
        ),
        _sample_size,
        re.compile(r"[Ss]ample|[Tt]arget|[Pp]lanned|[Ee]nrol"),
    ),
)
