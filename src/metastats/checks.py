"""Checks of what is handed to the functions of this package, each refusal with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import pandas as pd


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
    allowed_choice("missing", missing, ("refuse", "drop"))
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


def allowed_choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Return `value` if it is one of the allowed words, else raise ValueError listing them."""
    if value not in allowed:
        raise ValueError(f"{name}: {value!r} is unknown; use one of {', '.join(allowed)}")
    return value


def level_between(level: float, name: str = "level") -> float:
    """Return the confidence level if it is a number strictly between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"{name}: {level!r} is not between 0 and 1; give 0.95 for 95 percent")
    return float(level)


@dataclass(frozen=True)
class Converted:
    """A converted number (or an array of them) and the assumption on which it rests."""

    value: np.ndarray | float
    assumption: str

    def __float__(self) -> float:
        """Return the value as a plain number, where it is one."""
        return float(self.value)


def plain_result(value: np.ndarray) -> np.ndarray | float:
    """Give a number for a number and an array for an array."""
    return float(value) if np.ndim(value) == 0 else value


def group_size(name: str, n: Any, least: int = 2) -> np.ndarray:
    """Check a number of people; NaN stays NaN."""
    n = as_floats(name, n)
    refuse(name, n < least, f"is below {least}", "a standard deviation needs more people")
    return n


def look_up(name: str, value: Any, data: pd.DataFrame | None) -> np.ndarray:
    """Turn one input, or the column of `data` that it names, into floats."""
    if isinstance(value, str):
        if data is None or value not in data:
            raise ValueError(f"{name}: no column {value!r}; pass data=, or the numbers themselves")
        value = data[value]
    return as_floats(name, value)


def aligned(measure: str, columns: dict[str, np.ndarray], names: tuple[str, ...]) -> list[np.ndarray]:
    """Check that just the needed inputs are there and of matching length; give them one shape."""
    if needless := [name for name in columns if name not in names]:
        raise ValueError(f"{needless[0]}: not an input of {measure}, which takes {', '.join(names)}")
    if lacking := [name for name in names if name not in columns]:
        raise ValueError(f"{lacking[0]}: missing; {measure} takes {', '.join(names)}")
    lengths = {name: values.shape[-1] for name, values in columns.items() if values.ndim == 1}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"{measure}: unequal lengths {lengths}; give one value for each study, or one number"
        )
    try:
        return np.broadcast_arrays(*(np.atleast_1d(columns[name]) for name in names))
    except ValueError:
        shapes = {name: values.shape for name, values in columns.items()}
        raise ValueError(
            f"{measure}: shapes {shapes} do not fit together; make them (..., studies)"
        ) from None


def refuse_impossible(given: dict[str, np.ndarray]) -> None:
    """Refuse what no study can have: negative SDs, nobody in a group, correlations beyond 1, infinities."""
    for name, values in given.items():
        refuse(name, np.isinf(values), "is infinite", "give a number, or NaN where it is not known")
        if name.startswith("sd"):
            refuse(name, values < 0, "is negative", "a standard deviation is zero or more")
        elif name in ("ni", "n1i", "n2i"):
            refuse(name, values < 1, "is below 1", "give the number of people analysed")
        elif name == "ri":
            refuse(name, np.abs(values) > 1, "is not between -1 and 1", "give a correlation")


def split_groups(
    measure: str, columns: dict[str, np.ndarray], groups: tuple[tuple[str, str, str], ...]
) -> Iterator[np.ndarray]:
    """Give events and non-events of each group, the second from the group's size where that is given."""
    names = tuple(
        name
        for e, other, size in groups
        for name in (e, size if size in columns and other not in columns else other)
    )
    if any(size in columns and other in columns for _, other, size in groups):
        raise ValueError(f"{measure}: give either the non-events or the size of a group, not both")
    given = dict(zip(names, aligned(measure, columns, names), strict=True))
    for name, values in given.items():
        refuse(name, values < 0, "is negative", "a count is zero or more")
        refuse(name, np.isinf(values), "is infinite", "give a count")
    for events, other, size in groups:
        yield given[events]
        if size in given:
            refuse(
                events, given[events] > given[size], f"is more than {size}", "events are part of the group"
            )
            refuse(
                size, given[size] == 0, "is zero", "a group of nobody has no proportion: leave the row out"
            )
            yield given[size] - given[events]
        else:
            empty = (given[events] + given[other]) == 0
            refuse(events, empty, f"and {other} are both zero", "a group of nobody has no proportion")
            yield given[other]
