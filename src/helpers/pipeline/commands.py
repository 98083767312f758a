"""The commands of `evidence`; each imports what it needs only when it is called."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from helpers import __version__
from helpers.pipeline.errors import PipelineError
from helpers.pipeline.paths import project_root

FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path)
out_option = click.option("--out", type=FOLDER, help="Folder for the results.  [default: the project]")
raw_option = click.option("--raw", type=FOLDER, help="Folder of the raw data.  [default: data/raw]")
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=min(os.cpu_count() or 1, 8),
    show_default=True,
    help="Notebooks at once.",
)


class AlreadySaidError(PipelineError):
    """A command that has already said what is wrong."""


SWEEP_EXAMPLE = """\b
Example: evidence sweep grid.yaml --out /tmp/sweep
  with   grid: {evidence: [core, published], pre_post_correlation: [0.5, 0.7, 0.9]}
"""
FIRST_STEPS = """\b
evidence check      are the study sheets in order?
evidence run        make tables and report; only what is out of date
evidence verify     is the report what it claims to be?
"""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=FIRST_STEPS
)
@click.version_option(__version__, prog_name="evidence")
def cli() -> None:
    """Run, check and extend a living evidence synthesis in notebooks."""


@cli.command("run", epilog="Example: evidence run -p evidence=published --out /tmp/trial --jobs 2")
@click.option("--params", type=FILE, metavar="FILE", help="YAML mapping of parameters.")
@click.option("-p", "pairs", multiple=True, metavar="KEY=VALUE", help="One parameter; may be repeated.")
@out_option
@raw_option
@jobs_option
@click.option("--force", is_flag=True, help="Run everything, up to date or not.")
@click.option(
    "--timeout",
    type=click.IntRange(min=1),
    default=600,
    show_default=True,
    help="Seconds that a notebook may take.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=1),
    metavar="MB",
    help="Megabytes that a notebook may take (Linux).  [default: no limit]",
)
@click.pass_obj
def run_command(
    state: dict,
    params: Path | None,
    pairs: tuple[str, ...],
    out: Path | None,
    raw: Path | None,
    **options: Any,
) -> None:
    """Run the notebooks that are out of date and write tables and report.

    The parameters, with their meaning and range, stand in notebooks/parameters.yaml.
    """
    from helpers.pipeline.parameters import load_parameters, merge_parameters

    root = project_root()
    state["log"] = (out or root) / ".evidence" / "log"
    values = merge_parameters(load_parameters(root), params, pairs)
    from helpers.pipeline.runner import run

    report = run(root, raw, out, values, **options)
    for message in report.failures.values():
        click.echo(f"\n{message}", err=True)
    click.echo(report.summary(), err=not report.succeeded)
    for problem in report.refused:
        click.echo(problem, err=True)
    if report.refused:
        click.echo(f"{len(report.refused)} problem(s): these sources were left out of the report", err=True)
    if report.refused or not report.succeeded:
        raise AlreadySaidError()


@cli.command("sweep", epilog=SWEEP_EXAMPLE)
@click.argument("grid", type=FILE, metavar="GRID.yaml")
@click.option("--out", type=FOLDER, help="Folder for the sets.  [default: sweep, beside GRID.yaml]")
@raw_option
@jobs_option
@click.option(
    "--scheduler", metavar="ADDRESS", help="Send the sets to a Dask cluster, such as tcp://host:8786."
)
def sweep_command(grid: Path, out: Path | None, raw: Path | None, jobs: int, scheduler: str | None) -> None:
    """Run the report for many parameter sets, each in its own folder, with one table over all of them.

    GRID.yaml holds `grid:`, names with lists of values (every combination is run), or `list:`, a list of
    sets. Sets that have succeeded are not run again.
    """
    from helpers.pipeline.grid import read_grid
    from helpers.pipeline.parameters import load_parameters
    from helpers.pipeline.sweep import sweep

    root = project_root()
    declared = load_parameters(root)

    def watch(number: int, total: int, row: dict) -> None:
        message = f" {row['message']}" if row["message"] else ""
        click.echo(f"[{number}/{total}] {row['status']}, {row['seconds']} s{message}", err=True)

    place = (out or grid.parent / "sweep").resolve()
    result = sweep(root, read_grid(grid, declared), declared, place, _raw(root, raw), jobs, watch, scheduler)
    click.echo(f"{len(result.rows)} set(s), {result.failed} failed; the table: {result.table}")
    if result.failed:
        raise AlreadySaidError()


@cli.command("check", epilog="Example: evidence check ~/Downloads data/raw/studies/wan2025.yaml")
@click.argument("files", type=FILE, nargs=-1, metavar="[FILE]...")
@raw_option
def check_command(files: tuple[Path, ...], raw: Path | None) -> None:
    """Validate study sheets and sources of any form; all of data/raw when no file is named.

    A folder is checked with everything below it: one line a problem, and a summary.
    """
    from helpers.sources import check_folder, check_raw, is_raw_folder

    problems = []
    folders = [path for path in files if path.is_dir() and not is_raw_folder(path)]
    for folder in [path for path in files if path.is_dir() and is_raw_folder(path)]:
        problems += check_raw(folder)
    for folder in folders:
        found = check_folder(folder)
        problems += found.problems
        click.echo(f"{folder}: {found.summary()}", err=bool(found.problems))
    named = [path for path in files if not path.is_dir()]
    if named or not files:
        problems += check_raw(_raw(project_root(), raw), named or None)
    for problem in problems:
        click.echo(str(problem), err=True)
    click.echo(f"{len(problems)} problem(s)" if problems else "no problem found", err=bool(problems))
    if problems:
        raise AlreadySaidError()


@cli.command("add", epilog="Example: evidence add ~/Downloads/NCT06932393.json")
@click.argument("file", type=FILE)
@raw_option
def add_command(file: Path, raw: Path | None) -> None:
    """Take a registry record, an article, a list of references or a study sheet into the raw data.

    The format is recognised by the file's content. An article's figures are only proposed in its new sheet;
    references join the screening list, and works that are on it already are named.
    """
    from helpers.documents import find_quantities
    from helpers.sources import add_references, add_source, recognise, reference_forms

    form = recognise(file)
    if form in reference_forms():
        path, merges, new = add_references(form, file, _raw(project_root(), raw))
        for merge in merges:
            click.echo(str(merge))
        click.echo(f"written: {path}; {new} new, {len(merges)} merged")
        return
    for path in add_source(file, _raw(project_root(), raw), find_quantities):
        click.echo(f"written: {path}")


@cli.command("new", epilog="Example: evidence new smith2026")
@click.argument("study_id")
@raw_option
def new_command(study_id: str, raw: Path | None) -> None:
    """Write an empty study sheet, ready to fill."""
    from helpers.sources import new_sheet

    click.echo(f"written: {new_sheet(study_id, _raw(project_root(), raw))}")


@cli.command("release", epilog="Example: evidence release 1.0")
@click.argument("version")
@out_option
def release_command(version: str, out: Path | None) -> None:
    """Freeze tables and pages under reports/releases/VERSION."""
    from helpers.pipeline.release import release

    click.echo(f"released: {release((out or project_root()).resolve(), version)}")


@cli.command("verify", epilog="Example: evidence verify")
@out_option
@raw_option
@click.option("--record", is_flag=True, help="Write what held, with today's date, to verification.yaml.")
def verify_command(out: Path | None, raw: Path | None, record: bool) -> None:
    """Compare the outputs with the manifest, and every locator with the source texts that are present."""
    from datetime import date

    from helpers.pipeline.release import verify

    root = project_root()
    found = verify((out or root).resolve(), _raw(root, raw), date.today() if record else None)
    for problem in found.problems:
        click.echo(problem, err=True)
    for note in found.notes:
        click.echo(note)
    if found.problems:
        raise AlreadySaidError()


def _raw(root: Path, raw: Path | None) -> Path:
    """Return the folder of the raw data."""
    folder = (raw or root / "data" / "raw").resolve()
    if not folder.is_dir():
        raise PipelineError(f"{folder}: no such folder; name the raw data with --raw DIR")
    return folder
