"""Meta-analysis: effect sizes, pooling, heterogeneity, influence, small-study effects, Bayesian pooling.

Agrees with R's metafor to numerical precision; every function names the paper or handbook section of its
formula. In reading order: `effect_sizes` (with `measures` and the formulas in `mean_differences`,
`paired_changes`, `single_groups`, `spreads`, `associations`, `counts`, `rates`), `pooling` (with
`weighted_mean`, `tau2`, `tau2_roots`, `intervals`), `batches`, `meta_regression` (with `moderators`),
`subgroups`, `clusters`, `deletion`, `influence`, `small_study`, `trim_and_fill`, `bayes` (with
`tau_posterior`, `marginals`), `back_transforms`, and the conversions (`conversions`, `quantiles`,
`change_scores`, `dominance`).
"""

from helpers.synthesis.back_transforms import back_transformed
from helpers.synthesis.batches import pool_many
from helpers.synthesis.bayes import BayesPooled, bayes_pool
from helpers.synthesis.change_scores import change_correlation, change_sd, log_ratio_from_percent
from helpers.synthesis.clusters import ClusterRobust, ThreeLevel, cluster_robust, three_level
from helpers.synthesis.conversions import (
    sd_from_ci,
    sd_from_p,
    sd_from_range,
    sd_from_se,
    sd_from_t,
)
from helpers.synthesis.converted import Converted
from helpers.synthesis.deletion import cumulative, leave_one_out
from helpers.synthesis.dominance import d_from_delta, d_from_u, delta_from_u
from helpers.synthesis.effect_sizes import EffectSizes, effect_size
from helpers.synthesis.influence import influence
from helpers.synthesis.meta_regression import meta_regression
from helpers.synthesis.pooled import Pooled
from helpers.synthesis.pooled_many import PooledMany
from helpers.synthesis.pooling import pool
from helpers.synthesis.quantiles import MeanAndSd, mean_sd_from_quantiles
from helpers.synthesis.regression_fit import MetaRegression
from helpers.synthesis.small_study import EggerTest, RankTest, egger_test, fail_safe_n, rank_test
from helpers.synthesis.subgroups import Subgroups, subgroup_test
from helpers.synthesis.trim_and_fill import TrimAndFill, trim_and_fill

__all__ = [
    "BayesPooled",
    "ClusterRobust",
    "Converted",
    "EffectSizes",
    "EggerTest",
    "MeanAndSd",
    "MetaRegression",
    "Pooled",
    "PooledMany",
    "RankTest",
    "Subgroups",
    "ThreeLevel",
    "TrimAndFill",
    "back_transformed",
    "bayes_pool",
    "change_correlation",
    "change_sd",
    "cluster_robust",
    "cumulative",
    "d_from_delta",
    "d_from_u",
    "delta_from_u",
    "effect_size",
    "egger_test",
    "fail_safe_n",
    "influence",
    "leave_one_out",
    "log_ratio_from_percent",
    "mean_sd_from_quantiles",
    "meta_regression",
    "pool",
    "pool_many",
    "rank_test",
    "sd_from_ci",
    "sd_from_p",
    "sd_from_range",
    "sd_from_se",
    "sd_from_t",
    "subgroup_test",
    "three_level",
    "trim_and_fill",
]


def __dir__() -> list[str]:
    """Return what tab completion offers: the names that are meant to be used."""
    return sorted(__all__)
