"""A source text: its characters, its lines, its sections, and the hash of its bytes."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from helpers.documents.errors import DocumentError
from helpers.documents.lines import Line, split_lines
from helpers.documents.sections import Section, find_sections


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
            raise DocumentError(
                self.name,
                f"offset {offset}",
                f"the text has {len(self.text)} characters",
                "give an offset from 0 to that number",
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
            raise DocumentError(
                self.name,
                f"line {line}",
                f"the text has {len(self.lines)} lines",
                "give a line number from 1 to that number",
            )
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
        raise DocumentError(
            str(path), "", "there is no such file", "put the source text there, or correct the path"
        ) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError(
            str(path), "", f"cannot be read ({reason})", "give a readable text file"
        ) from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DocumentError(
            str(path),
            f"line {line}, byte {error.start}",
            f"byte 0x{data[error.start]:02x} is not UTF-8",
            "save the file as UTF-8 text (a PDF or a word processor's file is not text)",
        ) from None
    if not text.strip("\ufeff \t\r\n"):
        raise DocumentError(str(path), "", "the file is empty", "put the source text there")
    return Document(path.name, text, hashlib.sha256(data).hexdigest())
