"""How many: people, parts of a whole, groups, sessions, lesions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trialfiles.quantities.context import Context
from trialfiles.quantities.grammar import FIGURE, GrammarRule, Quantity, quantity
from trialfiles.quantities.numerals import LEFT, PLAIN, RIGHT, WORD, is_year, numeral
from trialfiles.quantities.terms import THING

COUNT = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,7})(?![0-9])"
PEOPLE = (
    r"(?:patients?|participants?|subjects?|individuals?|volunteers?|men|women|man|woman|males?|females?|adults?|people|"
    r"persons?|cases?|controls?|respondents?|children|boys|girls|eyes?|mice|rats|animals?|enrol?lees|ones)"
)
_THINGS = (
    r"(?:sessions?|treatments?|injections?|visits?|groups?|arms?|stages?|points?|items?|questions?|studies|trials?|"
    r"articles?|RCTs?|photographs?|dermatologists?|evaluators?|observers?|investigators?|applications?|doses?|"
    r"times|capsules?|tablets?|cycles?|sites?|areas?|blocks?|levels?|grades?|categories|time points?|events?|"
    r"steps?|centers?|centres?|donors?|passages?|passes|lesions?|plaques?|papules?|pustules?|nodules?|comedones?|"
    r"wounds?|ulcers?|scars?|warts?|nevi|naevi|nails?|biops(?:y|ies)|specimens?|samples?|images?|countries|"
    rf"hospitals?|clinics?|records|courses?|domains?|citations|reports|{THING})"
)
_NOT_ADJECTIVE = (
    r"(?!(?:of|in|the|and|or|with|to|was|were|is|are|for|per|at|from|by|on|after|before|than|that|had|have|not|"
    r"time(?= points)|hours?|days?|weeks?|months?|years?|percent|mm|cm|mg|out)\b)"
)
ADJECTIVES = rf"(?:{_NOT_ADJECTIVE}[A-Za-z][A-Za-z–]{{1,20}},? ){{0,3}}"
NUMBER = rf"(?:{LEFT}{COUNT}|(?<![\w–]){WORD})"


def cut(match: re.Match, context: Context) -> bool:
    """Whether a number is the tail of one that is written with spaces, such as `4 612`."""
    return len(match["v"]) == 3 and context.before(match.start(), 2)[:1].isdigit()


def _things(match: re.Match, context: Context) -> Iterator[Quantity]:
    if not is_year(match["v"]) and not cut(match, context):
        yield quantity("count", match.span(), numeral(match["v"]), unit=match["noun"].lower())


def _part(match: re.Match, context: Context) -> Iterator[Quantity]:
    part, whole = numeral(match["part"]), numeral(match["whole"])
    if part <= whole and whole > 0:
        yield quantity("ratio", match.span("figure"), part, low=part, high=whole)


def _with_percent(match: re.Match, context: Context) -> Iterator[Quantity]:
    yield quantity("count", match.span("v"), numeral(match["v"]))
    yield quantity("percent", match.span("percent"), numeral(match["p"]), unit="%")


def _block(match: re.Match, context: Context) -> Iterator[Quantity]:
    yield quantity("count", match.span("v"), numeral(match["v"]), unit="block size")


def _allocation(match: re.Match, context: Context) -> Iterator[Quantity]:
    numbers = [numeral(part) for part in match[0].replace(" ", "").split(":")]
    yield quantity("ratio", match.span(), numbers[0], low=numbers[0], high=numbers[-1])


_ALLOTTED = "|".join(
    f"(?<={words} )"
    for words in ("ratio", "ratio:", "ratio of", "a", "randomized", "randomised", "assigned", "allocated")
)
WHOLES = (
    GrammarRule(
        rf"(?<![\w.:])(?:(?:{_ALLOTTED})[1-9](?: ?: ?[1-9]){{1,4}}(?![\w:.])|"
        r"[1-9](?: ?: ?[1-9]){1,4}(?![\w:])(?= ?(?:\)|ratio|alloc|random|fashion|manner)))",
        _allocation,
    ),
    GrammarRule(
        rf"(?P<figure>{LEFT}(?P<part>{COUNT}) ?/ ?(?P<whole>{COUNT}))(?![\w/.])"
        rf"(?= ?(?:[(;,] ?{PLAIN} ?%|\)|(?:{ADJECTIVES}){PEOPLE}\b|"
        rf"(?:[A-Za-z–]{{2,20}} ){{1,4}}\({PLAIN} ?%))",
        _part,
    ),
    GrammarRule(
        rf"(?P<figure>{NUMBER.replace('(?:', '(?P<part>', 1)} (?:out )?of (?:the |a total of |all )?"
        rf"(?P<whole>{COUNT})){RIGHT}(?! ?%)",
        _part,
        FIGURE,
    ),
    GrammarRule(
        rf"(?P<v>{NUMBER}) ?[(;,] ?(?P<percent>(?P<p>{PLAIN}) ?%)(?= ?[);,])",
        _with_percent,
        FIGURE,
    ),
)
NAMED_COUNTS = (
    GrammarRule(rf"(?P<v>{NUMBER})(?:[ –]){ADJECTIVES}(?P<noun>{_THINGS})(?!\w)", _things, FIGURE),
    GrammarRule(
        rf"(?i:(?<!\w)(?:block size|blocks?)s? of:? ?)(?P<v>{COUNT}){RIGHT}",
        _block,
        r"[Bb]lock",
    ),
)


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


def _n(match: re.Match, context: Context) -> Iterator[Quantity]:
    yield quantity("n", match.span(), numeral(match["v"]), relation="=")


def _people(match: re.Match, context: Context) -> Iterator[Quantity]:
    if not is_year(match["v"]) and not cut(match, context):
        yield quantity("n", match.span(), numeral(match["v"]), unit=match["noun"].lower())


def _spaced(match: re.Match, context: Context) -> Iterator[Quantity]:
    if _BEFORE_SPACED.search(context.before(match.start(), 20)):
        yield quantity("n", match.span(), numeral(match["v"]), unit=match["noun"].lower())


def _did(match: re.Match, context: Context) -> Iterator[Quantity]:
    before = context.before(match.start(), 20)
    if not is_year(match["v"]) and not _NAMES_ONE.search(before):
        yield quantity("n", match.span("v"), numeral(match["v"]))


def _enumerated(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `10, 12 and 11 patients`: each number counts what the noun names."""
    items = list(_ITEM.finditer(context.text, match.start(), match.end("v")))
    if any(is_year(item[0]) for item in items):
        return
    for item in items[:-1]:
        yield quantity("n", item.span(), numeral(item[0]), unit=match["noun"].lower())
    yield quantity("n", (items[-1].start(), match.end()), numeral(match["v"]), unit=match["noun"].lower())


