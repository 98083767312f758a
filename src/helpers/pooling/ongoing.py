"""Ongoing trials: what each can detect, when it is due, and what the answer would be after it, simulated."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.appraisal.grade import CERTAINTY, CROSSED, LEVELS, against_target, first_that_holds, holds
from helpers.appraisal.risk_of_bias import is_not_randomised, is_randomised
from helpers.comparison import in_exosome_arms
from helpers.effects import CONTROLLED_DESIGNS, CONTROLLED_ESTIMANDS, comparator_key
from helpers.effects.means import comparator_changes
from helpers.pooling.groups import people_of
from helpers.pooling.registrations import (
    ESTIMANDS,
    VERDICTS,
    RegisteredComparison,
    answerable,
    has_dose_escalation,
    outcome_comparison,
    registered_comparisons,
    results_due,
    seen_comparison,
    sites_by_chance,
)
from helpers.tables import Tables
from helpers.tables.vocabulary import OUTCOME_CONCEPTS
from metastats.batches import pool_many
from metastats.heterogeneity import critical_value
from notebookpress.tables import join_ids, records, split_ids
from trialfiles.record import Row

_POWERS = (0.8, 0.9)
_KEY = ("estimand", "comparator", "comparator_name", "background")  # what is compared
_UNIT = "hairs/cm2"  # the only unit in which an SD of the change between people is known


@dataclass(frozen=True)
class Spread:
    """What is assumed of people: SD of the change, correlation of two sites of a scalp, share lost."""

    sd: float = 20.0
    sd_low: float | None = None
    sd_high: float | None = None
    site_correlation: float = 0.7
    losses: float = 0.1


def spread_of_change(
    comparators: pd.DataFrame, sd: float = 20.0, site_correlation: float = 0.7, losses: float = 0.1
) -> Spread:
    """Return what is assumed of people, with the smallest and largest SD that arms of other treatments show.

    Parameters
    ----------
    comparators : pandas.DataFrame
        Table `comparators`: SDs of change in hair density, each in hairs/cm².
    sd, site_correlation, losses : float
        As in `Spread`.
    """
    known = comparator_changes(comparators).query("concept == 'hair_density' and unit == @_UNIT and sd > 0")
    low, high = (float(known["sd"].agg(end)) if len(known) else None for end in ("min", "max"))
    return Spread(sd, low, high, site_correlation, losses)


def _smallest_difference(
    estimand: str | None, sides: tuple[int, int], power: float, alpha: float, spread: Spread
) -> float:
    """Return the smallest difference that a t test can detect, in SDs of the change between people."""
    from statsmodels.stats.power import TTestIndPower, TTestPower  # long to import, as all of scipy.stats is

    first, second = sides
    if estimand == "between_group":
        test = TTestIndPower()
        return float(test.solve_power(nobs1=first, ratio=second / first, alpha=alpha, power=power))
    return float(TTestPower().solve_power(nobs=first, alpha=alpha, power=power)) * _within(estimand, spread)


def _standard_error(estimand: str | None, sides: tuple[int, int], spread: Spread) -> float:
    """Return the standard error that a trial's estimate of hair density will have, hairs/cm²."""
    first, second = sides
    if estimand == "between_group":
        return spread.sd * math.sqrt(1 / first + 1 / second)
    return spread.sd * _within(estimand, spread) / math.sqrt(first)


def _within(estimand: str | None, spread: Spread) -> float:
    """Return the SD of a difference between two sites of one scalp, or of a change, in SDs of the change."""
    return math.sqrt(2 * (1 - spread.site_correlation)) if estimand == "within_participant" else 1.0


def degrees_of_freedom(estimand: str | None, sides: tuple[int, int]) -> float:
    """Return those of the t test."""
    return sides[0] + sides[1] - 2 if estimand == "between_group" else sides[0] - 1


