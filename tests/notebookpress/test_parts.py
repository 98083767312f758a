"""What a study's notebook depends on: its own rows, and the tables that every study reads whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.pipeline.study_rows import divide, rows_file
from helpers.tables import write_table

STUDIES = ("one", "two")
COMPARATOR = {
    "row_id": "a1", "study_id": "elsewhere", "design": "RCT", "treatment": "minoxidil", "arm": "minoxidil",
    "concept": "hair_density", "measure": "count", "statistic": "change", "unit": "hairs/cm2", "change_mean": 10.0,
    "change_sd": 10.0, "address": "made up", "access": "abstract", "confidence": "A", "second_hand": False,
}  # fmt: skip


def divided(folder: Path, n: int = 20, change_sd: float = 10.0) -> dict[str, str]:
    """Write the tables with a number of people in study `one` and a comparator's SD; return each study's rows."""
    processed = folder / "processed"
    processed.mkdir(exist_ok=True)
    studies = [{"study_id": "one", "n_planned": n}, {"study_id": "two", "n_planned": 10}]
    write_table("studies", studies, processed)
    write_table("comparators", [COMPARATOR | {"change_sd": change_sd}], processed)
    divide(processed, STUDIES, ["studies", "comparators"])
    return {study: rows_file(folder, study).read_text() for study in STUDIES}


@pytest.mark.parametrize(
    ("change", "touched"),
    [({}, set()), ({"n": 21}, {"one"}), ({"change_sd": 4.0}, {"one", "two"})],
)
def test_a_study_depends_on_its_own_rows_and_on_every_comparator(tmp_path, change, touched):
    before, after = divided(tmp_path), divided(tmp_path, **change)
    assert {study for study in STUDIES if before[study] != after[study]} == touched


def test_a_study_that_is_gone_leaves_no_rows(tmp_path):
    divided(tmp_path)
    divide(tmp_path / "processed", ["two"], ["studies"])
    assert not rows_file(tmp_path, "one").exists()
