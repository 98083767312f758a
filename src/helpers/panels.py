"""What the panels of the notebooks draw: one study, all outcomes, one pool, under other choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from helpers.figures.comparison_words import direction_rows
from helpers.figures.direction import direction
from helpers.figures.figure import Figure
from helpers.figures.forest import forest
from helpers.figures.numbers import plain_unit, plain_words
from helpers.figures.panel import NothingToDrawError
from helpers.figures.pooled_forest import pooled_forest
from helpers.figures.study_rows import estimate_rows
from helpers.synthesis.study_effects import study_effects
from helpers.synthesis.tier_synthesis import BAYES, Options, tier_synthesis
from helpers.tables import as_frame, records

Tables = Mapping[str, pd.DataFrame]


def study_picture(
    tables: Tables, findings: pd.DataFrame, *, study_id: str, pre_post_correlation: float, level: float = 0.95
) -> Figure:
    """Draw one study's estimates under a correlation of before and after.

    The unit with most intervals is drawn: estimates in different units share no axis.
    """
    own = {
        name: frame[frame["study_id"] == study_id] for name, frame in tables.items() if "study_id" in frame
    }
    [study] = records(own["studies"])
    effects = as_frame(
        "effects",
        study_effects(
            study,
            own["arms"],
            own["results"],
            findings[findings["study_id"] == study_id],
            pre_post_correlation=pre_post_correlation,
            level=level,
        ),
    )
    sized = effects[effects["ci_lower"].notna() & (effects["headline"] == "yes")]
    if sized.empty:
        raise NothingToDrawError(f"No estimate with an interval can be computed for {study_id}.")
    unit = sized["unit"].value_counts().sort_index().idxmax()
    title = f"{study_id}: estimates with a correlation of {pre_post_correlation:g} before and after"
    return forest(estimate_rows(sized, unit), unit=plain_unit(unit), title=title)


def outcome_picture(
    comparisons: pd.DataFrame, studies: pd.DataFrame, *, evidence: str, included: Sequence[str]
) -> Figure:
    """Draw the direction of every outcome in the studies of some tiers that are included."""
    tiers = {"core": ["core"], "published": ["core", "published"]}.get(evidence, list(comparisons["tier"]))
    lines = comparisons[comparisons["tier"].isin(tiers) & comparisons["study_id"].isin(list(included))]
    if lines.empty:
        raise NothingToDrawError("No line is left under these choices.")
    return direction(direction_rows(lines, studies), title="Direction of effect by outcome and study")


def pool_picture(
    tables: Tables,
    verdicts: Mapping[str, str],
    options: Options,
    *,
    evidence: str,
    concept: str,
    included: Sequence[str],
    **choices: Any,
) -> Figure:
    """Draw what can be pooled of an outcome under other choices, or its single estimates.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        The tables that notebook 05 reads.
    verdicts : dict of str to str
        Overall risk of bias by study.
    options : Options
        The choices of the run.
    evidence : str
        `core` or `published`.
    concept : str
        Outcome.
    included : sequence of str
        Studies that take part.
    **choices
        Fields of `Options` (`tau2_method`, `ci_method`, ...) that replace those of the run.

    """
    kept = {
        name: frame[frame["study_id"].isin(list(included))] if "study_id" in frame else frame
        for name, frame in tables.items()
    }
    own = kept["comparisons"]
    kept["comparisons"] = own[own["concept"] == concept]
    found = tier_synthesis(kept, evidence, overall=dict(verdicts), options=replace(options, **choices))
    fits = [row for row in found.pooled if row["pooled"] and row["model"] != BAYES]
    if fits:
        members = as_frame("pool_members", found.members)
        return pooled_forest(fits[0], members, kept["comparisons"])
    single = [
        row for row in found.pooled if row.get("estimate") is not None and row.get("ci_lower") is not None
    ]
    if not single:
        raise NothingToDrawError(
            f"{plain_words(concept).capitalize()}: nothing can be pooled, and no estimate has an interval."
        )
    unit = single[0]["unit"]
    rows = [
        {"study_id": f"{row['studies']}: {plain_words(row['contrast'])}", "effect": row["estimate"],
         "ci_lower": row["ci_lower"], "ci_upper": row["ci_upper"]}
        for row in single if row["unit"] == unit
    ]  # fmt: skip
    title = f"{plain_words(concept).capitalize()}: nothing to pool, single estimates"
    return forest([], not_poolable=rows, unit=plain_unit(unit), title=title)
