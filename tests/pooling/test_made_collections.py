"""Comparisons, pools, certainty, what would turn it and what is varied, of made-up collections: as they were computed once."""

from __future__ import annotations

from pathlib import Path

import pytest
from approved import Approved
from made_studies import change, world
from made_study import numbered_draw
from test_what_if import FIVE, MODEL, STUDIES, TWO, basis_of

from helpers.appraisal.grade import certainty, minimal_differences
from helpers.comparison import vote_rows
from helpers.pooling.further_study import turning_rows
from helpers.pooling.groups import Options, tier_lines
from helpers.pooling.specifications import Levels, sensitivity
from helpers.pooling.tiers import reanalysed, tier_synthesis
from helpers.pooling.what_if import what_if_data
from helpers.tables import Tables, as_frame
from notebookpress.tables import records

APPROVED = Approved(Path(__file__).with_name("made_collections.json"))


def plain(rows: list[dict]) -> list[dict]:
    """Return rows without what is missing."""
    return [
        {name: value for name, value in row.items() if value is not None and value == value} for row in rows
    ]


def any_collection(seed: int) -> Tables:
    """Return the tables of six studies of any kind, each with two arms."""
    draw = numbered_draw(seed)
    rows = [draw.result(["t", "t", "c"]) | {"study_id": name, "source_id": name, "result_id": f"{name}.r{n}"}
            for name in "abcdef" for n in range(draw.randint(1, 6))]  # fmt: skip
    facts = {name: {"n_enrolled": draw.maybe(0.7, draw.randint(2, 60))} for name in "abcdef"}
    return world(*rows, studies=facts, doubtful=("b",), correlation=0.5)


@pytest.mark.parametrize("seed", range(8))
def test_collections_of_any_kind(seed):
    tables = any_collection(seed)
    APPROVED(f"{seed} compared", plain(records(tables["comparisons"])))
    APPROVED(f"{seed} votes", plain(vote_rows(tables["comparisons"])))
    options = Options("PM", "knha", 0.9, 0.5, visit=("latest", "earliest")[seed % 2])
    made = tier_synthesis(tables, "core", overall={}, options=options, serious={"c"})
    APPROVED(f"{seed} pooled", plain(made.pooled))
    APPROVED(f"{seed} members", plain(made.members))
    every, pooled = basis_of(tables).tables, as_frame("pooled", made.pooled)
    sure = [certainty(concept, "core", every, pooled) for concept in ("hair_density", "satisfaction")]
    APPROVED(f"{seed} certainty", plain(sure))


UNTOLD = [*TWO, change("u", "t", 18, 12, None), change("u", "c", 6, 11, None), change("v", "t", 9, 8, None)]
ENROLLED = STUDIES | {"u": {"n_enrolled": 31}, "v": {"n_enrolled": 12}}


@pytest.mark.parametrize("results", [TWO, FIVE, UNTOLD], ids=["two", "five", "untold"])
def test_collections_with_a_control(request, results):
    name = request.node.callspec.id
    basis = basis_of(world(*results, studies=ENROLLED, doubtful=("b",)))
    tables = basis.tables
    made = tier_synthesis(tables, "core", overall=basis.overall)
    pooled = as_frame("pooled", made.pooled)
    differences = minimal_differences(tables["thresholds"])
    sure = [
        certainty(concept, "core", tables, pooled, differences=differences)
        for concept in ("hair_density", "satisfaction")
    ]
    summary = [
        {"summary_id": "core.hair_density", "concept": "hair_density", "evidence": "core", "basis": "pooled"}
    ]
    lines = tier_lines(tables["comparisons"], tables["effects"], "core")
    tried = sensitivity(lines, Levels(tier=("core",)), MODEL, tables, sds=(14.6, 25.4))
    told = {"pooled": made.pooled, "members": made.members, "certainty": sure, "choices": tried.choice_effects,
            "specifications": tried.specifications, "chosen": tried.chosen,
            "turns": turning_rows(basis, pooled, as_frame("certainty", sure), summary)}  # fmt: skip
    for part, rows in told.items():
        APPROVED(f"{name} {part}", plain(rows[:: 1 + len(rows) // 40]))  # of many some
    for part in ("sound", "without a"):
        answer = reanalysed(basis, "hair_density", evidence="core", pre_post_correlation=0.4, included=part)
        APPROVED(f"{name} {part}", plain([*records(answer.pooled), answer.certainty]))
    data = what_if_data(basis, lines, ["core"], pre_post_correlation=0.7, sd_use="printed")
    APPROVED(f"{name} panel", [data])
