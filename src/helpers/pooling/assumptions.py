"""Estimates that exist only under a named assumption, and the prior of tau."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from helpers.context import comparator_changes
from helpers.effects import computed_effects
from metastats.conversions import mean_sd_from_quantiles
from metastats.heterogeneity import critical_value
from notebookpress.tables import join_ids, records, split_ids

PlainRows = list[dict[str, Any]]


@dataclass(frozen=True)
class PlainStudies:
    """The rows of some studies.

    Attributes
    ----------
    studies : rows of `studies`
    arms : rows of `arms` by study
    results : rows of `results` by study; as they are under False, with medians taken as means under True
    converted : names of the figures whose median was taken as a mean
    doubts : names of the certain findings by study and outcome
    tiers : tier by study

    """

    studies: PlainRows
    arms: dict[str, PlainRows]
    results: dict[bool, dict[str, PlainRows]]
    converted: frozenset[str]
    doubts: dict[tuple[str, str], list[str]]
    tiers: dict[str, str]

    def of(self, names: Collection[str]) -> PlainStudies:
        """Return those of the named studies."""
        return replace(self, studies=[row for row in self.studies if row["study_id"] in names])


def plain_studies(tables: Mapping[str, pd.DataFrame] | PlainStudies) -> PlainStudies:
    """Return tables as plain rows; what is plain already is returned as it is.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        `studies`, `arms`, `results`, `findings`, and `sources` where tiers matter.

    """
    if isinstance(tables, PlainStudies):
        return tables
    results, arms = tables["results"], tables["arms"]
    filled = without_medians(results, arms)
    turned = filled["mean"].notna().to_numpy() & results["mean"].isna().to_numpy()
    names = filled.loc[turned, "quantity_ids"].dropna()
    sources = records(tables["sources"]) if "sources" in tables else []
    return PlainStudies(
        studies=records(tables["studies"]),
        arms=_by_study(arms),
        results={False: _by_study(results), True: _by_study(filled)},
        converted=frozenset(name for text in names for name in split_ids(text)),
        doubts=_certain_findings(tables["findings"]),
        tiers={row["study_id"]: row["tier"] for row in sources},
    )


def without_medians(results: pd.DataFrame, arms: pd.DataFrame) -> pd.DataFrame:
    """Return results in which a median with quartiles, or with their distance, stands as a mean with SD.

    Parameters
    ----------
    results, arms : pandas.DataFrame
        Tables; an interquartile range printed as a width is laid evenly about the median.

    Returns
    -------
    pandas.DataFrame
        The same rows; those converted have `mean` and `sd`, and say so in `note`.

    """
    sizes = {(row["study_id"], row["arm_id"]): row["n"] for row in records(arms)}
    rows = []
    for row in records(results):
        n = row["n"] or sizes.get((row["study_id"], row["arm_id"]))
        quartiles = _quartiles(row)
        if row["mean"] is None and quartiles and n and n >= 5:
            found = mean_sd_from_quantiles(row["median"], n, *quartiles, skewed="ignore")
            row |= {"mean": float(found.mean), "sd": float(found.sd), "note": "median taken as a mean"}
        rows.append(row)
    return pd.DataFrame(rows, columns=results.columns).astype(results.dtypes.to_dict())


def _quartiles(row: dict[str, Any]) -> tuple[float, float] | None:
    if row["median"] is None:
        return None
    if row["q1"] is not None and row["q3"] is not None:
        return row["q1"], row["q3"]
    width = row.get("iqr")
    return None if width is None else (row["median"] - width / 2, row["median"] + width / 2)


def _by_study(table: pd.DataFrame) -> dict[str, PlainRows]:
    return {name: records(part) for name, part in table.groupby("study_id", sort=False)}


def _certain_findings(findings: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    """Return the certain findings by study and outcome, read once for all effects."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in records(findings[findings["severity"] == "certain"]):
        for concept in split_ids(row["concepts"]):
            found.setdefault((row["study_id"], concept), []).append(row["finding_id"])
    return found


SD_USES = {
    "printed": "SDs as printed",
    "missing": "missing SDs borrowed",
    "doubtful": "missing and doubtful SDs borrowed",
    "all": "all SDs borrowed",
}
TREATED = ("exosome", "exosome_combination")
BORROWED_UNIT = "hairs/cm2"
_PEOPLE = re.compile(r"^(\d+)(?: \+ (\d+))?")


