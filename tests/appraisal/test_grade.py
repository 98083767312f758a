"""Certainty by Core GRADE: target, initial certainty, levels down, floor, and the reasons with their numbers."""

from __future__ import annotations

import json
from itertools import product

import pandas as pd
import pytest
from case_files import cases_of
from frames import frame

from helpers.appraisal.grade import (
    CERTAINTY,
    LEVELS,
    Body,
    Difference,
    _chosen,
    _share,
    against_target,
    baseline_of,
    certainty,
    minimal_differences,
    rate,
    shown_estimate,
)
from helpers.appraisal.risk_of_bias import TOOLS
from helpers.narrative.pooled import with_basis
from notebookpress.tables import records

CASES = cases_of(__file__)
CONCEPT = "hair_density"


def body(k: int = 2, n: int = 300, judgement: str = "low", **change) -> dict:
    """Return the tables of k randomised trials with a pooled estimate; `change` overrides columns."""
    names = [f"t{index}" for index in range(k)]
    line, study, pooled = (CASES["body"][name] | change.get(name, {}) for name in ("line", "study", "pooled"))
    fit = {"k": k, "studies": ";".join(names)} | pooled
    judged = {"tool": "RoB 2", "judgement": judgement, "reason": "x"}
    places = product(names, enumerate(TOOLS["RoB 2"].domains))
    domains = [judged | {"study_id": name, "domain": d, "order": order} for name, (order, d) in places]
    return {
        "comparisons": frame("comparisons", [line | {"study_id": name, "line_id": name} for name in names]),
        "results": frame("results", []),
        "studies": frame("studies", [{"n_analysed": n} | study | {"study_id": name} for name in names]),
        "risk_of_bias": frame("risk_of_bias", domains),
        "discrepancies": frame("discrepancies", change.get("discrepancies", [])),
        "arms": frame("arms", change.get("arms", [])),
        "pooled": frame("pooled", [fit] if k > 1 else []),
    }


def graded(tables: dict, concept: str = CONCEPT, **named) -> dict:
    """Return the certainty of an outcome, checked against the table."""
    row = certainty(concept, "published", tables, tables["pooled"], **named)
    frame("certainty", [row])
    return row


def grade(differences=None, **change) -> dict:
    """Return the certainty of a made-up body."""
    return graded(body(**change), differences=differences)


def test_large_sound_trials_start_and_stay_high():
    row = grade()
    assert (row["start"], row["certainty"], row["participants"]) == ("high", "high", 600)
    assert row["studies"] == "t0;t1" and row["pooled_id"] == "p"
    assert row["target"] == "any effect at all"


@pytest.mark.parametrize(("change", "domain", "down", "words"), CASES["domains"])
def test_each_domain_is_rated_down_with_its_number(change, domain, down, words):
    row = grade(**change)
    assert row[domain] == down and words in row["reasons"]


@pytest.mark.parametrize("n", [10, 15, 30, 60])
def test_thirty_people_are_never_moderate(n: int):
    assert LEVELS.index(grade(k=1, n=n)["certainty"]) <= LEVELS.index("low")


def test_the_lack_of_a_control_group_is_counted_once():
    change = {"estimand": "uncontrolled_change"}
    design = {"allocation": "none stated", "comparison": "single_arm"}
    made = body(judgement="critical", study=design, line=change, pooled=change)
    made["risk_of_bias"]["tool"] = "ROBINS-I"
    row = graded(made)
    assert (row["start"], row["risk_of_bias"], row["indirectness"]) == ("high", 3, 0)
    assert row["certainty"] == "very low"
    made["risk_of_bias"]["tool"], made["risk_of_bias"]["judgement"] = "JBI case series", "no"
    row = graded(made)
    assert (row["start"], row["risk_of_bias"], row["indirectness"]) == ("low", 1, 0)


