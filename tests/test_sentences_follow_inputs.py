"""Every sentence that states a result follows its input: sheets and tables are changed, the pages read again.

One run has all changes; the report made before is what each sentence is compared with. The pooled numbers
are worked out here from the raw figures of the sheets, by formulas and by brute-force integration.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from case_files import cases_of
from made_trials import figure, randomised_trial

from helpers.tables import read_table
from notebookpress.tables import records

pytestmark = pytest.mark.slow  # a whole run of its own: make test-all

# A sixth and a seventh randomised study: mean and SD of the change, people; treated, then placebo.
MADE = {"made1": (19.0, 12.0, 240, 7.0, 11.0, 236), "made2": (23.0, 13.0, 215, 8.0, 10.0, 221)}
DOMAINS = (
    "randomisation process", "deviations from intended interventions", "missing outcome data",
    "measurement of the outcome", "selection of the reported result",
)  # fmt: skip


def sheet(study: str) -> str:
    """Return the sheet of a made-up randomised study at low risk of bias."""
    numbers = MADE[study]
    made = randomised_trial(study, numbers[:3], numbers[3:])
    made["quantities"].append(figure("n_all", numbers[2] + numbers[5]))
    made["study"] |= {"n_analysed": "n_all", "registration": f"NCT-{study}"}
    low = [{"domain": name, "judgement": "low", "reason": "Made up for a test."} for name in DOMAINS]
    return yaml.safe_dump(made | {"risk_of_bias": {"tool": "RoB 2", "domains": low}})


def pooled_by_hand() -> tuple[float, float, float, float]:
    """Return REML estimate, truncated Knapp-Hartung standard error, tau2 and the posterior mean of the effect."""
    raw = np.array(list(MADE.values()), float)
    yi = raw[:, 0] - raw[:, 3]
    vi = raw[:, 1] ** 2 / raw[:, 2] + raw[:, 4] ** 2 / raw[:, 5]
    tau = np.linspace(0, 60, 60_001)
    weights = 1 / (vi + tau[:, None] ** 2)
    centre = (weights * yi).sum(1) / weights.sum(1)
    spread = (weights * (yi - centre[:, None]) ** 2).sum(1)
    restricted = 0.5 * (np.log(weights).sum(1) - np.log(weights.sum(1)) - spread)
    best = restricted.argmax()
    factor = max(1.0, spread[best] / (len(yi) - 1))
    se = np.sqrt(factor / weights[best].sum())
    # flat prior on the effect, half-normal prior of scale 10 on tau: the integral over both
    posterior = np.exp(restricted - restricted.max() - tau**2 / 200)
    return centre[best], se, tau[best] ** 2, float((posterior * centre).sum() / posterior.sum())


def change(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, (path.name, old)
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def words(path: Path) -> str:
    """Return the text of a page in one line."""
    text = re.sub(r"<(script|style).*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))


@pytest.fixture(scope="module")
def changed(made, tmp_path_factory):
    """Return a copy of the report in which two studies were added and five inputs changed."""
    project = made.copy(tmp_path_factory.mktemp("changed") / "project")
    raw = project.raw
    for study in MADE:
        (raw / "studies" / f"{study}.yaml").write_text(sheet(study), encoding="utf-8")
    change(raw / "studies" / "wan2025.yaml", ('"35 hairs/cm²", value: 35', '"55 hairs/cm²", value: 55'))
    change(raw / "studies" / "lee2024.yaml", ("stated: higher", "stated: lower"))
    change(raw / "studies" / "imcas2025.yaml", ('printed: "300", value: 300', 'printed: "150", value: 150'))
    change(raw / "comparators" / "thresholds.csv", ("43.36", "51.5"))
    result = project.evidence("run")
    assert result.returncode == 0, result.stderr
    return project


def test_pooling_appears_with_the_right_contrast_and_the_numbers_of_the_raw_figures(changed):
    pooled = read_table("pooled", changed.processed)
    fits = records(pooled[pooled["pooled"] & (pooled["evidence"] == "core")])
    assert [(row["concept"], row["estimand"], row["unit"], row["k"]) for row in fits] == [
        ("hair_density", "between_group", "hairs/cm2", 2)
    ] * 2
    estimate, se, tau2, mean = pooled_by_hand()
    row, bayes = fits
    assert (row["studies"], row["scenario"], row["pi_df"]) == ("made1;made2", "as printed", 1)
    assert (row["estimate"], row["se"], row["tau2"]) == pytest.approx((estimate, se, tau2), rel=1e-3)
    assert (row["model"], bayes["model"]) == ("random effects", "Bayesian random effects")
    assert bayes["estimate"] == pytest.approx(mean, abs=0.02) and "scale 10" in bayes["tau2_method"]
    members = read_table("pool_members", changed.processed)
    own = members[members["pooled_id"] == row["pooled_id"]]
    assert set(own["study_id"]) == set(MADE) and own["weight"].sum() == pytest.approx(1)


def test_the_certainty_follows_the_pool(made, changed):
    before, after = (
        {row["concept"]: row for row in records(read_table("certainty", project.processed)) if row["evidence"] == "core"}
        for project in (made, changed)
    )  # fmt: skip
    assert "made1" not in before["hair_density"]["studies"] and "made1" in after["hair_density"]["studies"]
    assert "I²" in after["hair_density"]["reasons"]
    # the certainty is about the estimate that stands for the outcome: one study's change, then the pool
    assert before["hair_density"]["participants"] == 16
    assert after["hair_density"]["participants"] == sum(row[2] + row[5] for row in MADE.values())
    assert after["hair_density"]["imprecision"] < before["hair_density"]["imprecision"]
    (found,) = [
        row for row in records(read_table("summary_of_findings", changed.processed))
        if row["summary_id"] == "core.hair_density"
    ]  # fmt: skip
    assert (found["basis"], found["estimand"], found["studies"]) == ("pooled", "between_group", 2)


SENTENCES = cases_of(__file__)


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_changes_with_its_input(made, changed, name: str):
    page, before, after = SENTENCES[name]
    first, second = words(made.reports / page), words(changed.reports / page)
    assert before in first and before not in second, before
    assert after in second and after not in first, after


def test_nothing_is_pooled_of_exosomes_and_licensed_drugs_stand_in_as_context(made, changed):
    before, after = (read_table("pooled", project.processed) for project in (made, changed))
    fits = before[before["pooled"]]
    assert set(fits["evidence"]) == {"context"} and fits["assumption"].notna().all()
    assert "context" not in set(after["evidence"])
