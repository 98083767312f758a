"""What else a ClinicalTrials.gov record posts: participant flow, baseline, analyses, adverse events."""

from __future__ import annotations

import re
from typing import Any

from helpers.sources.ctgov_results import measurements
from helpers.sources.ctgov_values import measure_kind
from helpers.sources.ctgov_words import folded_title, group_names, lower, plain, posted_number

Row = dict[str, Any]
_P_VALUE = re.compile(r"\s*(?:p\s*)?([<>=≤≥]{0,2})\s*(\d*\.?\d+(?:[eE]-?\d+)?)\s*")


def participant_flow(study_id: str, module: Row, arms: list[Row]) -> list[Row]:
    """Return one row a period, milestone or reason of withdrawal, and group."""
    groups = group_names(module.get("groups"), arms)
    rows = []
    for period in module.get("periods") or []:
        shared = {"study_id": study_id, "period": plain(period.get("title"))}
        for kind, blocks, inner in (
            ("milestone", period.get("milestones"), "achievements"),
            ("withdrawal", period.get("dropWithdraws"), "reasons"),
        ):
            for block in blocks or []:
                for count in block.get(inner) or []:
                    group = groups.get(count.get("groupId") or "") or {}
                    rows.append(
                        shared
                        | {
                            "kind": kind,
                            "name": plain(block.get("type")),
                            "arm_id": group.get("arm_id"),
                            "group": group.get("title"),
                            "count": _whole(count.get("numSubjects")),
                            "units": _whole(count.get("numUnits")),
                            "comment": plain(count.get("comment")),
                        }
                    )
    return rows


def started(flow: list[Row]) -> int | None:
    """Return how many people started: the largest sum over the groups of one period."""
    sums: dict[str | None, int] = {}
    for row in flow:
        if row["name"] == "STARTED" and row["count"] is not None:
            sums[row["period"]] = sums.get(row["period"], 0) + row["count"]
    return max(sums.values(), default=None)


def baseline(study_id: str, module: Row, arms: list[Row]) -> list[Row]:
    """Return the baseline measures, shaped as results; the column of totals is marked and is no arm."""
    groups = group_names(module.get("groups"), arms)
    for group in groups.values():
        group["total"] = not group["matched"] and folded_title(group["title"]) in ("total", "overall")
    rows = []
    for index, measure in enumerate(module.get("measures") or []):
        unit = plain(measure.get("unitOfMeasure"))
        head = {
            "study_id": study_id,
            "measure": plain(measure.get("title")) or "unnamed measure",
            "unit": unit,
            "unit_analysed": plain(module.get("typeUnitsAnalyzed")) or "Participants",
            "timepoint_printed": "Baseline",
            "timepoint_weeks": 0.0,
            "within_person": False,
        }
        of_value = measure_kind(measure.get("paramType"), unit)
        denoms = measure.get("denoms") or module.get("denoms")
        for row in measurements(head, measure | {"denoms": denoms}, groups, f"bm{index}", of_value):
            row["total"] = any(g["total"] for g in groups.values() if g["title"] == row["group"])
            row["arm_id"] = None if row["total"] else row["arm_id"]
            rows.append(row)
    return rows