@pytest.mark.parametrize(("sizes", "start", "down"), CASES["sizes"])
def test_most_of_the_participants_decide_and_of_the_studies_only_where_not_all_tell(sizes, start, down):
    made = body(k=3, study={"allocation": "none stated"})
    made["studies"]["n_analysed"] = sizes
    made["risk_of_bias"].loc[made["risk_of_bias"]["study_id"] != "t0", "tool"] = "JBI case series"
    roles = {"t0": "exosome_combination", "t1": "exosome", "t2": "exosome"}
    arms = [{"study_id": name, "arm_id": "a", "role": role} for name, role in roles.items()]
    made["arms"] = frame("arms", arms)
    row = graded(made)
    assert (row["start"], row["indirectness"]) == (start, down)


def test_no_judgement_makes_a_change_of_one_group_causal():
    row = grade(pooled={"estimand": "uncontrolled_change"}, line={"estimand": "uncontrolled_change"})
    assert (row["risk_of_bias"], row["certainty"]) == (3, "very low")  # an arm of two sound randomised trials


def test_a_certain_discrepancy_counts():
    discrepancy = {"discrepancy_id": "f", "study_id": "t0", "check": "x", "detected_by": "automated", "certain": True, "concern": "serious",
               "statement": "x", "locators": "x", "concepts": CONCEPT}  # fmt: skip
    row = grade(discrepancies=[discrepancy])
    assert row["risk_of_bias"] == 1 and "1 certain discrepancy touches it" in row["reasons"]
    assert grade(judgement="high", discrepancies=[discrepancy])["risk_of_bias"] == 2
    assert grade(discrepancies=[discrepancy | {"study_id": "not in the pool"}])["risk_of_bias"] == 0


def test_studies_told_in_words_are_counted_beside_the_estimate_that_is_rated():
    tables = body(pooled={"participants": 600})
    words = tables["comparisons"].iloc[[0]].assign(study_id="words", line_id="words", estimand=None)
    study = tables["studies"].iloc[[0]].assign(study_id="words", n_analysed=30)
    more = {"comparisons": pd.concat([tables["comparisons"], words])}
    more |= {"studies": pd.concat([tables["studies"], study])}
    row = graded(tables | more)
    assert (row["studies"], row["participants"]) == ("t0;t1", 600)
    assert (row["reporting"], row["reporting_people"]) == ("t0;t1;words", 630)
    seen = pd.DataFrame({"study_id": ["t0", "t1", "words"], "second_hand": False})
    told = frame("summary_of_findings", [])
    (shown,) = records(with_basis(frame("certainty", [row]), tables["pooled"], seen, told))
    assert shown["k"] == "3" and shown["basis"].endswith(": t0 and t1, n = 600")
    alone = graded(tables | more | {"pooled": frame("pooled", [])})
    assert (alone["studies"], alone["participants"]) == (alone["reporting"], alone["reporting_people"])
    assert with_basis(frame("certainty", [alone]), tables["pooled"], seen, told)["basis"].tolist() == [
        "no estimate"
    ]
    seen = seen.assign(second_hand=seen["study_id"] == "t1")
    assert with_basis(frame("certainty", [row]), tables["pooled"], seen, told)["k"].tolist() == ["3 ‡"]
    part = {
        "concept": [row["concept"]],
        "evidence": [row["evidence"]],
        "against_relative": ["5 of the 10 before, 50 %: above"],
    }
    [relative] = with_basis(frame("certainty", [row]), tables["pooled"], seen, pd.DataFrame(part))["basis"]
    assert relative.endswith(": t0 and t1, n = 600; 5 of the 10 before, 50 %")


def test_no_study_no_evidence():
    row = graded(body(), "vellus_share")
    assert (row["start"], row["certainty"], row["participants"]) == ("no evidence", "no evidence", None)
    comparators = body()
    comparators["comparisons"]["tier"] = "comparator"
    assert graded(comparators)["certainty"] == "no evidence"


def test_harms_of_a_randomised_study_are_those_of_a_randomised_study():
    made = body(k=1)
    for name in ("comparisons", "pooled"):
        made[name]["concept"] = "adverse_events"
    made["comparisons"][["estimand", "direction"]] = [None, "unclear"]
    row = graded(made, "adverse_events")
    assert row["start"] == "high" and "1 study, all randomised" in row["reasons"]


@pytest.mark.parametrize(("needed", "target", "down"), CASES["targets"])
def test_the_target_is_set_first_and_the_interval_held_against_it(needed, target, down):
    row = grade(differences={CONCEPT: Difference(needed, "hairs/cm2")})
    assert row["target"].startswith(target) and row["imprecision"] == down


