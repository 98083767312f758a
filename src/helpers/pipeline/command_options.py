"""What the commands share: options, where the raw data are, and how a command says that it has failed."""

from __future__ import annotations

import os
from pathlib import Path

import click

from helpers.pipeline.errors import PipelineError

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
pages_option = click.option(
    "--pages/--no-pages", default=True, show_default=True, help="Make the pages, or the tables alone."
)


class AlreadySaidError(PipelineError):
    """A command that has already said what is wrong."""


def raw_folder(root: Path, raw: Path | None) -> Path:
    """Return the folder of the raw data."""
    folder = (raw or root / "data" / "raw").resolve()
    if not folder.is_dir():
        raise PipelineError(f"{folder}: no such folder; name the raw data with --raw DIR")
    return folder
