"""A page finished before all others are known: right where what it asked has the same answers at the end.

A page's links depend on the others only by which page holds an anchor. A draft keeps each anchor that was
asked for with the answer; where all answers are still the same, the finished page would be, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from helpers.site.origins import link_numbers
from helpers.site.page import Page, resolve_links
from helpers.site.tree import Tag, from_plain


@dataclass
class Draft:
    """A page's body with its links, what was asked for them, and the body without, should answers change."""

    body: str
    asked: Mapping[str, str | None]
    unlinked: str

    def is_right(self, homes: Mapping[str, str]) -> bool:
        """Return whether every question has the same answer now."""
        return all(homes.get(name) == home for name, home in self.asked.items())

    def tree(self) -> Tag:
        """Return the body without its links, as elements."""
        return from_plain(json.loads(self.unlinked))


class _Asked(Mapping[str, str]):
    """Tells which page holds an anchor, and keeps what was asked."""

    def __init__(self, homes: Mapping[str, str]) -> None:
        self.homes, self.asked = homes, dict[str, str | None]()

    def __contains__(self, name: object) -> bool:
        self.asked[str(name)] = self.homes.get(str(name))
        return name in self.homes

    def __getitem__(self, name: str) -> str:
        self.asked[name] = self.homes.get(name)
        return self.homes[name]

    def __iter__(self):
        raise TypeError("only what is asked by name can be kept")

    def __len__(self) -> int:
        raise TypeError("only what is asked by name can be kept")


def linked_body(page: Page, homes: Mapping[str, str], values: Mapping[str, set[float]]) -> str:
    """Return an arranged page's body with its links."""
    link_numbers(page.tree, homes, values)
    resolve_links(page, homes)
    return page.tree.html()


def draft_of(page: Page, homes: Mapping[str, str], values: Mapping[str, set[float]]) -> Draft:
    """Return the draft of an arranged page; `homes` are the anchors that are known so far."""
    unlinked, asked = json.dumps(page.tree.plain()), _Asked(homes)
    return Draft(linked_body(page, asked, values), asked.asked, unlinked)
