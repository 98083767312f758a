"""The checks run on a study, and one list of discrepancies with the reader's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from helpers.appraisal import (
    changes,
    conduct,
    contradictions,
    counts,
    granularity,
    p_values,
    reporting,
    spread,
)
from helpers.appraisal.evidence import WHOLE_DOCUMENT, StudyEvidence, missing
from helpers.appraisal.rules import Check, NotApplicable, Rule, read_rules
from helpers.tables.vocabulary import CONCERNS
from metastats.results import rows_html
from notebookpress.tables import join_ids, split_ids

DISCREPANCY_LIST_COLUMNS = ("study_id", "certain", "concern", "statement", "arithmetic", "detected_by")
_MODULES = (granularity, spread, changes, p_values, counts, contradictions, conduct, reporting)
# The checks that compute something: each public function of these modules that yields hits. Those that
# compare answers need no function: they stand in rules.yaml alone.
CHECKS: dict[str, Check] = {
    name: function
    for module in _MODULES
    for name, function in vars(module).items()
    if not name.startswith("_") and getattr(function, "__annotations__", {}).get("return") == "Iterator[Hit]"
}
RULES: tuple[Rule, ...] = read_rules(CHECKS)


class DiscrepancyList(list[dict[str, Any]]):
    """Rows of the table `discrepancies`; a list in every way, shown as a table in JupyterLab."""

    def _repr_html_(self) -> str:
        certain = sum(bool(row.get("certain")) for row in self)
        return rows_html(f"{len(self)} discrepancies, {certain} certain", self, DISCREPANCY_LIST_COLUMNS)


def run_checks(evidence: StudyEvidence) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Run all consistency rules on a study.

    Returns
    -------
    discrepancies : list of dict
        Rows of the table `discrepancies`, the rules in order, `detected_by` automated.
    checks : list of dict
        Rows of the table `checks`, one a rule: passed, found, or not applicable with what is missing.
    """
    discrepancies = DiscrepancyList()
    checks: list[dict[str, Any]] = []
    for rule in RULES:
        inputs = rule.inputs
        try:
            rows = rule.run(evidence)
            outcome = "found" if rows else "passed"
        except NotApplicable as reason:
            rows, outcome, inputs = [], "not applicable", f"{rule.inputs}: {reason}"
        discrepancies += rows
        check = {"study_id": evidence.study_id, "check": rule.name, "outcome": outcome}
        checks.append(check | {"inputs": inputs, "source": rule.source})
    return discrepancies, checks


def merge_discrepancies(
    rule_discrepancies: Iterable[Mapping[str, Any]], reviewer_discrepancies: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return all discrepancies, a rule's in place of the reader's where both found the same.

    Two discrepancies are the same when study and check agree and they share a figure; where one of them rests
    on no figure, a line of the text; and where one has no line either, an outcome if both name one. The
    rule's discrepancy then takes over the reader's places and figures, and the graver of both concerns: the
    reader has seen the words around the figures. A rule that rests on no figure takes the reader's sentence
    too, which says more.

    Parameters
    ----------
    rule_discrepancies, reviewer_discrepancies : iterable of mapping
        Rows of the table `discrepancies`.

    Returns
    -------
    list of dict
        Rows sorted by study, certain ones first, concern, check and name.
    """
    merged = [dict(row) for row in rule_discrepancies]
    kept: list[dict[str, Any]] = []
    for reader in reviewer_discrepancies:
        same = [row for row in merged if _same_discrepancy(row, reader)]
        if not same:
            kept.append(dict(reader))
            continue
        _take_over(same[0], reader)
        # One sentence of the reader may cover several outcomes that the rule lists one by one.
        outcomes = set(split_ids(reader["concepts"]))
        covered = [
            row for row in same[1:] if not row["quantity_ids"] and set(split_ids(row["concepts"])) <= outcomes
        ]
        merged = [row for row in merged if not any(row is other for other in covered)]

    def gravest_first(row: Mapping[str, Any]) -> tuple:
        weight = (not row["certain"], CONCERNS.index(row["concern"]))
        return row["study_id"], *weight, row["check"], row["discrepancy_id"]

    return DiscrepancyList(sorted(merged + kept, key=gravest_first))


def _same_discrepancy(rule: Mapping[str, Any], reader: Mapping[str, Any]) -> bool:
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
    return not outcomes or not outcomes.isdisjoint(split_ids(reader["concepts"]))


def _lines(row: Mapping[str, Any]) -> set[str]:
    """Return the lines that a discrepancy points at, without the names of their sections."""
    places = str(row["locators"]).split("; ")
    return {place.partition(" (")[0] for place in places if place != WHOLE_DOCUMENT}


def _take_over(rule: dict[str, Any], reader: Mapping[str, Any]) -> None:
    """Add the reader's places, figures and outcomes to the rule's discrepancy."""
    if not split_ids(rule["quantity_ids"]):
        rule["statement"] = reader["statement"]
    places = dict.fromkeys(place for row in (rule, reader) for place in str(row["locators"]).split("; "))
    places.pop(WHOLE_DOCUMENT, None)
    rule["locators"] = "; ".join(places) or WHOLE_DOCUMENT
    for column in ("quantity_ids", "concepts"):
        rule[column] = join_ids([*split_ids(rule[column]), *split_ids(reader[column])])
    rule["also"] = join_ids([*split_ids(rule.get("also")), reader["discrepancy_id"]])
    rule["certain"] = rule["certain"] or reader["certain"]
    rule["concern"] = min(rule["concern"], reader["concern"], key=CONCERNS.index)
    if missing(rule["arithmetic"]):
        rule["arithmetic"] = reader["arithmetic"]


def rest_on_listed(
    judgements: Iterable[Mapping[str, Any]], discrepancies: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return judgements of risk of bias whose discrepancies are those listed.

    A judgement names a reader's discrepancy; where a rule found the same, the rule's is listed in its place.

    Parameters
    ----------
    judgements : iterable of mapping
        Rows of `risk_of_bias`.
    discrepancies : iterable of mapping
        Rows of `discrepancies`, merged.
    """
    listed = {name: row["discrepancy_id"] for row in discrepancies for name in split_ids(row.get("also"))}
    rows = [dict(row) for row in judgements]
    for row in rows:
        names = [listed.get(name, name) for name in split_ids(row.get("discrepancy_ids"))]
        row["discrepancy_ids"] = join_ids(dict.fromkeys(names))
    return rows
