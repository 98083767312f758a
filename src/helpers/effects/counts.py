"""Shares of people, adverse events among them, and counts, orders and medians of two arms compared."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np

from helpers.effects.means import Sides, is_against, same_people_difference, sides
from helpers.effects.study_figures import (
    GroupSize,
    Observed,
    StudyFigures,
    exact_p,
    is_rank_test,
    said,
    study_result,
    superiority,
)
from helpers.tables.vocabulary import ANSWER_FALLS, ANSWER_RISES, ANSWER_STEPS
from metastats.counts import proportion_interval
from metastats.effect_sizes import effect_size
from metastats.heterogeneity import critical_value
from metastats.ranks import RankEffect, proportional_odds, rank_effect, rank_effect_from_p
from notebookpress.tables import join_ids
from trialfiles.record import Row

COUNT_UNITS = {"RD": "proportion", "RR": "log risk ratio", "OR": "log odds ratio"}
_scale_of = itemgetter("arm_id", "concept", "site", "timepoint_weeks", "timepoint_printed", "measure")
_ANY = "any "  # how the name of an adverse event of any kind begins
_NUMBER = re.compile(r"(?<![\w.])[-+−]?\d+(?:\.\d+)?")


def events_of(result: Row, n: int, *, stated: bool = True) -> int | None:
    """Return the people with the event: as printed, or the one whole number that the percentage can mean.

    None where the number of people is assumed and only a percentage is printed, where no whole number of `n`
    people, or more than one, rounds to it, or where there would be more people than `n`.
    """
    count, share = result["count"], result["percent"]
    if count is not None:
        return int(count) if count == int(count) and 0 <= count <= n else None
    if share is None or not n or not stated:
        return None
    places = len(f"{100 * share:.6f}".rstrip("0").partition(".")[2])
    half, percent = 0.5 * 10**-places, 100 * share
    least = math.ceil(n * (percent - half) / 100 - 1e-9)
    most = math.ceil(n * (percent + half) / 100 - 1e-9) - 1  # a half is rounded up
    return least if least == most <= n else None


def of_ordered_scale(study: StudyFigures, result: Row) -> bool:
    """Return whether a count is of one of three categories or more of a scale."""
    if result["kind"] != "count" or not result["category"]:
        return False
    same = {row["category"] for row in study.results if _scale_of(row) == _scale_of(result)}
    return len(same - {None}) > 2


def proportions(study: StudyFigures) -> Iterator[Row]:
    """Yield shares of people with Wilson's interval (1927), for the stated or the enrolled number."""
    for result in (row for row in study.results if row["kind"] == "count"):
        size, share = study.group_size(result), result["percent"]
        if (
            share is None
            and result["count"] is not None
            and (size.words is None or result["count"] <= size.n)
            and size.n
        ):
            share = result["count"] / size.n
        if share is None:
            continue
        values: Row = {"effect": share} | size.columns | _share_interval(study, result, size)
        values["headline"] = "no" if of_ordered_scale(study, result) else "yes"
        yield study.row("proportion", [result], study.question(result["arm_id"]), measure="PR", **values)


def wilson(events: int, n: int, level: float) -> Row:
    """Return the columns of a share of people with Wilson's interval (1927)."""
    share, (low, high) = events / n, proportion_interval(events, n, "wilson", level)
    se = math.sqrt(share * (1 - share) / n)
    limits = {"ci_lower": float(low), "ci_upper": float(high), "ci_method": "Wilson"}
    return limits | {"events": events, "se": se}


def _share_interval(study: StudyFigures, result: Row, size: GroupSize) -> Row:
    n, stated, share = size.n, size.words is None, result["percent"]
    events = events_of(result, n, stated=stated)
    if n and events is not None:
        basis = "counts" if result["count"] is not None else f"{events} of {n} people, by the percentage"
        return wilson(events, n, study.level) | {"se_basis": basis, "assumption": size.assumption or None}
    if share is not None and not (n and stated):
        return {"n_assumed": None} | _printed_interval(study, result)
    why = "more people than were watched"
    if share is not None and share <= 1:
        why = f"not one whole number of {n} people is {100 * share:g} %"
    return {"assumption": f"no interval: {why}"}


