"""The sensitivity of the answer: its questions, all their specifications, and the tables made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from helpers.synthesis.choice_effects import choice_rows
from helpers.synthesis.plain_studies import PlainStudies, plain_studies
from helpers.synthesis.spec_sets import Levels, Question, estimate_sets, made_effects
from helpers.synthesis.specifications import BASELINE, distinct, specification_rows
from helpers.synthesis.turning_points import turning_rows
from helpers.tables import records

QUESTIONS = (
    Question("hair_density", "between_arm"),
    Question("hair_density", "within_person"),
    Question("hair_density", "within_arm"),
)


@dataclass(frozen=True)
class Sensitivity:
    """Rows of `specifications`, `choice_effects` and `turning_points`; and the chosen specifications."""

    specifications: list[dict[str, Any]]
    choice_effects: list[dict[str, Any]]
    turning_points: list[dict[str, Any]]
    chosen: list[dict[str, Any]]


def sensitivity(
    tables: dict[str, pd.DataFrame],
    chosen: Levels,
    model: Mapping[str, str],
    *,
    drift: float = 0.0,
    questions: tuple[Question, ...] = QUESTIONS,
) -> Sensitivity:
    """Return the answer to each question under every combination of choices.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        As for `tier_synthesis`.
    chosen : Levels
        The choices of this run, one value each but for the tiers.
    model : mapping
        `tau2_method` and `ci_method` of this run.
    drift : float
        Change without exosomes, set against a change within an arm in the chosen specification.
    questions : tuple of Question
        Questions to ask; those without any estimate give no row.

    """
    found = Sensitivity([], [], [], [])
    every = Levels(tier=chosen.tier, assumed_sd=chosen.assumed_sd, time_tolerance=chosen.time_tolerance,
                   level=chosen.level, second_hand=chosen.second_hand)  # fmt: skip
    drifts, plain = placebo_drifts(tables), plain_studies(tables)
    made = list(made_effects(plain, every))  # once for all questions
    for question in questions:
        sets = estimate_sets(plain, question, every, made)
        if not sets:
            continue
        frame = specification_rows(sets, question, level=chosen.level, drifts=drifts)
        key = f"{question.concept}.{question.contrast}"
        shown = distinct(frame)
        names = [f"{key}.{number:05d}" for number in range(1, len(shown) + 1)]
        found.specifications.extend(records(shown.assign(specification_id=names)))
        told = {"concept": question.concept, "contrast": question.contrast}
        found.choice_effects.extend(
            row | told | {"choice_id": f"{key}.{row['choice']}"} for row in choice_rows(frame)
        )
        found.turning_points.extend(turning_rows(plain, question, chosen, model, drift))
        for tier in chosen.tier:
            found.chosen.extend(_chosen(plain, question, replace(chosen, tier=(tier,)), model, drift))
    return found


def _chosen(
    plain: PlainStudies,
    question: Question,
    levels: Levels,
    model: Mapping[str, str],
    drift: float,
) -> list[dict[str, Any]]:
    sets = estimate_sets(plain, question, levels)[:1]
    frame = specification_rows(
        sets, question, level=levels.level, estimators=[model["tau2_method"]], intervals=[model["ci_method"]],
        drifts={BASELINE if drift == 0 else f"{drift:g} {question.unit}": drift},
    )  # fmt: skip
    return records(frame)


def placebo_drifts(tables: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Return what a change in hair density may be set against: nothing, and what placebo arms did elsewhere.

    The placebo and untreated arms of established treatments are read from the table `comparators`; without
    it a change stands against its own baseline alone.
    """
    wanted = {"concept": "hair_density", "unit": "hairs/cm2", "statistic": "change"}
    changes = [
        row["change_mean"]
        for row in records(tables["comparators"] if "comparators" in tables else pd.DataFrame())
        if row["treatment"] in ("placebo", "untreated")
        and row["change_mean"] is not None
        and all(row[name] == value for name, value in wanted.items())
    ]
    drifts = {BASELINE: 0.0}
    if changes:
        drifts |= {"lowest placebo change": min(changes), "highest placebo change": max(changes)}
    return drifts
