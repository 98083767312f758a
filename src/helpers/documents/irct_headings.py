"""Headings of an IRCT trial protocol page, saved as text: parts, numbered entries, fields."""

from __future__ import annotations

from helpers.documents.lines import Heading, Line
from helpers.sources.irct_fields import ENTRY_FIELDS, FIELDS, PARTS

# A field whose name goes on is known by its first words, which are title enough.
_LONG = tuple(
    field.removesuffix("…") for fields in FIELDS.values() for field in fields if field.endswith("…")
)


def is_irct(lines: list[Line]) -> bool:
    """Whether the text is an IRCT protocol page: most of its parts stand alone on a line."""
    contents = {line.content.split("**")[0].strip() for line in lines}
    return sum(part in contents for part in PARTS) >= 6


def irct_headings(lines: list[Line]) -> list[Heading]:
    """Return the headings in order, each titled with its part, its entry number and its field.

    Bold headings may be fused on one line (`Blinding description**Placebo**`): a line counts as
    headings only when every piece of it is one, so that a bold value inside prose never does.
    """
    headings: list[Heading] = []
    part, entry, number = "", "", 0
    for line in lines:
        pieces = _pieces(line)
        if not pieces or not all(_known(words, part) for words, _ in pieces):
            continue
        # A number alone is an entry's only when entries are counted here and it is the next one.
        following = str(number + 1) if FIELDS.get(part) == ENTRY_FIELDS else ""
        if len(pieces) == 1 and pieces[0][0].isdecimal() and pieces[0][0] != following:
            continue
        for words, start in pieces:
            if words.isdecimal():
                number, entry = int(words), f" {words}"
                title = f"{part}{entry}"
            elif words in PARTS and not (words in FIELDS.get(part, ()) and part == "Protocol summary"):
                part, entry, number, title = words, "", 0, words
            else:
                title = f"{part}{entry}: {words}"
            headings.append(Heading(title, line.number, start))
    return headings


def _pieces(line: Line) -> list[tuple[str, int]]:
    """Return the parts of a line between bold marks, each with its offset; end colons are dropped."""
    pieces, at = [], line.char_start
    for piece in line.content.split("**"):
        words = piece.strip().lstrip("# ").rstrip(": ")
        words = next((short for short in _LONG if words.startswith(short)), words)
        if words:
            pieces.append((words, at + len(piece) - len(piece.lstrip())))
        at += len(piece) + 2
    return pieces


def _known(words: str, part: str) -> bool:
    """Whether the words are a part, a field of the present part, or a number of an entry in it."""
    if words in PARTS or words in FIELDS.get(part, ()):
        return True
    # "Primary outcomes**1****Description**" names its part on the same line, hence any entry field.
    return (
        words in ENTRY_FIELDS
        and part not in ("", "Protocol summary")
        or words.isdecimal()
        and words.isascii()
        and len(words) < 3
    )