def analyses(study_id: str, module: Row, arms: list[Row]) -> list[Row]:
    """Return the posted analyses. Which group is the comparator is not guessed: groups keep their order."""
    rows = []
    for index, outcome in enumerate(module.get("outcomeMeasures") or []):
        groups = group_names(outcome.get("groups"), arms)
        for number, analysis in enumerate(outcome.get("analyses") or [], start=1):
            compared = [groups.get(name) or {} for name in analysis.get("groupIds") or []]
            operator, p_value = p_value_of(analysis.get("pValue"))
            rows.append(
                {
                    "study_id": study_id,
                    "outcome_id": f"posted-{index + 1}",
                    "analysis_id": f"{study_id}.om{index}.a{number}",
                    "measure": plain(outcome.get("title")),
                    "arm_ids": [group.get("arm_id") for group in compared],
                    "groups": [group.get("title") for group in compared],
                    "method": plain(analysis.get("statisticalMethod")),
                    "hypothesis": lower(analysis.get("nonInferiorityType")),
                    "p_printed": plain(analysis.get("pValue")),
                    "p_operator": operator,
                    "p_value": p_value,
                    "parameter": plain(analysis.get("paramType")),
                    "estimate": posted_number(analysis.get("paramValue")),
                    "ci_level": posted_number(analysis.get("ciPctValue")),
                    "ci_sides": lower(analysis.get("ciNumSides")),
                    "ci_lower": posted_number(analysis.get("ciLowerLimit")),
                    "ci_upper": posted_number(analysis.get("ciUpperLimit")),
                    "dispersion": lower(analysis.get("dispersionType")),
                    "dispersion_value": posted_number(analysis.get("dispersionValue")),
                    "description": plain(analysis.get("groupDescription")),
                    "comment": plain(analysis.get("estimateComment")),
                }
            )
    return rows


def p_value_of(printed: str | None) -> tuple[str | None, float | None]:
    """Return sign and value of a posted p: `<0.001`, `=0.247`, `0.0082`; None for other words."""
    match = _P_VALUE.fullmatch(printed or "")
    if not match or not 0 <= float(match[2]) <= 1:
        return None, None
    return match[1] or "=", float(match[2])


def adverse_events(study_id: str, module: Row, arms: list[Row]) -> tuple[list[Row], list[Row]]:
    """Return one row an event and group, and each group's totals of deaths, serious and other events."""
    groups = group_names(module.get("eventGroups"), arms)
    totals = []
    for group in module.get("eventGroups") or []:
        named = groups.get(group.get("id") or "") or {}
        for kind in ("deaths", "serious", "other"):
            affected, risk = group.get(f"{kind}NumAffected"), group.get(f"{kind}NumAtRisk")
            if affected is not None or risk is not None:
                row = {"study_id": study_id, "arm_id": named.get("arm_id"), "group": named.get("title")}
                totals.append(row | {"kind": kind, "count": affected, "n": risk})
    rows = []
    when, threshold = plain(module.get("timeFrame")), posted_number(module.get("frequencyThreshold"))
    for key, serious in (("seriousEvents", True), ("otherEvents", False)):
        said = f"events in more than {threshold:g}% are posted" if threshold and not serious else None
        for index, event in enumerate(module.get(key) or []):
            shared = {
                "study_id": study_id,
                "term": plain(event.get("term")) or "unnamed event",
                "organ_system": plain(event.get("organSystem")),
                "severity": "serious" if serious else "not serious",
                "timepoint_printed": when,
                "note": plain(event.get("notes")) or said,
            }
            name = f"{study_id}.{'sae' if serious else 'oae'}{index}"
            for stat in event.get("stats") or []:
                group_id = stat.get("groupId") or ""
                group = groups.get(group_id) or {"arm_id": "unnamed", "title": None}
                rows.append(
                    shared
                    | {
                        "arm_id": group["arm_id"],
                        "group": group["title"],
                        "count": stat.get("numAffected"),
                        "n": stat.get("numAtRisk"),
                        "events": stat.get("numEvents"),
                        "quantity_ids": f"{name}.{group_id}",
                    }
                )
    return _apart(rows), totals


def _apart(rows: list[Row]) -> list[Row]:
    """Keep an event that is posted twice for a group as two: organ system or a number added."""
    seen: set[tuple[str, str, str]] = set()
    for row in rows:
        term, number = row["term"], 2
        if (row["arm_id"], term, row["severity"]) in seen and row["organ_system"]:
            row["term"] = term = f"{term} ({row['organ_system']})"
        while (row["arm_id"], row["term"], row["severity"]) in seen:
            row["term"], number = f"{term} ({number})", number + 1
        seen.add((row["arm_id"], row["term"], row["severity"]))
    return rows


def _whole(text: str | None) -> int | None:
    number = posted_number(text)
    return int(number) if number is not None and number == int(number) else None
