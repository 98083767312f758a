"""Posted results of ClinicalTrials.gov: participant flow, baseline, outcomes and adverse events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialfiles.ctgov_fields import (
    columns_of,
    folded_title,
    group_names,
    is_share,
    measure_kind,
    plain_text,
    posted_number,
    posted_whole,
    spread_of,
    values_of,
)
from trialfiles.forms import patterns_of
from trialfiles.record import Row, SourceRecord
from trialfiles.times import names_time, time_in_words, weeks
from trialfiles.vocabulary import Vocabulary, says_change

_SAID = patterns_of("ctgov", "patterns")
_OF_OUTCOME = (
    "study_id", "outcome_id", "measure", "unit", "unit_analysed", "timepoint_printed", "within_person",
)  # fmt: skip
PRIORITY = {"PRIMARY": "primary", "SECONDARY": "secondary"}
COUNTED_KINDS = ("count", "count_of_units", "percent")
PEOPLE_UNITS = ("participants", "participant")
FIGURE_KINDS: Row = dict.fromkeys((
    "mean", "sd", "median", "q1", "q3", "minimum", "maximum", "count", "percent", "se", "ci_lower",
    "ci_upper", "estimate",
))  # fmt: skip
EMPTY: Row = FIGURE_KINDS | dict.fromkeys(("ci_level", "estimate_kind", "converted"))


def posted_results(
    study_id: str,
    module: Row,
    arms: list[Row],
    total: int | None,
    vocabulary: Vocabulary,
    parallel: bool = False,
) -> tuple[list[Row], list[Row]]:
    """Return the rows of `results` and the posted outcomes.

    Groups belong to the arms of the same title. `total` are the people who took part: more of them in an
    outcome's groups together means that the same people stand in several; in a trial that the register calls
    `parallel`, groups that are no arms are subgroups. An outcome's row has `n_analysed` people as far as
    nobody was counted twice, and `no_data` where nothing is posted.
    """
    rows: list[Row] = []
    outcomes = []
    for index, outcome in enumerate(module.get("outcomeMeasures") or []):
        groups = group_names(outcome.get("groups"), arms)
        head, of_value = _head(study_id, index, outcome)
        people = _people(outcome, groups)
        head["within_person"] = bool(total) and same_people(people, total or 0, parallel)
        head["concept"] = vocabulary.concept(head["measure"])
        found = list(measurements(head, outcome, groups, f"om{index}", of_value))
        rows += found
        row = columns_of(outcome, "posted_outcome") | {name: head[name] for name in _OF_OUTCOME}
        row |= {
            "priority": PRIORITY.get(outcome.get("type") or "", "other"),
            "groups": [group["title"] for group in groups.values()],
            "n_analysed": _analysed(people, {arm["arm_id"] for arm in arms}, total),
            "no_data": not found,
        }
        outcomes.append(row)
    return rows, outcomes


def _head(study_id: str, index: int, outcome: Row) -> tuple[Row, str]:
    head = columns_of(outcome, "posted") | {"study_id": study_id, "source_id": study_id, "site": "all"}
    head |= {"outcome_id": f"posted-{index + 1}", "measure": head["measure"] or "unnamed outcome"}
    head["unit_analysed"] = head["unit_analysed"] or "Participants"
    return head, measure_kind(outcome.get("paramType"), head["unit"])


def _people(outcome: Row, groups: dict[str, Row]) -> list[Row]:
    """Return the groups of an outcome that have a size, with the largest of their sizes."""
    sizes: dict[str, int] = {}
    for part in (outcome, *(outcome.get("classes") or [])):
        for name, size in denominators(part.get("denoms"), PEOPLE_UNITS).items():
            sizes[name] = max(size, sizes.get(name, 0))
    return [group | {"n": sizes[name]} for name, group in groups.items() if name in sizes]


def _arm_sizes(groups: list[Row]) -> dict[str, int]:
    """Return the people of each arm of some groups: the most of its groups, and of none that pools others.

    An arm at a second time, or its per-protocol population, adds nobody; nor does `All doses` or `Total`.
    """
    pooled = [not group["matched"] and bool(_SAID["pooled"].search(group["title"] or "")) for group in groups]
    sizes: dict[str, int] = {}
    for group, pools in zip(groups, pooled, strict=True):
        if not pools or all(pooled):
            sizes[group["arm_id"]] = max(group["n"], sizes.get(group["arm_id"], 0))
    return sizes


def same_people(groups: list[Row], total: int, parallel: bool) -> bool:
    """Whether the same people stand in several groups: more than took part, all arms or two groups together.

    Subgroups may be more than took part, and are no sides of one person: in a parallel trial only arms count.
    """
    arms = _arm_sizes([group for group in groups if group["matched"]])
    two = sorted(_arm_sizes(groups).values())[-2:]
    return sum(arms.values()) > total or (not parallel and len(two) == 2 and sum(two) > total)


def _analysed(groups: list[Row], arm_ids: set[str], total: int | None) -> int | None:
    """Return the people of an outcome; None where its groups hold more than took part."""
    sizes = _arm_sizes(groups)
    own = {arm_id: size for arm_id, size in sizes.items() if arm_id in arm_ids}
    if total and sum(sizes.values()) > total and len(own) == len(arm_ids):
        sizes = own  # the others are subgroups of the arms
    number = sum(sizes.values()) or None
    return None if total and (number or 0) > total else number


def measurements(head: Row, outcome: Row, groups: dict[str, Row], name: str, of_value: str) -> Iterator[Row]:
    """Yield a row for every posted measurement of an outcome or a baseline measure.

    How many were analysed stands with the class, or else with the outcome, never with the measurement.
    """
    spread, level = spread_of(outcome.get("dispersionType"))
    share = of_value == "percent" and is_share(head["unit"]) and max(_values(outcome), default=2) <= 1
    classes = [plain_text(part.get("title")) for part in outcome.get("classes") or []]
    several = any(map(names_time, classes))
    units = (head["unit_analysed"].lower(),)
    everyone, all_units = (denominators(outcome.get("denoms"), names) for names in (PEOPLE_UNITS, units))
    for at, part in enumerate(outcome.get("classes") or []):
        title = plain_text(part.get("title"))
        time, when, timed = _time(title, head, several)
        own = denominators(part.get("denoms"), PEOPLE_UNITS)
        people = everyone | own
        analysed = all_units | denominators(part.get("denoms"), units)
        for place, category in enumerate(part.get("categories") or []):
            level_title = plain_text(category.get("title"))
            visit = None  # some records have a time in place of a category
            if level_title and not timed and of_value not in COUNTED_KINDS:
                alone = time_in_words(level_title) == level_title or _SAID["baseline"].fullmatch(level_title)
                visit = level_title if alone else None
            labels = [None if timed and time == title else title, None if visit else level_title]
            shared = head | {
                "category": ": ".join(filter(None, labels)) or None,
                "timepoint_printed": visit or time,
                "timepoint_weeks": weeks(visit) if visit else when,
                "kind": _kind(of_value, head["measure"], visit or title),
            }
            shared |= EMPTY
            seen: dict[str, int] = {}
            for measurement in category.get("measurements") or []:
                group_id = measurement.get("groupId") or ""
                seen[group_id] = seen.get(group_id, 0) + 1
                group = groups.get(group_id) or {"title": None, "arm_id": "unnamed", "matched": False}
                n = people.get(group_id)
                figure = f"{head['study_id']}.{name}.c{at}.k{place}.{group_id or 'none'}"
                figure += f".{seen[group_id]}" if seen[group_id] > 1 else ""
                size = f"{head['study_id']}.{name}{f'.c{at}' if group_id in own else ''}.n.{group_id}"
                row = shared | {
                    "result_id": figure,
                    "arm_id": group["arm_id"],
                    "group": group["title"],
                    "n": n,
                    "n_units": analysed.get(group_id, n),
                    "quantity_ids": figure if n is None else f"{figure};{size}",
                }
                # a group's own title may state the time: `Drug - Baseline` beside `Drug - Week 12`
                if not timed and (own_time := group.get("time")):
                    row |= {"timepoint_printed": own_time, "timepoint_weeks": weeks(own_time)}
                filled = values_of(measurement, of_value, spread, level, row["n_units"], share)
                row |= filled
                named = [column for column in filled if column in FIGURE_KINDS and filled[column] is not None]
                figures = [f"{column}={figure}" for column in named or ["value"]]
                row["figures"] = ";".join(figures if n is None else [*figures, f"n={size}"])
                if group.get("shared"):
                    row["category"] = ": ".join(filter(None, [group["title"], row["category"]]))
                row["note"] = _note(row, measurement, outcome.get("dispersionType"), group["matched"])
                yield row


def denominators(denoms: list[Row] | None, units: tuple[str, ...]) -> dict[str, int]:
    """Return how many were analysed in each group, counted in one of some units."""
    found: dict[str, int] = {}
    for denom in denoms or []:
        if (denom.get("units") or "").lower() in units:
            for count in denom.get("counts") or []:
                number = posted_whole(count.get("value"))
                if number is not None and number >= 0:
                    found[count.get("groupId") or ""] = number
    return found


def _values(outcome: Row) -> Iterator[float]:
    for part in outcome.get("classes") or []:
        for category in part.get("categories") or []:
            numbers = (posted_number(one.get("value")) for one in category.get("measurements") or [])
            yield from (number for number in numbers if number is not None)


def _time(title: str | None, head: Row, several: bool) -> tuple[str | None, float | None, bool]:
    """Return a class's own time where its title states one, else the outcome's; and whether it did.

    `Severe at baseline` is a subgroup, but beside other times (`several`) a time.
    """
    named = title and (names_time(title) or _SAID["at_baseline"].fullmatch(title))
    if named or (title and several and _SAID["baseline"].search(title)):
        return title, weeks(title), True
    return head["timepoint_printed"], head["timepoint_weeks"], False


def _kind(of_value: str, measure: str, title: str | None) -> str:
    if of_value in COUNTED_KINDS:
        return "count"
    if says_change(title):
        return "change"
    level = (title and _SAID["as_measured"].search(title)) or not says_change(measure)
    return "level" if level else "change"


def _note(row: Row, measurement: Row, label: str | None, matched: bool) -> str | None:
    """Say what a reader of the row must know before it is used."""
    said = [plain_text(measurement.get("comment"))]
    if measurement.get("value") and row["value"] is None:
        said.append(f"posted as {measurement['value'][:80]}")
    if row["estimate_kind"] == "model_mean":
        said.append("least-squares mean: an estimate of a model, no mean of values")
    elif row["estimate_kind"]:
        said.append(f"{row['estimate_kind'].replace('_', ' ')}: no arithmetic mean")
    said += list(_left_out(row, measurement, label))
    if row["unit_analysed"].lower() not in PEOPLE_UNITS:
        people = "people whose number is not posted" if row["n"] is None else f"{row['n']} people"
        said.append(f"analysed by {row['unit_analysed'].lower()}: {row['n_units']} in {people}")
    if row["within_person"]:
        said.append("the same people stand in several groups: within-person")
    if not matched:
        said.append(f"group {row['group']!r} has no arm of that title")
    return "; ".join(filter(None, said)) or None


def _left_out(row: Row, measurement: Row, label: str | None) -> Iterator[str]:
    """Yield what is posted and has no column."""
    spread, low, high = map(measurement.get, ("spread", "lowerLimit", "upperLimit"))
    named, odd = f"{label or 'spread'}"[:80], spread_of(label)[0] == "unknown"
    if odd:
        yield f"spread labelled {named!r} is not understood"
    if row["sd"] is row["se"] is None and posted_number(spread) is not None:
        yield f"posted, and in no column: {named} {spread}"
    ends = ("q1", "q3", "minimum", "maximum", "ci_lower", "ci_upper")
    limits = [str(end) for end in (low, high) if posted_number(end) is not None]
    if limits and {row[name] for name in ends} == {None}:
        yield f"posted, and in no column: {named} {' to '.join(limits)}"
    if row["kind"] == "count" and row["count"] is row["percent"] is None and row["value"] is not None:
        yield f"{row['value']:g} is no number and no percentage of {row['n_units'] or 'these'} people"


def participant_flow(study_id: str, module: Row, arms: list[Row]) -> list[Row]:
    """Return one row a period, milestone or reason of withdrawal, and group."""
    groups = group_names(module.get("groups"), arms)
    rows = []
    for period in module.get("periods") or []:
        shared = {"study_id": study_id, "period": plain_text(period.get("title"))}
        for kind, blocks, inner in (
            ("milestone", period.get("milestones"), "achievements"),
            ("withdrawal", period.get("dropWithdraws"), "reasons"),
        ):
            for block in blocks or []:
                for count in block.get(inner) or []:
                    group = groups.get(count.get("groupId") or "") or {}
                    row = shared | {"kind": kind, "name": plain_text(block.get("type"))}
                    row |= {"arm_id": group.get("arm_id"), "group": group.get("title")}
                    rows.append(row | columns_of(count, "flow"))
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
    others = [group["title"] for group in groups.values() if not group["matched"]]
    totals = {title for title in others if folded_title(title) in ("total", "overall")}
    rows = []
    for index, measure in enumerate(module.get("measures") or []):
        head = columns_of(measure, "posted")
        head |= {
            "study_id": study_id,
            "measure": head["measure"] or "unnamed measure",
            "within_person": False,
        }
        head |= {"timepoint_printed": "Baseline", "timepoint_weeks": 0.0}
        head["unit_analysed"] = plain_text(module.get("typeUnitsAnalyzed")) or "Participants"
        of_value = measure_kind(measure.get("paramType"), head["unit"])
        denoms = measure.get("denoms") or module.get("denoms")
        for row in measurements(head, measure | {"denoms": denoms}, groups, f"bm{index}", of_value):
            row["total"] = row["group"] in totals
            row["arm_id"] = None if row["total"] else row["arm_id"]
            rows.append(row)
    return rows


def analyses(study_id: str, module: Row, arms: list[Row]) -> list[Row]:
    """Return the posted analyses. Which group is the comparator is not guessed: groups keep their order."""
    rows = []
    for index, outcome in enumerate(module.get("outcomeMeasures") or []):
        groups = group_names(outcome.get("groups"), arms) if outcome.get("analyses") else {}
        for number, analysis in enumerate(outcome.get("analyses") or [], start=1):
            compared = [groups.get(name) or {} for name in analysis.get("groupIds") or []]
            match = _SAID["p_value"].fullmatch(analysis.get("pValue") or "")
            p_value = float(match[2]) if match and 0 <= float(match[2]) <= 1 else None
            operator = (match[1] or "=") if match and p_value is not None else None
            row = columns_of(analysis, "analysis") | {"study_id": study_id}
            row |= {"outcome_id": f"posted-{index + 1}", "analysis_id": f"{study_id}.om{index}.a{number}"}
            row |= {"measure": plain_text(outcome.get("title")), "p_operator": operator, "p_value": p_value}
            row["arm_ids"] = [group.get("arm_id") for group in compared]
            row["groups"] = [group.get("title") for group in compared]
            rows.append(row)
    return rows


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
    when, threshold = plain_text(module.get("timeFrame")), posted_number(module.get("frequencyThreshold"))
    for key, serious in (("seriousEvents", True), ("otherEvents", False)):
        said = f"events in more than {threshold:g}% are posted" if threshold and not serious else None
        for index, event in enumerate(module.get(key) or []):
            shared: Row = {"study_id": study_id, "severity": "serious" if serious else "not serious"}
            shared |= {"timepoint_printed": when} | columns_of(event, "event")
            shared["term"] = shared["term"] or "unnamed event"
            shared["note"] = shared["note"] or said
            name = f"{study_id}.{'sae' if serious else 'oae'}{index}"
            for stat in event.get("stats") or []:
                group_id = stat.get("groupId") or ""
                group = groups.get(group_id) or {"arm_id": "unnamed", "title": None}
                row = shared | {"arm_id": group["arm_id"], "group": group["title"]}
                row |= {"quantity_ids": f"{name}.{group_id}"} | columns_of(stat, "event_stat")
                rows.append(row)
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


FLOW, BASELINE = "participant flow", "baseline"  # how the places of such figures begin


def posted_figures(record: SourceRecord) -> list[Row]:
    """Return one quantity a posted measurement, group size, event count, p value, stage and baseline measure.

    They are rows of `quantities` under the ids that results and events name; the place is the posted outcome.
    """
    figures: dict[str, Row] = {}
    for row in record.results:
        for figure in _of_result(row, row["outcome_id"], "result", row["concept"]):
            figures.setdefault(figure["quantity_id"], figure)
    for row in record.baseline:
        place = f"{BASELINE}, {row['measure']}"
        for figure in _of_result(row, place, "design", "baseline_characteristic"):
            figures.setdefault(figure["quantity_id"], figure | {"note": row["group"]})
    for index, row in enumerate(record.flow):
        if row["count"] is not None:  # of those who reached a stage, or left for a reason
            place = ", ".join(filter(None, [FLOW, row["period"], row["name"]]))
            who = "; ".join(filter(None, [row["group"], row["comment"]])) or None
            name = f"{row['study_id']}.flow{index}"
            figures[name] = _figure(
                row, name, f"{row['count']}", place, value=row["count"], unit="participants", kind="count",
                role="design", concept="participant_flow", note=who,
            )  # fmt: skip
    for row in record.adverse_events:
        if row["quantity_ids"] and row["count"] is not None:
            place = f"adverse events, {row['severity']}"
            figures[row["quantity_ids"]] = _figure(
                row, row["quantity_ids"], f"{row['count']}", place, value=row["count"], kind="count",
                role="safety", concept="adverse_events", note=f"{row['term']}: of {row['n']} at risk",
            )  # fmt: skip
    for row in record.analyses:
        if row["p_printed"]:
            head = {"study_id": row["study_id"], "source_id": row["study_id"], "arm_id": None}
            figures[row["analysis_id"]] = _figure(
                head, row["analysis_id"], row["p_printed"], f"{row['outcome_id']}, analysis",
                value=row["p_value"], kind="p_value", role="result", concept="other_outcome",
                note="; ".join(filter(None, [row["measure"], row["method"], row["parameter"]])) or None,
            )  # fmt: skip
    return list(figures.values())


def _of_result(row: Row, outcome: str, role: str, concept: str) -> list[Row]:
    """Return a measurement's figure and, where it is stated, that of the number analysed."""
    names = row["quantity_ids"].split(";")
    time = row["timepoint_printed"] if role == "result" else None
    place = ", ".join(filter(None, [outcome, row["category"], time]))
    low = next((row[name] for name in ("q1", "minimum", "ci_lower") if row[name] is not None), None)
    high = next((row[name] for name in ("q3", "maximum", "ci_upper") if row[name] is not None), None)
    spread = row["se"] if row["se"] is not None else row["sd"] if not row["converted"] else None
    printed = f"{row['value']:g}" if row["value"] is not None else "NA"
    printed += f" ({spread:g})" if spread is not None else ""
    printed += f" [{low:g}, {high:g}]" if low is not None and high is not None else ""
    kinds = ("mean", "median", "count", "percent")
    kind = next((name for name in kinds if row[name] is not None), "value")
    kind = "mean_sd" if kind == "mean" and row["sd"] is not None else kind
    value = _figure(
        row, names[0], printed, place, value=row["value"], value_low=low, value_high=high,
        sd=row["sd"], unit=row["unit"], kind=kind, role=role, concept=concept, note=row["measure"],
    )  # fmt: skip
    if len(names) < 2:
        return [value]
    size = _figure(
        row, names[1], f"{row['n']}", f"{outcome}, denominators", value=row["n"], unit="participants",
        kind="n", role=role, concept=concept,
    )  # fmt: skip
    return [value, size]


def _figure(row: Row, name: str, printed: str, place: str, **columns: Any) -> Row:
    base = {"quantity_id": name, "study_id": row["study_id"], "printed": printed, "section": place[:200]}
    base |= {"source_id": row.get("source_id") or row["study_id"], "arm_id": row["arm_id"]}
    return base | {"timepoint_printed": row.get("timepoint_printed")} | columns
