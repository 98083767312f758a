"""JSON files of any size, one record at a time: memory holds one record and one block of text.

A block is parsed with the standard library's C scanner; a record that is cut by the block's end is
tried again with more text. That is about as fast as ijson with its C backend, and it also tells what holds
the records, the line of an error, and the other fields of a page, in one pass and in every Unicode encoding.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from trialfiles.record import Problem, SourceError

BLOCK = 1 << 20
LARGEST = 1 << 25  # characters of one record; real ones have up to a few million
_SPACE = re.compile(r"[ \t\r\n]*")
_AGAIN = "download the file again"


@dataclass(frozen=True)
class JsonItem:
    """A record, the line on which it starts, and what holds it: `file`, `list`, or a page's key."""

    value: Any
    line: int
    holder: str


def json_items(path: Path, keys: tuple[str, ...] = ("studies",)) -> Iterator[JsonItem]:
    """Yield the records of a JSON file.

    Parameters
    ----------
    path : pathlib.Path
        One record, a list of records, or a page: an object in which one of `keys` holds the list. The
        page's other fields come last, as one item whose holder is `page`.
    keys : tuple of str
        Names of a page's list.

    Yields
    ------
    JsonItem
        In the file's order.

    Raises
    ------
    SourceError
        With the line, for text that is not whole JSON or not Unicode.
    """
    with path.open("rb") as stream:
        yield from _Reader(path, stream).items(keys)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


class _Reader:
    """A window on a file's text, moved forward over values."""

    def __init__(self, path: Path, stream: BinaryIO):
        self.path, self.stream = path, stream
        head = stream.read(4)
        stream.seek(0)
        wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
        self.decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8-sig")()
        self.text, self.at, self.line, self.counted, self.ended = "", 0, 1, 0, False
        self.scan = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode

    def items(self, keys: tuple[str, ...]) -> Iterator[JsonItem]:
        first = self.peek()
        if first == "[":
            yield from self.elements("list")
        elif first == "{":
            yield from self.members(keys)
        else:
            raise self.error("not JSON: it starts with neither { nor [")
        if self.peek() == "{" and first == "{":
            problem = "several records one after another are no JSON"
            raise self.error(problem, "put [ before them, ] behind them and commas between")
        if self.peek():
            raise self.error("not JSON: text after its end")

    def elements(self, holder: str) -> Iterator[JsonItem]:
        self.expect("[")
        if self.peek() == "]":
            self.expect("]")
            return
        while True:
            self.peek()
            line = self.line_here()
            yield JsonItem(self.value(), line, holder)
            if self.peek() != ",":
                break
            self.expect(",")
        self.expect("]")

    def members(self, keys: tuple[str, ...]) -> Iterator[JsonItem]:
        line, rest, listed = self.line_here(), {}, False
        self.expect("{")
        while self.peek() != "}":
            if rest or listed:
                self.expect(",")
            self.peek()
            name = self.value()
            if not isinstance(name, str):
                raise self.error("not JSON: a field's name is not in quotes")
            self.peek()
            self.expect(":")
            if self.peek() == "[" and name in keys and not listed:
                listed = True
                yield from self.elements(name)
            else:
                rest[name] = self.value()
        self.expect("}")
        yield JsonItem(rest, line, "page" if listed else "file")

    def value(self) -> Any:
        """Return the value that starts here, and stand behind it."""
        while True:
            try:
                value, end = self.scan(self.text, self.at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated string") or error.pos >= len(self.text) - 16
                if self.ended or not cut:
                    self.at = min(error.pos, len(self.text))
                    raise self.error(f"not JSON: {error.msg}") from None
            except RecursionError:
                raise self.error("not JSON: nested too deeply") from None
            except ValueError as error:
                raise self.error(f"not JSON: {str(error).splitlines()[0]}") from None
            else:
                if end < len(self.text) or self.ended:
                    self.whole(self.text[self.at : end], value)
                    self.at = end
                    return value
            if len(self.text) - self.at > LARGEST:
                raise self.error(f"one record has more than {LARGEST:,} characters")
            self.more(max(BLOCK, len(self.text) - self.at))

    def whole(self, text: str, value: Any) -> None:
        """Refuse half characters: they cannot be written to any file."""
        if "\\u" in text and re.search(r"\\u[dD][89a-fA-F]", text):
            try:
                json.dumps(value, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                raise self.error("half of a character (a lone surrogate)") from None

    def peek(self) -> str:
        """Return the next character that is no space; empty at the file's end."""
        while True:
            self.at = _SPACE.match(self.text, self.at).end()
            if self.at < len(self.text):
                return self.text[self.at]
            if self.ended:
                return ""
            self.more(BLOCK)

    def expect(self, mark: str) -> None:
        if self.peek() != mark:
            raise self.error(f"not JSON: {mark} is missing")
        self.at += 1

    def more(self, size: int) -> None:
        self.line_here()
        data = self.stream.read(size)
        self.ended = not data
        try:
            fresh = self.decoder.decode(data, self.ended)
        except UnicodeDecodeError as error:
            raise self.error(f"not JSON in Unicode: {error.reason}", "save it as UTF-8") from None
        self.text, self.at, self.counted = self.text[self.at :] + fresh, 0, 0

    def line_here(self) -> int:
        """Return the present line, counting on from where it was asked for last."""
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

    def error(self, problem: str, remedy: str = _AGAIN) -> SourceError:
        return SourceError(Problem(str(self.path), self.line_here(), "", problem, remedy))