def test_benefit_and_harm_that_matter_cost_two_levels():
    wide, difference = {"ci_lower": -50.0, "ci_upper": 60.0}, Difference(43.0, "hairs/cm2")
    row = grade(pooled=wide, differences={CONCEPT: difference})
    assert row["imprecision"] == 2 and "benefit as well as harm" in row["reasons"]


def test_an_absolute_and_a_relative_difference_that_disagree_cost_a_level():
    made = body()
    row = {"result_id": "r", "study_id": "t0", "arm_id": "a", "concept": CONCEPT, "site": "all", "kind": "level",
           "timepoint_weeks": 0.0, "mean": 50.0, "unit": "hairs/cm2", "quantity_ids": "q", "source_id": "t0"}  # fmt: skip
    made["results"] = frame("results", [row])
    differences = {CONCEPT: Difference(43.0, "hairs/cm2", 0.2266)}  # 15 of 50 is 30 %
    row = graded(made, differences=differences)
    assert row["imprecision"] == 1 and "disagree" in row["reasons"]
    made["results"]["mean"] = 100.0
    assert graded(made, differences=differences)["imprecision"] == 0


def test_a_claim_of_what_certainly_was_not_reported_is_no_result():
    made = body(line={"estimand": None})
    found = {"discrepancy_id": "f", "study_id": "t0", "check": "outcome-not-reported", "detected_by": "automated",
             "certain": True, "concern": "serious", "statement": "x", "locators": "x", "concepts": CONCEPT}  # fmt: skip
    made["pooled"] = frame("pooled", [])
    assert graded(made)["studies"] == "t0;t1"
    assert graded(made | {"discrepancies": frame("discrepancies", [found])})["studies"] == "t1"
    doubted = frame("discrepancies", [found | {"certain": False}])
    assert graded(made | {"discrepancies": doubted})["studies"] == "t0;t1"
    measured = body(discrepancies=[found])  # a line with an estimand is one
    assert graded(measured)["studies"] == "t0;t1"


@pytest.mark.parametrize(("count", "down", "words"), CASES["events"])
def test_what_people_have_or_not_is_rated_by_events_and_not_by_participants(count, down, words):
    made = body(line={"concept": "adverse_events", "estimand": None})
    made["pooled"] = frame("pooled", [])
    event = {"arm_id": "x", "term": "any adverse event", "count": count, "n": 300, "quantity_ids": "q"}
    made["adverse_events"] = frame("adverse_events", [event | {"study_id": name} for name in ("t0", "t1")])
    row = graded(made, "adverse_events")
    assert row["imprecision"] == down and words in row["reasons"] and "no interval" not in row["reasons"]


def test_exosomes_given_only_with_something_else_are_indirect():
    arms = [{"study_id": name, "arm_id": arm, "role": role}
            for name in ("t0", "t1") for arm, role in (("x", "exosome_combination"), ("c", "placebo"))]  # fmt: skip
    row = grade(arms=arms)
    assert row["indirectness"] == 1 and "2 of 2 studies gave exosomes only with" in row["reasons"]
    arms = [arm | {"role": "active"} if arm["arm_id"] == "c" else arm for arm in arms]
    assert grade(arms=arms)["indirectness"] == 0


def test_a_persons_judgement_takes_the_place_of_the_rules_and_says_so():
    override = {"concept": CONCEPT, "evidence": "published", "domain": "imprecision", "steps": 2,
                "reason": "Ten people more would turn it.", "by": "a reviewer"}  # fmt: skip
    row = graded(body(), overrides=[override])
    assert (row["proposed"], row["certainty"], row["overridden"]) == ("high", "low", True)
    assert "judged by a reviewer: Ten people more would turn it (the rule proposed 0" in row["reasons"]
    other = graded(body(), overrides=[override | {"evidence": "core"}])
    assert (other["certainty"], other["overridden"]) == ("high", False)


def test_the_estimate_that_stands_for_an_outcome():
    rows = [CASES["shown"]["all"] | row for row in CASES["shown"]["each"]]
    shown = [shown_estimate(frame("pooled", rows[:end]), CONCEPT, "core") for end in (1, 2, 3, 4)]
    names = [row["pooled_id"] for row in shown]
    assert names == ["a", "a", "c", "c"]


