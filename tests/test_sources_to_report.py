"""From a file to its page: an article is added, a person confirms it, the report has it; a broken file is named."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from helpers.tables import read_table


def confirm_all(sheet) -> None:
    """Do what a person does after reading every proposal: set each result to confirmed."""
    head, mark, results = sheet.read_text().partition("\nresults:")
    sheet.write_text(head + mark + results.replace("state: proposed", "state: confirmed"))


@pytest.mark.slow
def test_the_hair_trial_from_file_to_page_beside_a_broken_source(project, shared):
    raw = project.root / "data" / "raw"
    added = project.evidence("add", str(shared / "samples" / "articles" / "PMC4389977.nxml"))
    assert added.returncode == 0, added.stderr
    sheet = raw / "studies" / "ablon2015.yaml"
    assert str(sheet) in added.stdout
    confirm_all(sheet)
    (raw / "registry" / "broken.json").write_text('{"protocolSection": {')
    checked = project.evidence("check")
    assert checked.returncode == 1
    assert checked.stderr.count("broken.json") == 1

    ran = project.evidence("run", "--jobs", "2", timeout=1800)
    assert ran.returncode == 1  # something was left out, and the status says so
    assert "broken.json" in ran.stderr
    assert "left out of the report" in ran.stderr

    results = read_table("results", project.processed)
    own = results[results["study_id"] == "ablon2015"]
    assert len(own) == 16 + 26 + 60
    density = own[(own["concept"] == "hair_count") & (own["timepoint_weeks"] > 0)]
    values = sorted(zip(density["arm_id"], density["mean"], density["sd"], density["n"], strict=True))
    assert values == [("mps", 235.8, 18.4, 30), ("placebo", 180.9, 18.8, 30)]

    discrepancies = read_table("discrepancies", project.processed)
    flagged = discrepancies[
        (discrepancies["study_id"] == "ablon2015") & (discrepancies["check"] == "sd-or-se")
    ]
    assert any("0.14" in text and "improbable" in text for text in flagged["statement"])

    page = (project.reports / "study-ablon2015.html").read_text()
    assert "Marine Protein Supplement" in page
    assert "improbable" in page
    ingestion = re.sub(r"<[^>]+>", " ", (project.reports / "01_ingestion.html").read_text())
    assert re.search(r"broken\.json\s+\S+\s+not JSON", ingestion)
    others = read_table("studies", project.processed)
    assert set(pd.unique(others["study_id"])) > {"wan2025", "chan2025", "lepekhova2025", "NCT06932393"}
