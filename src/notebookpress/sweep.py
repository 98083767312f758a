"""Many runs, one for each set of parameters, each in its own folder; and the table over all of them."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from notebookpress.errors import (
    CLOSED,
    FULL,
    ParameterError,
    PipelineError,
    did_you_mean,
    in_one_line,
    system_problem,
)
from notebookpress.files import write_atomic
from notebookpress.fingerprint import Code, folder_hashes, value_hash
from notebookpress.folders import RunFolders
from notebookpress.graph import lock_hash
from notebookpress.parameters import Parameter, load_parameters, merge_parameters
from notebookpress.pipeline import load_pipeline
from notebookpress.processes import signals_as_exception
from notebookpress.progress import save_traceback
from notebookpress.run import run, workers_for
from notebookpress.workers import Workers
from notebookpress.yaml_files import read_mapping


def write_sweep(out: Path, rows: list[dict[str, Any]]) -> Path:
    """Write the table of all sets as Parquet, CSV and a page; return the Parquet file."""
    import jinja2
    import pyarrow as arrow
    from pyarrow import parquet

    columns = list(dict.fromkeys(name for row in rows for name in row))
    full = [{name: row.get(name) for name in columns} for row in rows]
    good = [row["set"] for row in rows if row["status"] == "ok"]
    linked = [name for name in good if (out / name / "reports" / "index.html").is_file()]
    template = resources.files(__package__).joinpath("sweep.html").read_text(encoding="utf-8")
    page = jinja2.Template(template, autoescape=True, keep_trailing_newline=True)
    sink, text = arrow.BufferOutputStream(), io.StringIO()
    parquet.write_table(arrow.Table.from_pylist(full), sink, compression="zstd")
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(full)
    write_atomic(out / "sweep.csv", text.getvalue())
    write_atomic(out / "index.html", page.render(columns=columns, rows=full, ok=len(good), linked=linked))
    return write_atomic(out / "sweep.parquet", sink.getvalue().to_pybytes())


RECORD = "set.json"
SHARED_STORE = ".store"
IN_USE = "another run is at work"
PATIENCE = 60  # seconds that a run left by a killed worker may take to end
WAIT = "10s"  # for a scheduler
TRUNCATED = 500
SetWatcher = Callable[[int, int, dict[str, Any]], None]


@dataclass(frozen=True)
class SetRun:
    """A set: project, its folder, raw data, state of the project, store that sets share."""

    root: str
    folder: str
    raw: str
    state: str
    store: str
    pages: bool = True  # whether they are made
    jobs: int = 1  # notebooks at once


@dataclass(frozen=True)
class SweepResult:
    """One row a set, and where the table is."""

    rows: list[dict[str, Any]]
    table: Path

    @property
    def failed(self) -> int:
        """How many sets failed."""
        return sum(row["status"] != "ok" for row in self.rows)


def read_grid(path: Path, declared: Mapping[str, Parameter]) -> list[dict[str, Any]]:
    """Return what each parameter set of a grid file changes against the defaults; repeated sets once.

    The file is YAML with `grid:`, a mapping of names to lists (every combination is run), or `list:`, a list
    of mappings (each is run), or both. The values are checked against the parameters that are `declared`.

    Raises
    ------
    ParameterError
        When the file or any of its values is wrong; every problem is listed.

    """
    content, known = read_mapping(path), ("grid", "list")
    problems = [
        f"{path}: unknown key {key!r}; {did_you_mean(key, known)}" for key in content if key not in known
    ]
    grid, listed = content.get("grid") or {}, content.get("list") or []
    if not isinstance(grid, dict) or not all(isinstance(values, list) and values for values in grid.values()):
        problems.append(f"{path}: grid: not a mapping of names to lists; write name: [value, value]")
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        problems.append(f"{path}: list: not a list of mappings; write - {{name: value}}")
    if problems:
        raise ParameterError(problems)
    combined = itertools.product(*grid.values()) if grid else ()
    sets = [*(dict(zip(grid, values, strict=True)) for values in combined), *listed]
    if not sets:
        raise ParameterError([f"{path}: no parameter set; write grid: or list:"])
    for chosen in sets:
        try:
            merge_parameters(declared, values=chosen, where=str(path))
        except ParameterError as error:
            problems += [problem for problem in error.problems if problem not in problems]
    if problems:
        raise ParameterError(problems)
    return list({value_hash(chosen): chosen for chosen in sets}.values())


def sweep(
    root: Path,
    sets: list[dict[str, Any]],
    declared: Mapping[str, Parameter],
    out: Path,
    raw: Path,
    jobs: int = 1,
    watch: SetWatcher | None = None,
    scheduler: str | None = None,
    pages: bool = True,
) -> SweepResult:
    """Run the report for each parameter set, and tabulate what came of it.

    Parameters
    ----------
    root, out, raw : pathlib.Path
        The project, the folder for the sets, the raw data.
    sets, declared : list of dict, mapping of str to Parameter
        What `read_grid` and `load_parameters` returned.
    jobs : int
        How many sets may run at once on this machine.
    watch : callable, optional
        Is called with every set that ends: how many have, total, row.
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
    state = _project_state(root, raw)
    runs = []
    for chosen in sets:
        name = value_hash(merge_parameters(declared, values=chosen))[:10]
        runs.append(SetRun(str(root), str(out / name), str(raw), state, str(out / SHARED_STORE), pages))
    found = {set_run: row for set_run in runs if (row := _finished(set_run)) is not None}
    watch = watch or _say_nothing
    for number, row in enumerate(found.values(), 1):
        watch(number, len(runs), row)
    waiting = {set_run: chosen for set_run, chosen in zip(runs, sets, strict=True) if set_run not in found}
    for set_run, row in _results(root, waiting, jobs, scheduler, bool(found)):
        found[set_run] = row
        record = row | {"state": state, "pages": pages}
        write_atomic(Path(set_run.folder) / RECORD, json.dumps(record, indent=1) + "\n")
        watch(len(found), len(runs), row)
    rows = [
        {"set": Path(set_run.folder).name}
        | {name: _flat(value) for name, value in chosen.items()}
        | found[set_run]
        for set_run, chosen in zip(runs, sets, strict=True)
    ]
    return SweepResult(rows, write_sweep(out, rows))


