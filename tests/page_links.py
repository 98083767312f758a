"""Links and anchors of pages, read without making a tree of each."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote


class LinksAndAnchors(HTMLParser):
    """Collect what a page leads to (links, pictures, style sheets, scripts) and its anchors."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.links, self.anchors = path, [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src"):
                self.links.append(value or "")
            elif name == "id":
                self.anchors.add(value)


def broken_links(pages: list[Path]) -> list[str]:
    """Return the links that lead nowhere from where their page lies; anchors are looked up in these pages."""
    found = []
    read = {path.resolve(): LinksAndAnchors(path) for path in pages}
    for page in read.values():
        for link in page.links:
            target, _, anchor = unquote(link).partition("#")
            if "://" in target or target.startswith(("mailto:", "data:")):
                continue
            place = (page.path.parent / target if target else page.path).resolve()
            if not place.is_file() or (anchor and place in read and anchor not in read[place].anchors):
                found.append(f"{page.path.parent.name}/{page.path.name}: {link}")
    return found


def cards_of(reports: Path) -> dict[str, dict]:
    """Return the cards of numbers by where their links lead."""
    script = (reports / "cards.js").read_text(encoding="utf-8")
    return json.loads(script.removeprefix("self.cards=").removesuffix(";\n"))
