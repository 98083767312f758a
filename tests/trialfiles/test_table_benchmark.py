"""Floors of what is read in hand-read tables of open articles (the tables: tests/benchmarks)."""

import pytest
from bench_tables import shares
from table_scores import GOLD, LAST, UNSEEN, read_gold

FLOORS = {GOLD: (1027, 0.93, 0.01), UNSEEN: (323, 0.75, 0.03), LAST: (144, 0.8, 0.03)}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    return {gold: [read_gold(path, folder) for path in sorted(gold.glob("*.yaml"))] for gold in FLOORS}


@pytest.mark.parametrize("gold", FLOORS, ids=lambda gold: gold.name)
def test_tables_read_by_hand(outcomes, gold):
    marked, floor, ceiling = FLOORS[gold]
    figures, right, wrong = shares(outcomes[gold])
    assert figures == marked
    assert right >= floor, [text for one in outcomes[gold] for text in one.incomplete + one.missed]
    assert wrong <= ceiling, [text for one in outcomes[gold] for text in one.wrong]


def test_all_together(outcomes):
    _, right, wrong = shares([one for some in outcomes.values() for one in some])
    assert right >= 0.88
    assert wrong <= 0.01
