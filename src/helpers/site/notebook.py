"""An executed notebook as the body of a page: prose, folded code, outputs, and the facts of its run."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from helpers.site.code import code_html
from helpers.site.guard import SiteError
from helpers.site.outputs import output_html

PARAMETER_TAGS = ("parameters", "injected-parameters")


@dataclass(frozen=True)
class NotebookBody:
    """What a notebook gives to its page: HTML in cell order, and the facts of its run."""

    name: str
    html: str
    sha256: str
    parameters: dict[str, Any] = field(default_factory=dict)


def read_body(path: str | Path, code_at: str = "") -> NotebookBody:
    """Return an executed notebook as HTML.

    Parameters
    ----------
    path : str or pathlib.Path
        The executed `.ipynb`.
    code_at : str
        Where the code of all runs of this notebook stands once: prefix of the anchors of its cells. Left out,
        the code stands on this page, folded.

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
        name=path.name,
        html="\n".join(_cells_html(notebook.cells, path.name, code_at)),
        sha256=hashlib.sha256(content).hexdigest(),
        parameters=_parameters(notebook),
    )


def code_body(path: str | Path, code_at: str) -> str:
    """Return the code of a notebook that runs many times: its cells below its headings, without outputs."""
    notebook = nbformat.reads(Path(path).read_text(encoding="utf-8"), as_version=4)
    parts = []
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            parts.append(markdown_html(cell.source.splitlines()[0], trusted=True))
        elif cell.cell_type == "code" and "injected-parameters" not in cell.metadata.get("tags", []):
            parts.append(code_html((cell.source, f"{code_at}-{number}")))
    return "\n".join(parts)


def markdown_html(source: str, *, trusted: bool) -> str:
    """Return Markdown as HTML; in text that is not ours, tags show as text and links cannot run scripts."""
    renderer = IPythonRenderer(escape=not trusted, allow_harmful_protocols=False, exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer).render(source)


def _cells_html(cells: Sequence[Any], file: str, code_at: str) -> Iterator[str]:
    """Yield prose, code and outputs in order; code without an output is folded with that of the next cell."""
    waiting: list[tuple[str, str]] = []

    def fold() -> Iterator[str]:
        if waiting and not code_at:
            yield code_html(*waiting)
        waiting.clear()

    for number, cell in enumerate(cells, start=1):
        if "remove_cell" in cell.metadata.get("tags", []) or not (cell.source.strip() or cell.get("outputs")):
            continue
        if cell.cell_type != "code":
            yield from fold()
            yield _prose(cell)
            continue
        name = f"{code_at or 'cell'}-{number}"
        waiting.append((_shown_source(cell), name))
        if shown := _outputs_html(cell, f"{file}, cell {number}", name):
            yield from fold()
            yield shown
    yield from fold()


def _prose(cell: Any) -> str:
    if cell.cell_type == "markdown":
        return markdown_html(cell.source, trusted=True)
    return str(Markup("<pre>{}</pre>").format(cell.source))


def _shown_source(cell: Any) -> str:
    injected = "injected-parameters" in cell.metadata.get("tags", [])
    return _without_folders(cell.source) if injected else cell.source


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
