"""Many runs, one for each set of parameters, each in its own folder; and the table over all of them."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from notebookpress.errors import ParameterError, PipelineError, abridged, in_one_line, signals_as_exception
from notebookpress.files import RunFolders, write_atomic
from notebookpress.fingerprint import value_hash
from notebookpress.parameters import Parameter, check_names, load_parameters, merge_parameters
from notebookpress.pipeline import load_callable, load_pipeline
from notebookpress.publish import MANIFEST, WAITING
from notebookpress.run import run
from notebookpress.scheduler import failure_words
from notebookpress.yaml_files import YamlFile


def write_sweep(out: Path, rows: list[dict[str, Any]]) -> None:
    """Write the table of all sets as Parquet, CSV and a page."""
    import jinja2
    import pandas as pd

    from notebookpress.tables import parquet_bytes, records

    table = pd.DataFrame(rows).convert_dtypes()
    good = [row["set"] for row in rows if row["status"] == "ok"]
    linked = [name for name in good if (out / name / "reports" / "index.html").is_file()]
    template = resources.files(__package__).joinpath("sweep.html").read_text(encoding="utf-8")
    page = jinja2.Template(template, autoescape=True, keep_trailing_newline=True)
    text = page.render(columns=list(table), rows=records(table), ok=len(good), linked=linked)
    write_atomic(out / "index.html", text)
    inert = table.replace(r"^(?=[=+\-@\t\r])", "'", regex=True)  # no cell is a formula
    write_atomic(out / "sweep.csv", inert.to_csv(index=False))
    write_atomic(out / "sweep.parquet", parquet_bytes(table))


PARAMETERS = "parameters.yaml"  # of a set, in its folder
IN_USE = "another run is at work"
PATIENCE = 60  # seconds that a run left by a killed worker may take to end
WAIT = "10s"  # for a scheduler
MOST_SETS = 10_000
TRUNCATED = 500
_RUNNING: set[subprocess.Popen] = set()


@dataclass(frozen=True)
class SetRun:
    """A set: project, its folder, raw data."""

    root: str
    folder: str
    raw: str
    pages: bool = True  # whether they are made
    jobs: int = 1  # notebooks at once


def read_grid(path: Path, declared: Mapping[str, Parameter]) -> list[dict[str, Any]]:
    """Return what each parameter set of a grid file changes against the defaults; repeated sets once.

    The file is YAML with `grid:`, a mapping of names to lists (every combination is run), or `list:`, a list
    of mappings (each is run), or both. The values are checked against the parameters that are `declared`.

    Raises
    ------
    YamlError
        When the file has another form, with the line.
    ParameterError
        When any of its values is wrong; every problem is listed.
    """
    file, problems = YamlFile(path), []
    content = file.entries((), {"grid": dict, "list": list})
    grid, listed = content.get("grid", {}), content.get("list", [])
    for name, values in grid.items():
        if not isinstance(values, list) or not values:
            raise file.error(
                ("grid", name), f"{name}: {abridged(values)} is no list", "write name: [value, value]"
            )
    if not all(isinstance(entry, dict) for entry in listed):
        raise file.error(("list",), "list: not a list of mappings", "write - {name: value}")
    if (count := math.prod(map(len, grid.values())) * bool(grid) + len(listed)) > MOST_SETS:
        raise ParameterError([f"{path}: {count:,} sets, more than {MOST_SETS:,}; name fewer values"])
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
    watch: Callable[[int, int, dict[str, Any]], None] | None = None,
    scheduler: str | None = None,
    pages: bool = True,
) -> list[dict[str, Any]]:
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
        Is called with every set that ends: how many have, total, its row.
    scheduler : str, optional
        Address of a Dask scheduler; the sets go to its workers, which must see the same folders.
    pages : bool
        Whether each set makes its pages; without them it has its tables and its row.

    Returns
    -------
    list of dict
        A row for each set, also written to `sweep.parquet`, `sweep.csv` and `index.html`.
    """
    runs, known = {}, cache(lambda: load_pipeline(root).known_names(raw))
    for chosen in sets:
        check_names(declared, chosen, known)
    for chosen in sets:
        folder = out / value_hash(merge_parameters(declared, values=chosen))[:10]
        text = yaml.safe_dump(chosen, sort_keys=True, allow_unicode=True)
        write_atomic(folder / PARAMETERS, text)
        runs[SetRun(str(root), str(folder), str(raw), pages)] = chosen
    found: dict[SetRun, dict[str, Any]] = {}
    for set_run, row in _results(list(runs), jobs, scheduler):
        chosen = runs[set_run]
        lists = {name: ";".join(map(str, value)) for name, value in chosen.items() if isinstance(value, list)}
        found[set_run] = {"set": Path(set_run.folder).name} | chosen | lists | row
        if watch:
            watch(len(found), len(runs), found[set_run])
    rows = [found[set_run] for set_run in runs]
    write_sweep(out, rows)
    return rows


