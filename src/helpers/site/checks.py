"""A page's body as a tree that is quick to read, change and write.

What our own code writes is well formed and is read here by one expression. Anything else, such as the HTML
of a library in a notebook's output, is put in order by BeautifulSoup first and then read the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from bs4 import BeautifulSoup

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
RAW = {"script", "style"}  # their content is no HTML
TOKEN = re.compile(
    r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9:-]*)"
    r"(?P<traits>(?:\s+[^\s\"'<>/=]+(?:=(?:\"[^\"]*\"|'[^']*'))?)*)\s*(?P<empty>/?)>|<!--.*?-->|<![^<>]*>",
    re.S,
)
TRAIT = re.compile(r"\s+([^\s\"'<>/=]+)(?:=(?:\"([^\"]*)\"|'([^']*)'))?")
HEADING = re.compile("h[1-6]")


class Tag:
    """An element: its name, its attributes in order, and what it holds: elements and texts."""

    __slots__ = ("attrs", "children", "name", "parent")

    def __init__(self, name: str, attrs: dict[str, str] | None = None, parent: Tag | None = None) -> None:
        self.name, self.attrs, self.parent = name, attrs or {}, parent
        self.children: list[Tag | str] = []

    def walk(self) -> Iterator[Tag]:
        """Yield every element inside, in document order."""
        waiting = self.children[::-1]
        while waiting:
            if isinstance(child := waiting.pop(), Tag):
                yield child
                waiting += child.children[::-1]

    def all(self, *names: str) -> list[Tag]:
        """Return the elements inside that have one of these names."""
        return [tag for tag in self.walk() if tag.name in names]

    def parents(self) -> Iterator[Tag]:
        """Yield the elements around this one, the nearest first."""
        tag = self.parent
        while tag is not None:
            yield tag
            tag = tag.parent

    @property
    def classes(self) -> list[str]:
        """The names in its class attribute."""
        return self.attrs.get("class", "").split()

    def texts(self) -> Iterator[str]:
        """Yield every text inside, in order; what is in a style sheet or script is none."""
        waiting = [] if self.name in RAW else self.children[::-1]
        while waiting:
            child = waiting.pop()
            if not isinstance(child, Tag):
                yield child
            elif child.name not in RAW:
                waiting += child.children[::-1]

    def words(self) -> str:
        """Return the text inside with single blanks between its pieces."""
        return " ".join(text for piece in self.texts() if (text := piece.strip()))

    def wrap(self, around: Tag) -> None:
        """Put an element around this one."""
        siblings = self.parent.children
        siblings[siblings.index(self)] = around
        around.parent, self.parent = self.parent, around
        around.children.append(self)

    def unwrap(self) -> None:
        """Leave what this element holds in its place."""
        siblings = self.parent.children
        place = siblings.index(self)
        for child in self.children:
            if isinstance(child, Tag):
                child.parent = self.parent
        siblings[place : place + 1] = self.children

    def plain(self) -> list[Any]:
        """Return the element as name, attributes and what it holds, in plain lists: as JSON can keep it."""
        inner = [child.plain() if isinstance(child, Tag) else child for child in self.children]
        return [self.name, self.attrs, inner]

    def html(self) -> str:
        """Return the element as HTML; the nameless root gives what it holds."""
        inner = "".join(
            child.html() if isinstance(child, Tag) else child if self.name in RAW else _escaped(child)
            for child in self.children
        )
        if not self.name:
            return inner
        traits = "".join(f" {key}={_quoted(value)}" for key, value in self.attrs.items())
        return (
            f"<{self.name}{traits}/>" if self.name in VOID else f"<{self.name}{traits}>{inner}</{self.name}>"
        )


def from_plain(kept: list[Any], parent: Tag | None = None) -> Tag:
    """Return the element that `Tag.plain` gave."""
    name, attrs, inner = kept
    tag = Tag(name, attrs, parent)
    tag.children = [child if isinstance(child, str) else from_plain(child, tag) for child in inner]
    return tag


class SiteError(ValueError):
    """A page that may not be published; the message names the page or cell, the fault and the remedy."""


def parse(html: str, place: str = "page") -> Tag:
    """Return HTML as a tree under a nameless root; what is not well formed is put in order first.

    Raises
    ------
    SiteError
        When it cannot be put in order: nothing is published that was not read.

    """
    tree = _read(html) or _read(BeautifulSoup(html, "html.parser").decode(formatter="html5"))
    if tree is None:
        raise SiteError(f"{place}: HTML with broken tags; mend the output or the text that it comes from")
    return tree


def _read(html: str) -> Tag | None:
    """Return well-formed HTML as a tree; nothing when a tag is left open, or is none."""
    root = here = Tag("")
    at = 0
    for token in TOKEN.finditer(html):
        if token.start() < at:
            continue  # inside a style sheet
        if token.start() > at and not _add_text(here, html[at : token.start()]):
            return None
        at, name = token.end(), (token["name"] or "").lower()
        if token["end"]:
            if name != here.name:
                return None
            here = here.parent
        elif name:
            tag = Tag(name, _attributes(traits) if (traits := token["traits"]) else None, here)
            here.children.append(tag)
            if name in RAW:
                end = html.find(f"</{name}>", at)
                if end < 0:
                    return None
                tag.children += [html[at:end]] if end > at else []
                at = end + len(name) + 3
            elif name not in VOID and not token["empty"]:
                here = tag
    return root if here is root and _add_text(root, html[at:]) else None


def _add_text(tag: Tag, text: str) -> bool:
    """Add a text to an element; return whether it is one."""
    if text:
        tag.children.append(unescape(text) if "&" in text else text)
    return "<" not in text


def _attributes(text: str) -> dict[str, str]:
    found = {}
    for name, double, single in TRAIT.findall(text):
        value = double or single
        found[name.lower()] = unescape(value) if "&" in value else value
    return found


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(value: str) -> str:
    value = _escaped(value)
    if '"' not in value:
        return f'"{value}"'
    return '"{}"'.format(value.replace('"', "&quot;")) if "'" in value else f"'{value}'"
