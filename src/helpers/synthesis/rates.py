"""Events over person-time of two groups: rate ratio (as a log), difference, difference of the square roots.

Sources: Rothman, Greenland and Lash (2008, chapter 14); Freeman and Tukey (1950) for the square roots.
"""

from __future__ import annotations

import numpy as np

from helpers.synthesis.inputs import refuse
from helpers.synthesis.mean_differences import Effects


def person_times(measure: str, x1i, t1i, x2i, t2i) -> Effects:
    """Effect of `x1i` events in time `t1i` against `x2i` in `t2i`: IRR, IRD or IRSD."""
    refuse("t1i", (t1i <= 0) | (t2i <= 0), "or t2i is not above zero", "give the time under observation")
    if measure == "IRR":
        return np.log((x1i / t1i) / (x2i / t2i)), 1 / x1i + 1 / x2i
    if measure == "IRD":
        return x1i / t1i - x2i / t2i, x1i / t1i**2 + x2i / t2i**2
    return np.sqrt(x1i / t1i) - np.sqrt(x2i / t2i), 1 / (4 * t1i) + 1 / (4 * t2i)
