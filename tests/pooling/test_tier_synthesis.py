"""What a tier can pool, as printed and under each assumption; every number by another way from raw figures."""

from __future__ import annotations

import numpy as np
import pytest
from made_studies import change, posterior_mean, reml, world
from pymare import Dataset
from pymare.estimators import VarianceBasedLikelihoodEstimator

from helpers.pooling.tiers import BAYES, Options, tier_synthesis
from helpers.tables import validate

# Three randomised studies: mean, SD, n treated, then control.
RAW = {"a": (18, 12, 30, 6, 11, 28), "b": (25, 9, 22, 7, 10, 20), "c": (9, 14, 40, 4, 13, 41)}


def trials(names="abc", **more):
    rows = []
    for name in names:
        m1, s1, n1, m2, s2, n2 = RAW[name]
        rows += [change(name, "t", m1, s1, n1, **more), change(name, "c", m2, s2, n2, **more)]
    return rows


def differences(names="abc"):
    raw = np.array([RAW[name] for name in names], float)
    return raw[:, 0] - raw[:, 3], raw[:, 1] ** 2 / raw[:, 2] + raw[:, 4] ** 2 / raw[:, 5]


def synthesis(tables, evidence="core", **options):
    found = tier_synthesis(tables, evidence, overall={"a": "low", "b": "high"}, options=Options(**options))
    validate("pooled", found.pooled)
    validate("pool_members", found.members)
    return found


def test_pooled_numbers_are_those_of_a_grid_search_and_of_pymare_on_the_raw_figures():
    first, second = synthesis(world(*trials())).pooled
    yi, vi = differences()
    mu, se, tau2 = reml(yi, vi)
    assert (first["estimate"], first["se"], first["tau2"]) == pytest.approx((mu, se, tau2), rel=1e-5)
    other = VarianceBasedLikelihoodEstimator(method="REML").fit_dataset(Dataset(yi, vi))
    assert first["estimate"] == pytest.approx(float(other.params_["fe_params"].squeeze()), abs=1e-3)
    assert (first["scenario"], first["pi_df"]) == ("as printed", 2)
    assert (second["model"], second.get("pi_df")) == (BAYES, None)


def test_the_bayesian_fit_beside_it_is_that_of_a_sum_over_a_plane():
    _, bayes = synthesis(world(*trials())).pooled
    yi, vi = differences()
    scale = 10.0  # hairs/cm2, stated beforehand
    mean, sd = posterior_mean(yi, vi, scale)
    assert bayes["se"] == pytest.approx(sd, rel=2e-3)
    assert bayes["estimate"] == pytest.approx(mean, abs=0.1 * sd)  # the median lies near the mean
    assert bayes["ci_lower"] < bayes["estimate"] < bayes["ci_upper"]
    assert f"scale {scale:.3g}" in bayes["tau2_method"]


def test_members_carry_weight_risk_of_bias_and_the_pool_without_them():
    found = synthesis(world(*trials()))
    members = {row["study_id"]: row for row in found.members}
    assert sum(row["weight"] for row in members.values()) == pytest.approx(1)
    yi, vi = differences()
    tau2 = reml(yi, vi)[2]
    w = 1 / (vi + tau2)
    assert members["a"]["weight"] == pytest.approx(w[0] / w.sum(), rel=1e-5)
    mu, se, _ = reml(*differences("bc"))
    assert members["a"]["left_out_estimate"] == pytest.approx(mu, rel=1e-5)
    assert members["b"]["risk_of_bias"] == "high" and members["c"]["risk_of_bias"] is None
    assert (members["a"]["n"], members["a"]["n_stated"]) == (58, True)


def single(name, gain, sd, n, **more):
    return change(name, "t", gain, sd, n, **more)


SINGLE = (
    single("first", 35, 6.5, None, timepoint_weeks=52.0),
    single("second", 60, None, 12, timepoint_weeks=12.0),
)
ENROLLED = {"first": {"n_enrolled": 16}, "second": {"n_enrolled": 12}}
TIERS = {"second": "published"}


