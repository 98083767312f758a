"""A small collection that knows no hair: readings of weather stations, three notebooks, two stations."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

STATION = Path(__file__).with_name("station")  # parameters, pipeline and schema of the collection
NOTEBOOKS = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text())
FIRST, EACH, LAST = NOTEBOOKS["cells"].values()
FIRST_PARAMETERS, EACH_PARAMETERS, LAST_PARAMETERS = NOTEBOOKS["parameters"].values()

STEPS = 7  # 01_first, rows, 02_each twice, gather, 03_last, pages
Evidence = Callable[..., tuple[int, str]]  # calls the command; gives its status and all that it said

# The command as a process of its own, which says when it has started.
SCRIPT = """\
import sys
from helpers.cli import main
try:
    open({begun!r}, "w").close()
except (OSError, ValueError):
    pass  # somebody else's folder, or a name in another encoding: nobody waits for it
if __name__ == "__main__":
    main()
"""
BEGUN = "begun"  # a file beside the project: Python has started, and the command is what meets a signal


def write_cells(path: Path, parameters: str, *sources: str) -> Path:
    """Write a notebook with a title, a parameters cell and code cells."""
    cells = [new_markdown_cell("# A notebook"), new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    cells += [new_code_cell(source) for source in sources]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def make_project(root: Path) -> Path:
    """Write the small project below a folder."""
    shutil.copytree(STATION, root / "notebooks")
    (root / "data" / "raw" / "stations").mkdir(parents=True)
    for station in ("alpha", "beta"):
        (root / "data" / "raw" / "stations" / f"{station}.yaml").write_text(f"name: {station}\n")
    write_cells(root / "notebooks" / "01_first.ipynb", FIRST_PARAMETERS, FIRST)
    write_cells(root / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, EACH)
    write_cells(root / "notebooks" / "03_last.ipynb", LAST_PARAMETERS, LAST)
    return root


def evidence_command(root: Path) -> list[str]:
    """Write the command as a script beside the project; return how it is started."""
    script = root.parent / "evidence.py"
    script.write_text(SCRIPT.format(begun=str(root.parent / BEGUN)))
    return [sys.executable, str(script)]


def short_environment(root: Path) -> dict[str, str]:
    """Return an environment in which runs find the small project's calls and keep temporary files beside it."""
    temporary = root.parent / "t"
    temporary.mkdir(exist_ok=True)
    return dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parent), "TMPDIR": str(temporary)}


def snapshot(root: Path, *folders: str) -> dict[str, tuple[bytes, int]]:
    """Return bytes and time of every file below some folders."""
    chosen = folders or ("reports", "data", ".evidence/executed", ".evidence/processed", ".evidence/site")
    files = [path for folder in chosen for path in (root / folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def contents(root: Path, *folders: str) -> dict[str, bytes]:
    """Return the bytes alone."""
    return {name: content for name, (content, _) in snapshot(root, *folders).items()}


def gone(seen: Callable[[], Any]) -> bool:
    """Return whether something is over within a minute; it is a moment where the machine has nothing else to do."""
    end = time.monotonic() + 60
    while seen() and time.monotonic() < end:
        time.sleep(0.02)
    return not seen()


def processes_below(marker: Path) -> list[int]:
    """Return the processes, but this one, whose working folder lies below a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "cwd").startswith(str(marker)) and int(process.name) != os.getpid():
                found.append(int(process.name))
        except OSError:
            continue
    return found
