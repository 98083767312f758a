"""Certainty of an outcome after GRADE: facts of the evidence, judged by the rules of `certainty.yaml`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.appraisal.evidence import tidy
from helpers.appraisal.risk_of_bias import SECTIONS, by_algorithm, is_randomised, overall, overall_words
from helpers.appraisal.trust import OVERALL, serious_studies
from helpers.cleaning import of_one_person
from helpers.formats import DAGGER, plain_unit, show_number
from helpers.tables import Tables, as_frame
from helpers.tables.vocabulary import EVIDENCE, OUTCOME_CONCEPTS, SOME_EVENTS
from notebookpress.tables import join_ids, records, split_ids
from notebookpress.yaml_files import YamlFile
from trialfiles.record import Row

CERTAINTY = YamlFile(Path(__file__).with_name("certainty.yaml")).data
LEVELS, DOMAINS = tuple(CERTAINTY["levels"]), tuple(CERTAINTY["domains"])
CONTROLLED, TWO_GROUPS = tuple(CERTAINTY["controlled"]), tuple(CERTAINTY["two_groups"])
JUDGED_BY, _FIRST = tuple(CERTAINTY["judged_by"]), CERTAINTY["shown_first"]
CROSSED = ("crosses", "crosses_both")  # facts of an interval
_IN_UNITS = (*CERTAINTY["in_units"], None)  # measures in the unit of their outcome
_OTHER_MODELS = "Bayesian|exact|robust"  # of estimates that another row has pooled
_IMPOSSIBLE_SHARE = ("percent-of-n", "count-and-percent")  # checks that find an impossible number of people
_UNREPORTED = "outcome-not-reported"  # check that finds an outcome claimed and not reported
_ALONE = {"exosome", "active"}  # roles that show what exosomes do by themselves
OF_BODY = {  # the columns of each table that are asked for beside the study: others take time
    "results": "arm_id site timepoint_weeks kind unit n mean median minimum maximum count",
    "studies": "registration n_analysed n_enrolled comparison allocation",
    "arms": "arm_id role n",
    "risk_of_bias": "tool judgement",
    "discrepancies": "check concepts certain",
    "adverse_events": "arm_id count",
    "comparisons": "direction estimand",
}
_REASON = re.compile(
    rf"({'|'.join(name.replace('_', ' ').capitalize() for name in DOMAINS)}), "
    rf"(?:{'|'.join(reversed(CERTAINTY['rated_down']))}): "
)


@dataclass(frozen=True)
class Difference:
    """The smallest difference that matters, of one source: absolute, and relative as a share of baseline."""

    absolute: float
    unit: str | None = None
    relative: float | None = None
    seen_at: str = ""
    second_hand: bool = False

    def words(self) -> str:
        """Return the absolute one in words, such as `the 43.36 hairs/cm² that most observers can see`."""
        size = f"{show_number(self.absolute)} {plain_unit(self.unit)}".strip() + DAGGER * self.second_hand
        return str(CERTAINTY["difference_words"]).format(difference=size)


def minimal_differences(thresholds: pd.DataFrame, second_hand: bool = True) -> dict[str, Difference]:
    """Return the smallest difference that matters by outcome, as `certainty.yaml` names rows of `thresholds`.

    `second_hand`: whether a figure that was seen only in another paper's words counts.
    """
    rows = {row["row_id"]: row for row in records(thresholds) if second_hand or not row["second_hand"]}
    found = {}
    for concept, names in CERTAINTY["minimal_differences"].items():
        absolute, relative = (rows.get(names.get(kind)) for kind in ("absolute", "relative"))
        if absolute is not None:
            share = None if relative is None else relative["value"] / 100
            seen = f"{absolute['address']} ({absolute['access']})"
            told = bool(absolute["second_hand"])
            found[concept] = Difference(absolute["value"], absolute["unit"], share, seen, told)
    return found


def holds(when: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Return whether all conditions of a rule hold for the facts of an outcome."""
    return all(_fulfils(facts.get(name), wanted) for name, wanted in when.items())


