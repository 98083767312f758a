"""What could be pooled, in a sentence made from the table `pooled`."""

from __future__ import annotations

import pandas as pd

from helpers.figures.numbers import joined, plain_words, show_number, show_with_unit
from helpers.synthesis.tier_synthesis import BAYES
from helpers.tables import records
from helpers.tables.vocabulary import CONTRAST_WORDS

TIER_WORDS = {"core": "With the five sources alone", "published": "With other published studies beside them"}


def pooling_sentence(pooled: pd.DataFrame, tier: str) -> str:
    """Return whether anything could be pooled in a tier, with its numbers and its assumptions.

    Parameters
    ----------
    pooled : pandas.DataFrame
        Table `pooled`.
    tier : str
        `core` or `published`.

    """
    rows = pooled[pooled["evidence"] == tier]
    start = TIER_WORDS[tier]
    fits = rows[rows["pooled"] & (rows["model"] != BAYES) & ~rows["without_certain_findings"]]
    outcomes = rows["concept"].nunique()
    if fits.empty:
        return (
            f"{start}, no meta-analysis is possible for any of {show_number(outcomes)} outcomes: no two "
            "studies report the same outcome as the same kind of contrast, in one unit, at a like time, each "
            "with an interval."
        )
    told = [_told(row) for row in records(fits.drop_duplicates(["concept", "contrast", "scenario"]))]
    rest = outcomes - fits["concept"].nunique()
    others = (
        f" For {rest} other {'outcome' if rest == 1 else 'outcomes'} nothing can be pooled." if rest else ""
    )
    return f"{start}, these can be pooled: {'; '.join(told)}.{others}"


def _told(row: dict) -> str:
    size = show_with_unit(row["estimate"], row["ci_lower"], row["ci_upper"], row["unit"], row["contrast"])
    words = f"{plain_words(row['concept'])}, {CONTRAST_WORDS[row['contrast']]}, {row['k']} studies: {size}"
    return words if row["scenario"] == "as printed" else f"{words}, but only with {row['scenario']}"


def range_sentence(pooled: pd.DataFrame) -> str | None:
    """Return how far the models differ for the pool of most studies; nothing where none was fitted."""
    fits = pooled[pooled["pooled"]]
    if fits.empty:
        return None
    first = fits.sort_values(["k", "pooled_id"], ascending=[False, True]).iloc[0]
    same = fits[(fits["effect_ids"] == first["effect_ids"]) & (fits["scenario"] == first["scenario"])]
    told = []
    for row in records(same.drop_duplicates("model")):
        size = show_with_unit(row["estimate"], row["ci_lower"], row["ci_upper"], row["unit"], row["contrast"])
        how = (
            "the Bayesian model" if row["model"] == BAYES else f"{row['tau2_method']} and {row['ci_method']}"
        )
        told.append(f"{size} by {how}")
    under = "" if first["scenario"] == "as printed" else f", but only with {first['scenario']}"
    return f"For {plain_words(first['concept'])} from {first['k']} studies{under}: {joined(told)}."


def visit_sentence(pooled: pd.DataFrame, members: pd.DataFrame, visit: str) -> str | None:
    """Return which visit each study gave where it had several; nothing where none had a choice.

    Parameters
    ----------
    pooled, members : pandas.DataFrame
        Tables `pooled` and `pool_members`.
    visit : str
        `latest` or `earliest`: the rule.

    """
    chosen = members[members["other_visits"].notna()]
    if chosen.empty:
        return None
    names = pooled.drop_duplicates("pooled_id").set_index("pooled_id")["scenario"]
    varied = chosen["pooled_id"].map(names).str.endswith(" visits").astype(bool)
    told = [
        f"{row['study_id']} gives {show_number(row['effect'])} at {row['timepoint_printed']} "
        f"(beside it is printed {row['other_visits']})"
        for row in records(chosen[~varied].drop_duplicates(["study_id", "effect_id"]))
    ]
    if not told:
        return None
    other = " The rows that take the other visit say so." if varied.any() else ""
    return f"Each study gives a pool one estimate, that of its {visit} visit: {'; '.join(told)}.{other}"


def prior_sentence(apart: list[dict], tau_prior: float, assumed_sd: float) -> str:
    """Return what the scale of the prior of tau rests on: how far people and other treatments lie apart."""
    said = (
        f"The half-normal prior of tau for hair density has a scale of {show_number(tau_prior)} hairs/cm², "
        f"{show_number(tau_prior / assumed_sd)} of the SD of {show_number(assumed_sd)} assumed between people"
    )
    if not apart:
        return said + "."
    told = [f"{row['treatment']} {show_number(round(row['sd'], 1))} ({row['arms']} arms)" for row in apart]
    return (
        f"{said}. From study to study the changes of other treatments lie apart by an SD of: {joined(told)}."
    )
