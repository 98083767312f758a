"""Sensitivity analysis: each question under every choice that can be defended, and which choice matters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product, zip_longest
from typing import Any

import numpy as np
import pandas as pd

from helpers.effects import CONTROLLED_ESTIMANDS
from helpers.formats import DAGGER, joined
from helpers.pooling.groups import (
    CONTEXT,
    TEST_WORDS,
    Scale,
    grouped,
    made_one,
    on_scale,
    poolable,
    question_of,
)
from helpers.pooling.tiers import effects_anew, with_sd
from helpers.tables import Tables
from helpers.tables.vocabulary import CHOICES, ESTIMAND_WORDS, EVIDENCE, OUTCOME_CONCEPTS, SD_USES, label
from metastats.batches import pool_many
from notebookpress.tables import join_ids, records, split_ids
from trialfiles.record import Row

# Those that simulations of few studies speak for, and the one that most papers used; EB equals PM.
TAU2_CHOICES = ("REML", "PM", "SJ", "DL")
_TIERS = {**EVIDENCE, CONTEXT: ("comparator",)}


@dataclass(frozen=True)
class Question:
    """What is asked of a set of estimates: a concept and an estimand, in the unit of measurement."""

    name: str
    words: str
    concept: str
    estimand: str
    unit: str
    effect_ids: frozenset[str]

    @property
    def of_rows(self) -> dict[str, str]:
        """Columns that name the question."""
        return {"question": self.words, "concept": self.concept, "estimand": self.estimand}


@dataclass(frozen=True)
class Levels:
    """The values that each choice may take; one value each is a single specification.

    `included` is `every` to try all studies, those without certain discrepancies, and all but each one; or
    one of `all`, `sound`, `without STUDY`. `sd_use` are names of `SD_USES`, `assumed_sd` SDs of the change
    between people, hairs/cm². The rest is as in `Options`; which times are alike belongs to the question.
    """

    tier: tuple[str, ...] = ("core", "published")
    included: str = "every"
    sd_use: tuple[str, ...] = tuple(SD_USES)
    assumed_sd: tuple[float, ...] = (20.0,)
    pre_post_correlation: tuple[float, ...] = (0.5, 0.7, 0.9, 0.98)
    site_correlation: tuple[float, ...] = (0.5, 0.7, 0.9)
    visit: str = "latest"
    time_tolerance: float = 0.25
    level: float = 0.95


@dataclass(frozen=True)
class EstimateSet:
    """Two estimates or more, one a study, with the choices that selected them."""

    choices: dict[str, Any]
    studies: tuple[str, ...]
    scale: Scale


def controlled_questions(lines: Sequence[Row], levels: Levels) -> list[Question]:
    """Return the questions that two studies or more answer with a control, when missing SDs are imputed."""
    sized = with_sd(list(lines), "missing", levels.assumed_sd[0], level=levels.level)
    known = [line for line in sized if line["estimand"] in CONTROLLED_ESTIMANDS and poolable(line)]
    found = []
    for group in grouped(known, levels.time_tolerance, levels.visit):
        if len(group) > 1:
            ids = frozenset(name for line in group for name in split_ids(line["effect_id"]))
            first, *_ = group
            name = f"{first['concept']}.{first['estimand']}.{len(found) + 1:02d}"
            kind = first["concept"], first["estimand"], first["unit"]
            found.append(Question(name, question_words(group), *kind, ids))
    return found


def question_words(group: list[Row]) -> str:
    """Return a question in words: treatment, outcome, estimand, comparator, background, unit and time."""
    first, *_ = group
    asked = question_of(first)
    weeks = sorted({round(line["timepoint_weeks"]) for line in group if line["timepoint_weeks"] is not None})
    against = first.get("comparator_name") if asked["comparator"] == "active" else asked["comparator"]
    background = first.get("background")
    parts = [
        asked["intervention"], asked["sex"], label(first["concept"]), ESTIMAND_WORDS[first["estimand"]],
        f"against {against}" if against else None, None if background in (None, "none") else background,
        asked["unit"], f"week {joined([str(week) for week in weeks])}" if weeks else None,
    ]  # fmt: skip
    return ", ".join(part for part in parts if part) + DAGGER * any(line.get("second_hand") for line in group)


def under_correlations(lines: Sequence[Row], tables: Tables, **assumed: float) -> list[Row]:
    """Return lines worked out again where they rest on an assumed correlation; others stay as they are."""
    kept = ("effect", "se", "ci_lower", "ci_upper", "assumption")
    names = {line["study_id"] for line in lines if _rests_on_correlation(line)}
    if not names:
        return list(lines)
    own = {**tables, "studies": tables["studies"][tables["studies"]["study_id"].isin(names)]}
    rows = effects_anew(own, **assumed)
    anew = {row["effect_id"]: {key: row.get(key) for key in kept} for row in rows}
    return [line | anew.get(line["effect_id"], {}) if _rests_on_correlation(line) else line for line in lines]


def _rests_on_correlation(line: Row) -> bool:
    return "correlation" in (line["assumption"] or "")


def estimate_sets(
    lines: Sequence[Row], question: Question, levels: Levels, tables: Tables
) -> Iterator[EstimateSet]:
    """Yield the set of estimates of every combination of choices that leaves two or more.

    `lines` are those of the widest tier; `tables` give the effects that rest on an assumed correlation anew.
    """
    own = [line for line in lines if line["effect_id"] in question.effect_ids]
    for before, between in product(levels.pre_post_correlation, levels.site_correlation):
        assumed = {"pre_post_correlation": before, "site_correlation": between}
        made = under_correlations(own, tables, level=levels.level, **assumed)
        for use, sd in product(levels.sd_use, levels.assumed_sd):
            sized = with_sd(made, use, sd, site_correlation=between, level=levels.level)
            usable = [line for line in sized if poolable(line)]
            for tier in levels.tier:
                part = [line for line in usable if line["tier"] in _TIERS[tier]]
                studies = dict.fromkeys(line["study_id"] for line in part)
                chosen = [made_one([line for line in part if line["study_id"] == name]) for name in studies]
                for included, left in _included(chosen, levels.included):
                    fixed = {"sd_use": use, "assumed_sd": sd, "tier": tier, "included": included}
                    names = tuple(line["study_id"] for line in left)
                    yield EstimateSet(fixed | assumed, names, on_scale(left))


def _included(chosen: list[Row], wanted: str) -> Iterator[tuple[str, list[Row]]]:
    """Yield the studies that take part: all, those without certain discrepancies, all but each one."""
    sound = [line for line in chosen if not line["certain_discrepancies"]]
    options = {"all": chosen}
    if len(sound) < len(chosen) or wanted == "sound":
        options["sound"] = sound
    for line in chosen:
        options[f"without {line['study_id']}"] = [other for other in chosen if other is not line]
    yield from ((name, left) for name, left in options.items() if len(left) > 1 and wanted in ("every", name))


def specification_rows(
    sets: Sequence[EstimateSet],
    question: Question,
    *,
    level: float = 0.95,
    estimators: Sequence[str] = TAU2_CHOICES,
    intervals: Sequence[str] = tuple(TEST_WORDS),
) -> pd.DataFrame:
    """Return every specification with its estimate and interval, one row each: a column for each choice."""
    if not sets:
        return pd.DataFrame()
    scales = [one.scale for one in sets]  # to rows of one length, NaN where a set has fewer
    yi = np.array(list(zip_longest(*(scale.yi for scale in scales), fillvalue=np.nan))).T
    vi = np.array(list(zip_longest(*(scale.vi for scale in scales), fillvalue=np.nan))).T
    choices = pd.DataFrame([one.choices | {"studies": join_ids(one.studies)} for one in sets])
    parts = []
    for method, test in product(estimators, intervals):
        fit = pool_many(yi, vi, method=method, test=test, level=level, missing="drop")
        rows = choices.assign(tau2_method=method, ci_method=TEST_WORDS[test])
        said = conclusions(fit.ci_lower, fit.ci_upper, OUTCOME_CONCEPTS[question.concept].better)
        parts.append(rows.assign(k=fit.k, tau2=fit.tau2, conclusion=said, **sets[0].scale.told_of(fit)))
    return pd.concat(parts, ignore_index=True).assign(**question.of_rows, unit=question.unit)


def conclusions(lower: Any, upper: Any, better: str = "higher") -> list[str]:
    """Return what each interval says: `gain`, `loss`, or `not shown` where it holds 0."""
    above, below = ("loss", "gain") if better == "lower" else ("gain", "loss")
    ends = zip(lower, upper, strict=True)
    return [above if low > 0 else below if high < 0 else "not shown" for low, high in ends]


def distinct_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the specifications that differ in their studies or their answer; of equal ones the first.

    With two studies several estimators give one answer: it stands once.
    """
    answer = frame[["k", "studies", "estimate", "ci_lower", "ci_upper"]]
    keep = ~answer.round(9).duplicated()
    return frame[keep].sort_values(["estimate", "ci_lower"], kind="stable").reset_index(drop=True)


