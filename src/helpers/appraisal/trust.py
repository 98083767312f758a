"""Whether a study can be believed: the checks of INSPECT-SR, proposed by rule, answered by a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
from scipy.stats import chisquare

from helpers.appraisal.discrepancies import RULES
from helpers.appraisal.evidence import StudyEvidence, missing, name_of, tidy
from helpers.appraisal.risk_of_bias import BY_RULE, SECTIONS, is_randomised, only_abstract
from helpers.tables.vocabulary import TRUST_JUDGEMENTS
from notebookpress.tables import join_ids, records, split_ids
from trialfiles.record import Row

INSPECT = SECTIONS["inspect_sr"]
_LIMITS = INSPECT["limits"]
_, NONE, _, SOME, SERIOUS = TRUST_JUDGEMENTS
YES, NO, UNCLEAR, NOT_APPLICABLE = "yes", "no", "unclear", "not applicable"
OVERALL, ELSE = "overall", "4.10"  # the check of what no other check is about
_CHECKS = INSPECT["of_reviewers"] | {rule.name: split_ids(rule.inspect_sr) for rule in RULES}
_OF_ANSWER = ("appraiser", "answer", "reason", "discrepancy_ids", "statement_ids", "quantity_ids")
Proposal = tuple[str, str, Iterable[Any]]  # answer, reason, figures and statements that it rests on
# What a check needs: whether a study has it, and what is said where it has not.
_NEEDS: dict[str, tuple[Callable[[StudyEvidence], Any], str]] = {
    "results": (lambda evidence: evidence.study["has_results"], "There are no results yet."),
    "randomised": (lambda evidence: _randomised(evidence), "Nothing was allocated by chance."),
    "planned": (lambda evidence: not _is_case(evidence), "Reports of cases are not registered."),
    "groups": (lambda evidence: not _is_case(evidence), "Reports of cases have no statistics of groups."),
    "criteria": (
        lambda evidence: not _is_case(evidence),
        "Reports of cases have no criteria of who takes part.",
    ),
    "several": (
        lambda evidence: not _is_case(evidence) or (evidence.people() or 1) > 1,
        "It is the report of one person.",
    ),
    "registration": (lambda evidence: evidence.study.get("registration"), "No registration is named."),
    "publications": (
        lambda evidence: evidence.quantities["source_id"].nunique() > 1,
        "One publication or record was read.",
    ),
}


def _randomised(evidence: StudyEvidence) -> bool:
    return is_randomised(evidence.study.get("allocation"))


def _is_case(evidence: StudyEvidence) -> bool:
    return evidence.study.get("comparison") == "case"


def _read_in_full(evidence: StudyEvidence) -> bool:
    access = str(evidence.study["access"]).lower()
    return bool(access) and not only_abstract(access) and "third party" not in access


def _lacking(evidence: StudyEvidence, check: Mapping[str, Any]) -> str | None:
    """Return why a check is not applicable to a study; None where it is."""
    needs = (_NEEDS[need] for need in check.get("needs", ()))
    return next((lacking for fulfilled, lacking in needs if not fulfilled(evidence)), None)


def _by_check(evidence: StudyEvidence, rows: pd.DataFrame) -> dict[str, list[Row]]:
    """Return the rows of rules by the checks that they answer: their own, or else what no check is about."""
    asked = {key for key, check in INSPECT["checks"].items() if _lacking(evidence, check) is None}
    found: dict[str, list[Row]] = {number: [] for number in INSPECT["checks"]}
    for row in records(rows):
        for number in asked.intersection(_CHECKS.get(row["check"], ())) or {ELSE}:
            found[number].append(row)
    return found


def trust_rows(
    evidence: StudyEvidence, tables: Mapping[str, pd.DataFrame], answers: Iterable[Mapping[str, Any]] = ()
) -> list[Row]:
    """Return a study's rows of `trust`: what a rule proposes for each check, and what persons answer.

    Parameters
    ----------
    evidence : StudyEvidence
        The study.
    tables : mapping of str to pandas.DataFrame
        Its rows of `discrepancies`, `checks` and `retractions`.
    answers : iterable of mapping
        Its rows of `reviewer_answers`; those of other tools and of domains are left out.

    Notes
    -----
    A discrepancy that is more than minor is a possible problem (yes); rules that ran and found nothing say
    no; what nothing was there to check with is unclear. The tool is made for randomised trials, and is
    called adapted for other studies.
    """
    name = INSPECT["tool"] + ("" if _randomised(evidence) else INSPECT["adapted"])
    key = {"study_id": evidence.study_id, "tool": name}
    rows = []
    own = [row for row in answers if row["tool"] == INSPECT["tool"] and row["question"] in INSPECT["checks"]]
    placed = {name for row in own for name in split_ids(row["discrepancy_ids"])}
    listed, rules = (_by_check(evidence, tables[table]) for table in ("discrepancies", "checks"))
    listed[ELSE] = [row for row in listed[ELSE] if row["discrepancy_id"] not in placed]
    for number in INSPECT["checks"]:
        answer, reason, found, rests_on = _proposal(
            evidence, number, listed[number], rules[number], tables["retractions"]
        )
        names = dict.fromkeys(map(name_of, rests_on))
        words = [one for one in names if evidence.is_statement(one)]
        ids = {
            "statement_ids": join_ids(words),
            "quantity_ids": join_ids(one for one in names if one not in words),
            "discrepancy_ids": join_ids(found),
        }
        rule = {"appraiser": BY_RULE, "proposed_by": "automated", "answer": answer, "reason": reason}
        rows.append(key | {"check": number} | rule | ids)
    return rows + [
        key | {"check": row["question"], "proposed_by": "reviewer"} | {name: row[name] for name in _OF_ANSWER}
        for row in own
    ]


def _proposal(
    evidence: StudyEvidence, number: str, found: list[Row], rules: list[Row], notices: pd.DataFrame
) -> tuple[str, str, list[str], Iterable[Any]]:
    """Return what a rule answers to a check, why, and the discrepancies, figures and words it rests on."""
    check = INSPECT["checks"][number]
    if lacking := _lacking(evidence, check):
        return NOT_APPLICABLE, lacking, [], ()
    found = sorted(found, key=lambda row: (not row["certain"], row["concern"]))
    grave = [row for row in found if row["concern"] != "minor"]
    if grave:
        more = f" ({len(grave) - 1} more)" if len(grave) > 1 else ""
        figures = [name for row in grave for name in split_ids(row["quantity_ids"])]
        return YES, f"{grave[0]['statement']}{more}", [row["discrepancy_id"] for row in grave], figures
    small = [row["discrepancy_id"] for row in found]
    if "by" in check:
        answer, reason, rests_on = _LOOKED_UP[check["by"]](evidence, notices, check)
        return answer, reason, small, rests_on
    ran = [row["check"] for row in rules if row["outcome"] != "not applicable"]
    tests = [name for name in ran if name not in check.get("no_test", ())]
    silent = {UNCLEAR: True, "read in full": not _read_in_full(evidence)}.get(check.get("silence"), False)
    if tests and not silent:
        words = ", ".join(tests) if len(tests) < 6 else f"{len(tests)} rules"
        return NO, f"{'Only what is minor' if small else 'Nothing'} was found by: {words}.", small, ()
    partly = "Rules found nothing in the part of it that was read; the rest is left to a person."
    untold = "What was read tells nothing to check it with." if rules else "Nobody has looked yet."
    return UNCLEAR, partly if ran else untold, small, ()


# The checks of what is told or listed, beside the rules.
def _notices(evidence: StudyEvidence, notices: pd.DataFrame, check: Mapping[str, Any]) -> Proposal:
    """Return whether a list of notices holds one of the natures that a check asks for."""
    if notices.empty:
        return UNCLEAR, "Not looked up: no list of notices is at hand, or the study has no DOI.", ()
    own = records(notices[notices["nature"].str.lower().isin(check["natures"])])
    if not own:
        return NO, f"The list of notices holds no {' or '.join(check['natures'])} of it.", ()
    told = (
        f"{row['nature']}, {row['date'] or 'no date'}: {row['reason'] or 'no reason told'}" for row in own
    )
    return YES, f"{'; '.join(told)}.", ()


def _ethics(evidence: StudyEvidence, *_: Any) -> Proposal:
    """Return whether approval by a committee is told; only a full text that is silent raises a doubt."""
    told, dated = evidence.statements_on("ethics"), evidence.quantities_of("design", "ethics_date")
    if any(row.says == "no" for row in told):
        return YES, "It is said that no committee approved it.", told
    if told or dated:
        return NO, "Approval by a committee is told.", (*told, *dated)
    if _read_in_full(evidence):
        return YES, "The full text tells of no approval by a committee.", ()
    return UNCLEAR, "No approval by a committee is told in what was read.", ()


def _sizes(evidence: StudyEvidence, *_: Any) -> Proposal:
    """Return whether the groups are as large as equal allocation makes them."""
    arms = evidence.arms.dropna(subset="n")
    if evidence.study.get("comparison") != "parallel" or len(arms) < max(2, len(evidence.arms)):
        return UNCLEAR, "The sizes of the groups are not all told, or the groups are no groups of people.", ()
    sizes, chance = ", ".join(map(tidy, arms["n"])), chisquare(arms["n"].astype(float)).pvalue
    if chance < _LIMITS["unequal_groups"]:
        return UNCLEAR, f"The groups have {sizes} people: more unlike than equal allocation makes them.", ()
    return NO, f"The groups have {sizes} people, as equal allocation makes them.", ()


_LOOKED_UP: dict[str, Callable[..., Proposal]] = {"notices": _notices, "ethics": _ethics, "sizes": _sizes}


def standing(rows: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return by check the answer that stands: the first person's, or else the proposal."""
    chosen: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if row["check"] not in chosen or chosen[row["check"]]["appraiser"] == BY_RULE:
            chosen[row["check"]] = row
    return chosen


