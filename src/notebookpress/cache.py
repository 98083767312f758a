"""What was made from what: the memory of a work folder, and finished steps that several runs share.

Both know a step by its fingerprint, and trust nothing that they find on the disk before its hash is the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from notebookpress.files import write_atomic
from notebookpress.fingerprint import file_hash
from notebookpress.graph import Step

MEMORY = "steps.json"


class RunCache:
    """The memory of a work folder: of each step its fingerprint and the hashes of what it made.

    A file that cannot be read counts as none, with a word in `note`: everything is made again.
    """

    def __init__(self, work: Path) -> None:
        self.path, self.note = work / MEMORY, ""
        self.steps: dict[str, Any] = {}
        self.checked: dict[str, Any] = {}
        try:
            known = json.loads(self.path.read_text(encoding="utf-8"))
            self.steps, self.checked = dict(known["steps"]), dict(known["checked"])
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError):
            self.note = f"{self.path}: damaged; everything is made again"

    def current(self, step: Step, fingerprint: str) -> bool:
        """Return whether a step has made from the same what lies there now."""
        made = step.made()
        return None not in made and self.steps.get(step.name) == [fingerprint, *made]

    def remember(self, step: Step, fingerprint: str) -> None:
        """Keep what a step has just made; where the disk has no room for that, it is made again next time."""
        self.steps[step.name] = [fingerprint, *step.made()]
        self._save()

    def forget(self, step: Step) -> None:
        """Forget a step that has failed, so that it is done again."""
        self.steps.pop(step.name, None)
        self._save()

    def raw_problems(self, state: str) -> list[str] | None:
        """Return what the last check of the same raw data found and let pass; None when it must be done."""
        found = self.checked.get("refused") if self.checked.get("state") == state else None
        return [str(line) for line in found] if isinstance(found, list) else None

    def remember_raw(self, state: str, refused: list[str]) -> None:
        """Keep what a check of raw data found and let pass."""
        self.checked = {"state": state, "refused": refused}
        self._save()

    def _save(self) -> None:
        with contextlib.suppress(OSError):
            known = {"steps": dict(sorted(self.steps.items())), "checked": self.checked}
            write_atomic(self.path, json.dumps(known, indent=1) + "\n")


class SharedCache:
    """A folder of finished steps that runs share: a run takes over what another has done.

    Outputs lie there by the hash of their own bytes, so that equal ones are kept once. Files come to be whole
    or not at all and are never changed, so runs on several machines may use one folder at once; the worst
    that two of them can do is the same work twice.
    """

    def __init__(self, folder: Path) -> None:
        self.steps, self.objects = folder / "steps", folder / "objects"

    def take(self, step: Step, fingerprint: str) -> bool:
        """Put a step's outputs in place; False when they are not all there, unharmed."""
        try:
            names = json.loads((self.steps / f"{fingerprint}.json").read_text(encoding="ascii"))
            contents = [(self.objects / name).read_bytes() for name in names]
        except (OSError, ValueError, TypeError):
            return False
        whole = [hashlib.sha256(data).hexdigest() for data in contents] == names
        if not whole or len(names) != len(step.outputs):
            return False
        for path, data in zip(step.outputs, contents, strict=True):
            write_atomic(path, data)
        return True

    def keep(self, step: Step, fingerprint: str) -> None:
        """Keep a step's outputs where they are files; a folder that is full is no reason to fail."""
        if any(path.is_dir() for path in step.outputs):
            return
        with contextlib.suppress(OSError):
            for folder in (self.steps, self.objects):
                folder.mkdir(parents=True, exist_ok=True)
            names = [file_hash(path) for path in step.outputs]
            for name, path in zip(names, step.outputs, strict=True):
                self._keep_file(name, path)
            write_atomic(self.steps / f"{fingerprint}.json", json.dumps(names) + "\n")

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
