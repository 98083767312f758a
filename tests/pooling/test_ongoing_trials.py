"""Ongoing studies: what each can detect and answer, when it is overdue, and what it would show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from case_files import cases_of
from made_studies import change, world
from scipy import stats
from test_ongoing import power_of

from helpers.appraisal.grade import LEVELS
from helpers.pooling.ongoing import (
    Spread,
    certainty_after,
    is_past,
    known_estimates,
    ongoing_trial_rows,
    simulation_rows,
    spread_of_change,
)
from helpers.sheets.context import read_context
from helpers.sheets.raw import read_raw
from helpers.tables import as_frame, validate

RAW = Path(__file__).parents[2] / "data" / "raw"
MODEL = {"tau2_method": "REML", "ci_method": "adhoc"}
KEY = ["estimand", "comparator", "comparator_name", "background"]
NOTHING = pd.DataFrame(columns=[*KEY, "effect", "se", "n"])
NO_LOSSES = Spread(losses=0.0)
CASES = cases_of(__file__)


def seen(name, what="randomised", comparison="parallel", comparator="placebo", n=40, **more):
    """Return a row of `trials`: two arms, hair density, unless said otherwise."""
    row = {"trial_id": name, "what": what, "comparison": comparison, "comparator": comparator, "n_planned": n,
           "comparator_name": "saline", "background": "none", "arms": 2, "outcomes": "hair_density",
           "results_posted": False, "address": "a", "access": "record", "confidence": "R", "second_hand": False}  # fmt: skip
    return row | more


def listed(*rows, spread=NO_LOSSES, searched="2026-11"):
    empty = {name: as_frame(name, []) for name in ("sources", "studies", "arms", "outcomes")}
    found = ongoing_trial_rows(empty, validate("trials", list(rows)), spread, searched)
    validate("ongoing_trials", found)
    return {row["study_id"]: row for row in found}


def simulated(rows, known=NOTHING, model=MODEL, **options):
    found = simulation_rows(list(rows.values()), known, model, **options)
    validate("ongoing_simulation", found)
    return found


@pytest.mark.parametrize(("arms", "ratio", "n", "sides"), CASES["sizes"])
def test_what_a_trial_detects_and_how_wide_its_interval_will_be(arms, ratio, n, sides):
    trial = seen("t", n=n, arms=arms, allocation_ratio=ratio)
    row = listed(trial, spread=Spread(20, 14.6, 25.4, 0.7, 0.0))["t"]
    assert (row["n_exosome"], row["n_comparator"]) == pytest.approx(sides)
    size = row["detectable_80_sds"]
    seen_sds = f"{size * 14.6:.1f} to {size * 25.4:.1f} with the smallest and largest SD seen"
    assert seen_sds in row["assumption"]
    assert power_of(size, *sides) == pytest.approx(0.8, abs=1e-5)
    assert power_of(row["detectable_90"] / 20, *sides) == pytest.approx(0.9, abs=1e-5)
    sizes = [row[f"detectable_80{which}"] for which in ("", "_low", "_high")]
    assert sizes == pytest.approx([size * 20, size * 14.6, size * 25.4])
    se = 20 * np.sqrt(1 / sides[0] + 1 / sides[1])
    assert row["se_expected"] == pytest.approx(se)
    assert row["width_expected"] == pytest.approx(2 * stats.t.ppf(0.975, sum(sides) - 2) * se)


@pytest.mark.parametrize(
    ("design", "other", "people"),
    [("within_person", "parallel", "13 against 14"), ("parallel", "crossover", "two sites each")],
)
def test_a_record_of_two_designs_tells_what_each_would_detect(design, other, people):
    trial = seen("t", comparison=design, n=30, arms=2) | {"other_comparison": other}
    row = listed(trial, spread=Spread(20, None, None, 0.7, 0.1))["t"]
    [alone] = listed(trial | {"comparison": other, "other_comparison": None}, spread=Spread()).values()
    sizes = f"{alone['detectable_80_sds']:.2f} SD, {alone['detectable_80']:.1f} hairs/cm²"
    assert row["assumption"].endswith(f"; if {people} instead, it detects {sizes}")
    assert "the record tells of" in row["can_answer_reason"]
    same = listed(trial | {"other_comparison": design})["t"]
    assert "instead" not in same["assumption"] and "tells of" not in same["can_answer_reason"]


@pytest.mark.parametrize(("more", "words", "sized"), CASES["no_density"])
def test_no_density_is_told_that_the_trial_will_not_give(more, words, sized):
    row = listed(seen("t", **more))["t"]
    assert words in row["assumption"]
    sized_by_density = ("detectable_80", "detectable_90", "se_expected", "width_expected")
    assert not any(map(row.get, sized_by_density))
    assert bool(row["detectable_80_sds"]) is sized
    assert simulation_rows([row], NOTHING, MODEL) == []


def test_the_list_begins_with_what_can_answer_and_then_with_what_detects_most():
    rows = (
        seen("small", n=20),
        seen("large", n=200),
        seen("unknown size", n=None),
        seen("drug", comparator="active", comparator_name="PRP", n=400),
        seen("unseen", outcomes=None, n=400),
        seen("alone", comparison="single_arm", comparator="none", n=400),
        seen("schedules", comparator="none", comparator_name=None, n=500),
    )
    expected = ["large", "small", "unknown size", "unseen", "drug", "schedules", "alone"]
    for order in (rows, rows[::-1]):
        found = listed(*order)
        assert sorted(found, key=lambda name: found[name]["place"]) == expected
    assert found["schedules"]["estimand"] == "uncontrolled_change"


@pytest.mark.parametrize(("due", "searched", "past"), CASES["overdue"])
def test_overdue_is_judged_by_the_date_of_search_at_the_precision_of_both(due, searched, past):
    assert is_past(due, searched) is past


def test_a_trial_is_late_a_year_after_primary_completion_and_never_for_a_date_of_recruitment():
    rows = listed(
        seen("primary", primary_completion_on="2025-10"),
        seen("not yet", primary_completion_on="2025-12", expected="2026-01", end_of="study"),
        seen("ended", expected="2025-10", end_of="study"),
        seen("recruited", expected="2020-01", end_of="recruitment"),
        seen("some end", expected="2020-01"),
        seen("withdrawn", status="withdrawn", primary_completion_on="2020-01"),
    )
    assert {name: row["late"] for name, row in rows.items()} == {
        "primary": True, "not yet": False, "ended": True, "recruited": None, "some end": None, "withdrawn": False,
    }  # fmt: skip
    assert rows["withdrawn"]["can_answer"] == "no"
    assert rows["not yet"]["results_due"] == "2026-12"
    assert rows["recruited"]["results_due"] is None and "recruitment" in rows["recruited"]["due_basis"]


def test_hair_counted_against_baseline_only_is_not_counted_against_the_control():
    tables = {
        "sources": [{"source_id": "t", "study_id": "t", "tier": "core", "format": "f", "has_results": False}],
        "studies": [{"study_id": "t", "registration": "t", "comparison": "within_person", "n_enrolled": 40,
                     "allocation": "sites randomised"}],
        "arms": [{"study_id": "t", "arm_id": role, "role": role, "label": role} for role in ("exosome", "placebo")],
    }  # fmt: skip
    named = {"a": "satisfaction", "b": "hair_density"}
    planned = [{"study_id": "t", "outcome_id": name, "concept": concept, "priority": "primary", "measure": "both sites"}
               for name, concept in named.items()]  # fmt: skip
    frames = {name: as_frame(name, rows) for name, rows in tables.items()}
    found = {}
    for measure in ("both sites", "change from baseline at the treated site"):
        planned[1]["measure"] = measure
        outcomes = as_frame("outcomes", planned)
        [found[measure]] = ongoing_trial_rows(frames | {"outcomes": outcomes}, None, NO_LOSSES, None)
    both, one_site = found.values()
    assert both["can_answer"] == "yes"
    assert both["outcomes"] == one_site["outcomes"] == "satisfaction;hair_density"
    assert both["detectable_80"] and not one_site.get("detectable_80")
    assert one_site["can_answer"] == "no" and "but patient satisfaction" in one_site["can_answer_reason"]
    assert simulated({"t": both}, true_effects=(0.0,))[0]["n_planned"] == 40  # as enrolled
    assert simulated({"t": both | {"comparator": "active"}}, true_effects=(0.0,)) == []
    other = frames | {"sources": frames["sources"].assign(tier="comparator")}  # no exosome study
    assert ongoing_trial_rows(other | {"outcomes": outcomes}, None, NO_LOSSES, None) == []


def test_an_allocation_that_was_not_seen_is_not_called_non_randomised():
    rows = listed(
        seen("told", "randomised, double-blind"),
        seen("silent", "two halves of one scalp", "within_person"),
        seen("open", "not randomised, two clinics"),
        seen("alone", "one group", "single_arm", "none"),
    )
    told = {name: row["randomised"] for name, row in rows.items()}
    assert told == {"told": True, "silent": None, "open": False, "alone": False}
    best = {row["study_id"]: row["certainty"] for row in simulated(rows, true_effects=(40.0,), draws=200)}
    assert best == {"told": "low", "silent": "low", "open": "very low"}


def test_every_registered_trial_of_the_repository_is_told_as_it_is_registered():
    record, context = read_raw(RAW).record, read_context(RAW)
    names = ("sources", "studies", "arms", "outcomes")
    tables = {name: validate(name, getattr(record, name)) for name in names}
    spread = spread_of_change(validate("comparators", context["comparators"]))
    found = ongoing_trial_rows(tables, validate("trials", context["trials"]), spread, "2026-11")
    asked = ("estimand", "comparator", "comparator_name", "can_answer", "late")
    told = {row["study_id"]: [row[name] for name in asked] for row in found}
    assert told == CASES["registered"]
    able = {row["study_id"] for row in found if row.get("detectable_80")}
    assert able == {"NCT06932393", "NCT06697080", "NCT07248410"}
    rows = {row["study_id"]: row for row in found}
    assert rows["IRCT20160427027636N8"]["background"] == "mesotherapy in both arms"
    assert rows["IRCT20160427027636N8"]["arms"] == rows["IRCT-76960"]["arms"] == 3


def test_the_spread_comes_from_the_arms_of_established_treatments():
    def arm(treatment, mean, sd, **more):
        return {"concept": "hair_density", "unit": "hairs/cm2", "statistic": "change", "treatment": treatment,
                "change_mean": mean, "change_sd": sd} | more  # fmt: skip

    frame = as_frame("comparators", [
        {"measure": "total"} | row
        for row in (arm("minoxidil", 18.0, 25.4), arm("placebo", 4.0, 14.6), arm("placebo", 9.0, 19.0),
                    arm("placebo", 23.9, 30.1, unit="hairs", area_cm2=2.85), arm("placebo", 90.0, 90.0, unit="hairs"))
    ])  # fmt: skip
    spread = spread_of_change(frame, 20.0, 0.5, 0.2)
    assert spread.sd_low == pytest.approx(10.561, abs=1e-3)
    assert (spread.sd_high, spread.site_correlation, spread.losses) == (25.4, 0.5, 0.2)
    assert spread_of_change(validate("comparators", [])).sd_low is None


def test_a_simulation_shows_what_power_says_and_is_the_same_twice():
    rows = listed(seen("one", n=60))
    first = simulated(rows, true_effects=(0.0, 15.0), visible=43.0, tau_scale=0.0)
    assert first == simulated(rows, true_effects=(0.0, 15.0), visible=43.0, tau_scale=0.0)
    null, gain = first
    assert null["shows_gain"] == pytest.approx(0.025, abs=0.012)
    shift = 15 / rows["one"]["se_expected"]
    assert gain["shows_gain"] == pytest.approx(stats.nct.sf(stats.t.ppf(0.975, 58), 58, shift), abs=0.03)
    assert gain["width_after"] == pytest.approx(rows["one"]["width_expected"], rel=0.02)
    assert null["rules_out_visible"] > 0.99


def test_one_study_alone_is_read_with_the_degrees_of_freedom_that_it_has():
    rows = listed(seen("small", n=10))
    (null,) = simulated(rows, true_effects=(0.0,), tau_scale=0.0, draws=20_000)
    assert null["shows_gain"] == pytest.approx(0.025, abs=0.004)  # normal limits would find 0.04


def known(**more):
    row = dict(zip(KEY, ("between_group", "placebo", "saline", "none"), strict=True))
    return pd.DataFrame([row | {"effect": 15.0, "se": 4.0, "n": 40} | more])


def test_what_is_known_of_the_same_comparison_is_pooled_with_the_result():
    rows = listed(seen("one", n=60))
    [row] = simulated(rows, known(), MODEL | {"ci_method": "z"}, true_effects=(15.0,), tau_scale=0.0)
    assert (row["k"], row["width_now"]) == (2, pytest.approx(2 * 1.96 * 4, rel=1e-4))
    assert row["width_after"] < row["width_now"]
    [row] = simulated(rows, known(comparator_name="vehicle"), true_effects=(15.0,))
    assert row["k"] == 2  # placebos are one class


@pytest.mark.parametrize("other", CASES["other_comparisons"])
def test_another_comparison_is_not_pooled_with_the_result(other):
    [row] = simulated(listed(seen("one", n=60)), known(**other), true_effects=(15.0,))
    assert row["k"] == 1 and row["width_now"] is None


def test_known_estimates_have_a_control_and_are_the_latest_of_each_study_in_the_unit():
    tables = world(
        change("a", "t", 10, 12, 30, timepoint_weeks=12.0), change("a", "t", 14, 12, 30, number=2),
        change("b", "t", 9, 12, 30), change("b", "c", 2, 12, 30), change("c", "t", 9, 12, 30, unit="follicles/cm2"),
        tiers={"b": "published"},
    )  # fmt: skip
    found = known_estimates(tables, ("core", "published"))
    told = {(row.estimand, row.effect, row.n) for row in found.itertuples()}
    assert told == {("between_group", 7, 60)}
    assert known_estimates(tables, ("core",)).empty
    unnamed = tables | {"effects": tables["effects"].assign(comparator=None)}
    assert len(known_estimates(unnamed, ("core", "published"))) == 1


@pytest.mark.parametrize(("randomised", "people", "interval", "level"), CASES["certainty"])
def test_certainty_after_a_trial_follows_people_and_interval(randomised, people, interval, level):
    ends = [np.array([float(end)]) for end in interval]
    assert LEVELS[certainty_after(randomised, people, None, *ends)[0]] == level


@pytest.mark.parametrize(("interval", "level"), CASES["visible"])
def test_certainty_after_a_trial_follows_what_can_be_seen(interval, level):
    ends = [np.array([float(end)]) for end in interval]
    assert LEVELS[certainty_after(True, 500, 43.0, *ends)[0]] == level
