"""What a cell of a printed table states: mean and SD, count and percent, p, interval, or a bare number.

What `178.3 (7.8)` means stands elsewhere: in the row, the column, the caption or the foot. Without such a
word it stays a number with another in brackets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SIGN = r"[-+\u2212\u2013]?\s?"
_N = rf"{_SIGN}(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:[.\u00b7]\d+)?|\.\d+)"
_MARK = r"\s*[*\u2020\u2021\u00a7a-e#]{0,3}"
_PLUS = re.compile(
    rf"(?P<m>{_N})\s*(?:\u00b1|\+/[-\u2212]|\+-)\s*(?P<s>{_N})\s*(?P<u>[^\d()]{{0,12}}?){_MARK}"
)
_BRACKET_PLUS = re.compile(rf"(?P<m>{_N})\s*\(\s*(?:\u00b1|\+/[-\u2212])\s*(?P<s>{_N})\s*\){_MARK}")
_BRACKET = re.compile(rf"(?P<m>{_N})\s*(?P<p>%?)\s*[(\[]\s*(?P<s>{_N})\s*(?P<q>%?)\s*[)\]]{_MARK}")
_INTERVAL = re.compile(
    rf"(?P<m>{_N})\s*(?P<p>%?)\s*[(\[]\s*(?P<l>{_N})\s*(?:,|;|to|[-\u2212\u2013\u2014])\s*(?P<h>{_N})\s*%?\s*[)\]]{_MARK}"
)
_OF = re.compile(rf"(?P<a>\d+)\s*/\s*(?P<b>\d+)(?:\s*[(\[]\s*(?P<s>{_N})\s*%?\s*[)\]])?{_MARK}")
_P = re.compile(rf"(?:p\s*)?(?P<r>[<>=\u2264\u2265]?)\s*(?P<v>[01]?\.\d+|0|1)\s*{_MARK}", re.IGNORECASE)
_PERCENT = re.compile(rf"(?P<m>{_N})\s*%{_MARK}")
_BARE = re.compile(rf"(?P<m>{_N}){_MARK}")


@dataclass(frozen=True)
class Value:
    """A figure in a cell: its kind, its numbers, and its place within the cell's text."""

    kind: str
    printed: str
    start: int
    value: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None


def statistic_of(*texts: str) -> str:
    """Return what the words around a cell say it holds: sd, se, percent, iqr, ci, range, p, n or ''."""
    for text in texts:
        low = text.lower()
        if re.fullmatch(r"\W*(p|p[- ]?values?|sig(?:nificance|\.)?)\W*(?:\(.*\))?\W*", low):
            return "p"
        for name, rule in (
            ("se", r"\b(?:se|sem|s\.e\.(?:m\.)?|standard errors?)\b"),
            ("sd", r"\b(?:sd|s\.d\.|standard deviations?|st\.? ?dev)"),
            ("iqr", r"\biqr\b|inter-?quartile|\bq1\b"),
            ("ci", r"\bci\b|confidence interval"),
            ("percent", r"\b(?:n|no\.?|number|count)\s*[,(/]?\s*\(?\s*%|\(%\)|percent|^%$"),
            ("range", r"\brange\b|min.{0,5}max"),
        ):
            if re.search(rule, low):
                return name
    return ""


def number(text: str) -> float:
    """Return a printed number: any minus, thousands commas, a raised decimal point."""
    text = re.sub(r"\s", "", text).replace("\u2212", "-").replace("\u2013", "-").replace("\u00b7", ".")
    return float(text.replace(",", ""))


def values_in(text: str, statistic: str) -> list[Value]:
    """Return the figures of a cell.

    Parameters
    ----------
    text : str
        The cell.
    statistic : str
        From `statistic_of`.

    Returns
    -------
    list of Value
        None for words; two for a count with its percent.
    """
    words = text.strip()
    start = text.find(words)
    if statistic == "p" or re.match(r"p\s*[<>=\u2264\u2265]", words, re.IGNORECASE):
        match = _P.fullmatch(words)
        return (
            [Value("p_value", words, start, number(match["v"]))] if match and number(match["v"]) <= 1 else []
        )
    if match := _PLUS.fullmatch(words) or _BRACKET_PLUS.fullmatch(words):
        kind = "mean_se" if statistic == "se" else "mean_sd"
        return [Value(kind, words, start, number(match["m"]), sd=abs(number(match["s"])))]
    if match := _OF.fullmatch(words):
        part = Value("count", match["a"], start, number(match["a"]))
        share = (
            [Value("percent", match["s"], start + match.start("s"), number(match["s"]))] if match["s"] else []
        )
        return [part, *share]
    if match := _INTERVAL.fullmatch(words):
        kind = {"ci": "ci", "iqr": "median"}.get(statistic, "range")
        low, high = number(match["l"]), number(match["h"])
        if low <= high:
            return [Value(kind, words, start, number(match["m"]), low=low, high=high)]
    if match := _BRACKET.fullmatch(words):
        return _bracketed(match, words, start, statistic)
    if match := _PERCENT.fullmatch(words):
        return [Value("percent", words, start, number(match["m"]))]
    if match := _BARE.fullmatch(words):
        return [Value("value", words, start, number(match["m"]))]
    return []


def _bracketed(match: re.Match[str], words: str, start: int, statistic: str) -> list[Value]:
    first, second = number(match["m"]), number(match["s"])
    if match["q"] or (statistic == "percent" and not match["p"]):
        share = Value("percent", match["s"].strip(), start + match.start("s"), second)
        return [Value("count", match["m"].strip(), start + match.start("m"), first), share]
    if statistic in ("sd", "se"):
        return [Value(f"mean_{statistic}", words, start, first, sd=abs(second))]
    if statistic == "iqr":
        return [Value("median", words, start, first)]  # the bracket is a width: no quartiles
    return [Value("pair", words, start, first, low=min(first, second), high=max(first, second))]