def choice_rows(frame: pd.DataFrame) -> list[Row]:
    """Return how far each choice moves the estimate when all others stay, the strongest first.

    `frame` holds all combinations. `sets` are the matched sets that differ in this choice alone; those with
    the same studies and answers count once. `mean_widening` is how much the width of the interval changes,
    `turned` the share of sets in which the conclusion changes.
    """
    answers = frame.assign(width=frame["ci_upper"] - frame["ci_lower"])
    answers["answer"] = answers[["studies", "estimate", "width"]].round(9).apply(tuple, axis=1)
    rows = []
    for choice in CHOICES:
        matched = answers.groupby([name for name in CHOICES if name != choice], sort=False, observed=True)
        sets = matched.agg(
            levels=(choice, "nunique"), answer=("answer", lambda column: tuple(sorted(column))),
            low=("estimate", "min"), high=("estimate", "max"),
            narrow=("width", "min"), wide=("width", "max"), conclusions=("conclusion", "nunique"),
        )  # fmt: skip
        sets = sets[sets["levels"] > 1].drop_duplicates("answer")
        row = {"choice": choice, "levels": int(frame[choice].nunique()), "sets": len(sets)}
        if row["sets"]:
            moved, wider = sets["high"] - sets["low"], sets["wide"] - sets["narrow"]
            row |= {"mean_move": float(moved.mean()), "largest_move": float(moved.max()),
                    "mean_widening": float(wider.mean()),
                    "turned": float((sets["conclusions"] > 1).mean())}  # fmt: skip
        rows.append(row)
    size = ("mean_move", "mean_widening")
    return sorted(rows, key=lambda row: (*(-row.get(name, -1) for name in size), row["choice"]))


