"""Style, script and content policy of the pages, and code as HTML."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

# Prefix of pygments' short class -> (colour on light, colour on dark, weight). All against the grounds below.
LIGHT_GROUND, DARK_GROUND = "#f4f5f2", "#1e2329"
COLOURS = {
    "c": ("#5b6168", "#a3abb4", "font-style:italic"),
    "k": ("#7a1f5c", "#f0a3d0", "font-weight:600"),
    "s": ("#1c5c2e", "#9fd8a8", ""),
    "m": ("#8a3c00", "#f2b57c", ""),
    "nf": ("#0b4f73", "#8fcbea", ""),
    "nd": ("#5a3d8a", "#c9b3f0", ""),
}
EXACT_CLASSES = ("nf", "nd")
SPAN = re.compile(r'<span class="(\w+)">([^<]*)</span>')
RUN = re.compile(r'<span class="(\w+)">([^<]*)</span>(\s*)<span class="\1">')


def code_html(*cells: tuple[str, str]) -> str:
    """Return the Python code of cells in one folded `details` element; it opens without a script.

    Parameters
    ----------
    *cells : tuple of (str, str)
        The code of each cell, and its anchor inside the fold: a link to it opens the fold. An anchor may be
        empty.

    """
    blocks = Markup("").join(_block(source, name) for source, name in cells)
    summary = Markup('Code<span class="visually-hidden">: {}</span>').format(_first(cells[0][0]))
    return str(Markup('<details class="code"><summary>{}</summary>{}</details>').format(summary, blocks))


def _first(source: str) -> str:
    return next((line.strip() for line in source.splitlines() if line.strip()), "")[:80]


def _block(source: str, name: str) -> Markup:
    """Return a cell's code in a region that scrolls."""
    identity = Markup(' id="{}"').format(name) if name else ""
    cell = f" of cell {name.rpartition('-')[2]}" if name else ""  # two cells may begin alike
    return Markup(
        '<div{} class="scroll" role="region" aria-label="Code{}: {}" tabindex="0">'
        "<pre><code>{}</code></pre></div>"
    ).format(identity, cell, _first(source), Markup(_coloured(source.rstrip())))


@cache  # a study's page has the code of all others
def _coloured(source: str) -> str:
    """Return Python code as HTML, its words in few colours."""
    coloured = highlight(source, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)).rstrip()
    coloured = SPAN.sub(_coloured_only, coloured)
    while (joined := RUN.sub(r'<span class="\1">\2\3', coloured)) != coloured:
        coloured = joined
    return coloured


def _coloured_only(span: re.Match[str]) -> str:
    """Return a span of the colour of its kind of word, or the text alone: most words have no colour."""
    kind, text = span.groups()
    name = kind if kind in EXACT_CLASSES else kind[0]
    return f'<span class="{name}">{text}</span>' if name in COLOURS else text


def code_css() -> str:
    """Return the colours as CSS, for light and for dark."""
    return _rules(0) + "@media (prefers-color-scheme:dark){" + _rules(1) + "}"


def _rules(mode: int) -> str:
    rules = []
    for name, entry in COLOURS.items():
        selector = f"code .{name}"
        extra = f";{entry[2]}" if entry[2] and mode == 0 else ""
        rules.append(f"{selector}{{color:{entry[mode]}{extra}}}")
    return "".join(rules)


STYLE, SCRIPT = "style.css", "script.js"  # beside the pages
POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file: data:; "
    "base-uri 'none'; form-action 'none'"
)


def shared_files() -> dict[str, bytes]:
    """Return the style sheet and the script that all pages load, by file name."""
    return {STYLE: stylesheet().encode("utf-8"), SCRIPT: script().encode("utf-8")}


@cache
def stylesheet() -> str:
    """Return the one style sheet, without comments and idle space."""
    source = re.sub(r"/\*.*?\*/", "", _template(STYLE), flags=re.S)
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", source)).strip() + code_css() + "\n"


@cache
def script() -> str:
    """Return the script that sorts tables, without its comments and indentation."""
    source = re.sub(r"^\s*//.*$", "", _template(SCRIPT), flags=re.M)
    return "\n".join(line for line in map(str.strip, source.splitlines()) if line) + "\n"


def _template(name: str) -> str:
    return resources.files("helpers.site").joinpath(f"templates/{name}").read_text(encoding="utf-8")
