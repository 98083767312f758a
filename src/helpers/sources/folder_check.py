"""Checking a folder of files as they came: what each is, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from helpers.sources.reading import read_sources, recognise
from helpers.sources.record import Problem, SourceError

_PASSED_OVER = (".mapping.yaml", ".mapping.yml", ".md")


@dataclass
class FolderCheck:
    """What was found in a folder: files read by form, records in them, and every problem."""

    forms: Counter[str] = field(default_factory=Counter)
    records: int = 0
    refused: int = 0
    problems: list[Problem] = field(default_factory=list)

    def summary(self) -> str:
        """Return the check in one line."""
        forms = ", ".join(f"{count} {form}" for form, count in sorted(self.forms.items()))
        read = sum(self.forms.values())
        said = f"{read + self.refused} file(s): {read} read{f' ({forms})' if forms else ''}"
        return f"{said}, {self.records} record(s); {self.refused} refused"


def is_raw_folder(folder: str | Path) -> bool:
    """Return whether a folder is laid out as raw data, with sheets or registry records."""
    return any((Path(folder) / name).is_dir() for name in ("studies", "registry"))


def check_folder(folder: str | Path) -> FolderCheck:
    """Read every file below a folder to its end; hidden files, notes and mappings are passed over.

    Parameters
    ----------
    folder : path
        Any folder.

    Returns
    -------
    FolderCheck
        Counts, and each problem with file, place and remedy.
    """
    found = FolderCheck()
    for path in sorted(Path(folder).rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or not path.is_file() or path.name.endswith(_PASSED_OVER):
            continue
        try:
            form = recognise(path)
            found.records += sum(1 for _ in read_sources(path))
            found.forms[form] += 1
        except SourceError as error:
            found.refused += 1
            found.problems += error.problems
    return found
