"""The readers of `trialfiles` with the words of this review, as its rooms call them."""

from functools import partial

import trialfiles
from helpers.tables.vocabulary import reading_words
from trialfiles.sections import find_sections, split_lines

WORDS = reading_words()
read_source = partial(trialfiles.read_source, vocabulary=WORDS)
read_sources = partial(trialfiles.read_sources, vocabulary=WORDS)
read_extraction = partial(trialfiles.read_extraction, vocabulary=WORDS)
find_quantities = partial(trialfiles.find_quantities, vocabulary=WORDS)


def section_of(text: str, offset: int) -> str:
    """Return the title of the innermost section that holds an offset; '' before the first heading."""
    inside = [one for one in find_sections(split_lines(text)) if one.char_start <= offset < one.char_end]
    return inside[-1].title if inside else ""
