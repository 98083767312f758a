"""One parameter set of a sweep: a whole run in its own folder, and the row that tells what came of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.pipeline.errors import CLOSED, FULL, PipelineError, system_problem
from helpers.pipeline.paths import RunFolders

IN_USE = "another run is at work"
PATIENCE = 60  # seconds that a run left by a killed worker may take to end
TRUNCATED = 500


@dataclass(frozen=True)
class SetRun:
    """A set: project, own folder (with its `parameters.yaml`), raw data, and the state of the project.

    `store` is the folder of finished steps that the sets share, `pages` whether a set makes its pages, `jobs`
    how many of its notebooks may run at once.
    """

    root: Path
    folder: Path
    raw: Path
    state: str
    store: Path
    pages: bool = True
    jobs: int = 1


def run_set(run: SetRun) -> dict[str, Any]:
    """Run a set in this process, which a fork server made; return its row."""
    from helpers.pipeline.parameters import load_parameters, merge_parameters
    from helpers.pipeline.runner import run as run_report

    begun = time.perf_counter()
    try:
        declared = load_parameters(run.root)
        values = merge_parameters(declared, run.folder / "parameters.yaml")
        report = run_report(
            run.root,
            run.raw,
            run.folder,
            values,
            run.jobs,
            watch=lambda *_: None,
            store=run.store,
            pages=run.pages,
        )
        said = [*report.failures.values(), *report.refused]
        failed = bool(said) or not report.succeeded
    except Exception as error:  # whatever it is, the other sets go on
        said, failed = [_in_words(error, run)], True
    return row_of(run, failed, " / ".join(said), time.perf_counter() - begun)


def _in_words(error: Exception, run: SetRun) -> str:
    """Return what stopped a set; the traceback of what should not happen is kept in the set's folder."""
    from helpers.pipeline.run_report import save_traceback

    if isinstance(error, PipelineError):
        return str(error)
    if isinstance(error, OSError) and (error.filename or error.errno in FULL + CLOSED):
        return system_problem(error, run.folder)
    first = next(iter(str(error).splitlines()), "")
    saved = save_traceback(error, RunFolders(run.root, run.raw, run.folder).log, "set")
    return f"{type(error).__name__}: {first}; the traceback: {saved}"


def run_in_process(run: SetRun) -> dict[str, Any]:
    """Run a set with the command in a new process, which ends when this one does; return its row."""
    command = [sys.executable, "-m", "helpers", "run", "--params", str(run.folder / "parameters.yaml")]
    command += ["--out", str(run.folder), "--raw", str(run.raw), "--jobs", str(run.jobs)]
    command += ["--store", str(run.store), "--pages" if run.pages else "--no-pages"]
    begun = time.perf_counter()
    while True:
        with subprocess.Popen(
            command,
            cwd=run.root,
            env=os.environ | {"EVIDENCE_WITH_STDIN": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            said = process.stdout.read()
        if IN_USE not in said or time.perf_counter() - begun > PATIENCE:
            break
        time.sleep(1)
    lines = [line.strip() for line in said.strip().splitlines() if not line.startswith("[")]
    failed = process.returncode != 0
    return row_of(run, failed, " / ".join(lines), time.perf_counter() - begun)


def row_of(run: SetRun, failed: bool, message: str, seconds: float) -> dict[str, Any]:
    """Return the row of a set that has ended."""
    from helpers.pipeline.sweep_table import headline

    row = {
        "status": "failed" if failed else "ok",
        "seconds": round(seconds, 1),
        "message": message[:TRUNCATED] if failed else "",
    }
    return row if failed else row | headline(run.folder / "data" / "processed")
