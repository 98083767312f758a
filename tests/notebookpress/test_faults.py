"""Runs that meet a full disk, a closed folder, another run, a greedy or a hanging notebook.

Each time the last good report stays whole, a message says what happened and what to do, nothing is left
behind, and the next run goes on with what was finished. The disks and the notebooks' processes are real.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from station_project import (
    EACH,
    EACH_PARAMETERS,
    FIRST,
    FIRST_PARAMETERS,
    Evidence,
    contents,
    evidence_command,
    gone,
    processes_below,
    short_environment,
    snapshot,
    write_cells,
)

from notebookpress.files import remove
from notebookpress.publish import damaged, read_manifest, unknown

Mount = Callable[..., Path]
linux = pytest.mark.skipif(sys.platform != "linux", reason="limits and mounts as on Linux")


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Return a function that mounts something on a new folder; skipped where that is not allowed."""
    mounted: list[Path] = []

    def call(place: Path, *arguments: str) -> Path:
        place.mkdir(exist_ok=True, parents=True)
        done = subprocess.run(["mount", *arguments, str(place)], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"no right to mount: {done.stderr.strip()}")
        mounted.append(place)
        return place

    if not shutil.which("mount"):
        pytest.skip("no command to mount")
    yield call
    for place in reversed(mounted):
        subprocess.run(["umount", "-l", str(place)], check=True)


def close(mount: Mount, folder: Path) -> None:
    """Make a folder read-only, for the superuser too."""
    mount(folder, "--bind", str(folder))
    subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)


def open_again(folder: Path) -> None:
    """Let a folder be written again."""
    subprocess.run(["mount", "-o", "remount,rw,bind", str(folder)], check=True)


