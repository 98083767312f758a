"""The inputs of effect sizes: found, brought to one shape, and refused where no study can have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from helpers.synthesis.inputs import as_floats, refuse


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
