"""What the answer would look like after a trial has reported, simulated for several true effects."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.appraisal.grade import INFORMATION_SIZE, LEVELS, VERY_FEW
from helpers.effects import CONTROLLED_DESIGNS
from helpers.pooling.assumptions import TREATED, people_of
from metastats.batches import pool_many
from metastats.heterogeneity import critical_value
from notebookpress.tables import records

DRAWS = 2000
TRUE_EFFECTS = (0.0, 10.0, 20.0, 40.0)
MOST_TRIALS = 3  # named in a sentence


def simulation_rows(
    trials: Sequence[Mapping[str, Any]],
    known: pd.DataFrame,
    model: Mapping[str, str],
    *,
    true_effects: Sequence[float] = TRUE_EFFECTS,
    visible: float | None = None,
    sd: float = 20.0,
    level: float = 0.95,
    draws: int = DRAWS,
) -> list[dict[str, Any]]:
    """Return for each trial and true effect what the pooled interval and the certainty would be.

    Parameters
    ----------
    trials : sequence of mapping
        Rows of `ongoing_trials`; those without a planned size are left out.
    known : pandas.DataFrame
        Estimates at hand: `estimand`, `effect`, `se`, `n` in hairs/cm², one a study.
    model : mapping
        `tau2_method` and `ci_method`.
    true_effects : sequence of float
        Effects that may be true, hairs/cm².
    visible : float, optional
        Smallest difference that can be seen.
    sd : float
        SD of the change between people, which the trial's own SD will scatter about.
    level : float
        Coverage of the intervals.
    draws : int
        Possible results of each trial.

    """
    rows = []
    for trial in trials:
        if not trial["se_expected"]:
            continue
        own = known[known["estimand"] == trial["estimand"]]
        for true in true_effects:
            lower, upper = _intervals(trial, own, model, true, level, draws)
            row = {"simulation_id": f"{trial['study_id']}.{true:g}", "sd": sd, "true_effect": true}
            rows.append(row | {"draws": draws} | _after(trial, own, visible, lower, upper))
    return rows


def _intervals(
    trial: Mapping[str, Any],
    own: pd.DataFrame,
    model: Mapping[str, str],
    true: float,
    level: float,
    draws: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of all draws of a trial, each pooled with what is known."""
    seed = zlib.crc32(f"{trial['study_id']}/{true:g}".encode())
    rng = np.random.default_rng(seed)
    df = max(int(trial["n_planned"]) - (2 if trial["estimand"] == "between_group" else 1), 1)
    se = trial["se_expected"] * np.sqrt(rng.chisquare(df, draws) / df)  # the SD that it will find
    estimate = rng.normal(true, trial["se_expected"], draws)
    if own.empty:  # one study: its own interval, with the degrees of freedom that it has
        half = critical_value(level, df) * se
        return estimate - half, estimate + half
    yi = np.column_stack([np.tile(own["effect"].to_numpy(float), (draws, 1)), estimate])
    vi = np.column_stack([np.tile(own["se"].to_numpy(float) ** 2, (draws, 1)), se**2])
    fit = pool_many(yi, vi, method=model["tau2_method"], test=model["ci_method"], level=level)
    return np.asarray(fit.ci_lower), np.asarray(fit.ci_upper)


def _after(
    trial: Mapping[str, Any], own: pd.DataFrame, visible: float | None, lower: np.ndarray, upper: np.ndarray
) -> dict[str, Any]:
    """Return what a trial would show: width, shares of the draws, the certainty that most of them reach."""
    people = int(trial["n_planned"]) + int(own["n"].fillna(0).sum())
    # the best that can be: an allocation that was not seen may be a random one
    best_design = trial["randomised"] is not False and trial["comparison"] in CONTROLLED_DESIGNS
    levels = certainty_after(best_design and own.empty, people, (lower <= 0) & (upper >= 0))
    best = int(np.bincount(levels, minlength=len(LEVELS)).argmax())
    return {
        "study_id": trial["study_id"],
        "estimand": trial["estimand"],
        "n_planned": int(trial["n_planned"]),
        "k": len(own) + 1,
        # the normal interval of the only estimate; several are pooled elsewhere
        "width_now": None if len(own) != 1 else float(2 * 1.959963984540054 * own["se"].iloc[0]),
        "width_after": float(np.mean(upper - lower)),
        "shows_gain": float(np.mean(lower > 0)),
        "shows_visible": None if visible is None else float(np.mean(lower > visible)),
        "rules_out_visible": None if visible is None else float(np.mean(upper < visible)),
        "certainty": LEVELS[best],
        "certainty_share": float(np.mean(levels == best)),
    }


