"""Severity scales of pattern hair loss: grades as printed, on the scale's own steps.

Norwood-Hamilton has stages I to VII (and III vertex), Ludwig I to III, BASP a basic type (L, M, C, U)
and a special type (V, F). Steps of different scales are never set equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7}
_STEPS = {"norwood": 7, "ludwig": 3}
_GRADE = re.compile(r"\b(VII|VI|IV|V|III|II|I|[1-7])(?:-([1-4]))?\b")
_BASP = re.compile(r"\b([LMCUVF])([0-3])\b")


@dataclass(frozen=True)
class Severity:
    """A grade or range of grades on one scale: `low` and `high` are steps of that scale."""

    scale: str
    low: int
    high: int
    variant: str = ""


def parse_severity(printed: str, scale: str | None) -> Severity | None:
    """Return a printed grade on its scale.

    Parameters
    ----------
    printed : str
        For example `III–V`, `stage 3`, `I-3 to III`, `M2 to M3`.
    scale : str or None
        Scale as noted: contains Norwood, Hamilton, Ludwig or BASP.

    Returns
    -------
    Severity or None
        None when no grade of that scale is printed.
    """
    name = (scale or "").lower()
    if "basp" in name:
        found = _BASP.findall(printed)
        steps = [int(step) for _, step in found]
        return Severity("BASP", min(steps), max(steps), found[0][0]) if found else None
    family = "ludwig" if "ludwig" in name else "norwood" if re.search("norwood|hamilton", name) else None
    if family is None:
        return None
    steps = [_ROMAN.get(grade) or int(grade) for grade, _ in _GRADE.findall(printed)]
    if not steps or max(steps) > _STEPS[family]:
        return None
    variant = "vertex" if "vertex" in printed.lower() else ""
    return Severity("Ludwig" if family == "ludwig" else "Norwood-Hamilton", min(steps), max(steps), variant)
