"""Tables of results that read well at the prompt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

MOST_ROWS = 10


def short(value: Any) -> str:
    """Return a value for the prompt: numbers in four significant digits, a missing one as a dash."""
    if value is None or value != value:  # NaN is not itself
        return "\N{EN DASH}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def pairs_html(title: str, pairs: Mapping[str, Any]) -> str:
    """Return names and values as an HTML table."""
    rows = Markup("").join(
        Markup(
            '<tr><th scope="row" style="text-align:left">{}</th><td style="text-align:left">{}</td></tr>'
        ).format(name, value if hasattr(value, "__html__") else short(value))
        for name, value in pairs.items()
    )
    return str(Markup("<table><caption>{}</caption><tbody>{}</tbody></table>").format(title, rows))


def rows_html(title: str, rows: Sequence[Mapping[str, Any]], columns: Iterable[str]) -> str:
    """Return the first rows as an HTML table with its columns, and how many more there are."""
    names = list(columns)
    head = Markup("").join(
        Markup('<th scope="col" style="text-align:left">{}</th>').format(name) for name in names
    )
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                Markup('<td style="text-align:left">{}</td>').format(short(row.get(name))) for name in names
            )
        )
        for row in rows[:MOST_ROWS]
    )
    more = f"; {len(rows) - MOST_ROWS} more are not shown" if len(rows) > MOST_ROWS else ""
    return str(
        Markup("<table><caption>{}{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(
            title, more, head, body
        )
    )
