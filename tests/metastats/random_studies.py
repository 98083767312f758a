"""Made-up meta-analyses of every kind that may come: few and many studies, alike and not, in any unit."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from metastats.heterogeneity import METHODS

RANDOM = METHODS[1:]
VARIANCES = {
    "usual": lambda rng, k: rng.uniform(0.02, 0.5, k),
    "uneven": lambda rng, k: 10 ** rng.uniform(-4, 1, k),
    "one for all": lambda rng, k: np.full(k, rng.uniform(0.01, 1)),
    "chi-squared": lambda rng, k: 0.25 * rng.chisquare(1, k) + 0.009,
}
TAU2 = (0.0, 0.01, 0.3, 10.0, 1e4)


def made(k: int, variances: str, tau2: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """k effects and their variances."""
    rng = np.random.default_rng(seed)
    v = VARIANCES[variances](rng, k)
    return rng.normal(0.3, np.sqrt(v + tau2)), v


def meta_analyses(fewest: int = 1, most: int = 200) -> st.SearchStrategy:
    """Hypothesis strategy of meta-analyses."""
    return st.builds(
        made, st.integers(fewest, most), st.sampled_from(list(VARIANCES)), st.sampled_from(TAU2),
        st.integers(0, 2**32 - 1),
    )  # fmt: skip


def close(got, expected, scale: float, rtol: float = 1e-9) -> bool:
    """Whether two numbers agree, up to rounding error of the size of the data."""
    return bool(np.allclose(got, expected, rtol=rtol, atol=rtol * scale))
