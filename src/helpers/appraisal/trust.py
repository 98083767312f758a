"""Whether a study can be believed: the checks of INSPECT-SR, proposed by rule, answered by a person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
import scipy

from helpers.appraisal.discrepancies import RULES
from helpers.appraisal.evidence import StudyEvidence, name_of, tidy
from helpers.appraisal.risk_of_bias import BY_RULE, SECTIONS
from helpers.formats import is_missing
from helpers.tables import Tables
from helpers.tables.vocabulary import TRUST_JUDGEMENTS
from notebookpress.tables import join_ids, records, split_ids
from trialfiles.record import Row

INSPECT = SECTIONS["inspect_sr"]
_LIMITS = INSPECT["limits"]
_, NONE, _, SOME, SERIOUS = TRUST_JUDGEMENTS
YES, NO, UNCLEAR, NOT_APPLICABLE = "yes", "no", "unclear", "not applicable"
OVERALL, ELSE = "overall", "4.10"  # the check of what no other check is about
NOT_LOOKED = "Nobody has looked."
_CHECKS = INSPECT["of_reviewers"] | {
    rule.name: [number for number in split_ids(rule.inspect_sr) if number in INSPECT["checks"]]
    for rule in RULES
}
_OF_ANSWER = ("appraiser", "answer", "reason", "discrepancy_ids", "statement_ids", "quantity_ids")
Proposal = tuple[str, str, Iterable[Any]]  # answer, reason, figures and statements that it rests on


def _lacking(evidence: StudyEvidence) -> dict[str, str | None]:
    """Return by check why it is not applicable to a study; None where it is."""
    there = {
        "results": evidence.study["has_results"],
        "randomised": evidence.randomised,
        **dict.fromkeys(("planned", "groups", "criteria"), not evidence.is_case),
        "several": not evidence.is_case or evidence.people() not in (None, 1),
        "registration": evidence.study["registration"],
        "publications": evidence.quantities["source_id"].nunique() > 1,
    }
    return {
        number: next((INSPECT["needs"][need] for need in check.get("needs", ()) if not there[need]), None)
        for number, check in INSPECT["checks"].items()
    }


def _by_check(rows: pd.DataFrame, asked: Iterable[str]) -> dict[str, list[Row]]:
    """Return the rows of rules by the checks that they answer, or else what contradicts itself."""
    found: dict[str, list[Row]] = {number: [] for number in INSPECT["checks"]}
    for row in records(rows):
        own = _CHECKS.get(row["check"], [ELSE] if row.get("certain") else [])
        for number in set(asked).intersection(own) or {ELSE} if own else ():
            found[number].append(row)
    return found


def trust_rows(evidence: StudyEvidence, tables: Tables, answers: Iterable[Row] = ()) -> list[Row]:
    """Return a study's rows of `trust`: what a rule proposes for each check, and what persons answer.

    A discrepancy that is more than minor is a possible problem (yes); rules that ran and found nothing say
    no; what nothing was there to check with is unclear. The tool is made for randomised trials, and is
    called adapted for other studies.

    Parameters
    ----------
    evidence : StudyEvidence
        The study.
    tables : mapping of str to pandas.DataFrame
        Its rows of `discrepancies`, `checks` and `retractions`.
    answers : iterable of mapping
        Its rows of `reviewer_answers`; those of other tools and of domains are left out.
    """
    name = INSPECT["tool"] + ("" if evidence.randomised else INSPECT["adapted"])
    key, rows = {"study_id": evidence.study_id, "tool": name}, []
    own = [row for row in answers if row["tool"] == INSPECT["tool"] and row["question"] in INSPECT["checks"]]
    placed = {name for row in own for name in split_ids(row["discrepancy_ids"])}
    lacking = _lacking(evidence)
    asked = [number for number, reason in lacking.items() if reason is None]
    listed, rules = (_by_check(tables[table], asked) for table in ("discrepancies", "checks"))
    listed[ELSE] = [row for row in listed[ELSE] if row["discrepancy_id"] not in placed]
    for number, check in INSPECT["checks"].items():
        answer, reason = NOT_APPLICABLE, lacking[number]
        rests_on: Iterable[Any] = ()
        found: list[Row] = []
        if reason is None:
            found = sorted(listed[number], key=lambda row: (not row["certain"], row["concern"]))
            grave = [row for row in found if row["concern"] != "minor"]
            found = grave or found
            if grave:
                answer, reason, rests_on = _possible_problem(grave)
            elif "by" in check:
                answer, reason, rests_on = _LOOKED_UP[check["by"]](evidence, tables["retractions"], check)
            else:
                answer, reason = _by_silence(evidence, check, rules[number], bool(found))
        names = dict.fromkeys(map(name_of, rests_on))
        rule = {"appraiser": BY_RULE, "proposed_by": "automated", "answer": answer, "reason": reason}
        ids = {
            "statement_ids": join_ids(one for one in names if evidence.is_statement(one)),
            "quantity_ids": join_ids(one for one in names if not evidence.is_statement(one)),
            "discrepancy_ids": join_ids(row["discrepancy_id"] for row in found),
        }
        rows.append(key | {"check": number} | rule | ids)
    return rows + [
        key | {"check": row["question"], "proposed_by": "reviewer"} | {name: row[name] for name in _OF_ANSWER}
        for row in own
    ]


def _possible_problem(grave: list[Row]) -> Proposal:
    more = f" ({len(grave) - 1} more)" if len(grave) > 1 else ""
    figures = [name for row in grave for name in split_ids(row["quantity_ids"])]
    return YES, f"{grave[0]['statement']}{more}", figures


def _by_silence(evidence: StudyEvidence, check: Row, rules: list[Row], minor: bool) -> tuple[str, str]:
    """Return what it answers that rules found nothing, or only what is minor."""
    ran = [row["check"] for row in rules if row["outcome"] != "not applicable"]
    silence = check.get("silence")
    silent = silence == UNCLEAR or (silence == "read in full" and not _read_in_full(evidence))
    if ran and not silent:
        words = ", ".join(ran) if len(ran) < 6 else f"{len(ran)} rules"
        return NO, f"{'Only what is minor' if minor else 'Nothing'} was found by: {words}."
    if ran:
        return UNCLEAR, "Rules found nothing in the part of it that was read; the rest is left to a person."
    return UNCLEAR, "What was read tells nothing to check it with." if rules else NOT_LOOKED


def _read_in_full(evidence: StudyEvidence) -> bool:
    return bool(evidence.study["access"]) and not evidence.seen_in_part


# The checks of what is told or listed, beside the rules.
def _notices(evidence: StudyEvidence, notices: pd.DataFrame, check: Mapping[str, Any]) -> Proposal:
    """Return whether a list of notices holds one of the natures that a check asks for."""
    if notices.empty:
        return UNCLEAR, f"{NOT_LOOKED} No list of notices is at hand, or the study has no DOI.", ()
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
    if _read_in_full(evidence) and "full text" in evidence.study["access"]:  # a record has no such field
        return YES, "The full text tells of no approval by a committee.", ()
    return UNCLEAR, "No approval by a committee is told in what was read.", ()


def _sizes(evidence: StudyEvidence, *_: Any) -> Proposal:
    """Return whether the groups are as large as equal allocation makes them."""
    sizes = list(evidence.arm_sizes.values())
    if evidence.comparison != "parallel" or len(sizes) < max(2, len(evidence.arms)):
        return UNCLEAR, "The sizes of the groups are not all told, or the groups are no groups of people.", ()
    people = f"The groups have {', '.join(map(tidy, sizes))} people"
    if scipy.stats.chisquare(sizes).pvalue < _LIMITS["unequal_groups"]:
        return UNCLEAR, f"{people}: more unlike than equal allocation makes them.", ()
    return NO, f"{people}, as equal allocation makes them.", ()


_LOOKED_UP: dict[str, Callable[..., Proposal]] = {"notices": _notices, "ethics": _ethics, "sizes": _sizes}


def standing(rows: Iterable[Row]) -> dict[str, Row]:
    """Return by check the answer that stands: the first person's, or else the proposal."""
    chosen: dict[str, Row] = {}
    for row in rows:
        if row["check"] not in chosen or chosen[row["check"]]["appraiser"] == BY_RULE:
            chosen[row["check"]] = row
    return chosen


