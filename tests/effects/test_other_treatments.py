"""Arms of other treatments: printed units, changes with their intervals, differences from placebo."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

from helpers.effects.means import comparator_changes, drug_differences
from helpers.sheets.context import read_context
from helpers.tables import validate
from notebookpress.tables import records

RAW = Path(__file__).parents[2] / "data" / "raw"


@pytest.fixture(scope="module")
def comparators() -> pd.DataFrame:
    return validate("comparators", read_context(RAW)["comparators"])


def test_printed_counts_become_hairs_per_square_centimetre(comparators):
    rows = {row["row_id"]: row for row in records(comparator_changes(comparators))}
    sham = rows["lanzafame2014.01"]  # 23.9 (SD 30.1) hairs in 2.85 cm2, 18 people
    assert sham["change"] == pytest.approx(23.9 / 2.85)
    half = stats.t.ppf(0.975, 17) * 30.1 / 2.85 / math.sqrt(18)
    limits = sham["ci_lower"] + half, sham["ci_upper"] - half
    assert limits == pytest.approx((sham["change"], sham["change"]))
    assert not any(name.startswith(("propecia", "combined")) for name in rows)
    assert rows["tak2020.01"]["change"] == pytest.approx(0.281)


def test_licensed_drugs_are_set_against_placebo_at_a_usual_dose(comparators):
    rows = {row["effect_id"]: row for row in drug_differences(comparators)}
    olsen = rows["olsen2002.02"]
    assert olsen["se"] == pytest.approx(math.sqrt(25.4**2 / 139 + 21.7**2 / 78))
    told = olsen["intervention"], olsen["sex"], olsen["n"], olsen["n_comparator"]
    assert told == ("minoxidil 5 %", "male", 139 + 78, 78)
    assert rows["propecialabel.01"]["effect"] == pytest.approx(107 / 5.1)
    assert rows["eun2010.01"]["se"] is None  # no SD was seen
    doses = {row["intervention"] for row in rows.values() if row["set_aside"] is None}
    assert doses == {"minoxidil 2 %", "minoxidil 5 %", "finasteride 1 mg", "dutasteride 0.5 mg"}


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_limits_follow_the_level(comparators, level):
    rows = drug_differences(comparators, level=level)
    row = next(row for row in rows if row["effect_id"] == "olsen2007.01")
    half = stats.norm.ppf((1 + level) / 2) * row["se"]  # of 350 people
    assert row["ci_upper"] - row["effect"] == pytest.approx(half, rel=0.01)
