"""metafor's REML at its default control: Fisher scoring that stops at an absolute step of 1e-5.

Written from the description in metafor's manual and kept apart from `metastats`: it shows that a
difference from metafor is its stopping rule and nothing else.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from metastats import Pooled
from metastats.small_study import TrimAndFill


def loose_reml(y: np.ndarray, v: np.ndarray, threshold: float = 1e-5) -> float:
    """tau2 from the estimate of Hedges on, by Fisher scoring, kept at or above 0."""
    k = y.size
    tau2 = max(0.0, float(np.var(y, ddof=1) - v.mean()))
    for _ in range(100):
        w = np.diag(1 / (v + tau2))
        one = np.ones((k, 1))
        p = w - w @ one @ one.T @ w / w.sum()
        pp = p @ p
        step = (float(y @ pp @ y) - np.trace(p)) / np.trace(pp)
        while tau2 + step < 0:
            step /= 2
        tau2 += step
        if abs(step) <= threshold:
            break
    return tau2


def loose_fit(y: np.ndarray, v: np.ndarray) -> Pooled:
    """Fit with the tau2 at which metafor stops."""
    tau2 = loose_reml(y, v)
    w = 1 / (v + tau2)
    estimate, se = float(np.sum(w * y) / w.sum()), 1 / sqrt(w.sum())
    return Pooled("REML", "z", 0.95, y, v, tau2, estimate, se)


def trim_and_fill_by_default_control(result: TrimAndFill) -> Pooled:
    """Mirror the same studies at the centre where metafor stops, and fit them as it does."""
    k, sign = result.yi.size - result.k0, -1.0 if result.side == "right" else 1.0
    order = np.argsort(sign * result.yi[:k], kind="stable")
    kept = order[: k - result.k0]
    centre = loose_fit(result.yi[kept], result.vi[kept]).estimate
    mirrored = 2 * centre - result.yi[order[k - result.k0 :]]
    return loose_fit(np.concatenate([result.yi[:k], mirrored]), result.vi)
