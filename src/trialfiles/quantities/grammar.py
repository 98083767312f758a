"""The quantities printed in a text: a closed grammar, in which not found beats wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, lru_cache, partial
from itertools import islice

from trialfiles.quantities.cells import read_cells, with_caption_units
from trialfiles.quantities.numerals import PARAGRAPH, Folded, fold
from trialfiles.quantities.readings import READINGS, Quantity
from trialfiles.quantities.terms import Context, Terms, grammar_file, terms_of
from trialfiles.vocabulary import NO_WORDS, Vocabulary

BLANK = "\0"
MOST_NUMBERS = 20_000  # that are searched in one text; no article whose figures a person reads has as many


def exclude(folded: str, terms: Terms) -> str:
    """Return the folded text, equally long, with everything blanked that no quantity may be read from."""
    pieces, done = [], 0
    while begin := terms.pattern("REFERENCES").search(folded, done):
        # a reference list ends with the next heading of the text proper
        end = terms.pattern("AFTER_REFERENCES").search(folded, begin.end())
        last = end.start() if end else len(folded)
        pieces += [folded[done : begin.end()], BLANK * (last - begin.end())]
        done = last
    text = "".join(pieces) + folded[done:]
    for pattern in grammar_file()["no_quantities"]:  # the ends of paragraphs stay where they are
        text = re.sub(pattern, lambda found: re.sub(f"[^{PARAGRAPH}]", BLANK, found[0]), text)
    return text


class Grammar:
    """The rules of `grammar.yaml` with the units and scales of a vocabulary put in; the first ones win."""

    def __init__(self, terms: Terms):
        self.terms = terms
        self.rules = []
        for rule in grammar_file()["rules"]:
            given = {name: value for name, value in rule.items() if name not in ("pattern", "begins", "read")}
            begins = rule.get("begins", "number")
            begins = begins if begins in ("number", "figure") else terms.compiled(begins)
            read = partial(READINGS[rule.get("read", "figure")], **given)
            self.rules.append((self._match(rule["pattern"]), read, begins))

    def _match(self, pattern: str) -> Callable[[str, int], re.Match[str] | None]:
        """Return a rule's match at a place; its long pattern is compiled when a text comes that needs it."""
        compiled = cache(partial(self.terms.compiled, pattern))
        return lambda text, start: compiled().match(text, start)

    def apply(self, context: Context) -> tuple[str, list[Quantity]]:
        """Return the text with everything blanked that was read, and what was read."""
        pattern = self.terms.pattern
        numbers = _starts(pattern("SIGN_OR_DIGIT"), pattern("NUMBER_START"), context.text)
        figures = sorted({*numbers, *_starts(pattern("WORD_CUE"), pattern("NUMBER_WORD"), context.text)})
        found: list[Quantity] = []
        text = context.text
        for match, read, begins in self.rules:
            if isinstance(begins, re.Pattern):
                starts: Iterable[int] = (cue.start() for cue in begins.finditer(text))
            else:
                starts = numbers if begins == "number" else figures
            items: list[Quantity] = []
            done = 0
            for start in starts:  # what one rule reads does not overlap
                if start >= done and (here := match(text, start)) and (new := list(read(here, context))):
                    items += new
                    done = here.end()
            pieces, done = list[str](), 0
            for item in items:  # the next rules do not see it
                pieces += [text[done : item.char_start], BLANK * (item.char_end - item.char_start)]
                done = item.char_end
            text = "".join(pieces) + text[done:]
            found += items
        return text, found


def _starts(cue: re.Pattern, pattern: re.Pattern, text: str) -> list[int]:
    """Return where a pattern matches; tried only where its cheap cue does."""
    match = pattern.match
    return [found.start() for found in cue.finditer(text) if match(text, found.start())]


def with_relation(context: Context, found: Quantity) -> Quantity:
    """Return a figure with the relation that stands before it; a sign becomes part of what is printed."""
    if found.relation or found.kind in ("p_value", "ci", "range", "mean_sd", "pair"):
        return found
    before = context.before(found.char_start, 30)
    for relation, words in grammar_file()["relations"].items():
        # "over 12 months" tells how long, not that it was longer.
        over = relation == ">" and found.kind in ("duration", "timepoint") and before.endswith("over ")
        if re.search(rf"(?:{words}) ?$", before, re.IGNORECASE) and not over:
            sign = context.terms.pattern("SIGNS").search(before)
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
        stretch = any(context.follows("STRETCH_BEFORE", one.char_start, 30) for one in pair)
        if not stretch and len(between) < 8 and context.terms.pattern("TIME_LINK").fullmatch(between):
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
        if len(bracketed) == 1 and context.terms.pattern("LINK").fullmatch(between):
            shared[at] = replace(one, unit=following.unit)
    return shared


# Read so that no other rule makes anything of their digits; they measure nothing.
LEFT_OUT = ("date", "confidence_level")


@lru_cache(maxsize=4)
def _grammar(vocabulary: Vocabulary) -> Grammar:
    """Return the rules with a vocabulary's units and scales."""
    return Grammar(terms_of(vocabulary))


def searched(text: str) -> int:
    """Return how many characters of a text are searched for quantities: all, but for one full of numbers."""
    beyond = next(islice(re.finditer("[0-9]+", text), MOST_NUMBERS, None), None)
    return beyond.start() if beyond else len(text)


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
        Of a text with more than 20,000 numbers only what stands before the next one is searched.
    """
    folded = fold(text[: searched(text)])
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
        start, end = folded.starts[item.char_start], folded.ends[item.char_end - 1]
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if start < end and (not placed or start >= placed[-1].char_end):
            placed.append(replace(item, printed=text[start:end], char_start=start, char_end=end))
    return placed