def test_one_studys_share_of_harms_stands_for_no_other_study():
    row = CASES["shown"]["all"] | CASES["shown"]["harms"]
    assert shown_estimate(frame("pooled", [row]), "adverse_events", "core") is None
    assert shown_estimate(frame("pooled", [row | {"pooled": True}]), "adverse_events", "core") is not None


def test_the_smallest_difference_is_both_of_one_source_with_its_place():
    base = CASES["thresholds"]["all"]
    table = frame("thresholds", [base | row for row in CASES["thresholds"]["each"]])
    expected = Difference(43.36, "hairs/cm2", pytest.approx(0.2266), "here (abstract)")
    assert minimal_differences(table)[CONCEPT] == expected
    assert minimal_differences(table.assign(second_hand=True), second_hand=False) == {}


def test_the_rules_alone_rate_facts():
    """A page's script reads the same file: the facts are all that a rule needs."""
    row = rate(CASES["facts"] | dict.fromkeys(CASES["words"], "x"))
    assert row["certainty"] == "high" and row["reasons"].count("not rated down") == len(CERTAINTY["domains"])


def test_every_rule_asks_for_a_fact_that_is_there_and_fits_a_script(monkeypatch):
    known = {}
    monkeypatch.setattr("helpers.appraisal.grade.rate", lambda facts, _: known.update(facts) or {})
    made = body()
    certainty(CONCEPT, "published", made, made["pooled"])
    asked = [*CERTAINTY["initial"], *CERTAINTY["targets"]]
    asked += [rule for domain in CERTAINTY["domains"].values() for rule in domain["rules"]]
    assert {name for rule in asked for name in rule["when"]} <= set(known)
    told = {name: "x" for name in known} | CERTAINTY["limits"]
    for rule in asked:
        assert rule.get("reason", rule.get("target", "")).format(**told) or rule.get("down", 0)
    said = {"shown", "controlled", "certainty", "interval", "difference_known"}
    assert {name for rule in CERTAINTY["statements"] for name in rule["when"]} <= said
    assert all(CERTAINTY[name][-1]["when"] == {} for name in ("initial", "targets", "statements"))
    assert json.loads(json.dumps(CERTAINTY))["levels"] == list(LEVELS)


def test_bias_costs_what_more_than_half_of_the_studies_cost_at_least():
    made = body(k=3)
    judged = made["risk_of_bias"]
    for worst, down in ((1, 0), (2, 1)):
        judged.loc[judged["study_id"] < f"t{worst}", "judgement"] = "high"
        assert graded(made)["risk_of_bias"] == down


STUDY = {"study_id": "s", "n_analysed": None, "n_enrolled": None, "comparison": "parallel"}


def shown(arm: str | None, n: int | None, site: str = "all") -> dict:
    """Return a result of an arm, as far as people are counted by it."""
    return {"study_id": "s", "arm_id": arm, "n": n, "site": site}


@pytest.mark.parametrize(
    ("study", "results", "size"),
    [
        ({"n_analysed": 38, "n_enrolled": 40}, [shown("a", 5)], 38),
        ({"n_enrolled": 40}, [shown("a", 5)], 40),
        (
            {"n_analysed": 38},
            [shown("a", 1, "patient 1"), shown("a", 1, "patient 1"), shown("a", 1, "patient 2")],
            2,
        ),
        ({"n_analysed": 38}, [shown("a", 1, "patient 1"), shown("a", 9)], 38),
        ({}, [shown("a", 12), shown("a", 11), shown("b", 9), shown(None, 30), shown("b", None)], 21),
        ({"comparison": "within_person"}, [shown("a", 12), shown("b", 9)], 12),
        ({"comparison": "case"}, [shown("a", 5), shown("b", 7), shown(None, 1)], 2),
        ({"comparison": "case"}, [shown(None, 5)], 1),
        ({}, [shown("a", None)], None),
    ],
)
def test_the_people_of_a_study_are_counted(study, results, size):
    body = Body(CONCEPT, ["s"], {"studies": [STUDY | study], "results": results}, {})
    assert body._sizes == {"s": size} and body.participants() == size


