"""Many runs, one for each set of parameters, each in its own folder and process.

A set is a self-contained run: one that fails, or is killed, stops no other, and what has finished is
not done again. Sets differ in few parameters: they share a store of finished steps, so that a notebook is run
once for all sets that give it the same parameters and tables.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from helpers.files import write_atomic
from helpers.pipeline.errors import PipelineError
from helpers.pipeline.fingerprint import code_hash, file_hash, folder_hashes, value_hash
from helpers.pipeline.parameter import Parameter
from helpers.pipeline.parameters import merge_parameters
from helpers.pipeline.paths import LOCK_FILE
from helpers.pipeline.set_run import SetRun, run_in_process
from helpers.pipeline.sweep_table import write_sweep

RECORD = "set.json"
STORE = ".store"
Watcher = Callable[[int, int, dict[str, Any]], None]


@dataclass(frozen=True)
class SweepResult:
    """One row a set, and where the table is."""

    rows: list[dict[str, Any]]
    table: Path

    @property
    def failed(self) -> int:
        """How many sets failed."""
        return sum(row["status"] != "ok" for row in self.rows)


def sweep(
    root: Path,
    sets: list[dict[str, Any]],
    declared: Mapping[str, Parameter],
    out: Path,
    raw: Path,
    jobs: int = 1,
    watch: Watcher | None = None,
    scheduler: str | None = None,
    pages: bool = True,
) -> SweepResult:
    """Run the report for each parameter set, and tabulate what came of it.

    Parameters
    ----------
    root, out, raw : pathlib.Path
        The project, the folder for the sets, the raw data.
    sets : list of dict
        What `grid.read_grid` returned.
    declared : mapping of str to Parameter
        What `load_parameters` returned.
    jobs : int
        How many sets may run at once on this machine.
    watch : callable, optional
        Told of every set that ends: how many have, total, row.
    scheduler : str, optional
        Address of a Dask scheduler; the sets go to its workers, which must see the same folders.
    pages : bool
        Whether each set makes its pages; without them it has its tables and its row.

    Returns
    -------
    SweepResult
        The rows, also written to `sweep.parquet`, `sweep.csv` and `index.html`.

    """
    out.mkdir(parents=True, exist_ok=True)
    state = _state_of_the_project(root, raw)
    values = [merge_parameters(declared, values=chosen) for chosen in sets]
    runs = [SetRun(root, out / value_hash(entry)[:10], raw, state, out / STORE, pages) for entry in values]
    found = {run: row for run in runs if (row := _finished(run)) is not None}
    with _submitter(jobs, scheduler) as submit:
        for number, row in enumerate(found.values(), 1):
            _tell(watch, number, len(runs), row)
        alone = 1 if scheduler else jobs
        for run, row in _results(runs, dict(zip(runs, sets, strict=True)), found, submit, alone):
            found[run] = row
            kept = row | {"state": state, "pages": pages}
            write_atomic(run.folder / RECORD, json.dumps(kept, indent=1) + "\n")
            _tell(watch, len(found), len(runs), row)
    rows = [
        {"set": run.folder.name} | {key: _flat(value) for key, value in entry.items()} | found[run]
        for run, entry in zip(runs, values, strict=True)
    ]
    return SweepResult(rows, write_sweep(out, rows))


def _results(
    runs: list[SetRun],
    sets: Mapping[SetRun, dict[str, Any]],
    found: Mapping[SetRun, dict[str, Any]],
    submit: Callable[[SetRun], Any],
    jobs: int,
) -> Iterator[tuple[SetRun, dict[str, Any]]]:
    """Yield each set that is not finished with its row, as they end.

    The first one runs alone, on all cores, so that the others find its steps in the store.
    """
    waiting = [run for run in dict.fromkeys(runs) if run not in found]
    for run in waiting:
        run.folder.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(sets[run], sort_keys=True, allow_unicode=True)
        write_atomic(run.folder / "parameters.yaml", text)
    ready = any(row["status"] == "ok" for row in found.values())
    while waiting and not ready:
        run = waiting.pop(0)
        row = submit(replace(run, jobs=jobs)).result()
        ready = row["status"] == "ok"
        yield run, row
    futures = {submit(run): run for run in waiting}
    for future in _as_they_end(list(futures)):
        yield futures[future], future.result()


def _as_they_end(futures: list[Any]) -> Iterator[Any]:
    if futures and type(futures[0]).__module__.startswith("distributed"):
        from distributed import as_completed as cluster_as_completed

        yield from cluster_as_completed(futures)
    else:
        yield from as_completed(futures)


@contextlib.contextmanager
def _submitter(jobs: int, scheduler: str | None) -> Iterator[Callable[[SetRun], Any]]:
    """Give a function that sends a set to where it is run, and returns a future of its row."""
    if scheduler is not None:
        from helpers.pipeline.cluster import connected

        with connected(scheduler) as client:
            yield lambda run: client.submit(
                run_in_process, run, key=f"evidence-{run.folder.name}-{time.time_ns()}", pure=False
            )
        return
    from helpers.pipeline.runner import PRELOAD
    from notebookpress.workers import Workers

    stopping = threading.Event()
    with Workers((*PRELOAD, "helpers.pipeline.engine")) as working, ThreadPoolExecutor(jobs) as pool:
        try:
            yield lambda run: pool.submit(_here, working, run, stopping)
        except BaseException:
            stopping.set()
            working.end_all()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _here(working: Any, run: SetRun, stopping: threading.Event) -> dict[str, Any]:
    """Run a set on this machine: in a forked process, else in a new one."""
    if stopping.is_set():
        raise KeyboardInterrupt
    if not working.forked:
        return run_in_process(run)
    begun = time.perf_counter()
    try:
        return working.call("helpers.pipeline.set_run:run_set", run)
    except PipelineError as error:  # the process was killed
        return {"status": "failed", "seconds": round(time.perf_counter() - begun, 1), "message": str(error)}


def _finished(run: SetRun) -> dict[str, Any] | None:
    """Return the row of a set that has succeeded with the same project; None when it must run."""
    try:
        record = json.loads((run.folder / RECORD).read_text(encoding="utf-8"))
        done = record.pop("state") == run.state and record["status"] == "ok"
        done = (record.pop("pages") or not run.pages) and done
    except (OSError, ValueError, KeyError):
        return None
    return record if done and (run.folder / "reports" / "manifest.json").is_file() else None


def _state_of_the_project(root: Path, raw: Path) -> str:
    """Return the hash of all that a set depends on besides its parameters."""
    lock = root / LOCK_FILE
    locked = file_hash(lock) if lock.is_file() else None
    return value_hash([code_hash(), locked, folder_hashes(raw), folder_hashes(root / "notebooks")])


def _tell(watch: Watcher | None, number: int, total: int, row: dict[str, Any]) -> None:
    if watch:
        watch(number, total, row)


def _flat(value: Any) -> Any:
    return ";".join(map(str, value)) if isinstance(value, list) else value
