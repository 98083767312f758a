"""The grammar's parts: quantities, rules, their context, and texts that hold no quantities."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from trialfiles.quantities.numerals import CELL, LEFT, PARAGRAPH, PLAIN, SIGN, WORD

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

    `begins` is `NUMBER` (at a number in digits), `FIGURE` (also at a number in words) or a cheap pattern
    that begins with a letter or a set of letters, found fast in text that has none of it. `read` gets a
    match and the text as it was before anything was read, and returns the quantities in the match, none
    when it is no quantity after all.
    """

    pattern: re.Pattern
    read: Callable[[re.Match, str], Iterable[Quantity]]
    begins: str | re.Pattern = NUMBER


def apply(rules: Iterable[GrammarRule], context: str) -> tuple[str, list[Quantity]]:
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
            text = _with_blanks(text, read)
            found += read
    return text, found


def _starts(cue: re.Pattern, pattern: re.Pattern, text: str) -> list[int]:
    """Return where a pattern matches; tried only where its cheap cue does."""
    match = pattern.match
    return [found.start() for found in cue.finditer(text) if match(text, found.start())]


def _read(rule: GrammarRule, begins: Iterable[int], text: str, context: str) -> Iterator[Quantity]:
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


def _with_blanks(text: str, read: list[Quantity]) -> str:
    """Return the text with the characters of some quantities, given in order, blanked."""
    pieces, done = [], 0
    for item in read:
        pieces += [text[done : item.char_start], BLANK * (item.char_end - item.char_start)]
        done = item.char_end
    return "".join(pieces) + text[done:]


_MEAN = re.compile(r"(?<!\w)(?i:means?|averages?|averaged|averaging)\b(?! ?(?:±|\())[^0-9.;:\f\0]{0,80}$")
_MEAN_SAYS = re.compile(r"(?<!\w)(?i:mean|average)\b[^.;\f]{0,220}$")
_MEDIAN = re.compile(r"(?<!\w)(?i:median)\b[^0-9.;:\f\0]{0,60}$")
_MEDIAN_RANGE = re.compile(r"(?i:median[^.;\f0-9]{0,40}[(,\[] ?(?:min(?:imum)?–max(?:imum)?|range))")
_MEAN_SD = re.compile(
    r"(?i:(?:means?|averages?)[^.;\f0-9]{0,40}[(±,\[] ?(?:± ?)?(?:SD|s\.d\.|standard deviation))"
)
_MEAN_SE = re.compile(r"(?i:± ?(?:SEM?|s\.e\.m?\.?|standard errors?)\b|means? \((?:SEM?|standard error)\))")
_MEAN_PM_SD = re.compile(r"(?i:± ?(?:SD|s\.d\.|standard deviations?)\b|means? \((?:SD|standard deviation)\))")
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
_STRETCH = re.compile(
    r"(?<!\w)(?i:for|within|every|lasting|over|during|throughout|past|previous|last|next|first)(?: the)? ?$"
)
_LINK = re.compile(r"(?:,? ?(?:to|and|vs\.?|versus|or|–|/|,|;|compared (?:with|to)) ?){1,2}")


def _before(text: str, start: int, length: int) -> str:
    """Return the characters before a figure; what a table says of its cells is read elsewhere (`cells`)."""
    return text[max(0, start - length) : start].rpartition(CELL)[2]


def says_mean(text: str, start: int) -> bool:
    """Whether a figure is introduced as a mean: `mean ... was`, without another figure in between."""
    return _MEAN.search(_before(text, start, 100)) is not None


def says_median(text: str, start: int) -> bool:
    """Whether a figure is introduced as a median."""
    return _MEDIAN.search(_before(text, start, 80)) is not None


def says_stretch(text: str, start: int) -> bool:
    """Whether a time is introduced as a stretch: `for`, `within`, `every` ..."""
    return _STRETCH.search(text[max(0, start - 30) : start]) is not None


