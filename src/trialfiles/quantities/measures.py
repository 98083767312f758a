"""Values with a unit, ends of scales, severity grades, phases, dates and visits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trialfiles.quantities.context import Context
from trialfiles.quantities.grammar import FIGURE, GrammarRule, Quantity, quantity
from trialfiles.quantities.numerals import (
    LEFT,
    ORDINAL,
    PLAIN,
    POWER,
    RIGHT,
    ROMAN,
    SIGNED,
    WORD,
    is_year,
    numeral,
)
from trialfiles.quantities.terms import LETTER, SCALE, SCALE_CUE, TIME, UNIT, Unit

_TO = r"(?: ?[–−~] ?~?| (?:to|through|and|or|vs?\.?|versus|compared (?:with|to)) )"
# "50% at 50 and 80% at 70": the number after "at" is no percentage.
_AT_AGE = re.compile(r"% at $")
_AT_LEAST = re.compile(r"[≥>=] ?$")
_LASTING = re.compile(r"(?i:duration|history|since|for|over|last|follow|survival|experience|disease)")
_FROM = re.compile(r"(?<!\w)(?i:from) $")
_SPAN_WORD = re.compile(
    r"(?<!\w)(?i:rang(?:e|es|ed|ing)(?: (?:was|of))?(?: from)?|between|var(?:y|ied|ying) (?:from|between)|"
    r"spanning|age range)[:,=]? ?(?:from |between )?$"
)
_AGED = re.compile(
    r"(?<!\w)(?i:aged?s?|ages)(?: eligible(?: for (?:the )?study)?)?(?: (?:between|from|of|was|ranged?))?"
    r"[:,]? ?(?:from |between )?$"
)
_OLD = re.compile(r"(?:[ –](?:old|of age|(?:and|or) (?:older|over|above)))(?!\w)")


def _area(match: re.Match, context: Context) -> Iterator[Quantity]:
    unit = context.unit(match["u2"] or match["u1"])
    if unit.kind == "length":
        yield quantity(
            "area", match.span(), low=numeral(match["a"]), high=numeral(match["b"]), unit=unit.spelling
        )


def _pair(match: re.Match, context: Context) -> Iterator[Quantity]:
    first, second = numeral(match["a"]), numeral(match["b"])
    unit = context.unit(match["u"])
    if unit.kind in ("percent", "density", "length"):
        yield quantity("pair", match.span(), first, low=first, high=second, unit=unit.spelling)


def _range(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read two numbers joined by a dash or a word: a range, or the two ends of a change."""
    before = context.before(match.start(), 40)
    joint, unit = match["to"].strip(), context.unit(match["u2"])
    if match["u1"] and context.unit(match["u1"]).spelling != unit.spelling:
        return
    if joint == "and" and _AT_AGE.search(before) and not match["u1"] and unit.kind == "percent":
        return
    low, high = numeral(match["a"]), numeral(match["b"])
    age = unit.spelling == "years" and (_AGED.search(before) or _OLD.match(context.text, match.end()))
    named = bool(_SPAN_WORD.search(before) or age)
    compared = joint[0] in "vc"
    enumerated = (
        compared or joint in ("and", "or") and not (named and joint == "and" and "between" in before.lower())
    )
    if enumerated or (joint == "to" and _FROM.search(before) and not named):
        yield from _two(match, unit, context)
    elif low <= high:
        kind = "age" if age else unit.kind if unit.kind in ("dose", "area") else "range"
        yield quantity(kind, match.span(), low=low, high=high, unit=unit.spelling)


def _two(match: re.Match, unit: Unit, context: Context) -> Iterator[Quantity]:
    """Read two figures that share the unit of the second."""
    first = (match.start("a"), match.end("u1") if match["u1"] else match.end("a"))
    yield quantity(_kind(unit, context, *first), first, numeral(match["a"]), unit=unit.spelling)
    second = (match.start("b"), match.end())
    yield quantity(_kind(unit, context, *second), second, numeral(match["b"]), unit=unit.spelling)


def _bare_range(match: re.Match, context: Context) -> Iterator[Quantity]:
    if is_year(match["a"]) or is_year(match["b"]) or numeral(match["a"]) > numeral(match["b"]):
        return
    aged = _AGED.search(context.before(match.start("a"), 30))
    span = match.start("a"), match.end("b")
    yield quantity("age" if aged else "range", span, low=numeral(match["a"]), high=numeral(match["b"]))


