"""Sensitivity analysis: one question under every defensible choice, and which choice matters most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from helpers.context import CONTROLS
from helpers.pooling.assumptions import PlainStudies, density_changes, plain_studies
from helpers.pooling.groups import TEST_WORDS
from helpers.pooling.specification_sets import EstimateSet, Levels, Question, estimate_sets, made_effects
from metastats.batches import pool_many
from notebookpress.tables import join_ids, records

CHOICES = {
    "tier": "tier of evidence",
    "included": "studies included",
    "times": "times set side by side",
    "visit": "visit of each study",
    "measure": "measure",
    "medians": "medians",
    "group_share": "share of people in the treated group",
    "sd_use": "standard deviation",
    "pre_post_correlation": "pre-post correlation",
    "set_against": "set against",
    "tau2_method": "estimator of tau²",
    "ci_method": "interval",
}


def choice_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how far each choice moves the estimate when all others stay, the strongest first.

    Parameters
    ----------
    frame : pandas.DataFrame
        What `specification_rows` returned, with all combinations.

    Returns
    -------
    list of dict
        `choice`, `levels`, `sets` (matched sets that differ in this choice alone), `mean_move` and
        `largest_move` of the estimate, `mean_widening` (how much the width of the interval changes), and
        `turned`, the share of sets in which the conclusion changes.

    """
    rows = []
    for choice in CHOICES:
        others = [name for name in CHOICES if name != choice]
        grouped = frame.groupby(others, sort=False, observed=True)
        sizes = grouped[choice].nunique()
        row = {"choice": choice, "levels": int(frame[choice].nunique()), "sets": int((sizes > 1).sum())}
        if row["sets"]:
            several = sizes[sizes > 1].index
            moved = (grouped["estimate"].max() - grouped["estimate"].min())[several]
            width = (frame["ci_upper"] - frame["ci_lower"]).groupby(
                [frame[name] for name in others], sort=False
            )
            wider = (width.max() - width.min())[several]
            turned = grouped["conclusion"].nunique()[several] > 1
            row |= {"mean_move": float(moved.mean()), "largest_move": float(moved.max()),
                    "mean_widening": float(wider.mean()), "turned": float(turned.mean())}  # fmt: skip
        rows.append(row)
    return sorted(
        rows, key=lambda row: (-row.get("mean_move", -1), -row.get("mean_widening", -1), row["choice"])
    )


# Those that simulations of few studies speak for, and the one that most papers used; EB equals PM.
TAU2_CHOICES = ("REML", "PM", "SJ", "DL")
SPECIFICATION = [*CHOICES, "studies", "k", "estimate", "ci_lower", "ci_upper", "tau2"]
BASELINE = "its own baseline"
ONE_STUDY = "one study only"


