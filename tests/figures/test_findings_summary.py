"""The summary of findings follows its tables: another input, another sentence."""

from __future__ import annotations

from unittest import mock

import pandas as pd
import pytest
from case_files import cases_of

from helpers.appraisal.grade import Difference, domain_reasons
from helpers.comparison import CLAIMED_ALONE
from helpers.figures.forest import pooled_forest
from helpers.narrative.pooled import findings_summary, size_words, statement, threshold_words
from helpers.tables import as_frame, validate

CASES = cases_of(__file__)
VISIBLE = {"hair_density": Difference(43.0, "hairs/cm2", 0.2266, "a paper (abstract)")}


def made(
    level="low", concepts=("hair_density",), found=(), results=(), measured=None, line=None, more=None, **fit
):
    graded = CASES["graded"] | {"certainty": level, "proposed": level}
    pooled = CASES["pooled"] | {"concept": concepts[0]}
    line = {"tier": "core", "direction": "better", "comparable": True} | (line or {})
    given = {"effects": measured or (), "discrepancies": found}
    tables = {name: as_frame(name, list(rows)) for name, rows in given.items()}
    pairs = [(name, study) for name in concepts for study in ("ab" if more else "abc")]
    named = [{"concept": name, "study_id": study, "line_id": name + study} for name, study in pairs]
    lines = [line | own for own in named]
    lines += [line | own | {"line_id": f"more{place}"} for place, own in enumerate(more or ())]
    tables["comparisons"] = validate("comparisons", lines)
    tables["results"] = as_frame("results", list(results))
    tables |= {name: as_frame(name, CASES[name]) for name in ("arms", "adverse_events")}
    rows = [graded | {"concept": name} for name in concepts]
    fits = validate("pooled", [pooled | fit])
    summary = findings_summary(validate("certainty", rows), fits, tables, VISIBLE)
    validate("summary_of_findings", summary.rows)
    return summary


@pytest.mark.parametrize(("level", "words"), CASES["certainty"].items())
def test_the_statement_fits_the_certainty(level: str, words: str):
    assert made(level).rows[0]["statement"].startswith(words)


@pytest.mark.parametrize("level", ["low", "moderate", "high"])
def test_nothing_and_a_worthwhile_effect_in_one_interval_is_never_little_or_no_difference(level: str):
    effect = CASES["wide"]
    told = statement({"concept": "hair_density", "certainty": level}, effect, Difference(43.36, "hairs/cm2"))
    assert "may or may not" in told and "visible difference" in told
    unknown = statement({"concept": "hair_density", "certainty": level}, effect, None)
    assert all("uncertain" in words and "little" not in words for words in (told, unknown))


@pytest.mark.parametrize(("low", "high", "words"), CASES["intervals"])
def test_the_sentence_changes_with_the_interval(low, high, words):
    value = 10.0 if low is None else (low + high) / 2
    row = made(estimate=value, ci_lower=low, ci_upper=high).rows[0]
    assert words in row["statement"]
    assert ("which is worse" in row["statement"]) == (value < 0 and low < -50)


def test_the_relative_difference_counts_as_well():
    baseline = {"result_id": "r", "study_id": "a", "arm_id": "x", "concept": "hair_density", "site": "all", "kind": "level",
                "timepoint_weeks": 0.0, "mean": 50.0, "unit": "hairs/cm2", "quantity_ids": "q", "source_id": "a"}  # fmt: skip
    row = made(ci_lower=-8.0, ci_upper=20.0, results=[baseline]).rows[0]  # 20 of 50 is 40 %
    assert "may or may not" in row["statement"]
    assert row["against_relative"] == (
        "15 of the 50 hairs/cm² before, 30 %: above the 22.66 % of baseline that most observers can see"
    )
    assert row["threshold_seen_at"] == "a paper (abstract)"


def test_a_change_within_a_group_is_no_effect_of_exosomes():
    row = made("very low", estimand="uncontrolled_change", pooled=False, model="single study").rows[0]
    assert row["absolute"].endswith("change within one group")
    assert row["statement"].startswith("The evidence is very uncertain")
    assert row["without_exosomes"] == "no comparison group" and row["with_exosomes"].startswith("change, ")
    assert row["basis"] == "single study"


