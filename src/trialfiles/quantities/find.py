"""The quantities printed in a text: a closed grammar, in which not found beats wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from trialfiles.quantities.cells import read_cells, with_caption_units
from trialfiles.quantities.grammar import (
    Grammar,
    exclude,
    with_relation,
    with_shared_times,
    with_shared_units,
)
from trialfiles.quantities.numerals import Folded, fold
from trialfiles.quantities.readings import Quantity
from trialfiles.quantities.terms import Context, Terms
from trialfiles.vocabulary import NO_WORDS, Vocabulary

# Read so that no other rule makes anything of their digits; they measure nothing.
LEFT_OUT = ("date", "confidence_level")


@lru_cache(maxsize=4)
def _grammar(vocabulary: Vocabulary) -> Grammar:
    """Return the rules with a vocabulary's units and scales; it takes a second, once."""
    return Grammar(Terms(vocabulary))


def find_quantities(text: str, vocabulary: Vocabulary | None = None) -> list[Quantity]:
    """Find the quantities printed in a text.

    Parameters
    ----------
    text : str
        Any text: prose, a registry page, tables with tabs or pipes between their cells, tagged text.
    vocabulary : Vocabulary, optional
        Adds the units and severity scales of a field.

    Returns
    -------
    list of Quantity
        In order of their place, without overlap; `text[q.char_start:q.char_end] == q.printed` for each.
        Calendar dates and figures in references, addresses, identifiers, numbering and citations are no
        quantities. The time taken grows in proportion to the length of the text.

    """
    folded = fold(text)
    grammar = _grammar(vocabulary or NO_WORDS)
    context = Context(exclude(folded.text, grammar.terms), grammar.terms)
    rest, found = grammar.apply(context)
    found += read_cells(rest, context)
    found = with_caption_units(sorted(found, key=lambda item: item.char_start), context)
    found = [item for item in found if item.kind not in LEFT_OUT]
    found = with_shared_times(context, with_shared_units(context, found))
    return _placed(text, folded, [with_relation(context, item) for item in found])


def _placed(text: str, folded: Folded, found: list[Quantity]) -> list[Quantity]:
    """Return the quantities with their characters and offsets in the source, overlaps dropped."""
    placed: list[Quantity] = []
    for item in sorted(found, key=lambda one: (one.char_start, -one.char_end)):
        start, end = folded.source_span(item.char_start, item.char_end)
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if start < end and (not placed or start >= placed[-1].char_end):
            placed.append(replace(item, printed=text[start:end], char_start=start, char_end=end))
    return placed
