"""The commands that take sources in, look at them, and give them out again."""

from __future__ import annotations

from pathlib import Path

import click

from helpers.pipeline.command_options import FILE, AlreadySaidError, raw_folder, raw_option
from helpers.pipeline.errors import PipelineError
from helpers.pipeline.paths import project_root


@click.command("check", epilog="Example: evidence check ~/Downloads data/raw/studies/wan2025.yaml")
@click.argument("files", type=FILE, nargs=-1, metavar="[FILE]...")
@raw_option
def check_command(files: tuple[Path, ...], raw: Path | None) -> None:
    """Validate study sheets and sources of any form; all of data/raw when no file is named.

    A folder is checked with everything below it: one line a problem, and a summary.
    """
    from helpers.sheets.raw import check_folder, check_raw, is_raw_folder

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
        problems += check_raw(raw_folder(project_root(), raw), named or None)
    for problem in problems:
        click.echo(str(problem), err=True)
    click.echo(f"{len(problems)} problem(s)" if problems else "no problem found", err=bool(problems))
    if problems:
        raise AlreadySaidError()


@click.command("add", epilog="Example: evidence add ~/Downloads/NCT06932393.json")
@click.argument("file", type=FILE)
@raw_option
def add_command(file: Path, raw: Path | None) -> None:
    """Take a registry record, an article, a list of references or a study sheet into the raw data.

    The format is recognised by the file's content. An article's figures are only proposed in its new sheet;
    references join the screening list, and works that are on it already are named.
    """
    from helpers.sheets.screening import add_references, reference_forms
    from helpers.sheets.write import add_source
    from trialfiles import find_quantities, recognise

    form = recognise(file)
    if form in reference_forms():
        path, merges, new = add_references(form, file, raw_folder(project_root(), raw))
        for merge in merges:
            click.echo(str(merge))
        click.echo(f"written: {path}; {new} new, {len(merges)} merged")
        return
    for path in add_source(file, raw_folder(project_root(), raw), find_quantities):
        click.echo(f"written: {path}")


@click.command("new", epilog="Example: evidence new smith2026")
@click.argument("study_id")
@raw_option
def new_command(study_id: str, raw: Path | None) -> None:
    """Write an empty study sheet, ready to fill."""
    from helpers.sheets.write import new_sheet

    click.echo(f"written: {new_sheet(study_id, raw_folder(project_root(), raw))}")


REPORT_FILES = {"ris": "references.ris", "csl": "references.csl.json", "revman": "revman.csv"}


@click.command("export", epilog="Example: evidence export ris ~/Downloads/pubmed.xml --out pubmed.ris")
@click.argument("form", type=click.Choice(list(REPORT_FILES)))
@click.argument("file", type=FILE, required=False)
@click.option("--out", type=FILE, metavar="FILE", help="File to write.  [default: standard output]")
def export_command(form: str, file: Path | None, out: Path | None) -> None:
    """Write references as RIS or CSL-JSON, or a review's data as RevMan Web CSV.

    FILE is a list of references or a review's data in any form; when it is left out, the report's own sources
    and headline effects are written.
    """
    from notebookpress.files import write_atomic
    from trialfiles import converted

    if file is None:
        made = project_root() / "reports" / "data" / REPORT_FILES[form]
        if not made.is_file():
            raise PipelineError(f"{made}: not there; make the report with `evidence run`, or name a file")
        text = made.read_text(encoding="utf-8")
    else:
        text = converted(file, form)
    if out is None:
        click.echo(text, nl=False)
    else:
        click.echo(f"written: {write_atomic(out, text)}")
