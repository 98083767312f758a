"""Meta-analysis on arrays: effect sizes, pooling, heterogeneity, influence, small-study effects, Bayes.

Agrees with R's metafor to numerical precision; every function names the paper or the Handbook section of
its formula. Knows no table and no notebook. In reading order: `effect_sizes`, `measures`, `conversions`,
`ranks`, `pooling`, `counts`, `results`, `heterogeneity`, `batches`, `diagnostics`, `small_study`,
`regression`, `dependence`, `bayes`.
"""

from metastats.batches import pool_many
from metastats.bayes import bayes_pool
from metastats.conversions import (
    change_correlation,
    mean_sd_from_quantiles,
    sd_from_p,
    sd_from_se,
    se_from_ci,
    se_from_p,
)
from metastats.counts import pool_counts, proportion_interval
from metastats.dependence import cluster_robust, combine_groups, sampling_covariance, split_group, three_level
from metastats.diagnostics import cumulative, influence, leave_one_out
from metastats.effect_sizes import back_transformed, effect_size
from metastats.pooling import Pooled, pool
from metastats.ranks import proportional_odds, rank_effect, rank_effect_from_p
from metastats.regression import meta_regression, subgroup_test
from metastats.small_study import egger_test, rank_test, trim_and_fill

__all__ = [
    "Pooled", "back_transformed", "bayes_pool", "change_correlation", "cluster_robust", "combine_groups",
    "cumulative", "effect_size", "egger_test", "influence", "leave_one_out", "mean_sd_from_quantiles",
    "meta_regression", "pool", "pool_counts", "pool_many", "proportion_interval", "proportional_odds",
    "rank_effect", "rank_effect_from_p", "rank_test", "sampling_covariance", "sd_from_p", "sd_from_se",
    "se_from_ci", "se_from_p", "split_group", "subgroup_test", "three_level", "trim_and_fill",
]  # fmt: skip


def __dir__() -> list[str]:
    """Return what tab completion offers: the names that are meant to be used."""
    return sorted(__all__)
