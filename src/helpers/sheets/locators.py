"""Where the tokens of a sheet stand in its source text: looked up, found by themselves, written down."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from helpers.places import Document, check_locator, nearest_spellings, occurrences
from helpers.sheets.edit import set_fields
from helpers.sheets.fields import items_of, mapping_of, words_of
from trialfiles.record import Problem, Row
from trialfiles.sections import Section, find_sections, main_sections, split_lines
from trialfiles.yaml_lines import FieldPath, line_of

_FRONT = "Front matter"  # what stands before the first heading, or under none
_MOST_SHOWN = 5  # places of a token in one message


@dataclass(frozen=True)
class Token:
    """A printed token of a sheet, and what the sheet says of its place.

    `path` is that of its block, `said` that of the field that names the place.
    """

    path: FieldPath
    said: FieldPath
    name: str
    printed: str
    section: str | None
    line: int | None
    chars: tuple[int, int] | None
    figure: bool

    @property
    def written(self) -> bool:
        """Whether all is written down that can be: a line and, for a figure, its characters."""
        return self.line is not None and (self.chars is not None or not self.figure)


def tokens_of(sheet: Row) -> Iterator[Token]:
    """Yield the tokens of a sheet, as written, for which it names a place; those of wrong shape are left."""
    for path, quantity in items_of(sheet, "quantities", dict):
        if any(quantity.get(name) is not None for name in ("in", "line", "at")):
            yield from _token(path, f"quantities.{quantity.get('id')}", quantity, mapping_of(quantity, "at"))
    for path, block in words_of(sheet):
        kind, number, *_ = path
        named = sheet[str(kind)][number].get("id")
        yield from _token(path, f"{kind}.{named}", block, {})


def _token(path: FieldPath, name: str, block: Row, at: Row) -> Iterator[Token]:
    stated = {field: block.get(field) or at.get(field) for field in ("in", "section", "line", "chars")}
    section, line, chars = stated["in"] or stated["section"], stated["line"], stated["chars"]
    printed = block.get("printed") or ""
    right = isinstance(printed, str) and isinstance(section, str | None) and isinstance(line, int | None)
    span = tuple(chars) if isinstance(chars, list) and [type(one) for one in chars] == [int, int] else None
    if right and (span or chars is None) and (printed or line):
        said = (*path, "in" if "in" in block else "at")
        yield Token(path, said, name, printed, section, line, span, path[0] == "quantities")


class SourceText:
    """A document with its sections."""

    def __init__(self, document: Document):
        self.document, self.text = document, document.text

    @cached_property
    def sections(self) -> list[Section]:
        """The sections that headings and captions open, and the main ones with all that is below them."""
        lines = split_lines(self.text)
        return [*find_sections(lines), *main_sections(lines)]

    def section_at(self, offset: int) -> str:
        """Return the title of the innermost section around a place."""
        around = [one for one in self.sections if one.char_start <= offset < one.char_end]
        return min(around, key=lambda one: one.char_end - one.char_start).title if around else _FRONT

    def has(self, name: str) -> bool:
        """Whether a section of this name, or of this beginning or end, is in the text."""
        return name == _FRONT or any(_named(name, one.title) for one in self.sections)

    def within(self, offset: int, name: str) -> bool:
        """Whether a place lies in a section of this name."""
        around = [one.title for one in self.sections if one.char_start <= offset < one.char_end]
        exact = {name.casefold()} & {one.title.casefold() for one in self.sections}
        if name == _FRONT:
            return not around
        return any(title.casefold() == name.casefold() if exact else _named(name, title) for title in around)

    def found(self, token: Token, anywhere: bool = False) -> list[int]:
        """Return where a token stands, in its section and on its line where these are named."""
        offsets = list(occurrences(self.text, token.printed)) if token.printed else []
        if not anywhere and token.section:
            offsets = [at for at in offsets if self.within(at, token.section)]
        if not anywhere and token.line:
            offsets = [at for at in offsets if self.document.line_of(at) == token.line]
        if token.figure:
            return offsets
        return list({self.document.line_of(at): at for at in reversed(offsets)}.values())[::-1]

    def around(self, offset: int, length: int) -> str:
        """Return a place as messages name it: line, section and a few words."""
        start, end = max(0, offset - 30), offset + length + 20
        words = " ".join(self.text[start:end].split())
        return f"line {self.document.line_of(offset)} ({self.section_at(offset)}: '…{words}…')"


def _named(name: str, title: str) -> bool:
    """Whether a name is a title, its beginning (with ... for the rest), or its last part."""
    plain, title = name.rstrip("… ").casefold(), title.casefold()
    return title == plain or title.startswith(plain) or title.endswith(f": {plain}")


# Looking up.
def look_up(token: Token, text: SourceText) -> tuple[str, str] | None:
    """Return what is wrong with the place of a token, and the remedy; None where it stands there."""
    if token.section and not text.has(token.section) and not _printed_as_words(token.section, text.text):
        titles = list(dict.fromkeys(one.title for one in text.sections))
        near = difflib.get_close_matches(token.section, titles, n=3, cutoff=0.4) or titles[:6]
        remedy = "name another: " + ", ".join(map(repr, near)) if near else "leave it out, and name the line"
        return f"the text has no section {token.section!r}", remedy
    if token.chars:
        return _wrong_span(token, token.chars, text)
    if not token.figure and token.line is not None:
        lines = text.text.split("\n")
        if token.line <= len(lines) and token.printed in lines[token.line - 1]:
            return None
    found = text.found(token)
    if len(found) == 1:
        return None
    return _several(token, found, text) if found else _nowhere(token, text)


def _printed_as_words(section: str, text: str) -> bool:
    """Whether the parts of a section's name stand in the text, if not as a heading that is known as one."""
    words = " ".join(text.casefold().split())
    parts = re.sub(r" \d+(?=:|$)", "", section.casefold()).rstrip("… ").split(": ")
    return all(part in words for part in parts)