def trust_domains(
    rows: list[Row], discrepancies: pd.DataFrame, answers: Iterable[Mapping[str, Any]] = ()
) -> list[Row]:
    """Return a study's rows of `trust_domains`: the four domains, then overall.

    Parameters
    ----------
    rows : list of dict
        Its rows of `trust`.
    discrepancies : pandas.DataFrame
        Its rows of `discrepancies`.
    answers : iterable of mapping
        Its rows of `reviewer_answers`: a judgement of a domain, or overall, stands over the rule's.

    Notes
    -----
    The rule is conservative. A check answered yes gives some concerns; without one, a domain of which half
    of the checks are unclear is unclear itself. Serious it proposes only for a
    retraction, and for a randomised trial in which discrepancies that are certain and of serious concern
    stand in several checks.
    """
    key = {name: rows[0][name] for name in ("study_id", "tool")}
    given = {row["question"]: row for row in answers if row["tool"] == INSPECT["tool"]}
    grave = discrepancies[discrepancies["certain"].astype(bool) & (discrepancies["concern"] == "serious")]
    stands, impossible = standing(rows), set(grave["discrepancy_id"])
    worst = {n for n, row in stands.items() if impossible & set(split_ids(row["discrepancy_ids"]))}
    many = key["tool"] == INSPECT["tool"] and len(worst) >= _LIMITS["serious_checks"]
    found = []
    for place, domain in INSPECT["domains"].items():
        own = {number: row["answer"] for number, row in stands.items() if number.startswith(f"{place}.")}
        yes, unclear = ([n for n, answer in own.items() if answer == word] for word in (YES, UNCLEAR))
        applies = [number for number, answer in own.items() if answer != NOT_APPLICABLE]
        mostly = UNCLEAR if 2 * len(unclear) >= len(applies) else NONE
        judgement = SOME if yes else mostly if applies else NOT_APPLICABLE
        if "1.1" in yes or (many and worst & set(yes)):
            judgement = SERIOUS
        told = f"yes to {', '.join(yes) or 'none'}; unclear {', '.join(unclear) or 'none'}"
        found.append(_judged(key, domain, judgement, told, given))
    overall = max((row["judgement"] for row in found), key=TRUST_JUDGEMENTS.index)
    return [*found, _judged(key, OVERALL, overall, "the worst of the domains", given)]


