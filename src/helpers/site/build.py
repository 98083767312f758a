"""All pages of a report made, in several processes where that is safe."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

from markupsafe import Markup

from helpers.narrative.phrases import Tables, load_tables
from helpers.sheets.screening import read_review_facts
from helpers.site.assets import shared_files
from helpers.site.checks import check_page
from helpers.site.data import columns_table, data_page, export_files, table_files
from helpers.site.index import index_page
from helpers.site.methods import checklists_page, code_page, methods_page, provenance_page
from helpers.site.notebook import STUDY_RUN, level_of, notebook_page, run_file, study_code_page, study_runs
from helpers.site.page import Draft, Page, anchor_homes, arrange, draft_of, linked_body, render
from helpers.site.studies import printed_file, printed_page, printed_studies, printed_values
from helpers.tables import TABLES
from notebookpress.files import write_atomic
from notebookpress.workers import ProcessEndedError, end_with_parent

# The pages as they are read after those of the runs; the printed figures come last.
READ = ("methods.html", "data.html", "provenance.html", "checklists.html", "code.html")


@dataclass
class Made:
    """What a piece gives: an arranged page, files of the site by name, parts that other pages are made of."""

    page: Page | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)


Piece = Callable[[], Made]


def run_pieces(executed: Mapping[str, str | Path], provenance: Mapping[str, Any]) -> dict[str, Piece]:
    """Return the pages of notebook runs, and the page of the code that the studies' runs share."""
    pieces = {
        run_file(name): partial(_page, notebook_page, executed[name], name, provenance)
        for name in sorted(executed)
    }
    studies = study_runs(executed)
    if studies:
        pieces[f"{STUDY_RUN[:-1]}.html"] = partial(_page, study_code_page, executed[studies[0]])
    return dict(sorted(pieces.items()))


def table_pieces(tables: Tables) -> dict[str, Piece]:
    """Return each table's downloads, with what its columns mean."""
    return {f"data/{name}": partial(_table, name, frame) for name, frame in tables.items()}


def first_pieces(tables: Tables, level: float) -> dict[str, Piece]:
    """Return the pages that need no table of the notebooks after the studies'."""
    return {
        "checklists.html": partial(_page, checklists_page),
        "code.html": partial(_page, code_page),
    } | {
        printed_file(name): partial(_page, printed_page, name, tables, level)
        for name in printed_studies(tables)
    }


def last_pieces(tables: Tables, provenance: Mapping[str, Any]) -> dict[str, Piece]:
    """Return the pages that need all tables."""
    return {"methods.html": partial(_page, methods_page, tables, provenance)}


def in_reading_order(pages: list[Page]) -> list[Page]:
    """Return pages as they are read: the runs, those of READ, the printed figures."""

    def place(page: Page) -> tuple[int, int]:
        if page.file in READ:
            return 1, READ.index(page.file)
        return (2 if page.file.startswith("printed-") else 0), 0

    return sorted(pages, key=place)


def long_first(names: list[str]) -> list[int]:
    """Return the numbers of pieces in the order in which they are best begun."""
    long = [name for name in names if name == "code.html" or name[:2].isdigit()]
    order = dict.fromkeys([*long, *names])
    return [names.index(name) for name in order]


def _page(function: Callable[..., Page], *arguments: Any) -> Made:
    """Return a page, arranged where its function has not done so."""
    page = function(*arguments)
    return Made(page=page if page.tree is not None else arrange(page))


def _table(name: str, frame: Any) -> Made:
    return Made(files=table_files(name, frame), parts={name: columns_table(name)})


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
    pieces = (
        table_pieces(tables) | run_pieces(executed, provenance) | first_pieces(tables, level_of(executed))
    )
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


def read_early(path: str | Path) -> dict[str, Piece]:
    """Return the pieces that a file of `write_early` has made."""
    kept = json.loads(Path(path).read_text(encoding="ascii"))
    return {name: partial(_made, piece) for name, piece in kept.items()}


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


_CALLS: list[Callable[[], Any]] = []  # of the process that forked this one