def _printed_interval(study: StudyFigures, result: Row) -> Row:
    """Return the interval that is printed with a share, in proportion where it has another level."""
    share, low, high = result["percent"], result["ci_lower"], result["ci_upper"]
    if low is None or high is None or low >= high:
        return {"assumption": "no interval: n not stated with the percentage"}
    level, how = result["ci_level"] or 95, "as printed, {:g} %"
    half = critical_value(level / 100, None)
    se = (high - low) / (2 * half)
    if level != 100 * study.level:  # each arm of the interval by as much, within the scale
        wider = critical_value(study.level, None) / half
        low, high = max(share - wider * (share - low), 0.0), min(share + wider * (high - share), 1.0)
        how = "in proportion to that printed, {:g} %"
    told = {"se_basis": f"{level:g} % interval printed", "ci_method": how.format(level)}
    return told | {"ci_lower": low, "ci_upper": high, "se": se, "assumption": "n not stated"}


_NO_RESULT: Row = {"result_ids": None, "second_hand": None}  # of an adverse event, no row of `results`


def event_effects(study: StudyFigures, events: Sequence[Row]) -> Iterator[Row]:
    """Yield the share of each arm with each adverse event, or `why_not`, and the arms compared.

    The headline of an arm is the share with an event of any kind; where that is not told, that of the most
    frequent one; without such a share an event that is listed. That one kind did not happen says nothing of
    the others, and is no headline. The headline of two arms is the event of any kind, or else the one that
    most people of the study had, wherever they had it.
    """
    told = [_as_result(event, events) for event in sorted(events, key=lambda event: event["arm_id"])]
    for _, own in groupby(told, lambda row: row["arm_id"]):
        rows = [_event_share(study, row) for row in own]
        first = max(rows, key=_weight)
        first["headline"] = "no" if first["effect"] == 0 and not of_any_kind(first) else "yes"
        yield from rows
    counted = [row for row in told if _uncounted(row) is None]
    had = Counter[str]()
    for row in counted:
        had[row["category"]] += row["count"]
    counted.sort(key=lambda row: (not of_any_kind(row), -had[row["category"]], row["category"]))
    shown: set[tuple[str, ...]] = set()
    for asked in sides(study, [Observed((row,)) for row in counted]):
        arms = tuple(asked.columns.values())
        for row in _of_counts(study, asked):
            row["headline"] = "no" if arms in shown else row["headline"]
            yield row | _NO_RESULT | {"term": asked.results[0]["term"]}
        shown.add(arms)


def of_any_kind(row: Row) -> bool:
    """Return whether an adverse event is one of any kind."""
    return row["term"].casefold().startswith(_ANY)


def _weight(row: Row) -> tuple[bool, float, bool]:
    counted = row["effect"] is not None
    return counted and of_any_kind(row), row["effect"] or 0.0, not counted


def _as_result(event: Row, events: Sequence[Row]) -> Row:
    """Return an adverse event as a count; its category, the event, tells which ones are alike in two arms."""
    arm, name = event["arm_id"], event["term"].casefold()
    if sum(one["arm_id"] == arm and one["term"].casefold() == name for one in events) > 1:
        name += f"; {event['severity']}"  # two rows of it, which differ in this
    return study_result(
        event | {"kind": "count", "concept": "adverse_events", "unit": "proportion", "site": "all"}
        | {"category": name, "timepoint_weeks": event["monitored_weeks"], "result_id": ""}
    )  # fmt: skip


def _uncounted(event: Row) -> str | None:
    """Return why nothing can be worked out of an adverse event; None where both numbers are told."""
    count, n = event["count"], event["n"]
    if count is None:
        return "listed without the number of people who had it"
    if not n:
        return f"{count} with it; how many people were watched is not stated"
    return f"{count} with it of {n} watched: more people than were watched" if count > n else None


def _event_share(study: StudyFigures, event: Row) -> Row:
    count, n, why_not = event["count"], event["n"], _uncounted(event)
    values: Row = {"effect": None, "why_not": why_not}
    if why_not is None:
        values = wilson(int(count), int(n), study.level) | {"effect": count / n, "se_basis": "counts"}
    values |= _NO_RESULT | {"term": event["term"], "n": n, "headline": "no", "measure": "PR"}
    return study.row("proportion", [event], study.question(event["arm_id"]), **values)


def count_comparisons(study: StudyFigures) -> Iterator[Row]:
    """Yield the risk difference (the headline), log risk ratio and log odds ratio of two arms' counts.

    A zero cell is corrected by 1/2 in all four. Where nobody, or everybody, of both arms is counted there is
    no ratio. Of the same people only the risk difference is given, its variance with the correlation of two
    sites, or the largest that their shares allow.
    """
    told = (row for row in study.results if row["kind"] == "count" and not of_ordered_scale(study, row))
    counted = [row for row in told if row["count"] is not None or row["percent"] is not None]
    for asked in sides(study, [Observed((row,)) for row in counted]):
        yield from _of_counts(study, asked)


