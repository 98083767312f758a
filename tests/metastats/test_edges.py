"""Edges: as many steps as today and no more, choices that are none, the fewest people, ties, shares that are all."""

import inspect
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from approved import Approved
from dense_matrices import SETS
from scipy.special import log_expit, logsumexp

import metastats
from metastats import counts, measures, pool, pool_many, ranks, small_study
from metastats.checks import LARGEST, SMALLEST, refuse_unusable
from metastats.heterogeneity import METHODS, WeightedMean, q_root

APPROVED = Approved(Path(__file__).with_name("data") / "said.json")
Y, V = [0.1, 0.9, 0.4, -0.2, 0.6, 0.55], [0.02, 0.05, 0.01, 0.08, 0.09, 0.03]
TWO = {"m1i": 9.0, "sd1i": 2.0, "n1i": 20, "m2i": 8.0, "sd2i": 2.5, "n2i": 22}
CALLS = {
    "pool": (Y, V), "pool_many": ([Y, Y[::-1]], V), "bayes_pool": (Y, V), "leave_one_out": (Y, V), "cumulative": (Y, V),
    "influence": (Y, V), "egger_test": (Y, V), "rank_test": (Y, V), "trim_and_fill": (Y, V),
    "meta_regression": (Y, V, [1, 2, 3, 5, 4, 9]), "subgroup_test": (Y, V, list("aabbab")),
    "three_level": (Y, V, list("aabbcd")), "proportion_interval": (3, 16), "rank_effect_from_p": (0.03, 12, 15, 1),
    "rank_effect": ([5, 3, 1], [1, 2, 4]), "proportional_odds": ([5, 3, 1], [1, 2, 4]), "se_from_ci": (0.2, 1.4),
    "se_from_p": (0.5, 0.03), "cluster_robust": (pool(Y, V), list("aabbcd")),
    "mean_sd_from_quantiles": (5, 20, 4, 7),
}  # fmt: skip
ODD = {
    "one": ([0.5], [0.04]), "two alike": ([0.3, 0.3], [0.1, 0.1]), "alike": ([0.3] * 4, [0.1, 0.2, 0.3, 0.4]),
    "tied": ([-1.0, 0.0, 1.0, 2.0, 0.5], [0.1, 0.1, 0.2, 0.3, 0.3]), "far": ([0, 0.1, 0.2, 9], [0.01, 0.02, 0.02, 0.01]),
    "six": (Y, V),
}  # fmt: skip


