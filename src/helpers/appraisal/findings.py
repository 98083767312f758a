"""The rules' and the reader's findings in one list, none of them twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from helpers.appraisal.finding_list import FindingList
from helpers.appraisal.printed_figure import missing
from helpers.tables import join_ids, split_ids
from helpers.tables.appraised import SEVERITIES

_NOWHERE = "whole document"


def merge_findings(
    rule_findings: Iterable[Mapping[str, Any]], reader_findings: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return all findings, a rule's in place of the reader's where both found the same.

    Two findings are the same when study and check agree and they share a figure; where one of them rests
    on no figure, a line of the text; and where one has no line either, an outcome if both name one. The
    rule's finding then takes over the reader's places and figures, and the graver of both severities: the
    reader has seen the words around the figures. A rule that rests on no figure takes the reader's sentence
    too, which says more.

    Parameters
    ----------
    rule_findings, reader_findings : iterable of mapping
        Rows of the table `findings`.

    Returns
    -------
    list of dict
        Rows sorted by study, severity (certain first), check and name.

    """
    merged = [dict(row) for row in rule_findings]
    kept: list[dict[str, Any]] = []
    for reader in reader_findings:
        twins = [row for row in merged if same_finding(row, reader)]
        if not twins:
            kept.append(dict(reader))
            continue
        _take_over(twins[0], reader)
        # One sentence of the reader may cover several outcomes that the rule lists one by one.
        covered = [row for row in twins[1:] if not split_ids(row["quantity_ids"]) and _within(row, reader)]
        merged = [row for row in merged if not any(row is other for other in covered)]
    rows = merged + kept
    return FindingList(
        sorted(
            rows,
            key=lambda row: (
                row["study_id"],
                SEVERITIES.index(row["severity"]),
                row["check"],
                row["finding_id"],
            ),
        )
    )


def rest_on_listed(
    judgements: Iterable[Mapping[str, Any]], findings: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return judgements of risk of bias whose findings are those listed.

    A judgement names a reader's finding; where a rule found the same, the rule's is listed in its place.

    Parameters
    ----------
    judgements : iterable of mapping
        Rows of `risk_of_bias`.
    findings : iterable of mapping
        Rows of `findings`, merged.

    """
    listed = {name: row["finding_id"] for row in findings for name in split_ids(row.get("also"))}
    rows = [dict(row) for row in judgements]
    for row in rows:
        names = [listed.get(name, name) for name in split_ids(row.get("finding_ids"))]
        row["finding_ids"] = join_ids(dict.fromkeys(names))
    return rows


def same_finding(rule: Mapping[str, Any], reader: Mapping[str, Any]) -> bool:
    """Return whether a reader found what a rule found."""
    if (rule["study_id"], rule["check"]) != (reader["study_id"], reader["check"]):
        return False
    ours, theirs = set(split_ids(rule["quantity_ids"])), set(split_ids(reader["quantity_ids"]))
    if ours and theirs:
        return bool(ours & theirs)
    here, there = _lines(rule), _lines(reader)
    if here and (there or ours):
        return bool(here & there)
    outcomes = set(split_ids(rule["concepts"]))
    return not outcomes or bool(outcomes & set(split_ids(reader["concepts"])))


def _lines(row: Mapping[str, Any]) -> set[str]:
    """Return the lines that a finding points at, without the names of their sections."""
    places = str(row["locators"]).split("; ")
    return {place.partition(" (")[0] for place in places if place != _NOWHERE}


def _within(rule: Mapping[str, Any], reader: Mapping[str, Any]) -> bool:
    return set(split_ids(rule["concepts"])) <= set(split_ids(reader["concepts"]))


def _take_over(twin: dict[str, Any], reader: Mapping[str, Any]) -> None:
    """Add the reader's places, figures and outcomes to the rule's finding."""
    if not split_ids(twin["quantity_ids"]):
        twin["statement"] = reader["statement"]
    places = [
        place for row in (twin, reader) for place in str(row["locators"]).split("; ") if place != _NOWHERE
    ]
    twin["locators"] = "; ".join(dict.fromkeys(places)) or _NOWHERE
    for column in ("quantity_ids", "concepts"):
        twin[column] = join_ids([*split_ids(twin[column]), *split_ids(reader[column])])
    twin["also"] = join_ids([*split_ids(twin.get("also")), reader["finding_id"]])
    twin["severity"] = min(twin["severity"], reader["severity"], key=SEVERITIES.index)
    if missing(twin["arithmetic"]):
        twin["arithmetic"] = reader["arithmetic"]
