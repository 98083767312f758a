"""What a registered trial will compare, in how many people, when it is due, and whether it can answer."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from operator import itemgetter

import pandas as pd

from helpers.effects import CONTROLLED_DESIGNS, EXOSOME_ROLES
from helpers.effects.study_figures import two_arms
from helpers.tables.vocabulary import label
from notebookpress.tables import records
from trialfiles.record import Row
from trialfiles.times import iso_date

_WITHIN = "within_participant"
ESTIMANDS = {"parallel": "between_group", "within_person": _WITHIN, "crossover": _WITHIN}  # with a control
COUNTS = ("hair_density", "hair_density_relative", "hair_count")  # outcomes for which hairs are counted
_ESCALATION = re.compile(
    r"\b(?:dose[- ](?:escalat\w+|finding|ranging)|(?:escalating|rising|ascending) doses?)\b", re.IGNORECASE
)
_ONE_SIDE = re.compile(r"\bbaseline\b.{0,300}\b(?:study|treated|test) (?:area|site|side)\b", re.IGNORECASE)
_SITE = r"(?:sides?|sites?|areas?|hal(?:f|ves))(?: of (?:the|one|each) (?:scalp|head))?"
_CHANCE = r"(?:randomi[sz]ed|randomly|at random|by chance)"
_SITES_BY_CHANCE = re.compile(
    rf"\b{_SITE} (?:(?:is|are|was|were|being) )?(?:(?:allocated|assigned|chosen) )?{_CHANCE}\b"
    rf"|\b{_CHANCE} (?:(?:allocated|assigned|chosen|treated) )?(?:the )?{_SITE}\b",
    re.IGNORECASE,
)
_ROUNDING = 1e-9  # of products of people and shares
_RATIO = re.compile(r"(?<!\d)\d+(?:\s*:\s*\d+)+")
VERDICTS = ("yes", "not known", "no")  # the last that holds counts


@dataclass(frozen=True)
class RegisteredComparison:
    """Exosomes against something else, as a trial registers it; None where it was not seen.

    `shares` are the shares of all participants on the exosome side and on the other, of a comparison between
    groups; `equal_assumed` says that they were not registered. `all_exosomes` says that both sides get them.
    """

    estimand: str | None
    comparator: str | None
    comparator_name: str | None = None
    background: str | None = "none"
    arms: tuple[str, ...] = ()  # arm ids of the two sides
    shares: tuple[float, float] | None = None
    equal_assumed: bool = False
    all_exosomes: bool = False

    def words(self) -> str:
        """Return what is compared in words."""
        if self.comparator is None:
            return "exosomes against what was not seen"
        if self.estimand == "uncontrolled_change":
            return "exosomes, without a comparison"
        more = f", {self.background}" if self.background not in (None, "none") else ""
        name = None if self.comparator == "untreated" else self.comparator_name
        return f"exosomes against {name or 'nothing'}{more}"

    def sides(self, people: int) -> tuple[int, int] | None:
        """Return the whole people on each side; both sites of one scalp belong to everybody."""
        if self.estimand != "between_group":
            return (people, people)
        if self.shares is None:
            return None
        both = math.floor(people * sum(self.shares) + _ROUNDING)
        first = math.ceil(both * self.shares[0] / sum(self.shares) - 0.5 - _ROUNDING)  # a half is left out
        return (first, both - first)


def registered_comparisons(study: Row, arms: pd.DataFrame) -> list[RegisteredComparison]:
    """Return each exosome arm against each other arm, those that answer the question first.

    Placebo before untreated before another treatment, and last where something else is given on one side
    only; arms' names and order do not matter. Of exosome arms alone each is compared with each later one;
    of a single arm there is one comparison, with baseline; without an exosome arm nothing is known of the
    comparator.
    """
    own = records(arms[arms["study_id"] == study["study_id"]])
    estimand = ESTIMANDS.get(study["comparison"] or "")
    treated = sorted((arm for arm in own if arm["role"] in EXOSOME_ROLES), key=itemgetter("arm_id"))
    others = [arm for arm in own if arm["role"] not in EXOSOME_ROLES]
    if treated and (len(own) == 1 or estimand is None and (study["comparison"] or not others)):
        return [RegisteredComparison("uncontrolled_change", "none")]
    if not treated:
        return [RegisteredComparison(estimand, None, background=None)]
    shares, assumed = allocation_shares(study["allocation_ratio"] or study["allocation"], len(own))
    share_of = dict(zip([arm["arm_id"] for arm in own], shares, strict=True))
    found = []
    for first, second in product(treated, others) if others else combinations(treated, 2):
        ids = (first["arm_id"], second["arm_id"])
        sizes = (share_of[ids[0]], share_of[ids[1]])
        more = {"arms": ids, "shares": sizes, "equal_assumed": assumed, "all_exosomes": not others}
        found.append(RegisteredComparison(estimand, **two_arms(first, second).columns, **more))
    return sorted(found, key=_most_direct)


def _most_direct(comparison: RegisteredComparison) -> tuple:
    """Return what orders comparisons."""
    background = str(comparison.background)
    order = ("placebo", "untreated", "active").index(str(comparison.comparator))
    sizes, name = [-share for share in comparison.shares or ()], str(comparison.comparator_name)
    return "arm only" in background, order, background != "none", sizes, name, background


def allocation_shares(ratio: str | None, arms: int) -> tuple[list[float], bool]:
    """Return the share of the people in each arm, and whether equal arms had to be assumed."""
    found = _RATIO.search(ratio or "")
    parts = [int(part) for part in found.group().split(":")] if found else []
    if len(parts) != arms or 0 in parts:
        return [1 / arms] * arms, True
    return [part / sum(parts) for part in parts], False


def seen_comparison(trial: Row) -> RegisteredComparison:
    """Return the comparison of a row of `trials`, a registration of which only a copy was seen.

    Of more than two arms the first and the last are compared: exosomes stand first, the control last.
    """
    comparator, design = trial["comparator"], trial["comparison"]
    estimand = ESTIMANDS.get(design or "") if comparator != "none" else "uncontrolled_change"
    estimand = "uncontrolled_change" if design and design not in CONTROLLED_DESIGNS else estimand
    shares, assumed = None, False
    if trial["arms"] and trial["arms"] > 1:
        parts, assumed = allocation_shares(trial["allocation_ratio"] or trial["what"], trial["arms"])
        shares = (parts[0], parts[-1])
    names = (comparator, trial["comparator_name"], trial["background"])
    both = (trial["comparator_name"] or "").casefold().startswith("exosome")
    more = {"shares": shares, "equal_assumed": assumed, "all_exosomes": comparator == "active" and both}
    return RegisteredComparison(estimand, *names, **more)


def outcome_comparison(comparison: RegisteredComparison, measure: str | None) -> RegisteredComparison:
    """Return what one outcome compares: that of the treated site against its baseline has no control.

    A change from baseline of a trial with a control is compared between its arms, like any other outcome.
    """
    if comparison.estimand == "within_participant" and _ONE_SIDE.search(measure or ""):
        return RegisteredComparison("uncontrolled_change", "none", arms=comparison.arms[:1])
    return comparison


def has_dose_escalation(trial: Row) -> bool:
    """Return whether a trial's words say that doses rise from people to people."""
    return any(_ESCALATION.search(trial.get(name) or "") for name in ("title", "design", "what"))


