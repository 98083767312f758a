"""Contextual comparisons: other treatments and placebo beside exosomes; they never enter an estimate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.comparison import alike
from helpers.tables.vocabulary import USUAL_DOSES
from metastats.heterogeneity import critical_value
from notebookpress.tables import join_ids, records
from trialfiles.record import Row

CONTROLS = ("placebo", "untreated")
_OTHER_COUNT = ("anagen", "telogen")  # counts of one phase of hair are no total counts
_KEPT = [
    "row_id", "study_id", "treatment", "arm", "sex", "n", "concept", "timepoint_weeks", "access",
    "second_hand", "unit",
]  # fmt: skip
_OF_DRUGS = dict.fromkeys(
    ("comparator_name", "timepoint_printed", "assumption", "why_not", "risk_of_bias", "contrast_doubt")
) | {
    "estimand": "between_group", "comparator": "placebo", "background": "none", "measure": "MD",
    "site": "all", "tier": "comparator", "certain_discrepancies": 0, "direction": "unclear",
}  # fmt: skip
_DOSE = r"(\d+(?:\.\d+)?)\s*(mg|%)"  # in the words of an arm


def comparator_changes(comparators: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Return changes from baseline in arms of other treatments, in the unit of the outcome.

    `change`, `sd` of the change between people, `se`, `ci_lower`, `ci_upper` (Student's t; none where SD or
    people are missing) beside what each row of the table `comparators` is about. Printed figures per counted
    area become hairs/cm², percent of baseline a proportion. Differences from placebo, counts of one phase of
    hair, and rows without a change are left out.
    """
    between = comparators["followup_mean"] - comparators["baseline_mean"]
    between = between.where(comparators["statistic"] == "levels")
    rows = _in_comparable_units(comparators.assign(change=between.fillna(comparators["change_mean"])))
    usable = rows["statistic"].isin(("change", "levels")) & rows["change"].notna()
    rows = rows[usable & ~rows["measure"].str.startswith(_OTHER_COUNT)]
    n = rows["n"].astype(float)
    rows = rows.assign(
        sd=rows["change_sd"] * rows["factor"], se=lambda own: own["sd"] / np.sqrt(n.where(n > 0))
    )
    half = critical_value(level, n - 1) * rows["se"]
    rows = rows.assign(ci_lower=rows["change"] - half, ci_upper=rows["change"] + half)
    return rows[[*_KEPT, "change", "sd", "se", "ci_lower", "ci_upper"]].reset_index(drop=True)


