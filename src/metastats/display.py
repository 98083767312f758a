"""How results print themselves: as text at a prompt, as a table in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

MOST_ROWS = 10
LEFT_ALIGN = ' style="text-align:left"'


class Printed:
    """A result that prints itself: names and values, or the first rows of a table, below a title."""

    def _content(self) -> tuple[str, Mapping[str, Any] | pd.DataFrame]:
        """Return title and content; unless a class says otherwise, those are its name and fields."""
        return type(self).__name__, vars(self)

    def __repr__(self) -> str:
        title, content = self._content()
        if isinstance(content, pd.DataFrame):
            more = f"\n{len(content) - MOST_ROWS} more" if len(content) > MOST_ROWS else ""
            return f"{title}\n{content.head(MOST_ROWS).map(short).to_string()}{more}"
        width = max(map(len, content))
        return "\n".join([title, *(f"  {name:<{width}}  {short(value)}" for name, value in content.items())])

    def _repr_html_(self) -> str:
        title, content = self._content()
        if isinstance(content, pd.DataFrame):
            return rows_html(title, content.to_dict("records"), content.columns)
        return pairs_html(title, content)


def short(value: Any) -> str:
    """Return a value for the prompt: numbers in four significant digits, a missing one as a dash."""
    if isinstance(value, np.ndarray) and value.ndim:
        more = ", \N{HORIZONTAL ELLIPSIS}" if value.size > MOST_ROWS else ""
        return ", ".join(short(float(one)) for one in value.ravel()[:MOST_ROWS]) + more
    if value is None or value != value:  # NaN is not itself
        return "\N{EN DASH}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def pairs_html(title: str, pairs: Mapping[str, Any]) -> str:
    """Return names and values as an HTML table."""
    rows = "".join(
        f'<tr><th scope="row"{LEFT_ALIGN}>{escape(name)}</th><td{LEFT_ALIGN}>{escape(short(value))}</td></tr>'
        for name, value in pairs.items()
    )
    return f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>"


def rows_html(title: str, rows: Sequence[Mapping[Any, Any]], columns: Iterable[str]) -> str:
    """Return the first rows as an HTML table with its columns, and how many more there are."""
    names = list(columns)
    head = "".join(f'<th scope="col"{LEFT_ALIGN}>{escape(name)}</th>' for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td{LEFT_ALIGN}>{escape(short(row.get(name)))}</td>" for name in names) + "</tr>"
        for row in rows[:MOST_ROWS]
    )
    more = f"; {len(rows) - MOST_ROWS} more are not shown" if len(rows) > MOST_ROWS else ""
    return (
        f"<table><caption>{escape(title)}{more}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