def disk_of_reports(mount: Mount, project: Path) -> Path:
    """Put the reports of a project onto a disk of their own, of one megabyte."""
    reports, kept = project / "reports", project.parent / "kept"
    shutil.move(reports, kept)
    mount(reports, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    return shutil.copytree(kept, reports, dirs_exist_ok=True)


def fill(disk: Path, left: int) -> Path:
    """Leave so many bytes free on a disk; return the file that holds the rest."""
    filler = disk / "filler"
    filler.write_bytes(b"x" * (shutil.disk_usage(disk).free - left))
    return filler


def change(project: Path) -> None:
    """Write other raw data, so that a run has something to do."""
    text = random.Random(7).randbytes(9000).hex()  # which does not become small
    (project / "data" / "raw" / "stations" / "alpha.yaml").write_text(f"name: alpha\n# {text}\n")


def whole(out: Path) -> bool:
    """Return whether the report is what its manifest says, without a file more."""
    manifest = read_manifest(out / "reports")
    return not damaged(manifest, out) + unknown(manifest, out)


def litter(out: Path) -> list[Path]:
    """Return unfinished files and folders of the runner."""
    work = out / ".evidence"
    hidden = [path for path in out.rglob(".*") if path.is_file()]
    return [*hidden, *work.glob("publish*")]


@linux
@pytest.mark.parametrize(
    ("left", "where"),
    [(0, "01_first … FAILED"), (80_000, "the pages … FAILED"), (450_000, "[7/7] the pages … 0")],
    ids=["at the first notebook", "at the pages", "at the publication"],
)
def test_a_full_disk(
    project: Path,
    evidence: Evidence,
    mount: Mount,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    left: int,
    where: str,
) -> None:
    """Wherever the room ends, the report stays, and the message names the folder and the remedy."""
    monkeypatch.setenv("STUB_PAGES", "12")
    disk = mount(tmp_path / "disk", "-t", "tmpfs", "-o", "size=2m", "tmpfs")
    assert evidence("run", "--out", str(disk))[0] == 0
    before = snapshot(disk, "reports", "data")
    change(project)
    filler = fill(disk, left)
    status, said = evidence("run", "--out", str(disk), "--jobs", "2")
    assert (status, where in said) == (1, True), said
    # whether a cell met it or the runner
    for words in (
        f"{disk}/.evidence",
        "No space left on device",
        "make room there, or choose another folder",
    ):
        assert words in said
    assert "Traceback" not in said
    assert snapshot(disk, "reports", "data") == before
    assert (whole(disk), litter(disk), processes_below(project)) == (True, [], [])
    filler.unlink()
    status, said = evidence("run", "--out", str(disk))
    assert status == 0, said
    assert ("] 01_first … " in said) == (left == 0)  # what had finished is kept
    assert whole(disk)


@linux
def test_a_cell_that_fills_the_disk(made: Path, evidence: Evidence, mount: Mount, tmp_path: Path) -> None:
    """The failure names the cell and says what to do."""
    disk = mount(tmp_path / "disk", "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    greedy = f"open({str(disk / 'big')!r}, 'wb').write(bytes(2_000_000))"
    write_cells(made / "notebooks" / "01_first.ipynb", FIRST_PARAMETERS, greedy)
    status, said = evidence("run")
    assert (status, "code cell 2 of 2" in said) == (1, True)
    assert "No space left on device - make room there" in said
    assert whole(made)


def test_no_room_to_remember_a_run(made: Path, evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report is published and said to be; the next run makes the same again, and remembers."""

    def full(path: Path, content: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    change(made)
    with monkeypatch.context() as patch:
        patch.setattr("notebookpress.scheduler.write_atomic", full)
        status, said = evidence("run")
    assert (status, whole(made)) == (0, True), said
    assert "0 file(s) written" in evidence("run")[1]
    status, said = evidence("run")
    assert (status, "0 run, 7 up to date, 0 file(s) written" in said) == (0, True), said


@linux
@pytest.mark.parametrize("left", [0, 12_000])
def test_no_room_for_temporary_files(made: Path, mount: Mount, tmp_path: Path, left: int) -> None:
    """A run needs none: it puts nothing but empty folders and sockets there."""
    disk = mount(tmp_path / "t", "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    filler = fill(disk, left)
    change(made)
    command = [*evidence_command(made), "run"]
    done = subprocess.run(command, cwd=made, env=short_environment(made), timeout=300)
    assert (done.returncode, whole(made)) == (0, True)
    assert gone(lambda: processes_below(made))
    assert list(disk.iterdir()) == [filler]


@linux
def test_a_closed_folder_of_reports(made: Path, evidence: Evidence, mount: Mount) -> None:
    """Tables and pages change together or not at all; then what had finished is not run again."""
    before = snapshot(made, "reports", "data/processed")
    change(made)
    close(mount, made / "reports")
    status, said = evidence("run")
    assert (status, "Traceback" in said) == (1, False)
    assert f"{made}/reports: Read-only file system; make it writable, or choose another" in said
    assert snapshot(made, "reports", "data/processed") == before
    assert (whole(made), litter(made)) == (True, [])
    open_again(made / "reports")
    status, said = evidence("run")
    assert (status, "0 run, 7 up to date" in said) == (0, True), said
    assert whole(made)


@linux
def test_reports_on_a_disk_of_their_own(
    made: Path, evidence: Evidence, mount: Mount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They cannot be renamed into place: copied; and there must be room before the first is."""
    monkeypatch.setenv("STUB_PAGES", "30")
    reports = disk_of_reports(mount, made)
    before = snapshot(made, "reports", "data/processed")
    change(made)
    filler = fill(reports, 100_000)
    status, said = evidence("run")
    assert (status, "No space left on device; make room there" in said) == (1, True), said
    filler_row = {"reports/filler": snapshot(made, "reports")["reports/filler"]}
    assert snapshot(made, "reports", "data/processed") == before | filler_row
    filler.unlink()
    assert evidence("run")[0] == 0
    assert (whole(made), litter(made)) == (True, [])


@linux
def test_a_closed_project(made: Path, evidence: Evidence, mount: Mount, tmp_path: Path) -> None:
    """Nothing can be written there: said in one line; a report elsewhere is made all the same."""
    change(made)
    close(mount, made)
    status, said = evidence("run")
    assert status == 1
    assert "Read-only file system; make it writable, or choose another folder with --out" in said
    assert len(said.splitlines()) == 1
    assert whole(made)
    status, said = evidence("run", "--out", str(tmp_path / "elsewhere"))
    assert status == 0, said
    assert whole(tmp_path / "elsewhere")


@linux
@pytest.mark.parametrize(
    "cell",
    [
        "many = bytearray(900 << 20)",
        "many = []\nwhile True:\n    many.append(bytes(1 << 20))",
        "many = []\nwhile True:\n    many.append(bytes(600))",
    ],
    ids=["at once", "little by little", "to the last byte"],
)
def test_a_notebook_that_needs_too_much_memory(made: Path, evidence: Evidence, cell: str) -> None:
    """Ended at its limit, with the cell and the option named."""
    before = snapshot(made, "reports", "data")
    write_cells(made / "notebooks" / "01_first.ipynb", FIRST_PARAMETERS, FIRST, cell)
    status, said = evidence("run", "--memory", "300")
    assert (status, "code cell 3 of 3" in said) == (1, True), said
    assert "more than the 300 MB that --memory allows; need less, or raise it" in said
    assert snapshot(made, "reports", "data") == before
    assert (processes_below(made), litter(made)) == ([], [])


@linux
def test_a_notebook_that_hangs_with_what_it_started(made: Path, evidence: Evidence) -> None:
    """Also what went its own way."""
    cell = (
        "import subprocess\nif station_id == 'alpha':\n"
        "    subprocess.Popen(['sleep', '301'], start_new_session=True)\n    subprocess.run(['sleep', '300'])"
    )
    write_cells(made / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, EACH, cell)
    status, said = evidence("run", "--timeout", "6", "--jobs", "2")
    assert (status, "02_each-alpha" in said, "its 6 s were over" in said) == (1, True, True), said
    assert (processes_below(made), litter(made)) == ([], [])
    assert whole(made)


@linux
def test_two_runs_at_once(made: Path, evidence: Evidence, tmp_path: Path) -> None:
    """One does the work, the other is refused and says so; the report is whole."""
    begun, go_on = tmp_path / "at work", tmp_path / "go on"
    cell = f"import os, time\nopen({str(begun)!r}, 'w')\nwhile not os.path.exists({str(go_on)!r}): time.sleep(0.02)"
    write_cells(made / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, EACH, cell)
    with subprocess.Popen([*evidence_command(made), "run"], cwd=made) as running:
        assert gone(lambda: not begun.exists())
        status, said = evidence("run")
        go_on.touch()
        assert running.wait(300) == 0
    assert (status, f"{made}: another run is at work in this folder; wait for its end" in said) == (
        1,
        True,
    ), said
    assert gone(lambda: processes_below(made))
    assert (whole(made), litter(made)) == (True, [])


@linux
def test_a_release_on_a_full_disk(made: Path, evidence: Evidence, mount: Mount) -> None:
    """All of it or nothing; the same version can be made when there is room."""
    filler = fill(disk_of_reports(mount, made), 12_000)
    status, said = evidence("release", "1.0")
    assert (status, "No space left on device; make room there" in said) == (1, True), said
    assert list((made / "reports" / "releases").iterdir()) == []
    filler.unlink()
    assert evidence("release", "1.0")[0] == 0
    assert whole(made)


ERRORS = {
    "not of a file": (
        (errno.EINVAL, "Invalid argument"),
        "OSError: [Errno 22] Invalid argument\n  this should not happen",
    ),
    "full disk": (
        (errno.ENOSPC, "No space left on device"),
        ".evidence: No space left on device; make room there",
    ),
    "missing file": ((errno.ENOENT, "No such file", "a.yaml"), "a.yaml: No such file; see that it is there"),
    "another's": (
        (errno.EACCES, "Permission denied", "b"),
        "b: Permission denied; make it writable, or choose another",
    ),
}


@pytest.mark.parametrize(("error", "said"), ERRORS.values(), ids=ERRORS)
def test_an_error_of_the_system_is_said_as_what_it_is(
    project: Path, evidence: Evidence, monkeypatch: pytest.MonkeyPatch, error: tuple, said: str
) -> None:
    """The file system's with place and remedy; another one as a fault of the program, its traceback kept."""

    def failing(*_: object, **__: object) -> None:
        raise OSError(*error)

    monkeypatch.setattr("notebookpress.run.run", failing)
    status, found = evidence("run")
    assert (status, said in found, "Traceback" in found) == (1, True, False), found


@pytest.mark.parametrize(
    "content", [b"", b"\x00{[not what it was", b"[" * 100_000, b'{"steps": [], "checked": 1}']
)
def test_a_work_folder_in_which_every_file_is_damaged(made: Path, evidence: Evidence, content: bytes) -> None:
    """A run trusts none of them: it says what it dropped, and makes everything again as it was."""
    work = made / ".evidence"
    before = contents(made)
    (work / "publish.json").touch()
    for path in [path for path in work.rglob("*") if path.is_file()]:
        path.write_bytes(content)
    status, said = evidence("run")
    assert (status, "7 run, 0 up to date, 0 file(s) written" in said) == (0, True), said
    assert f"{work / 'steps.json'}: damaged; everything is made again" in said
    assert f"{work / 'publish.json'}: damaged; the report is published anew" in said
    assert contents(made) == before
    assert (whole(made), litter(made)) == (True, [])


def test_folders_where_files_belong(made: Path, evidence: Evidence) -> None:
    """And a file where the folder of pages belongs: all of it is put right."""
    work = made / ".evidence"
    before = contents(made)
    for name in ("executed/03_last.ipynb", "processed/sums.parquet", "rows/alpha.json"):
        (work / name).unlink()
        (work / name).mkdir()
    shutil.rmtree(work / "site")
    (work / "site").write_text("a file")
    for name in ("steps.json", "publish.json", "lock"):
        remove(work / name)
        (work / name).mkdir()
    (made / "mine").mkdir()
    (work / "log").rename(made / "log")
    (work / "log").symlink_to(made / "mine")  # a link would lead out of the folder
    status, said = evidence("run")
    assert (status, f"{work / 'steps.json'}: damaged" in said) == (0, True), said
    assert (contents(made), list((made / "mine").iterdir())) == (before, [])
    (work / "publish.json").write_text("[]")  # where nothing else is to be done
    status, said = evidence("run")
    assert "7 up to date" in said and not (work / "publish.json").exists()


def test_a_folder_with_braces_and_a_caller_that_has_closed_every_stream(made: Path) -> None:
    root = made.rename(made.with_name("{a} it's {0} 100%"))
    command = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-m", "helpers", "run", "--force"]
    ran = subprocess.run(command, cwd=root, env=short_environment(root), timeout=300)
    assert (ran.returncode, whole(root)) == (0, True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_killed_run_leaves_a_whole_report_and_nothing_else(checkout: Path) -> None:
    script = checkout / "tests" / "benchmarks" / "kill_runs.py"
    done = subprocess.run([sys.executable, script, "4", "2"], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("; 0 with a broken promise") == 2, done.stdout
