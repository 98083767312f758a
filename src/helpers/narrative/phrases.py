"""The tables behind the sentences; counts, directions and names in words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from helpers.effects import EXOSOME_ROLES
from helpers.formats import joined, plain_words
from helpers.pooling.groups import AS_PRINTED
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


NUMBERS = "no one two three four five six seven eight nine ten eleven twelve"


def reported_lines(tables: Tables) -> pd.DataFrame:
    """Return the lines of `comparisons` that tell what happened after exosomes.

    Lines of an arm without exosomes, of established treatments and of outcomes not reported are left out.
    """
    lines, arms = tables["comparisons"], tables["arms"]
    names = ["study_id", "arm_id"]
    plain = pd.MultiIndex.from_frame(arms.loc[~arms["role"].isin(EXOSOME_ROLES), names])
    treated = lines["arm_id"].isna() | ~pd.MultiIndex.from_frame(lines[names]).isin(plain)
    return lines[(lines["tier"] != "comparator") & (lines["direction"] != "not reported") & treated]


def number_word(value: int) -> str:
    """Return a small whole number as a word, a larger one in digits."""
    words = NUMBERS.split()
    return words[value] if 0 <= value < len(words) else str(value)


def count_words(value: int, one: str, many: str) -> str:
    """Return a count with its noun: `one study`, `five studies`."""
    return f"{number_word(value)} {one if value == 1 else many}"


def capital(text: str) -> str:
    """Return a text with a capital first letter; names inside keep theirs."""
    return text[:1].upper() + text[1:]


def concept_list(concepts: list[str], most: int) -> str:
    """Return outcomes as a sentence lists them; beyond `most` they are counted."""
    words = [plain_words(name) for name in dict.fromkeys(concepts)]
    if len(words) <= most:
        return joined(words)
    return joined([*words[: most - 1], f"{number_word(len(words) - most + 1)} more outcomes"])
