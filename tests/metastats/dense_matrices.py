"""A few small data sets and their fits, by dense matrices and scipy's minimisers.

Independent of `metastats` on purpose (other formulas, k x k matrices, general minimisers), and always at hand.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize, stats

SETS = {
    "four_small": ([0.1, 0.9, 0.4, -0.2], [0.02, 0.05, 0.01, 0.08]),
    "two_only": ([1.2, 0.2], [0.3, 0.1]),
    "homogeneous": ([0.31, 0.29, 0.3, 0.32, 0.28], [0.04, 0.05, 0.06, 0.09, 0.02]),
    "micro_units": ([1e-6, 4e-6, 2.5e-6, -1e-6, 9e-6], [1e-12, 3e-12, 2e-12, 5e-12, 2e-12]),
    "uneven": ([5.0, 12.0, 7.5, 30.0, 6.0, 9.0], [0.01, 4.0, 0.2, 25.0, 0.05, 1.0]),
}


def projection(v: np.ndarray, t: float) -> np.ndarray:
    """P at tau2 = t, as a dense matrix."""
    w = np.diag(1 / (v + t))
    one = np.ones((len(v), 1))
    return w - w @ one @ np.linalg.inv(one.T @ w @ one) @ one.T @ w


def likelihood(y: np.ndarray, v: np.ndarray, t: float, restricted: bool) -> float:
    """(Restricted) log-likelihood without constants."""
    value = -0.5 * np.sum(np.log(v + t)) - 0.5 * y @ projection(v, t) @ y
    return value - 0.5 * np.log(np.sum(1 / (v + t))) if restricted else value


def most_likely(y: np.ndarray, v: np.ndarray, restricted: bool) -> float:
    """Search log(tau2) on a dense grid, then by Brent's method; 0 where that is better."""
    grid = np.geomspace(1e-6 * v.min(), 1e3 * (np.var(y) + v.max()), 4001)
    i = int(np.argmax([likelihood(y, v, t, restricted) for t in grid]))
    low, high = grid[max(i - 1, 0)], grid[min(i + 1, 4000)]

    def slope(t: float) -> float:
        p = projection(v, t)
        return y @ p @ p @ y - (np.trace(p) if restricted else np.sum(1 / (v + t)))

    if i == 0 or slope(low) * slope(high) > 0:
        return 0.0
    return float(optimize.brentq(slope, low, high, xtol=1e-300, rtol=1e-15))


def tau2_of(y: np.ndarray, v: np.ndarray, method: str) -> float:
    """tau2 by the textbook formula."""
    k, p0, s0 = len(y), projection(v, 0), np.eye(len(y)) - 1 / len(y)
    q = y @ p0 @ y
    if method in ("PM", "EB"):  # one root by two names
        f = lambda t: y @ projection(v, t) @ y - (k - 1)  # noqa: E731
        return 0.0 if f(0) <= 0 else optimize.brentq(f, 0, 1e4 * np.var(y), xtol=1e-300, rtol=1e-15)
    if method == "SJ":
        start = np.var(y)
        return start * (y @ projection(v, start) @ y) / (k - 1)
    if method in ("ML", "REML"):
        return most_likely(y, v, method == "REML")
    raw = {
        "EE": 0.0,
        "DL": (q - k + 1) / np.trace(p0),
        "HE": (y @ s0 @ y - np.trace(s0 @ np.diag(v))) / (k - 1),
        "HS": (q - k) / np.sum(1 / v),
    }
    return max(0.0, raw[method])


def fit_of(y: np.ndarray, v: np.ndarray, method: str, test: str, t: float) -> dict:
    """One fit at tau2 = t, with the names of the metafor reference file."""
    k = len(y)
    w, w0, p0 = 1 / (v + t), 1 / v, projection(v, 0)
    mu, q = np.sum(w * y) / np.sum(w), float(y @ p0 @ y)
    factor = np.sum(w * (y - mu) ** 2) / (k - 1)
    variance = {"z": 1, "knha": factor, "adhoc": max(1, factor)}[test] / np.sum(w)
    law = stats.norm if test == "z" else stats.t(k - 1)
    half = law.ppf(0.975) * variance**0.5
    typical = (k - 1) / (np.sum(w0) - np.sum(w0**2) / np.sum(w0))
    i2 = 100 * t / (t + typical) if method != "EE" else 100 * max(0, (q - k + 1) / q)
    return {
        "method": method, "test": test, "estimate": mu, "se": variance**0.5,
        "ci_lb": mu - half, "ci_ub": mu + half,
        "stat": mu / variance**0.5, "pval": 2 * law.sf(abs(mu) / variance**0.5), "tau2": t, "se_tau2": None,
        "I2": i2, "H2": q / (k - 1) if method == "EE" else 1 + t / typical, "Q": q, "Q_df": k - 1, "k": k,
        "Qp": stats.chi2.sf(q, k - 1), "weights_pct": list(100 * w / np.sum(w)),
    }  # fmt: skip
