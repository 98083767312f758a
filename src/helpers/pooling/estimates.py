"""One study's estimate: people, counts, an imputed SD, several made one, the scale on which it is pooled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import pi, sqrt
from typing import Any

import numpy as np
from scipy.special import expit

from helpers.effects import SCALES, UNSCALED
from helpers.effects.means import welch
from helpers.effects.study_figures import said
from helpers.tables.vocabulary import SD_USES
from metastats.effect_sizes import effect_size
from metastats.heterogeneity import critical_value
from notebookpress.tables import join_ids
from trialfiles.record import Row
from trialfiles.times import weeks_after_end

IMPUTED_UNIT = "hairs/cm2"
LOGISTIC_SD = pi / sqrt(3)  # SD between people on the log-odds scale
_PEOPLE = re.compile(r"^(\d+)(?: \+ (\d+))?")
BOUNDED = ("PLO", *SCALES)  # measures that are pooled on another scale than they are told in
NO_SPREAD = "neither an SD nor an interval was seen"
NO_COUNT = "no number of people with it is known: shown as printed, without an interval"


def people_of(effect: dict[str, Any]) -> int | None:
    """Return the people that an effect rests on: those stated, otherwise those assumed."""
    if effect.get("n"):
        return int(effect["n"])
    found = _PEOPLE.match(str(effect.get("n_assumed") or ""))
    return sum(int(part) for part in found.groups() if part) if found else None


def counts_of(line: Row) -> tuple[int, int] | None:
    """Return the events and the people of a proportion; None where no whole number gives the share.

    Where the number of people is assumed, the events are those that are told and never worked out.
    """
    n, events = people_of(line), line.get("events")
    if not n or line["effect"] is None:
        return None
    if events is None:
        if not line.get("n"):
            return None
        events = line["effect"] * n
        if abs(events - round(events)) > 1e-6:
            return None
    return (round(events), n) if 0 <= events <= n else None


def at_bound(line: Row) -> bool:
    """Return whether a rank effect is at an end of its scale, where the one it is pooled on has none."""
    return SCALES.get(line["measure"], UNSCALED)[2](line["effect"]) == 0


def visit_order(line: Row) -> tuple[float, float]:
    """Return what visits are sorted by: weeks from the start, else weeks from the end of treatment."""
    return line["timepoint_weeks"] or 0.0, weeks_after_end(line.get("timepoint_printed")) or 0.0


def preferred(own: list[Row]) -> list[Row]:
    """Return the estimates that stand for a study, of several that answer one question.

    Of the visit that comes first in the list, in each arm those of the whole scalp; where it has none, or
    several, those of most people. The size of an effect, names and their order have no say.
    """
    visit = [line for line in own if visit_order(line) == visit_order(own[0])]
    chosen: list[Row] = []
    for arm in dict.fromkeys(line.get("arm_id") for line in visit):
        lines = [line for line in visit if line.get("arm_id") == arm]
        best = [line for line in lines if line.get("site") in (None, "all")] or lines
        most = max(people_of(line) or 0 for line in best)
        chosen += [line for line in best if (people_of(line) or 0) == most]
    return chosen


def made_one(lines: list[Row]) -> Row:
    """Return one estimate of several of a study that answer one question alike.

    Shares of different arms are counted together. Other effects are averaged as if fully correlated, so
    that the standard error is the mean of theirs: two sites of one scalp make no effect more precise.
    """
    first = min(lines, key=lambda line: line["line_id"])
    if len(lines) == 1:
        return first
    ids = {"effect_id": join_ids(line["effect_id"] for line in lines)}
    kept = first | ids | {"certain_discrepancies": max(line["certain_discrepancies"] for line in lines)}
    arms = {line.get("arm_id") for line in lines}
    if first["estimand"] == "proportion" and len(arms) == len(lines):
        counts = [counts_of(line) or (0, 0) for line in lines]
        events, n = (sum(part) for part in zip(*counts, strict=True))
        share = {"events": events, "n": n, "n_assumed": None, "effect": events / n}
        return kept | share | dict.fromkeys(("se", "ci_lower", "ci_upper", "ci_method"))
    shared = ("effect", "se", "ci_lower", "ci_upper", "events")
    names = [name for name in shared if all(line.get(name) is not None for line in lines)]
    means = {name: float(np.mean([line[name] for line in lines])) for name in names}
    words = f"{len(lines)} estimates of the study averaged as if fully correlated"
    return kept | means | {"assumption": said(first.get("assumption"), words)}


@dataclass(frozen=True)
class Scale:
    """Estimates of one question on the scale on which they are pooled.

    `yi` and `vi` are estimates and sampling variances, `measure` metafor's code: `PLO`, log odds, for
    proportions, with 1/2 added to the counts of a study of which nobody or everybody is counted, and to no
    other. Rank effects are bounded as well: a probability of superiority (CLES) is pooled as a logit, Cliff's
    delta (CLIFF) as its inverse hyperbolic tangent, which is half that logit. Both keep their code.
    """

    yi: np.ndarray
    vi: np.ndarray
    measure: str

    def told(self, value: Any) -> Any:
        """Return a value, or several, in the unit in which it is told: a proportion for log odds."""
        back = expit if self.measure == "PLO" else SCALES.get(self.measure, UNSCALED)[1]
        return back(value)

    def told_of(self, fitted: Any) -> dict[str, Any]:
        """Return estimate and limits of a fit on this scale, in the unit in which they are told."""
        return {name: self.told(getattr(fitted, name)) for name in ("estimate", "ci_lower", "ci_upper")}


def on_scale(group: list[Row]) -> Scale:
    """Return estimates of one question on the scale on which they are pooled."""
    if group[0]["estimand"] == "proportion":
        counts = np.array([counts_of(line) for line in group], float)
        found = effect_size("PLO", xi=counts[:, 0], ni=counts[:, 1])
        return Scale(found.yi, found.vi, "PLO")
    measure = group[0]["measure"]
    effects, errors = (np.array([line[name] for line in group], float) for name in ("effect", "se"))
    scaled, _, slope = SCALES.get(measure, UNSCALED)
    return Scale(scaled(effects), (errors / slope(effects)) ** 2, measure)


def with_sd(
    lines: list[dict[str, Any]], use: str, sd: float, *, site_correlation: float = 0.7, level: float = 0.95
) -> list[dict[str, Any]]:
    """Return estimates in which differences in hair density rest on an imputed SD, where `use` says so.

    Only differences between groups whose sizes are both known, or between two sites of the same people, in
    hairs/cm², can take an imputed SD (Cochrane Handbook 6.5.2.7). Their intervals are by Student's t with the
    degrees of freedom of the trial (Welch's between groups).

    Parameters
    ----------
    lines : list of dict
        Estimates.
    use : str
        One of `SD_USES`: where the imputed SD takes the place of what is printed or missing; doubtful is
        what a certain discrepancy touches.
    sd : float
        Standard deviation of the change between people, hairs/cm².
    site_correlation, level : float
        Correlation between two sites of one scalp, and coverage of the intervals.
    """
    place = list(SD_USES).index(use)
    rows = []
    for line in lines:
        missing = line["se"] is None and line.get("ci_lower") is None
        doubtful = bool(line["certain_discrepancies"])
        wanted = place == 3 or (place >= 1 and missing) or (place == 2 and doubtful)
        imputed = _imputed_se(line, sd, site_correlation) if wanted else None
        rows.append(line if imputed is None else line | _with_interval(line, sd, *imputed, level, missing))
    return rows


def _with_interval(line: Row, sd: float, se: float, df: float, level: float, missing: bool) -> Row:
    half = critical_value(level, df) * se
    words = f"SD {sd:g} imputed ({'missing' if missing else 'printed one set aside'})"
    kept = None if missing and "no interval" in (line["assumption"] or "") else line["assumption"]
    return {
        "assumption": said(kept, words),
        "se_basis": words,
        "se": se,
        "ci_lower": line["effect"] - half,
        "ci_upper": line["effect"] + half,
        "ci_method": "Welch's t" if line["estimand"] == "between_group" else "Student's t",
    }


def _imputed_se(line: Row, sd: float, site_correlation: float) -> tuple[float, float] | None:
    """Return the standard error that an SD of the change gives a difference, and its degrees of freedom."""
    if line["measure"] != "MD" or line["unit"] != IMPUTED_UNIT or line["effect"] is None:
        return None
    n, others = line.get("n"), line.get("n_comparator")
    if line["estimand"] == "between_group" and n and others and min(n - others, others) > 1:
        _, se, df = welch((0.0, sd / sqrt(n - others), n - others), (0.0, sd / sqrt(others), others))
        return se, float(df or 0)
    if line["estimand"] == "within_participant" and n and n > 1:
        return sd * sqrt(2 * (1 - site_correlation) / n), n - 1
    return None


def prior_scale(group: list[dict[str, Any]], tau_prior: float, assumed_sd: float) -> float:
    """Return the scale of the half-normal prior of tau, on the scale on which estimates are pooled.

    For hair density it is `tau_prior`, hairs/cm². In another unit it is the same share of the SD between
    people, as `tau_prior` is of `assumed_sd`, of estimates that no certain discrepancy touches; for
    proportions, which are pooled as log odds, of the SD of the logistic distribution.
    """
    if group[0]["unit"] == IMPUTED_UNIT:
        return float(tau_prior)
    share = tau_prior / assumed_sd
    if group[0]["estimand"] == "proportion":
        return float(share * LOGISTIC_SD)
    sound = [line for line in group if not line.get("certain_discrepancies")] or group
    # the SD of one person that a standard error implies; two equal groups where there are two
    parts = 2 if group[0]["estimand"] == "between_group" else 1
    return float(share * np.median([line["se"] * sqrt(people_of(line) or 4) / parts for line in sound]))
