"""The same report by two people: other folder, user, home, language, time zone, mask, hash seed and jobs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from station_project import (
    FIRST,
    FIRST_PARAMETERS,
    evidence_command,
    make_project,
    short_environment,
    snapshot,
    write_cells,
)

# What a careless cell shows of whoever runs it, and of the order in which things lie.
CARELESS = """\
import getpass, locale, os, random, sys, time
print({"a", "b", "c", "d", "e", "f"}, hash("a"), sorted(["z", "ä", "Z"], key=locale.strxfrm))
print(time.strftime("%c %Z", time.localtime(1_750_000_000)), locale.getlocale(), sys.getfilesystemencoding())
print(locale.format_string("%.2f", 1234.5, grouping=True), os.environ.get("LANGUAGE"), os.getcwd(), "é±")
open(os.path.join(processed, "names.txt"), "w").write("é±")
import matplotlib.pyplot as plot
plot.plot([1, 2])
plot.gca()"""
PEOPLE = {
    "one": {"LANG": "C", "LC_ALL": "C", "TZ": "America/New_York",
            "PYTHONHASHSEED": "1", "LANGUAGE": "en", "COLUMNS": "40"},
    "another": {"HOME": "/nonexistent", "LANG": "tr_TR.UTF-8", "LC_ALL": "de_DE.ISO-8859-1", "TZ": "Asia/Kolkata",
                "PYTHONHASHSEED": "4711", "LANGUAGE": "tr", "PYTHONUTF8": "0", "MPLBACKEND": "svg"},
}  # fmt: skip
ABLE = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]  # to see the interpreter


def run_as(name: str, place: Path, jobs: int, umask: int) -> subprocess.CompletedProcess:
    """Make the report of a small project as one of two people; as another user where that is possible."""
    root = make_project(place / "project")
    write_cells(root / "notebooks" / "01_first.ipynb", FIRST_PARAMETERS, FIRST, CARELESS)
    command = [*evidence_command(root), "run", "--jobs", str(jobs)]
    environment = short_environment(root) | PEOPLE[name]
    if name == "one":
        environment |= {"HOME": str(place)}
    elif sys.platform == "linux" and os.getuid() == 0 and shutil.which("setpriv"):
        subprocess.run(["chown", "-R", "65534:65534", str(place)], check=True)
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *ABLE, *command]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run(command, cwd=root, env=environment, umask=umask, timeout=300, **pipes)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """Return a new folder that every user may enter."""
    with tempfile.TemporaryDirectory(prefix="ü b-") as place:
        Path(place).chmod(0o755)
        yield Path(place)


@pytest.mark.skipif(os.name == "nt", reason="users, masks and languages as on Unix")
def test_whoever_makes_the_report_it_has_the_same_bytes(tmp_path: Path, open_place: Path) -> None:
    places = {"one": tmp_path / "a", "another": open_place}
    for name, jobs, umask in (("one", 1, 0o022), ("another", 3, 0o077)):
        done = run_as(name, places[name], jobs, umask)
        assert done.returncode == 0, done.stdout
        assert list((places[name] / "t").iterdir()) == []  # nor a folder of matplotlib's
    first, second = (snapshot(place / "project", "reports", "data/processed") for place in places.values())
    assert {name: content for name, (content, _) in first.items()} == {
        name: content for name, (content, _) in second.items()
    }
    assert len(first) == 12
    texts = b"".join(content for content, _ in first.values())
    assert str(tmp_path).encode() not in texts
    assert str(open_place).encode() not in texts
    assert "é±".encode() in texts and b"written to data/processed" in texts