def people_of(effect: dict[str, Any]) -> int | None:
    """Return the people that an effect rests on: those stated, otherwise those assumed."""
    if effect.get("n"):
        return int(effect["n"])
    found = _PEOPLE.match(str(effect.get("n_assumed") or ""))
    return sum(int(part) for part in found.groups() if part) if found else None


def assumed_effects(
    tables: dict[str, pd.DataFrame] | PlainStudies,
    *,
    medians: bool = False,
    pre_post_correlation: float = 0.7,
    level: float = 0.95,
    group_share: float = 0.5,
) -> list[dict[str, Any]]:
    """Return the headline effects of exosome arms, worked out again under an assumption.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame, or PlainStudies
        `studies`, `arms`, `results`, `findings`.
    medians : bool
        Whether medians stand for means.
    pre_post_correlation : float
        Correlation between values before and after.
    level : float
        Coverage of the intervals.
    group_share : float
        Share of the people in the treated group, where a study of two groups does not say.

    """
    plain = plain_studies(tables)
    results, converted = plain.results[medians], plain.converted if medians else frozenset()
    rows = []
    for study in plain.studies:
        name = study["study_id"]
        if name not in results:
            continue
        own = plain.arms.get(name, []), results[name]
        treated = {row["arm_id"] for row in own[0] if row["role"] in TREATED}
        effects = computed_effects(study, *own, pre_post_correlation, level)
        for effect in _of_share([row for row in effects if row["arm_id"] in treated], group_share):
            touched = join_ids(plain.doubts.get((name, effect["concept"]), []))
            rows.append(_with_people(_plain(effect) | {"finding_ids": touched}, study, *own))
            if converted & set(split_ids(effect["quantity_ids"])):
                rows[-1]["assumption"] = _joined(rows[-1]["assumption"], "median taken as a mean")
    return rows


def _of_share(effects: list[dict[str, Any]], share: float) -> list[dict[str, Any]]:
    """Return one effect of each kind: the headline, or the variant whose group is nearest to the share."""
    names = ("estimand", "concept", "arm_id", "comparator_id", "site", "timepoint_weeks", "measure", "unit")
    kinds: dict[tuple, list[dict[str, Any]]] = {}
    for row in effects:
        kinds.setdefault(tuple(row.get(name) for name in names), []).append(row)
    chosen = []
    for rows in kinds.values():
        headlines = [row for row in rows if row["headline"] == "yes"]
        sizes = [_PEOPLE.match(str(row.get("n_assumed") or "")) for row in rows]
        if share == 0.5 or len(rows) < 3 or not headlines or not all(sizes):
            chosen += headlines
            continue
        first = [int(found.group(1)) for found in sizes]
        total = min(first) + max(first)  # the variants run from few people to all but few
        chosen.append(min(zip(first, rows, strict=True), key=lambda pair: abs(pair[0] / total - share))[1])
    return chosen


def _plain(effect: dict[str, Any]) -> dict[str, Any]:
    """Return an effect with every name there, and missing numbers as None."""
    names = ("effect", "se", "ci_lower", "ci_upper", "n", "n_assumed", "assumption", "finding_ids")
    bare = {name: None if pd.isna(effect.get(name)) else effect[name] for name in names if name in effect}
    return dict.fromkeys(names) | effect | bare


