"""Checks of pages before they are published: tags, links, origins of numbers, inert SVG."""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from itertools import chain, groupby, pairwise
from xml.sax.saxutils import escape, quoteattr

from bs4 import BeautifulSoup

from trialfiles.text import contact_details

STYLE, SCRIPT, CARDS, SEARCH = "style.css", "script.js", "cards.js", "search.js"  # beside the pages
WHAT_IF = "what-if-data"  # anchor of the data that whatif.js works from
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
RAW_TEXT = {"script", "style"}  # their content is no HTML
TOKEN = re.compile(
    r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9:-]*)"
    r"(?P<traits>(?:\s+[^\s\"'<>/=]+(?:=(?:\"[^\"]*\"|'[^']*'))?)*)\s*(?P<empty>/?)>|<!--.*?(?:-->|(?P<open>\Z))"
    r"|<![^<>]*>",
    re.S,
)
TRAIT = re.compile(r"(?<!\s)\s+([^\s\"'<>/=]+)(?:=(?:\"([^\"]*)\"|'([^']*)'))?")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


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
        waiting = [] if self.name in RAW_TEXT else self.children[::-1]
        while waiting:
            child = waiting.pop()
            if not isinstance(child, Tag):
                yield child
            elif child.name not in RAW_TEXT:
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

    def html(self) -> str:
        """Return the element as HTML; the nameless root gives what it holds."""
        inner = "".join(
            child.html() if isinstance(child, Tag) else child if self.name in RAW_TEXT else escape(child)
            for child in self.children
        )
        if not self.name:
            return inner
        traits = "".join(f" {key}={quoteattr(value)}" for key, value in self.attrs.items())
        return f"<{self.name}{traits}" + ("/>" if self.name in VOID else f">{inner}</{self.name}>")


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
        if token["open"] is not None:
            return None
        at, name = token.end(), (token["name"] or "").lower()
        if token["end"]:
            if name != here.name:
                return None
            here = here.parent
        elif name:
            traits = TRAIT.findall(token["traits"] or "")
            tag = Tag(name, {key.lower(): unescape(two or one) for key, two, one in traits}, here)
            here.children.append(tag)
            if name in RAW_TEXT:
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
        tag.children.append(unescape(text))
    return "<" not in text


PAGE_NUMBER = re.compile(
    r"(?<![\w./#^])(?<!\w-)(?<!\d:)(?<!\^−)"  # not inside a name, an address, a date, a ratio, a power
    rf"(?!\d{{1,2}} (?:{'|'.join(calendar.month_name[1:])}) \d{{4}}\b)"  # no day of a month
    r"[−+±-]?\d(?:[\d,.]*\d)?(?:[eE]\d+| × 10\^−?\d+)?(?:\s?%)?"
    r"(?![\w/^]|[:-]\w|\.\d)"
)
PAGE_WORD = re.compile(r"[^\W\d_]{2,}")
# Links stay links; code, headings and the names of rows and columns are no results.
APART = {*HEADINGS, "a", "code", "summary", "script", "style", "caption", "title", "text", "button", "option"}
APART |= {"dt", "th"}
CELL_LENGTH, CELL_WORDS = 48, 3  # a cell up to this size is one link; in a longer one each number is its own
YEAR = re.compile(r"(?:19|20)\d\d")
NAME = re.compile(r"(?:(?<![\w'’-])[A-Z][\w'’-]{1,60},?|[a-z] of) $")
STUDY = re.compile(r"[A-Z][\w'’ -]{1,40},? (?:19|20)\d\d\b")  # by author and year


TIME = re.compile(r"\b(?:week|month|day) \d|\d[ -](?:week|month|day)", re.I)
ASSUMED = {  # the words before an assumed number, and the parameter that it is
    "pre-post correlation ": "parameter-pre_post_correlation",
    "correlation ": "parameter-site_correlation",
}


@dataclass(frozen=True)
class ShownNumbers:
    """What stands at anchors: the values, the printed times, and the figure of each study's people."""

    values: Mapping[str, set[float]]
    times: Mapping[str, set[float]] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)


def link_numbers(tree: Tag, homes: Mapping[str, str], figures: ShownNumbers) -> None:
    """Turn numbers into links: to their origin, or to what is said below `data-from` to compute them.

    Parameters
    ----------
    tree : helpers.site.checks.Tag
        A page's body; changed in place, what marks origins is removed.
    homes : mapping of str to str
        Anchors that some page holds.
    figures : ShownNumbers
        What is shown at an anchor: a computation that does not show the number is passed over. Of the figures
        that a row is made from, the one that is printed as the number comes before the code.
    """
    for tag in list(tree.walk()):
        if origin := tag.attrs.pop("data-origin", ""):
            apart = any(one.name in APART or "fixed" in one.classes for one in tag.parents())
            own = any(one.attrs.get("id") == origin for one in tag.parents())
            if origin in homes and not apart and not own:
                tag.name, tag.attrs = "a", {"class": "n", "href": f"#{origin}"}
            else:
                tag.unwrap()
    for tag in list(tree.walk()):
        if tag.name == "td" and _is_figure(tag):
            found = (_anchors(part, homes) for part in (tag, *tag.walk()) if _numbered(part))
            if anchors := next(filter(None, found), None):
                best = _best(tag, anchors, "".join(tag.texts()), figures)
                tag.children = [_link(tag, best, tag.children)]
        elif _numbered(tag) and (anchors := _anchors(tag, homes)):
            pieces = ([part] if isinstance(part, Tag) else _linked_words(tag, part, anchors, figures, homes)
                      for part in tag.children)  # fmt: skip
            tag.children = list(chain.from_iterable(pieces))
    for tag in tree.walk():
        tag.attrs.pop("data-from", None)
        inputs = [name for name in tag.attrs.pop("data-in", "").split() if name in homes]
        if tag.name == "a" and inputs:
            tag.attrs["data-in"] = " ".join(inputs)