def results_due(primary: str | None, end: str | None, end_of: str | None) -> tuple[str | None, str]:
    """Return when results are due, None where it is not known, and in words what that rests on.

    Results are due 12 months after primary completion (42 CFR 11.44), which is never later than the end of
    the study; the end of recruitment does not tell it. `end_of` says what ends: `study`, `recruitment`, or
    None.
    """
    primary, end = iso_date(primary), iso_date(end) or end
    if primary:
        return _a_year_after(primary), f"primary completion {primary} plus 12 months"
    if not end:
        return None, "not known: no date in what was read of the record"
    if end_of == "study" and iso_date(end):
        return _a_year_after(end), f"at the latest: end of the study {end} plus 12 months"
    if end_of == "recruitment":
        return None, f"not known: only recruitment was to end, {end}"
    return None, f"not known: what ends {end} was not seen"


def _a_year_after(day: str) -> str:
    return f"{int(day[:4]) + 1}{day[4:]}".replace("-02-29", "-02-28")


def answerable(trial: Row, comparison: RegisteredComparison, outcomes: Sequence[str]) -> dict[str, str]:
    """Return whether a design can tell whether exosomes regrow hair, and why.

    `can_answer` is yes, not known or no; yes needs words that say that chance allocates what is compared:
    people, or the sites of a scalp. The design is judged: how small a difference it can
    detect is told apart. `outcomes` are those that it compares so; none where they were not seen.
    """
    found = _of_control(comparison)
    if not outcomes:
        found.append(("not known", "outcomes unclear"))
    elif not set(outcomes) & set(COUNTS):
        named = ", ".join(map(label, dict.fromkeys(outcomes)))
        found.append(("no", f"counts no hair in this comparison, but {named}"))
    if trial["status"] == "withdrawn":
        found.append(("no", "withdrawn: nobody was enrolled"))
    if trial["randomised"] is False and comparison.estimand in ESTIMANDS.values():
        found.append(("no", "not randomised: the two sides may differ in more than exosomes"))
    if not found:
        found = [("yes", _strengths(trial, comparison, outcomes)), *_of_chance(trial)]
    worst = max((verdict for verdict, _ in found), key=VERDICTS.index)
    return {"can_answer": worst, "can_answer_reason": "; ".join(words for _, words in found)}


