"""Figures, tables and sentences for the notebooks: one function a figure, with alternative text.

Every drawing function takes plain rows and returns a `Figure`; `show_figure`, `show_table` and `say`
put them on the page.
"""

from helpers.figures.albatross import albatross
from helpers.figures.before_after import before_after
from helpers.figures.beside import beside
from helpers.figures.direction import direction
from helpers.figures.display import figure_html, say, sentence, show_figure, show_table
from helpers.figures.figure import Figure
from helpers.figures.forest import forest
from helpers.figures.glance import at_a_glance
from helpers.figures.numbers import plain_unit, plain_words, show_interval, show_number, show_value
from helpers.figures.posted_rows import people_posted
from helpers.figures.risk_of_bias import risk_of_bias
from helpers.figures.split_curve import split_curve
from helpers.figures.table_html import anchor, frame_of, quantity_links, table_html
from helpers.figures.timeline import timeline

__all__ = [
    "Figure",
    "albatross",
    "anchor",
    "at_a_glance",
    "before_after",
    "beside",
    "direction",
    "figure_html",
    "forest",
    "frame_of",
    "people_posted",
    "plain_unit",
    "plain_words",
    "quantity_links",
    "risk_of_bias",
    "say",
    "sentence",
    "show_figure",
    "show_interval",
    "show_number",
    "show_table",
    "show_value",
    "split_curve",
    "table_html",
    "timeline",
]


def __dir__() -> list[str]:
    """Return what tab completion offers: the names that are meant to be used."""
    return sorted(__all__)
