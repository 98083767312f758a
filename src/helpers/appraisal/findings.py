"""The checks run on a study, and one list of findings with the reader's."""

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
from helpers.tables.vocabulary import SEVERITIES
from metastats.display import rows_html
from notebookpress.tables import join_ids, split_ids

FINDING_LIST_COLUMNS = ("study_id", "severity", "statement", "arithmetic", "detected_by")
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


class FindingList(list[dict[str, Any]]):
    """Rows of the table `findings`; a list in every way, shown as a table in JupyterLab."""

    def _repr_html_(self) -> str:
        certain = sum(row.get("severity") == "certain" for row in self)
        return rows_html(f"{len(self)} findings, {certain} certain", self, FINDING_LIST_COLUMNS)


def run_checks(evidence: StudyEvidence) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Run all consistency rules on a study.

    Returns
    -------
    findings : list of dict
        Rows of the table `findings`, the rules in order, `detected_by` rule.
    checks : list of dict
        Rows of the table `checks`, one a rule: passed, found, or not applicable with what is missing.

    """
    findings = FindingList()
    checks: list[dict[str, Any]] = []
    for rule in RULES:
        inputs = rule.inputs
        try:
            rows = rule.run(evidence)
            outcome = "found" if rows else "passed"
        except NotApplicable as reason:
            rows, outcome, inputs = [], "not applicable", f"{rule.inputs}: {reason}"
        findings += rows
        check = {"study_id": evidence.study_id, "check": rule.name, "outcome": outcome}
        checks.append(check | {"inputs": inputs, "source": rule.source})
    return findings, checks


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
        same = [row for row in merged if _same_finding(row, reader)]
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
        return row["study_id"], SEVERITIES.index(row["severity"]), row["check"], row["finding_id"]

    return FindingList(sorted(merged + kept, key=gravest_first))


def _same_finding(rule: Mapping[str, Any], reader: Mapping[str, Any]) -> bool:
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
    """Return the lines that a finding points at, without the names of their sections."""
    places = str(row["locators"]).split("; ")
    return {place.partition(" (")[0] for place in places if place != WHOLE_DOCUMENT}


def _take_over(rule: dict[str, Any], reader: Mapping[str, Any]) -> None:
    """Add the reader's places, figures and outcomes to the rule's finding."""
    if not split_ids(rule["quantity_ids"]):
        rule["statement"] = reader["statement"]
    places = dict.fromkeys(place for row in (rule, reader) for place in str(row["locators"]).split("; "))
    places.pop(WHOLE_DOCUMENT, None)
    rule["locators"] = "; ".join(places) or WHOLE_DOCUMENT
    for column in ("quantity_ids", "concepts"):
        rule[column] = join_ids([*split_ids(rule[column]), *split_ids(reader[column])])
    rule["also"] = join_ids([*split_ids(rule.get("also")), reader["finding_id"]])
    rule["severity"] = min(rule["severity"], reader["severity"], key=SEVERITIES.index)
    if missing(rule["arithmetic"]):
        rule["arithmetic"] = reader["arithmetic"]


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