def _by_group(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `(45 in the active and 45 in the control group)` after people."""
    if _PEOPLE_BEFORE.search(context.before(match.start(), 100)):
        for item in _IN_GROUP.finditer(context.text, match.start(), match.end()):
            yield quantity("n", item.span("v"), numeral(item["v"]))


def _sample_size(match: re.Match, context: Context) -> Iterator[Quantity]:
    yield quantity("n", match.span("v"), numeral(match["v"]))


_ITEM = re.compile(rf"(?<![\w.,]){COUNT}")
_IN = r" in (?:the |each )?(?:[\w–]{1,20} ){0,4}(?:groups?|arms?)?(?: [A-Z1-9]\b)?"
_ONE_GROUP = COUNT + _IN
_IN_GROUP = re.compile(rf"(?P<v>{COUNT}){_IN}")
SIZES = (
    GrammarRule(
        rf"(?<![\w.])[nN] ?(?:=|: ) ?(?P<v>{COUNT}){RIGHT}(?! ?/| [0-9]{{3}}(?![0-9.,·]))",
        _n,
        r"[nN] ?[=:]",
    ),
)
NAMED_PEOPLE = (
    GrammarRule(
        rf"{LEFT}(?P<v>{_SPACED}) {ADJECTIVES}(?P<noun>{PEOPLE})(?!\w)",
        _spaced,
        r"[1-9][0-9]{0,2} [0-9]{3}",
    ),
    GrammarRule(
        rf"{LEFT}{COUNT}(?:, {COUNT}){{0,8}},? (?:and|or) (?P<v>{COUNT}) {ADJECTIVES}"
        rf"(?P<noun>{PEOPLE})(?!\w)",
        _enumerated,
    ),
    GrammarRule(rf"(?P<v>{NUMBER})(?:[ –]){ADJECTIVES}(?P<noun>{PEOPLE})(?![\w–])", _people, FIGURE),
    GrammarRule(rf"(?P<v>{NUMBER}) {_DID}", _did, FIGURE),
    GrammarRule(
        rf"\({_ONE_GROUP}(?:(?:,|;| and|, and) {_ONE_GROUP}){{1,5}}\)",
        _by_group,
        r"\(",
    ),
    GrammarRule(
        rf"(?i:(?<!\w)(?:sample size|target enrol?lment|planned enrol?lment|enrol?lment|"
        rf"target recruitment)"
        rf"(?: (?:of|was|is|to be|target|set|at)){{0,3}}):? ?(?P<v>{COUNT}){RIGHT}",
        _sample_size,
        r"[Ss]ample|[Tt]arget|[Pp]lanned|[Ee]nrol",
    ),
)
