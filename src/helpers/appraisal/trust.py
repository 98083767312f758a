"""Whether a study can be believed: the checks of INSPECT-SR, proposed by rule, answered by a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
from scipy.stats import ttest_ind_from_stats

from helpers.appraisal.conduct import day
from helpers.appraisal.evidence import StudyEvidence, each_row, missing, name_of, tidy
from helpers.appraisal.risk_of_bias import BY_RULE, SECTIONS, is_randomised
from helpers.tables.vocabulary import TRUST_JUDGEMENTS
from notebookpress.tables import join_ids, records, split_ids
from trialfiles.record import Row

INSPECT = SECTIONS["inspect_sr"]
_LIMITS = INSPECT["limits"]
_, NONE, SOME, SERIOUS = TRUST_JUDGEMENTS
OVERALL = "overall"
YES, NO, UNCLEAR, NOT_APPLICABLE = "yes", "no", "unclear", "not applicable"
_MAPPED = {rule for check in INSPECT["checks"].values() for rule in check.get("rules", ())}
Proposal = tuple[str, str, tuple[Any, ...]]  # answer, reason, figures and statements that it rests on
_EXCEPTION, _RETRACTED = "none", "retraction"


def tool_name(study: Mapping[str, Any]) -> str:
    """Return the tool's name, which says that it is adapted where a study is no randomised trial."""
    return INSPECT["tool"] + ("" if is_randomised(study.get("allocation")) else INSPECT["adapted"])


def trust_rows(
    evidence: StudyEvidence,
    discrepancies: pd.DataFrame,
    checks: pd.DataFrame,
    notices: pd.DataFrame,
    answers: Iterable[Mapping[str, Any]] = (),
) -> list[Row]:
    """Return a study's rows of `trust`: what a rule proposes for each check, and what persons answer.

    Parameters
    ----------
    evidence : StudyEvidence
        The study.
    discrepancies, checks, notices : pandas.DataFrame
        Its rows of `discrepancies`, of `checks`, and of `retractions`.
    answers : iterable of mapping
        Its rows of `reviewer_answers`; those of other tools and of domains are left out.

    Notes
    -----
    A discrepancy that is more than minor is a possible problem (yes); rules that ran and found nothing say
    no; what nothing was there to check with is unclear. A person's answer stands beside the proposal.

    """
    key = {"study_id": evidence.study_id, "tool": tool_name(evidence.study)}
    rows = []
    for number, check in INSPECT["checks"].items():
        answer, reason, found, rests_on = _proposal(evidence, check, discrepancies, checks, notices)
        names = list(dict.fromkeys(map(name_of, rests_on)))
        rows.append(key | {
            "check": number, "appraiser": BY_RULE, "proposed_by": "automated",
            "answer": answer, "reason": reason, "discrepancy_ids": join_ids(found),
            "statement_ids": join_ids(name for name in names if evidence.is_statement(name)),
            "quantity_ids": join_ids(name for name in names if not evidence.is_statement(name)),
        })  # fmt: skip
    columns = ("appraiser", "answer", "reason", "discrepancy_ids", "statement_ids", "quantity_ids")
    return rows + [
        key | {"check": row["question"], "proposed_by": "reviewer"} | {name: row[name] for name in columns}
        for row in answers
        if row["tool"] == INSPECT["tool"] and row["question"] in INSPECT["checks"]
    ]


def _proposal(
    evidence: StudyEvidence, check: Mapping[str, Any], discrepancies: pd.DataFrame, checks: pd.DataFrame,
    notices: pd.DataFrame,
) -> tuple[str, str, list[str], tuple[Any, ...]]:  # fmt: skip
    """Return what a rule answers to a check, why, and the discrepancies, figures and words it rests on."""
    needs = check.get("needs", ())
    if "results" in needs and not evidence.study["has_results"]:
        return NOT_APPLICABLE, "There are no results yet.", [], ()
    if "randomised" in needs and not is_randomised(evidence.study.get("allocation")):
        return NOT_APPLICABLE, "Nothing was allocated by chance.", [], ()
    rules = check.get("rules", ())
    other = "everything else" in rules
    mapped = [
        row
        for row in records(discrepancies)
        if (row["check"] not in _MAPPED if other else row["check"] in rules)
    ]
    grave = [row for row in mapped if row["concern"] != "minor"]
    if grave:
        worst = sorted(grave, key=lambda row: (not row["certain"], row["concern"] != "serious"))
        more = f" ({len(grave) - 1} more)" if len(grave) > 1 else ""
        ids = [row["discrepancy_id"] for row in worst]
        figures = tuple(name for row in worst for name in split_ids(row["quantity_ids"]))
        return YES, f"{worst[0]['statement']}{more}", ids, figures
    proposed = _COMPUTED[check["by"]](evidence, notices) if "by" in check else None
    if proposed is not None:
        return proposed[0], proposed[1], [row["discrepancy_id"] for row in mapped], proposed[2]
    ran = checks[(checks["outcome"] != "not applicable") & checks["check"].isin(rules)]["check"].tolist()
    if other:
        ran = checks[(checks["outcome"] == "passed") & ~checks["check"].isin(_MAPPED)]["check"].tolist()
    if ran:
        said = "Only what is minor was found by" if mapped else "Nothing was found by"
        words = ", ".join(ran) if len(ran) < 6 else f"{len(ran)} rules"
        return NO, f"{said}: {words}.", [row["discrepancy_id"] for row in mapped], ()
    if "by" in check or rules:
        return UNCLEAR, "What was read tells nothing to check it with.", [], ()
    return UNCLEAR, "A person has to look; nobody has yet.", [], ()


