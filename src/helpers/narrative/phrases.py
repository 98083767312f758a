"""The tables behind sentences and pages, empty where a notebook has not written yet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from helpers.synthesis.evidence_pool import AS_PRINTED
from helpers.tables import TABLES, read_table, validate

Tables = dict[str, pd.DataFrame]


def load_tables(processed: str | Path, names: Iterable[str] = tuple(TABLES)) -> Tables:
    """Return every table, or those named; one that is not there yet is empty, with its columns.

    Parameters
    ----------
    processed : str or pathlib.Path
        Folder of the Parquet files.
    names : iterable of str, optional
        The tables; all of them when left out.

    Returns
    -------
    dict of str to pandas.DataFrame
        By table name, in the order of the data's way.

    Raises
    ------
    helpers.tables.TableError
        When a table is there and cannot be read or breaks its schema.

    """
    folder = Path(processed)
    return {
        name: read_table(name, folder) if (folder / f"{name}.parquet").exists() else validate(name, [])
        for name in names
    }


def evidence_studies(tables: Tables) -> pd.DataFrame:
    """Return the studies that are evidence on exosomes: established treatments are only compared with.

    Where a report of cases prints no number of people, its cases are counted: each is an arm of its own.
    """
    sources = tables["sources"]
    comparators = set(sources.loc[sources["tier"] == "comparator", "study_id"])
    studies = tables["studies"]
    studies = studies[~studies["study_id"].isin(comparators)].copy()
    cases = studies["study_id"].map(tables["arms"]["study_id"].value_counts())
    silent = (studies["comparison"] == "case") & studies["n_analysed"].isna() & studies["n_enrolled"].isna()
    studies.loc[silent, "n_analysed"] = cases[silent].astype("Int64")
    return studies


def verification(tables: Tables) -> dict[str, int]:
    """Return how many printed figures were found at their place, were not, or could not be looked up."""
    verified = tables["quantities"]["verified"]
    return {
        "figures": len(verified),
        "found": int((verified == True).sum()),  # noqa: E712 - three-valued, missing is neither
        "not found": int((verified == False).sum()),  # noqa: E712
        "not looked up": int(verified.isna().sum()),
    }


def first_hand(tables: Tables, second_hand: bool = True) -> Tables:
    """Return the tables; what was seen only in another paper is left out where a run leaves it out."""
    if second_hand:
        return tables
    told = {name: tables[name] for name in ("comparators", "thresholds", "published_pools") if name in tables}
    kept = {
        name: frame[~frame["second_hand"].fillna(False).astype(bool)]
        for name, frame in told.items()
        if "second_hand" in frame
    }
    return tables | kept


def widest_tier(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the widest body of evidence, as printed: with published studies where asked for."""
    wide = frame["evidence"] == "published"
    if "scenario" in frame:
        wide &= frame["scenario"].fillna(AS_PRINTED) == AS_PRINTED
    return frame[wide] if wide.any() else frame


def first_tier(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the tier that the answer rests on: the five sources where both tiers are there."""
    core = frame["evidence"] == "core"
    return frame[core] if core.any() else frame
