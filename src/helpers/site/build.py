"""All pages of a report made, in several processes where that is safe."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pickle
import signal
import struct
import sys
import traceback
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, NoReturn

from markupsafe import Markup

from helpers.narrative.phrases import Tables, load_tables
from helpers.sheets.screening import read_review_facts
from helpers.site.assets import shared_files
from helpers.site.checks import check_page
from helpers.site.notebook import notebook_page, run_file
from helpers.site.page import Draft, Page, anchor_homes, draft_of, render
from helpers.site.pieces import (
    PICTURES,
    Known,
    Made,
    Piece,
    Whole,
    documents,
    first_pieces,
    in_reading_order,
    last_pieces,
    long_first,
    pictures_piece,
    run_pieces,
    table_pieces,
)
from helpers.site.studies import printed_values
from helpers.tables import TABLES
from notebookpress.files import write_atomic


def write_early(
    executed: Mapping[str, str | Path],
    processed: str | Path,
    destination: str | Path,
    facts: Mapping[str, Any],
) -> Path:
    """Make what follows from some notebooks and tables, and write it to a file for `build_site`.

    Parameters
    ----------
    executed : dict of str to path
        Run name to executed notebook, the studies' runs among them.
    processed : path
        Folder of the tables.
    destination : path
        The file.
    facts : dict
        `version`, for the pages made here say no more of their origin, and `tables`, the names of those that
        are there; no other is looked at.

    """
    provenance, tables = {"version": facts["version"]}, load_tables(processed, facts["tables"])
    pieces = table_pieces(tables) | run_pieces(executed, provenance) | pictures_piece(tables)
    pieces |= first_pieces(tables, {run_file(name) for name in executed})
    made = {name: piece() for name, piece in pieces.items()}
    _draft([piece.page for piece in made.values() if piece.page is not None], tables, provenance)
    return write_atomic(destination, json.dumps({name: _plain(piece) for name, piece in made.items()}))


def _draft(pages: list[Page], tables: Tables, provenance: Mapping[str, Any]) -> None:
    """Finish and check pages as far as all pages are known: these, and that of the tables by its anchors."""
    order, version = in_reading_order(pages), str(provenance.get("version") or "")
    homes = dict.fromkeys(TABLES, "data.html") | anchor_homes(order)
    values = printed_values(tables)
    for page in pages:
        page.draft = draft_of(page, homes, values)
        check_page(page.file, render(page, page.draft.body, order, version))


def read_early(path: str | Path) -> tuple[dict[str, Piece], dict[str, list[str]]]:
    """Return the pieces that a file of `write_early` has made, and the outcomes' drawings."""
    kept = json.loads(Path(path).read_text(encoding="ascii"))
    drawn = kept.pop(PICTURES)["parts"]
    return {name: partial(_made, piece) for name, piece in kept.items()}, drawn


def _plain(made: Made) -> dict[str, Any]:
    """Return what a piece gives as JSON can keep it."""
    page = made.page and vars(made.page) | {
        "anchors": sorted(made.page.anchors),
        "body": "",
        "draft": vars(made.page.draft),
        "facts": [(name, str(value), isinstance(value, Markup)) for name, value in made.page.facts],
        "figures": _as_text(made.page.figures),
        "tree": None,
    }
    return {"page": page, "files": _as_text(made.files), "parts": made.parts}


def _made(kept: Mapping[str, Any]) -> Made:
    """Return what a piece gave."""
    page = kept["page"] and Page(
        **kept["page"]
        | {
            "anchors": set(kept["page"]["anchors"]),
            "draft": Draft(**kept["page"]["draft"]),
            "facts": [(name, Markup(text) if ours else text) for name, text, ours in kept["page"]["facts"]],
            "figures": _as_bytes(kept["page"]["figures"]),
            "owns": tuple(kept["page"]["owns"]),
        }
    )
    return Made(page=page, files=_as_bytes(kept["files"]), parts=kept["parts"])


def _as_text(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: b64encode(data).decode("ascii") for name, data in files.items()}


def _as_bytes(files: Mapping[str, str]) -> dict[str, bytes]:
    return {name: b64decode(text) for name, text in files.items()}


JOB_NUMBER = struct.Struct("!H")  # of a call; so few bytes are read from a pipe whole or not at all
PARENT_DEATH = 1
Failure = tuple[int, Exception] | None  # the first call that failed, with its error
Share = tuple[dict[int, Any], Failure]  # what one process made, by the numbers of the calls


class HelperEndedError(RuntimeError):
    """A process that did a share of the work and is gone."""


