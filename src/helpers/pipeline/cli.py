"""The command `evidence`: also `python -m helpers`.

Exit status 0 only when all of it is true; 1 a failure in the work; 2 wrong usage; 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import click

from helpers.pipeline.command_options import AlreadySaidError
from helpers.pipeline.commands import cli
from helpers.pipeline.errors import CLOSED, FULL, PipelineError, system_problem
from notebookpress.interruption import Interrupted


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its status."""
    if arguments is None and sys.getfilesystemencoding() != "utf-8" and "utf8" not in sys._xoptions:
        # Names of files would be other ones for the processes of a run, which all work in UTF-8.
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
    if os.environ.pop("EVIDENCE_WITH_STDIN", None):
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    sys.exit(_status(arguments))


def _end_with_stdin() -> None:
    """Stop this run when whoever started it is gone and so standard input closes."""
    while os.read(0, 4096):  # not by sys.stdin, whose lock would hold up the end of the process
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _status(arguments: list[str] | None) -> int:
    """Return the exit status; every error becomes a message."""
    state: dict[str, Any] = {}
    try:
        cli.main(args=arguments, prog_name="evidence", standalone_mode=False, obj=state)
    except AlreadySaidError:
        return 1
    except PipelineError as error:
        click.echo(str(error), err=True)
        return error.exit_status
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as stop:
        cause = stop.__cause__  # click makes an Abort of every KeyboardInterrupt
        number = cause.signal_number if isinstance(cause, Interrupted) else 2
        click.echo("interrupted; what had finished is kept, and the earlier report is as it was", err=True)
        return 128 + number
    except Exception as error:
        return _unexpected(error, state)
    return 0


def _unexpected(error: Exception, state: dict[str, Any]) -> int:
    """Say an error of another room or of the system in plain words; 1."""
    if getattr(error, "problems", None) is not None:  # SourceError: a list of problems, each in one line
        click.echo("\n".join(map(str, error.problems)) or str(error), err=True)
    elif isinstance(error, OSError) and (error.filename or error.errno in FULL + CLOSED):
        log = state.get("log")
        click.echo(system_problem(error, log and log.parent), err=True)
    else:
        from helpers.pipeline.run_report import save_traceback

        try:
            saved = save_traceback(
                error, state.get("log") or Path(tempfile.mkdtemp(prefix="evidence-")), "evidence"
            )
        except OSError:
            saved = save_traceback(error, Path(tempfile.mkdtemp(prefix="evidence-")), "evidence")
        first = next(iter(str(error).splitlines()), "")
        click.echo(
            f"{type(error).__name__}: {first}\n  this should not happen; the traceback: {saved}", err=True
        )
    return 1


if __name__ == "__main__":
    main()
