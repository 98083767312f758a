"""SDs that are standard errors, or misprints: against other groups, the range and a posted p."""

from __future__ import annotations

import pytest
from case_files import cases_of
from frames import RULE, STUDY, evidence, quantity, result, weight

from helpers.appraisal.evidence import NotApplicable


def hits(*groups, p=None):
    """Return what is found in groups (mean, SD, n, further columns) of one outcome, and a posted p."""
    figures, rows = [], []
    for at, (mean, sd, n, *more) in enumerate(groups):
        name = f"om0.c0.k0.OG{at}"
        figures.append(quantity(name, f"{mean} ({sd})", "hair_density", value=mean, sd=sd, kind="mean_sd"))
        columns = {"arm_id": f"arm{at}", "timepoint_weeks": 12.0, "result_id": f"{STUDY}.{name}"}
        rows.append(result(at, ids=[name], mean=mean, sd=sd, n=n, **columns, **(more[0] if more else {})))
    if p:
        figures.append(quantity("om0.a1", p, "hair_density", value=float(p), kind="p_value"))
    return RULE["sd-or-se"].run(evidence(figures, rows))


def test_the_hair_trials_improbable_sd():
    (row,) = hits((4.70, 0.14, 30), (4.23, 0.97, 30))
    assert "improbable" in row["statement"]
    assert "6.9 times smaller" in row["statement"]
    assert "0.14 x sqrt(30) = 0.767" in row["arithmetic"]
    assert weight(row) == "doubtful"


@pytest.mark.parametrize("groups", cases_of(__file__)["sds"])
def test_sds_that_differ_as_they_may(groups):
    assert hits(*groups) == []


def test_an_sd_below_what_its_range_allows():
    (row,) = hits((50.0, 1.0, 50, {"minimum": 20.0, "maximum": 80.0}))
    assert weight(row) == "certain"
    assert "smallest SD: 60 / sqrt(2 x 49) = 6.06" in row["arithmetic"]
    assert hits((50.0, 6.5, 50, {"minimum": 20.0, "maximum": 80.0})) == []


def test_sds_that_only_a_posted_p_gives_away():
    # SEs of 2 with n = 25: p = 0.085 as SEs, 1e-11 as SDs
    (row,) = hits((100.0, 2.0, 25), (105.0, 2.0, 25), p="0.08")
    assert "read as standard errors" in row["statement"]
    assert hits((100.0, 10.0, 25), (105.0, 10.0, 25), p="0.08") == []


def test_one_group_alone_cannot_be_judged():
    with pytest.raises(NotApplicable):
        hits((100.0, 2.0, 25))
