"""One notebook, run whole by papermill, or a failure that names the cell."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from helpers.pipeline import private
from helpers.pipeline.canonical import ERROR_MARK, INJECTED, canonical, write_notebook
from helpers.pipeline.errors import CLOSED, FULL, NotebookFailure, system_problem, system_remedy
from helpers.pipeline.kernel import ENGINE, KernelRoom
from helpers.pipeline.kernels import Kernels
from helpers.pipeline.notebook import NotebookRun

START_TIMEOUT = 120
ANSI = re.compile(r"\x1b\[[0-9;]*m")
for _library in ("papermill", "asyncio"):  # what matters of their complaints is in the failure's message
    logging.getLogger(_library).setLevel(logging.CRITICAL)


@dataclass
class _Progress:
    """The notebook while it runs, and the last cell that was begun."""

    run: NotebookRun
    notebook: Any = None
    index: int | None = None
    begun: float | None = None

    def seconds_left(self, cell: Any) -> float:
        """Return what is left of the notebook's time; it runs from the first cell."""
        if self.begun is None:
            self.begun = time.monotonic()
        return max(self.run.timeout - (time.monotonic() - self.begun), 0.001)

    def cell_started(self, cell: Any, cell_index: int) -> None:
        self.index = cell_index


def run_notebook(run: NotebookRun, kernels: Kernels) -> Path:
    """Run a notebook in a fresh kernel and keep it, canonical, when every code cell has run.

    Parameters
    ----------
    run : NotebookRun
        What to run. Safe to call from several threads at once.
    kernels : Kernels
        The list of the run's kernels.

    Returns
    -------
    pathlib.Path
        The executed notebook.

    Raises
    ------
    NotebookFailure
        When a cell raised, ended the kernel, ran too long or was never reached.

    """
    for last_try in (False, True):
        room, progress = KernelRoom(kernels, run), _Progress(run)
        try:
            error = _execute(run, room, progress)
            failure = _failure(run, room, progress, error)
        finally:
            room.close()
        # A kernel that never came up may have lost a race for a port: once more, and not again.
        if error is None or progress.index is not None or last_try or kernels.closed:
            break
    if failure is not None:
        if progress.notebook is not None:
            write_notebook(canonical(progress.notebook, run.labels, run.shown), run.failed)
        raise failure from error
    write_notebook(canonical(progress.notebook, run.labels, run.shown), run.executed)
    run.failed.unlink(missing_ok=True)
    return run.executed


def run_forked(run: NotebookRun) -> Path:
    """Run a notebook from a process forked by the server, which forks the kernel, too."""
    return run_notebook(run, Kernels(inside=private.FOLDER))


def _execute(run: NotebookRun, room: KernelRoom, progress: _Progress) -> Exception | None:
    """Run the notebook; return what stopped it."""
    try:
        papermill.execute_notebook(
            str(run.notebook),
            None,  # nothing is written before it is known to be whole
            parameters=dict(run.parameters),
            engine_name=ENGINE,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            autosave_cell_every=0,
            request_save_on_cell_execute=False,
            start_timeout=START_TIMEOUT,
            seconds_left=progress.seconds_left,
            room=room,
            root=run.root,
            progress=progress,
        )
    except Exception as error:
        return error
    return None


def _failure(
    run: NotebookRun, room: KernelRoom, progress: _Progress, error: Exception | None
) -> NotebookFailure | None:
    """Return why the notebook did not run whole; None when it did.

    Papermill's word is not enough: it takes `sys.exit(0)` in a cell for success.
    """
    cells = [] if progress.notebook is None else _own_cells(progress.notebook)
    code = [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]
    raised = next((cell for cell in code if _error_output(cell)), None)
    skipped = next((cell for cell in code if cell.get("execution_count") is None), None)
    if error is None and raised is None and skipped is None:
        return None
    stopped = _cell_at(progress)
    died = error is not None and not isinstance(error, PapermillExecutionError)
    cell = stopped if died and stopped is not None else raised or skipped or stopped
    problem = _problem(run, room, error if died or raised is None else None, raised)
    first_line = (
        next((line for line in cell.source.splitlines() if line.strip()), "") if cell is not None else ""
    )
    look = str(run.failed) if progress.notebook is not None else ""
    return NotebookFailure(
        run.name,
        str(run.notebook),
        _place(cells, cell),
        first_line.strip(),
        problem,
        look,
        room.last_words() if died else "",
    )


def _own_cells(notebook: Any) -> list[Any]:
    """Return the cells that stand in the notebook's file: not papermill's."""
    theirs = {INJECTED, ERROR_MARK}
    return [cell for cell in notebook.cells if not theirs & set(cell.metadata.get("tags", []))]


def _cell_at(progress: _Progress) -> Any:
    """Return the cell that was begun last."""
    if progress.notebook is None or progress.index is None:
        return None
    cells = [cell for cell in progress.notebook.cells if ERROR_MARK not in cell.metadata.get("tags", [])]
    return cells[progress.index]


def _error_output(cell: Any) -> Any:
    return next((output for output in cell.get("outputs", []) if output.output_type == "error"), None)


def _place(cells: list[Any], cell: Any) -> str:
    """Return which cell it is, counted among code cells and among all."""
    position = next((number for number, other in enumerate(cells) if other is cell), None)
    if position is None:
        return "no cell was run"
    code = [number for number, other in enumerate(cells) if other.cell_type == "code"]
    return f"code cell {code.index(position) + 1} of {len(code)} (cell {position + 1} of {len(cells)})"


def _problem(run: NotebookRun, room: KernelRoom, error: Exception | None, raised: Any) -> str:
    """Return the error in one line."""
    if isinstance(error, CellTimeoutError):
        return (
            f"the notebook was at this cell when its {run.timeout} s were over, and was ended; "
            "make it faster, or raise --timeout"
        )
    if isinstance(error, DeadKernelError) or (error is not None and room.ended_by()):
        how = room.ended_by() or "its process is gone"
        return f"the kernel died while the cell ran; {how}{room.no_room()}"
    if isinstance(error, OSError) and error.errno in FULL + CLOSED:
        return system_problem(error)
    if error is not None and not isinstance(error, PapermillExecutionError):
        first = next(iter(str(error).splitlines()), "")
        return f"{type(error).__name__}: {first}" if first else type(error).__name__
    if raised is None:
        return "the cell was not run, although nothing before it failed"
    output = _error_output(raised)
    message = next((line.strip() for line in ANSI.sub("", output.evalue).splitlines() if line.strip()), "")
    text = f"{output.ename}: {message}" if message else output.ename
    if full := next((number for number in FULL if f"[Errno {number}]" in message), None):
        return f"{text} - {system_remedy(full)}"
    if output.ename.endswith("MemoryError") and run.memory:
        return f"{text} - more than the {run.memory} MB that --memory allows; need less, or raise it"
    return (
        f"{text} - the cell ended the notebook before its last cell" if output.ename == "SystemExit" else text
    )
