"""What one more study would turn, as the table predicts it, against sheets of such studies put through a whole run."""

from __future__ import annotations

from math import atanh, sqrt
from typing import Any

import pytest
import yaml
from bs4 import BeautifulSoup
from conftest import CHECKOUT
from made_trials import figure, randomised_trial
from test_pages_of_the_report import words_of

from helpers.tables import read_table
from notebookpress.tables import records

pytestmark = pytest.mark.slow  # three runs: make test-all

# Of each: tier, result in SDs, and the turn at whose two sides a study is made: aspect, and what it becomes.
TURNS = {
    "hair_density": ("core", 0.5, "direction", "gain"),
    "hair_count": ("published", 0.5, "certainty", "low"),
    "hair_thickness": ("core", 0.5, "certainty", "very low"),
    "satisfaction": ("core", -0.5, "certainty", "moderate"),
    "adverse_events": ("core", 0.5, "direction", "gain"),
}
# of Amini 2025's delta (0.41 to 0.89, 20 people), between people, on the scale of atanh
CLIFF_SD = (atanh(0.89) - atanh(0.41)) / 2 / 1.959964 * sqrt(20) / 2
UNITS = {"hair_density": ("hairs/cm2", 20.0), "hair_thickness": ("um", 10.0)}
DOMAINS = (
    "randomisation process", "deviations from intended interventions", "missing outcome data",
    "measurement of the outcome", "selection of the reported result",
)  # fmt: skip


def sheet(study: str, concept: str, tier: str, effect: float, people: int, **more: Any) -> dict[str, Any]:
    """Return a randomised study at low risk of bias, registered, with an effect on an outcome."""
    sizes = (people // 2, people - people // 2)
    unit, sd = UNITS.get(concept, (None, 0.5))
    made = randomised_trial(study, (effect, sd, sizes[0]), (0.0, sd, sizes[1]))
    made["source"]["tier"] = tier
    if tier == "published":
        made["source"]["seen"] = {"address": "made up", "access": "full text", "confidence": "A"}
    made["study"] |= {"n_analysed": "n_all", "registration": f"NCT-{study}"}
    for arm in made["arms"]:
        arm["n"] = f"n_{arm['arm_id']}"
    if unit:
        for row in [*made["quantities"], *made["results"]]:
            row |= {"unit": unit} if row.get("unit") == "hairs/cm2" else {}
            row |= {"concept": concept} if row.get("concept") == "hair_density" else {}
    else:
        shares = concept != "hair_count"
        se = (sd if shares else CLIFF_SD * (1 - effect**2)) * sqrt(1 / sizes[0] + 1 / sizes[1])
        unit = "proportion" if shares else "Cliff's delta"
        row = {"kind": "value", "role": "result", "concept": concept, "unit": unit}
        made["quantities"] = [row for row in made["quantities"] if row["id"].startswith("n_")]
        made["quantities"] += [
            row | {"id": name, "printed": f"{value:.12g}", "value": value}
            for name, value in (("effect", effect), ("error", se))
        ]
        made["results"] = []
        printed = {"measure": "RD" if shares else "CLIFF", "effect": "effect", "se": "error", "unit": unit}
        printed |= {"arm": "treated", "against": "control", "concept": concept, "time": "16 weeks"}
        made["contrasts"] = [printed]
    if concept == "satisfaction":  # counts, so that events are known; of half the controls
        counts = {"treated": round((0.5 + effect) * sizes[0]), "control": round(0.5 * sizes[1])}
        row = {"kind": "count", "role": "result", "concept": concept, "unit": "participants"}
        made["quantities"] = [row for row in made["quantities"] if row["id"].startswith("n_")]
        made["quantities"] += [
            row | {"id": f"count_{arm}", "printed": f"{count}", "value": count}
            for arm, count in counts.items()
        ]
        made["results"] = [
            {"arm": arm, "concept": concept, "time": "16 weeks", "kind": "count"}
            | {"count": f"count_{arm}", "n": f"n_{arm}"}
            for arm in counts
        ]
        made["contrasts"] = []
    made["quantities"].append(figure("n_all", people))
    low = [{"domain": name, "judgement": "low", "reason": "Made up for a test."} for name in DOMAINS]
    return made | {"risk_of_bias": {"tool": "RoB 2", "domains": low}} | more


def run_with(project, root, *sheets: dict[str, Any]):
    """Return a copy of a project with more sheets, and its tables made."""
    new = project.copy(root)
    for made in sheets:
        path = new.raw / "studies" / f"{made['study_id']}.yaml"
        path.write_text(yaml.safe_dump(made, sort_keys=False), encoding="utf-8")
    result = new.evidence("run", "--no-pages")
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-3000:]
    return new