def certainty_after(randomised: bool, people: int, crossing: np.ndarray) -> np.ndarray:
    """Return the certainty of each draw, as a place in `LEVELS`, if the trial is sound.

    Imprecision as in `grade`: fewer people than the information size, and an interval that holds 0. The
    other domains are not known before the trial reports and step nowhere, so this is the best that it can
    reach.
    """
    start = LEVELS.index("high") if randomised else LEVELS.index("low")
    few = 2 if people < VERY_FEW else int(people < INFORMATION_SIZE)
    steps = np.minimum(2, few + crossing.astype(int))
    return np.maximum(start - steps, 0)


def lesson_sentences(trials: pd.DataFrame, simulated: pd.DataFrame) -> list[str]:
    """Return which trials teach most, and what the first would show if an effect is there or not."""
    rows = records(trials[trials["teaches"].notna()].sort_values("place"))
    if not rows:
        return ["No registered trial states a size, so what it would teach cannot be worked out."]
    first = [
        f"{row['study_id']} ({row['n_planned']} people, {100 * row['teaches']:.0f} %)"
        for row in rows[:MOST_TRIALS]
    ]
    silent = len(trials) - len(rows)
    rest = f" {silent} more state no size." if silent else ""
    unseen = [
        row["study_id"]
        for row in rows
        if row["comparison"] in CONTROLLED_DESIGNS and row["randomised"] is None
    ]
    rest += f" Taken as randomised, which was not seen: {', '.join(unseen)}." if unseen else ""
    sentences = [
        "Share of today's uncertainty about the effect against a control that each would remove: "
        f"{'; '.join(first)}.{rest}"
    ]
    for row in records(simulated[simulated["study_id"] == rows[0]["study_id"]]):
        sentences.append(
            f"If the true effect is {row['true_effect']:g} hairs/cm², {row['study_id']} would show a gain in "
            f"{100 * row['shows_gain']:.0f} of 100 tries, with an interval {row['width_after']:.0f} "
            f"hairs/cm² wide; the certainty could be {row['certainty']} at best."
        )
    return sentences


def known_estimates(tables: dict[str, pd.DataFrame], tiers: Sequence[str]) -> pd.DataFrame:
    """Return today's estimates of hair density in hairs/cm² by estimand, the latest of each study.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        `effects`, `arms`, `sources`.
    tiers : sequence of str
        Tiers that take part.

    """
    effects, sources, arms = tables["effects"], tables["sources"], tables["arms"]
    studies = sources.loc[sources["tier"].isin(tiers), "study_id"]
    treated = arms.loc[arms["role"].isin(TREATED), ["study_id", "arm_id"]].drop_duplicates()
    rows = effects.query("concept == 'hair_density' and unit == 'hairs/cm2' and headline == 'yes' and se > 0")
    rows = rows[rows["study_id"].isin(studies) & rows["effect"].notna() & rows["contrast_doubt"].isna()]
    rows = rows.merge(treated, on=["study_id", "arm_id"])
    rows = rows.assign(n=[people_of(row) for row in records(rows)])
    rows = rows.sort_values("timepoint_weeks", kind="stable", na_position="first")
    return rows.groupby(["study_id", "estimand"], sort=False).tail(1)[["estimand", "effect", "se", "n"]]