@dataclass(frozen=True)
class Sensitivity:
    """Rows of `specifications` and `choice_effects`; and the chosen specifications."""

    specifications: list[Row] = field(default_factory=list)
    choice_effects: list[Row] = field(default_factory=list)
    chosen: list[Row] = field(default_factory=list)


def sensitivity(
    lines: Sequence[Row],
    chosen: Levels,
    model: Mapping[str, str],
    tables: Tables,
    *,
    sds: Sequence[float] = (),
) -> Sensitivity:
    """Return the answer to each question with a control under every combination of choices.

    Parameters
    ----------
    lines : sequence of dict
        Lines of the widest tier, or of other treatments.
    chosen : Levels
        The choices of this run, one value each but for the tiers.
    model : mapping
        `tau2_method` and `ci_method` of this run.
    tables : mapping of str to pandas.DataFrame
        As for `estimate_sets`.
    sds : sequence of float
        Other SDs that may be imputed.
    """
    found = Sensitivity()
    every = Levels(tier=chosen.tier, assumed_sd=tuple(sorted({*chosen.assumed_sd, *sds})), visit=chosen.visit,
                   time_tolerance=chosen.time_tolerance, level=chosen.level)  # fmt: skip
    if not any(map(_rests_on_correlation, lines)):
        every = replace(every, pre_post_correlation=chosen.pre_post_correlation)
    if not any(line["estimand"] == "within_participant" for line in lines):
        every = replace(every, site_correlation=chosen.site_correlation)
    how = {"estimators": [model["tau2_method"]], "intervals": [model["ci_method"]]}
    for question in controlled_questions(lines, chosen):
        sets = list(estimate_sets(lines, question, every, tables))
        frame = specification_rows(sets, question, level=chosen.level)
        shown = distinct_rows(frame)
        names = [f"{question.name}.{number:05d}" for number in range(1, len(shown) + 1)]
        found.specifications.extend(records(shown.assign(specification_id=names)))
        for row in choice_rows(frame):
            key = {"choice_id": f"{question.name}.{row['choice']}"}
            found.choice_effects.append(row | question.of_rows | key)
        for tier in chosen.tier:
            sets = list(estimate_sets(lines, question, replace(chosen, tier=(tier,)), tables))
            found.chosen.extend(records(specification_rows(sets, question, level=chosen.level, **how)))
    return found
