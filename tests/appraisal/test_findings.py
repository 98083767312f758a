"""No finding twice, none lost."""

from __future__ import annotations

from frames import frame

from helpers.appraisal.findings import merge_findings


def row(name: str, **fields) -> dict:
    """Return a row of `findings`."""
    base = {"finding_id": f"s.{name}", "study_id": "s", "check": "dates", "detected_by": "reader"}
    base |= {"severity": "likely", "statement": name, "locators": "d.txt, line 1", "arithmetic": None}
    return base | {"quantity_ids": "", "concepts": ""} | fields


def test_the_rule_stands_for_both():
    rule = row("rule-dates-1", detected_by="rule", quantity_ids="s.a;s.b", locators="d.txt, line 2")
    reader = row(
        "early", quantity_ids="s.b;s.c", severity="certain", arithmetic="1 < 2", concepts="hair_density"
    )
    (merged,) = merge_findings([rule], [reader])
    assert merged["finding_id"] == "s.rule-dates-1" and merged["statement"] == "rule-dates-1"
    assert merged["severity"] == "certain" and merged["arithmetic"] == "1 < 2"
    assert merged["quantity_ids"] == "s.a;s.b;s.c" and merged["concepts"] == "hair_density"
    assert merged["locators"] == "d.txt, line 2; d.txt, line 1"
    assert rule["severity"] == "likely"  # the input is left as it was


def test_other_checks_figures_and_studies_stay():
    rule = row("rule-dates-1", detected_by="rule", quantity_ids="s.a")
    others = [
        row("other-check", check="phase", quantity_ids="s.a"),
        row("other-figure", quantity_ids="s.z"),
        row("other-study", study_id="t", quantity_ids="s.a"),
    ]
    merged = merge_findings([rule], others)
    assert len(merged) == 4
    assert len(frame("findings", merged)) == 4


def test_a_rule_without_figures_takes_the_readers_sentence():
    rules = [
        row(f"rule-{concept}", detected_by="rule", check="outcome-not-reported", concepts=concept)
        for concept in ("hair_density", "anagen_share")
    ]
    reader = row("both lack figures", check="outcome-not-reported", concepts="hair_density;anagen_share")
    (merged,) = merge_findings(rules, [reader])
    assert merged["statement"] == "both lack figures" and merged["detected_by"] == "rule"
    assert merged["concepts"] == "hair_density;anagen_share"


def test_certain_findings_come_first():
    rows = [row("b", severity="minor"), row("a", severity="certain"), row("c")]
    assert [r["severity"] for r in merge_findings([], rows)] == ["certain", "likely", "minor"]
