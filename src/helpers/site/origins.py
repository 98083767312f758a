"""Every number of a result is a link: to the printed figure, or to the computation that gave it.

Whoever writes a piece of a page says only where its numbers come from (`data-from`, one or more anchors);
this module turns the numbers inside into links, when it is known which page holds which anchor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from helpers.site.tree import Tag

NUMBER = re.compile(
    r"(?<![\w./#^])(?<!\w-)(?<!\d:)(?<!\^−)"  # not inside a name, an address, a date, a ratio, a power
    r"[−+±-]?\d(?:[\d,.]*\d)?(?:[eE]\d+| × 10\^−?\d+)?(?:\s?%)?"
    r"(?![\w/^]|[:-]\w|\.\d)"
)
WORD = re.compile(r"[^\W\d_]{2,}")
# Links stay links; code, headings and the names of rows and columns are no results.
APART = {"a", "code", "summary", "script", "style", "caption", "title", "text", "button", "option"}
APART |= {"h1", "h2", "h3", "h4", "h5", "h6", "dt", "th"}
CELL_LENGTH, CELL_WORDS = 48, 3  # a cell up to this size is one link; in a longer one each number is its own


def link_numbers(tree: Tag, homes: Mapping[str, str], values: Mapping[str, set[float]]) -> int:
    """Turn numbers below `data-from` into links; return how many there are.

    Parameters
    ----------
    tree : helpers.site.tree.Tag
        A page's body; changed in place, its `data-from` attributes are removed.
    homes : mapping of str to str
        Anchors that some page holds.
    values : mapping of str to set of float
        The values printed at an anchor: of several anchors the one that holds the number is taken.

    Returns
    -------
    int
        Number of links made.

    """
    made = _link_inside(tree, homes, values)
    for tag in tree.walk():
        tag.attrs.pop("data-from", None)
    return made


def _link_inside(tag: Tag, homes: Mapping[str, str], values: Mapping[str, set[float]]) -> int:
    """Link the numbers inside an element, a cell that is hardly more than a number as a whole."""
    if _is_apart(tag):
        return 0
    if tag.name == "td" and _is_figure(tag) and (anchors := _first_anchors(tag, homes)):
        tag.children = [_link(tag, _best(anchors, "".join(tag.texts()), values), tag.children)]
        return 1
    made, children = 0, []
    anchors: list[str] | None = None
    for child in tag.children:
        if isinstance(child, Tag):
            made += _link_inside(child, homes, values)
        elif NUMBER.search(child):
            anchors = _anchors(tag, homes) if anchors is None else anchors
            if anchors:
                pieces = _linked_words(tag, child, anchors, values)
                made += sum(isinstance(piece, Tag) for piece in pieces)
                children += pieces
                continue
        children.append(child)
    tag.children = children
    return made


def _is_figure(cell: Tag) -> bool:
    """Return whether a cell is hardly more than a number with its unit and interval."""
    words = "".join(cell.texts())
    return len(words) <= CELL_LENGTH and len(WORD.findall(words)) <= CELL_WORDS and not cell.all("a")


def _first_anchors(tag: Tag, homes: Mapping[str, str]) -> list[str]:
    """Return the anchors of the first number inside an element that has any."""
    if _is_apart(tag):
        return []
    for child in tag.children:
        if isinstance(child, Tag):
            found = _first_anchors(child, homes)
        else:
            found = _anchors(tag, homes) if NUMBER.search(child) else []
        if found:
            return found
    return []


def _is_apart(tag: Tag) -> bool:
    """Return whether a tag holds no result: code, a heading, a link, or what is marked as fixed.

    The names of rows are none, and a printed figure's own row needs no link to itself.
    """
    return (
        tag.name in APART
        or "fixed" in tag.attrs.get("class", "").split()
        or tag.attrs.get("id", "").startswith("q-")
    )


def _anchors(place: Tag, homes: Mapping[str, str]) -> list[str]:
    """Return the anchors of the nearest piece around a text that some page holds, its own left out."""
    own: set[str] = set()
    for tag in (place, *place.parents()):
        own.add(tag.attrs.get("id", ""))
        names = tag.attrs.get("data-from", "").split()
        if known := [name for name in names if name in homes and name not in own]:
            return known
    return []


def _best(anchors: list[str], text: str, values: Mapping[str, set[float]]) -> str:
    """Return a computation's anchor where there is one first; else the figure that prints the number.

    A number that none of the figures prints leads to the first anchor that is not a figure.
    """
    figures = [name for name in anchors if name.startswith("q-")]
    if anchors[0] not in figures:
        return anchors[0]
    numbers = {_value(match.group()) for match in NUMBER.finditer(text)}
    printed = (name for name in figures if numbers & values.get(name, set()))
    return next(printed, next((name for name in anchors if name not in figures), anchors[0]))


def _value(token: str) -> float:
    plain = re.sub(r"[^\d.]", "", token.replace(",", "")).rstrip(".")
    return float(plain) if plain.count(".") < 2 else float("nan")


def _link(parent: Tag, name: str, children: list[Tag | str]) -> Tag:
    link = Tag("a", {"class": "n", "href": f"#{name}"}, parent)
    link.children = children
    for child in children:
        if isinstance(child, Tag):
            child.parent = link
    return link


def _linked_words(parent: Tag, text: str, anchors: list[str], values: Mapping) -> list[Tag | str]:
    """Return a text in pieces, each of its numbers a link of its own."""
    pieces: list[Tag | str] = []
    at = 0
    for match in NUMBER.finditer(text):
        pieces += [
            text[at : match.start()],
            _link(parent, _best(anchors, match.group(), values), [match.group()]),
        ]
        at = match.end()
    return [piece for piece in [*pieces, text[at:]] if piece]
