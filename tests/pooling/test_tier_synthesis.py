"""What a tier can pool, as printed and under each assumption; every number by another way from raw figures."""

from __future__ import annotations

import numpy as np
import pytest
from made_lines import line, share
from made_studies import change, reml, world
from scipy import stats
from scipy.special import expit, logit

from helpers.appraisal.grade import shown_estimate
from helpers.pooling.groups import CONTEXT, RANDOM, headline
from helpers.pooling.tiers import BAYES, IMPUTED, WITH_SERIOUS, Options, synthesis_of_lines, tier_synthesis
from helpers.tables import validate, write_table

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


def test_pooled_numbers_are_those_of_a_grid_search_on_the_raw_figures():
    first, second = synthesis(world(*trials())).pooled
    yi, vi = differences()
    mu, se, tau2 = reml(yi, vi)
    assert (first["estimate"], first["se"], first["tau2"]) == pytest.approx((mu, se, tau2), rel=1e-5)
    assert (first["scenario"], first["pi_df"]) == ("as printed", 2)
    assert (second["model"], second.get("pi_df")) == (BAYES, None)


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


def test_published_studies_take_part_only_when_asked_for():
    tables = world(*trials(), tiers={"b": "published", "c": "comparator"})
    (core,) = synthesis(tables).pooled
    assert (core["pooled"], core["studies"]) == (False, "a") and "another tier" in core["reason"]
    assert set(synthesis(tables, "published").pooled[0]["studies"].split(";")) == {"a", "b"}


def test_an_sd_is_imputed_for_a_difference_and_the_row_says_so():
    lines = [line("a", 12.0, 3.0), line("b", 18.0, None, n=148, n_comparator=75)]
    found = synthesis_of_lines(lines, "published", Options(assumed_sd=18.0))
    validate("pooled", found.pooled)
    assert not any(row["pooled"] for row in found.pooled if row["scenario"] == "as printed")
    [fit] = [row for row in found.pooled if row["pooled"] and row["model"] == RANDOM]
    mu, se, _ = reml(np.array([12.0, 18.0]), np.array([9.0, 18**2 * (1 / 73 + 1 / 75)]))
    assert (fit["estimate"], fit["se"]) == pytest.approx((mu, se), rel=1e-5)
    assert (fit["scenario"], fit["assumption"]) == (IMPUTED, "SD 18 imputed (missing)")
    [own] = [row for row in found.members if row["study_id"] == "b"]
    df = (1 / 73 + 1 / 75) ** 2 / (1 / 73**2 / 72 + 1 / 75**2 / 74)
    half = 18 * np.sqrt(1 / 73 + 1 / 75) * stats.t.ppf(0.975, df)
    assert (own["ci_lower"], own["ci_upper"]) == pytest.approx((18 - half, 18 + half))
    assert own["ci_method"] == "Welch's t"


def test_every_difference_ends_in_an_estimate_or_a_reason():
    lines = [
        line("a", 12.0, None, n=148, n_comparator=75), line("b", 18.0, None, n=None, timepoint_weeks=52.0),
        line("c", 9.0, None, set_aside="not a usual dose"), line("d", 7.0, 2.0, set_aside="not a usual dose"),
    ]  # fmt: skip
    found = synthesis_of_lines(lines, "context", Options()).pooled
    told = {(row["studies"], row["scenario"]): row["reason"] for row in found}
    assert set(told) == {("a", IMPUTED), *((name, "as printed") for name in "abcd")}
    assert all("neither an SD nor an interval" in told[name, "as printed"] for name in "ab")
    assert all("not a usual dose" in told[name, "as printed"] for name in "cd")


@pytest.mark.parametrize("lone", [
    line("a", 8.0, 2.0), line("a", 8.0, None), line("a", 8.0, 0.0), line("a", 8.0, None, ci_lower=1.0, ci_upper=9.0),
    share("a", 14, 16), share("a", 14, 16) | {"effect": 0.8, "events": None}, line("a", 8.0, 2.0, set_aside="dose"),
])  # fmt: skip
def test_without_a_doubtful_estimate_a_row_says_that_nothing_is_left(lone):
    found = synthesis_of_lines([lone | {"certain_discrepancies": 1}], "core", Options()).pooled
    printed = [row for row in found if row["scenario"] == "as printed"]
    assert [row["without_certain_discrepancies"] for row in printed] == [False, True]


