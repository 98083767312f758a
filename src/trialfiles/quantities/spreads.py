"""Means, medians and labelled values with their spread or interval."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trialfiles.quantities.context import Context
from trialfiles.quantities.grammar import GrammarRule, Quantity, quantity
from trialfiles.quantities.inference import EFFECT, INTERVAL_WORD, IS
from trialfiles.quantities.numerals import COMMA, LEFT, PLAIN, RIGHT, SIGN, SIGNED, is_year, numeral
from trialfiles.quantities.terms import UNIT

_PM = r"(?:±|\+ ?/? ?[–−])"
_SD = r"(?:SDs?|S\.D\.|s\.d\.|sd|(?i:standard deviations?))"
_SE = re.compile(r" ?\(?(?:SEM?|s\.e\.m?\.?|standard error)\b")
_JOIN = r"[ –]?"
_NUM = rf"(?:{SIGN}{COMMA}|{SIGNED})"
_TIMES_TEN = re.compile(r"[×x] ?(10.*)")
_VISIT = re.compile(r"(?<!\w)(?i:day|week|month|year|visit|at|every|within)s? $")


def _centre(match: re.Match, context: Context) -> str:
    """Return the unit of a centre and its spread, wherever in the expression it stands."""
    groups = match.groupdict()
    return context.unit(groups.get("u1") or groups.get("u2") or groups.get("u3")).spelling


def _mean_pm_sd(match: re.Match, context: Context) -> Iterator[Quantity]:
    unit = _centre(match, context)
    # "day 90 ± 7" and "at 12 ± 2 weeks" are windows of a visit.
    window = _VISIT.search(context.before(match.start(), 12))
    if window and (not unit or unit in ("days", "weeks", "months")):
        return
    span, mean, spread = match.span(), numeral(match["m"]), numeral(match["s"])
    if (power := _TIMES_TEN.search(match["s"])) and not _TIMES_TEN.search(match["m"]):
        mean *= numeral(power[1])  # `1.2 ± 0.3 × 10^11`: the power is of both
    if _SE.match(context.text, match.end()) or context.spreads == "se":
        yield quantity("mean_se", span, mean, unit=unit)
    elif spread >= 0:
        yield quantity("mean_sd", span, mean, sd=spread, unit=unit)


def _mean_paren_sd(match: re.Match, context: Context) -> Iterator[Quantity]:
    said = match["said"] is not None
    promised = context.says_mean_sd(match.start())
    implied = (
        context.spreads == "sd"
        and context.in_sentence_about_mean(match.start())
        and ("." in match["s"] or "·" in match["s"])
    )
    if (said or promised or implied) and not is_year(match["s"]):
        end = match.end() - (match[0].endswith((")", "]")) and not re.search(r"[(\[]", match[0]))
        yield quantity(
            "mean_sd",
            (match.start(), end),
            numeral(match["m"]),
            sd=abs(numeral(match["s"])),
            unit=_centre(match, context),
        )


def _mean_paren_se(match: re.Match, context: Context) -> Iterator[Quantity]:
    yield quantity("mean_se", match.span(), numeral(match["m"]), unit=_centre(match, context))


def _sd_alone(match: re.Match, context: Context) -> Iterator[Quantity]:
    value = numeral(match["s"])
    # "SD 4500" may be a camera: without a sign or a word in between, an SD is in brackets or has decimals.
    if (
        match["is"] != " "
        or match["s"] != match["s"].replace(".", "")
        or context.before(match.start(), 1) == "("
    ):
        yield quantity("sd", match.span("figure"), value, sd=value, unit=context.unit(match["u2"]).spelling)


def _median_iqr(match: re.Match, context: Context) -> Iterator[Quantity]:
    low, high = numeral(match["low"]), numeral(match["high"])
    if match["said"] is None and not context.says_median(match.start("m")):
        # `median 11 [6, 17] before and 4 [2, 8] after`: the second bracket is read as the first one.
        inside = low <= numeral(match["m"]) <= high
        if not inside or not context.in_sentence_about_median(match.start("m")):
            return
    if match["said"] is None and context.says_median_range(match.start("m")):
        yield quantity("median", match.span("m"), numeral(match["m"]), unit=_centre(match, context))
        yield quantity(
            "range", (match.start("low"), match.end("high")), low=low, high=high, unit=_centre(match, context)
        )
        return
    span = match.start("m"), match.end()
    yield quantity(
        "median_iqr",
        span,
        numeral(match["m"]),
        low=low,
        high=high,
        unit=_centre(match, context),
    )


def _iqr_width(match: re.Match, context: Context) -> Iterator[Quantity]:
    # One number after IQR is the distance between the quartiles; they themselves are not stated.
    yield quantity("median", match.span("centre"), numeral(match["m"]), unit=_centre(match, context))


def _iqr_alone(match: re.Match, context: Context) -> Iterator[Quantity]:
    unit = context.unit(match["u2"]).spelling
    yield quantity(
        "median_iqr", match.span(), low=numeral(match["low"]), high=numeral(match["high"]), unit=unit
    )


_IQR = r"(?:IQR|(?i:inter–?quartile range)|Q1 ?[–,] ?Q3|25th ?[–,] ?75th percentiles?)"
_TO = r" ?(?:–|−|,|;|to|~) ?"
_CENTRE = rf"{LEFT}(?P<m>{_NUM})(?:{_JOIN}(?P<u1>{UNIT}))?"
_QUARTILES = rf"(?P<low>{_NUM})(?:{_JOIN}{UNIT})?{_TO}(?P<high>{_NUM}){RIGHT}(?:{_JOIN}(?P<u2>{UNIT}))?"

_CLOSED = rf"(?: ?[)\]](?: (?P<u3>{UNIT}))?)?"

SPREADS = (
    GrammarRule(
        rf"{_CENTRE} ?{_PM} ?(?P<s>{PLAIN}|{COMMA}){RIGHT}(?:{_JOIN}(?P<u2>{UNIT}))?(?![\w])",
        _mean_pm_sd,
    ),
    GrammarRule(
        rf"(?<!\w)M ?= ?{_CENTRE} ?[(,;\[]{{1,2}} ?(?P<said>{_PM} ?{_SD}?|{_SD})"
        rf" ?[:,=]? ?(?:of )?{_PM}? ?(?P<s>{PLAIN}|{COMMA}){RIGHT}(?:{_JOIN}(?P<u2>{UNIT}))?{_CLOSED}",
        _mean_paren_sd,
        r"M ?=",
    ),
    GrammarRule(
        rf"{_CENTRE} ?[(,\[]{{1,2}} ?(?P<said>{_PM} ?{_SD}?|{_SD}) ?[:,=]? ?(?:of )?{_PM}? ?"
        rf"(?P<s>{PLAIN}|{COMMA}){RIGHT}(?:{_JOIN}(?P<u2>{UNIT}))?{_CLOSED}",
        _mean_paren_sd,
    ),
    GrammarRule(
        rf"{_CENTRE} ?[(\[] ?(?:{_PM} ?)?(?:SEM?|s\.e\.m?\.?|(?i:standard error(?: of the mean)?))"
        rf" ?[:,=]? ?(?:of )?{_PM}? ?{PLAIN}(?P<u2>){_CLOSED}",
        _mean_paren_se,
    ),
    GrammarRule(
        rf"{_CENTRE}(?P<said>\0)? ?\( ?(?P<s>{PLAIN}|{COMMA})(?:{_JOIN}(?P<u2>(?!%){UNIT}))?"
        rf"(?= ?\)){_CLOSED}(?!\w)",
        _mean_paren_sd,
    ),
    GrammarRule(
        rf"{_CENTRE},? ?[(\[]? ?(?P<said>{_IQR})[:,=]? ?(?:of )?[(\[]? ?{_QUARTILES}{_CLOSED}",
        _median_iqr,
    ),
    GrammarRule(
        rf"{_CENTRE}(?P<said>\0)? ?[(\[] ?{_QUARTILES}(?= ?[)\]]){_CLOSED}",
        _median_iqr,
    ),
    GrammarRule(
        rf"(?P<centre>{_CENTRE}) ?[(\[]? ?{_IQR}[:,=]? ?(?:of )?{PLAIN}{RIGHT}",
        _iqr_width,
    ),
    GrammarRule(
        rf"(?<!\w){_IQR}[:,=]? ?(?:of |was )?[(\[]?{_QUARTILES}",
        _iqr_alone,
        r"IQR|[Ii]nter|Q1|25th",
    ),
    GrammarRule(
        rf"(?<![\w±]){_SD}(?P<is> ?[=:,] ?| (?:of|was|is|were) | )"
        rf"(?P<figure>(?P<s>{PLAIN}|{COMMA}){RIGHT}"
        rf"(?:{_JOIN}(?P<u2>{UNIT}))?)",
        _sd_alone,
        r"S\.?D|s\.?d|[Ss]tandard dev",
    ),
)


_WORDS = r"[^0-9.;:\f\t\0]{0,80}?"
_IS = r"(?:was|were|is|are|of|=|:|to|from|by|at)"
_CHANGE = r"(?:increas|decreas|improv|reduc|rose|rise|ris|fell|fall|declin|chang|gain)[a-z]{0,5}"


def _mean(match: re.Match, context: Context) -> Iterator[Quantity]:
    if not is_year(match["v"]):
        kind = "median" if match["kind"].lower() == "median" else "mean"
        yield quantity(kind, match.span("v"), numeral(match["v"]))


def _score(match: re.Match, context: Context) -> Iterator[Quantity]:
    if not is_year(match["v"]):
        kind = "mean" if context.says_mean(match.start("v")) else "score"
        yield quantity(kind, match.span("v"), numeral(match["v"]))


def _change(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read bare numbers after a verb of change, when they can be nothing but measured values."""
    if not any(mark in (match["v"] + (match["end"] or "")) for mark in ".·"):
        return
    for name in ("v", "end"):
        if match[name]:
            yield quantity("estimate", match.span(name), numeral(match[name]))


