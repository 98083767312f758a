"""A notebook that is to be run, and the one form in which it is kept when it has run.

Times, process numbers, random ids and paths of this machine go; sources, outputs and counts stay.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

INJECTED = "injected-parameters"
ERROR_MARK = "papermill-error-cell-tag"
CELL_METADATA_OF_A_RUN = ("papermill", "execution", "ExecuteTime", "collapsed", "scrolled")
# IPython names the file of a cell after its process: /tmp/ipykernel_4711/123456.py. The fixed beginning
# keeps the search linear: outputs hold pictures as one word of a million letters.
CELL_FILE = re.compile(re.escape(tempfile.gettempdir()) + r"[/\\]ipykernel_\d+[/\\]\d+\.py")
ADDRESS = re.compile(r"\bat 0x[0-9a-f]+")  # of an object in memory
WIDGETS = "application/vnd.jupyter.widget-state+json"
WIDGET_REFERENCE = "IPY_MODEL_"  # before the id of a widget that another one holds
BINARY = ("image/png", "image/jpeg", "application/pdf")


@dataclass(frozen=True)
class NotebookRun:
    """A notebook to be run, with the values it gets and the place for what comes out.

    `shown` are the parameters as the report shows them; `labels` what is written instead of a path of
    this machine; `timeout` the seconds that the notebook may take, `memory` the megabytes (no limit when
    None).
    """

    name: str
    notebook: Path
    parameters: Mapping[str, Any]
    shown: Mapping[str, Any]
    executed: Path
    root: Path
    labels: Mapping[str, str] = field(default_factory=dict)
    timeout: int = 600
    memory: int | None = None

    @property
    def failed(self) -> Path:
        """Where the half-run notebook is kept when the run fails."""
        return self.executed.with_suffix(".failed.ipynb")


def canonical(notebook: Any, labels: Mapping[str, str], shown: Mapping[str, Any]) -> Any:
    """Return a new notebook: an executed one in the one form that every run of it gives.

    `labels` is what to write instead of paths of this machine, the longest first; `shown` the parameters as
    the report shows them, the folders by their published names.
    """
    import nbformat

    kept = [cell for cell in notebook.cells if ERROR_MARK not in cell.metadata.get("tags", [])]
    cells = [_cell(cell, labels, shown) for cell in kept]
    ids = {cell.get("id") for cell in cells}
    numbered = notebook.get("nbformat_minor", 0) >= 5 and len(ids) == len(cells)
    for number, cell in enumerate(cells, 1):
        if not numbered:  # ids made up while reading an old notebook differ each time
            cell["id"] = INJECTED if INJECTED in cell.metadata.get("tags", []) else f"cell-{number:04d}"
    own = {key: value for key, value in notebook.metadata.items() if key not in ("papermill", "signature")}
    language = {key: value for key, value in own.get("language_info", {}).items() if key != "version"}
    own |= {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"} | language,
    }
    whole = {"cells": cells, "metadata": own, "nbformat": 4, "nbformat_minor": 5}
    return nbformat.from_dict(_with_numbered_widgets(whole))


def _cell(cell: Any, labels: Mapping[str, str], shown: Mapping[str, Any]) -> Any:
    import nbformat
    from papermill.translators import PythonTranslator

    kept = nbformat.from_dict({key: value for key, value in cell.items() if key != "metadata"})
    kept["metadata"] = {
        key: value for key, value in cell.metadata.items() if key not in CELL_METADATA_OF_A_RUN
    }
    if not kept["metadata"].get("tags", True):  # papermill adds an empty list to cells without tags
        del kept["metadata"]["tags"]
    if INJECTED in kept["metadata"].get("tags", []):
        kept["id"] = INJECTED
        kept["source"] = PythonTranslator.codify(dict(shown), "Parameters").rstrip("\n")
    if kept.cell_type == "code":
        kept["outputs"] = _streams_together([_plain(output, labels) for output in kept.get("outputs", [])])
    return nbformat.from_dict(kept)


def _plain(value: Any, labels: Mapping[str, str]) -> Any:
    """Return an output with the paths of this machine replaced in all its texts."""
    if isinstance(value, str):
        for path, label in labels.items():
            value = value.replace(path, label)
        # figures are long texts without blanks: search them only when there is something to find
        value = CELL_FILE.sub("cell", value) if "ipykernel_" in value else value
        return ADDRESS.sub("at 0x0", value) if "at 0x" in value else value
    if isinstance(value, list):
        return [_plain(item, labels) for item in value]
    if isinstance(value, dict):
        return {key: item if key in BINARY else _plain(item, labels) for key, item in value.items()}
    return value


def _streams_together(outputs: list[Any]) -> list[Any]:
    """Join neighbouring prints: where a kernel cuts its output, and stdout against stderr, is chance."""
    joined: list[Any] = []
    for output in outputs:
        if output["output_type"] != "stream":
            joined.append(output)
            continue
        start = len(joined)
        while start and joined[start - 1]["output_type"] == "stream":
            start -= 1
        same = next((other for other in joined[start:] if other["name"] == output["name"]), None)
        if same is None:
            joined.append(dict(output))
        else:
            same["text"] += output["text"]
        joined[start:] = sorted(joined[start:], key=lambda stream: stream["name"] != "stdout")
    for stream in joined:
        if stream["output_type"] == "stream" and "\r" in stream["text"]:
            stream["text"] = "\n".join(map(_last_writing, stream["text"].split("\n")))
    return joined


def _last_writing(line: str) -> str:
    """Return a line as a terminal shows it: what follows a carriage return is written over the rest."""
    written = line.rstrip("\r")
    return written.rpartition("\r")[2] + line[len(written) :]


def _with_numbered_widgets(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook in which the widgets that cells show are numbered, not named at random; no others."""
    shown = notebook["metadata"].pop("widgets", {}).get(WIDGETS, {})
    state = shown.get("state", {})
    names: dict[str, str] = {}

    def renamed(value: Any) -> Any:
        if isinstance(value, str) and value.removeprefix(WIDGET_REFERENCE) in state:
            name = value.removeprefix(WIDGET_REFERENCE)
            return value.replace(name, names.setdefault(name, f"widget-{len(names) + 1}"))
        if isinstance(value, list):
            return [renamed(item) for item in value]
        if isinstance(value, dict):
            return {key: renamed(value[key]) for key in sorted(value)}
        return value

    if not state:
        return notebook
    notebook["cells"] = renamed(notebook["cells"])
    numbered: dict[str, Any] = {}
    while missing := [name for name in names if names[name] not in numbered]:  # widgets name others
        numbered |= {names[name]: renamed(state[name]) for name in missing}
    notebook["metadata"]["widgets"] = {WIDGETS: dict(shown) | {"state": numbered}}
    return notebook
