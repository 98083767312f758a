"""Shares of people, and counts of two arms compared."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from helpers.effects.differences import Sides, sides
from helpers.effects.study_figures import GroupSize, Observed, StudyFigures
from metastats.counts import proportion_interval
from metastats.effect_sizes import effect_size
from metastats.heterogeneity import critical_value
from trialfiles.record import Row

SCALE = ("arm_id", "concept", "site", "timepoint_weeks", "timepoint_printed", "measure")
COUNT_UNITS = {"RD": "proportion", "RR": "log risk ratio", "OR": "log odds ratio"}


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
    place = [result[name] for name in SCALE]
    same = {row["category"] for row in study.results if [row[name] for name in SCALE] == place}
    return len(same - {None}) > 2


def proportions(study: StudyFigures) -> Iterator[Row]:
    """Yield shares of people with Wilson's interval (1927), for the stated or the enrolled number."""
    for result in study.results:
        if result["kind"] != "count":
            continue
        size, share = study.group_size(result), result["percent"]
        if share is None and result["count"] is not None and size.n:
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
    return {"events": events, "se": se, "ci_lower": float(low), "ci_upper": float(high)}


def _share_interval(study: StudyFigures, result: Row, size: GroupSize) -> Row:
    n, stated, share = size.n, size.words is None, result["percent"]
    events = events_of(result, n, stated=stated)
    if n and events is not None:
        basis = "counts" if result["count"] is not None else f"{events} of {n} people, by the percentage"
        return wilson(events, n, study.level) | {"se_basis": basis, "assumption": size.assumption or None}
    low, high = result["ci_lower"], result["ci_upper"]
    if not (n and stated):
        values: Row = {"n_assumed": None, "assumption": "no interval: n not stated with the percentage"}
        if low is None or high is None or low >= high:
            return values
        level = result["ci_level"] or 95
        se = (high - low) / (2 * critical_value(level / 100, None))
        values |= {"ci_lower": low, "ci_upper": high, "se": se, "assumption": "n not stated"}
        return values | {"se_basis": f"{level:g} % interval printed"}
    why = "more people than were watched"
    if share is not None and share <= 1:
        why = f"not one whole number of {n} people is {100 * share:g} %"
    return {"assumption": f"no interval: {why}"}


def count_comparisons(study: StudyFigures) -> Iterator[Row]:
    """Yield the risk difference (the headline), log risk ratio and log odds ratio of two arms' counts.

    A zero cell is corrected by 1/2 in all four. Of the same people only the risk difference is given, its
    variance with the correlation of two sites.
    """
    counted = [
        Observed((row,), np.nan, lambda n: None)
        for row in study.results
        if row["kind"] == "count"
        and (row["count"] is not None or row["percent"] is not None)
        and not of_ordered_scale(study, row)
    ]
    for asked in sides(study, counted):
        yield from _of_counts(study, asked)


def _of_counts(study: StudyFigures, asked: Sides) -> Iterator[Row]:
    for sizes, size in study.sizes(asked.results):
        stated = size.words is None
        events = [
            events_of(row, n, stated=stated) if n else None
            for row, n in zip(asked.results, sizes, strict=True)
        ]
        if size.headline == "no" or any(found is None for found in events):
            continue
        cut = len(asked.treated)
        (a, n1), (c, n2) = (
            (sum(filter(None, events[part])), sum(sizes[part])) for part in (slice(cut), slice(cut, None))
        )
        values = size.columns | asked.columns
        said = "; ".join(filter(None, (size.assumption, asked.combined))) or None
        if study.same_people:
            if len(events) == 2:
                yield _paired_difference(study, asked, a / n1, c / n2, n1, values | {"assumption": said})
            continue
        values["n_comparator"] = n2 if size.words is None else None
        for measure, unit in COUNT_UNITS.items():
            es = effect_size(measure, ai=[a], n1i=[n1], ci=[c], n2i=[n2])
            own = study.interval(float(es.yi[0]), float(np.sqrt(es.vi[0])), None) | {"unit": unit}
            own["se_basis"] = "counts, 1/2 added to each" if es.corrected[0] else "counts"
            own["headline"] = asked.headline if measure == "RD" else "no"
            own |= {"assumption": said}
            yield study.row("between_group", asked.results, asked.question, measure=measure, **values | own)


def _paired_difference(study: StudyFigures, asked: Sides, p1: float, p2: float, n: int, values: Row) -> Row:
    r = study.site_correlation
    v1, v2 = p1 * (1 - p1) / n, p2 * (1 - p2) / n
    se = float(np.sqrt(v1 + v2 - 2 * r * np.sqrt(v1 * v2)))
    words = f"correlation {r:g} assumed between sites"
    values |= study.interval(p1 - p2, se, None) | {"unit": "proportion", "se_basis": f"counts; {words}"}
    values["assumption"] = "; ".join(filter(None, (words, values["assumption"])))
    values["headline"] = asked.headline
    return study.row("within_participant", asked.results, asked.question, measure="RD", **values)