def _judged(key: Row, domain: str, judgement: str, told: str, given: Mapping[str, Mapping[str, Any]]) -> Row:
    """Return a judgement: the rule's, or a person's with the rule's in its reason."""
    reason = f"Proposed by rule: {told}."
    if person := given.get(domain):
        reason = f"{person['reason']} (By {person['appraiser']}; the rule proposed {judgement}: {told}.)"
        judgement = person["answer"]
    return key | {"domain": domain, "judgement": judgement, "reason": reason}


def serious_studies(domains: pd.DataFrame) -> frozenset[str]:
    """Return the studies of serious concern: they leave the main synthesis."""
    return frozenset(domains.query("domain == @OVERALL and judgement == @SERIOUS")["study_id"])


def told_particulars(evidence: StudyEvidence) -> pd.DataFrame:
    """Return what a study tells of its product (MISEV2023) and of its interests, told or not told.

    Returns
    -------
    pandas.DataFrame
        `what`, `told` (told, not told), `said`. A registration, an abstract or a page may leave out what the
        full report tells.
    """
    exosomes = evidence.arms[evidence.arms["role"].isin(["exosome", "exosome_combination"])]
    rows = []
    for what, where in (SECTIONS["product"] | SECTIONS["interests"]).items():
        of_arms = [
            value for value in exosomes.get(where.get("column"), ()) if where.get("holds", "") in str(value)
        ]
        stated = [*(row.says for row in evidence.statements_on(where["topic"])), *of_arms]
        stated.append(evidence.study.get(where.get("study")))
        said = dict.fromkeys(str(one) for one in stated if not missing(one) and "not s" not in str(one))
        rows.append((what, "told" if said else "not told", "; ".join(said) or None))
    return pd.DataFrame(rows, columns=["what", "told", "said"])
