"""A notebook with every kind of output is the same by our runner, by a plain kernel and by bare papermill."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from case_files import cases_of
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from notebookpress.errors import PipelineError
from notebookpress.notebook import NotebookRun, canonical
from notebookpress.workers import FIXED, NOT_TAKEN_OVER, Workers

CASES = cases_of(__file__)
CELLS, FAILURES = CASES["cells"], CASES["failures"]
PATIENCE = 300  # seconds; the machine may be busy
GIVEN = {"study": "some", "rounds": 2}
Cells = dict[str, list[dict[str, Any]]]


def write_outputs(path: Path, cells: dict[str, str]) -> Path:
    """Write cells as a notebook, a heading above each; the first is the parameters'."""
    written = []
    for number, (title, source) in enumerate(cells.items()):
        tags = {"tags": ["parameters"]} if title == "parameters" else {}
        written.append(new_markdown_cell(f"## {title}", id=f"title-{number}"))
        written.append(new_code_cell(source, metadata=tags, id=f"cell-{number}"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=written, metadata={"kernelspec": kernel}), path)
    return path


def environment() -> dict[str, str]:
    """Return the environment of a plain kernel: as of ours, so that figures and words are comparable."""
    return {name: value for name, value in os.environ.items() if name not in NOT_TAKEN_OVER} | FIXED


def outputs(notebook: Any, labels: dict[str, str]) -> Cells:
    """Return what the cells of a notebook gave, by title; the title of a cell stands above it."""
    cells = canonical(notebook, labels, GIVEN).cells
    found: Cells = {}
    for before, cell in zip(cells, cells[1:], strict=False):
        if cell.cell_type == "code" and before.cell_type == "markdown":
            title = before.source.removeprefix("## ")
            found[title] = [cell.get("execution_count"), *cell.outputs]
    for output in found.get("time", [])[1:]:
        output["text"] = re.sub(r"[\d.]+(?:e[+-]?\d+)? [mnuµμ]?s", "TIME", output["text"])
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outputs")


@pytest.fixture(scope="module")
def workers() -> Any:
    with Workers() as working:
        yield working


def by_ours(workers: Workers, notebook: Path, given: dict[str, Any]) -> Any:
    """Return the notebook as our runner leaves it, whole or not."""
    executed = notebook.with_suffix(".ours.ipynb")
    run = NotebookRun(
        "run", notebook, given, given, executed, notebook.parent, {str(notebook.parent): "here"}, PATIENCE
    )
    try:
        workers.run_notebook(run)
    except PipelineError:
        executed = run.failed
    return nbformat.read(executed, as_version=4)


def by_papermill(notebook: Path, given: dict[str, Any]) -> Any:
    """Return the notebook as the bare command leaves it."""
    executed = notebook.with_suffix(".papermill.ipynb")
    command = [sys.executable, "-m", "papermill", str(notebook), str(executed), "--cwd", str(notebook.parent)]
    for name, value in given.items():
        command += ["-p", name, str(value)]
    try:
        subprocess.run(command, env=environment(), capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        pytest.fail(f"papermill was still {cell_at_work(executed)}")
    return nbformat.read(executed, as_version=4)


def cell_at_work(executed: Path) -> str:
    """Say at which cell papermill is; it saves the notebook before and after each."""
    cells = nbformat.read(executed, as_version=4).cells if executed.is_file() else []
    for before, cell in zip(cells, cells[1:], strict=False):
        if cell.metadata.get("papermill", {}).get("status") == "running":
            return f"at the cell below {before.source!r}: {cell.source}"
    return "at no cell"


def by_plain_kernel(notebook: Path, given: dict[str, Any]) -> Any:
    """Return the notebook as nbclient leaves it on a kernel of its own, parameters put in by papermill."""
    prepared = notebook.with_suffix(".prepared.ipynb")
    import papermill

    papermill.execute_notebook(str(notebook), str(prepared), given, prepare_only=True)
    read = nbformat.read(prepared, as_version=4)
    place = {"metadata": {"path": str(notebook.parent)}}
    try:
        NotebookClient(read, timeout=PATIENCE, resources=place).execute(env=environment())
    except Exception as error:  # the notebook shows it
        print(error)
    return read


@pytest.fixture(scope="module")
def ours(place: Path, workers: Workers) -> Any:
    return by_ours(workers, write_outputs(place / "all.ipynb", CELLS), GIVEN)


@pytest.mark.slow
@pytest.mark.parametrize("way", [by_papermill, by_plain_kernel])
def test_every_kind_of_output(place: Path, ours: Any, way: Any) -> None:
    labels = {str(place): "here"}
    theirs = way(place / "all.ipynb", GIVEN)
    first, second = outputs(ours, labels), outputs(theirs, labels)
    assert {title for title in CELLS if first[title] != second[title]} == set()
    assert [cell.source for cell in canonical(theirs, labels, GIVEN).cells] == [
        cell.source for cell in ours.cells
    ]
    assert canonical(theirs, labels, GIVEN).metadata == ours.metadata


@pytest.mark.slow
def test_the_same_bytes_without_fork(place: Path, ours: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENCE_FORK", "0")
    titles = ("parameters", "print and display in turn", "trailing frame", "figure at a cell's end", "widget")
    notebook = write_outputs(place / "some.ipynb", {title: CELLS[title] for title in titles})
    with Workers() as workers:
        plain = by_ours(workers, notebook, GIVEN)
    monkeypatch.setenv("EVIDENCE_FORK", "1")
    with Workers() as workers:
        assert by_ours(workers, notebook, GIVEN) == plain


def test_every_output_is_there(ours: Any) -> None:
    silent = {"question mark", "parameters", "capture", "quiet result", "not shown", "task", "clear and wait"}
    found = outputs(ours, {})
    assert {title for title in CELLS if len(found[title]) < 2} <= silent
    assert ours.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]["widget-1"]


@pytest.mark.parametrize("title", FAILURES)
def test_what_a_failing_cell_gives(place: Path, workers: Workers, title: str) -> None:
    cells = {"first": "print('at work')", title: FAILURES[title], "never": "print('never')"}
    notebook = write_outputs(place / "failing.ipynb", cells)
    found = outputs(by_ours(workers, notebook, {}), {})
    assert found["never"] == [None]
    assert outputs(by_plain_kernel(notebook, {}), {}) == found