def test_a_row_speaks_of_the_estimate_that_it_shows():
    effect = {"effect_id": "a.e", "study_id": "a", "concept": "hair_density", "estimand": "between_group", "measure": "MD",
              "timepoint_weeks": 24.0, "headline": "yes", "quantity_ids": "q"}  # fmt: skip
    row = made(measured=[effect]).rows[0]
    assert (row["studies"], row["other_studies"]) == (2, 1)
    assert (row["participants"], row["timepoint_weeks"]) == (120, 24.0)


def test_a_single_comparison_shows_what_is_printed_of_each_arm():
    effect = {"effect_id": "a.e", "study_id": "a", "concept": "hair_density", "estimand": "between_group", "measure": "MD",
              "site": "all", "timepoint_weeks": 24.0, "headline": "yes", "quantity_ids": "q"}  # fmt: skip
    row = made(measured=[effect], results=CASES["arm_results"], effect_ids="a.e").rows[0]
    assert row["with_exosomes"] == "change, 12 ± 4 hairs/cm²"
    assert row["without_exosomes"] == "95 hairs/cm²"


def test_an_outcome_without_an_effect_tells_directions_and_harms_their_people():
    row = made("very low", concepts=("hair_count",), estimate=None, estimand=None).rows[0]
    assert row["with_exosomes"] == "better in 2 of 2, by direction alone"
    row = made("very low", concepts=("adverse_events",), estimate=None, estimand=None).rows[0]
    assert row["with_exosomes"] == (
        "exact one-sided 95 % limits, if all were followed and asked; any adverse event: 0 of 30 (up to 9.5 %) and "
        "0 of 12 (up to 22.1 %); severe adverse event: 0 of 9 (up to 28.3 %); listed without counts by 1"
    )


def test_changes_within_a_group_are_told_as_such_and_the_silent_are_counted():
    change = {"estimand": "uncontrolled_change"}
    row = made("very low", concepts=("hair_count",), line=change, estimate=None, estimand=None).rows[0]
    assert row["with_exosomes"] == "better than before in 2 of 2, by direction alone"
    assert row["without_exosomes"] == "no comparison group"
    lines = [{"study_id": "c", "concept": "hair_count", "direction": "not reported"},
             {"study_id": "c", "concept": "hair_density", "direction": "better"},
             {"study_id": "d", "concept": "hair_count", "direction": "not reported"}]  # fmt: skip
    row = made("very low", concepts=("hair_count",), more=lines, estimate=None, estimand=None).rows[0]
    assert row["with_exosomes"].endswith("; named or claimed by 1 more, without a result")  # d has no results
    lines[0] |= {"direction": "unclear", "contrast_doubt": CLAIMED_ALONE}
    row = made("very low", concepts=("hair_count",), more=lines, estimate=None, estimand=None).rows[0]
    assert row["with_exosomes"].endswith("; named or claimed by 1 more, without a result")


def test_an_interval_tells_the_people_assumed_and_the_figures_doubted():
    effect = {"effect_id": "a.e", "study_id": "a", "concept": "hair_density", "estimand": "uncontrolled_change", "measure": "MC",
              "timepoint_weeks": 24.0, "headline": "yes", "quantity_ids": "q;r", "n_assumed": "16 (all enrolled)"}  # fmt: skip
    doubt = {"discrepancy_id": "f", "study_id": "a", "check": "implausible-change", "detected_by": "automated", "certain": False,
             "concern": "serious", "statement": "x", "locators": "x", "concepts": "hair_density", "quantity_ids": "r"}  # fmt: skip
    shown = {"estimand": "uncontrolled_change", "pooled": False, "effect_ids": "a.e", "measured": [effect]}
    told = made("very low", found=[doubt], **shown).rows[0]["with_exosomes"]
    assert told.endswith("; n assumed: 16 (all enrolled); figures seriously doubted")
    other = made("very low", found=[doubt | {"quantity_ids": "s"}], **shown).rows[0]["with_exosomes"]
    assert other.endswith("; n assumed: 16 (all enrolled)")


