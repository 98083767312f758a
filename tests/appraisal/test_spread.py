"""SDs that are standard errors, or misprints: against other groups, the range and a posted p."""

from __future__ import annotations

import pytest

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.rules import NotApplicable
from helpers.appraisal.spread import sd_or_se
from helpers.tables import as_frame


def evidence(*groups, p=None):
    """Return a study of groups (mean, SD, n, further columns)."""
    results, quantities = [], []
    for at, (mean, sd, n, *more) in enumerate(groups):
        name = f"x.om0.c0.k0.OG{at}"
        base = {"study_id": "x", "arm_id": f"arm{at}", "concept": "hair_density", "site": "all"}
        row = base | {
            "kind": "level",
            "timepoint_weeks": 12.0,
            "n": n,
            "mean": mean,
            "sd": sd,
            "result_id": name,
        }
        row |= {"quantity_ids": name, "source_id": "x", **(more[0] if more else {})}
        results.append(row)
        quantities.append(
            base | {"quantity_id": name, "source_id": "x", "printed": f"{mean} ({sd})", "value": mean, "sd": sd}
            | {"kind": "mean_sd", "role": "result"}
        )  # fmt: skip
    if p:
        row = {"quantity_id": "x.om0.a1", "study_id": "x", "source_id": "x", "printed": p, "value": float(p)}
        quantities.append(row | {"kind": "p_value", "role": "result", "concept": "hair_density"})
    tables = {
        "studies": as_frame("studies", [{"study_id": "x"}]),
        "results": as_frame("results", results),
        "quantities": as_frame("quantities", quantities),
        "sources": as_frame("sources", [{"source_id": "x", "study_id": "x"}]),
    }
    return StudyEvidence.from_tables(tables, "x")


def hits(*groups, p=None):
    return list(sd_or_se(evidence(*groups, p=p)))


def test_the_hair_trials_improbable_sd():
    (hit,) = hits((4.70, 0.14, 30), (4.23, 0.97, 30))
    assert "improbable" in hit.statement
    assert "6.9 times smaller" in hit.statement
    assert "0.14 x sqrt(30) = 0.767" in hit.arithmetic
    assert hit.severity in ("", "likely")


@pytest.mark.parametrize(
    "groups",
    [
        [(4.70, 0.74, 30), (4.23, 0.97, 30)],
        [(-1.18, 4.85, 38), (0.638, 12.7, 47)],  # posted so, and possible
        [(10.0, 1.0, 4), (10.0, 4.0, 4)],  # few people: chance
        [(10.0, 0.0, 30), (10.0, 4.0, 30)],
    ],
)
def test_sds_that_differ_as_they_may(groups):
    assert hits(*groups) == []


def test_an_sd_below_what_its_range_allows():
    (hit,) = hits((50.0, 1.0, 50, {"minimum": 20.0, "maximum": 80.0}))
    assert hit.severity == "certain"
    assert "smallest SD: 60 / sqrt(2 x 49) = 6.06" in hit.arithmetic
    assert hits((50.0, 6.5, 50, {"minimum": 20.0, "maximum": 80.0})) == []


def test_sds_that_only_a_posted_p_gives_away():
    # SEs of 2 with n = 25: p = 0.085 as SEs, 1e-11 as SDs
    (hit,) = hits((100.0, 2.0, 25), (105.0, 2.0, 25), p="0.08")
    assert "read as standard errors" in hit.statement
    assert hits((100.0, 10.0, 25), (105.0, 10.0, 25), p="0.08") == []


def test_one_group_alone_cannot_be_judged():
    with pytest.raises(NotApplicable):
        hits((100.0, 2.0, 25))
