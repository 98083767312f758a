"""The part of a site that is made before the last notebooks have run, kept in one file for when they have.

It holds pages with their elements in order, downloads and drawings: all that follows from the first tables
and runs alone. Links and navigation come later, when all pages are known.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup

from helpers.site.load import load_tables
from helpers.site.page import Page
from helpers.site.pieces import PICTURES, Made, Piece, first_pieces, pictures_piece, run_pieces, table_pieces
from helpers.site.runs import run_file
from helpers.site.tree import from_plain
from helpers.tables import write_atomic


def write_early(
    executed: Mapping[str, str | Path],
    processed: str | Path,
    names: Iterable[str],
    destination: str | Path,
    provenance: Mapping[str, Any],
) -> Path:
    """Make what follows from some notebooks and tables, and write it to a file for `build_site`.

    Parameters
    ----------
    executed : dict of str to path
        Run name to executed notebook, the studies' runs among them.
    processed : path
        Folder of the tables.
    names : iterable of str
        The tables that are there; no other is looked at.
    destination : path
        The file.
    provenance : dict
        `version`; the pages made here say no more of their origin.

    """
    tables = load_tables(processed, names)
    pieces = table_pieces(tables) | run_pieces(executed, provenance) | pictures_piece(tables)
    pieces |= first_pieces(tables, {run_file(name) for name in executed})
    kept = {name: _plain(piece()) for name, piece in pieces.items()}
    return write_atomic(destination, json.dumps(kept))


def read_early(path: str | Path) -> tuple[dict[str, Piece], dict[str, list[str]]]:
    """Return the pieces that a file of `write_early` has made, and the outcomes' drawings."""
    kept = json.loads(Path(path).read_text(encoding="ascii"))
    drawn = kept.pop(PICTURES)["parts"]
    return {name: partial(_made, piece) for name, piece in kept.items()}, drawn


def _plain(made: Made) -> dict[str, Any]:
    """Return what a piece gives as JSON can keep it."""
    page = made.page and asdict(replace(made.page, body="", tree=None)) | {
        "anchors": sorted(made.page.anchors),
        "facts": [(name, str(value), isinstance(value, Markup)) for name, value in made.page.facts],
        "figures": _as_text(made.page.figures),
        "tree": made.page.tree.plain(),
    }
    return {"page": page, "files": _as_text(made.files), "parts": made.parts}


def _made(kept: Mapping[str, Any]) -> Made:
    """Return what a piece gave."""
    page = kept["page"] and Page(
        **kept["page"]
        | {
            "anchors": set(kept["page"]["anchors"]),
            "facts": [(name, Markup(text) if ours else text) for name, text, ours in kept["page"]["facts"]],
            "figures": _as_bytes(kept["page"]["figures"]),
            "owns": tuple(kept["page"]["owns"]),
            "tree": from_plain(kept["page"]["tree"]),
        }
    )
    return Made(page=page, files=_as_bytes(kept["files"]), parts=kept["parts"])


def _as_text(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: b64encode(data).decode("ascii") for name, data in files.items()}


def _as_bytes(files: Mapping[str, str]) -> dict[str, bytes]:
    return {name: b64decode(text) for name, text in files.items()}