def _results(
    root: Path, waiting: Mapping[SetRun, dict], jobs: int, scheduler: str | None, ready: bool
) -> Iterator[tuple[SetRun, dict[str, Any]]]:
    """Yield each set with its row, as they end.

    Until one has succeeded they run alone, on all cores, so that the others find its steps in the store.
    """
    left = list(waiting)
    for set_run in left:
        text = yaml.safe_dump(waiting[set_run], sort_keys=True, allow_unicode=True)
        write_atomic(Path(set_run.folder) / "parameters.yaml", text)
    if not left:
        return
    with _executor(root, jobs, scheduler) as (executor, work):
        while left and not ready:
            set_run = left.pop(0)
            row = _row(executor.submit(work, replace(set_run, jobs=1 if scheduler else jobs)))
            ready = row["status"] == "ok"
            yield set_run, row
        futures = {executor.submit(work, set_run): set_run for set_run in left}
        for future in as_completed(futures):
            yield futures[future], _row(future)


def _row(future: Future) -> dict[str, Any]:
    """Return the row of a set, also of one that a cluster has given up."""
    try:
        return future.result()
    except Exception as error:
        return _failed(in_one_line(error)[:TRUNCATED])


def _failed(message: str, seconds: float = 0.0) -> dict[str, Any]:
    return {"status": "failed", "seconds": seconds, "message": message}


@contextlib.contextmanager
def _executor(root: Path, jobs: int, scheduler: str | None) -> Iterator[tuple[Executor, Callable]]:
    """Give what sets are sent to, and the function that runs one there."""
    if scheduler is not None:
        with _client(scheduler) as client:
            yield client.get_executor(pure=False), run_in_process
        return
    with workers_for(root, load_pipeline(root)) as workers, ThreadPoolExecutor(jobs) as pool:
        try:
            with signals_as_exception(workers.end_all):
                yield pool, partial(run_set, workers=workers)
        except BaseException:
            workers.end_all()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


