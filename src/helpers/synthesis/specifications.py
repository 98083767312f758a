"""The specification curve: one question answered under every defensible choice, all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from helpers.synthesis.batches import pool_many
from helpers.synthesis.choice_effects import CHOICES
from helpers.synthesis.spec_sets import EstimateSet, Question
from helpers.tables import join_ids

# Those that simulations of few studies speak for, and the one that most papers used; EB equals PM.
ESTIMATORS = ("REML", "PM", "SJ", "DL")
INTERVALS = {"z": "normal", "knha": "Knapp-Hartung", "adhoc": "Knapp-Hartung, truncated"}
BASELINE = "its own baseline"
ONE_STUDY = "one study only"


def specification_rows(
    sets: Sequence[EstimateSet],
    question: Question,
    *,
    level: float = 0.95,
    estimators: Sequence[str] = ESTIMATORS,
    intervals: Sequence[str] = tuple(INTERVALS),
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
            rows = _choice_frame(several, method, INTERVALS[test])
            limits = {"ci_lower": fit.ci_lower, "ci_upper": fit.ci_upper}
            parts.append(rows.assign(k=fit.k, estimate=fit.estimate, tau2=fit.tau2, **limits))
    frame = (
        pd.concat([part for part in parts if len(part)], ignore_index=True)
        if any(map(len, parts))
        else _empty()
    )
    frame = _set_against(frame, drifts if drifts and question.contrast == "within_arm" else {BASELINE: 0.0})
    frame["conclusion"] = conclusions(frame["ci_lower"], frame["ci_upper"])
    fixed = {"concept": question.concept, "contrast": question.contrast, "unit": question.unit}
    return frame.assign(**fixed)


def conclusions(lower: Any, upper: Any) -> list[str]:
    """Return what each interval says: `gain`, `loss`, or `not shown` where it holds 0."""
    return [
        "gain" if low > 0 else "loss" if high < 0 else "not shown"
        for low, high in zip(lower, upper, strict=True)
    ]


def distinct(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the specifications that differ in their studies or their answer; of equal ones the first.

    With two studies several estimators give one answer: it stands once.
    """
    if frame.empty:
        return frame
    key = ["k", "studies"]
    rounded = frame[["estimate", "ci_lower", "ci_upper"]].round(9)
    keep = ~pd.concat([frame[key], rounded], axis=1).duplicated()
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


def _empty() -> pd.DataFrame:
    names = [*CHOICES, "studies", "k", "estimate", "ci_lower", "ci_upper", "tau2"]
    return pd.DataFrame(columns=names)