def _is_figure(cell: Tag) -> bool:
    """Return whether a cell is hardly more than a number with its unit and interval."""
    words = "".join(cell.texts())
    short = len(words) <= CELL_LENGTH and len(PAGE_WORD.findall(words)) <= CELL_WORDS
    return short and not cell.all("a") and not STUDY.match(words)


def _numbered(tag: Tag) -> bool:
    return any(isinstance(child, str) and PAGE_NUMBER.search(child) for child in tag.children)


def _anchors(place: Tag, homes: Mapping[str, str]) -> list[str]:
    """Return the anchors of all pieces around a text that some page holds, the nearest first, not its own.

    There are none in what holds no result: code, a heading, a link, what is marked as fixed, the names of
    rows, and a printed figure's own row, which needs no link to itself.
    """
    own: set[str] = set()
    known: list[str] = []
    for tag in (place, *place.parents()):
        name = tag.attrs.get("id", "")
        if tag.name in APART or "fixed" in tag.classes or name.startswith("q-"):
            return []
        own.add(name)
        names = tag.attrs.get("data-from", "").split()
        known += [made for made in names if made in homes and made not in own]
    return known


def _best(
    place: Tag, anchors: list[str], text: str, figures: ShownNumbers, before: str = "", after: str = ""
) -> str:
    """Return the nearest anchor that shows a number of a text, or of which none is known; else the last.

    Before code comes a figure of the row that is printed as the number, or for that time, and the figure of
    all enrolled. `before` and `after` are the words about the text.
    """
    numbers, values = numbers_in(text), figures.values
    best = next((name for name in anchors if name not in values or numbers & values[name]), anchors[-1])
    if not best.startswith("cell-"):
        return best
    around = (tag.attrs["data-in"] for tag in (place, *place.parents()) if "data-in" in tag.attrs)
    made = next(around, "").split()
    shown = figures.times if TIME.search(before[-6:] + text + after[:6]) else values
    found = [name for name in made if numbers <= shown.get(name, set())]
    if "enrolled" in text + after[:9]:
        studies = dict.fromkeys(name.removeprefix("q-").rpartition(".")[0] for name in made)
        enrolled = [figures.people[study] for study in studies if study in figures.people]
        found += [name for name in enrolled if numbers <= values.get(name, set())]
    return found[0] if found and numbers else best


def numbers_in(text: str) -> set[float]:
    """Return the numbers of a text, without their signs."""
    plain = (re.sub(r"[^\d.]", "", match.group()).rstrip(".") for match in PAGE_NUMBER.finditer(text))
    return {float(number) for number in plain if number and number.count(".") < 2}


def _link(parent: Tag, name: str, children: list[Tag | str]) -> Tag:
    """Return a number's link; one that leads to code also names the printed figures of its row."""
    link = Tag("a", {"class": "n", "href": f"#{name}"}, parent)
    figures = next((tag.attrs["data-in"] for tag in link.parents() if "data-in" in tag.attrs), "")
    link.attrs |= {"data-in": figures} if figures and name.startswith("cell-") else {}
    link.children = children
    for child in children:
        if isinstance(child, Tag):
            child.parent = link
    return link


def _linked_words(
    parent: Tag, text: str, anchors: list[str], figures: ShownNumbers, homes: Mapping[str, str]
) -> list[Tag | str]:
    """Return a text in pieces, each number a link of its own; an assumed one leads to its parameter."""
    pieces: list[Tag | str] = []
    at = 0
    for match in PAGE_NUMBER.finditer(text):
        if YEAR.fullmatch(match.group()) and NAME.search(
            text[max(0, match.start() - 70) : match.start()]
        ):  # of a study's name
            continue
        before, after = text[: match.start()], text[match.end() :]
        best = _best(parent, anchors, match.group(), figures, before, after)
        assumed = next((name for words, name in ASSUMED.items() if before.endswith(words)), "")
        if assumed in homes and not after.startswith(" of "):
            best = assumed
        pieces += [text[at : match.start()], _link(parent, best, [match.group()])]
        at = match.end()
    return [piece for piece in [*pieces, text[at:]] if piece]


