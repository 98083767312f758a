"""The part of a site that is made before the last notebooks have run, kept in one file for when they have.

It holds pages, downloads and drawings: all that follows from the first tables and runs alone. The links of a
page are drafts, and navigation comes later, when all pages are known.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup

from helpers.site.drafts import Draft, draft_of
from helpers.site.guard import check_page
from helpers.site.page import Page, anchor_homes, render
from helpers.site.pieces import (
    PICTURES,
    Made,
    Piece,
    first_pieces,
    in_reading_order,
    pictures_piece,
    run_pieces,
    table_pieces,
)
from helpers.site.printed import printed_values
from helpers.site.runs import run_file
from helpers.tables import TABLES, write_atomic
from helpers.words.load import Tables, load_tables


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