@contextlib.contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    """Connect to a Dask scheduler, which gives the set of a worker that is killed to another one."""
    try:
        from distributed import Client
    except ImportError:
        raise PipelineError(
            f"--scheduler {scheduler}: the package distributed is not installed; "
            "install this project with its extra `cluster`"
        ) from None
    try:
        client = Client(scheduler, timeout=WAIT)
    except (OSError, ValueError, TimeoutError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise PipelineError(
            f"--scheduler {scheduler}: no scheduler answers there ({first}); start one with "
            "`dask scheduler`, or leave --scheduler out to run the sets on this machine"
        ) from None
    with client:
        yield client


def run_set(set_run: SetRun, workers: Workers) -> dict[str, Any]:
    """Run a set with some workers; return its row, whatever came of it."""
    begun = time.perf_counter()
    root, folder, found = Path(set_run.root), Path(set_run.folder), {}
    try:
        values = merge_parameters(load_parameters(root), folder / "parameters.yaml")
        raw, store, pages = Path(set_run.raw), Path(set_run.store), set_run.pages
        report = run(
            root,
            raw,
            folder,
            values,
            set_run.jobs,
            watch=_say_nothing,
            store=store,
            pages=pages,
            workers=workers,
        )
        problems = [*report.failures.values(), *report.refused]
        headline = load_pipeline(root).headline
        if headline and not problems and report.succeeded:
            found = workers.call(headline, folder / "data" / "processed")
        failed = bool(problems) or not report.succeeded
    except Exception as error:  # whatever it is, the other sets go on
        problems, failed = [_in_words(error, set_run)], True
    seconds = round(time.perf_counter() - begun, 1)
    if failed:
        return _failed(" / ".join(problems)[:TRUNCATED], seconds)
    return {"status": "ok", "seconds": seconds, "message": ""} | found


def _say_nothing(*_: Any) -> None:
    """Leave the steps of a set unsaid: several sets run at once."""


def _in_words(error: Exception, set_run: SetRun) -> str:
    """Return what stopped a set; the traceback of what should not happen is kept in the set's folder."""
    folder = Path(set_run.folder)
    if isinstance(error, PipelineError):
        return str(error)
    if isinstance(error, OSError) and (error.filename or error.errno in FULL + CLOSED):
        return system_problem(error, folder)
    saved = save_traceback(error, RunFolders(Path(set_run.root), Path(set_run.raw), folder).log, "set")
    return f"{in_one_line(error)}; the traceback: {saved}"


def run_in_process(set_run: SetRun) -> dict[str, Any]:
    """Run a set in a new process, which ends when this one does; return its row.

    The worker of a cluster may have code of yesterday, and as a daemon it may not have processes of its own.
    """
    watched, held = os.pipe()  # the end that is held closes when this process ends
    try:
        command = [sys.executable, "-m", __name__, json.dumps(asdict(set_run))]
        done = subprocess.run(command, stdin=watched, capture_output=True, text=True)
        return json.loads(done.stdout)
    except ValueError:
        message = done.stderr.strip()[-TRUNCATED:] or "its process was ended"
        return _failed(message)
    finally:
        os.close(watched)
        os.close(held)


def run_given_set() -> None:
    """Run the set that the command line gives, and write its row to standard output."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    set_run = SetRun(**json.loads(sys.argv[1]))
    root = Path(set_run.root)
    with workers_for(root, load_pipeline(root)) as workers:
        for _ in range(PATIENCE):
            row = run_set(set_run, workers)
            if IN_USE not in row["message"]:
                break
            time.sleep(1)
    sys.stdout.write(json.dumps(row))


def _end_with_stdin() -> None:
    """Stop when whoever started this process is gone and so standard input closes."""
    while os.read(0, 4096):  # not by sys.stdin, whose lock would hold up the end of the process
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _finished(set_run: SetRun) -> dict[str, Any] | None:
    """Return the row of a set that has succeeded with the same project; None when it must run."""
    folder = Path(set_run.folder)
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        done = record.pop("state") == set_run.state and record["status"] == "ok"
        done = (record.pop("pages") or not set_run.pages) and done
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return record if done and (folder / "reports" / "manifest.json").is_file() else None


def _project_state(root: Path, raw: Path) -> str:
    """Return the hash of all that a set depends on besides its parameters."""
    collection = load_pipeline(root)
    code, lock = Code(collection.code).all(), lock_hash(collection, root)
    return value_hash([code, lock, folder_hashes(raw), folder_hashes(root / "notebooks")])


def _flat(value: Any) -> Any:
    return ";".join(map(str, value)) if isinstance(value, list) else value


if __name__ == "__main__":
    run_given_set()