def _wrong_span(token: Token, chars: tuple[int, int], text: SourceText) -> tuple[str, str] | None:
    if wrong := check_locator(text.document, token.printed, token.line or 0, *chars):
        offsets = list(occurrences(text.text, token.printed))
        if not offsets:
            return wrong, _spelling(token, text)
        at = min(offsets, key=lambda offset: abs(offset - chars[0]))
        end = at + len(token.printed)
        return wrong, f"write line: {text.document.line_of(at)}, chars: [{at}, {end}]"
    section = token.section
    if section in [one.title for one in text.sections] and not text.within(chars[0], section):
        there = text.section_at(chars[0])
        return f"{token.printed!r} stands in {there!r} there, not in {section!r}", f"write section: {there}"
    return None


def _several(token: Token, found: list[int], text: SourceText) -> tuple[str, str]:
    shown = "; ".join(text.around(at, len(token.printed)) for at in found[:_MOST_SHOWN])
    more = f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
    lines = [text.document.line_of(at) for at in found]
    ways = [
        f"line: {line}"
        if lines.count(line) == 1
        else f"at: {{line: {line}, chars: [{at}, {at + len(token.printed)}]}}"
        for at, line in list(zip(found, lines, strict=True))[:_MOST_SHOWN]
    ]
    where = token.section or text.document.name
    problem = f"{token.printed!r} stands {len(found)} times in {where}: {shown}{more}"
    return problem, "say which one: " + ", or ".join(ways)


def _nowhere(token: Token, text: SourceText) -> tuple[str, str]:
    where = " on line ".join(str(part) for part in (token.section or text.document.name, token.line) if part)
    if not token.printed:
        return f"the text has no line {token.line}", "mend the line"
    problem = f"{token.printed!r} does not stand in {where}"
    elsewhere = text.found(token, anywhere=True)
    if not elsewhere:
        return problem, _spelling(token, text)
    shown = "; ".join(text.around(at, len(token.printed)) for at in elsewhere[:_MOST_SHOWN])
    return problem, f"name the line, and the section or none: it stands on {shown}"


