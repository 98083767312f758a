"""Sections of a source text: which heading rules over which characters."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.documents.article_headings import article_headings
from helpers.documents.irct_headings import irct_headings, is_irct
from helpers.documents.jats_headings import is_jats, jats_headings
from helpers.documents.lines import Line
from helpers.documents.medpath_headings import is_medpath, medpath_headings


@dataclass(frozen=True)
class Section:
    """A section: title, line of its heading, and the characters from its heading to its end.

    The title names the enclosing part first where a heading alone would be ambiguous, as in
    `Abstract: Results` or `Secondary outcomes 2: Timepoint`.
    """

    title: str
    line: int
    char_start: int
    char_end: int


def find_sections(lines: list[Line]) -> list[Section]:
    """Return the sections of a text, in order.

    Parameters
    ----------
    lines : list of Line
        The whole text.

    Returns
    -------
    list of Section
        A section ends where the next heading begins. Captions of tables and figures are sections of
        their own that end with their paragraph; what follows belongs to the section around them.

    """
    if is_medpath(lines):
        headings = medpath_headings(lines)
    elif is_irct(lines):
        headings = irct_headings(lines)
    elif is_jats(lines):
        headings = jats_headings(lines)
    else:
        headings = article_headings(lines)
    end_of_text = lines[-1].char_end if lines else 0
    found, following = [], end_of_text
    for heading in reversed(headings):
        if heading.char_end is None:
            found.append(Section(heading.title, heading.line, heading.char_start, following))
            following = heading.char_start
        else:
            found.append(Section(heading.title, heading.line, heading.char_start, heading.char_end))
    return found[::-1]
