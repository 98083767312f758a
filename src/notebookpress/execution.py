"""One notebook, run whole by papermill in a kernel of its own, or a failure that names the cell."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from notebookpress.errors import FULL, PipelineError, in_one_line, system_remedy
from notebookpress.files import write_atomic
from notebookpress.kernels import Kernel
from notebookpress.notebook import ERROR_MARK, INJECTED, NotebookRun, canonical
from notebookpress.workers import ended_in_words

ENGINE = "notebookpress"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
for _library in ("papermill", "asyncio"):  # what matters of their complaints is in the failure's message
    logging.getLogger(_library).setLevel(logging.CRITICAL)


@dataclass
class _Execution:
    """A notebook while it runs: its kernel, and the last cell that was begun."""

    run: NotebookRun
    kernel: Kernel
    environment: Mapping[str, str]
    said: Path
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


class _Engine(Engine):
    """Papermill's engine with kernel, folder and environment given from outside."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        execution: _Execution = options["execution"]
        execution.notebook = nb_man.nb
        client = PapermillNotebookClient(
            nb_man,
            execution.kernel,
            kernel_name=kernel_name,
            timeout_func=execution.seconds_left,
            record_timing=False,
            shutdown_kernel="immediate",
            on_cell_start=execution.cell_started,
            log=logging.getLogger("papermill"),
        )
        with execution.said.open("ab") as said:
            client.execute(
                cwd=str(execution.run.root),
                env=execution.environment,
                stdout=said,
                stderr=said,
                cleanup_kc=True,  # the kernel ends with the notebook
            )


papermill_engines.register(ENGINE, _Engine)


def run_notebook(run: NotebookRun, environment: Mapping[str, str], forked: bool, folder: Path) -> Path:
    """Run a notebook in a fresh kernel; when every code cell has run, keep it canonical and return its file.

    The kernel has its files in the private `folder`; it is forked from this process, or else a plain one.

    Raises
    ------
    PipelineError
        When a cell raised, ended the kernel, ran too long or was never reached.
    """
    own = {"IPYTHONDIR": str(folder / "ipython")}  # not the user's own settings
    execution = _Execution(run, Kernel(forked, run.memory), dict(environment) | own, folder / "said")
    error: Exception | None = None
    try:
        papermill.execute_notebook(
            str(run.notebook)
            .replace("{", "{{")
            .replace("}", "}}"),  # papermill fills in what stands in braces
            None,  # nothing is written before it is known to be whole
            parameters=dict(run.parameters),
            engine_name=ENGINE,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            autosave_cell_every=0,
            execution=execution,
        )
    except Exception as raised:
        error = raised
    failure = _failure(execution, error)
    if execution.notebook is not None:
        kept = run.executed if failure is None else run.failed
        text = nbformat.writes(canonical(execution.notebook, run.labels, run.shown))
        write_atomic(kept, text.rstrip("\n") + "\n")
    if failure is not None:
        raise failure from error
    run.failed.unlink(missing_ok=True)
    return run.executed


def _failure(execution: _Execution, error: Exception | None) -> PipelineError | None:
    """Return why the notebook did not run whole; None when it did.

    Papermill's word is not enough: it takes `sys.exit(0)` in a cell for success.
    """
    run = execution.run
    cells = _cells_without(execution.notebook, INJECTED, ERROR_MARK)
    code = [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]
    raised = next((cell for cell in code if _error_output(cell)), None)
    skipped = next((cell for cell in code if cell.get("execution_count") is None), None)
    if error is None and raised is None and skipped is None:
        return None
    begun = _cells_without(execution.notebook, ERROR_MARK)
    stopped = begun[execution.index] if begun and execution.index is not None else None
    died = error is not None and not isinstance(error, PapermillExecutionError)
    cell = stopped if died and stopped is not None else raised or skipped or stopped
    sources = cell.source.splitlines() if cell is not None else []
    first = next((line.strip() for line in sources if line.strip()), "")
    said = last_words(execution.said) if died else ""
    where = str(run.notebook) if run.name in str(run.notebook) else f"{run.notebook} ({run.name})"
    kept = f"  the half-run notebook, with the traceback: {run.failed}"
    return PipelineError(
        f"{where}: {_place(cells, cell)}",
        *([f"  first line: {first}"] if first else []),
        f"  {_problem(execution, error if died or raised is None else None, raised)}",
        *([f"  the kernel said: {said}"] if said else []),
        *([kept] if execution.notebook is not None else []),
    )


def _cells_without(notebook: Any, *tags: str) -> list[Any]:
    """Return the cells of a notebook that have none of some tags, such as papermill's."""
    cells = [] if notebook is None else notebook.cells
    return [cell for cell in cells if not set(tags) & set(cell.metadata.get("tags", []))]


def _error_output(cell: Any) -> Any:
    return next((output for output in cell.get("outputs", []) if output.output_type == "error"), None)


def _place(cells: list[Any], cell: Any) -> str:
    """Return which cell it is, counted among code cells and among all."""
    position = next((number for number, other in enumerate(cells) if other is cell), None)
    if position is None:
        return "no cell was run"
    code = [number for number, other in enumerate(cells) if other.cell_type == "code"]
    return f"code cell {code.index(position) + 1} of {len(code)} (cell {position + 1} of {len(cells)})"


def _problem(execution: _Execution, error: Exception | None, raised: Any) -> str:
    """Return the error in one line."""
    if isinstance(error, CellTimeoutError):
        return (
            f"the notebook was at this cell when its {execution.run.timeout} s were over, and was ended; "
            "make it faster, or raise --timeout"
        )
    if isinstance(error, DeadKernelError):
        return f"the kernel died while the cell ran; it {ended_in_words(execution.kernel.exit_code())}"
    if error is not None and not isinstance(error, PapermillExecutionError):
        return in_one_line(error)
    if raised is None:
        return "the cell was not run, although nothing before it failed"
    return _error_in_words(_error_output(raised), execution.run.memory)


def _error_in_words(output: Any, memory: int | None) -> str:
    """Return in one line what a cell raised, with what to do about it."""
    message = next((line.strip() for line in ANSI.sub("", output.evalue).splitlines() if line.strip()), "")
    text = f"{output.ename}: {message}" if message else output.ename
    if full := next((number for number in FULL if f"[Errno {number}]" in message), None):
        return f"{text} - {system_remedy(full)}"
    if output.ename.endswith("MemoryError") and memory:
        return f"{text} - more than the {memory} MB that --memory allows; need less, or raise it"
    if output.ename == "SystemExit":
        return f"{text} - the cell ended the notebook before its last cell"
    return text


def last_words(path: Path) -> str:
    """Return the last line that a process wrote to its own standard error."""
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
    spoken = [line.strip() for line in lines if line.strip() and "Parent appears to have exited" not in line]
    return spoken[-1][:300] if spoken else ""
