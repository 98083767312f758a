"""A posted measurement as the columns of a result: what may be a mean, what an SD, and what not.

A least-squares mean is an estimate of a model and a geometric mean no mean of values: both stay in
`estimate`. A standard error becomes an SD only with the number analysed, and the row says so.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any

from helpers.sources.ctgov_words import posted_number

_PEOPLE = re.compile(r"\b(participant|patient|subject|person|people|individual|volunteer|women|men|children)")
_SHARE = re.compile(r"^\s*(%|percent|proportion of)")
MODEL_MEANS = ("LEAST_SQUARES_MEAN", "GEOMETRIC_LEAST_SQUARES_MEAN")


def measure_kind(param_type: str | None, unit: str | None) -> str:
    """Return what a value is: mean, median, count, percent, model_mean, geometric_mean, log_mean, number."""
    param_type = (param_type or "").upper().replace(" ", "_")
    names = {
        "MEAN": "mean",
        "MEDIAN": "median",
        "COUNT_OF_PARTICIPANTS": "count",
        "COUNT_OF_UNITS": "count_of_units",
        "GEOMETRIC_MEAN": "geometric_mean",
        "LOG_MEAN": "log_mean",
    }
    if param_type in MODEL_MEANS:
        return "model_mean"
    if param_type in names:
        return names[param_type]
    said = (unit or "").lower()
    if not _PEOPLE.search(said):
        return "number"
    return "percent" if _SHARE.search(said) else "count" if _PEOPLE.match(said) else "number"


def values_of(
    measurement: dict[str, Any], kind: str, spread: str | None, level: float | None, n: int | None
) -> dict[str, Any]:
    """Return the columns that a measurement fills.

    Parameters
    ----------
    measurement : dict
        `value`, `spread`, `lowerLimit`, `upperLimit`, all texts.
    kind : str
        From `measure_kind`.
    spread, level : str or None, float or None
        From `spread_of`.
    n : int or None
        Units analysed.

    Returns
    -------
    dict
        `value` always; `mean`, `median`, `count`, `percent` or `estimate`; `sd`, `se`, `q1`, `q3`,
        `minimum`, `maximum`, `ci_lower`, `ci_upper`, `ci_level` as far as posted; `converted` says what
        was computed.
    """
    number = posted_number
    value = number(measurement.get("value"))
    wide = number(measurement.get("spread"))
    low, high = number(measurement.get("lowerLimit")), number(measurement.get("upperLimit"))
    row: dict[str, Any] = {"value": value}
    if kind in ("mean", "median"):
        row[kind] = value
    elif kind == "percent":
        row["percent"] = value if value is not None and 0 <= value <= 100 else None
    elif kind in ("count", "count_of_units"):
        row["count"] = value if value is not None and value >= 0 else None
    elif kind != "number":
        row["estimate"], row["estimate_kind"] = value, kind
    if wide is not None and wide < 0:
        row["converted"] = f"a posted spread of {wide:g} is left out"
    elif spread == "sd" and kind == "mean":
        row["sd"] = wide
    elif spread == "se":
        row["se"] = wide
        if kind == "mean" and wide is not None and n:
            row["sd"], row["converted"] = wide * math.sqrt(n), f"SD = posted SE {wide:g} x sqrt({n})"
    if spread == "ci":
        row |= {"ci_lower": low, "ci_upper": high, "ci_level": level}
        if kind == "mean" and None not in (value, low, high, level) and n and n > 1:
            row |= _from_interval(value, low, high, level, n)
    elif spread == "iqr":
        row |= {"q1": low, "q3": high}
    elif spread == "range":
        row |= {"minimum": low, "maximum": high}
    return row


def _from_interval(mean: float, low: float, high: float, level: float, n: int) -> dict[str, Any]:
    """Return the SD behind a t interval of a mean; nothing for an interval that is not around it."""
    width = high - low
    if width <= 0 or abs((high + low) / 2 - mean) > 0.05 * width:
        return {"converted": "no SD: the posted interval is not symmetric about the mean"}
    quantile = _quantile(level, n - 1)
    said = f"SD from the posted {level:g}% interval: {width:g} / (2 x {quantile:.4g}) x sqrt({n})"
    return {"sd": width / (2 * quantile) * math.sqrt(n), "converted": said}


@cache
def _quantile(level: float, df: int) -> float:
    from scipy.stats import t as student  # a second to import, and few records need it

    return float(student.ppf(0.5 + level / 200, df))
