"""One output of a cell as HTML; what must not be published is refused with its cell's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from helpers.site.guard import SiteError

MISSING_ALT = ("No description has been provided for this image", "")


def output_html(output: Any, place: str, markdown: Callable[..., str]) -> str:
    """Return an output as HTML.

    Parameters
    ----------
    output : nbformat.NotebookNode
        An output of a code cell.
    place : str
        Notebook and cell, for messages.
    markdown : callable
        Turns Markdown into HTML; called with `trusted=False`, as an output may carry a source's words.

    Raises
    ------
    SiteError
        For stderr, an error, or an image without alternative text.

    """
    if output.output_type == "stream":
        if output.name == "stderr":
            first = next(iter(output.text.strip().splitlines()), "")
            raise SiteError(
                f"{place}: it wrote to stderr ({first[:120]!r}); mend the warning and run it again"
            )
        return str(Markup('<pre class="output">{}</pre>').format(output.text.rstrip()))
    if output.output_type == "error":
        raise SiteError(
            f"{place}: it raised {output.ename}: {output.evalue[:120]}; a failed run is not published"
        )
    data = output.get("data", {})
    if "text/html" in data:
        return _text(data["text/html"])
    if "image/png" in data:
        return _image(_text(data["image/png"]), output.get("metadata", {}), place)
    if "image/svg+xml" in data or "image/jpeg" in data:
        raise SiteError(f"{place}: an image that is not PNG; show it with show_figure")
    if "text/markdown" in data:
        return markdown(_text(data["text/markdown"]), trusted=False)
    if "text/plain" in data:
        return str(Markup('<pre class="output">{}</pre>').format(_text(data["text/plain"])))
    return ""


def _image(encoded: str, metadata: Any, place: str) -> str:
    """Return a bare PNG output; its words are in the output's metadata."""
    notes = metadata.get("image/png", metadata)
    alt = str(notes.get("alt", "")).strip()
    if alt in MISSING_ALT:
        raise SiteError(f"{place}: an image has no alternative text; show it with show_figure")
    width = Markup(' width="{}"').format(notes["width"]) if notes.get("width") else ""
    source = "".join(encoded.split())
    return str(
        Markup('<figure><img src="data:image/png;base64,{}" alt="{}"{}></figure>').format(source, alt, width)
    )


def _text(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)
