"""Source texts and the places of printed tokens in them: found once, checked ever after."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from trialfiles.sections import Line, Section, find_sections, split_lines


class DocumentError(ValueError):
    """A document that cannot be read, or a token that does not stand where it was said to stand.

    Parameters
    ----------
    file : str
        Name or path of the document.
    place : str
        Where in it, such as `line 12`; empty when the whole file is meant.
    problem : str
        What is wrong, in plain words.
    remedy : str
        What to do about it.
    """

    def __init__(self, file: str, place: str, problem: str, remedy: str) -> None:
        self.file, self.place, self.problem, self.remedy = str(file), place, problem, remedy
        where = f"{file}, {place}" if place else str(file)
        super().__init__(f"{where}: {problem}; {remedy}")

    def __reduce__(self) -> tuple:
        # An error raised in a worker process is pickled on its way home.
        return (type(self), (self.file, self.place, self.problem, self.remedy))


@dataclass(frozen=True)
class Document:
    """A source text, immutable.

    Parameters
    ----------
    name : str
        File name.
    text : str
        The bytes decoded as UTF-8 and otherwise untouched, so that an offset means one thing only.
    sha256 : str
        Hex digest of the bytes.
    """

    name: str
    text: str
    sha256: str

    @cached_property
    def lines(self) -> list[Line]:
        """All lines, the first one numbered 1."""
        return split_lines(self.text)

    @cached_property
    def sections(self) -> list[Section]:
        """All sections in order of their headings; a caption's section lies inside another one."""
        return find_sections(self.lines)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [line.char_start for line in self.lines]

    @cached_property
    def _section_starts(self) -> list[int]:
        return [section.char_start for section in self.sections]

    def line_of(self, offset: int) -> int:
        """Return the number of the line that holds a 0-based character offset.

        Raises
        ------
        DocumentError
            When the offset lies outside the text.
        """
        if not 0 <= offset <= len(self.text):
            problem = f"the text has {len(self.text)} characters"
            raise DocumentError(
                self.name, f"offset {offset}", problem, "give an offset from 0 to that number"
            )
        return bisect_right(self._line_starts, offset)

    def line_span(self, line: int) -> tuple[int, int]:
        """Return the offsets of a line's first character and of the place after its last one.

        Raises
        ------
        DocumentError
            When there is no such line.
        """
        if not 1 <= line <= len(self.lines):
            problem, remedy = (
                f"the text has {len(self.lines)} lines",
                "give a line number from 1 to that number",
            )
            raise DocumentError(self.name, f"line {line}", problem, remedy)
        return self.lines[line - 1].char_start, self.lines[line - 1].char_end

    def section_of(self, offset: int) -> str:
        """Return the title of the innermost section that holds an offset; '' before the first heading."""
        at = bisect_right(self._section_starts, offset) - 1
        while at >= 0 and self.sections[at].char_end <= offset and offset < len(self.text):
            at -= 1
        return self.sections[at].title if at >= 0 else ""


