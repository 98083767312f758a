"""Where on a scale and when: severity grades, trial phases, calendar dates, numbered time points."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.documents.numerals import LEFT, ORDINAL, RIGHT, ROMAN, WORD, number
from helpers.documents.quantity import Quantity, quantity
from helpers.documents.rules import Rule

_SCALE = (
    r"(?:Norwood(?:[ –/]Hamilton)?|Hamilton(?:[ –/]Norwood)?|Ludwig|Sinclair|Savin|Olsen|"
    r"Fitzpatrick(?: skin)?|BASP|Hamilton and Ludwig|Glogau)"
)
_STEP = rf"(?:{ROMAN}(?:–?[a-z](?![a-z])|[ –][Vv]ertex)?(?:–[0-9])?|[0-9](?:[a-c](?![a-z])| vertex)?)"
_TO = r"(?: ?[–−~/] ?| to | and | or )"
_STAGE = r"(?i:stages?|grades?|types?|class(?:es)?|scores?|scale)"
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?"
)
_GRADE_CUE = re.compile(
    r"Norwood|Hamilton|Ludwig|Sinclair|Savin|Olsen|Fitz|BASP|Glogau|[Ss]tage|[Gg]rade|[Tt]ype|[Cc]lass|"
    r"[Ss]core|[Ss]cale|STAGE|GRADE|TYPE"
)
_ORDINAL_CUE = re.compile(
    r"[0-9]{1,3}(?:st|nd|rd|th)|[Ff]irst|[Ss]econd|[Tt]hird|[Ff]ourth|[Ff]ifth|[Ss]ixth|[Ss]eventh|"
    r"[Ee]ighth|[Nn]inth|[Tt]enth|[Ee]leventh|[Tt]welfth"
)
_LOOSE = re.compile(r"(?i:types?|class)")
_BASP = re.compile(r"(?i:BASP|basic type|special type|basic and specific)")


def _grade(match: re.Match, text: str) -> Iterator[Quantity]:
    scale = (match["scale"] or "").strip()
    # "Type II collagen", "class I" of a device: without a scale's name, one must stand before it.
    if _LOOSE.match(match[0]) and not _SCALE_NEAR.search(text[max(0, match.start() - 260) : match.start()]):
        return
    low, high = _level(match["low"]), _level(match["high"]) if match["high"] else None
    if match["high"]:
        yield quantity("grade", match.span(), low=low, high=high, unit=scale)
    else:
        yield quantity("grade", match.span(), low, unit=scale)


_SCALE_NEAR = re.compile(rf"{_SCALE}|[Ss]kin (?=$)|(?i:photo)(?=$)")


def _level(printed: str) -> float:
    """Return the number of a step: the numeral without its letter or its sub-step (III vertex, I–3)."""
    return number(re.match(rf"{ROMAN}|[0-9]", printed)[0])


def _basp(match: re.Match, text: str) -> Iterator[Quantity]:
    if _BASP.search(text[max(0, match.start() - 160) : match.start()]):
        yield quantity(
            "grade", match.span(), low=number(match["low"]), high=number(match["high"]), unit="BASP"
        )


def _phase(match: re.Match, text: str) -> Iterator[Quantity]:
    low = number(match["low"])
    if match["high"]:
        yield quantity("phase", match.span(), low=low, high=number(match["high"]))
    else:
        yield quantity("phase", match.span(), low)


def _date(match: re.Match, text: str) -> Iterator[Quantity]:
    yield quantity("date", match.span())


def _ordinal_time(match: re.Match, text: str) -> Iterator[Quantity]:
    unit = match["unit"].lower().rstrip("s") + "s"
    if match["first"]:
        yield quantity("timepoint", match.span("first"), number(match["first"]), unit=unit)
    yield quantity("timepoint", (match.start("v"), match.end()), number(match["v"]), unit=unit)


def _numbered_time(match: re.Match, text: str) -> Iterator[Quantity]:
    unit = match["unit"].lower() + "s"
    if match["high"]:
        span = match.span()
        yield quantity("timepoint", span, low=number(match["v"]), high=number(match["high"]), unit=unit)
    else:
        yield quantity("timepoint", match.span(), number(match["v"]), unit=unit)


def _numbered_times(match: re.Match, text: str) -> Iterator[Quantity]:
    """Read `weeks 4, 8 and 12`: the unit stands before the first number."""
    unit = match["unit"].lower() + "s"
    for at, item in enumerate(re.finditer(r"[0-9]{1,3}", match[0])):
        start = match.start() + (0 if at == 0 else item.start())
        yield quantity("timepoint", (start, match.start() + item.end()), number(item[0]), unit=unit)


def _times(match: re.Match, text: str) -> Iterator[Quantity]:
    yield quantity("magnification", match.span(), number(match["v"]))


RULES = (
    Rule(
        re.compile(
            rf"(?<![\w–])(?:[0-3]?[0-9] {_MONTH},? (?:19|20)[0-9]{{2}}|{_MONTH} [0-3]?[0-9],? "
            rf"(?:19|20)[0-9]{{2}}|"
            rf"{_MONTH} (?:19|20)[0-9]{{2}}|(?:1[34]|19|20)[0-9]{{2}}(?P<s>[–/])[01]?[0-9](?P=s)[0-3]?[0-9]|"
            rf"[0-3]?[0-9](?P<d>[./])[01]?[0-9](?P=d)(?:19|20)[0-9]{{2}})(?!\w|[;:] ?[0-9])"
        ),
        _date,
        re.compile(r"[0-9JFMASOND]"),
    ),
    Rule(
        re.compile(
            rf"(?<![\w])(?:(?P<scale>{_SCALE}) (?:scale )?(?:{_STAGE} )?|{_STAGE} (?={ROMAN})|"
            rf"(?i:grades?|stages?) (?=[1-7]))"
            rf"(?P<low>{_STEP})"
            rf"(?:{_TO}(?P<high>{_STEP}))?(?![\w%]|[.,][0-9])(?! (?:month|week|day|year|point)s?)"
        ),
        _grade,
        _GRADE_CUE,
    ),
    Rule(
        re.compile(
            r"(?<![\w])(?P<letter>[MCUVF])(?P<low>[0-4])(?: ?– ?| to )(?P=letter)(?P<high>[0-4])(?!\w)"
        ),
        _basp,
        re.compile(r"[MCUVF][0-4]"),
    ),
    Rule(
        re.compile(
            r"(?<!\w)(?:[Ee]arly )?(?i:phase) (?P<low>[0-4]|IV|I{1,3})[ab]?(?:(?: ?[–/] ?| to )"
            r"(?P<high>[1-4]|IV|I{1,3})[ab]?)?(?![\w%]|[.,][0-9])"
        ),
        _phase,
        re.compile(r"[Ee]arly [Pp]h|[Pp]hase|PHASE"),
    ),
    Rule(
        re.compile(
            rf"(?:(?P<first>(?<![0-9.,]){ORDINAL}),? (?:and|or|to) )?(?P<v>(?<![0-9.,]){ORDINAL})[ –]"
            rf"(?P<unit>(?i:months?|weeks?|days?|years?|sessions?|visits?|treatments?))(?!\w)"
        ),
        _ordinal_time,
        _ORDINAL_CUE,
    ),
    Rule(
        re.compile(
            rf"(?<![\w–])(?P<unit>(?i:week|month|day|year))s? [0-9]{{1,3}}(?:, ?[0-9]{{1,3}}){{0,8}},? "
            rf"(?:and|or|&) [0-9]{{1,3}}{RIGHT}(?! ?[%a-z–(])(?! [a-z]{{1,9}}s\b)"
        ),
        _numbered_times,
        re.compile(r"[Ww]eek|[Mm]onth|[Dd]ay|[Yy]ear|WEEK|MONTH|DAY"),
    ),
    Rule(
        re.compile(
            rf"(?<![\w–])(?P<unit>(?i:week|month|day|year))s?[ –](?P<v>[0-9]{{1,3}}|{WORD})"
            rf"(?:(?: ?– ?| to )(?P<high>[0-9]{{1,3}}))?{RIGHT}(?! ?%)"
        ),
        _numbered_time,
        re.compile(r"[Ww]eek|[Mm]onth|[Dd]ay|[Yy]ear|WEEK|MONTH|DAY"),
    ),
    Rule(re.compile(rf"(?<!\w)× ?(?P<v>[1-9][0-9]{{0,3}}){RIGHT}(?! ?[a-zµ%])"), _times, re.compile(r"×")),
    Rule(re.compile(rf"{LEFT}(?P<v>[1-9][0-9]{{0,3}})(?:×|x)(?! ?[0-9/])(?!\w)"), _times),
)
