"""Many runs, one for each set of parameters, each in its own folder and process.

A set is a self-contained run: one that fails, or is killed, stops no other, and what has finished is
not done again.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from helpers.files import write_atomic
from helpers.pipeline.fingerprint import code_hash, file_hash, folder_hashes, value_hash
from helpers.pipeline.parameter import Parameter
from helpers.pipeline.parameters import merge_parameters
from helpers.pipeline.paths import LOCK_FILE

RECORD = "set.json"


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
    watch: Callable[[int, int, dict[str, Any]], None] | None = None,
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
        How many notebooks of a set may run at once.
    watch : callable, optional
        Told of every set that ends: number, total, row.

    Returns
    -------
    SweepResult
        The rows, also written to `sweep.parquet` and `sweep.csv`.

    """
    out.mkdir(parents=True, exist_ok=True)
    state = _state_of_the_project(root, raw)
    rows = []
    for number, chosen in enumerate(sets, 1):
        values = merge_parameters(declared, values=chosen)
        name = value_hash(values)[:10]
        folder = out / name
        row = _finished(folder, state) or _run_set(root, folder, chosen, raw, jobs, state)
        rows.append({"set": name} | {key: _flat(value) for key, value in values.items()} | row)
        if watch:
            watch(number, len(sets), rows[-1])
    return SweepResult(rows, write_sweep(out, rows))


def _run_set(
    root: Path, folder: Path, chosen: dict[str, Any], raw: Path, jobs: int, state: str
) -> dict[str, Any]:
    """Run one set in a process of its own and record how it ended."""
    folder.mkdir(parents=True, exist_ok=True)
    file = write_atomic(
        folder / "parameters.yaml", yaml.safe_dump(chosen, sort_keys=True, allow_unicode=True)
    )
    command = [sys.executable, "-m", "helpers", "run", "--params", str(file), "--out", str(folder)]
    command += ["--raw", str(raw), "--jobs", str(jobs)]
    begun = time.perf_counter()
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    said = (ended.stdout + ended.stderr).strip().splitlines()
    row = {
        "status": "ok" if ended.returncode == 0 else "failed",
        "seconds": round(time.perf_counter() - begun, 1),
        "message": ""
        if ended.returncode == 0
        else " / ".join(line.strip() for line in said if not line.startswith("["))[:500],
    }
    write_atomic(folder / RECORD, json.dumps(row | {"state": state}, indent=1) + "\n")
    return row


def _finished(folder: Path, state: str) -> dict[str, Any] | None:
    """Return the row of a set that has succeeded with the same project; None when it must run."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        done = (
            record.pop("state") == state
            and record["status"] == "ok"
            and (folder / "reports" / "manifest.json").is_file()
        )
    except (OSError, ValueError, KeyError):
        return None
    return record if done else None


def _state_of_the_project(root: Path, raw: Path) -> str:
    """Return the hash of all that a set depends on besides its parameters."""
    lock = root / LOCK_FILE
    locked = file_hash(lock) if lock.is_file() else None
    return value_hash([code_hash(), locked, folder_hashes(raw), folder_hashes(root / "notebooks")])


def _flat(value: Any) -> Any:
    return ";".join(map(str, value)) if isinstance(value, list) else value


def write_sweep(out: Path, rows: list[dict[str, Any]]) -> Path:
    """Write the table of all sets as Parquet and CSV; return the Parquet file."""
    import pyarrow as arrow
    from pyarrow import parquet

    sink = arrow.BufferOutputStream()
    parquet.write_table(arrow.Table.from_pylist(rows), sink, compression="zstd")
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(out / "sweep.csv", text.getvalue())
    return write_atomic(out / "sweep.parquet", sink.getvalue().to_pybytes())
