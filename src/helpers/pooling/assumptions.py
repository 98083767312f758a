"""Estimates that rest on a named assumption, and the prior of tau."""

from __future__ import annotations

import re
from math import pi, sqrt
from typing import Any

import numpy as np
import pandas as pd

from helpers.context import comparator_changes
from metastats.heterogeneity import critical_value
from notebookpress.tables import records

SD_USES = {
    "printed": "SDs as printed",
    "missing": "missing SDs imputed",
    "doubtful": "missing and doubtful SDs imputed",
    "all": "all SDs imputed",
}
IMPUTED_UNIT = "hairs/cm2"
LOGISTIC_SD = pi / sqrt(3)  # SD between people on the log-odds scale
_PEOPLE = re.compile(r"^(\d+)(?: \+ (\d+))?")


def people_of(effect: dict[str, Any]) -> int | None:
    """Return the people that an effect rests on: those stated, otherwise those assumed."""
    if effect.get("n"):
        return int(effect["n"])
    found = _PEOPLE.match(str(effect.get("n_assumed") or ""))
    return sum(int(part) for part in found.groups() if part) if found else None


def with_sd(
    lines: list[dict[str, Any]], use: str, sd: float, *, site_correlation: float = 0.7, level: float = 0.95
) -> list[dict[str, Any]]:
    """Return estimates in which differences in hair density rest on an imputed SD, where `use` says so.

    Parameters
    ----------
    lines : list of dict
        Estimates; only differences between groups whose sizes are both known, or between two sites of the
        same people, in hairs/cm², can take an imputed SD (Cochrane Handbook 6.5.2.7).
    use : str
        One of `SD_USES`: where the imputed SD takes the place of what is printed or missing; doubtful is
        what a certain discrepancy touches.
    sd : float
        Standard deviation of the change between people, hairs/cm².
    site_correlation : float
        Correlation between two sites of one scalp.
    level : float
        Coverage of the intervals, by Student's t with the degrees of freedom of the trial (Welch's between
        groups).

    """
    place = list(SD_USES).index(use)
    rows = []
    for line in lines:
        missing = line["se"] is None and line.get("ci_lower") is None
        wanted = (
            (place >= 1 and missing) or (place == 2 and bool(line["certain_discrepancies"])) or place == 3
        )
        imputed = _imputed_se(line, sd, site_correlation) if wanted else None
        if imputed is None:
            rows.append(line)
            continue
        se, df = imputed
        half = critical_value(level, df) * se
        why = "missing" if missing else "printed one set aside"
        words = f"SD {sd:g} imputed ({why})"
        kept = "" if missing and "no interval" in (line["assumption"] or "") else line["assumption"]
        told = {"assumption": "; ".join(filter(None, (kept, words))), "se_basis": words}
        rows.append(
            line | told | {"se": se, "ci_lower": line["effect"] - half, "ci_upper": line["effect"] + half}
        )
    return rows


def _imputed_se(line: dict[str, Any], sd: float, site_correlation: float) -> tuple[float, float] | None:
    """Return the standard error that an SD of the change gives a difference, and its degrees of freedom."""
    if line["measure"] != "MD" or line["unit"] != IMPUTED_UNIT or line["effect"] is None:
        return None
    n, others = line.get("n"), line.get("n_comparator")
    if line["estimand"] == "between_group" and n and others and min(n - others, others) > 1:
        parts, freedoms = (1 / (n - others), 1 / others), (n - others - 1, others - 1)
        square = sum(part**2 / df for part, df in zip(parts, freedoms, strict=True))
        return sd * sqrt(sum(parts)), sum(parts) ** 2 / square
    if line["estimand"] == "within_participant" and n and n > 1:
        return sd * sqrt(2 * (1 - site_correlation) / n), n - 1
    return None


def prior_scale(group: list[dict[str, Any]], tau_prior: float, assumed_sd: float) -> float:
    """Return the scale of the half-normal prior of tau, on the scale on which estimates are pooled.

    Parameters
    ----------
    group : list of dict
        Estimates with `se`, people, `estimand`, `unit`, `certain_discrepancies`.
    tau_prior : float
        Scale for hair density, hairs/cm².
    assumed_sd : float
        SD of the change in hair density between people, hairs/cm². In another unit the scale is the same
        share of the SD between people, of estimates that no certain discrepancy touches; for proportions,
        which are pooled as log odds, of the SD of the logistic distribution.

    Returns
    -------
    float
        Above zero.

    """
    if group[0]["unit"] == IMPUTED_UNIT:
        return float(tau_prior)
    share = tau_prior / assumed_sd
    if group[0]["estimand"] == "proportion":
        return float(share * LOGISTIC_SD)
    sound = [line for line in group if not line.get("certain_discrepancies")] or group
    return float(share * np.median([_sd_between_people(line) for line in sound]))


def _sd_between_people(line: dict[str, Any]) -> float:
    """Return the SD of one person that a standard error implies; two equal groups where there are two."""
    people = people_of(line) or 4
    return line["se"] * np.sqrt(people) / (2 if line["estimand"] == "between_group" else 1)


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
    own = changes[changes["unit"] == IMPUTED_UNIT].groupby("treatment", as_index=False)
    rows = own.agg(arms=("change", "size"), studies=("study_id", "nunique"), sd=("change", "std"))
    return records(rows[rows["studies"] >= 3])
