"""Cleaning: one unit, one time scale, one vocabulary; every change is said, nothing is repaired."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd
from scipy.special import betaincinv

from helpers.tables import TABLES, Tables
from helpers.tables.vocabulary import CONVERSIONS, OUTCOME_CONCEPTS, UNUSED_REASONS
from notebookpress.tables import records, split_ids
from trialfiles.record import Row
from trialfiles.times import in_weeks, weeks, weeks_after_end


@dataclass(frozen=True)
class Conversion:
    """A unit's conversion: the unit reached, the factor, and the sentence for the table ('' if none)."""

    unit: str | None
    factor: float
    statement: str


def conversion(unit: str | None, concept_unit: str) -> Conversion:
    """Return how a value printed in `unit` is brought to the unit in which its concept is compared.

    Where no factor is known it is 1 and the unit unchanged: nothing is converted by guess.
    """
    if unit is None:
        return Conversion(None, 1.0, "")
    plain = unit.strip().lower().replace("²", "2").replace("µ", "u").replace("μ", "u")
    target, factor = CONVERSIONS.get(plain, (unit, 1.0))
    if concept_unit and concept_unit != (target if plain in CONVERSIONS else plain):
        why = "it cannot become {}" if plain in CONVERSIONS else "no factor to {} exists"
        return Conversion(unit, 1.0, f"{unit} kept: {why.format(concept_unit)}")
    base = "".join(unit.partition(" of ")[1:])  # a share of something stays one of it
    return Conversion(target, factor, "" if factor == 1 else f"{unit} x {factor:g} = {target}{base}")


_VALUES = ("mean", "sd", "median", "q1", "q3", "iqr", "minimum", "maximum")
_SCALED = (*_VALUES, "se", "ci_lower", "ci_upper", "estimate")


def clean_results(reported: pd.DataFrame) -> list[Row]:
    """Return the rows of `results` from those of `reported_results`, which are as printed.

    Values are in the unit of the concept where a factor exists, shares are proportions, times are in weeks.
    A single case's share becomes its `mean`, since it describes hairs of one person and no people. What was
    converted is said in `converted`.
    """
    rows, kept = [], [name for name in TABLES["results"].columns if name in reported]
    for row in records(reported):
        concept = OUTCOME_CONCEPTS[row["concept"]]
        change = conversion(row["unit"], concept.unit)
        clean = {name: row[name] for name in kept} | {"percent": None, "unit": change.unit}
        clean |= {name: None if row[name] is None else row[name] * change.factor for name in _SCALED}
        as_printed = change.factor == 1 or change.unit == "proportion"  # which is shown in percent
        clean["figures"] = row.get("figures") if as_printed else None
        done = [row["converted"], change.statement]
        if row["n"] == 0:
            clean["n"] = None
            done.append("nobody was analysed")
        if row["percent"] is not None:
            done.append(_place_share(row, clean))
        elif clean["unit"] is None and concept.unit and any(clean[name] is not None for name in _SCALED):
            done.append("unit not stated")
        printed, clean["timepoint_weeks"] = row["timepoint_printed"], weeks(row["timepoint_printed"])
        done.append(_said_of_time(printed, clean["timepoint_weeks"]))
        rows.append(clean | {"converted": _joined(*done)})
    return rows


def _said_of_time(printed: str | None, week: float | None) -> str:
    if week is not None:
        return f"{printed} = week {week:.4g}"
    if weeks_after_end(printed) is not None:
        return f"{printed!r} is not told as time since the first treatment"
    return "time not stated" if printed is None else f"{printed!r} states no time"


def _place_share(row: Row, clean: Row) -> str | None:
    """Put a percentage where it belongs, as a proportion, and return what was done."""
    share = row["percent"] * 0.01
    alone = all(row[name] is None for name in _VALUES)
    if alone:
        clean["unit"] = "proportion"
    if row["kind"] == "count":
        clean["percent"] = share
        return None
    if alone:
        clean["mean"] = share
    if 0 <= share <= 1 and (row["kind"] == "level" or not alone):
        clean["percent"] = share
    elif not alone:
        return f"{row['percent']:g} percent beside the value, not kept"
    return "share of one person's hairs, kept as a value" if alone else None


def _joined(*parts: str | None) -> str | None:
    return "; ".join(part for part in parts if part) or None


def of_one_person(site: str | None) -> bool:
    """Return whether a place is that of one person: `patient of figure 1`, not `patients`."""
    return bool(re.match(r"(?:patient|person|man|woman|case)\b", (site or "").casefold()))