@pytest.mark.parametrize(
    ("told", "sizes", "size"),
    [(("a",), (10, 9, 8), 10), (("a", "b"), (10, 9, 8), 19), (("a", "b", "c"), (10, 9, 8), 40), ((), (10, 9, 8), 40),
     (("a",), (10, None, 8), 40)],
)  # fmt: skip
def test_harms_have_the_people_of_the_arms_of_which_something_is_told(told, sizes, size):
    arms = [{"study_id": "s", "arm_id": arm, "n": n} for arm, n in zip("abc", sizes, strict=True)]
    events = [{"study_id": "s", "arm_id": arm, "count": 3 if arm == "a" else None} for arm in told]
    rows = {"studies": [STUDY | {"n_analysed": 40}], "arms": arms, "adverse_events": events}
    body = Body("adverse_events", ["s"], rows, {})
    assert body._sizes == {"s": size}
    assert body._events() == {
        "events": 3 if told else 0,
        "events_words": f"{'3' if told else 'no'} events counted",
    }
    assert Body(CONCEPT, ["s"], rows | {"arms": []}, {})._events()["events"] is None


@pytest.mark.parametrize(
    ("people", "participants", "answer"), [([30], 60, "Y"), ([29], 60, "N"), ([29, 1], 60, "Y"), ([29, None], 60, "NI"),
                                           ([30], None, "NI"), ([], 60, "NA")]
)  # fmt: skip
def test_half_of_the_participants_are_a_large_share(people, participants, answer):
    found, said = _share(pd.Series(people, dtype=float), participants)
    assert found == answer
    assert answer not in "YN" or said == f"{sum(people)} participants against 60"


@pytest.mark.parametrize(
    ("change", "registered", "answer"),
    [({}, False, "PY"), ({}, True, "N"), ({"estimate": -5.0}, False, "N"), ({"estimate": 0.0}, False, "N"),
     ({"measure": "CLES", "estimate": 0.6}, False, "PY"), ({"measure": "CLES", "estimate": 0.4}, False, "N"),
     ({"concept": "vellus_share", "estimate": -5.0}, False, "PY"), ({"concept": "repigmentation"}, False, "N"),
     ({"estimand": "proportion"}, True, "NI")],
)  # fmt: skip
def test_only_a_gain_that_nobody_had_announced_may_have_been_chosen(change, registered, answer):
    row = {"concept": CONCEPT, "estimand": "between_group", "measure": "MD", "estimate": 5.0}
    assert _chosen(row | change, registered) == answer


@pytest.mark.parametrize(
    ("value", "low", "high", "told"),
    [
        (10, 10, 20, (True, False, False)),  # all of the interval matters, and the estimate just so
        (10, 9, 20, (True, True, False)),
        (12, 0, 24, (True, True, True)),
        (12, 0.5, 24, (True, True, False)),
        (-12, -24, -0.5, (True, True, False)),
        (-10, -20, -10, (True, False, False)),
        (-12, -24, 0, (True, True, True)),
        (9, -9, 9, (False, False, False)),
        (9, -9, 10, (False, True, False)),
        (-9, -10, 9, (False, True, False)),
        (0, -10, 10, (False, True, True)),
    ],
)
def test_an_interval_stands_to_what_matters(value, low, high, told):
    assert tuple(map(bool, against_target(value, low, high, 10))) == told


def test_the_values_before_treatment_are_those_of_the_studies_in_the_unit():
    base = {"study_id": "s", "unit": "u", "timepoint_weeks": 0.0, "kind": "level", "mean": 5.0, "median": None,
            "minimum": 0.0, "maximum": None}  # fmt: skip
    others = [{"mean": 3.0, "maximum": 9.0}, {"study_id": "t", "mean": 1.0}, {"unit": "v", "mean": 1.0},
              {"timepoint_weeks": 4.0, "mean": 1.0}, {"kind": "change", "mean": 1.0}]  # fmt: skip
    rows = [base, *(base | other for other in others)]
    assert baseline_of(rows, ["s"], "u") == (3, 9)
    assert baseline_of(rows, ["t"], "v") is None