# The checks that compute something; None where nothing can be said.
def _natures(notices: pd.DataFrame, wanted: Callable[[str], bool], said: str) -> Proposal:
    if notices.empty:
        return (
            UNCLEAR,
            "Not looked up: no list of retraction notices is at hand, or the study has no DOI.",
            (),
        )
    own = [row for row in records(notices) if row["nature"] != _EXCEPTION and wanted(row["nature"].lower())]
    if not own:
        return NO, f"The list of notices holds no {said} of it.", ()
    told = "; ".join(
        f"{row['nature']}, {row['date'] or 'no date'}: {row['reason'] or 'no reason told'}" for row in own
    )
    return YES, f"{told}.", ()


def _retracted(_: StudyEvidence, notices: pd.DataFrame) -> Proposal:
    return _natures(notices, lambda nature: nature == _RETRACTED, "retraction")


def _noted(_: StudyEvidence, notices: pd.DataFrame) -> Proposal:
    return _natures(
        notices, lambda nature: nature not in (_RETRACTED, "reinstatement"), "concern or correction"
    )


def _ethics(evidence: StudyEvidence, _: pd.DataFrame) -> Proposal | None:
    """Return whether approval by a committee is told; silence of an abstract says nothing."""
    told = evidence.statements_on("ethics")
    dated = evidence.quantities_of("design", "ethics_date")
    if any(row.says == "no" for row in told):
        return YES, "It is said that no committee approved it.", tuple(told)
    if told or dated:
        return NO, "Approval by a committee is told.", (*told, *dated)
    return UNCLEAR, "No approval by a committee is told in what was read.", ()


def _date(evidence: StudyEvidence, field: str) -> tuple[Any, ...] | None:
    stated = evidence.study.get(field)
    return None if missing(stated) else day(str(stated))


def _registered(evidence: StudyEvidence, _: pd.DataFrame) -> Proposal | None:
    """Return whether it was registered before the start; a month alone is any of its days."""
    registered, start = _date(evidence, "registered_on"), _date(evidence, "starts_on")
    if registered and start:
        late = registered[0] > start[1]
        told = f"Registered {evidence.study['registered_on']}, started {evidence.study['starts_on']}."
        return (YES if late else NO), told, ()
    if missing(evidence.study.get("registration")):
        if evidence.study.get("comparison") == "case":
            return NOT_APPLICABLE, "Reports of cases are not registered.", ()
        return UNCLEAR, "No registration is named in what was read.", ()
    return UNCLEAR, "The dates of registration and start are not both known.", ()


def _plan(evidence: StudyEvidence, _: pd.DataFrame) -> Proposal | None:
    if missing(evidence.study.get("registration")):
        return NOT_APPLICABLE, "No registration is named with which it could be compared.", ()
    return None


def _months(first: tuple[Any, ...], last: tuple[Any, ...]) -> float:
    return max((last[1] - first[0]).days, 1) * 12 / 365.25


def _recruitment(evidence: StudyEvidence, _: pd.DataFrame) -> Proposal | None:
    """Return people recruited per site and month against a limit; the longest time counts."""
    people = evidence.count("n_enrolled", "n_analysed")
    dated = {
        name: evidence.quantities_of("design", name) for name in ("recruitment_start", "recruitment_end")
    }
    first, last = ([span for row in rows if (span := day(row.printed))] for rows in dated.values())
    if people is None or not first or not last:
        return UNCLEAR, "The dates of recruitment, or the number of people, are not told.", ()
    sites = evidence.quantities_of("design", "sites")
    count = max((row.value for row in sites if not missing(row.value)), default=1)
    months = _months(min(first), max(last))
    rate = people / (count * months)
    said = f"{people} people / ({tidy(count)} site{'s' * (count > 1)} x {tidy(months)} months) = "
    said += f"{tidy(rate)} a month and site; {_LIMITS['recruited']} would be fast."
    return (
        (YES if rate > _LIMITS["recruited"] else NO),
        said,
        (*dated["recruitment_start"], *dated["recruitment_end"], *sites),
    )


