"""Whether anything has changed since the last run that succeeded: known from hashes, before any import.

The run graph knows it too, but only after the packages behind it are imported.
"""

from __future__ import annotations

import contextlib
import json
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.pipeline.fingerprint import code_hash, file_hash, folder_hashes, value_hash
from helpers.pipeline.paths import LOCK_FILE, RunFolders
from helpers.pipeline.release import newest_release
from helpers.pipeline.run_report import RunReport
from helpers.pipeline.steps import Step
from notebookpress.files import write_atomic


def state_of(folders: RunFolders, values: Mapping[str, Any], pages: bool = True) -> str:
    """Return one hash over all that a report is made of: data, notebooks, code, packages, parameters."""
    lock, release = folders.root / LOCK_FILE, newest_release(folders.reports)
    return value_hash(
        [
            folder_hashes(folders.raw),
            release.name if release else None,
            folder_hashes(folders.root / "notebooks"),
            file_hash(lock) if lock.is_file() else None,
            code_hash(),
            _installed(),
            sys.version,
            dict(values),
            pages,
        ]
    )


def unchanged(folders: RunFolders, state: str) -> RunReport | None:
    """Return the report of a run in which nothing is to be done; None when something is."""
    try:
        known = json.loads(_memory(folders).read_text(encoding="utf-8"))
        same = known["state"] == state and known["files"] == _made(folders)
        told = {"up_to_date": known["steps"], "refused": known["refused"]}
        return RunReport(**told, index=_index(folders)) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(folders: RunFolders, state: str | None, steps: Sequence[Step], refused: Sequence[str]) -> None:
    """Keep the state of a run that has just succeeded, with the hash of everything it made.

    Where the disk has no room for that, the report is there all the same, and the next run looks closer.
    """
    if state is not None:
        known = {
            "state": state,
            "steps": [step.name for step in steps],
            "refused": list(refused),
            "files": _made(folders),
        }
        with contextlib.suppress(OSError):
            write_atomic(_memory(folders), json.dumps(known, indent=1) + "\n")


def forget(folders: RunFolders) -> None:
    """Forget the last run, because another one begins."""
    _memory(folders).unlink(missing_ok=True)


def _memory(folders: RunFolders) -> Path:
    return folders.work / "up_to_date.json"


def _index(folders: RunFolders) -> Path | None:
    index = folders.reports / "index.html"
    return index if index.is_file() else None


def _made(folders: RunFolders) -> dict[str, dict[str, str]]:
    """Return the hash of every file that a run makes, in the work folder and published."""
    made = (folders.executed, folders.tables, folders.site, folders.processed, folders.reports)
    return {
        str(number): {
            name: value
            for name, value in folder_hashes(folder).items()
            if folder != folders.reports or not name.startswith("releases/")
        }
        for number, folder in enumerate(made)
    }


def _installed() -> list[str]:
    """Return names and versions of the installed packages, as their folders tell them."""
    places = {Path(sysconfig.get_path(kind)) for kind in ("purelib", "platlib")}
    return sorted(path.name for place in places for path in place.glob("*.dist-info"))
