"""What the pieces of a site add up to: the pages that speak of all others, what each must know of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from helpers.site.data import data_page
from helpers.site.drafts import linked_body
from helpers.site.exports import export_files
from helpers.site.guard import check_page
from helpers.site.index import index_page
from helpers.site.page import Page, anchor_homes, arrange, render
from helpers.site.pages.provenance import provenance_page
from helpers.site.pieces import INDEX, Made, in_reading_order, shown_page
from helpers.site.printed import printed_values
from helpers.words.load import Tables


@dataclass
class Known:
    """What a page must know of the others to be finished.

    `pages` are all of them in order, with their names alone; `homes` tells which page holds an anchor,
    `values` which numbers are printed there.
    """

    pages: list[Page]
    homes: Mapping[str, str]
    values: Mapping[str, set[float]]
    version: str

    @classmethod
    def of(cls, pages: list[Page], values: Mapping[str, set[float]], version: str) -> Known:
        """Return what is known when all pages are made."""
        return cls([shown_page(page, anchors=False) for page in pages], anchor_homes(pages), values, version)


class Whole:
    """Puts together what the pieces of a site have made.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        All tables.
    provenance : mapping
        As `build_site` has it.

    """

    def __init__(self, tables: Tables, provenance: Mapping[str, Any]) -> None:
        self.tables, self.provenance = tables, provenance
        self.version = str(provenance.get("version") or "")
        self.files: dict[str, bytes] = {}
        self.own: list[Page] = []
        self.known = Known([], {}, {}, self.version)

    def put_together(self, made: list[Made]) -> Known:
        """Take in all files, make the pages that speak of all others, and return what pages must know."""
        parts: dict[str, Any] = {}
        for piece in made:
            self.files |= piece.files
            parts |= piece.parts
        self.files |= self._exports()
        pages = in_reading_order([piece.page for piece in made if piece.page is not None])
        self.own = [
            arrange(data_page(self.tables, self.files, parts)),
            arrange(provenance_page(self.tables, pages, self.provenance)),
        ]
        order = in_reading_order([*pages, *self.own])
        index = arrange(index_page(parts[INDEX], order))
        self.own.append(index)
        self.known = Known.of([index, *order], printed_values(self.tables), self.version)
        return self.known

    def _exports(self) -> dict[str, bytes]:
        """Return the report in forms that other tools take."""
        texts = {name: data.decode("utf-8") for name, data in self.files.items() if name.endswith(".csv")}
        made = export_files(self.tables, texts, self.version)
        return {name: text.encode("utf-8") for name, text in made.items()}


def documents(pages: list[Page], known: Known) -> dict[str, bytes]:
    """Return pages and their figures by file name, links resolved, each page checked."""
    content = {}
    for page in pages:
        content[page.file] = _document(page, known).encode("utf-8")
        content.update(page.figures)
    return content


def _document(page: Page, known: Known) -> str:
    """Return a page as a document that has been checked.

    A draft that is still right was checked with the shell of its time: now the shell alone is.
    """
    if page.draft is not None:
        if page.draft.is_right(known.homes):
            check_page(page.file, render(page, "", known.pages, known.version))
            return render(page, page.draft.body, known.pages, known.version)
        page.tree = page.draft.tree()
    html = render(page, linked_body(page, known.homes, known.values), known.pages, known.version)
    check_page(page.file, html)
    return html
