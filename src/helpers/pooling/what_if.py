"""What the panel of page 05 computes from, as data: estimates with their printed figures, studies, rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.appraisal import grade
from helpers.appraisal.grade import CERTAINTY
from helpers.appraisal.risk_of_bias import SECTIONS, overall
from helpers.appraisal.trust import serious_studies
from helpers.effects.study_figures import StudyFigures
from helpers.formats import plain_unit
from helpers.pooling.groups import TEST_WORDS, people_of, question_of, tier_lines, visit_order
from helpers.pooling.specifications import Levels, controlled_questions
from helpers.pooling.tiers import IMPUTED_UNIT, Basis
from helpers.tables.vocabulary import CHOICES, ESTIMAND_WORDS, EVIDENCE, OUTCOME_CONCEPTS, SD_USES, label
from notebookpress.files import project_root
from notebookpress.parameters import load_parameters
from notebookpress.tables import records, split_ids
from notebookpress.yaml_files import YamlFile
from trialfiles.record import Row

PANEL: dict[str, dict[str, Any]] = YamlFile(Path(__file__).with_suffix(".yaml")).data
_WORDS = {"ci_method": TEST_WORDS, "sd_use": SD_USES}


def what_if_data(
    basis: Basis, drugs: Sequence[Row], tiers: Sequence[str], named: Callable[[str], str] = str, **chosen: Any
) -> dict[str, Any]:
    """Return all that the panel works from: controls, rules, outcomes, studies, estimates.

    Parameters
    ----------
    basis : Basis
        Tables and choices of the run.
    drugs : sequence of dict
        Differences of licensed drugs from placebo (`drug_differences`), the context.
    tiers : sequence of str
        Bodies of evidence, `core` and `published`, the widest last.
    named : callable
        Gives a study's name for a reader.
    **chosen
        Choices of the run that are no `Options`: `pre_post_correlation`, `sd_use`.
    """
    tables, options = basis.tables, basis.options
    lines = tier_lines(tables["comparisons"], tables["effects"], tiers[-1])
    lines = [line for line in lines if basis.second_hand or not line["second_hand"]]
    sized = {line["concept"] for line in lines if line["se"] is not None and line["estimand"] != "proportion"}
    concepts = [name for name in CERTAINTY["summary_outcomes"] if name in sized] or ["hair_density"]
    told = {name: grade.told_lines(tables, name, EVIDENCE[tiers[-1]]) for name in concepts}
    ids = {name for rows in told.values() for name in tables["comparisons"]["line_id"].reindex(rows.index)}
    figures = _figures(basis, chosen["pre_post_correlation"])
    effects = {row["effect_id"]: row for row in records(tables["effects"])}
    own = [_line(line, figures, effects.get(line["effect_id"])) for line in lines if line["concept"] in told]
    asked = controlled_questions(drugs, Levels(visit=options.visit, time_tolerance=options.time_tolerance))
    pooled = set(chain.from_iterable(question.effect_ids for question in asked))
    context = [_line(line) for line in drugs if line["effect_id"] in pooled]
    known = [*tables["studies"]["study_id"]]
    return {
        "controls": _controls(),
        "chosen": asdict(options) | chosen,
        "rules": {name: CERTAINTY[name] for name in PANEL["rules"]},
        "missing_evidence": SECTIONS["missing_evidence"],
        "tiers": {name: EVIDENCE[name] for name in tiers},
        "outcomes": {name: _outcome(name, basis, tiers) for name in concepts},
        "estimands": ESTIMAND_WORDS,
        "imputed_unit": IMPUTED_UNIT,
        "units": {unit: plain_unit(unit) for unit in sorted({line.get("unit", "") for line in own})},
        "studies": {row["study_id"]: _study(row, basis, told) for row in records(tables["studies"])},
        "names": {name: named(name) for name in [*known, *dict.fromkeys(row["study_id"] for row in context)]},
        "elsewhere": sorted({*tables["sources"]["study_id"]}.difference(known)),
        "late": sorted(basis.late),
        "lines": [row | {"told": row["line_id"] in ids} for row in own],
        "drugs": context,
        "questions": {
            f"drug{place}": {"words": one.words, "ids": sorted(one.effect_ids), "concept": one.concept}
            for place, one in enumerate(asked, start=1)
        },
    }  # fmt: skip


def _controls() -> dict[str, Row]:
    """Return the controls with labels, and with their values or range."""
    declared = load_parameters(project_root())
    found = {}
    for name, row in PANEL["controls"].items():
        found[name] = {"label": CHOICES.get(name)} | row
        if name in declared and (choices := declared[name].choices):
            found[name]["options"] = {choice: _WORDS.get(name, {}).get(choice, choice) for choice in choices}
        elif name in declared:
            found[name] |= {"low": declared[name].minimum, "high": declared[name].maximum}
    return found


def _outcome(concept: str, basis: Basis, tiers: Sequence[str]) -> Row:
    """Return what the rules ask of an outcome: its direction, smallest difference, who judged otherwise."""
    about = OUTCOME_CONCEPTS[concept]
    row: Row = {"label": label(concept), "better": about.better, "unit": about.unit, "overrides": {}}
    found = grade.minimal_differences(basis.tables["thresholds"], basis.second_hand).get(concept)
    if found is not None:
        row["difference"] = asdict(found) | {"words": found.words()}
    for one in basis.overrides:
        if one["concept"] == concept and one["evidence"] in tiers:
            row["overrides"].setdefault(one["evidence"], {})[one["domain"]] = one
    return row


def _line(line: Row, figures: Mapping[str, StudyFigures] | None = None, effect: Row | None = None) -> Row:
    """Return an estimate as the script reads it; what is missing is left out."""
    row = {name: line.get(name) for name in PANEL["columns"]}
    row |= {"question": "|".join(map(str, question_of(line).values()))}
    row |= {"visit": visit_order(line), "people": people_of(line)}
    if figures and effect is not None and "correlation" in (effect["assumption"] or ""):
        row["arms"] = _arms(effect, figures[line["study_id"]])
    return {name: value for name, value in row.items() if value is not None and value == value}


def _figures(basis: Basis, correlation: float) -> dict[str, StudyFigures]:
    given = {name: getattr(basis.options, name) for name in ("site_correlation", "level")}
    found = {}
    for study in records(basis.tables["studies"]):
        parts = (basis.tables[name] for name in ("arms", "results"))
        arms, results = (records(part[part["study_id"] == study["study_id"]]) for part in parts)
        figures = StudyFigures(study, arms, results, pre_post_correlation=correlation, **given)
        found[study["study_id"]] = figures
    return found


def _arms(effect: Row, study: StudyFigures) -> list[Row]:
    """Return the arms of an effect: side, people, mean, standard errors after and before, own correlation."""
    rows = {row["result_id"]: row for row in study.results}
    pairs: list[list[Row]] = []
    for row in (rows[name] for name in split_ids(effect["result_ids"])):
        if (
            pairs
            and len(pairs[-1]) == 1
            and any(pairs[-1][0] is after and row is before for before, after in study.pairs)
        ):
            pairs[-1].append(row)
        else:
            pairs.append([row])
    treated, arms = split_ids(effect["arm_id"]), []
    for (after, *before), n in zip(pairs, _sizes(effect, study, [pair[0] for pair in pairs]), strict=True):
        observed = study.worked_out(before[0], after) if before else study.printed(after)
        arm = {"side": 1 if after["arm_id"] in treated else -1, "n": n, "mean": observed.mean}
        whole = observed.spread(n)
        arm["se"] = [whole.se] if whole else []
        if before and whole and not whole.basis.startswith("p value"):
            r, words = study.change_correlation(after)
            errors = (study.standard_error(row, n) for row in (after, before[0]))
            arm |= {"r": None if "assumed" in words else r, "se": [one.se for one in errors if one]}
        arms.append(arm)
    return arms


def _sizes(effect: Row, study: StudyFigures, results: Sequence[Row]) -> list[int]:
    """Return the people of each arm of an effect: as stated, or as its row says that they were assumed."""
    if study.same_people:
        return [people_of(effect) or 0] * len(results)
    stated = [study.stated_size(row) or 0 for row in results]
    told = [int(n) for n in re.findall(r"\d+", str(effect["n_assumed"] or "").partition("(")[0])]
    return told if len(told) == len(results) and not all(stated) else stated


def _study(study: Row, basis: Basis, told: Mapping[str, pd.DataFrame]) -> Row:
    """Return the facts of a study that the rules ask for, by outcome where they depend on it."""
    name, tables = study["study_id"], basis.tables
    parts = [part for part in (*grade.OF_BODY, "sources", "missing_evidence") if part in tables]
    own = {part: tables[part][tables[part]["study_id"] == name] for part in parts}
    bias = records(own["risk_of_bias"])
    return {
        "tier": next(iter(own["sources"]["tier"]), "core"),
        "serious": name in serious_studies(tables["trust_domains"]),
        "people": study["n_enrolled"] if study["n_analysed"] is None else study["n_analysed"],
        "registered": study["registration"] is not None,
        "two_groups": study["comparison"] in grade.TWO_GROUPS,
        "judgement": overall(bias),
        "fitting": any(row["tool"] in grade.JUDGED_BY for row in bias),
        "outcomes": {concept: _of_outcome(concept, name, own, lines) for concept, lines in told.items()},
    }


def _of_outcome(concept: str, study: str, own: Mapping[str, pd.DataFrame], told: pd.DataFrame) -> Row:
    """Return what the rules ask of one study for an outcome."""
    states = own["missing_evidence"]
    row: Row = {"states": list(states.loc[states["concept"] == concept, "state"])}
    lines = told[told["study_id"] == study]
    if lines.empty:
        return row
    results = own["results"][own["results"]["concept"] == concept]
    rows = grade.body_rows({**own, "comparisons": lines, "results": results}, [study])
    facts = grade.Body(concept, [study], rows, {}).facts()
    row |= {name: facts[name] for name in ("certain", "judgements", "combined", "randomised", "participants")}
    units = results["unit"].dropna().unique()
    limits = {unit: grade.baseline_of(rows["results"], [study], unit) for unit in units}
    return row | {"before": {unit: ends for unit, ends in limits.items() if ends}}
