"""What may be pooled and what may not, by rule: one estimate a study, one question, a like time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from helpers.comparison import PARTNERS, alike, set_apart
from helpers.effects import CONTROLLED_ESTIMANDS, SCALES, UNSCALED, comparator_key
from helpers.effects.study_figures import said
from helpers.tables import read_table
from helpers.tables.vocabulary import ESTIMAND_WORDS, label, tiers_of
from metastats.effect_sizes import effect_size
from metastats.pooling import pool
from metastats.small_study import egger_test
from notebookpress.tables import TableError, join_ids, records, split_ids
from trialfiles.record import Row
from trialfiles.times import weeks_after_end

_PEOPLE = re.compile(r"^(\d+)(?: \+ (\d+))?")
BOUNDED = ("PLO", *SCALES)  # measures that are pooled on another scale than they are told in
NO_SPREAD = "neither an SD nor an interval was seen"
NO_COUNT = "no number of people with it is known: shown as printed, without an interval"


def people_of(effect: Row) -> int | None:
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
        events, n = (sum(part) for part in zip(*filter(None, map(counts_of, lines)), strict=True))
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

    def told_of(self, fitted: Any) -> Row:
        """Return estimate and limits of a fit on this scale, in the unit in which they are told."""
        return {name: self.told(getattr(fitted, name)) for name in ("estimate", "ci_lower", "ci_upper")}


def on_scale(group: list[Row]) -> Scale:
    """Return estimates of one question on the scale on which they are pooled."""
    first, *_ = group
    if first["estimand"] == "proportion":
        counts = np.array([counts_of(line) for line in group], float)
        found = effect_size("PLO", xi=counts[:, 0], ni=counts[:, 1])
        return Scale(found.yi, found.vi, "PLO")
    effects, errors = (np.array([line[name] for line in group], float) for name in ("effect", "se"))
    scaled, _, slope = SCALES.get(first["measure"], UNSCALED)
    return Scale(scaled(effects), (errors / slope(effects)) ** 2, first["measure"])


# What two estimates must have in common, time apart; the name of a comparator counts where it is active.
QUESTION = (
    "concept", "intervention", "sex", "estimand", "comparator", "comparator_name", "background", "unit",
    "measure",
)  # fmt: skip
CONTEXT = "context"  # evidence on other treatments, which is no evidence on exosomes
SHOWN_ONLY = "an uncontrolled change is never averaged with others"
_OF_POOLS = (
    *PARTNERS,
    (lambda line: (line.get("intervention"), line.get("sex")), "others study another drug, dose or sex"),
)
NOT_CHOSEN = "another estimate of the study is pooled"


def question_of(line: Row) -> dict[str, str | None]:
    """Return what an estimate must have in common with another, time apart, to be pooled with it."""
    names = ("comparator", "comparator_name", "background")
    asked = dict(zip(names, comparator_key(line), strict=True))
    return {name: line.get(name) for name in QUESTION} | asked


def controlled_elsewhere(line: Row, others: list[Row], tolerance: float) -> bool:
    """Return whether the same study compares that arm with another, which says more than its change."""
    if line["estimand"] != "uncontrolled_change":
        return False
    return any(
        other["study_id"] == line["study_id"]
        and other["estimand"] in CONTROLLED_ESTIMANDS
        and not other.get("contrast_doubt")
        and other["unit"] == line["unit"]
        and alike(other["timepoint_weeks"], line["timepoint_weeks"], tolerance)
        for other in others
    )


def grouped(estimates: list[Row], tolerance: float, visit: str = "latest") -> list[list[Row]]:
    """Sort estimates into groups that may be pooled; a study gives a group one estimate.

    Uncontrolled changes and estimates with a doubt about the estimand stay alone. `tolerance` is the share
    of the longer time by which two times may differ; `visit` takes a study's `latest` follow-up that fits a
    group, or its `earliest`.
    """
    groups: list[list[Row]] = []
    ordered = sorted(estimates, key=itemgetter("line_id"))
    ordered.sort(key=visit_order, reverse=visit == "latest")
    for line in ordered:
        home = next((group for group in groups if belongs(line, group[0], tolerance)), None)
        if home is None:
            groups.append(home := [])
        home.append(line)
    return [part for group in groups for part in _one_a_study(group)]


def belongs(line: Row, first: Row, tolerance: float) -> bool:
    """Return whether an estimate answers the question of another at a like time, without a doubt."""
    if line["estimand"] == "uncontrolled_change" or line.get("contrast_doubt") or first.get("contrast_doubt"):
        return False
    near = alike(line["timepoint_weeks"], first["timepoint_weeks"], tolerance)
    return near and question_of(line) == question_of(first)


def _one_a_study(group: list[Row]) -> list[list[Row]]:
    """Return the group with one estimate a study, and each of those not taken alone."""
    chosen, left = [], []
    for study in dict.fromkeys(line["study_id"] for line in group):
        own = [line for line in group if line["study_id"] == study]
        taken = preferred(own)
        chosen.append(made_one(taken))
        names = {line["line_id"] for line in taken}
        left += [[line] for line in own if line["line_id"] not in names]
    return [chosen, *left]


TEST_WORDS = {"z": "normal", "knha": "Knapp-Hartung", "adhoc": "Knapp-Hartung, truncated"}
AS_PRINTED = "as printed"
RANDOM = "random effects"
MANY_STUDIES = 10  # below, Egger's test has no power (Cochrane Handbook 13.3.5.4)


def tier_lines(comparisons: pd.DataFrame, effects: pd.DataFrame, evidence: str) -> list[Row]:
    """Return the lines of a body of evidence, each with all that `effects` tells of its estimate."""
    lines = comparisons[comparisons["tier"].isin(tiers_of(evidence))]
    more = ["effect_id", *effects.columns.difference(comparisons.columns)]
    people = effects.set_index("effect_id")["n"]
    lines = lines.merge(effects[more], "left", on="effect_id")
    return records(lines.assign(n=lines["effect_id"].map(people)))  # `n` of a line is words


@dataclass(frozen=True)
class Options:
    """The choices of an analysis; each is a parameter of notebook 05."""

    tau2_method: str = "REML"
    ci_method: str = "adhoc"
    level: float = 0.95
    time_tolerance: float = 0.25
    assumed_sd: float = 20.0
    tau_prior: float = 10.0
    visit: str = "latest"
    site_correlation: float = 0.7

    @property
    def fit(self) -> dict[str, Any]:
        """Arguments of `pool`."""
        return {"method": self.tau2_method, "test": self.ci_method, "level": self.level}


def rows_of_lines(lines: list[Row], options: Options, scenario: str = AS_PRINTED) -> list[Row]:
    """Return the rows of `pooled` for lines with measure and standard error, outcome by outcome."""
    rows: list[Row] = []
    for concept in sorted({line["concept"] for line in lines}):
        rows += _concept_rows([line for line in lines if line["concept"] == concept], options)
    return [row | {"scenario": scenario} for row in rows]


def poolable(line: Row) -> bool:
    """Return whether an estimate can be weighed: it has a standard error above 0, a proportion its counts."""
    return _cannot_be_weighed(line) is None


def _concept_rows(lines: list[Row], options: Options) -> list[Row]:
    estimates = [_as_printed(line) for line in lines if line["effect"] is not None]
    reasons = [_cannot_be_weighed(line) for line in estimates]
    weighed = [line for line, reason in zip(estimates, reasons, strict=True) if reason is None]
    weighed = [line for line in weighed if not controlled_elsewhere(line, weighed, options.time_tolerance)]
    rows: list[Row] = []
    for line, reason in zip(estimates, reasons, strict=True):
        rows += _alone(line, reason) if reason else []
    for group in grouped(weighed, options.time_tolerance, options.visit):
        if len(group) > 1:
            rows += _fits(group, options)
        else:
            rows += _alone(group[0], why_alone(group[0], weighed, options.time_tolerance))
    told = {study for row in rows for study in split_ids(row["studies"])}
    left = [line for line in lines if line["study_id"] not in told]
    return [*rows, _nothing(left)] if left else rows


def _as_printed(line: Row) -> Row:
    """Return a share without limits that are not printed and rest on a number of people that is not known."""
    if line["estimand"] != "proportion" or poolable(line) or "printed" in (line.get("se_basis") or ""):
        return line
    return line | dict.fromkeys(("ci_lower", "ci_upper", "se", "ci_method"))


def _cannot_be_weighed(line: Row) -> str | None:
    """Return why an estimate has no weight, None where it has; empty for a change that is shown elsewhere."""
    if line.get("set_aside"):
        return str(line["set_aside"])
    if line["estimand"] == "proportion":
        return None if counts_of(line) else line["why_not"] or NO_COUNT
    if line["se"] == 0:
        return "its standard error is 0"  # a weight of 1 / 0 would decide alone
    if line["se"] is not None:
        at_end = SCALES.get(line["measure"], UNSCALED)[2](line["effect"]) == 0  # of a rank effect
        return "it is at the end of its scale, where it has no standard error" if at_end else None
    if line.get("ci_lower") is not None:
        return "its interval gives no standard error"
    return (line["why_not"] or NO_SPREAD) if line["estimand"] in CONTROLLED_ESTIMANDS else ""


def _alone(line: Row, reason: str) -> list[Row]:
    """Return the row of a lone estimate; where a certain discrepancy touches it, that nothing is left too."""
    shown = {name: line.get(name) for name in ("ci_lower", "ci_upper", "se", "ci_method")}
    shown |= {"estimate": line["effect"], "model": "single study"}
    rows = [_row([line], f"no meta-analysis: {reason}", **shown)]
    if line["certain_discrepancies"]:
        kept = {name: line.get(name) for name in QUESTION}
        left = "a certain discrepancy touches the only estimate: without it nothing is left"
        rows.append(_row([], left, without_certain_discrepancies=True, **kept))
    return rows


def why_alone(line: Row, lines: list[Row], tolerance: float) -> str:
    """Return why an estimate is pooled with no other of the lines."""
    if line.get("contrast_doubt"):
        return line["contrast_doubt"]
    if line["estimand"] == "uncontrolled_change":
        return SHOWN_ONLY
    others = [other for other in lines if other["study_id"] != line["study_id"]]
    if not others:
        return line["why_not"] or "its partner belongs to another tier"
    return set_apart(line, others, tolerance, _OF_POOLS) or NOT_CHOSEN


def _row(lines: list[Row], reason: str, **values: Any) -> Row:
    """Return a row of `pooled` on some lines; nothing is pooled unless `values` say so."""
    first = lines[0] if lines else {}
    people = [people_of(line) for line in lines]
    row = {
        "studies": join_ids(line["study_id"] for line in lines),
        "comparator_name": said(*(line.get("comparator_name") for line in lines)),
        "participants": sum(people) if people and None not in people else None,
        "effect_ids": join_ids(line["effect_id"] for line in lines if line["effect_id"]),
        "assumption": said(*(line.get("assumption") for line in lines)),
        "k": len(lines),
        "without_certain_discrepancies": False,
        "model": "none",
        "pooled": False,
        "reason": reason,
        "se": None,
    }
    return {name: first.get(name) for name in QUESTION} | row | values


def _fits(group: list[Row], options: Options) -> list[Row]:
    """Return the fit of a group and, where a certain discrepancy touches some, what is left without these."""
    sound = [line for line in group if not line["certain_discrepancies"]]
    rows = [_fit(group, options)]
    if len(sound) > 1:
        rows += [_fit(sound, options)] if len(sound) < len(group) else []
    else:
        touched = "without the estimates that a certain discrepancy touches"
        left = f"{touched}, {len(sound)} is left: nothing to pool"
        rows.append(_row(sound, left, concept=group[0]["concept"]))
    return rows[:1] + [row | {"without_certain_discrepancies": True} for row in rows[1:]]


def _fit(group: list[Row], options: Options) -> Row:
    scale = on_scale(group)
    found = pool(scale.yi, scale.vi, **options.fit)
    low, high = map(scale.told, found.prediction_interval(kind="t"))
    first, *_ = group
    named, words = label(first["concept"]), ESTIMAND_WORDS[first["estimand"]]
    shares = first["estimand"] == "proportion"
    large = len(group) >= MANY_STUDIES and not shares  # a proportion and its error go together
    reason = f"{len(group)} studies report {named} as {words}, in one unit, at a like time"
    return _row(group, reason) | scale.told_of(found) | {
        "pi_lower": low,
        "pi_upper": high,
        "measure": scale.measure,
        "model": RANDOM,
        "tau2_method": options.tau2_method,
        "ci_method": TEST_WORDS[options.ci_method],
        "se": found.se,
        "pi_df": len(group) - 1,
        "small_study_p": egger_test(scale.yi, scale.vi).p_value if large else None,
        "tau2": found.tau2,
        "i2": found.i2,
        "pooled": True,
    }  # fmt: skip


def _nothing(lines: list[Row]) -> Row:
    """Return the row of an outcome without an estimate: each reason with the studies that give it."""
    planned = sorted({line["study_id"] for line in lines if line["direction"] == "not reported"})
    reported = [line for line in lines if line["direction"] != "not reported"]
    studies, of_reason = sorted({line["study_id"] for line in reported}), {}
    for study in studies:
        why = sorted({str(line["why_not"]) for line in reported if line["study_id"] == study})
        of_reason.setdefault("; ".join(why), []).append(study)
    parts = [f"{', '.join(names)}: {why}" for why, names in of_reason.items()]
    if planned:
        parts.append(f"{', '.join(planned)}: planned or named, no figure")
    reason = f"no meta-analysis: {'; '.join(parts)}"
    return _row([], reason, concept=lines[0]["concept"], studies=join_ids(studies + planned))


def headline(processed: Path) -> dict[str, Any]:
    """Return the headline of a folder of tables: how much was pooled, each estimate with its interval.

    Names are `outcome estimand`, with `lower` and `upper` for the interval; empty without the tables. A
    pooled estimate stands before a single one, a question's first model before its others, and all
    exosome studies before the five sources; other treatments are left out.
    """
    try:
        pooled = read_table("pooled", processed)
    except TableError:
        return {}
    pooled = pooled[pooled["evidence"] != CONTEXT]
    found: dict[str, Any] = {"estimates": len(pooled), "pooled": int(pooled["pooled"].sum())}
    for row in records(pooled.sort_values(["pooled", "evidence"], ascending=False, kind="stable")):
        name = f"{row['concept']} {row['estimand']}"
        if row["estimate"] is not None and name not in found:
            found[name] = row["estimate"]
            found |= {f"{name} {end}": row[f"ci_{end}"] for end in ("lower", "upper")}
    return found
