"""Lines of a text as spans of characters, and the two small records that speak of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One line: its number (from 1), its first character, the one after its last, and its content."""

    number: int
    char_start: int
    char_end: int
    content: str

    @property
    def blank(self) -> bool:
        """Whether nothing but white space stands on the line."""
        return not self.content.strip()


@dataclass(frozen=True)
class Heading:
    """A heading: its title, where it begins, and where its section ends when that is known already.

    `char_end` is None for a heading that rules until the next one; a caption of a table or a figure
    rules only its own paragraph, and knows its end.
    """

    title: str
    line: int
    char_start: int
    char_end: int | None = None


def split_lines(text: str) -> list[Line]:
    r"""Return the lines of a text, without their ends.

    Only `\n` ends a line, as in editors and `grep -n`; a `\r` before it belongs to the line end. Other
    separators that `str.splitlines` honours (form feed, U+2028) would shift every line number.
    """
    lines, start = [], 0
    for number, content in enumerate(text.split("\n"), start=1):
        bare = content.removesuffix("\r")
        lines.append(Line(number, start, start + len(bare), bare))
        start += len(content) + 1
    return lines
