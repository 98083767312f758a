"""The scale of the prior of tau: stated beforehand, never taken from the estimates that it judges.

Röver et al. (2021) recommend a half-normal prior of scale 0.5 for standardised differences, which is half an
SD between people. Half the SD that people's changes in hair density have in trials of other treatments gives
the scale here; a source whose own SD is doubtful has no say in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.synthesis.assumed_estimates import BORROWED_UNIT, people_of
from helpers.synthesis.beside_treatments import comparator_changes

Line = dict[str, Any]


def prior_scale(group: list[Line], tau_prior: float, assumed_sd: float) -> float:
    """Return the scale of the half-normal prior of tau, in the unit of the estimates.

    Parameters
    ----------
    group : list of dict
        Estimates with `se`, people, `contrast`, `unit`, `certain_findings`.
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


def _sd_between_people(line: Line) -> float:
    """Return the SD of one person that a standard error implies; two equal groups where there are two."""
    people = people_of(line) or 4
    return line["se"] * np.sqrt(people) / (2 if line["contrast"] == "between_arm" else 1)


def apart_rows(comparators: pd.DataFrame, unit: str = BORROWED_UNIT) -> list[dict[str, Any]]:
    """Return how far the changes of other treatments lie apart from study to study.

    Parameters
    ----------
    comparators : pandas.DataFrame
        Table `comparators`.
    unit : str
        Unit of the changes.

    Returns
    -------
    list of dict
        `treatment`, `arms`, `studies`, `sd` of the arms' mean changes, for three studies or more.

    """
    changes = pd.DataFrame([row for row in comparator_changes(comparators) if row["unit"] == unit])
    rows = []
    for treatment, part in changes.groupby("treatment") if len(changes) else ():
        if part["study_id"].nunique() >= 3:
            sizes = {"arms": len(part), "studies": part["study_id"].nunique()}
            rows.append({"treatment": treatment} | sizes | {"sd": float(part["change"].std())})
    return rows
