"""What is known of each outcome in each study, and the judgement of missing evidence (ROB-ME)."""

from __future__ import annotations

from itertools import product

import pytest
from case_files import cases_of
from real_tables import tables_to_effects

from helpers.appraisal.grade import missing_evidence_judgements
from helpers.appraisal.risk_of_bias import SECTIONS, by_algorithm
from helpers.comparison import CLAIMED_ALONE, comparison_lines, evidence_states
from helpers.tables import as_frame, validate
from notebookpress.tables import records


def test_each_outcome_of_the_real_studies_has_the_state_that_its_text_gives():
    rows = validate("missing_evidence", evidence_states(tables_to_effects()))
    state = rows.set_index(["study_id", "concept"])["state"]
    assert state["amini2025", "hair_count"] == "reported in full"
    assert state["wan2025", "hair_density"] == "reported at some times"  # of 1, 3, 6 and 12 months
    assert state["wan2025", "hair_thickness"] == "only in words"
    assert state["wan2025", "investigator_global"] == "measured and not reported"
    assert state["wan2025", "hair_shedding"] == "not named"
    assert state["NCT06932393", "hair_density"] == "not yet due"
    assert state["amini2025", "hair_thickness"] == "unclear"  # of an abstract nothing is known to be missing
    late = validate("missing_evidence", evidence_states(tables_to_effects(), late=["NCT06932393"]))
    assert set(late.set_index(["study_id", "concept"])["state"]) - set(state) == {"past its date"}
    assert len(rows) == rows["study_id"].nunique() * rows["concept"].nunique()


def test_a_claim_without_a_result_and_a_value_before_treatment_alone_are_no_result():
    """As of Wan 2025 (thickness) and of Chieh 2025 (stage, repigmentation)."""
    tables = tables_to_effects()
    named = {"wan2025": "hair_thickness", "chan2025": "repigmentation"}
    found = [{"discrepancy_id": f"{study}.f", "study_id": study, "check": "outcome-not-reported", "certain": True,
              "concern": "serious", "detected_by": "reviewer", "statement": "x", "locators": "x", "concepts": concept}
             for study, concept in named.items()]  # fmt: skip
    tables |= {"discrepancies": as_frame("discrepancies", found)}
    tables["outcomes"] = tables["outcomes"][tables["outcomes"]["concept"] != "severity_stage"]
    state = validate("missing_evidence", evidence_states(tables)).set_index(["study_id", "concept"])["state"]
    missing = "measured and not reported"
    assert {state[pair] for pair in named.items()} == {state["chan2025", "severity_stage"]} == {missing}
    for line in comparison_lines(tables, overall={}):
        if named.get(line["study_id"]) == line["concept"]:
            assert (line["direction"], line["contrast_doubt"]) == ("unclear", CLAIMED_ALONE)


SYNTHESIS = {"pooled_id": "p", "concept": "hair_density", "evidence": "core", "estimand": "between_group", "measure": "MD",
             "estimate": 5.0, "studies": "a;b", "participants": 60, "k": 2, "model": "random effects", "pooled": True,
             "without_certain_discrepancies": False, "reason": "r"}  # fmt: skip


def judged(states: dict[str, str], people: int | None = 40, late: tuple = (), **change) -> dict[str, str]:
    """Return answers and judgement of a synthesis of two registered studies beside others of these states."""
    pooled = validate("pooled", [SYNTHESIS | change])
    named = {"concept": "hair_density", "reason": "r"}
    known = [named | {"study_id": name, "state": state} for name, state in states.items()]
    matrix = as_frame("missing_evidence", known)
    studies = as_frame("studies", [{"study_id": name, "registration": "r" if name in "ab" else None,
                                    "n_analysed": people} for name in dict.fromkeys(("a", "b", *states))])  # fmt: skip
    tiers = dict.fromkeys(["a", "b", *states], "core")
    rows = missing_evidence_judgements(pooled, matrix, studies, tiers, late)
    rows = validate("missing_evidence_judgements", rows)
    return {row["question"]: row["answer"] or row["judgement"] for row in records(rows)}


@pytest.mark.parametrize(("states", "change", "wanted"), cases_of(__file__)["missing"])
def test_what_is_missing_decides(states, change, wanted):
    assert judged(states, **change)["overall"] == wanted


def test_a_trial_whose_outcomes_were_not_seen_is_no_information():
    assert judged({"c": "not named"}, late=("elsewhere",))["unpublished"] == "NI"
    assert judged({"c": "past its date"}, late=("c", "elsewhere"))["unpublished"] == "Y"
    assert judged({"c": "unclear"})["known"] == "NI" and judged({"c": "not named"})["known"] == "N"


def test_every_combination_of_answers_has_a_judgement_and_none_is_low_with_something_missing():
    algorithm = SECTIONS["missing_evidence"]["algorithm"]
    asked = (("Y", "N", "NI"), ("Y", "N", "NI", "NA"), ("Y", "N", "NI"), ("PY", "N", "NI"))
    for known, share, unpublished, chosen in product(*asked):
        answers = {"known": known, "share": share, "unpublished": unpublished, "chosen": chosen}
        low = by_algorithm(algorithm, answers) == "low"
        assert low == (known == "N" and unpublished == "N" and chosen != "PY")
