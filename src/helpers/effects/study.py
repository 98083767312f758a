"""The effect sizes that one study's printed figures allow, and the comparisons that it prints itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from helpers.cleaning import conversion
from helpers.effects.counts import (
    COUNT_UNITS,
    count_comparisons,
    event_effects,
    of_any_kind,
    proportions,
    rank_effects,
)
from helpers.effects.means import mean_differences, uncontrolled_changes
from helpers.effects.study_figures import (
    EXOSOME_ROLES,
    SAME_PEOPLE,
    StudyFigures,
    instead_of_a_mean,
    p_value_spread,
    superiority,
)
from helpers.tables.vocabulary import CONTRAST_MEASURES, OUTCOME_CONCEPTS, SOME_EVENTS
from metastats.heterogeneity import critical_value
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
    arms, results, discrepancies, contrasts, events : pandas.DataFrame
        The study's rows of these tables, of `reported_contrasts` and of `adverse_events`; an optional column
        that is not there is not stated.
    pre_post_correlation : float
        Correlation between the values before and after, assumed where a change has no printed spread and
        the study's own SDs give none.
    site_correlation : float
        Correlation between two sites (or two periods) of the same people, in every standard error of a
        difference within participants.
    level : float
        Coverage of the intervals.

    Returns
    -------
    list of dict
        One row an effect and assumption, and one with `why_not` for each result that gives no effect.
        Intervals of mean changes and differences use Student's t with n - 1 (or Welch's) degrees of freedom,
        those of shares are Wilson's (1927).
    """
    correlations = {"pre_post_correlation": pre_post_correlation, "site_correlation": site_correlation}
    figures = StudyFigures(study, records(arms), records(results), level=level, **correlations)
    rows = _effects(figures, records(contrasts) if contrasts is not None else [])
    rows += event_effects(figures, records(events) if events is not None else [])
    certain = records(discrepancies[discrepancies["certain"].astype(bool)])
    for number, row in enumerate(rows, start=1):
        touching = (found["discrepancy_id"] for found in certain if _touches(found, row))
        row["discrepancy_ids"] = join_ids(touching)
        row["effect_id"] = f"{study['study_id']}.e{number:03d}"
        row["contrast_doubt"] = contrast_doubt(row, study, row.pop("_against", None))
    return rows


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
    contrasts = list(_printed_contrasts(study, printed))
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
    for result in (one for one in study.results if one["result_id"] not in used):
        counted = result["kind"] == "count"
        estimand, measure = ("proportion", "PR") if counted else ("uncontrolled_change", "MC")
        values: Row = {"measure": measure, "headline": "no", "why_not": _why_not(result)}
        values["n"] = study.stated_size(result)
        yield study.row(estimand, [result], study.question(result["arm_id"]), **values)


def _why_not(result: Row) -> str:
    """Return why a result gives no effect."""
    if result["kind"] == "count":
        return "neither a percentage nor a count with its number of people is printed"
    if printed := instead_of_a_mean(result):
        return f"{printed}: no single estimate"
    if result["estimate_kind"]:
        return f"{str(result['estimate_kind']).replace('_', ' ')}: no difference of means"
    if result["mean"] is None and result["ci_lower"] is not None:
        return "the figure that is printed is neither a mean nor a share of people"
    if result["mean"] is None:
        return "no figure is printed" if result["p_value"] is None else "a p value is printed, and no size"
    if result["kind"] == "level" and result["timepoint_weeks"] == 0:
        return "a value before treatment: none after it in the same arm, site and unit is printed"
    return "a value after treatment: neither one before it nor a control measured alike is printed"


CONTROLLED_DESIGNS = ("parallel", *SAME_PEOPLE)
CONTROLLED_ESTIMANDS = ("between_group", "within_participant")
NO_GROUP = "the study has no comparison group by its design"
NO_START = "a rating of the treatment: what it is compared with is not told"


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


# Comparisons of arms that a source prints itself: a standard error from its interval or p value.
_Scale = Callable[[Any], Any]
_RATIOS = {name: unit for name, unit in COUNT_UNITS.items() if unit.startswith("log")}
# on which scale a bounded measure is pooled and its interval symmetric, the way back, and that way's slope
UNSCALED: tuple[_Scale, _Scale, _Scale] = (lambda x: x, lambda x: x, lambda _: 1.0)
SCALES: dict[str, tuple[_Scale, _Scale, _Scale]] = {
    "CLIFF": (np.arctanh, np.tanh, lambda x: 1 - x**2),
    "CLES": (logit, expit, lambda x: x * (1 - x)),
}
# a comparison the other way round; any other measure changes its sign
_TURNS: dict[str, _Scale] = {"RR": lambda x: 1 / x, "OR": lambda x: 1 / x, "CLES": lambda x: 1 - x}
_NUMBERS = ("effect", "ci_lower", "ci_upper")
_OF_CONTRASTS = (
    "study_id", "concept", "arm_id", "site", "timepoint_weeks", "timepoint_printed", "measure", "unit", "n",
    "p_value", "p_value_token", "second_hand", "quantity_ids",
)  # fmt: skip


