"""The effect sizes that one study's printed figures allow, each with the assumption it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from helpers.effects.contrasts import printed_contrasts
from helpers.effects.counts import count_comparisons, event_effects, of_any_kind, proportions
from helpers.effects.means import mean_differences, uncontrolled_changes
from helpers.effects.ranks import rank_effects
from helpers.effects.study_figures import SAME_PEOPLE, StudyFigures, instead_of_a_mean
from helpers.tables.vocabulary import OUTCOME_CONCEPTS, SOME_EVENTS
from notebookpress.tables import join_ids, records, split_ids
from trialfiles.record import Row
from trialfiles.times import weeks


def study_effects(
    study: Row,
    arms: pd.DataFrame,
    results: pd.DataFrame,
    discrepancies: pd.DataFrame,
    *,
    pre_post_correlation: float = 0.7,
    site_correlation: float = 0.7,
    level: float = 0.95,
    contrasts: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
) -> list[Row]:
    """Return the rows of `effects` for one study.

    Parameters
    ----------
    study : dict
        The study's row of `studies`.
    arms, results, discrepancies : pandas.DataFrame
        The study's rows of these tables; an optional column that is not there is not stated.
    pre_post_correlation : float
        Correlation between the values before and after, assumed where a change has no printed spread and
        the study's own SDs give none.
    site_correlation : float
        Correlation between two sites (or two periods) of the same people, in every standard error of a
        difference within participants.
    level : float
        Coverage of the intervals.
    contrasts : pandas.DataFrame, optional
        The study's rows of `reported_contrasts`: comparisons of arms that the source itself prints.
    events : pandas.DataFrame, optional
        The study's rows of `adverse_events`.

    Returns
    -------
    list of dict
        One row an effect and assumption, and one with `why_not` for each result that gives no effect.
        Intervals of mean changes and differences use Student's t with n - 1 (or Welch's) degrees of freedom,
        those of shares are Wilson's (1927).
    """
    correlations = {"pre_post_correlation": pre_post_correlation, "site_correlation": site_correlation}
    figures = StudyFigures(study, records(arms), records(results), level=level, **correlations)
    printed = records(contrasts) if contrasts is not None else []
    rows = _effects(figures, printed)
    rows += event_effects(figures, records(events) if events is not None else [])
    certain = records(discrepancies[discrepancies["certain"].astype(bool)])
    for row in rows:
        row["discrepancy_ids"] = join_ids(
            found["discrepancy_id"] for found in certain if _touches(found, row)
        )
    return _named(rows, study)


def _touches(discrepancy: Row, effect: Row) -> bool:
    """Return whether a discrepancy is about an effect: its outcome, and a figure of it where any is named."""
    about = set(split_ids(discrepancy["quantity_ids"]))
    shared = not about or not about.isdisjoint(split_ids(effect["quantity_ids"]))
    return shared and effect["concept"] in split_ids(discrepancy["concepts"])


def _effects(study: StudyFigures, printed: list[Row]) -> list[Row]:
    """Return changes, differences, shares, and what no effect can be made of."""
    rows = [
        *uncontrolled_changes(study),
        *mean_differences(study),
        *proportions(study),
        *count_comparisons(study),
        *rank_effects(study, printed),
    ]
    contrasts = list(printed_contrasts(study, printed))
    # the source's own difference, which may be adjusted and needs no assumption, comes first if it has an SE
    for first, second in ((contrasts, rows), (rows, contrasts)):
        weighed = {_place(row) for row in first if row.get("se") is not None and row["headline"] == "yes"}
        for row in second:
            row["headline"] = "no" if _place(row) in weighed else row["headline"]
    rows += contrasts
    return [*rows, *_without_effect(study, rows)]


def _place(row: Row) -> tuple:
    names = ("concept", "arm_id", "comparator_id", "site", "measure")
    weeks_after = row.get("timepoint_weeks")
    time = row.get("timepoint_printed") if weeks_after is None else weeks_after
    return (*(row.get(name) for name in names), time)


def _without_effect(study: StudyFigures, rows: list[Row]) -> Iterator[Row]:
    """Yield a row with the reason for each result that no other row rests on."""
    used = {name for row in rows for name in split_ids(row["result_ids"])}
    for result in study.results:
        if result["result_id"] not in used:
            counted = result["kind"] == "count"
            estimand, measure = ("proportion", "PR") if counted else ("uncontrolled_change", "MC")
            values: Row = {"measure": measure, "headline": "no", "why_not": _why_not(result)}
            question = study.question(result["arm_id"])
            values["n"] = study.stated_size(result)
            yield study.row(estimand, [result], question, **values)


def _why_not(result: Row) -> str:
    """Return why a result gives no effect."""
    if result["kind"] == "count":
        return "neither a percentage nor a count with its number of people is printed"
    if printed := instead_of_a_mean(result):
        return f"{printed}: no single estimate"
    if result["estimate_kind"]:
        return f"{str(result['estimate_kind']).replace('_', ' ')}: no difference of means"
    if result["mean"] is None:
        return "no figure is printed"
    if result["kind"] == "level" and result["timepoint_weeks"] == 0:
        return "a value before treatment: none after it in the same arm, site and unit is printed"
    return "a value after treatment: neither one before it nor a control measured alike is printed"


def _named(rows: list[Row], study: Row) -> list[Row]:
    """Give each row its name, and the doubt whether it is such an estimand."""
    for number, row in enumerate(rows, start=1):
        row["effect_id"] = f"{study['study_id']}.e{number:03d}"
        row["contrast_doubt"] = contrast_doubt(row, study, row.pop("_against", None))
    return rows


CONTROLLED_DESIGNS = ("parallel", *SAME_PEOPLE)
CONTROLLED_ESTIMANDS = ("between_group", "within_participant")
NO_GROUP = "the study has no comparison group by its design"
NO_START = "asked only after treatment, so that there is no change"


def contrast_doubt(effect: Row, study: Row, against: str | None = None) -> str | None:
    """Return why an effect is no such estimand; None where nothing speaks against it.

    A design that is not stated speaks against nothing. `against` is what the source compares a printed change
    with; None for a change that is worked out from values before and after.
    """
    design = study.get("comparison")
    if effect["estimand"] in CONTROLLED_ESTIMANDS and design and design not in CONTROLLED_DESIGNS:
        return NO_GROUP
    if effect.get("term") and effect["effect"] is not None and not of_any_kind(effect):
        return SOME_EVENTS
    if effect["estimand"] != "uncontrolled_change" or against is None:
        return None
    if weeks(against):
        return f"counted from a later visit ({against}), not from the start"
    concept = OUTCOME_CONCEPTS.get(effect["concept"])
    return NO_START if concept and concept.asked_after else None
