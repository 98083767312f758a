"""What the work folder holds of earlier runs and is not wanted any more."""

from __future__ import annotations

import re
import shutil

from helpers.pipeline.graph import RunPlan
from helpers.pipeline.paths import RunFolders
from helpers.pipeline.stages import run_names

UNFINISHED = re.compile(r"\..+\.[a-z0-9_]{8}")  # as `write_atomic` names a file before it is whole


def remove_stale(folders: RunFolders, plan: RunPlan, pages: bool) -> None:
    """Delete what the work folder holds of earlier failures, and what is not made any more."""
    if not pages:
        shutil.rmtree(folders.site, ignore_errors=True)
        folders.early.unlink(missing_ok=True)
    runs = set(run_names(plan.stages, plan.studies))
    for path in folders.executed.glob("*.ipynb"):
        if path.name.removesuffix(".ipynb") not in runs:  # those of failures, too: a new one says it anew
            path.unlink()
    for path in folders.work.rglob(".*"):
        if UNFINISHED.fullmatch(path.name):  # begun by a run that was killed
            path.unlink()
    tables = {table for stage in plan.stages for table in stage.writes}
    for path in folders.tables.glob("*.parquet"):
        if path.stem not in tables:
            path.unlink()
    for folder in folders.tables.glob("parts/*"):
        if folder.name not in plan.studies:
            shutil.rmtree(folder)