def _results(left: list[SetRun], jobs: int, scheduler: str | None) -> Iterator[tuple[SetRun, dict[str, Any]]]:
    """Yield each set with its row, as they end.

    Until one has succeeded they run alone, on all cores, so that the others can begin with its steps.
    """
    ready = False
    with _executor(jobs, scheduler) as executor:
        while left and not ready:
            set_run = left.pop(0)
            row = _row(executor.submit(run_in_process, replace(set_run, jobs=1 if scheduler else jobs)))
            ready = row["status"] == "ok"
            yield set_run, row
        futures = {executor.submit(run_in_process, set_run): set_run for set_run in left}
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
def _executor(jobs: int, scheduler: str | None) -> Iterator[Executor]:
    """Give what sets are sent to: threads that wait for them here, or the workers of a cluster."""
    if scheduler is not None:
        with _client(scheduler) as client:
            yield client.get_executor(pure=False)
        return
    with ThreadPoolExecutor(jobs) as pool:
        try:
            with signals_as_exception(_end_sets):
                yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            _end_sets()
            raise


def _end_sets() -> None:
    """Have all sets end that this process has started."""
    for process in list(_RUNNING):
        process.terminate()


def _client(scheduler: str) -> Any:
    """Connect to a Dask scheduler, which gives the set of a worker that is killed to another one."""
    try:
        from distributed import Client
    except ImportError:
        raise PipelineError(
            f"--scheduler {scheduler}: the package distributed is not installed; "
            "install this project with its extra `cluster`"
        ) from None
    try:
        return Client(scheduler, timeout=WAIT)
    except (
        OSError,
        TypeError,
        ValueError,
        TimeoutError,
    ) as error:  # TypeError: tls:// without keys
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise PipelineError(
            f"--scheduler {scheduler}: no scheduler answers there ({first}); start one with "
            "`dask scheduler --host 127.0.0.1`, or leave --scheduler out to run the sets on this machine"
        ) from None


def run_set(set_run: SetRun) -> dict[str, Any]:
    """Run a set; return its row, whatever came of it."""
    begun = time.perf_counter()
    root, folder, raw = Path(set_run.root), Path(set_run.folder), Path(set_run.raw)
    found: dict[str, Any] = {}
    try:
        declared = load_parameters(root)
        values = merge_parameters(declared, folder / PARAMETERS)
        _begin_with_steps(declared, values, folder)
        report = run(
            root, raw, folder, values, set_run.jobs, watch=lambda *_: None, pages=set_run.pages, strict=True
        )
        problems = [*report.failures.values(), *report.refused]
        headline = load_pipeline(root).headline
        if headline and not problems and report.succeeded:
            found = load_callable(headline)(folder / "data" / "processed")
        failed = bool(problems) or not report.succeeded
    except Exception as error:  # whatever it is, the other sets go on
        problems, failed = [failure_words(error, RunFolders(root, raw, folder), "set")], True
    seconds = round(time.perf_counter() - begun, 1)
    if failed:
        return _failed(" / ".join(problems)[:TRUNCATED], seconds)
    return {"status": "ok", "seconds": seconds, "message": ""} | found


def _begin_with_steps(declared: Mapping[str, Parameter], values: Mapping[str, Any], folder: Path) -> None:
    """Copy the work folder of the finished set that is most alike: what is equal is not run again.

    A copy that is damaged or broken off does no harm, for a run looks at the bytes of what was made.
    """
    here, alike = RunFolders(folder, folder, folder).work, {}
    for manifest in sorted(folder.parent.glob(f"*/reports/{MANIFEST}")):
        other = manifest.parents[1]
        with contextlib.suppress(PipelineError):
            theirs = merge_parameters(declared, other / PARAMETERS)
            alike[other / here.name] = sum(theirs[name] == value for name, value in values.items())
    if alike and not here.exists():
        left_out = shutil.ignore_patterns("lock", "log", f"{WAITING}*")
        with contextlib.suppress(OSError):  # such as a disk that is full: it is met where it is told of
            shutil.copytree(max(alike, key=lambda work: alike[work]), here, ignore=left_out)


def run_in_process(set_run: SetRun) -> dict[str, Any]:
    """Run a set in a new process, which ends when this one does; return its row.

    The worker of a cluster may have code of yesterday, and as a daemon it may not have processes of its own.
    """
    command = [sys.executable, "-m", __name__, json.dumps(asdict(set_run))]
    pipe = subprocess.PIPE  # standard input is open as long as this process is there
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True) as process:
        _RUNNING.add(process)
        said = process.stdout.read() if process.stdout else ""
    _RUNNING.discard(process)
    try:
        return json.loads(said.strip().rpartition("\n")[2])
    except ValueError:
        return _failed(said.strip()[-TRUNCATED:] or "its process was ended")


def run_given_set() -> None:
    """Run the set that the command line gives, and write its row to standard output."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    set_run = SetRun(**json.loads(sys.argv[1]))
    for _ in range(PATIENCE):
        row = run_set(set_run)
        if IN_USE not in row["message"]:
            break
        time.sleep(1)
    sys.stdout.write("\n" + json.dumps(row))


def _end_with_stdin() -> None:
    """Stop when whoever started this process is gone and so standard input closes."""
    while os.read(0, 4096):  # not by sys.stdin, whose lock would hold up the end of the process
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    run_given_set()
