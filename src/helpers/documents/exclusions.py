"""What looks like a quantity and is none: references, addresses, identifiers, numbering."""

from __future__ import annotations

import re

from helpers.documents.folding import PARAGRAPH

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
