"""Notebooks to HTML: pages that load nothing, an index with the answer, and the tables for download."""

from helpers.site.build import build_site, render_page
from helpers.site.guard import SiteError
from helpers.sources.contacts import contact_details
from helpers.words.answer import answer_sentences

__all__ = ["SiteError", "answer_sentences", "build_site", "contact_details", "render_page"]


def __dir__() -> list[str]:
    """Return what tab completion offers: the names that are meant to be used."""
    return sorted(__all__)
