"""Our fits, bare numpy and PyMARE do the same work, so that benchmarks compare like with like; memory is linear in k."""

import numpy as np
import pytest
from bench_synthesis import data, peak_bytes
from synthesis_rivals import BARE, has_pymare, pymare

from metastats import pool_many
from metastats.heterogeneity import WeightedMean


@pytest.mark.parametrize("method", list(BARE))
def test_all_do_the_same_work(method):
    y, v = data(300, 10)
    bare, ours = BARE[method](y, v), pool_many(y, v, method=method)
    differ = np.abs(bare[2] - ours.tau2) > 1e-6
    assert differ.mean() < 0.01
    for row in np.flatnonzero(differ):  # two summits, of which bare Fisher scoring took the lower
        model = WeightedMean(y[row], v[row])
        heights = [model.profile(tau2).log_likelihood(True) for tau2 in (bare[2, row], ours.tau2[row])]
        assert heights[1] > heights[0]
    same = [part[~differ] for part in (*bare, ours.estimate, ours.se, ours.tau2)]
    np.testing.assert_allclose(same[:3], same[3:], rtol=1e-6, atol=1e-7)
    if has_pymare():
        np.testing.assert_allclose(np.ravel(pymare(y, v, method)[0])[~differ], same[3], rtol=1e-2, atol=2e-3)


@pytest.mark.parametrize("method", list(BARE))
def test_memory_is_linear_in_k(method):
    per_study = [peak_bytes(k, method) for k in (2_000, 20_000, 100_000)]
    assert max(per_study) < 1.3 * min(per_study)
    assert max(per_study) < 120  # a dozen arrays at most, never k x k
