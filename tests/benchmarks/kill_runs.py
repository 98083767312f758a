"""Kills and interrupts runs at random moments and counts what holds afterwards.

Run it by hand: `python tests/benchmarks/kill_runs.py 50 15 > tests/benchmarks/results/kills.txt`, for 50
kills and 15 times Ctrl-C. A small project with short notebooks and many pages is used, so that every part
of a run is hit: the beginning, kernels, publication. Every second kill hits a process that was forked
(the server, a kernel, or what drives it), the others the runner itself; every second Ctrl-C goes to
the whole group, as a terminal sends it. Every fifth hit waits for the publication.
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
import threading
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

from notebookpress.files import RunFolders
from notebookpress.publish import COMMITTED, WAITING, finish_publication

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebookpress"))
from station_project import (  # noqa: E402 - the tests are no package
    BEGUN,
    evidence_command,
    make_project,
    processes_below,
    short_environment,
)

PATIENCE = 300  # seconds; the machine may be busy
PAGES = {"STUB_PAGES": "300"}  # so that a publication takes long enough to be hit
TITLES = {signal.SIGKILL: "kills", signal.SIGINT: "times Ctrl-C"}


class Run(subprocess.Popen):
    """A run of the small project, with what it has said so far and when."""

    def __init__(self, root: Path) -> None:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        command = [*evidence_command(root), "run", "--jobs", "2"]
        self.lines, self.times, self.root = [], [time.monotonic()], root
        self.begun = root.parent / BEGUN
        self.begun.unlink(missing_ok=True)
        super().__init__(
            command, cwd=root, env=short_environment(root) | PAGES, start_new_session=True, **pipes
        )
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        for line in self.stdout:
            self.lines.append(line)
            self.times.append(time.monotonic())

    def finish(self) -> str:
        """Wait for the end of the run and of all that holds its output; return what it said."""
        self.reader.join(PATIENCE)
        assert not self.reader.is_alive(), f"still at work after {PATIENCE} s: {self.lines}"
        self.wait(PATIENCE)
        return "".join(self.lines)

    def wait_for_lines(self, count: int) -> None:
        """Wait until it has said so many lines, or has ended."""
        while len(self.lines) < count and self.poll() is None:
            time.sleep(0.005)

    def wait_to_begin(self) -> None:
        """Wait until the command has been imported: before, Ctrl-C meets Python, which has its own words."""
        while not self.begun.exists() and self.poll() is None:
            time.sleep(0.005)

    def wait_for_publication(self) -> None:
        """Wait until it begins to publish, or has ended."""
        work = self.root / ".evidence"
        while self.poll() is None and not ((work / WAITING).exists() or (work / COMMITTED).exists()):
            time.sleep(0.001)


def whole(root: Path) -> bool:
    """Return whether every file that the manifest names has its hash, after a publication was finished."""
    finish_publication(RunFolders(root, root / "data" / "raw", root))
    known = json.loads((root / "reports" / "manifest.json").read_text())
    return all(
        hashlib.sha256((root / label).read_bytes()).hexdigest() == known["entity"][label]["sha256"]
        for label in known["wasGeneratedBy"]
    )


def change(root: Path, text: object) -> None:
    """Write another file, so that a run has something to do."""
    (root / "data" / "raw" / "stations" / "alpha.yaml").write_text(f"name: alpha\nround: {text}\n")


def kind_of(victim: int, runner: int) -> str:
    """Return what part of a run a process is; a server's parent is the runner, a forked one's the server."""
    if victim == runner:
        return "the runner"
    parent = Path(f"/proc/{victim}/stat").read_text().rpartition(")")[2].split()[1]
    return "the fork server" if int(parent) == runner else "a kernel or what drives it"


def hit(running: Run, others: bool, sent: signal.Signals) -> str:
    """Send the signal to a process of a run; return which part of it, or that it had ended before."""
    try:
        kinds: dict[str, list[int]] = {"the runner": [running.pid]}
        for process in processes_below(running.root):
            kinds.setdefault(kind_of(process, running.pid), []).append(process)
        kind = "the runner"
        if others and len(kinds) > 1 and sent == signal.SIGKILL:
            kind = random.choice(list(kinds)[1:])
        if running.poll() is not None:
            return "nothing"
        if others and sent == signal.SIGINT:
            os.killpg(running.pid, sent)
        else:
            os.kill(random.choice(kinds[kind]), sent)
    except (ProcessLookupError, FileNotFoundError):
        return "nothing"
    return kind


def wait_for_a_moment(running: Run, number: int, spans: list[float]) -> None:
    """Wait for a random moment: so long after a line that the run said, or for the publication.

    `spans` are the seconds between the lines of an earlier run; so it may be any moment, also when the
    machine has become slower meanwhile.
    """
    if number % 5 == 4:
        running.wait_for_publication()
        time.sleep(random.uniform(0, 0.1))
    else:
        line = random.choices(range(len(spans)), spans)[0]
        running.wait_for_lines(line)
        time.sleep(random.uniform(0, spans[line]))


def one_hit(root: Path, number: int, spans: list[float], sent: signal.Signals) -> dict:
    """Change a file, begin a run, stop it at a random moment; return what was seen."""
    change(root, f"{number} {random.random()}")
    running = Run(root)
    wait_for_a_moment(running, number, spans)
    if sent == signal.SIGINT:
        running.wait_to_begin()
    said_before, publishing = len(running.lines), (root / ".evidence" / WAITING).exists()
    kind = hit(running, bool(number % 2), sent)
    said = running.finish()
    if kind == "nothing":
        return {"hit": kind}
    deadline = time.monotonic() + 10
    while processes_below(root) and time.monotonic() < deadline:
        time.sleep(0.05)
    moment = "publication" if publishing else f"after {said_before} step(s)"
    return {
        "hit": kind,
        "moment": moment,
        "report whole": whole(root),
        "no process left": not processes_below(root),
        "no temporary file in the report": not list((root / "reports").rglob(".*")),
        "said what happened": explained(said, running.returncode, kind, sent),
        "no traceback": "Traceback" not in said,
    } | after_the_next_run(root)


def explained(said: str, status: int, kind: str, sent: signal.Signals) -> bool:
    """Return whether the run said why it ended; one that was killed itself cannot, nor one that was ready."""
    if sent == signal.SIGINT:
        return status == 0 or (status == 130 and "interrupted" in said)
    return (
        kind == "the runner" or status == 0 or (status == 1 and ("ended by SIG" in said or "is gone" in said))
    )


def after_the_next_run(root: Path) -> dict:
    """Run again; return what was seen."""
    again = Run(root)
    said = again.finish()
    if again.returncode:
        print("the run after it said:", *said.splitlines()[-12:], sep="\n  ", file=sys.stderr)
    return {
        "next run succeeds": again.returncode == 0 and whole(root),
        "no private folder left": not list((root.parent / "t").iterdir()),
        "no unfinished file in the work folder": not list((root / ".evidence").rglob(".*")),
        "steps that the next run kept": said.split(" up to date")[0].rsplit(" ", 1)[-1],
    }


def hit_until(wanted: int, root: Path, spans: list[float], sent: signal.Signals) -> Counter:
    """Hit so many runs; return the counts, `broken` among them."""
    counts, number = Counter(), 0
    while counts["done"] < wanted:
        seen = one_hit(root, number, spans, sent)
        number += 1
        if seen["hit"] == "nothing":
            counts["runs that had ended before, not counted"] += 1
            continue
        for name, value in seen.items():
            counts[f"{name}: {'no' if value is False else 'yes' if value is True else value}"] += 1
        counts["done"] += 1
        if False in seen.values():
            counts["broken"] += 1
            print(f"{number}: {seen}", flush=True)
        print(f"done {counts['done']}", file=sys.stderr, flush=True)
    return counts


def main(kills: int, interruptions: int, seed: int = 6) -> int:
    """Do them all; print the counts; return how many of them broke a promise."""
    random.seed(seed)
    all_broken = 0
    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        root = make_project(Path(place).resolve() / "project")
        for text in ("first", "second"):
            change(root, text)
            running = Run(root)
            said = running.finish()
            assert running.returncode == 0, said
        spans = [after - before for before, after in pairwise(running.times)]
        for sent, wanted in ((signal.SIGKILL, kills), (signal.SIGINT, interruptions)):
            counts = hit_until(wanted, root, spans, sent)
            done, broken = counts.pop("done", 0), counts.pop("broken", 0)
            print(
                f"{done} {TITLES[sent]} at random moments of runs, seed {seed}; {broken} with a broken promise"
            )
            for name, count in sorted(counts.items()):
                print(f"  {name}: {count}")
            all_broken += broken
    return all_broken


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    sys.exit(bool(main(*numbers or [50, 15])))
