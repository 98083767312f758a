"""From the scale on which effects are pooled back to the one on which they are read."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from helpers.synthesis.converted import plain
from helpers.synthesis.inputs import as_floats, one_of, refuse

RATIOS = ("RR", "OR", "ROM", "ROMC", "PLN")
READ_AS = (*RATIOS, "PLO", "PAS", "PFT")


def back_transformed(measure: str, values: Any, ni: Any = None) -> np.ndarray | float:
    """Turn pooled effects, or their limits, into ratios or proportions.

    Parameters
    ----------
    measure : {"RR", "OR", "ROM", "ROMC", "PLN", "PLO", "PAS", "PFT"}
        What was pooled: a log ratio or log proportion, a logit, an arcsine or a double arcsine.
    values : float or array_like
        Estimates or limits on that scale.
    ni : array_like, optional
        Group sizes of the pooled studies; PFT alone needs them and takes their harmonic mean.

    Returns
    -------
    float or ndarray
        Ratios, or proportions from 0 to 1.

    Raises
    ------
    ValueError
        A measure that is read as it is; PFT without group sizes, or with one below 1.

    Notes
    -----
    The double arcsine by the inversion of Miller (1978), values beyond the range of a proportion taken to its
    end, as metafor's ``transf.ipft.hm``. Schwarzer et al. (2019) show how the harmonic mean can mislead when
    group sizes differ much.

    """
    one_of("measure", measure, READ_AS)
    x = as_floats("values", values)
    if measure in RATIOS:
        return plain(np.exp(x))
    if measure == "PLO":
        return plain(expit(x))
    if measure == "PAS":
        return plain(np.sin(np.clip(x, 0, np.pi / 2)) ** 2)
    if ni is None:
        raise ValueError("ni: missing; the double arcsine is undone at the mean of the group sizes")
    sizes = np.atleast_1d(as_floats("ni", ni))
    refuse("ni", ~(sizes >= 1), "is not 1 or more", "give the group sizes of the pooled studies")
    return plain(double_arcsine_inverse(x, sizes.size / np.sum(1 / sizes)))


def double_arcsine_inverse(x: np.ndarray, n: float) -> np.ndarray:
    """Proportion whose double arcsine (half the sum of both arcsines) is `x` in a group of `n`."""
    ends = [0.5 * np.arcsin(np.sqrt(1 / (n + 1))), 0.5 * (np.arcsin(np.sqrt(n / (n + 1))) + np.pi / 2)]
    t = 2 * np.clip(x, *ends)
    inner = np.sin(t) + (np.sin(t) - 1 / np.sin(t)) / n
    p = 0.5 * (1 - np.sign(np.cos(t)) * np.sqrt(np.maximum(0.0, 1 - inner**2)))
    return np.where(x <= ends[0], 0.0, np.where(x >= ends[1], 1.0, p))