def specification_rows(
    sets: Sequence[EstimateSet],
    question: Question,
    *,
    level: float = 0.95,
    estimators: Sequence[str] = TAU2_CHOICES,
    intervals: Sequence[str] = tuple(TEST_WORDS),
    drifts: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return every specification with its estimate and interval, one row each.

    Parameters
    ----------
    sets : sequence of EstimateSet
        What `estimate_sets` returned.
    question : Question
        What they are about.
    level : float
        Coverage of the intervals.
    estimators, intervals : sequence of str
        Choices of the model.
    drifts : mapping of str to float, optional
        What would have happened without exosomes, by name, in the unit of the question: taken off a change
        within an arm. A difference between arms has its own control.

    Returns
    -------
    pandas.DataFrame
        A column for each choice, `k`, `studies`, `estimate`, `ci_lower`, `ci_upper`, `tau2`, and
        `conclusion`. A single study needs no estimator and no Knapp-Hartung; it stands once, as such.

    """
    parts = [_one_study([one for one in sets if len(one.yi) == 1])]
    several = [one for one in sets if len(one.yi) > 1]
    if several:
        yi, vi = _padded(several)
        for method, test in product(estimators, intervals):
            fit = pool_many(yi, vi, method=method, test=test, level=level, missing="drop")
            rows = _choice_frame(several, method, TEST_WORDS[test])
            limits = {"ci_lower": fit.ci_lower, "ci_upper": fit.ci_upper}
            parts.append(rows.assign(k=fit.k, estimate=fit.estimate, tau2=fit.tau2, **limits))
    parts = [part for part in parts if len(part)] or [pd.DataFrame(columns=SPECIFICATION)]
    frame = pd.concat(parts, ignore_index=True)
    frame = _set_against(
        frame, drifts if drifts and question.estimand == "uncontrolled_change" else {BASELINE: 0.0}
    )
    frame["conclusion"] = conclusions(frame["ci_lower"], frame["ci_upper"])
    fixed = {"concept": question.concept, "estimand": question.estimand, "unit": question.unit}
    return frame.assign(**fixed)


def conclusions(lower: Any, upper: Any) -> list[str]:
    """Return what each interval says: `gain`, `loss`, or `not shown` where it holds 0."""
    return [
        "gain" if low > 0 else "loss" if high < 0 else "not shown"
        for low, high in zip(lower, upper, strict=True)
    ]


def distinct_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the specifications that differ in their studies or their answer; of equal ones the first.

    With two studies several estimators give one answer: it stands once.
    """
    if frame.empty:
        return frame
    answer = frame[["k", "studies", "estimate", "ci_lower", "ci_upper"]]
    keep = ~answer.round(9).duplicated()
    return frame[keep].sort_values(["estimate", "ci_lower"], kind="stable").reset_index(drop=True)


def _set_against(frame: pd.DataFrame, drifts: Mapping[str, float]) -> pd.DataFrame:
    """Return the specifications once for each drift, moved down by it."""
    moved = ["estimate", "ci_lower", "ci_upper"]
    parts = [
        frame.assign(set_against=name, **{one: frame[one] - drift for one in moved})
        for name, drift in drifts.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _choice_frame(sets: Sequence[EstimateSet], method: str, test: str) -> pd.DataFrame:
    frame = pd.DataFrame([one.choices | {"studies": join_ids(one.studies)} for one in sets])
    return frame.assign(tau2_method=method, ci_method=test)


def _one_study(sets: Sequence[EstimateSet]) -> pd.DataFrame:
    if not sets:
        return pd.DataFrame()
    frame = _choice_frame(sets, ONE_STUDY, ONE_STUDY)
    lower, upper = np.array([one.limits[0] for one in sets]).T
    estimate = [one.yi[0] for one in sets]
    return frame.assign(k=1, estimate=estimate, ci_lower=lower, ci_upper=upper, tau2=np.nan)


def _padded(sets: Sequence[EstimateSet]) -> tuple[np.ndarray, np.ndarray]:
    """Return effects and variances as rows of one length, NaN where a set has fewer."""
    most = max(len(one.yi) for one in sets)
    yi, vi = (np.full((len(sets), most), np.nan) for _ in range(2))
    for row, one in enumerate(sets):
        yi[row, : len(one.yi)], vi[row, : len(one.vi)] = one.yi, one.vi
    return yi, vi


# Assumption, its range, and the choices under which it counts.
ASSUMPTIONS: dict[str, tuple[float, float, dict[str, Any]]] = {
    "drift": (0.0, 100.0, {}),
    "assumed_sd": (1.0, 150.0, {"sd_use": ("doubtful",)}),
    "pre_post_correlation": (0.0, 0.99, {"visit": ("earliest",), "measure": ("standardised",)}),
    "group_share": (0.15, 0.85, {"visit": ("earliest",), "measure": ("standardised",)}),
}
TURNING_WORDS = {
    "drift": "change that would have come without exosomes",
    "assumed_sd": "SD of the change between people",
    "pre_post_correlation": "pre-post correlation",
    "group_share": "share of people in the treated group",
}


def turning_rows(
    tables: dict[str, pd.DataFrame] | PlainStudies,
    question: Question,
    chosen: Levels,
    model: Mapping[str, str],
    drift: float = 0.0,
) -> list[dict[str, Any]]:
    """Return for each assumption the value at which the conclusion turns, in each tier.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        As for `tier_synthesis`.
    question : Question
        What the conclusion is about.
    chosen : Levels
        One value for each choice but the tier.
    model : mapping
        `tau2_method` and `ci_method`.
    drift : float
        Change that is taken off a change within an arm, in the unit of the question.

    Returns
    -------
    list of dict
        `assumption`, `tier`, `low`, `high`, `at_low` and `at_high` (`gain`, `loss`, `not shown`,
        `no estimate`), `turns_at` (missing where it does not turn) and `under`, the choices that make
        the assumption count.

    """
    # only studies that ever have a place in the question are looked at again and again
    wide = replace(chosen, measure=("raw", "standardised"), times=("any",), included="all", sd_use=("all",))
    plain = plain_studies(tables)
    names = {name for one in estimate_sets(plain, question, wide) for name in one.studies}
    plain = plain.of(names)
    rows = []
    for tier in chosen.tier:
        for name, (low, high, under) in ASSUMPTIONS.items():
            if name == "drift" and question.estimand != "uncontrolled_change":
                continue
            base = replace(chosen, tier=(tier,), **under)
            made = list(made_effects(plain, base)) if name in ("drift", "assumed_sd") else None

            def limits(
                value: float, name: str = name, base: Levels = base, made: list | None = made
            ) -> tuple[float, float] | None:
                """Return the limits of the interval when the assumption takes a value."""
                changed = {"drift": {}, "assumed_sd": {name: value}}.get(name, {name: (value,)})
                taken = value if name == "drift" else drift
                frame = _single(plain, question, replace(base, **changed), model, taken, made)
                return next(zip(frame["ci_lower"], frame["ci_upper"], strict=True), None)

            at, first, last = turning_point(limits, low, high, 8 if name != "group_share" else 6)
            row = {"assumption": name, "tier": tier}
            row |= {"concept": question.concept, "estimand": question.estimand}
            row |= {"low": low, "high": high, "at_low": first, "at_high": last, "turns_at": at}
            key = f"{question.concept}.{question.estimand}.{tier}.{name}"
            choices = ", ".join(str(value[0]) for value in under.values())
            rows.append(row | {"turning_id": key, "under": choices or None})
    return rows


def _single(
    plain: PlainStudies,
    question: Question,
    levels: Levels,
    model: Mapping[str, str],
    drift: float,
    made: list | None = None,
) -> pd.DataFrame:
    """Return the one specification that levels of one value each name; no row without an estimate."""
    return specification_rows(
        estimate_sets(plain, question, levels, made)[:1],
        question,
        level=levels.level,
        estimators=[model["tau2_method"]],
        intervals=[model["ci_method"]],
        drifts={BASELINE if drift == 0 else f"{drift:g} {question.unit}": drift},
    )


def turning_point(
    limits: Callable[[float], tuple[float, float] | None], low: float, high: float, points: int = 8
) -> tuple[float | None, str, str]:
    """Return where an assumption first turns the conclusion, and the conclusion at both ends of its range.

    Parameters
    ----------
    limits : callable
        From a value of the assumption to the limits of the interval; None where there is no estimate.
    low, high : float
        Range of the assumption.
    points : int
        Values looked at before the point is refined by Brent's method.

    """
    grid = np.linspace(low, high, points)
    found = [limits(float(value)) for value in grid]
    words = ["no estimate" if one is None else conclusions([one[0]], [one[1]])[0] for one in found]
    for place in range(points - 1):
        one, other = found[place], found[place + 1]
        if one is None or other is None or words[place] == words[place + 1]:
            continue
        # the limit that passes 0 first on the way: the lower one when a gain is lost or won
        side = 0 if "gain" in (words[place], words[place + 1]) and words[place] != "loss" else 1
        root = brentq(lambda x: (limits(x) or (0.0, 0.0))[side], grid[place], grid[place + 1], xtol=1e-6)  # noqa: B023
        return float(root), words[0], words[-1]
    return None, words[0], words[-1]


QUESTIONS = (
    Question("hair_density", "between_group"),
    Question("hair_density", "within_participant"),
    Question("hair_density", "uncontrolled_change"),
)


@dataclass(frozen=True)
class Sensitivity:
    """Rows of `specifications`, `choice_effects` and `turning_points`; and the chosen specifications."""

    specifications: list[dict[str, Any]]
    choice_effects: list[dict[str, Any]]
    turning_points: list[dict[str, Any]]
    chosen: list[dict[str, Any]]


def sensitivity(
    tables: dict[str, pd.DataFrame],
    chosen: Levels,
    model: Mapping[str, str],
    *,
    drift: float = 0.0,
    questions: tuple[Question, ...] = QUESTIONS,
) -> Sensitivity:
    """Return the answer to each question under every combination of choices.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        As for `tier_synthesis`.
    chosen : Levels
        The choices of this run, one value each but for the tiers.
    model : mapping
        `tau2_method` and `ci_method` of this run.
    drift : float
        Change without exosomes, set against a change within an arm in the chosen specification.
    questions : tuple of Question
        Questions to ask; those without any estimate give no row.

    """
    found = Sensitivity([], [], [], [])
    every = Levels(tier=chosen.tier, assumed_sd=chosen.assumed_sd, time_tolerance=chosen.time_tolerance,
                   level=chosen.level, second_hand=chosen.second_hand)  # fmt: skip
    drifts, plain = placebo_drifts(tables), plain_studies(tables)
    made = list(made_effects(plain, every))  # once for all questions
    for question in questions:
        sets = estimate_sets(plain, question, every, made)
        if not sets:
            continue
        frame = specification_rows(sets, question, level=chosen.level, drifts=drifts)
        key = f"{question.concept}.{question.estimand}"
        shown = distinct_rows(frame)
        names = [f"{key}.{number:05d}" for number in range(1, len(shown) + 1)]
        found.specifications.extend(records(shown.assign(specification_id=names)))
        asked = {"concept": question.concept, "estimand": question.estimand}
        found.choice_effects.extend(
            row | asked | {"choice_id": f"{key}.{row['choice']}"} for row in choice_rows(frame)
        )
        found.turning_points.extend(turning_rows(plain, question, chosen, model, drift))
        for tier in chosen.tier:
            frame = _single(plain, question, replace(chosen, tier=(tier,)), model, drift)
            found.chosen.extend(records(frame))
    return found


def placebo_drifts(tables: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Return what a change in hair density may be set against: nothing, and what placebo arms did elsewhere.

    The placebo and untreated arms of established treatments are read from the table `comparators`; without
    it a change stands against its own baseline alone.
    """
    drifts = {BASELINE: 0.0}
    if "comparators" not in tables:
        return drifts
    changes = density_changes(tables["comparators"])
    idle = changes.loc[changes["treatment"].isin(CONTROLS), "change_mean"].dropna()
    if len(idle):
        drifts |= {"lowest placebo change": idle.min(), "highest placebo change": idle.max()}
    return drifts
