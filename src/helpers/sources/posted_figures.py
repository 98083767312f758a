"""Posted figures as rows of `quantities`: what results and events of a register's record rest on."""

from __future__ import annotations

from typing import Any

from helpers.sources.record import SourceRecord
from helpers.tables import split_ids

Row = dict[str, Any]
FLOW, BASELINE = "participant flow", "baseline"  # how the places of such figures begin


def posted_figures(record: SourceRecord) -> list[Row]:
    """Return one quantity a posted measurement, group size, event count, p value, stage and baseline measure.

    Parameters
    ----------
    record : SourceRecord
        From a register that posts results.

    Returns
    -------
    list of dict
        Rows of `quantities` under the ids that results and events name; the place is the posted outcome.
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
        if row["count"] is not None:
            figure = _of_flow(row, f"{row['study_id']}.flow{index}")
            figures[figure["quantity_id"]] = figure
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


def _of_flow(row: Row, name: str) -> Row:
    """Return how many of a group reached a stage of the study, or left it for a reason."""
    place = ", ".join(filter(None, [FLOW, row["period"], row["name"]]))
    who = "; ".join(filter(None, [row["group"], row["comment"]])) or None
    return _figure(
        row, name, f"{row['count']}", place, value=row["count"], unit="participants", kind="count",
        role="design", concept="participant_flow", note=who,
    )  # fmt: skip


def _of_result(row: Row, outcome: str, role: str, concept: str) -> list[Row]:
    """Return a measurement's figure and, where it is stated, that of the number analysed."""
    names = split_ids(row["quantity_ids"])
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
    size = {
        "value": row["n"],
        "unit": "participants",
        "kind": "n",
        "role": role,
        "concept": concept,
    }
    return [value, _figure(row, names[1], f"{row['n']}", f"{outcome}, denominators", **size)]


def _figure(row: Row, name: str, printed: str, place: str, **columns: Any) -> Row:
    base = {"quantity_id": name, "study_id": row["study_id"], "printed": printed, "section": place[:200]}
    base |= {"source_id": row.get("source_id") or row["study_id"], "arm_id": row["arm_id"]}
    return base | {"timepoint_printed": row.get("timepoint_printed")} | columns
