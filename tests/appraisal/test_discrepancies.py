"""No discrepancy twice, none lost."""

from __future__ import annotations

from frames import frame

from helpers.appraisal.discrepancies import merge_discrepancies


def row(name: str, **fields) -> dict:
    """Return a row of `discrepancies`."""
    base = {"discrepancy_id": f"s.{name}", "study_id": "s", "check": "dates", "detected_by": "reviewer"}
    base |= {"certain": False, "concern": "some", "statement": name, "locators": "d.txt, line 1"}
    return base | {"arithmetic": None, "quantity_ids": "", "concepts": ""} | fields


def test_the_rule_stands_for_both():
    rule = row("rule-dates-1", detected_by="automated", quantity_ids="s.a;s.b", locators="d.txt, line 2")
    more = {"certain": True, "concern": "serious", "arithmetic": "1 < 2", "concepts": "hair_density"}
    reader = row("early", quantity_ids="s.b;s.c", **more)
    (merged,) = merge_discrepancies([rule], [reader])
    assert merged["discrepancy_id"] == "s.rule-dates-1" and merged["statement"] == "rule-dates-1"
    assert merged["certain"] and merged["arithmetic"] == "1 < 2"
    assert merged["quantity_ids"] == "s.a;s.b;s.c" and merged["concepts"] == "hair_density"
    assert merged["locators"] == "d.txt, line 2; d.txt, line 1"
    assert not rule["certain"]  # the input is left as it was


def test_other_checks_figures_and_studies_stay():
    rule = row("rule-dates-1", detected_by="automated", quantity_ids="s.a")
    others = [
        row("other-check", check="phase", quantity_ids="s.a"),
        row("other-figure", quantity_ids="s.z"),
        row("other-study", study_id="t", quantity_ids="s.a"),
    ]
    assert len(frame("discrepancies", merge_discrepancies([rule], others))) == 4


def test_a_rule_without_figures_takes_the_readers_sentence():
    shared = {"detected_by": "automated", "check": "outcome-not-reported"}
    rules = [row(f"rule-{name}", concepts=name, **shared) for name in ("hair_density", "anagen_share")]
    reader = row("both lack figures", check="outcome-not-reported", concepts="hair_density;anagen_share")
    (merged,) = merge_discrepancies(rules, [reader])
    assert merged["statement"] == "both lack figures" and merged["detected_by"] == "automated"
    assert merged["concepts"] == "hair_density;anagen_share"


def test_certain_discrepancies_come_first():
    rows = [row("b", certain=False, concern="minor"), row("a", certain=True, concern="serious"), row("c")]
    assert [r["concern"] for r in merge_discrepancies([], rows)] == ["serious", "some", "minor"]
