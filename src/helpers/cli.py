"""The commands of `evidence`; each imports what it needs only when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from helpers import __version__
from helpers.pipeline.command_options import (
    FILE,
    FOLDER,
    AlreadySaidError,
    jobs_option,
    out_option,
    pages_option,
    raw_folder,
    raw_option,
)
from helpers.pipeline.paths import project_root
from helpers.pipeline.source_commands import add_command, check_command, export_command, new_command

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


for _command in (check_command, add_command, new_command, export_command):
    cli.add_command(_command)


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
@click.option("--store", type=FOLDER, help="Folder of finished steps that runs share.  [default: none]")
@pages_option
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
@pages_option
def sweep_command(
    grid: Path, out: Path | None, raw: Path | None, jobs: int, scheduler: str | None, pages: bool
) -> None:
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
    result = sweep(
        root, read_grid(grid, declared), declared, place, raw_folder(root, raw), jobs, watch, scheduler, pages
    )
    click.echo(f"{len(result.rows)} set(s), {result.failed} failed; the table: {result.table}")
    if result.failed:
        raise AlreadySaidError()


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
    found = verify((out or root).resolve(), raw_folder(root, raw), date.today() if record else None)
    for problem in found.problems:
        click.echo(problem, err=True)
    for note in found.notes:
        click.echo(note)
    if found.problems:
        raise AlreadySaidError()
