"""A printed number with what its last digit leaves open.

Two readings of rounding are kept. The usual one: the true value lies within half a unit of the last
digit, both ends included. The wide one: digits may have been cut off or rounded up, so that it lies
within a whole unit. Only what fails the wide reading may be called certain.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SLACK = 1e-9  # keeps the ends of an interval inside it in floating point


@dataclass(frozen=True)
class PrintedFigure:
    """A number as printed, the places after its point, and the quantity that holds it."""

    value: float
    decimals: int
    quantity_id: str
    token: str = ""

    @property
    def unit(self) -> float:
        """One unit of the last printed digit."""
        return 10.0**-self.decimals

    @property
    def low(self) -> float:
        """Smallest value that rounds to the figure."""
        return self.value - self.unit / 2 - _SLACK

    @property
    def high(self) -> float:
        """Largest value that rounds to the figure."""
        return self.value + self.unit / 2 + _SLACK

    @property
    def widest(self) -> tuple[float, float]:
        """Interval that allows digits cut off or rounded up as well."""
        return self.value - self.unit - _SLACK, self.value + self.unit + _SLACK

    def interval(self, wide: bool = False) -> tuple[float, float]:
        """Return the rounding interval, or the widest one."""
        return self.widest if wide else (self.low, self.high)


def missing(value: Any) -> bool:
    """Return whether a table's cell is empty."""
    return value is None or value is pd.NA or value != value or value == ""


def tidy(value: float) -> str:
    """Return a number for a sentence: no trailing zeros, four significant digits at most below a thousand."""
    return f"{value:.0f}" if abs(value) >= 1000 and float(value).is_integer() else f"{value:.4g}"


def decimals_of(token: str, value: float) -> int:
    """Return the places after the point with which a token prints a value.

    Parameters
    ----------
    token : str
        The printed token, such as `80 ± 10` or `0.021`.
    value : float
        The number looked for in it.

    Returns
    -------
    int
        Places after the point; 0 when the token prints the number as a word or on another scale.

    Examples
    --------
    >>> decimals_of("35.50 ± 6.5", 6.5), decimals_of("16", 16)
    (1, 0)

    """
    for number in NUMBER.findall(token):
        for text in (number.replace(",", ""), number.replace(",", ".")):
            if text.count(".") <= 1 and math.isclose(float(text), abs(value), rel_tol=1e-9, abs_tol=1e-12):
                return len(text.partition(".")[2])
    return 0