def read_document(path: str | Path) -> Document:
    """Read a source text.

    Parameters
    ----------
    path : str or Path
        A UTF-8 text file.

    Returns
    -------
    Document

    Raises
    ------
    DocumentError
        When the file is missing, unreadable, not UTF-8 or empty.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        remedy = "put the source text there, or correct the path"
        raise DocumentError(str(path), "", "there is no such file", remedy) from None
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})"
        raise DocumentError(str(path), "", problem, "give a readable text file") from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        place = f"line {line}, byte {error.start}"
        problem = f"byte 0x{data[error.start]:02x} is not UTF-8"
        remedy = "save the file as UTF-8 text (a PDF or a word processor's file is not text)"
        raise DocumentError(str(path), place, problem, remedy) from None
    if not text.strip("\ufeff \t\r\n"):
        raise DocumentError(str(path), "", "the file is empty", "put the source text there")
    return Document(path.name, text, hashlib.sha256(data).hexdigest())


_LONGEST_SHOWN = 40  # characters of a token in a message
# A reader who types a token sees no difference between these; the text has them all.
_SPELLINGS = {
    " ": "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000\t",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d",
    "'": "\u2018\u2019", '"': "\u201c\u201d", "~": "\uff5e\u223c",
}  # fmt: skip
_ALIKE = str.maketrans({sign: plain for plain, signs in _SPELLINGS.items() for sign in signs})


@dataclass(frozen=True)
class Locator:
    """A place in a document: section title, line from 1, and 0-based character offsets."""

    section: str
    line: int
    char_start: int
    char_end: int


def locate(document: Document, printed: str, line: int | None = None, occurrence: int = 1) -> Locator:
    """Find a token exactly as it is printed.

    Parameters
    ----------
    document : Document
        Where to look.
    printed : str
        The token. One that begins or ends with a digit is not found inside a longer number: `3`
        does not stand in `32` or `0.3`.
    line : int, optional
        Look in this line only.
    occurrence : int
        Which one to take, counted from 1 in the line or in the whole text.

    Returns
    -------
    Locator

    Raises
    ------
    DocumentError
        When it is not there; the message names the nearest line that holds it, or a spelling of it.
    """
    place = f"line {line}" if line is not None else ""
    if not printed or occurrence < 1:
        problem = "the token is empty" if not printed else f"there is no occurrence number {occurrence}"
        raise DocumentError(document.name, place, problem, "give a token, and count occurrences from 1")
    start, end = document.line_span(line) if line is not None else (0, len(document.text))
    found = 0
    for at in _occurrences(document.text, printed, start, end):
        found += 1
        if found == occurrence:
            number = document.line_of(at)
            return Locator(document.section_of(at), number, at, at + len(printed))
    problem = f"'{_short(printed)}' is not printed there"
    if found:
        problem = f"'{_short(printed)}' is printed there {found} time(s), not {occurrence}"
    raise DocumentError(document.name, place, problem, _advice(document, printed, start, line))


def check_locator(document: Document, printed: str, line: int, char_start: int, char_end: int) -> str:
    """Say in one sentence what is wrong with a locator, or '' when it holds.

    Parameters
    ----------
    document : Document
        The document that the locator points into.
    printed : str
        The token that should stand there.
    line : int
        Line of the token's first character, from 1.
    char_start, char_end : int
        0-based offsets of its first character and of the place after its last one.
    """
    size = len(document.text)
    nearest = _advice(document, printed, max(0, min(char_start, size)), line)
    if not 0 <= char_start < char_end <= size:
        return (
            f"{document.name}: characters {char_start} to {char_end} are no span of a text "
            f"of {size} characters; {nearest}"
        )
    stands = document.text[char_start:char_end]
    number = document.line_of(char_start)
    if stands != printed:
        return (
            f"{document.name}, line {number}: '{_short(stands)}' stands at characters {char_start} to "
            f"{char_end}, not '{_short(printed)}'; {nearest}"
        )
    if number != line:
        return (
            f"{document.name}: '{_short(printed)}' at characters {char_start} to {char_end} stands on "
            f"line {number}, not on line {line}; correct the line"
        )
    return ""


def _occurrences(text: str, printed: str, start: int, end: int) -> Iterator[int]:
    """Yield where a token stands whole between two offsets, in order."""
    at = text.find(printed, start, end)
    while at >= 0:
        if not _cuts_number(text, at, at + len(printed)):
            yield at
        at = text.find(printed, at + 1, end)


def _cuts_number(text: str, start: int, end: int) -> bool:
    """Whether a span begins or ends inside a number."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if text[start].isdigit() and before and (before[-1].isdigit() or _joins(before)):
        return True
    return text[end - 1].isdigit() and bool(after) and (after[0].isdigit() or _joins(after[::-1]))


def _joins(pair: str) -> bool:
    """Whether two characters are a digit and a decimal or thousands mark, the mark nearer the token."""
    return len(pair) == 2 and pair[0].isdigit() and pair[1] in ".,"


def _advice(document: Document, printed: str, near: int, line: int | None) -> str:
    """Return where the token stands nearest, or in which other spelling, as advice."""
    text = document.text
    if printed:
        here = min(_occurrences(text, printed, 0, len(text)), key=lambda at: abs(at - near), default=None)
        if here is not None:
            number = document.line_of(here)
            same = " (that line)" if number == line else ""
            return f"the nearest one is on line {number}{same} at characters {here} to {here + len(printed)}"
        alike = text.translate(_ALIKE).find(printed.translate(_ALIKE))
        if alike >= 0:
            return f"line {document.line_of(alike)} has it with another space, dash or quotation mark"
    return "no line holds it; check the spelling and that this is the right document"


def _short(token: str) -> str:
    """Return at most 40 characters of a token, on one line."""
    flat = token.replace("\n", " ").replace("\r", " ")
    return flat if len(flat) <= _LONGEST_SHOWN else flat[: _LONGEST_SHOWN - 1] + "…"