def _fulfils(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return value == wanted
    limit = {name: CERTAINTY["limits"].get(bound, bound) for name, bound in wanted.items()}
    return value is not None and limit.get("at_least", value) <= value < limit.get("below", value + 1)


def first_that_holds(rules: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the first rule of a list whose conditions hold; the last of each list always does."""
    return next(rule for rule in rules if holds(rule["when"], facts))


def rate(facts: Mapping[str, Any], overrides: Mapping[str, Row] | None = None) -> Row:
    """Return target, initial certainty, levels down by domain, certainty and reasons, from facts alone.

    Parameters
    ----------
    facts : mapping
        What `certainty.yaml` asks for, by name.
    overrides : mapping, optional
        By domain, a person's levels with the reason and the name of who judged.
    """
    told = dict(CERTAINTY["limits"]) | dict(facts)
    start = first_that_holds(CERTAINTY["initial"], facts)
    levels, reasons = {}, [f"Initial certainty {start['level']}: {start['reason'].format(**told)}."]
    proposed = reached = LEVELS.index(start["level"])
    for name, domain in CERTAINTY["domains"].items():
        rules = [rule for rule in domain["rules"] if holds(rule["when"], facts)]
        words = [domain["told"], *(rule["reason"] for rule in rules if "reason" in rule)]
        down = min(sum(rule["down"] for rule in rules), domain.get("most", 2))
        why = "; ".join(text for word in words if (text := word.format(**told)))
        proposed -= down
        if override := (overrides or {}).get(name):
            reason = f"judged by {override['by']}: {str(override['reason']).rstrip('.')}"
            down, why = int(override["steps"]), f"{reason} (the rule proposed {down}: {why})"
        reached -= down
        levels[name] = down
        reasons.append(f"{name.replace('_', ' ').capitalize()}, {CERTAINTY['rated_down'][down]}: {why}.")
    return {
        "target": first_that_holds(CERTAINTY["targets"], facts)["target"].format(**told),
        "start": start["level"],
        **levels,
        "certainty": LEVELS[max(reached, 0)],
        "proposed": LEVELS[max(proposed, 0)],
        "reasons": " ".join(reasons),
        "overridden": bool(overrides),
    }


def domain_reasons(reasons: str) -> dict[str, str]:
    """Return the reason of each domain from the column `reasons`, by the domain's name."""
    parts = _REASON.split(reasons)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return {name.lower().replace(" ", "_"): why.strip().rstrip(".") for name, why in pairs}


def shown_estimate(pooled: pd.DataFrame, concept: str, evidence: str) -> Row | None:
    """Return the row of `pooled` that stands for an outcome in a tier; None where no estimate does.

    As printed, by the first model; compared before uncompared, a pool before a single study, the outcome's
    own unit (or a measure without one) before another. Of harms the share in one study stands for none, for
    who counts no event is no sample of those who list some; nor does one kind of event.
    """
    return shown_of(records(pooled[(pooled["concept"] == concept) & (pooled["evidence"] == evidence)]))


def shown_of(rows: Iterable[Row]) -> Row | None:
    """Return the one of an outcome's rows of `pooled` in a tier that stands for it; see `shown_estimate`."""

    def stands(row: Row) -> bool:
        if row.get("estimate") is None or row["without_certain_discrepancies"]:
            return False
        if re.search(_OTHER_MODELS, row["model"]) or (row.get("scenario") or "as printed") != "as printed":
            return False
        share = row["estimand"] == "proportion" or SOME_EVENTS in row["reason"]
        return row["pooled"] or not share or row["concept"] != CERTAINTY["always_shown"]

    def order(row: Row) -> tuple:
        unit = OUTCOME_CONCEPTS[row["concept"]].unit
        stray = row.get("measure") in _IN_UNITS and row["unit"] != unit
        # what the list does not name comes after all that it names
        place = [[*_FIRST[name], row.get(name)].index(row.get(name)) for name in ("estimand", "comparator")]
        return stray, *place, not row["pooled"], -row["k"], row["pooled_id"]

    return min(filter(stands, rows), key=order, default=None)


def without_impossible_interval(effect: Row, discrepancies: Iterable[Row]) -> Row:
    """Return what a single proportion loses that no whole number of the people stated gives: its interval."""
    if effect["estimand"] != "proportion" or effect["pooled"]:
        return {}
    if all(row["check"] not in _IMPOSSIBLE_SHARE for row in _touching(discrepancies, effect["concept"])):
        return {}
    said = ", as printed; no interval: of how many people is in doubt"
    return {"ci_lower": None, "ci_upper": None, "no_interval": said}


def _touching(discrepancies: Iterable[Row], concept: str) -> list[Row]:
    """Return the discrepancies that touch an outcome."""
    return [row for row in discrepancies if concept in split_ids(row["concepts"])]


def no_effect(effect: Row) -> float:
    """Return the value of an effect's measure at which there is no effect."""
    return float(CERTAINTY["no_effect"].get(effect.get("measure"), 0))


def told_lines(tables: Tables, concept: str, tiers: Collection[str]) -> pd.DataFrame:
    """Return the lines of `comparisons` that tell a result of an outcome.

    A line in words alone is none where it is certain that its study reports no result of the outcome.
    """
    lines = tables["comparisons"][["study_id", "concept", "tier", "direction", "estimand"]]  # many others
    lines = lines[(lines["concept"] == concept) & lines["tier"].isin(tiers)]
    claimed = lines["estimand"].isna() & lines["study_id"].isin(without_result(tables, concept))
    return lines[(lines["direction"] != "not reported") & ~claimed]


def without_result(tables: Tables, concept: str) -> list[str]:
    """Return the studies of which it is certain that they report no result of an outcome which they claim."""
    listed = as_frame("discrepancies", tables.get("discrepancies", []))
    found = records(listed.loc[listed["check"] == _UNREPORTED, ["study_id", "concepts", "certain"]])
    return [row["study_id"] for row in _touching(found, concept) if row["certain"]]


def certainty(
    concept: str,
    evidence: str,
    tables: Tables,
    pooled: pd.DataFrame,
    *,
    differences: Mapping[str, Difference] | None = None,
    overrides: Sequence[Row] = (),
) -> Row:
    """Return an outcome's certainty as a row of the table `certainty`.

    It is that of the estimate that stands for the outcome, from the studies in it; where no estimate can be
    told, that of all studies which report the outcome. The floor is `very low`; without a result there is
    `no evidence` (Guyatt G et al. Core GRADE 1 to 7. BMJ 2025;389).

    Parameters
    ----------
    concept, evidence : str
        Outcome, and `core` (the core sources) or `published` (core and published).
    tables : mapping of str to pandas.DataFrame
        At least `comparisons`, `results`, `studies`, `arms`, `risk_of_bias` and `discrepancies`; with
        `adverse_events`, of harms only arms of which something is told have participants.
    pooled : pandas.DataFrame
        The table of that name.
    differences : mapping of str to Difference, optional
        By outcome, the smallest difference that matters.
    overrides : sequence of mapping
        Rows of `certainty_overrides`: a person's levels in place of the rule's, with the reason.
    """
    lines = told_lines(tables, concept, EVIDENCE.get(evidence, (evidence,)))
    row: Row = {"concept": concept, "evidence": evidence}
    if lines.empty:
        row |= dict.fromkeys(("start", "certainty", "proposed"), "no evidence") | dict.fromkeys(DOMAINS, 0)
        row |= {"reasons": "No study reports this outcome.", "studies": "", "overridden": False}
        return row | dict.fromkeys(("target", "participants", "pooled_id", "reporting", "reporting_people"))
    shown = shown_estimate(pooled, concept, evidence) or {}
    reporting = sorted(lines["study_id"].unique())
    names = sorted(set(split_ids(shown["studies"]))) if shown else reporting
    results = tables["results"][tables["results"]["concept"] == concept]
    every = body_rows({**tables, "comparisons": lines, "results": results}, reporting)
    own = {name: [row for row in rows if row["study_id"] in names] for name, rows in every.items()}
    if shown:
        shown |= without_impossible_interval(shown, own["discrepancies"])
    body = Body(concept, names, own, shown, (differences or {}).get(concept))
    facts = body.facts() | {"missing_evidence": "not judged", "left_out": ""}
    if shown and "missing_evidence_judgements" in tables:
        judged = tables["missing_evidence_judgements"].set_index(["pooled_id", "question"])["judgement"]
        facts["missing_evidence"] = judged.get((shown["pooled_id"], OVERALL), "not judged")
    serious = serious_studies(tables["trust_domains"]) if "trust_domains" in tables else ()
    if left := [name for name in lines["study_id"].unique() if name in serious]:
        facts["left_out"] = f"; left out for serious concerns about trust: {', '.join(left)}"
    by_person = [one for one in overrides if (one["concept"], one["evidence"]) == (concept, evidence)]
    row |= rate(facts, {one["domain"]: one for one in by_person})
    row |= {"studies": join_ids(names), "participants": body.participants()}
    row |= {"pooled_id": shown.get("pooled_id"), "reporting": join_ids(reporting)}
    return row | {"reporting_people": Body(concept, reporting, every, {}).participants()}


def body_rows(tables: Tables, studies: Collection[str]) -> dict[str, list[Row]]:
    """Return the rows of some studies in each table that a `Body` is made of."""
    found = {}
    for name in filter(tables.__contains__, OF_BODY):
        table = tables[name][["study_id", *OF_BODY[name].split()]]
        found[name] = records(table[table["study_id"].isin(studies)])
    return found


_ROB_ME = SECTIONS["missing_evidence"]


def missing_evidence_judgements(
    pooled: pd.DataFrame,
    states: pd.DataFrame,
    studies: pd.DataFrame,
    tiers: Mapping[str, str],
    late: Collection[str] = (),
) -> list[Row]:
    """Return rows of `missing_evidence_judgements`: questions after ROB-ME by synthesis, and overall.

    Parameters
    ----------
    pooled, states, studies : pandas.DataFrame
        The tables `pooled`, `missing_evidence` and `studies`.
    tiers : mapping
        By study, its tier.
    late : collection of str
        Registrations past their date without results.
    """
    # Estimates by the first model from all rows, doubted ones too; of harms a single study stands for none.
    other = pooled["without_certain_discrepancies"].astype(bool) | pooled["model"].str.contains(_OTHER_MODELS)
    other |= pooled["concept"].eq(CERTAINTY["always_shown"]) & ~pooled["pooled"].astype(bool)
    own = pooled[pooled["estimate"].notna() & ~other & pooled["evidence"].isin(EVIDENCE)]
    counts = studies.set_index("study_id")[["n_analysed", "n_enrolled"]].bfill(axis=1)["n_analysed"]
    registered = set(studies.loc[studies["registration"].notna(), "study_id"])
    unseen = sorted(f"{name} (outcomes not seen)" for name in late if name not in tiers)
    rows = []
    for row in records(own):
        there = set(split_ids(row["studies"]))
        others = states[states["concept"] == row["concept"]]
        within = others[others["study_id"].isin(there) & others["state"].isin(_ROB_ME["missing_within"])]
        others = others[~others["study_id"].isin(there)]
        others = others[others["study_id"].map(tiers).isin(EVIDENCE[row["evidence"]])].set_index("study_id")
        absent = others.index[others["state"].isin(_ROB_ME["missing"])]
        known = sorted({*absent, *within["study_id"]})
        vague = others["state"][others["state"].isin(_ROB_ME["unclear"])]
        unclear = [f"{name} ({state})" for name, state in vague.items()]
        overdue = sorted(set(others.index[others["state"] == _ROB_ME["overdue"]]).intersection(late))
        chosen = _chosen(row, there <= registered)
        told = {
            "known": (_yes(known, unclear), ", ".join(known or unclear) or "none of the studies read"),
            "share": _share(counts.reindex(known), row["participants"]),
            "unpublished": (_yes(overdue, unseen), ", ".join(overdue + unseen) or "none is past its date"),
            "chosen": (chosen, "direction of the estimate, registration of its studies"),
        }
        named = {"pooled_id": row["pooled_id"]}
        rows += [named | {"question": q, "answer": word, "reason": why} for q, (word, why) in told.items()]
        answers = {question: answer for question, (answer, _) in told.items()}
        words = ", ".join(f"{name} {answer}" for name, answer in answers.items())
        judged = {"question": OVERALL, "judgement": by_algorithm(_ROB_ME["algorithm"], answers)}
        rows.append(named | judged | {"reason": f"By the answers: {words}."})
    return rows


def _yes(sure: list[str], unsure: list[str]) -> str:
    return "Y" if sure else "NI" if unsure else "N"


def _share(people: pd.Series, participants: Any) -> tuple[str, str]:
    """Return whether studies hold a large share against those of a synthesis; NI where not all are stated."""
    if people.empty:
        return "NA", "nothing is known to be missing"
    if participants is None or people.isna().any():
        return "NI", "not all numbers of participants are stated"
    large = people.sum() >= _ROB_ME["large_share"] * participants
    return "Y" if large else "N", f"{tidy(people.sum())} participants against {tidy(participants)}"


def _chosen(row: Row, registered: bool) -> str:
    if row["estimand"] == "proportion":
        return "NI"
    better = OUTCOME_CONCEPTS[row["concept"]].better
    gain = row["estimate"] - no_effect(row)
    return "PY" if not registered and better and (gain > 0) == (better == "higher") else "N"


@dataclass(frozen=True)
class Body:
    """The studies that an outcome's certainty is about, their rows, and the estimate shown, or {}."""

    concept: str
    names: list[str]
    rows: Mapping[str, list[Row]]
    shown: Row
    difference: Difference | None = None

    def facts(self) -> dict[str, Any]:
        """Return the facts that `certainty.yaml` asks for, but those of missing evidence and of trust."""
        k, people, sizes = len(self.names), self.participants(), self._sizes.values()
        registered = sum(row["registration"] is not None for row in self.rows["studies"])
        randomised, combined, uncontrolled = self._randomised(), self._combined(), self._uncontrolled()
        small = CERTAINTY["limits"]["small_study"]
        counted = f"{people} participant{'s' * (people != 1)}"
        return {
            "shown": bool(self.shown),
            "studies": k,
            "studies_words": "1 study" if k == 1 else f"{k} studies",
            "randomised": len(randomised),
            "all_randomised": len(randomised) == k,
            "participants": people,
            "participants_words": "participants not stated" if people is None else counted,
            **self._events(),
            "combined": len(combined),
            "mostly_combined": self._mostly(combined),
            "registered": registered,
            "all_registered": registered == k,
            "all_small": all(n is None or n < small for n in sizes),
            "all_in_favour": {line["direction"] for line in self.rows["comparisons"]} <= {"better"},
            **self._bias(randomised, uncontrolled),
            **self._consistency(),
            **self._precision(),
        }

    def _mostly(self, names: Collection[str]) -> bool:
        """Return whether studies hold most of the participants, or are most of them where not all tell."""
        known = None not in self._sizes.values() and len(self._sizes) == len(self.names)
        weights = self._sizes if known else dict.fromkeys(self.names, 1)
        own = filter(None, map(weights.get, names))
        return 2 * sum(own) > sum(filter(None, weights.values()))

    def participants(self) -> int | None:
        """Return the participants of the estimate shown, else of the studies; None when none are stated."""
        stated = self.shown.get("participants")
        return sum(filter(None, self._sizes.values())) or None if stated is None else int(stated)

    def _events(self) -> dict[str, Any]:
        """Return how many people had what is counted, at most, as a share or an event; None otherwise."""
        told, people = self.rows.get("adverse_events"), self.participants()
        harms = self.concept == CERTAINTY["always_shown"]
        if self.shown.get("estimand") == "proportion":
            return {"events": people, "events_words": f"at most {people} events"}
        if self.shown.get("measure") in ("RD", "RR", "OR"):
            most: dict[tuple, float] = {}  # an arm is counted at several visits
            for row in self.rows.get("adverse_events" if harms else "results", ()):
                if row["count"] is not None:
                    arm = row["study_id"], row["arm_id"]
                    most[arm] = max(row["count"], most.get(arm, 0))
            events = int(sum(most.values())) if most else None
        elif self.shown or not harms or told is None:
            return {"events": None, "events_words": ""}
        else:
            events = int(sum(row["count"] for row in told if row["count"] is not None))
        return {"events": events, "events_words": f"{events or 'no'} event{'s' * (events != 1)} counted"}

    @cached_property
    def _sizes(self) -> dict[str, int | None]:
        """Return the participants of each study, None where they are not stated."""
        return {row["study_id"]: self._size(row) for row in self.rows["studies"]}

    def _size(self, study: Row) -> int | None:
        """Return the participants of a study, of harms those of the arms of which something is told."""
        arms, results, events = (
            [row for row in self.rows.get(name, ()) if row["study_id"] == study["study_id"]]
            for name in ("arms", "results", "adverse_events")
        )
        if self.concept == CERTAINTY["always_shown"]:
            told = [arm for arm in arms if arm["arm_id"] in {row["arm_id"] for row in events}]
            if 0 < len(told) < len(arms) and all(arm["n"] is not None for arm in arms):
                return sum(int(arm["n"]) for arm in told)
        if results and all(of_one_person(row["site"]) for row in results):  # some people, shown one by one
            return len({(row["arm_id"], row["site"]) for row in results})
        stated = [int(n) for n in (study["n_analysed"], study["n_enrolled"]) if n is not None]
        if stated:
            return stated[0]
        if study["comparison"] == "case":
            return len({row["arm_id"] for row in results} - {None}) or 1
        sizes: dict[str, list[int]] = {}
        for row in results:
            if row["n"] is not None and row["arm_id"] is not None:
                sizes.setdefault(row["arm_id"], []).append(int(row["n"]))
        people = max if study["comparison"] == "within_person" else sum
        return people(map(max, sizes.values())) if sizes else None

    def _randomised(self) -> list[str]:
        """Return the studies that compare what was randomised; harms are counted in each group anyway."""
        if self.shown and self.shown["estimand"] not in CONTROLLED:
            return []
        lines = self.rows["comparisons"]
        compared = {line["study_id"] for line in lines if line["estimand"] in CONTROLLED}
        harms = OUTCOME_CONCEPTS[self.concept].family == "safety"
        return sorted(
            row["study_id"]
            for row in self.rows["studies"]
            if is_randomised(row["allocation"]) and row["comparison"] in TWO_GROUPS
            if harms or row["study_id"] in compared
        )

    def _uncontrolled(self) -> list[str]:
        """Return the studies without a comparison: by their design, or in the estimate that is shown."""
        if self.shown and self.shown["estimand"] not in CONTROLLED:
            return self.names
        return [row["study_id"] for row in self.rows["studies"] if row["comparison"] not in TWO_GROUPS]

    def _combined(self) -> list[str]:
        """Return the studies that gave exosomes only with something else that the comparison did not get."""
        if background := self.shown.get("background"):
            return self.names if background.endswith(CERTAINTY["combined_words"]) else []
        given = dict.fromkeys((arm["study_id"], arm["role"]) for arm in self.rows["arms"])
        alone = {name for name, role in given if role in _ALONE}
        return [name for name, role in given if role == "exosome_combination" and name not in alone]

    def _bias(self, randomised: list[str], uncontrolled: list[str]) -> dict[str, Any]:
        """Return what the judgements of risk of bias and certain discrepancies cost."""
        rows = self.rows["risk_of_bias"]
        fitting = {row["study_id"] for row in rows if row["tool"] in JUDGED_BY}
        mostly = self._mostly(fitting | set(randomised))
        each = {name: [row for row in rows if row["study_id"] == name] for name in self.names}
        judged = {name: overall(own) for name, own in each.items()}
        cost = CERTAINTY["bias_levels"]["high" if mostly else "low"]
        least = dict.fromkeys(uncontrolled, cost["no_control"])
        levels = sorted(max(cost.get(word, 0), least.get(name, 0)) for name, word in judged.items())
        certain = sum(bool(row["certain"]) for row in _touching(self.rows["discrepancies"], self.concept))
        said = "discrepancy touches" if certain == 1 else "discrepancies touch"
        return {
            "mostly_judged": mostly,
            "bias": levels[(len(levels) - 1) // 2],  # what more than half of the studies cost at least
            "judgements": ", ".join(f"{name} {overall_words(own)}" for name, own in each.items()),
            "certain": certain,
            "certain_words": f"{certain} certain {said} it",
        }

    def _consistency(self) -> dict[str, Any]:
        """Return whether the studies point the same way and how much they differ."""
        told: dict[str, set[str]] = {}
        for line in self.rows["comparisons"]:
            told.setdefault(line["study_id"], set()).add(line["direction"])
        counts = sorted(Counter("/".join(sorted(ways)) for ways in told.values()).items())
        pooled = self.shown if self.shown.get("pooled") else {}
        i2, p, low, high = (pooled.get(name) for name in ("i2", "small_study_p", "pi_lower", "pi_upper"))
        return {
            "directions": "directions by study: " + ", ".join(f"{n} {words}" for words, n in counts),
            "opposed": {"better", "worse"} <= set().union(*told.values()),
            "i2": i2,
            "i2_words": "" if i2 is None else f"; I² {tidy(i2)} %",
            "predicts_none": low is not None and high is not None and low <= no_effect(pooled) <= high,
            "small_study_p": None if p is None else round(p, 3),
        }

    def _precision(self) -> dict[str, Any]:
        """Return how the estimate and its interval stand to no effect and to the smallest difference."""
        shown, difference = self.shown, self.difference
        facts = {"estimand": shown.get("estimand"), "size": "unknown", "difference": ""}
        facts |= dict.fromkeys(("interval", "crosses", "crosses_both", "disagree"), False)
        if None in (shown.get("ci_lower"), shown.get("ci_upper")):
            return facts
        facts["interval"] = True
        if shown["estimand"] == "proportion":
            return facts
        none = no_effect(shown)
        value, low, high = (shown[name] - none for name in ("estimate", "ci_lower", "ci_upper"))
        if difference is None or difference.unit not in (None, shown["unit"]):
            return facts | {"crosses": low <= 0 <= high}
        important, *crossed = (bool(one) for one in against_target(value, low, high, difference.absolute))
        return facts | {
            "size": "important" if important else "unimportant",
            "difference": difference.words(),
            "disagree": self._disagree(abs(value), difference.relative, important),
        } | dict(zip(CROSSED, crossed, strict=True))  # fmt: skip

    def _disagree(self, value: float, relative: float | None, important: bool) -> bool:
        """Return whether the relative smallest difference says the opposite of the absolute one."""
        before = baseline_of(self.rows["results"], self.names, self.shown["unit"])
        if before is None or relative is None:
            return False
        low, high = value / before[1], value / before[0]
        return high < relative if important else low >= relative


def against_target(value: Any, low: Any, high: Any, needed: float) -> tuple[Any, Any, Any]:
    """Return whether an effect is important, its interval leaves its target, and on both sides of it.

    The target of an important effect is a difference that matters, that of another a smaller one. Arrays are
    taken one by one.
    """
    important, above, below = np.abs(value) >= needed, high >= needed, low <= -needed
    crosses = np.where(important, (low < needed) & (high > -needed), above | below)
    return important, crosses, np.where(important, (low <= 0) & (high >= 0), above & below)


def baseline_of(results: Iterable[Row], studies: Collection[str], unit: str) -> tuple[float, float] | None:
    """Return the smallest and largest printed value before treatment of an outcome's results in a unit."""
    rows = [row for row in results if row["study_id"] in studies and row["unit"] == unit]
    rows = [row for row in rows if row["timepoint_weeks"] == 0 and row["kind"] == "level"]
    values = [row[name] or 0 for row in rows for name in ("mean", "median", "minimum", "maximum")]
    above = [float(value) for value in values if value > 0]
    return (min(above), max(above)) if above else None
