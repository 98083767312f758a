"""Texts of source files: decoded or refused, made inert, without contact details."""

from __future__ import annotations

import codecs
import html
import re
from pathlib import Path
from typing import Any

from helpers.sources.contacts import contact_details
from helpers.sources.record import Problem, SourceError

LARGEST_TEXT = 50_000_000  # bytes of a file that is read in one piece
_BREAK = re.compile(r"<\s*(?:br|p|/p|li|/li)\s*/?\s*>", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the start of one


def encoding_of(head: bytes) -> str:
    """Return the encoding that a byte order mark tells of; UTF-8 without one."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")


def read_text(path: Path) -> str:
    """Return a file's text, line ends as line feeds.

    Raises
    ------
    SourceError
        For text that is not Unicode (the line is named), holds NUL, or is too long to be read at once.
    """
    data = read_bytes(path)
    try:
        text = data.decode(encoding_of(data[:4]))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"not {error.encoding} text: byte 0x{data[error.start]:02x} at {error.start}"
        raise SourceError(Problem(str(path), line, "", problem, "save the file as UTF-8")) from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise SourceError(Problem(str(path), line, "", "a NUL character: no text", "save the file as UTF-8"))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: Path, largest: int = LARGEST_TEXT) -> bytes:
    """Return a file's bytes; refuse one that cannot be opened or is too long to be read at once."""
    try:
        size = path.stat().st_size
        if size > largest:
            problem, remedy = (
                f"the file has {size:,} bytes, more than {largest:,}",
                "split it, or export less",
            )
            raise SourceError(Problem(str(path), None, "", problem, remedy))
        return path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {error.strerror or type(error).__name__}"
        raise SourceError(Problem(str(path), None, "", problem, "check its permissions")) from None


def inert(text: str | None) -> str | None:
    """Return a text on one line: breaks as spaces, control characters and contact details left out.

    Markup is kept as letters: what is shown escapes it. Empty text is missing.
    """
    if not text:
        return None
    text = _CONTROL.sub("", _BREAK.sub(" ", text))
    return without_contacts(re.sub(r"\s+", " ", text).strip()) or None


def lines_of(text: str | None) -> list[str]:
    """Return the lines of a text in which `<br>` breaks lines, each inert, none empty."""
    parts = _BREAK.split(html.unescape(text or "").replace("\r", "\n").replace("\n", "<br>"))
    return [line for part in parts if (line := inert(part))]


def without_contacts(text: str) -> str:
    """Return a text whose e-mail addresses and telephone numbers are left out, and seen to be."""
    for found in contact_details(text):
        text = text.replace(found, "[contact left out]")
    return text


def inert_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe before `=`, `+`, `-` or `@`."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