def ongoing_outcome_rows(
    tables: Tables, spread: Spread = Spread(), *, powers: tuple[float, ...] = _POWERS, alpha: float = 0.05
) -> list[Row]:
    """Return the rows of `ongoing_outcomes`.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        `sources`, `studies`, `arms`, `outcomes`.
    spread : Spread
        What is assumed of people.
    powers, alpha : tuple of float, float
        Powers to compute the detectable difference for, and the two-sided level of the test.

    Returns
    -------
    list of dict
        One row for each registered study without results, planned outcome at its last time, comparison and
        power. Where no test of means fits the difference is missing and the row says why.
    """
    rows: dict[str, Row] = {}
    for study in _waiting(tables):
        planned = tables["outcomes"][tables["outcomes"]["study_id"] == study["study_id"]]
        planned = planned.fillna({"timepoint_weeks": 0}).sort_values("timepoint_weeks", kind="stable")
        for outcome in records(planned.drop_duplicates(["concept", "priority", "measure"], keep="last")):
            for whole in registered_comparisons(study, tables["arms"]):
                comparison = outcome_comparison(whole, outcome["measure"])
                for power in powers:
                    row = _outcome_row(study, outcome, comparison, power, spread, alpha)
                    rows[row["ongoing_id"]] = row
    return list(rows.values())


def _waiting(tables: Tables) -> list[Row]:
    """Return the exosome studies whose source has no results, with its status."""
    silent = tables["sources"].query("has_results == False and tier != 'comparator'")
    waiting = silent.set_index("study_id")["status"].to_dict()
    studies = records(tables["studies"])
    return [one | {"status": waiting[one["study_id"]]} for one in studies if one["study_id"] in waiting]


def _outcome_row(
    study: Row, outcome: Row, comparison: RegisteredComparison, power: float, spread: Spread, alpha: float
) -> Row:
    """Return the difference that can be detected, with its unit and what it assumes, or why there is none."""
    due, basis = results_due(study["primary_completion_on"], study["ends_on"], study["end_of"])
    sides, words = _analysed(study, comparison, spread)
    why_not = _no_test_of(outcome["concept"])
    arms = "-".join(comparison.arms) or "all"
    row = {
        "ongoing_id": f"{study['study_id']}.{outcome['outcome_id']}.{arms}.{power:g}",
        "study_id": study["study_id"],
        "n_planned": study["n_planned"],
        "concept": outcome["concept"],
        "priority": outcome["priority"],
        "expected": f"{due} ({basis})" if due else basis,
        "power": power,
    } | {name: getattr(comparison, name) for name in _KEY}  # fmt: skip
    if why_not or not any(sides):
        return row | {"detectable_difference": None, "unit": None, "assumption": why_not or words}
    size = _smallest_difference(comparison.estimand, sides, power, alpha, spread)
    counted = OUTCOME_CONCEPTS[outcome["concept"]].unit == _UNIT
    scale = f"SD {spread.sd:g} hairs/cm2" if counted else "in standard deviations of the outcome"
    return row | {
        "detectable_difference": size * (spread.sd if counted else 1.0),
        "unit": _UNIT if counted else "standard deviations",
        "assumption": f"{scale}; {words}; two-sided {alpha:g}",
    }


def _no_test_of(concept: str) -> str | None:
    """Return why an outcome is not compared as a mean."""
    if concept == "adverse_events":
        return "counted, not tested as a mean"
    share = "a share of people: what can be detected depends on the share without exosomes, not known"
    return share if OUTCOME_CONCEPTS[concept].asked_after else None


def _analysed(trial: Row, comparison: RegisteredComparison, spread: Spread) -> tuple[tuple[int, int], str]:
    """Return the people analysed on each side and what is assumed; (0, 0) and why there are none."""
    people = trial["n_enrolled"] or trial["n_planned"]
    rising, nobody = has_dose_escalation(trial), (0, 0)
    if comparison.estimand is None or comparison.comparator is None:
        return nobody, "what is compared was not seen"
    if not people:
        return nobody, "no planned size is registered"
    if comparison.estimand == "between_group" and rising:
        return nobody, f"how many of the {people} people are in the part with rising doses is not registered"
    left = math.floor(people * (1 - spread.losses) + 1e-9)
    sides = comparison.sides(left)
    if sides is None:
        return nobody, "the number of groups was not seen"
    if min(sides) < 2:
        return nobody, f"{people} people are too few for a test"
    equal = ", taken as equal" if comparison.equal_assumed else ""
    both = "periods" if trial["comparison"] == "crossover" else "sites"
    words = {
        "between_group": f"{sides[0]} against {sides[1]}{equal}",
        "within_participant": f"two {both} each, correlation {spread.site_correlation:g}",
    }.get(comparison.estimand, "against their own baseline, without a control")
    words = f"{left} of {people} people analysed, {100 * spread.losses:g} % lost; {words}"
    return sides, f"{words}; all doses together, how many get each is not registered" if rising else words


