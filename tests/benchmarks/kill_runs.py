"""Kills runs at random moments and counts what holds afterwards.

Run it by hand: `python tests/benchmarks/kill_runs.py 50 > tests/benchmarks/results/kills.txt`. A small
project with short notebooks is used, so that a kill hits every part of a run: the beginning, kernels,
publication. Every second kill hits a process that was forked (a kernel, or what drives it), the others
the runner itself.
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
from pathlib import Path

from helpers.pipeline.runner import UNFINISHED

TESTS = Path(__file__).resolve().parents[1]
SCRIPT = """\
import sys
sys.path.insert(0, {tests!r})
import pytest
from pipeline_project import install_stubs
install_stubs(pytest.MonkeyPatch().setattr)
from helpers.pipeline.cli import main
main(sys.argv[1:])
"""


def processes_below(marker: Path) -> list[int]:
    """Return the processes whose working folder lies below a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "cwd").startswith(str(marker)) and int(process.name) != os.getpid():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def whole(root: Path) -> bool:
    """Return whether every file that the manifest names has its hash, after a publication was finished."""
    from helpers.pipeline.paths import RunFolders
    from helpers.pipeline.publish import finish_publication

    finish_publication(RunFolders(root, root / "data" / "raw", root))
    known = json.loads((root / "reports" / "manifest.json").read_text())
    return all(
        hashlib.sha256((root / label).read_bytes()).hexdigest() == known["entity"][label]["sha256"]
        for label in known["wasGeneratedBy"]
    )


def one_kill(root: Path, command: list[str], number: int, chance: random.Random, length: float) -> dict:
    """Change a sheet, begin a run, kill it at a random moment; return what was seen."""
    sheet = root / "data" / "raw" / "studies" / "alpha.yaml"
    sheet.write_text(f"study_id: alpha\nround: {number}\n")
    environment = os.environ | {"TMPDIR": str(root.parent / "t")}
    running = subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    time.sleep(chance.uniform(0, length))
    others = [process for process in processes_below(root) if process != running.pid]
    victim = chance.choice(others) if number % 2 and others else running.pid
    ended_before = running.poll() is not None
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        ended_before = True
    said = running.communicate(timeout=120)[0]
    deadline = time.monotonic() + 10
    while processes_below(root) and time.monotonic() < deadline:
        time.sleep(0.05)
    seen = {
        "hit": "after the end" if ended_before else "runner" if victim == running.pid else "forked process",
        "report whole": whole(root),
        "no process left": not processes_below(root),
        "no private folder left": not list((root.parent / "t").iterdir()),
        "no temporary file in the report": not list((root / "reports").rglob(".*")),
        "said what happened": victim == running.pid
        or running.returncode == 0
        or "ended by SIG" in said
        or "is gone" in said,
        "traceback": "Traceback" in said,
    }
    again = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=120)
    seen["next run succeeds"] = again.returncode == 0 and whole(root)
    kept = again.stdout.split(" up to date")[0].rsplit(" ", 1)[-1]
    seen["steps that the next run kept"] = kept
    seen["no unfinished file in the work folder"] = not [
        path for path in (root / ".evidence").rglob(".*") if UNFINISHED.fullmatch(path.name)
    ]
    return seen


def main(kills: int, seed: int = 6) -> int:
    """Do the kills; print the counts; return how many promises were broken."""
    sys.path.insert(0, str(TESTS / "pipeline"))
    from pipeline_project import make_project

    chance, counts, broken = random.Random(seed), Counter(), 0
    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        root = make_project(Path(place).resolve() / "project")
        (root.parent / "t").mkdir()
        script = root / "evidence.py"
        script.write_text(SCRIPT.format(tests=str(TESTS / "pipeline")))
        command = [sys.executable, str(script), "run", "--jobs", "2"]
        subprocess.run(command, cwd=root, check=True, capture_output=True)
        (root / "data" / "raw" / "studies" / "alpha.yaml").write_text("study_id: alpha\nround: first\n")
        begun = time.monotonic()
        subprocess.run(command, cwd=root, check=True, capture_output=True)
        length = time.monotonic() - begun
        for number in range(kills):
            seen = one_kill(root, command, number, chance, length * 1.05)
            for name, value in seen.items():
                counts[f"{name}: {value}"] += 1
            promises = {name: value for name, value in seen.items() if isinstance(value, bool)}
            wrong = [name for name, value in promises.items() if value == (name == "traceback")]
            broken += bool(wrong)
            if wrong:
                print(f"kill {number}: {seen}", flush=True)
    print(
        f"{kills} kills at random moments of runs of {length:.1f} s, seed {seed}; {broken} with a broken promise"
    )
    for name, count in sorted(counts.items()):
        print(f"  {name}: {count}")
    return broken


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)))
