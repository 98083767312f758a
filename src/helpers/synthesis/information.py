"""Information criteria of a fit by likelihood: how well models of the same studies compare."""

from __future__ import annotations

from math import inf, log
from typing import NamedTuple


class Information(NamedTuple):
    """Akaike's criterion, the same corrected for few studies, and the Bayesian one; smaller is better."""

    aic: float
    aicc: float
    bic: float


def information_criteria(
    log_likelihood: float, k: int, p: int, variances: int, restricted: bool
) -> Information:
    """Compute the criteria of a model with `p` coefficients and so many `variances`, fitted to `k` effects.

    As metafor's ``fitstats``: a restricted likelihood counts k - p effects, the correction of Hurvich and
    Tsai (1989) takes at least three more effects than parameters.
    """
    parameters, n = p + variances, k - p if restricted else k
    deviance = -2 * log_likelihood
    n_corrected = max(n, parameters + 2)
    aicc = deviance + 2 * parameters * n_corrected / (n_corrected - parameters - 1)
    return Information(
        aic=deviance + 2 * parameters, aicc=aicc, bic=deviance + parameters * log(n) if n > 0 else inf
    )