def test_an_impossible_share_is_shown_as_printed_and_without_interval():
    discrepancy = {"discrepancy_id": "f", "study_id": "a", "check": "percent-of-n", "detected_by": "automated", "certain": True, "concern": "serious",
               "statement": "80 % cannot be a share of the 16 people stated.", "locators": "x",
               "concepts": "noticed_improvement"}  # fmt: skip
    share = {"concepts": ("noticed_improvement",), "estimand": "proportion", "unit": "proportion", "estimate": 0.8,
             "ci_lower": 0.557, "ci_upper": 0.927, "pooled": False, "measure": "PR"}  # fmt: skip
    row = made("very low", found=[discrepancy], **share).rows[0]
    assert row["ci_lower"] is None
    assert row["absolute"].startswith("80 % of participants, as printed; no interval: of how many people")
    row = made("very low", **share).rows[0]
    assert row["absolute"] == "80 % of participants, 95 % interval 55.7 to 92.7"


@pytest.mark.parametrize(("fit", "words"), CASES["sizes"])
def test_a_size_is_told_on_its_own_scale(fit, words):
    assert size_words(fit | {"estimand": "between_group", "unit": "x"}).startswith(words)


def test_a_probability_of_one_half_is_no_effect():
    effect = {"measure": "CLES", "estimand": "between_group", "unit": "probability"}
    graded = {"concept": "hair_count", "certainty": "low"}
    for value, low, high, words in ((0.73, 0.41, 0.89, "may or may not"), (0.73, 0.55, 0.89, "may increase"),
                                    (0.3, 0.2, 0.45, "may reduce")):  # fmt: skip
        fit = effect | {"estimate": value, "ci_lower": low, "ci_upper": high}
        assert words in statement(graded, fit, None)


def test_at_most_seven_outcomes_and_harms_always():
    names = ("adverse_events", "hair_density", "hair_count", "hair_thickness", "investigator_global", "patient_global",
             "satisfaction", "noticed_improvement", "vellus_share")  # fmt: skip
    shown = [row["concept"] for row in made(concepts=names).rows]
    assert len(shown) == 7 and shown[:2] == ["hair_density", "hair_count"] and shown[-1] == "adverse_events"


@pytest.mark.parametrize(("low", "high", "words"), CASES["beside"])
def test_the_interval_stands_beside_what_can_be_seen(low: float, high: float, words: str):
    told = threshold_words({"unit": "hairs/cm2", "ci_lower": low, "ci_upper": high}, VISIBLE["hair_density"])
    assert told.startswith(words)


def test_each_domain_rated_down_has_its_footnote_with_the_reason():
    found = made()
    assert found.rows[0]["footnotes"] == "a, b"
    notes = {(note["letter"], note["domain"], note["reason"]) for note in found.footnotes}
    assert notes == {("a", "risk_of_bias", "a high"), ("b", "imprecision", "120 participants")}
    assert domain_reasons(CASES["graded"]["reasons"])["inconsistency"] == "directions by study: 2 better"


def test_the_longest_time_of_the_effects_is_told_and_a_pool_is_drawn_by_weight():
    measured = [
        {"effect_id": name, "study_id": name, "timepoint_weeks": weeks}
        for name, weeks in (("e1", 12.0), ("e2", 24.0))
    ]
    row = made(measured=measured, effect_ids="e1;e2").rows[0]
    assert row["timepoint_weeks"] == 24
    facts = {"assumption": None, "n_stated": True, "timepoint_weeks": 24.0, "timepoint_printed": None}
    members = [facts | {"pooled_id": pool, "study_id": study, "weight": weight}
               for pool, study, weight in (("p", "a2020", 20.0), ("p", "b2021", 80.0), ("q", "c2022", 50.0))]  # fmt: skip
    fit = dict.fromkeys(("intervention", "comparator", "tau2", "i2", "unit")) | {"pooled_id": "p", "k": 2}
    fit |= {"scenario": "as printed", "concept": "hair_density", "estimand": "between_group"}
    with mock.patch("helpers.figures.forest.forest") as drawn:
        pooled_forest(fit, pd.DataFrame(members))
    assert [one["weight"] for one in drawn.call_args.args[0]] == [80, 20]
