"""The posted outcome measurements of a ClinicalTrials.gov record: one row a group, class and category."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from helpers.sources.ctgov_values import measure_kind, values_of
from helpers.sources.ctgov_words import group_names, plain, posted_number, spread_of
from helpers.sources.registry_words import concept_of
from helpers.sources.time_points import durations, time_in_words, weeks

Row = dict[str, Any]
_CHANGE = re.compile(
    r"\b(change|reduction|increase|decrease|difference|improvement)s?\b.{0,80}\b(baseline|from|in|at|over)\b|"
    r"^\s*change\b|\bchange\s*$",
    re.IGNORECASE | re.DOTALL,
)
_BASELINE = re.compile(r"\b(baseline|pre-?dose|pre-?treatment|screening)\b", re.IGNORECASE)
_POOLED = re.compile(r"\b(total|overall|combined|pooled|all)\b", re.IGNORECASE)
PRIORITY = {"PRIMARY": "primary", "SECONDARY": "secondary"}
COUNTED = ("count", "count_of_units", "percent")
PEOPLE = ("participants", "participant")
FIGURES = (
    "mean", "sd", "median", "q1", "q3", "minimum", "maximum", "count", "percent", "se", "ci_lower",
    "ci_upper", "estimate",
)  # fmt: skip
EMPTY: Row = dict.fromkeys((*FIGURES, "ci_level", "estimate_kind", "converted"))


def posted_results(
    study_id: str, module: Row, arms: list[Row], total: int | None
) -> tuple[list[Row], list[Row]]:
    """Return the rows of `results` and the posted outcomes.

    Parameters
    ----------
    study_id : str
        The record's number.
    module : dict
        `outcomeMeasuresModule`.
    arms : list of dict
        Arms of the protocol, to which groups of the same title belong.
    total : int or None
        People who took part; more people in an outcome's groups together means that the same people
        stand in several groups.

    Returns
    -------
    tuple of (list of dict, list of dict)
        Measurements, and one row an outcome: its title, unit, time, `no_data` where nothing is posted.
    """
    rows: list[Row] = []
    outcomes = []
    for index, outcome in enumerate(module.get("outcomeMeasures") or []):
        groups = group_names(outcome.get("groups"), arms)
        head, of_value = _head(study_id, index, outcome, groups, total)
        found = list(measurements(head, outcome, groups, f"om{index}", of_value))
        rows += found
        outcomes.append(
            {
                "study_id": study_id,
                "outcome_id": head["outcome_id"],
                "priority": PRIORITY.get(outcome.get("type") or "", "other"),
                "measure": head["measure"],
                "description": plain(outcome.get("description")),
                "population": plain(outcome.get("populationDescription")),
                "parameter": outcome.get("paramType"),
                "dispersion": outcome.get("dispersionType"),
                "unit": head["unit"],
                "unit_analysed": head["unit_analysed"],
                "timepoint_printed": head["timepoint_printed"],
                "groups": [group["title"] for group in groups.values()],
                "within_person": head["within_person"],
                "no_data": not found,
            }
        )
    return rows, outcomes


def _head(
    study_id: str, index: int, outcome: Row, groups: dict[str, Row], total: int | None
) -> tuple[Row, str]:
    title, unit = plain(outcome.get("title")) or "unnamed outcome", plain(outcome.get("unitOfMeasure"))
    people = _people(denominators(outcome.get("denoms"), PEOPLE), groups)
    head = {
        "study_id": study_id,
        "source_id": study_id,
        "outcome_id": f"posted-{index + 1}",
        "concept": concept_of(title),
        "measure": title,
        "site": "all",
        "unit": unit,
        "unit_analysed": plain(outcome.get("typeUnitsAnalyzed")) or "Participants",
        "timepoint_printed": plain(outcome.get("timeFrame")),
        "timepoint_weeks": weeks(outcome.get("timeFrame")),
        "within_person": bool(total and people > total),
    }
    return head, measure_kind(outcome.get("paramType"), unit)


def _people(sizes: dict[str, int], groups: dict[str, Row]) -> int:
    """Return the people of an outcome's groups together, as if nobody stood in two of them.

    A group that pools others (`All doses`, `Total`) adds nobody, nor does an arm at a second time.
    """
    most: dict[str, int] = {}
    for group_id, size in sizes.items():
        group = groups.get(group_id) or {"title": "", "arm_id": group_id}
        others = [number for other, number in sizes.items() if other != group_id]
        if len(others) > 1 and _POOLED.search(group["title"]) and size > max(others):
            continue
        most[group["arm_id"]] = max(size, most.get(group["arm_id"], 0))
    return sum(most.values())


def measurements(head: Row, outcome: Row, groups: dict[str, Row], name: str, of_value: str) -> Iterator[Row]:
    """Yield a row for every posted measurement of an outcome or a baseline measure.

    How many were analysed stands with the class, or else with the outcome, never with the measurement.
    """
    spread, level = spread_of(outcome.get("dispersionType"))
    odd = outcome.get("dispersionType") if spread == "unknown" else None
    units = (head["unit_analysed"].lower(),)
    everyone, all_units = (denominators(outcome.get("denoms"), names) for names in (PEOPLE, units))
    for at, part in enumerate(outcome.get("classes") or []):
        title = plain(part.get("title"))
        time, when, timed = _time(title, head)
        own = denominators(part.get("denoms"), PEOPLE)
        people = everyone | own
        analysed = all_units | denominators(part.get("denoms"), units)
        for place, category in enumerate(part.get("categories") or []):
            level_title = plain(category.get("title"))
            visit = None if timed or of_value in COUNTED else _visit(level_title)
            labels = [None if timed else title, None if visit else level_title]
            shared = head | {
                "category": ": ".join(filter(None, labels)) or None,
                "timepoint_printed": visit or time,
                "timepoint_weeks": weeks(visit) if visit else when,
                "kind": _kind(of_value, head["measure"], visit or title),
            }
            for measurement in category.get("measurements") or []:
                group_id = measurement.get("groupId") or ""
                group = groups.get(group_id) or {"title": None, "arm_id": "unnamed", "matched": False}
                n = people.get(group_id)
                said = {} if timed or not group.get("time") else _when(group["time"])
                figure = f"{head['study_id']}.{name}.c{at}.k{place}.{group_id or 'none'}"
                size = f"{head['study_id']}.{name}{f'.c{at}' if group_id in own else ''}.n.{group_id}"
                row = (
                    shared
                    | said
                    | EMPTY
                    | {
                        "result_id": figure,
                        "arm_id": group["arm_id"],
                        "group": group["title"],
                        "n": n,
                        "n_units": analysed.get(group_id, n),
                        "quantity_ids": figure if n is None else f"{figure};{size}",
                    }
                )
                filled = values_of(measurement, of_value, spread, level, row["n_units"])
                row.update(filled)
                named = [column for column in filled if column in FIGURES and filled[column] is not None]
                row["figures"] = ";".join(f"{column}={figure}" for column in named or ["value"])
                row["figures"] += "" if n is None else f";n={size}"
                row["note"] = _note(row, measurement, odd, group["matched"])
                yield row


def denominators(denoms: list[Row] | None, units: tuple[str, ...]) -> dict[str, int]:
    """Return how many were analysed in each group, counted in one of some units."""
    found: dict[str, int] = {}
    for denom in denoms or []:
        if (denom.get("units") or "").lower() in units:
            for count in denom.get("counts") or []:
                number = posted_number(count.get("value"))
                if number is not None and number == int(number) and number >= 0:
                    found[count.get("groupId") or ""] = int(number)
    return found


def _visit(title: str | None) -> str | None:
    """Return a category's title where it is nothing but a time, as some records have it."""
    return title if title and (time_in_words(title) == title or _BASELINE.fullmatch(title)) else None


