"""How long a report takes, against what people do without this package, and how a sweep grows.

Run it by hand: `python tests/benchmarks/bench_runs.py [--rounds N] [--loops N] [--sets N]`; the output is kept
in `tests/benchmarks/results/runs.txt`. Everything is measured in one run on one machine, in turn, so that
ratios hold also where other work shares the machine; processor seconds are given beside. The plain loop takes
by far the longest and may be run in fewer rounds than the rest.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
STACK = "import pandas, seaborn, statsmodels.api, matplotlib.pyplot"


class Memory(threading.Thread):
    """Watches the memory of this process's tree: the sum of what each process has to itself or its share.

    Looking costs time, also of those who are looked at; so what is watched closely is not timed.
    """

    def __init__(self, pause: float) -> None:
        super().__init__(daemon=True)
        self.peak, self.over, self.pause = 0, threading.Event(), pause

    def run(self) -> None:
        """Look again and again."""
        while not self.over.wait(self.pause):
            self.peak = max(self.peak, sum(map(_share, _tree(os.getpid()))))


def _tree(root: int) -> list[int]:
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found = [root]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found[1:]


def _share(process: int) -> int:
    try:
        lines = (Path("/proc") / str(process) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def timed(*commands: list[str], cwd: Path, look: float = 60) -> tuple[float, float, int]:
    """Run commands one after the other; return seconds, processor seconds and, where looked for, peak memory."""
    memory, before = Memory(look), resource.getrusage(resource.RUSAGE_CHILDREN)
    memory.start()
    begun = time.perf_counter()
    for command in commands:
        subprocess.run(command, cwd=cwd, check=True, capture_output=True)
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    memory.over.set()
    memory.join()
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, memory.peak


def project(place: Path) -> Path:
    """Copy what a run needs."""
    shutil.copytree(CHECKOUT / "notebooks", place / "notebooks")
    shutil.copytree(CHECKOUT / "data" / "raw", place / "data" / "raw")
    shutil.copy(CHECKOUT / "requirements.lock", place)
    return place


def plain_loop(root: Path, out: Path) -> list[list[str]]:
    """Return the commands of someone without this package: papermill and nbconvert for each notebook."""
    studies = sorted(path.stem for path in (root / "data" / "raw" / "studies").glob("*.yaml"))
    names = [("01_ingestion", None), ("02_cleaning", None)]
    names += [("03_study_evidence", study) for study in studies]
    names += [("04_outcome_comparison", None), ("05_pooled_effect", None)]
    commands = []
    for name, study in names:
        made = out / f"{name}-{study}.ipynb" if study else out / f"{name}.ipynb"
        values = ["-p", "processed", str(out / "processed")] + (["-p", "study_id", study] if study else [])
        commands.append(
            [tool("papermill"), f"notebooks/{name}.ipynb", str(made), "--log-level", "ERROR", *values]
        )
        commands.append([tool("jupyter"), "nbconvert", "--log-level=ERROR", "--to", "html", str(made)])
    return commands


def tool(name: str) -> str:
    """Return a command of the environment that runs this."""
    return str(Path(sys.executable).parent / name)


def change_a_sheet(root: Path) -> None:
    """Change one study's sheet by a remark: its bytes differ, and no figure does."""
    sheet = root / "data" / "raw" / "studies" / "chan2025.yaml"
    sheet.write_text(sheet.read_text() + f"# changed at {time.time_ns()}\n")


def change_a_figure(root: Path) -> None:
    """Change a printed result of one study: all that rests on it is to be made again."""
    sheet = root / "data" / "raw" / "studies" / "amini2025.yaml"
    before, after = ('printed: "9.5", value: 9.5', 'printed: "9.6", value: 9.6')
    text = sheet.read_text()
    if before not in text:
        raise SystemExit(f"{sheet}: {before!r} is not there; name another figure in {__file__}")
    sheet.write_text(text.replace(before, after))


def show(
    name: str, found: list[tuple[float, float, int]], cold: tuple[float, float] | None = None
) -> tuple[float, float]:
    """Print the medians of a case and return those of its seconds and processor seconds."""
    seconds, processor, peak = (statistics.median(column) for column in zip(*found, strict=True))
    ratio = f"  {seconds / cold[0]:6.3f} of cold, {processor / cold[1]:6.3f} in CPU" if cold else ""
    room = f" {peak / 1e6:8.0f} MB" if peak else ""
    print(f"{name:42} {seconds:8.2f} s {processor:8.2f} s CPU{room}{ratio}", flush=True)
    return seconds, processor


