"""Effects on ranks: Cliff's delta and Mann-Whitney's U as a standardised mean difference."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from helpers.synthesis.converted import Converted, plain
from helpers.synthesis.inputs import as_floats, refuse

NORMAL = "both groups normal with equal variances, of which the ranks are a picture"


def d_from_delta(delta: Any) -> Converted:
    """Convert Cliff's delta, P(X1 > X2) - P(X1 < X2), to Cohen's d.

    Parameters
    ----------
    delta : float or array_like
        Cliff's delta, strictly between -1 and 1.

    Returns
    -------
    Converted
        Cohen's d, positive where group 1 is the larger.

    Raises
    ------
    ValueError
        A delta not strictly between -1 and 1: complete separation has no finite d.

    Notes
    -----
    d = sqrt(2) z((delta + 1) / 2), z the normal quantile: the difference at which two normal groups overlap
    as much (Cohen 1988; McGraw and Wong 1992; Ruscio 2008).

    """
    delta = as_floats("delta", delta)
    refuse(
        "delta", np.abs(delta) >= 1, "is not strictly between -1 and 1", "complete separation has no finite d"
    )
    return Converted(plain(np.sqrt(2) * ndtri((delta + 1) / 2)), NORMAL)


def delta_from_u(u: Any, n1: Any, n2: Any) -> Converted:
    """Convert Mann-Whitney's U of group 1 (pairs it wins, ties as halves) to Cliff's delta: 2U / (n1 n2) - 1.

    Parameters
    ----------
    u : float or array_like
        U of group 1.
    n1, n2 : float or array_like
        People in the groups.

    Returns
    -------
    Converted
        Cliff's delta, positive where group 1 is the larger.

    Raises
    ------
    ValueError
        A U outside 0 to n1 n2, or a group of nobody.

    Notes
    -----
    Cliff (1993).

    """
    u, n1, n2 = as_floats("u", u), as_floats("n1", n1), as_floats("n2", n2)
    refuse("n1", (n1 < 1) | (n2 < 1), "or n2 is below 1", "give the people of both groups")
    refuse("u", (u < 0) | (u > n1 * n2), "is not between 0 and n1 * n2", "check U and the group sizes")
    return Converted(plain(2 * u / (n1 * n2) - 1), "U counts the pairs in which group 1 is the larger")


def d_from_u(u: Any, n1: Any, n2: Any) -> Converted:
    """Convert Mann-Whitney's U of group 1 to Cohen's d, by way of Cliff's delta.

    Parameters
    ----------
    u, n1, n2 : float or array_like
        As for `delta_from_u`.

    Returns
    -------
    Converted
        Cohen's d, positive where group 1 is the larger.

    Raises
    ------
    ValueError
        What `delta_from_u` and `d_from_delta` refuse.

    Notes
    -----
    Cliff (1993), Ruscio (2008).

    """
    delta = delta_from_u(u, n1, n2)
    return Converted(d_from_delta(delta.value).value, f"{delta.assumption}; {NORMAL}")
