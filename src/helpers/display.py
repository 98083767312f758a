"""What a notebook cell shows: a figure, a table or a sentence, each as one HTML output."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd
from IPython.display import display
from jinja2 import Environment, StrictUndefined, UndefinedError
from markupsafe import Markup, escape

from helpers.figures.canvas import Figure
from helpers.formats import DASH, is_missing, plain_unit, plain_words, show_value
from helpers.tables import TABLES
from notebookpress.tables import split_ids
from trialfiles.record import Row

Format = str | Callable[[Any], Any]
LONG_CELL = 46  # characters from which a cell gets room for lines that can be read
PROSE = 240  # characters from which a cell is a paragraph, and wants the width of one
# Columns whose numbers are workings, lines or names.
WORKINGS = ("arithmetic", "where", "site", "comparator_name", "citation", "licence")
LINKED_WORDS = 3  # up to which a cell is a number with its unit
ENDLESS = 20  # characters of a word that may be broken anywhere, such as a hash or an address
# Columns that name where a row's numbers come from, the nearest first.
ORIGINS = ("effect_id", "pooled_id", "discrepancy_id", "result_id", "quantity_id", "line_id")
ROWS_IN_VIEW = 15  # rows of a table in a notebook that are in view; more are folded
LEFT = re.compile(r"<(t[dh](?= |>)(?![^<>]*number)[^<>]*)>")  # Jupyter aligns cells right; pages have a sheet
FOLD = Markup('<details class="fold"><summary>{} ({} rows)</summary>\n{}\n</details>')
BORN = re.compile("\x02([^\x02\x1f]*)\x1f([^\x02\x03]*)\x03")  # no sheet may hold such signs
NOT_STATED = Markup('<span role="img" aria-label="not stated">{}</span>').format(DASH)


def anchor(prefix: str, name: Any) -> str:
    """Return a name that may stand in an `id` and behind `#`, such as `q-wan2025.12`."""
    return f"{prefix}-" + re.sub(r"[^A-Za-z0-9_.-]+", "-", str(name))


def row_anchor(key: str, name: Any) -> str:
    """Return the anchor of a row by its key: `q-` for `quantity_id`, else the column's name without `_id`."""
    return anchor("q" if key == "quantity_id" else key.removesuffix("_id"), name)


def with_origin(text: Any, origin: str) -> str:
    """Return a number's text with the anchor of its origin, which f-strings and templates keep.

    `show`, `say` and the pages make a link of it; `without_origins` takes it away.
    """
    return f"\x02{origin}\x1f{text}\x03"


def number(row: Row, column: str, text: str | None = None) -> str:
    """Return a row's number, or `text` for it, with the printed figure that the study's sheet names for it.

    The column `figures` of the row says which that is; a number without one is worked out.
    """
    text = show_value(row[column]) if text is None else text
    named = dict(pair.split("=", 1) for pair in split_ids(row.get("figures")) if "=" in pair)
    return with_origin(text, anchor("q", named[column])) if column in named else text


def without_origins(text: str) -> str:
    """Return a text without the origins of its numbers."""
    return BORN.sub(r"\2", text)


def linked_text(text: Any) -> Markup:
    """Return a text as HTML in which each number with an origin is marked for the pages."""
    return Markup(BORN.sub(r'<span data-origin="\1">\2</span>', str(escape(text))))


def origin_anchors(record: Row) -> list[str]:
    """Return the anchors at which a row's numbers are accounted for: its entry, effects, `origins`.

    An effect that is told in words has an entry without a number.
    """
    known = [name for name in ORIGINS if not is_missing(record.get(name))]
    known = [name for name in known if name != "effect_id" or not is_missing(record.get("effect", 0))]
    own = [row_anchor(name, record[name]) for name in known]
    effects = [anchor("effect", name) for name in split_ids(record.get("effect_ids"))]
    return own + effects + split_ids(record.get("origins"))


def frame_of(rows: list[Row], columns: Mapping[str, str]) -> pd.DataFrame:
    """Return rows as a frame with just these columns; cells of `Markup` stay what they are.

    pandas would store them as plain text, and they would then be escaped.
    """
    series = {}
    for name in columns:
        values = [row.get(name) for row in rows]
        ours = any(hasattr(value, "__html__") for value in values)
        series[name] = pd.Series(values, dtype=object if ours or not values else None)
    return pd.DataFrame(series, columns=list(columns))


