"""Centres with their spread: mean ± SD, mean (SD), SD alone, median with quartiles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.documents import context
from helpers.documents.numerals import COMMA, LEFT, PLAIN, RIGHT, SIGN, SIGNED, is_year, number
from helpers.documents.quantity import Quantity, quantity
from helpers.documents.rules import Rule
from helpers.documents.units import ANY, unit_of

_PM = r"(?:±|\+ ?/? ?[–−])"
_SD = r"(?:SDs?|S\.D\.|s\.d\.|sd|(?i:standard deviations?))"
_SE = re.compile(r" ?\(?(?:SEM?|s\.e\.m?\.?|standard error)\b")
_JOIN = r"[ –]?"
_NUM = rf"(?:{SIGN}{COMMA}|{SIGNED})"
_TIMES_TEN = re.compile(r"[×x] ?(10.*)")
_VISIT = re.compile(r"(?<!\w)(?i:day|week|month|year|visit|at|every|within)s? $")


def _centre(match: re.Match) -> str:
    """Return the unit of a centre and its spread, wherever in the expression it stands."""
    groups = match.groupdict()
    return unit_of(groups.get("u1") or groups.get("u2") or groups.get("u3")).spelling


def _mean_pm_sd(match: re.Match, text: str) -> Iterator[Quantity]:
    unit = _centre(match)
    # "day 90 ± 7" and "at 12 ± 2 weeks" are windows of a visit.
    window = _VISIT.search(text[max(0, match.start() - 12) : match.start()])
    if window and (not unit or unit in ("days", "weeks", "months")):
        return
    span, mean, spread = match.span(), number(match["m"]), number(match["s"])
    if _TIMES_TEN.search(match["s"]) and not _TIMES_TEN.search(match["m"]):
        mean *= number(_TIMES_TEN.search(match["s"])[1])  # `1.2 ± 0.3 × 10^11`: the power is of both
    if _SE.match(text, match.end()) or context.spread_convention(text) == "se":
        yield quantity("mean_se", span, mean, unit=unit)
    elif spread >= 0:
        yield quantity("mean_sd", span, mean, sd=spread, unit=unit)


def _mean_paren_sd(match: re.Match, text: str) -> Iterator[Quantity]:
    said = match["said"] is not None
    promised = context.says_mean_sd(text, match.start())
    implied = (
        context.spread_convention(text) == "sd"
        and context.in_sentence_about_mean(text, match.start())
        and ("." in match["s"] or "·" in match["s"])
    )
    if (said or promised or implied) and not is_year(match["s"]):
        end = match.end() - (match[0].endswith((")", "]")) and not re.search(r"[(\[]", match[0]))
        yield quantity(
            "mean_sd",
            (match.start(), end),
            number(match["m"]),
            sd=abs(number(match["s"])),
            unit=_centre(match),
        )


def _mean_paren_se(match: re.Match, text: str) -> Iterator[Quantity]:
    yield quantity("mean_se", match.span(), number(match["m"]), unit=_centre(match))


def _sd_alone(match: re.Match, text: str) -> Iterator[Quantity]:
    value = number(match["s"])
    # "SD 4500" may be a camera: without a sign or a word in between, an SD is in brackets or has decimals.
    if (
        match["is"] != " "
        or match["s"] != match["s"].replace(".", "")
        or text[match.start() - 1 : match.start()] == "("
    ):
        yield quantity("sd", match.span("figure"), value, sd=value, unit=unit_of(match["u2"]).spelling)


def _median_iqr(match: re.Match, text: str) -> Iterator[Quantity]:
    low, high = number(match["low"]), number(match["high"])
    if match["said"] is None and not context.says_median(text, match.start("m")):
        # `median 11 [6, 17] before and 4 [2, 8] after`: the second bracket is read as the first one.
        inside = low <= number(match["m"]) <= high
        if not inside or not context.in_sentence_about_median(text, match.start("m")):
            return
    if match["said"] is None and context.says_median_range(text, match.start("m")):
        yield quantity("median", match.span("m"), number(match["m"]), unit=_centre(match))
        yield quantity(
            "range", (match.start("low"), match.end("high")), low=low, high=high, unit=_centre(match)
        )
        return
    span = match.start("m"), match.end()
    yield quantity(
        "median_iqr",
        span,
        number(match["m"]),
        low=low,
        high=high,
        unit=_centre(match),
    )


def _iqr_width(match: re.Match, text: str) -> Iterator[Quantity]:
    # One number after IQR is the distance between the quartiles; they themselves are not stated.
    yield quantity("median", match.span("centre"), number(match["m"]), unit=_centre(match))


def _iqr_alone(match: re.Match, text: str) -> Iterator[Quantity]:
    unit = unit_of(match["u2"]).spelling
    yield quantity(
        "median_iqr", match.span(), low=number(match["low"]), high=number(match["high"]), unit=unit
    )


_IQR = r"(?:IQR|(?i:inter–?quartile range)|Q1 ?[–,] ?Q3|25th ?[–,] ?75th percentiles?)"
_TO = r" ?(?:–|−|,|;|to|~) ?"
_CENTRE = rf"{LEFT}(?P<m>{_NUM})(?:{_JOIN}(?P<u1>{ANY}))?"
_QUARTILES = rf"(?P<low>{_NUM})(?:{_JOIN}{ANY})?{_TO}(?P<high>{_NUM}){RIGHT}(?:{_JOIN}(?P<u2>{ANY}))?"

_CLOSED = rf"(?: ?[)\]](?: (?P<u3>{ANY}))?)?"

RULES = (
    Rule(
        re.compile(rf"{_CENTRE} ?{_PM} ?(?P<s>{PLAIN}|{COMMA}){RIGHT}(?:{_JOIN}(?P<u2>{ANY}))?(?![\w])"),
        _mean_pm_sd,
    ),
    Rule(
        re.compile(
            rf"(?<!\w)M ?= ?{_CENTRE} ?[(,;\[]{{1,2}} ?(?P<said>{_PM} ?{_SD}?|{_SD})"
            rf" ?[:,=]? ?(?:of )?{_PM}? ?(?P<s>{PLAIN}|{COMMA}){RIGHT}(?:{_JOIN}(?P<u2>{ANY}))?{_CLOSED}"
        ),
        _mean_paren_sd,
        re.compile(r"M ?="),
    ),
    Rule(
        re.compile(
            rf"{_CENTRE} ?[(,\[]{{1,2}} ?(?P<said>{_PM} ?{_SD}?|{_SD}) ?[:,=]? ?(?:of )?{_PM}? ?"
            rf"(?P<s>{PLAIN}|{COMMA}){RIGHT}(?:{_JOIN}(?P<u2>{ANY}))?{_CLOSED}"
        ),
        _mean_paren_sd,
    ),
    Rule(
        re.compile(
            rf"{_CENTRE} ?[(\[] ?(?:{_PM} ?)?(?:SEM?|s\.e\.m?\.?|(?i:standard error(?: of the mean)?))"
            rf" ?[:,=]? ?(?:of )?{_PM}? ?{PLAIN}(?P<u2>){_CLOSED}"
        ),
        _mean_paren_se,
    ),
    Rule(
        re.compile(
            rf"{_CENTRE}(?P<said>\0)? ?\( ?(?P<s>{PLAIN}|{COMMA})(?:{_JOIN}(?P<u2>(?!%){ANY}))?"
            rf"(?= ?\)){_CLOSED}(?!\w)"
        ),
        _mean_paren_sd,
    ),
    Rule(
        re.compile(rf"{_CENTRE},? ?[(\[]? ?(?P<said>{_IQR})[:,=]? ?(?:of )?[(\[]? ?{_QUARTILES}{_CLOSED}"),
        _median_iqr,
    ),
    Rule(
        re.compile(rf"{_CENTRE}(?P<said>\0)? ?[(\[] ?{_QUARTILES}(?= ?[)\]]){_CLOSED}"),
        _median_iqr,
    ),
    Rule(
        re.compile(rf"(?P<centre>{_CENTRE}) ?[(\[]? ?{_IQR}[:,=]? ?(?:of )?{PLAIN}{RIGHT}"),
        _iqr_width,
    ),
    Rule(
        re.compile(rf"(?<!\w){_IQR}[:,=]? ?(?:of |was )?[(\[]?{_QUARTILES}"),
        _iqr_alone,
        re.compile(r"IQR|[Ii]nter|Q1|25th"),
    ),
    Rule(
        re.compile(
            rf"(?<![\w±]){_SD}(?P<is> ?[=:,] ?| (?:of|was|is|were) | )"
            rf"(?P<figure>(?P<s>{PLAIN}|{COMMA}){RIGHT}"
            rf"(?:{_JOIN}(?P<u2>{ANY}))?)"
        ),
        _sd_alone,
        re.compile(r"S\.?D|s\.?d|[Ss]tandard dev"),
    ),
)
