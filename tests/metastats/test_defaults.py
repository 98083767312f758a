"""One name of an argument has one default, wherever it stands; what differs is named."""

import inspect

import pytest
from test_docstrings import FUNCTIONS

import metastats
from metastats import conversions, ranks, regression, small_study
from metastats.counts import PooledCounts

DEFAULTS = {
    "method": "REML", "test": "z", "level": 0.95, "missing": "refuse", "kind": "t", "sides": 2, "ratio": False,
    "skewed": "refuse", "correction": "CR1", "to": "only0", "drop00": False, "intercept": True, "model": "lm",
    "predictor": "sei", "estimator": "L0", "alpha": 0.05, "ties": 0.0, "least": 2, "dropped": 0,
}  # fmt: skip
OWN = {
    ("proportion_interval", "method"): "wilson",
    ("bayes_pool", "tau_prior"): ("half-normal", 0.5),
}
CALLS = [
    *(getattr(metastats, name) for name in FUNCTIONS),
    metastats.Pooled, metastats.pooling.pool_arrays, metastats.Pooled.prediction_interval, PooledCounts.prediction_interval,
    regression.MetaRegression.predict, ranks.rank_effect_from_u, ranks.mann_whitney_p, conversions.group_size,
    conversions.statistic_from_p, small_study.fail_safe_n,
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__qualname__)
def test_defaults(call):
    given = {name: one.default for name, one in inspect.signature(call).parameters.items()}
    given = {name: value for name, value in given.items() if value not in (inspect.Parameter.empty, None)}
    wanted = {name: OWN.get((call.__name__, name), DEFAULTS.get(name)) for name in given}
    assert given == wanted
