"""The summary of findings follows its tables: another input, another sentence."""

from __future__ import annotations

import pytest

from helpers.appraisal.grade import domain_reasons
from helpers.narrative.pooled import findings_summary, overview_sentence, threshold_words
from helpers.tables import as_frame, validate

DOWN = {"risk_of_bias": 1, "inconsistency": 0, "indirectness": 0, "imprecision": 1, "publication_bias": 0}
REASONS = (
    "Starts high: 2 studies, all randomised. Risk of bias, one step down: 1 of 2 at high risk (a: high. b: low). "
    "Inconsistency, no step down: directions by study: 2 better. Imprecision, one step down: 120 participants."
)


def made(level: str = "low", **fit):
    graded = {"concept": "hair_density", "evidence": "core", "start": "high", "certainty": level, "reasons": REASONS,
              "studies": "a;b", "participants": 120, "proposed": level, "overridden": False} | DOWN  # fmt: skip
    pooled = {"concept": "hair_density", "evidence": "core", "model": "random effects", "k": 2, "estimate": 15.0,
              "ci_lower": 8.0, "ci_upper": 22.0, "pooled": True, "reason": "r", "estimand": "between_group",
              "unit": "hairs/cm2", "without_certain_findings": False, "pooled_id": "core.1", "scenario": "as printed"}  # fmt: skip
    found = findings_summary(
        validate("certainty", [graded]), validate("pooled", [pooled | fit]), as_frame("pool_members", []), {"hair_density": 43.0}
    )  # fmt: skip
    validate("summary_of_findings", found.rows)
    return found


@pytest.mark.parametrize(
    ("level", "words"),
    [
        ("high", "Exosome therapy raises hair density by 15 hairs/cm² (8 to 22)"),
        ("moderate", "Exosome therapy probably raises hair density"),
        ("low", "Exosome therapy may raise hair density"),
        ("very low", "The evidence is very uncertain about the effect of exosomes on hair density."),
    ],
)
def test_the_statement_fits_the_certainty(level: str, words: str):
    assert made(level).rows[0]["statement"].startswith(words)


def test_the_sentence_changes_with_the_estimate_and_the_interval():
    assert (
        "lower hair density by −15"
        in made(estimate=-15.0, ci_lower=-22.0, ci_upper=-8.0).rows[0]["statement"]
    )
    nothing = made(ci_lower=-8.0).rows[0]["statement"]
    assert (
        nothing
        == "Exosome therapy may make little or no difference to hair density: the interval includes no effect."
    )


def test_a_change_within_a_group_is_no_effect_of_exosomes():
    row = made("very low", estimand="uncontrolled_change", pooled=False, model="single study").rows[0]
    assert (
        "rose by 15 hairs/cm² after treatment, but nothing shows that exosomes caused it" in row["statement"]
    )
    assert row["basis"] == "single study"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(8.0, 22.0, "below the 43"), (50.0, 60.0, "above the 43"), (30.0, 60.0, "the interval includes the 43")],
)
def test_the_interval_stands_beside_what_can_be_seen(low: float, high: float, words: str):
    told = threshold_words({"unit": "hairs/cm2", "ci_lower": low, "ci_upper": high}, 43.0)
    assert told.startswith(words)


def test_each_step_down_has_its_footnote_with_the_reason():
    found = made()
    assert found.rows[0]["footnotes"] == "a, b"
    assert {(note["letter"], note["domain"], note["reason"]) for note in found.footnotes} == {
        ("a", "risk_of_bias", "1 of 2 at high risk (a: high. b: low)"),
        ("b", "imprecision", "120 participants"),
    }
    assert domain_reasons(REASONS)["inconsistency"] == "directions by study: 2 better"


def test_the_overview_counts():
    summary = validate("summary_of_findings", made().rows)
    assert overview_sentence(summary, "core") == "Of 1 outcome with a result, the certainty is low for 1."
    assert overview_sentence(summary, "published") == "No outcome has any result."
