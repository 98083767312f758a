"""Only answers to one question are pooled: comparator, background, unit and time; shares as counts; printed intervals."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from case_files import cases_of
from made_lines import line, share
from real_tables import tables_to_effects

from helpers.comparison import comparison_lines
from helpers.pooling.groups import SHOWN_ONLY, counts_of, rows_of_lines
from helpers.pooling.tiers import BAYES, EXACT_BINOMIAL, ROBUST, Options, synthesis_of_lines, tier_synthesis
from helpers.tables import validate
from helpers.tables.vocabulary import tiers_of
from metastats import cluster_robust, pool, sampling_covariance, three_level

CASES = cases_of(__file__)


def rows(*lines, **options):
    found = rows_of_lines(list(lines), Options(**options))
    named = [row | {"pooled_id": str(place), "evidence": "core"} for place, row in enumerate(found)]
    validate("pooled", named)
    return found


@pytest.mark.parametrize(("other", "why"), CASES["questions"])
def test_an_answer_to_another_question_stays_alone(other, why):
    first, second = rows(line("a", 15.0), line("b", 1.0) | other)
    assert not first["pooled"] and not second["pooled"]
    assert {first["estimate"], second["estimate"]} == {15.0, 1.0}
    assert why in first["reason"] and first["participants"] == 40


TWO = line("a", 10.0), line("b", 16.0, 2.8, timepoint_weeks=26.0)


def test_a_certain_discrepancy_gives_the_pool_with_and_without_the_estimate():
    first, second = rows(*TWO, line("c", 2.0, certain_discrepancies=1))
    assert (first["k"], first["without_certain_discrepancies"]) == (3, False)
    assert (second["k"], second["without_certain_discrepancies"], second["pooled"]) == (2, True, True)
    (expected,) = rows(*TWO)
    assert (second["estimate"], second["se"]) == pytest.approx((expected["estimate"], expected["se"]))
    assert "2 studies report hair density as difference between groups" in expected["reason"]


@pytest.mark.parametrize(("doubts", "left"), [((1, 0), 1), ((1, 1), 0)])
def test_when_doubt_leaves_too_few_nothing_is_pooled_without_them(doubts, left):
    made = [one | {"certain_discrepancies": doubt} for one, doubt in zip(TWO, doubts, strict=True)]
    first, second = rows(*made)
    assert first["pooled"] is True
    assert (second["pooled"], second["k"], second.get("estimate")) == (False, left, None)
    assert f"{left} is left" in second["reason"]


def test_an_estimate_without_any_spread_does_not_decide_alone():
    single, fit = rows(*TWO, line("c", 50.0, 0.0))
    assert "standard error is 0" in single["reason"] and fit["studies"] == "b;a"


def test_nothing_is_pooled_on_the_five_sources_and_every_row_says_why():
    tables = tables_to_effects()
    lines = validate("comparisons", comparison_lines(tables, overall={}))
    for evidence in ("core", "published"):
        found = tier_synthesis(tables | {"comparisons": lines}, evidence, overall={}).pooled
        assert not any(row["pooled"] for row in found)
        reasons = ("no meta-analysis: ", "a certain discrepancy touches the only estimate")
        assert all(row["reason"].startswith(reasons) for row in found)
        shown = lines[lines["tier"].isin(tiers_of(evidence))]
        assert {row["concept"] for row in found} == set(shown["concept"])
        change = next(row for row in found if row.get("estimate") == 35)
        assert (change["participants"], change["k"]) == (16, 1)
        assert (change["ci_lower"], change["ci_upper"]) == pytest.approx((31.536, 38.464), abs=5e-4)


@pytest.mark.parametrize(("comparator", "names", "pooled"), [
    ("active", ("minoxidil 5 %", "Minoxidil 5%"), True), ("active", ("minoxidil 5 %", "PRP"), False),
    ("active", (None, None), False), ("placebo", ("saline", "vehicle"), True),
])  # fmt: skip
def test_an_active_comparator_counts_by_its_name_and_a_placebo_by_its_class(comparator, names, pooled):
    """Two active comparators without a name are not known to be one."""
    both = {"comparator": comparator}
    pairs = zip("ab", names, strict=True)
    found = rows(*(line(study, 1.0, comparator_name=name, **both) for study, name in pairs))
    assert [row["pooled"] for row in found] == ([True] if pooled else [False, False])
    if pooled:
        assert (found[0]["k"], found[0]["comparator_name"]) == (2, "; ".join(names))


def test_uncontrolled_changes_are_shown_and_never_averaged():
    plain = {"estimand": "uncontrolled_change", "comparator": "none", "measure": "MC"}
    first, second = rows(line("a", 35.0, **plain), line("b", 67.0, **plain))
    assert not first["pooled"] and SHOWN_ONLY in first["reason"] and SHOWN_ONLY in second["reason"]


@pytest.mark.parametrize(
    "counts", [[(14, 16), (20, 20), (27, 30)], [(15, 16), (19, 20), (29, 30)], [(0, 12), (0, 9)]]
)
def test_proportions_are_pooled_as_log_odds_with_every_study_in(counts):
    made = [share(f"s{place}", x, n) for place, (x, n) in enumerate(counts)]
    (row,) = rows(*made)
    cells = [(x + 0.5, n - x + 0.5) if x in (0, n) else (x, n - x) for x, n in counts]
    fit = pool([np.log(x / m) for x, m in cells], [1 / x + 1 / m for x, m in cells], test="adhoc")
    told = 1 / (1 + np.exp(-np.array([fit.estimate, fit.ci_lower, fit.ci_upper])))
    assert [row["estimate"], row["ci_lower"], row["ci_upper"]] == pytest.approx(list(told))
    assert (row["k"], row["measure"], row["unit"]) == (len(counts), "PLO", "proportion")
    assert row["participants"] == sum(n for _, n in counts)
    limits = [row[name] for name in ("pi_lower", "ci_lower", "estimate", "ci_upper", "pi_upper")]
    assert limits == sorted(limits) and limits[0] > 0 and limits[-1] < 1


def test_the_bayesian_fit_and_leave_one_out_of_proportions_stay_within_0_and_1():
    made = [share(f"s{place}", x, n) for place, (x, n) in enumerate([(14, 16), (20, 20), (27, 30)])]
    found = synthesis_of_lines(made, "core", Options())
    validate("pooled", found.pooled)
    validate("pool_members", found.members)
    assert [row["model"] for row in found.pooled] == ["random effects", BAYES, EXACT_BINOMIAL]
    for row in found.pooled:
        assert 0 < row["ci_lower"] < row["estimate"] < row["ci_upper"] < 1
    assert {row["left_out_k"] for row in found.members} == {2}
    assert all(0 < row["left_out_ci_lower"] < row["left_out_ci_upper"] < 1 for row in found.members)


def test_a_share_that_no_count_gives_is_shown_as_printed_without_an_interval():
    odd = share("a", 14, 16) | {"effect": 0.87, "events": None, "ci_lower": 0.6, "ci_upper": 0.9}
    first, second = rows(odd, share("b", 9, 10))
    assert (first["estimate"], first["ci_lower"], first["ci_method"]) == (0.87, None, None)
    assert "no number of people" in first["reason"] and not second["pooled"]


def test_an_uneven_interval_gives_none_and_is_shown():
    first, second = rows(line("a", 0.73, None, ci_lower=0.41, ci_upper=0.89), line("b", 0.6, 0.1))
    assert not first["pooled"] and (first["ci_lower"], first["ci_upper"]) == (0.41, 0.89)
    assert "gives no standard error" in first["reason"] and not second["pooled"]


def test_one_estimate_a_study_by_a_rule_that_neither_names_nor_order_move():
    own = [
        line("a", 8.0, name="a.1", site="vertex", timepoint_weeks=26.0),
        line("a", 12.0, name="a.2", timepoint_weeks=26.0),
        line("a", 30.0, name="a.3", timepoint_weeks=22.0),
    ]
    for order in permutations([*own, line("b", 10.0, timepoint_weeks=24.0)]):
        renamed = [row | {"line_id": f"{place}"} for place, row in enumerate(order)]
        for made in (order, renamed):
            fit = next(row for row in rows(*made) if row["pooled"])
            assert fit["k"] == 2 and fit["estimate"] == pytest.approx(11.0)  # the whole scalp at 26 weeks
    assert len([row for row in rows(*own, line("b", 10.0)) if not row["pooled"]]) == 2


def test_sites_that_are_left_are_averaged_as_if_fully_correlated():
    sites = [line("a", 8.0, 2.0, name="a.1", site="vertex"), line("a", 12.0, 4.0, name="a.2", site="crown")]
    (row,) = rows(*sites, line("b", 10.0))
    fit = pool([10.0, 10.0], [9.0, 9.0], test="adhoc")
    assert (row["estimate"], row["se"]) == pytest.approx((fit.estimate, fit.se))
    assert row["k"] == 2 and set(row["effect_ids"].split(";")) == {"a.1.e", "a.2.e", "b.1.e"}
    assert "fully correlated" in row["assumption"] and row["participants"] == 80


def test_arms_of_one_study_are_counted_together():
    arms = [share("a", 8, 10, arm_id="low", name="a.1"), share("a", 18, 20, arm_id="high", name="a.2")]
    (row,) = rows(*arms, share("b", 27, 30))
    (expected,) = rows(share("a", 26, 30), share("b", 27, 30))
    assert (row["estimate"], row["participants"]) == (pytest.approx(expected["estimate"]), 60)


def test_several_estimates_of_a_study_enter_a_cluster_robust_fit_beside_the_pool():
    lines = [line(name, effect, name=f"{name}.{site}", site=site, n=40 if site == "vertex" else 30)
             for name, effects in {"a": (8.0, 10.0), "b": (14.0, 15.0), "c": (9.0, 7.0)}.items()
             for site, effect in zip(("vertex", "crown"), effects, strict=True)]  # fmt: skip
    found = synthesis_of_lines(lines, "core", Options(site_correlation=0.6))
    validate("pooled", found.pooled)
    [plain] = [row for row in found.pooled if row["model"] == "random effects"]
    [robust] = [row for row in found.pooled if row["model"] == ROBUST]
    assert (plain["k"], robust["k"], robust["studies"]) == (3, 6, plain["studies"])
    studies, yi = list("aabbcc"), [8.0, 10.0, 14.0, 15.0, 9.0, 7.0]
    fit = three_level(yi, sampling_covariance([9.0] * 6, studies, r=0.6), studies)
    expected = cluster_robust(fit, studies, "CR2")
    assert (robust["estimate"], robust["se"]) == pytest.approx((expected.estimate, expected.se), rel=1e-6)
    assert "correlation 0.6" in robust["assumption"] and "CR2" in robust["ci_method"]
    alone = synthesis_of_lines([line("a", 8.0), line("b", 9.0)], "core", Options()).pooled
    assert ROBUST not in {row["model"] for row in alone}


@pytest.mark.parametrize(("line", "counts"), [
    ({"effect": 0.25, "n": 16}, (4, 16)), ({"effect": 0.3, "n": 16}, None), ({"effect": 0.25, "n_assumed": "16"}, None),
    ({"effect": 0.25, "n_assumed": "6 + 10", "events": 4}, (4, 16)), ({"effect": 1.25, "n": 16}, None),
    ({"effect": 0.0, "n": 16}, (0, 16)), ({"effect": 1.0, "n": 16}, (16, 16)), ({"effect": 0.25, "n": 0}, None),
])  # fmt: skip
def test_people_with_it_are_counted_where_they_are_told_or_follow(line, counts):
    assert counts_of(line) == counts
