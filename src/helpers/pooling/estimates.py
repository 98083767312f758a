"""One study's estimate on the scale on which it is pooled: standard error, counts, several made one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit

from helpers.pooling.assumptions import people_of
from metastats.effect_sizes import effect_size
from metastats.heterogeneity import critical_value
from notebookpress.tables import join_ids
from trialfiles.record import Row
from trialfiles.times import weeks_after_end

PRINTED_LEVEL = 0.95  # of an interval that a source prints
BOUNDED = ("PLO", "CLES", "CLIFF")  # measures that are pooled on another scale than they are told in
NO_SPREAD = "neither an SD nor an interval was seen"
NO_COUNT = "no number of people with it is known: shown as printed, without an interval"


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


def with_standard_error(line: Row) -> Row:
    """Return an effect whose printed 95 % interval gives its standard error, where it has no other.

    An interval that does not lie evenly about the effect is on another scale and gives none.
    """
    low, high = line.get("ci_lower"), line.get("ci_upper")
    if line["se"] is not None or line["estimand"] == "proportion" or None in (line["effect"], low, high):
        return line
    width = high - low
    if width <= 0 or abs((low + high) / 2 - line["effect"]) > 0.05 * width:
        return line
    return line | {
        "se": width / (2 * critical_value(PRINTED_LEVEL, None)),
        "se_basis": "95 % interval printed",
    }


def interval_method(line: Row) -> str | None:
    """Return what the limits of a study's own estimate are; printed ones keep the coverage they had."""
    if line["ci_lower"] is None:
        return None
    printed = re.search(r"([\d.]+ %) interval printed", line.get("se_basis") or "")
    if printed or line["se"] is None:
        return f"as printed, {printed[1] if printed else f'{100 * PRINTED_LEVEL:g} %'}"
    if line["estimand"] == "proportion":
        return "Wilson"
    if line["measure"] not in ("MC", "MD"):
        return "normal"
    return "Welch's t" if line["estimand"] == "between_group" else "Student's t"


def at_bound(line: Row) -> bool:
    """Return whether a rank effect is at an end of its scale, where the one it is pooled on has none."""
    ends = {"CLES": (0, 1), "CLIFF": (-1, 1)}.get(line["measure"], ())
    return line["effect"] in ends


def visit_order(line: Row) -> tuple[float, float]:
    """Return what visits are sorted by: weeks from the start, else weeks from the end of treatment."""
    return line["timepoint_weeks"] or 0.0, weeks_after_end(line.get("timepoint_printed")) or 0.0


def preferred(own: list[Row]) -> list[Row]:
    """Return the estimates that stand for a study, of several that answer one question.

    Of the visit that comes first in the list, in each arm those of the whole scalp; where it has none, or
    several, those of most people. The size of an effect, names and their order have no say.
    """
    visit = [line for line in own if visit_order(line) == visit_order(own[0])]
    arms: dict[str | None, list[Row]] = {}
    for line in visit:
        arms.setdefault(line.get("arm_id"), []).append(line)
    return [line for lines in arms.values() for line in _of_arm(lines)]


def _of_arm(lines: list[Row]) -> list[Row]:
    best = [line for line in lines if line.get("site") in (None, "all")] or lines
    most = max(people_of(line) or 0 for line in best)
    return [line for line in best if (people_of(line) or 0) == most]


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
        return kept | share | dict.fromkeys(("se", "ci_lower", "ci_upper"))
    shared = ("effect", "se", "ci_lower", "ci_upper", "events")
    names = [name for name in shared if all(line.get(name) is not None for line in lines)]
    means = {name: float(np.mean([line[name] for line in lines])) for name in names}
    words = f"{len(lines)} estimates of the study averaged as if fully correlated"
    return kept | means | {"assumption": "; ".join(filter(None, (first.get("assumption"), words)))}


@dataclass(frozen=True)
class Scale:
    """Estimates of one question on the scale on which they are pooled.

    Attributes
    ----------
    yi, vi : estimates and sampling variances
    measure : metafor's code; `PLO`, log odds, for proportions, with 1/2 added to the counts of a study
        of which nobody or everybody is counted, and to no other

    Rank effects are bounded as well: a probability of superiority (CLES) is pooled as a logit, Cliff's delta
    (CLIFF) as its inverse hyperbolic tangent, which is half that logit. Both keep their code.

    """

    yi: np.ndarray
    vi: np.ndarray
    measure: str

    def told(self, value: Any) -> Any:
        """Return a value, or several, in the unit in which it is told: a proportion for log odds."""
        if self.measure in ("PLO", "CLES"):
            return expit(value)
        return np.tanh(value) if self.measure == "CLIFF" else value

    def told_of(self, fitted: Any) -> dict[str, Any]:
        """Return estimate and limits of a fit on this scale, in the unit in which they are told."""
        return {name: self.told(getattr(fitted, name)) for name in ("estimate", "ci_lower", "ci_upper")}


def on_scale(group: list[Row]) -> Scale:
    """Return estimates on the scale on which they are pooled.

    Parameters
    ----------
    group : list of dict
        Estimates of one question: proportions with their counts, others with a standard error.

    """
    if group[0]["estimand"] == "proportion":
        counts = np.array([counts_of(line) for line in group], float)
        found = effect_size("PLO", xi=counts[:, 0], ni=counts[:, 1])
        return Scale(found.yi, found.vi, "PLO")
    measure = group[0]["measure"]
    effects, errors = (np.array([line[name] for line in group], float) for name in ("effect", "se"))
    if measure == "CLES":
        return Scale(logit(effects), (errors / (effects * (1 - effects))) ** 2, measure)
    if measure == "CLIFF":
        return Scale(np.arctanh(effects), (errors / (1 - effects**2)) ** 2, measure)
    return Scale(effects, errors**2, measure)
