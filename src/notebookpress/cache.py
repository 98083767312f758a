"""Finished steps by what they were made from, shared by runs: a run takes over what another has done.

The name of a step in the store is the hash of everything that decides its outputs: its parameters, the code,
the lock file and the bytes of its inputs. Outputs lie there by the hash of their own bytes, so that equal
ones are kept once. Files come to be whole or not at all and are never changed, so runs on several machines
may use one store at once; the worst that two of them can do is the same work twice.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path

from helpers.pipeline.fingerprint import file_hash, value_hash
from helpers.pipeline.steps import FileNode, Step
from notebookpress.files import write_atomic


class StepStore:
    """A folder of finished steps."""

    def __init__(self, folder: Path) -> None:
        self.steps, self.objects = folder / "steps", folder / "objects"

    def serve(self, step: Step, *, take: bool = True) -> None:
        """Let a step take its outputs from the store where they are there, and else put them there.

        Parameters
        ----------
        step : Step
            One whose outputs are files; others are left as they are.
        take : bool
            Whether outputs may be taken over; otherwise the step is done, and only kept.

        """
        if not all(isinstance(node, FileNode) for node in step.outputs):
            return
        work = step.function

        def served() -> None:
            key = _key(step)
            step.taken = take and self._take(key, step)
            if not step.taken:
                work()
                self._keep(key, step)

        step.function = served

    def _take(self, key: str, step: Step) -> bool:
        """Put a step's outputs in place; False when the store does not hold all of them unharmed."""
        try:
            names = json.loads((self.steps / f"{key}.json").read_text(encoding="ascii"))
            contents = [(self.objects / name).read_bytes() for name in names]
        except (OSError, ValueError, TypeError):
            return False
        whole = [hashlib.sha256(data).hexdigest() for data in contents] == names
        if not whole or len(names) != len(step.outputs):
            return False
        for node, data in zip(step.outputs, contents, strict=True):
            write_atomic(node.path, data)
        return True

    def _keep(self, key: str, step: Step) -> None:
        """Keep a step's outputs; a store that cannot be written to is no reason to fail."""
        with contextlib.suppress(OSError):
            for folder in (self.steps, self.objects):
                folder.mkdir(parents=True, exist_ok=True)
            names = [file_hash(node.path) for node in step.outputs]
            for name, node in zip(names, step.outputs, strict=True):
                self._keep_file(name, node.path)
            write_atomic(self.steps / f"{key}.json", json.dumps(names) + "\n")

    def _keep_file(self, name: str, path: Path) -> None:
        """Keep a file by its hash: as a second name of the same bytes where the file system can."""
        kept = self.objects / name
        try:
            os.link(path, kept)
        except FileExistsError:
            if file_hash(kept) != name:  # damaged since
                write_atomic(kept, path.read_bytes())
        except OSError:
            write_atomic(kept, path.read_bytes())


def _key(step: Step) -> str:
    """Return the hash of all that decides a step's outputs; the folder that it works in does not."""
    return value_hash([step.name, step.state(), [node.state() for node in step.inputs]])
