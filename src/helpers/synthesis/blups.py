"""Best linear unbiased predictions: each study's own effect, drawn towards the pooled one.

Source: Raudenbush and Bryk (1985), as metafor's ``blup``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def blups(
    yi: np.ndarray, vi: np.ndarray, tau2: float, estimate: float, se: float, critical: float
) -> pd.DataFrame:
    """Predict the effects of studies pooled to `estimate`, with limits `critical` standard errors away."""
    own = tau2 / (tau2 + vi)
    predicted = own * yi + (1 - own) * estimate
    error = np.sqrt(own * vi + (1 - own) ** 2 * se**2)
    return pd.DataFrame(
        {
            "estimate": predicted,
            "se": error,
            "lower": predicted - critical * error,
            "upper": predicted + critical * error,
        }
    )
