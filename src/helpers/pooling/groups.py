"""What may be pooled and what may not, by rule: same outcome, estimand, unit, measure and time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.comparison import alike
from helpers.tables import read_table
from helpers.tables.vocabulary import ESTIMAND_WORDS, label, tiers_of
from metastats.pooling import pool
from metastats.small_study import egger_test
from notebookpress.tables import TableError, join_ids, records
from trialfiles.times import weeks_after_end


def controlled_elsewhere(line: dict, others: list[dict], tolerance: float) -> bool:
    """Return whether the same study compares that arm with another, which says more than its change."""
    if line["estimand"] != "uncontrolled_change":
        return False
    return any(
        other["study_id"] == line["study_id"]
        and other["estimand"] in ("between_group", "within_participant")
        and not other.get("contrast_doubt")
        and other["unit"] == line["unit"]
        and alike(other["timepoint_weeks"], line["timepoint_weeks"], tolerance)
        for other in others
    )


def visit_order(line: dict) -> tuple[float, float]:
    """Return what visits are sorted by: weeks from the start, else weeks from the end of treatment."""
    return line["timepoint_weeks"] or 0.0, weeks_after_end(line.get("timepoint_printed")) or 0.0


def grouped(estimates: list[dict], tolerance: float, visit: str = "latest") -> list[list[dict]]:
    """Sort estimates into groups that may be pooled; a study gives a group one estimate.

    Parameters
    ----------
    estimates : list of dict
        Lines with `estimand`, `unit`, `measure`, `study_id`, `line_id` and times.
    tolerance : float
        Share of the longer time by which two times may differ; 1 sets any times side by side.
    visit : str
        `latest` takes a study's longest follow-up that fits a group, `earliest` its shortest.

    """
    groups: list[list[dict]] = []
    ordered = sorted(estimates, key=lambda line: line["line_id"])
    ordered.sort(key=visit_order, reverse=visit == "latest")
    for line in ordered:
        for group in groups:
            first = group[0]
            same = all(line[name] == first[name] for name in ("estimand", "unit", "measure"))
            new = line["study_id"] not in {other["study_id"] for other in group}
            near = tolerance >= 1 or alike(line["timepoint_weeks"], first["timepoint_weeks"], tolerance)
            if same and new and near:  # a tolerance of 1 sets any times side by side, also one not stated
                group.append(line)
                break
        else:
            groups.append([line])
    return groups


TEST_WORDS = {"z": "normal", "knha": "Knapp-Hartung", "adhoc": "Knapp-Hartung, truncated"}
AS_PRINTED = "as printed"
MANY_STUDIES = 10  # below, Egger's test has no power (Cochrane Handbook 13.3.5.4)


def pooled_rows(
    comparisons: pd.DataFrame,
    effects: pd.DataFrame,
    *,
    evidence: str = "core",
    tau2_method: str = "REML",
    ci_method: str = "adhoc",
    level: float = 0.95,
    time_tolerance: float = 0.25,
    visit: str = "latest",
) -> list[dict[str, Any]]:
    """Return the rows of `pooled` for one body of evidence, estimates as printed.

    Parameters
    ----------
    comparisons, effects : pandas.DataFrame
        Tables `comparisons` and `effects`.
    evidence : str
        `core` (core sources) or `published` (core and published).
    tau2_method, ci_method : str
        As in `pool`: estimator of the between-study variance, and test.
    level : float
        Coverage of the intervals.
    time_tolerance : float
        Share of the longer time by which two times may differ.
    visit : str
        `latest` or `earliest` visit of each study.

    Returns
    -------
    list of dict
        For each outcome: a row for each pooled group, twice when a certain finding touches one of its
        estimates (with and without it); a change within an arm is left out where the same study compares
        that arm with another at that time; otherwise a row for each single estimate, or one row that says
        that there is none.

    """
    measured = effects[["effect_id", "measure", "se", "assumption"]]
    shown = comparisons[comparisons["tier"].isin(tiers_of(evidence))].drop(columns=["measure", "se"])
    lines = shown.merge(measured, "left", on="effect_id")
    options = {"method": tau2_method, "test": ci_method, "level": level}
    rows = rows_of_lines(records(lines), options, time_tolerance, visit=visit)
    for number, row in enumerate(rows, start=1):
        row |= {"evidence": evidence, "pooled_id": f"{evidence}.{row['concept']}.{number:02d}"}
    return rows


def rows_of_lines(
    lines: list[dict[str, Any]],
    options: dict[str, Any],
    time_tolerance: float,
    scenario: str = AS_PRINTED,
    visit: str = "latest",
) -> list[dict[str, Any]]:
    """Return the rows of `pooled` for lines with measure and standard error, outcome by outcome."""
    rows: list[dict[str, Any]] = []
    for concept in sorted({line["concept"] for line in lines}):
        own = [line for line in lines if line["concept"] == concept]
        rows += _concept_rows(concept, own, options, time_tolerance, visit)
    return [row | {"scenario": scenario} for row in rows]


def _concept_rows(
    concept: str, lines: list[dict], options: dict, tolerance: float, visit: str
) -> list[dict[str, Any]]:
    estimates = [line for line in lines if line["se"] is not None and line["effect"] is not None]
    estimates = [line for line in estimates if not controlled_elsewhere(line, estimates, tolerance)]
    exact = [line for line in estimates if line["se"] == 0]  # a weight of 1 / 0 would decide alone
    weighed = [line for line in estimates if line["se"] > 0]
    groups = [[line] for line in weighed if line.get("contrast_doubt")]
    groups += grouped([line for line in weighed if not line.get("contrast_doubt")], tolerance, visit)
    pooled = {line["study_id"] for group in groups if len(group) > 1 for line in group}
    rows = [_single(concept, line, "its standard error is 0") for line in exact]
    for group in groups:
        sound = [line for line in group if not line["certain_findings"]]
        if len(group) > 1:
            rows.append(_fit(concept, group, options))
            if len(sound) < len(group):
                rows.append(_fit(concept, sound, options) | {"without_certain_findings": True})
            continue
        line = group[0]
        other = "another estimate of the study is pooled" if line["study_id"] in pooled else ""
        why = line.get("contrast_doubt") or line["why_not"] or other
        rows.append(_single(concept, line, why or "its partner belongs to another tier"))
        if not sound:  # nothing is left of a lone estimate when the doubtful ones are left out
            kept = {name: line[name] for name in ("estimand", "unit", "measure")}
            reason = "a certain finding touches the only estimate: without it nothing is left"
            rows.append(_row(concept, [], reason, without_certain_findings=True, **kept))
    return rows or [_nothing(concept, lines)]


def _row(concept: str, lines: list[dict], reason: str, **values: Any) -> dict[str, Any]:
    """Return a row of `pooled` on some lines; nothing is pooled unless `values` say so."""
    first = lines[0] if lines else {}
    assumptions = dict.fromkeys(line["assumption"] for line in lines if line.get("assumption"))
    row = {
        "concept": concept,
        "studies": join_ids(line["study_id"] for line in lines),
        "effect_ids": join_ids(line["effect_id"] for line in lines if line["effect_id"]),
        "assumption": "; ".join(assumptions) or None,
        "k": len(lines),
        "without_certain_findings": False,
        "model": "none",
        "pooled": False,
        "reason": reason,
    }
    return row | {name: first.get(name) for name in ("estimand", "unit", "measure")} | values


def _fit(concept: str, group: list[dict], options: dict) -> dict[str, Any]:
    """Pool a group, or say that leaving out doubtful estimates leaves too few."""
    if len(group) < 2:
        left = f"without the estimates that a certain finding touches, {len(group)} is left: nothing to pool"
        return _row(concept, group, left)
    yi = np.array([line["effect"] for line in group])
    vi = np.array([line["se"] for line in group]) ** 2
    fit = pool(yi, vi, **options)
    lower, upper = fit.prediction_interval(kind="t")
    words = ESTIMAND_WORDS[group[0]["estimand"]]
    reason = f"{len(group)} studies report {label(concept)} as {words}, in one unit, at a like time"
    return _row(concept, group, reason) | {
        "model": "random effects",
        "tau2_method": options["method"],
        "ci_method": TEST_WORDS[options["test"]],
        "estimate": fit.estimate,
        "se": fit.se,
        "ci_lower": fit.ci_lower,
        "ci_upper": fit.ci_upper,
        "pi_lower": lower,
        "pi_upper": upper,
        "pi_df": len(group) - 1,
        "small_study_p": egger_test(yi, vi).p_value if len(group) >= MANY_STUDIES else None,
        "tau2": fit.tau2,
        "i2": fit.i2,
        "pooled": True,
    }


def _single(concept: str, line: dict, reason: str) -> dict[str, Any]:
    """Show a lone estimate as it is, with the reason why it stays alone."""
    method = "Wilson" if line["estimand"] == "proportion" else "Student's t"
    shown = {"estimate": line["effect"]} | {name: line[name] for name in ("ci_lower", "ci_upper", "se")}
    row = _row(concept, [line], f"no meta-analysis: {reason}")
    return row | shown | {"model": "single study", "ci_method": method}


def _nothing(concept: str, lines: list[dict]) -> dict[str, Any]:
    planned = sorted({line["study_id"] for line in lines if line["direction"] == "not reported"})
    reported = [line for line in lines if line["direction"] != "not reported"]
    studies, parts = sorted({line["study_id"] for line in reported}), []
    if reported:
        why = sorted({str(line["why_not"]) for line in lines if line["study_id"] in studies})
        parts.append(f"{', '.join(studies)}: {'; '.join(why)}")
    if planned:
        parts.append(f"{', '.join(planned)}: planned or named, no figure")
    reason = f"no meta-analysis: {'; '.join(parts)}"
    return _row(concept, [], reason, studies=join_ids(studies + planned))


def headline(processed: Path) -> dict[str, Any]:
    """Return the headline of a folder of tables: how much was pooled, each estimate with its interval.

    Names are `outcome estimand`, with `lower` and `upper` for the interval; empty without the tables. A
    pooled estimate takes the place of a single one.
    """
    try:
        pooled = read_table("pooled", processed)
    except TableError:
        return {}
    found: dict[str, Any] = {"estimates": len(pooled), "pooled": int(pooled["pooled"].sum())}
    for row in records(pooled.sort_values("pooled", kind="stable")):
        if row["estimate"] is not None:
            name = f"{row['concept']} {row['estimand']}"
            found[name] = row["estimate"]
            found |= {f"{name} {end}": row[f"ci_{end}"] for end in ("lower", "upper")}
    return found
