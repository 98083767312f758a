"""What the forms of Cochrane review data share: the kinds of analyses, and numbers in cells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from helpers.sources.record import Problem, SourceError

Row = dict[str, Any]
KINDS = {
    "DICH": "dichotomous",
    "CONT": "continuous",
    "IV": "generic",
    "IPD": "generic",
    "DIC": "dichotomous",
    "CON": "continuous",
}


def number(path: Path, line: int | None, field: str, text: str | None) -> float | None:
    """Return the number of a cell; None where an analysis has none.

    Raises
    ------
    SourceError
        When the cell holds something else.
    """
    text = (text or "").strip()
    if text in ("", "NA", "#N/A", "Not estimable"):
        return None
    if re.fullmatch(r"[-+\u2212]?\d{1,15}(?:\.\d{1,30})?(?:[eE][-+]?\d{1,2})?", text):
        return float(text.replace("\u2212", "-"))
    raise SourceError(Problem(str(path), line, field, f"{text[:40]!r} is no number", "export the data again"))
