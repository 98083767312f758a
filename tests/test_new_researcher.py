"""What somebody met who had never seen the project, where no other test is about it.

The other frictions stand where their subject is: 4 and 8 in `notebookpress` and `test_at_the_prompt`, 2 and 10
in `figures/test_panels`, 7 in `effects/test_comparators`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup
from click.testing import CliRunner
from made_trials import randomised_trial
from test_notebooks import NAMES

from helpers import Review
from helpers.cli import cli
from helpers.display import show


@pytest.mark.slow
def test_a_study_is_not_told_to_have_no_results_while_it_has_some(three, monkeypatch):
    """Friction 3: six confirmed results, and proposals that wait, were told as "It has no results yet"."""
    sheets = three.raw / "studies"
    confirmed = randomised_trial("confirmed2026", (20.0, 9.0, 30), (12.0, 9.0, 30))
    confirmed["source"]["has_results"] = None
    waiting = randomised_trial("waiting2026", (20.0, 9.0, 30), (12.0, 9.0, 30))
    waiting["results"] = [row | {"state": "proposed"} for row in waiting["results"]]
    for sheet in (confirmed, waiting):
        (sheets / f"{sheet['study_id']}.yaml").write_text(yaml.safe_dump(sheet, sort_keys=False))
    done = three.evidence("run")
    assert done.returncode == 0, done.stderr[-2000:]
    said = {}
    for name in ("confirmed2026", "waiting2026", "NCT06932393"):
        page = BeautifulSoup((three.reports / f"study-{name}.html").read_text("utf-8"), "html.parser")
        for code in page.select("details.code"):
            code.decompose()
        said[name] = page.main.get_text(" ")
    assert "no results yet" in said["NCT06932393"]
    assert "none is confirmed yet" in said["waiting2026"] and "no results yet" not in said["waiting2026"]
    assert not re.search(r"no results yet|none is confirmed", said["confirmed2026"])
    monkeypatch.chdir(three.root)
    assert set(Review().study("confirmed2026").effects["estimand"]) == {
        "uncontrolled_change",
        "between_group",
    }


def test_the_notebooks_compute_in_the_open(checkout: Path):
    """Friction 9: no seaborn, matplotlib or statsmodels in any notebook."""
    code = "\n".join(
        cell.source
        for name in NAMES
        for cell in nbformat.read(checkout / "notebooks" / f"{name}.ipynb", as_version=4).cells
        if cell.cell_type == "code"
    )
    for name in ("seaborn", "matplotlib", "statsmodels", "scipy", "metastats", "pandas"):
        assert re.search(rf"^(from|import) {name}\b", code, re.M), name
    assert "sns.scatterplot(" in code and "combine_effects(" in code and "effect_size(" in code


def test_text_in_tables_stands_left(monkeypatch):
    """Friction 9: JupyterLab aligned it right."""
    shown = []
    monkeypatch.setattr("helpers.display.display", lambda bundle, raw: shown.append(bundle["text/html"]))
    show(pd.DataFrame({"study": ["Wan 2025"], "n": [16], "said": ["a few words"]}), caption="Made")
    page = BeautifulSoup(shown[0], "html.parser")
    left = {cell.get_text() for cell in page.find_all(["th", "td"], style="text-align:left")}
    assert left == {"study", "said", "Wan 2025", "a few words"}


@pytest.mark.parametrize("display", [{}, {"DISPLAY": ":0"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_make_lab_takes_arguments_and_runs_without_a_display(checkout: Path, display: dict[str, str]):
    """Friction 15: it took no port or token, and failed as root."""
    if not shutil.which("make"):
        pytest.skip("no make")
    own = {name: text for name, text in os.environ.items() if not name.endswith("DISPLAY")} | display
    command = ["make", "--dry-run", "--always-make", "lab", "ARGS=--port 8899"]
    done = subprocess.run(command, cwd=checkout, env=own, capture_output=True, text=True)
    [line] = [line for line in done.stdout.splitlines() if "jupyter lab" in line]
    assert "--port 8899 notebooks/" in line and ("--allow-root" in line) == (os.geteuid() == 0)
    assert ("--no-browser" in line) == (not display and os.uname().sysname == "Linux")


def test_a_sweep_names_the_set_of_each_line(three, monkeypatch):
    """Friction 15: its lines did not say of which set they were."""
    rows = [
        {"set": "abc", "evidence": "core", "status": "ok", "seconds": 1.5, "message": ""},
        {"set": "def", "status": "failed", "seconds": 2.0, "message": "why"},
    ]

    def swept(*arguments, **_):
        for number, row in enumerate(rows, 1):
            arguments[6](number, 2, row)
        return rows

    monkeypatch.setattr("notebookpress.sweep.sweep", swept)
    grid = three.root / "grid.yaml"
    grid.write_text("list: [{evidence: core}, {}]")
    said = CliRunner().invoke(cli, ["sweep", str(grid), "--raw", str(three.raw)])
    assert said.output.splitlines()[:2] == [
        "[1/2] abc (evidence=core): ok, 1.5 s",
        "[2/2] def (defaults): failed, 2.0 s why",
    ]


def test_the_readme_says_how_to_complete_and_to_compare_cells(checkout: Path):
    """Friction 15: completion worked and was not documented; strict nbval failed without a word."""
    text = (checkout / "README.md").read_text("utf-8")
    [line] = re.findall(r"`eval \"\$\((_EVIDENCE_COMPLETE=bash_source) evidence\)\"`", text)
    name, value = line.split("=")
    done = CliRunner().invoke(cli, prog_name="evidence", env={name: value}, complete_var=name)
    assert "complete -o nosort -F" in done.output
    assert "--nbval-lax notebooks/0*.ipynb" in text and "strict `--nbval` fails" in text


def test_references_for_other_programs_have_what_the_sheets_state(made):
    """Friction 15: of 13 records 10 had authors, and 4 a DOI or an address."""
    text = (made.reports / "data" / "references.ris").read_text("utf-8")
    entries = [set(re.findall(r"^([A-Z][A-Z0-9])  -", entry, re.M)) for entry in text.split("ER  -")[:-1]]
    sources = Review(made.root).sources
    stated = sources["reference"].str.contains('"author"')
    assert sum("AU" in entry for entry in entries) == stated.sum()
    own = sources["address"].mask(sources["second_hand"].fillna(False).astype(bool))  # else another paper's
    found = sources[["doi", "registration"]].notna().any(axis=1) | own.notna()
    assert sum(bool({"DO", "UR", "AN"} & entry) for entry in entries) == found.sum() > 9
