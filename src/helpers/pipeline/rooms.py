"""What the runner asks of the other rooms; they are imported by the workers, not by the runner."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.pipeline.stages import Stage
from notebookpress.workers import Workers


def evidence_stages(workers: Workers) -> tuple[Stage, ...]:
    """Return the stages of this collection."""
    return workers.call("helpers.pipeline.stages:evidence_stages")


def check_raw(workers: Workers, raw: Path) -> tuple[list[str], bool]:
    """Return what is wrong in the raw data, a line each, and whether any of it stops a run."""
    found = workers.call("helpers.sheets.raw:check_raw", raw)
    return [str(problem) for problem in found], any(getattr(problem, "stops", True) for problem in found)


def gather(workers: Workers, processed: Path, studies: tuple[str, ...], tables: tuple[str, ...]) -> None:
    """Put the studies' parts of tables together."""
    workers.call("helpers.pipeline.gather:gather", processed, studies, tables)


def divide(workers: Workers, processed: Path, studies: tuple[str, ...], tables: tuple[str, ...]) -> None:
    """Write down for each study which rows it has in tables."""
    workers.call("helpers.pipeline.study_rows:divide", processed, studies, tables)


def make_early(
    workers: Workers,
    executed: dict[str, Path],
    processed: Path,
    tables: tuple[str, ...],
    destination: Path,
    facts: Mapping[str, Any],
) -> None:
    """Make what of the pages follows from some runs and tables, in a file."""
    version = {"version": facts["version"]}
    arguments = (executed, processed, tables, destination, version)
    workers.call("helpers.site.build:write_early", *arguments)


def build_site(
    workers: Workers,
    executed: dict[str, Path],
    processed: Path,
    destination: Path,
    raw: Path,
    facts: Mapping[str, Any],
    early: Path | None,
    jobs: int,
) -> None:
    """Make the pages in a folder; in several processes only where forking one is safe."""
    jobs = jobs if workers.forked else 1
    arguments = (executed, processed, destination, raw, facts, early, jobs)
    workers.call("helpers.pipeline.rooms:site_with_review", *arguments)


def site_with_review(
    executed: dict[str, Path],
    processed: Path,
    destination: Path,
    raw: Path,
    facts: Mapping[str, Any],
    early: Path | None,
    jobs: int,
) -> None:
    """Make the pages, here, with what the raw data say of the review itself."""
    from helpers.sheets.screening import read_review_facts
    from helpers.site.build import build_site as build

    known = dict(facts) | {"review": read_review_facts(raw)}
    build(executed, processed, destination, known, early=early, jobs=jobs)
