"""JSON files of any size, one record at a time: memory holds one record and one block of text.

ijson is as fast, but its memory grows with the square of the depth (970 MB for 40 kB of brackets), it makes a
question mark of half a character, and it tells no lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, TextIO

from trialfiles.record import SourceError, refusal
from trialfiles.text import encoding_of

BLOCK = 1 << 20
LARGEST_RECORD = 1 << 25  # characters; real ones have up to a few million
_INK = re.compile(r"[^ \t\r\n]")
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def json_items(path: Path, keys: tuple[str, ...] = ("studies",)) -> Iterator[tuple[int, int, Any]]:
    """Yield the number, the line and the content of each record of a JSON file.

    It holds one record (its number is 0), a list of records, records line by line, or a page: an object in
    which one of `keys` holds the list. `SourceError`, with the line, for text that is no whole JSON.
    """
    with path.open("rb") as stream:
        encoding = encoding_of(stream.read(4))
    with path.open(encoding=encoding, newline="") as stream:
        yield from _Window(path, stream).items(keys)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _number(digits: str) -> float:
    """Return a number; 60.0 is 60 people, as some programs write it."""
    number = float(digits)
    return int(number) if abs(number) < 1e15 and number.is_integer() else number


_DECODE = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_number).raw_decode


class _Window:
    """A part of a file's text, moved forward from record to record."""

    def __init__(self, path: Path, stream: TextIO):
        self.path, self.stream = path, stream
        self.text, self.at, self.line, self.counted, self.ended = "", 0, 1, 0, False

    def items(self, keys: tuple[str, ...]) -> Iterator[tuple[int, int, Any]]:
        if self.peek() not in ("[", "{"):
            raise self.refusal("not JSON: it starts with neither { nor [")
        plain = r'"[^"\\]*"\s*:\s*(?:"[^"\\]*"|[\w.+-]+)\s*,\s*'  # a page's fields before its list
        page = re.compile(rf'\{{\s*(?:{plain})*"(?:{"|".join(keys)})"\s*:\s*\[').match(self.text, self.at)
        if self.text[self.at] == "{" and not page:
            line, content = self.line_here(), self.value()
            if self.peek() == "{" and not any(key in content for key in keys):
                yield 1, line, content
                for number in count(2):  # a record a line
                    if self.peek() != "{":
                        return self.end("")
                    yield number, self.line_here(), self.value()
            self.end("")
            listed = next((content[key] for key in keys if isinstance(content.get(key), list)), None)
            if listed is None:
                yield 0, line, content
            for number, one in enumerate(listed or [], start=1):
                yield number, line, one
            return
        self.at = page.end() if page else self.at + 1
        number = 0
        while self.peek() != "]":
            if number:
                if self.peek() != ",":
                    raise self.refusal("not JSON: , is missing")
                self.at += 1
                self.peek()
            number += 1
            yield number, self.line_here(), self.value()
        self.at += 1
        self.end('{"": 0' if page else "")

    def value(self) -> Any:
        """Return the value that starts here, and stand behind it; one that a block cuts is tried again."""
        while True:
            try:
                value, end = _DECODE(self.text, self.at)
                if end < len(self.text) or self.ended:
                    break
            except json.JSONDecodeError as error:
                if len(self.text) - self.at > LARGEST_RECORD:
                    raise self.refusal(f"one record has more than {LARGEST_RECORD:,} characters") from None
                if self.ended:
                    self.at = error.pos
                    raise self.refusal(f"not JSON: {error.msg}") from None
            except RecursionError:
                raise self.refusal("not JSON: nested too deeply") from None
            except ValueError as error:
                raise self.refusal(f"not JSON: {str(error).splitlines()[0]}") from None
            self.more()
        if self.text.find("\\u", self.at, end) >= 0 and _HALF.search(self.text, self.at, end):
            try:
                json.dumps(value, ensure_ascii=False).encode()
            except UnicodeEncodeError:  # it could not be written to any file
                raise self.refusal("half of a character (a lone surrogate)") from None
        self.at = end
        return value

    def end(self, opening: str) -> None:
        """Refuse what follows the records and is not the end of the page that they stand in."""
        while opening and not self.ended:
            self.more()
        if opening:
            self.line_here()
            self.text, self.at, self.counted = opening + self.text[self.at :], 0, 0
            self.value()
        if self.peek() == "{":
            problem = "several records one after another are no JSON"
            raise self.refusal(problem, "put [ before them, ] behind them and commas between")
        if self.peek():
            raise self.refusal("not JSON: text after its end")

    def peek(self) -> str:
        """Return the next character that is no space; empty at the file's end."""
        while True:
            found = _INK.search(self.text, self.at)
            self.at = found.start() if found else len(self.text)
            if found or self.ended:
                return found[0] if found else ""
            self.more()

    def more(self) -> None:
        """Let go of what was read and take in a block, twice as much for a record that is longer than one."""
        self.line_here()
        try:
            fresh = self.stream.read(max(BLOCK, len(self.text) - self.at))
        except UnicodeDecodeError as error:
            raise self.refusal(f"not JSON in Unicode: {error.reason}", "save it as UTF-8") from None
        self.text, self.at, self.counted, self.ended = self.text[self.at :] + fresh, 0, 0, not fresh

    def line_here(self) -> int:
        """Return the present line, counting on from where it was asked for last."""
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

    def refusal(self, problem: str, remedy: str = "download the file again") -> SourceError:
        return refusal(self.path, self.line_here(), "", problem, remedy)
