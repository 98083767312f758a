"""A notebook that is to be run; light to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class NotebookRun:
    """A notebook to be run, with the values it gets and the place for what comes out.

    `shown` are the parameters as the report shows them; `labels` what is written instead of a path of
    this machine; `timeout` the seconds that the notebook may take, `memory` the megabytes (no limit when
    None); `needs` the modules it imports.
    """

    name: str
    notebook: Path
    parameters: Mapping[str, Any]
    shown: Mapping[str, Any]
    executed: Path
    root: Path
    labels: Mapping[str, str] = field(default_factory=dict)
    timeout: int = 600
    memory: int | None = None
    needs: frozenset[str] = frozenset()

    @property
    def failed(self) -> Path:
        """Where the half-run notebook is kept when the run fails."""
        return self.executed.with_suffix(".failed.ipynb")