def side_by_side(calls: Sequence[Callable[[], Any]], jobs: int = 1, order: Sequence[int] = ()) -> list[Any]:
    """Return what calls return, in their order, made in several processes where some can be forked.

    Parameters
    ----------
    calls : sequence of callable
        Each apart from the others; what they return is pickled.
    jobs : int
        How many processes; with 1 everything is done right here.
    order : sequence of int, optional
        The calls in the order in which they are begun: long ones first, so that none is left for the end.

    Raises
    ------
    Exception
        What the first call that failed has raised, as if all were made here one after the other; or
        `ProcessEndedError` when a process was killed.

    """
    count = min(jobs, len(calls))
    if count < 2 or not hasattr(os, "fork"):
        return [call() for call in calls]
    others = set(active_children())
    pool = ProcessPoolExecutor(count, get_context("fork"), _inherit, (calls, os.getpid()))
    try:
        made = {number: pool.submit(_call, number) for number in order or range(len(calls))}
        return [made[number].result() for number in range(len(calls))]
    except BaseException as error:
        for process in set(active_children()) - others:
            process.kill()
        if isinstance(error, BrokenProcessPool):
            raise ProcessEndedError("a process that made pages was ended; run it again") from None
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _inherit(calls: Sequence[Callable[[], Any]], parent: int) -> None:
    end_with_parent(parent)
    _CALLS[:] = calls


def _call(number: int) -> Any:
    return _CALLS[number]()


@dataclass(frozen=True)
class Known:
    """What a page must know of the others to be finished.

    `pages` are all of them in order; `homes` tells which page holds an anchor, `values` which numbers are
    printed there.
    """

    pages: list[Page]
    homes: Mapping[str, str]
    values: Mapping[str, set[float]]
    version: str


def document(page: Page, known: Known) -> bytes:
    """Return a page as a document that has been checked, links resolved.

    A draft that is still right was checked with the shell of its time: now the shell alone is.
    """
    if page.draft is not None:
        if page.draft.is_right(known.homes):
            check_page(page.file, render(page, "", known.pages, known.version))
            return render(page, page.draft.body, known.pages, known.version).encode("utf-8")
        page.tree = page.draft.tree()
    html = render(page, linked_body(page, known.homes, known.values), known.pages, known.version)
    check_page(page.file, html)
    return html.encode("utf-8")


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
    known = read_early(early) if early else {}
    pieces = (
        table_pieces(tables) | run_pieces(executed, provenance) | first_pieces(tables, level_of(executed))
    )
    pieces |= last_pieces(tables, provenance)
    pieces = {name: known.get(name, piece) for name, piece in pieces.items()}
    made = side_by_side(list(pieces.values()), jobs, long_first(list(pieces)))
    pages, files, parts = [piece.page for piece in made if piece.page is not None], {}, {}
    for piece in made:
        files |= piece.files
        parts |= piece.parts
    version = str(provenance.get("version") or "")
    texts = {name: data.decode("utf-8") for name, data in files.items() if name.endswith(".csv")}
    exported = export_files(tables, texts, version)
    files |= {name: text.encode("utf-8") for name, text in exported.items()}
    own = [data_page(tables, files, parts), provenance_page(tables, in_reading_order(pages), provenance)]
    pages = in_reading_order([*pages, *map(arrange, own)])
    pages.insert(0, arrange(index_page(tables, pages, provenance)))
    known = Known(pages, anchor_homes(pages), printed_values(tables), version)
    done = side_by_side([partial(document, page, known) for page in pages], jobs)
    content = shared_files() | files
    for page, data in zip(pages, done, strict=True):
        content |= {page.file: data} | page.figures
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


def _publish(content: dict[str, bytes], destination: Path) -> list[Path]:
    """Write all files, then remove those of an earlier site that are no longer part of it."""
    written = [write_atomic(destination / name, content[name]) for name in sorted(content)]
    for pattern in OWN_FILES:
        for old in sorted(destination.glob(pattern)):
            if old not in written:
                old.unlink()
    return written
