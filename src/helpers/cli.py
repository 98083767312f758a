"""The command `evidence`: also `python -m helpers`.

Exit status 0 only when all of it is true; 1 a failure in the work; 2 wrong usage; 130 interrupted. Each
command imports what it needs only when it is called.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from notebookpress.errors import CLOSED, FULL, PipelineError, signals_as_exception, system_problem
from notebookpress.files import project_root

REPORT_FILES = {"ris": "references.ris", "csl": "references.csl.json", "revman": "revman.csv"}
SWEEP_EXAMPLE = """\b
Example: evidence sweep grid.yaml --out /tmp/sweep
  with   grid: {evidence: [core, published], pre_post_correlation: [0.5, 0.7, 0.9]}
"""
FIRST_STEPS = """\b
evidence check      are the study sheets in order?
evidence run        make tables and report; only what is out of date
evidence verify     is the report what it claims to be?
"""
FOLDER_TYPE = click.Path(path_type=Path, file_okay=False)
FILE_TYPE = click.Path(path_type=Path)
COUNT = click.IntRange(min=1)
out_option = click.option("--out", type=FOLDER_TYPE, help="Folder for the results.  [default: the project]")
raw_option = click.option("--raw", type=FOLDER_TYPE, help="Folder of the raw data.  [default: data/raw]")
JOBS = min(os.cpu_count() or 1, 8)
jobs_option = click.option("--jobs", type=COUNT, default=JOBS, show_default=True, help="Notebooks at once.")
pages_option = click.option(
    "--pages/--no-pages", default=True, show_default=True, help="Make the pages, or the tables alone."
)


MOST_LINES, LONGEST_LINE = 20, 2000  # lines of what may be without end, letters of one
# what a terminal would obey, or not take
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def echo_lines(*said: object, err: bool = False) -> None:
    """Write lines to the terminal: of many the first, their count and the last, all as plain text."""
    lines = "\n".join(map(str, said)).split("\n") if said else []
    if len(lines) > MOST_LINES + 2:
        lines = [
            *lines[:MOST_LINES],
            f"… and {len(lines) - MOST_LINES - 1:,} more lines like these",
            lines[-1],
        ]
    try:
        for line in lines:
            line = line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} …"
            click.echo(CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", line), err=err)
    except OSError as error:  # which names no file: it is not the report's disk that is full
        raise OSError(error.errno, error.strerror, "standard error" if err else "standard output") from None


class AlreadySaidError(PipelineError):
    """A command that has already said what is wrong."""


def raw_folder(raw: Path | None) -> Path:
    """Return the folder of the raw data."""
    folder = (raw or project_root() / "data" / "raw").resolve()
    if not folder.is_dir():
        raise PipelineError(f"{folder}: no such folder; name the raw data with --raw DIR")
    return folder


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=FIRST_STEPS
)
@click.version_option(package_name="exosome-hair-evidence", prog_name="evidence")
def cli() -> None:
    """Run, check and extend a living evidence synthesis in notebooks."""


@cli.command("run", epilog="Example: evidence run -p evidence=published --out /tmp/trial --jobs 2")
@click.option("--params", type=FILE_TYPE, metavar="FILE", help="YAML mapping of parameters.")
@click.option("-p", "pairs", multiple=True, metavar="KEY=VALUE", help="One parameter; may be repeated.")
@out_option
@raw_option
@jobs_option
@click.option("--force", is_flag=True, help="Run everything, up to date or not.")
@click.option(
    "--timeout", type=COUNT, default=600, show_default=True, help="Seconds that a notebook may take."
)
@click.option(
    "--memory",
    type=COUNT,
    metavar="MB",
    help="Megabytes that a notebook may take (Linux).  [default: no limit]",
)
@pages_option
@click.option("--strict", is_flag=True, help="Publish nothing when a study fails; else it is left out.")
@click.pass_obj
def run_command(state: dict, params: Path | None, pairs: tuple[str, ...], **options: Any) -> None:
    """Run the notebooks that are out of date and write tables and report.

    The parameters, with their meaning and range, stand in notebooks/parameters.yaml.
    """
    from notebookpress.parameters import load_parameters, merge_parameters

    root = project_root()
    state["log"] = (options["out"] or root) / ".evidence" / "log"
    values = merge_parameters(load_parameters(root), params, pairs)
    from notebookpress.run import run

    report = run(root, parameters=values, **options)
    echo_lines(*(f"\n{message}" for message in report.failures.values()), err=True)
    echo_lines(*report.notes, err=True)
    echo_lines(report.summary(), err=not report.succeeded)
    if count := len(report.refused):
        echo_lines(
            *report.refused, f"{count} problem(s): these sources were left out of the report", err=True
        )
    if report.refused or not report.succeeded:
        raise AlreadySaidError()


@cli.command("sweep", epilog=SWEEP_EXAMPLE)
@click.argument("grid", type=FILE_TYPE, metavar="GRID.yaml")
@click.option("--out", type=FOLDER_TYPE, help="Folder for the sets.  [default: sweep, beside GRID.yaml]")
@raw_option
@jobs_option
@click.option("--scheduler", metavar="ADDRESS", help="Send the sets to a Dask cluster; docs/cluster.md.")
@pages_option
def sweep_command(
    grid: Path, out: Path | None, raw: Path | None, jobs: int, scheduler: str | None, pages: bool
) -> None:
    """Run the report for many parameter sets, each in its own folder, with one table over all of them.

    GRID.yaml holds `grid:`, names with lists of values (every combination is run), or `list:`, a list of
    sets. Sets that have succeeded are not run again.
    """
    from notebookpress.parameters import load_parameters
    from notebookpress.sweep import read_grid, sweep

    root = project_root()
    declared = load_parameters(root)

    def watch(number: int, total: int, row: dict) -> None:
        message = f" {row['message']}" if row["message"] else ""
        chosen = ", ".join(f"{name}={row[name]}" for name in declared if name in row) or "defaults"
        said = f"{row['set']} ({chosen}): {row['status']}, {row['seconds']} s{message}"
        echo_lines(f"[{number}/{total}] {said}", err=True)

    place = (out or grid.parent / "sweep").resolve()
    try:
        sets = read_grid(grid, declared)
    except PipelineError as error:
        error.exit_status = 2  # the file is part of the command
        raise
    rows = sweep(root, sets, declared, place, raw_folder(raw), jobs, watch, scheduler, pages)
    failed = sum(row["status"] != "ok" for row in rows)
    click.echo(f"{len(rows)} set(s), {failed} failed; the table: {place / 'sweep.parquet'}")
    if failed:
        raise AlreadySaidError()


@cli.command("release", epilog="Example: evidence release 1.0")
@click.argument("version")
@out_option
def release_command(version: str, out: Path | None) -> None:
    """Freeze tables and pages under reports/releases/VERSION, with the metadata of a deposit."""
    from notebookpress.pipeline import load_pipeline
    from notebookpress.publish import release

    root = project_root()
    click.echo(f"released: {release((out or root).resolve(), version, load_pipeline(root))}")


@cli.command("verify", epilog="Example: evidence verify")
@out_option
@raw_option
@click.option("--record", is_flag=True, help="Write what held, with today's date, to verification.yaml.")
def verify_command(out: Path | None, raw: Path | None, record: bool) -> None:
    """Compare the outputs with the manifest, and every locator with the source texts that are present."""
    from datetime import date

    from notebookpress.pipeline import load_pipeline
    from notebookpress.publish import verify

    root = project_root()
    day, check = date.today() if record else None, load_pipeline(root).verification
    found = verify((out or root).resolve(), raw_folder(raw), day, check)
    echo_lines(*found.problems, err=True)
    echo_lines(*found.notes)
    if found.problems:
        raise AlreadySaidError()


@cli.command("check", epilog="Example: evidence check ~/Downloads data/raw/studies/wan2025.yaml")
@click.argument("files", type=FILE_TYPE, nargs=-1, metavar="[FILE]...")
@raw_option
@click.option("--write", is_flag=True, help="Write the places that are certain into the sheets.")
def check_command(files: tuple[Path, ...], raw: Path | None, write: bool) -> None:
    """Check study sheets with their texts, and sources of any form; all of data/raw when no file is named.

    A sheet's fields, figures, units and dates are checked, and every token is looked up in the text where
    that is at hand. A folder is checked with everything below it: one line a problem, and a summary.
    """
    from helpers.sheets.examination import Examination, examine
    from helpers.sheets.raw import check_folder
    from helpers.verification import record_problems

    done = Examination()
    for folder in filter(Path.is_dir, files) if files else [raw_folder(raw)]:
        if not files or any((folder / name).is_dir() for name in ("studies", "registry")):
            done.join(examine(folder, write=write))
            done.problems += record_problems(folder)
        else:
            found, summary = check_folder(folder)
            done.problems += found
            echo_lines(f"{folder}: {summary}", err=bool(found))
    if named := [path for path in files if not path.is_dir()]:
        done.join(examine(raw_folder(raw), named, write))
    echo_lines(*(f"written: {count} place(s) into {path}" for path, count in done.written.items()))
    echo_lines(*(f"note: {note}" for note in done.notes))
    count = len(done.problems)
    echo_lines(*done.problems, f"{count} problem(s)" if count else "no problem found", err=bool(count))
    if count:
        raise AlreadySaidError()


@cli.command("add", epilog="Example: evidence add ~/Downloads/NCT06932393.json")
@click.argument("file", type=FILE_TYPE)
@raw_option
@click.option("--force", is_flag=True, help="Add a source that has nothing to do with this review.")
def add_command(file: Path, raw: Path | None, force: bool) -> None:
    """Take a registry record, an article, a list of references or a study sheet into the raw data.

    The format is recognised by the file's content. An article's figures are only proposed in its new sheet;
    references join the screening list, and works that are on it already are named. What is left unread is
    named too, how many records were in the file, how much is proposed, what is doubtful and what comes next.
    """
    from helpers.sheets.examination import irrelevant
    from helpers.sheets.raw import file_account
    from helpers.sheets.screening import add_references
    from helpers.sheets.write import ABOUT_ONE_SUBJECT, add_source, cut_texts
    from trialfiles import SourceError, recognise
    from trialfiles.references import REFERENCE_READERS
    from trialfiles.text import LARGEST_TEXT, text_encoding

    form = recognise(file)
    if form in ABOUT_ONE_SUBJECT and not force and (problems := irrelevant(file)):
        raise SourceError(problems)
    if form in REFERENCE_READERS:
        path, merges, new, unread = add_references(form, file, raw_folder(raw))
        count = f"{new + len(merges) + len(unread)} reference(s) in {file.name}"
        said = f"{new} new, {len(merges)} merged, {len(unread)} left unread"
        lines = [*merges, *unread, f"written: {path}; {count}: {said}"]
    else:
        paths = add_source(file, raw_folder(raw))
        lines = [*(f"written: {path}" for path in paths), *file_account(file, paths), *cut_texts(file, paths)]
    echo_lines(*lines)
    with file.open("rb") as stream:
        head = stream.read(LARGEST_TEXT)
    if not head.startswith(b"PK") and text_encoding(head) == "cp1252":
        echo_lines(f"{file}: read as Windows-1252; see whether its letters with accents are right")


@cli.command("new", epilog="Example: evidence new smith2026 smith2026.nbib")
@click.argument("study_id")
@click.argument("file", type=FILE_TYPE, required=False)
@raw_option
def new_command(study_id: str, file: Path | None, raw: Path | None) -> None:
    """Write an empty study sheet, ready to fill; its reference is that of FILE, in any form."""
    from helpers.sheets.write import cut_texts, new_sheet
    from trialfiles import converted

    [item, *more] = json.loads(converted(file, "csl")) if file else [{}]
    if more:
        raise PipelineError(f"{file}: holds {len(more) + 1} references; export the one of the study")
    known = {"registration": item.pop("number", None)}  # the source's own field, not its reference's
    known["reference"] = {name: part for name, part in item.items() if name not in ("id", "abstract")} or None
    sheet = new_sheet(study_id, raw_folder(raw), **known)
    echo_lines(f"written: {sheet}", *(cut_texts(file, [sheet]) if file else ()))


@cli.command("confirm", epilog="Example: evidence confirm smith2026 -- --port 8899")
@click.argument("study")
@click.argument("options", nargs=-1, metavar="[-- OPTIONS OF JUPYTERLAB]")
@click.option(
    "--reader", type=click.Choice(["first", "second"]), default="first", show_default=True,
    help="The second one reads again, without sight of the sheet.",
)  # fmt: skip
@raw_option
def confirm_command(study: str, options: tuple[str, ...], reader: str, raw: Path | None) -> None:
    """Open JupyterLab where each proposal of STUDY is confirmed beside its place in the text.

    Every answer is written to the sheet at once; opened again, the room goes on where it stood.
    """
    from helpers.confirm import open_room
    from helpers.confirm.readings import FOR_RAW, FOR_READER, FOR_STUDY

    root = project_root()
    folder = raw_folder(raw)
    room = open_room(study, reader, folder)
    click.echo(f"{study}: {room.progress() if room else 'nothing'} answered")
    click.echo(
        "in JupyterLab choose Run > Run All Cells; without a browser here, open the address that follows"
    )
    page = "--LabApp.default_url=/lab/tree/notebooks/confirm.ipynb"  # also in the address that is printed
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}", page]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        command.append("--no-browser")
    os.chdir(root)
    asked = {FOR_STUDY: study, FOR_READER: reader, FOR_RAW: str(folder)}
    os.execve(sys.executable, [*command, *options], os.environ | asked)


@cli.command("export", epilog="Example: evidence export ris ~/Downloads/pubmed.xml --out pubmed.ris")
@click.argument("form", type=click.Choice(list(REPORT_FILES)))
@click.argument("file", type=FILE_TYPE, required=False)
@click.option("--out", type=FILE_TYPE, metavar="FILE", help="File to write.  [default: standard output]")
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


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its status."""
    if arguments is None and sys.getfilesystemencoding() != "utf-8" and "utf8" not in sys._xoptions:
        # Names of files would be other ones for the processes of a run, which all work in UTF-8.
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
    sys.exit(_status(arguments))