def _first_of_change(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read the first figure of `from 75 to 110 hairs/cm²`, whose unit stands with the second."""
    if not is_year(match["v"]):
        yield quantity("estimate", match.span("v"), numeral(match["v"]))


def _labelled(match: re.Match, context: Context) -> Iterator[Quantity]:
    label, value = match["label"].lower(), numeral(match["v"])
    if label == "phase" and match["high"]:
        yield quantity("phase", (match.start("v"), match.end("high")), low=value, high=numeral(match["high"]))
    elif not match["high"]:
        yield quantity("phase" if label == "phase" else "n", match.span("v"), value)


_LABEL = (
    r"(?:target recruitment|target sample size|sample size|enrol?lment|actual enrol?lment|"
    r"estimated enrol?lment|number of (?:participants|patients|subjects)|phase)"
)

LABELLED = (
    # A label on its own line, its value on the next: how registry pages print their fields.
    GrammarRule(
        rf"\f(?P<label>(?i:{_LABEL})):?\f(?P<v>[0-9]{{1,6}})(?:[–/](?P<high>[0-9]))?(?=\f|$)",
        _labelled,
        r"\f",
    ),
    GrammarRule(
        rf"(?<!\w)(?P<kind>(?i:mean|median|average))\b(?! ?[±(]){_WORDS} (?:was|were|of|=) "
        rf"{LEFT}(?P<v>{SIGNED}){RIGHT}"
        rf"(?! ?(?:%|±|\(|patients|of\b|–|to\b))",
        _mean,
        r"[Mm]ean|[Mm]edian|[Aa]verage",
    ),
    GrammarRule(
        rf"(?<!\w)(?i:scores?|index|grade) (?:{_IS} ){{1,2}}{LEFT}(?P<v>{SIGNED}){RIGHT}"
        rf"(?! ?(?:%|±|–|\())"
        rf"(?! (?:patients|participants|subjects|of|points?|to)\b)",
        _score,
        r"[Ss]core|[Ii]ndex|[Gg]rade",
    ),
    GrammarRule(
        rf"(?<!\w){_CHANGE}\b[^0-9.;:\f\t\0]{{0,60}}? (?:by|from|to) {LEFT}(?P<v>{SIGNED}){RIGHT}"
        rf"(?: to (?P<end>{SIGNED}){RIGHT})?"
        rf"(?! ?(?:%|±|\(|(?:patients|participants|subjects)\b))",
        _change,
        r"[Ii]ncreas|[Dd]ecreas|[Ii]mprov|[Rr]educ|[Rr]ose|[Rr]is|[Ff]ell|[Ff]all|[Dd]eclin|[Cc]hang|[Gg]ain",
    ),
    GrammarRule(
        rf"(?<!\w)from {LEFT}(?P<v>{PLAIN}){RIGHT}(?= to \0)",
        _first_of_change,
        r"from",
    ),
)


_BRACKET_CENTRE = re.compile(rf"{LEFT}(?P<m>{SIGNED}) ?%? ?$")
_EFFECT_BEFORE = re.compile(rf"(?<![\w.]){EFFECT}{IS}{SIGNED} ?$")
_SAYS_OTHERWISE = re.compile(r"(?<!\w)(?:SD|IQR|Q1)(?!\w)|(?i:median|quartile|range|standard deviation)")
_SAYS = re.compile(rf"(?<!\w){INTERVAL_WORD}(?!\w)")


def _bracket(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read a bracket after a figure inside it, when an effect's name or the sentence says what it is."""
    before = context.before(match.start(), 100)
    centre = _BRACKET_CENTRE.search(before)
    low, high = numeral(match["low"]), numeral(match["high"])
    if not centre or not low <= numeral(centre["m"]) <= high:
        return
    sentence = context.sentence_before(match.start())
    if not _EFFECT_BEFORE.search(before):
        if not _SAYS.search(sentence) or _SAYS_OTHERWISE.search(sentence):
            return
        start = match.start() - len(before) + centre.start("m")
        end = match.start() - len(before) + centre.end("m")
        yield quantity("estimate", (start, end), numeral(centre["m"]))
    yield quantity("ci", (match.start("low"), match.end("high")), low=low, high=high)


BRACKETED = (
    GrammarRule(
        rf"[(\[] ?(?P<low>{SIGNED})%?(?: to | ?[–−,;] ?)(?P<high>{SIGNED})%? ?[)\]]",
        _bracket,
        r"[(\[] ?[0-9–−+.]",
    ),
)
