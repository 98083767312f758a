"""What is pooled and what is not: by rule, with its reason, and with the numbers of plain arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from real_tables import tables_to_effects
from scipy import stats

from helpers.comparison import comparison_lines
from helpers.effects import study_effects
from helpers.pooling.groups import AS_PRINTED
from helpers.pooling.tiers import BAYES, ROBUST, Options, tier_synthesis
from helpers.tables import as_frame, validate
from helpers.tables.vocabulary import tiers_of
from metastats import pool


def trial(
    study: str, gain: float = 10, sd: float = 12, n: int = 30, weeks: float = 24, **more: Any
) -> dict[str, Any]:
    """Return a made-up randomised trial with mean changes of two arms."""
    facts = {
        "study": study,
        "gain": gain,
        "sd": sd,
        "n": n,
        "weeks": weeks,
        "unit": "hairs/cm2",
        "tier": "core",
    }
    return facts | {"doubt": False, "site": "all"} | more


def pooled(*trials: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """Return the pooled rows of made-up trials, through effects and comparison lines."""
    sources, arms, results, effects = [], [], [], []
    for index, made in enumerate(trials):
        study = made["study"]
        if not any(row["study_id"] == study for row in sources):
            sources.append({"source_id": study, "study_id": study, "tier": made["tier"], "format": "f"})
            arms += [
                {"study_id": study, "arm_id": name, "role": role}
                for name, role in (("t", "exosome"), ("c", "placebo"))
            ]
        own = []
        for arm, mean in (("t", 5 + made["gain"]), ("c", 5)):
            name = f"{study}.{index}{arm}"
            own.append({"result_id": name, "study_id": study, "source_id": study, "arm_id": arm, "concept": "hair_density",
                        "site": made["site"], "timepoint_weeks": made["weeks"], "kind": "change", "n": made["n"],
                        "mean": mean, "sd": made["sd"], "unit": made["unit"], "quantity_ids": f"{name}.q"})  # fmt: skip
        results += own
        doubt = [{"finding_id": f"{study}.f", "study_id": study, "check": "c", "detected_by": "rule", "severity": "certain",
                  "statement": "w", "locators": "l", "concepts": "hair_density"}]  # fmt: skip
        frames = as_frame("arms", [row for row in arms if row["study_id"] == study]), as_frame("results", own)
        rows = study_effects(
            {"study_id": study, "comparison": "parallel"},
            *frames,
            as_frame("findings", doubt if made["doubt"] else []),
        )
        effects += [
            row | {"effect_id": f"{row['effect_id']}.{index}"}
            for row in rows
            if row["estimand"] == "between_group"
        ]
    tables = {
        "sources": sources,
        "arms": arms,
        "outcomes": [],
        "results": results,
        "effects": effects,
        "adverse_events": [],
    }
    tables = {name: as_frame(name, rows) for name, rows in tables.items()}
    lines = validate("comparisons", comparison_lines(tables, overall={}))
    return fitted(tables | {"comparisons": lines}, **options)


def fitted(tables: dict, evidence: str = "core", **options: Any) -> list[dict[str, Any]]:
    """Return the rows of a tier, without other models of the same estimates."""
    rows = tier_synthesis(tables, evidence, overall={}, options=Options(**options)).pooled
    validate("pooled", rows)
    return [row for row in rows if row["model"] not in (BAYES, ROBUST) and row["scenario"] == AS_PRINTED]


def difference(made: dict[str, Any]) -> tuple[float, float]:
    return made["gain"], 2 * made["sd"] ** 2 / made["n"]


TWO = trial("a", gain=10), trial("b", gain=16, sd=10, n=25, weeks=26)


def test_two_randomised_studies_are_pooled_as_the_room_pools():
    (row,) = pooled(*TWO)
    yi, vi = zip(*map(difference, reversed(TWO)), strict=True)
    fit = pool(yi, vi, method="REML", test="adhoc")
    assert (row["pooled"], row["k"], row["model"]) == (True, 2, "random effects")
    assert (row["estimate"], row["se"]) == (pytest.approx(fit.estimate), pytest.approx(fit.se))
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx((fit.ci_lower, fit.ci_upper))
    assert (row["tau2"], row["i2"]) == pytest.approx((fit.tau2, fit.i2))
    assert (row["pi_lower"], row["pi_upper"]) == pytest.approx(fit.prediction_interval(kind="t"))
    assert set(row["studies"].split(";")) == {"a", "b"}
    assert (row["estimand"], row["unit"], row["measure"]) == ("between_group", "hairs/cm2", "MD")
    assert "2 studies report hair density as difference between groups" in row["reason"]


def test_der_simonian_laird_by_hand():
    three = (*TWO, trial("c", gain=-4, n=40))
    (row,) = pooled(*three, tau2_method="DL", ci_method="z", level=0.9)
    yi, vi = (np.array(part) for part in zip(*map(difference, three), strict=True))
    w = 1 / vi
    q = (w * (yi - (w * yi).sum() / w.sum()) ** 2).sum()
    tau2 = max(0, (q - 2) / (w.sum() - (w**2).sum() / w.sum()))
    v = 1 / (vi + tau2)
    estimate, half = (v * yi).sum() / v.sum(), stats.norm.ppf(0.95) / np.sqrt(v.sum())
    assert (row["tau2"], row["estimate"]) == pytest.approx((tau2, estimate))
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx((estimate - half, estimate + half))


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"unit": "follicles/cm2"}, "another unit"),
        ({"weeks": 12}, "another time"),
        ({"sd": None}, "no other study"),
    ],
)
def test_one_estimate_alone_is_shown_and_not_pooled(other, reason):
    rows = pooled(trial("a"), trial("b", **other))
    assert not any(row["pooled"] for row in rows)
    first = next(row for row in rows if row["studies"] == "a")
    assert (first["model"], first["k"], first["estimate"]) == ("single study", 1, 10)
    assert first["ci_lower"] < 10 < first["ci_upper"]
    assert first.get("tau2") is None
    assert reason in first["reason"]


def test_a_certain_finding_gives_the_pool_with_and_without_the_estimate():
    clean = trial("c", gain=2)
    first, second = pooled(*TWO, clean | {"doubt": True})
    assert (first["k"], first["without_certain_findings"]) == (3, False)
    assert (second["k"], second["without_certain_findings"], second["pooled"]) == (2, True, True)
    (expected,) = pooled(*TWO)
    assert (second["estimate"], second["se"]) == pytest.approx((expected["estimate"], expected["se"]))
    assert first["estimate"] != pytest.approx(second["estimate"])


@pytest.mark.parametrize(("doubts", "left"), [((True, False), 1), ((True, True), 0)])
def test_when_doubt_leaves_too_few_nothing_is_pooled_without_them(doubts, left):
    first, second = pooled(*(made | {"doubt": doubt} for made, doubt in zip(TWO, doubts, strict=True)))
    assert first["pooled"] is True
    assert (second["pooled"], second["k"], second.get("estimate")) == (False, left, None)
    assert f"{left} is left" in second["reason"]


def test_published_studies_take_part_only_when_asked_for():
    three = (TWO[0], TWO[1] | {"tier": "published"}, trial("c") | {"tier": "comparator"})
    (core,) = pooled(*three)
    assert (core["pooled"], core["studies"]) == (False, "a")
    assert "another tier" in core["reason"]
    (published,) = pooled(*three, evidence="published")
    assert (published["pooled"], set(published["studies"].split(";"))) == (True, {"a", "b"})


def test_a_study_gives_a_pool_one_estimate_and_its_latest():
    rows = pooled(trial("a", weeks=22), trial("a", weeks=26, gain=14), trial("b", weeks=24))
    (fit,) = [row for row in rows if row["pooled"]]
    assert fit["k"] == 2
    estimates = {row["estimate"] for row in rows if not row["pooled"]}
    assert estimates == {10}
    (single,) = [row for row in rows if not row["pooled"]]
    assert "another estimate of the study is pooled" in single["reason"]


def test_an_estimate_without_any_spread_does_not_decide_alone():
    rows = pooled(*TWO, trial("c", sd=0.0, gain=50))
    (fit,) = [row for row in rows if row["pooled"]]
    assert set(fit["studies"].split(";")) == {"a", "b"}
    (single,) = [row for row in rows if not row["pooled"]]
    assert "standard error is 0" in single["reason"]


def test_nothing_is_pooled_on_the_five_sources_and_every_row_says_why():
    tables = tables_to_effects()
    lines = validate("comparisons", comparison_lines(tables, overall={}))
    for evidence in ("core", "published"):
        rows = fitted(tables | {"comparisons": lines}, evidence)
        assert not any(row["pooled"] for row in rows)
        reasons = ("no meta-analysis: ", "a certain finding touches the only estimate")
        assert all(row["reason"].startswith(reasons) for row in rows)
        shown = lines[lines["tier"].isin(tiers_of(evidence))]
        assert {row["concept"] for row in rows} == set(shown["concept"])
        change = next(row for row in rows if row.get("estimate") == 35)
        assert (change["participants"], change["k"]) == (16, 1)
        assert (change["ci_lower"], change["ci_upper"]) == pytest.approx((31.536, 38.464), abs=5e-4)