def told(call, *given, **named) -> str | list:
    """Return all numbers and warnings of a result, or its refusal."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always", UserWarning)
            found = call(*given, **named)
            shown = repr(found)
    except ValueError as error:
        return str(error)
    if hasattr(found, "to_numpy"):
        shown = found.to_numpy().tolist()
    elif isinstance(found, tuple):
        shown = [float(one) if np.ndim(one) == 0 else str(one) for one in found]
    else:
        shown = [shown, {key: one for key, one in vars(found).items() if isinstance(one, float | int | str)}]
    return [shown, [str(one.message) for one in warned if issubclass(one.category, UserWarning)]]


@pytest.mark.parametrize("name", list(ODD))
def test_what_is_said_of_odd_data(name):
    y, v = map(np.array, ODD[name])
    said = {}
    for method in METHODS:
        for test in ("z", "knha", "adhoc"):
            said[f"pool {method} {test}"] = told(pool, y, v, method, test)
        if len(y) > 1:
            fit = pool(y, v, method)
            said[f"tau2 {method}"] = [fit.tau2, fit.se_tau2, fit.i2, fit.h2, fit.q_p_value]
            said[f"limits {method}"] = told(fit.heterogeneity_interval)
            said[f"next {method}"] = [told(fit.prediction_interval, kind) for kind in ("t", "riley", "z")]
    for call in ("leave_one_out", "cumulative", "influence", "egger_test", "rank_test", "bayes_pool"):
        said[call] = told(getattr(metastats, call), y, v)
    for estimator in small_study.COUNTERS:
        for side in (None, "left", "right"):
            filled = f"{estimator} {side}"
            said[filled] = told(metastats.trim_and_fill, y, v, estimator=estimator, side=side)
    said["regression"] = told(metastats.meta_regression, y, v, np.arange(len(y)) ** 2)
    said["nested"] = told(metastats.three_level, y, v, (np.arange(len(y)) // 2).tolist())
    APPROVED(name, [{key: value} for key, value in said.items()])


@pytest.mark.parametrize("name", list(CALLS))
def test_a_choice_that_is_none_and_a_level_that_is_none_are_refused(name):
    call = getattr(metastats, name)
    for parameter, one in inspect.signature(call).parameters.items():
        wrong = (
            ("", "nonsense")
            if isinstance(one.default, str)
            else (0, 1, 95, -0.5)
            if parameter == "level"
            else ()
        )
        for value in wrong:
            with pytest.raises(ValueError, match=rf"^(method, )?{parameter}\b"):
                call(*CALLS[name], **{parameter: value})


def test_no_search_takes_more_steps_than_today(monkeypatch):
    taken, plain = [], WeightedMean.profile
    monkeypatch.setattr(WeightedMean, "profile", lambda self, tau2: taken.append(1) or plain(self, tau2))
    steps = {}
    for name, (y, v) in SETS.items():
        gaps = [*y[:-1], np.nan]
        for method in ("ML", "REML", "PM"):
            for rows in ([y], [y, y], [y, gaps]):
                taken.clear()
                pool(y, v, method) if len(rows) == 1 else pool_many(
                    rows, [v, v], method=method, missing="drop"
                )
                steps.setdefault(f"{name} {method}", []).append(len(taken))
    APPROVED("steps", [steps])


def test_effects_that_are_equal_or_one_have_no_variance_between_them():
    assert q_root(WeightedMean(np.ones(3), np.ones(3)), 2.0) == 0
    assert pool_many([[1, 1, 1], [1, 2, 4]], [1, 1, 1], method="PM").tau2[0] == 0
    draw = np.random.default_rng(3)
    alone = np.column_stack([draw.normal(size=300), np.full(300, np.nan)])
    assert (pool_many(alone, draw.uniform(0.01, 1, (300, 2)), method="PM", missing="drop").tau2 == 0).all()


def test_moderators_and_notes():
    column = pd.Series([1, 2, 3, 5, 4, 9], index=list("abcdef"))
    assert metastats.meta_regression(Y, V, column).names == ["intercept", "moderator"]
    with pytest.raises(ValueError, match="mods: no moderators"):
        metastats.meta_regression(Y, V, ["x"] * 6, intercept=False)
    table = {"ai": [3, 0, 4], "n1i": [20, 9, 20], "ci": [5, 0, 6], "n2i": [20, 9, 20]}
    assert metastats.pool_counts("OR", **table).notes[0].startswith("1 of 3 studies")
    whole = metastats.pool_counts("OR", **{name: part[::2] for name, part in table.items()})
    assert whole.notes == () and "note" not in repr(whole)
    assert "1 of 3 studies without events" in repr(metastats.pool_counts("OR", **table))
    assert metastats.change_correlation(2, 5, 3).value == 1


def test_a_zero_has_no_sign_and_the_largest_numbers_are_taken():
    assert small_study.signed_rank_sum(np.array([-1.0, 0.0, 2.0])) == 3
    k0, error = small_study.count_q0(np.array([-1.0, 0.5, 2.0, 3.0]))  # ranks 1, 3 and 4 are above 0
    assert k0 == pytest.approx(3.5 - np.sqrt(2 * 16 - 4 * 8 + 0.25)) and np.isfinite(error)
    edge = np.array([LARGEST**0.5]), np.array([LARGEST])
    assert refuse_unusable(*edge, np.array([True])) is refuse_unusable(
        edge[0], np.array([SMALLEST]), np.array([True])
    )


def test_cuts_that_meet_have_no_likelihood():
    cut = np.vstack([np.eye(2), np.zeros((1, 2))])
    upper = np.vstack([np.column_stack([cut, np.full(3, x)]) for x in (-1.0, 0.0)])
    lower = np.vstack([np.column_stack([np.roll(cut, 1, axis=0), np.full(3, x)]) for x in (-1.0, 0.0)])
    loss, slopes, _ = ranks.ordinal_loss(np.zeros(3), upper, lower, np.ones(6))
    assert loss == np.inf and (slopes == 0).all()


@pytest.mark.parametrize("measure", ["MD", "SMD", "SMDH", "SMD1", "SMD1H", "RPB", "VR", "CVR", "ROM"])
@pytest.mark.parametrize("group", ["n1i", "n2i", "both"])
def test_the_fewest_people_of_two_groups(measure, group):
    if group == "both":
        APPROVED(
            f"{measure} both",
            [told(metastats.effect_size, measure, **TWO | {"n1i": n, "n2i": 2}) for n in (1, 2)],
        )
        return
    APPROVED(
        f"{measure} {group}", [told(metastats.effect_size, measure, **TWO | {group: n}) for n in (1, 2, 3)]
    )


@pytest.mark.parametrize("measure", ["MC", "SMCC", "SMCR", "SMCRH", "SMN", "COR", "ZCOR", "MN", "MNLN"])
def test_the_fewest_people_of_one_group(measure):
    given = {"m1i": 9.0, "m2i": 8.0, "sd1i": 2.0, "sd2i": 2.5, "ri": 0.4, "mi": 9.0, "sdi": 2.0}
    names = {*inspect.signature(getattr(measures, measure.lower())).parameters}
    own = {name: value for name, value in given.items() if name in names}
    APPROVED(measure, [told(metastats.effect_size, measure, **own, ni=n) for n in (1, 2, 3, 4)])


@pytest.mark.parametrize(
    ("n", "tau", "mean"),
    [(1, 0.5, 0), (5, 3, -8), (50, 3, -8), (50, 0.5, 3), (5000, 3, 0), (5000, 0.5, -8), (5000, -0.5, 8)],
)
def test_the_likelihood_of_counts_is_that_of_a_fine_grid(n, tau, mean):
    z = np.linspace(-40, 40, 100_001)

    def exact(mean: float, tau: float) -> float:
        theta = mean + tau * z
        heights = [x * log_expit(theta) + (n - x) * log_expit(-theta) - z**2 / 2 for x in (0, n, 0.3 * n)]
        return -sum(logsumexp(height) + np.log((z[1] - z[0]) / np.sqrt(2 * np.pi)) for height in heights)

    x = np.array([0, n, 0.3 * n])
    value, slopes = counts.negative((mean, tau), x, n - x)
    assert value == pytest.approx(exact(mean, tau), rel=1e-10)
    by_mean, by_tau = (exact(mean + a, tau + b) - exact(mean - a, tau - b) for a, b in ((1e-5, 0), (0, 1e-5)))
    assert slopes == pytest.approx([by_mean / 2e-5, by_tau / 2e-5], rel=1e-4, abs=1e-6)


def test_only_what_is_meant_to_be_used_is_offered():
    assert dir(metastats) == sorted(metastats.__all__)


def test_a_double_arcsine_goes_there_and_back():
    shares = metastats.effect_size("PFT", xi=[0, 3, 12, 16], ni=[16] * 4)
    back = metastats.back_transformed("PFT", [*shares.yi, -1, 9], ni=16)
    assert back == pytest.approx([0, 3 / 16, 0.75, 1, 0, 1])


def test_an_arcsine_goes_back_up_to_a_right_angle_and_stays_there():
    assert metastats.back_transformed("PAS", [1.2, 2.0]) == pytest.approx([np.sin(1.2) ** 2, 1])


def test_the_least_p_of_a_rank_test_with_its_rounding_is_taken():
    least = 2 / 20  # three against three: twenty orders
    metastats.rank_effect_from_p(0.9 * least, 3, 3, 1)
    with pytest.raises(ValueError, match="below"):
        metastats.rank_effect_from_p(0.89 * least, 3, 3, 1)


def test_counts_of_one_study_say_so_and_those_of_several_alike_do_not():
    one, several = (metastats.pool_counts("PLO", xi=[3] * k, ni=[10] * k) for k in (1, 2))
    assert one.notes == ("one study only: its own result",) and several.notes == ()


def test_a_weight_of_three_times_its_share_is_influential_and_of_twice_is_not():
    # all effects are alike, so that nothing but the weight can be
    for weight, told in ((9.1, True), (8.9, False)):  # of 4 studies: beside 3 of one, 0.752 and 0.748
        found = metastats.influence([0.5] * 4, [1 / weight, 1, 1, 1], method="EE")
        assert list(found["influential"]) == [told, False, False, False]


def test_the_others_and_the_size_of_a_group_are_not_given_both():
    with pytest.raises(ValueError, match="not both"):
        metastats.effect_size("OR", ai=[1], bi=[9], ci=[2], di=[8], n1i=[10], n2i=[10])


def test_of_all_the_chance_the_quantile_is_the_last_edge():
    tau = metastats.bayes_pool(Y, V).tau
    assert tau.quantile(0.999) < tau.quantile(1.0) < np.inf
