"""The pieces of the run graph, in pytask's terms: steps, files and folders.

pytask's own nodes trust the time of a file; these look at its bytes, so that a file which was edited
and given back its old time is still found out.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.pipeline.fingerprint import file_hash, folder_hashes, value_hash


@dataclass(kw_only=True)
class FileNode:
    """A file that a step reads or writes; its state is the hash of its bytes."""

    path: Path
    name: str = ""
    attributes: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name = self.name or self.path.as_posix()

    @property
    def signature(self) -> str:
        """What tells this node from others."""
        return hashlib.sha256(f"file {self.path.as_posix()}".encode()).hexdigest()

    def state(self) -> str | None:
        """Return the hash of the file, None when it is not there."""
        try:
            return file_hash(self.path)
        except OSError:
            return None

    def load(self, is_product: bool = False) -> Path:
        """Return the path."""
        return self.path

    def save(self, value: Any) -> None:
        """Do nothing: a step writes its files itself."""


@dataclass(kw_only=True)
class FolderNode:
    """A folder with all that is in it."""

    folder: Path
    name: str = ""
    attributes: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name = self.name or f"{self.folder.as_posix()}/"

    @property
    def signature(self) -> str:
        """What tells this node from others."""
        return hashlib.sha256(f"folder {self.folder.as_posix()}".encode()).hexdigest()

    def state(self) -> str | None:
        """Return the hash of all files, None when the folder is not there."""
        return value_hash(folder_hashes(self.folder)) if self.folder.is_dir() else None

    def load(self, is_product: bool = False) -> Path:
        """Return the path."""
        return self.folder

    def save(self, value: Any) -> None:
        """Do nothing: a step fills its folder itself."""


@dataclass(kw_only=True)
class Step:
    """A step of the run.

    `identity` stands for everything that the step depends on and that is no file: parameters, code.
    `used` and `generated` name its files as the manifest does.
    """

    name: str
    title: str
    identity: str
    function: Callable[[], Any]
    inputs: list[FileNode | FolderNode]
    outputs: list[FileNode | FolderNode]
    used: list[str] = field(default_factory=list)
    generated: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    taken: bool = False  # whether its outputs were taken over from another run
    markers: list[Any] = field(default_factory=list)
    report_sections: list[tuple[str, str, str]] = field(default_factory=list)
    attributes: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.depends_on: dict[str, Any] = {"inputs": self.inputs}
        self.produces: dict[str, Any] = {"outputs": self.outputs}

    @property
    def signature(self) -> str:
        """What tells this step from others."""
        return hashlib.sha256(f"step {self.name}".encode()).hexdigest()

    def state(self) -> str:
        """Return the hash of what the step depends on and is no file."""
        return self.identity

    def execute(self, **_: Any) -> None:
        """Do the work, and keep how long it took."""
        begun = time.perf_counter()
        try:
            self.function()
        finally:
            self.seconds = time.perf_counter() - begun
