"""Comparisons of arms that a source prints itself: a standard error from its interval or p value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from helpers.effects.study_figures import StudyFigures, p_value_spread
from helpers.tables.vocabulary import CONTRAST_MEASURES
from metastats.heterogeneity import critical_value
from trialfiles.record import Row

_Scale = Callable[[float], float]
_RATIOS = {"RR": "log risk ratio", "OR": "log odds ratio"}
# on which scale the interval of a measure is symmetric, and the slope back to the measure's own
_SCALES: dict[str, tuple[_Scale, _Scale]] = {
    "CLIFF": (np.arctanh, lambda x: 1 - x**2),
    "CLES": (lambda x: np.log(x / (1 - x)), lambda x: x * (1 - x)),
}
_OF_CONTRASTS = (
    "study_id", "concept", "arm_id", "site", "timepoint_weeks", "timepoint_printed", "measure", "unit", "n",
    "p_value", "p_value_token", "second_hand", "quantity_ids",
)  # fmt: skip


def printed_contrast(study: StudyFigures, row: Row) -> Row:
    """Return a printed comparison of two arms as a row of `effects`, on the measure's own scale."""
    question = study.question(row["arm_id"], row["against"])
    effect = {name: row.get(name) for name in _OF_CONTRASTS} | question.columns | {
        "estimand": "within_participant" if study.same_people else "between_group",
        "headline": "yes",
        "comparator_id": row["against"],
        "result_ids": row.get("contrast_id"),
        "assumption": f"{CONTRAST_MEASURES[row['measure']]}, as printed",
    }  # fmt: skip
    value, low, high = (row.get(name) for name in ("effect", "ci_lower", "ci_upper"))
    if row["measure"] in _RATIOS:
        value, low, high = (float(np.log(number)) if number else None for number in (value, low, high))
        effect["unit"] = _RATIOS[row["measure"]]
    effect |= {"effect": value, "ci_lower": low, "ci_upper": high}
    if value is None:
        return effect | {"headline": "no", "why_not": f"{CONTRAST_MEASURES[row['measure']]}, as printed"}
    return effect | _standard_error(study, row, value, low, high)


def _standard_error(
    study: StudyFigures, row: Row, effect: float, low: float | None, high: float | None
) -> Row:
    """Return `se` and `se_basis` from a printed SE, interval or exact p value, the first that there is.

    An interval of a difference is taken as a normal one (Cochrane Handbook 6.3.1); that of a rank effect on
    the scale on which it is symmetric (Fisher's z, the logit).
    """
    if row.get("se"):
        half = critical_value(study.level, None) * row["se"]
        limits = {"ci_lower": effect - half, "ci_upper": effect + half} if low is None else {}
        return limits | {"se": row["se"], "se_basis": "SE printed"}
    if low is not None and high is not None and low < high:
        level = (row.get("ci_level") or 95) / 100
        scale, slope = _SCALES.get(row["measure"], (float, lambda _: 1.0))
        width = scale(high) - scale(low)
        se = float(width / (2 * critical_value(level, None)) * slope(effect))
        return {"se": se, "se_basis": f"{100 * level:g} % interval printed"}
    if row["measure"] in ("MD", *_RATIOS):
        n = row.get("n")
        df = None if row["measure"] != "MD" or not n else n - (1 if study.same_people else 2)
        test = "t test" if df else "z test"
        if found := p_value_spread(row, effect, df, test):
            named = {"se_basis": found.basis, "assumption": found.assumed or None}
            return study.interval(effect, found.se, df) | named
    return {}
