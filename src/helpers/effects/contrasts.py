"""Comparisons of arms that a source prints itself: a standard error from its interval or p value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.special import expit, logit

from helpers.cleaning import conversion
from helpers.effects.arms import EXOSOME_ROLES
from helpers.effects.counts import COUNT_UNITS
from helpers.effects.study_figures import StudyFigures, p_value_spread, superiority
from helpers.tables.vocabulary import CONTRAST_MEASURES, OUTCOME_CONCEPTS
from metastats.heterogeneity import critical_value
from trialfiles.record import Row

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


def printed_contrasts(study: StudyFigures, rows: list[Row]) -> Iterator[Row]:
    """Yield printed comparisons; Cliff's delta is told as probability of superiority too."""
    for row in rows:
        told = printed_contrast(study, _exosome_arm_first(study, row))
        yield told
        if row["measure"] == "CLIFF" and told["effect"] is not None:
            yield superiority(told) | {"assumption": "(1 + Cliff's delta) / 2"}


def printed_contrast(study: StudyFigures, row: Row) -> Row:
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
    effect |= {name: scaled[name] for name in ("unit", "effect", "ci_lower", "ci_upper")}
    return effect | _standard_error(study, scaled)


def _exosome_arm_first(study: StudyFigures, row: Row) -> Row:
    """Return a comparison of a control with an exosome arm as one of the exosome arm with the control."""
    treated = [
        (study.arms.get(row[name]) or {}).get("role") in EXOSOME_ROLES for name in ("arm_id", "against")
    ]
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
