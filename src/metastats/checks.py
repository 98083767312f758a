"""Checks of what a synthesis is given: every refusal names the argument, the position and the remedy."""

from __future__ import annotations

from math import isfinite
from typing import Any, NamedTuple

import numpy as np


class Studies(NamedTuple):
    """Effects and their sampling variances, ready to be pooled."""

    yi: np.ndarray
    vi: np.ndarray
    kept: np.ndarray | None  # positions in what was given, None when every row was kept
    dropped: int


def as_floats(name: str, values: Any) -> np.ndarray:
    """Turn numbers, lists, arrays or a pandas column into floats; None and pandas NA become NaN."""
    try:
        if hasattr(values, "to_numpy"):
            return values.to_numpy(dtype=float, na_value=np.nan)
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name}: not numeric ({error}); give numbers, with NaN where one is missing"
        ) from None


def place(name: str, flags: np.ndarray) -> str:
    """Name the first position where `flags` holds, as it is written in Python: ``vi[3]`` or ``vi[2, 0]``."""
    if flags.ndim == 0:
        return name
    position = ", ".join(str(int(i)) for i in np.argwhere(flags)[0])
    return f"{name}[{position}]"


def refuse(name: str, flags: np.ndarray, problem: str, remedy: str) -> None:
    """Raise ValueError at the first position where `flags` holds."""
    flags = np.asarray(flags)
    if flags.any():
        more = int(flags.sum()) - 1
        also = f" (and {more} more)" if more else ""
        raise ValueError(f"{place(name, flags)}{also}: {problem}; {remedy}")


def studies(yi: Any, vi: Any, missing: str = "refuse") -> Studies:
    """Check one meta-analysis: two equally long rows of finite numbers, variances above zero.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances (not standard errors).
    missing : {"refuse", "drop"}
        What to do with a row where either is NaN.

    Raises
    ------
    ValueError
        Unequal lengths, no study, NaN, infinite value, variance not above zero.

    """
    one_of("missing", missing, ("refuse", "drop"))
    y, v = np.atleast_1d(as_floats("yi", yi)), np.atleast_1d(as_floats("vi", vi))
    if y.ndim != 1 or v.ndim != 1:
        raise ValueError(
            "yi, vi: more than one dimension; one meta-analysis is one row, use pool_many for many"
        )
    if y.size != v.size:
        raise ValueError(
            f"yi, vi: {y.size} effects but {v.size} variances; give one variance for each effect"
        )
    # one cheap pass for the usual case: sums are finite only if every term is (or the slow look finds none)
    if y.size and v.min() > 0 and isfinite(np.add.reduce(y)) and isfinite(np.add.reduce(v)):
        return Studies(y.copy(), v.copy(), None, 0)
    kept, dropped = None, 0
    if missing == "drop":
        complete = ~(np.isnan(y) | np.isnan(v))
        kept, dropped = np.flatnonzero(complete), int((~complete).sum())
        refuse_unusable(y, v, complete)
        y, v = y[complete], v[complete]
    else:
        refuse_unusable(y, v, np.ones(y.shape, bool))
    if y.size == 0:
        raise ValueError("yi: no study is left to pool; give at least one effect with its variance")
    return Studies(y.copy(), v.copy(), kept, dropped)


def refuse_unusable(y: np.ndarray, v: np.ndarray, look: np.ndarray) -> None:
    """Refuse NaN, infinite effects and variances not above zero, where `look` holds."""
    drop = "leave the study out or pass missing='drop'"
    refuse("yi", np.isnan(y) & look, "is NaN", drop)
    refuse("vi", np.isnan(v) & look, "is NaN", drop)
    refuse("yi", np.isinf(y) & look, "is infinite", "leave the study out")
    refuse("vi", np.isinf(v) & look, "is infinite", "leave the study out")
    refuse(
        "vi", (v < 0) & look, "is negative", "a sampling variance is the squared standard error, above zero"
    )
    refuse(
        "vi", (v == 0) & look, "is zero", "such a study would take all the weight: correct or leave it out"
    )


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Return `value` if it is one of the allowed words, else raise ValueError listing them."""
    if value not in allowed:
        raise ValueError(f"{name}: {value!r} is unknown; use one of {', '.join(allowed)}")
    return value


def level_between(level: float, name: str = "level") -> float:
    """Return the confidence level if it is a number strictly between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"{name}: {level!r} is not between 0 and 1; give 0.95 for 95 percent")
    return float(level)
