"""Comparator and background from the arms; several exosome arms against one control."""

from __future__ import annotations

import numpy as np
import pytest
from case_files import cases_of
from made_study import contrast, effects, result

SOME = {"n": 25, "sd": 15.0, "kind": "change"}


def question(treated: dict, control: tuple) -> tuple:
    """Return comparator, its name and the background of a two-arm study."""
    role, more = control
    arms = {"exo": ("exosome", 25, treated), "ctl": (role, 25, more)}
    rows = effects(result(arm_id="exo", mean=20, **SOME), result(arm_id="ctl", mean=5, **SOME), arms=arms)
    (row,) = [row for row in rows if row["estimand"] == "between_group"]
    return row["comparator"], row["comparator_name"], row["background"]


@pytest.mark.parametrize(("treated", "control", "asked"), cases_of(__file__))
def test_the_question_is_read_from_both_arms(treated, control, asked):
    assert question(treated, control) == tuple(asked)


def test_one_arm_has_no_comparator():
    (row,) = effects(result(kind="change", mean=35, sd=6.5, n=16))
    assert (row["comparator"], row.get("comparator_name"), row["background"]) == ("none", None, "none")


DOSES = {"low": ("exosome", 20), "high": ("exosome", 30), "saline": ("placebo", 25)}


def dose_rows(names: dict[str, str], order: list[str]) -> list[dict]:
    values = {"low": (12.0, 10.0, 20), "high": (18.0, 12.0, 30), "saline": (4.0, 11.0, 25)}
    arms = {names[name]: DOSES[name] for name in order}
    own = {name: dict(zip(("mean", "sd", "n"), values[name], strict=True)) for name in order}
    rows = [result(arm_id=names[name], kind="change", **own[name]) for name in order]
    return [row for row in effects(*rows, arms=arms) if row["estimand"] == "between_group"]


def test_two_exosome_arms_against_one_control_are_combined_whatever_their_names_and_order():
    people = np.array([20.0, 30.0])
    mean = (20 * 12 + 30 * 18) / 50
    # Cochrane Handbook 6.5.2.10
    sd = np.sqrt((19 * 10**2 + 29 * 12**2 + 20 * 30 / 50 * (12 - 18) ** 2) / 49)
    plain = {name: name for name in DOSES}
    swapped = {"low": "z", "high": "a", "saline": "m"}
    for names, order in ((plain, list(DOSES)), (swapped, ["saline", "high", "low"])):
        rows = dose_rows(names, order)
        (main,) = [row for row in rows if row["headline"] == "yes"]
        assert main["effect"] == pytest.approx(mean - 4)
        assert main["se"] == pytest.approx(np.sqrt(sd**2 / people.sum() + 11**2 / 25))
        assert (main["n"], main["n_comparator"], main["comparator_name"]) == (75, 25, names["saline"])
        assert sorted(main["arm_id"].split(";")) == sorted([names["low"], names["high"]])
        assert sorted(row["effect"] for row in rows if row["headline"] == "no") == [8.0, 14.0]


def test_arms_of_another_question_are_not_combined():
    """Friction 7: of a trial whose control is `active` there was no comparison, and no reason."""
    arms = {"exo": ("exosome", 20), "both": ("exosome_combination", 20, {"co_intervention": "minoxidil"})}
    arms |= {"saline": ("placebo", 20), "mnx": ("active", 20, {"label": "minoxidil"})}
    rows = effects(*(result(arm_id=name, kind="change", mean=10.0, sd=5.0, n=20) for name in arms), arms=arms)
    asked = {
        (row["arm_id"], row["comparator_id"]): (row["comparator"], row["background"])
        for row in rows
        if row["estimand"] == "between_group" and row["headline"] == "yes"
    }
    assert asked == {
        ("exo", "saline"): ("placebo", "none"),
        ("exo", "mnx"): ("active", "none"),
        ("both", "saline"): ("placebo", "minoxidil in the exosome arm only"),
        ("both", "mnx"): ("untreated", "minoxidil in both arms"),
    }


def test_three_sites_of_one_scalp_are_averaged_with_their_correlation():
    values = {"low": 12.0, "high": 18.0, "saline": 4.0}
    sites = [result(arm_id=name, kind="change", mean=mean, sd=10.0, n=16) for name, mean in values.items()]
    rows = effects(*sites, arms=DOSES, study={"comparison": "within_person"}, site_correlation=0.6)
    (main,) = [row for row in rows if row["estimand"] == "within_participant" and row["headline"] == "yes"]
    weights = np.array([0.5, 0.5, -1.0])
    correlations = np.full((3, 3), 0.6) + 0.4 * np.eye(3)
    assert main["effect"] == 11
    assert main["se"] == pytest.approx(np.sqrt(weights @ correlations @ weights) * 10 / 4)
    assert (main["n"], main.get("n_comparator")) == (16, None)


def test_counts_of_combined_arms_are_added():
    counted = {"low": 8, "high": 15, "saline": 5}
    shared = {"kind": "count", "concept": "satisfaction"}
    counts = [result(arm_id=name, count=x, **shared) for name, x in counted.items()]
    rows = effects(*counts, arms=DOSES)
    (main,) = [row for row in rows if row["measure"] == "RD" and row["headline"] == "yes"]
    assert main["effect"] == pytest.approx(23 / 50 - 5 / 25)


def test_two_exosome_arms_compared_by_the_source_are_no_comparison_with_a_placebo():
    arms = {"treated": ("exosome", 20), "control": ("exosome", 20, {"label": "half the dose"})}
    (row,) = effects(contrasts=[contrast(effect=5.0, se=2.0)], arms=arms)
    assert (row["comparator"], row["comparator_name"]) == ("active", "half the dose")
