"""The sets of estimates that the choices of the sensitivity analysis select."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from helpers.pooling.assumptions import (
    SD_USES,
    PlainStudies,
    as_lines,
    assumed_effects,
    people_of,
    plain_studies,
    with_sd,
)
from helpers.pooling.groups import grouped, visit_order
from helpers.tables.vocabulary import EVIDENCE, OUTCOME_CONCEPTS
from metastats.heterogeneity import critical_value
from metastats.measures import small_sample_factor

EVERYONE, SOUND, WITHOUT = "all", "sound", "without "


@dataclass(frozen=True)
class Question:
    """What a curve is about: outcomes of one family, one kind of estimand, in one unit."""

    concept: str
    estimand: str
    unit: str = "hairs/cm2"

    @property
    def family(self) -> str:
        """Group of outcomes that a standardised effect may join."""
        return OUTCOME_CONCEPTS[self.concept].family


@dataclass(frozen=True)
class Levels:
    """The values that each choice may take; one value each is a single specification.

    Attributes
    ----------
    tier : `core`, `published`
    included : `every` tries all studies, those without certain findings (`sound`), and all but each one;
        otherwise one of `all`, `sound`, `without STUDY`
    times : `like` (by the tolerance) or `any`
    visit : `latest` or `earliest` of each study
    measure : `raw`, or `standardised` and turned into hairs/cm² by the borrowed SD
    medians : `out`, or `means` (taken as means)
    group_share : share of the people in the treated group where a study does not say
    sd_use : names of `SD_USES`
    pre_post_correlation, assumed_sd : assumed values

    """

    tier: tuple[str, ...] = ("core", "published")
    included: str = "every"
    times: tuple[str, ...] = ("like", "any")
    visit: tuple[str, ...] = ("latest", "earliest")
    measure: tuple[str, ...] = ("raw", "standardised")
    medians: tuple[str, ...] = ("out", "means")
    group_share: tuple[float, ...] = (0.25, 0.5, 0.75)
    sd_use: tuple[str, ...] = tuple(SD_USES)
    pre_post_correlation: tuple[float, ...] = (0.5, 0.7, 0.9, 0.98)
    assumed_sd: float = 20.0
    time_tolerance: float = 0.25
    level: float = 0.95
    second_hand: bool = True


@dataclass(frozen=True)
class EstimateSet:
    """One estimate a study, with the choices that selected them; `limits` serve a set of one."""

    choices: dict[str, Any]
    studies: tuple[str, ...]
    yi: tuple[float, ...]
    vi: tuple[float, ...]
    limits: tuple[tuple[float, float], ...]


def estimate_sets(
    tables: dict[str, pd.DataFrame] | PlainStudies,
    question: Question,
    levels: Levels = Levels(),
    made: list[tuple[dict[str, Any], list[dict[str, Any]]]] | None = None,
) -> list[EstimateSet]:
    """Return the set of estimates of every combination of choices that leaves at least one.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame, or PlainStudies
        As for `tier_synthesis`.
    question : Question
        What the curve is about.
    levels : Levels
        What may be chosen.
    made : list, optional
        What `made_effects` gave for the same levels, to spare the work.

    """
    plain = plain_studies(tables)
    sets: list[EstimateSet] = []
    for fixed, effects in made_effects(plain, levels) if made is None else made:
        for sd_use in levels.sd_use:
            lines = as_lines(with_sd(effects, sd_use, levels.assumed_sd, levels.level), plain.tiers, {})
            sets += _selected(lines, question, fixed | {"sd_use": sd_use}, levels)
    return sets


def made_effects(
    tables: dict[str, pd.DataFrame] | PlainStudies, levels: Levels
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Yield the effects for medians, group sizes and correlation; made anew only where it counts."""
    plain = plain_studies(tables)
    for medians, share in product(levels.medians, levels.group_share):
        option = {"medians": medians == "means", "level": levels.level, "group_share": share}
        first = assumed_effects(plain, pre_post_correlation=levels.pre_post_correlation[0], **option)
        first = [row for row in first if levels.second_hand or not row.get("second_hand")]
        moved = {row["study_id"] for row in first if "correlation" in (row["assumption"] or "")}
        kept = [row for row in first if row["study_id"] not in moved]
        own = plain.of(moved)
        for correlation in levels.pre_post_correlation:
            if correlation == levels.pre_post_correlation[0]:
                again = [row for row in first if row["study_id"] in moved]
            else:
                again = assumed_effects(own, pre_post_correlation=correlation, **option) if moved else []
                again = [row for row in again if levels.second_hand or not row.get("second_hand")]
            fixed = {"medians": medians, "group_share": share, "pre_post_correlation": correlation}
            yield fixed, kept + again