def shown_text(value: Any, form: Format | None = None) -> Any:
    """Return a cell as text (or `Markup` made by our own code); a missing cell is an en dash."""
    if is_missing(value):
        return DASH
    if callable(form):
        return form(value)
    if form:
        return form.format(value) if "{" in form else format(value, form)
    return value if hasattr(value, "__html__") else show_value(value)


def table_html(
    frame: pd.DataFrame,
    *,
    caption: str,
    label: str | None = None,
    columns: Mapping[str, str] | None = None,
    formats: Mapping[str, Format] | None = None,
    empty: str = "none",
    anchor_column: str | None = None,
    folded: bool = False,
    most: int | None = None,
) -> Markup:
    """Return a frame as one HTML table; see `show`. Rows beyond `most` stand in a table that is folded."""
    shown = dict(columns) if columns else {str(name): str(name).replace("_", " ") for name in frame.columns}
    if absent := [name for name in shown if name not in frame.columns]:
        there = ", ".join(map(str, frame.columns))
        raise KeyError(f"table {caption!r}: no column {', '.join(absent)} among {there}")
    numeric = {name for name in shown if _is_number(frame[name])}
    forms = dict(formats or {})
    head = Markup("").join(
        Markup(f'<th scope="col"{_class(name in numeric)}>{escape(heading)}</th>')
        for name, heading in shown.items()
    )
    rows = [_row(record, shown, numeric, forms, anchor_column) for record in frame.to_dict("records")]
    none = Markup('<tr><td colspan="{}">{}</td></tr>').format(len(shown), empty)
    identity = Markup(' id="{}"').format(label) if label else ""
    if folded and rows:
        return FOLD.format(caption, len(rows), _table(caption, identity, head, rows, folded=True))
    if most is None or len(rows) <= most + most // 5:  # two or three rows more are not worth a fold
        return _table(caption, identity, head, rows or [none])
    name = f"{caption}: {len(rows) - most} more"
    rest = FOLD.format(name, len(rows) - most, _table(name, "", head, rows[most:], folded=True))
    return _table(caption, identity, head, rows[:most]) + rest


