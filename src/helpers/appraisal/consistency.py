"""All consistency rules, and running them on a study."""

from __future__ import annotations

from typing import Any

from helpers.appraisal.change import ChangeOfLevels
from helpers.appraisal.claims import (
    ClaimWithoutFigure,
    EveryPair,
    LaterThanFollowUp,
    LongTermClaim,
    RegistrationMissing,
    SignificanceWithoutTest,
)
from helpers.appraisal.dates import Dates, DatesMissing
from helpers.appraisal.design_rules import BlockSize, ControlGroup, DesignField, Masking, RegistryConflict
from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.finding_list import FindingList
from helpers.appraisal.granularity import Granularity
from helpers.appraisal.implausible import ImplausibleChange
from helpers.appraisal.lists_compared import AuthorsCited, ItemLists, ReferencesUsed
from helpers.appraisal.omissions import GroupSizes, PValueOwner, TreatmentDescribed
from helpers.appraisal.p_value_rule import PValue
from helpers.appraisal.pairs import ChangeOfExtremes, NoChange
from helpers.appraisal.promised import OutcomesPlanned, OutcomesReported, TimePoints
from helpers.appraisal.repeated import PrintedTwice, Units
from helpers.appraisal.rule import FindingRow, NotApplicable, Rule
from helpers.appraisal.said_twice import SAID_TWICE
from helpers.appraisal.sessions import SessionTimes
from helpers.appraisal.shares import PercentOfN
from helpers.appraisal.spread import SdInRange
from helpers.appraisal.spread_or_error import SdOrSe
from helpers.appraisal.totals import AgeLimits, CountAndPercent, DuplicateArms, Totals

RULES: tuple[Rule, ...] = (
    PercentOfN(),
    CountAndPercent(),
    Totals(),
    Granularity(),
    SdInRange(),
    SdOrSe(),
    ChangeOfLevels(),
    ChangeOfExtremes(),
    ImplausibleChange(),
    NoChange(),
    PValue(),
    PValueOwner(),
    GroupSizes(),
    PrintedTwice(),
    RegistryConflict(),
    Units(),
    ControlGroup(),
    TimePoints(),
    OutcomesReported(),
    OutcomesPlanned(),
    BlockSize(),
    SessionTimes(),
    Dates(),
    DatesMissing(),
    AgeLimits(),
    Masking(),
    DesignField(),
    DuplicateArms(),
    TreatmentDescribed(),
    RegistrationMissing(),
    LaterThanFollowUp(),
    LongTermClaim(),
    EveryPair(),
    ClaimWithoutFigure(),
    SignificanceWithoutTest(),
    ItemLists(),
    AuthorsCited(),
    ReferencesUsed(),
    *SAID_TWICE,
)


def run_checks(
    evidence: StudyEvidence, rules: tuple[Rule, ...] = RULES
) -> tuple[list[FindingRow], list[dict[str, Any]]]:
    """Run consistency rules on a study.

    Parameters
    ----------
    evidence : StudyEvidence
        The study's rows.
    rules : tuple of Rule
        The rules; all of them when left out.

    Returns
    -------
    findings : list of dict
        Rows of the table `findings`, the rules in order, `detected_by` rule.
    checks : list of dict
        Rows of the table `checks`, one a rule: passed, found, or not applicable with what is missing.

    """
    findings = FindingList()
    checks: list[dict[str, Any]] = []
    for rule in rules:
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
