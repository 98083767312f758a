"""What a notebook cell ends with: one figure, one table or one sentence, each a single HTML output.

JupyterLab, nbconvert's own templates and our pages all show `text/html`; a terminal gets plain text.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
from IPython.display import display
from jinja2 import Environment, StrictUndefined, UndefinedError
from markupsafe import Markup

from helpers.figures.figure import Figure
from helpers.figures.numbers import is_missing, show_value
from helpers.figures.table_html import Format, table_html, table_text

CSV_WORDS = "The numbers behind this figure (CSV)"


def show_figure(figure: Figure, *, label: str) -> None:
    """Display a figure with its alternative text and caption, and close it.

    Parameters
    ----------
    figure : Figure
        What one of the drawing functions returned.
    label : str
        Name of the figure on its page: its anchor and the name of its image file.

    Raises
    ------
    ValueError
        When the alternative text, the caption or the label is empty.

    """
    _show(figure_html(figure, label), f"{figure.caption}\n[{figure.alt}]")
    figure.close()


def figure_html(figure: Figure, label: str) -> Markup:
    """Return a figure as HTML that holds its image; refuses one without words, as `show_figure` does."""
    for name, value in (("alternative text", figure.alt), ("caption", figure.caption), ("label", label)):
        if is_missing(value):
            raise ValueError(f"figure {label or '(no label)'}: the {name} is empty; every figure needs one")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", label):
        raise ValueError(f"figure {label!r}: a label is a letter, then letters, digits, '-', '_' or '.'")
    return Markup(
        '<figure id="{}"><img src="data:image/svg+xml;base64,{}" alt="{}" width="{}" height="{}">'
        "<figcaption>{}{}</figcaption></figure>"
    ).format(
        label,
        base64.b64encode(figure.svg().encode("utf-8")).decode("ascii"),
        figure.alt,
        figure.width,
        figure.height,
        figure.caption,
        _csv_link(figure, label),
    )


def _csv_link(figure: Figure, label: str) -> Markup:
    """Return a link that holds the numbers behind a figure, or names their table; nothing without either."""
    if figure.table:
        return Markup(' <span class="csv" data-table="{0}">The numbers: table {0}</span>').format(
            figure.table
        )
    content = figure.csv()
    if not content:
        return Markup("")
    return Markup(' <a class="csv" href="data:text/csv;base64,{}" download="{}.csv">{}</a>').format(
        base64.b64encode(content).decode("ascii"), label, CSV_WORDS
    )


def show_table(
    frame: pd.DataFrame,
    *,
    caption: str,
    label: str | None = None,
    columns: Mapping[str, str] | None = None,
    formats: Mapping[str, Format] | None = None,
    empty: str = "none",
    link_quantities: bool = False,
    anchor_column: str | None = None,
) -> None:
    """Display a table that a screen reader can walk; every cell is escaped.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows to show. The first column heads each row.
    caption : str
        What the table is; also the name of the region that scrolls.
    label : str, optional
        Anchor of the table.
    columns : dict of str to str, optional
        Columns to show, in order, with their headings; all columns when left out.
    formats : dict of str to (str or callable), optional
        For a column a format (`".1f"`, `"{:.0f} %"`) or a function of the value. Without one, numbers get
        four significant digits and no idle zeros, and true and false read yes and no.
    empty : str
        What stands in a table without rows.
    link_quantities : bool
        Whether the names in column `quantity_ids` become links to `#q-<id>`.
    anchor_column : str, optional
        Column whose value gives each row its anchor: `q-<id>` for `quantity_id`, otherwise the column's
        name without `_id`, as in `finding-<id>`.

    Raises
    ------
    ValueError
        When the caption is empty.
    KeyError
        When a column asked for is not in the frame.

    """
    if is_missing(caption):
        raise ValueError("a table needs a caption")
    html = table_html(
        frame,
        caption=caption,
        label=label,
        columns=columns,
        formats=formats,
        empty=empty,
        link_quantities=link_quantities,
        anchor_column=anchor_column,
    )
    _show(html, table_text(frame, caption, columns, formats, empty))


def say(template: str, **values: Any) -> None:
    """Display a paragraph whose numbers come from `values`, so that none is typed in prose.

    Parameters
    ----------
    template : str
        A Jinja template; its own markup stands, what is put into it is escaped.
    **values
        What the template names. Numbers are shown as in tables.

    Raises
    ------
    ValueError
        When the template names something that was not given, or that is missing.

    """
    html = sentence(template, **values)
    _show(Markup("<p>{}</p>").format(html), html.striptags())


def sentence(template: str, **values: Any) -> Markup:
    """Return the sentence that `say` displays, as safe HTML without the paragraph around it."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_stated)
    try:
        return Markup(environment.from_string(template).render(**values))
    except UndefinedError as error:
        raise ValueError(f"sentence {template!r}: {error.message}") from None


def _stated(value: Any) -> Any:
    """Refuse a missing value: a sentence with a hole would state something that no table holds."""
    if isinstance(value, StrictUndefined) or hasattr(value, "__html__"):
        return value  # an undefined name raises by itself when it is rendered
    if isinstance(value, str) and not value:
        return value  # what Jinja puts for an empty branch
    if is_missing(value):
        raise UndefinedError("a value is missing; say what is not stated in words of its own")
    return show_value(value)


def _show(html: Markup, text: str) -> None:
    display({"text/html": str(html), "text/plain": text}, raw=True)
