"""A study sheet of proposals from a record that somebody else extracted: a review's data, a table."""

from __future__ import annotations

from datetime import date
from typing import Any

from helpers.sources.article_sheet import dump_sheet, one_line, short_words
from helpers.sources.record import SourceRecord
from helpers.sources.sheet_checks import RESULT_REFERENCES
from helpers.sources.sheet_numbers import check_figure

Row = dict[str, Any]
_HEAD = """\
# Study sheet of {study_id}, proposed from {file}. Nothing in it counts yet.
# Compare each figure with its source, give it its place (at: section, line, chars), and set
# `state: confirmed` at each result that is right; its figures are confirmed with it.
# data/raw/README.md explains every field.
"""
_KINDS = {"n": "n", "mean": "mean", "sd": "sd", "median": "median", "count": "count", "p_value": "p_value"}


def record_sheet(record: SourceRecord, file: str) -> str:
    """Return a sheet's text: every observation of a record of one study, proposed.

    Parameters
    ----------
    record : SourceRecord
        From a RevMan file or an extraction table.
    file : str
        Name of the file, for the sheet's head.
    """
    source, study = record.sources[0], record.studies[0]
    quantities: list[Row] = []
    results: list[Row] = []
    seen: dict[tuple, int] = {}
    for number, row in enumerate(record.results, start=1):
        given = {}
        for field in RESULT_REFERENCES:
            quantity = _quantity(row, field, f"r{number}_{field}")
            if quantity is not None:
                quantities.append(quantity)
                given[field] = quantity["id"]
        site = short_words(row["site"], 120) or "all"
        if row["concept"] == "other_outcome" and row.get("measure"):
            site = short_words(row["measure"], 110) or site
        base = {"arm": row["arm_id"], "concept": row["concept"], "site": site}
        base |= {"time": short_words(row["timepoint_printed"]), "kind": row["kind"]}
        again = seen[key] = seen.get(key := tuple(base.values()), 0) + 1
        base["site"] = f"{site} #{again}" if again > 1 else site
        base |= given | {"unit": short_words(row.get("unit")), "note": short_words(row.get("measure"))}
        results.append(
            {name: value for name, value in base.items() if value is not None} | {"state": "proposed"}
        )
    sheet = {
        "study_sheet": 1,
        "study_id": source["study_id"],
        "source": {
            "source_id": source["source_id"],
            "tier": source["tier"],
            "format": source["format"],
            "citation": short_words(source.get("citation")),
            "doi": short_words(source.get("doi")),
            "has_results": True,
        }
        | _seen_in(source["tier"], file),
        "extraction": {
            "readers": 1,
            "date": date.today(),
            "compared": f"taken over from {file}, to be confirmed",
        },
        "study": {"title": short_words(study.get("title")), "comparison": study.get("comparison")},
        "arms": [
            one_line({"arm_id": arm["arm_id"], "role": arm["role"], "label": short_words(arm["label"])})
            for arm in record.arms
        ],
        "quantities": [one_line(quantity) for quantity in quantities],
        "results": [one_line(result) for result in results],
    }
    return _HEAD.format(study_id=source["study_id"], file=file) + dump_sheet(sheet)


def _seen_in(tier: str, file: str) -> Row:
    """Return where figures that a review holds were seen: in the review, and only there."""
    if tier == "core":
        return {}
    return {"seen": one_line({"address": file, "access": "secondary", "confidence": "T2"})}


def _quantity(row: Row, field: str, name: str) -> Row | None:
    """Return a figure as a proposed quantity; None where it is missing or a sheet would refuse it."""
    value = row.get(field)
    if value is None or (field == "n" and value < 1):
        return None
    kind = "percent" if field == "percent" and 0 <= value <= 100 else _KINDS.get(field, "value")
    printed = f"{value:.12g}" if abs(value) < 1e12 else repr(value)
    quantity = {"id": name, "printed": printed, "value": float(printed), "kind": kind, "role": "result"}
    quantity |= {
        "concept": row["concept"],
        "arm": row["arm_id"],
        "time": short_words(row["timepoint_printed"]),
    }
    quantity = {key: item for key, item in quantity.items() if item is not None} | {"state": "proposed"}
    return None if any(check_figure(0, quantity)) else quantity
