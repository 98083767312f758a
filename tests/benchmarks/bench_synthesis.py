"""Speed of helpers.synthesis as ratios, in one run on the same data.

Run ``python tests/benchmarks/bench_synthesis.py`` (a minute or two; ``--quick`` for a tenth of the data).
Every figure is the median of several repetitions, divided by that of bare batched numpy for the same work.
statsmodels and PyMARE are compared where they can be imported, metafor where ``Rscript`` is on the path.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from helpers.synthesis import pool, pool_many

R_SCRIPT = """
suppressPackageStartupMessages(library(metafor))
a <- commandArgs(TRUE); d <- read.csv(a[1], header = FALSE); k <- ncol(d) / 2; n <- min(nrow(d), 200)
one <- function(i) try(rma(as.numeric(d[i, 1:k]), as.numeric(d[i, k + 1:k]), method = a[2]), TRUE)
t <- system.time(for (i in 1:n) one(i))
cat(t[["elapsed"]] / n)
"""


def data(n: int, k: int, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Make n meta-analyses of k studies, of no, little and much heterogeneity."""
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.02, 0.5, (n, k))
    return rng.normal(0.3, np.sqrt(v + rng.choice([0, 0.05, 0.3], n)[:, None])), v


def median_seconds(work: Callable[[], object], repeat: int) -> float:
    """Median duration after one warming run."""
    work()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def bare_dl(y: np.ndarray, v: np.ndarray) -> np.ndarray:
    """DerSimonian-Laird in the fewest lines of batched numpy."""
    w = 1 / v
    sw = w.sum(1)
    mu = (w * y).sum(1) / sw
    q = (w * (y - mu[:, None]) ** 2).sum(1)
    tau2 = np.maximum(0, (q - (y.shape[1] - 1)) / (sw - (w * w).sum(1) / sw))
    w = 1 / (v + tau2[:, None])
    return np.stack([(w * y).sum(1) / w.sum(1), 1 / np.sqrt(w.sum(1)), tau2])


def bare_reml(y: np.ndarray, v: np.ndarray, steps: int = 15) -> np.ndarray:
    """REML by a fixed number of Fisher steps: most rows are then right to about 1e-6, boundary rows less."""
    tau2 = np.maximum(0, y.var(1, ddof=1) - v.mean(1))
    for _ in range(steps):
        w = 1 / (v + tau2[:, None])
        sw, w2 = w.sum(1), w * w
        mu, s2, s3 = (w * y).sum(1) / sw, w2.sum(1), (w2 * w).sum(1)
        fit = (w2 * (y - mu[:, None]) ** 2).sum(1)
        tau2 = np.maximum(0, tau2 + (fit - sw + s2 / sw) / (s2 - 2 * s3 / sw + (s2 / sw) ** 2))
    return np.stack([mu, 1 / np.sqrt(sw), tau2])


BARE = {"DL": bare_dl, "REML": bare_reml}


def per_fit_rivals(y: np.ndarray, v: np.ndarray, method: str, repeat: int) -> dict[str, float | str]:
    """Seconds per fit of the other programs, or why there are none."""
    few = min(len(y), 200)
    found: dict[str, float | str] = {}
    loop = median_seconds(lambda: [pool(y[i], v[i], method=method) for i in range(few)], repeat)
    found["pool, loop"] = loop / few
    if method != "DL":
        found["statsmodels, loop"] = "has no REML"
    elif importlib.util.find_spec("statsmodels"):
        from statsmodels.stats.meta_analysis import combine_effects

        work = lambda: [combine_effects(y[i], v[i], method_re="dl") for i in range(few)]  # noqa: E731
        found["statsmodels, loop"] = median_seconds(work, repeat) / few
    else:
        found["statsmodels, loop"] = "not installed"
    return found | pymare(y, v, method, repeat, few) | metafor(y, v, method)


def pymare(y: np.ndarray, v: np.ndarray, method: str, repeat: int, few: int) -> dict[str, float | str]:
    """PyMARE one by one and as a batch (it wants the studies along the first axis)."""
    if not importlib.util.find_spec("pymare"):
        return {"PyMARE, loop": "not installed", "PyMARE, batch": "not installed"}
    from pymare import Dataset
    from pymare.estimators import DerSimonianLaird, VarianceBasedLikelihoodEstimator

    make = DerSimonianLaird if method == "DL" else lambda: VarianceBasedLikelihoodEstimator(method="REML")
    loop = lambda: [make().fit_dataset(Dataset(y[i], v[i])).summary() for i in range(few)]  # noqa: E731
    batch = lambda: make().fit_dataset(Dataset(y.T, v.T)).summary()  # noqa: E731
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "PyMARE, loop": median_seconds(loop, repeat) / few,
            "PyMARE, batch": median_seconds(batch, repeat) / len(y),
        }


def metafor(y: np.ndarray, v: np.ndarray, method: str) -> dict[str, float | str]:
    """Time metafor's rma, one by one in one R process."""
    if not shutil.which("Rscript"):
        return {"metafor rma, loop": "R not installed"}
    with tempfile.TemporaryDirectory() as folder:
        script, table = Path(folder, "time.R"), Path(folder, "data.csv")
        script.write_text(R_SCRIPT, encoding="utf-8")
        np.savetxt(table, np.hstack([y, v])[:200], delimiter=",")
        done = subprocess.run(["Rscript", script, table, method], capture_output=True, text=True, check=False)
    return {"metafor rma, loop": float(done.stdout) if done.returncode == 0 else "metafor not installed"}


def show(name: str, seconds: float | str, floor: float) -> None:
    """Print one line: microseconds and ratio to the floor."""
    if isinstance(seconds, str):
        print(f"  {name:<28}{seconds:>16}")
    else:
        print(f"  {name:<28}{seconds * 1e6:>13.3f} us{seconds / floor:>10.2f} x bare")


def many(n: int, k: int, repeat: int, rivals: bool) -> None:
    """Compare n meta-analyses of k studies."""
    y, v = data(n, k)
    for method, bare in BARE.items():
        print(f"{n:,} meta-analyses of k = {k}, {method}, time a fit")
        floor = median_seconds(lambda: bare(y, v), repeat) / n  # noqa: B023
        show("bare batched numpy", floor, floor)
        show("pool_many", median_seconds(lambda: pool_many(y, v, method=method), repeat) / n, floor)  # noqa: B023
        if rivals:
            for name, seconds in per_fit_rivals(y, v, method, min(repeat, 3)).items():
                show(name, seconds, floor)


def one(k: int, repeat: int) -> None:
    """Compare a single meta-analysis of k studies, with the peak of its memory."""
    y, v = data(1, k)
    for method, bare in BARE.items():
        floor = median_seconds(lambda: bare(y, v), repeat)  # noqa: B023
        print(f"one meta-analysis of k = {k:,}, {method}")
        show("bare numpy", floor, floor)
        show("pool", median_seconds(lambda: pool(y[0], v[0], method=method), repeat), floor)  # noqa: B023
        tracemalloc.start()
        pool(y[0], v[0], method=method)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"  {'pool, peak memory':<28}{peak / k:>13.0f} bytes a study")


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, fewer repetitions")
    quick = parser.parse_args().quick
    many(2_000, 10, 3 if quick else 7, rivals=True)
    many(10_000 if quick else 100_000, 10, 3, rivals=False)
    for k in (1_000, 10_000) if quick else (10_000, 100_000):
        one(k, 3 if quick else 7)


if __name__ == "__main__":
    main()
