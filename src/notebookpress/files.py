"""Where things are: the project, the folders of a run and the lock on them; files whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from notebookpress.errors import PipelineError

PARAMETERS_FILE = Path("notebooks") / "parameters.yaml"
PIPELINE_FILE = Path("notebooks") / "pipeline.yaml"
RELEASES = "releases"  # folder below the pages; what is in it stays as it is
VERSION = re.compile(r"v?\d+([.+-][0-9A-Za-z]+)*")

LOCK = "lock"  # file of the work folder that a run holds
PARTS, ROWS = "parts", "rows"  # folders of what each run of a notebook for one key wrote, and of its rows


def project_root(start: str | Path | None = None) -> Path:
    """Return the absolute path of the folder that holds `notebooks/parameters.yaml`.

    The search goes up from `start`, or else from the current folder; when it finds nothing, the checkout that
    the package is installed from is taken.

    Raises
    ------
    PipelineError
        When neither has that file.
    """
    begin = Path(start or Path.cwd()).resolve()
    checkout = Path(__file__).resolve().parents[2]
    for folder in (begin, *begin.parents, checkout):
        if (folder / PARAMETERS_FILE).is_file():
            return folder
    raise PipelineError(
        f"{begin}: {PARAMETERS_FILE.as_posix()} is neither here nor in a folder above, "
        f"nor in {checkout}, which the package is installed from; start from the project's folder"
    )


class RunFolders:
    """The folders of one run: what it reads, where it works, what it publishes.

    Tables and pages are made under `work` and published to `processed` and `reports` only when all of
    them are there, so that a failed run leaves the earlier report as it was.
    """

    def __init__(self, root: Path, raw: Path, out: Path) -> None:
        self.root, self.raw, self.out = root, raw, out
        self.work = out / ".evidence"  # all that is not part of the report; may be deleted at any time
        self.tables = self.work / "processed"  # as the notebooks write them
        self.executed = self.work / "executed"  # notebooks
        self.site = self.work / "site"  # the pages before they are published
        self.log = self.work / "log"  # times, machine facts and tracebacks
        self.processed = out / "data" / "processed"  # the published tables
        self.reports = out / "reports"  # the published pages

    def near(self, path: Path) -> str:
        """Return a path as notebooks and people get it: from the root when it lies there, else absolute."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    @property
    def labels(self) -> dict[str, str]:
        """What stands in the report instead of a path of this machine, the longest path first."""
        named = {
            str(self.tables): "data/processed",
            self.near(self.tables): "data/processed",
            str(self.raw): "data/raw",
            str(self.out): ".",
            f"{self.root}/": "",
            str(self.root): ".",
        }
        if len(Path(sys.prefix).parts) > 2:  # an environment of its own, not /usr
            named[f"{sys.prefix}/"] = ""
        return dict(sorted(named.items(), key=lambda item: -len(item[0])))


def newest_release(reports: Path) -> Path | None:
    """Return the folder of the release with the highest version; nothing when there is none."""
    folders = (path for path in (reports / RELEASES).glob("*") if path.is_dir())
    found = [path for path in folders if VERSION.fullmatch(path.name)]
    return max(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.name)], default=None)


def remove(path: Path) -> None:
    """Delete a file, or a folder with all that is in it; nothing when it is not there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def folder_lock(work: Path) -> Iterator[None]:
    """Hold a work folder, made where it is not there, for this process; the system lets go of it at its end.

    Raises
    ------
    PipelineError
        When another run holds it, or it is a link: what is in it would be somebody else's.
    """
    if work.is_symlink() or (work.exists() and not work.is_dir()):
        raise PipelineError(f"{work}: no folder of our own; remove it, it is made again")
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (work / LOCK).is_file() or (work / LOCK).is_symlink():
        remove(work / LOCK)
    handle = os.open(work / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        try:
            lock_file(handle)
        except OSError:
            remedy = "wait for its end, or choose another folder with --out"
            raise PipelineError(f"{work.parent}: another run is at work in this folder; {remedy}") from None
        yield
    finally:
        os.close(handle)


def lock_file(handle: int) -> None:
    """Lock an open file for this process; `OSError` when another one has it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def part_folder(processed: Path, key: str) -> Path:
    """Return where the run for one key writes its tables."""
    return processed / PARTS / key


def rows_file(work: Path, key: str) -> Path:
    """Return where the hashes of a key's rows are."""
    return work / ROWS / f"{key}.json"


def write_atomic(path: str | Path, content: bytes | str) -> Path:
    """Write a file beside its place and rename it there; leave it alone when it holds the same bytes."""
    path = Path(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == data:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(beside).chmod(0o644)
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    return path