def _selected(
    lines: list[dict[str, Any]], question: Question, fixed: dict[str, Any], levels: Levels
) -> Iterator[EstimateSet]:
    """Yield the sets that follow from measure, time, visit, tier and studies."""
    for measure, tier in product(levels.measure, levels.tier):
        usable = [
            _measured(line, question, measure, levels) for line in lines if line["tier"] in EVIDENCE[tier]
        ]
        usable = [line for line in usable if line is not None]
        for times, visit in product(levels.times, levels.visit):
            chosen = _one_a_study(usable, visit, times, levels.time_tolerance)
            choices = fixed | {"measure": measure, "tier": tier, "times": times, "visit": visit}
            for included, left in _included(chosen, levels.included):
                yield EstimateSet(
                    choices | {"included": included},
                    tuple(line["study_id"] for line in left),
                    tuple(line["effect"] for line in left),
                    tuple(line["se"] ** 2 for line in left),
                    tuple((line["ci_lower"], line["ci_upper"]) for line in left),
                )


def _measured(
    line: dict[str, Any], question: Question, measure: str, levels: Levels
) -> dict[str, Any] | None:
    """Return a line in the measure, on the scale of the question; None where it has no place."""
    if (
        line["estimand"] != question.estimand
        or line.get("contrast_doubt")
        or not line["se"]
        or line["effect"] is None
    ):
        return None
    if measure == "raw":
        return line if (line["concept"], line["unit"]) == (question.concept, question.unit) else None
    n = people_of(line)
    same = OUTCOME_CONCEPTS[line["concept"]].family == question.family
    if not same or not n or n < 4 or line["measure"] not in ("MC", "MD"):
        return None
    g, variance = standardised(line["effect"], line["se"], n, line["estimand"])
    effect, se = g * levels.assumed_sd, float(np.sqrt(variance)) * levels.assumed_sd
    half = critical_value(levels.level, None) * se
    sizes = {"effect": effect, "se": se, "ci_lower": effect - half, "ci_upper": effect + half}
    return line | sizes | {"unit": question.unit, "measure": "SD", "concept": question.concept}


def standardised(effect: float, se: float, n: int, estimand: str) -> tuple[float, float]:
    """Return Hedges' g and its variance from an effect with its standard error.

    Within an arm or a person g is the change over the SD of the changes; between arms, the difference
    over the SD within two groups taken as equal. Borenstein et al. (2009), chapter 4.

    """
    between = estimand == "between_group"
    df, people = (n - 2, n / 4) if between else (n - 1, n)
    d = effect / (se * np.sqrt(people))
    factor = float(small_sample_factor(np.array([float(df)]))[0])
    return factor * d, float(factor**2 * (1 / people + d**2 / (2 * n)))


def _one_a_study(
    lines: list[dict[str, Any]], visit: str, times: str, tolerance: float
) -> list[dict[str, Any]]:
    """Return one line a study: those that may stand together, the largest such group.

    A time counted from the end of treatment is like no other, and takes part only where any times may.
    """
    placed = [
        line for line in lines if line["timepoint_weeks"] or (times == "any" and any(visit_order(line)))
    ]
    ordered = sorted(placed, key=lambda row: (*visit_order(row), row["line_id"]), reverse=visit == "latest")
    best: dict[str, dict[str, Any]] = {}
    for line in ordered:
        best.setdefault(line["study_id"], line)
    return max(grouped(list(best.values()), tolerance if times == "like" else 1.0), key=len, default=[])


def _included(chosen: list[dict[str, Any]], wanted: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the studies that take part: all, those without certain findings, all but each one."""
    sound = [line for line in chosen if not line["certain_findings"]]
    options = {EVERYONE: chosen}
    if len(sound) < len(chosen):
        options[SOUND] = sound
    if len(chosen) > 1:
        options |= {
            f"{WITHOUT}{line['study_id']}": [other for other in chosen if other is not line]
            for line in chosen
        }
    if wanted == SOUND and SOUND not in options:
        options[SOUND] = chosen
    yield from ((name, left) for name, left in options.items() if left and wanted in ("every", name))