def is_past(due: str | None, searched: str | None) -> bool:
    """Return whether a date lies before the last search, at the precision that both have."""
    if not due or not searched:
        return False
    places = min(len(due), len(searched))
    return due[:places] < searched[:places]


def ongoing_trial_rows(
    tables: Tables, trials: pd.DataFrame | None, spread: Spread, searched: str | None, alpha: float = 0.05
) -> list[Row]:
    """Return every registered trial that was read and has no results, those that can answer first.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        `sources`, `studies`, `arms`, `outcomes`: registrations at hand as exports or sheets.
    trials : pandas.DataFrame or None
        Table `trials`: registrations of which only a copy was seen.
    spread, alpha : Spread, float
        What is assumed of people, and the two-sided level of the tests.
    searched : str or None
        Date of the last search; a trial whose results were due before it is named as late.

    Returns
    -------
    list of dict
        By whether the design can answer, then by the difference that it can detect, then by the people
        planned. Differences are in hair density, and missing for a trial that does not register it.
    """
    rows = []
    for trial, comparison in [*_at_hand(tables), *_seen(trials, tables)]:
        outcomes = trial.pop("compared")
        trial["dose_escalation"] = has_dose_escalation(trial)
        allocation = trial.pop("allocation")
        trial["randomised"] = _randomised(allocation, trial["comparison"])
        by_chance = sites_by_chance(allocation)
        due, basis = results_due(trial["primary_completion_on"], trial["expected"], trial.pop("end_of"))
        row = trial | {name: getattr(comparison, name) for name in _KEY}
        row |= answerable(trial | {"sites_randomised": by_chance}, comparison, outcomes)
        row |= _precision(trial, comparison, outcomes, spread, alpha)
        late = (is_past(due, searched) and trial["status"] != "withdrawn") if due else None
        row |= {"results_due": due, "due_basis": basis, "late": late, "searched": searched}
        rows.append({name: value for name, value in row.items() if name not in ("title", "design")})
    rows.sort(key=_order)
    return [row | {"place": number} for number, row in enumerate(rows, start=1)]


def _order(row: Row) -> tuple:
    size = row["detectable_80_sds"]
    verdict = VERDICTS.index(row["can_answer"])
    return verdict, size is None, size or 0.0, -(row["n_planned"] or 0), row["study_id"]


def _precision(
    trial: Row, comparison: RegisteredComparison, outcomes: list[str], spread: Spread, alpha: float
) -> Row:
    """Return what a comparison with a control can detect, and how wide its interval will be."""
    if comparison.estimand == "uncontrolled_change":
        return {"detectable_80_sds": None, "assumption": "no comparison with a control"}
    sides, words = _analysed(trial, comparison, spread)
    if not any(sides):
        return {"detectable_80_sds": None, "assumption": words}
    estimand = comparison.estimand
    some, most = (_smallest_difference(estimand, sides, power, alpha, spread) for power in _POWERS)
    row = {"n_exosome": sides[0], "n_comparator": sides[1], "detectable_80_sds": some, "assumption": words}
    if "hair_density" not in outcomes:
        silent = "hair density is not registered" if outcomes else "outcomes unclear"
        return row | {"assumption": f"{words}; {silent}"}
    se = _standard_error(estimand, sides, spread)
    half = critical_value(1 - alpha, degrees_of_freedom(estimand, sides)) * se
    low, high = (None if sd is None else some * sd for sd in (spread.sd_low, spread.sd_high))
    words += _by_other_reading(trial, comparison, spread, alpha)
    seen = "" if low is None else f" ({low:.1f} to {high:.1f} with the smallest and largest SD seen)"
    return row | {
        "detectable_80": some * spread.sd,
        "detectable_90": most * spread.sd,
        "detectable_80_low": low,
        "detectable_80_high": high,
        "se_expected": se,
        "width_expected": 2 * half,
        "assumption": f"SD {spread.sd:g} hairs/cm2{seen}; {words}",
    }


