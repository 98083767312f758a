"""Whether a study can be believed: the checks of INSPECT-SR, proposed by rule, answered by a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

import pandas as pd
from scipy.stats import ttest_ind_from_stats

from helpers.appraisal.conduct import day
from helpers.appraisal.evidence import StudyEvidence, each_row, listed_ids, missing, name_of, tidy
from helpers.appraisal.risk_of_bias import BY_RULE, SECTIONS, is_randomised
from helpers.tables.vocabulary import TRUST_JUDGEMENTS
from notebookpress.tables import join_ids, records, split_ids
from trialfiles.record import Row

INSPECT = SECTIONS["inspect_sr"]
_LIMITS = INSPECT["limits"]
_, NONE, SOME, SERIOUS = TRUST_JUDGEMENTS
YES, NO, UNCLEAR, NOT_APPLICABLE = "yes", "no", "unclear", "not applicable"
OVERALL, ELSE = "overall", "everything else"
_OF_ANSWER = ("appraiser", "answer", "reason", "discrepancy_ids", "statement_ids", "quantity_ids")
Proposal = tuple[str, str, Iterable[Any]]  # answer, reason, figures and statements that it rests on
# What a check needs: whether a study has it, and what is said where it has not.
_NEEDS: dict[str, tuple[Callable[[StudyEvidence], Any], str]] = {
    "results": (lambda evidence: evidence.study["has_results"], "There are no results yet."),
    "randomised": (lambda evidence: _randomised(evidence), "Nothing was allocated by chance."),
    "registration": (lambda evidence: evidence.study.get("registration"), "No registration is named."),
    "publications": (lambda evidence: len(evidence.documents) > 1, "One publication or record was read."),
}


def _randomised(evidence: StudyEvidence) -> bool:
    return is_randomised(evidence.study.get("allocation"))


def _lacking(evidence: StudyEvidence, check: Mapping[str, Any]) -> str | None:
    """Return why a check is not applicable to a study; None where it is."""
    needs = (_NEEDS[need] for need in check.get("needs", ()))
    return next((lacking for fulfilled, lacking in needs if not fulfilled(evidence)), None)


def _mapped(evidence: StudyEvidence) -> set[str]:
    """Return the consistency rules that answer a check of their own in a study."""
    checks = [check for check in INSPECT["checks"].values() if _lacking(evidence, check) is None]
    return {rule for check in checks for rule in check.get("rules", ())}


def trust_rows(
    evidence: StudyEvidence,
    tables: Mapping[str, pd.DataFrame],
    answers: Iterable[Mapping[str, Any]] = (),
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
    for number, check in INSPECT["checks"].items():
        answer, reason, found, rests_on = _proposal(evidence, check, tables)
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
        for row in answers
        if row["tool"] == INSPECT["tool"] and row["question"] in INSPECT["checks"]
    ]


def _proposal(
    evidence: StudyEvidence, check: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]
) -> tuple[str, str, list[str], Iterable[Any]]:
    """Return what a rule answers to a check, why, and the discrepancies, figures and words it rests on."""
    if lacking := _lacking(evidence, check):
        return NOT_APPLICABLE, lacking, [], ()
    rules = check.get("rules", ())

    def belongs(names: pd.Series) -> pd.Series:
        return names.isin(rules) | (~names.isin(_mapped(evidence)) if ELSE in rules else False)

    mapped = tables["discrepancies"][belongs(tables["discrepancies"]["check"])]
    mapped = mapped.sort_values(["certain", "concern"], ascending=[False, True], kind="stable")
    grave, minor = (
        mapped[mapped["concern"] != "minor"],
        mapped.loc[mapped["concern"] == "minor", "discrepancy_id"],
    )
    if len(grave):
        more = f" ({len(grave) - 1} more)" if len(grave) > 1 else ""
        return YES, f"{grave['statement'].iloc[0]}{more}", list(grave["discrepancy_id"]), listed_ids(grave)
    if "by" in check and (proposed := _COMPUTED[check["by"]](evidence, tables["retractions"], check)):
        return proposed[0], proposed[1], list(minor), proposed[2]
    ran = tables["checks"].loc[tables["checks"]["outcome"] != "not applicable", "check"]
    if len(ran := ran[belongs(ran)]):
        words = ", ".join(ran) if len(ran) < 6 else f"{len(ran)} rules"
        return (
            NO,
            f"{'Only what is minor' if len(minor) else 'Nothing'} was found by: {words}.",
            list(minor),
            (),
        )
    looked = "by" in check or rules
    return (
        UNCLEAR,
        "What was read tells nothing to check it with." if looked else "Nobody has looked yet.",
        [],
        (),
    )


# The checks that compute something; None where nothing can be said.
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
    """Return whether approval by a committee is told; silence of an abstract says nothing."""
    told, dated = evidence.statements_on("ethics"), evidence.quantities_of("design", "ethics_date")
    if any(row.says == "no" for row in told):
        return YES, "It is said that no committee approved it.", told
    if told or dated:
        return NO, "Approval by a committee is told.", (*told, *dated)
    return UNCLEAR, "No approval by a committee is told in what was read.", ()


def _registered(evidence: StudyEvidence, *_: Any) -> Proposal:
    """Return whether it was registered before the start; a month alone is any of its days."""
    stated = [str(evidence.study.get(name) or "") for name in ("registered_on", "starts_on")]
    registered, start = map(day, stated)
    if registered and start:
        late = registered[0] > start[1]
        return (YES if late else NO), f"Registered {stated[0]}, started {stated[1]}.", ()
    if not missing(evidence.study.get("registration")):
        return UNCLEAR, "The dates of registration and start are not both known.", ()
    if evidence.study.get("comparison") == "case":
        return NOT_APPLICABLE, "Reports of cases are not registered.", ()
    return UNCLEAR, "No registration is named in what was read.", ()


def _recruitment(evidence: StudyEvidence, *_: Any) -> Proposal:
    """Return people recruited per site and month against a limit; the longest time counts."""
    people = evidence.count("n_enrolled", "n_analysed")
    dated = [evidence.quantities_of("design", f"recruitment_{end}") for end in ("start", "end")]
    first, last = ([span for row in rows if (span := day(row.printed))] for rows in dated)
    if people is None or not first or not last:
        return UNCLEAR, "The dates of recruitment, or the number of people, are not told.", ()
    sites = evidence.quantities_of("design", "sites")
    count = max((row.value for row in sites if not missing(row.value)), default=1)
    months = max((max(last)[1] - min(first)[0]).days, 1) * 12 / 365.25
    rate = people / (count * months)
    said = (
        f"{people} people / ({tidy(count)} site(s) x {tidy(months)} months) = {tidy(rate)} a month and site"
    )
    fast = rate > _LIMITS["recruited"]
    return (
        YES if fast else NO,
        f"{said}; {_LIMITS['recruited']} would be fast.",
        (*dated[0], *dated[1], *sites),
    )


def _baseline(evidence: StudyEvidence, *_: Any) -> Proposal | None:
    """Return whether randomised groups differ at baseline by more than chance can."""
    if not _randomised(evidence) or evidence.study.get("comparison") != "parallel":
        return None
    rows = evidence.results.merge(evidence.arms[["arm_id", "n"]], on="arm_id", suffixes=("", "_of_arm"))
    rows = rows[(rows["timepoint_weeks"] == 0) & (rows["kind"] == "level")]
    rows = rows.assign(n=rows["n"].fillna(rows["n_of_arm"])).dropna(subset=["mean", "sd", "n"])
    found = []
    for (concept, _site), group in rows[(rows["n"] > 1) & (rows["sd"] > 0)].groupby(["concept", "site"]):
        for a, b in pairwise(each_row(group)):
            p = ttest_ind_from_stats(a.mean, a.sd, a.n, b.mean, b.sd, b.n, equal_var=False).pvalue
            told = " and ".join(f"{tidy(one.mean)} ± {tidy(one.sd)} (n = {one.n})" for one in (a, b))
            found.append((float(p), f"{concept} {told}", listed_ids(group)))
    if not found:
        return None
    p, words, ids = min(found)
    return (
        YES if p < _LIMITS["baseline_p"] else NO,
        f"Most unlike at baseline: {words}; by Welch's t, p = {p:.2g}.",
        ids,
    )


def _losses(evidence: StudyEvidence, *_: Any) -> Proposal:
    """Return whether losses are told and possible; nobody lost of many over a long time is remarkable."""
    before, after = evidence.count("n_enrolled"), evidence.count("n_analysed")
    if before is None or after is None:
        return UNCLEAR, "Not both the people who entered and those analysed are told.", ()
    people, long = _LIMITS["none_lost"]
    weeks = evidence.results["timepoint_weeks"].max()
    remarkable = after > before or (after == before >= people and weeks >= long)
    over = "" if missing(weeks) else f", results to week {tidy(weeks)}"
    return YES if remarkable else NO, f"{before} entered, {after} analysed{over}.", ()


_COMPUTED: dict[str, Callable[..., Proposal | None]] = {
    "notices": _notices,
    "ethics": _ethics,
    "registered": _registered,
    "recruitment": _recruitment,
    "baseline": _baseline,
    "losses": _losses,
}


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
        applies = set(own.values()) != {NOT_APPLICABLE}
        judgement = SOME if yes else NONE if applies else NOT_APPLICABLE
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
        of_arms = exosomes[where["column"]] if "column" in where else []
        stated = [*(row.says for row in evidence.statements_on(where["topic"])), *of_arms]
        stated.append(evidence.study.get(where.get("study")))
        said = dict.fromkeys(str(one) for one in stated if not missing(one) and "not s" not in str(one))
        rows.append((what, "told" if said else "not told", "; ".join(said) or None))
    return pd.DataFrame(rows, columns=["what", "told", "said"])