def sites_by_chance(words: str | None) -> bool:
    """Return whether words say that chance decides which site of a scalp is treated with what."""
    return bool(_SITES_BY_CHANCE.search(words or ""))


def _of_chance(trial: Row) -> list[tuple[str, str]]:
    """Return whether too little was seen of how people, or sites of a scalp, are allocated."""
    if trial["randomised"] is None:
        return [("not known", "how the sides are allocated was not seen")]
    if trial["comparison"] == "within_person" and not trial.get("sites_randomised"):
        return [("not known", "randomised, and whether that means the sites was not seen")]
    return []


def _of_control(comparison: RegisteredComparison) -> list[tuple[str, str]]:
    """Return what speaks against the comparison, each with the answer that it leaves."""
    if comparison.estimand == "uncontrolled_change" or comparison.all_exosomes:
        every = "every group gets exosomes" if comparison.all_exosomes else "no comparison group"
        return [("no", every)]
    if comparison.comparator is None or comparison.estimand is None:
        return [("not known", "what exosomes are compared with was not seen")]
    found = []
    if comparison.comparator == "active":
        name = comparison.comparator_name or "another treatment"
        found.append(("no", f"against {name}: tells which is better, not what exosomes do"))
    background = comparison.background or "what is given beside exosomes"
    if "arm only" in background:
        found.append(("no", f"{background}: its effect cannot be told from that of exosomes"))
    elif background != "none" and not background.endswith("in both arms"):
        found.append(("not known", background))
    return found


_OTHER = {"between_group": "parallel groups", _WITHIN: "two sites of one scalp"}
SITES = "exosomes may spread between the sites"


def _strengths(trial: Row, comparison: RegisteredComparison, outcomes: Sequence[str]) -> str:
    """Return why a design can answer, and what to keep in mind."""
    counted = ", ".join(label(name) for name in outcomes if name in COUNTS)
    name = None if comparison.comparator == "untreated" else comparison.comparator_name
    parts = [f"{counted} against {name or 'nothing'}"]
    if comparison.background != "none":
        parts.append(str(comparison.background))
    if trial["comparison"] == "within_person":
        parts.append(SITES)
    other = ESTIMANDS.get(trial.get("other_comparison") or "")
    if other not in (None, comparison.estimand):
        parts.append(f"the record tells of {_OTHER[other]} as well")
    if trial["dose_escalation"]:
        parts.append("doses rise, and are taken together")
    return "; ".join(parts)