ACTIVE_TAGS = ("script", "iframe", "object", "embed", "link", "base", "form", "audio", "video", "applet")
LOADING = ("src", "srcset", "poster", "data", "background", "xlink:href")
OURS = {  # what every page loads, and from where
    "script": [{"src": name, "defer": ""} for name in (CARDS, SCRIPT, "whatif.js")],
    "link": [{"rel": "stylesheet", "href": name} for name in (STYLE, "whatif.css")],
}
DATA = {"type": "application/json", "id": WHAT_IF}  # which no browser runs
DRAWN = {"svg", "style", "defs", "g", "path", "text", "tspan", "use", "clipPath", "pattern", "rect"}
DRAWN |= {"circle", "ellipse", "line", "polyline", "polygon"}
SAID_ALOUD = ("alt", "title", "aria-label", "content")


def check_contacts(place: str, text: str) -> None:
    """Raise `SiteError` when a text holds an e-mail address or a phone number; it is not repeated in full."""
    found = contact_details(text)
    if found:
        shown = ", ".join(f"{item[:3]}…{item[-2:]}" for item in found[:5])
        raise SiteError(
            f"{place}: {len(found)} e-mail address(es) or phone number(s) ({shown}); "
            "take them out of the study sheet or registry file that they came with"
        )


def check_page(name: str, html: str) -> None:
    """Raise `SiteError` when a page asks another host for anything, runs a script or leaves someone out."""
    tree = parse(html, name)
    faults = [*_requests(tree), *_gaps(tree)]
    if faults:
        raise SiteError(f"{name}: " + "; ".join(faults))
    check_contacts(name, "\n".join(_said(tree)))


def _said(tree: Tag) -> list[str]:
    """Return every text that a page shows, says or leads to; a number is read with the words around it."""
    pieces = [tag.attrs[key] for tag in tree.walk() for key in SAID_ALOUD if tag.attrs.get(key)]
    links = [tag.attrs.get("href", "") for tag in tree.walk()]
    pieces += [link for link in links if re.match("mailto:|tel:", link, re.I)]
    for link in tree.all("a"):
        if link.classes == ["n"]:
            link.unwrap()
    for tag in (tree, *tree.walk()):
        if tag.name not in RAW_TEXT:
            runs = groupby(tag.children, key=lambda child: isinstance(child, str))
            pieces += ["".join(run) for text, run in runs if text]
    return pieces


def check_drawing(name: str, text: str) -> None:
    """Raise `SiteError` when an SVG could run or load something: opened by itself it is a page, too."""
    faults = sorted(
        f"<{tag}>" for tag in set(re.findall(r"<([^\s/>]+)", text)) - DRAWN if not tag.startswith("/")
    )
    marks = " ".join(re.findall(r"<[^>]*(?:>|\Z)|(?<=<style>).*?(?:</style>|\Z)", text, re.S))
    faults += re.findall(r"href=[\"'](?!#)[^\"']{0,60}|url\((?!#)[^)]{0,60}|@import|\son\w+=", marks)
    if faults:
        raise SiteError(f"{name}: more than shapes and text ({', '.join(faults)}); show it with show_figure")


def _requests(tree: Tag) -> Iterator[str]:
    """Yield what would load or run something."""
    for tag in tree.walk():
        if (tag.attrs in OURS.get(tag.name, ()) and not tag.children) or (tag.name, tag.attrs) == (
            "script",
            DATA,
        ):
            continue
        if tag.name in ACTIVE_TAGS:
            yield f"it holds <{tag.name}>, which a page here never needs"
        if tag.name == "style" and re.search(r"@import|url\(", "".join(map(str, tag.children)), re.I):
            yield "a style sheet loads another file"
        for key, text in tag.attrs.items():
            if key.startswith("on"):
                yield f"<{tag.name} {key}> would run a script"
            elif key in LOADING and re.match(r"\s*(https?:|//)", text, re.I):
                yield f'<{tag.name} {key}="{text[:60]}"> asks another host'
            elif key == "href" and re.match(r"\s*(javascript|data|vbscript):", text, re.I):
                yield f'<{tag.name} href="{text[:30]}…"> would run a script'
            elif key == "style" and "url(" in text.lower():
                yield f"<{tag.name} style> loads a file"


def _gaps(tree: Tag) -> Iterator[str]:
    """Yield what a reader who cannot see, or who moves by headings, would miss."""
    seen = tree.all("img", "svg", *HEADINGS)
    for image in seen:
        if image.name == "img" and not image.attrs.get("alt", "").strip():
            yield f"the image {image.attrs.get('src', '')[:60]} has no alternative text"
    if not all(drawing.attrs.get("aria-label", "").strip() for drawing in seen if drawing.name == "svg"):
        yield "a drawing has no alternative text"
    headings = [tag for tag in seen if tag.name in HEADINGS]
    for before, heading in pairwise(headings):
        if int(heading.name[1]) > int(before.name[1]) + 1:
            yield f"the heading {heading.words()!r} skips a level"
    titles = sum(heading.name == "h1" for heading in headings)
    if titles != 1:
        yield f"{titles} headings of the first level instead of one"
    names = Counter(tag.attrs["id"] for tag in tree.walk() if "id" in tag.attrs)
    for name, count in sorted(names.items()):
        if count > 1:
            yield f"the anchor {name!r} stands twice"
