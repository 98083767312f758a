"""Every number of a result is a link: to the printed figure, or to the computation that gave it.

Whoever writes a piece of a page says only where its numbers come from (`data-from`, one or more anchors);
this module turns the numbers inside into links, when it is known which page holds which anchor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bs4 import BeautifulSoup, NavigableString, Tag

NUMBER = re.compile(
    r"(?<![\w./#^])(?<!\w-)(?<!\d:)(?<!\^−)"  # not inside a name, an address, a date, a ratio, a power
    r"[−+±-]?\d(?:[\d,.]*\d)?(?:[eE]\d+| × 10\^−?\d+)?(?:\s?%)?"
    r"(?![\w/^]|[:-]\w|\.\d)"
)
WORD = re.compile(r"[^\W\d_]{2,}")
# Links stay links; code, headings and the names of rows and columns are no results.
APART = {"a", "code", "summary", "script", "style", "caption", "title", "text", "button", "option"}
APART |= {"h1", "h2", "h3", "h4", "h5", "h6", "dt"}
CELL_LENGTH, CELL_WORDS = 48, 3  # a cell up to this size is one link; in a longer one each number is its own


def link_numbers(soup: BeautifulSoup, homes: Mapping[str, str], values: Mapping[str, set[float]]) -> int:
    """Turn numbers below `data-from` into links; return how many there are.

    Parameters
    ----------
    soup : bs4.BeautifulSoup
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
    made = 0
    for text in list(_texts(soup)):
        anchors = _anchors(text, homes)
        if not anchors or text.find_parent("a"):  # its cell may have become a link meanwhile
            continue
        cell = text.find_parent(["td", "th"])
        if cell is not None and _is_figure(cell):
            _wrap_cell(soup, cell, _best(anchors, cell.get_text(), values))
            made += 1
        else:
            made += _wrap_words(soup, text, anchors, values)
    for tag in soup.find_all(attrs={"data-from": True}):
        del tag["data-from"]
    return made


def _is_figure(cell: Tag) -> bool:
    """Return whether a cell is hardly more than a number with its unit and interval."""
    words = cell.get_text()
    return not cell.find("a") and len(words) <= CELL_LENGTH and len(WORD.findall(words)) <= CELL_WORDS


def _texts(soup: BeautifulSoup) -> Iterator[NavigableString]:
    """Yield the texts with a number that is not yet in a link; a printed figure's own row needs none."""
    for text in soup.find_all(string=NUMBER):
        parents = list(text.parents)
        if type(text) is not NavigableString or any(_is_apart(tag) for tag in parents):
            continue
        if any(tag.name == "th" or str(tag.get("id", "")).startswith("q-") for tag in parents):
            continue
        yield text


def _is_apart(tag: Tag) -> bool:
    """Return whether a tag holds no result: code, a heading, a link, or what is marked as fixed."""
    return tag.name in APART or "fixed" in (tag.get("class") or [])


def _anchors(text: NavigableString, homes: Mapping[str, str]) -> list[str]:
    """Return the anchors of the nearest piece around a text that some page holds, its own left out."""
    own: set[str] = set()
    for tag in text.parents:
        own |= {str(tag.get("id"))}
        names = str(tag.get("data-from") or "").split()
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


def _link(soup: BeautifulSoup, name: str) -> Tag:
    return soup.new_tag("a", attrs={"class": "n", "href": f"#{name}"})


def _wrap_cell(soup: BeautifulSoup, cell: Tag, name: str) -> None:
    link = _link(soup, name)
    for child in list(cell.contents):
        link.append(child.extract())
    cell.append(link)


def _wrap_words(soup: BeautifulSoup, text: NavigableString, anchors: list[str], values: Mapping) -> int:
    """Make each number of a text a link of its own."""
    pieces, at, made = [], 0, 0
    for match in NUMBER.finditer(str(text)):
        link = _link(soup, _best(anchors, match.group(), values))
        link.string = match.group()
        pieces += [NavigableString(str(text)[at : match.start()]), link]
        at, made = match.end(), made + 1
    text.replace_with(*pieces, NavigableString(str(text)[at:]))
    return made
