"""One figure of a sheet changed to something impossible: the right discrepancy, and a pool with and without it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from case_files import cases_of
from real_tables import cleaned_tables

from helpers.appraisal.discrepancies import merge_discrepancies, run_checks
from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.risk_of_bias import overall
from helpers.comparison import comparison_lines
from helpers.effects import study_effects
from helpers.pooling.tiers import tier_synthesis
from helpers.tables import validate
from notebookpress.tables import records, split_ids

TRIAL = Path(__file__).with_name("honest_trial.yaml").read_text(encoding="utf-8")


def sheet(study_id: str, **changes: float) -> str:
    """Return the sheet of a made-up randomised trial, some of whose figures are other ones."""
    made = yaml.safe_load(TRIAL) | {"study_id": study_id}
    made["source"]["source_id"], made["study"]["title"] = study_id, f"Made up: {study_id}"
    for quantity in made["quantities"]:
        if quantity["id"] in changes:
            value = changes[quantity["id"]]
            quantity |= {"printed": f"{value:g}", "value": value}
    return yaml.safe_dump(made)


def appraised(raw: Path) -> dict:
    """Return the tables from the sheets of a raw folder to what is pooled, as the notebooks make them."""
    tables = cleaned_tables(raw)
    readers = tables["reviewer_discrepancies"]
    discrepancies, effects = [], []
    for study in records(tables["studies"]):
        name = study["study_id"]
        by_rule, _ = run_checks(StudyEvidence.from_tables(tables, name))
        own = merge_discrepancies(by_rule, records(readers[readers["study_id"] == name]))
        parts = [tables[part][tables[part]["study_id"] == name] for part in ("arms", "results")]
        effects += study_effects(study, *parts, validate("discrepancies", own))
        discrepancies += own
    tables["discrepancies"] = validate("discrepancies", discrepancies)
    tables["effects"] = validate("effects", effects)
    verdicts = {name: overall([]) for name in tables["studies"]["study_id"]}
    tables["comparisons"] = validate("comparisons", comparison_lines(tables, overall=verdicts))
    tables["pooled"] = validate("pooled", tier_synthesis(tables, "core", overall=verdicts).pooled)
    return tables


def made(tmp_path: Path, **changes: float) -> dict:
    """Return the tables of three trials, the first of them with changed figures."""
    (tmp_path / "studies").mkdir()
    for number in (1, 2, 3):
        text = sheet(f"made{number}", **(changes if number == 1 else {}))
        (tmp_path / "studies" / f"made{number}.yaml").write_text(text)
    return appraised(tmp_path)


def certain(tables: dict) -> list[dict]:
    return [row for row in records(tables["discrepancies"]) if row["certain"]]


def density(tables: dict) -> list[tuple]:
    """Return the pools of hair density between arms: studies in it, and whether without doubtful ones."""
    own = tables["pooled"].query("concept == 'hair_density' and estimand == 'between_group'")
    rows = records(own.query("model == 'random effects'"))
    return [(row["k"], row["without_certain_discrepancies"]) for row in rows]


def test_three_honest_trials_are_pooled_once_and_none_is_doubted(tmp_path):
    tables = made(tmp_path)
    assert certain(tables) == []
    assert density(tables) == [(3, False)]


@pytest.mark.parametrize(("changes", "check", "concept"), cases_of(__file__)["figures"])
def test_an_impossible_figure_is_found_and_its_estimate_stands_with_and_without(
    tmp_path, changes, check, concept
):
    tables = made(tmp_path, **changes)
    rows = certain(tables)
    assert check in {row["check"] for row in rows} and {row["study_id"] for row in rows} == {"made1"}
    (figure,) = changes
    assert any(f"made1.{figure}" in split_ids(row["quantity_ids"]) for row in rows) or check == "totals"
    assert all(row["arithmetic"] for row in rows)
    touched = tables["effects"][tables["effects"]["discrepancy_ids"].fillna("") != ""]
    assert set(touched["study_id"]) <= {"made1"}
    assert set(touched["concept"]) == ({concept} - {""})
    expected = [(2, True), (3, False)] if concept == "hair_density" else [(3, False)]
    assert sorted(density(tables)) == expected