def says_mean_sd(text: str, start: int) -> bool:
    """Whether the sentence before a figure promises `mean (SD)`, or the text does and it is about a mean."""
    return _MEAN_SD.search(sentence_before(text, start)) is not None


def in_sentence_about_mean(text: str, start: int) -> bool:
    """Whether the word mean stands earlier in the same sentence."""
    before = _before(text, start, 240)
    return _MEAN_SAYS.search(re.sub(r"(?<=[0-9])\.(?=[0-9])", "·", before)) is not None


def in_sentence_about_median(text: str, start: int) -> bool:
    """Whether the sentence tells of medians, and neither of means nor of ranges."""
    before = re.sub(r"(?<=[0-9])\.(?=[0-9])", "·", _before(text, start, 240))
    sentence = re.split(r"[.;\f]", before)[-1].lower()
    return "median" in sentence and not re.search(r"\bmeans?\b|\branged?\b|\bci\b|confidence", sentence)


def sentence_before(text: str, start: int) -> str:
    """Return what stands in the sentence before a figure, its table cell at most."""
    # A semicolon between two numbers parts the ends of an interval, not two clauses.
    return re.split(r"\. |(?<![0-9]); |; (?![0-9])|\f", _before(text, start, 240))[-1]


def says_median_range(text: str, start: int) -> bool:
    """Whether the sentence promises `median (range)`."""
    return _MEDIAN_RANGE.search(sentence_before(text, start)) is not None


@lru_cache(maxsize=2)
def spread_convention(text: str) -> str:
    """Return what a text says its spreads are: 'sd', 'se', or '' when it says neither or both."""
    sd, se = _MEAN_PM_SD.search(text) is not None, _MEAN_SE.search(text) is not None
    return "" if sd == se else "sd" if sd else "se"


def with_relation(text: str, found: Quantity) -> Quantity:
    """Return a figure with the relation that stands before it; a sign becomes part of what is printed."""
    if found.relation or found.kind in ("p_value", "ci", "range", "mean_sd", "pair"):
        return found
    before = text[max(0, found.char_start - 30) : found.char_start]
    for pattern, relation in _RELATIONS:
        # "over 12 months" tells how long, not that it was longer.
        over = relation == ">" and found.kind in ("duration", "timepoint") and before.endswith("over ")
        if pattern.search(before) and not over:
            sign = _SIGNS.search(before)
            start = found.char_start - (len(before) - sign.start()) if sign else found.char_start
            return replace(found, relation=relation, char_start=start)
    return found


def with_shared_times(text: str, found: list[Quantity]) -> list[Quantity]:
    """Make every time of an enumeration a time point when one of them is (`1 month, 3 months after`)."""
    shared = list(found)
    forward = list(range(len(shared) - 1))
    for at in (*forward, *reversed(forward)):
        pair = shared[at], shared[at + 1]
        if {one.kind for one in pair} != {"timepoint", "duration"}:
            continue
        between = text[pair[0].char_end : pair[1].char_start]
        stretch = any(says_stretch(text, one.char_start) for one in pair)
        if not stretch and len(between) < 8 and _TIME_LINK.fullmatch(between):
            shared[at], shared[at + 1] = (replace(one, kind="timepoint") for one in pair)
    return shared


def with_shared_units(text: str, found: list[Quantity]) -> list[Quantity]:
    """Give the unit of the last figure in an enumeration to those before it that have none."""
    shared = list(found)
    for at in range(len(shared) - 2, -1, -1):
        one, following = shared[at], shared[at + 1]
        between = text[one.char_end : following.char_start]
        if one.unit or not following.unit or one.kind != following.kind or len(between) > 24:
            continue
        same_form = ("(" in text[one.char_start : one.char_end]) == (
            "(" in text[following.char_start : following.char_end]
        )
        if same_form and _LINK.fullmatch(between):
            shared[at] = replace(one, unit=following.unit)
    return shared