def _status(arguments: list[str] | None) -> int:
    """Return the exit status; every error becomes a message."""
    state: dict[str, Any] = {}
    try:
        if "" in (sys.argv[1:] if arguments is None else arguments):
            raise click.UsageError("an empty argument; leave it out, or write a value")
        with signals_as_exception(lambda: None):
            cli.main(args=arguments, prog_name="evidence", standalone_mode=False, obj=state)
    except AlreadySaidError:
        return 1
    except PipelineError as error:
        echo_lines(error, err=True)
        return error.exit_status
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as stop:
        click.echo("interrupted; what had finished is kept, and the earlier report is as it was", err=True)
        numbers = stop.args or getattr(stop.__cause__, "args", ())  # click makes an Abort of it
        return 128 + next(iter(numbers), 2)
    except Exception as error:
        return _unexpected(error, state)
    return 0


def _unexpected(error: Exception, state: dict[str, Any]) -> int:
    """Say an error of another room or of the system in plain words; 1."""
    if getattr(error, "problems", None) is not None:  # SourceError: a list of problems, each in one line
        count = len(error.problems)
        echo_lines(*error.problems, *([f"{count} problem(s)"] if count > 1 else []), err=True)
    elif isinstance(error, OSError) and (
        error.filename or error.errno in FULL + CLOSED or "temporary directory" in str(error)
    ):
        log = state.get("log")
        echo_lines(system_problem(error, log and log.parent), err=True)
    elif isinstance(error, RuntimeError) and "Symlink loop" in str(error):  # of pathlib before Python 3.13
        echo_lines(f"{error}; name a folder that is there", err=True)
    else:
        from notebookpress.scheduler import save_traceback

        try:
            saved = save_traceback(error, state["log"], "evidence")
        except (KeyError, OSError):  # no run, or its folder cannot be written
            saved = save_traceback(error, Path(tempfile.mkdtemp(prefix="evidence-")), "evidence")
        first = next(iter(str(error).splitlines()), "")
        echo_lines(
            f"{type(error).__name__}: {first}\n  this should not happen; the traceback: {saved}", err=True
        )
    return 1