def in_two_rounds(
    calls: Sequence[Callable[[], Any]],
    show: Callable[[Any], Any],
    between: Callable[[list[Any]], Any],
    finish: Callable[[Any, Any], Any],
    jobs: int = 1,
    order: Sequence[int] | None = None,
    also: Callable[[], Any] | None = None,
) -> list[Any]:
    """Make what the calls make, then finish each when it is known what all of them have made.

    Parameters
    ----------
    calls : sequence of callable
        The first round, each call apart from the others.
    show : callable
        Given what a call returned, returns what the second round must know of it.
    between : callable
        Given all that is shown, in the order of the calls, returns what `finish` is told; done once, here.
    finish : callable
        The second round: given what a call returned and what `between` returned.
    jobs : int
        How many processes; with 1, or where none can be forked, everything is done right here.
    order : sequence of int, optional
        The calls in the order in which they are begun: long ones first, so that none is left for the end.
    also : callable, optional
        One more call of the second round, which is done here.

    Returns
    -------
    list
        What `finish` returned, in the order of the calls, and what `also` returned as the last.

    Raises
    ------
    Exception
        What the first call that failed has raised, as if all were made here one after the other; or
        `HelperEndedError` when a process was killed.

    """
    count = min(jobs, len(calls))
    if count < 2 or not hasattr(os, "fork"):
        made = [call() for call in calls]
        told = between([show(value) for value in made])
        return [finish(value, told) for value in made] + ([also()] if also else [])
    queue = _queue(range(len(calls)) if order is None else order)
    helpers: list[_Helper] = []
    try:
        for _ in range(count - 1):
            helpers.append(_Helper(helpers, queue, calls, show, finish))
        kept, failure = _first_round(queue, calls)
        shown = {number: show(value) for number, value in kept.items()}
        told = between(_together(shown, failure, [helper.hear() for helper in helpers]))
        for helper in helpers:
            helper.tell(told)
        rest = {number: partial(finish, value, told) for number, value in kept.items()}
        done, failure = _second_round(rest | ({len(calls): also} if also else {}))
        return _together(done, failure, [helper.hear() for helper in helpers])
    finally:
        os.close(queue)
        for helper in helpers:
            helper.end()


class _Helper:
    """A process that takes calls from the queue, seen from the one that forked it."""

    def __init__(self, others: list[_Helper], queue: int, calls: Sequence, show: Any, finish: Any) -> None:
        self.pipe, theirs = Pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                for pipe in [self.pipe, *(other.pipe for other in others)]:
                    pipe.close()  # a process that is gone must be seen to be gone
                _help(theirs, parent, queue, calls, show, finish)
            except BaseException:
                traceback.print_exc()  # its last words
            finally:
                os._exit(70)  # not reached by a process that ends well
        theirs.close()

    def tell(self, message: Any) -> None:
        """Send something; a process that is gone is noticed when it should answer."""
        with contextlib.suppress(ConnectionError):
            self.pipe.send(message)

    def hear(self) -> Share:
        """Return what the process has made, and how it failed."""
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            self.pid = 0
            raise HelperEndedError(f"a process that made pages ended with {status}; run it again") from None

    def end(self) -> None:
        """End the process, whatever it does, and wait until it is gone."""
        self.pipe.close()
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


def _help(pipe: Connection, parent: int, queue: int, calls: Sequence, show: Any, finish: Any) -> NoReturn:
    """Do a share of both rounds in a forked process, which ends when its parent does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH, signal.SIGKILL)
    with contextlib.suppress(EOFError, ConnectionError):  # nobody waits for it any more
        if os.getppid() == parent:
            kept, failure = _first_round(queue, calls)
            pipe.send(({number: show(value) for number, value in kept.items()}, _sendable(failure)))
            told = pipe.recv()
            rest = {number: partial(finish, value, told) for number, value in kept.items()}
            done, failure = _second_round(rest)
            pipe.send((done, _sendable(failure)))
    os._exit(0)


def _queue(numbers: Sequence[int]) -> int:
    """Return a pipe from which each process reads the number of the call that it makes next."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as stream:
        stream.write(b"".join(map(JOB_NUMBER.pack, numbers)))
    return reading


def _first_round(queue: int, calls: Sequence[Callable[[], Any]]) -> Share:
    """Make calls until none is left; after a failure only those that come before it, which may fail, too."""
    made: dict[int, Any] = {}
    failure: Failure = None
    while data := os.read(queue, JOB_NUMBER.size):
        (number,) = JOB_NUMBER.unpack(data)
        if failure is None or number < failure[0]:
            try:
                made[number] = calls[number]()
            except Exception as error:
                failure = number, error
    return made, failure


