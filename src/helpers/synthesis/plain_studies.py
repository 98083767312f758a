"""What effects are worked out from, as plain rows: turned once, because they are asked for by the hundred."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from helpers.synthesis.quantiles import mean_sd_from_quantiles
from helpers.tables import records, split_ids

Rows = list[dict[str, Any]]


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

    studies: Rows
    arms: dict[str, Rows]
    results: dict[bool, dict[str, Rows]]
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


def _by_study(table: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Return a table's plain rows by study."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in records(table):
        found.setdefault(row["study_id"], []).append(row)
    return found


def _certain_findings(findings: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    """Return the certain findings by study and outcome, read once for all effects."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in records(findings[findings["severity"] == "certain"]):
        for concept in split_ids(row["concepts"]):
            found.setdefault((row["study_id"], concept), []).append(row["finding_id"])
    return found
