"""What somebody met who had never seen the project, where no other test is about it.

Other frictions stand where their subject is: 4 and 8 in `notebookpress` and `test_at_the_prompt`, 2 and 10 in
`figures/test_panels`, 7 in `effects/test_comparators`.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup
from click.testing import CliRunner
from made_trials import randomised_trial

from helpers import Review
from helpers.cli import cli
from helpers.display import show


@pytest.mark.slow
def test_a_study_is_not_told_to_have_no_results_while_it_has_some(three):
    """Friction 3: six confirmed results, and proposals that wait, were told as "It has no results yet"."""
    for name, state in {"ready2026": "confirmed", "waiting2026": "proposed"}.items():
        sheet = randomised_trial(name, (20.0, 9.0, 30), (12.0, 9.0, 30))
        sheet["results"] = [row | {"state": state} for row in sheet["results"]]
        sheet["source"]["has_results"] = True if state == "proposed" else None
        (three.raw / "studies" / f"{name}.yaml").write_text(yaml.safe_dump(sheet))
    done = three.evidence("run")
    assert done.returncode == 0, done.stderr[-2000:]
    said = {"NCT06932393": "no results yet", "waiting2026": "none is confirmed yet", "ready2026": None}
    for name, words in said.items():
        page = BeautifulSoup((three.reports / f"study-{name}.html").read_text("utf-8"), "html.parser")
        found = re.findall(
            r"^(?:there are )?no results yet|none is confirmed yet", page.select_one("#results").text, re.M
        )
        assert found == ([words] if words else []), name
    assert len(Review(three.root).study("ready2026").effects) == 3


def test_the_notebooks_compute_in_the_open(checkout: Path):
    """Friction 9: no seaborn, matplotlib or statsmodels in any notebook."""
    files = (checkout / "notebooks").glob("0*.ipynb")
    code = "\n".join(cell.source for path in files for cell in nbformat.read(path, 4).cells)
    for name in (
        "sns.scatterplot(",
        "plt.subplots(",
        "combine_effects(",
        "binomtest(",
        "effect_size(",
        "pool(",
    ):
        assert f" {name}" in code, name


def test_text_in_tables_stands_left(monkeypatch):
    """Friction 9: JupyterLab aligned it right."""
    shown = []
    monkeypatch.setattr("helpers.display.display", lambda bundle, raw: shown.append(bundle["text/html"]))
    show(pd.DataFrame({"study": ["Wan 2025"], "n": [16], "said": ["words"]}), caption="Made")
    left = BeautifulSoup(shown[0], "html.parser").find_all(["th", "td"], style="text-align:left")
    assert {cell.get_text() for cell in left} == {"study", "said", "Wan 2025", "words"}


@pytest.mark.skipif(os.name != "posix", reason="looks at uid and display")
@pytest.mark.parametrize("display", [{}, {"DISPLAY": ":0"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_make_lab_takes_arguments_and_runs_without_a_display(checkout: Path, display: dict[str, str]):
    """Friction 15: it took no port or token, and failed as root."""
    own = {name: text for name, text in os.environ.items() if not name.endswith("DISPLAY")} | display
    command = ["make", "--dry-run", "--always-make", "lab", "ARGS=--port 8899"]
    said = subprocess.run(command, cwd=checkout, env=own, capture_output=True, text=True).stdout
    [line] = [line for line in said.splitlines() if "jupyter lab" in line]
    assert "--port 8899 notebooks/" in line and ("--allow-root" in line) == (os.geteuid() == 0)
    assert ("--no-browser" in line) == (not display and os.uname().sysname == "Linux")


def test_the_readme_says_how_to_complete_and_to_compare_cells(checkout: Path):
    """Friction 15: completion worked and was not documented; strict nbval failed without a word."""
    text = (checkout / "README.md").read_text("utf-8")
    [(name, value)] = re.findall(r'`eval "\$\((\w+)=(bash_source) evidence\)"`', text)
    done = CliRunner().invoke(cli, prog_name="evidence", env={name: value}, complete_var=name)
    assert "complete -o nosort -F" in done.output
    assert "--nbval-lax notebooks/0*.ipynb" in text and "strict `--nbval` fails" in text
