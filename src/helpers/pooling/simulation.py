"""What the answer would look like after a trial has reported, simulated for several true effects."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.appraisal.grade import CERTAINTY, LEVELS, first_that_holds, holds
from helpers.comparison import in_exosome_arms
from helpers.effects import CONTROLLED_ESTIMANDS, comparator_key
from helpers.pooling.estimates import people_of
from helpers.pooling.ongoing import degrees_of_freedom
from metastats.batches import pool_many
from metastats.heterogeneity import critical_value
from notebookpress.tables import records

DRAWS = 2000
TRUE_EFFECTS = (0.0, 10.0, 20.0, 40.0)
_KEY = ("estimand", "comparator", "comparator_name", "background")  # what is compared


def simulation_rows(
    trials: Sequence[Mapping[str, Any]],
    known: pd.DataFrame,
    model: Mapping[str, str],
    *,
    true_effects: Sequence[float] = TRUE_EFFECTS,
    visible: float | None = None,
    tau_scale: float = 10.0,
    sd: float = 20.0,
    level: float = 0.95,
    draws: int = DRAWS,
) -> list[dict[str, Any]]:
    """Return for each trial and true effect what the pooled interval and the certainty would be.

    Parameters
    ----------
    trials : sequence of mapping
        Rows of `ongoing_trials`; those without an expected standard error of hair density are left out.
    known : pandas.DataFrame
        Estimates at hand, from `known_estimates`; those of the trial's own comparison are pooled with it.
    model : mapping
        `tau2_method` and `ci_method`.
    true_effects, visible : sequence of float, float
        Means that the true effects of such trials may have, and the smallest difference that can be seen.
    tau_scale : float
        Scale of the half-normal prior of tau, hairs/cm²: each draw takes a tau from it, and the trial a true
        effect of its own, normal about the mean with that SD. 0 for one effect in all trials.
    sd, level, draws : float, float, int
        SD of the change between people, coverage of the intervals, and possible results of each trial.
    """
    rows = []
    for trial in trials:
        # against another treatment 0 is no lack of an effect
        if not trial.get("se_expected") or trial.get("comparator") == "active":
            continue
        # the estimates that answer its own question: placebos are one, other treatments not
        own = known[known["estimand"] == trial["estimand"]]
        asked = comparator_key(dict(trial))
        own = own[np.array([comparator_key(row) == asked for row in records(own)], dtype=bool)]
        for true in true_effects:
            estimate, se, df = _results(trial, true, tau_scale, draws)
            lower, upper = _intervals(estimate, se, df, own, model, level)
            row = {"simulation_id": f"{trial['study_id']}.{true:g}", "sd": sd, "true_effect": true}
            row |= {"tau_scale": tau_scale, "draws": draws}
            rows.append(row | _after(trial, own, visible, lower, upper))
    return rows


def _results(
    trial: Mapping[str, Any], true: float, tau_scale: float, draws: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return estimates and standard errors that a trial may find, and their degrees of freedom."""
    rng = np.random.default_rng(zlib.crc32(f"{trial['study_id']}/{true:g}".encode()))
    df = degrees_of_freedom(trial["estimand"], (trial["n_exosome"], trial["n_comparator"]))
    se = trial["se_expected"] * np.sqrt(rng.chisquare(df, draws) / df)  # the SD that it will find
    tau = np.abs(rng.normal(0.0, tau_scale, draws))
    own_effect = rng.normal(true, tau)
    return rng.normal(own_effect, trial["se_expected"]), se, df


def _intervals(
    estimate: np.ndarray, se: np.ndarray, df: float, own: pd.DataFrame, model: Mapping[str, str], level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of all draws of a trial, each pooled with what is known."""
    draws = len(estimate)
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
    sides = (trial["n_exosome"], trial["n_comparator"])  # both sites of a scalp are the same people
    people = int(sum(sides) if trial["estimand"] == "between_group" else sides[0])
    people += int(own["n"].fillna(0).sum())
    # the best that can be: an allocation that was not seen may be a random one
    best_design = trial["randomised"] is not False and own.empty
    levels = certainty_after(best_design, people, visible, lower, upper)
    best = int(np.bincount(levels, minlength=len(LEVELS)).argmax())
    return {
        "study_id": trial["study_id"],
        **{name: trial[name] for name in _KEY},
        "n_planned": int(trial["n_planned"] or trial["n_enrolled"]),
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


def certainty_after(
    randomised: bool, people: int, visible: float | None, lower: np.ndarray, upper: np.ndarray
) -> np.ndarray:
    """Return the certainty of each draw, as a place in `LEVELS`, if the trial is sound.

    Imprecision by the rules of `certainty.yaml`, for the target that each estimate has: a difference that can
    be seen, or a smaller one. The other domains are not known before the trial reports and cost nothing, so
    this is the best that it can reach.
    """
    crosses, both = (lower <= 0) & (upper >= 0), np.zeros(len(lower), dtype=bool)
    if visible is not None:
        important = np.abs(lower + upper) / 2 >= visible
        beyond, below = upper >= visible, lower <= -visible
        both = np.where(important, crosses, beyond & below)
        crosses = np.where(important, (lower < visible) & (upper > -visible), beyond | below)
    facts = {"all_randomised": randomised, "participants": people, "interval": True}
    start = LEVELS.index(first_that_holds(CERTAINTY["initial"], facts)["level"])
    levels = np.empty(len(lower), dtype=int)
    for pair in itertools.product((True, False), repeat=2):
        own = facts | dict(zip(("crosses", "crosses_both"), pair, strict=True))
        rules = [rule for rule in CERTAINTY["domains"]["imprecision"]["rules"] if holds(rule["when"], own)]
        down = min(2, sum(rule["down"] for rule in rules))
        levels[(crosses == pair[0]) & (both == pair[1])] = max(start - down, 0)
    return levels


def known_estimates(tables: dict[str, pd.DataFrame], tiers: Sequence[str]) -> pd.DataFrame:
    """Return today's estimates against a control of hair density, hairs/cm², the latest of each study.

    `tables` are `effects`, `arms` and `sources`. A change without a control is not pooled with anything.
    """
    sources = tables["sources"]
    studies = sources.loc[sources["tier"].isin(tiers), "study_id"]
    rows = tables["effects"].query(
        "concept == 'hair_density' and unit == 'hairs/cm2' and headline == 'yes' and se > 0"
        " and effect.notna() and contrast_doubt.isna()",
        engine="python",
    )
    rows = rows[rows["study_id"].isin(studies) & rows["estimand"].isin(CONTROLLED_ESTIMANDS)]
    rows = rows[in_exosome_arms(rows, tables["arms"])]
    rows = rows.assign(n=[people_of(row) for row in records(rows)])
    rows = rows.sort_values("timepoint_weeks", kind="stable", na_position="first")
    latest = rows.groupby(["study_id", *_KEY], sort=False, dropna=False).tail(1)
    return latest[[*_KEY, "effect", "se", "n"]]