def _baseline(evidence: StudyEvidence, _: pd.DataFrame) -> Proposal | None:
    """Return whether randomised groups differ at baseline by more than chance can."""
    if not is_randomised(evidence.study.get("allocation")) or evidence.study.get("comparison") != "parallel":
        return None
    rows = evidence.results
    rows = rows[(rows["timepoint_weeks"] == 0) & (rows["kind"] == "level")].dropna(subset=["mean", "sd"])
    sizes = {row.arm_id: row.n for row in each_row(evidence.arms)}
    found = []
    for (concept, _site), group in rows.groupby(["concept", "site"]):
        arms = [(row, sizes.get(row.arm_id) if missing(row.n) else row.n) for row in each_row(group)]
        arms = [(row, int(n)) for row, n in arms if not missing(n) and n > 1]
        for (a, n), (b, m) in zip(arms, arms[1:], strict=False):
            if a.sd > 0 or b.sd > 0:
                p = ttest_ind_from_stats(a.mean, a.sd, n, b.mean, b.sd, m, equal_var=False).pvalue
                told = [f"{tidy(r.mean)} ± {tidy(r.sd)} (n = {size})" for r, size in ((a, n), (b, m))]
                found.append((float(p), f"{concept} {' and '.join(told)}", group))
    if not found:
        return None
    p, words, group = min(found, key=lambda one: one[0])
    ids = tuple(name for cell in group["quantity_ids"] for name in split_ids(cell))
    low = p < _LIMITS["baseline_p"]
    return (YES if low else NO), f"Most unlike at baseline: {words}; by Welch's t, p = {p:.2g}.", ids


def _losses(evidence: StudyEvidence, _: pd.DataFrame) -> Proposal | None:
    """Return whether losses are told and possible; nobody lost of many over a long time is remarkable."""
    before, after = evidence.count("n_enrolled"), evidence.count("n_analysed")
    weeks = evidence.results["timepoint_weeks"].max()
    if before is None or after is None:
        return UNCLEAR, "Not both the people who entered and those analysed are told.", ()
    people, long = _LIMITS["none_lost"]
    told = f"{before} entered, {after} analysed"
    if after > before:
        return YES, f"{told}: more than entered.", ()
    remarkable = after == before >= people and not missing(weeks) and weeks >= long
    return (
        (YES if remarkable else NO),
        f"{told}{f' over {tidy(weeks)} weeks' if not missing(weeks) else ''}.",
        (),
    )


def _publications(evidence: StudyEvidence, _: pd.DataFrame) -> Proposal | None:
    if len(evidence.documents) < 2:
        return NOT_APPLICABLE, "One publication or record was read.", ()
    return None


_COMPUTED: dict[str, Callable[[StudyEvidence, pd.DataFrame], Proposal | None]] = {
    "retracted": _retracted, "noted": _noted, "ethics": _ethics, "registered": _registered, "plan": _plan,
    "recruitment": _recruitment, "baseline": _baseline, "losses": _losses, "publications": _publications,
}  # fmt: skip


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
    The rule is conservative. A check answered yes gives some concerns. Serious it proposes only for a
    retraction, and for a randomised trial in which discrepancies that are certain and of serious concern
    stand in several checks.

    """
    if not rows:
        return []
    key = {name: rows[0][name] for name in ("study_id", "tool")}
    given = {row["question"]: row for row in answers if row["tool"] == INSPECT["tool"]}
    stands = standing(rows)
    impossible = {
        row["discrepancy_id"]
        for row in records(discrepancies)
        if row["certain"] and row["concern"] == "serious"
    }
    worst = [
        number
        for number, row in stands.items()
        if row["answer"] == YES and impossible & set(split_ids(row["discrepancy_ids"]))
    ]
    many = key["tool"] == INSPECT["tool"] and len(worst) >= _LIMITS["serious_checks"]
    found = []
    for place, domain in INSPECT["domains"].items():
        own = {number: row for number, row in stands.items() if number.startswith(f"{place}.")}
        yes = [number for number, row in own.items() if row["answer"] == YES]
        unclear = [number for number, row in own.items() if row["answer"] == UNCLEAR]
        serious = "1.1" in yes or (many and set(yes) & set(worst))
        applies = any(row["answer"] != NOT_APPLICABLE for row in own.values())
        judgement = SERIOUS if serious else SOME if yes else NONE if applies else NOT_APPLICABLE
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
    own = domains[(domains["domain"] == OVERALL) & (domains["judgement"] == SERIOUS)]
    return frozenset(own["study_id"])


def told_particulars(evidence: StudyEvidence) -> list[Row]:
    """Return what a study tells of its product (MISEV2023) and of its interests, told or not told.

    Returns
    -------
    list of dict
        `what`, `told` (told, not told), `said`, `statement_ids`. A registration, an abstract or a page may
        leave out what its full report tells.

    """
    exosomes = evidence.arms[evidence.arms["role"].isin(["exosome", "exosome_combination"])]
    rows = []
    for what, where in (SECTIONS["product"] | SECTIONS["interests"]).items():
        told = evidence.statements_on(where["topic"])
        said = [str(row.says) for row in told]
        if not said and "column" in where:
            said = [
                str(value)
                for value in exosomes[where["column"]].dropna().unique()
                if "not stated" not in str(value)
            ]
        if not said and not missing(evidence.study.get(where.get("study", ""))):
            said = [str(evidence.study[where["study"]])]
        rows.append({
            "what": what, "told": "told" if said else "not told",
            "said": "; ".join(dict.fromkeys(said)) or None,
            "statement_ids": join_ids(row.statement_id for row in told),
        })  # fmt: skip
    return rows