def _enumeration(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `1, 3, 6, and 12 months`: each number with the unit of the last."""
    unit = context.unit(match["u"])
    before = context.before(match.start(), 40)
    if _SPAN_WORD.search(before) or (unit.kind == "percent" and _AT_AGE.search(before)):
        return
    kind = _kind(unit, context, *match.span())
    for item in _ITEM.finditer(context.text, match.start(), match.start("last")):
        yield quantity(kind, item.span(), numeral(item[0]), unit=unit.spelling)
    yield quantity(kind, (match.start("last"), match.end()), numeral(match["last"]), unit=unit.spelling)


def _single(match: re.Match, context: Context) -> Iterator[Quantity]:
    unit = context.unit(match["u"])
    if is_year(match["v"]) and unit.kind == "duration":
        return
    start, end = match.span()
    if unit.spelling == "years" and context.text.startswith("–old", end):
        end += len("–old")
        yield quantity("age", (start, end), numeral(match["v"]), unit="years")
        return
    kind = _kind(unit, context, start, end)
    # Who must be "≥18 years" is asked of an age; how long something lasted is said so.
    grown = kind == "duration" and unit.spelling == "years" and numeral(match["v"]) >= 16
    if (
        grown
        and _AT_LEAST.search(context.before(start, 4))
        and not _LASTING.search(context.before(start, 60))
    ):
        kind = "age"
    yield quantity(kind, (start, end), numeral(match["v"]), unit=unit.spelling)


def _kind(unit: Unit, context: Context, start: int, end: int) -> str:
    """Return what a figure with this unit is, from the words around it."""
    if unit.kind == "duration":
        return time_kind(unit, context, start, end)
    if unit.kind in ("density", "length", "count", "measure") and context.says_mean(start):
        return "mean"
    if unit.kind != "percent" and context.says_median(start):
        return "median"
    return unit.kind


_AGE_BEFORE = re.compile(
    r"(?<!\w)(?i:aged|ages?)(?: (?:of|at|was|is|under|over|below|above|at least|up to|limit))?"
    r"(?: ?[:\f]{1,2} ?)? ?(?:[≥≤<>] ?)?$"
)
# "Average itch during a 24-hour period": a mean of times is stated right before the number.
_STATED = re.compile(
    r"(?:(?<!\w)(?:was|were|is|of|age|time|duration|follow–up|lasted)|[=:,(])(?: about| approximately)? ?$"
)
_POINT_BEFORE = re.compile(
    r"(?<!\w)(?i:at|after|(?<!ed )(?<!ing )by|from baseline to|until|at the end of|post|at baseline,?|"
    r"visit|baseline and)"
    r"(?: the| a| (?:approximately|about))? ?$"
)
_POINT_AFTER = re.compile(
    r"[ –]?(?:(?i:follow–? ?up|visit|visits|time ?points?|post–?(?:treatment|procedure|injection|baseline)?|"
    r"evaluations?|assessments?|results?|"
    r"after|later|of (?:treatment|therapy|follow–?up)|from baseline|mark))(?!\w)"
)
_INTERVAL_AFTER = re.compile(r"[ –](?:intervals?|apart|period|course)(?!\w)")


def time_kind(unit: Unit, context: Context, start: int, end: int) -> str:
    """Tell an age, a point in time and a stretch of time apart; a stretch when nothing says otherwise."""
    before = context.before(start, 40)
    if unit.spelling == "years" and (_OLD.match(context.text, end) or _AGE_BEFORE.search(before)):
        return "mean" if context.says_mean(start) else "age"
    if context.says_mean(start) and _STATED.search(before):
        return "mean"
    if context.says_median(start):
        return "median"
    if context.says_stretch(start) or _INTERVAL_AFTER.match(context.text, end):
        return "duration"
    row = context.text[end : end + 1] == "\t" and (not before or before[-1] == "\f")
    point = _POINT_BEFORE.search(before) or _POINT_AFTER.match(context.text, end) or row
    return "timepoint" if point else "duration"


_ITEM = re.compile(rf"(?<![\w.]){PLAIN}(?!\w)")
_GAP = r"[ –]?"

AREA_AND_PAIR = (
    GrammarRule(
        rf"{LEFT}(?P<a>{PLAIN})(?: ?(?P<u1>cm|mm))? ?[×xX*] ?(?P<b>{PLAIN}) ?"
        rf"(?P<u2>cm|mm)(?:\^?2|²)?(?!\w)",
        _area,
    ),
    GrammarRule(rf"{LEFT}(?P<a>{PLAIN}) ?%? ?/ ?(?P<b>{PLAIN}){_GAP}(?P<u>{UNIT})", _pair),
)
RANGES = (
    GrammarRule(
        rf"{LEFT}{PLAIN}(?:(?:, ?){PLAIN}){{0,8}},? (?:and|or) "
        rf"(?P<last>{PLAIN}){_GAP}(?P<u>{UNIT})(?! ?±)",
        _enumeration,
    ),
    GrammarRule(
        rf"{LEFT}(?P<a>{SIGNED})(?:{_GAP}(?P<u1>{UNIT})(?: old)?)?(?P<to>{_TO})"
        rf"(?P<b>{SIGNED})(?![\w^]|[.,][0-9]| ?[±])?{_GAP}(?P<u2>{UNIT})(?! ?±)",
        _range,
    ),
    GrammarRule(
        rf"(?<!\w)(?i:rang(?:e|es|ed|ing)|var(?:y|ies|ied|ying)|between|aged|ages)"
        rf"(?: (?:was|of|from|between)){{0,2}}[:,=]? ?"
        rf"{LEFT}(?P<a>{SIGNED})(?: ?[–−~] ?| (?:to|and) )(?P<b>{SIGNED}){RIGHT}",
        _bare_range,
        r"[Rr]ang|[Vv]ar[yi]|[Bb]etween|[Aa]ge",
    ),
)


def _power(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `1 × 10^9` without a unit: nothing but particles and cells is counted so."""
    if numeral(match["v"]) >= SMALLEST_POWER:
        yield quantity("dose", match.span(), numeral(match["v"]))


SMALLEST_POWER = 1e5
WHOLE_TEXT = (
    # A text that is nothing but a span, such as the content of one cell.
    GrammarRule(rf"\A ?(?P<a>{SIGNED})(?: ?[–−~] ?| to )(?P<b>{SIGNED}) ?\Z", _bare_range),
)
POWERS = (GrammarRule(rf"{LEFT}(?P<v>{POWER}){RIGHT}", _power),)
SINGLES = (
    GrammarRule(rf"{LEFT}(?P<v>{SIGNED}){_GAP}(?P<u>{UNIT})(?! ?±)", _single),
    GrammarRule(rf"(?<![\w–])(?P<v>{WORD})[ –](?P<u>{TIME}|per ?cent(?!\w))", _single, FIGURE),
)


_SCALE_WORD = re.compile(r"(?<!\w)(?i:scales?|scored?|scores|index|scoring|VAS|NRS)(?!\w)[^.;\f\0]{0,50}$")
_RELATIONS = {"≤": "≤", "<=": "≤", "≥": "≥", ">=": "≥", "<": "<", ">": ">"}


def _scale_ends(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `(−3 to +3)` after the name of a scale."""
    low, high = numeral(match["a"]), numeral(match["b"])
    if low < high and _SCALE_WORD.search(context.before(match.start(), 60)):
        yield quantity("range", (match.start("a"), match.end("b")), low=low, high=high)


def _ends_after_name(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `VAS 0–10`."""
    span = match.start("a"), match.end("b")
    yield quantity("range", span, low=numeral(match["a"]), high=numeral(match["b"]))


def _threshold(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `SALT ≤ 20`: the value of a scale or an index that a sign compares."""
    yield quantity("score", match.span("figure"), numeral(match["v"]), relation=_RELATIONS[match["relation"]])


def _rate(match: re.Match, context: Context) -> Iterator[Quantity]:
    yield quantity("estimate", match.span(), numeral(match["v"]), unit=match["u"].replace("–", "-"))


def _frequency(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `once a month`: an interval of one."""
    yield quantity("duration", match.span(), 1.0, unit=match["u"].lower() + "s")


SCALES = (
    GrammarRule(
        r"(?<![\w–])(?:VAS|NRS|(?i:scale|score|rated|graded))(?:[,:(]| of| from)? ?\(?(?P<a>0|1)"
        rf" ?(?:–|to) ?(?P<b>[2-9]|10|[1-9][0-9]|100){RIGHT}(?! ?(?:%|{UNIT}))",
        _ends_after_name,
        r"VAS|NRS|[Ss]ca|[Ss]co|[Rr]ate|[Gg]ra",
    ),
    GrammarRule(
        rf"{LEFT}(?P<v>{PLAIN}) (?P<u>per (?:[0-9]{{1,3}}(?:,[0-9]{{3}}){{1,2}}|[0-9]{{1,7}})? ?"
        rf"(?:person|patient|participant)[ –](?:years?|months?|days?))(?!\w)",
        _rate,
    ),
    GrammarRule(
        rf"[(\[] ?(?P<a>{SIGNED})(?: to |–)(?P<b>{SIGNED}) ?[)\]]",
        _scale_ends,
        r"[(\[] ?[0-9–−+]",
    ),
    GrammarRule(
        rf"(?<![\w–])[A-Z][A-Za-z]{{0,3}}[A-Z](?: scores?)? (?P<figure>(?P<relation>≤|≥|<=|>=|<|>) ?"
        rf"(?P<v>{SIGNED})){RIGHT}(?! ?(?:%|±|times|×|x |–?fold|{UNIT}))",
        _threshold,
        r"[A-Z][A-Za-z]",
    ),
    GrammarRule(
        r"(?<!\w)(?i:once) (?:a|per|every) (?P<u>week|month|year)(?!\w)",
        _frequency,
        r"[Oo]nce",
    ),
)


_STEP = rf"(?:{ROMAN}(?:–?[a-z](?![a-z])|[ –][Vv]ertex)?(?:–[0-9])?|[0-9](?:[a-c](?![a-z])| vertex)?)"
_STAGE_TO = r"(?: ?[–−~/] ?| to | and | or )"
_STAGE = r"(?i:stages?|grades?|types?|class(?:es)?|scores?|scale)"
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?"
)
_GRADE_CUE = rf"{SCALE_CUE}|[Ss]tage|[Gg]rade|[Tt]ype|[Cc]lass|[Ss]core|[Ss]cale|STAGE|GRADE|TYPE"
_ORDINAL_CUE = (
    r"[0-9]{1,3}(?:st|nd|rd|th)|[Ff]irst|[Ss]econd|[Tt]hird|[Ff]ourth|[Ff]ifth|[Ss]ixth|[Ss]eventh|"
    r"[Ee]ighth|[Nn]inth|[Tt]enth|[Ee]leventh|[Tt]welfth"
)
_LOOSE = re.compile(r"(?i:types?|class)")


def _grade(match: re.Match, context: Context) -> Iterator[Quantity]:
    scale = (match["scale"] or "").strip()
    # "Type II collagen", "class I" of a device: without a scale's name, one must stand before it.
    if _LOOSE.match(match[0]) and not context.terms.names_scale(context.before(match.start(), 260)):
        return
    low, high = _level(match["low"]), _level(match["high"]) if match["high"] else None
    if match["high"]:
        yield quantity("grade", match.span(), low=low, high=high, unit=scale)
    else:
        yield quantity("grade", match.span(), low, unit=scale)


def _level(printed: str) -> float:
    """Return the number of a step: the numeral without its letter or its sub-step (III vertex, I–3)."""
    return numeral(re.findall(rf"^(?:{ROMAN}|[0-9])", printed)[0])


def _basp(match: re.Match, context: Context) -> Iterator[Quantity]:
    if context.terms.names_lettered_scale(context.before(match.start(), 160)):
        low, high = numeral(match["low"]), numeral(match["high"])
        yield quantity("grade", match.span(), low=low, high=high, unit=context.terms.lettered)


def _phase(match: re.Match, context: Context) -> Iterator[Quantity]:
    low = numeral(match["low"])
    if match["high"]:
        yield quantity("phase", match.span(), low=low, high=numeral(match["high"]))
    else:
        yield quantity("phase", match.span(), low)


def _date(match: re.Match, context: Context) -> Iterator[Quantity]:
    yield quantity("date", match.span())


def _ordinal_time(match: re.Match, context: Context) -> Iterator[Quantity]:
    unit = match["unit"].lower().rstrip("s") + "s"
    if match["first"]:
        yield quantity("timepoint", match.span("first"), numeral(match["first"]), unit=unit)
    yield quantity("timepoint", (match.start("v"), match.end()), numeral(match["v"]), unit=unit)


def _numbered_time(match: re.Match, context: Context) -> Iterator[Quantity]:
    unit = match["unit"].lower() + "s"
    if match["high"]:
        span = match.span()
        yield quantity("timepoint", span, low=numeral(match["v"]), high=numeral(match["high"]), unit=unit)
    else:
        yield quantity("timepoint", match.span(), numeral(match["v"]), unit=unit)


def _numbered_times(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `weeks 4, 8 and 12`: the unit stands before the first number."""
    unit = match["unit"].lower() + "s"
    for at, item in enumerate(re.finditer(r"[0-9]{1,3}", match[0])):
        start = match.start() + (0 if at == 0 else item.start())
        yield quantity("timepoint", (start, match.start() + item.end()), numeral(item[0]), unit=unit)


def _times(match: re.Match, context: Context) -> Iterator[Quantity]:
    yield quantity("magnification", match.span(), numeral(match["v"]))


STAGES = (
    GrammarRule(
        rf"(?<![\w–])(?:[0-3]?[0-9] {_MONTH},? (?:19|20)[0-9]{{2}}|{_MONTH} [0-3]?[0-9],? "
        rf"(?:19|20)[0-9]{{2}}|"
        rf"{_MONTH} (?:19|20)[0-9]{{2}}|(?:1[34]|19|20)[0-9]{{2}}(?P<s>[–/])[01]?[0-9](?P=s)[0-3]?[0-9]|"
        rf"[0-3]?[0-9](?P<d>[./])[01]?[0-9](?P=d)(?:19|20)[0-9]{{2}})(?!\w|[;:] ?[0-9])",
        _date,
        r"[0-9JFMASOND]",
    ),
    GrammarRule(
        rf"(?<![\w])(?:(?P<scale>{SCALE}) (?:scale )?(?:{_STAGE} )?|{_STAGE} (?={ROMAN})|"
        rf"(?i:grades?|stages?) (?=[1-7]))"
        rf"(?P<low>{_STEP})"
        rf"(?:{_STAGE_TO}(?P<high>{_STEP}))?(?![\w%]|[.,][0-9])(?! (?:month|week|day|year|point)s?)",
        _grade,
        _GRADE_CUE,
    ),
    GrammarRule(
        rf"(?<![\w])(?P<letter>{LETTER})(?P<low>[0-4])(?: ?– ?| to )(?P=letter)(?P<high>[0-4])(?!\w)",
        _basp,
        rf"{LETTER}[0-4]",
    ),
    GrammarRule(
        r"(?<!\w)(?:[Ee]arly )?(?i:phase) (?P<low>[0-4]|IV|I{1,3})[ab]?(?:(?: ?[–/] ?| to )"
        r"(?P<high>[1-4]|IV|I{1,3})[ab]?)?(?![\w%]|[.,][0-9])",
        _phase,
        r"[Ee]arly [Pp]h|[Pp]hase|PHASE",
    ),
    GrammarRule(
        rf"(?:(?P<first>(?<![0-9.,]){ORDINAL}),? (?:and|or|to) )?(?P<v>(?<![0-9.,]){ORDINAL})[ –]"
        rf"(?P<unit>(?i:months?|weeks?|days?|years?|sessions?|visits?|treatments?))(?!\w)",
        _ordinal_time,
        _ORDINAL_CUE,
    ),
    GrammarRule(
        rf"(?<![\w–])(?P<unit>(?i:week|month|day|year))s? [0-9]{{1,3}}(?:, ?[0-9]{{1,3}}){{0,8}},? "
        rf"(?:and|or|&) [0-9]{{1,3}}{RIGHT}(?! ?[%a-z–(])(?! [a-z]{{1,9}}s\b)",
        _numbered_times,
        r"[Ww]eek|[Mm]onth|[Dd]ay|[Yy]ear|WEEK|MONTH|DAY",
    ),
    GrammarRule(
        rf"(?<![\w–])(?P<unit>(?i:week|month|day|year))s?[ –](?P<v>[0-9]{{1,3}}|{WORD})"
        rf"(?:(?: ?– ?| to )(?P<high>[0-9]{{1,3}}))?{RIGHT}(?! ?%)",
        _numbered_time,
        r"[Ww]eek|[Mm]onth|[Dd]ay|[Yy]ear|WEEK|MONTH|DAY",
    ),
    GrammarRule(rf"(?<!\w)× ?(?P<v>[1-9][0-9]{{0,3}}){RIGHT}(?! ?[a-zµ%])", _times, r"×"),
    GrammarRule(rf"{LEFT}(?P<v>[1-9][0-9]{{0,3}})(?:×|x)(?! ?[0-9/])(?!\w)", _times),
)
