"""The trials to come: ranked by what they teach, late by the date of search, simulated the same way twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_studies import change, world
from scipy import stats

from helpers.figures.sensitivity import ongoing_plot
from helpers.pooling.ongoing import (
    Spread,
    detectable,
    is_past,
    last_search,
    late_sentence,
    ongoing_trial_rows,
    spread_of_change,
    teaches,
)
from helpers.pooling.simulation import certainty_after, known_estimates, lesson_sentences, simulation_rows
from helpers.tables import as_frame, validate

MODEL = {"tau2_method": "REML", "ci_method": "adhoc"}
NOTHING = pd.DataFrame(columns=["estimand", "effect", "se", "n"])


def registered(**sizes: tuple[str, int | None, str | None]) -> dict[str, pd.DataFrame]:
    """Return tables of registered trials: comparison, size, end."""
    return {
        "sources": as_frame("sources", [{"source_id": name, "study_id": name, "tier": "core", "format": "r",
                                         "has_results": False, "status": "recruiting"} for name in sizes]),
        "studies": as_frame("studies", [{"study_id": name, "title": name, "comparison": comparison, "n_planned": n,
                                         "ends_on": end, "registration": name, "allocation": "randomised"}
                                        for name, (comparison, n, end) in sizes.items()]),
        "arms": as_frame("arms", []),
        "outcomes": as_frame("outcomes", [{"study_id": name, "outcome_id": "o", "concept": "hair_density",
                                           "priority": "primary"} for name in sizes]),
    }  # fmt: skip


def rows_of(searched="2026-11", spread=None, **sizes):
    rows = ongoing_trial_rows(registered(**sizes), None, spread or Spread(), searched)
    validate("ongoing_trials", rows)
    return {row["study_id"]: row for row in rows}


def test_larger_and_controlled_trials_teach_more():
    rows = rows_of(big=("parallel", 200, None), small=("parallel", 20, None), alone=("single_arm", 200, None), silent=("parallel", None, None))  # fmt: skip
    order = sorted(rows, key=lambda name: rows[name]["place"])
    assert order == ["big", "small", "alone", "silent"]
    assert rows["silent"]["teaches"] is None
    se = 20 * np.sqrt(2 * 2 / 200)
    assert rows["big"]["teaches"] == pytest.approx(20**2 / (20**2 + se**2))


def test_a_known_drift_makes_an_uncontrolled_trial_teach_more_but_never_as_much_as_a_controlled_one():
    unknown, known = (teaches("single_arm", 3.0, Spread(drift_sd=drift)) for drift in (None, 5.0))
    assert unknown < known < teaches("parallel", 3.0, Spread())


def test_detectable_differences_have_the_power_that_they_claim():
    d = detectable("parallel", 40, 2, 0.8, 0.05, 0.7)
    shift, limit = d * np.sqrt(20 / 2), stats.t.ppf(0.975, 38)
    power = stats.nct.sf(limit, 38, shift) + stats.nct.cdf(-limit, 38, shift)
    assert power == pytest.approx(0.8, abs=1e-6)
    assert detectable("within_person", 40, 2, 0.8, 0.05, 0.5) == pytest.approx(
        detectable("single_arm", 40, 2, 0.8, 0.05, 0.5)
    )
    assert detectable("parallel", 3, 2, 0.8, 0.05, 0.7) is None


@pytest.mark.parametrize(
    ("expected", "searched", "past"),
    [("2024-07", "2026-11", True), ("2026-11", "2026-11-22", False), ("2026-11-21", "2026-11-22", True),
     ("2026", "2026-11", False), (None, "2026-11", False), ("2024-07", None, False)],
)  # fmt: skip
def test_late_is_judged_by_the_date_of_search_at_the_precision_of_both(expected, searched, past):
    assert is_past(expected, searched) is past


def test_late_trials_are_named_and_the_sentence_follows_the_date_of_search():
    tables = registered(early=("parallel", 30, "2024-07"), later=("parallel", 30, "2027-01"))
    told = [late_sentence(validate("ongoing_trials", ongoing_trial_rows(tables, None, Spread(), date)))
            for date in ("2026-11", "2027-03", "2023-01", None)]  # fmt: skip
    assert "1 registered trial was past the date without results: early (due 2024-07" in told[0]
    assert "2 registered trials were" in told[1]
    assert told[2] == "At the last search (2023-01) no registered trial was past its date without results."
    assert "not known" in told[3]
    assert last_search(pd.DataFrame({"date": ["2026-11", "2025-03-01"]})) == "2026-11"
    assert last_search(None) is None


def test_the_spread_comes_from_the_arms_of_established_treatments():
    def arm(treatment, mean, sd, **more):
        return {"concept": "hair_density", "unit": "hairs/cm2", "statistic": "change", "treatment": treatment,
                "change_mean": mean, "change_sd": sd} | more  # fmt: skip

    frame = as_frame("comparators", [
        {"measure": "total"} | row
        for row in (arm("minoxidil", 18.0, 25.4), arm("placebo", 4.0, 14.6), arm("placebo", 9.0, 19.0),
                    arm("placebo", 90.0, 90.0, unit="hairs"))])  # fmt: skip
    spread = spread_of_change(frame, 20.0)
    assert (spread.sd_low, spread.sd_high) == (14.6, 25.4)
    assert spread.drift_sd == pytest.approx(np.std([4, 9], ddof=1))
    row = rows_of(spread=spread, one=("parallel", 40, None))["one"]
    assert row["detectable_80_high"] / row["detectable_80_low"] == pytest.approx(25.4 / 14.6)


def test_a_simulation_shows_what_power_says_and_is_the_same_twice():
    trials = [rows_of(one=("parallel", 60, None))["one"]]
    first = simulation_rows(trials, NOTHING, MODEL, true_effects=(0.0, 15.0), visible=43.0)
    assert first == simulation_rows(trials, NOTHING, MODEL, true_effects=(0.0, 15.0), visible=43.0)
    validate("ongoing_simulation", first)
    null, gain = first
    assert null["shows_gain"] == pytest.approx(0.03, abs=0.015)
    power = stats.norm.sf(1.96 - 15 / trials[0]["se_expected"])
    assert gain["shows_gain"] == pytest.approx(power, abs=0.04)
    assert gain["width_after"] == pytest.approx(2 * 1.96 * trials[0]["se_expected"], rel=0.03)


def test_what_is_known_is_pooled_with_the_result_of_the_trial():
    trials = [rows_of(one=("parallel", 60, None))["one"]]
    known = pd.DataFrame([{"estimand": "between_group", "effect": 15.0, "se": 4.0, "n": 40}])
    [row] = simulation_rows(trials, known, MODEL | {"ci_method": "z"}, true_effects=(15.0,))
    assert (row["k"], row["width_now"]) == (2, pytest.approx(2 * 1.96 * 4, rel=1e-4))
    assert row["width_after"] < row["width_now"]


def test_certainty_after_a_trial_follows_people_and_interval():
    crossing = np.array([True, False])
    assert list(certainty_after(True, 500, crossing)) == [2, 3]
    assert list(certainty_after(True, 60, crossing)) == [1, 2]
    assert list(certainty_after(False, 60, crossing)) == [0, 0]


def test_the_lesson_and_the_figure_follow_the_trials():
    rows = list(rows_of(one=("parallel", 60, "2024-07"), two=("parallel", None, None)).values())
    trials = validate("ongoing_trials", rows)
    simulated = validate("ongoing_simulation", simulation_rows(rows, NOTHING, MODEL, true_effects=(20.0,)))
    sentences = lesson_sentences(trials, simulated)
    assert "one (60 people, 94 %)" in sentences[0] and "1 more state no size" in sentences[0]
    assert sentences[1].startswith("If the true effect is 20 hairs/cm², one would show a gain in ")
    figure = ongoing_plot(trials, 43.0)
    assert (
        "one: 60 people, due 2024-07, past its date without results; detects 14.7 hairs/cm² with 80 % power"
        in figure.alt
    )
    assert "two: no size stated, no date." in figure.alt
    figure.close()


def test_known_estimates_are_the_latest_of_each_study_in_the_unit():
    tables = world(
        change("a", "t", 10, 12, 30, timepoint_weeks=12.0), change("a", "t", 14, 12, 30, number=2),
        change("b", "t", 9, 12, 30), change("b", "c", 2, 12, 30), change("c", "t", 9, 12, 30, unit="follicles/cm2"),
        tiers={"b": "published"},
    )  # fmt: skip
    known = known_estimates(tables, ("core", "published"))
    told = {(row.estimand, row.effect, row.n) for row in known.itertuples()}
    assert told == {("uncontrolled_change", 14, 30), ("uncontrolled_change", 9, 30), ("between_group", 7, 60)}
    assert len(known_estimates(tables, ("core",))) == 1


def test_a_trial_of_two_schedules_of_exosomes_teaches_as_one_without_a_control():
    def seen(name, comparator):
        return {"trial_id": name, "study_id": None, "what": "randomised", "comparison": "parallel", "comparator": comparator,
                "n_planned": 50, "status": None, "expected": None, "results_posted": False, "outcomes": None}  # fmt: skip

    trials = pd.DataFrame([seen("x", "another schedule of exosomes"), seen("y", "minoxidil")])
    rows = {row["study_id"]: row for row in ongoing_trial_rows(registered(), trials, Spread(), "2026-11")}
    assert (rows["x"]["estimand"], rows["y"]["estimand"]) == ("uncontrolled_change", "between_group")
    assert rows["x"]["teaches"] < 0.5 < rows["y"]["teaches"]


def seen(name, what, comparison="parallel", against="saline", n=40):
    row = {"trial_id": name, "study_id": None, "what": what, "comparison": comparison, "comparator": against}
    return row | {"n_planned": n, "results_posted": False, "status": None, "expected": None, "outcomes": None}


def ranked(*rows, spread=None):
    empty = {name: as_frame(name, []) for name in ("sources", "studies", "arms", "outcomes")}
    found = ongoing_trial_rows(empty, pd.DataFrame(rows), spread or Spread(drift_sd=4.0), "2026-11")
    validate("ongoing_trials", found)
    return {row["study_id"]: row for row in found}


def test_an_allocation_that_was_not_seen_is_not_called_non_randomised():
    rows = ranked(
        seen("told", "randomised, double-blind"),
        seen("silent", "two halves of one scalp", "within_person"),
        seen("open", "not randomised, two clinics"),
        seen("alone", "one group", "single_arm"),
    )
    told = {name: row["randomised"] for name, row in rows.items()}
    assert told == {"told": True, "silent": None, "open": False, "alone": False}
    simulated = simulation_rows(list(rows.values()), NOTHING, MODEL, true_effects=(40.0,), draws=200)
    best = {row["study_id"]: row["certainty"] for row in simulated}
    assert best == {"told": "moderate", "silent": "moderate", "open": "very low", "alone": "very low"}
    trials = validate("ongoing_trials", list(rows.values()))
    (first, *_) = lesson_sentences(trials, validate("ongoing_simulation", simulated))
    assert first.endswith("Taken as randomised, which was not seen: silent.")


def test_a_trial_against_another_treatment_carries_what_is_not_known_of_that_treatment():
    spread = Spread(drift_sd=4.0, active_sd={"minoxidil": 4.0, "PRP": None})
    rows = ranked(
        seen("saline", "randomised"),
        seen("added", "randomised", against="minoxidil, in both arms"),
        seen("active", "randomised", against="minoxidil 5 %"),
        seen("unknown", "randomised", against="PRP"),
        seen("alone", "one group", "single_arm", None, n=400),
        spread=spread,
    )
    se = rows["saline"]["se_expected"]
    assert rows["added"]["teaches"] == rows["saline"]["teaches"]
    assert rows["active"]["teaches"] == pytest.approx(400 / (400 + se**2 + 16))
    assert rows["unknown"]["teaches"] == pytest.approx(400 / (400 + se**2 + 400))
    assert [name for name, row in sorted(rows.items(), key=lambda pair: pair[1]["place"])] == [
        "added", "saline", "active", "unknown", "alone",
    ]  # fmt: skip


def test_one_study_alone_is_read_with_the_degrees_of_freedom_that_it_has():
    trial = ranked(seen("small", "randomised", n=10))["small"]
    (null,) = simulation_rows([trial], NOTHING, MODEL, true_effects=(0.0,), draws=20_000)
    assert null["shows_gain"] == pytest.approx(0.025, abs=0.004)  # normal limits would find 0.04