def trust_domains(rows: list[Row], discrepancies: pd.DataFrame, answers: Iterable[Row] = ()) -> list[Row]:
    """Return a study's rows of `trust_domains`, from those of `trust`: the four domains, then overall.

    A check answered yes gives some concerns; without one, a domain of which half of the checks are unclear is
    unclear itself. Serious is proposed only for a retraction, and for a randomised trial in which
    discrepancies that are certain and of serious concern stand in several checks. A person's judgement of a
    domain, or overall, among the `reviewer_answers` stands over the rule's.
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
        blank = [number for number in unclear if stands[number]["reason"].startswith(NOT_LOOKED)]
        applies = [number for number, answer in own.items() if answer != NOT_APPLICABLE]
        mostly = UNCLEAR if 2 * len(unclear) >= len(applies) else NONE
        judgement = SOME if yes else mostly if applies else NOT_APPLICABLE
        if "1.1" in yes or (many and worst & set(yes)):
            judgement = SERIOUS
        open_ = [number for number in unclear if number not in blank]
        named = [f"possible problems: {_names(yes)}"] if yes else []
        named += [f"{len(open_)} of {len(applies)} checks unclear"] if open_ else []
        named += [f"not looked at: {_names(blank)}"] if blank else []
        if judgement == NONE and named:
            named.insert(0, "the other checks found nothing")
        asked = "" if len(applies) == len(own) else f"; {len(applies)} of {len(own)} checks could be asked"
        told = "; ".join(named) or (
            f"no problem was found{asked}" if applies else "there is nothing to check yet"
        )
        found.append(_judged(key, domain, judgement, told, given))
    overall, why = (
        max((row["judgement"] for row in found), key=TRUST_JUDGEMENTS.index),
        "the worst of the domains",
    )
    if overall not in (SOME, SERIOUS) and found[-1]["judgement"] == NOT_APPLICABLE:
        overall, why = NOT_APPLICABLE, "there are no results yet"
    return [*found, _judged(key, OVERALL, overall, why, given)]


def _names(numbers: Iterable[str]) -> str:
    """Return what checks are about, in their order: 4.10 comes after 4.9."""
    return ", ".join(check["about"] for number, check in INSPECT["checks"].items() if number in numbers)


def _judged(key: Row, domain: str, judgement: str, told: str, given: Mapping[str, Row]) -> Row:
    """Return a judgement: the rule's, or a person's with the rule's in its reason."""
    reason = f"Proposed by rule: {told}."
    if person := given.get(domain):
        reason = f"{person['reason']} (By {person['appraiser']}; the rule proposed {judgement}: {told}.)"
        judgement = person["answer"]
    return key | {"domain": domain, "judgement": judgement, "reason": reason}


def serious_studies(domains: pd.DataFrame) -> frozenset[str]:
    """Return the studies of serious concern: they leave the main synthesis."""
    return frozenset(
        domains.loc[(domains["domain"] == OVERALL) & (domains["judgement"] == SERIOUS), "study_id"]
    )


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
    product = {} if exosomes.empty and len(evidence.arms) else SECTIONS["product"]  # of another treatment
    for what, where in (product | SECTIONS["interests"]).items():
        given = exosomes.get(where.get("column"), ())
        of_arms = [value for value in given if re.search(where.get("holds", ""), str(value))]
        stated = [*(row.says for row in evidence.statements_on(where["topic"])), *of_arms]
        stated.append(evidence.study.get(where.get("study")))
        said = dict.fromkeys(str(one) for one in stated if not is_missing(one) and "not s" not in str(one))
        rows.append((what, "told" if said else "not told", "; ".join(said) or None))
    return pd.DataFrame(rows, columns=["what", "told", "said"])