def _by_other_reading(trial: Row, comparison: RegisteredComparison, spread: Spread, alpha: float) -> str:
    """Return what a trial can detect if another part of its record is right about its design."""
    estimand = ESTIMANDS.get(trial.get("other_comparison") or "")
    other = replace(comparison, estimand=estimand)
    sides, _ = _analysed(trial, other, spread)
    if estimand in (None, comparison.estimand) or not any(sides):
        return ""
    size = _smallest_difference(estimand, sides, _POWERS[0], alpha, spread)
    people = f"{sides[0]} against {sides[1]}" if estimand == "between_group" else "two sites each"
    return f"; if {people} instead, it detects {size:.2f} SD, {size * spread.sd:.1f} hairs/cm²"


_Registered = tuple[Row, RegisteredComparison]
_OF_TRIAL = ("comparison", "n_planned", "status", "primary_completion_on", "end_of")


def _at_hand(tables: Tables) -> Iterator[_Registered]:
    """Yield the registrations at hand, each with the comparison that answers the question best."""
    for study in _waiting(tables):
        if not study["registration"]:
            continue
        outcomes, arms = tables["outcomes"], tables["arms"]["study_id"] == study["study_id"]
        comparison = registered_comparisons(study, tables["arms"])[0]
        planned = records(outcomes[outcomes["study_id"] == study["study_id"]])
        alike = [row for row in planned if outcome_comparison(comparison, row["measure"]) == comparison]
        named = ("study_id", "title", "design", "allocation", "n_enrolled", *_OF_TRIAL)
        yield {name: study[name] for name in named} | {
            "what": comparison.words(),
            "expected": study["ends_on"],
            "arms": int(arms.sum()) or None,
            "outcomes": join_ids(row["concept"] for row in planned) or None,
            "compared": [row["concept"] for row in alike],
        }, comparison  # fmt: skip


def _seen(trials: pd.DataFrame | None, tables: Tables) -> Iterator[_Registered]:
    """Yield the trials of which a copy was seen, but those reported by a study or at hand as a record."""
    known = set(tables["studies"]["study_id"]) | set(tables["studies"]["registration"].dropna())
    for row in records(trials) if trials is not None else ():
        if not (row["results_posted"] or row["study_id"] or row["trial_id"] in known):
            trial = {name: row[name] for name in ("what", "expected", "outcomes", "arms", *_OF_TRIAL)}
            trial["other_comparison"] = row["other_comparison"]
            trial |= {"study_id": row["trial_id"], "allocation": row["what"], "n_enrolled": None}
            yield trial | {"compared": split_ids(row["outcomes"])}, seen_comparison(row)


def _randomised(words: str | None, comparison: str | None) -> bool | None:
    """Return whether a trial is randomised; None where what was seen of it does not say."""
    if is_randomised(words):
        return True
    silent = comparison in (None, *CONTROLLED_DESIGNS) and not is_not_randomised(words)
    return None if silent else False


DRAWS = 2000
TRUE_EFFECTS = (0.0, 10.0, 20.0, 40.0)


def simulation_rows(
    trials: Sequence[Row],
    known: pd.DataFrame,
    model: Mapping[str, str],
    *,
    true_effects: Sequence[float] = TRUE_EFFECTS,
    visible: float | None = None,
    tau_scale: float = 10.0,
    sd: float = 20.0,
    level: float = 0.95,
    draws: int = DRAWS,
) -> list[Row]:
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


def _results(trial: Row, true: float, tau_scale: float, draws: int) -> tuple[np.ndarray, np.ndarray, float]:
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


def _after(trial: Row, own: pd.DataFrame, visible: float | None, lower: np.ndarray, upper: np.ndarray) -> Row:
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
        _, crosses, both = against_target((lower + upper) / 2, lower, upper, visible)
    facts = {"all_randomised": randomised, "participants": people, "interval": True}
    start = LEVELS.index(first_that_holds(CERTAINTY["initial"], facts)["level"])
    levels = np.empty(len(lower), dtype=int)
    for pair in itertools.product((True, False), repeat=2):
        own = facts | dict(zip(CROSSED, pair, strict=True))
        rules = [rule for rule in CERTAINTY["domains"]["imprecision"]["rules"] if holds(rule["when"], own)]
        down = min(2, sum(rule["down"] for rule in rules))
        levels[(crosses == pair[0]) & (both == pair[1])] = max(start - down, 0)
    return levels


def known_estimates(tables: Tables, tiers: Sequence[str]) -> pd.DataFrame:
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
