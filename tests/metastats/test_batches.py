"""pool_many against pool, row by row; batched effect sizes."""

import numpy as np
import pytest
from random_studies import TAU2, VARIANCES, made

from metastats import pool, pool_many
from metastats.batches import BATCH_COLUMNS
from metastats.heterogeneity import METHODS

RNG = np.random.default_rng(20)
V = RNG.uniform(0.02, 0.5, (120, 7))
Y = RNG.normal(0, np.sqrt(V + RNG.choice([0, 0.05, 0.5], 120)[:, None]))
NAMES = (*BATCH_COLUMNS, "se_tau2")


def assert_rows_agree(many, fits):
    for name in NAMES:
        np.testing.assert_allclose(
            getattr(many, name), [getattr(fit, name) for fit in fits], rtol=1e-9, atol=1e-10
        )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("test", ["z", "knha", "adhoc"])
def test_rows_are_what_pool_gives(method, test):
    many = pool_many(Y, V, method=method, test=test)
    assert_rows_agree(many, [pool(y, v, method, test) for y, v in zip(Y, V, strict=True)])
    assert len(many.to_frame()) == 120


@pytest.mark.parametrize("method", METHODS)
def test_rows_of_unequal_size(method):
    gaps = Y.copy()
    gaps[RNG.random(Y.shape) < 0.4] = np.nan
    gaps[:, 0] = Y[:, 0]
    gaps[0, 1:] = np.nan  # one study only
    many = pool_many(gaps, V, method=method, test="knha", missing="drop")
    assert_rows_agree(
        many, [pool(y, v, method, "knha", missing="drop") for y, v in zip(gaps, V, strict=True)]
    )
    assert many.k[0] == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", [1, 2, 3, 30, 200])
def test_rows_of_every_kind_of_data(method, k):
    kinds = [(name, tau2) for name in VARIANCES for tau2 in TAU2]
    rows = [made(k, name, tau2, seed) for seed, (name, tau2) in enumerate(kinds)]
    y, v = (np.array(part) for part in zip(*rows, strict=True))
    many = pool_many(y, v, method=method)
    for i, unit in enumerate((1e-6, 1e6)):
        scaled = pool_many(y * unit, v * unit**2, method=method)
        np.testing.assert_allclose(scaled.tau2 / unit**2, many.tau2, rtol=1e-10, atol=1e-12, err_msg=str(i))
    assert_rows_agree(many, [pool(*row, method) for row in rows])


def test_blocks_do_not_show(monkeypatch):
    whole = pool_many(Y, V).tau2
    monkeypatch.setattr("metastats.batches.BATCH_CELLS", 30)
    np.testing.assert_allclose(pool_many(Y, V).tau2, whole, rtol=1e-12, atol=1e-15)


def test_a_single_row_serves_all_and_shapes_are_kept():
    many = pool_many(Y[:6].reshape(2, 3, 7), V[0])
    assert many.estimate.shape == many.q.shape == many.k.shape == (2, 3)
    assert many.estimate[1, 2] == pytest.approx(pool(Y[5], V[0]).estimate)


def test_a_row_without_a_study_is_refused():
    with pytest.raises(ValueError, match=r"yi\[1\]: has no study left"):
        pool_many([[1, 2], [np.nan, np.nan]], [[1, 1], [1, 1]], missing="drop")
