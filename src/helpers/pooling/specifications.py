"""At which value of an assumption the conclusion turns: from shown to not shown, or back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from helpers.synthesis.plain_studies import PlainStudies, plain_studies
from helpers.synthesis.spec_sets import Levels, Question, estimate_sets, made_effects
from helpers.synthesis.specifications import conclusions, specification_rows

# Assumption, its range, and the choices under which it counts.
ASSUMPTIONS: dict[str, tuple[float, float, dict[str, Any]]] = {
    "drift": (0.0, 100.0, {}),
    "assumed_sd": (1.0, 150.0, {"sd_use": ("doubtful",)}),
    "pre_post_correlation": (0.0, 0.99, {"visit": ("earliest",), "measure": ("standardised",)}),
    "group_share": (0.15, 0.85, {"visit": ("earliest",), "measure": ("standardised",)}),
}
WORDS = {
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
            if name == "drift" and question.contrast != "within_arm":
                continue
            base = replace(chosen, tier=(tier,), **under)
            made = list(made_effects(plain, base)) if name in ("drift", "assumed_sd") else None
            limits = partial(_limits, plain, question, base, model, drift, name, made)
            at, first, last = turning_point(limits, low, high, 8 if name != "group_share" else 6)
            told = ", ".join(str(value[0]) for value in under.values())
            row = {
                "assumption": name,
                "tier": tier,
                "concept": question.concept,
                "contrast": question.contrast,
            }
            row |= {"low": low, "high": high, "at_low": first, "at_high": last, "turns_at": at}
            key = f"{question.concept}.{question.contrast}.{tier}.{name}"
            rows.append(row | {"turning_id": key, "under": told or None})
    return rows


def _limits(
    plain: PlainStudies,
    question: Question,
    base: Levels,
    model: Mapping[str, str],
    drift: float,
    name: str,
    made: list | None,
    value: float,
) -> tuple[float, float] | None:
    """Return the limits of the interval when one assumption takes a value; None without an estimate."""
    if name == "drift":
        drift = value
    elif name == "assumed_sd":
        base = replace(base, assumed_sd=value)
    else:
        base = replace(base, **{name: (value,)})
    sets = estimate_sets(plain, question, base, made)
    if not sets:
        return None
    frame = specification_rows(
        sets[:1],
        question,
        level=base.level,
        estimators=[model["tau2_method"]],
        intervals=[model["ci_method"]],
        drifts={"chosen": drift},
    )
    return float(frame["ci_lower"].iloc[0]), float(frame["ci_upper"].iloc[0])


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
    seen = [limits(float(value)) for value in grid]
    words = ["no estimate" if one is None else conclusions([one[0]], [one[1]])[0] for one in seen]
    for place in range(points - 1):
        one, other = seen[place], seen[place + 1]
        if one is None or other is None or words[place] == words[place + 1]:
            continue
        # the limit that passes 0 first on the way: the lower one when a gain is lost or won
        side = 0 if "gain" in (words[place], words[place + 1]) and words[place] != "loss" else 1
        root = brentq(lambda x: (limits(x) or (0.0, 0.0))[side], grid[place], grid[place + 1], xtol=1e-6)  # noqa: B023
        return float(root), words[0], words[-1]
    return None, words[0], words[-1]
