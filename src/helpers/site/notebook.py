"""An executed notebook as a page."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
        For stderr, an error, or an image that show_figure did not make.
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
    if any(kind.startswith("image/") for kind in data):
        raise SiteError(f"{place}: an image without alternative text; show it with show_figure")
    if "text/markdown" in data:
        return markdown(_text(data["text/markdown"]), trusted=False)
    if "text/plain" in data:
        return str(Markup('<pre class="output">{}</pre>').format(_text(data["text/plain"])))
    return ""


def _text(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


PARAMETER_TAGS = ("parameters", "injected-parameters")
OF_THE_RUN = re.compile(
    r"^\*\*(?:Inputs|Outputs):\*\*.*\n?", re.M
)  # names of tables; `data.html` tells of them


@dataclass(frozen=True)
class NotebookBody:
    """What a notebook gives to its page: HTML in cell order, and the facts of its run."""

    html: str
    sha256: str
    parameters: dict[str, Any] = field(default_factory=dict)


def read_body(path: str | Path) -> NotebookBody:
    """Return an executed notebook as HTML.

    Parameters
    ----------
    path : str or pathlib.Path
        The executed `.ipynb`.

    Returns
    -------
    NotebookBody
        HTML of every cell (those tagged `remove_cell` apart), sha256 of the file, parameters of the run.

    Raises
    ------
    SiteError
        When the file is no notebook, or a cell wrote to stderr or raised; the cell is named.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        notebook = nbformat.reads(content.decode("utf-8"), as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError) as error:
        raise SiteError(
            f"{path.name}: not a readable notebook ({type(error).__name__}); run it again"
        ) from None
    return NotebookBody(
        html="\n".join(_cells_html(notebook.cells, path.name)),
        sha256=hashlib.sha256(content).hexdigest(),
        parameters=_parameters(notebook),
    )


def markdown_html(source: str, *, trusted: bool) -> str:
    """Return Markdown as HTML; in text that is not ours, tags show as text and links cannot run scripts."""
    renderer = IPythonRenderer(escape=not trusted, allow_harmful_protocols=False, exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer).render(source)


def _cells_html(cells: Sequence[Any], file: str) -> Iterator[str]:
    """Yield prose, code and outputs in order; code without an output is folded with that of the next cell."""
    waiting: list[tuple[str, str]] = []

    def fold() -> Iterator[str]:
        if waiting:
            yield code_html(*waiting)
        waiting.clear()

    for number, cell in enumerate(cells, start=1):
        if "remove_cell" in cell.metadata.get("tags", []) or not (cell.source.strip() or cell.get("outputs")):
            continue
        if cell.cell_type != "code":
            yield from fold()
            raw = Markup("<pre>{}</pre>").format(cell.source)
            prose = OF_THE_RUN.sub("", cell.source)
            yield markdown_html(prose, trusted=True) if cell.cell_type == "markdown" else str(raw)
            continue
        name = f"cell-{number}"
        injected = "injected-parameters" in cell.metadata.get("tags", [])
        waiting.append((_without_folders(cell.source) if injected else cell.source, name))
        if shown := _outputs_html(cell, f"{file}, cell {number}", name):
            yield from fold()
            yield shown
    yield from fold()


def _outputs_html(cell: Any, place: str, name: str) -> str:
    """Return a cell's outputs: numbers that no row accounts for lead to the code that printed them."""
    outputs = [output_html(output, place, markdown_html) for output in cell.outputs]
    shown = "\n".join(text for text in outputs if text)
    return f'<div class="output" data-from="{name}">\n{shown}\n</div>' if shown else ""


def _parameters(notebook: Any) -> dict[str, Any]:
    """Return the parameters of the run: the notebook's defaults, then what was injected over them."""
    found: dict[str, Any] = {}
    for tag in PARAMETER_TAGS:
        for cell in notebook.cells:
            if cell.cell_type == "code" and tag in cell.metadata.get("tags", []):
                found.update(_assigned(cell.source))
    return {name: place_free(value) for name, value in sorted(found.items())}


def _assigned(source: str) -> dict[str, Any]:
    """Return the literal values that a cell assigns to names."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return {}
    values = {}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name) and getattr(node, "value", None) is not None:
                try:
                    values[target.id] = ast.literal_eval(node.value)
                except ValueError:
                    continue
    return values


def place_free(value: Any) -> Any:
    """Return a value without the folder of this machine: a page is the same wherever it is made."""
    if isinstance(value, str) and (Path(value).is_absolute() or value[1:3] in (":\\", ":/")):
        return "…/" + value.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return value


def _without_folders(source: str) -> str:
    """Return an injected cell's code with machine folders shortened."""
    for value in _assigned(source).values():
        if place_free(value) != value:
            source = source.replace(repr(value)[1:-1], place_free(value))
    return source


# Classes of pygments, whole or their first letter, that `style.css` gives a colour.
COLOURED = ("c", "k", "s", "m", "nf", "nd")
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
    """
    body = read_body(path)
    page = arrange(Page(file=run_file(run), title="", body=body.html))
    if run.startswith(STUDY_RUN):
        study = run.removeprefix(STUDY_RUN)
        page.title = names.get(study, study)
    parameters = (f"{name} = {show_value(value)}" for name, value in body.parameters.items())
    page.facts = [
        ("Version", str(provenance.get("version") or "not stated")),
        ("Source notebook", f"{run.split('-')[0]}.ipynb"),
        ("SHA-256 of this run", Markup("<code>{}</code>").format(body.sha256)),
        ("Parameters", ", ".join(parameters) or "none"),
    ]
    return page
