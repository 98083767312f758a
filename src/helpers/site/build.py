"""The whole site: every page made and checked in memory first, then written; nothing half-done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.site.early import read_early
from helpers.site.pieces import first_pieces, last_pieces, long_first, run_pieces, table_pieces
from helpers.site.policy import shared_files
from helpers.site.runs import notebook_page, run_file
from helpers.site.side_by_side import in_two_rounds
from helpers.site.whole import Known, Whole, documents
from helpers.tables import write_atomic
from helpers.words.load import load_tables

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
