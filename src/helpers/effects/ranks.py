"""Rank effects: of medians with a Mann-Whitney p value, and of counts on an ordered scale."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from helpers.effects.counts import COUNT_UNITS, SCALE, events_of, of_ordered_scale
from helpers.effects.means import Sides, is_against, sides
from helpers.effects.study_figures import (
    GroupSize,
    Observed,
    StudyFigures,
    exact_p,
    is_rank_test,
    superiority,
)
from helpers.tables.vocabulary import ANSWER_FALLS, ANSWER_RISES, ANSWER_STEPS
from metastats.ranks import RankEffect, proportional_odds, rank_effect, rank_effect_from_p
from notebookpress.tables import join_ids
from trialfiles.record import Row

_NUMBER = re.compile(r"(?<![\w.])[-+−]?\d+(?:\.\d+)?")


def rank_effects(study: StudyFigures, printed: list[Row]) -> Iterator[Row]:
    """Yield Cliff's delta (the headline) and the probability of superiority of an exosome arm over a control.

    The groups are of different people. In `printed` a rank test between the arms gives the p of their
    medians.
    """
    if study.same_people:
        return
    yield from _of_medians(study, printed)
    yield from _of_ordered_counts(study)


# Medians of both arms, and the exact p value of the test between them.
def _of_medians(study: StudyFigures, printed: list[Row]) -> Iterator[Row]:
    told = [
        Observed((row,), row["median"])
        for row in study.results
        if row["median"] is not None and row["mean"] is None
    ]
    for asked in sides(study, told):
        if len(asked.treated) + len(asked.control) > 2 or asked.treated[0].mean == asked.control[0].mean:
            continue
        sizes = [study.stated_size(row) or 0 for row in asked.results]
        source = _between_the_arms(asked, printed)
        p = exact_p(source) if source else None
        if source is None or p is None or min(sizes) < 2:
            continue
        higher = 1 if asked.treated[0].mean > asked.control[0].mean else 2
        test = source.get("p_value_test")
        try:
            found = rank_effect_from_p(p, sizes[0], sizes[1], higher, study.level)
        except ValueError:  # no Mann-Whitney test of so few people gives it
            continue
        basis = f"p value printed ({test or 'Mann-Whitney test assumed'})"
        yield from _rows(study, asked, found, GroupSize(sizes, sum(sizes)), basis, source)


def _between_the_arms(asked: Sides, printed: list[Row]) -> Row | None:
    """Return what prints the exact p value of a rank test between two arms; None where nothing does."""
    place = asked.results[0]
    names = ("concept", "site", "timepoint_weeks", "arm_id")
    rows = [row for row in asked.results if is_against(row, asked)]
    rows += [
        row
        for row in printed
        if row["against"] == asked.columns["comparator_id"]
        and row.get("effect") is None
        and all(row.get(name) == place[name] for name in names)
    ]
    tested = [row for row in rows if exact_p(row) is not None]
    return next((row for row in tested if is_rank_test(row.get("p_value_test") or "rank")), None)


# Counts of both arms on a scale of three categories or more.
def _of_ordered_counts(study: StudyFigures) -> Iterator[Row]:
    for asked in sides(study, list(ordered_answers(study))):
        cut = len(asked.treated)
        counts = [[int(row["count"]) for row in one.results] for one in asked.both]
        if len({tuple(row["category"] for row in one.results) for one in asked.both}) > 1:
            continue  # not the same scale
        first, second = (np.sum(part, axis=0) for part in (counts[:cut], counts[cut:]))
        if first.sum() < 2 or second.sum() < 2:
            continue
        size = GroupSize([sum(own) for own in counts], sum(map(sum, counts)))
        yield from _rows(study, asked, rank_effect(first, second, study.level), size, "ordered counts")
        try:
            odds = proportional_odds(first, second, study.level)
        except ValueError:  # the groups do not overlap: no odds ratio is finite
            continue
        values = study.interval(odds.estimate, odds.se, None) | {"unit": COUNT_UNITS["OR"], "headline": "no"}
        yield asked.row(study, size, "OR", se_basis="ordered counts, proportional odds", **values)


def ordered_answers(study: StudyFigures) -> Iterator[Observed]:
    """Yield the counts of an arm on an ordered scale, lowest category first."""
    found: dict[tuple, list[Row]] = {}
    for row in study.results:
        if of_ordered_scale(study, row):
            found.setdefault(tuple(row[name] for name in SCALE), []).append(row)
    for rows in found.values():
        order = scale_order([row["category"] for row in rows])
        people = [study.stated_size(row) for row in rows]
        counts = [events_of(row, n) if n else None for row, n in zip(rows, people, strict=True)]
        if order is not None and None not in counts:
            yield Observed(tuple(rows[place] | {"count": counts[place]} for place in order))


def scale_order(categories: Sequence[str]) -> list[int] | None:
    """Return the places of the categories of a scale from the lowest; None where their order is not told.

    The order is that of the numbers in their names, or else of the words that the vocabulary knows.

    Examples
    --------
    >>> scale_order(["+1 slight", "0 none", "-1 worse"]), scale_order(["greatly improved", "same", "worse"])
    ([2, 1, 0], [2, 1, 0])
    """
    numbers = [_NUMBER.search(name) for name in categories]
    steps = [float(found[0].replace("−", "-")) for found in numbers if found]
    if len(steps) < len(categories):
        steps = [step for name in categories if (step := _step(name.casefold())) is not None]
    if len(set(steps)) < len(categories):
        return None
    return sorted(range(len(steps)), key=lambda place: steps[place])


def _step(name: str) -> float | None:
    """Return how far an answer is from no change, with its sign; None where no known word says it."""
    size = next((far for word, far in ANSWER_STEPS.items() if word in name), None)
    if size == 0:
        return 0.0
    if any(word in name for word in ANSWER_FALLS):
        return -float(size or 2)
    rises = any(word in name for word in ANSWER_RISES) or size is not None
    return float(size or 2) if rises else None


def _rows(
    study: StudyFigures,
    asked: Sides,
    found: RankEffect,
    size: GroupSize,
    basis: str,
    source: Row | None = None,
) -> Iterator[Row]:
    """Yield a rank effect as Cliff's delta and as probability of superiority."""
    values: Row = {"unit": "Cliff's delta", "effect": found.delta, "headline": asked.headline}
    values |= {name: getattr(found, name) for name in ("se", "ci_lower", "ci_upper")}
    values |= {"se_basis": f"{basis}; {found.assumption}", "ci_method": "normal"}
    row = asked.row(study, size, "CLIFF", assumption=asked.combined or None, **values)
    if source is not None:
        row |= {name: source.get(name) for name in ("p_value", "p_value_token")}
        row["result_ids"] = join_ids(filter(None, [row["result_ids"], source.get("contrast_id")]))
    yield from (row, superiority(row))
