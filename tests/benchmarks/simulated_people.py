"""The people of a simulated study, one by one, and how their values are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from simulated_papers import Habits


@dataclass
class Group:
    """The people of an arm, or their scalp site."""

    arm: str
    label: str
    before: np.ndarray
    after: np.ndarray  # NaN for who was lost
    age: np.ndarray
    rating: np.ndarray
    better: np.ndarray
    affected: int
    carried: int = 0  # people lost whose last value stands for the one at the end

    @property
    def stayed(self) -> np.ndarray:
        """Return who was seen at the end."""
        return ~np.isnan(self.after)

    @property
    def change(self) -> np.ndarray:
        """Return the changes of who was seen twice."""
        return (self.after - self.before)[self.stayed]


ARMS = (
    ("exosome", "exosome", "exosomes"),
    ("saline", "placebo", "saline"),
    ("minoxidil", "active", "minoxidil 5 %"),
)


def _sizes(habits: Habits, rng: np.random.Generator) -> list[int]:
    """Return the people randomised to each arm, by permuted blocks where there are blocks."""
    if habits.design != "parallel":
        return [habits.size] * habits.arms
    if habits.uneven and habits.arms == 2 and not habits.block:
        return [2 * habits.size, habits.size]
    per_block = habits.block // habits.arms if habits.block and habits.block % habits.arms == 0 else None
    if per_block is None:
        return [
            int(n)
            for n in np.maximum(rng.binomial(habits.size * habits.arms, 1 / habits.arms, habits.arms), 6)
        ]
    whole, rest = divmod(habits.size * habits.arms + int(rng.integers(0, habits.block)), habits.block)
    last = rng.permutation(np.repeat(np.arange(habits.arms), per_block))[:rest]
    return [int(whole * per_block + (last == arm).sum()) for arm in range(habits.arms)]


def _values(habits: Habits, rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """Return values as they were measured: whole hairs, or the mean of two photographs."""
    if habits.outcome == "hair_thickness":
        return np.maximum(values, 10)
    readings = [
        np.rint(np.maximum(values + rng.normal(0, 2, len(values)), 5)) for _ in range(habits.readings)
    ]
    return np.mean(readings, axis=0)


def draw_people(habits: Habits, rng: np.random.Generator) -> list[Group]:
    """Draw everybody's values; arms of one scalp share people."""
    centre, spread = (
        (62, 11) if habits.outcome == "hair_thickness" else (rng.integers(90, 180), rng.integers(15, 35))
    )
    groups: list[Group] = []
    lost: np.ndarray = np.array([])
    shared = habits.design in ("within_person", "crossover")
    low, high = habits.scale or (1, 5)
    for (arm, _, label), n in zip(ARMS, _sizes(habits, rng), strict=False):
        gain = rng.normal(12 if arm != "saline" else 3, 4) * (
            0.4 if habits.outcome == "hair_thickness" else 1
        )
        base = groups[0].before if shared and groups else rng.normal(centre, spread, n)
        before = _values(habits, rng, base + rng.normal(0, 3, n))
        after = _values(habits, rng, before + gain + rng.normal(0, 9, n))
        gone = rng.random(n) < (0.12 if habits.lost else 0)
        gone[: min(5, n)] = False
        lost = lost if shared and groups else gone
        if shared and groups:
            gone = lost
        rating = np.clip(np.rint(rng.normal((low + high) / 2 + 0.5, 1, n)), low, high)
        age = groups[0].age if shared and groups else np.clip(np.rint(rng.normal(36, 8, n)), 19, 59)
        better = rng.random(n) < (0.7 if arm != "saline" else 0.35)
        affected = int(rng.binomial(n, 0.2))
        last = np.where(gone, before if habits.carried else np.nan, after)
        carried = int(gone.sum()) if habits.carried else 0
        groups.append(Group(arm, label, before, last, age, rating, better, affected, carried))
    return groups


def compare(habits: Habits, one: Group, two: Group) -> tuple[float, float, float, float]:
    """Return difference of changes, its limits, and the p value by the paper's test."""
    test, paired = habits.between or "", habits.design in ("within_person", "crossover")
    if paired:
        found = stats.ttest_rel(one.change, two.change)
    else:
        found = stats.ttest_ind(one.change, two.change, equal_var=test.startswith("Student"))
    low, high = found.confidence_interval(0.95)
    value = found.pvalue
    if test.startswith("one-sided"):
        value = stats.t.sf(found.statistic, found.df)
    elif test.startswith("Mann"):
        both = (one.change, two.change)
        value = stats.wilcoxon(both[0] - both[1]).pvalue if paired else stats.mannwhitneyu(*both).pvalue
    elif test == "analysis of covariance" and not paired:
        return covariance(one, two)
    return float(one.change.mean() - two.change.mean()), float(low), float(high), float(value)


def covariance(one: Group, two: Group) -> tuple[float, float, float, float]:
    """Return the difference adjusted for the value at baseline, its limits and p value."""
    before = np.concatenate([one.before[one.stayed], two.before[two.stayed]])
    treated = np.repeat([1.0, 0.0], [len(one.change), len(two.change)])
    design = np.column_stack([np.ones_like(before), treated, before])
    change = np.concatenate([one.change, two.change])
    beta, *_ = np.linalg.lstsq(design, change, rcond=None)
    free = len(change) - 3
    variance = ((change - design @ beta) ** 2).sum() / free * np.linalg.inv(design.T @ design)[1, 1]
    half = stats.t.ppf(0.975, free) * variance**0.5
    return beta[1], beta[1] - half, beta[1] + half, 2 * stats.t.sf(abs(beta[1]) / variance**0.5, free)


def share_p(test: str, counts: tuple[int, int], sizes: tuple[int, int]) -> float:
    """Return the p value of two shares by a named test; 1 where there is nothing to test."""
    table = np.array([counts, np.subtract(sizes, counts)])
    if (table.sum(axis=1) == 0).any():
        return 1.0
    if test.startswith("Fisher"):
        return float(stats.fisher_exact(table).pvalue)
    return float(stats.chi2_contingency(table, correction="correction" in test).pvalue)
