"""From the work folder to the report: all of it, or nothing.

New files are first written whole inside the work folder and only then renamed into place, the manifest
last; so a full disk or a failed run leaves the earlier report as it was.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from notebookpress import manifest as manifests
from notebookpress.errors import PipelineError
from notebookpress.files import RELEASES, RunFolders, copy_atomic, write_atomic

WAITING = "publish"  # the changed files of a new report, until they are moved
COMMITTED = "publish.json"  # is there while they are moved


def staged_files(folders: RunFolders) -> dict[str, Path]:
    """Return every table and page of the work folder by its published name."""
    tables = sorted(folders.tables.rglob("*.parquet"))
    pages = sorted(path for path in folders.site.rglob("*") if path.is_file())
    files = {f"data/processed/{path.relative_to(folders.tables).as_posix()}": path for path in tables}
    files |= {f"reports/{path.relative_to(folders.site).as_posix()}": path for path in pages}
    if wrong := [label for label in files if label.startswith(f"reports/{RELEASES}/")]:
        raise PipelineError(f"{wrong[0]}: a page may not be written there; releases are frozen")
    return files


def differences(folders: RunFolders, facts: dict[str, Any]) -> tuple[dict[str, Path], list[str], str]:
    """Return what a publication would change: files to write, names to remove, the manifest if it differs."""
    files = staged_files(folders)
    text = manifests.as_text(manifests.complete(facts, files))
    changed = {label: path for label, path in files.items() if not _same(folders.out / label, path)}
    before: Iterable[str] = ()  # what no run has published is not ours to remove
    with contextlib.suppress(PipelineError):
        before = filter(_is_ours, manifests.outputs(manifests.read_manifest(folders.reports)))
    gone = [label for label in before if label not in files and (folders.out / label).is_file()]
    old = folders.reports / manifests.MANIFEST
    same = old.is_file() and old.read_text(encoding="utf-8") == text
    return changed, gone, "" if same else text


def publish(folders: RunFolders, facts: dict[str, Any]) -> int:
    """Bring the published tables and pages to the state of the work folder.

    `facts` are what `manifest.provenance` returned. Returns how many files were written or removed.
    """
    changed, gone, text = differences(folders, facts)
    if not (changed or gone or text):
        return 0
    total, label = len(changed) + len(gone) + bool(text), f"reports/{manifests.MANIFEST}"
    text = text or (folders.out / label).read_text(encoding="utf-8")
    try:
        _see_that_it_can_be_moved(folders, changed, [*gone, label])
        shutil.rmtree(folders.work / WAITING, ignore_errors=True)
        for name, path in changed.items():  # whole copies, ready to be renamed; a full disk is met here
            (folders.work / WAITING / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folders.work / WAITING / name)
        write_atomic(folders.work / WAITING / label, text)
        # Now the new report is complete and only its files are moved; a killed run is finished later.
        write_atomic(folders.work / COMMITTED, json.dumps({"move": [*changed, label], "gone": gone}) + "\n")
    except BaseException:
        if not (folders.work / COMMITTED).is_file():
            shutil.rmtree(folders.work / WAITING, ignore_errors=True)
        raise
    finish_publication(folders)
    return total


def finish_publication(folders: RunFolders) -> str:
    """Move the files of a report that was complete when its run was killed; nothing when there is none.

    Returns a word about a list of files that is damaged, which is dropped: the next publication compares
    everything; empty otherwise.
    """
    journal = folders.work / COMMITTED
    if not journal.is_file():
        return ""
    move, gone = _read_journal(journal)
    for label in move:
        copy = folders.work / WAITING / label
        if copy.is_file():
            _move(copy, folders.out / label)
    for label in gone:
        (folders.out / label).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (folders.out / label).parent.rmdir()  # where it is empty
    journal.unlink()
    shutil.rmtree(folders.work / WAITING, ignore_errors=True)
    return "" if move or gone else f"{journal}: damaged; the report is published anew"


def _read_journal(journal: Path) -> tuple[list[str], list[str]]:
    """Return the files to move and to remove; none where the list is damaged or leads out of the report."""
    try:
        known = json.loads(journal.read_text(encoding="utf-8"))
        move, gone = ([str(label) for label in known[name]] for name in ("move", "gone"))
    except (OSError, ValueError, KeyError, TypeError):
        return [], []
    return [label for label in move if _is_ours(label)], [label for label in gone if _is_ours(label)]


def _is_ours(label: str) -> bool:
    """Return whether a file is one that runs publish."""
    inside = label.startswith(("data/processed/", "reports/")) and ".." not in label.split("/")
    return inside and not label.startswith(f"reports/{RELEASES}/")


def _same(published: Path, staged: Path) -> bool:
    return published.is_file() and published.read_bytes() == staged.read_bytes()


def _see_that_it_can_be_moved(folders: RunFolders, changed: dict[str, Path], more: list[str]) -> None:
    """Raise before anything is moved when a folder of the report is read-only or on a disk that is full."""
    here = folders.work.stat().st_dev
    needed: dict[Path, int] = {}
    for label in [*changed, *more]:
        place = next(folder for folder in (folders.out / label).parents if folder.is_dir())
        needed[place] = needed.get(place, 0) + (changed[label].stat().st_size if label in changed else 0)
    for place in needed:
        try:
            tempfile.TemporaryFile(dir=place).close()
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(place)) from None
    for disk in {place.stat().st_dev for place in needed} - {here}:
        places = [place for place in needed if place.stat().st_dev == disk]
        if sum(needed[place] for place in places) > shutil.disk_usage(places[0]).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(places[0]))


def _move(copy: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(copy, target)
    except OSError as error:
        if error.errno != errno.EXDEV:  # the report lies on another disk than the work folder
            raise
        copy_atomic(copy, target)
        copy.unlink()
