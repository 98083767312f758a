"""Rank effects: medians with a Mann-Whitney p, ordered counts, and what is never made of them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from case_files import cases_of
from made_study import contrast, effects, result
from scipy import stats

from helpers.effects.counts import scale_order

CASES = cases_of(__file__)
SIZED = {"treated": ("exosome", 10), "control": ("placebo", 10)}
MEDIANS = (
    {"kind": "change", "median": 9.5, "iqr": 16.88},
    {"kind": "change", "median": 1.5, "iqr": 3.0, "arm_id": "control"},
)


def medians(**between) -> list[dict]:
    """Return two medians, the first with what is printed of a test between the arms."""
    return [result(**MEDIANS[0], **between), result(**MEDIANS[1])]


def ranks(rows: list[dict]) -> dict[str, dict]:
    """Return the comparisons of two arms by measure."""
    told = [row for row in rows if row.get("effect") is not None]
    return {row["measure"]: row for row in told if row["comparator"] != "none"}


def u_of(p: float, n1: int, n2: int) -> float:
    spread = np.sqrt(n1 * n2 * (n1 + n2 + 1) / 12)
    return n1 * n2 / 2 + 0.5 + stats.norm.isf(p / 2) * spread


def test_medians_with_a_mann_whitney_p_give_a_rank_effect():
    rows = ranks(effects(*medians(p_value=0.006, p_value_against="saline, the control"), arms=SIZED))
    auc = u_of(0.006, 10, 10) / 100
    assert rows["CLES"]["effect"] == pytest.approx(auc)
    assert rows["CLIFF"]["effect"] == pytest.approx(2 * auc - 1)
    assert rows["CLIFF"]["se"] == pytest.approx(2 * rows["CLES"]["se"])
    assert 0 < rows["CLES"]["ci_lower"] < auc < rows["CLES"]["ci_upper"] < 1
    assert (rows["CLIFF"]["headline"], rows["CLES"]["headline"]) == ("yes", "no")
    assert "Mann-Whitney test assumed" in rows["CLIFF"]["se_basis"]
    assert rows["CLIFF"]["n"] == 20


def test_a_rank_test_printed_as_a_comparison_is_the_same():
    printed = contrast(measure="RANK", p_value=0.006, p_value_test="Mann-Whitney", effect=None)
    rows = effects(*medians(), arms=SIZED, contrasts=[printed])
    (one,) = [row for row in rows if row["measure"] == "CLES"]
    assert one["effect"] == pytest.approx(u_of(0.006, 10, 10) / 100)
    assert "s.c01" in one["result_ids"].split(";")


@pytest.mark.parametrize("between", CASES["no_rank_test"])
def test_without_a_rank_test_between_the_arms_medians_give_no_effect(between):
    rows = effects(*medians(**between), arms=SIZED)
    assert ranks(rows) == {}
    assert all("without a mean" in row["why_not"] for row in rows)


GRADES = ("-1 worse", "0 unchanged", "1 slightly better", "2 much better")


def graded(counts: dict[str, tuple[int, ...]], order=range(4)) -> list[dict]:
    counted = {"kind": "count", "concept": "investigator_global"}
    places = product(counts, order)
    return [result(arm_id=arm, category=GRADES[at], count=counts[arm][at], **counted) for arm, at in places]


@pytest.mark.parametrize("order", [range(4), (3, 1, 0, 2)])
def test_counts_on_an_ordered_scale_give_a_rank_effect(order):
    counts = {"treated": (0, 2, 4, 4), "control": (2, 5, 3, 0)}
    rows = ranks(effects(*graded(counts, order), arms=SIZED))
    values = [np.repeat(np.arange(4), people) for people in counts.values()]
    u = stats.mannwhitneyu(*values).statistic
    assert rows["CLES"]["effect"] == pytest.approx(u / 100)
    assert rows["OR"]["effect"] > 0 and "proportional odds" in rows["OR"]["se_basis"]
    assert [name for name, row in rows.items() if row["headline"] == "yes"] == ["CLIFF"]


def test_groups_that_do_not_overlap_have_no_odds_ratio_and_those_of_other_scales_no_comparison():
    apart = {"treated": (0, 0, 6, 4), "control": (3, 7, 0, 0)}
    rows = ranks(effects(*graded(apart), arms=SIZED))
    assert {name: row["effect"] for name, row in rows.items()} == {"CLIFF": 1, "CLES": 1}
    for control in ((3, 7, 0), (1, 0, 0, 0)):  # three categories of the four; one person
        answers = {"treated": (0, 0, 6, 4), "control": control}
        told = [row for arm in answers for row in graded({arm: answers[arm]}, range(len(answers[arm])))]
        assert ranks(effects(*told, arms=SIZED)) == {}
    two = {"treated": (0, 1, 1, 0), "control": (1, 1, 0, 0)}
    assert ranks(effects(*graded(two), arms=SIZED))["CLIFF"]["effect"] == 0.75


def test_a_scale_whose_order_is_not_told_gives_shares_only():
    counted = {"kind": "count", "concept": "investigator_global", "count": 3}
    names = [(arm, name) for arm in SIZED for name in ("alpha", "beta", "gamma")]
    rows = effects(*(result(arm_id=arm, category=name, **counted) for arm, name in names), arms=SIZED)
    assert {row["measure"] for row in rows} == {"PR"}


@pytest.mark.parametrize(("names", "order"), CASES["order"])
def test_the_order_of_a_scale_comes_from_its_numbers_or_words(names, order):
    assert scale_order(names) == order
