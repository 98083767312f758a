"""What one more study would turn: made-up collections of two and five studies, and an outcome without a result."""

from __future__ import annotations

import pytest
from made_studies import change, world

from helpers.appraisal.grade import Difference, certainty
from helpers.narrative.pooled import trial_needed, with_turns, would_change
from helpers.pooling.further_study import SIZES, state_of, turning_rows
from helpers.pooling.groups import Options
from helpers.pooling.tiers import Basis, reanalysed
from helpers.tables import as_frame, validate
from notebookpress.tables import records

LOW = {"tool": "RoB 2", "domain": "all", "order": 1, "judgement": "low"}
OTHERS = ("trust_domains", "thresholds", "missing_evidence", "reported_contrasts")


def basis_of(*means: float, people: int = 60, more: tuple[float, int] | None = None) -> Basis:
    """Return trials at low risk of bias, SD 10 in each arm; `more` is the mean and the people of one more."""
    trials = {f"s{n}": (mean, people) for n, mean in enumerate(means)} | ({"zz": more} if more else {})
    rows = [change(name, arm, mean * (arm == "t"), 10.0, size)
            for name, (mean, n) in trials.items() for arm, size in (("t", n // 2), ("c", n - n // 2))]  # fmt: skip
    facts = {name: {"n_analysed": n, "registration": name} for name, (_, n) in trials.items()}
    tables = world(*rows, studies=facts)
    bias = [LOW | {"study_id": name, "reason": "made up"} for name in trials]
    empty = {name: validate(name, []) for name in OTHERS}
    return Basis(tables | empty | {"risk_of_bias": validate("risk_of_bias", bias)}, {}, Options())


def answer(basis: Basis) -> tuple:
    found = reanalysed(basis, "hair_density", evidence="core", pre_post_correlation=0.7)
    row = found.pooled[found.pooled["pooled_id"] == found.certainty["pooled_id"]]
    return found, state_of(records(row)[0], found.certainty["certainty"])


@pytest.mark.parametrize("means", [(12.0, 14.0), (3.0, 14.0), (6.0, 7.0, 3.0, 8.0, 5.0)])
def test_a_study_on_both_sides_of_each_turn_gives_what_was_found(means):
    basis = basis_of(*means)
    start, before = answer(basis)
    summary = [
        {"summary_id": "core.hair_density", "concept": "hair_density", "evidence": "core", "basis": "pooled"}
    ]
    turns = turning_rows(basis, start.pooled, as_frame("certainty", [start.certainty]), summary)
    validate("turning_points", turns)
    tried = {
        (turn["result"], int(n))
        for turn in turns
        for n in (turn["turns_at"] - 1, turn["turns_at"], turn["until"])
    }
    for result, people in sorted(one for one in tried if one[1] >= SIZES[0])[:8]:
        own = [row for row in turns if row["result"] == result and row["turns_at"] <= people <= row["until"]]
        said = before | {row["aspect"]: row["after"] for row in own}
        assert answer(basis_of(*means, more=(result, people)))[1] == said, (result, people)
    assert tried and "no pool" not in with_turns(summary, turns)[0]["would_change"]


def test_an_outcome_without_a_figure_and_a_row_that_nothing_turns():
    basis = basis_of(12.0)
    summary = [{"summary_id": "core.satisfaction", "concept": "satisfaction", "evidence": "core"}]
    sure = certainty("satisfaction", "core", basis.tables, as_frame("pooled", []))
    turns = turning_rows(basis, as_frame("pooled", []), as_frame("certainty", [sure]), summary)
    # 1.96 x 0.5 x sqrt(4 / n) < 0.25 from n = 62
    assert [row["turns_at"] for row in turns if row["after"] == "gain"] == [62]
    # three and two of four with the event: 0.625 n is 75 from n = 120 and 300 from n = 480
    rated = [
        (row["after"], row["turns_at"])
        for row in turns
        if (row["result_sds"], row["aspect"]) == (0.5, "certainty")
    ]
    assert rated == [("low", 10), ("moderate", 120), ("high", 480)]
    assert would_change(turns, "none").startswith("benefit shown from 62 people, certainty low from 10")
    assert would_change([], "pooled") == "nothing, with 10 to 1000 people"
    assert trial_needed(turns) == (
        "it takes at least 62 people in all to show a benefit of half a standard deviation (25 more of 100), "
        "and 480 for high certainty"
    )
    near = [row | {"unit": "u", "result": 9.0 * (-1) ** place} for place, row in enumerate(turns)]
    far = [near[0] | {"result": -12.0}, *near[1:]]
    cases = ((near, "u", 9.5, True), (near, "u", 9.0, False), (near, "v", 9.5, False), (far, "u", 9.5, False))
    for rows, unit, size, said in cases:
        told = trial_needed(rows, Difference(size, unit))
        assert ("no effect is visible" in told) is said, (unit, size)
    ends = {
        "result_sds": 0.5,
        "aspect": "direction",
        "before": "gain",
        "after": "not shown",
        "turns_at": 10,
        "until": 1000,
    }
    pool = turns[0] | {"turning_id": "a.10", "aspect": "pool", "before": "no", "after": "yes", "turns_at": 10}
    for basis, said in (("single study", "the pooled interval of two trials"), ("pooled", "the interval")):
        assert f"{said} includes no effect from 10" in would_change([pool, pool | ends], basis)
