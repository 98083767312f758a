"""Speed and memory of metastats as ratios, in one run on the same data.

Run ``python tests/benchmarks/bench_synthesis.py`` (some minutes; ``--quick`` for a tenth of the data, ``--save``
to write results/synthesis.txt). The programs take turns in every round and the best round of each counts, so
that other work on the machine touches all alike. Each figure is divided by that of bare batched numpy for the
same work. Unset OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE first, which bind numpy to another processor's tuning.
metafor is in the tables where R has it (Debian: r-cran-metafor). Exit status 1 when an aim is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
import tracemalloc
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
from synthesis_rivals import BARE, has_pymare, metafor_seconds, pymare, pymare_loop, statsmodels_loop

from metastats import pool, pool_many

SAVED = Path(__file__).parent / "results" / "synthesis.txt"
FEW = 200  # fits of those that work one by one
Seconds = dict[str, float | str]


def data(n: int, k: int, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Make n meta-analyses of k studies, of no, little and much heterogeneity."""
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.02, 0.5, (n, k))
    return rng.normal(0.3, np.sqrt(v + rng.choice([0, 0.05, 0.3], n)[:, None])), v


def best_of_rounds(work: dict[str, tuple[Callable[[], object], int]], rounds: int) -> Seconds:
    """Seconds a fit of each program, the best of several rounds in which all take turns."""
    best = dict.fromkeys(work, float("inf"))
    for turn in range(rounds + 1):  # the first round warms up
        for name, (run, fits) in work.items():
            start = time.perf_counter()
            run()
            if turn:
                best[name] = min(best[name], (time.perf_counter() - start) / fits)
    return best


def pool_loop(y: np.ndarray, v: np.ndarray, method: str) -> None:
    """Pool one by one, with limits and p-value."""
    for row in range(len(y)):
        fit = pool(y[row], v[row], method=method)
        _ = fit.ci_lower, fit.ci_upper, fit.p_value


def many(n: int, k: int, method: str, rounds: int, one_by_one: bool) -> Seconds:
    """Seconds a fit of n meta-analyses of k studies."""
    y, v = data(n, k)
    few = y[:FEW], v[:FEW]
    work = {
        "bare batched numpy": (lambda: BARE[method](y, v), n),
        "pool_many": (lambda: pool_many(y, v, method=method), n),
    }
    if has_pymare():
        work["PyMARE, batch"] = (lambda: pymare(y, v, method), n)
    if not one_by_one:
        return best_of_rounds(work, rounds)
    work["pool, loop"] = (lambda: pool_loop(*few, method), FEW)
    if has_pymare():
        work["PyMARE, loop"] = (lambda: pymare_loop(*few, method), FEW)
    if method == "DL":
        work["statsmodels, loop"] = (lambda: statsmodels_loop(*few), FEW)
    return best_of_rounds(work, rounds) | {"metafor rma, loop": metafor_seconds(*few, method)}


def one(k: int, method: str, rounds: int) -> Seconds:
    """Seconds of a single meta-analysis of k studies."""
    y, v = data(1, k)
    work = {
        "bare batched numpy": (lambda: BARE[method](y, v), 1),
        "pool": (lambda: pool(y[0], v[0], method), 1),
    }
    if has_pymare():
        work["PyMARE"] = (lambda: pymare(y, v, method), 1)
    if method == "DL":
        work["statsmodels"] = (lambda: statsmodels_loop(y, v), 1)
    found = best_of_rounds(work, rounds)
    # matrices of k x k: with more studies it asks for gigabytes
    return found | {"metafor rma": metafor_seconds(y, v, method)} if k <= 1_000 else found


def peak_bytes(k: int, method: str) -> float:
    """Peak of the memory that one meta-analysis of k studies takes, in bytes a study."""
    y, v = data(1, k)
    tracemalloc.start()
    pool(y[0], v[0], method=method)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / k


def lines(title: str, found: Seconds) -> list[str]:
    """Report one comparison: microseconds a fit, and the ratio to bare numpy."""
    floor = found["bare batched numpy"]
    rows = [title]
    for name, seconds in found.items():
        if isinstance(seconds, str):
            rows.append(f"  {name:<24}{seconds:>20}")
        else:
            rows.append(f"  {name:<24}{seconds * 1e6:>13.3f} us{seconds / floor:>12.2f} x bare")
    return [*rows, ""]


def missed(found: Seconds) -> list[str]:
    """Name the aims that one comparison misses."""
    aims = [
        ("pool_many", 2, "bare batched numpy"),
        ("pool_many", 1, "PyMARE, batch"),
        ("pool, loop", 0.1, "PyMARE, loop"),
    ]
    return [
        f"aim missed: {ours} takes more than {factor} x {rival}"
        for ours, factor, rival in aims
        if ours in found and rival in found and found[ours] > factor * found[rival]
    ]


def header() -> list[str]:
    """Name the machine in general words, and the versions."""
    names = ("numpy", "scipy", "statsmodels", *(("pymare",) if has_pymare() else ()))
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    machine = f"{platform.machine()}, {os.cpu_count()} processors, {platform.system()}"
    return [f"{machine}, Python {platform.python_version()}, {versions}", ""]


def report(quick: bool) -> list[str]:
    """Run all comparisons."""
    rounds = 3 if quick else 7
    n = 10_000 if quick else 100_000
    compared = {}
    for size, turns, one_by_one in ((2_000, rounds, True), (n, 3, False)):
        for method in BARE:
            title = f"{size:,} meta-analyses of k = 10, {method}"
            compared[title] = many(size, 10, method, turns, one_by_one)
    sizes = (1_000, 10_000) if quick else (1_000, 10_000, 100_000)
    for method in BARE:
        for k in sizes:
            compared[f"one meta-analysis of k = {k:,}, {method}"] = one(k, method, rounds)
    text = header()
    for title, found in compared.items():
        text += lines(title, found) + missed(found)
    text.append("peak memory of one meta-analysis, bytes a study (8 hold a number)")
    for method in BARE:
        peaks = ", ".join(f"{peak_bytes(k, method):.0f} at k = {k:,}" for k in sizes)
        text.append(f"  pool, {method}: {peaks}")
    return text


def main() -> None:
    """Print the report, and save it when asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, fewer rounds")
    parser.add_argument("--save", action="store_true", help=f"write {SAVED.name} too")
    given = parser.parse_args()
    text = "\n".join(report(given.quick)) + "\n"
    print(text, end="")
    if given.save:
        SAVED.write_text(text, encoding="utf-8")
    raise SystemExit("aim missed" in text)


if __name__ == "__main__":
    main()