def test_the_five_sources_alone_are_pooled_under_no_assumption():
    tables = world(*SINGLE, tiers=TIERS, studies=ENROLLED)
    assert not any(row["pooled"] for row in synthesis(tables).pooled)


def test_each_assumption_that_makes_pooling_possible_is_named_and_kept_apart():
    tables = world(*SINGLE, tiers=TIERS, studies=ENROLLED, doubtful=("first",))
    rows = [row for row in synthesis(tables, "published", assumed_sd=18.0).pooled if row["pooled"]]
    fits = {(row["scenario"], row["without_certain_findings"]): row for row in rows if row["model"] != BAYES}
    borrowed = fits["missing SDs borrowed, times not alike", False]
    yi, vi = np.array([35.0, 60]), np.array([6.5**2 / 16, 18**2 / 12])
    mu, se, _ = reml(yi, vi)
    assert (borrowed["estimate"], borrowed["se"]) == pytest.approx((mu, se), rel=1e-5)
    for words in ("SD 18 borrowed (missing)", "all enrolled", "times that differ"):
        assert words in borrowed["assumption"]
    assert "times that differ (12 to 52 weeks)" in borrowed["reason"]
    both = fits["missing and doubtful SDs borrowed, times not alike", False]
    mu, se, _ = reml(yi, np.array([18**2 / 16, 18**2 / 12]))
    assert (both["estimate"], both["se"]) == pytest.approx((mu, se), rel=1e-5)
    assert "as printed" not in {row["scenario"] for row in rows}


def test_medians_are_pooled_only_as_an_assumption():
    rows = [*trials("a"), change("m", "t", None, None, 25, median=14.0, q1=6.0, q3=21.0),
            change("m", "c", None, None, 25, median=3.0, q1=-2.0, q3=8.0)]  # fmt: skip
    found = synthesis(world(*rows, tiers={"m": "published"}), "published").pooled
    [fit] = [row for row in found if row["pooled"] and row["model"] != BAYES]
    assert (fit["scenario"], fit["estimand"], fit["k"]) == ("medians taken as means", "between_group", 2)
    assert "median taken as a mean" in fit["assumption"]
    assert not any(row["pooled"] for row in found if row["scenario"] == "as printed")


def test_a_scenario_that_adds_nothing_is_not_told_again():
    found = synthesis(world(*trials()), "published").pooled
    assert {row["scenario"] for row in found} == {"as printed"}


def two_visits():
    later = {"timepoint_weeks": None, "timepoint_printed": "6 weeks post-intervention"}
    sooner = {"timepoint_weeks": None, "timepoint_printed": "3 weeks post-intervention"}
    rows = [SINGLE[0], single("second", 15.2, None, 12, **sooner), single("second", 67, None, 12, **later)]
    return world(*rows, tiers=TIERS, studies=ENROLLED)


@pytest.mark.parametrize(("visit", "taken", "other"), [("latest", 67, 15.2), ("earliest", 15.2, 67)])
def test_a_study_gives_the_visit_that_is_asked_for_and_the_other_one_is_shown_beside(visit, taken, other):
    found = synthesis(two_visits(), "published", visit=visit)
    rows = {row["scenario"]: row for row in found.pooled if row["pooled"] and row["model"] != BAYES}
    name = "missing SDs borrowed, times not alike"
    varied = f"{name}, {'earliest' if visit == 'latest' else 'latest'} visits"
    assert set(rows) == {name, varied}
    vi = np.array([6.5**2 / 16, 20**2 / 12])
    for scenario, effect in ((name, taken), (varied, other)):
        assert rows[scenario]["estimate"] == pytest.approx(reml(np.array([35.0, effect]), vi)[0], rel=1e-5)
    (member,) = [
        row
        for row in found.members
        if row["study_id"] == "second" and row["pooled_id"] == rows[name]["pooled_id"]
    ]
    when = "3 weeks" if visit == "latest" else "6 weeks"
    assert member["other_visits"] == f"{other:g} at {when} post-intervention"