def _of_counts(study: StudyFigures, asked: Sides) -> Iterator[Row]:
    [size] = study.sizes(asked.results)
    stated, pairs = size.words is None, zip(asked.results, size.sizes, strict=True)
    found = [events_of(row, n, stated=stated) if n else None for row, n in pairs]
    events = [count for count in found if count is not None]
    if len(events) < len(found):
        return
    people = events, size.sizes, len(asked.treated)
    for measure, unit in COUNT_UNITS.items():
        if not study.same_people:
            own = _of_groups(study, measure, *people)
        elif measure == "RD":
            own = _of_same_people(study, *people)
        else:
            why_not = "counts of the same people: how many had it at both sites is not told"
            own = {"effect": None, "why_not": why_not}
        own |= {"unit": unit, "headline": asked.headline if measure == "RD" else "no"}
        own["assumption"] = said(own.get("assumption"), size.assumption, asked.combined)
        yield asked.row(study, size, measure, **own)


def _of_groups(study: StudyFigures, measure: str, events: list[int], sizes: Sequence[int], cut: int) -> Row:
    """Return an effect of the counts of different people; of nobody or everybody there is no ratio."""
    a, n1, c, n2 = (sum(part) for part in (events[:cut], sizes[:cut], events[cut:], sizes[cut:]))
    es = effect_size(measure, ai=[a], n1i=[n1], ci=[c], n2i=[n2], drop00=measure != "RD")
    if np.isnan(es.yi.item()):
        who = "everybody" if a else "nobody"
        return {"effect": None, "why_not": f"{who} in both arms: no ratio can be told"}
    interval = study.interval(es.yi.item(), es.sei.item(), None)
    return interval | {"se_basis": "counts, 1/2 added to each" if es.corrected.item() else "counts"}


def _of_same_people(study: StudyFigures, events: list[int], sizes: Sequence[int], cut: int) -> Row:
    """Return a risk difference of sites of the same people, zero cells corrected as elsewhere."""
    [n] = set(sizes)
    half = 0.5 * any(count in (0, n) for count in events)
    shares = (np.array(events) + half) / (n + 2 * half)
    odds = np.sqrt(shares / (1 - shares))
    most = float(odds.min() / odds.max())  # the largest correlation of answers with these shares
    r, words = study.site_correlation, f"correlation {study.site_correlation:g} assumed between sites"
    if most < r:
        r, words = most, f"correlation {most:.2g} between sites, the largest that the shares allow"
    errors = np.sqrt(shares * (1 - shares) / (n + 2 * half))
    effect, se, _ = same_people_difference(shares, errors, cut, r, n)
    basis = "counts, 1/2 added to each" if half else "counts"
    return study.interval(effect, se, None) | {"se_basis": f"{basis}; {words}", "assumption": words}


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
    told = (row for row in study.results if row["median"] is not None and row["mean"] is None)
    for asked in sides(study, [Observed((row,), row["median"]) for row in told]):
        if asked.combined:
            continue
        one, other = (side.mean for side in asked.both)
        n1, n2 = sizes = [study.stated_size(row) or 0 for row in asked.results]
        source = _between_the_arms(asked, printed)
        p = exact_p(source) if source else None
        if source is None or p is None or min(sizes) < 2 or one == other:
            continue
        higher = 1 if one > other else 2
        test = source.get("p_value_test")
        try:
            found = rank_effect_from_p(p, n1, n2, higher, study.level)
        except ValueError:  # no Mann-Whitney test of so few people gives it
            continue
        basis = f"p value printed ({test or 'Mann-Whitney test assumed'})"
        yield from _of_ranks(study, asked, found, GroupSize(sizes, sum(sizes)), basis, source)


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
        found = rank_effect(first, second, study.level)
        yield from _of_ranks(study, asked, found, size, "ordered counts", {})
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
            found.setdefault(_scale_of(row), []).append(row)
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


def _of_ranks(
    study: StudyFigures, asked: Sides, found: RankEffect, size: GroupSize, basis: str, source: Row
) -> Iterator[Row]:
    """Yield a rank effect as Cliff's delta and as probability of superiority; `source` has its p value."""
    values: Row = {"unit": "Cliff's delta", "effect": found.delta, "headline": asked.headline}
    values |= {name: getattr(found, name) for name in ("se", "ci_lower", "ci_upper")}
    values |= {"se_basis": f"{basis}; {found.assumption}", "ci_method": "normal"}
    row = asked.row(study, size, "CLIFF", assumption=asked.combined or None, **values)
    row |= {name: source[name] for name in ("p_value", "p_value_token") if name in source}
    row["result_ids"] = join_ids([row["result_ids"], source.get("contrast_id") or ""])
    yield from (row, superiority(row))