def _printed_contrasts(study: StudyFigures, rows: list[Row]) -> Iterator[Row]:
    """Yield printed comparisons; Cliff's delta is told as probability of superiority too."""
    for row in rows:
        told = _printed_contrast(study, _exosome_arm_first(study, row))
        yield told
        if row["measure"] == "CLIFF" and told["effect"] is not None:
            yield superiority(told) | {"assumption": "(1 + Cliff's delta) / 2"}


def _printed_contrast(study: StudyFigures, row: Row) -> Row:
    """Return a printed comparison of two arms as a row of `effects`, on the measure's own scale."""
    question = study.question(row["arm_id"], row["against"])
    effect = {name: row.get(name) for name in _OF_CONTRASTS} | question.columns | {
        "estimand": study.estimand,
        "headline": "yes",
        "comparator_id": row["against"],
        "result_ids": row.get("contrast_id"),
        "assumption": f"{CONTRAST_MEASURES[row['measure']]}, as printed",
    }  # fmt: skip
    n1, n2 = (int((study.arms.get(row[name]) or {}).get("n") or 0) for name in ("arm_id", "against"))
    if n1 and n2 and not study.same_people and effect["n"] in (None, n1 + n2):
        effect |= {"n": n1 + n2, "n_comparator": n2}
    scaled = _on_own_scale(row)
    if scaled["effect"] is None:
        words = f"{CONTRAST_MEASURES[row['measure']]}: no effect is printed"
        return effect | {"effect": None, "headline": "no", "why_not": words}
    effect |= {name: scaled[name] for name in ("unit", *_NUMBERS)}
    return effect | _standard_error(study, scaled)


def _exosome_arm_first(study: StudyFigures, row: Row) -> Row:
    """Return a comparison of a control with an exosome arm as one of the exosome arm with the control."""
    arms = (study.arms.get(row[name]) or {} for name in ("arm_id", "against"))
    treated = [arm.get("role") in EXOSOME_ROLES for arm in arms]
    if treated != [False, True]:
        return row
    turn = _TURNS.get(row["measure"], lambda x: -x)
    turned = {name: None if row.get(name) is None else turn(row[name]) for name in _NUMBERS}
    turned["ci_lower"], turned["ci_upper"] = turned["ci_upper"], turned["ci_lower"]
    return row | turned | {"arm_id": row["against"], "against": row["arm_id"]}


def _on_own_scale(row: Row) -> Row:
    """Return a printed comparison with ratios as logs, and a difference of means in the outcome's unit."""
    numbers = {name: row.get(name) for name in ("se", *_NUMBERS)}
    if row["measure"] in _RATIOS:
        ratios = {name: numbers[name] or 0 for name in _NUMBERS}
        logs = {name: float(np.log(ratio)) if ratio > 0 else None for name, ratio in ratios.items()}
        return row | numbers | logs | {"unit": _RATIOS[row["measure"]]}
    if row["measure"] not in ("MD", "RD"):
        return row | numbers
    own = OUTCOME_CONCEPTS[row["concept"]].unit if row["measure"] == "MD" else "proportion"
    change = conversion(row.get("unit"), own)
    same = {name: None if value is None else value * change.factor for name, value in numbers.items()}
    return row | same | {"unit": change.unit}


def _standard_error(study: StudyFigures, row: Row) -> Row:
    """Return `se`, `se_basis` and limits from a printed SE, interval or exact p value, the first there is.

    An interval of a difference is taken as a normal one (Cochrane Handbook 6.3.1); that of a rank effect on
    the scale on which it is symmetric (Fisher's z, the logit).
    """
    effect, low, high = row["effect"], row["ci_lower"], row["ci_upper"]
    used = [effect] if row["se"] or None in (low, high) else [effect, low, high]
    scale, back, slope = SCALES.get(row["measure"], UNSCALED)
    with np.errstate(all="ignore"):  # at its ends, or beyond, a bounded scale has no number
        if not np.isfinite([scale(x) for x in used]).all():
            scale, back, slope = UNSCALED

    def limits(se: float) -> Row:
        half = critical_value(study.level, None) * se
        ends = {"ci_lower": float(back(scale(effect) - half)), "ci_upper": float(back(scale(effect) + half))}
        return ends | {"ci_method": "normal"}

    if row["se"]:
        return limits(row["se"] / slope(effect)) | {"se": row["se"], "se_basis": "SE printed"}
    if len(used) > 1:
        level = (row.get("ci_level") or 95) / 100
        printed = {"ci_method": f"as printed, {100 * level:g} %"}
        if not low <= effect <= high or low == high:
            words = "no standard error: the printed interval does not hold the effect"
            return printed | {"assumption": words}
        se = (scale(high) - scale(low)) / (2 * critical_value(level, None))
        values: Row = {"se": float(se * slope(effect)), "se_basis": f"{100 * level:g} % interval printed"}
        return values | (printed if level == study.level else limits(se))
    if row["measure"] in ("MD", "RD", *_RATIOS):
        n = row.get("n")
        df = None if row["measure"] != "MD" or not n else n - (1 if study.same_people else 2)
        test = "t test" if df else "z test"
        if found := p_value_spread(row, effect, df, test):
            named = {"se_basis": found.basis, "assumption": found.assumed or None}
            return study.interval(effect, found.se, df) | named
    return {}
