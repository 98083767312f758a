"""What no page may hold: other hosts, scripts, pictures without words, people's addresses and phones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup

from helpers.site.policy import script
from helpers.sources.contacts import contact_details

ACTIVE_TAGS = ("script", "iframe", "object", "embed", "link", "base", "form", "audio", "video", "applet")
LOADING = ("src", "srcset", "poster", "data", "background", "xlink:href")
SAID_ALOUD = ("alt", "title", "aria-label", "content")


class SiteError(ValueError):
    """A page that may not be published; the message names the page or cell, the fault and the remedy."""


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
    soup = BeautifulSoup(html, "html.parser")
    faults = [*_requests(soup), *_gaps(soup)]
    if faults:
        raise SiteError(f"{name}: " + "; ".join(faults))
    for link in soup.find_all("a", class_="n"):  # a number is read with the words around it
        link.unwrap()
    soup.smooth()
    words = [soup.get_text("\n")]
    words += [str(tag[key]) for tag in soup.find_all(True) for key in SAID_ALOUD if tag.get(key)]
    words += [str(tag["href"]) for tag in soup.find_all("a", href=re.compile(r"^(mailto|tel):", re.I))]
    check_contacts(name, "\n".join(words))


def _requests(soup: BeautifulSoup) -> Iterator[str]:
    """Yield what would load or run something."""
    for tag in soup.find_all(True):
        if tag.name == "script" and not tag.attrs and tag.string == script():
            continue  # the one that sorts and filters tables; the page's policy names its hash
        if tag.name in ACTIVE_TAGS:
            yield f"it holds <{tag.name}>, which a page here never needs"
        for key, value in tag.attrs.items():
            text = " ".join(value) if isinstance(value, list) else str(value)
            if key.lower().startswith("on"):
                yield f"<{tag.name} {key}> would run a script"
            elif key.lower() in LOADING and re.match(r"\s*(https?:|//)", text, re.I):
                yield f'<{tag.name} {key}="{text[:60]}"> asks another host'
            elif key.lower() == "href" and re.match(r"\s*(javascript|data|vbscript):", text, re.I):
                yield f'<{tag.name} href="{text[:30]}…"> would run a script'
            elif key.lower() == "style" and "url(" in text.lower():
                yield f"<{tag.name} style> loads a file"
    for style in soup.find_all("style"):
        if re.search(r"@import|url\(", style.get_text(), re.I):
            yield "a style sheet loads another file"


def _gaps(soup: BeautifulSoup) -> Iterator[str]:
    """Yield what a reader who cannot see, or who moves by headings, would miss."""
    if len(soup.find_all("h1")) != 1:
        yield f"{len(soup.find_all('h1'))} headings of the first level instead of one"
    for image in soup.find_all("img"):
        if not str(image.get("alt") or "").strip():
            yield f"the image {str(image.get('src'))[:60]} has no alternative text"
    for drawing in soup.find_all("svg"):
        if not str(drawing.get("aria-label") or "").strip():
            yield "a drawing has no alternative text"
    level = 0
    for heading in soup.find_all(re.compile(r"^h[1-6]$")):
        step = int(heading.name[1])
        if level and step > level + 1:
            yield f"the heading {heading.get_text(' ', strip=True)!r} skips a level"
        level = step
    names = [tag["id"] for tag in soup.find_all(id=True)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"the anchor {name!r} stands twice"