def _with_people(
    effect: dict[str, Any], study: dict, arms: list[dict[str, Any]], results: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return an effect without a group size with that of its result, its arm, or the study's only group."""
    if people_of(effect) or study.get("comparison") == "case":
        return effect
    names = ("arm_id", "concept", "timepoint_weeks")
    own = [row["n"] for row in results if row["n"] and all(row[name] == effect[name] for name in names)]
    sizes = {row["arm_id"]: row["n"] for row in arms}
    if stated := max(own, default=sizes.get(effect["arm_id"])):
        return effect | {"n": int(stated)}
    total = study.get("n_analysed") or study.get("n_enrolled")
    if total and len(sizes) == 1:
        return effect | {"n_assumed": f"{int(total)} (all enrolled)"}
    return effect


def with_sd(
    effects: list[dict[str, Any]], use: str, borrowed_sd: float, level: float = 0.95
) -> list[dict[str, Any]]:
    """Return effects in which changes of hair density rest on a borrowed SD, where `use` says so.

    Parameters
    ----------
    effects : list of dict
        Rows of `assumed_effects`.
    use : str
        One of `SD_USES`: where the borrowed SD takes the place of what is printed or missing; doubtful is
        what a certain finding touches.
    borrowed_sd : float
        Standard deviation of the change between people, hairs/cm².
    level : float
        Coverage of the intervals.

    """
    place = list(SD_USES).index(use)
    rows = []
    for row in effects:
        n = people_of(row)
        missing = row["se"] is None
        wanted = (place >= 1 and missing) or (place == 2 and bool(row["finding_ids"])) or place == 3
        fits = row["measure"] == "MC" and row["unit"] == BORROWED_UNIT and row["effect"] is not None
        if wanted and fits and n and n > 1:
            se = borrowed_sd / np.sqrt(n)
            half = critical_value(level, n - 1) * se
            limits = {"ci_lower": row["effect"] - half, "ci_upper": row["effect"] + half}
            why = "missing" if missing else "printed one set aside"
            borrowed = f"SD {borrowed_sd:g} borrowed ({why})"
            kept = "" if missing and "no interval" in (row["assumption"] or "") else row["assumption"]
            row = row | limits | {"se": se, "borrowed": True, "assumption": _joined(kept, borrowed)}  # noqa: PLW2901
        rows.append(row)
    return rows


def as_lines(
    effects: list[dict[str, Any]], tiers: dict[str, str], overall: dict[str, str]
) -> list[dict[str, Any]]:
    """Return effects as lines that `grouped` can sort: with tier, risk of bias and certain findings."""
    return [
        row
        | {
            "tier": tiers.get(row["study_id"], "core"),
            "line_id": f"{row['study_id']}.{row['concept']}.{number}",
            "risk_of_bias": overall.get(row["study_id"]),
            "certain_findings": len([name for name in str(row["finding_ids"] or "").split(";") if name]),
            "why_not": None,
            "direction": "unclear",
        }
        for number, row in enumerate(effects, start=1)
    ]


def _joined(*parts: str | None) -> str | None:
    return "; ".join(part for part in parts if part) or None


def prior_scale(group: PlainRows, tau_prior: float, assumed_sd: float) -> float:
    """Return the scale of the half-normal prior of tau, in the unit of the estimates.

    Parameters
    ----------
    group : list of dict
        Estimates with `se`, people, `estimand`, `unit`, `certain_findings`.
    tau_prior : float
        Scale for hair density, hairs/cm².
    assumed_sd : float
        SD of the change in hair density between people, hairs/cm². In another unit the scale is the same
        share of the SD between people, of those estimates that no certain finding touches.

    Returns
    -------
    float
        Above zero.

    """
    if group[0]["unit"] == BORROWED_UNIT:
        return float(tau_prior)
    sound = [line for line in group if not line.get("certain_findings")] or group
    return float(tau_prior / assumed_sd * np.median([_sd_between_people(line) for line in sound]))


def _sd_between_people(line: dict[str, Any]) -> float:
    """Return the SD of one person that a standard error implies; two equal groups where there are two."""
    people = people_of(line) or 4
    return line["se"] * np.sqrt(people) / (2 if line["estimand"] == "between_group" else 1)


def density_changes(comparators: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `comparators` that are changes in hair density, hairs/cm²."""
    return comparators.query(
        f"concept == 'hair_density' and unit == '{BORROWED_UNIT}' and statistic == 'change'"
    )


def apart_rows(comparators: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how far the changes of other treatments lie apart from study to study, hairs/cm².

    Parameters
    ----------
    comparators : pandas.DataFrame
        Table `comparators`.

    Returns
    -------
    list of dict
        `treatment`, `arms`, `studies`, `sd` of the arms' mean changes, for three studies or more.

    """
    changes = comparator_changes(comparators)
    own = changes[changes["unit"] == BORROWED_UNIT].groupby("treatment", as_index=False)
    rows = own.agg(arms=("change", "size"), studies=("study_id", "nunique"), sd=("change", "std"))
    return records(rows[rows["studies"] >= 3])