def _second_round(rest: dict[int, Callable[[], Any]]) -> Share:
    """Finish what was kept, in order."""
    done: dict[int, Any] = {}
    for number in sorted(rest):
        try:
            done[number] = rest[number]()
        except Exception as error:
            return done, (number, error)
    return done, None


def _together(own: dict[int, Any], failure: Failure, heard: list[Share]) -> list[Any]:
    """Return what all processes made, in order; raise what the first call that failed has raised."""
    failures = [found for found in (failure, *(item[1] for item in heard)) if found is not None]
    if failures:
        raise min(failures, key=lambda found: found[0])[1]
    made = own | {number: value for item in heard for number, value in item[0].items()}
    return [made[number] for number in sorted(made)]


def _sendable(failure: Failure) -> Failure:
    """Return a failure whose error can be sent; as a plain error where its own kind cannot."""
    if failure is None:
        return None
    number, error = failure
    error.add_note("".join(traceback.format_exception(error)))  # the traceback itself cannot be sent
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    return number, error


OWN_FILES = ("*.html", "*.css", "*.js", "data/*.csv", "data/*.parquet", "data/*.json", "data/*.ris")
OWN_FILES += ("figures/*.png", "figures/*.svg", "figures/*.csv")


def build_site(
    executed: Mapping[str, str | Path],
    processed: str | Path,
    destination: str | Path,
    provenance: Mapping[str, Any] | None = None,
    *,
    early: str | Path | None = None,
    jobs: int = 1,
) -> list[Path]:
    """Write the site: index, a page a notebook run, pages of printed figures, data, downloads, figures.

    Parameters
    ----------
    executed : dict of str to path
        Run name (`01_ingestion`, `03_study_evidence-wan2025` ...) to executed notebook.
    processed : path
        Folder of the tables.
    destination : path
        Folder of the site. Pages, CSVs and figures of an earlier site that this one has not are removed.
    provenance : dict, optional
        `version`, `code_sha256`, `parameters` (dict), `inputs` (list of `path` and `sha256`).
    early : path, optional
        What `write_early` made of the first of these notebooks and tables; made here when left out.
    jobs : int
        How many processes may work at once.

    Returns
    -------
    list of pathlib.Path
        The files of the site, sorted.

    Raises
    ------
    SiteError
        When anything may not be published; then nothing is written.

    """
    provenance = dict(provenance or {})
    tables = load_tables(processed)
    known, drawn = read_early(early) if early else ({}, None)
    runs = {run_file(name) for name in executed}
    pieces = table_pieces(tables) | run_pieces(executed, provenance) | first_pieces(tables, runs)
    pieces |= last_pieces(tables, runs, provenance, drawn)
    pieces = {name: known.get(name, piece) for name, piece in pieces.items()}
    whole = Whole(tables, provenance)
    found = in_two_rounds(
        list(pieces.values()),
        lambda made: made.shown(),
        whole.put_together,
        lambda made, known: documents([made.page] if made.page else [], known),
        jobs,
        long_first(list(pieces)),
        also=lambda: documents(whole.own, whole.known),
    )
    content = shared_files() | whole.files
    for documents_of_a_piece in found:
        content |= documents_of_a_piece
    return _publish(content, Path(destination))


def build_report(
    executed: Mapping[str, str | Path],
    processed: str | Path,
    destination: str | Path,
    facts: Mapping[str, Any],
) -> list[Path]:
    """Write the site of a run; `facts` are those of `build_site`, and `raw`, `made` and `jobs` of the run."""
    known = dict(facts) | {"review": read_review_facts(facts["raw"])}
    early = facts["made"].get("pages")
    return build_site(executed, processed, destination, known, early=early, jobs=facts["jobs"])


def render_page(
    notebook_path: str | Path,
    destination: str | Path,
    *,
    run: str | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Path:
    """Write one executed notebook as a page that stands alone, its figures beside it; return its path.

    Raises
    ------
    SiteError
        When the page may not be published.

    """
    destination = Path(destination)
    name = run or Path(notebook_path).stem
    page = notebook_page(notebook_path, name, provenance or {}, destination.name, alone=True)
    known = Known.of([page], {}, str((provenance or {}).get("version") or ""))
    content = shared_files() | documents([page], known)
    for name, data in content.items():
        write_atomic(destination.parent / name, data)
    return destination


def _publish(content: dict[str, bytes], destination: Path) -> list[Path]:
    """Write all files, then remove those of an earlier site that are no longer part of it."""
    written = [write_atomic(destination / name, content[name]) for name in sorted(content)]
    for pattern in OWN_FILES:
        for old in sorted(destination.glob(pattern)):
            if old not in written:
                old.unlink()
    return written
