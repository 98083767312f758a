"""One further study: of which design, size and result it would turn an answer, by the rules that made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise, product
from math import sqrt

import pandas as pd

from helpers.appraisal import grade
from helpers.appraisal.trust import OVERALL, serious_studies
from helpers.comparison import effect_direction
from helpers.effects import CONTROLLED_ESTIMANDS, SCALES, UNSCALED
from helpers.effects.means import welch
from helpers.pooling.groups import grouped, on_scale, people_of, poolable, rows_of_lines, tier_lines
from helpers.pooling.specifications import conclusions, question_words
from helpers.pooling.tiers import IMPUTED_UNIT, Basis
from helpers.tables import TABLES
from helpers.tables.vocabulary import EVIDENCE, OUTCOME_CONCEPTS
from metastats.heterogeneity import critical_value
from notebookpress.tables import split_ids
from trialfiles.record import Row

SIZES = (10, 20, 50, 100, 200, 400, 1000)  # people; between two that differ the turn is found by halving
RESULTS = (0.5, 0.0, -0.5)  # in standard deviations between people; below 0: against exosomes
ASPECTS = ("pool", "direction", "certainty")
NO_DIRECTION = "not told"  # without a comparison, or without an interval
_NAME = "~further"  # after all others: where names decide, it changes nothing
SHARE_SD = 0.5  # SD of yes and no, where half say yes; the share of the control, too
_NEW = {"study_id": _NAME, "line_id": _NAME, "effect_id": _NAME, "arm_id": "treated", "site": "all"}
_NEW |= {"certain_discrepancies": 0, "n_assumed": None, "assumption": None, "why_not": None}
_OF_DESIGN = ("concept", "estimand", "comparator", "comparator_name", "measure", "unit")
_PLACEBO = {"estimand": "between_group", "comparator": "placebo", "background": "none"}


@dataclass(frozen=True)
class Design:
    """A study that may be added: its line but for size and result, and the SD between people.

    The SD is on the scale on which the measure is pooled.
    """

    line: Row
    sd: float

    def line_of(self, people: int, sds: float, level: float) -> Row:
        """Return the line of such a study of so many people, with a result of so many SDs."""
        measure, concept = self.line["measure"], self.line["concept"]
        scale, back, slope = SCALES.get(measure, UNSCALED)
        first, df = people // 2, people - 1.0
        value = sds * self.sd * (-1 if OUTCOME_CONCEPTS[concept].better == "lower" else 1)
        se = self.sd / sqrt(people)
        if self.line["estimand"] == "between_group":
            second = people - first
            se, df = welch(self.sd / sqrt(first), first, self.sd / sqrt(second), second)
        half = critical_value(level, df if measure == "MD" else None) * se
        effect, low, high = (float(back(value + way * half)) for way in (0, -1, 1))
        found = {"effect": effect, "se": float(se * slope(effect)), "ci_lower": low, "ci_upper": high}
        return self.line | found | {"n": people, "direction": effect_direction(value, concept)}


@dataclass(frozen=True)
class Outlook:
    """An outcome in a tier: its lines, and what its certainty is rated on."""

    basis: Basis
    concept: str
    evidence: str
    lines: list[Row]
    rows: Mapping[str, list[Row]]
    difference: grade.Difference | None
    overrides: Mapping[str, Row]

    def designs(self) -> list[Design]:
        """Return a study for each question that is answered with a control; else a trial with placebo."""
        options, found = self.basis.options, []
        known = [line for line in self.lines if line["estimand"] in CONTROLLED_ESTIMANDS and poolable(line)]
        known = [line for line in known if not line["contrast_doubt"]]
        for line, *_ in grouped(known, options.time_tolerance, options.visit):
            parts = 2 if line["estimand"] == "between_group" else 1
            sd = sqrt(on_scale([line]).vi[0] * (people_of(line) or SIZES[0])) / parts
            found.append(Design(line | _NEW, sd))
        if any(_PLACEBO.items() <= design.line.items() for design in found):
            return found
        about, line = OUTCOME_CONCEPTS[self.concept], dict.fromkeys(TABLES["comparisons"].columns)
        line |= _NEW | _PLACEBO | {"concept": self.concept, "measure": "MD", "unit": about.unit}
        if about.asked_after or about.family == "safety":
            return [*found, Design(line | {"measure": "RD", "unit": "proportion"}, SHARE_SD)]
        return [*found, Design(line, options.assumed_sd if about.unit == IMPUTED_UNIT else 1.0)]

    def state(self, design: Design, sds: float, people: int) -> Row:
        """Return what the answer is with such a study added, at low risk of bias and registered."""
        line = design.line_of(people, sds, self.basis.options.level)
        pooled = rows_of_lines([*self.lines, line], self.basis.options)
        named = {"evidence": self.evidence}
        shown = grade.shown_of(row | named | {"pooled_id": f"{n:04d}"} for n, row in enumerate(pooled))
        study = {"study_id": _NAME, "registration": _NAME, "n_analysed": line["n"], "n_enrolled": line["n"]}
        study |= {"comparison": "parallel", "allocation": "randomised"}
        arm = {"study_id": _NAME, "arm_id": "treated", "role": "exosome", "n": None}
        judged = {"study_id": _NAME, "tool": "RoB 2", "judgement": "low"}
        new = {"studies": [study], "comparisons": [line], "arms": [arm], "risk_of_bias": [judged]}
        new |= _counted(line)
        every = {name: [*rows, *new.get(name, ())] for name, rows in self.rows.items()}
        names = sorted(split_ids(shown["studies"]))
        own = {name: [row for row in rows if row["study_id"] in names] for name, rows in every.items()}
        shown |= grade.without_impossible_interval(shown, own["discrepancies"])
        facts = grade.Body(self.concept, names, own, shown, self.difference).facts() | {"left_out": ""}
        facts["missing_evidence"] = self._missing(shown, study)
        return state_of(shown, grade.rate(facts, self.overrides)["certainty"])

    def _missing(self, shown: Row, study: Row) -> str:
        """Return the risk of bias due to missing evidence, for which no rule asks where studies are few."""
        if shown["k"] < grade.CERTAINTY["limits"]["few_studies"]:
            return "not judged"
        tables, late = self.basis.tables, self.basis.late
        tiers = tables["sources"].set_index("study_id")["tier"].to_dict()
        studies = pd.concat([tables["studies"][list(study)], pd.DataFrame([study])])
        states, pooled = tables["missing_evidence"], pd.DataFrame([shown])
        judged = grade.missing_evidence_judgements(pooled, states, studies, tiers, late)
        return next(str(row["judgement"]) for row in judged if row["question"] == OVERALL)


def _counted(line: Row) -> dict[str, list[Row]]:
    """Return the people of either arm who have what is compared, where half of the control have it."""
    if line["measure"] != "RD":
        return {}
    first = line["n"] // 2
    counts = {
        "treated": round(first * (SHARE_SD + line["effect"])),
        "control": round((line["n"] - first) * SHARE_SD),
    }
    table = "adverse_events" if OUTCOME_CONCEPTS[line["concept"]].family == "safety" else "results"
    empty = dict.fromkeys(TABLES[table].columns) | {"study_id": _NAME, "site": "all"}
    return {table: [empty | {"arm_id": arm, "count": count} for arm, count in counts.items()]}


def state_of(shown: Row | None, certainty: str) -> Row:
    """Return whether an outcome is pooled, which way its estimate points, and its certainty."""
    way = NO_DIRECTION
    if shown and shown["estimand"] in CONTROLLED_ESTIMANDS and pd.notna(shown["ci_lower"]):
        low, high = (shown[name] - grade.no_effect(shown) for name in ("ci_lower", "ci_upper"))
        way = conclusions([low], [high], OUTCOME_CONCEPTS[shown["concept"]].better)[0]
    return dict(zip(ASPECTS, ("yes" if shown and shown["pooled"] else "no", way, certainty), strict=True))


def turning_rows(basis: Basis, pooled: pd.DataFrame, sure: pd.DataFrame, summary: list[Row]) -> list[Row]:
    """Return what one further study would turn in each row of a summary of findings.

    Parameters
    ----------
    basis : Basis
        Tables and choices of the run; with `comparisons`, `effects` and `missing_evidence`.
    pooled, sure : pandas.DataFrame
        The tables `pooled` and `certainty`.
    summary : list of dict
        Rows of `summary_of_findings`.

    Returns
    -------
    list of dict
        Rows of `turning_points`: for each design, result and aspect (pool, direction, certainty) the people
        from which it is another one, and up to how many; none where no study within `SIZES` turns it.
    """
    level, found = basis.options.level, []
    for asked, outlook in zip(summary, _outlooks(basis, summary), strict=True):
        concept, tier, name = (asked[part] for part in ("concept", "evidence", "summary_id"))
        of_row = sure[(sure["concept"] == concept) & (sure["evidence"] == tier)]
        before = state_of(grade.shown_estimate(pooled, concept, tier), of_row["certainty"].iloc[0])
        for (place, design), sds in product(enumerate(outlook.designs(), start=1), RESULTS):
            state = cache(partial(outlook.state, design, sds))
            row = {part: design.line[part] for part in _OF_DESIGN} | {"low": SIZES[0], "high": SIZES[-1]}
            row |= {"question": question_words([design.line]), "tier": tier, "summary_id": name}
            row |= {"assumption": "people in one more study", "result_sds": sds}
            row |= {"result": design.line_of(SIZES[0], sds, level)["effect"]}
            for aspect, was in before.items():
                stretches = _stretches(lambda people, of=state, aspect=aspect: of(people)[aspect])
                row |= {"at_low": stretches[0][1], "at_high": stretches[-1][1]}
                row |= {"aspect": aspect, "before": was}
                starts = [people for people, _ in stretches[1:]]
                for (people, now), end in zip(stretches, [*starts, SIZES[-1] + 1], strict=True):
                    turn = {"turns_at": people, "until": end - 1, "after": now}
                    turn |= {"turning_id": f"{name}.{place}.{sds:g}.{aspect}.{people}"}
                    found += [row | turn] if now != was else []
    return found


def _outlooks(basis: Basis, summary: list[Row]) -> Iterator[Outlook]:
    tables = basis.tables
    lines = tables["comparisons"][~tables["comparisons"]["second_hand"].astype(bool) | basis.second_hand]
    lines = lines[~lines["study_id"].isin(serious_studies(tables["trust_domains"]))]
    differences = grade.minimal_differences(tables["thresholds"], basis.second_hand)
    for concept, tier in ((row["concept"], row["evidence"]) for row in summary):
        told = grade.told_lines(tables, concept, EVIDENCE[tier])
        results = tables["results"][tables["results"]["concept"] == concept]
        rows = grade.body_rows({**tables, "comparisons": told, "results": results}, set(told["study_id"]))
        own = [one for one in basis.overrides if (one["concept"], one["evidence"]) == (concept, tier)]
        judged = {one["domain"]: one for one in own}
        known = tier_lines(lines[lines["concept"] == concept], tables["effects"], tier)
        yield Outlook(basis, concept, tier, known, rows, differences.get(concept), judged)


def _stretches(value: Callable[[int], str]) -> list[tuple[int, str]]:
    """Return each value with the size from which it holds; sizes between two that agree are not tried."""
    found = [(SIZES[0], value(SIZES[0]))]

    def between(low: int, high: int) -> None:
        if value(low) == value(high):
            return
        if high - low == 1:
            found.append((high, value(high)))
        else:
            middle = (low + high) // 2
            between(low, middle)
            between(middle, high)

    for low, high in pairwise(SIZES):
        between(low, high)
    return found
