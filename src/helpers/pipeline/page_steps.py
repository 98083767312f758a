"""The steps that make the pages: some of it while the last notebooks run, and the rest after them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from helpers import __version__
from helpers.pipeline.code_used import code_used
from helpers.pipeline.fingerprint import code_hash, raw_hashes
from helpers.pipeline.release import newest_release
from helpers.pipeline.stages import Stage
from helpers.pipeline.steps import FileNode, FolderNode, Step

if TYPE_CHECKING:
    from helpers.pipeline.graph import RunPlan

FILES = "source_files"  # the one table that differs whenever a byte of a raw file does
Runs = Mapping[str, tuple[Stage, str | None]]


def page_steps(plan: RunPlan, runs: Runs) -> list[Step]:
    """Return the steps that make the pages: one, or two where pages can be made before the last notebooks."""
    early = plan.folders.early if first_stages(plan.stages) else None
    site = _site_step(plan, list(runs), early)
    return [_early_step(plan, runs, early), site] if early else [site]


def first_stages(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """Return the stages up to the studies', whose tables are gathered; none where no other comes after them.

    While the notebooks after them run, the pages that need only these can be made.
    """
    last = max(
        (place for place, stage in enumerate(stages, 1) if stage.per_study and stage.writes), default=0
    )
    return tuple(stages[:last]) if last < len(stages) else ()


def _early_step(plan: RunPlan, runs: Runs, early: Path) -> Step:
    """Return the step that makes the part of the pages that the last notebooks have no say in."""
    stages = first_stages(plan.stages)
    tables = tuple(table for stage in stages for table in stage.writes if table != FILES)
    executed = {run: plan.executed(run) for run, (stage, _) in runs.items() if stage in stages}
    return Step(
        name="pages",
        title="the first pages",
        identity=plan.identity(
            code_used(["helpers.site.build"]), "pages", list(executed), tables, __version__
        ),  # the pages name the version
        function=lambda: plan.make_early(executed, tables, early),
        inputs=[
            *(FileNode(path=path) for path in executed.values()),
            *(FileNode(path=plan.table(table)) for table in tables),
        ],
        outputs=[FileNode(path=early)],
        used=[f"data/processed/{table}.parquet" for table in tables],
    )


def _site_step(plan: RunPlan, runs: list[str], early: Path | None) -> Step:
    tables = [table for stage in plan.stages for table in stage.writes]
    fresh = plan.folders.work / "site.new"
    release = newest_release(plan.folders.reports)  # the index says what changed since

    def work() -> None:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        try:
            plan.build_site({run: plan.executed(run) for run in runs}, fresh, early)
            shutil.rmtree(plan.folders.site, ignore_errors=True)
            fresh.rename(plan.folders.site)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)  # half-made pages would fill a disk that is full

    return Step(
        name="site",
        title="the pages",
        identity=plan.identity(
            code_hash(),  # a page tells it
            "site",
            runs,
            sorted(plan.values.items()),
            raw_hashes(plan.folders.raw),
            release and release.name,
        ),
        function=work,
        inputs=[
            *(FileNode(path=plan.executed(run)) for run in runs),
            *(FileNode(path=plan.table(table)) for table in tables),
            *(FileNode(path=plan.notebook(stage)) for stage in plan.stages),  # a page lists their hashes
            *([FileNode(path=early)] if early else []),
        ],
        outputs=[FolderNode(folder=plan.folders.site, name="site/")],
        used=[f"data/processed/{table}.parquet" for table in tables],
    )
