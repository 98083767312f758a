"""Source texts, and whether printed tokens stand in them where a sheet says."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trialfiles.record import refusal
from trialfiles.text import read_bytes


@dataclass(frozen=True)
class Document:
    """A source text, decoded as UTF-8 and otherwise untouched, so that an offset means one thing only."""

    name: str
    text: str
    sha256: str

    def line_of(self, offset: int) -> int:
        """Return the number, from 1, of the line that holds a 0-based character offset."""
        return line_at(self.text, offset)


def line_at(text: str, start: int) -> int:
    """Return the line, from 1, of a character."""
    return text.count("\n", 0, start) + 1


def read_document(path: str | Path) -> Document:
    """Read a UTF-8 text file; one that is missing, unreadable, not UTF-8 or empty is a `SourceError`."""
    path = Path(path)
    data = read_bytes(path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"byte {error.start}, 0x{data[error.start]:02x}, is not UTF-8"
        remedy = "save the file as UTF-8 text (a PDF or a word processor's file is not text)"
        raise refusal(path, line, "", problem, remedy) from None
    if not text.strip("\ufeff \t\r\n"):
        raise refusal(path, None, "", "the file is empty", "put the source text there")
    return Document(path.name, text, hashlib.sha256(data).hexdigest())


_LONGEST_SHOWN = 40  # characters of a token in a message
# A reader who types a token sees no difference between these; the text has them all.
_SPELLINGS = {
    " ": "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000\t",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d",
    "'": "\u2018\u2019", '"': "\u201c\u201d", "~": "\uff5e\u223c",
}  # fmt: skip
_ALIKE = str.maketrans({sign: plain for plain, signs in _SPELLINGS.items() for sign in signs})


def check_locator(document: Document, printed: str, line: int, char_start: int, char_end: int) -> str:
    """Say in one sentence what is wrong with a locator, or '' when it holds.

    `printed` is the token that should stand there, `line` that of its first character, from 1; offsets are
    0-based, with the end left out.
    """
    name, text, span = document.name, document.text, f"characters {char_start} to {char_end}"
    if not 0 <= char_start < char_end <= len(text):
        nearest = _advice(document, printed, char_start, line)
        return f"{name}: {span} are no span of a text of {len(text)} characters; {nearest}"
    stands, number = text[char_start:char_end], document.line_of(char_start)
    if stands != printed:
        nearest = _advice(document, printed, char_start, line)
        shown, token = _short(stands), _short(printed)
        return f"{name}, line {number}: '{shown}' stands at {span}, not '{token}'; {nearest}"
    if number != line:
        where = f"'{_short(printed)}' at {span} stands on line {number}, not on line {line}"
        return f"{name}: {where}; correct the line"
    return ""


def occurrences(text: str, printed: str) -> Iterator[int]:
    """Yield where a token stands, not inside a longer number or word; a unit may follow a digit at once."""
    before = r"(?<!\w)(?<!\d[.,])" if re.match(r"\w", printed) else ""
    after = r"(?!\d|[.,]\d)" if printed[-1:].isdigit() else r"(?!\w)" if printed[-1:].isalpha() else ""
    yield from (match.start() for match in re.finditer(f"(?={before}{re.escape(printed)}{after})", text))


def _advice(document: Document, printed: str, near: int, line: int) -> str:
    """Return where the token stands nearest, or in which other spelling, as advice."""
    text = document.text
    here = min(occurrences(text, printed), key=lambda at: abs(at - near), default=None)
    if here is not None:
        number = document.line_of(here)
        same = " (that line)" if number == line else ""
        return f"the nearest one is on line {number}{same} at characters {here} to {here + len(printed)}"
    alike = text.translate(_ALIKE).find(printed.translate(_ALIKE))
    if alike >= 0:
        return f"line {document.line_of(alike)} has it with another space, dash or quotation mark"
    return "no line holds it; check the spelling and that this is the right document"


def nearest_spellings(text: str, printed: str) -> list[tuple[str, int]]:
    """Return what stands in a text and is most like a token, each with its first place, the nearest first.

    One that differs only in its spaces, dashes or quotation marks is the nearest; else runs of about as many
    words are compared.
    """
    alike = text.translate(_ALIKE).find(printed.translate(_ALIKE))
    if alike >= 0:
        return [(text[alike : alike + len(printed)], alike)]
    words, count = list(re.finditer(r"[^\s(\[]\S*", text)), len(printed.split())
    runs: dict[str, int] = {}
    for size in (count, count - 1, count + 1):
        for first, last in zip(words, words[size - 1 :], strict=False) if size > 0 else ():
            run = text[first.start() : last.end()].rstrip(".,;:")
            if "\n" not in run:
                runs.setdefault(run, first.start())
    nearest = list[tuple[str, int]]()
    for run in difflib.get_close_matches(printed, runs, n=6):  # each place once
        if all(abs(runs[run] - at) >= len(printed) for _, at in nearest):
            nearest.append((run, runs[run]))
    return nearest[:3]


def _short(token: str) -> str:
    """Return at most 40 characters of a token, on one line."""
    flat = token.replace("\n", " ").replace("\r", " ")
    return flat if len(flat) <= _LONGEST_SHOWN else flat[: _LONGEST_SHOWN - 1] + "…"