def clean_events(reported: pd.DataFrame) -> list[Row]:
    """Return the rows of `adverse_events`: times in hours and weeks, and how many people may yet be affected.

    Where people are counted, the upper limit of their proportion is the exact one-sided 95 % limit of
    Clopper and Pearson (Biometrika 1934;26:404-413); for no event in n people it is 1 - 0.05^(1/n).
    """
    rows = []
    for row in records(reported):
        duration = in_weeks(row.pop("resolved"), row.pop("resolved_unit"))
        if row["n"] == 0:
            row |= {"n": None, "note": _joined(row["note"], "nobody was at risk")}
        row["resolved_hours"] = None if duration is None else duration * 168
        row["monitored_weeks"] = weeks(row["timepoint_printed"] or "")
        row["upper_limit"] = upper_limit(row["count"], row["n"])
        rows.append(row)
    return rows


def upper_limit(count: float | None, n: float | None) -> float | None:
    """Return the exact one-sided upper 95 % limit of a proportion; None where it has no count or n.

    Examples
    --------
    >>> round(upper_limit(0, 16), 3), round(upper_limit(0, 1), 3)
    (0.171, 0.95)
    """
    if count is None or not n or count > n:
        return None
    return 1.0 if count == n else float(betaincinv(count + 1, n - count, 0.95))


def quantity_use(quantities: pd.DataFrame, users: Tables) -> list[Row]:
    """Return the rows of `quantity_use`: for every figure the tables that rest on it, or why none does.

    `users` are tables with a column `quantity_ids`, by name.
    """
    full = {table: frame[["quantity_ids"]] for table, frame in users.items() if len(frame)}
    named = pd.concat([frame.assign(used_in=table) for table, frame in full.items()])
    named = named.assign(quantity_id=named["quantity_ids"].map(split_ids)).explode("quantity_id")
    named = named.drop_duplicates(["quantity_id", "used_in"])
    tables = named.groupby("quantity_id")["used_in"].agg(";".join)
    rows = quantities.merge(tables, how="left", on="quantity_id")
    used = rows["used_in"].notna()
    # two printed figures are the same figure by their numbers, or else by their words
    numbers = ["value", "value_low", "value_high", "sd"]
    words = rows["printed"].str.casefold().where(rows[numbers].isna().all(axis=1))
    key = ["study_id", "concept", "arm_id", *numbers, "words"]
    same = rows.assign(words=words, used=used).groupby(key, dropna=False)
    reason = rows["role"].map(UNUSED_REASONS).fillna(rows["concept"].map(UNUSED_REASONS))
    reason = reason.fillna(UNUSED_REASONS["other"])
    reason = reason.mask(same["used"].transform("any"), UNUSED_REASONS["repeated"])
    rows["reason_unused"] = reason.mask(used)
    return records(rows[["quantity_id", "study_id", "used_in", "reason_unused"]])


# scale -> its words in the name of a scale, its steps
_SCALES = {"Ludwig": ("ludwig", 3), "Norwood-Hamilton": ("norwood|hamilton", 7)}
_GRADE = re.compile(r"\b(VII|VI|IV|V|III|II|I|[1-7])(?:-([1-4]))?\b")
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII")
_BASP = re.compile(r"\b([LMCUVF])([0-3])\b")


@dataclass(frozen=True)
class Severity:
    """A grade or range of grades on one scale: `low` and `high` are steps of that scale, or of its type."""

    scale: str
    low: int
    high: int
    variant: str = ""


def parse_severity(printed: str, scale: str | None) -> Severity | None:
    """Return a printed grade (`III–V`, `stage 3`, `I-3 to III`, `M2 to M3`) on its scale.

    The name of the scale holds Norwood, Hamilton, Ludwig or BASP; None where no grade of it is printed.
    """
    name = (scale or "").lower()
    if "basp" in name:
        found = _BASP.findall(printed)
        steps = [int(step) for _, step in found]
        return Severity("BASP", min(steps), max(steps), found[0][0]) if found else None
    for known, (words, most) in _SCALES.items():
        if re.search(words, name):
            grades = [grade for grade, _ in _GRADE.findall(printed)]
            steps = [_ROMAN.index(grade) + 1 if grade in _ROMAN else int(grade) for grade in grades]
            variant = "vertex" if "vertex" in printed.lower() else ""
            return Severity(known, min(steps), max(steps), variant) if steps and max(steps) <= most else None
    return None
