"""The same work in bare batched numpy, statsmodels, PyMARE and metafor, for bench_synthesis.py."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np

SMALL_STEP = 1e-9  # step, relative to tau2 and the smallest variance, at which metastats stops too
R_SCRIPT = """
suppressPackageStartupMessages(library(metafor))
a <- commandArgs(TRUE); d <- read.csv(a[1], header = FALSE); k <- ncol(d) / 2
one <- function(i) try(rma(as.numeric(d[i, 1:k]), as.numeric(d[i, k + 1:k]), method = a[2]), TRUE)
invisible(one(1)); t <- system.time(for (i in 1:nrow(d)) one(i))
cat(t[["elapsed"]] / nrow(d))
"""


def bare_dl(y: np.ndarray, v: np.ndarray) -> np.ndarray:
    """DerSimonian-Laird in the fewest lines of batched numpy: estimate, standard error, tau2."""
    w = 1 / v
    sw = w.sum(1)
    mu = (w * y).sum(1) / sw
    q = (w * (y - mu[:, None]) ** 2).sum(1)
    tau2 = np.maximum(0, (q - (y.shape[1] - 1)) / (sw - (w * w).sum(1) / sw))
    w = 1 / (v + tau2[:, None])
    return np.stack([(w * y).sum(1) / w.sum(1), 1 / np.sqrt(w.sum(1)), tau2])


def fisher_step(y: np.ndarray, v: np.ndarray, tau2: np.ndarray) -> np.ndarray:
    """Step of Fisher scoring on the restricted likelihood."""
    w = 1 / (v + tau2[:, None])
    w2 = w * w
    sw, s2, s3 = w.sum(1), w2.sum(1), (w2 * w).sum(1)
    mu = (w * y).sum(1) / sw
    fit = (w2 * (y - mu[:, None]) ** 2).sum(1)
    return (fit - sw + s2 / sw) / (s2 - 2 * s3 / sw + (s2 / sw) ** 2)


def bare_reml(y: np.ndarray, v: np.ndarray) -> np.ndarray:
    """REML by Fisher scoring, each row until its step is small; 0 where the likelihood falls from 0.

    A step out of the bracket found so far is replaced by its middle (without that two rows in a hundred go back
    and forth for ever). It climbs to one summit, which need not be the highest, and checks nothing.
    """
    first = fisher_step(y, v, np.zeros(len(y)))
    tau2, open_, floor = np.maximum(first, 0), np.flatnonzero(first > 0), v.min(1)
    low, high = np.zeros(len(y)), np.full(len(y), np.inf)
    for _ in range(500):
        t = tau2[open_]
        step = fisher_step(y[open_], v[open_], t)
        low[open_], high[open_] = np.where(step > 0, t, low[open_]), np.where(step > 0, high[open_], t)
        inside = (t + step > low[open_]) & (t + step < high[open_])
        moved = np.where(inside, t + step, (low[open_] + high[open_]) / 2)
        tau2[open_] = moved
        open_ = open_[np.abs(moved - t) > SMALL_STEP * (moved + floor[open_])]
        if not open_.size:
            break
    w = 1 / (v + tau2[:, None])
    return np.stack([(w * y).sum(1) / w.sum(1), 1 / np.sqrt(w.sum(1)), tau2])


BARE = {"DL": bare_dl, "REML": bare_reml}


def statsmodels_loop(y: np.ndarray, v: np.ndarray) -> None:
    """statsmodels one by one; it has DL only, and does not cut tau2 at 0."""
    from statsmodels.stats.meta_analysis import combine_effects

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for row in range(len(y)):
            combine_effects(y[row], v[row], method_re="dl")


def has_pymare() -> bool:
    """Whether PyMARE is installed."""
    return importlib.util.find_spec("pymare") is not None


def pymare(y: np.ndarray, v: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give PyMARE all meta-analyses at once (studies along the first axis): estimate, standard error, tau2."""
    from pymare import Dataset
    from pymare.estimators import DerSimonianLaird, VarianceBasedLikelihoodEstimator

    plain = {"small_sample_correction": "wald"}
    if method == "DL":
        estimator = DerSimonianLaird(**plain)
    else:
        estimator = VarianceBasedLikelihoodEstimator(method=method, **plain)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        summary = estimator.fit_dataset(Dataset(y.T, v.T)).summary()
        return summary.fe_params, summary.fe_se, summary.tau2


def pymare_loop(y: np.ndarray, v: np.ndarray, method: str) -> None:
    """PyMARE one by one."""
    for row in range(len(y)):
        pymare(y[row : row + 1], v[row : row + 1], method)


def metafor_seconds(y: np.ndarray, v: np.ndarray, method: str) -> float | str:
    """Seconds a fit of metafor's rma, one by one in one R process; or why there are none."""
    if not shutil.which("Rscript"):
        return "R is not installed"
    with tempfile.TemporaryDirectory() as folder:
        script, table = Path(folder, "time.R"), Path(folder, "data.csv")
        script.write_text(R_SCRIPT, encoding="utf-8")
        np.savetxt(table, np.hstack([y, v]), delimiter=",")
        done = subprocess.run(["Rscript", script, table, method], capture_output=True, text=True, check=False)
    if done.returncode:
        return "metafor is not installed" if "metafor" in done.stderr else done.stderr.strip()
    return float(done.stdout)
