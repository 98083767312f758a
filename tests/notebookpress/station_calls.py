"""What `pipeline.yaml` of the small collection names: checks, pages, verification, headline."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd


class StationProblem(SimpleNamespace):
    """A problem with a station's file."""

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}; {self.remedy}"


def check_raw(raw: Path) -> list[StationProblem]:
    """Find files that say `broken`, which stop a run, or `doubtful`, which do not."""
    texts = {path: path.read_text() for path in sorted((raw / "stations").glob("*.yaml"))}
    return [
        StationProblem(file=str(path), problem=f"it is {word}", remedy="mend it", stops=word == "broken")
        for path, text in texts.items()
        for word in ("broken", "doubtful")
        if word in text
    ]


def pages(executed: Mapping[str, Path], processed: Path, made: Path, facts: Mapping[str, Any]) -> None:
    """Write a page for each run, an index, and more pages when the environment asks for them."""
    if os.environ.get("STUB_BROKEN"):
        raise KeyError("no such table")
    for name, notebook in executed.items():
        page = made / "stations" / f"{name}.html" if "-" in name else made / f"{name}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(notebook.read_text())
    (made / "index.html").write_text(f"{sorted(executed)} {facts['parameters']}")
    for number in range(int(os.environ.get("STUB_PAGES", "0"))):
        page = made / "more" / f"{number}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(f"{number} {pd.read_parquet(processed / 'readings.parquet').to_csv()}")


def verify(raw: Path, day: Any) -> tuple[list[str], list[str]]:
    """Find files that say `wrong`."""
    wrong = [path for path in sorted((raw / "stations").glob("*.yaml")) if "wrong" in path.read_text()]
    return [f"{path}: wrong" for path in wrong], [f"looked at {raw.name}", f"recorded: {day}"]


def headline(processed: Path) -> dict[str, Any]:
    """Return the total of the overview."""
    return {"total": int(pd.read_parquet(processed / "overview.parquet")["total"].sum())}
