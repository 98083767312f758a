"""Numbers, units and names as a reader wants them: a real minus sign, an en dash for missing."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from helpers.tables.vocabulary import OUTCOME_CONCEPTS, label

SIGNIFICANT = 4
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
NO_INTERVAL = " (no interval)"
DAGGER = " ‡"  # seen second-hand only
UNIT_SIGNS = {"hairs/cm2": "hairs/cm²", "um": "µm", "percent": "%", "percent of baseline": "% of baseline"}


def is_missing(value: Any) -> bool:
    """Return whether a single value is missing: None, NaN, NA, or a blank text."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def show_number(value: float, *, digits: int = SIGNIFICANT) -> str:
    """Return a number in a few significant digits, without idle zeros; whole parts are never cut.

    Parameters
    ----------
    value : float
        A finite number.
    digits : int
        Significant digits.

    Returns
    -------
    str
        Such as `35`, `6.5`, `0.0213`, `12,400` or, with a real minus sign, `-8`.
    """
    if not math.isfinite(value):
        return "infinite" if value > 0 else f"{MINUS}infinite"
    size = abs(float(value))
    if isinstance(value, Integral) or size == round(size):
        text = f"{round(size):,}" if size >= 10_000 else str(round(size))
    elif size < 1e-6:
        mantissa, exponent = f"{size:.2e}".split("e")
        text = f"{mantissa} × 10^{MINUS}{abs(int(exponent))}"
    else:
        decimals = max(0, digits - 1 - math.floor(math.log10(size)))
        size = round(size, decimals)
        text = f"{size:,.{decimals}f}" if size >= 10_000 else f"{size:.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{MINUS if value < 0 else ''}{text}"


def show_value(value: Any) -> str:
    """Return any table cell as text: yes and no, numbers, words; missing gives an en dash."""
    if is_missing(value):
        return DASH
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, Real):
        return show_number(value)
    return str(value)


def show_estimate(value: float) -> str:
    """Return an estimate in three significant digits: more would claim what few people cannot show."""
    return show_number(round(value, 9), digits=3)


def show_interval(lower: float, upper: float) -> str:
    """Return `lower to upper`; words, because a dash beside a minus sign misleads."""
    return f"{show_estimate(lower)} to {show_estimate(upper)}"


def joined(items: list[str]) -> str:
    """Return names as a sentence lists them: `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def plain_words(name: Any) -> str:
    """Return a vocabulary name as words: `hair_density` becomes `hair density`."""
    return "" if is_missing(name) else label(str(name)).strip()


def plain_unit(unit: Any) -> str:
    """Return a unit as it is printed, `hairs/cm²` for `hairs/cm2`; nothing for a missing one."""
    return "" if is_missing(unit) else UNIT_SIGNS.get(str(unit), str(unit).replace("cm2", "cm²"))


def show_with_unit(
    value: float, lower: Any, upper: Any, unit: Any, estimand: Any = "proportion", concept: Any = None
) -> str:
    """Return an estimate with unit and interval, or that it has none.

    A proportion is shown in percent, a change or difference of proportions in percentage points, a change of
    what is counted from a baseline in percent of that.
    """
    share = "%" if estimand == "proportion" else "percentage points"
    if concept in OUTCOME_CONCEPTS and OUTCOME_CONCEPTS[concept].of:
        share = f"% of {OUTCOME_CONCEPTS[concept].of}"
    scale, words = (100, share) if unit == "proportion" else (1, plain_unit(unit))
    more = "+" if value > 0 and words.endswith("of baseline") else ""  # a gain, and not what is left
    stated = f"{more}{show_estimate(scale * value)} {words}".rstrip()
    if is_missing(lower) or is_missing(upper):
        return stated + NO_INTERVAL
    return f"{stated} ({show_interval(scale * lower, scale * upper)})"
