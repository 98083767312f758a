"""Kills runs at random moments and counts what holds afterwards.

Run it by hand: `python tests/benchmarks/kill_runs.py 50 > tests/benchmarks/results/kills.txt`. A small
project with short notebooks and many pages is used, so that a kill hits every part of a run: the
beginning, kernels, publication. Every second kill hits a process that was forked (the server, a kernel,
or what drives it), the others the runner itself; every fifth waits for the publication.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from helpers.pipeline.paths import RunFolders
from helpers.pipeline.publish import COMMITTED, WAITING, finish_publication
from helpers.pipeline.runner import UNFINISHED

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "pipeline"))
from pipeline_project import (  # noqa: E402 - the tests are no package
    evidence_command,
    make_project,
    processes_below,
    short_environment,
)

PATIENCE = 300  # seconds; the machine may be busy
PAGES = {"STUB_PAGES": "300"}  # so that a publication takes long enough to be hit


def whole(root: Path) -> bool:
    """Return whether every file that the manifest names has its hash, after a publication was finished."""
    finish_publication(RunFolders(root, root / "data" / "raw", root))
    known = json.loads((root / "reports" / "manifest.json").read_text())
    return all(
        hashlib.sha256((root / label).read_bytes()).hexdigest() == known["entity"][label]["sha256"]
        for label in known["wasGeneratedBy"]
    )


def kind_of(victim: int, runner: int) -> str:
    """Return what part of a run a process is; a server's parent is the runner, a forked one's the server."""
    if victim == runner:
        return "the runner"
    parent = Path(f"/proc/{victim}/stat").read_text().rpartition(")")[2].split()[1]
    return "the fork server" if int(parent) == runner else "a kernel or what drives it"


def wait_for_publication(root: Path, running: subprocess.Popen) -> None:
    """Wait until a run begins to publish, or has ended."""
    work = root / ".evidence"
    while running.poll() is None and not ((work / WAITING).exists() or (work / COMMITTED).exists()):
        time.sleep(0.001)


def hit(root: Path, running: subprocess.Popen, number: int) -> str:
    """Kill a process of a run; return which part of it, or that it had ended before."""
    try:
        others = [process for process in processes_below(root) if process != running.pid]
        victim = random.choice(others) if number % 2 and others else running.pid
        kind = kind_of(victim, running.pid)
        if running.poll() is not None:
            return "nothing"
        os.kill(victim, signal.SIGKILL)
    except (ProcessLookupError, FileNotFoundError):
        return "nothing"
    return kind


def one_kill(root: Path, run: Callable[[], subprocess.Popen], number: int, length: float) -> dict:
    """Change a sheet, begin a run, kill it at a random moment; return what was seen."""
    sheet = root / "data" / "raw" / "studies" / "alpha.yaml"
    sheet.write_text(f"study_id: alpha\nround: {number} {random.random()}\n")
    running = run()
    if number % 5 == 4:
        wait_for_publication(root, running)
        time.sleep(random.uniform(0, 0.1))
    else:
        time.sleep(random.uniform(0, length))
    publishing = (root / ".evidence" / WAITING).exists()
    seen = {"hit": hit(root, running, number)}
    if seen["hit"] == "nothing":
        running.communicate(timeout=PATIENCE)
        return seen
    said = running.communicate(timeout=PATIENCE)[0]
    deadline = time.monotonic() + 10
    while processes_below(root) and time.monotonic() < deadline:
        time.sleep(0.05)
    seen |= {
        "while it published": "yes" if publishing else "no",
        "report whole": whole(root),
        "no process left": not processes_below(root),
        "no temporary file in the report": not list((root / "reports").rglob(".*")),
        "said what happened": seen["hit"] == "the runner"
        or running.returncode == 0
        or "ended by SIG" in said
        or "is gone" in said,
        "no traceback": "Traceback" not in said,
    }
    return seen | after_the_next_run(root, run)


def after_the_next_run(root: Path, run: Callable[[], subprocess.Popen]) -> dict:
    """Run again; return what was seen."""
    again = run()
    said = again.communicate(timeout=PATIENCE)[0]
    seen = {
        "next run succeeds": again.returncode == 0 and whole(root),
        "no private folder left": not list((root.parent / "t").iterdir()),
        "no unfinished file in the work folder": not [
            path for path in (root / ".evidence").rglob(".*") if UNFINISHED.fullmatch(path.name)
        ],
        "steps that the next run kept": said.split(" up to date")[0].rsplit(" ", 1)[-1],
    }
    if again.returncode:
        print("the run after it said:", *said.splitlines()[-12:], sep="\n  ", file=sys.stderr)
    return seen


def kill_until(wanted: int, root: Path, length: float, run: Callable[[], subprocess.Popen]) -> Counter:
    """Do so many kills that hit a run; return the counts, `broken` among them."""
    counts, number = Counter(), 0
    while counts["done"] < wanted:
        seen = one_kill(root, run, number, length)
        number += 1
        if seen["hit"] == "nothing":
            counts["runs that had ended before their kill, not counted"] += 1
            continue
        for name, value in seen.items():
            counts[f"{name}: {'no' if value is False else 'yes' if value is True else value}"] += 1
        counts["done"] += 1
        if False in seen.values():
            counts["broken"] += 1
            print(f"kill {number}: {seen}", flush=True)
        print(f"done {counts['done']}", file=sys.stderr, flush=True)
    return counts


def main(kills: int, seed: int = 6) -> int:
    """Do the kills; print the counts; return how many of them broke a promise."""
    random.seed(seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        root = make_project(Path(place).resolve() / "project")
        command, environment = (
            [*evidence_command(root), "run", "--jobs", "2"],
            short_environment(root) | PAGES,
        )

        def run() -> subprocess.Popen:
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
            return subprocess.Popen(command, cwd=root, env=environment, text=True, **pipes)

        lengths = []
        for text in ("first", "second"):
            (root / "data" / "raw" / "studies" / "alpha.yaml").write_text(f"study_id: alpha\nround: {text}\n")
            begun, running = time.monotonic(), run()
            said = running.communicate(timeout=PATIENCE)[0]
            assert running.returncode == 0, said
            lengths.append(time.monotonic() - begun)
        counts = kill_until(kills, root, lengths[1], run)
    done, broken = counts.pop("done"), counts.pop("broken", 0)
    print(
        f"{done} kills at random moments of runs of about {lengths[1]:.1f} s, seed {seed}; "
        f"{broken} with a broken promise"
    )
    for name, count in sorted(counts.items()):
        print(f"  {name}: {count}")
    return broken


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)))
