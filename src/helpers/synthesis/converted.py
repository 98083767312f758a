"""A converted figure with the assumption it rests on, and the checks that conversions share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.synthesis.inputs import as_floats, refuse


@dataclass(frozen=True)
class Converted:
    """A converted number (or an array of them) and the assumption on which it rests."""

    value: np.ndarray | float
    assumption: str

    def __float__(self) -> float:
        """Return the value as a plain number, where it is one."""
        return float(self.value)


def plain(value: np.ndarray) -> np.ndarray | float:
    """Give a number for a number and an array for an array."""
    return float(value) if np.ndim(value) == 0 else value


def group_size(name: str, n: Any, least: int = 2) -> np.ndarray:
    """Check a number of people; NaN stays NaN."""
    n = as_floats(name, n)
    refuse(name, n < least, f"is below {least}", "a standard deviation needs more people")
    return n
