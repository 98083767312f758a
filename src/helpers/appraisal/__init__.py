"""What a study's figures can and cannot mean: consistency, contradictions, risk of bias, certainty.

>>> evidence = StudyEvidence.from_tables(tables, "wan2025")  # doctest: +SKIP
>>> findings, checks = run_checks(evidence)  # doctest: +SKIP
"""

from helpers.appraisal.consistency import RULES, run_checks
from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.grade import certainty
from helpers.appraisal.merging import merge_findings, rest_on_listed
from helpers.appraisal.risk_of_bias_tools import TOOLS, check_judgements, overall, tool_for
from helpers.appraisal.rule import NotApplicable, Rule

__all__ = [
    "RULES",
    "TOOLS",
    "NotApplicable",
    "Rule",
    "StudyEvidence",
    "certainty",
    "check_judgements",
    "merge_findings",
    "overall",
    "rest_on_listed",
    "run_checks",
    "tool_for",
]


def __dir__() -> list[str]:
    """Return what tab completion offers: the names that are meant to be used."""
    return sorted(__all__)