def _table(caption: str, identity: str, head: Markup, rows: list[Markup], folded: bool = False) -> Markup:
    """Return a table in a region that scrolls; a folded one is named by what opens it, and by a label."""
    identity += Markup(' aria-label="{}"').format(caption) if folded else ""
    named = "" if folded else Markup("<caption>{}</caption>\n").format(caption)
    return Markup(
        '<div class="scroll" role="region" aria-label="{caption}" tabindex="0">\n<table{identity}>\n'
        "{named}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    ).format(caption=caption, identity=identity, named=named, head=head, body=Markup("\n").join(rows))


def _table_text(
    frame: pd.DataFrame, caption: str, columns: Mapping[str, str], formats: Mapping[str, Format], empty: str
) -> str:
    """Return the same table as plain text, for a terminal."""
    if frame.empty:
        return f"{caption}: {empty}"
    cells = {}
    for name, heading in columns.items():
        texts = [shown_text(value, formats.get(name)) for value in frame[name]]
        plain = [text.striptags() if isinstance(text, Markup) else str(text) for text in texts]
        cells[heading] = list(map(without_origins, plain))
    return f"{caption}\n{pd.DataFrame(cells).to_string(index=False)}"


def _row(record: dict, shown: Mapping, numeric: set, forms: Mapping, anchor_column: str | None) -> Markup:
    """Return one table row; its first cell is the row's header."""
    cells, origins = [], origin_anchors(record)
    figures = [anchor("q", name) for name in split_ids(record.get("quantity_ids"))]
    for place, name in enumerate(shown):
        value = record[name]
        inner = NOT_STATED
        if not is_missing(value):
            said = shown_text(value, forms.get(name))
            inner = linked_text(said if hasattr(said, "__html__") else number(record, name, str(said)))
        text = inner.striptags() if "<" in inner or "&" in inner else str(inner)
        words = len(re.findall(r"[^\W\d_]{2,}", text))
        fixed = not figures and not origins and name not in numeric and words > LINKED_WORDS
        fixed = name in WORKINGS or (fixed and "data-origin" not in inner)
        fixed |= name == "timepoint_printed" and (not figures or "inferred" in text)  # no figure shows it
        head, tag = (' scope="row"', "th") if place == 0 else ("", "td")
        cells.append(Markup(f"<{tag}{head}{_class(name in numeric, text, fixed)}>{inner}</{tag}>"))
    identity = ""
    if anchor_column and not is_missing(record[anchor_column]):
        identity = f' id="{row_anchor(anchor_column, record[anchor_column])}"'
    if origins:  # the pages turn the row's numbers into links to these
        identity += f' data-from="{escape(" ".join(origins))}"'
    if figures:  # from which the others are worked out
        identity += f' data-in="{escape(" ".join(figures))}"'
    return Markup(f"<tr{identity}>{''.join(cells)}</tr>")


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _class(numeric: bool, text: str = "", fixed: bool = False) -> str:
    """Return what a cell needs: digits below each other, room for lines, leave to break an endless word.

    The numbers of a sentence that rests on no figure, or of a working, lead nowhere that shows them: `fixed`.
    """
    room = ["prose"] if len(text) > PROSE else ["long"] if len(text) > LONG_CELL else []
    names = ["number"] if numeric else room
    names += ["fixed"] if fixed else []
    names += ["wordy"] if any(len(word) > ENDLESS for word in text.split()) else []
    return f' class="{" ".join(names)}"' if names else ""


def show_figure(figure: Figure, *, label: str) -> None:
    """Display a figure with its alternative text and caption; one without either raises `ValueError`.

    `label` names it on its page: its anchor and the name of its image file.
    """
    _show(figure_html(figure, label), f"{figure.caption}\n[{figure.alt}]")


def figure_html(figure: Figure, label: str) -> Markup:
    """Return a figure as HTML that holds its image; refuses one without words, as `show_figure` does."""
    for name, value in (("alternative text", figure.alt), ("caption", figure.caption), ("label", label)):
        if is_missing(value):
            raise ValueError(f"figure {label or '(no label)'}: the {name} is empty; every figure needs one")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", label):
        raise ValueError(f"figure {label!r}: a label is a letter, then letters, digits, '-', '_' or '.'")
    title = Markup('<b class="fixed">{}.</b> ').format(figure.title) if figure.title else ""
    numbers = _csv_link(figure, label)
    known = Markup(' data-from="{}"').format(figure.origins) if figure.origins else ""
    caption = Markup("<figcaption{}>{}{}{}</figcaption>").format(known, title, figure.caption, numbers)
    image = Markup('<img src="{}" alt="{}">').format(_data(figure.drawing.svg().encode()), figure.alt)
    if figure.phone:
        address = _data(figure.phone.svg().encode())
        source = Markup('<source media="(max-width: 48rem)" srcset="{}">').format(address)
        image = Markup("<picture>{}{}</picture>").format(source, image)
    return Markup('<figure id="{}">{}{}</figure>').format(label, image, caption)


def _data(content: bytes, kind: str = "image/svg+xml") -> str:
    """Return a file as an address that holds it."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _csv_link(figure: Figure, label: str) -> str:
    """Return a link that holds the numbers behind a figure, or names their table; nothing without either."""
    if figure.table:
        return Markup(' <span class="csv" data-table="{0}">CSV: table {0}</span>').format(figure.table)
    link, content = Markup(' <a class="csv" href="{}" download="{}.csv">CSV</a>'), figure.csv()
    return link.format(_data(content, "text/csv"), label) if content else ""


def show(
    frame: pd.DataFrame,
    columns: str | Mapping[str, str] = "",
    *,
    caption: str,
    label: str | None = None,
    of: str | None = None,
    headings: Mapping[str, str] | None = None,
    formats: Mapping[str, Format] | None = None,
    names: Callable[[Any], str] | None = None,
    empty: str = "none",
    anchor_column: str | None = None,
    folded: bool = False,
) -> None:
    """Display a table that a screen reader can walk; every cell is escaped, and many rows are folded.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows to show. The first column heads each row.
    columns : str, or dict of str to str, optional
        Names of the columns to show, in order, with spaces between; all when left out. A dict gives their
        headings too.
    caption : str
        What the table is; also the name of the region that scrolls.
    label : str, optional
        Anchor of the table; the name of its table when left out.
    of : str, optional
        The table of `helpers.tables` that the rows are of: its schema gives headings, units and formats.
    headings : dict of str to str, optional
        Headings that differ from the schema's, or of columns that are not in it.
    formats : dict of str to (str or callable), optional
        For a column a format (`".1f"`, `"{:.0f} %"`) or a function of the value. Without one, numbers get
        four significant digits and no idle zeros, words of the vocabulary its labels, true reads yes.
    names : callable, optional
        Turns `study_id`s in any text into names for a reader.
    empty : str
        What stands in a table without rows.
    anchor_column : str, optional
        Column whose value gives each row its anchor: `q-<id>` for `quantity_id`, otherwise the column's
        name without `_id`, as in `discrepancy-<id>`.
    folded : bool
        Whether a reader must open it; a link to one of its rows does so too.
    """
    if is_missing(caption):
        raise ValueError("a table needs a caption")
    if of and of not in TABLES:
        raise KeyError(f"table {caption!r}: no table {of} in the schema; there are {', '.join(TABLES)}")
    chosen = list(columns.split() if isinstance(columns, str) else columns) or [str(name) for name in frame]
    shown = TABLES[of].headings(chosen) if of else {name: name.replace("_", " ") for name in chosen}
    told = (columns if isinstance(columns, Mapping) else {}) | dict(headings or {})
    shown |= {name: words for name, words in told.items() if name in shown}
    schema = TABLES[of] if of else None
    worded = [column.name for column in schema.columns.values() if column.values] if schema else []
    forms: dict[str, Format] = dict.fromkeys(["concept", "estimand", *worded], plain_words)
    forms |= {"unit": plain_unit} | (schema.formats if schema else {}) | dict(formats or {})
    for name in chosen if names else ():
        if name in frame and not _is_number(frame[name]):
            forms[name] = partial(_named, names, forms.get(name))
    html = table_html(
        frame, caption=caption, label=label or of, columns=shown, formats=forms, empty=empty,
        anchor_column=anchor_column, folded=folded, most=ROWS_IN_VIEW)  # fmt: skip
    aligned = LEFT.sub(r'<\1 style="text-align:left">', str(html))
    _show(aligned, _table_text(frame, caption, shown, forms, empty))


def _named(names: Callable[[Any], str], form: Format | None, value: Any) -> Any:
    """Return a cell's text with the names that a reader knows; `Markup` of our own code stays."""
    text = shown_text(value, form)
    if hasattr(text, "__html__"):
        return text
    parts = enumerate(re.split("(\x02[^\x02\x1f]*\x1f)", text))  # an anchor has a study's own name
    return "".join(part if place % 2 else names(part) for place, part in parts)


def say(template: str, **values: Any) -> None:
    """Display a paragraph whose numbers come from `values`, so that none is typed in prose.

    `template` is a Jinja template; its own markup stands, what is put into it is escaped, and numbers are
    shown as in tables. What it names and was not given, or is missing, raises `ValueError`.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_stated)
    try:
        html = linked_text(Markup(environment.from_string(template).render(**values)))
    except UndefinedError as error:
        raise ValueError(f"sentence {template!r}: {error.message}") from None
    _show(Markup("<p>{}</p>").format(html), html.striptags())


def _stated(value: Any) -> Any:
    """Refuse a missing value: a sentence with a hole would state something that no table holds."""
    if isinstance(value, StrictUndefined) or hasattr(value, "__html__"):
        return value  # an undefined name raises by itself when it is rendered
    if isinstance(value, str) and not value:
        return value  # what Jinja puts for an empty branch
    if is_missing(value):
        raise UndefinedError("a value is missing; say what is not stated in words of its own")
    return show_value(value)


def embed(data: Mapping[str, Any], *, label: str) -> None:
    """Put data into the page for its script, under the anchor `label`; a reader sees nothing of it."""
    plain = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=float)
    words = plain.replace("<", "\\u003c").replace(">", "\\u003e")  # no text may end the element
    _show(f'<script type="application/json" id="{label}">{words}</script>', f"data of {label}")


def _show(html: str, text: str) -> None:
    display({"text/html": str(html), "text/plain": text}, raw=True)
