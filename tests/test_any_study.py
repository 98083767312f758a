"""Whatever kind of figures a study has, it never stops the report: an effect, or a sentence that says why not."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
import yaml
from made_trials import randomised_trial

from helpers.tables import read_table
from notebookpress.tables import records

pytestmark = pytest.mark.slow  # a whole run of its own: make test-all

TOKENS = {
    "counts": {"count": "12", "n": "20"},
    "errors": {"mean": "18.4 hairs/cm2", "se": "2.1 hairs/cm2", "n": "30"},
    "intervals": {"mean": "18.4 hairs/cm2", "ci_lower": "14.2 hairs/cm2", "ci_upper": "22.6 hairs/cm2", "n": "30"},
    "medians": {"median": "18 hairs/cm2", "q1": "12 hairs/cm2", "q3": "25 hairs/cm2", "n": "30"},
    "unitless": {"mean": "18.4", "sd": "6.5", "n": "30"},
    "active": {"mean": "18.4 hairs/cm2", "sd": "6.5 hairs/cm2", "n": "30"},
}  # fmt: skip
KINDS = {"count": "count", "n": "n", "median": "median", "sd": "sd"}


def trial(name: str) -> dict[str, Any]:
    """Return a randomised trial of which each arm has these figures, and no other."""
    made = randomised_trial(name, (1, 1, 1), (1, 1, 1)) | {"quantities": [], "results": []}
    counts = name == "counts"
    for arm in ("treated", "control"):
        tokens = TOKENS[name]
        made["results"].append(
            {"arm": arm, "concept": "noticed_improvement" if counts else "hair_density", "time": "24 weeks"}
            | {"kind": "count" if counts else "change"} | {part: f"{part}_{arm}" for part in tokens}
        )  # fmt: skip
        for part, printed in tokens.items():
            kind = KINDS.get(part, "mean" if part == "mean" else "value")
            concept = "sample_size" if part == "n" else made["results"][-1]["concept"]
            row = {"id": f"{part}_{arm}", "printed": printed, "kind": kind, "role": "result"}
            made["quantities"].append(row | {"concept": concept, "arm": arm})
    if name == "medians":  # with responders beside them
        count = {"id": "better", "printed": "15", "kind": "count", "role": "result", "arm": "treated"}
        made["quantities"].append(count | {"concept": "noticed_improvement"})
        made["results"].append({"arm": "treated", "concept": "noticed_improvement", "time": "24 weeks",
                                "kind": "count", "count": "better", "n": "n_treated"})  # fmt: skip
    if name == "active":
        made["arms"][1] |= {"role": "active", "label": "minoxidil 5 %"}
    return made


@pytest.fixture(scope="module")
def mixed(small, tmp_path_factory):
    """Return a project with a study of each kind, and its report."""
    project = small.copy(tmp_path_factory.mktemp("mixed") / "project")
    for name in TOKENS:
        text = yaml.safe_dump(trial(name), sort_keys=False)
        (project.raw / "studies" / f"{name}.yaml").write_text(text, encoding="utf-8")
    result = project.evidence("run")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return project


@pytest.mark.parametrize("name", TOKENS)
def test_every_confirmed_result_ends_in_an_effect_or_in_a_sentence(mixed, name):
    results, effects = (read_table(table, mixed.processed) for table in ("results", "effects"))
    own = records(effects[effects["study_id"] == name])
    ends = {one for row in own for one in row["result_ids"].split(";")}
    assert ends == set(results.loc[results["study_id"] == name, "result_id"])
    assert all(row["effect"] is not None or row["why_not"] for row in own)
    page = (mixed.reports / f"study-{name}.html").read_text(encoding="utf-8")
    words = " ".join(unescape(re.sub("<[^>]+>", "", page)).split())
    assert all(row["why_not"] in words for row in own if row["why_not"])
    between = [row["comparator"] for row in own if row["estimand"] == "between_group"]
    assert set(between) == {"active": {"active"}, "medians": set()}.get(name, {"placebo"})
