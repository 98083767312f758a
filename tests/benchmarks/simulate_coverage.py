"""Coverage of nominal 95 percent intervals for few studies; writes ``tests/benchmarks/results/coverage.csv``.

Run ``python tests/benchmarks/simulate_coverage.py`` (some minutes). True effect 0.3; two designs: sampling
variances all alike (0.2), or uneven (uniform on 0.02 to 0.5 in each study); tau2 such that I2 is about 0, 50
or 80 percent (tau 0, 0.45, 0.89). Columns: share of the intervals that hold the true effect, in percent, by
REML with the normal, Knapp-Hartung and truncated Knapp-Hartung interval, and by the Bayesian model with
half-normal priors of scale 0.5 and 1; beside it the median width of each interval.

What theory and published simulations say of the table is in `test_coverage.py`.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from metastats import bayes_pool, pool_many

TABLE = Path(__file__).parent / "results" / "coverage.csv"
TRUTH = 0.3
TAU2 = {"0": 0.0, "50": 0.2, "80": 0.8}
DESIGNS = {"alike": (0.2, 0.2), "uneven": (0.02, 0.5)}
STUDIES = (2, 3, 5, 10)
TESTS = {"z": "REML z", "knha": "REML Knapp-Hartung", "adhoc": "REML truncated"}
PRIORS = {0.5: "Bayes half-normal 0.5", 1.0: "Bayes half-normal 1"}
FITS, POSTERIORS = 20_000, 2_000


def coverage(k: int, design: str, i2: str, n: int, n_bayes: int, seed: int) -> dict[str, float]:
    """Coverage in percent and median width, by method."""
    rng = np.random.default_rng([seed, k, sorted(DESIGNS).index(design), int(i2)])
    v = rng.uniform(*DESIGNS[design], (n, k))
    y = rng.normal(TRUTH, np.sqrt(v + TAU2[i2]))
    found = {}
    for test, name in TESTS.items():
        fits = pool_many(y, v, method="REML", test=test)
        found[name] = 100 * float(np.mean((fits.ci_lower <= TRUTH) & (fits.ci_upper >= TRUTH)))
        found[f"{name} width"] = float(np.median(fits.ci_upper - fits.ci_lower))
    for scale, name in PRIORS.items():
        tails, widths = [], []
        for i in range(n_bayes):
            mu = bayes_pool(y[i], v[i], ("half-normal", scale)).mu
            tails.append(mu.cdf(TRUTH))
            if i < n_bayes // 10:  # quantiles cost more than the probability of the truth
                widths.append(mu.upper - mu.lower)
        found[name] = 100 * float(np.mean(np.abs(np.array(tails) - 0.5) <= 0.475))
        found[f"{name} width"] = float(np.median(widths))
    return found


def main() -> None:
    """Write the table."""
    rows = []
    for design in DESIGNS:
        for k in STUDIES:
            for i2 in TAU2:
                found = coverage(k, design, i2, FITS, POSTERIORS, seed=2026)
                numbers = {
                    name: f"{value:.{2 if name.endswith('width') else 1}f}" for name, value in found.items()
                }
                rows.append({"variances": design, "k": k, "i2_about": i2, **numbers})
                print(rows[-1], flush=True)
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
