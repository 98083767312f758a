"""An executed notebook as a page."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from helpers.formats import show_value
from helpers.site.checks import SiteError
from helpers.site.page import Page, arrange, page_slug
from notebookpress.notebook import INJECTED
from notebookpress.parameters import cell_values

# Names of tables; `data.html` tells of them.
OF_THE_RUN = re.compile(r"^\*\*(?:Inputs|Outputs):\*\*.*\n?", re.M)
OUTPUT = Markup('<pre class="output">{}</pre>')


def _output_html(output: Any, place: str) -> str:
    """Return an output as HTML; refuse stderr, an error, and an image that show_figure did not make."""
    if output.output_type == "stream":
        if output.name == "stderr":
            first = next(iter(output.text.strip().splitlines()), "")
            said = f"it wrote to stderr ({first[:120]!r}); mend the warning and run it again"
            raise SiteError(f"{place}: {said}")
        return OUTPUT.format(output.text.rstrip())
    if output.output_type == "error":
        said = f"it raised {output.ename}: {output.evalue[:120]}; a failed run is not published"
        raise SiteError(f"{place}: {said}")
    data = output.get("data", {})
    if "text/html" in data:
        return data["text/html"]
    if any(kind.startswith("image/") for kind in data):
        raise SiteError(f"{place}: an image without alternative text; show it with show_figure")
    if "text/markdown" in data:
        return markdown_html(data["text/markdown"], trusted=False)
    return OUTPUT.format(data["text/plain"]) if "text/plain" in data else ""


def markdown_html(source: str, *, trusted: bool) -> str:
    """Return Markdown as HTML; in text that is not ours, tags show as text and links cannot run scripts."""
    renderer = IPythonRenderer(escape=not trusted, allow_harmful_protocols=False, exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer).render(source)


def _cells_html(cells: Sequence[Any], file: str) -> Iterator[str]:
    """Yield prose, code and outputs in order; code without an output is folded with that of the next cell.

    Cells tagged `remove_cell` are left out. Numbers that no row accounts for lead to the code behind them.
    """
    waiting: list[tuple[str, str]] = []

    def fold() -> Iterator[str]:
        if waiting:
            yield _code_html(waiting)
        waiting.clear()

    for number, cell in enumerate(cells, start=1):
        tags, name = cell.metadata.get("tags", []), f"cell-{number}"
        if "remove_cell" in tags or not (cell.source.strip() or cell.get("outputs")):
            continue
        if cell.cell_type != "code":
            yield from fold()
            raw = Markup("<pre>{}</pre>").format(cell.source)
            prose = OF_THE_RUN.sub("", cell.source)
            yield markdown_html(prose, trusted=True) if cell.cell_type == "markdown" else raw
            continue
        waiting.append((_without_folders(cell.source) if INJECTED in tags else cell.source, name))
        outputs = [_output_html(output, f"{file}, cell {number}") for output in cell.outputs]
        if shown := "\n".join(filter(None, outputs)):
            yield from fold()
            yield f'<div class="output" data-from="{name}">\n{shown}\n</div>'
    yield from fold()


def _parameters(cells: Sequence[Any]) -> dict[str, Any]:
    """Return the parameters of the run: the notebook's defaults, then what was injected over them."""
    tagged = [
        cell for tag in ("parameters", INJECTED) for cell in cells if tag in cell.metadata.get("tags", [])
    ]
    found = {name: value for cell in tagged for name, value in cell_values(cell.source).items()}
    return {name: place_free(value) for name, value in sorted(found.items())}


def place_free(value: Any) -> Any:
    """Return a value without the folder of this machine: a page is the same wherever it is made."""
    if isinstance(value, str) and (Path(value).is_absolute() or value[1:3] in (":\\", ":/")):
        return "…/" + value.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return value


def _without_folders(source: str) -> str:
    """Return an injected cell's code with machine folders shortened."""
    for value in cell_values(source).values():
        if place_free(value) != value:
            source = source.replace(repr(value)[1:-1], place_free(value))
    return source


# Classes of pygments, whole or their first letter, that `style.css` gives a colour.
COLOURED = ("c", "k", "s", "m", "nf", "nd")
SPAN = re.compile(r'<span class="(\w+)">([^<]*)</span>')
RUN = re.compile(r'<span class="(\w+)">([^<]*)</span>(\s*)<span class="\1">')


def _code_html(cells: Sequence[tuple[str, str]]) -> str:
    """Return the code of cells, each with its anchor, in one folded element: a link to an anchor opens it."""
    blocks = Markup("").join(_block(source, name) for source, name in cells)
    summary = Markup('Code<span class="visually-hidden">: {}</span>').format(_first(cells[0][0]))
    return Markup('<details class="code"><summary>{}</summary>{}</details>').format(summary, blocks)


def _first(source: str) -> str:
    return next((line.strip() for line in source.splitlines() if line.strip()), "")[:80]


def _block(source: str, name: str) -> Markup:
    """Return a cell's code in a region that scrolls; its number tells it from one that begins alike."""
    return Markup(
        '<div id="{}" class="scroll" role="region" aria-label="Code of cell {}: {}" tabindex="0">'
        "<pre><code>{}</code></pre></div>"
    ).format(name, name.rpartition("-")[2], _first(source), Markup(_coloured(source.rstrip())))


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
    name = kind if kind in COLOURED else kind[0]
    return f'<span class="{name}">{text}</span>' if name in COLOURED else text


STUDY_RUN = "03_study_evidence-"


def run_file(run: str) -> str:
    """Return the name of a run's page."""
    if run.startswith(STUDY_RUN):
        return f"study-{page_slug(run.removeprefix(STUDY_RUN))}.html"
    return f"{page_slug(run)}.html"


def notebook_page(
    path: str | Path, run: str, provenance: Mapping[str, Any], names: Mapping[str, str]
) -> Page:
    """Return the arranged page of one notebook run, with the facts of the run below it.

    That of a study has the study's name as title, by `names`.

    Raises
    ------
    SiteError
        When the file is no notebook, or a cell wrote to stderr or raised; the cell is named.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        cells = nbformat.reads(content.decode("utf-8"), as_version=4).cells
    except (OSError, ValueError, nbformat.reader.NotJSONError) as error:
        said = f"not a readable notebook ({type(error).__name__}); run it again"
        raise SiteError(f"{path.name}: {said}") from None
    page = arrange(Page(file=run_file(run), title="", body="\n".join(_cells_html(cells, path.name))))
    if run.startswith(STUDY_RUN):
        study = run.removeprefix(STUDY_RUN)
        page.title = names.get(study, study)
    parameters = (f"{name} = {show_value(value)}" for name, value in _parameters(cells).items())
    sha256 = hashlib.sha256(content).hexdigest()
    page.facts = [
        ("Version", str(provenance.get("version") or "not stated")),
        ("Source notebook", f"{run.split('-')[0]}.ipynb"),
        ("SHA-256 of this run", Markup("<code>{}</code>").format(sha256)),
        ("Parameters", ", ".join(parameters) or "none"),
    ]
    return page