@pytest.mark.parametrize(
    ("measure", "values", "to", "back", "slope"),
    [("CLES", (0.9, 0.7), logit, expit, lambda x: x * (1 - x)), ("CLIFF", (0.8, 0.4), np.arctanh, np.tanh, lambda x: 1 - x**2)],
)  # fmt: skip
def test_rank_effects_are_pooled_where_no_limit_leaves_their_scale(measure, values, to, back, slope):
    shared = {"measure": measure, "unit": "u"}
    lines = [line(name, value, 0.09, **shared) for name, value in zip("ab", values, strict=True)]
    found = synthesis_of_lines(lines, "core", Options())
    [fit] = [row for row in found.pooled if row["model"] == RANDOM]
    variances = (0.09 / slope(np.array(values))) ** 2
    mu, se, _ = reml(to(np.array(values)), variances)
    half = stats.t.ppf(0.975, 1) * se
    expected = [float(back(value)) for value in (mu, mu - half, mu + half)]
    assert [fit["estimate"], fit["ci_lower"], fit["ci_upper"]] == pytest.approx(expected, rel=1e-4)
    assert fit["measure"] == measure and -1 < fit["pi_lower"] < fit["pi_upper"] < 1
    ends = synthesis_of_lines([lines[0], lines[1] | {"effect": 1.0}], "core", Options()).pooled
    assert not any(row["pooled"] for row in ends) and any("end of its scale" in row["reason"] for row in ends)


def test_reasons_name_the_studies_that_give_them():
    reasons = {"a": "no SD", "b": "in words", "c": "no SD"}
    bare = [line(name, None, None, why_not=why) for name, why in reasons.items()]
    [row] = synthesis_of_lines(bare, "core", Options()).pooled
    assert row["reason"] == "no meta-analysis: a, c: no SD; b: in words"


def test_medians_are_never_pooled_as_means():
    rows = [*trials("a"), change("m", "t", None, None, 25, median=14.0, q1=6.0, q3=21.0),
            change("m", "c", None, None, 25, median=3.0, q1=-2.0, q3=8.0)]  # fmt: skip
    found = synthesis(world(*rows, tiers={"m": "published"}), "published").pooled
    assert not any(row["pooled"] and row["unit"] == "hairs/cm2" for row in found)


def test_what_an_imputed_sd_does_not_change_is_not_told_again():
    found = synthesis(world(*trials()), "published").pooled
    assert {row["scenario"] for row in found} == {"as printed"}


@pytest.mark.parametrize(("visit", "taken", "other"), [("latest", 67, 15.2), ("earliest", 15.2, 67)])
def test_a_study_gives_the_visit_that_is_asked_for_and_the_other_one_is_shown_beside(visit, taken, other):
    lines = [
        line("a", 35.0, timepoint_weeks=26.0),
        line("b", 15.2, name="b.1", timepoint_weeks=24.0, timepoint_printed="24 weeks"),
        line("b", 67.0, name="b.2", timepoint_weeks=28.0, timepoint_printed="28 weeks"),
    ]
    found = synthesis_of_lines(lines, "core", Options(visit=visit))
    [fit] = [row for row in found.pooled if row["pooled"] and row["model"] == RANDOM]
    assert fit["estimate"] == pytest.approx((35 + taken) / 2)
    (member,) = [row for row in found.members if row["study_id"] == "b"]
    assert member["other_visits"] == f"{other:g} at {24 if visit == 'latest' else 28} weeks"


def test_a_study_of_serious_concern_leaves_the_synthesis_and_is_shown_put_back():
    tables = world(*trials())
    found = tier_synthesis(tables, "core", overall={}, serious={"c"})
    main = [row for row in found.pooled if row["scenario"] != WITH_SERIOUS and row["model"] == RANDOM]
    back = [row for row in found.pooled if row["scenario"] == WITH_SERIOUS and row["model"] == RANDOM]
    assert [row["studies"] for row in main] == ["a;b"] and [row["studies"] for row in back] == ["a;b;c"]
    assert main[0]["estimate"] == pytest.approx(reml(*differences("ab"))[0], rel=1e-5)
    assert back[0]["estimate"] == pytest.approx(reml(*differences())[0], rel=1e-5)
    shown = shown_estimate(validate("pooled", found.pooled), "hair_density", "core")
    assert shown["studies"] == "a;b"
    (alone, *_) = tier_synthesis(world(*trials("a")), "core", overall={}, serious={"a"}).pooled
    assert alone["scenario"] == WITH_SERIOUS


def test_the_headline_of_a_folder_is_the_pool_or_else_the_single_estimate(tmp_path):
    assert headline(tmp_path) == {}
    other = {"ci_lower": 1.0, "ci_upper": 9.0, "comparator": "active", "comparator_name": "minoxidil"}
    lines = [line("a", 10.0, 2.0), line("b", 14.0, 1.0), line("c", 50.0, 2.0, **other)]
    lines.append(line("d", 5.0, 2.0, **other | {"estimand": "within_participant"}))
    rows = synthesis_of_lines(lines, "core", Options()).pooled
    drugs = synthesis_of_lines(lines[:2], CONTEXT, Options()).pooled
    write_table("pooled", [*rows, *drugs], tmp_path)
    found = headline(tmp_path)
    assert (found["estimates"], found["pooled"]) == (len(rows), sum(row["pooled"] for row in rows))
    main, other = [row["estimate"] for row in rows if row["pooled"]][:2]  # random effects, Bayesian
    assert found["hair_density between_group"] == pytest.approx(main) != pytest.approx(other)
    assert [found[f"hair_density within_participant{end}"] for end in ("", " lower", " upper")] == [5, 1, 9]
