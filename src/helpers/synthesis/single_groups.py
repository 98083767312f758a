"""The mean of one group: raw, standardised or as a logarithm.

Sources: Borenstein et al. (2009) for MN and MNLN; Hedges (1981) for the correction of SMN.
"""

from __future__ import annotations

import numpy as np

from helpers.synthesis.inputs import refuse
from helpers.synthesis.mean_differences import Effects, small_sample_factor


def mn(mi, sdi, ni, vtype) -> Effects:
    """MN: the mean."""
    return mi, sdi**2 / ni


def smn(mi, sdi, ni, vtype) -> Effects:
    """SMN: the mean in units of its SD, bias-corrected."""
    refuse("ni", ni < 3, "fewer than 3 people, so that a standardised mean is not defined", "use MN instead")
    refuse("sdi", sdi == 0, "is zero, so that nothing can be standardised", "use MN or check the SD")
    g = small_sample_factor(ni - 1) * mi / sdi
    return g, 1 / ni + g**2 / (2 * ni)


def mnln(mi, sdi, ni, vtype) -> Effects:
    """MNLN: logarithm of the mean."""
    refuse("mi", mi <= 0, "is not above zero, so that it has no logarithm", "use MN instead")
    return np.log(mi), sdi**2 / (ni * mi**2)