def reports(place: Path, rounds: int, loops: int) -> None:
    """Measure one report: cold, unchanged, one changed sheet, against papermill.

    A run before them is not counted: it compiles modules, where Python may keep what it compiles.
    """
    empty = place / "import.ipynb"
    cells = [nbformat.v4.new_code_cell(STACK)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), empty)
    names = ("cold", "unchanged", "remark", "figure", "import", "loop")
    found: dict[str, list] = {name: [] for name in names}
    evidence = [sys.executable, "-m", "helpers", "run", "--jobs", "2"]
    timed([tool("papermill"), str(empty), str(empty) + ".out"], cwd=place)
    peak = timed(evidence, cwd=project(place / "first"), look=0.1)[2]
    for number in range(rounds):
        root = project(place / f"project{number}")
        found["import"].append(timed([tool("papermill"), str(empty), str(empty) + ".out"], cwd=place))
        found["cold"].append(timed(evidence, cwd=root))
        found["unchanged"].append(timed(evidence, cwd=root))
        change_a_sheet(root)
        found["remark"].append(timed(evidence, cwd=root))
        change_a_figure(root)
        found["figure"].append(timed(evidence, cwd=root))
        if number < loops:
            (place / f"loop{number}").mkdir()
            found["loop"].append(timed(*plain_loop(root, place / f"loop{number}"), cwd=root))
    cold = show("full cold report, two cores", found["cold"])
    print(f"  memory of all its processes, at most: {peak / 1e6:.0f} MB")
    show("nothing changed", found["unchanged"], cold)
    show("one changed sheet: a remark", found["remark"], cold)
    show("one changed sheet: a printed result", found["figure"], cold)
    alone = show("one papermill run that only imports", found["import"], cold)
    print(f"  the cold report takes {cold[0] / alone[0]:.2f} times as long, {cold[1] / alone[1]:.2f} in CPU")
    if loops:
        plain = show("plain loop of papermill and nbconvert", found["loop"], cold)
        print(f"  the cold report is {plain[0] / cold[0]:.2f} times as fast, {plain[1] / cold[1]:.2f} in CPU")


def sweeps(place: Path, most: int) -> None:
    """Measure sweeps of growing size, with one and two workers, and without pages."""
    root, seconds = project(place / "sweep"), {}
    cases = (
        (2, most // 4, ""),
        (2, most // 2, ""),
        (1, most // 2, ""),
        (2, most // 2, "--no-pages"),
        (2, most, ""),
    )
    for jobs, size, option in cases:
        grid = root / f"grid{jobs}-{size}{option}.yaml"
        sets = [{"assumed_sd": 10 + 50 * number / size, "site_correlation": 0.5} for number in range(size)]
        grid.write_text(yaml.safe_dump({"list": sets}))
        command = [sys.executable, "-m", "helpers", "sweep", str(grid), "--jobs", str(jobs)]
        command += ["--out", str(root / grid.stem), *filter(None, [option])]
        result = timed(command, cwd=root, look=2)
        show(f"sweep of {size} sets, {jobs} at once {option}", [result])
        print(f"  {result[0] / size:.2f} s a set, {result[1] / size:.2f} s CPU", flush=True)
        seconds[jobs, size, option] = result[0]
    further = (seconds[2, most, ""] - seconds[2, most // 2, ""]) / (most - most // 2)
    print(f"  each set beyond {most // 2} takes {further:.2f} s more, two at once", flush=True)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--sets", type=int, default=100)
    options.add_argument(
        "--loops", type=int, help="rounds of the plain loop; as many as the others when left out"
    )
    given = options.parse_args()
    loops = given.rounds if given.loops is None else given.loops
    print(f"{facts()}; medians of {given.rounds} rounds, of the plain loop {loops}")
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        if given.rounds:
            reports(Path(place), given.rounds, loops)
        if given.sets:
            sweeps(Path(place), given.sets)
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def facts() -> str:
    """Return what the figures depend on: studies, machine, load."""
    studies = len(list((CHECKOUT / "data" / "raw" / "studies").glob("*.yaml")))
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), "processor unknown"
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    machine = f"{os.cpu_count()} cores of {model}, {memory:.0f} GB, Python {platform.python_version()}"
    kept = "not kept" if sys.dont_write_bytecode else "kept"
    machine += f"; compiled modules are {kept}"
    return f"{studies} studies; {machine}; load {os.getloadavg()[0]:.1f} at the start"


if __name__ == "__main__":
    main()
