"""A rule of the grammar, where it may begin, and how a list of rules reads a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from helpers.documents.exclusions import BLANK
from helpers.documents.numerals import LEFT, PLAIN, SIGN, WORD
from helpers.documents.quantity import Quantity

NUMBER, FIGURE = "number", "figure"
_SIGN_OR_DIGIT = re.compile(r"[0-9.·–−+]")
# A number that another number, a full stop or the end of a cell follows opens no rule.
_NUMBER = re.compile(rf"{LEFT}{SIGN}{PLAIN}(?= ?[^\s0-9.)\]])")
_WORD_CUE = re.compile(r"[OoTtFfSsEeNn](?:ne|wo|hree|our|ive|ix|even|ight|ine|en|leven|w|h|if|or|wenty)")
_WORD = re.compile(rf"(?<![\w–]){WORD}")


@dataclass(frozen=True)
class Rule:
    """A pattern, what its matches mean, and where it may begin.

    `begins` is `NUMBER` (at a number in digits), `FIGURE` (also at a number in words) or a cheap pattern
    that begins with a letter or a set of letters, found fast in text that has none of it. `read` gets a
    match and the text as it was before anything was read, and returns the quantities in the match, none
    when it is no quantity after all.
    """

    pattern: re.Pattern
    read: Callable[[re.Match, str], Iterable[Quantity]]
    begins: str | re.Pattern = NUMBER


def apply(rules: Iterable[Rule], context: str) -> tuple[str, list[Quantity]]:
    """Apply rules in order; characters that one rule has read are blank for the next ones.

    Parameters
    ----------
    rules : iterable of Rule
        The first ones win.
    context : str
        Folded text, with what is excluded blanked.

    Returns
    -------
    tuple of str and list of Quantity
        The text with everything blanked that was read, and what was read.

    """
    numbers = _starts(_SIGN_OR_DIGIT, _NUMBER, context)
    figures = sorted({*numbers, *_starts(_WORD_CUE, _WORD, context)})
    found: list[Quantity] = []
    text = context
    for rule in rules:
        if isinstance(rule.begins, str):
            begins: Iterable[int] = numbers if rule.begins == NUMBER else figures
        else:
            begins = (cue.start() for cue in rule.begins.finditer(text))
        read = list(_read(rule, begins, text, context))
        if read:
            text = _blanked(text, read)
            found += read
    return text, found


def _starts(cue: re.Pattern, pattern: re.Pattern, text: str) -> list[int]:
    """Return where a pattern matches; tried only where its cheap cue does."""
    match = pattern.match
    return [found.start() for found in cue.finditer(text) if match(text, found.start())]


def _read(rule: Rule, begins: Iterable[int], text: str, context: str) -> Iterator[Quantity]:
    """Yield what a rule reads at the places where it may begin, without overlap."""
    match, done = rule.pattern.match, 0
    for start in begins:
        if start < done:
            continue
        found = match(text, start)
        if found:
            for item in rule.read(found, context):
                yield item
                done = found.end()


def _blanked(text: str, read: list[Quantity]) -> str:
    """Return the text with the characters of some quantities, given in order, blanked."""
    pieces, done = [], 0
    for item in read:
        pieces += [text[done : item.char_start], BLANK * (item.char_end - item.char_start)]
        done = item.char_end
    return "".join(pieces) + text[done:]
