"""What changed? One answer: the sha256 of files, folders and values; `code` adds that of code."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any


def file_hash(path: Path) -> str:
    """Return the sha256 of a file's bytes; read again only when the file was written again."""
    stat = path.stat()
    return _file_hash(str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino)


@functools.lru_cache(maxsize=8192)
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


def content_hash(path: Path) -> str | None:
    """Return the sha256 of a file, or of all that is in a folder; None when it is not there."""
    try:
        return value_hash(folder_hashes(path)) if path.is_dir() else file_hash(path)
    except OSError:
        return None


def value_hash(value: Any) -> str:
    """Return the sha256 of a plain value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