def _in_comparable_units(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose `change` is per cm² or a proportion, with the factor that made it so."""
    share, counted = rows["unit"] == "percent of baseline", rows["area_cm2"].fillna(0) > 0
    factor = pd.Series(1.0, rows.index).mask(counted, 1 / rows["area_cm2"]).mask(share, 0.01)
    unit = rows["unit"].mask(counted, "hairs/cm2").mask(share, "proportion")
    return rows.assign(change=rows["change"] * factor, factor=factor, unit=unit)


def _placebo_differences(changes: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Return treatment minus placebo within each study, at one time; Welch's interval where SDs are known.

    `changes` come from `comparator_changes`; `n_comparator` are the people in the placebo arm.
    """
    key = ["study_id", "concept", "timepoint_weeks", "unit", "sex"]
    placebo = changes["treatment"] == "placebo"
    pairs = changes[~placebo].merge(changes[placebo], on=key, suffixes=("", "_placebo"))
    a, b = pairs["se"] ** 2, pairs["se_placebo"] ** 2
    n1, n2 = pairs["n"].astype(float), pairs["n_placebo"].astype(float)
    df = (a + b) ** 2 / (a**2 / (n1 - 1) + b**2 / (n2 - 1))
    half = critical_value(level, df) * np.sqrt(a + b)
    effect = pairs["change"] - pairs["change_placebo"]
    pairs = pairs.assign(effect=effect, se=np.sqrt(a + b), ci_lower=effect - half, ci_upper=effect + half)
    pairs = pairs.rename(columns={"n_placebo": "n_comparator"})
    return pairs[[*_KEPT, "effect", "se", "ci_lower", "ci_upper", "n_comparator"]]


def drug_differences(comparators: pd.DataFrame, *, level: float = 0.95) -> list[Row]:
    """Return the differences of other treatments from placebo, as lines to pool.

    Of the table `comparators`: arms beside their own placebo arms, and differences printed as such. The usual
    doses stand in the vocabulary. `intervention` is drug and dose, `effect_id` the row of `comparators`, `n`
    the people of both arms. The standard error is missing where no SD was seen. What is no licensed drug at a
    usual dose has the reason why it is not pooled in `set_aside`.
    """
    worked_out = _placebo_differences(comparator_changes(comparators, level=level), level=level)
    printed = comparators[comparators["statistic"] == "difference from placebo"]
    printed = _in_comparable_units(printed.assign(change=printed["change_mean"]))
    printed = printed.rename(columns={"change": "effect", "n_control": "n_comparator"})
    found = pd.concat([worked_out, printed[[*_KEPT, "effect", "n_comparator"]]], ignore_index=True)
    found = found[found["effect"].notna()]
    dose = found["arm"].str.extract(_DOSE)
    names = found["treatment"] + " " + dose[0] + " " + dose[1]
    usual = [f"{drug} {amount}" for drug, doses in USUAL_DOSES.items() for amount in doses]
    licensed = found["treatment"].isin(USUAL_DOSES)
    reason = licensed.map({True: "not a usual dose", False: "no drug with a licensed dose on the list"})
    named = found.assign(
        intervention=names.where(licensed, found["treatment"]).fillna(found["treatment"]),
        set_aside=reason.mask(names.isin(usual)),
        n=found["n"] + found["n_comparator"],  # of both arms, as in `effects`
        effect_id=found["row_id"], line_id=found["row_id"],
        se_basis=found["se"].notna().map({True: "SDs printed", False: None}),
        ci_method=found["se"].notna().map({True: "Welch's t", False: None}),
    )  # fmt: skip
    return [row | _OF_DRUGS for row in records(named)]


def contextual_comparisons(
    comparisons: pd.DataFrame,
    comparators: pd.DataFrame,
    thresholds: pd.DataFrame,
    *,
    sexes: Mapping[str, str | None] | None = None,
    time_tolerance: float = 0.25,
    level: float = 0.95,
) -> list[Row]:
    """Return the rows of `context`: each change after exosomes against drift and visibility.

    Parameters
    ----------
    comparisons, comparators, thresholds : pandas.DataFrame
        The tables of these names.
    sexes : mapping of str to str, optional
        `male`, `female` or `all` by study: men are set beside men, women beside women.
    time_tolerance, level : float
        Two times are alike when they differ by no more than this share of the longer one; coverage.

    Returns
    -------
    list of dict
        Changes within an arm in hairs/cm² or as a share of baseline. `left_low` and `left_high` are the
        change less the highest and the lowest change of the control arms; they are missing, with the
        reason, where no control arm was measured at a like time, or the change is no single figure.
        `background_low` and `background_high` are the changes of arms that had nothing but what was given
        beside the exosomes, at a like time.
    """
    changes = comparator_changes(comparators, level=level)
    controls = records(changes[changes["treatment"].isin(CONTROLS)])
    others = records(changes[~changes["treatment"].isin(CONTROLS)])
    limits = {row["row_id"]: row for row in records(thresholds)}
    chosen = comparisons["concept"].isin(_DENSITIES) & (comparisons["estimand"] == "uncontrolled_change")
    rows = []
    for line in records(comparisons[chosen]):
        row = {name: line[name] for name in _OF_LINES}
        if line["effect"] is None:
            row |= {"control_arms": 0, "why_not": line["why_not"]}
        else:
            sex = (sexes or {}).get(line["study_id"])  # where both, or not told: all control arms
            own = [arm for arm in controls if sex not in ("male", "female") or arm["sex"] == sex]
            row |= _visible(line, limits) | _against_drift(line, own, time_tolerance)
            row |= _background_alone(line, others, time_tolerance)
        rows.append(row)
    return rows


_DENSITIES = ("hair_density", "hair_density_relative")
_OF_LINES = (
    "line_id", "study_id", "tier", "concept", "timepoint_weeks", "timepoint_printed", "effect", "ci_lower",
    "ci_upper", "unit", "second_hand",
)  # fmt: skip


def _near(arms: list[Row], line: Row, tolerance: float) -> list[Row]:
    """Return the arms in a line's unit that were measured at a like time."""
    own = [row for row in arms if row["unit"] == line["unit"]]
    return [row for row in own if alike(row["timepoint_weeks"], line["timepoint_weeks"], tolerance)]


def _against_drift(line: Row, controls: list[Row], tolerance: float) -> Row:
    """Return what is left of a change beside those of control arms in its unit at a like time."""
    arms = _near(controls, line, tolerance)
    if not arms:
        reason = "no control arm at a like time"
        if line["timepoint_weeks"] is None:
            reason = "the time since the first treatment is not stated"
        return {"control_arms": 0, "why_not": f"{reason}: not set against placebo"}
    changes = [row["change"] for row in arms]
    return {
        "control_arms": len(arms),
        "controls": join_ids(row["row_id"] for row in arms),
        "controls_second_hand": sum(bool(row["second_hand"]) for row in arms),
        "drift_low": min(changes),
        "drift_high": max(changes),
        "left_low": line["effect"] - max(changes),
        "left_high": line["effect"] - min(changes),
    }


def _background_alone(line: Row, others: list[Row], tolerance: float) -> Row:
    """Return what arms changed at a like time that had the background treatment alone, or why none did."""
    background = line.get("background") or "none"
    had = [row for row in others if background.startswith(f"{row['treatment']} in ")]
    if arms := _near(had, line, tolerance):
        changes, names = [row["change"] for row in arms], join_ids(row["row_id"] for row in arms)
        return dict(background_arms=names, background_low=min(changes), background_high=max(changes))
    timeless = [row for row in had if row["unit"] == line["unit"] and row["timepoint_weeks"] is None]
    said = f"not used, its time is not stated: {', '.join(row['row_id'] for row in timeless)}"
    return {"background_why_not": said} if timeless else {}


def _visible(line: Row, limits: dict[str, Row]) -> Row:
    """Return the threshold of visibility in the line's unit and whether the change reaches it."""
    units = {"hairs/cm2": ("visible", 1), "proportion": ("visible_relative", 100)}
    name, divisor = units.get(line["unit"], ("", 1))
    if name not in limits:
        return {}
    value, second_hand = limits[name]["value"] / divisor, bool(limits[name]["second_hand"])
    return dict(visible_at=value, visible=line["effect"] >= value, visible_second_hand=second_hand)
