"""Content hashes: of files, folders, the package's own code, and values."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import helpers


def file_hash(path: Path) -> str:
    """Return the sha256 of a file's bytes; read again only when the file was written again."""
    stat = path.stat()
    return _file_hash(str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino)


@functools.lru_cache(maxsize=4096)
def _file_hash(path: str, modified: int, size: int, inode: int) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def folder_hashes(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file below a folder by its path there; hidden files are left out."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {
        name: file_hash(path)
        for name, path in named.items()
        if not any(part.startswith(".") for part in name.split("/"))
    }


def raw_hashes(folder: Path) -> dict[str, str]:
    """Return the sha256 of the raw files that a report is made of, without the source texts.

    The texts are on few machines; which text the figures stand in is told by the sheets' own hashes and the
    record of the last verification, so that a report is the same with the texts and without them.
    """
    hashes = folder_hashes(folder)
    return {
        name: value
        for name, value in hashes.items()
        if not name.startswith("documents/") or name == "documents/README.md"
    }


def code_hash() -> str:
    """Return one hash over the package's code, templates and data files."""
    place = Path(helpers.__file__).parents[1]
    hashes = {
        f"{package}/{name}": value
        for package in ("helpers", "metastats", "trialfiles", "notebookpress")
        for name, value in folder_hashes(place / package).items()
    }
    return value_hash({name: value for name, value in hashes.items() if "__pycache__/" not in name})


def value_hash(value: Any) -> str:
    """Return the sha256 of a plain value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
