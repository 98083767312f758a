"""Checks of what the functions of this package are given; a refusal says where, what, and what to do."""

from __future__ import annotations

from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

Array = np.ndarray
SMALLEST, LARGEST = 1e-120, 1e120  # variances, and squared effects, whose ratios floating point can hold


def as_floats(name: str, values: Any) -> Array:
    """Turn numbers, lists, arrays or a pandas column into floats; None and pandas NA become NaN."""
    try:
        if getattr(getattr(values, "dtype", None), "kind", "f") in "mM":
            raise TypeError("a date or a span of time")  # numpy would count its nanoseconds
        if hasattr(values, "to_numpy"):
            return values.to_numpy(dtype=float, na_value=np.nan)
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: not numeric ({error}); give numbers, NaN where one is missing") from None


def as_finite(name: str, values: Any) -> Array:
    """Do as `as_floats`, and refuse what is infinite."""
    values = as_floats(name, values)
    refuse(name, np.isinf(values), "is infinite", "give a number, or NaN where it is not known")
    return values


def plain_result(value: Array) -> Array | float:
    """Give a number for a number and an array for an array."""
    return float(value) if np.ndim(value) == 0 else value


def refuse(name: str, flags: Array, problem: str, remedy: str) -> None:
    """Raise ValueError at the first position where `flags` holds, written as in Python: ``vi[2, 0]``."""
    flags = np.asarray(flags)
    if not flags.any():
        return
    place = f"{name}[{', '.join(str(int(i)) for i in np.argwhere(flags)[0])}]" if flags.ndim else name
    more = int(flags.sum()) - 1
    raise ValueError(f"{place}{f' (and {more} more)' if more else ''}: {problem}; {remedy}")


def refuse_negative(name: str, values: Array, what: str = "a standard deviation") -> None:
    """Refuse what is below zero."""
    refuse(name, values < 0, "is negative", f"{what} is zero or more")


def refuse_events(name: str, events: Array, n: Array) -> None:
    """Refuse more events than people, or fewer than none."""
    refuse(name, (events < 0) | (events > n), "is negative or more than n", "events are part of the group")


def check_choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Return `value` if it is one of the allowed words, else raise ValueError listing them."""
    if value not in allowed:
        raise ValueError(f"{name}: {value!r} is unknown; use one of {', '.join(allowed)}")
    return value


def check_level(level: float, name: str = "level") -> float:
    """Return the confidence level if it is a number strictly between 0 and 1."""
    if not isinstance(level, Real) or not 0 < level < 1:
        raise ValueError(f"{name}: {level!r} is not between 0 and 1; give 0.95 for 95 percent")
    return float(level)


def label_codes(name: str, labels: Any, k: int) -> tuple[Array, list]:
    """Number the groups of k labelled effects, in the order of their first; return numbers and labels."""
    labels = labels if hasattr(labels, "dtype") else np.atleast_1d(np.asarray(labels, dtype=object))
    codes, names = pd.factorize(labels)
    if codes.size != k:
        raise ValueError(f"{name}: {codes.size} values but {k} effects; give one for each effect")
    refuse(name, codes < 0, "is missing", "give every effect a label")
    return codes, list(names)


class Studies(NamedTuple):
    """Effects and their sampling variances, ready to be pooled."""

    yi: Array
    vi: Array
    kept: Array | slice  # which rows of what was given
    dropped: int


def check_studies(yi: Any, vi: Any, missing: str = "refuse") -> Studies:
    """Check one meta-analysis: two equally long rows of finite numbers, variances above zero.

    `missing` says what to do with a row where either is NaN; all else raises ValueError with its position.
    """
    check_choice("missing", missing, ("refuse", "drop"))
    y, v = np.atleast_1d(as_floats("yi", yi)), np.atleast_1d(as_floats("vi", vi))
    if y.ndim != 1 or v.ndim != 1:
        raise ValueError(
            "yi, vi: more than one dimension; one meta-analysis is one row, for many use pool_many"
        )
    if y.size != v.size:
        raise ValueError(f"yi, vi: {y.size} effects but {v.size} variances; give one for each effect")
    # one cheap pass for the usual case: sums are small only if every term is (or the slow look finds none)
    if y.size and v.min() > SMALLEST and y @ y < LARGEST and np.add.reduce(v) < LARGEST:
        return Studies(y.copy(), v.copy(), slice(None), 0)
    kept = ~(np.isnan(y) | np.isnan(v)) if missing == "drop" else np.ones(y.shape, bool)
    refuse_unusable(y, v, kept)
    if not kept.any():
        raise ValueError("yi: no study is left to pool; give at least one effect with its variance")
    return Studies(y[kept], v[kept], kept, int((~kept).sum()))


def refuse_unusable(y: Array, v: Array, present: Array) -> None:
    """Refuse NaN, infinite effects and variances not above zero among the studies that are `present`."""
    drop = "leave the study out or pass missing='drop'"
    refuse("yi", np.isnan(y) & present, "is NaN", drop)
    refuse("vi", np.isnan(v) & present, "is NaN", drop)
    refuse("yi", np.isinf(y) & present, "is infinite", "leave the study out")
    refuse("vi", np.isinf(v) & present, "is infinite", "leave the study out")
    negative = "a sampling variance is the squared standard error, above zero"
    refuse("vi", (v < 0) & present, "is negative", negative)
    weight = "such a study would take all the weight: correct or leave it out"
    refuse("vi", (v == 0) & present, "is zero", weight)
    refuse("vi", ((v < SMALLEST) | (v > LARGEST)) & present, "is beyond what can be computed with", "rescale")
    refuse("yi", (np.abs(y) > LARGEST**0.5) & present, "is beyond what can be computed with", "rescale")
