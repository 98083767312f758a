"""Headings of a JATS article (XML as journals deposit it): titles of sections, labels of tables and figures.

The tags are read as they stand, not parsed into a tree: offsets must point into the file itself.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.documents.lines import Heading, Line

_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>abstract|sec|ack|ref-list|title|table-wrap|fig|label)\b(?P<rest>[^<>]{0,300})>"
)
_ANY_TAG = re.compile(r"<[^<>]{0,300}>")
_NUMBERING = re.compile(r"^(?:[0-9]{1,2}(?:\.[0-9]{1,2}){0,3}\.?|[IVX]{1,4}\.)\s+")
_NAMED = {"abstract": "Abstract", "ref-list": "References", "ack": "Acknowledgements"}
_FLOATS = ("table-wrap", "fig")
_PARTS = (*_NAMED, "sec", *_FLOATS)


@dataclass
class _Part:
    """An open part: its tag, its place, and its title once that is known."""

    name: str
    line: int
    start: int
    title: str = ""


def is_jats(lines: list[Line]) -> bool:
    """Whether the text is XML with sections: an opening tag of one stands in its first thousand lines."""
    return any("<sec" in line.content or "<abstract" in line.content for line in lines[:1000])


def jats_headings(lines: list[Line]) -> list[Heading]:
    """Return the headings in order; the part of an abstract is titled `Abstract: Results`."""
    headings: list[Heading] = []
    parts: list[_Part] = []
    open_title = ""
    for line, tag, before in _tags(lines):
        name, at = tag["name"], line.char_start + tag.start()
        if name in ("title", "label"):
            if tag["end"] and open_title == name and parts:
                _entitle(parts, name, _plain(before), headings)
            open_title = "" if tag["end"] else name
        elif name in _PARTS and not tag["end"] and not tag["rest"].endswith("/"):
            parts.append(_Part(name, line.number, at, _NAMED.get(name, "")))
            if name in _NAMED:
                headings.append(Heading(_NAMED[name], line.number, at))
        elif tag["end"] and parts and parts[-1].name == name:
            part = parts.pop()
            if name in _FLOATS and part.title:
                headings.append(Heading(part.title, part.line, part.start, line.char_start + tag.end()))
    return sorted(headings, key=lambda heading: (heading.char_start, heading.char_end is not None))


def _tags(lines: list[Line]) -> Iterator[tuple[Line, re.Match, str]]:
    """Yield each tag that matters with its line and the text since the one before it."""
    for line in lines:
        done = 0
        for tag in _TAG.finditer(line.content):
            yield line, tag, line.content[done : tag.start()]
            done = tag.end()


def _entitle(parts: list[_Part], tag: str, words: str, headings: list[Heading]) -> None:
    """Give the innermost part its title: sections from `title`, tables and figures from `label`."""
    part = parts[-1]
    floats = part.name in _FLOATS
    if part.title or not words or floats != (tag == "label"):
        return
    part.title = words
    if not floats:
        in_abstract = any(outer.name == "abstract" for outer in parts[:-1])
        headings.append(Heading(f"Abstract: {words}" if in_abstract else words, part.line, part.start))


def _plain(words: str) -> str:
    """Return a title without tags, entities, numbering and the colon after it."""
    plain = " ".join(html.unescape(_ANY_TAG.sub("", words)).split())
    return _NUMBERING.sub("", plain).rstrip(": ")[:120]