def _spelling(token: Token, text: SourceText) -> str:
    near = nearest_spellings(text.text, token.printed)
    if not near:
        return "check the spelling, and that this is the right document"
    shown = (f'printed: "{words}" ({text.around(at, len(words))})' for words, at in near)
    return "copy it as it stands; nearest first: " + ", or ".join(shown)


def place_problems(
    path: Path, sheet: Row, lines: dict[FieldPath, int], text: SourceText
) -> Iterator[tuple[Token, Problem | None]]:
    """Yield every token of a sheet, as written, with what is wrong with its place in a text."""
    for token in tokens_of(sheet):
        wrong = look_up(token, text)
        yield token, Problem(str(path), line_of(lines, token.said), token.name, *wrong) if wrong else None


def hash_problem(path: Path, sheet: Row, lines: dict[FieldPath, int], document: Document) -> Problem | None:
    """Return what is wrong where a sheet was made from another text than the one at hand, or does not say."""
    stated, line = mapping_of(sheet, "source").get("sha256"), line_of(lines, ("source", "sha256"))
    if document.sha256 == stated:
        return None
    problem = f"the sheet does not say from which text it was made; {document.name} is at hand"
    remedy = f"write sha256: {document.sha256} if it was this one"
    if stated is not None:
        problem = f"the SHA-256 of {document.name} is {document.sha256}, the sheet was made from {stated}"
        remedy = f"put that text back; or extract anew from this one, and write sha256: {document.sha256}"
    return Problem(str(path), line, "source.sha256", problem, remedy)


# Writing.
def written_places(content: str, sheet: Row, document: Document) -> tuple[str, int]:
    """Return the text of a sheet with the places that it left open, where they are certain, and their number.

    Nothing else in it changes; a token that stands at several places, or at none, is left.
    """
    text, count = SourceText(document), 0
    for token in tokens_of(sheet):
        found = [] if token.written or look_up(token, text) else text.found(token)
        if len(found) == 1:
            content, count = _with_place(content, sheet, token, found[0], text), count + 1
    return content, count


def _with_place(content: str, sheet: Row, token: Token, offset: int, text: SourceText) -> str:
    place: Row = {"section": token.section or text.section_at(offset), "line": text.document.line_of(offset)}
    if not token.figure:
        return set_fields(content, token.path, place, ("in",))
    place["chars"] = [offset, offset + len(token.printed)]
    block: Any = sheet
    for part in token.path:
        block = block[part]
    if isinstance(block.get("at"), dict) and block["at"]:
        content = set_fields(content, (*token.path, "at"), place, ("in",))
        return set_fields(content, token.path, {}, ("in", "line"))
    return set_fields(content, token.path, {"at": place}, ("in", "line"))


def text_of(sheet: Row, documents: Path) -> tuple[Path | None, tuple[str, str] | None, bool]:
    """Return the source text of a sheet; or what is said of one that is not there, and whether it is a fault.

    A text is other people's work and need not be at hand. It is a fault when the text stands under another
    name, or when a sheet that never saw its text (no `sha256`) names none of the texts that are there.
    """
    source = mapping_of(sheet, "source")
    name, stated = source.get("document"), source.get("sha256")
    if not isinstance(name, str) or not name:
        return None, None, False
    if (documents / name).is_file():
        return documents / name, None, False
    there = [one for one in sorted(documents.glob("*")) if one.is_file() and one.suffix != ".md"]
    same = [one.name for one in there if stated == hashlib.sha256(one.read_bytes()).hexdigest()]
    problem = f"{name} is not in {documents}"
    if same:
        return None, (f"{problem}; that text is there as {same[0]}", f"write document: {same[0]}"), True
    if stated is None and there:
        names = [one.name for one in there]
        near = difflib.get_close_matches(name, names, n=1) or names[:1]
        return None, (problem, f"put the text there, or write document: {near[0]}"), True
    problem += ": its places cannot be looked up"
    return None, (problem, "put the text there to have them checked"), False
