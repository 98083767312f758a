"""What may be pooled and what may not, by rule: one question, a like time, one estimate a study."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.comparison import PARTNERS, alike
from helpers.effects import CONTROLLED_ESTIMANDS, comparator_key
from helpers.pooling.estimates import (
    NO_COUNT,
    NO_SPREAD,
    at_bound,
    counts_of,
    made_one,
    on_scale,
    people_of,
    preferred,
    visit_order,
)
from helpers.tables import read_table
from helpers.tables.vocabulary import ESTIMAND_WORDS, label, tiers_of
from metastats.pooling import pool
from metastats.small_study import egger_test
from notebookpress.tables import TableError, join_ids, records, split_ids
from trialfiles.record import Row

# What two estimates must have in common, time apart; the name of a comparator counts where it is active.
QUESTION = (
    "concept", "intervention", "sex", "estimand", "comparator", "comparator_name", "background", "unit",
    "measure",
)  # fmt: skip
CONTEXT = "context"  # evidence on other treatments, which is no evidence on exosomes
SHOWN_ONLY = "an uncontrolled change is shown beside others and never averaged with them"
NOT_CHOSEN = "another estimate of the study is pooled"


def question_of(line: Row) -> dict[str, str | None]:
    """Return what an estimate must have in common with another, time apart, to be pooled with it."""
    names = ("comparator", "comparator_name", "background")
    asked = dict(zip(names, comparator_key(line), strict=True))
    return {name: line.get(name) for name in QUESTION} | asked


def controlled_elsewhere(line: Row, others: list[Row], tolerance: float) -> bool:
    """Return whether the same study compares that arm with another, which says more than its change."""
    if line["estimand"] != "uncontrolled_change":
        return False
    return any(
        other["study_id"] == line["study_id"]
        and other["estimand"] in CONTROLLED_ESTIMANDS
        and not other.get("contrast_doubt")
        and other["unit"] == line["unit"]
        and alike(other["timepoint_weeks"], line["timepoint_weeks"], tolerance)
        for other in others
    )


def grouped(estimates: list[Row], tolerance: float, visit: str = "latest") -> list[list[Row]]:
    """Sort estimates into groups that may be pooled; a study gives a group one estimate.

    Uncontrolled changes and estimates with a doubt about the estimand stay alone. `tolerance` is the share
    of the longer time by which two times may differ; `visit` takes a study's `latest` follow-up that fits a
    group, or its `earliest`.
    """
    groups: list[list[Row]] = []
    ordered = sorted(estimates, key=lambda line: line["line_id"])
    ordered.sort(key=visit_order, reverse=visit == "latest")
    for line in ordered:
        home = next((group for group in groups if belongs(line, group[0], tolerance)), None)
        if home is None:
            groups.append([line])
        else:
            home.append(line)
    return [part for group in groups for part in _one_a_study(group)]


def belongs(line: Row, first: Row, tolerance: float) -> bool:
    """Return whether an estimate answers the question of another at a like time, without a doubt."""
    if line["estimand"] == "uncontrolled_change" or line.get("contrast_doubt") or first.get("contrast_doubt"):
        return False
    near = alike(line["timepoint_weeks"], first["timepoint_weeks"], tolerance)
    return near and question_of(line) == question_of(first)


def _one_a_study(group: list[Row]) -> list[list[Row]]:
    """Return the group with one estimate a study, and each of those not taken alone."""
    chosen, left = [], []
    for study in dict.fromkeys(line["study_id"] for line in group):
        own = [line for line in group if line["study_id"] == study]
        taken = preferred(own)
        chosen.append(made_one(taken))
        names = {line["line_id"] for line in taken}
        left += [[line] for line in own if line["line_id"] not in names]
    return [chosen, *left]


TEST_WORDS = {"z": "normal", "knha": "Knapp-Hartung", "adhoc": "Knapp-Hartung, truncated"}
AS_PRINTED = "as printed"
RANDOM = "random effects"
MANY_STUDIES = 10  # below, Egger's test has no power (Cochrane Handbook 13.3.5.4)


def tier_lines(comparisons: pd.DataFrame, effects: pd.DataFrame, evidence: str) -> list[Row]:
    """Return the lines of a body of evidence, each with all that `effects` tells of its estimate."""
    lines = comparisons[comparisons["tier"].isin(tiers_of(evidence))]
    more = ["effect_id", *effects.columns.difference(comparisons.columns)]
    people = effects.set_index("effect_id")["n"]
    lines = lines.merge(effects[more], "left", on="effect_id")
    return records(lines.assign(n=lines["effect_id"].map(people)))  # `n` of a line is words


def rows_of_lines(
    lines: list[Row],
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


def poolable(line: Row) -> bool:
    """Return whether an estimate can be weighed: it has a standard error above 0, a proportion its counts."""
    if line.get("set_aside"):
        return False
    if line["estimand"] == "proportion":
        return counts_of(line) is not None
    return bool(line["se"]) and not at_bound(line)


def _concept_rows(
    concept: str, lines: list[Row], options: dict, tolerance: float, visit: str
) -> list[dict[str, Any]]:
    estimates = [_as_printed(line) for line in lines if line["effect"] is not None]
    reasons = [_cannot_be_weighed(line) for line in estimates]
    weighed = [line for line, reason in zip(estimates, reasons, strict=True) if reason is None]
    weighed = [line for line in weighed if not controlled_elsewhere(line, weighed, tolerance)]
    rows: list[dict[str, Any]] = []
    for line, reason in zip(estimates, reasons, strict=True):
        if reason:
            rows += _alone(concept, line, reason)
    for group in grouped(weighed, tolerance, visit):
        rows += _group_rows(concept, group, weighed, options, tolerance)
    told = {study for row in rows for study in split_ids(row["studies"])}
    left = [line for line in lines if line["study_id"] not in told]
    return [*rows, *([_nothing(concept, left)] if left else [])]


def _as_printed(line: Row) -> Row:
    """Return a share without limits that are not printed and rest on a number of people that is not known."""
    if line["estimand"] != "proportion" or poolable(line) or "printed" in (line.get("se_basis") or ""):
        return line
    return line | dict.fromkeys(("ci_lower", "ci_upper", "se", "ci_method"))


def _cannot_be_weighed(line: Row) -> str | None:
    """Return why an estimate has no weight, None where it has; empty for a change that is shown elsewhere."""
    if line.get("set_aside"):
        return str(line["set_aside"])
    if poolable(line):
        return None
    if line["estimand"] == "proportion":
        return line["why_not"] or NO_COUNT
    if line["se"] == 0:
        return "its standard error is 0"  # a weight of 1 / 0 would decide alone
    if line["se"] is not None:
        return "it is at the end of its scale, where it has no standard error"
    if line.get("ci_lower") is not None:
        return "its interval gives no standard error"
    return (line["why_not"] or NO_SPREAD) if line["estimand"] in CONTROLLED_ESTIMANDS else ""


def _group_rows(
    concept: str, group: list[Row], lines: list[Row], options: dict, tolerance: float
) -> list[dict[str, Any]]:
    """Return the rows of a group: its fit or its single estimate, and what is left without doubtful ones."""
    sound = [line for line in group if not line["certain_discrepancies"]]
    if len(group) > 1:
        fits = [fit(concept, group, options)]
        if len(sound) < len(group):
            fits.append(fit(concept, sound, options) | {"without_certain_discrepancies": True})
        return fits
    return _alone(concept, group[0], why_alone(group[0], lines, tolerance))


def _alone(concept: str, line: Row, reason: str) -> list[dict[str, Any]]:
    """Return the row of a lone estimate; where a certain discrepancy touches it, that nothing is left too."""
    shown = {"estimate": line["effect"]}
    shown |= {name: line.get(name) for name in ("ci_lower", "ci_upper", "se", "ci_method")}
    rows = [_row(concept, [line], f"no meta-analysis: {reason}", model="single study", **shown)]
    if line["certain_discrepancies"]:
        kept = {name: line.get(name) for name in QUESTION if name != "concept"}
        left = "a certain discrepancy touches the only estimate: without it nothing is left"
        rows.append(_row(concept, [], left, without_certain_discrepancies=True, **kept))
    return rows


def _drug(line: Row) -> tuple[str | None, str | None]:
    return line.get("intervention"), line.get("sex")


def why_alone(line: Row, lines: list[Row], tolerance: float) -> str:
    """Return why an estimate is pooled with no other of the lines."""
    if line.get("contrast_doubt"):
        return line["contrast_doubt"]
    if line["estimand"] == "uncontrolled_change":
        return SHOWN_ONLY
    others = [other for other in lines if other["study_id"] != line["study_id"]]
    if not others:
        return line["why_not"] or "its partner belongs to another tier"
    for same, words in (*PARTNERS, (_drug, "others study another drug, dose or sex")):
        others = [other for other in others if same(other) == same(line)]
        if not others:
            return words
    weeks = line["timepoint_weeks"]
    if any(alike(weeks, other["timepoint_weeks"], tolerance) for other in others):
        return NOT_CHOSEN
    return "others measure at another time"


def _row(concept: str, lines: list[Row], reason: str, **values: Any) -> dict[str, Any]:
    """Return a row of `pooled` on some lines; nothing is pooled unless `values` say so."""
    first = lines[0] if lines else {}
    people = [people_of(line) for line in lines]
    row = {
        "concept": concept,
        "studies": join_ids(line["study_id"] for line in lines),
        "comparator_name": _all_words(line.get("comparator_name") for line in lines),
        "participants": sum(people) if people and None not in people else None,
        "effect_ids": join_ids(line["effect_id"] for line in lines if line["effect_id"]),
        "assumption": _all_words(line.get("assumption") for line in lines),
        "k": len(lines),
        "without_certain_discrepancies": False,
        "model": "none",
        "pooled": False,
        "reason": reason,
        "se": None,
    }
    return {name: first.get(name) for name in QUESTION} | row | values


def _all_words(words: Iterable[str | None]) -> str | None:
    return "; ".join(dict.fromkeys(filter(None, words))) or None


def fit(concept: str, group: list[Row], options: dict) -> dict[str, Any]:
    """Pool a group, or say that leaving out doubtful estimates leaves too few."""
    if len(group) < 2:
        left = (
            f"without the estimates that a certain discrepancy touches, {len(group)} is left: nothing to pool"
        )
        return _row(concept, group, left)
    scale = on_scale(group)
    found = pool(scale.yi, scale.vi, **options)
    low, high = map(scale.told, found.prediction_interval(kind="t"))
    words = ESTIMAND_WORDS[group[0]["estimand"]]
    shares = group[0]["estimand"] == "proportion"
    large = len(group) >= MANY_STUDIES and not shares  # a proportion and its error go together
    reason = f"{len(group)} studies report {label(concept)} as {words}, in one unit, at a like time"
    return _row(concept, group, reason) | scale.told_of(found) | {
        "pi_lower": low,
        "pi_upper": high,
        "measure": scale.measure,
        "model": RANDOM,
        "tau2_method": options["method"],
        "ci_method": TEST_WORDS[options["test"]],
        "se": found.se,
        "pi_df": len(group) - 1,
        "small_study_p": egger_test(scale.yi, scale.vi).p_value if large else None,
        "tau2": found.tau2,
        "i2": found.i2,
        "pooled": True,
    }  # fmt: skip


def _nothing(concept: str, lines: list[Row]) -> dict[str, Any]:
    """Return the row of an outcome without an estimate: each reason with the studies that give it."""
    planned = sorted({line["study_id"] for line in lines if line["direction"] == "not reported"})
    reported = [line for line in lines if line["direction"] != "not reported"]
    studies, of_reason = sorted({line["study_id"] for line in reported}), {}
    for study in studies:
        why = sorted({str(line["why_not"]) for line in reported if line["study_id"] == study})
        of_reason.setdefault("; ".join(why), []).append(study)
    parts = [f"{', '.join(names)}: {why}" for why, names in of_reason.items()]
    if planned:
        parts.append(f"{', '.join(planned)}: planned or named, no figure")
    reason = f"no meta-analysis: {'; '.join(parts)}"
    return _row(concept, [], reason, studies=join_ids(studies + planned))


def headline(processed: Path) -> dict[str, Any]:
    """Return the headline of a folder of tables: how much was pooled, each estimate with its interval.

    Names are `outcome estimand`, with `lower` and `upper` for the interval; empty without the tables. A
    pooled estimate takes the place of a single one; other treatments than exosomes are left out.
    """
    try:
        pooled = read_table("pooled", processed)
    except TableError:
        return {}
    pooled = pooled[pooled["evidence"] != CONTEXT]
    found: dict[str, Any] = {"estimates": len(pooled), "pooled": int(pooled["pooled"].sum())}
    for row in records(pooled.sort_values("pooled", kind="stable")):
        if row["estimate"] is not None:
            name = f"{row['concept']} {row['estimand']}"
            found[name] = row["estimate"]
            found |= {f"{name} {end}": row[f"ci_{end}"] for end in ("lower", "upper")}
    return found