def _time(title: str | None, head: Row) -> tuple[str | None, float | None, bool]:
    """Return a class's own time where its title states one, else the outcome's; and whether it did."""
    if title and (durations(title) or _BASELINE.search(title)):
        return title, weeks(title), True
    return head["timepoint_printed"], head["timepoint_weeks"], False


def _when(printed: str) -> Row:
    """Return the time that a group's own title states: `Drug - Baseline` beside `Drug - Week 12`."""
    return {"timepoint_printed": printed, "timepoint_weeks": weeks(printed)}


def _kind(of_value: str, measure: str, title: str | None) -> str:
    if of_value in COUNTED:
        return "count"
    if title and _CHANGE.search(title):
        return "change"
    if title and re.fullmatch(r"\s*(at\s+)?baseline\b.{0,20}", title, re.IGNORECASE):
        return "level"
    return "change" if _CHANGE.search(measure) else "level"


def _note(row: Row, measurement: Row, odd: str | None, matched: bool) -> str | None:
    """Say what a reader of the row must know before it is used."""
    said = [plain(measurement.get("comment"))]
    if measurement.get("value") and row["value"] is None:
        said.append(f"posted as {measurement['value'][:80]}")
    if row["estimate_kind"] == "model_mean":
        said.append("least-squares mean: an estimate of a model, no mean of values")
    elif row["estimate_kind"]:
        said.append(f"{row['estimate_kind'].replace('_', ' ')}: no arithmetic mean")
    if odd:
        said.append(f"spread labelled {odd[:80]!r} is not understood")
    if row["unit_analysed"].lower() not in PEOPLE:
        people = "people whose number is not posted" if row["n"] is None else f"{row['n']} people"
        said.append(f"analysed by {row['unit_analysed'].lower()}: {row['n_units']} in {people}")
    if row["within_person"]:
        said.append("the same people stand in several groups: within-person")
    if not matched:
        said.append(f"group {row['group']!r} has no arm of that title")
    return "; ".join(part for part in said if part) or None
