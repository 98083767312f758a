"""Executed notebooks without what differs between two runs of the same thing.

Times, process numbers, random ids and paths of this machine go; sources, outputs and counts stay.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from papermill.translators import PythonTranslator

from notebookpress.files import write_atomic

INJECTED = "injected-parameters"
ERROR_MARK = "papermill-error-cell-tag"
CELL_METADATA_OF_A_RUN = ("papermill", "execution", "ExecuteTime", "collapsed", "scrolled")
# IPython names the file of a cell after its process: /tmp/ipykernel_4711/123456.py. The fixed beginning
# keeps the search linear: outputs hold pictures as one word of a million letters.
CELL_FILE = re.compile(re.escape(tempfile.gettempdir()) + r"[/\\]ipykernel_\d+[/\\]\d+\.py")


def canonical(notebook: Any, labels: Mapping[str, str], shown: Mapping[str, Any]) -> Any:
    """Return an executed notebook in the one form that every run of it gives.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        As papermill left it.
    labels : mapping of str to str
        What to write instead of a path of this machine, the longest first.
    shown : mapping
        The parameters as the report shows them: the folders by their published names.

    Returns
    -------
    nbformat.NotebookNode
        A new notebook.

    """
    cells = [
        _cell(cell, labels, shown)
        for cell in notebook.cells
        if ERROR_MARK not in cell.metadata.get("tags", [])
    ]
    numbered = notebook.get("nbformat_minor", 0) >= 5 and len({cell.get("id") for cell in cells}) == len(
        cells
    )
    for number, cell in enumerate(cells, 1):
        if not numbered:  # ids made up while reading an old notebook differ each time
            cell["id"] = INJECTED if INJECTED in cell.metadata.get("tags", []) else f"cell-{number:04d}"
    kept = {
        key: value
        for key, value in notebook.metadata.items()
        if key not in ("papermill", "widgets", "signature")
    }
    language = {key: value for key, value in kept.get("language_info", {}).items() if key != "version"}
    kept |= {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"} | language,
    }
    return nbformat.from_dict({"cells": cells, "metadata": kept, "nbformat": 4, "nbformat_minor": 5})


def write_notebook(notebook: Any, path: Path) -> Path:
    """Write a notebook beside its place and rename it there."""
    return write_atomic(path, nbformat.writes(notebook).rstrip("\n") + "\n")


def _cell(cell: Any, labels: Mapping[str, str], shown: Mapping[str, Any]) -> Any:
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
        return CELL_FILE.sub("cell", value) if "ipykernel_" in value else value
    if isinstance(value, list):
        return [_plain(item, labels) for item in value]
    if isinstance(value, dict):
        binary = ("image/png", "image/jpeg", "application/pdf")
        return {key: item if key in binary else _plain(item, labels) for key, item in value.items()}
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
    return joined