def test_pages_keep_their_number_of_words_with_two_more_studies(project):
    for number, effect in enumerate((5.0, 12.0), start=1):
        made = sheet(f"more{number}", "hair_density", "published", effect, 60)
        (project.raw / "studies" / f"more{number}.yaml").write_text(yaml.safe_dump(made), encoding="utf-8")
    result = project.evidence("run")
    assert result.returncode == 0, result.stderr[-2000:]
    pages = {
        path.name: BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in project.reports.glob("*.html")
    }
    words = words_of(pages)
    assert words.pop("shared") <= 12_000 and len(words) == 15
    assert {name: count for name, count in words.items() if count > 1500} == {}


def states(project) -> dict[str, dict[str, str]]:
    """Return pool, direction and certainty of each outcome in its tier, from the summary of findings alone."""
    found = {}
    for row in records(read_table("summary_of_findings", project.processed)):
        way = "not told"
        if row["estimand"] == "between_group":
            better = -1 if row["concept"] == "adverse_events" else 1
            ends = sorted(better * row[name] for name in ("ci_lower", "ci_upper"))
            way = "gain" if ends[0] > 0 else "loss" if ends[1] < 0 else "not shown"
        pool = "yes" if row["basis"] == "pooled" else "no"
        found[row["summary_id"]] = {"pool": pool, "direction": way, "certainty": row["certainty"]}
    return found


def test_ten_studies_at_both_sides_of_a_turn_give_what_was_predicted(small, tmp_path):
    start = small.copy(tmp_path / "start")
    (start.raw / "studies" / "amini2025.yaml").write_text(
        (CHECKOUT / "data/raw/studies/amini2025.yaml").read_text()
    )
    (start.raw / "certainty_overrides.yaml").unlink()  # a person's levels stand over what rules find
    pair = [sheet(f"pair{n}", "hair_thickness", "core", 12.0 + n, 120) for n in (1, 2)]
    base = run_with(start, tmp_path / "base", *pair)
    before, turns = states(base), records(read_table("turning_points", base.processed))
    sheets: dict[int, list] = {0: [], 1: []}
    wanted: dict[int, dict] = {0: {}, 1: {}}
    for concept, (tier, sds, aspect, after) in TURNS.items():
        own = [row for row in turns if row["summary_id"] == f"{tier}.{concept}" and row["result_sds"] == sds]
        [turn] = [row for row in own if (row["aspect"], row["after"]) == (aspect, after)]
        assert turn["turns_at"] > 10
        for side in (0, 1):
            people = int(turn["turns_at"]) - 1 + side
            sheets[side].append(sheet(f"next-{concept}", concept, tier, turn["result"], people))
            there = {row["aspect"]: row["after"] for row in own if row["turns_at"] <= people <= row["until"]}
            wanted[side][f"{tier}.{concept}"] = before[f"{tier}.{concept}"] | there
    for name in wanted[0]:
        assert wanted[0][name] != wanted[1][name]
    for side in (0, 1):
        after = states(run_with(base, tmp_path / f"side{side}", *sheets[side]))
        assert {name: after[name] for name in wanted[side]} == wanted[side]
