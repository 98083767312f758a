"""How many: parts of a whole, allocation, groups, sessions, lesions, items of a scale."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.documents.numerals import LEFT, PLAIN, RIGHT, WORD, is_year, number
from helpers.documents.quantity import Quantity, quantity
from helpers.documents.rules import FIGURE, Rule

COUNT = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,7})(?![0-9])"
PEOPLE = (
    r"(?:patients?|participants?|subjects?|individuals?|volunteers?|men|women|man|woman|males?|females?|adults?|people|"
    r"persons?|cases?|controls?|respondents?|children|boys|girls|eyes?|mice|rats|animals?|enrol?lees|ones)"
)
_THINGS = (
    r"(?:sessions?|treatments?|injections?|visits?|groups?|arms?|stages?|points?|items?|questions?|studies|trials?|"
    r"articles?|RCTs?|follicles?|photographs?|dermatologists?|evaluators?|observers?|investigators?|applications?|doses?|"
    r"times|capsules?|tablets?|cycles?|sites?|areas?|blocks?|levels?|grades?|categories|time points?|events?|"
    r"steps?|centers?|centres?|donors?|passages?|passes|lesions?|plaques?|papules?|pustules?|nodules?|comedones?|"
    r"wounds?|ulcers?|scars?|warts?|nevi|naevi|nails?|biops(?:y|ies)|specimens?|samples?|images?|countries|"
    r"hospitals?|clinics?|records|courses?|domains?|citations|reports)"
)
_NOT_ADJECTIVE = (
    r"(?!(?:of|in|the|and|or|with|to|was|were|is|are|for|per|at|from|by|on|after|before|than|that|had|have|not|"
    r"time(?= points)|hours?|days?|weeks?|months?|years?|percent|mm|cm|mg|out)\b)"
)
ADJECTIVES = rf"(?:{_NOT_ADJECTIVE}[A-Za-z][A-Za-z–]{{1,20}},? ){{0,3}}"
NUMBER = rf"(?:{LEFT}{COUNT}|(?<![\w–]){WORD})"


def cut(match: re.Match, text: str) -> bool:
    """Whether a number is the tail of one that is written with spaces, such as `4 612`."""
    return len(match["v"]) == 3 and text[max(0, match.start() - 2) : match.start()][:1].isdigit()


def _things(match: re.Match, text: str) -> Iterator[Quantity]:
    if not is_year(match["v"]) and not cut(match, text):
        yield quantity("count", match.span(), number(match["v"]), unit=match["noun"].lower())


def _part(match: re.Match, text: str) -> Iterator[Quantity]:
    part, whole = number(match["part"]), number(match["whole"])
    if part <= whole and whole > 0:
        yield quantity("ratio", match.span("figure"), part, low=part, high=whole)


def _with_percent(match: re.Match, text: str) -> Iterator[Quantity]:
    yield quantity("count", match.span("v"), number(match["v"]))
    yield quantity("percent", match.span("percent"), number(match["p"]), unit="%")


def _block(match: re.Match, text: str) -> Iterator[Quantity]:
    yield quantity("count", match.span("v"), number(match["v"]), unit="block size")


def _allocation(match: re.Match, text: str) -> Iterator[Quantity]:
    numbers = [number(part) for part in match[0].replace(" ", "").split(":")]
    yield quantity("ratio", match.span(), numbers[0], low=numbers[0], high=numbers[-1])


_ALLOTTED = "|".join(
    f"(?<={words} )"
    for words in ("ratio", "ratio:", "ratio of", "a", "randomized", "randomised", "assigned", "allocated")
)
WHOLES = (
    Rule(
        re.compile(
            rf"(?<![\w.:])(?:(?:{_ALLOTTED})[1-9](?: ?: ?[1-9]){{1,4}}(?![\w:.])|"
            r"[1-9](?: ?: ?[1-9]){1,4}(?![\w:])(?= ?(?:\)|ratio|alloc|random|fashion|manner)))"
        ),
        _allocation,
    ),
    Rule(
        re.compile(
            rf"(?P<figure>{LEFT}(?P<part>{COUNT}) ?/ ?(?P<whole>{COUNT}))(?![\w/.])"
            rf"(?= ?(?:[(;,] ?{PLAIN} ?%|\)|(?:{ADJECTIVES}){PEOPLE}\b|"
            rf"(?:[A-Za-z–]{{2,20}} ){{1,4}}\({PLAIN} ?%))"
        ),
        _part,
    ),
    Rule(
        re.compile(
            rf"(?P<figure>{NUMBER.replace('(?:', '(?P<part>', 1)} (?:out )?of (?:the |a total of |all )?"
            rf"(?P<whole>{COUNT})){RIGHT}(?! ?%)"
        ),
        _part,
        FIGURE,
    ),
    Rule(
        re.compile(rf"(?P<v>{NUMBER}) ?[(;,] ?(?P<percent>(?P<p>{PLAIN}) ?%)(?= ?[);,])"),
        _with_percent,
        FIGURE,
    ),
)
NAMED = (
    Rule(re.compile(rf"(?P<v>{NUMBER})(?:[ –]){ADJECTIVES}(?P<noun>{_THINGS})(?!\w)"), _things, FIGURE),
    Rule(
        re.compile(rf"(?i:(?<!\w)(?:block size|blocks?)s? of:? ?)(?P<v>{COUNT}){RIGHT}"),
        _block,
        re.compile(r"[Bb]lock"),
    ),
)
