"""A standardised change beside those of comparators."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from frames import RULE, evidence, quantity, result
from scipy import stats

from helpers.appraisal.changes import smallest_change
from helpers.appraisal.evidence import NotApplicable, PrintedFigure
from helpers.tables import validate


def comparator(number: int, mean: float | None, sd: float | None, **other):
    """Return a row of the table comparators."""
    row = {"row_id": f"arm{number}", "study_id": f"other{number}", "change_mean": mean, "change_sd": sd}
    row |= {"design": "RCT", "treatment": "minoxidil", "arm": "minoxidil", "concept": "hair_density"}
    row |= {"measure": "count", "statistic": "change", "unit": "hairs/cm2", "address": "made up"}
    row |= {"access": "abstract", "confidence": "A", "second_hand": False}
    return row | other


ARMS = (comparator(1, 10, 10), comparator(2, -30, 15), comparator(3, 90, 10, concept="hair_thickness"))


def study(change: float, sd: float, n: int | None = 16, arms=ARMS):
    """Return a study with one change, beside comparator arms."""
    figure = quantity("c", f"{change} ± {sd}", "hair_density", value=change, sd=sd, kind="mean_sd")
    rows = [result(1, ids=["c"], mean=change, sd=sd, n=n, timepoint_weeks=24, kind="change")]
    return replace(evidence([figure], rows), comparators=validate("comparators", list(arms)))


def found(*given, **named):
    return RULE["implausible-change"].run(study(*given, **named))


def test_the_limit_is_the_largest_comparator_of_the_outcome():
    (row,) = found(15.0, 3.0)  # 5 SDs, at least 3.2; the largest of hair density shows 2
    assert "each of 2 arms" in row["statement"]
    assert "comparators 1.00 to 2.00, the largest other2 (minoxidil, -30 / 15)" in row["arithmetic"]
    assert not found(15.0, 6.0)
    assert not found(15.0, 5.0)  # 3 SDs, yet with 16 people perhaps 1.9
    assert found(15.0, 5.0, n=60)  # with 60 people at least 2.4
    assert not found(15.0, 3.0, arms=(*ARMS, comparator(4, 40, 10)))


def test_without_one_of_the_outcome_all_arms_are_the_limit():
    (row,) = found(15.0, 1.0, arms=(comparator(1, 10, 10, concept="hair_thickness"),))
    assert "each of 1 arms" in row["statement"]


def test_without_comparators_or_spread_it_does_not_apply():
    for arms in ((), (comparator(1, 10, None), comparator(2, 10, 5, statistic="difference from placebo"))):
        with pytest.raises(NotApplicable, match="no comparator arm"):
            found(15.0, 2.0, arms=arms)


def test_without_a_number_of_people_the_ratio_itself_counts():
    (row,) = found(15.0, 5.0, n=None)
    assert "the number of participants is not stated" in row["arithmetic"]


@pytest.mark.parametrize(
    ("change", "sd", "n"), [(15.0, 3.0, 16), (2.0, 8.0, 200), (2.0, 8.0, 16), (0.0, 1.0, 5), (2.3, 4.0, 16)]
)
def test_the_lower_limit_is_that_of_the_noncentral_t(change, sd, n):
    """The t that the limit makes likely to be exceeded in 2.5 % of studies is the one observed."""
    least = smallest_change(PrintedFigure(change, 3, "q"), PrintedFigure(sd, 3, "q"), n)
    t = max(abs(change) - 0.0005, 0) / (sd + 0.0005) * math.sqrt(n)
    assert least == 0 or stats.nct.sf(t, n - 1, least * math.sqrt(n)) == pytest.approx(0.025, abs=1e-9)
    assert (least > 0) == (t > stats.t.ppf(0.975, n - 1))
