"""Columns in words: several figures of a row told in one cell, as a reader would say them."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from helpers.figures.numbers import plain_words, show_number, show_with_unit
from helpers.tables import records, split_ids

_STEPS = {
    "risk_of_bias": "risk of bias",
    "inconsistency": "inconsistency",
    "indirectness": "indirectness",
    "imprecision": "imprecision",
    "publication_bias": "publication bias",
}


def with_value(results: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `results` with a column `value`: `80 ± 10`, `75 to 95`, `87 %`, `3`."""
    return results.assign(value=[_value(row) for row in records(results)])


def with_interval(frame: pd.DataFrame, effect: str = "effect") -> pd.DataFrame:
    """Return rows with a column `interval`: `35 hairs/cm² (31.5 to 38.5)`; shares in percent."""
    told = []
    for row in records(frame):
        if row[effect] is None:
            told.append(row.get("printed_range"))
            continue
        limits = row["ci_lower"], row["ci_upper"]
        told.append(show_with_unit(row[effect], *limits, row["unit"], row["contrast"]))
    return frame.assign(interval=told)


def with_steps(certainty: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `certainty` with a column `steps`: `risk of bias 2, imprecision 2`."""
    told = [
        ", ".join(f"{words} {row[name]}" for name, words in _STEPS.items() if row[name]) or "none"
        for row in records(certainty)
    ]
    return certainty.assign(steps=told)


def with_places(findings: pd.DataFrame) -> pd.DataFrame:
    """Return findings with a column `where`: `line 102 (Table 1), line 132 (Results)`."""
    told = [", ".join(re.sub(r"^[^,;]+, (?=line )", "", part) for part in str(text).split("; "))
            for text in findings["locators"]]  # fmt: skip
    return findings.assign(where=told)


def with_findings(judgements: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """Return judgements with a column `found`: kind and severity of each finding that one rests on."""
    known = {row["finding_id"]: row for row in records(findings)}
    told = []
    for names in judgements["finding_ids"]:
        rows = [known[name] for name in split_ids(names) if name in known]
        told.append("; ".join(f"{plain_words(row['check'])} ({row['severity']})" for row in rows) or None)
    return judgements.assign(found=pd.array(told, dtype="string"))


def _value(row: dict[str, Any]) -> str | None:
    share = row["unit"] == "proportion"
    factor, mark = (100, " %") if share else (1, "")

    def number(name: str) -> str:
        return show_number(row[name] * factor)

    if row["percent"] is not None:
        return f"{show_number(row['percent'] * 100)} %"
    if row["mean"] is not None:
        return number("mean") + (f" ± {number('sd')}" if row["sd"] is not None else "") + mark
    if row["median"] is not None:
        quartiles = f" ({number('q1')} to {number('q3')})" if row["q1"] is not None else ""
        if row["q1"] is None and row.get("iqr") is not None:
            quartiles = f" (interquartile range {number('iqr')} wide)"
        return f"median {number('median')}{quartiles}{mark}"
    if row["minimum"] is not None and row["maximum"] is not None:
        return f"{number('minimum')} to {number('maximum')}{mark}"
    return None if row["count"] is None else show_number(row["count"])
