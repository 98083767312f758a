"""Where things are: the project's root, and the folders of one run."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import helpers
from helpers.pipeline.errors import PipelineError

MARKER = Path("notebooks") / "parameters.yaml"
LOCK_FILE = "requirements.lock"


def project_root(start: str | Path | None = None) -> Path:
    """Return the folder that holds `notebooks/parameters.yaml`.

    Parameters
    ----------
    start : path, optional
        Where to begin; the current folder when left out. The search goes up from there and ends, when
        nothing is found, at the checkout that the package is installed from.

    Returns
    -------
    pathlib.Path
        The absolute path of the project's root.

    Raises
    ------
    PipelineError
        When neither has that file.

    """
    begin = Path(start or Path.cwd()).resolve()
    checkout = Path(helpers.__file__).resolve().parents[2]
    for folder in (begin, *begin.parents, checkout):
        if (folder / MARKER).is_file():
            return folder
    raise PipelineError(
        f"{begin}: {MARKER.as_posix()} is neither here nor in a folder above, "
        f"nor in {checkout}, which the package is installed from; start from the project's folder"
    )


@dataclass(frozen=True)
class RunFolders:
    """The folders of one run: what it reads, where it works, what it publishes.

    Tables and pages are made under `work` and published to `processed` and `reports` only when all of
    them are there, so that a failed run leaves the earlier report as it was.
    """

    root: Path
    raw: Path
    out: Path

    @property
    def work(self) -> Path:
        """Everything that is not part of the report; may be deleted at any time."""
        return self.out / ".evidence"

    @property
    def tables(self) -> Path:
        """Where the notebooks of this run write their tables."""
        return self.work / "processed"

    @property
    def executed(self) -> Path:
        """Where the executed notebooks are kept."""
        return self.work / "executed"

    @property
    def early(self) -> Path:
        """What of the pages is made before the last notebooks have run."""
        return self.work / "early.json"

    @property
    def site(self) -> Path:
        """Where the pages are built before they are published."""
        return self.work / "site"

    @property
    def log(self) -> Path:
        """Times, machine facts and tracebacks."""
        return self.work / "log"

    @property
    def processed(self) -> Path:
        """The published tables."""
        return self.out / "data" / "processed"

    @property
    def reports(self) -> Path:
        """The published pages."""
        return self.out / "reports"

    def near(self, path: Path) -> str:
        """Return a path as kernels and people get it: from the root when it lies there, else absolute."""
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
