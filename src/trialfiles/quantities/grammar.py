"""The grammar's parts: quantities, rules, and texts that hold no quantities."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from trialfiles.quantities.context import Context
from trialfiles.quantities.numerals import LEFT, PARAGRAPH, PLAIN, SIGN, WORD
from trialfiles.quantities.terms import Terms

BLANK = "\0"

_REFERENCES = re.compile(
    r"(?:^|\f)(?:[0-9.]{1,4} )?(?:references|bibliography|literature cited|reference list|"
    r"works cited)[ :]{0,2}(?=\f|$)",
    re.IGNORECASE,
)
_AFTER_REFERENCES = re.compile(
    r"\f(?:[0-9.]{1,4} )?(?:supplementary (?:files|materials?|information)|appendix(?: [A-Z0-9])?|tables?"
    r"|figure legends|figures?|acknowledge?ments?|publisher's note|results|methods|discussion|conclusions?"
    r"|introduction|abstract|author contributions|about the authors|funding)(?=[ :]{0,2}(?:\f|$))"
    r"|\f(?:table|fig\.|figure) ?[0-9]",
    re.IGNORECASE,
)
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:https?://|www\.)[^\s\f]{1,2000}",
        r"(?<![\w.+–])[\w.+–]{1,64}@[\w–]{1,63}(?:\.[\w–]{1,63}){1,4}",
        r"(?<!\w)(?i:doi):? ?[^\s\f]{1,300}",
        r"(?<![\w.])10\.[0-9]{4,9}/[^\s\f]{1,300}",
        # Identifiers: ORCID, SPIN, ISSN, and registration numbers in groups of four digits.
        r"(?<![\w–])[0-9]{4}–[0-9]{3}[0-9Xx](?:–[0-9]{4}–[0-9]{3}[0-9X])?(?![\w–])",
        r"(?i:(?<!\w)(?:tel|phone|telephone|fax|mobile)(?:ephone)?(?: ?(?:no|number))?\b[.:]{0,2} ?)"
        r"[+0-9(][0-9 ()–]{4,24}",
        r"(?<![\w+])\+[0-9]{1,3}[ –(]{1,2}[0-9(][0-9 ()–]{5,22}[0-9]",
        # Reference marks: [1, 2], [7–11], ^1,2 after a word. A bracket after a number may
        # hold quartiles.
        r"(?<![0-9%] )(?<![0-9])\[[0-9]{1,3}(?: ?[,;–] ?[0-9]{1,3}){0,40}\]",
        r"(?<=[A-Za-z.,;)%])(?<!cm)(?<!mm)(?<!\bm)(?<!/m)\^\{?[0-9]{1,3}(?:[,–] ?[0-9]{1,3}){0,10}\}?",
        # A citation's year, volume, issue and pages.
        r"(?<![\w.])(?:19|20)[0-9]{2}(?: [A-Z][a-z]{2,8}\.?(?: [0-9]{1,2})?)? ?; ?[0-9]{1,4}[^\s\f]{0,40}",
        r"(?<![\w.])[0-9]{1,4} ?\([0-9A-Za-z. –]{1,12}\) ?: ?e?[0-9]{1,8}(?:–e?[0-9]{1,8})?",
        r"(?i:(?<!\w)(?:vol(?:ume|\.)?|issue|no\.|pp?\.|pages?|ref(?:s?\.|erences?)?|eq(?:uation|\.)|section|chapter"
        r"|version|grant|suppl(?:ement|\.)?)) [0-9]{1,6}(?:[.–][0-9]{1,6})?(?:, ?[0-9]{1,4})*(?![\w%])",
        r"(?i:(?<!\w)(?:supplementary )?(?:fig(?:ures?|s?\.|s)?|tables?|tab\.)) ?[0-9]{1,3}[A-Za-z]?"
        r"(?:(?:, and|,| and|–| to|&) ?[0-9]{1,3}[A-Za-z]?(?! ?(?:%|[a-z])))*(?!\w)",
        # Licences, ports and clock times.
        r"(?i:(?:CC BY(?:–[A-Z]{2}){0,3}|Attribution(?:–[A-Za-z]{1,20}){0,3}|v(?:ersion)?))"
        r" [0-9](?:\.[0-9]{1,2}){1,2}",
        r"(?<![\w.:])[0-9]{1,2}:[0-9]{2}(?: ?[ap]\.?m\.?)?(?![\w:])",
        r"(?i:(?<!\w)level of evidence:? )[IVX]{1,4}(?!\w)",
    )
)
# The number of a list item or of a heading, at the beginning of a line.
_NUMBERING = re.compile(
    r"(?:(?<=\f)|^) ?(?:\(?[0-9]{1,2}\)|[0-9]{1,2}(?:\.[0-9]{1,2}){0,3}\.)(?= [A-Za-z])|"
    r"(?:(?<=\f)|^) ?[0-9](?:\.[0-9]{1,2}){1,3}(?= [A-Z][a-z])"
)


def exclude(folded: str) -> str:
    """Return the folded text, equally long, with everything blanked that no quantity may be read from."""
    pieces, done = [], 0
    for start, end in _reference_lists(folded):
        pieces += [folded[done:start], BLANK * (end - start)]
        done = end
    text = "".join(pieces) + folded[done:]
    for pattern in (*_PATTERNS, _NUMBERING):
        text = pattern.sub(_blanked, text)
    return text


def _blanked(match: re.Match) -> str:
    """Return blanks in place of a match, leaving the ends of paragraphs where they are."""
    return "".join(character if character == PARAGRAPH else BLANK for character in match[0])


def _reference_lists(text: str) -> list[tuple[int, int]]:
    """Return where reference lists stand: from their heading to the next heading of the text proper."""
    spans, at = [], 0
    while begin := _REFERENCES.search(text, at):
        end = _AFTER_REFERENCES.search(text, begin.end())
        at = end.start() if end else len(text)
        spans.append((begin.end(), at))
    return spans


@dataclass(frozen=True)
class Quantity:
    """A figure as it stands in a text, with its meaning as far as the text itself gives it.

    Parameters
    ----------
    printed : str
        The characters from `char_start` to `char_end`, exactly.
    value : float or None
        The number; None where two numbers stand for one thing (a range, an interval).
    value_low, value_high : float or None
        Ends of a range or of an interval; the quartiles of a median. In a `pair` and in the sides of an
        `area`: the first and the second number as printed. In a `ratio` (12 of 16): part and whole.
    sd : float or None
        Standard deviation, in kinds `mean_sd` and `sd`.
    unit : str
        Unit in one spelling, such as `hairs/cm²`, `%`, `weeks`; the scale of a `grade`; '' if
        none stands there.
    char_start, char_end : int
        0-based offsets into the text that was searched.
    kind : str
        `mean_sd mean_se mean sd median median_iqr ci p_value range percent pair n ratio count dose
        density length area duration timepoint age grade phase coefficient statistic effect
        estimate score measure magnification`.
    relation : str
        `= < > ≤ ≥ ≈` for a p value, a threshold or an approximate figure; '' otherwise.

    """

    printed: str
    value: float | None
    value_low: float | None
    value_high: float | None
    sd: float | None
    unit: str
    char_start: int
    char_end: int
    kind: str
    relation: str = ""

    @property
    def values(self) -> tuple[float, ...]:
        """All numbers printed in it: value, low, high, SD, without those that are missing."""
        numbers = (self.value, self.value_low, self.value_high, self.sd)
        return tuple(dict.fromkeys(number for number in numbers if number is not None))


def quantity(
    kind: str,
    span: tuple[int, int],
    value: float | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    sd: float | None = None,
    unit: str = "",
    relation: str = "",
) -> Quantity:
    """Return a quantity whose printed characters are filled in later, from the text itself."""
    return Quantity("", value, low, high, sd, unit, span[0], span[1], kind, relation)


NUMBER, FIGURE = "number", "figure"
_SIGN_OR_DIGIT = re.compile(r"[0-9.·–−+]")
# A number that another number, a full stop or the end of a cell follows opens no rule.
_NUMBER = re.compile(rf"{LEFT}{SIGN}{PLAIN}(?= ?[^\s0-9.)\]])")
_WORD_CUE = re.compile(r"[OoTtFfSsEeNn](?:ne|wo|hree|our|ive|ix|even|ight|ine|en|leven|w|h|if|or|wenty)")
_WORD = re.compile(rf"(?<![\w–]){WORD}")


@dataclass(frozen=True)
class GrammarRule:
    """A pattern, what its matches mean, and where it may begin.

    In `pattern` the names of `terms` stand for units and scales. `begins` is `NUMBER` (at a number in
    digits), `FIGURE` (also at a number in words) or a cheap pattern that begins with a letter or a set of
    letters, found fast in text that has none of it. `read` gets a match and the text as it was before
    anything was read, and returns the quantities in the match, none when it is no quantity after all.
    """

    pattern: str
    read: Callable[[re.Match, Context], Iterable[Quantity]]
    begins: str = NUMBER


class Grammar:
    """Rules with the units and scales of a vocabulary put in; the first ones win."""

    def __init__(self, rules: Iterable[GrammarRule], terms: Terms):
        self.terms = terms
        self.rules = [
            (
                terms.compiled(rule.pattern).match,
                rule.read,
                rule.begins if rule.begins in (NUMBER, FIGURE) else terms.compiled(rule.begins),
            )
            for rule in rules
        ]

    def apply(self, context: Context) -> tuple[str, list[Quantity]]:
        """Return the text with everything blanked that was read, and what was read."""
        numbers = _starts(_SIGN_OR_DIGIT, _NUMBER, context.text)
        figures = sorted({*numbers, *_starts(_WORD_CUE, _WORD, context.text)})
        found: list[Quantity] = []
        text = context.text
        for match, read, begins in self.rules:
            if isinstance(begins, re.Pattern):
                starts: Iterable[int] = (cue.start() for cue in begins.finditer(text))
            else:
                starts = numbers if begins == NUMBER else figures
            items: list[Quantity] = []
            done = 0
            for start in starts:  # what one rule reads does not overlap
                if start >= done and (here := match(text, start)) and (new := list(read(here, context))):
                    items += new
                    done = here.end()
            text = _with_blanks(text, items)  # the next rules do not see it
            found += items
        return text, found


def _starts(cue: re.Pattern, pattern: re.Pattern, text: str) -> list[int]:
    """Return where a pattern matches; tried only where its cheap cue does."""
    match = pattern.match
    return [found.start() for found in cue.finditer(text) if match(text, found.start())]


def _with_blanks(text: str, read: list[Quantity]) -> str:
    """Return the text with the characters of some quantities, given in order, blanked."""
    pieces, done = [], 0
    for item in read:
        pieces += [text[done : item.char_start], BLANK * (item.char_end - item.char_start)]
        done = item.char_end
    return "".join(pieces) + text[done:]


_RELATION_WORDS = {
    "≤": "≤|<=|at most|up to|no more than|not more than|maximum of|within|less than or equal to",
    "≥": "≥|>=|at least|no less than|not less than|minimum of|greater than or equal to",
    "<": "<|less than|fewer than|lower than|below|under",
    ">": ">|more than|greater than|higher than|above|over|exceeding",
    "≈": "≈|~|approximately|about|around|roughly|nearly",
}
_RELATIONS = tuple(
    (re.compile(rf"(?:{words}) ?$", re.IGNORECASE), relation) for relation, words in _RELATION_WORDS.items()
)
_SIGNS = re.compile(r"(?:≤|≥|<=|>=|<|>|≈|~) ?$")
_TIME_LINK = re.compile(r",? ?(?:,|and|or)? ?")
_LINK = re.compile(r"(?:,? ?(?:to|and|vs\.?|versus|or|–|/|,|;|compared (?:with|to)) ?){1,2}")


def with_relation(context: Context, found: Quantity) -> Quantity:
    """Return a figure with the relation that stands before it; a sign becomes part of what is printed."""
    if found.relation or found.kind in ("p_value", "ci", "range", "mean_sd", "pair"):
        return found
    before = context.before(found.char_start, 30)
    for pattern, relation in _RELATIONS:
        # "over 12 months" tells how long, not that it was longer.
        over = relation == ">" and found.kind in ("duration", "timepoint") and before.endswith("over ")
        if pattern.search(before) and not over:
            sign = _SIGNS.search(before)
            start = found.char_start - (len(before) - sign.start()) if sign else found.char_start
            return replace(found, relation=relation, char_start=start)
    return found


def with_shared_times(context: Context, found: list[Quantity]) -> list[Quantity]:
    """Make every time of an enumeration a time point when one of them is (`1 month, 3 months after`)."""
    shared = list(found)
    forward = list(range(len(shared) - 1))
    for at in (*forward, *reversed(forward)):
        pair = shared[at], shared[at + 1]
        if {one.kind for one in pair} != {"timepoint", "duration"}:
            continue
        between = context.text[pair[0].char_end : pair[1].char_start]
        stretch = any(context.says_stretch(one.char_start) for one in pair)
        if not stretch and len(between) < 8 and _TIME_LINK.fullmatch(between):
            shared[at], shared[at + 1] = (replace(one, kind="timepoint") for one in pair)
    return shared


def with_shared_units(context: Context, found: list[Quantity]) -> list[Quantity]:
    """Give the unit of the last figure in an enumeration to those before it that have none."""
    shared = list(found)
    for at in range(len(shared) - 2, -1, -1):
        one, following = shared[at], shared[at + 1]
        between = context.text[one.char_end : following.char_start]
        if one.unit or not following.unit or one.kind != following.kind or len(between) > 24:
            continue
        bracketed = {"(" in context.text[item.char_start : item.char_end] for item in (one, following)}
        if len(bracketed) == 1 and _LINK.fullmatch(between):
            shared[at] = replace(one, unit=following.unit)
    return shared
