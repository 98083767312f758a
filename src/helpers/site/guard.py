"""What no page may hold: other hosts, scripts, pictures without words, people's addresses and phones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from helpers.site.policy import SCRIPT, STYLE
from helpers.site.tree import HEADING, RAW, SiteError, Tag, parse
from helpers.sources.contacts import contact_details

ACTIVE_TAGS = ("script", "iframe", "object", "embed", "link", "base", "form", "audio", "video", "applet")
LOADING = ("src", "srcset", "poster", "data", "background", "xlink:href")
OURS = {  # what every page loads, and from where
    "script": [{"src": SCRIPT, "defer": ""}],
    "link": [{"rel": "stylesheet", "href": STYLE}],
}
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
    pieces, joined = [""], False
    waiting: list[Tag | str | None] = [tree]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if joined:
                pieces[-1] += item
            else:
                pieces.append(item)
            joined = True
            continue
        number = item is not None and item.name == "a" and item.classes == ["n"]
        joined = joined and number
        if item is not None and item.name not in RAW:
            waiting += item.children[::-1] if number else [None, *item.children[::-1]]
            pieces[0] += "".join(f"{item.attrs[key]}\n" for key in SAID_ALOUD if item.attrs.get(key))
            if re.match("mailto:|tel:", item.attrs.get("href", ""), re.I):
                pieces[0] += item.attrs["href"] + "\n"
    return pieces


def check_drawing(name: str, text: str) -> None:
    """Raise `SiteError` when an SVG could run or load something: opened by itself it is a page, too."""
    faults = sorted(
        f"<{tag}>" for tag in set(re.findall(r"<([^\s/>]+)", text)) - DRAWN if not tag.startswith("/")
    )
    marks = " ".join([*re.findall(r"<[^>]*>", text), *re.findall(r"<style>(.*?)</style>", text, re.S)])
    faults += re.findall(r"href=[\"'](?!#)[^\"']{0,60}|url\((?!#)[^)]{0,60}|@import|\son\w+=", marks)
    if faults:
        raise SiteError(f"{name}: more than shapes and text ({', '.join(faults)}); show it with show_figure")


def _requests(tree: Tag) -> Iterator[str]:
    """Yield what would load or run something."""
    for tag in tree.walk():
        if tag.attrs in OURS.get(tag.name, ()) and not tag.children:
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
    level, titles, names = 0, 0, Counter()
    for tag in tree.walk():
        names.update([tag.attrs["id"]] if "id" in tag.attrs else [])
        if tag.name == "img" and not tag.attrs.get("alt", "").strip():
            yield f"the image {tag.attrs.get('src', '')[:60]} has no alternative text"
        elif tag.name == "svg" and not tag.attrs.get("aria-label", "").strip():
            yield "a drawing has no alternative text"
        elif HEADING.fullmatch(tag.name):
            step = int(tag.name[1])
            titles += step == 1
            if level and step > level + 1:
                yield f"the heading {tag.words()!r} skips a level"
            level = step
    if titles != 1:
        yield f"{titles} headings of the first level instead of one"
    for name, count in sorted(names.items()):
        if count > 1:
            yield f"the anchor {name!r} stands twice"
