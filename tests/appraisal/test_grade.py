"""Certainty by GRADE: start, steps, floor, and the reasons with their numbers."""

from __future__ import annotations

from frames import frame

from helpers.appraisal.grade import certainty
from helpers.appraisal.risk_of_bias import TOOLS

CONCEPT = "hair_density"


def body(k: int = 2, n: int = 300, judgement: str = "low", **change) -> dict:
    """Return the tables of k randomised trials with a pooled estimate; `change` overrides columns."""
    names = [f"t{index}" for index in range(k)]
    line = {
        "concept": CONCEPT,
        "tier": "published",
        "direction": "better",
        "comparable": True,
        "estimand": "between_group",
    }
    line |= {"effect": 15.0, "ci_lower": 10.0, "ci_upper": 20.0} | change.get("line", {})
    study = {"allocation": "randomised", "comparison": "parallel", "n_analysed": n, "registration": "NCT0"}
    study |= change.get("study", {})
    fit = {
        "concept": CONCEPT,
        "evidence": "published",
        "model": "REML",
        "k": k,
        "estimate": 15.0,
        "pooled": True,
    }
    fit |= {
        "ci_lower": 10.0,
        "ci_upper": 20.0,
        "pi_lower": 5.0,
        "pi_upper": 25.0,
        "i2": 20.0,
        "reason": "same",
    }
    fit |= {"without_certain_findings": False, "pooled_id": "p"} | change.get("pooled", {})
    domains = [
        {
            "study_id": name,
            "tool": "RoB 2",
            "domain": domain,
            "judgement": judgement,
            "reason": "x",
            "order": order,
        }
        for name in names
        for order, domain in enumerate(TOOLS["RoB 2"].domains)
    ]
    return {
        "comparisons": frame("comparisons", [line | {"study_id": name, "line_id": name} for name in names]),
        "results": frame("results", []),
        "studies": frame("studies", [study | {"study_id": name} for name in names]),
        "risk_of_bias": frame("risk_of_bias", domains),
        "findings": frame("findings", change.get("findings", [])),
        "pooled": frame("pooled", [fit] if k > 1 else []),
    }


def grade(**change) -> dict:
    """Return the certainty of a made-up body, checked against the table."""
    row = certainty(CONCEPT, "published", **body(**change))
    frame("certainty", [row])
    return row


def test_large_sound_trials_start_and_stay_high():
    row = grade()
    assert (row["start"], row["certainty"], row["participants"]) == ("high", "high", 600)
    assert row["studies"] == "t0;t1"


def test_each_domain_steps_down_with_its_number():
    assert grade(judgement="high")["risk_of_bias"] == 1
    assert grade(n=100)["imprecision"] == 1 and "200 participants" in grade(n=100)["reasons"]
    assert grade(n=10)["imprecision"] == 2
    assert grade(pooled={"ci_lower": -1.0})["imprecision"] == 1
    assert grade(pooled={"pi_lower": -5.0, "i2": 80.0})["inconsistency"] == 1
    assert "I² 80 %" in grade(pooled={"pi_lower": -5.0, "i2": 80.0})["reasons"]
    assert grade(n=40, study={"registration": None})["publication_bias"] == 1
    assert grade(line={"estimand": "uncontrolled_change"})["indirectness"] == 1


def test_uncontrolled_studies_start_low_and_end_at_the_floor():
    row = grade(
        k=1,
        n=16,
        judgement="high",
        study={"allocation": "none stated"},
        line={"estimand": "uncontrolled_change"},
    )
    assert (row["start"], row["certainty"]) == ("low", "very low")


def test_a_certain_finding_counts():
    finding = {
        "finding_id": "f",
        "study_id": "t0",
        "check": "x",
        "detected_by": "rule",
        "severity": "certain",
    }
    finding |= {"statement": "x", "locators": "x", "concepts": CONCEPT}
    row = grade(findings=[finding])
    assert row["risk_of_bias"] == 1 and "1 certain finding touches" in row["reasons"]
    assert grade(judgement="high", findings=[finding])["risk_of_bias"] == 2


def test_no_study_no_evidence():
    row = certainty("vellus_share", "published", **body())
    assert (row["start"], row["certainty"], row["participants"]) == ("no evidence", "no evidence", None)
    frame("certainty", [row])
    comparators = body()
    comparators["comparisons"]["tier"] = "comparator"
    assert certainty(CONCEPT, "published", **comparators)["certainty"] == "no evidence"


def test_non_randomised_is_not_randomised():
    assert grade(study={"allocation": "non-randomised"})["start"] == "low"


def test_an_interval_that_holds_the_smallest_visible_difference_is_imprecise():
    made = body()
    sure = certainty(CONCEPT, "published", **made, thresholds={CONCEPT: 12.0})
    assert (
        sure["imprecision"],
        certainty(CONCEPT, "published", **made, thresholds={CONCEPT: 43.0})["imprecision"],
    ) == (1, 0)
    assert "includes 12, the smallest difference that can be seen" in sure["reasons"]


def test_exosomes_given_only_with_something_else_are_indirect():
    arms = [{"study_id": name, "arm_id": arm, "role": role}
            for name in ("t0", "t1") for arm, role in (("x", "exosome_combination"), ("c", "placebo"))]  # fmt: skip
    row = certainty(CONCEPT, "published", **body(), arms=frame("arms", arms))
    assert row["indirectness"] == 1 and "only together with another treatment" in row["reasons"]
    arms = [arm | {"role": "active"} if arm["arm_id"] == "c" else arm for arm in arms]
    assert certainty(CONCEPT, "published", **body(), arms=frame("arms", arms))["indirectness"] == 0


def test_small_study_effects_in_ten_studies_step_down():
    grades = [grade(k=10, pooled={"small_study_p": p})["publication_bias"] for p in (0.04, 0.4)]
    assert grades == [1, 0]


def test_a_persons_judgement_takes_the_place_of_the_rules_and_says_so():
    override = {"concept": CONCEPT, "evidence": "published", "domain": "imprecision", "steps": 2,
                "reason": "Ten people more would turn it.", "by": "a reviewer"}  # fmt: skip
    row = certainty(CONCEPT, "published", **body(), overrides=[override])
    frame("certainty", [row])
    assert (row["proposed"], row["certainty"], row["overridden"]) == ("high", "low", True)
    assert "judged by a reviewer: Ten people more would turn it (the rule proposed 0" in row["reasons"]
    other = certainty(CONCEPT, "published", **body(), overrides=[override | {"evidence": "core"}])
    assert (other["certainty"], other["overridden"]) == ("high", False)
