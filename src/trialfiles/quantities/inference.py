"""What statistical tests print: p values, confidence intervals, test statistics, coefficients, effects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from trialfiles.quantities.context import Context
from trialfiles.quantities.grammar import GrammarRule, Quantity, quantity
from trialfiles.quantities.numerals import COMMA, LEFT, PLAIN, RIGHT, SIGN, SIGNED, numeral
from trialfiles.quantities.terms import UNIT

_RELATION = r"<=|>=|=|<|>|≤|≥|≈"
_SPELLED = {
    "<=": "≤",
    ">=": "≥",
    "less than": "<",
    "below": "<",
    "greater than": ">",
    "more than": ">",
    "above": ">",
}
_NUM = rf"(?:{SIGN}{COMMA}|{SIGNED})"  # a decimal comma first: `0,5–2,1` is no interval from 0 to 5
_TO = r"(?: ?(?:to|–|−|,|;|~) ?)"
_LEVEL = r"(?:8|9)[0-9](?:\.[0-9])? ?%"
INTERVAL_WORD = (
    r"(?:CIs?|C\.I\.|(?i:(?:confidence|credible|credibility) (?:intervals?|limits))"
    r"(?: ?[(\[] ?(?:CIs?|C\.I\.|CrIs?) ?[)\]])?|CrIs?|HDI)"
)


def _p_value(match: re.Match, context: Context) -> Iterator[Quantity]:
    printed = (match["relation"] or "=").strip()
    value = numeral(match["p"])
    if 0 <= value <= 1:
        yield quantity("p_value", match.span(), value, relation=_SPELLED.get(printed.lower(), printed))


def _p_values(match: re.Match, context: Context) -> Iterator[Quantity]:
    """Read `p values of 0.03 and 0.04`."""
    for name in ("p", "q"):
        if numeral(match[name]) <= 1:
            yield quantity("p_value", match.span(name), numeral(match[name]), relation="=")


def _interval(match: re.Match, context: Context) -> Iterator[Quantity]:
    low, high = numeral(match["low"]), numeral(match["high"])
    unit = context.unit(match["u1"] or match["u2"]).spelling
    if low <= high:
        yield quantity("ci", match.span(), low=low, high=high, unit=unit)


def _level_alone(match: re.Match, context: Context) -> Iterator[Quantity]:
    yield quantity("confidence_level", match.span())


def _before_interval(match: re.Match, context: Context) -> Iterator[Quantity]:
    if _INTERVAL_NEXT.match(context.text, match.end()):
        unit = context.unit(match["u"]).spelling
        yield quantity("percent" if unit == "%" else "estimate", match.span(), numeral(match["m"]), unit=unit)


def _named(kind: str) -> Callable[[re.Match, Context], Iterator[Quantity]]:
    def read(match: re.Match, context: Context) -> Iterator[Quantity]:
        # A sign binds name and number into one token (`r = 0.4`); words around a number do not.
        start = match.start() if "=" in match[0] else match.start("v")
        unit = context.unit(match["u"]).spelling
        yield quantity(kind, (start, match.end()), numeral(match["v"]), unit=unit)

    return read


_INTERVAL_NEXT = re.compile(rf",? ?[(\[;,]? ?(?:{_LEVEL} ?{INTERVAL_WORD}|{INTERVAL_WORD} ?[(\[]?{_LEVEL})")
_STATISTIC = (
    r"(?:[Ff]|[tTzZ]|χ ?\^?[2²]|[Cc]hi–?(?:square|squared)|[QHUW])"
    r"(?:[ _]?[(\[] ?[0-9.]{1,6}(?: ?, ?[0-9.]{1,6})? ?[)\]]| ?[0-9]{1,3},[0-9]{1,4})?"
)
_COEFFICIENT = (
    r"(?:ICC(?: ?\([0-9],[0-9k]\))?|(?i:intra–?class correlation(?: coefficient)?(?: \(ICC\))?)|κ|(?i:kappa)|"
    r"(?i:cronbach's (?:α|alpha))|(?i:correlation coefficient)|(?i:pearson's r|spearman's (?:rho|ρ)|rho)|ρ|r|"
    r"R ?\^?[2²]|I ?\^?[2²]|(?:τ|[Tt]au) ?\^?[2²])"
)
EFFECT = (
    r"(?:(?:adjusted |a)?(?:OR|RR|HR)|SMD|WMD|MD|NNT|ARR|(?i:cohen's d|hedges'? g)|"
    r"(?i:odds ratio|risk ratio|relative risk|hazard ratio|(?:incidence )?rate ratio|prevalence ratio)"
    r"(?: ?[(\[](?:OR|RR|HR|IRR|PR)[)\]])?|(?i:number needed to treat)(?: ?[(\[]NNT[)\]])?|"
    r"(?i:(?:standardi[sz]ed |weighted |least[ –]squares )?mean difference|risk difference)"
    r"(?: ?[(\[](?:S?MD|WMD|RD)[)\]])?|η ?p?\^?[2²]|[dg](?= ?= ?[–−]?[0-3]?\.[0-9]))"
    r"(?: (?:vs\.?|versus|for) [A-Za-z– ]{2,30}(?=,))?"
)
_EFFECT_CUE = (
    r"a?OR|a?RR|a?HR|adjusted|[SW]?MD|NNT|ARR|[Cc]ohen|[Hh]edges|[Oo]dds|[Rr]isk|[Rr]elative|[Hh]azard|"
    r"[Mm]ean diff|[Ss]tandard|[Rr]ate|[Ii]ncidence|[Pp]revalence|[Nn]umber|[Ww]eighted|[Ll]east|η|[dg] ?="
)
_COEFFICIENT_CUE = (
    r"ICC|[Ii]ntra|κ|[Kk]appa|[Cc]ronbach|[Cc]orrelation|[Pp]earson|[Ss]pearman|[Rr]ho|ρ|r|R|I|τ|[Tt]au"
)
IS = r"(?: ?[=:] ?|,? (?:of|was|is) |,? (?=[–−]?[0-9]{0,2}[.·][0-9]))"
_VALUE = rf"(?P<v>{_NUM}){RIGHT}(?:[ –]?(?P<u>{UNIT}))?"
# In a p value a power of ten needs no superscript to be one: `1 × 10−5`.
_TINY = r"[0-9.]{1,6} ?[×x] ?10[–−][0-9]{1,3}"
_P = r"(?<![\w.])[pP](?:[ –]?[vV]al(?:ue)?s?)?(?: ?\([^()\f]{0,25}\))?,? ?(?:(?:of|was|is|were|:) ?){0,2}"
_WORD_THEN = rf"(?:{INTERVAL_WORD}|(?:KI|IC)(?!\w))"  # after its level also in German and Spanish
_CI = rf"(?<![\w.])(?:{_LEVEL} ?{_WORD_THEN}|IC ?{_LEVEL}|{INTERVAL_WORD} ?[(\[]? ?(?:{_LEVEL})? ?[)\]]?)"

_CI_CUE = r"[89][0-9]|IC|C|c|HDI"

INFERENCE = (
    GrammarRule(
        rf"(?<![\w.])[pP][ –]?[vV]alues? (?:of|were|are) (?P<p>[01]?\.[0-9]{{1,8}}),? and "
        rf"(?P<q>[01]?\.[0-9]{{1,8}}){RIGHT}",
        _p_values,
        r"[pP][ –]?[vV]al",
    ),
    GrammarRule(
        rf"{_P}(?P<relation>{_RELATION}|less than|greater than|below|above) ?"
        rf"(?P<p>{_TINY}|{PLAIN}|0,[0-9]{{1,8}}){RIGHT}",
        _p_value,
        r"[pP]",
    ),
    GrammarRule(
        rf"(?<![\w.])[pP][ –]?[vV]alues?(?P<relation>)(?: ?\([^()\f]{{0,25}}\))?"
        rf"(?: ?: ?| (?:of|was|is) | )(?P<p>(?:0|1)?[.,·][0-9]{{1,8}}){RIGHT}",
        _p_value,
        r"[pP][ –]?[vV]al",
    ),
    GrammarRule(
        rf"{_CI}(?: ?[=:,]| of| was|, from| from)? ?(?P<open>[(\[])? ?"
        rf"(?P<low>{_NUM})(?:[ –]?(?P<u1>{UNIT}))?"
        rf"{_TO}(?P<high>{_NUM}){RIGHT}(?:[ –]?(?P<u2>{UNIT}))?(?(open) ?[)\]])",
        _interval,
        _CI_CUE,
    ),
    # The level of an interval that stands elsewhere (`OR (95% CI)` above a column) is no result.
    GrammarRule(
        rf"(?<![\w.])(?:{_LEVEL} ?{_WORD_THEN}|IC ?{_LEVEL}|{INTERVAL_WORD} ?[(\[]{_LEVEL}[)\]])",
        _level_alone,
        _CI_CUE,
    ),
    GrammarRule(rf"(?<![\w.]){EFFECT}{IS}{_VALUE}", _named("effect"), _EFFECT_CUE),
    GrammarRule(rf"(?<![\w.]){_COEFFICIENT}{IS}{_VALUE}", _named("coefficient"), _COEFFICIENT_CUE),
    GrammarRule(
        rf"(?<![\w.])(?i:kappa|alpha|correlation coefficient)(?: [a-z]{{2,12}}){{1,4}} (?:of|was|is) "
        rf"(?P<v>[–−]?0?[.·][0-9]{{1,4}}){RIGHT}(?P<u>)",
        _named("coefficient"),
        r"[Kk]appa|[Aa]lpha|[Cc]orrelation",
    ),
    GrammarRule(rf"(?<![\w.])α ?= ?{_VALUE}", _named("significance_level"), r"α"),
    GrammarRule(
        rf"(?<![\w.]){_STATISTIC} ?= ?(?P<v>{_NUM}){RIGHT}(?P<u>)",
        _named("statistic"),
        r"[FftTzZχCcQHUW]",
    ),
    GrammarRule(
        rf"(?<![\w.])df ?= ?(?P<v>[0-9]{{1,5}}){RIGHT}(?P<u>)",
        _named("statistic"),
        r"df",
    ),
    GrammarRule(
        rf"{LEFT}(?<!=)(?P<m>{SIGNED})(?:[ –]?(?P<u>{UNIT}))?(?=,? ?[(\[;,]? ?\0)",
        _before_interval,
    ),
)
